"""While the PLC makes an order, Odoo calls it in progress; and what was worth a person's look stays when the batch is over."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.common.marks import CLOSING
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestOrderInProgress(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.batch = self.env["plc.task.fill"]._fill(self.controller)

    def sync(self):
        self.batch._sync_with_order(self.controller.layout_id._layout())

    def advance(self, *states):
        for state in states:
            self.batch._advance(state, 0.0, {})

    def test_from_the_moment_it_is_seen_to_have_been_taken(self):
        self.advance("sending", "offered")
        self.assertEqual(self.order.state, "confirmed")
        self.advance("running")
        self.assertEqual(self.order.state, "progress")

    def test_finished_before_it_was_seen_running(self):
        self.advance("sending", "offered", "completed")
        self.assertEqual(self.order.state, "progress")

    def test_on_the_wire(self):
        plc = self.new_simulator()
        self.run_task(2)
        plc.step(1)
        self.run_task(2)
        self.assertEqual((self.batch.state, self.order.state), ("running", "progress"))

    def test_others_are_busy_with_the_order(self):
        """What the PLC says is stored all the same; the next look makes up for it."""
        orders = self.env.registry["mrp.production"]
        with patch.object(orders, "try_lock_for_update", lambda order, **_options: order.browse()):
            self.advance("running")
        self.assertEqual((self.batch.state, self.order.state), ("running", "confirmed"))
        self.sync()
        self.assertEqual(self.order.state, "progress")

    def test_another_app_refuses_it(self):
        with patch.object(self.env.registry["mrp.production"], "action_start", side_effect=UserError("Not on Sundays.")):
            self.advance("running")
        self.assertEqual((self.batch.state, self.order.state), ("running", "confirmed"))
        self.assertIn("Not on Sundays.", self.batch.journal_ids.filtered(lambda line: line.kind == "error").mapped("message"))

    # What is worth a look

    def finish(self):
        dosed = self.batch.line_ids.filtered("code")
        self.batch._store_actuals(dosed.mapped("code"), dosed.mapped("planned_qty"))
        self.advance("completed")
        self.env["plc.task.write.back"]._book(self.batch)
        self.batch._finish()

    def test_changed_order_stays_a_remark(self):
        self.advance("running")
        self.order.move_raw_ids[0].product_uom_qty = 450.0
        self.sync()
        self.assertIn("was changed", self.batch.attention)
        self.finish()
        self.assertFalse(self.batch.attention)
        self.assertIn("The order was changed after its recipe was handed over.", self.batch.remark)

    def test_taken_while_it_was_being_cancelled_stays_a_remark(self):
        self.advance("sending", "offered")
        self.batch.action_cancel()
        self.advance("running")
        self.finish()
        self.assertIn("The batch was being cancelled, but the PLC took the recipe", self.batch.remark)

    def test_closed_under_the_batch_stays_a_remark(self):
        self.advance("running")
        self.order.action_cancel()
        self.sync()
        self.assertIn("but the PLC is making it", self.batch.remark)

    # Closed, and sent again

    def test_closed_by_hand_while_the_plc_has_lost_its_memory(self):
        """The order is done with 1000: nobody has the PLC make it once more."""
        self.advance("sending", "offered")
        self.batch.write({"attention": "Lost", "attention_key": "lost x"})
        self.assertTrue(self.batch.is_action_send_again_allowed)
        self.order.with_context(skip_consumption=True).button_mark_done()
        self.assertRecordValues(self.batch, [{"state": "cancelling", "cancel_reason": "order"}])
        self.batch.write({"attention": "Lost", "attention_key": "lost x"})  # seen again
        with self.assertRaisesRegex(UserError, "its order is closed or cancelled, so it cannot be sent again"):
            self.batch.action_send_again()
        self.batch.action_give_up()
        self.assertRecordValues(self.batch, [{"state": "cancelled"}])
        self.assertEqual((self.order.state, self.order.qty_produced), ("done", 1000.0))

    def test_sent_again_and_then_closed(self):
        self.advance("sending", "offered")
        self.batch.write({"attention": "Lost", "attention_key": "lost x"})
        self.batch.action_send_again()
        with self.assertRaisesRegex(UserError, "cannot be split: its batch"):
            self.order.action_split()
        self.order.action_cancel()
        self.assertRecordValues(self.batch, [{"state": "cancelled", "cancel_reason": "order"}])

    def test_nothing_that_is_decided_has_a_closed_order_made(self):
        """Whatever is released or gone on with: the next look, before anything is sent, cancels it."""
        for case, action in (("occupied x", "action_release_slot"), ("database_behind", "action_go_on")):
            with self.subTest(action):
                order = self.new_order()
                self.batch._set_state("cancelled")
                queued = self.env["plc.task.fill"]._fill(self.controller)
                self.batch = queued.filtered(lambda batch, order=order: batch.production_id == order)
                order.move_finished_ids._action_cancel()
                self.batch.write({"attention": "Look", "attention_key": case})
                getattr(self.batch, action)()
                self.sync()
                self.assertEqual(self.batch.state, "cancelled")
                self.queue()._set_state("cancelled")

    # Held until the batch it comes of is settled

    def test_what_was_split_off_meanwhile_waits(self):
        """By another app, or before an upgrade."""
        self.advance("running")
        orders = CLOSING.on(self.order)._split_productions({self.order: [400.0, 600.0]})
        rest = orders - self.order
        self.env.cr.execute("UPDATE mrp_production SET create_date = create_date + interval '1 minute' WHERE id = %s", [rest.id])
        self.env.invalidate_all()
        self.batch.controller_id = self.new_controller(name="Another", picking_type_ids=False)
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertIn(f"it comes of {self.order.name}, whose batch {self.batch.name} may make it as well", rest.plc_reason)
        self.assertEqual(rest.plc_state, "refused")

    def test_what_comes_of_a_withheld_order_is_withheld(self):
        self.batch.action_cancel(order_action="withhold")
        orders = self.order._split_productions({self.order: [400.0, 600.0]})
        self.assertEqual(orders.mapped("plc_withheld"), [True, True])
        action = orders.action_merge()
        self.assertTrue(orders.browse(action["res_id"]).plc_withheld)
