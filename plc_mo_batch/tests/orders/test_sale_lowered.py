"""A sale is lowered or cancelled while the PLC makes its order: Odoo leaves the order as it is, and so does the addon.

All of it is made once, booked once, and what is sold of it is reserved for the delivery.
"""

from unittest import SkipTest

from odoo.fields import Command
from odoo.tests import tagged

from ...models.batch.mo_batch import STATES
from .door_world import DoorCase
from .doors import LOWERED, WHOLE


@tagged("post_install", "-at_install")
class TestSaleLowered(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "sale_line_id" not in cls.env["stock.move"]._fields:
            raise SkipTest("needs sale_mrp")
        to_order = cls.env.ref("stock.warehouse0").mto_pull_id.route_id
        to_order.active = True
        cls.feed.route_ids |= to_order
        cls.customer = cls.env["res.partner"].create({"name": "Test farm"})

    def new_order(self, quantity=WHOLE, **_values):
        line = Command.create({"product_id": self.feed.id, "product_uom_qty": quantity})
        self.sale = self.env["sale.order"].create({"partner_id": self.customer.id, "order_line": [line]})
        self.sale.action_confirm()
        return self.env["mrp.production"].search([("product_id", "=", self.feed.id)], order="id desc", limit=1)

    def at_each_state(self, open_door, left):
        for state, _label in STATES:
            with self.subTest(state=state):
                self.undone(self.at_state, state, open_door, left)

    def at_state(self, state, open_door, left):
        self.begin(state, False)
        self.assertEqual(self.order.product_qty, WHOLE)
        open_door()
        self.follow()
        self.check(left)

    def check(self, left):
        self.assertEqual((self.order.state, self.order.product_qty, self.made()), ("done", WHOLE, WHOLE))
        self.assertAlmostEqual(self.wheat_gone(), self.dosed + self.scrapped, places=2)
        moves = self.sale.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        self.assertEqual((sum(moves.mapped("product_uom_qty")), sum(moves.mapped("quantity"))), (left, left))

    def lower(self):
        self.sale.order_line.product_uom_qty = LOWERED

    def cancel(self):
        self.sale._action_cancel()

    def test_lowered(self):
        self.at_each_state(self.lower, LOWERED)

    def test_cancelled(self):
        self.at_each_state(self.cancel, 0.0)
