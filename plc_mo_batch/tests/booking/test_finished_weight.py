"""The finished weight is judged: by the plan, and by what was consumed."""

from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..common import MillCase

AS_PLANNED = {101: 600.0, 102: 352.25, 114: 33.3}
HALF = {101: 300.0, 102: 176.125, 114: 16.65}
SALT = 14.45


@tagged("post_install", "-at_install")
class TestFinishedWeight(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")
        cls.boss = new_test_user(cls.env, "boss", groups="plc_mo_batch.group_manager")
        cls.controller.write({"responsible_id": cls.boss.id, "weight_tolerance_percent": 1.0, "weight_review_percent": 5.0})
        cls.put_in_stock(100000.0, cls.wheat, cls.soy, cls.molasses, cls.salt)

    def finish(self, weight, actuals=None, order=None):
        return self.complete(order or self.new_order(), actuals=actuals or AS_PLANNED, weight=weight)

    def hand_add(self, batch):
        return batch.line_ids.filtered(lambda line: not line.code)

    # Judged

    def test_table(self):
        for weight, actuals, state in (
            (1000.0, AS_PLANNED, "within"),
            (1010.0, AS_PLANNED, "within"),  # 1 % of 1000
            (1010.02, AS_PLANNED, "warn"),
            (990.0, AS_PLANNED, "within"),
            (989.98, AS_PLANNED, "warn"),
            (1050.0, AS_PLANNED, "warn"),
            (1050.02, AS_PLANNED, "review"),
            (949.98, AS_PLANNED, "review"),
            (0.88, AS_PLANNED, "review"),  # another factor than the layout's
            (2698.62, AS_PLANNED, "review"),
            (1000.0, {**AS_PLANNED, 101: 640.0}, "warn"),  # as planned, but 40 kg too much went in
            (1000.0, {**AS_PLANNED, 101: 500.0}, "review"),
            (1040.0, {**AS_PLANNED, 101: 640.0}, "warn"),  # as much as went in, but not as planned
            (507.2, HALF, "review"),  # what went in, hand-adds included
            (0.0, AS_PLANNED, False),  # not reported
            (1000.0, {**AS_PLANNED, 103: 40.0}, "warn"),  # besides the recipe, from a silo that nobody named
        ):
            with self.subTest(weight=weight, actuals=actuals):
                batch = self.finish(weight, actuals)
                self.assertEqual((batch.weight_state, batch.tolerance_state), (state, state))
                batch.write({"state": "done", "active": False})

    def test_what_was_dosed_alone(self):
        """A program that leaves the hand-adds out, and a layout that does not know."""
        for contains, hint in (("all", True), ("dosed", False)):
            layout = self.controller.layout_id = self.controller.layout_id.copy()
            layout.weight_contains = contains
            batch = self.finish(985.55 if hint else 950.0)
            with self.subTest(contains):
                self.assertEqual("without hand-adds" in (batch.remark or ""), hint)
            batch.write({"state": "done", "active": False})

    def test_wider_of_percent_and_kg(self):
        self.controller.weight_tolerance_kg = 20.0
        self.assertEqual(self.finish(1019.0).weight_state, "within")

    def test_no_limit_no_state(self):
        self.controller.write({"weight_tolerance_percent": 0.0, "weight_review_percent": 0.0})
        self.assertFalse(self.finish(1.0).weight_state)

    def test_new_plc_has_limits(self):
        new = self.env["plc.controller"].new({})
        self.assertEqual((new.weight_tolerance_percent, new.weight_review_percent), (5.0, 20.0))

    def test_limits_are_not_negative(self):
        for name in ("weight_tolerance_percent", "weight_tolerance_kg", "weight_review_percent", "weight_review_kg"):
            with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.cr.savepoint():
                self.controller[name] = -1.0
                self.controller.flush_recordset()

    def test_yield_of_the_plan_is_kept(self):
        self.bom.product_qty = 900.0  # a tenth of what goes in is water that leaves
        self.assertEqual(self.finish(900.0, order=self.new_order(900.0)).weight_state, "within")

    def test_worst_of_components_and_weight(self):
        self.controller.tolerance_percent = 1.0
        batch = self.finish(1040.0, {**AS_PLANNED, 101: 640.0})
        self.assertEqual((batch.tolerance_state, batch.weight_state), ("warn", "warn"))
        self.controller.write({"weight_tolerance_percent": 50.0, "weight_review_percent": 0.0})
        batch.state = "done"
        batch = self.finish(1000.0, {**AS_PLANNED, 101: 640.0})
        self.assertEqual((batch.tolerance_state, batch.weight_state), ("warn", "within"))

    # Told, held

    def test_booked_and_told(self):
        order = self.new_order()
        batch = self.finish(1030.0, order=order)
        self.run_task(3)
        remark = "Finished weight out of tolerance: 1030.00 kg, planned 1000.00, by consumption 1000.00."
        self.assertRecordValues(batch, [{"state": "done", "attention": False, "remark": remark}])
        self.assertEqual(batch.activity_ids.summary, "Out of tolerance")

    def test_held_until_it_is_released(self):
        order = self.new_order()
        batch = self.finish(2698.62, order=order)
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("completed", "progress"))
        self.assertEqual(
            batch.attention,
            "Finished weight far out of tolerance: 2698.62 kg, planned 1000.00, by consumption 1000.00. "
            "Review the batch, then release it.",
        )
        batch.with_user(self.operator).action_release_review("Weighed twice")
        self.run_task(3)
        self.assertEqual((batch.state, order.qty_produced), ("done", 2698.62))

    def test_held_until_the_right_weight_is_entered(self):
        order = self.new_order()
        batch = self.finish(0.88, order=order).with_user(self.operator)
        self.assertTrue(batch.is_action_set_weight_allowed)
        wizard = Form(self.env["mo.batch.weight"].with_user(self.operator).with_context(active_id=batch.id))
        self.assertIn("0.88 kg", wizard.reason)
        wizard.weight = 998.2
        wizard.save().action_confirm()
        self.assertRecordValues(
            batch,
            [
                {
                    "review_needed": False,
                    "attention": False,
                    "weight_state": "within",
                    "produced_qty": 998.2,
                    "finished_weight": 0.88,
                }
            ],
        )
        self.assertEqual(batch.sudo().journal_ids[0].message, f"{self.operator.name} entered 998.2 kg produced instead of 0.88.")
        self.assertFalse(batch.sudo().activity_ids)
        self.run_task(3)
        self.assertEqual((batch.state, order.qty_produced), ("done", 998.2))

    def test_entered_weight_is_judged_too(self):
        self.controller.weight_policy = "ask"
        batch = self.finish(0.0)
        batch.with_user(self.operator).action_set_weight(9982.0)  # a slip
        self.assertRecordValues(batch, [{"weight_needed": False, "review_needed": True, "weight_state": "review"}])
        batch.with_user(self.operator).action_set_weight(998.2)
        self.assertRecordValues(batch, [{"review_needed": False, "weight_state": "within", "produced_qty": 998.2}])

    def test_weight_does_not_end_a_review_of_components(self):
        self.controller.review_percent = 5.0
        batch = self.finish(0.88, {**AS_PLANNED, 101: 640.0})
        batch.with_user(self.operator).action_set_weight(1040.0)
        self.assertRecordValues(batch, [{"review_needed": True, "weight_state": "warn", "produced_qty": 1040.0}])
        self.assertIn("Test wheat +40.00 kg", batch.attention)

    def test_believed_weight_is_not_asked_for(self):
        batch = self.finish(1030.0)
        with self.assertRaises(UserError):
            batch.with_user(self.operator).action_set_weight(1000.0)

    def test_hand_adds_count_once_they_are_entered(self):
        self.controller.hand_add_policy = "typed"
        batch = self.finish(1060.0)
        self.assertFalse(self.hand_add(batch).typed)
        batch.with_user(self.operator).action_enter_hand_adds([[self.hand_add(batch).id, SALT + 60.0]])
        self.assertRecordValues(batch, [{"review_needed": True, "weight_state": "review"}])
        self.assertIn("planned 1000.00, by consumption 1060.00", batch.attention)

    # What it contains

    def test_without_hand_adds(self):
        self.controller.layout_id.weight_contains = "dosed"
        order = self.new_order()
        batch = self.finish(985.55, order=order)
        self.assertRecordValues(batch, [{"finished_weight": 985.55, "produced_qty": 1000.0, "weight_state": "within"}])
        self.run_task(3)
        self.assertAlmostEqual(order.qty_produced, 1000.0)

    def test_hand_adds_are_added_as_entered(self):
        self.controller.layout_id.weight_contains = "dosed"
        self.controller.hand_add_policy = "typed"
        batch = self.finish(985.55)
        batch.with_user(self.operator).action_enter_hand_adds([[self.hand_add(batch).id, 10.0]])
        self.assertAlmostEqual(batch.produced_qty, 995.55)

    def test_hand_adds_in_proportion_follow_what_was_dosed(self):
        self.controller.layout_id.weight_contains = "dosed"
        self.controller.hand_add_policy = "proportional"
        batch = self.finish(492.78, HALF)
        self.assertAlmostEqual(self.hand_add(batch)._consumed_qty(), 7.23)
        self.assertAlmostEqual(batch.produced_qty, 500.01)

    def test_entered_weight_stands_whatever_is_added(self):
        self.controller.layout_id.weight_contains = "dosed"
        batch = self.finish(0.88)
        batch.with_user(self.operator).action_set_weight(1001.0)
        batch.with_user(self.operator).action_enter_hand_adds([[self.hand_add(batch).id, 20.0]])
        self.assertRecordValues(batch, [{"produced_qty": 1001.0, "weight_typed": True}])
