"""An order that is larger than what the mixer takes at once."""

from odoo.tests import tagged

from .common import MillCase


@tagged("post_install", "-at_install")
class TestSplit(MillCase):
    def setUp(self):
        super().setUp()
        self.controller.max_batch_qty = 1000.0

    def test_ten_tons_on_a_one_ton_mixer(self):
        order = self.new_order(10_000.0)
        self.run_task(1)
        batches = self.queue()
        self.assertEqual(batches.mapped("planned_qty"), [1000.0] * 10)
        self.assertEqual(batches[0].production_id, order)
        self.assertEqual(sum(batches.production_id.mapped("product_qty")), 10_000.0)
        self.assertEqual(batches.mapped("order_name"), [f"{order.name[:-4]}-{part:03}" for part in range(1, 11)])
        wheat = batches.line_ids.filtered(lambda line: line.product_id == self.wheat)
        self.assertEqual(wheat.mapped("planned_qty"), [600.0] * 10)

    def test_parts_are_equal_and_lose_nothing(self):
        self.new_order(2500.0)
        self.run_task(1)
        self.assertEqual(self.queue().mapped("planned_qty"), [833.34, 833.34, 833.32])

    def test_what_does_not_fit_in_one_fill_waits(self):
        self.controller.batch_limit = 3
        order = self.new_order(5000.0)
        self.run_task(1)
        self.assertEqual(len(self.queue()), 3)
        for batch in self.queue():
            batch._store_actuals((101, 102, 114), (600.0, 352.25, 33.3))
            batch._advance("completed", 0.0, {})
        self.run_task(3)
        self.run_task(1)
        self.assertEqual(len(self.queue()), 2)
        self.assertEqual((self.queue().production_id | self.history().production_id).mapped("product_qty"), [1000.0] * 5)
        self.assertEqual(order.state, "done")

    def test_order_that_fits_is_left_whole(self):
        order = self.new_order(1000.0)
        self.run_task(1)
        self.assertEqual(self.queue().production_id, order)
        self.assertEqual(self.queue().order_name, order.name)

    def test_order_that_cannot_be_queued_is_not_split(self):
        order = self.new_order(3000.0)
        order.move_raw_ids[0].product_uom_qty = -1
        self.run_task(1)
        self.assertEqual(order.product_qty, 3000.0)
        self.assertIn("must be at least 0", order.plc_reason)
