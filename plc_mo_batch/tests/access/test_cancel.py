"""Cancel: who may, when, and what becomes of the order."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..common import MillCase


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
        self.assertTrue(self.order.plc_withheld)
        journal = batch.sudo().journal_ids.filtered(lambda line: line.kind == "user")
        self.assertEqual(journal.user_id, self.operator)
        self.run_task(1)
        self.assertFalse(self.queue())

    def test_back_in_line(self):
        self.queue().action_cancel()
        self.order.with_user(self.operator).action_plc_requeue()
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

    def test_wizard_says_what_will_happen(self):
        second = self.new_order()
        batches = self.queue()
        batches._set_state("offered")
        self.run_task(1)
        action = batches.with_user(self.operator).action_open_cancel()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.operator)
            .with_context(**action["context"])
            .create({"reason": "material", "note": "No wheat", "order_action": "cancel"})
        )
        self.assertIn("has been offered to the PLC, so its recipe is withdrawn first", wizard.effect)
        self.assertTrue(wizard.action_confirm())
        self.assertRecordValues(
            batches,
            [
                {
                    "state": "cancelling",
                    "cancel_reason": "material",
                    "cancel_note": "No wheat",
                    "cancel_user_id": self.operator.id,
                    "cancel_order_action": "cancel",
                }
            ],
        )
        self.assertEqual(second.state, "confirmed")

    def effect(self, **values):
        action = self.queue().with_user(self.operator).action_open_cancel()
        wizard = self.env[action["res_model"]].with_user(self.operator).with_context(**action["context"])
        return wizard.create({"reason": "material", **values}).effect

    def test_wizard_says_what_becomes_of_the_order(self):
        for order_action, effect in (
            ("withhold", f"Order {self.order.name} will then be withheld from the PLC until an operator queues it again."),
            ("requeue", f"Order {self.order.name} will be queued again at the next fill."),
            ("cancel", f"Order {self.order.name} will then be cancelled."),
        ):
            self.assertIn(f"it has not been offered to the PLC. {effect}", self.effect(order_action=order_action))

    def test_wizard_says_what_becomes_of_an_order_of_several_batches(self):
        self.order.plc_part_count = 2
        for order_action, effect in (
            ("withhold", "will then be withheld from the PLC; its other batches continue"),
            ("requeue", "This part of order"),
            ("cancel", "closed with what was made"),
        ):
            self.assertIn(effect, self.effect(order_action=order_action))

    def test_wizard_that_was_open_too_long(self):
        """Each state in which it is too late has its own reason."""
        action = self.queue().with_user(self.operator).action_open_cancel()
        wizard = self.env[action["res_model"]].with_user(self.operator).with_context(**action["context"])
        for state, reason in (
            ("cancelling", "is being withdrawn"),
            ("running", "End it at the PLC"),
            ("completed", "the PLC has made it"),
            ("failed", "set its disposition"),
        ):
            self.queue()._set_state(state)
            dialog = wizard.create({"reason": "plan"})
            self.assertIn(reason, dialog.effect)
            with self.assertRaisesRegex(UserError, reason):
                dialog.action_confirm()

    def test_wizard_that_was_open_too_long_for_one_of_several(self):
        """The others are cancelled."""
        self.queue().action_cancel("plan", "", "requeue")
        second = self.new_order()
        self.run_task(1)
        action = self.queue().with_user(self.operator).action_open_cancel()
        wizard = self.env[action["res_model"]].with_user(self.operator).with_context(**action["context"])
        dialog = wizard.create({"reason": "plan"})
        running, waiting = self.queue()
        running._set_state("running")
        told = dialog.action_confirm()["params"]["message"]
        self.assertRegex(told, f"^Batch {running.name} is running: the PLC has taken it")
        self.assertNotIn(waiting.name, told)
        self.assertEqual((self.queue(), waiting.state), (running, "cancelled"))
        self.assertTrue(second.plc_withheld)

    def test_order_is_cancelled_too(self):
        self.queue().with_user(self.operator).action_cancel("plan", "", "cancel")
        self.assertEqual(self.order.state, "cancel")

    def test_wizard_says_that_the_order_is_closed(self):
        """By something that the batch does not hear of at once."""
        self.order.move_finished_ids._action_cancel()
        self.assertEqual(self.order.state, "cancel")
        effect = self.effect(order_action="withhold")
        self.assertIn(f"it has not been offered to the PLC. Order {self.order.name} is already closed.", effect)

    def test_order_that_cannot_be_cancelled_is_held(self):
        """Another app may refuse it; the batch is cancelled all the same, and the order is not queued again."""
        batch = self.queue()
        with patch.object(self.env.registry["mrp.production"], "action_cancel", side_effect=UserError("Not on Sundays.")):
            batch.with_user(self.operator).action_cancel("plan", "", "cancel")
        self.assertRecordValues(batch, [{"state": "cancelled", "active": False}])
        self.assertRecordValues(self.order, [{"state": "confirmed", "plc_withheld": True, "plc_stopped": False}])
        told = batch.journal_ids.filtered(lambda line: line.kind == "error").message
        self.assertEqual(told, "The order could not be cancelled and is withheld from the PLC: Not on Sundays.")
        self.run_task(1)
        self.assertFalse(self.queue())

    def test_order_back_in_line_at_once(self):
        self.queue().action_cancel("plan", "", "requeue")
        self.assertFalse(self.order.plc_withheld)
        self.run_task(1)
        self.assertEqual(self.queue().production_id, self.order)

    def test_several_at_once(self):
        self.queue().action_cancel("plan", "", "requeue")
        self.new_order()
        self.run_task(1)
        self.assertEqual(len(self.queue()), 2)
        self.queue().with_user(self.operator).action_cancel("machine", "Belt is torn", "withhold")
        self.assertFalse(self.queue())

    def test_requeue_from_the_history(self):
        batch = self.queue()
        batch.action_cancel()
        batch.with_user(self.operator).action_requeue()
        self.assertFalse(self.order.plc_withheld)
        with self.assertRaisesRegex(UserError, "None of these batches has an order that is withheld"):
            batch.with_user(self.operator).action_requeue()

    def test_unknown_reason(self):
        with self.assertRaisesRegex(UserError, "mood is not valid. Use one of: recipe, material"):
            self.queue().action_cancel("mood")
