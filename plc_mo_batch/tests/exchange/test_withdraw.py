"""Withdrawal of what was offered, and what is left to a person to decide."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import MillCase


class OfferedCase(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.plc = self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        self.batch = self.queue()
        self.assertEqual(self.batch.state, "offered", (self.controller.last_error, self.controller.journal_ids.mapped("message")))

    def settle(self):
        """As if the PLC's settle time had gone by."""
        for name in ("date_offered", "withdrawn_at"):
            if self.batch[name]:
                self.batch[name] -= timedelta(seconds=10)
        self.run_task(2)


@tagged("post_install", "-at_install")
class TestWithdrawJobNumbers(OfferedCase):
    def test_withdrawn_read_back_and_then_cancelled(self):
        self.batch.action_cancel()
        self.assertEqual(self.batch.state, "cancelling")
        self.run_task(2)
        self.assertEqual(self.plc.mill.memory[7077:7081], [0, 0, 0, 0])
        self.assertEqual(self.batch.state, "cancelling", "the PLC may show in its next scan that it took it")
        self.settle()
        self.assertRecordValues(self.batch, [{"state": "cancelled", "active": False}])
        self.assertTrue(self.order.plc_withheld)
        self.plc.step(30)
        self.assertFalse(self.plc.mill.ledger)

    def test_withdrawn_before_a_clock_was_set_back(self):
        """What was seen "in an hour" is waited for from now on."""
        self.batch.action_cancel()
        self.run_task(2)
        self.run_task(2)
        self.batch.withdrawn_at += timedelta(hours=1)
        self.run_task(2)
        self.assertLessEqual(self.batch.withdrawn_at, fields.Datetime.now())
        self.settle()
        self.assertEqual(self.batch.state, "cancelled")

    def test_taken_at_that_very_moment(self):
        self.batch.action_cancel()
        self.plc.step(1)
        self.run_task(2)
        self.assertEqual(self.batch.state, "running")
        self.assertIn("took the recipe at that moment", self.batch.attention)
        self.run_plc(self.plc, 1)
        self.run_task(3)
        self.assertEqual((self.batch.state, self.order.state), ("done", "done"))

    def test_sending_is_cancelled_at_once(self):
        self.batch._set_state("sending")
        self.batch.action_cancel()
        self.assertEqual(self.batch.state, "cancelled")

    def test_sent_again_and_then_cancelled_though_the_plc_had_taken_it(self):
        """A person was wrong when he had it sent again: the order does not go back in line before somebody has looked."""
        self.plc.lose_memory()
        self.run_task(2)
        self.batch.action_send_again()
        self.batch.action_cancel(order_action="requeue")
        self.assertEqual(self.batch.state, "cancelled")
        self.assertTrue(self.order.plc_withheld)

    def test_slot_is_used_again_after_a_withdrawal(self):
        self.batch.action_cancel()
        self.run_task(2)
        self.settle()
        second = self.new_order()
        self.run_task(1)
        self.run_plc(self.plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertEqual((second.state, self.order.state), ("done", "confirmed"))

    def test_blank_plc_is_for_a_person(self):
        self.plc.lose_memory()
        self.run_task(2)
        self.assertEqual(self.batch.state, "offered")
        self.assertIn("lost its memory", self.batch.attention)
        self.assertTrue(self.batch.is_action_decide_allowed)
        self.assertFalse(any(self.plc.mill.memory[7000:8000]), "nothing is sent again automatically")
        old = self.batch.job_number
        self.batch.action_send_again()
        self.run_task(2)
        self.assertEqual(self.batch.state, "offered")
        self.assertGreater(self.batch.job_number, old)

    def test_sent_again_though_it_had_been_taken(self):
        words = self.plc.mill.memory[:]
        self.plc.lose_memory()
        self.run_task(2)
        self.batch.action_send_again()
        with self.plc.lock:  # it comes back with the memory it had
            self.plc.mill.memory[:] = words
        self.plc.step(1)
        self.run_task(2)
        self.assertEqual(self.batch.state, "running")
        self.run_plc(self.plc, 1)
        self.assertEqual(len([record for record in self.plc.mill.ledger if record["event"] == "finished"]), 1)

    def test_running_batch_whose_plc_forgot_it(self):
        self.plc.step(1)
        self.plc.step(40)
        self.run_task(2)
        dosed = self.batch.line_ids[0].actual_qty
        self.assertGreater(dosed, 0)
        self.plc.lose_memory()
        self.run_task(2)
        self.assertEqual(self.batch.state, "running")
        with self.assertRaisesRegex(UserError, "was seen running"):
            self.batch.action_send_again()
        self.batch.action_give_up()
        self.assertRecordValues(self.batch, [{"state": "failed", "active": True, "consumed": True}])
        self.assertEqual(self.batch.line_ids[0].actual_qty, dosed)

    def test_running_batch_whose_plc_is_not_believed(self):
        """A word that stays wrong: a person takes the batch out with what was last believed, and its slot is free again."""
        self.plc.step(1)
        self.plc.step(40)
        self.run_task(2)
        dosed = self.batch.line_ids[0].actual_qty
        with self.assertRaisesRegex(UserError, "are accepted"):
            self.batch.action_give_up()
        with self.plc.lock:
            self.plc.mill.memory[6027] = 999
        self.run_task(2)
        self.assertEqual(self.batch.state, "running")
        self.assertFalse(self.batch.is_action_decide_allowed, "it is not sent again")
        self.batch.action_give_up()
        self.assertRecordValues(self.batch, [{"state": "failed", "acknowledged": False}])
        self.assertEqual(self.batch.line_ids[0].actual_qty, dosed)
        self.run_task(2)
        self.assertTrue(self.batch.acknowledged)
        self.assertEqual(self.plc.mill.memory[7081:7083], [0, self.batch.job_number])

    def test_taken_out(self):
        self.plc.lose_memory()
        self.run_task(2)
        self.batch.action_give_up()
        self.assertRecordValues(self.batch, [{"state": "cancelled", "active": False}])

    def test_taken_out_while_it_is_being_cancelled(self):
        """The PLC may have made it before it forgot it: the order is not queued again by itself (found by make soak)."""
        self.batch.action_cancel(order_action="requeue")
        self.plc.lose_memory()
        self.run_task(2)
        self.batch.action_give_up()
        self.assertEqual(self.batch.state, "cancelled")
        self.assertTrue(self.batch.production_id.plc_withheld)

    def test_there_is_nothing_to_decide(self):
        with self.assertRaisesRegex(UserError, "there is nothing to decide"):
            self.batch.action_send_again()

    def test_idle_plc_that_takes_nothing(self):
        self.controller.take_minutes = 30
        self.batch.date_offered -= timedelta(minutes=31)
        self.run_task(2)
        self.assertIn("has not taken the recipe", self.batch.attention)
        self.run_task(2)
        self.assertEqual(len(self.batch.journal_ids.filtered(lambda line: line.kind == "anomaly")), 1)

    def test_plc_that_has_only_just_ended_another_one(self):
        """It was offered an hour ago, and its turn has only come."""
        self.controller.take_minutes = 30
        self.batch.date_offered -= timedelta(minutes=60)
        other = self.batch.copy({"name": "EARLIER", "production_id": self.new_order().id, "slot": 9, "job_number": 0})
        other._set_state("completed", date_finished=fields.Datetime.now() - timedelta(minutes=1), acknowledged=True)
        other._set_state("done")
        self.controller._record_untaken()
        self.assertFalse(self.batch.attention)
        other.date_finished -= timedelta(minutes=30)
        self.controller._record_untaken()
        self.assertIn("has not taken the recipe", self.batch.attention)

    def test_lost_acknowledgement_is_repeated_for_the_history(self):
        self.run_plc(self.plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertEqual(self.batch.state, "done")
        self.batch.acknowledged = False
        with self.plc.lock:
            self.plc.mill.memory[7081:7083] = [0, 0]
        self.run_task(2)
        self.assertEqual(self.plc.mill.memory[7081:7083], [0, self.batch.job_number])
        self.assertTrue(self.batch.acknowledged)


@tagged("post_install", "-at_install")
class TestWithdrawFlags(OfferedCase):
    handshake = "flags"

    def test_withdrawal_leaves_a_doubt(self):
        self.batch.action_cancel()
        self.run_task(2)
        self.assertEqual(self.plc.mill.memory[7076], 1)
        self.settle()
        self.assertEqual(self.batch.state, "cancelling")
        self.assertIn("not known whether", self.batch.attention)
        self.batch.action_give_up()
        self.assertEqual(self.batch.state, "cancelled")

    def test_taken_at_that_very_moment(self):
        self.batch.action_cancel()
        self.plc.step(1)
        self.run_task(2)
        self.assertEqual(self.batch.state, "running")


@tagged("post_install", "-at_install")
class TestWithdrawFlagsShown(OfferedCase):
    """A PLC with flags that shows an order when it takes it."""

    handshake = "flags"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.layout_id.copies_on_take = True

    def test_plc_that_shows_the_order_at_once_resolves_it(self):
        self.batch.action_cancel()
        self.run_task(2)
        self.settle()
        self.assertEqual(self.batch.state, "cancelled")

    def test_not_cancelled_while_the_offer_may_still_arrive(self):
        self.controller.quiet_time = 60
        self.controller.unconfirmed_write_at = fields.Datetime.now()
        with self.plc.lock:
            self.plc.mill.memory[7076] = 1  # the offer was given up, and is not there yet
        self.batch.action_cancel()
        self.run_task(2)
        self.settle()
        self.assertEqual(self.batch.state, "cancelling")
        with self.plc.lock:
            self.plc.mill.memory[7076] = 0  # here it is
        self.plc.step(1)
        self.run_task(2)
        self.assertEqual(self.batch.state, "running")

    def test_lost_offer_is_repeated_where_the_plc_shows_orders_at_once(self):
        with self.plc.lock:
            self.plc.mill.memory[7076] = 1
        self.settle()
        self.assertEqual(self.plc.mill.memory[7076], 0)


@tagged("post_install", "-at_install")
class TestLateWeight(OfferedCase):
    def finish(self, weight):
        self.plc.stop()
        self.plc.mill.weight = weight
        self.plc.start()
        self.run_plc(self.plc, 1)
        self.run_task(2)

    def test_weight_that_comes_within_the_grace_time(self):
        self.controller.weight_grace = 60
        self.finish("late")
        self.assertEqual(self.batch.state, "running")
        self.assertTrue(self.batch.date_finished)
        self.assertEqual(self.plc.mill.memory[7081:7083], [0, 0], "not acknowledged before it is stored")
        self.plc.step(30)
        self.run_task(2)
        self.assertEqual(self.batch.state, "completed")
        self.assertEqual(self.batch.produced_qty, self.plc.mill.ledger[-1]["weight"])

    def test_weight_that_never_comes(self):
        self.controller.weight_grace = 60
        self.finish("never")
        self.batch.date_finished -= timedelta(seconds=61)
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "completed", "produced_qty": 1000.0}])

    def test_a_person_is_asked(self):
        self.controller.weight_policy = "ask"
        self.finish("never")
        self.assertRecordValues(self.batch, [{"state": "completed", "weight_needed": True}])
        self.run_task(3)
        self.assertEqual(self.batch.state, "completed")
        with self.assertRaisesRegex(UserError, "more than 0"):
            self.batch.action_set_weight(-5)
        self.batch.action_set_weight(991.5)
        self.run_task(3)
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 991.5}])
