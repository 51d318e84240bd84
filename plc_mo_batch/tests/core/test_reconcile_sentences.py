"""What is told of an anomaly, word for word, and what else no test of the reconciler noticed when it was changed
(docs/mutation.md)."""

from odoo.tests import tagged

from ...plc.codec import Field
from ...plc.reconcile import MAX_JOB_LEAD, Anomaly, Rejected, Seen, highest_job, recipe_slots, reconcile
from .. import plc_layouts
from . import test_reconcile
from .test_layout import added, altered, changed, without
from .test_reconcile import MAX_JOB, ORDER, OTHER, ReconcileCase


class SentenceCase(ReconcileCase):
    def assertTold(self, sentence, job, feedback, recipe=None, **options):
        anomaly = self.step(job, feedback, recipe, **options).anomaly
        self.assertEqual(anomaly.detail, sentence)
        self.assertEqual(anomaly.words, tuple(feedback))


@tagged("post_install", "-at_install")
class TestJobNumbers(SentenceCase):
    layout = test_reconcile.TestJobNumbers.layout
    recipe, shown, before = (getattr(test_reconcile.TestJobNumbers, name) for name in ("recipe", "shown", "before"))

    def test_sentences(self):
        gone = "the recipe that was handed over is no longer in the PLC"
        self.assertTold(gone, self.job("offered"), self.before(), [0] * 83)
        self.assertTold(gone, self.job("cancelling"), self.before(), [0] * 83)
        self.assertTold("the PLC took job 7 but no longer knows it", self.job("running"), self.feedback(None, taken_job=7))
        later = "the PLC shows job 9 from another system although job 7 was offered"
        self.assertTold(later, self.job("offered"), self.shown(order=OTHER, taken_job=9), self.recipe(armed=7))
        unknown = "does not belong to any batch and was not acknowledged"
        stranger = self.recipe(job=3, armed=3)
        self.assertTold(f"job 3, order {OTHER}, {unknown}", self.job("queued"), self.before(), stranger)
        nameless = self.layout.codec("feedback").encode({"slot": 1, "taken_job": 3, "line_code": self.layout.codes})
        self.assertTold(f"job 3, order ?, {unknown}", self.job("queued"), nameless, stranger)
        top = f"the PLC shows job 3, but the last job assigned is {MAX_JOB}"
        self.assertTold(top, self.job("queued"), self.before(), self.recipe(armed=3, acknowledged=3), last_job=MAX_JOB)
        other = self.step(self.job("running"), self.shown(order=OTHER)).anomaly.detail
        self.assertTrue(other.endswith(f"holds {OTHER!r} where {ORDER!r} was expected"), other)
        self.assertEqual(str(Rejected(Anomaly("rejected", "why"))), "why")

    def test_a_database_that_is_older_than_the_plc(self):
        feedback = self.before(taken_job=9)
        told = "it took job 9 (slot 1), but the last job assigned here is 8"
        self.assertTold(told, self.job("queued"), feedback, self.recipe(job=0, acknowledged=9), last_job=8)
        told = f"order {ORDER} is in slot 1 but was never handed over from here"
        known = self.before(order=ORDER)
        self.assertTold(told, self.job("queued", fresh=True), known, self.recipe(job=0, acknowledged=3), last_job=8)

    def test_an_order_that_does_not_fit(self):
        """It cannot be one that the PLC shows, and is told where its recipe is made."""
        job = self.job("queued", order="X" * 99, fresh=True)
        told = self.step(job, self.feedback(order=None), [0] * 83).anomaly.detail
        self.assertTrue(told.startswith("the recipe does not fit: "), told)

    def test_highest_job(self):
        """Of those that can have been given: 0 is none, and nonsense is none."""
        for taken, last_job, highest in (
            ((0, 0), 6, 0), ((1, 0), 6, 1), ((9, 3), 6, 9), ((MAX_JOB_LEAD + 6, 3), 6, MAX_JOB_LEAD + 6),
            ((MAX_JOB_LEAD + 7, 3), 6, 3), ((MAX_JOB - 1, 3), MAX_JOB - 9, MAX_JOB - 1), ((MAX_JOB, 3), MAX_JOB - 9, 3),
        ):  # fmt: skip
            feedback = {slot: self.before(slot=slot, taken_job=job) for slot, job in enumerate(taken, start=1)}
            self.assertEqual(highest_job(self.layout, Seen(feedback), last_job), highest, (taken, last_job))
        self.assertEqual(highest_job(plc_layouts.flags(), Seen(feedback), 0), 0)

    def test_an_acknowledged_batch_does_not_free_a_strangers_slot(self):
        """Job 3 is another system's; that job 2 was acknowledged says nothing of it."""
        ours = self.job("done", id=1, number=2, acknowledged=True)
        steps = self.steps([ours, self.job("queued", id=2)], {1: self.before()}, {1: self.recipe(job=3, armed=3)})
        self.assertEqual([self.summary(step) for step in steps], [{"anomaly": "occupied"}])

    def test_nonsense_is_no_number(self):
        """A slot number that cannot be read is not slot 1."""
        layout = changed(self.layout, "feedback", altered("slot", type="bcd"))
        words = layout.codec("feedback").encode({"slot": 1, "order": OTHER, "taken_job": 3, "line_code": layout.codes})
        words[0] = 0x000A
        step = reconcile(layout, [self.job("running")], Seen({1: words}))[0]
        self.assertEqual((step.anomaly.code, step.anomaly.offset), ("rejected", 0))

    def test_the_last_slot(self):
        self.assertEqual(recipe_slots(self.layout, [self.job("offered", slot=self.layout.slots)]), [self.layout.slots])

    def test_numbers_begin_at_1(self):
        blank = Seen({1: self.feedback(order=None)}, {1: [0] * 83})
        self.assertEqual(reconcile(self.layout, [self.job("queued")], blank)[0].values["number"], 1)

    def test_what_has_no_word_for_it_is_not_held(self):
        self.assertIs(self.step(self.job("running"), self.shown(), self.recipe(armed=7)).values["held"], False)


@tagged("post_install", "-at_install")
class TestFlags(SentenceCase):
    layout = test_reconcile.TestFlags.layout
    recipe, shown = (getattr(test_reconcile.TestFlags, name) for name in ("recipe", "shown"))

    def test_sentences(self):
        stands = f"order {ORDER} is in the feedback, not stored, before it was handed over"
        self.assertTold(stands, self.job("queued"), self.shown(finished=1), self.recipe(1))
        gone = f"the PLC no longer shows order {ORDER}, which was running"
        self.assertTold(gone, self.job("running"), self.shown(order=OTHER), self.recipe(1))
        lost = "the recipe that was handed over is no longer in the PLC"
        self.assertTold(lost, self.job("offered"), self.shown(order=OTHER), [0] * 77)
        doubt = "it is not known whether the PLC took the recipe"
        self.assertTold(doubt, self.job("offered"), self.shown(order=OTHER), self.recipe(1))

    def test_a_state_that_is_none(self):
        """Of a layout with flags and a state: the words go with it."""
        self.layout = changed(changed(self.layout, "feedback", without("finished")), "feedback", added(Field("state", 90)))
        for job in (self.job("offered"), self.job("queued", resent=True)):
            feedback = self.shown(state=4)
            self.assertRejected(job, feedback, 90, "holds 4 where a known state was expected", recipe=self.recipe(1), taken=True)


@tagged("post_install", "-at_install")
class TestState(SentenceCase):
    layout = test_reconcile.TestState.layout
    recipe, shown, recipe_values = (getattr(test_reconcile.TestState, name) for name in ("recipe", "shown", "recipe_values"))

    def test_sentences(self):
        idle = "the PLC is idle although job 7 is running"
        self.assertTold(idle, self.job("running"), self.shown(1), self.recipe())
        known = self.step(self.job("running"), self.shown(4)).anomaly.detail
        self.assertTrue(known.endswith("holds 4 where a known state was expected"), known)
