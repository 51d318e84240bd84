"""Deviations of what was dosed: within, told, or held for review; and the BoM's own wish."""

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ...plc.steps import Anomaly
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestTolerance(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")
        cls.boss = new_test_user(cls.env, "boss", groups="plc_mo_batch.group_manager")
        cls.controller.responsible_id = cls.boss
        cls.silo_101, cls.silo_102, cls.tank = cls.controller.equipment_ids.sorted("code")
        cls.put_in_stock(10000.0, cls.wheat, cls.soy, cls.molasses, cls.salt)

    def dose(self, wheat=600.0, soy=352.25, molasses=33.3, order=None):
        """The completed batch of an order for 600, 352.25 and 33.3 kg."""
        return self.complete(order or self.new_order(), actuals={101: wheat, 102: soy, 114: molasses})

    def states(self, batch):
        return batch.line_ids.mapped("tolerance_state")

    # Limits

    def test_no_limit_no_state(self):
        batch = self.dose(wheat=1.0)
        self.assertEqual(self.states(batch), [False] * 4)
        self.assertFalse(batch.tolerance_state)

    def test_wider_of_percent_and_kg(self):
        self.controller.write({"tolerance_percent": 1.0, "tolerance_kg": 0.5})
        batch = self.dose(wheat=606.0, soy=348.72, molasses=33.81)
        self.assertEqual(self.states(batch), ["within", "warn", "warn", False])
        self.assertEqual(batch.tolerance_state, "warn")

    def test_equipment_goes_before_its_plc(self):
        self.controller.tolerance_percent = 1.0
        self.silo_101.tolerance_kg = 20.0
        self.assertEqual(self.states(self.dose(wheat=619.0, soy=340.0)), ["within", "warn", "within", False])

    def test_hold_alone(self):
        self.tank.review_kg = 5.0
        batch = self.dose(wheat=700.0, molasses=39.0)
        self.assertEqual(self.states(batch), [False, False, "review", False])

    def test_off_recipe_dosing_is_a_deviation(self):
        self.controller.tolerance_kg = 0.5
        self.new_silo(103, self.new_product("Test maize"))
        batch = self.complete(self.new_order(), actuals={101: 600.0, 102: 352.25, 103: 12.5, 114: 33.3})
        self.assertEqual(self.states(batch)[-1], "warn")

    def test_state_is_that_of_the_time_of_dosing(self):
        self.controller.tolerance_percent = 1.0
        batch = self.dose(wheat=650.0)
        self.controller.tolerance_percent = 50.0
        self.env.invalidate_all()
        self.assertEqual(batch.tolerance_state, "warn")

    def test_batch_that_still_runs_is_not_judged(self):
        self.controller.tolerance_percent = 1.0
        self.new_order()
        self.run_task(1)
        self.queue()._store_actuals([101], [25.0])
        self.assertFalse(self.queue().tolerance_state)

    def test_limits_are_not_negative(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.cr.savepoint():
            self.silo_101.tolerance_kg = -1.0
            self.silo_101.flush_recordset()

    # Told

    def test_warned_batch_is_booked_and_somebody_told(self):
        self.controller.tolerance_percent = 1.0
        order = self.new_order()
        batch = self.dose(wheat=620.0, order=order)
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertRecordValues(
            batch, [{"state": "done", "attention": False, "remark": "Out of tolerance: Test wheat +20.00 kg (+3.33 %)."}]
        )
        self.assertRecordValues(batch.activity_ids, [{"user_id": self.boss.id, "summary": "Out of tolerance"}])

    def test_within_nobody_is_told(self):
        self.controller.tolerance_percent = 5.0
        batch = self.dose(wheat=620.0)
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "tolerance_state": "within", "remark": False}])
        self.assertFalse(batch.activity_ids)

    def test_nobody_to_tell(self):
        self.controller.write({"tolerance_percent": 1.0, "responsible_id": False})
        batch = self.dose(wheat=620.0)
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.assertFalse(batch.activity_ids)

    def test_responsible_who_may_not_see_batches_is_not_told(self):
        self.controller.write({"tolerance_percent": 1.0, "responsible_id": new_test_user(self.env, "clerk").id})
        batch = self.dose(wheat=620.0)
        self.assertEqual(batch.state, "completed")
        self.assertFalse(batch.activity_ids)

    # Held for review

    def test_held_until_it_is_released(self):
        self.controller.review_percent = 5.0
        order = self.new_order()
        batch = self.dose(wheat=700.0, order=order)
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "completed", "review_needed": True, "attempts": 0}])
        self.assertEqual(
            batch.attention, "Far out of tolerance: Test wheat +100.00 kg (+16.67 %). Review the batch, then release it."
        )
        self.assertRecordValues(batch.activity_ids, [{"user_id": self.boss.id, "summary": "Review before it is booked"}])
        batch.with_user(self.operator).action_release_review("The scale was checked")
        self.assertFalse(batch.activity_ids)
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("done", "done"))
        self.assertEqual(self.consumed(order)[self.wheat], 700.0)
        self.assertEqual(batch.remark, "Released after review by night (plc_mo_batch.group_operator): The scale was checked")
        self.assertIn(self.operator, batch.journal_ids.filtered(lambda line: line.kind == "user").user_id)

    def test_release_needs_a_comment(self):
        self.controller.review_percent = 5.0
        batch = self.dose(wheat=700.0)
        with self.assertRaisesRegex(UserError, "Enter why"):
            batch.action_release_review(" ")

    def test_only_a_held_batch_is_released(self):
        batch = self.dose()
        with self.assertRaisesRegex(UserError, "it is not waiting for a review"):
            batch.action_release_review("why not")

    def test_only_operators_release(self):
        self.controller.review_percent = 5.0
        batch = self.dose(wheat=700.0)
        with self.assertRaises(AccessError):
            batch.with_user(new_test_user(self.env, "worker", groups="mrp.group_mrp_user")).action_release_review("ok")

    def test_held_batch_does_not_stop_the_others(self):
        self.controller.review_percent = 5.0
        orders = [self.new_order(), self.new_order()]
        self.run_task(1)
        for batch, wheat in zip(self.queue(), (700.0, 600.0), strict=True):
            batch._store_actuals((101, 102, 114), (wheat, 352.25, 33.3))
            batch._advance("completed", 0.0, {})
        self.run_task(3)
        self.assertEqual([order.state for order in orders], ["progress", "done"])

    def test_dialog_corrects_and_releases(self):
        self.controller.review_percent = 5.0
        order = self.new_order()
        batch = self.dose(wheat=700.0, order=order)
        action = batch.with_user(self.operator).action_open_review()
        form = Form(self.env["mo.batch.review"].with_user(self.operator).with_context(**action["context"]))
        form.comment = "Salt was forgotten"
        with form.line_ids.edit(3) as line:
            line.quantity = 0.0
        form.save().action_release()
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertEqual(self.consumed(order)[self.salt], 0.0)

    # The BoM's consumption

    def respect(self, consumption):
        self.controller.consumption_policy = "respect"
        self.bom.consumption = consumption
        return self.new_order()

    def test_strict_bom_is_booked_all_the_same(self):
        self.bom.consumption = "strict"
        order = self.new_order()
        self.dose(wheat=601.25, order=order)
        self.run_task(3)
        self.assertEqual(order.state, "done")

    def test_strict_bom_is_respected(self):
        order = self.respect("strict")
        batch = self.dose(wheat=600.25, order=order)
        self.run_task(3)
        self.assertEqual(order.state, "progress")
        self.assertEqual(
            batch.attention,
            "The BoM is strict, but consumption differs from it: Test wheat +0.25 kg (+0.04 %). Review the batch, then "
            "release it.",
        )
        batch.action_release_review("A quarter of a kilogram")
        self.run_task(3)
        self.assertEqual(order.state, "done")

    def test_strict_bom_that_was_kept_to(self):
        order = self.respect("strict")
        self.dose(order=order)
        self.run_task(3)
        self.assertEqual(order.state, "done")

    def test_strict_bom_and_other_hand_adds(self):
        order = self.respect("strict")
        self.controller.hand_add_policy = "typed"
        batch = self.dose(order=order)
        batch.action_enter_hand_adds([[batch.line_ids[3].id, 10.0]])
        self.assertTrue(batch.review_needed)
        self.assertIn("Test salt -4.45 kg (-30.80 %)", batch.attention)

    def test_bom_that_warns_is_respected(self):
        order = self.respect("warning")
        batch = self.dose(wheat=600.25, order=order)
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertEqual(batch.remark, "Consumption differs from the BoM: Test wheat +0.25 kg (+0.04 %).")
        self.assertEqual(batch.activity_ids.user_id, self.boss)

    def test_flexible_bom(self):
        batch = self.dose(order=self.respect("flexible"), wheat=700.0)
        self.assertFalse(batch.review_needed or batch.remark)

    # Analysis

    def test_deviations_by_silo(self):
        self.dose(wheat=610.0, soy=350.25)
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.mo_batch_line_action")
        domain = [("code", "!=", 0), ("reported", "=", True), ("date", "!=", False), ("controller_id", "=", self.controller.id)]
        self.assertEqual(action["domain"], "[('code', '!=', 0), ('reported', '=', True), ('date', '!=', False)]")
        groups = self.env["mo.batch.line"]._read_group(
            domain, ["equipment_id", "date:month"], ["deviation_qty:sum"], order="equipment_id"
        )
        self.assertEqual(
            [(silo, round(deviation, 2)) for silo, _month, deviation in groups],
            [(self.silo_101, 10.0), (self.silo_102, -2.0), (self.tank, 0.0)],
        )


@tagged("post_install", "-at_install")
class TestCorrected(MillCase):
    """What stood out and is corrected need not be reviewed; what still does must be."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        boss = new_test_user(cls.env, "boss", groups="plc_mo_batch.group_manager")
        cls.controller.write({"review_percent": 5.0, "responsible_id": boss.id})
        cls.put_in_stock(10000.0, cls.wheat, cls.soy, cls.molasses, cls.salt)

    def fallen(self, wheat):
        """The wheat's counter showed 600 kg, fell to zero, and rose to what is given when the batch ended."""
        self.queue().write({"state": "done", "active": False})
        batch = self.complete(self.new_order(), actuals={101: wheat, 102: 352.25, 114: 33.3}, weight=1000.0)
        batch.line_ids.filtered(lambda line: line.code == 101).fallen_qty = 600.0
        batch._record_anomaly(Anomaly("fell", "equipment 101 by 600.00", (0,) * 83))
        self.assertRecordValues(batch, [{"review_needed": True, "watch_needed": True}])
        self.assertTrue(batch.activity_ids)
        return batch

    def test_by_whatever_a_person_does(self):
        for wheat, correct, waits in (
            (0.0, lambda batch: batch.action_add_fallen(), False),
            (60.0, lambda batch: batch.action_add_fallen(), True),
            (0.0, lambda batch: batch.action_enter_amounts([(101, 601.0)], "Scale printout"), False),
            (0.0, lambda batch: batch.action_enter_amounts([(101, 660.0)], "Scale printout"), True),
            (0.0, lambda batch: batch.action_take_note(), True),
        ):
            with self.subTest(wheat=wheat, waits=waits):
                batch = self.fallen(wheat)
                correct(batch)
                self.assertRecordValues(batch, [{"review_needed": waits, "watch_needed": False}])
                self.assertEqual(bool(batch.attention), waits)
                self.assertEqual(bool(batch.activity_ids), waits)
                self.run_task(3)
                self.assertEqual(batch.state, "completed" if waits else "done")

    def test_a_quantity_that_was_mistyped(self):
        self.bom.consumption = "strict"
        self.controller.write({"review_percent": 0.0, "consumption_policy": "respect", "hand_add_policy": "typed"})
        batch = self.complete(self.new_order(), actuals={101: 600.0, 102: 352.25, 114: 33.3}, weight=1000.0)
        salt = batch.line_ids.filtered(lambda line: not line.code)
        batch.action_enter_hand_adds([(salt.id, 144.5)])
        self.assertTrue(batch.review_needed)
        batch.action_enter_hand_adds([(salt.id, 14.45)])
        self.assertRecordValues(batch, [{"review_needed": False, "attention": False}])
        self.run_task(3)
        self.assertEqual(batch.state, "done")
