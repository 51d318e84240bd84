"""Task 3: consumption becomes stock moves, and only what was verified counts as closed."""

from unittest.mock import patch

from odoo.tests import tagged

from .common import MillCase


@tagged("post_install", "-at_install")
class TestWriteBack(MillCase):
    def complete(self, *orders, actuals=(601.25, 0.0, 33.0), weight=0.0):
        """Batches of the orders, completed with kg for silo 101, silo 102 and tank 114."""
        self.run_task(1)
        batches = self.queue().filtered(lambda batch: batch.production_id.id in [order.id for order in orders])
        for batch in batches:
            batch._store_actuals((101, 102, 114), actuals)
            batch._advance("completed", weight, {})
        return batches

    def consumed(self, order):
        return {
            move.product_id: move.quantity if move.state == "done" else 0.0
            for move in order.move_raw_ids
        }

    def test_actuals_zeros_and_hand_adds(self):
        order = self.new_order()
        batch = self.complete(order)
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertEqual(
            self.consumed(order), {self.wheat: 601.25, self.soy: 0.0, self.molasses: 33.0, self.salt: 14.45}
        )
        self.assertRecordValues(batch, [{"state": "done", "active": False, "produced_qty": 1000.0, "last_error": False}])

    def test_finished_weight_is_produced(self):
        order = self.new_order()
        self.complete(order, weight=987.5)
        self.run_task(3)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 987.5}])

    def test_without_weight_the_policy_decides(self):
        self.controller.weight_policy = "actuals"
        order = self.new_order()
        self.complete(order)
        self.run_task(3)
        self.assertAlmostEqual(order.qty_produced, 601.25 + 33.0 + 14.45)

    def test_order_in_tons(self):
        order = self.new_order(1.0, product_uom_id=self.env.ref("uom.product_uom_ton").id)
        self.complete(order, weight=990.0)
        self.run_task(3)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 0.99}])
        self.assertEqual(self.consumed(order)[self.wheat], 601.25)

    def test_strict_formula_is_closed_all_the_same(self):
        self.bom.consumption = "strict"
        order = self.new_order()
        self.complete(order)
        self.run_task(3)
        self.assertEqual(order.state, "done")

    def test_many_are_closed_together(self):
        orders = [self.new_order() for _number in range(3)]
        self.complete(*orders)
        production = self.env.registry["mrp.production"]
        with patch.object(production, "button_mark_done", autospec=True, side_effect=production.button_mark_done) as close:
            self.run_task(3)
        self.assertEqual(close.call_count, 1)
        self.assertEqual([order.state for order in orders], ["done"] * 3)

    def test_one_that_fails_does_not_stop_the_others(self):
        orders = [self.new_order() for _number in range(3)]
        batches = self.complete(*orders)
        orders[1].action_cancel()
        self.run_task(3)
        self.assertEqual([order.state for order in orders], ["done", "cancel", "done"])
        bad = batches.filtered(lambda batch: batch.production_id == orders[1])
        self.assertRecordValues(bad, [{"state": "completed", "attempts": 1, "active": True}])
        self.assertIn("closed or cancelled by somebody else", bad.last_error)
        self.assertTrue(bad.next_try)

    def test_pauses_grow_and_retry_is_for_people(self):
        order = self.new_order()
        batch = self.complete(order)
        with patch.object(type(self.env["plc.task.write.back"]), "_verify", side_effect=ValueError("no luck")):
            self.run_task(3)
            first = batch.next_try
            self.run_task(3)
            self.assertEqual(batch.attempts, 1, "not before its next try")
            batch.next_try = False
            self.run_task(3)
        self.assertEqual(batch.attempts, 2)
        self.assertGreater(batch.next_try, first)
        self.assertEqual(order.state, "confirmed")
        batch.action_retry()
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("done", "done"))

    def test_loss_is_noticed(self):
        """Rule 7: an order that Odoo closes with other quantities does not count, and is not closed."""
        order = self.new_order()
        batch = self.complete(order)
        write_back = type(self.env["plc.task.write.back"])
        honest = write_back._set_consumption

        def lossy(task, batch):
            honest(task, batch)
            batch.production_id.move_raw_ids[0].quantity = 600.0

        with patch.object(write_back, "_set_consumption", lossy):
            self.run_task(3)
        self.assertEqual(batch.state, "completed")
        self.assertIn("Test wheat: 600.00 kg would be booked instead of 601.25", batch.last_error)
        self.assertEqual(order.state, "confirmed")

    def test_missing_is_not_zero(self):
        order = self.new_order()
        batch = self.complete(order)
        batch.line_ids[1].reported = False
        self.run_task(3)
        self.assertEqual(batch.state, "completed")
        self.assertIn("reported no quantity for Test soy", batch.last_error)

    def test_off_recipe_dosing_is_consumed_too(self):
        extra = self.new_product("Test maize")
        self.env["plc.equipment"].create(
            {"name": "Silo 103", "code": 103, "controller_id": self.controller.id, "product_ids": extra.ids}
        )
        order = self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._store_actuals((101, 102, 103, 114), (600.0, 352.0, 12.5, 33.0))
        batch._advance("completed", 0.0, {})
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertEqual(self.consumed(order)[extra], 12.5)

    def test_off_recipe_dosing_of_nobody_knows_what_stops(self):
        order = self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._store_actuals((101, 102, 107, 114), (600.0, 352.0, 12.5, 33.0))
        batch._advance("completed", 0.0, {})
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("completed", "confirmed"))
        self.assertIn("12.5 kg from equipment 107", batch.last_error)

    def test_emptied_queue_wakes_the_fill(self):
        self.complete(self.new_order())
        cron = self.env.ref("plc_mo_batch.ir_cron_task_1")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.run_task(3)
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers + 1)
