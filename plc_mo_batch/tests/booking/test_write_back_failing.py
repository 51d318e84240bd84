"""Task 3: write-backs that keep failing are told of, and may be parked; stock that becomes negative is told of."""

from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.booking.booking import Booking
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestWriteBackFailing(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(cls.env, "boss", groups="plc_mo_batch.group_manager")
        cls.controller.responsible_id = cls.boss
        cls.env["ir.config_parameter"].set_param("plc_mo_batch.write_back_tries", "3")

    def fail_times(self, batch, times):
        with patch.object(Booking, "_verify", side_effect=ValueError("no luck")):
            for _try in range(times):
                batch.next_try = False
                self.run_task(3)

    # Told

    def test_told_once_after_enough_tries(self):
        batch = self.complete(self.new_order())
        self.fail_times(batch, 2)
        self.assertFalse(batch.activity_ids)
        self.fail_times(batch, 3)
        self.assertEqual(batch.attempts, 5)
        self.assertRecordValues(batch.activity_ids, [{"user_id": self.boss.id, "summary": "Write-back failed 3 times"}])

    def test_no_longer_told_once_it_is_booked(self):
        batch = self.complete(self.new_order())
        self.fail_times(batch, 3)
        batch.action_retry()
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.assertFalse(batch.activity_ids)

    # Parked

    def park(self):
        """A parked batch in slot 1."""
        self.controller.park_failing = True
        batch = self.complete(self.new_order())
        batch.acknowledged = True
        self.fail_times(batch, 3)
        return batch

    def test_failing_batch_holds_back_the_fill(self):
        batch = self.complete(self.new_order())
        batch.acknowledged = True
        self.fail_times(batch, 3)
        self.new_order()
        self.run_task(1)
        self.assertEqual(self.queue(), batch)

    def test_parked_batch_does_not(self):
        batch = self.park()
        self.assertRecordValues(batch, [{"parked": True, "active": True, "state": "completed"}])
        self.assertEqual(self.controller.queue_count, 0)
        order = self.new_order()
        self.run_task(1)
        self.assertRecordValues(
            self.queue().sorted("id"),
            [
                {"slot": 1, "parked": True, "production_id": batch.production_id.id},
                {"slot": 1, "parked": False, "production_id": order.id},
            ],
        )

    def test_parking_wakes_the_fill(self):
        cron = self.env.ref("plc_mo_batch.ir_cron_task_1")
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        self.park()
        self.assertTrue(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]))

    def test_not_parked_before_the_plc_knows_that_its_actuals_are_stored(self):
        self.controller.park_failing = True
        batch = self.complete(self.new_order())
        self.fail_times(batch, 3)
        self.assertFalse(batch.parked)
        batch.acknowledged = True
        self.fail_times(batch, 1)
        self.assertTrue(batch.parked)

    def test_order_of_a_parked_batch_is_not_queued_again(self):
        batch = self.park()
        self.run_task(1)
        self.assertEqual(self.queue(), batch)

    def test_slot_of_the_next_batch_is_still_its_own(self):
        self.park()
        self.new_order()
        self.run_task(1)
        second = self.queue().filtered(lambda batch: not batch.parked)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.cr.savepoint():
            self.cr.execute(
                "INSERT INTO mo_batch (name, production_id, controller_id, company_id, state, active, slot) "
                "SELECT 'X', %s, controller_id, company_id, state, active, slot FROM mo_batch WHERE id = %s",
                [self.new_order().id, second.id],
            )

    def test_next_batch_of_the_slot_goes_through_while_one_is_parked(self):
        """The PLC still shows the parked batch, acknowledged; the next one is sent, taken, booked."""
        plc = self.new_simulator()
        parked = self.new_order()
        self.run_task(1)
        self.run_plc(plc, 1)
        batch = self.queue()
        self.run_task(2)
        self.assertRecordValues(batch, [{"state": "completed", "acknowledged": True}])
        self.controller.park_failing = True
        self.fail_times(batch, 3)
        order = self.new_order()
        self.run_task(1)
        self.run_plc(plc, 1)
        self.run_task(3)
        self.assertEqual((order.state, parked.state), ("done", "progress"))
        batch.action_retry()
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "active": False, "parked": False}])
        self.assertEqual(parked.state, "done")

    # Negative stock

    def test_negative_stock_is_booked_and_told(self):
        self.put_in_stock(500.0, self.wheat, self.salt)
        self.put_in_stock(33.0, self.molasses)
        batch = self.complete(self.new_order())
        self.run_task(3)
        message = "Stock of Test wheat in WH/Stock is negative now: -101.25 kg."
        self.assertRecordValues(batch, [{"state": "done", "attention": False, "remark": message}])
        self.assertIn(message, batch.message_ids[0].body)
        self.assertEqual(batch.journal_ids.filtered(lambda line: line.kind == "anomaly").message, message)

    def test_what_was_negative_before_is_not_told_again(self):
        self.put_in_stock(5000.0, self.soy, self.molasses, self.salt)
        first = self.complete(self.new_order())
        self.run_task(3)
        second = self.complete(self.new_order())
        self.run_task(3)
        self.assertIn("Test wheat", first.remark)
        self.assertRecordValues(second, [{"state": "done", "remark": False}])

    def test_enough_stock_nothing_is_told(self):
        self.put_in_stock(5000.0, self.wheat, self.soy, self.molasses, self.salt)
        batch = self.complete(self.new_order())
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "remark": False}])

    def test_enough_stock_in_several_quants_nothing_is_told(self):
        """Odoo takes from a new quant, below zero, where another transaction has locked the first."""
        self.put_in_stock(5000.0, self.wheat, self.soy, self.molasses, self.salt)
        store = self.env.ref("stock.warehouse0").lot_stock_id
        self.env["stock.quant"].sudo().create({"product_id": self.wheat.id, "location_id": store.id, "quantity": -50.0})
        batch = self.complete(self.new_order())
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "remark": False}])

    # What a person changed on the order meanwhile

    def test_component_taken_off_the_order(self):
        order = self.new_order()
        batch = self.complete(order)
        order.move_raw_ids[0]._action_cancel()
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("done", "done"))
        booked = order.move_raw_ids.filtered(lambda move: move.state == "done" and move.product_id == self.wheat)
        self.assertEqual(booked.quantity, 601.25)

    def test_component_that_somebody_booked(self):
        order = self.new_order()
        batch = self.complete(order)
        order.move_raw_ids[0].write({"quantity": 500.0, "picked": True})
        order.move_raw_ids[0].with_context(skip_mo_check=True)._action_done()
        self.run_task(3)
        self.assertEqual(batch.state, "completed")
        self.assertIn("The consumption of Test wheat was already booked on the order outside the PLC tasks", batch.last_error)

    def test_nothing_produced_is_not_the_whole_order(self):
        self.controller.weight_policy = "actuals"
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0)]).id)
        batch = self.complete(order, actuals={101: 0.0})
        self.run_task(3)
        self.assertIn("dosed nothing", batch.attention)
        batch.action_release_review("It was emptied.")
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("completed", "progress"))
        self.assertIn("Nothing was produced", batch.last_error)
