"""Task 1: the seed's four scenarios, and orders that cannot be queued."""

import logging
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ...models.orders import plc_task_fill
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestFill(MillCase):
    """The queue is filled only when it is empty."""

    def setUp(self):
        super().setUp()
        self.orders = [self.new_order() for _number in range(12)]

    def finish(self, batches):
        """As if the PLC had made them and Task 3 had closed their orders."""
        for batch in batches:
            batch._set_state("completed")
            batch.line_ids.write({"reported": True})
            for line in batch.line_ids:
                line.actual_qty = line.planned_qty
            batch.produced_qty = 1000
        self.run_task(3)

    def test_empty_queue_is_filled(self):
        self.run_task(1)
        self.assertRecordValues(
            self.queue(),
            [
                {"slot": slot, "state": "queued", "production_id": order.id, "planned_qty": 1000.0}
                for slot, order in enumerate(self.orders[:10], start=1)
            ],
        )

    def test_overtaken_it_is_tried_again(self):
        """It need not have been another fill: the exchange writes to the PLC's row, too, and an hour would be long."""
        triggers = self.env["ir.cron.trigger"]
        due = [("cron_id", "=", self.env.ref("plc_mo_batch.ir_cron_task_1").id)]
        triggers.search(due).unlink()
        with patch.object(type(self.env["plc.task.fill"]), "_fill", side_effect=SerializationFailure("concurrent update")):
            self.run_task(1)
        self.assertFalse(self.queue())
        [trigger] = triggers.search(due)
        self.assertLess(trigger.call_at, fields.Datetime.now() + timedelta(minutes=2))

    def test_busy_queue_is_skipped(self):
        self.run_task(1)
        before = self.queue()
        with self.assertLogs("odoo.addons.plc_mo_batch.models.common.plc_task", logging.INFO) as logs:
            self.run_task(1)
        self.assertEqual(self.queue(), before)
        self.assertIn("[TASK 1] mo_batch has 10 records: skipping, waiting for the PLC to finish", "\n".join(logs.output))

    def test_mixed_states_are_skipped(self):
        self.run_task(1)
        before = self.queue()
        before[0]._set_state("completed")
        before[1]._set_state("running")
        self.finish(before[2])
        self.run_task(1)
        self.assertEqual(self.queue(), before - before[2])

    def test_emptied_queue_is_filled_again(self):
        self.run_task(1)
        self.finish(self.queue())
        self.assertFalse(self.queue())
        self.run_task(1)
        self.assertEqual(self.queue().production_id.ids, [order.id for order in self.orders[10:]])
        self.assertEqual(len(self.history()), 10)

    def test_order_of_the_fill_is_priority_then_date(self):
        urgent, early = self.orders[11], self.orders[10]
        urgent.priority = "1"
        early.date_start = "2020-01-01 00:00:00"
        self.controller.batch_limit = 3
        self.run_task(1)
        self.assertEqual(self.queue().mapped("production_id"), urgent | early | self.orders[0])

    def test_queue_first(self):
        self.orders[7].plc_first = True
        self.orders[5].priority = "1"
        self.controller.batch_limit = 2
        self.run_task(1)
        self.assertEqual(self.queue().mapped("production_id"), self.orders[7] | self.orders[5])

    def test_only_what_is_available(self):
        self.controller.require_available = True
        for product, quantity in ((self.wheat, 650), (self.soy, 400), (self.molasses, 50), (self.salt, 20)):
            self.env["stock.quant"]._update_available_quantity(product, self.orders[3].location_src_id, quantity)
        self.orders[3].action_assign()
        self.run_task(1)
        self.assertEqual(self.queue().production_id, self.orders[3])

    def test_held_order_is_left_out(self):
        self.orders[0].plc_withheld = True
        self.run_task(1)
        self.assertNotIn(self.orders[0], self.queue().production_id)

    def test_switched_off(self):
        self.env["ir.config_parameter"].search([("key", "=", "plc_mo_batch.task_1_enabled")]).unlink()
        self.run_task(1)
        self.assertFalse(self.queue())

    def test_limit_is_a_setting(self):
        self.env["ir.config_parameter"].set_param("plc_mo_batch.batch_limit", "4")
        self.run_task(1)
        self.assertEqual(len(self.queue()), 4)


@tagged("post_install", "-at_install")
class TestRefusal(MillCase):
    """An order that cannot be queued says why; the others are queued."""

    def assertRefused(self, order, reason):
        good = self.new_order()
        self.run_task(1)
        self.assertEqual(self.queue().production_id, good)
        self.assertIn(reason, order.plc_reason)

    def test_too_large(self):
        self.assertRefused(self.new_order(30_000_000), "does not fit the PLC's layout")

    def test_name_is_not_ascii(self):
        order = self.new_order()
        order.name = "WH/MÖ/1"
        self.assertRefused(order, "only plain ASCII characters")

    def test_long_name_is_shortened_from_the_front(self):
        order = self.new_order()
        order.name = "PLANT/MILL/00012-001"
        self.run_task(1)
        self.assertEqual(self.queue().order_name, "~/MILL/00012-001")

    def test_name_that_another_order_goes_by(self):
        first, second = self.new_order(), self.new_order()
        first.name, second.name = "NORTH/MILL/00012-001", "SOUTH/MILL/00012-001"
        self.run_task(1)
        self.assertEqual(self.queue().production_id, first)
        self.assertIn("the PLC already has another order called ~/MILL/00012-001", second.plc_reason)

    def test_negative(self):
        order = self.new_order()
        order.move_raw_ids[0].product_uom_qty = -1
        self.assertRefused(order, "must be at least 0")

    def test_ambiguous_silo(self):
        self.controller.ambiguous_policy = "refuse"
        self.controller.equipment_ids[1].product_ids += self.wheat
        order = self.new_order()
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertIn("Test wheat is in Silo 101, Silo 102", order.plc_reason)
        self.bom.bom_line_ids[0].plc_equipment_id = self.controller.equipment_ids[0]
        self.run_task(1)
        self.assertEqual(self.queue().production_id, order)
        self.assertFalse(order.plc_reason)

    def test_two_components_of_one_silo(self):
        self.controller.equipment_ids[0].product_ids += self.salt
        order = self.new_order()
        self.run_task(1)
        self.assertIn("would both be dosed from Silo 101", order.plc_reason)

    def test_dosed_component_that_is_no_weight(self):
        unit = self.env.ref("uom.product_uom_unit")
        bags = self.new_product("Test bags", uom_id=unit.id)
        self.controller.equipment_ids[1].product_ids = bags
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 999), (bags, 1)]).id)
        self.run_task(1)
        self.assertIn("Test bags is counted in Units", order.plc_reason)

    def test_more_components_than_the_recipe_has_lines(self):
        products = [self.new_product(f"Test premix {number}") for number in range(16)]
        for code, product in enumerate(products, start=201):
            self.new_silo(code, product)
        self.controller.layout_id = layout = self.controller.layout_id.copy({"name": "Any codes"})
        codes = layout.area_ids.field_ids.filtered(lambda field: field.role == "line_code")
        any_code = [Command.update(field.area_id.id, {"field_ids": [Command.update(field.id, {"value": 0})]}) for field in codes]
        layout.write({"area_ids": any_code})
        order = self.new_order(bom_id=self.new_bom([(product, 62.5) for product in products]).id)
        self.assertRefused(order, "it has more dosed components than the PLC's recipe has lines")

    def test_unknown_equipment_code(self):
        self.controller.equipment_ids[0].code = 199
        order = self.new_order()
        self.run_task(1)
        self.assertIn("has code 199, which is not in the PLC's layout", order.plc_reason)

    def test_component_without_equipment_is_added_by_hand(self):
        self.new_order()
        self.run_task(1)
        self.assertRecordValues(
            self.queue().line_ids,
            [
                {"product_id": self.wheat.id, "code": 101, "planned_qty": 600.0},
                {"product_id": self.soy.id, "code": 102, "planned_qty": 352.25},
                {"product_id": self.molasses.id, "code": 114, "planned_qty": 33.3},
                {"product_id": self.salt.id, "code": 0, "planned_qty": 14.45},
            ],
        )

    def test_tons_become_kilograms(self):
        self.env.ref("uom.decimal_product_uom").digits = 5
        ton = self.env.ref("uom.product_uom_ton")
        self.new_order(1.0, product_uom_id=ton.id)
        self.run_task(1)
        self.assertEqual(self.queue().planned_qty, 1000.0)
        self.assertEqual(self.queue().line_ids[0].planned_qty, 600.0)

    def test_component_in_no_silo_by_policy(self):
        self.controller.missing_policy = "refuse"
        order = self.new_order()
        self.run_task(1)
        self.assertIn("Test salt is not in any silo or tank", order.plc_reason)

    def test_component_in_several_silos_by_policy(self):
        self.controller.ambiguous_policy = "hand"
        self.controller.equipment_ids[1].product_ids += self.wheat
        self.new_order()
        self.run_task(1)
        self.assertEqual(self.queue().line_ids[0].code, 0)

    def test_reason_is_cleared_when_it_no_longer_holds(self):
        self.controller.missing_policy = "refuse"
        order = self.new_order()
        self.run_task(1)
        self.assertTrue(order.plc_reason)
        self.controller.missing_policy = "hand"
        self.controller.batch_limit = 1
        self.new_order(priority="1")
        self.run_task(1)
        self.assertFalse(order.plc_batch_ids)
        self.assertFalse(order.plc_reason)

    def test_reasons_of_many_orders_are_looked_at_in_turn(self):
        self.controller.missing_policy = "refuse"
        orders = [self.new_order() for _number in range(5)]
        self.run_task(1)
        self.controller.missing_policy = "hand"
        self.controller.batch_limit = 1
        self.new_order(plc_first=True)
        with patch.object(plc_task_fill, "PAGE", 2):
            for _fill in range(6):
                self.run_task(1)
        self.assertFalse([order.name for order in orders if order.plc_reason])
