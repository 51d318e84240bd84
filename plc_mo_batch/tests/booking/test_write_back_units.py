"""Task 3: quantities in other units than the PLC's; exact, or refused where that can still be mended."""

from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestWriteBackUnits(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ton = cls.env.ref("uom.product_uom_ton")
        cls.gram = cls.env.ref("uom.product_uom_gram")
        cls.unit = cls.env.ref("uom.product_uom_unit")
        cls.dozen = cls.env.ref("uom.product_uom_dozen")

    def set_decimals(self, digits):
        self.env.ref("uom.decimal_product_uom").digits = digits
        self.env.invalidate_all()

    def new_recipe_order(self, product, quantity, uom=None):
        """An order of wheat from its silo and ``quantity`` of ``product`` from silo 103."""
        self.new_silo(103, product)
        bom = self.new_bom([(self.wheat, 600.0), (product, quantity)])
        if uom:
            bom.bom_line_ids[1].product_uom_id = uom
        return self.new_order(bom_id=bom.id)

    def book(self, order, kilograms, weight=0.0):
        batch = self.complete(order, actuals={101: 600.0, 103: kilograms}, weight=weight)
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "last_error": False}])

    def assert_refused(self, order, reason):
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertIn(reason, order.plc_reason)

    # Weights

    def test_component_in_tons_with_enough_decimals(self):
        self.set_decimals(5)
        order = self.new_recipe_order(self.new_product("Test lime"), 0.352, self.ton)
        self.book(order, 351.87)
        move = order.move_raw_ids[1]
        self.assertRecordValues(move, [{"product_uom": self.ton.id, "quantity": 0.35187, "state": "done"}])
        self.assertAlmostEqual(move.move_line_ids.quantity_product_uom, 351.87)

    def test_component_in_tons_would_lose_kilograms(self):
        order = self.new_recipe_order(self.new_product("Test lime"), 0.35, self.ton)
        self.assert_refused(order, "Test lime is counted in Ton with 2 decimals, which means steps of 10 kg")

    def test_stock_in_tons_would_lose_kilograms(self):
        lime = self.new_product("Test lime", uom_id=self.ton.id)
        order = self.new_recipe_order(lime, 350.0, self.kg)
        self.assert_refused(order, "Test lime is counted in Ton with 2 decimals")

    def test_hand_add_with_stock_in_tons_would_lose_kilograms(self):
        lime = self.new_product("Test lime", uom_id=self.ton.id)
        bom = self.new_bom([(self.wheat, 600.0), (lime, 12.5)])
        bom.bom_line_ids[1].product_uom_id = self.kg
        self.assert_refused(self.new_order(bom_id=bom.id), "Test lime is counted in Ton with 2 decimals")

    def test_order_in_tons(self):
        self.set_decimals(5)
        order = self.new_order(1.0, product_uom_id=self.ton.id)
        self.complete(order, weight=987.51)
        self.run_task(3)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 0.98751}])
        self.assertEqual(self.consumed(order)[self.wheat], 601.25)

    def test_order_in_tons_would_lose_kilograms(self):
        self.assert_refused(self.new_order(1.0, product_uom_id=self.ton.id), "Test feed is counted in Ton with 2 decimals")

    def test_component_in_grams(self):
        order = self.new_recipe_order(self.new_product("Test vitamin", uom_id=self.gram.id), 1250.0)
        self.assertEqual(order.state, "confirmed")
        self.book(order, 1.27)
        self.assertEqual(order.move_raw_ids[1].quantity, 1270.0)

    def test_reason_is_cleared_once_the_decimals_are_raised(self):
        order = self.new_order(1.0, product_uom_id=self.ton.id)
        self.assert_refused(order, "raise the decimal accuracy of Product Unit")
        self.set_decimals(5)
        self.run_task(1)
        self.assertEqual(self.queue().production_id, order)
        self.assertFalse(order.plc_reason)

    # Pieces

    def test_pieces_whose_weight_is_known(self):
        minerals = self.new_product("Test minerals 1 kg", uom_id=self.unit.id, weight=1.0)
        order = self.new_recipe_order(minerals, 12.0)
        self.run_task(1)
        self.assertEqual(self.queue().line_ids[1].planned_qty, 12.0)
        self.book(order, 12.25)
        self.assertEqual(order.move_raw_ids[1].quantity, 12.25)

    def test_dozens_of_pieces(self):
        self.set_decimals(4)
        drops = self.new_product("Test drops", uom_id=self.unit.id, weight=0.25)
        order = self.new_recipe_order(drops, 2.0, self.dozen)
        self.run_task(1)
        self.assertEqual(self.queue().line_ids[1].planned_qty, 6.0)
        self.book(order, 6.3)
        self.assertEqual(order.move_raw_ids[1].quantity, 2.1)

    def test_pieces_of_unknown_weight(self):
        order = self.new_recipe_order(self.new_product("Test bags", uom_id=self.unit.id), 2.0)
        self.assert_refused(order, "Test bags is counted in Units, but the PLC weighs in kg: enter the product's weight")

    def test_pieces_that_are_too_coarse(self):
        order = self.new_recipe_order(self.new_product("Test bags 25 kg", uom_id=self.unit.id, weight=25.0), 2.0)
        self.assert_refused(order, "which means steps of 0.25 kg")

    def test_product_made_in_pieces(self):
        self.set_decimals(4)
        bags = self.new_product("Test bagged feed", uom_id=self.unit.id, weight=25.0)
        bom = self.new_bom(product_tmpl_id=bags.product_tmpl_id.id, product_qty=40.0, product_uom_id=self.unit.id)
        order = self.new_order(40.0, product_id=bags.id, bom_id=bom.id)
        batch = self.complete(order, weight=998.5)
        self.assertEqual(batch.planned_qty, 1000.0)
        self.run_task(3)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 39.94}])

    # What was produced is the sum of components in several units

    def test_sum_of_the_components_counts_all_units(self):
        self.controller.weight_policy = "actuals"
        minerals = self.new_product("Test minerals 2 kg", uom_id=self.unit.id, weight=2.0)
        premix = self.new_product("Test premix", uom_id=self.gram.id)
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0), (minerals, 3.0), (premix, 500.0)]).id)
        self.complete(order, actuals={101: 601.25})
        self.run_task(3)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 607.75}])

    # Decimals that were lowered after the order was queued

    def test_later_loss_stops(self):
        self.set_decimals(5)
        order = self.new_order(1.0, product_uom_id=self.ton.id)
        batch = self.complete(order, weight=987.51)
        self.set_decimals(2)
        self.run_task(3)
        self.assertIn("Test feed is counted in Ton with 2 decimals", batch.last_error)
        self.assertEqual(order.state, "progress")
        self.set_decimals(5)
        batch.action_retry()
        self.run_task(3)
        self.assertEqual(order.qty_produced, 0.98751)
