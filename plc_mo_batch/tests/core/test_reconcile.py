"""The reconciler, decision by decision: a state of a batch, what the PLC shows, and what follows."""

import random
from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ...plc.codec import Field
from ...plc.layout import JOB_NUMBERS, Area, Layout
from ...plc.reconcile import (
    ENDED,
    HANDED_OVER,
    MAX_JOB,
    MAX_JOB_LEAD,
    OPEN,
    Job,
    Seen,
    recipe_slots,
    reconcile,
)
from ...plc.steps import Anomaly, Rejected
from .. import plc_layouts

ORDER, OTHER = "WH/MO/00001", "WH/MO/00099"
ACTUALS = [381.2, 0.0, 352.4, 33.3, *[0.0] * 9, 20.3, 0.0]
# what a step about a running or ended batch always carries, and one that sends it
REPORTED = {"codes", "actuals", "weight", "held", "obeyed", "taken_before", "shown_before", "shown"}


def isa88():
    """As "ISA-88, float32", with two lines."""
    lines = [
        Field(role, offset + 3 * line, kind, index=line)
        for line in (0, 1)
        for role, offset, kind in (("line_code", 11, "uint16"), ("line_quantity", 12, "float32"))
    ]
    content = (Field("slot", 0), Field("order", 1, "ascii", words=10), *lines)
    jobs = (("recipe_job", 19), ("armed_job", 21), ("acknowledged_job", 23), ("command_job", 25))
    recipe = [Field("quantity", 17, "float32"), *(Field(role, offset, "uint32") for role, offset in jobs), Field("command", 27)]
    feedback = (Field("state", 17), Field("weight", 18, "float32"), Field("taken_job", 20, "uint32"))
    areas = (
        Area("recipe", 1000, 30, (*content, *recipe), registers="D"),
        Area("feedback", 3000, 30, (*content, *feedback), registers="W"),
    )
    return Layout(JOB_NUMBERS, 3, areas, word_order="low")


class ReconcileCase(BaseCase):
    """One slot, number 1, unless said otherwise."""

    layout = None

    def recipe_values(self, slot=1, order=ORDER):
        return {**plc_layouts.recipe_values(slot), "order": order}

    def job(self, state, slot=1, order=ORDER, **values):
        stored = dict(zip(plc_layouts.CODES, ACTUALS, strict=True)) if state in ENDED else {}
        values = {"number": 0 if state == "queued" else 7, "recipe": self.recipe_values(slot, order), "stored": stored, **values}
        return Job(id=values.pop("id", 10 * slot), state=state, slot=slot, order=order, **values)

    def block(self, slot=1, order=ORDER, job=7):
        return self.layout.block(self.recipe_values(slot, order), job)

    def feedback(self, order=ORDER, slot=1, **values):
        """What the PLC shows; no order: a blank slot."""
        if not order:
            return self.layout.codec("feedback").encode(values)
        shown = {"slot": slot, "order": order, "line_code": plc_layouts.CODES, "line_quantity": ACTUALS}
        return self.layout.codec("feedback").encode({**shown, **values})

    def steps(self, jobs, feedback, recipe=None, last_job=6):
        return reconcile(self.layout, jobs, Seen(feedback, recipe or {}, self.before_that(feedback)), last_job)

    def before_that(self, feedback):
        """What was shown a scan ago: the same, unless said otherwise."""
        return feedback

    def step(self, job, feedback, recipe=None, **options):
        """The one decision about slot 1, or None."""
        steps = self.steps([job], {1: feedback}, {} if recipe is None else {1: recipe}, **options)
        self.assertLessEqual(len(steps), 1)
        for step in steps:
            self.assertWhole(step, job, feedback)
        return steps[0] if steps else None

    def assertWhole(self, step, job, feedback):
        """It says whose it is, and an anomaly what, and in which words it was seen."""
        anomaly = step.anomaly
        if anomaly and anomaly.code == "cleared":
            self.assertEqual((step.job_id, anomaly.detail), (0, "slot 1"))
            return
        self.assertEqual(step.job_id, job.id)
        if anomaly and "does not fit" not in anomaly.detail:
            self.assertEqual(anomaly.words, tuple(feedback))

    def summary(self, step):
        """What a step says, without what was dosed; the address of a write as area and offset in the slot."""
        if step is None:
            return {}
        found = {"state": step.state, "write": self.place(step.write), "anomaly": step.anomaly and step.anomaly.code}
        found["values"] = {name: value for name, value in step.values.items() if name not in REPORTED}
        return {name: value for name, value in found.items() if value}

    def place(self, write):
        if not write:
            return None
        kinds = [kind for kind in ("recipe", "feedback") if write.address >= self.layout.address(kind, write.slot)]
        kind = max(kinds, key=lambda kind: self.layout.address(kind, write.slot))
        offset = write.address - self.layout.address(kind, write.slot)
        self.assertEqual(write.registers, self.layout.area(kind).registers)
        if write.kind == "block":
            self.assertEqual((kind, offset), ("recipe", 0))
            return "block", list(write.words)
        return write.kind, kind, offset, list(write.words)

    def assertStep(self, expected, job, feedback, recipe=None, **options):
        self.assertEqual(self.summary(self.step(job, feedback, recipe, **options)), expected)

    def assertTable(self, *rows):
        """Rows of (what it is about, job, feedback, recipe, expected summary)."""
        for label, job, feedback, recipe, expected in rows:
            with self.subTest(label, state=job.state):
                self.assertStep(expected, job, feedback, recipe)

    def assertRejected(self, job, feedback, offset, *words, recipe=None, taken=False):
        """Nothing follows but an anomaly that names the word; and that it was taken, if that is certain."""
        step = self.step(job, feedback, recipe)
        runs = {"state": "running"} if taken and job.state != "running" else {}
        self.assertEqual(self.summary(step), {**runs, "anomaly": "rejected"})
        self.assertEqual((step.anomaly.offset, step.anomaly.words), (offset, tuple(feedback)))
        for word in (f"word {offset}", *words):
            self.assertIn(word, step.anomaly.detail)


class BeliefTests:
    """Rule 5, in every state in which the slot speaks of the batch. For both handshakes."""

    def assertRejectedInEachState(self, feedback, offset, *words):
        for state in HANDED_OVER:
            with self.subTest(state, offset=offset):
                self.assertRejected(self.job(state), feedback, offset, *words, recipe=self.standing(), taken=True)

    def changed(self, offset, *words, **values):
        feedback = self.shown(**values)
        feedback[offset : offset + len(words)] = words
        return feedback

    def test_equipment_code_one_word_off(self):
        """The mill's misaddressed slot: 54 holds 109, 55 holds 110."""
        self.assertRejectedInEachState(self.changed(54, 109, 110, finished=1), 54, "109", "110")

    def test_every_equipment_code_counts(self):
        for line in range(15):
            offset = 27 + 3 * line
            self.assertRejectedInEachState(self.changed(offset, 0), offset, "holds 0", str(101 + line))

    def test_flag_that_is_neither_0_nor_1(self):
        self.assertRejectedInEachState(self.changed(72, 0x8200), 72, "0x8200")
        self.assertRejectedInEachState(self.changed(73, 2), 73, "only 0 or 1")

    def test_values_outside_their_limits(self):
        self.assertRejectedInEachState(self.changed(28, 0xFFFF, 0xFFFF), 28, "-0.01")
        self.assertRejectedInEachState(self.changed(31, 8192, 1087), 31, "more than 100000")
        self.assertRejectedInEachState(self.changed(74, 0x7FFF, 0xFFFF, finished=1), 74, "more than 100000")

    def test_unprintable_name(self):
        self.assertRejectedInEachState(self.changed(9, 0x4101), 9, "printable")

    def test_spaces_at_the_end_of_a_name(self):
        """Whatever fills up a text in the PLC, they are lost in it."""
        job = self.job("offered", order=f"{ORDER} ")
        self.assertStep({"state": "running"}, job, self.shown(), self.standing())

    def test_limits_themselves_are_believed(self):
        feedback = self.shown(line_quantity=[100000.0, *[0.0] * 14], finished=1)
        self.assertEqual(self.step(self.job("running"), feedback).values["actuals"][0], 100000.0)

    def test_everything_that_is_reported_is_stored(self):
        step = self.step(self.job("offered"), self.shown(finished=1, weight=788.2), self.standing())
        self.assertEqual(step.state, "completed")
        self.assertEqual(step.values, {"codes": plc_layouts.CODES, "actuals": tuple(ACTUALS), "weight": 788.2})

    def test_zero_is_a_value(self):
        step = self.step(self.job("running"), self.shown(line_quantity=[0.0] * 15, finished=1))
        self.assertEqual((step.state, set(step.values["actuals"])), ("completed", {0.0}))

    def test_slot_that_was_not_read(self):
        for state in OPEN:
            self.assertEqual(self.steps([self.job(state)], {}), [])

    def test_a_bad_slot_does_not_stop_the_others(self):
        jobs = [self.job("running", slot=slot) for slot in (1, 2, 3)]
        shown = {slot: self.shown(slot=slot, finished=1) for slot in (1, 2, 3)}
        shown[2][27] = 0
        self.assertEqual([step.state for step in self.steps(jobs, shown)], ["completed", None, "completed"])

    def test_a_recipe_that_does_not_fit_does_not_stop_the_others(self):
        """As after a change of the layout."""
        bad = self.job("queued", slot=2, recipe={**self.recipe_values(2), "quantity": 100001.0})
        blank = {slot: self.feedback(order=None) for slot in (1, 2, 3)}
        recipe = {slot: [0] * self.layout.codec("recipe").words for slot in (1, 2, 3)}
        first, second = self.steps([self.job("queued"), bad], blank, recipe)
        self.assertEqual((first.state, second.state, second.anomaly.code), ("sending", None, "occupied"))
        self.assertEqual(second.job_id, 20)
        self.assertIn("the recipe does not fit: quantity (word 25)", second.anomaly.detail)

    def test_late_weight(self):
        waiting = self.job("running", awaits_weight=True)
        self.assertTable(
            ("not there yet", waiting, self.shown(finished=1), None, {"values": {"finished": True}}),
            ("it came", waiting, self.shown(finished=1, weight=788.2), None, {"state": "completed"}),
            ("grace is over", self.job("running"), self.shown(finished=1), None, {"state": "completed"}),
            ("a failed one does not wait", waiting, self.shown(finished=1, failed=1), None, {"state": "failed"}),
        )
        step = self.step(self.job("offered", awaits_weight=True), self.shown(finished=1), self.standing())
        self.assertEqual((step.state, step.values["finished"]), ("running", True))

    def test_taken_and_over(self):
        for label, state, values, expected in (
            ("taken", "offered", {}, {"state": "running"}),
            ("still runs", "running", {}, {}),
            ("over", "running", {"finished": 1}, {"state": "completed"}),
            ("over before it was seen to run", "offered", {"finished": 1}, {"state": "completed"}),
            ("failed", "running", {"finished": 1, "failed": 1}, {"state": "failed"}),
            ("failed at once", "offered", {"finished": 1, "failed": 1}, {"state": "failed"}),
            ("failed, but not over", "running", {"failed": 1}, {}),
            ("taken while it was to be withdrawn", "cancelling", {}, {"state": "running"}),
            ("over while it was to be withdrawn", "cancelling", {"finished": 1}, {"state": "completed"}),
        ):
            self.assertTable((label, self.job(state), self.shown(**values), self.standing(), expected))

    def test_closed_batches_are_left_alone(self):
        for state in ENDED:
            self.assertStep({}, self.job(state, acknowledged=True), self.shown(finished=1), self.taken_from())
        self.assertStep({}, self.job("cancelled"), self.before(), self.withdrawn())

    def test_what_is_read_of_the_recipe_area(self):
        for state in ("queued", "sending"):
            self.assertEqual(recipe_slots(self.layout, [self.job(state, slot=2)]), [1, 2, 3])
        for state in ("offered", "cancelling"):
            self.assertEqual(recipe_slots(self.layout, [self.job(state, slot=2)]), [2])
        self.assertEqual(recipe_slots(self.layout, [self.job("running"), self.job("done", slot=2, acknowledged=True)]), [])
        self.assertEqual(recipe_slots(self.layout, [self.job("offered", slot=4)]), [], "the layout has three slots")

    def test_only_what_the_database_calls_so_is_written(self):
        """For every kind of write there is a state without which it is never made."""
        offering = ("sending", "offered")
        kinds = {"block": ("queued", *offering), "arm": offering, "withdraw": ("cancelling",), "ack": ENDED}
        recipes = (None, [0] * self.layout.codec("recipe").words, self.standing(), self.taken_from(), self.withdrawn())
        shown = (self.feedback(order=None), self.shown(), self.shown(finished=1), self.feedback(OTHER, finished=1))
        for state in (*OPEN, "done", "cancelled"):
            for write in self.writes(self.job(state), shown, recipes):
                with self.subTest(state, write=write.kind):
                    self.assertIn(state, kinds[write.kind])

    def writes(self, job, shown, recipes):
        for settled in (False, True):
            for feedback in shown:
                for recipe in recipes:
                    steps = self.steps([replace(job, settled=settled)], {1: feedback}, {1: recipe} if recipe else {})
                    yield from (step.write for step in steps if step.job_id and step.write)

    def test_nonsense(self):
        """Nothing is ever concluded from it, and nothing fails."""
        chance = random.Random(3)
        kinds = [self.layout.codec(kind).words for kind in ("feedback", "recipe")]
        for _try in range(200):
            feedback, recipe = ([chance.choice((0, 1, 2, chance.getrandbits(16))) for _word in range(words)] for words in kinds)
            for state in (*OPEN, "done", "cancelled"):
                steps = self.steps([self.job(state)], {1: feedback}, {1: recipe})
                self.assertLessEqual({step.state for step in steps}, {None, "sending"})


@tagged("post_install", "-at_install")
class TestJobNumbers(BeliefTests, ReconcileCase):
    layout = replace(plc_layouts.job_numbers(), slots=3)

    def recipe(self, job=7, armed=0, acknowledged=0, order=ORDER, block=None):
        return [*(self.block(order=order, job=job) if block is None else block), 0, armed, 0, acknowledged]

    def shown(self, **values):
        return self.feedback(**{"taken_job": 7, **values})

    def standing(self):
        return self.recipe(armed=7)

    def taken_from(self):
        return self.recipe(armed=7)

    def withdrawn(self):
        return self.recipe(job=0)

    def before(self, **values):
        """The slot still shows job 3 of another order, finished and stored."""
        return self.feedback(**{"order": OTHER, "taken_job": 3, "finished": 1, **values})

    def test_download(self):
        blank, free = self.feedback(order=None), self.recipe(job=3, armed=3, acknowledged=3, order=OTHER)
        zero = self.recipe(block=[0] * 79)
        block = ("block", self.block())
        sent = {"state": "sending", "values": {"number": 7}, "write": block}
        arm = {"state": "offered", "values": {"armed": True}, "write": ("arm", "recipe", 79, [0, 7])}
        queued, sending = self.job("queued"), self.job("sending")
        half = [*self.block()[:5], *self.block(order=OTHER)[5:]]
        self.assertTable(
            ("first start", queued, blank, zero, sent),
            ("free", queued, self.before(), free, sent),
            ("recipe area not read", queued, self.before(), None, {}),
            ("block lost", sending, self.before(), free, {"write": block}),
            ("block half there", sending, self.before(), self.recipe(block=half, armed=3, acknowledged=3), {"write": block}),
            ("block with another job", sending, self.before(), self.recipe(job=6, armed=3, acknowledged=3), {"write": block}),
            ("read back", sending, self.before(), self.recipe(armed=3, acknowledged=3), arm),
            ("another's recipe may be taken", sending, self.before(), self.recipe(job=5, armed=5, acknowledged=3), {}),
        )

    def test_offered(self):
        offered = self.job("offered")
        block = {"write": ("block", self.block())}
        arm = {"values": {"armed": True}, "write": ("arm", "recipe", 79, [0, 7])}
        lost, zero = {"anomaly": "lost"}, [0] * 79
        self.assertTable(
            ("told", offered, self.before(), self.recipe(armed=7, acknowledged=3), {}),
            ("arming lost", offered, self.before(), self.recipe(armed=3, acknowledged=3), arm),
            ("block gone", offered, self.before(), self.recipe(order=OTHER, armed=3), block),
            ("recipe area not read", offered, self.before(), None, {}),
            ("blank PLC", offered, self.feedback(order=None), [0] * 83, lost),
            ("blank, but for what arming left", offered, self.feedback(order=None), self.recipe(block=zero, armed=7), lost),
            ("blank, but for an acknowledgement", offered, self.before(), self.recipe(block=zero, acknowledged=3), lost),
            ("taken, and forgotten but for that", offered, self.feedback(None, taken_job=7), [0] * 83, {"state": "running"}),
        )

    def test_late_acknowledgement_of_an_earlier_job(self):
        """It took the place of the last one's, for which the PLC waits before it takes what it is offered."""
        offered = self.job("offered", id=2, number=8, recipe=self.recipe_values(order=OTHER), order=OTHER)
        waiting = self.shown(finished=1)
        for state, acknowledged, expected in (
            ("done", 3, [("ack", "recipe", 81, [0, 7])]),
            ("completed", 3, [("ack", "recipe", 81, [0, 7])]),
            ("done", 7, []),
            ("failed", 3, []),  # a person took it out: what the PLC says of it now is for a person, too
        ):
            with self.subTest(state, acknowledged=acknowledged):
                recipe = {1: self.recipe(order=OTHER, job=8, armed=8, acknowledged=acknowledged)}
                steps = self.steps([self.job(state, id=1, acknowledged=True), offered], {1: waiting}, recipe)
                self.assertEqual([self.place(step.write) for step in steps], expected)
                self.assertEqual([(step.job_id, step.state) for step in steps], [(1, None)] * len(expected))
        nobody_waits = self.recipe(armed=7, acknowledged=3)
        self.assertStep({}, self.job("done", acknowledged=True), waiting, nobody_waits)

    def test_another_system_was_faster(self):
        """The PLC took a later number in our slot, so it will not take ours any more; perhaps it did before. A person looks."""
        doubt = {"anomaly": "doubt"}
        for state in ("offered", "cancelling"):
            self.assertTable(
                ("runs", self.job(state), self.shown(order=OTHER, taken_job=9), self.recipe(armed=7), doubt),
                ("ended", self.job(state), self.shown(order=OTHER, taken_job=9, finished=1), self.recipe(armed=7), doubt),
                ("forgotten", self.job(state), self.feedback(None, taken_job=9), self.recipe(armed=7), doubt),
            )
        self.assertIn("job 9", self.step(self.job("offered"), self.shown(order=OTHER, taken_job=9)).anomaly.detail)

    def test_running(self):
        running = self.job("running")
        lost = {"anomaly": "lost"}
        self.assertTable(
            ("blank PLC", running, self.feedback(order=None), None, lost),
            ("forgotten but for the taken job", running, self.feedback(None, taken_job=7), None, lost),
            ("the slot runs another job", running, self.feedback(OTHER, taken_job=8), None, lost),
        )
        self.assertIn("job 8 although job 7", self.step(running, self.feedback(OTHER, taken_job=8)).anomaly.detail)

    def test_job_of_another_order(self):
        self.assertRejectedInEachState(self.shown(order=OTHER), 1, OTHER, ORDER)
        self.assertRejectedInEachState(self.shown(order=f"{ORDER}-001"), 1, f"{ORDER}-001")

    def test_name_of_another_order_that_begins_alike(self):
        job = self.job("running", order=f"{ORDER}-001", recipe=self.recipe_values(order=f"{ORDER}-001"))
        self.assertRejected(job, self.shown(), 1, ORDER)
        self.assertStep({"state": "completed"}, job, self.shown(order=f"{ORDER}-001", finished=1))

    def test_answer_to_somebody_elses_request(self):
        """Nothing follows from a slot that is not ours, unless it shows our job as taken: no other slot could."""
        for state in HANDED_OVER:
            self.assertRejected(self.job(state), self.shown(slot=2), 0, recipe=self.withdrawn(), taken=True)
        for state in (*HANDED_OVER, *ENDED):
            self.assertRejected(self.job(state), self.before(slot=2), 0, recipe=self.withdrawn())
            self.assertRejected(self.job(state), self.before(slot=0), 0, recipe=self.withdrawn())

    def test_withdrawal(self):
        job, waiting = self.job("cancelling"), self.job("cancelling", settled=False)
        again = {"values": {"withdrawn": False}, "write": ("withdraw", "recipe", 77, [0, 0, 0, 0])}
        lost, before = {"anomaly": "lost"}, self.before()
        self.assertTable(
            ("stands", job, before, self.recipe(armed=7), again),
            ("stands, not armed", job, before, self.recipe(armed=3), again),
            ("recipe job cleared, still armed", job, before, self.recipe(job=0, armed=7), again),
            ("cleared", job, before, self.recipe(job=0), {"state": "cancelled"}),
            ("cleared a moment ago", waiting, before, self.recipe(job=0), {"values": {"withdrawn": True}}),
            ("blank PLC", job, self.feedback(order=None), [0] * 83, lost),
            ("blank, but for an acknowledgement", job, before, self.recipe(block=[0] * 79, acknowledged=3), lost),
            ("somebody else's recipe", job, before, self.recipe(job=9, armed=9, order=OTHER), lost),
            ("recipe area not read", job, before, None, {}),
            ("taken, and forgotten but for that", job, self.feedback(None, taken_job=7), [0] * 83, {"state": "running"}),
        )

    def test_acknowledgement(self):
        ack = {"write": ("ack", "recipe", 81, [0, 7])}
        known = {"values": {"acknowledged": True}}
        for state in ENDED:
            job = self.job(state)
            self.assertTable(
                ("not yet", job, self.shown(finished=1), self.recipe(armed=7), ack),
                ("known", job, self.shown(finished=1), self.recipe(armed=7, acknowledged=7), known),
                ("gone on", job, self.feedback(OTHER, taken_job=8), self.recipe(armed=8), known),
                ("lost its memory", job, self.feedback(order=None), [0] * 83, known),
                ("lost it but for the taken job", job, self.feedback(None, taken_job=7), [0] * 83, ack),
                ("recipe area not read", job, self.shown(finished=1), None, {}),
            )
            self.assertEqual(recipe_slots(self.layout, [job]), [1])

    def test_next_batch_waits_for_the_acknowledgement(self):
        done, queued = self.job("done", id=9, number=3, order=OTHER), self.job("queued")
        recipe = self.recipe(job=3, armed=3, order=OTHER)
        steps = self.steps([queued, done], {1: self.before()}, {1: recipe})
        self.assertEqual([(step.job_id, step.write.kind) for step in steps], [(9, "ack")])
        done = replace(done, acknowledged=True)
        self.assertEqual([step.state for step in self.steps([queued, done], {1: self.before()}, {1: recipe})], ["sending"])

    def test_job_of_another_system(self):
        queued, released = self.job("queued"), self.job("queued", release=True)
        cleared = {"write": ("clear", "recipe", 77, [0, 0, 0, 0]), "anomaly": "cleared"}
        unknown, over = self.recipe(job=3, armed=3, order=OTHER), self.recipe(job=3, armed=3, acknowledged=3, order=OTHER)
        runs, sent = self.before(finished=0), {"state": "sending", "values": {"number": 7}, "write": ("block", self.block())}
        self.assertTable(
            ("finished, not acknowledged", queued, self.before(), unknown, {"anomaly": "occupied"}),
            ("runs", queued, runs, over, {"anomaly": "occupied"}),
            ("came while it was being sent", self.job("sending"), self.before(), unknown, {"anomaly": "occupied"}),
            ("released, and being sent", self.job("sending", release=True), self.before(), unknown, {}),
            ("released", released, self.before(), unknown, {"write": ("ack", "recipe", 81, [0, 3])}),
            ("released while it runs", released, runs, unknown, {"write": ("ack", "recipe", 81, [0, 3])}),
            ("released, and written", released, runs, over, {}),
            ("released, and more can be taken", released, self.before(), self.recipe(job=4, armed=4, order=OTHER), cleared),
            ("released, recipe area not read", released, self.before(), None, {}),
            ("released before", released, self.before(), over, sent),
            ("forgotten but for the taken job", queued, self.feedback(None, taken_job=3), unknown, sent),
        )
        step = self.step(queued, self.before(), unknown)
        self.assertIn(f"job 3, order {OTHER}, does not belong to any batch", step.anomaly.detail)
        self.assertEqual(step.anomaly.words, tuple(self.before()))

    def test_it_blocks_only_its_slot(self):
        jobs = [self.job("queued", slot=slot) for slot in (1, 2)]
        shown = {1: self.before(), 2: self.feedback(order=None), 3: self.feedback(order=None)}
        recipe = {slot: [0] * 83 for slot in (1, 2, 3)}
        steps = self.steps(jobs, shown, recipe)
        self.assertEqual([(step.job_id, step.state) for step in steps], [(10, None), (20, "sending")])

    def test_recipe_that_nobody_owns_is_cleared(self):
        takeable = self.recipe(job=9, armed=9, order=OTHER)
        cleared = {"anomaly": "cleared", "write": ("clear", "recipe", 77, [0, 0, 0, 0])}
        shown, recipe = {1: self.before(), 2: self.before(slot=2)}, {1: takeable, 2: takeable}
        steps = self.steps([self.job("offered")], shown, recipe)
        self.assertEqual([(step.job_id, step.write.slot, self.summary(step)) for step in steps[1:]], [(0, 2, cleared)])
        self.assertEqual(steps[1].anomaly.words, tuple(takeable))
        self.assertEqual(self.steps([], shown, {2: self.recipe(job=9, armed=8)}), [], "it cannot be taken")
        self.assertEqual(self.steps([], shown, {2: self.recipe(job=3, armed=3)}), [], "it was taken")
        self.assertEqual(self.steps([], {}, {2: takeable}), [], "the slot's feedback was not read")

    def test_recipe_in_the_slot_of_a_queued_batch_is_cleared_first(self):
        takeable = self.recipe(job=9, armed=9, acknowledged=3, order=OTHER)
        steps = self.steps([self.job("queued")], {1: self.before()}, {1: takeable})
        self.assertEqual([self.summary(step).get("write", ())[0] for step in steps], ["clear"])

    def number(self, taken, armed, last_job):
        recipe = self.recipe(job=0, acknowledged=taken & 0xFFFF)
        recipe[79:83] = [armed >> 16, armed & 0xFFFF, taken >> 16, taken & 0xFFFF]
        step = self.step(self.job("queued"), self.before(taken_job=taken), recipe, last_job=last_job)
        return step.values.get("number") or step.anomaly.code

    def test_job_numbers_rise(self):
        for taken, armed, last_job, number in (
            (0, 0, 0, 1),
            (3, 3, 6, 7),
            (65535, 3, 0, 65536),
            (7, 3, 6, "database_behind"),
            (3, 70000, 6, 70001),
            (0, 0, MAX_JOB - 1, MAX_JOB),
            (0, 0, MAX_JOB, "job_number"),
            (MAX_JOB_LEAD, 0, 0, MAX_JOB_LEAD + 1),
            (MAX_JOB_LEAD + 1, 0, 0, "job_number"),
            (MAX_JOB_LEAD + 6, 0, 6, "database_behind"),
            (MAX_JOB_LEAD + 7, 0, 6, "job_number"),
            (3, 0xFFFFFFFF, 6, "job_number"),
        ):
            with self.subTest(taken=taken, armed=armed, last_job=last_job):
                self.assertEqual(self.number(taken, armed, last_job), number)

    def test_database_older_than_the_plc_asks_once(self):
        """A restored database has orders in line that the PLC may have made: whatever slot shows it, nothing is sent to any."""
        jobs = [self.job("queued", slot=slot) for slot in (1, 2, 3)]
        shown = {slot: self.before(slot=slot, taken_job=number) for slot, number in ((1, 3), (2, 9), (3, 8))}
        recipe = {slot: self.recipe(job=0, acknowledged=number) for slot, number in ((1, 3), (2, 9), (3, 8))}
        (step,) = self.steps(jobs, shown, recipe, last_job=8)
        self.assertEqual((step.write, step.values), (None, {}))
        self.assertEqual((step.anomaly.code, step.anomaly.words), ("database_behind", tuple(shown[2])))
        self.assertEqual([step.values["number"] for step in self.steps(jobs, shown, recipe, last_job=9)], [10, 11, 12])

    def test_order_that_the_plc_knows_though_it_was_never_handed_over(self):
        fresh = [self.job("queued", fresh=True), self.job("queued", id=2, slot=2, order=OTHER, fresh=True)]
        shown = {1: self.before(order=OTHER), 2: self.before(slot=2, order="ELSE")}
        recipe = {slot: self.recipe(acknowledged=3) for slot in shown}
        (step,) = self.steps(fresh, shown, recipe)
        self.assertEqual((step.job_id, step.anomaly.code, step.anomaly.words), (2, "database_behind", tuple(shown[1])))
        known = [replace(job, fresh=False) for job in fresh]
        self.assertEqual([step.state for step in self.steps(known, shown, recipe)], ["sending", "sending"])

    def test_nonsense_makes_no_database_older(self):
        shown = {1: self.before(), 2: self.before(slot=2, taken_job=MAX_JOB_LEAD + 7)}
        recipe = {slot: self.recipe(job=0, acknowledged=3) for slot in shown}
        steps = self.steps([self.job("queued")], shown, recipe, last_job=6)
        self.assertEqual(steps[0].values, {"number": 7, "taken_before": 3, "shown_before": False})

    def test_job_numbers_are_never_used_twice(self):
        jobs = [self.job("queued", slot=slot) for slot in (1, 2, 3)]
        shown = {slot: self.feedback(order=None) for slot in (1, 2, 3)}
        steps = self.steps(jobs, shown, {slot: [0] * 83 for slot in (1, 2, 3)}, last_job=41)
        self.assertEqual([step.values["number"] for step in steps], [42, 43, 44])
        self.assertEqual([step.write.words[78] for step in steps], [42, 43, 44])

    def test_resent(self):
        resent = self.job("queued", number=7, resent=True)
        again = {"state": "sending", "values": {"number": 8}, "write": ("block", self.block(job=8))}
        cleared = {"anomaly": "cleared", "write": ("clear", "recipe", 77, [0] * 4)}
        rows = (
            ("not taken: a new number", self.before(), self.recipe(job=7, armed=3, acknowledged=3), again),
            ("taken after all", self.shown(), self.recipe(armed=7), {"state": "running"}),
            ("over after all", self.shown(finished=1), self.recipe(armed=7), {"state": "completed"}),
            ("taken, and forgotten but for that", self.feedback(None, taken_job=7), [0] * 83, {"state": "running"}),
            ("may yet be taken", self.before(), self.recipe(armed=7), cleared),
        )
        for label, feedback, recipe, expected in rows:
            with self.subTest(label):
                self.assertStep(expected, resent, feedback, recipe, last_job=7)

    def test_low_word_first(self):
        layout = replace(plc_layouts.job_numbers(word_order="low"), slots=1)
        block = layout.block(self.recipe_values(), 70000)
        self.assertEqual(block[77:], [70000 - 65536, 1])
        feedback = layout.codec("feedback").encode({"taken_job": 3})
        job = self.job("sending", number=70000)
        step = reconcile(layout, [job], Seen({1: feedback}, {1: [*block, 3, 0, 3, 0]}), 70000)[0]
        self.assertEqual((step.write.kind, step.write.words), ("arm", (70000 - 65536, 1)))

    def test_address_offset(self):
        layout = replace(plc_layouts.job_numbers(address_offset=1), slots=3)
        recipe = {1: [*self.block(), 0, 3, 0, 3]}
        step = reconcile(layout, [self.job("sending")], Seen({1: self.before()}, recipe), 7)[0]
        self.assertEqual(step.write.address, 7080)


@tagged("post_install", "-at_install")
class TestFlags(BeliefTests, ReconcileCase):
    layout = replace(plc_layouts.flags(), slots=3)

    def block(self, slot=1, order=ORDER, job=0):
        return super().block(slot, order, 0)

    def recipe(self, flag=1, order=ORDER):
        return [*self.block(order=order)[:76], flag]

    def shown(self, **values):
        return self.feedback(**values)

    def standing(self):
        return self.recipe(0)

    def taken_from(self):
        return self.recipe(1)

    def withdrawn(self):
        return self.recipe(1)

    def before(self, **values):
        """The slot still shows another order, finished and stored."""
        return self.feedback(**{"order": OTHER, "finished": 1, "feedback_flag": 1, **values})

    def test_download(self):
        queued, sending = self.job("queued"), self.job("sending")
        block, arm = ("block", self.block()), {"state": "offered", "write": ("arm", "recipe", 76, [0])}
        sent = {"state": "sending", "write": block}
        zero, half = [0] * 77, [*self.block()[:5], *self.block(order=OTHER)[5:]]
        self.assertEqual(self.block()[76], 1, "the gate is closed before anything lies behind it")
        self.assertTable(
            ("first start, all zero", queued, self.feedback(order=None), zero, sent),
            ("free", queued, self.before(), self.recipe(1, OTHER), sent),
            ("recipe area not read", queued, self.before(), None, {}),
            ("block lost", sending, self.before(), self.recipe(1, OTHER), {"write": block}),
            ("block half there", sending, self.before(), half, {"write": block}),
            ("read back", sending, self.before(), self.recipe(1), arm),
        )

    def test_another_recipe_that_may_be_taken(self):
        for state in ("queued", "sending"):
            steps = self.steps([self.job(state)], {1: self.before()}, {1: self.recipe(0, OTHER)})
            self.assertEqual([step.write.kind for step in steps], ["clear"] if state == "queued" else [])

    def test_offered(self):
        offered, waiting = self.job("offered"), self.job("offered", settled=False)
        lost, zero = {"anomaly": "lost"}, [0] * 77
        self.assertTable(
            ("told", offered, self.before(), self.recipe(0), {}),
            ("told or taken a moment ago", waiting, self.before(), self.recipe(1), {}),
            ("told or not told", offered, self.before(), self.recipe(1), {"anomaly": "doubt"}),
            ("recipe area not read", offered, self.before(), None, {}),
            ("blank PLC", offered, self.feedback(order=None), zero, lost),
            ("blank, but for the flag", offered, self.feedback(order=None), [*zero[:76], 1], lost),
            ("somebody else's recipe", offered, self.before(), self.recipe(1, OTHER), lost),
            ("stored before", offered, self.shown(finished=1, feedback_flag=1), self.recipe(0), {}),
        )

    def test_offered_where_the_plc_shows_orders_at_once(self):
        with self.copying():
            again = {"state": "offered", "write": ("arm", "recipe", 76, [0])}
            self.assertTable(
                ("not told", self.job("offered"), self.before(), self.recipe(1), again),
                ("a moment ago", self.job("offered", settled=False), self.before(), self.recipe(1), {}),
                ("withdrawn", self.job("cancelling"), self.before(), self.recipe(1), {"state": "cancelled"}),
                ("blank PLC", self.job("cancelling"), self.feedback(order=None), [0] * 76 + [1], {"anomaly": "lost"}),
            )

    def copying(self):
        layout, type(self).layout = self.layout, replace(self.layout, copies_on_take=True)
        self.addCleanup(setattr, type(self), "layout", layout)
        return self.subTest("copies_on_take")

    def test_withdrawal(self):
        job, waiting = self.job("cancelling"), self.job("cancelling", settled=False)
        self.assertTable(
            (
                "may be taken",
                job,
                self.before(),
                self.recipe(0),
                {"values": {"withdrawn": False}, "write": ("withdraw", "recipe", 76, [1])},
            ),
            ("closed a moment ago", waiting, self.before(), self.recipe(1), {"values": {"withdrawn": True}}),
            ("taken before, or not", job, self.before(), self.recipe(1), {"anomaly": "doubt"}),
            ("blank PLC", job, self.feedback(order=None), [0] * 77, {"anomaly": "lost"}),
            ("recipe area not read", job, self.before(), None, {}),
        )

    def test_running(self):
        running = self.job("running")
        self.assertTable(
            ("blank PLC", running, self.feedback(order=None), None, {"anomaly": "lost"}),
            ("another order", running, self.before(), None, {"anomaly": "lost"}),
            ("stored by another system", running, self.shown(finished=1, feedback_flag=1), None, {"state": "completed"}),
        )

    def test_slot_number_that_is_not_ours(self):
        for state in (*HANDED_OVER, "completed"):
            self.assertRejected(self.job(state), self.shown(slot=2), 0, recipe=self.recipe(1))
            self.assertRejected(self.job(state), self.before(slot=2), 0, recipe=self.recipe(1))
            self.assertRejected(self.job(state), self.before(slot=0), 0, recipe=self.recipe(1))

    def test_name_of_another_order_that_begins_alike(self):
        job = self.job("offered", order=f"{ORDER}-001", recipe=self.recipe_values(order=f"{ORDER}-001"))
        self.assertStep({}, job, self.shown(finished=1), self.recipe(0, f"{ORDER}-001"))

    def test_acknowledgement(self):
        ack, known = {"write": ("ack", "feedback", 76, [1])}, {"values": {"acknowledged": True}}
        for state in ENDED:
            job = self.job(state)
            self.assertTable(
                ("not yet", job, self.shown(finished=1), None, ack),
                ("known", job, self.shown(finished=1, feedback_flag=1), None, known),
                ("gone on", job, self.feedback(OTHER), None, known),
                ("lost its memory", job, self.feedback(order=None), None, known),
            )
            self.assertEqual(recipe_slots(self.layout, [job]), [])

    def test_order_that_somebody_else_made(self):
        queued, released = self.job("queued"), self.job("queued", release=True)
        block = ("block", self.block())
        self.assertTable(
            ("not stored", queued, self.shown(finished=1), self.recipe(1), {"anomaly": "occupied"}),
            ("not stored", self.job("sending"), self.shown(finished=1), self.recipe(1), {"anomaly": "occupied"}),
            ("stored", queued, self.shown(finished=1, feedback_flag=1), self.recipe(1), {"state": "sending", "write": block}),
            ("released", released, self.shown(finished=1), self.recipe(1), {"write": ("ack", "feedback", 76, [1])}),
            ("released, recipe area not read", released, self.shown(finished=1), None, {}),
            (
                "released, and stored",
                released,
                self.shown(finished=1, feedback_flag=1),
                self.recipe(1),
                {"state": "sending", "write": block},
            ),
        )

    def test_resent(self):
        resent = self.job("queued", resent=True)
        self.assertTable(
            ("not taken", resent, self.before(), self.recipe(1), {"state": "sending", "write": ("block", self.block())}),
            ("taken after all", resent, self.shown(), self.recipe(1), {"state": "running"}),
            ("over after all", resent, self.shown(finished=1), self.recipe(1), {"state": "completed"}),
        )

    def test_recipe_that_nobody_owns_is_cleared(self):
        shown = {2: self.before(slot=2)}
        for state, kinds in (("completed", ["clear"]), ("queued", ["clear"])):
            steps = self.steps([self.job(state, acknowledged=True)], shown, {2: self.recipe(0, OTHER)})
            self.assertEqual([step.write.kind for step in steps], kinds)
        self.assertEqual(self.summary(steps[0]), {"anomaly": "cleared", "write": ("clear", "recipe", 76, [1])})
        self.assertEqual((steps[0].job_id, steps[0].anomaly.detail), (0, "slot 2"))
        self.assertEqual(self.steps([], shown, {2: self.recipe(1, OTHER)}), [], "it was taken")
        self.assertEqual(self.steps([], shown, {2: [0] * 77}), [], "a blank slot is no recipe")


class TakenTests:
    """What a batch that was taken comes to, in each state in which that can be seen. For both handshakes."""

    flagged = {}
    base = staticmethod(plc_layouts.job_numbers)

    @property
    def layout(self):
        """The handshake's, with a state word in the place of *finished* and *failed*."""
        layout = self.base()
        areas = []
        for area in layout.areas:
            fields = [item for item in area.fields if item.role not in ("finished", "failed")]
            areas.append(replace(area, fields=(*fields, Field("state", 72)) if area.kind == "feedback" else area.fields))
        return replace(layout, areas=tuple(areas))

    def taken(self, state, word, **values):
        job = self.job(state, resent=state == "queued", number=7, **values)
        return self.summary(self.step(job, self.feedback(state=word, weight=0, **self.flagged)))

    def test_progress_is_stored(self):
        step = self.step(self.job("running"), self.feedback(state=2, weight=0, **self.flagged))
        self.assertEqual((step.state, step.values["actuals"], step.values["held"]), (None, tuple(ACTUALS), False))

    def test_each_state(self):
        for state in ("queued", "offered", "cancelling", "running"):
            runs = {} if state == "running" else {"state": "running"}
            with self.subTest(state):
                self.assertEqual(self.taken(state, 1), {"anomaly": "lost"} if state == "running" else runs)
                self.assertEqual(self.taken(state, 2), runs)
                self.assertEqual(self.taken(state, 3), {"state": "completed"})
                self.assertEqual(self.taken(state, 3, awaits_weight=True), {**runs, "values": {"finished": True}})
                self.assertEqual(self.taken(state, 11), {"state": "failed"})
                self.assertEqual(self.taken(state, 13), {"state": "failed"})
                self.assertEqual(self.taken(state, 7), {**runs, "anomaly": "rejected"})


@tagged("post_install", "-at_install")
class TestTakenJobNumbers(TakenTests, ReconcileCase):
    flagged = {"taken_job": 7}


@tagged("post_install", "-at_install")
class TestTakenFlags(TakenTests, ReconcileCase):
    base = staticmethod(plc_layouts.flags)

    def test_database_that_is_behind(self):
        """Its order stands in another slot; the other batches in line wait without a word."""
        jobs = [self.job("queued", fresh=True), self.job("queued", slot=2, order=OTHER, fresh=True)]
        shown = {1: self.feedback(order=""), 2: self.feedback(order=ORDER, slot=2, feedback_flag=1)}
        (step,) = self.steps(jobs, shown, {slot: [0] * 77 for slot in shown})
        self.assertEqual((step.job_id, step.anomaly.words), (10, tuple(shown[2])))
        self.assertEqual(self.summary(step), {"anomaly": "database_behind"})


@tagged("post_install", "-at_install")
class TestState(ReconcileCase):
    """Handshake with job numbers, one state instead of two flags, a command word."""

    layout = isa88()

    def recipe_values(self, slot=1, order=ORDER):
        return {"slot": slot, "order": order, "quantity": 500.5, "line_code": (104, 0), "line_quantity": [500.5, 0.0]}

    def recipe(self, command_job=0, command=0, acknowledged=0):
        return [*self.block(), 7, 0, acknowledged, 0, command_job, 0, command]

    def shown(self, state, **values):
        return self.feedback(**{"taken_job": 7, "state": state, "line_code": (104, 0), "line_quantity": [250.25, 0.0], **values})

    def test_layout(self):
        self.assertEqual(self.layout.problems(), [])

    def test_states(self):
        ended = {3: "completed", 11: "failed", 13: "failed"}
        for word, state, held in ((2, "running", False), (9, "running", True), *((word, ended[word], None) for word in ended)):
            with self.subTest(word):
                step = self.step(self.job("offered"), self.shown(word), self.recipe())
                self.assertEqual((step.state, step.values.get("held")), (state, held))
                self.assertEqual((step.values["codes"], step.values["actuals"]), ((104, 0), (250.25, 0.0)))
        for word in (0, 4, 300):
            self.assertRejected(self.job("running"), self.shown(word), 17, f"holds {word}")

    def test_equipment_of_the_recipe_is_what_counts(self):
        self.assertRejected(self.job("running"), self.shown(2, line_code=(105, 0)), 11, "105", "104")
        self.assertRejected(self.job("running"), self.shown(2, line_code=(104, 105)), 14, "105", "holds")

    def test_no_number(self):
        feedback = self.shown(2)
        feedback[12:14] = [0, 0x7FC0]
        self.assertRejected(self.job("running"), feedback, 12, "NaN")

    def commanded(self, command, state, recipe, settled=True):
        step = self.step(self.job("running", command=command, settled=settled), self.shown(state), recipe)
        return self.summary(step).get("write"), step.values["obeyed"]

    def test_commands(self):
        def written(command):
            return ("command", "recipe", 25, [7, 0, command])

        for asked, word, before, after in (("hold", 4, 2, 9), ("resume", 5, 9, 2)):
            with self.subTest(asked):
                self.assertEqual(self.commanded(asked, before, self.recipe()), (written(word), False))
                self.assertEqual(self.commanded(asked, before, self.recipe(6, word)), (written(word), False), "another job's")
                self.assertEqual(self.commanded(asked, before, self.recipe(7, word)), (None, False), "told")
                self.assertEqual(self.commanded(asked, after, self.recipe(7, word)), (written(0), False), "obeyed: taken back")
                self.assertEqual(self.commanded(asked, after, self.recipe(7, 0)), (None, True))
        self.assertEqual(self.commanded("abort", 2, self.recipe()), (written(8), False))
        self.assertEqual(self.commanded("abort", 2, self.recipe(7, 8)), (None, False))
        self.assertEqual(self.commanded("resume", 2, self.recipe(), settled=False), (written(5), False), "it may not be held yet")

    def test_a_command_of_a_batch_that_awaits_its_weight(self):
        """It is taken back as from one that runs."""
        job, shown = self.job("running", command="resume", awaits_weight=True), self.shown(3, weight=0.0)
        for word, write, obeyed in ((5, ("command", "recipe", 25, [7, 0, 0]), False), (0, None, True)):
            step = self.step(job, shown, self.recipe(7, word))
            self.assertEqual(self.summary(step).get("write"), write)
            self.assertEqual((step.values["obeyed"], step.values["held"], step.values["finished"]), (obeyed, False, True))

    def test_command_that_cannot_be_told(self):
        self.assertEqual(self.commanded("hold", 2, None), (None, False))
        self.assertEqual(recipe_slots(self.layout, [self.job("running", command="hold")]), [1])
        self.assertEqual(recipe_slots(self.layout, [self.job("running")]), [])

    def test_aborted(self):
        self.assertStep({"state": "failed"}, self.job("running", command="abort"), self.shown(13), self.recipe(7, 8))

    def test_idle(self):
        self.assertTable(
            ("taken, not begun", self.job("offered"), self.shown(1), self.recipe(), {"state": "running"}),
            ("runs no more", self.job("running"), self.shown(1), self.recipe(), {"anomaly": "lost"}),
            (
                "forgotten but for the taken job",
                self.job("running"),
                self.feedback(None, taken_job=7, state=1),
                None,
                {"anomaly": "lost"},
            ),
            (
                "stored",
                self.job("done", stored={104: 250.25}),
                self.shown(1),
                self.recipe(acknowledged=7),
                {"values": {"acknowledged": True}},
            ),
        )

    def test_slot_after_another_system(self):
        queued = self.job("queued")
        recipe = [0] * 19 + [0] * 4 + [3, 0, 0, 0, 0]
        for word, codes in ((1, ["sending"]), (3, ["sending"]), (2, [None]), (9, [None])):
            with self.subTest(word):
                steps = self.steps([queued], {1: self.shown(word, order=OTHER, taken_job=3)}, {1: recipe})
                self.assertEqual([step.state for step in steps], codes)


@tagged("post_install", "-at_install")
class TestRejected(BaseCase):
    def test_it_says_what_is_wrong_with_the_slot(self):
        anomaly = Anomaly("rejected", "word 54 holds 109")
        self.assertEqual((Rejected(anomaly).anomaly, str(Rejected(anomaly))), (anomaly, anomaly.detail))
