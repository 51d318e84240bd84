"""A sale of something that is made to order is raised while the PLC makes it: with Odoo's own apps for sales."""

from unittest import SkipTest

from odoo.fields import Command
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestOrderRaisedBySale(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "sale.order" not in cls.env or "picking_ids" not in cls.env["sale.order"]._fields:
            raise SkipTest("needs sale_stock")
        warehouse = cls.env.ref("stock.warehouse0")
        make_to_order = warehouse.mto_pull_id.route_id
        make_to_order.active = True
        rule = cls.env["stock.rule"].search([("action", "=", "manufacture"), ("warehouse_id", "=", warehouse.id)], limit=1)
        rule.picking_type_id = cls.picking_type
        cls.feed.route_ids = make_to_order | rule.route_id
        cls.put_in_stock(50_000.0, cls.wheat, cls.soy, cls.molasses, cls.salt)

    def setUp(self):
        super().setUp()
        partner = self.env["res.partner"].create({"name": "Test farm"})
        line = {"product_id": self.feed.id, "product_uom_qty": 1000.0}
        self.sale = self.env["sale.order"].create({"partner_id": partner.id, "order_line": [Command.create(line)]})
        self.sale.action_confirm()
        self.batch = self.fill()
        self.order = self.batch.production_id
        self.assertEqual(self.order.product_qty, 1000.0)

    def fill(self):
        return self.env["plc.task.fill"]._fill(self.controller)

    def finish(self, batch):
        dosed = batch.line_ids.filtered("code")
        batch._store_actuals(dosed.mapped("code"), dosed.mapped("planned_qty"))
        batch._advance("completed", batch.planned_qty, {"acknowledged": True})
        self.env["plc.task.write.back"]._book(batch)
        batch._finish()

    def made(self):
        orders = self.env["mrp.production"].search([("product_id", "=", self.feed.id)])
        self.assertEqual(set(orders.mapped("state")), {"done"})
        return sum(orders.mapped("qty_produced"))

    def make_all(self):
        while batches := self.fill():
            for batch in batches:
                self.finish(batch)

    def test_raised_while_it_runs(self):
        """Odoo makes another order of 700."""
        self.batch._advance("running", 0.0, {})
        self.sale.order_line.product_uom_qty = 1700.0
        self.assertEqual(self.order.product_qty, 1000.0)
        self.finish(self.batch)
        self.make_all()
        self.assertEqual(self.made(), 1700.0)

    def test_raised_while_it_is_offered(self):
        """Odoo raises the order: the next batch makes the 700."""
        for state in ("sending", "offered"):
            self.batch._advance(state, 0.0, {})
        self.sale.order_line.product_uom_qty = 1700.0
        self.finish(self.batch)
        self.make_all()
        self.assertEqual(self.made(), 1700.0)
        delivery = self.sale.picking_ids.move_ids
        self.assertAlmostEqual(sum(delivery.mapped("product_uom_qty")), 1700.0)
        # Odoo ties only what was ordered first to the order, and reserves only that; the rest lies in stock
        self.assertAlmostEqual(sum(delivery.mapped("quantity")), 1000.0)
        self.assertAlmostEqual(self.feed.qty_available, 1700.0)
