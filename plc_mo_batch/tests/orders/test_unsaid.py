"""A forgotten silo is no hand-add: hand-adds are what somebody said are hand-adds."""

from itertools import product as every

from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged

from ...models.orders.level_check import LevelCheck
from ..common import MillCase


class UnsaidCase(MillCase):
    """Soy, 352.25 of 1000 kg, is in no silo; salt, 14.45 kg, never was."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.equipment_ids.filtered(lambda item: item.code == 102).product_ids = False
        cls.soy_line = cls.bom.bom_line_ids[1]

    def say(self, on_line=False, on_product=False):
        self.soy_line.plc_added = on_line
        self.soy.plc_added = on_product

    def lines_of(self, order):
        return {line.product_id: line for line in order.plc_batch_ids.line_ids}


@tagged("post_install", "-at_install")
class TestUnsaid(UnsaidCase):
    """When an order is queued."""

    def test_a_new_plc_has_a_limit(self):
        self.assertRecordValues(self.controller, [{"unsaid_percent": 5.0, "unsaid_kg": 0.0, "missing_policy": "hand"}])

    def test_a_forgotten_silo(self):
        order = self.new_order()
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertEqual(
            order.plc_reason,
            "Test soy, Test salt would be added by hand, and nobody said so: 366.70 kg, 36.7 % of the batch. Enter the silo that "
            "holds it, or say on the product or the BoM line that it is added by hand",
        )
        self.new_silo(103, self.soy)
        self.run_task(1)
        self.assertEqual(self.queue().production_id, order)
        self.assertFalse(order.plc_reason)

    def test_who_said_what(self):
        """What the BoM line says goes before what the product says, and both before the PLC's policy."""
        order, said = self.new_order(), (False, "hand", "plc")
        for on_line, on_product, policy, limit in every(said, said, ("hand", "refuse"), (0, 5)):
            with self.subTest(line=on_line, product=on_product, policy=policy, limit=limit):
                self.say(on_line, on_product)
                self.controller.write({"missing_policy": policy, "unsaid_percent": limit})
                self.salt.plc_added = "hand"  # it is not what is asked here
                how = on_line or on_product
                is_queued = how == "hand" or not how and policy == "hand" and not limit
                reason = self.env["plc.task.fill"]._refusal(
                    self.controller, self.controller.layout_id._layout(), order, LevelCheck(self.controller)
                )
                self.assertEqual(not reason, is_queued, reason)
                if how == "plc" or policy == "refuse" and not is_queued:
                    self.assertEqual(reason, "Test soy is not in any silo or tank")

    def test_limits(self):
        """In percent of the batch or in kg, whichever allows more; both 0: none."""
        order = self.new_order()
        self.say(on_product="hand")
        layout = self.controller.layout_id._layout()
        for percent, kg, is_queued in (
            (0.0, 0.0, True), (1.44, 0.0, False), (1.45, 0.0, True), (0.0, 14.44, False), (0.0, 14.45, True), (1.0, 14.45, True),
        ):  # fmt: skip
            with self.subTest(percent=percent, kg=kg):
                self.controller.write({"unsaid_percent": percent, "unsaid_kg": kg})
                self.assertEqual(
                    not self.env["plc.task.fill"]._refusal(self.controller, layout, order, LevelCheck(self.controller)), is_queued
                )

    def test_what_cannot_be_weighed_does_not_count(self):
        bags = self.new_product("Test bags", uom_id=self.env.ref("uom.product_uom_unit").id)
        self.say(on_product="hand")
        self.new_order(bom_id=self.new_bom([(self.wheat, 1000), (bags, 40)]).id)
        self.run_task(1)
        self.assertEqual(len(self.queue()), 1)

    def test_said_by_hand_whatever_silo_holds_it(self):
        self.new_silo(103, self.soy)
        self.say(on_product="hand")
        order, layout = self.new_order(), self.controller.layout_id._layout()
        fill = self.env["plc.task.fill"]
        self.assertFalse(fill._refusal(self.controller, layout, order, LevelCheck(self.controller)))
        self.assertEqual(order.move_raw_ids[1]._plc_equipment(self.controller).code, 103, "the product is where no silo holds it")
        self.say(on_line="hand")
        self.assertFalse(order.move_raw_ids[1]._plc_equipment(self.controller), "the line is what people decided")

    def test_a_line_is_dosed_or_added(self):
        self.soy_line.plc_equipment_id = self.controller.equipment_ids[1]
        with self.assertRaisesRegex(ValidationError, "Test soy is either dosed from Silo 102 or added by hand"):
            self.soy_line.plc_added = "hand"

    def test_a_queued_batch_is_taken_back(self):
        self.controller.unsaid_percent = 0.0
        order = self.new_order()
        self.run_task(1)
        batch = self.queue()
        self.controller.unsaid_percent = 5.0
        batch._sync_with_order(self.controller.layout_id._layout())
        self.assertEqual(batch.state, "cancelled")
        self.assertIn("nobody said so", order.plc_reason)

    def test_in_several_silos_by_policy(self):
        """A component that silos hold is not forgotten: the PLC's policy says what happens to it."""
        self.new_silo(103, self.soy)
        self.new_silo(104, self.soy)
        self.controller.ambiguous_policy = "hand"
        order = self.new_order()
        self.run_task(1)
        self.assertRecordValues(self.lines_of(order)[self.soy], [{"code": 0, "unsaid": False}])

    def test_parts_are_judged_each(self):
        self.controller.write({"max_batch_qty": 500.0, "unsaid_percent": 0.0, "unsaid_kg": 183.36})
        order = self.new_order()
        self.run_task(1)
        self.assertEqual(len(order.plc_batch_ids), 2)


@tagged("post_install", "-at_install")
class TestUnsaidBooked(UnsaidCase):
    """When a batch has finished that was queued all the same, as before an upgrade or before the limit was set."""

    def finish(self, policy="planned", limit=5.0, say=False):
        boss = self.env.ref("base.user_admin").id
        self.controller.write({"unsaid_percent": 0.0, "hand_add_policy": policy, "responsible_id": boss})
        order = self.new_order()
        self.run_task(1)
        self.controller.unsaid_percent = limit
        if say:
            self.soy.plc_added = "hand"
        batch = self.queue()
        batch._store_actuals([101, 114], [600.0, 33.3])
        batch._advance("completed", 0.0, {})
        return order, batch

    def test_policies(self):
        """Each policy, with and without a limit, said meanwhile or not: nothing is booked in silence."""
        for policy, limit, say in every(("planned", "proportional", "typed"), (0.0, 5.0), (False, True)):
            with self.subTest(policy=policy, limit=limit, said=say), self.env.cr.savepoint() as savepoint:
                _order, batch = self.finish(policy, limit, say)
                is_asked = bool(limit) and not say
                self.assertEqual(batch.hand_adds_needed, is_asked or policy == "typed")
                self.assertEqual("Nobody said that these are added by hand" in (batch.attention or ""), is_asked)
                self.assertEqual(bool(batch.activity_ids), is_asked)
                self.run_task(3)
                self.assertEqual(batch.state, "completed" if batch.hand_adds_needed else "done")
                savepoint.rollback()

    def test_the_sentence(self):
        _order, batch = self.finish()
        self.assertEqual(
            batch.attention,
            "Nobody said that these are added by hand: Test soy, Test salt (366.70 kg, 36.7 % of the batch). "
            "Enter the hand-added quantities.",
        )

    def test_entered_it_is_booked(self):
        order, batch = self.finish()
        by_hand = self.lines_of(order)
        batch.action_enter_hand_adds([[by_hand[self.soy].id, 350.0]])
        self.assertTrue(batch.hand_adds_needed, "all of them are asked for")
        batch.action_enter_hand_adds([[by_hand[self.salt].id, 14.0]])
        self.assertRecordValues(batch, [{"hand_adds_needed": False, "attention": False}])
        self.run_task(3)
        self.assertEqual((batch.state, self.consumed(order)[self.soy]), ("done", 350.0))

    def test_within_the_limit_it_is_booked_as_before(self):
        _order, batch = self.finish(limit=40.0)
        self.assertRecordValues(batch, [{"hand_adds_needed": False, "attention": False}])

    def test_what_came_late(self):
        self.soy.plc_added = "hand"
        order = self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._set_state("running")
        lime = self.new_product("Test lime")
        order.move_raw_ids += self.env["stock.move"].create(order._get_move_raw_values(lime, 90.0, self.kg))
        batch._store_actuals([101, 114], [600.0, 33.3])
        batch._advance("completed", 0.0, {})
        self.assertTrue(batch.hand_adds_needed)
        self.assertIn("Nobody said that these are added by hand: Test salt, Test lime", batch.attention)


@tagged("post_install", "-at_install")
class TestSetupAsks(UnsaidCase):
    """The set-up page lists what is in no silo, and asks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "asked_manager", groups="plc_mo_batch.group_manager")
        cls.new_order()

    def connect(self):
        self.controller.write({"picking_type_ids": False, "port": 1})
        values = {"host": "127.0.0.1", "picking_type_ids": self.picking_type.ids}
        setup = self.env["plc.setup"].with_user(self.manager).create(values)
        setup.action_next()
        setup.line_ids[0].product_ids = self.wheat
        setup.line_ids[1].product_ids = self.molasses
        setup.is_checked = True
        setup.action_connect()
        return setup

    def test_what_is_asked(self):
        setup = self.connect()
        self.assertRecordValues(setup, [{"step": "components", "controller_id": False}])
        self.assertRecordValues(
            setup.component_ids,
            [
                {"product_id": self.soy.id, "percent": 35.23, "added": False},
                {"product_id": self.salt.id, "percent": 1.45, "added": False},
            ],
        )
        setup.component_ids[1].added = "hand"
        setup.action_connect()
        self.assertEqual(setup.step, "done")
        self.assertEqual((self.salt.plc_added, self.soy.plc_added), ("hand", False))
        self.assertEqual(setup.controller_id.equipment_ids[:1].product_ids, self.wheat)

    def test_back_to_the_silos(self):
        setup = self.connect()
        setup.action_back()
        self.assertEqual(setup.step, "silos")
        setup.line_ids[2].product_ids = self.soy
        setup.line_ids[3].product_ids = self.salt
        setup.is_checked = True
        setup.action_connect()
        self.assertEqual(setup.step, "done", "nothing is left to ask")

    def test_what_is_said_gets_no_silo(self):
        self.salt.plc_added = "hand"
        setup = self.connect()
        setup.action_suggest()
        self.assertEqual(setup.line_ids.product_ids, self.wheat | self.molasses | self.soy)

    def test_what_was_said_is_not_asked(self):
        self.say(on_line="hand")
        self.salt.plc_added = "hand"
        self.assertEqual(self.connect().step, "done")

    def test_kits_bags_and_other_mills(self):
        unit = self.env.ref("uom.product_uom_unit")
        bags, premix, vitamin = self.new_product("Bags", uom_id=unit.id), self.new_product("Premix"), self.new_product("E")
        self.new_bom([(vitamin, 1000)], product_tmpl_id=premix.product_tmpl_id.id, type="phantom")
        bom = self.new_bom([(self.wheat, 900), (premix, 100), (bags, 40)], picking_type_id=self.picking_type.id)
        elsewhere = self.picking_type.copy()
        self.new_bom([(self.new_product("Test other"), 1000)], picking_type_id=elsewhere.id)
        setup = self.connect()
        self.assertEqual(setup.component_ids.product_id, self.soy | self.salt | vitamin)
        self.assertEqual(bom.picking_type_id, setup.picking_type_ids)
