"""An order that is larger than what the mixer takes at once: its batches share it, and lose nothing of it."""

from odoo.tests import tagged

from ..common import MillCase


class SharedOrderCase(MillCase):
    """A mixer of one ton."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.max_batch_qty = 1000.0

    def batches(self, order):
        """The batches that take a share of the order, by part."""
        return order.plc_batch_ids._taking_a_share().sorted("part")

    def planned(self, order, product):
        lines = self.batches(order).line_ids.filtered(lambda line: line.product_id == product)
        return [round(quantity, 2) for quantity in lines.mapped("planned_qty")]

    def finish(self, *batches, actuals=None, weight=0.0):
        """The PLC finished them, as planned but for ``actuals``."""
        for batch in batches:
            planned = {line.code: line.planned_qty for line in batch.line_ids if line.code}
            dosed = {**planned, **(actuals or {})}
            batch._store_actuals(dosed.keys(), dosed.values())
            batch._advance("completed", weight or batch.planned_qty, {"acknowledged": True})


@tagged("post_install", "-at_install")
class TestShares(SharedOrderCase):
    def test_ten_tons_are_ten_batches_of_one_order(self):
        order = self.new_order(10_000.0)
        self.run_task(1)
        self.assertRecordValues(
            self.queue(),
            [
                {
                    "production_id": order.id,
                    "slot": part,
                    "part": part,
                    "part_count": 10,
                    "order_qty": 1000.0,
                    "planned_qty": 1000.0,
                    "order_name": f"{order.name}#{part:02}",
                }
                for part in range(1, 11)
            ],
        )
        self.assertEqual(self.planned(order, self.wheat), [600.0] * 10)
        self.assertEqual(self.env["mrp.production"].search([("product_id", "=", self.feed.id)]), order)

    def test_shares_are_equal_and_lose_nothing(self):
        order = self.new_order(2500.0)
        order.move_raw_ids[0].product_uom_qty = 100.01
        self.run_task(1)
        self.assertEqual(self.queue().mapped("order_qty"), [833.34, 833.33, 833.33])
        self.assertEqual(self.planned(order, self.wheat), [33.34, 33.34, 33.33])
        for move in order.move_raw_ids:
            self.assertAlmostEqual(sum(self.planned(order, move.product_id)), move.product_uom_qty)

    def test_order_that_fits_is_one_batch(self):
        order = self.new_order(1000.0)
        self.run_task(1)
        self.assertRecordValues(self.queue(), [{"order_name": order.name, "part": 1, "part_count": 1, "order_qty": 1000.0}])

    def test_no_maximum_no_shares(self):
        self.controller.max_batch_qty = 0.0
        self.new_order(10_000.0)
        self.run_task(1)
        self.assertRecordValues(self.queue(), [{"planned_qty": 10_000.0, "part_count": 1}])

    def test_begun_order_goes_on_before_others(self):
        self.controller.batch_limit = 3
        order = self.new_order(5000.0)
        urgent = self.new_order(1000.0, priority="1", date_start="2020-01-01 00:00:00")
        order.plc_first = True
        self.run_task(1)
        self.assertEqual(self.queue().production_id, order)
        self.finish(*self.queue())
        self.run_task(3)
        self.assertEqual(order.state, "progress")
        self.run_task(1)
        self.assertEqual([batch.production_id for batch in self.queue()], [order, order, urgent])
        self.assertEqual(self.queue().mapped("part"), [4, 5, 1])

    def test_several_orders_in_one_fill(self):
        first, second = self.new_order(2000.0), self.new_order(3000.0)
        self.run_task(1)
        self.assertEqual(self.queue().mapped("production_id"), first | second)
        self.assertEqual(self.queue().mapped("part"), [1, 2, 1, 2, 3])

    def test_order_that_cannot_be_queued_says_why(self):
        order, good = self.new_order(3000.0), self.new_order()
        order.move_raw_ids[0].product_uom_qty = -1
        self.run_task(1)
        self.assertIn("must be at least 0", order.plc_reason)
        self.assertEqual(self.queue().production_id, good)

    def test_one_piece_is_too_heavy(self):
        self.env.ref("uom.decimal_product_uom").digits = 0
        self.feed.write({"uom_id": self.env.ref("uom.product_uom_unit").id, "weight": 1200.0})
        bom = self.new_bom(product_qty=1, product_uom_id=self.feed.uom_id.id)
        order = self.new_order(2.0, bom_id=bom.id)
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertTrue(order.plc_reason)

    def test_long_name_keeps_its_number(self):
        order = self.new_order(2000.0)
        order.name = "PLANT/MILL/00012-001"
        self.run_task(1)
        self.assertEqual(self.queue().mapped("order_name"), ["~LL/00012-001#01", "~LL/00012-001#02"])

    def test_hand_adds_in_pieces_are_shared_too(self):
        bags = self.new_product("Test bags", uom_id=self.env.ref("uom.product_uom_unit").id)
        order = self.new_order(3000.0, bom_id=self.new_bom([(self.wheat, 999.0), (bags, 2.5)]).id)
        self.run_task(1)
        self.assertEqual(self.planned(order, bags), [2.5, 2.5, 2.5])
