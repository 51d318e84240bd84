"""What a silo can weigh: checked when the recipe is frozen, and when an order is divided into batches."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ...models.orders.level_check import LevelCheck
from ..common import MillCase

WHEAT, SOY, MOLASSES, SALT = 600.0, 352.25, 33.3, 14.45  # of 1000 kg


class ScaleCase(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.silos = {equipment.code: equipment for equipment in cls.controller.equipment_ids}

    def limit(self, code, least=0.0, most=0.0, step=0.0):
        self.silos[code].write({"least_dose": least, "most_dose": most, "dose_step": step})

    def planned(self, order):
        """By product: where it is dosed from, and how much."""
        return {line.product_id: (line.code, line.planned_qty) for line in order.plc_batch_ids.line_ids}

    def refusal(self, order):
        return self.env["plc.task.fill"]._refusal(
            self.controller, self.controller.layout_id._layout(), order, LevelCheck(self.controller)
        )


@tagged("post_install", "-at_install")
class TestScales(ScaleCase):
    """Each limit, with each policy."""

    def test_table(self):
        told = "Silo 102 cannot dose 352.25 kg of Test soy: "
        for limits, policies, expected in (
            ({}, {}, SOY),
            ({"least": 352.25, "most": 352.25, "step": 0.25}, {}, SOY),
            ({"least": 352.26}, {}, told + "its least dose is 352.26"),
            ({"most": 352.24}, {}, told + "its most dose is 352.24"),
            ({"step": 0.5}, {}, told + "its scale has steps of 0.5"),
            ({"least": 400}, {"dose_policy": "hand"}, 0),
            ({"most": 300}, {"dose_policy": "hand"}, 0),
            ({"step": 0.5}, {"dose_policy": "hand"}, told + "its scale has steps of 0.5"),
            ({"step": 0.5}, {"step_policy": "hand"}, 0),
            ({"least": 400}, {"step_policy": "round"}, told + "its least dose is 400"),
            ({"step": 0.5}, {"step_policy": "round", "filler_id": self.wheat.id}, 352.5),
            ({"step": 0.5, "most": 352.4}, {"step_policy": "round", "filler_id": self.wheat.id}, 352.0),
            ({"step": 100}, {"step_policy": "round", "filler_id": self.wheat.id}, 400.0),
        ):
            with self.subTest(limits=limits, policies=policies), self.env.cr.savepoint() as savepoint:
                self.limit(102, **limits)
                self.controller.write(policies)
                order = self.new_order()
                self.run_task(1)
                if isinstance(expected, str):
                    self.assertEqual(order.plc_reason, expected)
                else:
                    self.assertFalse(order.plc_reason)
                    code, quantity = self.planned(order)[self.soy]
                    self.assertEqual((code, quantity), (102, expected) if expected else (0, SOY))
                    self.assertAlmostEqual(sum(quantity for _code, quantity in self.planned(order).values()), 1000.0)
                savepoint.rollback()

    def test_a_dose_by_hand_was_said(self):
        """The policy says it: it is no forgotten silo."""
        self.limit(101, most=500.0)
        self.controller.dose_policy = "hand"
        order = self.new_order()
        self.run_task(1)
        line = order.plc_batch_ids.line_ids[0]
        self.assertRecordValues(line, [{"code": 0, "equipment_id": False, "planned_qty": WHEAT, "unsaid": False}])

    def test_nothing_is_no_dose(self):
        self.limit(114, least=5.0)
        order = self.new_order()
        order.move_raw_ids[2].product_uom_qty = 0.0
        self.assertFalse(self.refusal(order))

    def test_one_dosing_for_several_components(self):
        """As in a kit beside the formula: the silo doses them at once."""
        self.limit(101, least=500.0)
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 400), (self.wheat, 300), (self.soy, 300)]).id)
        self.assertFalse(self.refusal(order))
        self.limit(101, most=500.0)
        self.assertIn("cannot dose 700 kg of Test wheat", self.refusal(order))
        self.limit(101, step=300.0)
        self.controller.write({"step_policy": "round", "filler_id": self.soy.id})
        self.run_task(1)
        self.assertEqual(order.plc_batch_ids.line_ids.mapped("planned_qty"), [300.0, 300.0, 400.0])

    def test_a_silo_weighs_something(self):
        with self.assertRaisesRegex(ValidationError, "Silo 101 cannot weigh anything"):
            self.limit(101, least=6.0, most=9.0, step=5.0)

    def test_a_queued_recipe_stays(self):
        """It is frozen again at each exchange, and rounds to the same."""
        self.limit(102, step=0.5)
        self.controller.write({"step_policy": "round", "filler_id": self.wheat.id})
        order = self.new_order()
        self.run_task(1)
        batch, journal = self.queue(), self.queue().journal_ids
        batch._sync_with_order(self.controller.layout_id._layout())
        self.assertEqual((batch.state, batch.journal_ids), ("queued", journal))
        batch._set_state("offered")
        batch._sync_with_order(self.controller.layout_id._layout())
        self.assertFalse(batch.order_changed)
        self.assertFalse(order.plc_reason)


@tagged("post_install", "-at_install")
class TestFiller(ScaleCase):
    """Who takes the rest of what was rounded."""

    def setUp(self):
        super().setUp()
        self.limit(102, step=0.5)
        self.controller.step_policy = "round"

    def test_dosed(self):
        self.controller.filler_id = self.wheat
        order = self.new_order()
        self.run_task(1)
        self.assertEqual(self.planned(order)[self.wheat], (101, WHEAT - 0.25))

    def test_by_hand(self):
        self.controller.filler_id = self.salt
        order = self.new_order()
        self.run_task(1)
        self.assertEqual(self.planned(order)[self.salt], (0, SALT - 0.25))

    def test_by_hand_in_grams(self):
        gram = self.env.ref("uom.product_uom_gram")
        pinch = self.new_product("Test pinch", uom_id=gram.id, plc_added="hand")
        self.controller.filler_id = pinch
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 640), (self.soy, 352.25), (pinch, 7750)]).id)
        self.run_task(1)
        self.assertEqual(self.planned(order)[pinch], (0, 7500.0))

    def test_its_own_steps_are_not_kept(self):
        self.controller.filler_id = self.wheat
        self.limit(101, step=100.0)
        order = self.new_order()
        self.run_task(1)
        self.assertEqual(self.planned(order)[self.wheat], (101, WHEAT - 0.25))

    def test_none_in_the_order(self):
        for filler in (self.env["product.product"], self.new_product("Test bran")):
            self.controller.filler_id = filler
            reason = self.refusal(self.new_order())
            self.assertIn("Silo 102 cannot dose 352.25 kg of Test soy: its scale has steps of 0.5. It would be rounded", reason)
            self.assertIn("is the filler of Test PLC", reason)

    def test_its_limits(self):
        self.controller.filler_id = self.wheat
        self.limit(101, least=WHEAT)
        self.assertIn("Silo 101 cannot dose 599.75 kg of Test wheat: its least dose is 600", self.refusal(self.new_order()))

    def test_too_little_of_it(self):
        self.limit(102, step=500.0)
        self.controller.filler_id = self.salt
        self.assertIn("too little of the filler", self.refusal(self.new_order()))

    def test_actuals_are_held_against_what_was_sent(self):
        self.controller.filler_id = self.wheat
        order = self.new_order()
        self.complete(order, actuals={101: 599.75, 102: 352.5, 114: MOLASSES})
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertEqual(self.consumed(order)[self.soy], 352.5)
        self.assertFalse(any(order.plc_batch_ids.line_ids.mapped("deviation_qty")))


@tagged("post_install", "-at_install")
class TestPartsAndScales(ScaleCase):
    """An order that is made in several batches."""

    def sizes(self, order):
        return order.plc_batch_ids.sorted("part").mapped("order_qty")

    def test_more_parts_for_a_dose_that_is_too_large(self):
        self.controller.max_batch_qty = 1000.0
        self.limit(101, most=200.0)
        order = self.new_order()
        self.run_task(1)
        self.assertFalse(order.plc_reason)
        self.assertEqual([round(size, 1) for size in self.sizes(order)], [333.3, 333.3, 333.3])
        self.assertAlmostEqual(sum(self.sizes(order)), 1000.0)

    def test_not_so_many_that_another_is_too_small(self):
        self.controller.max_batch_qty = 1000.0
        self.limit(101, most=200.0)
        self.limit(114, least=20.0)
        self.assertIn("its most dose is 200", self.refusal(self.new_order()))

    def test_parts_are_even(self):
        """One kilogram more than the mixer takes: no part is that kilogram."""
        self.controller.max_batch_qty = 1000.0
        self.limit(114, least=10.0)
        order = self.new_order(1001.0)
        self.run_task(1)
        self.assertEqual(self.sizes(order), [500.5, 500.5])

    def test_an_order_that_was_raised(self):
        """The batch that is queued keeps its size, unless what is left could not be weighed: then both are even."""
        self.controller.max_batch_qty = 1000.0
        for least, sizes in ((0.0, [1000.0]), (5.0, [515.0])):
            with self.subTest(least=least), self.env.cr.savepoint() as savepoint:
                self.limit(114, least=least)
                order = self.new_order()
                self.run_task(1)
                order.product_qty = 1030.0
                self.env["change.production.qty"].create({"mo_id": order.id, "product_qty": 1030.0}).change_prod_qty()
                batch = self.queue()
                batch._sync_with_order(self.controller.layout_id._layout())
                self.assertEqual(self.sizes(order), sizes)
                savepoint.rollback()

    def test_what_is_left_is_told(self):
        """The first batch is handed over: 30 kg of it are left, with a dose that nobody can weigh."""
        self.controller.max_batch_qty = 1000.0
        self.limit(114, least=5.0)
        order = self.new_order()
        self.run_task(1)
        self.queue()._set_state("offered")
        self.env["change.production.qty"].create({"mo_id": order.id, "product_qty": 1030.0}).change_prod_qty()
        self.assertIn("Tank 114 cannot dose 1 kg of Test molasses: its least dose is 5", self.refusal(order))
