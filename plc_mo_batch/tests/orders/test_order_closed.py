from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestOrderClosed(MillCase):
    """A person's screen is older than the write-back that closed the order (found by ``make races``)."""

    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        batch = self.env["plc.task.fill"]._fill(self.controller)
        dosed = batch.line_ids.filtered("code")
        batch._store_actuals(dosed.mapped("code"), dosed.mapped("planned_qty"))
        batch._advance("completed", 998.5, {})
        self.env["plc.task.write.back"]._book(batch)
        batch._finish()

    def assertKept(self):
        self.assertEqual((self.order.state, self.order.qty_produced), ("done", 998.5))

    def test_its_quantities_are_not_written_over(self):
        move = self.order.move_raw_ids[0]
        for values in ({"qty_producing": 1000.0}, {"move_raw_ids": [(1, move.id, {"quantity": 1.0})]}):
            with self.assertRaisesRegex(UserError, "unlock it"):
                self.order.write(values)
        self.assertKept()
        self.order.priority = "1"  # what else stands on it may be written

    def test_who_wants_to_correct_it_unlocks_it(self):
        self.order.is_locked = False
        self.order.qty_producing = 999.0
        self.assertEqual(self.order.qty_produced, 999.0)
        self.value_let_go = self.order.ids

    def test_an_order_of_nobodys_batch(self):
        order = self.new_order()
        order.qty_producing = 1000.0
        order.with_context(skip_consumption=True).button_mark_done()
        order.qty_producing = 999.0
        self.assertEqual((order.state, order.qty_producing), ("done", 999.0))
