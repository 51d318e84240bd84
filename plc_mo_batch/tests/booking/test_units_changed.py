"""Units, decimals, lots, products that change while a PLC has a batch: what it dosed is booked, or the change is refused."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import MillCase

MORE = 1.25  # kg that the PLC doses above the plan; below it if negative
WAY = {"queued": (), "offered": ("sending", "offered"), "running": ("sending", "offered", "running")}
WAY["completed"] = WAY["running"]


class Undo(Exception):
    """What was tried is over."""


@tagged("post_install", "-at_install")
class TestUnitsChanged(MillCase):
    """An order of 1000 kg, as one batch or the second of two, at each state of that batch."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gram, cls.ton, cls.pound, cls.unit = (
            cls.env.ref(f"uom.product_uom_{name}") for name in ("gram", "ton", "lb", "unit")
        )
        cls.put_in_stock(50_000.0, cls.wheat, cls.soy, cls.molasses, cls.salt)

    def each_state(self, check, states=("queued", "offered", "running", "completed"), counts=(1, 2)):
        for count in counts:
            for state in states:
                with self.subTest(state=state, batches=count):
                    try:
                        with self.env.cr.savepoint():
                            self.begin(state, count)
                            check()
                            raise Undo
                    except Undo:
                        self.env.registry.clear_cache("stable")  # of decimals
                        self.env.invalidate_all()

    def begin(self, state, count):
        self.controller.max_batch_qty = 500.0 if count > 1 else 0.0
        self.order, self.dosed = self.new_order(), 0.0
        self.run_task(1)
        if count > 1:
            first = self.queue()[:1]
            self.advance(first, *WAY["running"])
            self.finish(first)
            self.book()
        self.batch = self.queue()[:1]
        self.advance(self.batch, *WAY[state])
        if state == "completed":
            self.finish(self.batch)

    def advance(self, batch, *states):
        for state in states:
            batch._advance(state, 0.0, {})

    def finish(self, batch, more=MORE):
        planned = {line.code: line.planned_qty + more for line in batch.line_ids if line.code}
        self.dosed += planned[101]
        batch._store_actuals(planned.keys(), planned.values())
        batch._advance("completed", batch.planned_qty, {"acknowledged": True})

    def book(self):
        self.run_task(3)
        self.assertFalse([error for error in self.queue().mapped("last_error") if error])

    def look(self):
        for batch in self.queue():
            batch._sync_with_order(self.controller.layout_id._layout())

    def end(self, more=MORE):
        """The PLC makes it, and it is booked."""
        self.look()
        self.run_task(1)
        for batch in self.queue():
            if batch.state != "completed":
                self.advance(batch, "running")
                self.finish(batch, more)
        self.book()
        self.assertEqual((self.order.state, self.queue()), ("done", self.batch.browse()))

    def consumed(self, product):
        """kg that are gone from stock."""
        left = self.env["stock.quant"].search([("product_id", "=", product.id), ("location_id.usage", "=", "internal")])
        return 50_000.0 - product.uom_id._compute_quantity(sum(left.mapped("quantity")), self.kg, round=False)

    def component(self, product):
        return self.order.move_raw_ids._plc_open().filtered(lambda move: move.product_id == product)

    def assert_not_ours(self, change):
        """It is made, or refused by Odoo itself: accounting lets no unit change that journal entries name."""
        try:
            with self.env.cr.savepoint():
                change()
        except UserError as refusal:
            self.assertNotIn("batch", str(refusal))

    # The unit of a product, which Odoo renames without converting: 600 kg become 600 g

    def test_unit_of_a_product(self):
        for product, unit in ((self.wheat, self.gram), (self.salt, self.ton), (self.feed, self.pound), (self.wheat, self.unit)):

            def refused(product=product, unit=unit):
                with self.assertRaisesRegex(UserError, f"{self.order.name}.* cannot be changed: batch"):
                    product.uom_id = unit
                self.env.invalidate_all()
                self.assertEqual(product.uom_id, self.kg)
                self.end()
                self.assert_not_ours(lambda: product.write({"uom_id": unit.id}))  # the order is closed

            with self.subTest(product.name, unit=unit.name):
                self.each_state(refused, states=("queued", "completed"), counts=(2,))

    def test_unit_of_a_product_between_two_batches(self):
        """No batch is open, but a part of the order is made."""
        self.begin("queued", 2)
        self.batch.action_cancel("plan", "", "withhold")
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            self.wheat.uom_id = self.gram

    def test_unit_of_a_product_that_no_plc_makes(self):
        self.new_order(plc_withheld=True)
        self.salt.uom_id = self.gram
        self.assertEqual(self.bom.bom_line_ids[3].product_uom_id, self.gram)

    def test_unit_of_the_order(self):
        def refused():
            with self.assertRaisesRegex(UserError, f"{self.order.name}.* cannot be changed: batch"):
                self.order.write({"product_uom_id": self.gram.id, "product_qty": 1e6})
            self.env.invalidate_all()
            self.end()

        self.each_state(refused, states=("queued", "running"), counts=(2,))

    # The unit of a component, with its demand in it

    def test_unit_of_a_component(self):
        for product in (self.wheat, self.salt):
            for unit in (self.gram, self.pound):
                for more in (MORE, -MORE):

                    def changed(product=product, unit=unit, more=more):
                        move = self.component(product)
                        demand = move.product_uom._compute_quantity(move.product_uom_qty, unit)
                        move.write({"product_uom": unit.id, "product_uom_qty": demand})
                        self.end(more)
                        self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, delta=0.011)
                        self.assertAlmostEqual(self.consumed(self.salt), 14.45, delta=0.021)

                    with self.subTest(product.name, unit=unit.name, more=more):
                        self.each_state(changed, states=("queued", "running") if more > 0 else ("running",))

    def test_unit_of_a_component_alone(self):
        """600 kg become 600 g: the PLC makes what it was told, and that is booked; what is still queued is planned anew."""

        def changed():
            was_told = self.batch.state != "queued"
            self.component(self.wheat).product_uom = self.gram
            self.end()
            self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, delta=0.011)
            self.assertEqual(self.dosed > 500.0, was_told, self.dosed)

        self.each_state(changed, counts=(1,))

    def test_component_in_tons_asks(self):
        """A step of a ton would lose kilograms: the batch says what to do, and is booked then."""

        def changed():
            move = self.component(self.wheat)
            move.write({"product_uom": self.ton.id, "product_uom_qty": move.product_uom_qty / 1000})
            self.look()
            self.advance(self.batch, *(["running"] if self.batch.state == "offered" else []))
            if self.batch.state != "completed":
                self.finish(self.batch)
            self.run_task(3)
            self.assertIn("raise the decimal accuracy of Product Unit", self.batch.last_error)
            self.env.ref("uom.decimal_product_uom").digits = 5
            self.env.invalidate_all()
            self.batch.action_retry()
            self.end()
            self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, 2)

        self.each_state(changed, states=("offered", "completed"))

    def test_bom_line_and_update_bom(self):
        def changed():
            for index, quantity in ((0, 600_000.0), (3, 14_450.0)):
                self.bom.bom_line_ids[index].write({"product_uom_id": self.gram.id, "product_qty": quantity})
            self.order.action_update_bom()
            self.end()
            self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, 2)
            self.assertAlmostEqual(self.consumed(self.salt), 14.45, 2)

        self.each_state(changed, counts=(1,))

    # What else may change

    def test_decimals_below_the_steps_of_the_plc(self):
        def refused():
            with self.assertRaisesRegex(UserError, "quantities are stored with 1 decimals"):
                self.env.ref("uom.decimal_product_uom").digits = 1
            self.env.registry.clear_cache("stable")
            self.env.invalidate_all()
            self.end()
            self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, 2)

        self.each_state(refused, states=("running",))

    def test_decimals_while_no_batch_is_open(self):
        self.new_order()
        self.addCleanup(self.env.registry.clear_cache, "stable")
        self.env.ref("uom.decimal_product_uom").digits = 1

    def assert_made(self, change):
        def made():
            change()
            self.end()
            self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, 2)
            self.assertEqual(sum(self.order.move_finished_ids.mapped("quantity")), 1000.0)

        self.each_state(made, states=("queued", "running"))

    def test_archived(self):
        self.assert_made(lambda: (self.wheat | self.salt | self.feed).action_archive())

    def test_product_gets_lots(self):
        self.assert_made(lambda: self.feed.write({"tracking": "lot"}))

    def test_silo_holds_something_else(self):
        """What the recipe names is what was dosed; a batch that is queued is planned anew, without the PLC dosing it."""

        def changed():
            silo = self.controller.equipment_ids.filtered(lambda item: item.code == 101)
            silo.product_ids = [Command.set(self.new_product("Test rye").ids)]
            self.end()
            self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, 2)

        self.each_state(changed, states=("offered", "running", "completed"))

    def test_component_gets_lots(self):
        """The batch asks for the lot that is in the silo."""

        def changed():
            self.wheat.tracking = "lot"
            self.look()
            if self.batch.state != "completed":
                self.finish(self.batch)
            self.run_task(3)
            self.assertIn("is tracked by lot, but no lot is known", self.batch.last_error)
            lot = self.env["stock.lot"].create({"name": "L1", "product_id": self.wheat.id})
            self.batch.line_ids[:1].equipment_id.lot_id = lot
            self.batch.action_retry()
            self.end()
            self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, 2)

        self.each_state(changed, states=("running", "completed"))

    def test_component_loses_its_lots(self):
        def changed():
            self.soy.tracking = "none"
            self.end()
            self.assertAlmostEqual(self.consumed(self.wheat), self.dosed, 2)

        self.soy.tracking = "lot"
        lot = self.env["stock.lot"].create({"name": "L2", "product_id": self.soy.id})
        self.controller.equipment_ids.filtered(lambda item: item.code == 102).lot_id = lot
        self.each_state(changed, states=("running", "completed"))
