"""A copy of an order that a PLC makes in several batches: its recipe is that of the order, whatever was posted of it."""

from odoo.fields import Command
from odoo.tests import tagged

from .test_shares import SharedOrderCase


@tagged("post_install", "-at_install")
class TestOrderCopied(SharedOrderCase):
    """1500 kg in three batches, with a by-product of 50 kg a ton."""

    def setUp(self):
        super().setUp()
        self.controller.max_batch_qty = 500.0
        self.bran = self.new_product("Test bran")
        values = {"product_id": self.bran.id, "product_qty": 50.0, "product_uom_id": self.kg.id, "cost_share": 10.0}
        self.bom.byproduct_ids = [Command.create(values)]
        self.order = self.new_order(1500.0)
        self.run_task(1)

    def book(self, *batches):
        self.finish(*batches)
        self.run_task(3)
        self.assertEqual({batch.state for batch in batches}, {"done"})

    def demands(self, order):
        moves = (order.move_raw_ids | order.move_finished_ids).sorted("id")
        return sorted((move.product_id.name, move.product_uom_qty, move.cost_share) for move in moves)

    def of(self, tons):
        """The demands of so many tons, each once."""
        components = [(self.wheat, 600.0), (self.soy, 352.25), (self.molasses, 33.3), (self.salt, 14.45)]
        moves = [(product.name, self.kg.round(quantity * tons), 0.0) for product, quantity in components]
        return sorted([*moves, ("Test bran", self.kg.round(50.0 * tons), 10.0), ("Test feed", 1000.0 * tons, 0.0)])

    def assert_copied(self, tons):
        copy = self.order.copy()
        for found, right in zip(self.demands(copy), self.of(tons), strict=True):
            self.assertEqual((found[0], found[2]), (right[0], right[2]))
            self.assertAlmostEqual(found[1], right[1], delta=0.011, msg=found[0])  # each batch's part is rounded
        self.assertFalse(any((copy.move_raw_ids | copy.move_finished_ids).mapped("additional")))

    def test_in_the_middle(self):
        self.book(self.batches(self.order)[0])
        self.assert_copied(1.5)

    def test_done(self):
        self.book(*self.batches(self.order))
        self.assertEqual(self.order.state, "done")
        self.assert_copied(1.5)

    def test_cancelled_in_the_middle(self):
        self.book(self.batches(self.order)[0])
        self.order.action_cancel()
        self.run_task(2)
        self.run_task(3)
        self.assertEqual(self.order.state, "done")
        self.assert_copied(1.5)

    def test_lowered_below_what_was_made(self):
        first, second, _third = self.batches(self.order)
        self.book(first, second)
        self.env["change.production.qty"].create({"mo_id": self.order.id, "product_qty": 700.0}).change_prod_qty()
        self.assert_copied(0.7)

    def test_component_added_by_a_person(self):
        self.book(self.batches(self.order)[0])
        vitamin = self.new_product("Test vitamin")
        values = {"product_id": vitamin.id, "product_uom_qty": 5.0, "product_uom": self.kg.id}
        self.order.write({"move_raw_ids": [Command.create(values)]})
        self.assertEqual(self.demands(self.order.copy()), sorted([*self.of(1.5), ("Test vitamin", 5.0, 0.0)]))

    def test_bom_made_of_it(self):
        """*Generate BoM*: each product once, with the sum."""
        *others, last = self.batches(self.order)
        self.book(*others)
        components, byproducts = self.generated()
        self.assertEqual(components, {self.wheat: 900.0, self.soy: 528.38, self.molasses: 49.95, self.salt: 21.68})
        self.assertEqual(byproducts, {self.bran: (75.0, 10.0)})
        self.book(last)
        self.assertEqual(self.generated(), (components, byproducts))
        self.order.bom_id = False
        self.assertTrue(self.order.show_generate_bom)
        context = {**self.order.action_generate_bom()["context"], "default_code": "New"}
        bom = self.env["mrp.bom"].with_context(**context).create({})
        self.assertEqual((bom.product_qty, len(bom.bom_line_ids), len(bom.byproduct_ids)), (1500.0, 4, 1))

    def test_bom_after_a_failed_batch(self):
        first, second, third = self.batches(self.order)
        self.book(first)
        second._store_actuals((101, 102, 114), (250.0, 0.0, 0.0))
        second._advance("failed", 0.0, {"acknowledged": True})
        second.action_set_disposition("withhold", "consume")
        self.run_task(3)
        self.assertEqual(self.generated()[0][self.wheat], 900.0)
        self.book(third)

    def test_bom_made_of_an_order_in_one_batch(self):
        self.controller.max_batch_qty = 0.0
        order = self.new_order(1000.0)
        commands = order._get_bom_values()
        self.assertEqual([len(each) for each in commands], [4, 1, 0])

    def generated(self):
        components, byproducts, _operations = self.order._get_bom_values()
        products = self.env["product.product"]
        found = [(products.browse(values["product_id"]), values["product_qty"]) for _command, _id, values in components]
        self.assertEqual(len(found), len(dict(found)), "each product once")
        bran = {
            products.browse(values["product_id"]): (values["product_qty"], values["cost_share"])
            for _command, _id, values in byproducts
        }
        return {product: self.kg.round(quantity) for product, quantity in found}, bran

    def test_copy_of_another_quantity(self):
        self.book(*self.batches(self.order))
        copy = self.order.copy()
        copy.product_qty = 3000.0
        copy.action_confirm()
        self.assertEqual(self.demands(copy), self.of(3.0))

    def test_copy_is_made(self):
        """By the PLC, and by hand; where stock has a value, its own value comes out of it."""
        self.book(*self.batches(self.order))
        self.controller.max_batch_qty = 0.0
        copies = self.order.copy() | self.order.copy({"plc_withheld": True})
        copies.action_confirm()
        by_plc, by_hand = copies
        self.run_task(1)
        self.book(*self.batches(by_plc))
        by_hand.with_context(skip_consumption=True).button_mark_done()
        for copy in copies:
            self.assertEqual((copy.state, len(copy.move_finished_ids)), ("done", 2))
        self.assertEqual(self.consumed(by_hand)[self.wheat], 900.0)
