"""The reconciler in every state that one slot and two batches can reach; see plc_model."""

import re
from dataclasses import replace
from itertools import product
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc.flags import Flags
from ...plc.handshake import Handshake, Rule, Sight
from ...plc.job_numbers import JobNumbers
from ...plc.layout import FLAGS, JOB_NUMBERS
from ...plc.reconcile import CANCELLED, CANCELLING, COMPLETED, OFFERED, RUNNING, SENDING, Anomaly, Step
from .. import plc_model
from ..common import MillCase
from ..lot import is_drawn
from ..plc_model import Model, Setting, small_layout
from ..plc_records import Record
from ..summary import tell


@tagged("post_install", "-at_install")
class TestModel(BaseCase):
    def test_table(self):
        cells = [cell for _name, cells in plc_model.rows() for cell in cells if cell]
        states, settings = 0, [cell for cell in cells if is_drawn(f"model {cell[0]} {cell[0].handshake}")]
        for setting, expected in settings:
            with self.subTest(str(setting), handshake=setting.handshake):
                result = Model(setting).explore()
                states += result.states
                self.assertEqual(result.wrong, expected, "\n".join(("the shortest way there:", *result.path)))
        faulty = sum(bool(expected) for _setting, expected in settings)
        tell(
            f"reconcile, explored: {states:,} states in {len(settings)} settings, {faulty} of which must not hold and did not "
            "(dev/model prints the table)"
        )

    def test_page_says_the_same(self):
        """``dev/model`` writes it; the numbers of states may be older."""
        if not plc_model.BLOCK.page.exists():
            self.skipTest("the documentation is not installed with the addon")
        lines = plc_model.BLOCK.text().splitlines()
        written = [[re.sub(r" \([\d,]+\)$", "", cell.strip()) for cell in line.strip("|").split("|")] for line in lines[2:]]
        found = [
            [name, *("" if cell is None else cell[1].lower() or "holds" for cell in cells)] for name, cells in plc_model.rows()
        ]
        self.assertEqual(written, found, "run dev/model")

    def test_layouts(self):
        for handshake in (FLAGS, JOB_NUMBERS):
            self.assertEqual(small_layout(handshake).problems(), [])

    def test_way_to_what_is_wrong(self):
        path = Model(Setting(FLAGS, late=1)).explore().path
        self.assertEqual(path.count("the PLC takes 1"), 2)
        self.assertTrue(any(label.startswith("the late ") for label in path))


# Reconcilers that are wrong in one place: with other rules in some cells of their table, or other methods


def other_table(handshake, *rows, **rules):
    """The handshake's table with other rules for some sights (by name) in these rows, or in all that have the sight."""
    other = {row: dict(cells) for row, cells in handshake.table.items()}
    for row, name in product(rows or other, rules):
        if Sight[name] in other[row]:
            other[row][Sight[name]] = rules[name]
    return {"table": other}


def half_withdraw(self, kind, slot):
    """Clears the recipe job alone."""
    first = self.layout.area("recipe").field("recipe_job")
    return self._write(kind, "recipe", slot, first.offset, [0, 0])


def half_withdrawal(self, job):
    if self._recipe_role(job.slot, "recipe_job") == job.number:
        return Sight.STANDING
    return Sight.UNTAKEN if job.settled else Sight.SETTLING


def hasty_withdrawal(self, job):
    """Takes it for withdrawn as soon as that is read back."""
    standing = job.number in (self._recipe_role(job.slot, role) for role in ("recipe_job", "armed_job"))
    return Sight.STANDING if standing else Sight.UNTAKEN


def acknowledge_early(self, case):
    """Acknowledges what is finished before it is stored."""
    return Step(case.job.id, write=self._write_role("ack", "recipe", case.job.slot, "acknowledged_job", case.job.number))


# Arms without having read the block back
UNREAD_SENDING = other_table(Flags, SENDING, UNWRITTEN=Rule(Flags.arm, OFFERED))
# Arms before the wish to do so is committed
UNRECORDED_FLAGS = other_table(Flags, SENDING, WRITTEN=Rule(Flags.arm))
UNRECORDED_JOB_NUMBERS = other_table(JobNumbers, SENDING, WRITTEN=Rule(JobNumbers.arm))
EARLY_ACK = other_table(JobNumbers, FINISHED=Rule(acknowledge_early, RUNNING))
# Sends again by itself what the PLC has lost
RESENDING = other_table(JobNumbers, ERASED=Rule(Handshake.write_block))
# Waits for ever for a batch that the PLC has forgotten
NEVER_ASKS = other_table(JobNumbers, ERASED=Rule(Handshake.wait))
# Cancels as soon as it asked for it
HASTY_CANCELLING = other_table(JobNumbers, CANCELLING, STANDING=Rule(Handshake.note, CANCELLED))
# Does not let the settle time begin anew when it withdraws once more
KEEPS_WITHDRAWN = other_table(Flags, CANCELLING, STANDING=Rule(lambda self, case: replace(self.withdraw(case), values={})))
# Takes a closed gate for a recipe that was not taken
IMPATIENT_GATE = other_table(Flags, OFFERED, SETTLING=Rule(Flags.arm, OFFERED), DOUBTFUL=Rule(Flags.arm, OFFERED))
# Does not let the settle time begin anew when it arms once more
RE_ARMS_SILENTLY = other_table(Flags, OFFERED, UNTAKEN=Rule(Flags.arm))


def believing_after_take(self, case):
    """Does not know of a PLC that keeps nothing but the taken job."""
    return self._progress(case)


def any_word_stands(self, job, recipe, gate):
    """Takes a recipe for standing of which only the handshake's words stand."""
    return any(recipe)


def forgets_to_disarm(self, case, step):
    """Takes it for cleared."""
    return replace(step, values={**step.values, "armed": False}) if step and step.state == RUNNING else step


def gullible(self, job, words):
    """Believes whatever slot it is shown."""


@tagged("post_install", "-at_install")
class TestModelFindsFaults(BaseCase):
    """A model that finds nothing wrong proves little: each of these must be refuted."""

    def assertRefuted(self, wrong, setting, target, **attributes):
        with self.subTest(", ".join(attributes), setting=str(setting)):
            self.assertEqual(Model(setting).explore().wrong, "", "as it is, it holds")
            with patch.multiple(target, **attributes):
                self.assertIn(Model(setting).explore().wrong, wrong)

    def test_withdrawal(self):
        half = {"_withdraw": half_withdraw, "_withdrawal": half_withdrawal}
        cancelled = (plc_model.CANCELLED_RAN,)
        self.assertRefuted(cancelled, Setting(cancel=True, late=1), JobNumbers, **half)
        self.assertRefuted(cancelled, Setting(cancel=True), JobNumbers, _withdrawal=hasty_withdrawal)
        late = Setting(FLAGS, copies=True, cancel=True, late=1, quiet=True)
        self.assertRefuted(cancelled, late, Flags, **KEEPS_WITHDRAWN)
        self.assertRefuted(cancelled, Setting(FLAGS, copies=True, cancel=True, loss=True), Flags, _is_standing=any_word_stands)

    def test_offer(self):
        self.assertRefuted((plc_model.RUN_TWICE,), Setting(FLAGS), Flags, **UNREAD_SENDING)
        unoffered = (plc_model.UNOFFERED,)
        self.assertRefuted(unoffered, Setting(FLAGS), Flags, **UNRECORDED_FLAGS)
        self.assertRefuted(unoffered, Setting(), JobNumbers, **UNRECORDED_JOB_NUMBERS)

    def test_doubt(self):
        twice = (plc_model.RUN_TWICE, plc_model.UNOFFERED)
        self.assertRefuted(twice, Setting(FLAGS), Flags, **IMPATIENT_GATE)
        self.assertRefuted(twice, Setting(FLAGS, copies=True, slow=True), Flags, **RE_ARMS_SILENTLY)

    def test_acknowledgement(self):
        self.assertRefuted((plc_model.UNSTORED,), Setting(), JobNumbers, **EARLY_ACK)

    def test_lost_memory(self):
        self.assertRefuted((plc_model.RUN_TWICE,), Setting(loss=True), JobNumbers, **RESENDING)
        self.assertRefuted((plc_model.STUCK,), Setting(loss=True), JobNumbers, **NEVER_ASKS)
        retentive = Setting(loss=True, retentive=True)
        self.assertRefuted((plc_model.STUCK,), retentive, JobNumbers, _after_take=believing_after_take)

    def test_disarming(self):
        disarmed = Setting(loss=True, volatile=True, disarmed=True)
        self.assertRefuted((plc_model.RUN_TWICE,), disarmed, JobNumbers, _disarm=forgets_to_disarm)
        late = replace(disarmed, late=1, cancel=True)
        self.assertRefuted((plc_model.STUCK,), late, JobNumbers, _withdraw=half_withdraw)

    def test_one_reading_of_an_end(self):
        for handshake, target in ((JOB_NUMBERS, JobNumbers), (FLAGS, Flags)):
            early = Setting(handshake, early=True)
            self.assertRefuted((plc_model.WRONG_ACTUALS,), early, target, _end=lambda self, case, outcome: outcome)

    def test_belief(self):
        foreign = Setting(cancel=True, foreign=True)
        methods = {"_believe_slot": gullible, "_is_standing": any_word_stands}
        self.assertRefuted((plc_model.CANCELLED_RAN,), foreign, JobNumbers, **methods)

    def test_layout_that_claims_too_much(self):
        """A PLC that shows an order later than it takes it, with a layout that says that it shows it at once."""
        model = Model(Setting(FLAGS), layout=small_layout(FLAGS, copies=True))
        self.assertIn(model.explore().wrong, (plc_model.RUN_TWICE, plc_model.UNOFFERED))


@tagged("post_install", "-at_install")
class TestRecord(MillCase):
    """What the model takes for a batch does what a batch does."""

    CODES = (101, 102)

    def setUp(self):
        super().setUp()
        self.new_order()
        self.run_task(1)
        self.batch = self.queue()
        self.record = Record(self.batch.order_name)
        self.layout = self.controller.layout_id._layout()

    def assertSame(self, label):
        self.batch.invalidate_recordset()
        real, model = self.batch._job(self.layout), self.record.job(self.batch.id, {})
        for name in ("state", "slot", "order", "number", "acknowledged", "release", "resent", "command"):
            self.assertEqual(getattr(real, name), getattr(model, name), f"{name} after {label}")
        self.assertEqual(bool(self.batch.withdrawn_at), self.record.withdrawn, label)
        self.assertEqual(bool(self.batch.date_finished), self.record.finished or self.record.state == COMPLETED, label)
        self.assertEqual((self.batch.attention_key or "").partition(" ")[0], self.record.asked, label)
        actuals = {line.code: line.actual_qty for line in self.batch.line_ids if line.reported}
        self.assertEqual(actuals, dict(self.record.actuals), label)

    def apply(self, state=None, anomaly=None, **values):
        step = Step(self.batch.id, state, values, anomaly=Anomaly(anomaly, "it") if anomaly else None)
        self.batch._apply(step)
        self.record = self.record.apply(step)
        self.assertSame(f"{state} {anomaly} {values}")

    def act(self, real, model, *args):
        getattr(self.batch, real)()
        self.record = getattr(self.record, model)(*args)
        self.assertSame(real)

    def progress(self, state=None, kilograms=0.0, **values):
        actuals = {"codes": self.CODES, "actuals": (kilograms, 2 * kilograms), "weight": 3 * kilograms}
        self.apply(state, **actuals, **values)

    def offer(self):
        self.apply("sending", number=7)
        self.apply("offered")

    def test_from_queued_to_completed(self):
        self.apply(anomaly="occupied")
        self.act("action_release_slot", "released")
        self.apply(anomaly="database_behind")
        self.act("action_go_on", "gone_on")
        self.offer()
        self.progress("running")
        self.progress(None, 5.0, held=False)
        self.apply(anomaly="lost")
        self.progress(None, 6.0, finished=True)
        self.progress("completed", 7.0)
        self.apply(acknowledged=True)

    def test_withdrawn(self):
        self.offer()
        self.act("action_cancel", "cancelled")
        self.assertFalse(self.batch._is_settled())
        for withdrawn in (True, True, False, True):
            self.apply(withdrawn=withdrawn)
        self.apply("cancelled")

    def test_doubtful(self):
        self.offer()
        self.apply(anomaly="doubt")
        self.act("action_send_again", "sent_again")
        self.apply("sending", number=8)
        self.apply("offered")
        self.apply(anomaly="lost")
        self.act("action_give_up", "taken_out")

    def test_taken_out_while_it_ran(self):
        self.offer()
        self.progress("running", 5.0)
        self.apply(anomaly="lost")
        self.batch.action_give_up()
        self.record = self.record.taken_out()
        self.assertEqual((self.batch.state, self.batch.acknowledged), (self.record.state, self.record.acknowledged))

    def test_offered_once_more(self):
        """The settle time begins anew."""
        self.offer()
        self.batch.date_offered = "2026-01-01 00:00:00"
        self.record = self.record._replace(settled=True)
        self.assertTrue(self.batch._is_settled())
        self.apply("offered")
        self.assertEqual((self.batch._is_settled(), self.record.settled), (False, False))
