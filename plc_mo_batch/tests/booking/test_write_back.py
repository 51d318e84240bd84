"""Task 3: consumption becomes stock moves, and only what was verified counts as closed."""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from ...models.booking.booking import Booking
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestWriteBack(MillCase):
    def test_actuals_zeros_and_hand_adds(self):
        order = self.new_order()
        batch = self.complete(order)
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertEqual(self.consumed(order), {self.wheat: 601.25, self.soy: 0.0, self.molasses: 33.0, self.salt: 14.45})
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

    def test_order_with_operations(self):
        center = self.env["mrp.workcenter"].create({"name": "Test mixer"})
        self.bom.operation_ids = [Command.create({"name": "Mix", "workcenter_id": center.id, "time_cycle_manual": 5.0})]
        self.bom.bom_line_ids.operation_id = self.bom.operation_ids
        order = self.new_order()
        self.complete(order, weight=987.5)
        self.run_task(3)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 987.5}])
        self.assertEqual(self.consumed(order), {self.wheat: 601.25, self.soy: 0.0, self.molasses: 33.0, self.salt: 14.45})
        self.assertEqual(order.workorder_ids.state, "done")

    def test_what_is_printed_at_the_end_is_no_question(self):
        self.picking_type.auto_print_done_production_order = True
        order = self.new_order()
        batch = self.complete(order)
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("done", "done"))

    def test_stock_in_a_place_of_its_own(self):
        """What was reserved in a place below the order's source is taken from there."""
        place = self.env["stock.location"].create(
            {"name": "Silo hall", "location_id": self.env.ref("stock.warehouse0").lot_stock_id.id}
        )
        self.env["stock.quant"]._update_available_quantity(self.wheat, place, 5000.0)
        order = self.new_order()
        batch = self.complete(order)
        self.run_task(3)
        quant = self.env["stock.quant"].search([("product_id", "=", self.wheat.id), ("location_id", "=", place.id)])
        self.assertRecordValues(quant, [{"quantity": 5000.0 - 601.25, "reserved_quantity": 0.0}])
        self.assertNotIn("wheat", batch.remark)

    def test_reservations_are_used_up(self):
        self.put_in_stock(5000.0, self.wheat, self.soy, self.molasses, self.salt)
        self.complete(self.new_order(), self.new_order())
        self.run_task(3)
        quants = self.env["stock.quant"].search(
            [("product_id", "in", (self.wheat + self.soy).ids), ("location_id.usage", "=", "internal")]
        )
        self.assertRecordValues(
            quants.sorted("quantity"),
            [{"quantity": 5000.0 - 2 * 601.25, "reserved_quantity": 0.0}, {"quantity": 5000.0, "reserved_quantity": 0.0}],
        )

    def test_orders_of_two_companies(self):
        """Each is booked as its own company: lots and locations are that one's."""
        company = self.env["res.company"].create({"name": "Second mill"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        second = self.new_controller(
            name="Second PLC", company_id=company.id, picking_type_ids=[Command.set(warehouse.manu_type_id.ids)]
        )
        self.feed.tracking = "lot"
        bom = self.new_bom(company_id=company.id)
        elsewhere = {"picking_type_id": warehouse.manu_type_id.id, "bom_id": bom.id, "company_id": company.id}
        orders = [self.new_order(), self.new_order(**elsewhere)]
        self.complete(*orders)
        batch = self.env["mo.batch"].search([("controller_id", "=", second.id)])
        batch._store_actuals((101, 102, 114), (601.25, 0.0, 33.0))
        batch._advance("completed", 0.0, {})
        self.run_task(3)
        self.assertEqual([order.state for order in orders], ["done", "done"])
        self.assertRecordValues(
            batch.line_ids[0].move_id,
            [{"quantity": 601.25, "company_id": company.id, "location_id": warehouse.lot_stock_id.id, "state": "done"}],
        )

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
        self.assertIn("closed or cancelled outside the PLC tasks", bad.last_error)
        self.assertTrue(bad.next_try)

    def test_pauses_grow_and_retry_is_for_people(self):
        order = self.new_order()
        batch = self.complete(order)
        with patch.object(Booking, "_verify", side_effect=ValueError("no luck")):
            self.run_task(3)
            first = batch.next_try
            self.run_task(3)
            self.assertEqual(batch.attempts, 1, "not before its next try")
            batch.next_try = False
            self.run_task(3)
        self.assertEqual(batch.attempts, 2)
        self.assertGreater(batch.next_try, first)
        self.assertEqual(order.state, "progress")
        batch.action_retry()
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("done", "done"))

    def test_loss_is_noticed(self):
        """Rule 7: an order that Odoo closes with other quantities does not count, and is not closed."""
        order = self.new_order()
        batch = self.complete(order)
        honest = Booking._set_consumption

        def lossy(booking):
            honest(booking)
            booking.batches.production_id.move_raw_ids[0].quantity = 600.0

        with patch.object(Booking, "_set_consumption", lossy):
            self.run_task(3)
        self.assertEqual(batch.state, "completed")
        self.assertIn("Test wheat: 600.00 kg would be booked instead of 601.25", batch.last_error)
        self.assertEqual(order.state, "progress")

    def test_missing_is_not_zero(self):
        order = self.new_order()
        batch = self.complete(order)
        batch.line_ids[1].reported = False
        self.run_task(3)
        self.assertEqual(batch.state, "completed")
        self.assertIn("did not report a quantity for Test soy", batch.last_error)

    def test_off_recipe_dosing_is_consumed_too(self):
        extra = self.new_product("Test maize")
        self.new_silo(103, extra)
        order = self.new_order()
        self.complete(order, actuals={101: 600.0, 102: 352.0, 103: 12.5, 114: 33.0})
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertEqual(self.consumed(order)[extra], 12.5)

    def test_off_recipe_dosing_of_nobody_knows_what_stops(self):
        order = self.new_order()
        batch = self.complete(order, actuals={101: 600.0, 102: 352.0, 107: 12.5, 114: 33.0})
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("completed", "progress"))
        self.assertIn("12.5 kg from equipment 107", batch.last_error)

    def test_emptied_queue_wakes_the_fill(self):
        self.complete(self.new_order())
        cron = self.env.ref("plc_mo_batch.ir_cron_task_1")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.run_task(3)
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers + 1)
