"""The reconciler on what may only rise, on an end that is read twice, on taking that the job number alone proves, and on what is
cleared once a job was taken."""

from dataclasses import replace

from odoo.tests import tagged

from ...plc.codec import Field
from ...plc.reconcile import ENDED, Seen, recipe_slots, reconcile
from .. import plc_layouts
from . import test_reconcile
from .test_reconcile import ACTUALS, ORDER, OTHER, ReconcileCase, isa88

CODES = plc_layouts.CODES
# state before -> the new one, of a batch that is seen to be taken
TAKEN = (("queued", "running"), ("offered", "running"), ("cancelling", "running"), ("running", None))
STORED = dict(zip(CODES, ACTUALS, strict=True))


def other_amounts(**lines):
    """ACTUALS with other kg, by code: ``_101=3.5``."""
    return [lines.get(f"_{code}", amount) for code, amount in zip(CODES, ACTUALS, strict=True)]


class WatchTests:
    """For both handshakes."""

    def seen(self, job, feedback, recipe=None, before=None, layout=None):
        """The one decision, whatever was shown a scan ago."""
        seen = Seen({1: feedback}, {1: recipe} if recipe else {}, {1: before} if before else {})
        steps = reconcile(layout or self.layout, [job], seen, 6)
        self.assertLessEqual(len(steps), 1)
        for step in steps:
            self.assertWhole(step, job, feedback)
        return steps[0] if steps else None

    def told(self, step):
        return self.summary(step), step.again if step else None, str(step.anomaly.detail) if step and step.anomaly else ""

    def taken(self, state):
        """A batch that was taken; of those in line, one that a person sent again."""
        return self.job(state, number=7, resent=state == "queued")

    # An end is believed at two readings

    def test_one_reading_of_an_end(self):
        over, runs = self.shown(finished=1), self.shown()
        for state, to in TAKEN:
            for label, before in (
                ("none before", None),
                ("ran before", runs),
                ("rejected before", self.shown(slot=2, finished=1)),
            ):
                with self.subTest(state, before=label):
                    step = self.seen(self.taken(state), over, self.taken_from(), before)
                    self.assertEqual((step.state, step.anomaly, step.again), (to, None, True))
                    self.assertEqual(step.values["actuals"], tuple(ACTUALS))
                    self.assertEqual((step.values["held"], step.values["obeyed"]), (False, False))
            step = self.seen(self.taken(state), over, self.taken_from(), over)
            self.assertEqual((step.state, step.again), ("completed", False))

    def test_two_readings_that_differ(self):
        over = self.shown(finished=1, weight=700.0)
        others = (
            ("amount", self.shown(finished=1, weight=700.0, line_quantity=other_amounts(_101=381.1))),
            ("weight", self.shown(finished=1, weight=699.0)),
            ("outcome", self.shown(finished=1, failed=1, weight=700.0)),
        )
        for label, before in others:
            for state, to in TAKEN:
                with self.subTest(label, state=state):
                    step = self.seen(self.taken(state), over, self.taken_from(), before)
                    self.assertEqual((step.state, step.anomaly.code, step.again), (to, "unsteady", True))
                    self.assertEqual((step.anomaly.words, step.anomaly.detail), (tuple(over), "two readings differ"))
                    self.assertEqual(step.values["actuals"], tuple(ACTUALS))

    def test_a_scale_at_rest_may_drift(self):
        layout = replace(self.layout, drift=0.25)
        over = self.shown(finished=1)
        for amount, agrees in ((381.2, True), (381.45, True), (380.95, True), (381.46, False), (380.94, False)):
            before = self.shown(finished=1, line_quantity=other_amounts(_101=amount))
            with self.subTest(amount):
                step = self.seen(self.job("running"), over, None, before, layout)
                self.assertEqual(step.state, "completed" if agrees else None)

    def test_a_failure_is_an_end_too(self):
        failed = self.shown(finished=1, failed=1)
        self.assertTrue(self.seen(self.job("running"), failed).again)
        self.assertEqual(self.seen(self.job("running"), failed, None, failed).state, "failed")

    def test_a_weight_that_is_awaited(self):
        waiting, over = self.job("running", awaits_weight=True), self.shown(finished=1)
        self.assertNotIn("finished", self.seen(waiting, over).values)
        self.assertIs(self.seen(waiting, over, None, over).values["finished"], True)

    # What may only rise, while it runs

    def test_amounts_that_fall(self):
        running = self.job("running", stored=STORED)
        feedback = self.shown(line_quantity=other_amounts(_101=100.2, _104=33.0))
        step = self.seen(running, feedback, None, feedback)
        self.assertEqual((step.state, step.anomaly.code, step.anomaly.words), (None, "fell", tuple(feedback)))
        self.assertEqual({code: round(kg, 2) for code, kg in step.values["fell"].items()}, {101: 281.0, 104: 0.3})
        self.assertEqual(step.anomaly.detail, "equipment 101 by 281.00, equipment 104 by 0.30")
        self.assertEqual(step.values["actuals"], tuple(other_amounts(_101=100.2, _104=33.0)))
        self.assertEqual((step.values["held"], step.values["obeyed"], step.again), (False, False, False))

    def test_who_takes_it_again_may_begin_anew(self):
        """What is stored is of the run before: nothing has fallen."""
        for state, to in TAKEN[:-1]:
            job = replace(self.taken(state), stored=STORED)
            step = self.seen(job, self.shown(line_quantity=other_amounts(_101=100.2)), self.taken_from())
            self.assertEqual((step.state, step.anomaly), (to, None))

    def test_amounts_fall_before_the_end_counts(self):
        running = self.job("running", stored=STORED)
        feedback = self.shown(finished=1, line_quantity=other_amounts(_101=100.2))
        self.assertEqual(self.seen(running, feedback, None, feedback).anomaly.code, "fell")

    def test_how_far_amounts_may_fall(self):
        """A scale drifts, and what is stored is rounded."""
        running = self.job("running", stored=STORED)
        for drift, amount, fell in ((0.0, 381.19, False), (0.0, 381.18, True), (0.5, 380.69, False), (0.5, 380.68, True)):
            with self.subTest(drift=drift, amount=amount):
                feedback = self.shown(line_quantity=other_amounts(_101=amount))
                step = self.seen(running, feedback, None, feedback, replace(self.layout, drift=drift))
                self.assertEqual(bool(step.anomaly), fell)
        trace, nothing = self.job("running", stored={101: 0.01}), self.shown(line_quantity=[0.0] * 15)
        self.assertIsNone(self.seen(trace, nothing).anomaly, "what is stored may be rounded up")
        risen = self.shown(line_quantity=other_amounts(_101=500.0))
        self.assertIsNone(self.seen(running, risen).anomaly)

    def test_what_a_person_carried_is_part_of_it(self):
        carrying = self.job("running", stored=STORED, carried={101: 281.0})
        feedback = self.shown(line_quantity=other_amounts(_101=100.2))
        step = self.seen(carrying, feedback)
        self.assertEqual((step.anomaly, step.values["actuals"]), (None, tuple(ACTUALS)))
        again = self.shown(line_quantity=other_amounts(_101=50.2))
        self.assertEqual(round(self.seen(carrying, again).values["fell"][101], 2), 50.0)

    def test_an_end_that_goes_back(self):
        feedback = self.shown()
        step = self.seen(self.job("running", finished=True), feedback)
        self.assertEqual((step.state, step.anomaly.code, step.anomaly.words), (None, "reopened", tuple(feedback)))
        self.assertEqual((step.values["finished"], step.values["held"], step.values["obeyed"]), (False, False, False))
        self.assertIn("shows it as running again", step.anomaly.detail)
        over = self.shown(finished=1, weight=3.0)
        self.assertEqual(self.seen(self.job("running", finished=True), over, None, over).state, "completed")

    # A batch that has ended

    def test_a_closed_batch_whose_amounts_change(self):
        for state in ENDED:
            for acknowledged in (False, True):
                for label, values in (
                    ("more", {"line_quantity": other_amounts(_101=500.0)}),
                    ("less", {"line_quantity": other_amounts(_101=100.0), "finished": 0}),
                    ("of another equipment", {"line_quantity": other_amounts(_109=0.02)}),
                ):
                    with self.subTest(state, acknowledged=acknowledged, label=label):
                        feedback = self.shown(**{"finished": 1, **values})
                        step = self.seen(self.job(state, acknowledged=acknowledged), feedback, self.taken_from())
                        self.assertEqual(self.summary(step), {"anomaly": "changed"})
                        self.assertEqual(step.anomaly.words, tuple(feedback))
                        self.assertRegex(step.anomaly.detail, r"^[0-9.]+ instead of 787\.20 were dosed$")
                        noted = self.seen(self.job(state, acknowledged=acknowledged, noted=True), feedback, self.taken_from())
                        self.assertIsNone(noted and noted.anomaly)

    def test_a_noted_change_that_goes_on(self):
        """What a person knows is what was shown then; with nothing known, whatever is shown."""
        first = self.shown(finished=1, line_quantity=other_amounts(_101=400.0))
        for state in ENDED:
            for acknowledged in (False, True):
                with self.subTest(state, acknowledged=acknowledged):
                    job = self.job(state, acknowledged=acknowledged)
                    known = self.seen(job, first, self.taken_from()).values["shown"]
                    self.assertEqual(known, {**STORED, 101: 400.0})
                    noted = replace(job, noted=True, known=known)
                    for kilograms, told in (
                        (400.0, False),
                        (400.01, False),
                        (381.2, False),
                        (400.02, True),
                        (390.0, True),
                        (800.0, True),
                    ):
                        feedback = self.shown(finished=1, line_quantity=other_amounts(_101=kilograms))
                        step = self.seen(noted, feedback, self.taken_from())
                        self.assertEqual(bool(step and step.anomaly), told, kilograms)
                    self.assertEqual(step.anomaly.code, "changed")
                    self.assertIn("instead of 787.20", step.anomaly.detail)
                    runs = self.shown(line_quantity=other_amounts(_101=400.0))
                    step = self.seen(noted, runs, self.taken_from())
                    self.assertIsNone(step and step.anomaly)

    def test_a_closed_batch_that_runs_again(self):
        """With the same amounts; once it is acknowledged a PLC may clear the flag."""
        step = self.seen(self.job("completed"), self.shown(), self.taken_from())
        self.assertEqual((step.anomaly.code, step.anomaly.detail), ("changed", "it runs again"))
        self.assertIsNone(self.seen(self.job("done", acknowledged=True), self.shown(), self.taken_from()))

    def test_what_is_no_change(self):
        zeros = [0.0] * 15
        for label, feedback in (
            ("cleared amounts", self.shown(line_quantity=zeros)),
            ("blank", self.feedback(order=None, **self.kept)),
            ("another order", self.shown(order=OTHER, line_quantity=other_amounts(_101=3.0))),
            ("nonsense", self.shown(line_quantity=other_amounts(_101=3.0))[:72] + [0x8200] + self.shown()[73:]),
            ("a code one word off", self.shown(line_code=[999, *CODES[1:]])),
            ("what is stored is rounded", self.shown(finished=1, line_quantity=other_amounts(_101=381.21))),
        ):
            with self.subTest(label):
                self.assertIsNone(self.seen(self.job("done", acknowledged=True), feedback, self.taken_from()))
        for code, other in ((101, 109), (109, 101)):
            trace = self.shown(finished=1, line_quantity=[{code: 0.01, 102: 5.0}.get(line, 0.0) for line in CODES])
            stored = self.job("done", acknowledged=True, stored={other: 0.0, 102: 5.0})
            self.assertIsNone(self.seen(stored, trace, self.taken_from()), "no more than its rounding")
        drifted = self.shown(finished=1, line_quantity=other_amounts(_101=381.71))
        layout = replace(self.layout, drift=0.5)
        self.assertIsNone(self.seen(self.job("done", acknowledged=True), drifted, self.taken_from(), None, layout))
        carried = self.job("done", acknowledged=True, stored={**STORED, 101: 481.2}, carried={101: 100.0})
        self.assertIsNone(self.seen(carried, self.shown(finished=1), self.taken_from()))

    # Names and scales

    def test_a_name_may_be_filled_up(self):
        for filling in (b"     ", b"\xff" * 5, b"\0ODD\xe9"):
            name = ORDER.encode() + filling
            feedback = self.shown()
            feedback[1:9] = [name[at] << 8 | name[at + 1] for at in range(0, 16, 2)]
            with self.subTest(filling):
                self.assertEqual(self.seen(self.job("offered"), feedback, self.standing()).state, "running")
                self.assertIsNone(self.seen(self.job("running"), feedback).anomaly)
        blank = self.feedback(order=None)
        blank[1:9] = [0x2020] * 8
        self.assertEqual(self.seen(self.job("running"), blank).anomaly.code, "lost")

    def test_a_scale_below_zero(self):
        layout, feedback = replace(self.layout, drift=0.5), self.shown(finished=1)
        feedback[28:30], feedback[31:33] = [0xFFFF, 0xFFFE], [0xFFFF, 0xFFCE]
        step = self.seen(self.job("running"), feedback, None, feedback, layout)
        self.assertEqual((step.state, step.values["actuals"][:2]), ("completed", (0.0, 0.0)))
        self.assertEqual(step.values["drifted"], "line_quantity -0.02, line_quantity -0.5")
        whole = self.shown(finished=1)
        self.assertNotIn("drifted", self.seen(self.job("running"), whole, None, whole, layout).values)
        feedback[31:33] = [0xFFFF, 0xFFCD]
        self.assertEqual(self.seen(self.job("running"), feedback, None, feedback, layout).anomaly.offset, 31)


@tagged("post_install", "-at_install")
class TestJobNumbers(WatchTests, ReconcileCase):
    layout, kept = test_reconcile.TestJobNumbers.layout, {"taken_job": 7}
    recipe, shown, before = (getattr(test_reconcile.TestJobNumbers, name) for name in ("recipe", "shown", "before"))
    standing, taken_from = test_reconcile.TestJobNumbers.standing, test_reconcile.TestJobNumbers.taken_from
    DISARM = ("disarm", "recipe", 77, [0, 0, 0, 0])

    def test_nothing_stands_once_the_taking_is_stored(self):
        standing, half = self.recipe(armed=7), self.recipe(job=7, armed=0)
        for label, state, feedback, to in (
            ("taken", "offered", self.shown(), "running"),
            ("at the very moment", "cancelling", self.shown(), "running"),
            ("not believed", "offered", self.shown(slot=2), "running"),
            ("not believed", "running", self.shown(slot=2), None),
            ("forgotten", "running", self.feedback(None, taken_job=7), None),
            ("gone", "running", self.feedback(None), None),
            ("over", "offered", self.shown(finished=1), "completed"),
            ("given up", "cancelled", self.before(), None),
            ("given up, and taken", "cancelled", self.shown(), None),
        ):
            for recipe in (standing, half, self.recipe(job=0, armed=7)):
                with self.subTest(label, state=state):
                    step = self.seen(self.job(state, armed=True), feedback, recipe, feedback)
                    self.assertEqual((step.state, self.place(step.write)), (to, self.DISARM))
                    self.assertNotIn("armed", step.values)
            step = self.seen(self.job(state, armed=True), feedback, self.recipe(job=0), feedback)
            self.assertEqual((step.state, step.write, step.values.get("armed")), (to, None, False))

    def test_it_is_not_taken_away_before_that(self):
        for state in ("queued", "sending", "offered"):
            step = self.seen(self.job(state, armed=True), self.before(), self.recipe(armed=7))
            self.assertFalse(step and step.write and step.write.kind == "disarm", state)

    def test_an_acknowledgement_goes_first(self):
        shown = self.shown(finished=1)
        step = self.seen(self.job("completed", armed=True), shown, self.recipe(armed=7))
        self.assertEqual(step.write.kind, "ack")
        step = self.seen(self.job("completed", armed=True), shown, self.recipe(armed=7, acknowledged=7))
        self.assertEqual((step.write.kind, step.values), ("disarm", {"acknowledged": True}))
        step = self.seen(self.job("done", armed=True, acknowledged=True), shown, self.recipe(armed=7, acknowledged=7))
        self.assertEqual((step.write.kind, step.values), ("disarm", {}))
        step = self.seen(self.job("done", armed=True, acknowledged=True), shown, self.recipe(job=0, acknowledged=7))
        self.assertEqual((step.write, step.values), (None, {"armed": False}))

    def test_another_recipe_is_left_alone(self):
        done = self.job("done", armed=True, acknowledged=True)
        for armed, kind in ((8, None), (7, "disarm")):
            step = self.seen(done, self.shown(finished=1), self.recipe(job=8, armed=armed, order=OTHER))
            self.assertEqual((step.write and step.write.kind, step.values), (kind, {} if kind else {"armed": False}))

    def test_the_next_batch_waits_until_it_is_gone(self):
        """A late write could complete what is left of it."""
        queued, recipe = self.job("queued"), self.recipe(armed=7, acknowledged=7)
        for state, number, shown in (("done", 7, self.shown(finished=1)), ("cancelled", 6, self.shown(finished=1))):
            earlier = self.job(state, id=1, number=number, armed=True, acknowledged=True)
            steps = reconcile(self.layout, [earlier, queued], Seen({1: shown}, {1: recipe}), 7)
            self.assertEqual([step.job_id for step in steps if step.state], [], state)
            gone = replace(earlier, armed=False, number=7)
            steps = reconcile(self.layout, [gone, queued], Seen({1: shown}, {1: recipe}), 7)
            self.assertEqual([step.state for step in steps if step.job_id == queued.id], ["sending"])

    def test_it_is_read_until_nothing_stands(self):
        for state in ("running", "done", "cancelled"):
            self.assertEqual(recipe_slots(self.layout, [self.job(state, armed=True, acknowledged=True)]), [1])
            self.assertEqual(recipe_slots(self.layout, [self.job(state, acknowledged=True)]), [])
        self.assertIsNone(self.seen(self.job("running", armed=True), self.shown()).write)
        self.assertIsNone(self.seen(self.job("done", armed=True, acknowledged=True), self.shown()))

    def test_what_is_not_armed_is_not_looked_for(self):
        self.assertIsNone(self.seen(self.job("running"), self.shown(), self.recipe(armed=7)).write)

    def test_what_is_given_up_is_not_cleared_as_a_strangers(self):
        given_up = self.job("cancelled", armed=True)
        self.assertEqual(self.seen(given_up, self.before(), self.recipe(armed=7)).job_id, given_up.id)

    def test_a_job_that_was_given_up_and_is_taken(self):
        feedback = self.shown()
        step = self.seen(self.job("cancelled"), feedback)
        self.assertEqual((step.anomaly.code, step.anomaly.words), ("changed", tuple(feedback)))
        self.assertEqual(step.anomaly.detail, "the PLC took job 7 although it was given up")
        self.assertIsNone(self.seen(self.job("cancelled", noted=True), feedback))

    def test_a_taken_job_that_goes_back(self):
        """It may have been this one."""
        for state, recipe in (("offered", self.recipe(armed=7)), ("cancelling", self.recipe(job=0))):
            for before, code in ((4, "went_back"), (3, None), (2, None)):
                with self.subTest(state, before=before):
                    step = self.seen(self.job(state, taken_before=before), self.before(), recipe)
                    self.assertEqual(step and step.anomaly and step.anomaly.code, code)
            step = self.seen(self.job(state, taken_before=4), self.before(), recipe)
            self.assertEqual(step.anomaly.detail, "it shows job 3, and showed job 4 before")
            self.assertEqual(step.anomaly.words, tuple(self.before()))
            self.assertEqual((step.state, step.write), (None, None), "a person decides")
        withdrawn = self.seen(self.job("cancelling", taken_before=4), self.before(), self.recipe(armed=7))
        self.assertEqual(withdrawn.write.kind, "withdraw")
        settling = self.seen(self.job("cancelling", taken_before=4, settled=False), self.before(), self.recipe(job=0))
        self.assertEqual(settling.values, {"withdrawn": True})

    def test_an_order_that_is_made_under_another_job(self):
        """Or under none: a PLC that shows its taken job elsewhere, or lost it, would take the recipe again and again."""
        nothing = [0.0] * 15
        for state, recipe in (("offered", self.recipe(armed=7)), ("cancelling", self.recipe(job=0))):
            for label, feedback, values, told in (
                ("no job", self.shown(taken_job=0), {}, True),
                ("an earlier job", self.shown(taken_job=3), {}, True),
                ("it is over", self.shown(taken_job=3, finished=1), {}, True),
                ("gone back, too", self.shown(taken_job=3), {"taken_before": 4}, True),
                ("shown before", self.shown(taken_job=3), {"shown_before": True}, False),
                ("nothing is dosed", self.shown(taken_job=3, line_quantity=nothing), {}, False),
                ("another order", self.shown(taken_job=3, order=OTHER), {}, False),
                ("nonsense", self.shown(taken_job=3)[:72] + [7] + self.shown(taken_job=3)[73:], {}, False),
            ):
                with self.subTest(label, state=state):
                    step = self.seen(self.job(state, armed=True, **values), feedback, recipe)
                    self.assertEqual(bool(step) and step.state == "running", told)
        taken = self.seen(self.job("offered", armed=True), self.shown(taken_job=0), self.recipe(armed=7))
        self.assertEqual(self.place(taken.write), self.DISARM)
        asked = self.seen(self.job("running"), self.shown(taken_job=3))
        self.assertEqual((asked.anomaly.code, asked.anomaly.detail), ("lost", "it shows the order, but as job 3 instead of 7"))
        gone = self.seen(self.job("running"), self.shown(taken_job=3, order=OTHER))
        self.assertEqual(gone.anomaly.detail, "the PLC shows job 3 although job 7 is running")

    def test_whether_the_order_was_shown_before(self):
        for feedback, shown in ((self.before(), False), (self.before(order=ORDER), True)):
            step = self.seen(self.job("queued"), feedback, self.recipe(job=0, acknowledged=3))
            self.assertEqual(step.values["shown_before"], shown)

    def test_what_was_taken_before_is_kept(self):
        step = self.seen(self.job("queued"), self.before(), self.recipe(job=0, acknowledged=3))
        self.assertEqual(step.values["taken_before"], 3)

    def test_taking_is_proven_by_the_job_number_alone(self):
        """Whatever else stands in the slot."""
        for feedback in (self.shown(slot=2), self.shown(order=OTHER), self.shown(line_code=[0] * 15), [0xFFFF] * 77 + [0, 7]):
            for job in (self.job("offered"), self.job("cancelling"), self.job("queued", number=7, resent=True)):
                step = self.seen(job, feedback, self.standing())
                self.assertEqual((step.state, step.anomaly.code), ("running", "rejected"))


@tagged("post_install", "-at_install")
class TestFlags(WatchTests, ReconcileCase):
    layout, kept = test_reconcile.TestFlags.layout, {}
    recipe, shown, before = (getattr(test_reconcile.TestFlags, name) for name in ("recipe", "shown", "before"))
    standing, taken_from = test_reconcile.TestFlags.standing, test_reconcile.TestFlags.taken_from

    def test_another_batch_of_the_order_is_what_is_shown(self):
        closed = self.job("failed", id=1, acknowledged=True)
        again = self.job("running", id=2)
        feedback = self.shown(line_quantity=other_amounts(_101=3.0))
        steps = reconcile(self.layout, [closed, again], Seen({1: feedback}), 0)
        self.assertEqual([(step.job_id, step.anomaly) for step in steps], [(2, None)])
        other = replace(again, order=OTHER)
        steps = reconcile(self.layout, [closed, other], Seen({1: feedback}), 0)
        self.assertEqual([step.anomaly.code for step in steps if step.job_id == 1], ["changed"])

    def test_a_batch_that_was_given_up(self):
        """A flag tells no batch of an order from another one."""
        self.assertIsNone(self.seen(self.job("cancelled", armed=True), self.shown()))


@tagged("post_install", "-at_install")
class TestUnusedLines(ReconcileCase):
    layout = isa88()

    def recipe_values(self, slot=1, order=ORDER):
        return {"slot": slot, "order": order, "quantity": 500.5, "line_code": (104, 0), "line_quantity": [500.5, 0.0]}

    def shown(self, *amount, code=0):
        feedback = self.feedback(taken_job=7, state=2, line_code=(104, code), line_quantity=[250.25, 0.0])
        feedback[15:17] = amount
        return feedback

    def test_a_line_without_code_and_target_is_not_judged(self):
        for amount in ((0, 0x7FC0), (0, 0xC000), (0, 0x42C8), (0xFFFF, 0xFFFF)):
            with self.subTest(amount):
                step = self.step(self.job("running"), self.shown(*amount))
                self.assertEqual((step.anomaly, step.values["actuals"]), (None, (250.25, 0.0)))
        self.assertEqual(self.step(self.job("running"), self.shown(0, 0, code=105)).anomaly.offset, 14)

    def test_it_hides_no_order_that_is_made_under_another_job(self):
        feedback = self.shown(0, 0x7FC0)
        feedback[20:22] = (3, 0)
        self.assertEqual(self.step(self.job("offered", armed=True), feedback, self.block()).state, "running")

    def test_equipment_that_is_shown_no_more(self):
        """What it had dosed is missing; what another one dosed is new."""
        stored = {104: 250.25, 105: 10.0}
        step = self.step(self.job("running", stored=stored), self.shown(0, 0))
        self.assertEqual((step.anomaly.code, step.values["fell"]), ("fell", {105: 10.0}))
        ended = self.step(self.job("done", acknowledged=True, stored=stored), self.shown(0, 0))
        self.assertEqual(ended.anomaly.detail, "250.25 instead of 260.25 were dosed")
        ended = self.step(self.job("done", acknowledged=True, stored={105: 250.25}), self.shown(0, 0))
        self.assertEqual(ended.anomaly.code, "changed")
        unused = self.job("done", acknowledged=True, stored={104: 250.25, 105: 0.0})
        self.assertIsNone(self.step(unused, self.shown(0, 0)), "it had dosed nothing")

    def test_a_change_beside_an_unused_line(self):
        done = self.job("done", acknowledged=True, stored={104: 100.0})
        self.assertEqual(self.step(done, self.shown(0, 0x7FC0)).anomaly.code, "changed")

    def test_a_recipe_with_fewer_lines_than_the_layout_has_now(self):
        """Nothing fails, and what it does not name is not judged."""
        one = {**self.recipe_values(), "line_code": (104,), "line_quantity": [500.5]}
        self.assertIsNone(self.step(self.job("running", recipe=one), self.shown(0, 0)).anomaly)
        self.assertEqual(self.step(self.job("running", recipe={}), self.shown(0, 0)).anomaly.code, "rejected")

    def test_a_line_with_a_target_is_judged(self):
        for codes, targets in (((104, 105), (500.5, 0.0)), ((104, 0), (500.5, 1.0))):
            recipe = {**self.recipe_values(), "line_code": codes, "line_quantity": targets}
            step = self.step(self.job("running", recipe=recipe), self.shown(0, 0x7FC0, code=codes[1]))
            self.assertEqual(step.anomaly.code, "rejected")

    def test_a_layout_with_its_own_codes(self):
        """Material of a silo without a target is reported on the silo's line."""
        layout = replace(plc_layouts.job_numbers(), drift=0.5)
        words = layout.codec("feedback").encode({"slot": 1, "order": ORDER, "taken_job": 7, "line_code": CODES})
        words[31:33] = [0xFFFF, 0]
        job = test_reconcile.Job(1, "running", 1, ORDER, 7, plc_layouts.recipe_values())
        (step,) = reconcile(layout, [job], Seen({1: words}), 7)
        self.assertEqual(step.anomaly.offset, 31)

    def test_a_result_that_a_plc_holds_as_idle(self):
        """Once acknowledged a PLC may call it idle; its amounts stay."""
        done = self.job("done", acknowledged=True, stored={104: 250.25})
        idle = self.feedback(taken_job=7, state=1, line_code=(104, 0), line_quantity=[250.25, 0.0])
        self.assertIsNone(self.step(done, idle))
        self.assertIsNone(self.step(done, self.shown(0, 0)), "the flag of an acknowledged result is the PLC's")
        other = self.feedback(taken_job=7, state=1, line_code=(104, 0), line_quantity=[250.3, 0.0])
        self.assertEqual(self.step(done, other).anomaly.code, "changed")


@tagged("post_install", "-at_install")
class TestDrift(ReconcileCase):
    def test_what_drifts(self):
        """Amounts and weight of the feedback; a target below zero is never a target."""
        layout = replace(isa88(), drift=0.5)
        roles = {item.role for item in layout.read_as("feedback") if item.drift is not None}
        self.assertEqual(roles, {"line_quantity", "weight"})
        self.assertEqual({item.drift for item in layout.read_as("recipe")}, {None})
        limited = Field("line_quantity", 0, "float32", minimum=0)
        self.assertIsNone(limited.drift)
