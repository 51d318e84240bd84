"""What people correct of batches while their order goes on: it counts, is remarked, and stands in no later batch's way."""

from odoo.fields import Command
from odoo.tests import tagged

from ..orders.test_shares import SharedOrderCase


@tagged("post_install", "-at_install")
class TestPostedCorrected(SharedOrderCase):
    """3000 kg in three batches of 600 kg wheat; what the first booked is corrected, over RPC or on the order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.put_in_stock(50_000.0, cls.wheat, cls.soy, cls.molasses, cls.salt)

    def setUp(self):
        super().setUp()
        self.order = self.new_order(3000.0)
        self.run_task(1)
        self.first, self.second, self.third = self.batches(self.order)
        self.book(self.first)
        self.value_let_go += tuple(self.order.ids)  # where what was made is corrected, see test_value_corrected

    def book(self, *batches):
        self.finish(*batches)
        self.run_task(3)
        for batch in batches:
            self.assertRecordValues(batch, [{"state": "done", "last_error": False}])

    def posted(self, product):
        moves = self.order.move_raw_ids | self.order.move_finished_ids
        return moves.filtered(lambda move: move.state == "done" and move.product_id == product)

    def test_component(self):
        doors = {
            "quantity": lambda move: setattr(move, "quantity", 550.0),
            "details": lambda move: setattr(move.move_line_ids, "quantity", 550.0),
            "more": lambda move: setattr(move, "quantity", 650.0),
        }
        for name, door in doors.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                door(self.posted(self.wheat))
                right = self.posted(self.wheat).quantity
                self.assertNotEqual(right, 600.0)
                self.book(self.second, self.third)
                self.assertEqual(self.order.state, "done")
                self.assertEqual(sum(self.posted(self.wheat).mapped("quantity")), 1200.0 + right)
                self.assertIn(f"Test wheat: {right:.2f} kg are booked instead of 600.00", self.first.remark)
                self.assertFalse(self.second.remark or self.third.remark)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_product(self):
        self.posted(self.feed).quantity = 990.0
        self.book(self.second, self.third)
        self.assertEqual((self.order.state, self.order.qty_produced), ("done", 2990.0))
        self.assertIn("Test feed: 990.00 kg are booked instead of 1000.00", self.first.remark)

    def test_while_the_last_one_waits(self):
        self.finish(self.second, self.third)
        self.posted(self.wheat).quantity = 550.0
        self.run_task(3)
        self.assertEqual((self.order.state, self.third.state), ("done", "done"))

    def test_not_corrected(self):
        self.book(self.second, self.third)
        self.assertFalse(any(self.batches(self.order).mapped("remark")))

    def test_batches_that_end_together(self):
        """Each is booked as if the others had been booked long before."""
        self.book(self.second, self.third)
        bran = self.new_product("Test bran")
        values = {"product_id": bran.id, "product_qty": 50.0, "product_uom_id": self.kg.id}
        self.bom.byproduct_ids = [Command.create(values)]
        order = self.new_order(4000.0)
        self.run_task(1)
        batches = self.batches(order)
        self.finish(*batches[:3])
        self.run_task(3)
        self.assertEqual(batches.mapped("state"), ["done", "done", "done", "queued"])
        self.assertFalse(any(batches.mapped("remark")))
        made = order.move_byproduct_ids.filtered(lambda move: move.state == "done")
        self.assertEqual(made.mapped("quantity"), [50.0] * 3)
