"""Cancel: who may, when, and what becomes of the order."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import MillCase


@tagged("post_install", "-at_install")
class TestCancel(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.run_task(1)
        self.operator = new_test_user(self.env, "night", groups="plc_mo_batch.group_operator")

    def test_queued_batch_is_cancelled_and_its_order_held(self):
        batch = self.queue().with_user(self.operator)
        self.assertTrue(batch.is_action_cancel_allowed)
        self.assertTrue(batch.action_cancel())
        self.assertRecordValues(self.history(), [{"state": "cancelled", "active": False}])
        self.assertTrue(self.order.plc_hold)
        journal = batch.sudo().event_ids.filtered(lambda event: event.kind == "user")
        self.assertEqual(journal.user_id, self.operator)
        self.run_task(1)
        self.assertFalse(self.queue())

    def test_back_in_line(self):
        self.queue().action_cancel()
        self.order.with_user(self.operator).action_plc_back_in_line()
        self.run_task(1)
        self.assertEqual(self.queue().production_id, self.order)

    def test_too_late(self):
        self.queue()._set_state("running")
        batch = self.queue().with_user(self.operator)
        self.assertFalse(batch.is_action_cancel_allowed)
        with self.assertRaisesRegex(UserError, "the PLC has taken it"):
            batch.action_cancel()

    def test_not_for_everybody(self):
        stranger = new_test_user(self.env, "day", groups="mrp.group_mrp_user")
        batch = self.queue().with_user(stranger)
        self.assertFalse(batch.is_action_cancel_allowed)
        with self.assertRaises(AccessError):
            batch.action_cancel()
        self.assertEqual(self.queue().state, "queued")
