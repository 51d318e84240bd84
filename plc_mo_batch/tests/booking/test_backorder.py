"""Task 3: what becomes of the rest of an order, and of by-products."""

from odoo.fields import Command
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestBackorder(MillCase):
    def book(self, order, weight, **options):
        batch = self.complete(order, weight=weight, **options)
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "last_error": False}])
        return order.production_group_id.production_ids - order

    def test_never(self):
        order = self.new_order()
        self.assertFalse(self.book(order, 500.0))
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 500.0}])

    def test_short_of_the_plan(self):
        self.controller.backorder_policy = "short"
        order = self.new_order()
        rest = self.book(order, 940.0)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 940.0}])
        self.assertEqual(self.consumed(order)[self.wheat], 601.25)
        self.assertRecordValues(rest, [{"state": "confirmed", "product_qty": 60.0, "plc_reason": False}])
        self.assertEqual(
            dict(zip(rest.move_raw_ids.product_id, rest.move_raw_ids.mapped("product_uom_qty"), strict=True)),
            {
                self.wheat: 36.0,
                self.soy: 21.14,
                self.molasses: 2.0,
                self.salt: 0.87,
            },
        )

    def test_not_short_enough(self):
        self.controller.backorder_policy = "short"
        self.assertFalse(self.book(self.new_order(), 950.0))

    def test_percentage_of_none(self):
        self.controller.write({"backorder_policy": "short", "backorder_percent": 0.0})
        self.assertTrue(self.book(self.new_order(), 999.99))

    def test_more_than_planned(self):
        self.controller.write({"backorder_policy": "short", "backorder_percent": 0.0})
        order = self.new_order()
        self.assertFalse(self.book(order, 1010.0))
        self.assertEqual(order.qty_produced, 1010.0)

    def test_backorder_is_queued_next(self):
        self.controller.backorder_policy = "short"
        rest = self.book(self.new_order(), 500.0)
        self.run_task(1)
        self.assertRecordValues(self.queue(), [{"production_id": rest.id, "planned_qty": 500.0}])

    def test_off_recipe_dosing_is_not_asked_of_the_backorder(self):
        self.controller.backorder_policy = "short"
        self.new_silo(103, self.new_product("Test maize"))
        rest = self.book(self.new_order(), 500.0, actuals={101: 300.0, 102: 176.0, 103: 12.5, 114: 17.0})
        self.assertEqual(rest.move_raw_ids.product_id, self.wheat + self.soy + self.molasses + self.salt)

    def test_some_with_some_without(self):
        self.controller.backorder_policy = "short"
        orders = [self.new_order(), self.new_order()]
        self.run_task(1)
        for batch, weight in zip(self.queue(), (500.0, 1000.0), strict=True):
            batch._store_actuals((101, 102, 114), (601.25, 0.0, 33.0))
            batch._advance("completed", weight, {})
        self.run_task(3)
        self.assertEqual([order.state for order in orders], ["done", "done"])
        self.assertEqual([len(order.production_group_id.production_ids) for order in orders], [2, 1])

    def test_operation_type_that_always_makes_one_is_overruled(self):
        self.picking_type.create_backorder = "always"
        self.assertFalse(self.book(self.new_order(), 500.0))

    # By-products

    def test_byproduct_as_odoo_does_it(self):
        dust = self.new_product("Test dust")
        self.bom.byproduct_ids = [Command.create({"product_id": dust.id, "product_qty": 20.0, "product_uom_id": self.kg.id})]
        order = self.new_order()
        self.book(order, 900.0)
        self.assertRecordValues(order.move_byproduct_ids, [{"product_id": dust.id, "quantity": 18.0, "state": "done"}])

    def test_byproduct_that_a_person_booked(self):
        dust = self.new_product("Test dust")
        self.bom.byproduct_ids = [Command.create({"product_id": dust.id, "product_qty": 20.0, "product_uom_id": self.kg.id})]
        order = self.new_order()
        order.move_byproduct_ids.write({"quantity": 3.5, "picked": True})
        self.book(order, 900.0)
        self.assertEqual(order.move_byproduct_ids.quantity, 3.5)
