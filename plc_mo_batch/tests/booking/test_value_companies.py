"""A PLC of a second company, where everything has another price: the tasks work in the first."""

from odoo.fields import Command
from odoo.tests import tagged

from .value_case import ValueCase

DEARER = 10.0  # than in the first company


@tagged("post_install", "-at_install")
class TestValueCompanies(ValueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.env["res.company"].create({"name": "Test second mill"})
        cls.env.user.company_ids += cls.second
        cls.there = cls.env(context={**cls.env.context, "allowed_company_ids": cls.second.ids})
        cls.category.with_company(cls.second).property_cost_method = "average"
        warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.second.id)], limit=1)
        for product in cls.wheat | cls.soy | cls.molasses | cls.salt:
            product.with_company(cls.second).standard_price = product.standard_price * DEARER
            values = {"product_id": product.id, "location_id": warehouse.lot_stock_id.id, "inventory_quantity": 50_000.0}
            cls.there["stock.quant"].with_context(inventory_mode=True).create(values).action_apply_inventory()
        cls.type_there = warehouse.manu_type_id
        values = {"company_id": cls.second.id, "picking_type_ids": [Command.set(cls.type_there.ids)]}
        cls.controller_there = cls.new_controller(name="Test second PLC", max_batch_qty=500.0, **values)
        cls.bom_there = cls.new_bom(company_id=cls.second.id, picking_type_id=cls.type_there.id)

    def setUp(self):
        super().setUp()
        values = {"product_id": self.feed.id, "product_qty": 1500.0, "bom_id": self.bom_there.id}
        order = self.there["mrp.production"].create({**values, "picking_type_id": self.type_there.id})
        order.action_confirm()
        self.run_task(1)
        self.order = self.env["mrp.production"].browse(order.id)
        self.batches = self.order.plc_batch_ids.sorted("part")

    def value_of(self, move):
        return move.product_id, move.quantity, round(move.value, 2)

    def assert_even(self):
        self.assertTrue(self.balance(self.order).is_even, self.balance(self.order))

    def test_batches(self):
        self.book(*self.batches)
        self.assertAlmostEqual(self.balance(self.order).came_in, 4292.3, 0)
        self.assert_even()

    def test_failed_batch_consumed(self):
        self.fail_batch(self.batches[0], "consume", "withhold")
        wasted = self.order.move_raw_ids.filtered(lambda move: move.state == "done")
        self.assertEqual(self.value_of(wasted), (self.wheat, 250.0, 500.0))
        self.book(*self.order.plc_batch_ids.filtered("active"))
        self.assert_even()

    def test_failed_batch_scrapped(self):
        self.fail_batch(self.batches[0], "scrap")
        scrap = self.env["stock.scrap"].search([("production_id", "=", self.order.id)])
        self.assertEqual(self.value_of(scrap.move_ids), (self.wheat, 250.0, 500.0))

    def test_failed_batch_ends_the_order(self):
        self.book(self.batches[0])
        self.fail_batch(self.batches[1], "consume", "cancel")
        self.assertAlmostEqual(self.balance(self.order).came_in, 1430.75 + 500.0, 0)
        self.assert_even()

    def test_weighed_late(self):
        self.book(*self.batches)
        before = self.balance(self.order).came_in
        self.weigh_late(self.batches[0])
        self.assertAlmostEqual(self.balance(self.order).came_in, before + 4.0 * 1.1, 2)
        self.assert_even()
