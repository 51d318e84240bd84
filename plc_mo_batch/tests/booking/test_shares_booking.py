"""What the batches of one order consumed and produced: posted batch by batch, the order closed with the last."""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from ...models.booking.booking import Booking
from ..orders.test_shares import SharedOrderCase


@tagged("post_install", "-at_install")
class TestSharesBooking(SharedOrderCase):
    def booked(self, order):
        """kg posted as consumed, by product."""
        done = order.move_raw_ids.filtered(lambda move: move.state == "done")
        totals = {}
        for move in done:
            totals[move.product_id] = round(totals.get(move.product_id, 0.0) + move.quantity, 2)
        return totals

    def book(self, *batches, **options):
        self.finish(*batches, **options)
        self.run_task(3)
        for batch in batches:
            self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])

    def start(self, quantity=3000.0, **options):
        order = self.new_order(quantity, **options)
        self.run_task(1)
        return order, list(self.batches(order))

    def test_one_by_one(self):
        self.put_in_stock(5000.0, self.wheat, self.soy, self.molasses, self.salt)
        order, (first, second, third) = self.start()
        self.book(first, actuals={101: 601.25, 102: 0.0}, weight=990.0)
        self.assertRecordValues(order, [{"state": "progress", "qty_produced": 990.0, "qty_producing": 990.0}])
        self.assertEqual(self.booked(order), {self.wheat: 601.25, self.molasses: 33.3, self.salt: 14.45})
        self.assertEqual(first.line_ids.move_id.plc_batch_id, first)
        self.book(second)
        self.assertEqual(self.booked(order)[self.wheat], 1201.25)
        self.assertEqual(order.state, "progress")
        self.book(third, weight=1005.0)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 990.0 + 1000.0 + 1005.0}])
        self.assertEqual(self.booked(order), {self.wheat: 1801.25, self.soy: 704.5, self.molasses: 99.9, self.salt: 43.35})
        quant = self.env["stock.quant"].search([("product_id", "=", self.wheat.id), ("location_id.usage", "=", "internal")])
        self.assertRecordValues(quant, [{"quantity": 5000.0 - 1801.25, "reserved_quantity": 0.0}])
        made = self.env["stock.quant"].search([("product_id", "=", self.feed.id), ("location_id.usage", "=", "internal")])
        self.assertEqual(sum(made.mapped("quantity")), 2995.0)

    def test_all_at_once(self):
        order, batches = self.start()
        self.book(*batches, actuals={101: 601.25})
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 3000.0}])
        self.assertEqual(self.booked(order)[self.wheat], 3 * 601.25)

    def test_last_in_line_is_not_the_last_to_end(self):
        order, (first, second, third) = self.start()
        self.book(third, actuals={101: 603.0})
        self.book(first, actuals={101: 601.0})
        self.assertEqual(order.state, "progress")
        self.book(second, actuals={101: 602.0})
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 3000.0}])
        self.assertEqual(self.booked(order)[self.wheat], 1806.0)

    def test_reservation_goes_along(self):
        self.put_in_stock(5000.0, self.wheat, self.soy, self.molasses, self.salt)
        order, (first, *_others) = self.start()
        order.action_assign()
        self.book(first, actuals={101: 601.25})
        whole = order.move_raw_ids.filtered(lambda move: move.product_id == self.wheat and not move.plc_batch_id)
        self.assertRecordValues(whole, [{"product_uom_qty": 1200.0, "quantity": 1200.0, "state": "assigned"}])
        quant = self.env["stock.quant"].search([("product_id", "=", self.wheat.id), ("location_id.usage", "=", "internal")])
        self.assertRecordValues(quant, [{"quantity": 5000.0 - 601.25, "reserved_quantity": 1200.0}])

    def test_reserved_lots_are_used_in_turn(self):
        self.wheat.tracking = "lot"
        old, new = self.env["stock.lot"].create([{"name": name, "product_id": self.wheat.id} for name in ("OLD", "NEW")])
        self.put_in_stock(800.0, self.wheat, lot=old)
        self.put_in_stock(2000.0, self.wheat, lot=new)
        order, batches = self.start()
        order.action_assign()
        for batch in batches:
            self.book(batch)
        taken = [
            [(item.lot_id.name, item.quantity) for item in batch.line_ids[0].move_id.move_line_ids.sorted("id")]
            for batch in batches
        ]
        self.assertEqual([dict(lots) for lots in taken], [{"OLD": 600.0}, {"OLD": 200.0, "NEW": 400.0}, {"NEW": 600.0}])

    def test_product_with_lots_has_one(self):
        self.feed.tracking = "lot"
        order, batches = self.start()
        for batch in batches:
            self.book(batch)
        made = order.move_finished_ids.move_line_ids
        self.assertEqual(len(made), 3)
        self.assertEqual(made.lot_id, order.lot_producing_ids)
        self.assertEqual(len(made.lot_id), 1)

    def test_what_a_batch_consumed_is_the_source_of_what_it_produced(self):
        order, batches = self.start()
        for batch in batches:
            self.book(batch)
        for batch in batches[:2]:
            product = order.move_finished_ids.filtered(lambda move, batch=batch: move.plc_batch_id == batch)
            self.assertEqual(product.move_line_ids.consume_line_ids, batch.line_ids.move_id.move_line_ids)

    def test_off_recipe_dosing(self):
        extra = self.new_product("Test maize")
        self.new_silo(103, extra)
        order, batches = self.start()
        self.book(batches[0], actuals={103: 12.5})
        self.book(*batches[1:])
        self.assertEqual(self.booked(order)[extra], 12.5)
        self.assertEqual(order.state, "done")

    def test_byproducts_follow_what_each_batch_produced(self):
        dust = self.new_product("Test dust")
        self.bom.byproduct_ids = [Command.create({"product_id": dust.id, "product_qty": 20.0, "product_uom_id": self.kg.id})]
        order, (first, second, third) = self.start()
        self.book(first, weight=900.0)
        self.book(second, third, weight=1000.0)
        done = order.move_byproduct_ids.filtered(lambda move: move.state == "done")
        self.assertEqual(sorted(done.mapped("quantity")), [18.0, 20.0, 20.0])

    def test_order_with_operations(self):
        center = self.env["mrp.workcenter"].create({"name": "Test mixer"})
        self.bom.operation_ids = [Command.create({"name": "Mix", "workcenter_id": center.id, "time_cycle_manual": 5.0})]
        self.bom.bom_line_ids.operation_id = self.bom.operation_ids
        order, batches = self.start()
        for batch in batches:
            self.book(batch, actuals={101: 601.25})
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 3000.0}])
        self.assertEqual(self.booked(order)[self.wheat], 3 * 601.25)
        self.assertEqual(order.workorder_ids.state, "done")

    def test_backorder_is_for_the_rest_of_the_whole_order(self):
        self.controller.write({"backorder_policy": "short", "backorder_percent": 1.0})
        order, (first, second, third) = self.start()
        self.book(first, weight=900.0)
        self.book(second, third, weight=1000.0)
        rest = order.production_group_id.production_ids - order
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 2900.0}])
        self.assertRecordValues(rest, [{"state": "confirmed", "product_qty": 100.0}])
        self.assertEqual(
            {move.product_id: round(move.product_uom_qty, 2) for move in rest.move_raw_ids},
            {self.wheat: 60.0, self.soy: 35.23, self.molasses: 3.33, self.salt: 1.45},
        )
        self.assertEqual(rest.move_finished_ids.mapped("product_uom_qty"), [100.0])
        self.assertEqual(self.booked(order)[self.wheat], 1800.0)

    def test_loss_in_one_batch_is_noticed(self):
        order, (first, *_others) = self.start()
        self.finish(first)
        honest = Booking._set_consumption

        def lossy(booking):
            honest(booking)
            booking.batches.line_ids.move_id[0].quantity = 500.0

        with patch.object(Booking, "_set_consumption", lossy):
            self.run_task(3)
        self.assertIn("500.00 kg would be booked instead of 600.00", first.last_error)
        self.assertFalse(self.booked(order))

    def test_order_is_compared_with_all_its_batches(self):
        """Somebody changed what an earlier batch had booked: that counts, and is remarked."""
        order, (first, second, third) = self.start()
        self.book(first, second)
        first.line_ids[0].move_id.quantity = 500.0
        self.finish(third)
        self.run_task(3)
        self.assertEqual((third.state, order.state), ("done", "done"))
        self.assertEqual(self.booked(order)[self.wheat], 1700.0)
        self.assertIn("Test wheat", first.remark)

    def test_one_that_fails_does_not_stop_the_others(self):
        order, (first, second, third) = self.start()
        second.line_ids[0].reported = False
        self.finish(first, third)
        second._advance("completed", 1000.0, {"acknowledged": True})
        self.run_task(3)
        self.assertEqual([batch.state for batch in (first, second, third)], ["done", "completed", "done"])
        self.assertEqual(order.state, "progress")
        second.line_ids.write({"reported": True})
        second.next_try = False
        self.run_task(3)
        self.assertEqual((second.state, order.state), ("done", "done"))
