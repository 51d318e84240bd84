"""Several silos of one product: which of them a recipe names."""

from odoo.tests import tagged

from ...models.orders.level_check import LevelCheck
from ..common import MillCase


class OrderOfUseCase(MillCase):
    """Wheat, 600 of 1000 kg, is in silos 101, 103 and 104, each a stock location."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for sequence, equipment in enumerate(cls.controller.equipment_ids):
            equipment.sequence = sequence
        cls.silos = {code: cls.new_silo(code, cls.wheat, sequence=code) for code in (103, 104)}
        cls.silos[101] = cls.controller.equipment_ids[0]
        cls.controller.action_make_silo_locations()

    def fill(self, **levels):
        """Levels in kg, by ``s101`` …; None: the silo is no stock location."""
        for name, kilograms in levels.items():
            silo = self.silos[int(name[1:])]
            if kilograms is None:
                silo.location_id = False
            else:
                self.env["stock.quant"]._update_available_quantity(self.wheat, silo.location_id, kilograms)

    def wheat_of(self, batch):
        return [(line.code, line.planned_qty) for line in batch.line_ids if line.product_id == self.wheat]

    def queue_one(self, quantity=1000.0):
        order = self.new_order(quantity)
        self.run_task(1)
        return order.plc_batch_ids

    def refusal(self, order):
        return self.env["plc.task.fill"]._refusal(
            self.controller, self.controller.layout_id._layout(), order, LevelCheck(self.controller)
        )


@tagged("post_install", "-at_install")
class TestOrderOfUse(OrderOfUseCase):
    def test_levels(self):
        for levels, expected in (
            ({"s101": 700, "s103": 700}, [(101, 600)]),
            ({"s101": 200, "s103": 700}, [(101, 200), (103, 400)]),
            ({"s103": 700}, [(103, 600)]),
            ({"s101": 200, "s103": 100, "s104": 900}, [(101, 200), (104, 400)]),
            ({"s101": 200, "s103": None}, [(101, 200), (103, 400)]),
            ({"s101": None}, [(101, 600)]),
            ({}, [(101, 600)]),  # the books are wrong: that never blocks
            ({"s101": -50, "s104": 600}, [(104, 600)]),
        ):
            with self.subTest(levels=levels), self.env.cr.savepoint() as savepoint:
                self.fill(**levels)
                batch = self.queue_one()
                self.assertEqual(self.wheat_of(batch), expected)
                self.assertEqual(sum(batch.line_ids.mapped("move_qty")), 1000.0, "the demand is claimed once")
                self.assertEqual(batch.line_ids.filtered("is_sister").mapped("code"), [code for code, _kg in expected[1:]])
                savepoint.rollback()

    def test_the_handle(self):
        self.fill(s101=700, s103=700)
        self.silos[103].sequence = -1
        self.assertEqual(self.wheat_of(self.queue_one()), [(103, 600)])

    def test_not_in_use(self):
        self.fill(s101=700, s103=700)
        self.silos[101].in_use = False
        self.assertEqual(self.wheat_of(self.queue_one()), [(103, 600)])

    def test_none_in_use(self):
        self.env["plc.equipment"].union(*self.silos.values()).in_use = False
        self.assertIn("is only in Silo 101, Silo 103, Silo 104, which is not in use", self.refusal(self.new_order()))

    def test_what_the_line_names(self):
        self.fill(s101=200, s103=700)
        self.bom.bom_line_ids[0].plc_equipment_id = self.silos[104]
        order = self.new_order()
        self.run_task(1)
        self.assertEqual(self.wheat_of(order.plc_batch_ids), [(104, 600)], "and no other")
        self.silos[104].in_use = False
        self.assertIn("is only in Silo 104, which is not in use", self.refusal(self.new_order()))

    def test_what_is_queued_counts(self):
        """1500 kg lie in the first: two batches and a half."""
        self.fill(s101=1500, s103=5000)
        orders = [self.new_order() for _number in range(4)]
        self.run_task(1)
        self.assertEqual(
            [self.wheat_of(order.plc_batch_ids) for order in orders],
            [[(101, 600)], [(101, 600)], [(101, 300), (103, 300)], [(103, 600)]],
        )

    def test_policies_of_old(self):
        self.fill(s101=700)
        self.controller.ambiguous_policy = "refuse"
        order = self.new_order()
        self.assertIn("Test wheat is in Silo 101, Silo 103, Silo 104: select on the BoM line", self.refusal(order))
        self.silos[103].in_use = self.silos[104].in_use = False
        self.assertFalse(self.refusal(order), "only one is in use")

    def test_a_layout_without_its_line(self):
        """A dose is split only where the PLC can be told so, and a silo that it does not know is left out."""
        self.fill(s101=200, s103=700, s104=700)
        self.silos[103].code = 199
        self.assertEqual(self.wheat_of(self.queue_one()), [(101, 200), (104, 400)])

    def test_the_product_twice(self):
        """As in a kit beside the formula: one dosing, divided."""
        self.fill(s101=350, s103=700)
        bom = self.new_bom([(self.wheat, 400), (self.wheat, 300), (self.soy, 300)])
        order = self.new_order(bom_id=bom.id)
        self.run_task(1)
        self.assertEqual(self.wheat_of(order.plc_batch_ids), [(101, 200), (101, 150), (103, 350)])

    def test_scales(self):
        self.fill(s101=590, s103=700)
        self.silos[103].least_dose = 50.0
        self.silos[101].dose_step = 20.0
        self.assertEqual(self.wheat_of(self.queue_one()), [(101, 540), (103, 60)])

    def test_by_hand_both_parts(self):
        """A dose in two parts, one of which is between two steps, is one component to the people who add it."""
        self.fill(s101=590, s103=700)
        self.silos[103].dose_step = 7.0
        self.controller.step_policy = "hand"
        self.assertEqual(self.wheat_of(self.queue_one()), [(0, 600)])

    def test_one_that_is_no_weight(self):
        """Levels of a product that is counted in something else, whose weight is not known: that is told as always."""
        unit = self.env.ref("uom.product_uom_unit")
        bags = self.new_product("Test bags", uom_id=unit.id)
        for silo in (self.silos[103], self.silos[104]):
            silo.product_ids += bags
        order = self.new_order(bom_id=self.new_bom([(self.soy, 999), (bags, 1)]).id)
        self.assertIn("Test bags is counted in Units", self.refusal(order))


@tagged("post_install", "-at_install")
class TestFrozenAgain(OrderOfUseCase):
    """A queued batch is looked at again at each exchange, a sent one compared: neither moves because a level did."""

    def sync(self, batch):
        batch._sync_with_order(self.controller.layout_id._layout())

    def test_levels_change(self):
        self.fill(s101=200, s103=700)
        batch = self.queue_one()
        before, journal = self.wheat_of(batch), batch.journal_ids
        for state in ("queued", "offered", "running"):
            with self.subTest(state=state):
                batch._set_state(state)
                self.fill(s101=100)
                self.sync(batch)
                self.assertEqual((self.wheat_of(batch), batch.order_changed), (before, False))
                self.assertEqual(batch.journal_ids, journal)

    def test_put_out_of_use(self):
        for state, expected in (("queued", [(103, 600)]), ("running", [(101, 600)])):
            with self.subTest(state=state), self.env.cr.savepoint() as savepoint:
                self.fill(s101=700, s103=700)
                batch = self.queue_one()
                batch._set_state(state)
                self.silos[101].in_use = False
                self.sync(batch)
                self.assertEqual((self.wheat_of(batch), batch.order_changed), (expected, False))
                savepoint.rollback()

    def test_the_order_is_raised(self):
        self.fill(s101=200, s103=900)
        batch = self.queue_one()
        order = batch.production_id
        self.env["change.production.qty"].create({"mo_id": order.id, "product_qty": 1200.0}).change_prod_qty()
        self.sync(batch)
        self.assertEqual(self.wheat_of(batch), [(101, 200), (103, 520)])

    def test_booked(self):
        """What two silos dosed leaves both, and closes the order."""
        self.fill(s101=200, s103=700)
        self.put_in_stock(5000.0, self.soy, self.molasses, self.salt)
        batch = self.queue_one()
        batch._store_actuals((101, 103, 102, 114), (198.0, 401.0, 352.25, 33.3))
        batch._advance("completed", 0.0, {})
        self.run_task(3)
        self.assertEqual((batch.state, batch.production_id.state), ("done", "done"))
        quants = self.env["stock.quant"].search([("product_id", "=", self.wheat.id), ("location_id.usage", "=", "internal")])
        left = {quant.location_id: quant.quantity for quant in quants if quant.quantity}
        self.assertEqual(left, {self.silos[101].location_id: 2.0, self.silos[103].location_id: 299.0})
        moves = batch.production_id.move_raw_ids.filtered(lambda move: move.product_id == self.wheat)
        self.assertEqual(sum(moves.mapped("quantity")), 599.0)
