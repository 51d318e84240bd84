"""An order that somebody closed or cancelled while the PLC made its batch: a manager says where it is booked."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestBookedByHand(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(cls.env, "boss", groups="plc_mo_batch.group_manager")
        cls.operator = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")

    def finish_behind(self, close):
        """The batch of an order that was closed while it ran."""
        self.order = self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._set_state("running")
        close()
        batch._sync_with_order(self.controller.layout_id._layout())
        batch._store_actuals((101, 102, 114), (601.25, 352.25, 33.3))
        batch._advance("completed", 990.0, {"acknowledged": True})
        self.run_task(3)
        self.assertIn("closed or cancelled outside the PLC tasks", batch.last_error)
        return batch.with_user(self.boss)

    def cancel(self):
        self.order.action_cancel()

    def close(self):
        self.order.with_context(skip_consumption=True).button_mark_done()

    def test_on_a_new_order(self):
        batch = self.finish_behind(self.cancel)
        self.assertTrue(batch.is_action_rebook_allowed)
        batch.action_book_on_new_order()
        new = batch.production_id
        self.assertRecordValues(
            new, [{"origin": self.order.name, "product_qty": 1000.0, "bom_id": self.bom.id, "state": "confirmed"}]
        )
        self.run_task(1)
        self.assertFalse(new.plc_batch_ids - batch, "it is not queued for the PLC again")
        self.run_task(3)
        self.assertRecordValues(batch.sudo(), [{"state": "done", "last_error": False, "attention": False}])
        self.assertRecordValues(new, [{"state": "done", "qty_produced": 990.0}])
        self.assertEqual(self.consumed(new), {self.wheat: 601.25, self.soy: 352.25, self.molasses: 33.3, self.salt: 14.45})
        self.assertEqual(self.order.state, "cancel")
        self.assertIn(f"booked it on the new order {new.name} because {self.order.name} is closed", batch.remark)

    def test_by_hand(self):
        batch = self.finish_behind(self.close)
        dialog = Form(self.env["mo.batch.booked"].with_user(self.boss).with_context(active_id=batch.id))
        dialog.comment = "In the morning, by me"
        dialog.save().action_confirm()
        self.assertRecordValues(batch.sudo(), [{"state": "done", "active": False, "last_error": False}])
        self.assertIn("In the morning, by me", batch.remark)
        self.assertIn("Test wheat: 600.00 kg were booked, but the PLC reported 601.25.", batch.remark)
        self.assertNotIn("Test soy", batch.remark)

    def test_by_hand_needs_a_comment(self):
        batch = self.finish_behind(self.close)
        with self.assertRaisesRegex(UserError, "Enter where"):
            batch.action_is_booked_by_hand(" ")

    def test_nothing_is_booked_on_a_cancelled_order(self):
        batch = self.finish_behind(self.cancel)
        with self.assertRaisesRegex(UserError, "nothing can have been booked on it"):
            batch.action_is_booked_by_hand("Sure")

    def test_open_order_needs_no_other(self):
        batch = self.complete(self.new_order())
        with self.assertRaisesRegex(UserError, "whose order was closed outside the PLC tasks"):
            batch.with_user(self.boss).action_book_on_new_order()

    def test_only_managers(self):
        batch = self.finish_behind(self.cancel).with_user(self.operator)
        self.assertFalse(batch.is_action_rebook_allowed)
        for act in (batch.action_book_on_new_order, lambda: batch.action_is_booked_by_hand("Sure"), batch.action_reset):
            with self.assertRaises(AccessError):
                act()

    def test_reset(self):
        batch = self.finish_behind(self.cancel)
        self.env["ir.config_parameter"].set_param("plc_mo_batch.write_back_tries", "1")
        batch.action_reset()
        self.assertRecordValues(batch.sudo(), [{"attempts": 0, "next_try": False, "last_error": False}])
        self.assertIn("Reset by", batch.sudo().journal_ids[0].message)
        self.run_task(3)
        self.assertEqual(batch.attempts, 1)

    def test_part_of_an_order_that_was_closed(self):
        self.controller.max_batch_qty = 500.0
        self.order = self.new_order()
        self.run_task(1)
        first, second = self.queue()
        first._set_state("running")
        self.order.action_cancel()
        self.queue().sorted("id")._sync_with_order(self.controller.layout_id._layout())
        self.assertEqual(second.state, "cancelled")
        first._store_actuals((101, 102, 114), (300.5, 176.13, 16.65))
        first._advance("completed", 500.0, {"acknowledged": True})
        first.action_book_on_new_order()
        self.run_task(3)
        self.assertRecordValues(first, [{"state": "done", "part": 1, "part_count": 1}])
        self.assertRecordValues(first.production_id, [{"state": "done", "product_qty": 500.0, "qty_produced": 500.0}])
        self.assertEqual(self.consumed(first.production_id)[self.wheat], 300.5)
