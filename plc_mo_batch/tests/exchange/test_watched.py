"""What may only rise, an end that is read twice, a recipe that is cleared once it was taken: on a real PLC, to the booking."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.modules.module import load_script
from odoo.tests import tagged
from odoo.tools.misc import file_path

from ...models.exchange import plc_task_exchange
from .test_withdraw import OfferedCase

KG, FINISHED = 28, 72  # of line 1, and the flag, in the feedback of slot 1
RECIPE, FEEDBACK = 7000, 6000


class WatchCase(OfferedCase):
    def words(self, address, count):
        return self.plc.mill.memory[address : address + count]

    def put(self, offset, *words):
        with self.plc.lock:
            self.plc.mill.memory[FEEDBACK + offset : FEEDBACK + offset + len(words)] = words

    def put_kg(self, kilograms):
        raw = round(kilograms * 100) & 0xFFFFFFFF
        self.put(KG, raw >> 16, raw & 0xFFFF)

    def dose(self):
        """The PLC has taken it, and dosed something from silo 1."""
        self.plc.step(1)
        self.plc.step(40)
        self.run_task(2)
        self.line = self.batch.line_ids.filtered(lambda line: line.code == 101)
        self.assertGreater(self.line.actual_qty, 50)

    def finish(self):
        for _step in range(3):
            self.plc.step(300)
        self.run_task(2)
        self.assertEqual(self.batch.state, "completed")

    def alarms(self):
        self.run_task(4)
        return self.env["plc.alarm"].search([("kind", "=", "went_back"), ("date_closed", "=", False)])


@tagged("post_install", "-at_install")
class TestTaken(WatchCase):
    def test_a_value_that_is_another_one_at_each_look_is_one_line_of_the_journal(self):
        """In 67 s of live polling there were 64, with their raw words. Another wrong word is another line."""
        self.plc.step(1)
        self.batch._set_state("running")
        self.put_kg(100.0)
        before = self.batch.journal_ids
        for word in range(1000, 1020):
            self.put(0, word)  # which slot it is
            self.run_task(2)
        [line] = self.batch.journal_ids - before
        self.assertIn("holds 1000", line.message)
        self.put(0, 1)
        self.put(27, 999)  # the code of a silo
        self.run_task(2)
        self.assertEqual(len(self.batch.journal_ids - before), 2)

    def test_a_report_that_is_not_believed_is_of_a_running_batch(self):
        for offset, word in ((0, 9), (1, 0x5858), (27, 999), (FINISHED, 7)):
            with self.subTest(offset):
                self.plc.step(1)
                kept = self.words(FEEDBACK + offset, 1)
                self.put(offset, word)
                self.batch._set_state("offered")
                self.run_task(2)
                self.assertEqual(self.batch.state, "running")
                self.assertTrue(self.batch.attention_key.startswith("rejected "))
                self.assertTrue(self.batch.is_action_give_up_allowed)
                self.put(offset, *kept)
                self.run_task(2)
                self.assertFalse(self.batch.attention)

    def test_nothing_stands_in_the_plc_once_it_was_taken(self):
        job = self.batch.job_number
        self.assertEqual((self.batch.armed, self.words(RECIPE + 77, 4)), (True, [0, job, 0, job]))
        self.plc.step(1)
        self.run_task(2)
        self.assertEqual((self.batch.state, self.batch.armed), ("running", False))
        self.assertEqual(self.words(RECIPE + 77, 4), [0, 0, 0, 0])
        self.assertNotEqual(self.words(RECIPE + 28, 2), [0, 0], "its targets are still there")
        self.finish()

    def test_a_batch_that_ran_at_the_upgrade(self):
        self.dose()
        job = self.batch.job_number
        self.batch.armed = False
        with self.plc.lock:
            self.plc.mill.memory[RECIPE + 77 : RECIPE + 81] = [0, job, 0, job]
        self.env.flush_all()
        path = file_path("plc_mo_batch/migrations/19.0.2.0.0/post-watch.py")
        load_script(path, "migration").migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.assertRecordValues(self.batch, [{"armed": True, "noted": False}])
        self.run_task(2)
        self.assertEqual((self.batch.armed, self.words(RECIPE + 77, 4)), (False, [0, 0, 0, 0]))
        self.finish()

    def test_a_recipe_that_cannot_be_withdrawn(self):
        """It is given up, cleared all the same, and told if the PLC took it."""
        self.batch.action_cancel()
        self.batch.action_give_up()
        self.assertRecordValues(self.batch, [{"state": "cancelled", "armed": True}])
        self.run_task(2)
        self.assertEqual((self.batch.armed, self.words(RECIPE + 77, 4)), (False, [0, 0, 0, 0]))

    def test_a_batch_that_was_given_up_and_is_taken(self):
        self.batch.action_cancel()
        self.batch.action_give_up()
        self.plc.step(1)
        self.run_task(2)
        self.assertIn("although it was given up", self.batch.attention)
        self.assertEqual(self.alarms().batch_id, self.batch)
        self.batch.action_take_note()
        self.run_task(2)
        self.assertFalse(self.batch.attention)
        self.assertFalse(self.alarms())

    def test_a_plc_that_shows_its_taken_job_elsewhere(self):
        """It makes the order, and would make it again as long as the recipe stands."""
        for state in ("offered", "cancelling"):
            with self.subTest(state):
                self.batch.write({"state": state, "armed": True, "attention": False, "attention_key": False})
                self.plc.step(1)
                self.plc.step(40)
                self.put(77, 0, 0)
                self.run_task(2)
                self.assertRecordValues(self.batch, [{"state": "running", "armed": False}])
                self.assertEqual(self.words(RECIPE + 77, 4), [0, 0, 0, 0])
                self.assertIn("it shows the order, but as job 0", self.batch.attention)
                self.assertTrue(self.batch.is_action_enter_amounts_allowed and self.batch.is_action_give_up_allowed)
                self.put(77, 0, self.batch.job_number)
                self.run_task(2)
                self.assertRecordValues(self.batch, [{"state": "running", "attention": False}])

    def test_a_plc_that_never_ends_a_batch(self):
        """What it reports is believed, and stands still: people can end it."""
        self.dose()
        self.assertFalse(self.batch.is_action_give_up_allowed or self.batch.is_action_enter_amounts_allowed)
        self.controller.run_minutes = 30
        self.batch.date_state = "2020-01-01 00:00:00"
        self.env.flush_all()
        self.env.cr.execute("UPDATE mo_batch_line SET write_date = '2020-01-01' WHERE batch_id = %s", [self.batch.id])
        self.env.invalidate_all()
        self.assertTrue(self.batch.is_action_give_up_allowed and self.batch.is_action_enter_amounts_allowed)
        self.run_task(4)
        alarm = self.env["plc.alarm"].search([("kind", "=", "stuck"), ("date_closed", "=", False)])
        self.assertIn("enter its amounts, or give it up", alarm.message)
        self.batch.on_hold = True
        self.assertFalse(self.batch.is_action_give_up_allowed, "somebody holds it")

    def test_a_taken_job_that_goes_back(self):
        self.batch.taken_before = 99
        self.run_task(2)
        self.assertIn("The taken job of slot 1 went back", self.batch.attention)
        self.assertTrue(self.batch.is_action_send_again_allowed and self.batch.is_action_give_up_allowed)
        self.batch.action_send_again()
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "offered", "taken_before": 0, "attention": False}])

    def test_a_silent_plc_under_a_running_batch(self):
        self.dose()
        dosed = self.line.actual_qty
        with self.assertRaisesRegex(UserError, "its reports are accepted"):
            self.batch.action_give_up()
        self.controller.write({"online": False, "last_error": "No answer."})
        self.batch.action_give_up()
        self.assertRecordValues(self.batch, [{"state": "failed"}])
        self.assertEqual(self.line.actual_qty, dosed)


@tagged("post_install", "-at_install")
class TestAmounts(WatchCase):
    def fall(self):
        """The PLC began to count again."""
        self.dose()
        self.before = self.line.actual_qty
        self.put_kg(10.0)
        self.run_task(2)
        self.assertAlmostEqual(self.line.actual_qty, 10.0)
        self.assertAlmostEqual(self.line.fallen_qty, self.before - 10.0)
        self.assertIn("Amounts in slot 1 fell: equipment 101 by", self.batch.attention)

    def test_what_fell_is_added(self):
        self.fall()
        anomaly = self.batch.journal_ids.filtered(lambda line: line.kind == "anomaly")[:1]
        _address, count, _registers = self.controller.layout_id._layout().request("feedback", 1)
        self.assertEqual(len(anomaly.words.split()), count)
        self.assertTrue(self.alarms())
        self.batch.action_add_fallen()
        self.assertFalse(self.alarms())
        self.assertAlmostEqual(self.line.actual_qty, self.before)
        self.put_kg(10.0)
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"attention": False, "watch_needed": False}])
        self.assertAlmostEqual(self.line.actual_qty, self.before)
        self.finish()
        mill = [record for record in self.plc.mill.ledger if record["event"] == "finished"][-1]
        shown = next(line["kg"] for line in mill["lines"] if line["code"] == 101)
        self.assertAlmostEqual(self.line.actual_qty, shown + self.before - 10.0, 2)

    def test_what_fell_was_never_there(self):
        self.fall()
        self.batch.action_take_note()
        self.assertRecordValues(self.line, [{"fallen_qty": 0.0, "carried_qty": 0.0}])
        self.assertAlmostEqual(self.line.actual_qty, 10.0)
        self.assertFalse(self.batch.noted, "it still runs: what goes back next is told again")

    def test_nothing_is_booked_before_a_person_has_decided(self):
        self.fall()
        self.finish()
        self.assertRecordValues(self.batch, [{"watch_needed": True}])
        self.assertIn("fell", self.batch.attention)
        self.run_task(3)
        self.assertEqual(self.batch.state, "completed")
        made = self.line.actual_qty
        self.batch.action_add_fallen()
        self.assertAlmostEqual(self.line.actual_qty, made + self.before - 10.0)
        self.run_task(3)
        self.assertEqual(self.batch.state, "done")
        self.assertAlmostEqual(self.consumed(self.order)[self.line.product_id], self.line.actual_qty, 2)
        self.run_task(2)
        self.assertFalse(self.batch.attention, "what the PLC shows is what is stored, less what was added")

    def test_it_falls_twice(self):
        self.fall()
        self.put_kg(4.0)
        self.run_task(2)
        self.assertAlmostEqual(self.line.fallen_qty, self.before - 4.0)
        self.put_kg(5.0)
        self.run_task(2)
        self.assertTrue(self.batch.attention_key.startswith("fell "))

    def test_a_scale_that_drifts(self):
        self.dose()
        before = self.line.actual_qty
        self.put_kg(before - 0.5)
        self.run_task(2)
        self.assertFalse(self.batch.attention)

    def test_a_scale_below_zero(self):
        self.plc.step(1)
        unused = next(line for line in range(15) if self.words(RECIPE + KG + 3 * line, 2) == [0, 0])
        for _step in range(3):
            self.plc.step(300)
        self.put(KG + 3 * unused, 0xFFFF, 0xFFFE)
        self.run_task(2)
        self.assertEqual(self.batch.state, "completed")
        self.assertIn("Read as zero, since an empty scale may drift: ", self.batch.remark)

    def test_a_closed_batch_that_is_counted_on(self):
        self.dose()
        self.finish()
        self.run_task(3)
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "done", "acknowledged": True, "attention": False}])
        stored = self.line.actual_qty
        self.put_kg(stored + 7.5)
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "done", "watch_needed": True}])
        self.assertIn("slot 1 shows something else than is stored", self.batch.attention)
        self.assertEqual(self.line.actual_qty, stored)
        self.assertEqual(self.alarms().batch_id, self.batch)
        lines = len(self.batch.journal_ids)
        self.put_kg(stored + 9.5)
        self.run_task(2)
        self.assertEqual(len(self.batch.journal_ids), lines, "it is told once")
        self.batch.action_take_note()
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"noted": True, "watch_needed": False, "attention": False}])
        self.assertFalse(self.alarms())

    def test_a_closed_batch_that_is_counted_on_and_on(self):
        """What a person has decided about is what was shown by then. What comes later is told again, to the last kilogram."""
        self.dose()
        self.finish()
        self.run_task(3)
        self.run_task(2)
        stored = self.line.actual_qty
        for kilograms, decide in (
            (7.5, self.batch.action_take_note),
            (20.0, lambda: self.batch.action_enter_amounts([(101, stored + 20)], "The HMI shows it")),
            (300.0, lambda: self.batch.action_enter_amounts([(101, stored + 300)], "The HMI shows it")),
        ):
            with self.subTest(kilograms):
                self.put_kg(stored + kilograms - 1)
                self.run_task(2)
                self.put_kg(stored + kilograms)
                self.run_task(2)
                self.assertTrue(self.batch.watch_needed)
                shown = sum(self.batch.shown_amounts.values())
                self.assertIn(f"{shown:.2f} instead of", self.batch.attention, "the sentence follows what is shown")
                decide()
                self.run_task(2)
                self.assertRecordValues(self.batch, [{"noted": True, "watch_needed": False, "attention": False}])
        moves = self.order.move_raw_ids.filtered(lambda move: move.state == "done" and move.product_id == self.line.product_id)
        self.assertAlmostEqual(sum(moves.mapped("quantity")), stored + 300, 2)

    def test_a_result_that_changes_before_it_is_acknowledged(self):
        self.dose()
        self.finish()
        self.batch.acknowledged = False
        with self.plc.lock:
            self.plc.mill.memory[RECIPE + 81 : RECIPE + 83] = [0, 0]
        self.put_kg(self.line.actual_qty + 7.5)
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"watch_needed": True, "acknowledged": False}])
        self.batch.action_take_note()
        self.run_task(2)
        self.assertTrue(self.batch.acknowledged)
        self.run_task(3)
        self.assertEqual(self.batch.state, "done")


@tagged("post_install", "-at_install")
class TestEnd(WatchCase):
    def test_the_flag_before_the_last_amounts(self):
        """Its first reading is not believed; the second one is of that slot alone."""
        self.dose()
        for _step in range(3):
            self.plc.step(300)
        last = self.words(FEEDBACK + KG, 2)
        self.put_kg(20.0 + self.line.actual_qty)
        second_look, plans = plc_task_exchange.Conversation._second_look, []

        def noted(talk, *args):
            asked = second_look(talk, *args)
            plans.append(asked.plan)
            self.put(KG, *last)
            return asked

        with patch.object(plc_task_exchange.Conversation, "_second_look", noted):
            self.run_task(2)
        self.assertEqual(self.batch.state, "completed")
        self.assertAlmostEqual(self.line.actual_qty, (last[0] * 65536 + last[1]) / 100)
        self.assertEqual([(plan.feedback, plan.recipe, plan.clock) for plan in plans], [((1,), (), False)] * 2)
        self.assertGreaterEqual(min(plan.delay for plan in plans), 0.1)
        told = self.batch.journal_ids.filtered(lambda line: line.kind == "anomaly")
        self.assertIn("two readings differ", told[:1].message)

    def test_an_end_that_goes_back(self):
        self.controller.weight_grace = 600
        self.dose()
        for _step in range(3):
            self.plc.step(300)
        self.put(74, 0, 0)
        self.run_task(2)
        self.assertTrue(self.batch.date_finished)
        self.put(FINISHED, 0)
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "running", "date_finished": False, "watch_needed": True}])
        self.assertIn("went back", self.batch.attention)
        self.batch.action_take_note()
        self.put(74, 0, 5000)
        self.put(FINISHED, 1)
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "completed", "watch_needed": False}])
