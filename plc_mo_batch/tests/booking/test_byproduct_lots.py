"""Lots of by-products: those that people enter on the order reach the batch at work; without one, Odoo makes one."""

from odoo.fields import Command
from odoo.tests import tagged

from ..orders.test_shares import SharedOrderCase


@tagged("post_install", "-at_install")
class TestByproductLots(SharedOrderCase):
    in_line_of_demand = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bran = cls.new_product("Test bran", tracking="lot")
        cls.bom.byproduct_ids = [Command.create({"product_id": cls.bran.id, "product_qty": 100.0, "product_uom_id": cls.kg.id})]

    def start(self, count=1):
        order = self.new_order(1000.0 * count)
        self.run_task(1)
        return order, list(self.batches(order))

    def new_lot(self, name, product=None):
        return self.env["stock.lot"].create({"name": name, "product_id": (product or self.bran).id})

    def enter(self, order, name, quantity):
        """A person enters a lot in the details of the order's by-product: in Odoo's line of the demand, or in another one."""
        move = order.move_byproduct_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        lot = self.env["stock.lot"].search([("name", "=", name), ("product_id", "=", move.product_id.id)]) or self.new_lot(name)
        line = move.move_line_ids.filtered(lambda item: not item.lot_id)
        if self.in_line_of_demand and line:
            line.write({"lot_id": lot.id, "quantity": quantity})
        else:
            values = {**move._prepare_move_line_vals(quantity=0), "lot_id": lot.id, "quantity": quantity}
            move.move_line_ids = [Command.create(values)]
        return lot

    def book(self, *batches, weight=990.0):
        for batch in batches:
            if batch.state != "completed":
                self.finish(batch, weight=weight)
            batch.next_try = False
        self.run_task(3)
        for batch in batches:
            self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])

    def made(self, order):
        """(lot, quantity) of what was made of it, batch by batch."""
        done = order.move_byproduct_ids.filtered(lambda move: move.state == "done").move_line_ids.filtered("quantity")
        kinds = done.grouped(lambda item: (item.move_id, item.lot_id))
        return [(lot.name, round(sum(items.mapped("quantity")), 2)) for (_move, lot), items in kinds.items()]

    def assertMade(self, order, *expected):
        self.assertEqual(sorted(self.made(order)), sorted(expected))
        self.assertEqual(order.state, "done")

    def test_one_batch(self):
        order, (batch,) = self.start()
        self.enter(order, "BRAN1", 100.0)
        self.book(batch)
        self.assertMade(order, ("BRAN1", 99.0))

    def test_one_lot_for_all_batches(self):
        """Whatever quantity the person entered it with."""
        for quantity in (300.0, 100.0, 20.0, 0.0):
            with self.subTest(quantity):
                order, batches = self.start(3)
                self.enter(order, "BRAN1", quantity)
                for batch in batches:
                    self.book(batch)
                self.assertMade(order, *[("BRAN1", 99.0)] * 3)

    def test_all_batches_at_once(self):
        order, batches = self.start(3)
        self.enter(order, "BRAN1", 300.0)
        self.book(*batches)
        self.assertMade(order, *[("BRAN1", 99.0)] * 3)

    def test_lot_of_each_batch_entered_before_all(self):
        order, batches = self.start(2)
        self.enter(order, "BRAN1", 100.0)
        self.enter(order, "BRAN2", 100.0)
        for batch in batches:
            self.book(batch)
        self.assertMade(order, ("BRAN1", 99.0), ("BRAN2", 99.0))

    def test_lot_entered_between_batches(self):
        order, (first, second, third) = self.start(3)
        self.enter(order, "BRAN1", 100.0)
        self.book(first)
        self.enter(order, "BRAN2", 100.0)
        self.book(second)
        self.book(third)
        self.assertMade(order, ("BRAN1", 99.0), ("BRAN2", 99.0), ("BRAN2", 99.0))

    def test_more_than_planned_is_of_the_same_lot(self):
        order, batches = self.start(2)
        self.enter(order, "BRAN1", 100.0)
        self.enter(order, "BRAN2", 100.0)
        for batch in batches:
            self.book(batch, weight=1100.0)
        self.assertMade(order, ("BRAN1", 110.0), ("BRAN2", 110.0))

    def test_without_a_lot_odoo_makes_one(self):
        """Named as Odoo names new lots; all batches of an order have the same, as its product has one."""
        for count in (1, 3):
            with self.subTest(count):
                order, batches = self.start(count)
                for batch in batches:
                    self.book(batch)
                lots = order.move_byproduct_ids.move_line_ids.lot_id
                self.assertEqual(len(lots), 1)
                self.assertMade(order, *[(lots.name, 99.0)] * count)

    def test_each_order_has_its_own(self):
        orders = [self.new_order() for _number in range(2)]
        self.run_task(1)
        self.book(*self.queue())
        self.assertEqual(len({order.move_byproduct_ids.move_line_ids.lot_id for order in orders}), 2)

    def test_name_that_is_taken(self):
        order, (batch,) = self.start()
        following = self.bran.lot_sequence_id.get_next_char(self.bran.lot_sequence_id.number_next_actual)
        self.new_lot(following)
        self.book(batch)
        self.assertNotEqual(self.made(order)[0][0], following)

    def test_operation_type_that_allows_no_new_lots(self):
        """The batch stops, and says where to enter it."""
        self.picking_type.use_create_lots = False
        for count in (1, 2):
            with self.subTest(count):
                order, batches = self.start(count)
                self.finish(batches[0], weight=990.0)
                self.run_task(3)
                self.assertEqual(batches[0].state, "completed")
                self.assertEqual(
                    batches[0].last_error,
                    "Test bran is a by-product with lots or serial numbers, and none is entered. Enter it on order "
                    f"{order.name}: under By-Products, in the details of the line.",
                )
                self.enter(order, "BRAN1", 100.0)
                self.book(*batches)
                self.assertMade(order, *[("BRAN1", 99.0)] * count)

    def test_operation_type_without_lots(self):
        self.picking_type.write({"use_create_lots": False, "use_existing_lots": False})
        order, batches = self.start(2)
        self.book(*batches)
        self.assertMade(order, *[(False, 99.0)] * 2)

    def test_ticked_by_a_person(self):
        """It is booked as it was entered, with the lot that it lacked."""
        for count in (1, 2):
            with self.subTest(count):
                order, batches = self.start(count)
                order.move_byproduct_ids.write({"quantity": 90.0, "picked": True})
                for batch in batches:
                    self.book(batch)
                ((lot, quantity),) = self.made(order)
                self.assertTrue(lot)
                self.assertEqual(quantity, 90.0)

    def test_serial_numbers(self):
        """Which pieces they are only a person knows."""
        unit = self.env.ref("uom.product_uom_unit")
        core = self.new_product("Test core", tracking="serial", uom_id=unit.id)
        self.bom.byproduct_ids = [
            Command.clear(),
            Command.create({"product_id": core.id, "product_qty": 2.0, "product_uom_id": unit.id}),
        ]
        order, (batch,) = self.start()
        self.finish(batch)
        self.run_task(3)
        self.assertIn("Test core is a by-product with lots or serial numbers, and none is entered.", batch.last_error)
        move = order.move_byproduct_ids
        move.move_line_ids = [
            Command.create({**move._prepare_move_line_vals(quantity=0), "lot_id": self.new_lot(name, core).id, "quantity": 1.0})
            for name in ("C1", "C2")
        ]
        self.book(batch)
        self.assertMade(order, ("C1", 1.0), ("C2", 1.0))

    def test_two_byproducts(self):
        dust = self.new_product("Test dust", tracking="lot")
        self.bom.byproduct_ids = [Command.create({"product_id": dust.id, "product_qty": 10.0, "product_uom_id": self.kg.id})]
        order, batches = self.start(2)
        self.book(*batches)
        lots = {move.product_id: move.move_line_ids.lot_id for move in order.move_byproduct_ids}
        self.assertEqual({product: lot.product_id for product, lot in lots.items()}, {self.bran: self.bran, dust: dust})

    def test_backorder(self):
        """What is left is made with a lot of its own."""
        self.controller.write({"backorder_policy": "short", "backorder_percent": 1.0})
        order, (first, second) = self.start(2)
        self.enter(order, "BRAN1", 200.0)
        self.book(first)
        self.book(second, weight=500.0)
        self.assertMade(order, ("BRAN1", 99.0), ("BRAN1", 50.0))
        rest = order.production_group_id.production_ids - order
        self.assertFalse(rest.move_byproduct_ids.move_line_ids.lot_id)
        self.assertRecordValues(rest.move_byproduct_ids, [{"product_uom_qty": 51.0}])


@tagged("post_install", "-at_install")
class TestByproductLotsBeside(TestByproductLots):
    """The same, but people enter each lot in a line of its own, beside the one that Odoo made of the demand."""

    in_line_of_demand = False
