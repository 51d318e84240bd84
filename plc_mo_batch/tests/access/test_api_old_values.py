"""The external API understands the words of 19.0.1 for one release (tools/old_values.py), and answers with the new ones."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestOldValues(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        operator = new_test_user(cls.env, "api-operator", groups="plc_mo_batch.group_operator")
        cls.orders = cls.new_order() | cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        batches = cls.env["mo.batch"].search([("controller_id", "=", cls.controller.id)], order="slot")
        cls.first, cls.second = batches.with_user(operator)

    def test_order_action(self):
        self.first.api_cancel("plan", order_action="line")
        self.assertEqual(self.first.cancel_order_action, "requeue")
        self.assertFalse(self.orders[0].plc_withheld)
        self.second.api_cancel("plan", order_action="hold")
        self.assertEqual(self.second.cancel_order_action, "withhold")
        self.assertTrue(self.orders[1].plc_withheld)

    def test_decision(self):
        self.first.sudo()._set_state("offered")
        self.first.sudo().write({"attention": "Lost.", "attention_key": "lost recipe"})
        self.assertEqual(self.first.api_reset("take_out")[0]["state"], "cancelled")
        self.assertEqual(self.first.cancel_order_action, "withhold")

    def test_key_stands_beside_the_new_one(self):
        for on_hold in (False, True):
            self.first.sudo().on_hold = on_hold
            [detail] = self.first.api_detail()
            self.assertEqual((detail["on_hold"], detail["held"]), (on_hold, on_hold))

    def test_no_other_value_is_taken_for_an_old_one(self):
        """Nor an old value of another argument."""
        calls = (
            lambda: self.first.api_cancel("plan", order_action="held"),
            lambda: self.first.api_cancel("plan", order_action="take_out"),
            lambda: self.first.api_cancel("line"),
            lambda: self.first.api_reset("line"),
        )
        for call in calls:
            with self.assertRaisesRegex(UserError, "is not valid. Use one of"):
                call()

    def test_only_the_api_understands_them(self):
        with self.assertRaisesRegex(UserError, "line is not valid. Use one of: withhold, requeue, cancel"):
            self.first.action_cancel("plan", order_action="line")
