"""The order is changed, closed or cancelled in Odoo while its batch is under way."""

from datetime import timedelta

from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestOrderChanged(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.plc = self.new_simulator()
        self.run_task(1)
        self.batch = self.queue()

    def change(self, quantity=450.0):
        self.order.move_raw_ids[0].product_uom_qty = quantity

    def test_before_it_is_sent_the_recipe_is_refreshed(self):
        self.change()
        self.run_task(2)
        self.assertEqual(self.batch.state, "offered")
        self.assertEqual(self.batch.line_ids[0].planned_qty, 450.0)
        self.assertEqual(self.plc.mill.memory[7028:7030], [0, 45000])

    def test_untouched_order_is_not_refreshed(self):
        lines = self.batch.line_ids
        self.run_task(2)
        self.assertEqual(self.batch.line_ids, lines)
        self.assertFalse(self.batch.order_changed)

    def test_that_can_no_longer_be_queued(self):
        self.change(-5)
        self.run_task(2)
        self.assertEqual(self.batch.state, "cancelled")
        self.assertIn("must be at least 0", self.order.plc_reason)
        self.assertFalse(self.order.plc_withheld)

    def test_after_it_was_handed_over_the_batch_says_so(self):
        self.run_task(2)
        self.change()
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "offered", "order_changed": True}])
        self.assertEqual(self.batch.line_ids[0].planned_qty, 600.0)
        self.run_task(2)
        told = self.batch.journal_ids.filtered(lambda event: "was changed after" in event.message)
        self.assertEqual(len(told), 1)

    def test_after_it_was_handed_over_what_cannot_be_queued_is_no_change(self):
        """A component that two silos hold meanwhile: the next order is refused for it, this one is made as it was handed over."""
        self.run_task(2)
        self.controller.equipment_ids[1].product_ids += self.wheat
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "offered", "order_changed": False, "attention": False}])

    def test_order_that_needs_no_more_after_it_was_handed_over(self):
        """The order of two batches was lowered to what one makes: both are made, and each says that it is not what was asked."""
        self.batch.action_cancel("plan", "", "requeue")
        self.controller.max_batch_qty = 500.0
        self.run_task(1)
        self.run_task(2)
        batches = self.queue()
        self.assertEqual(batches.mapped("state"), ["offered"] * 2)
        self.env["change.production.qty"].create({"mo_id": self.order.id, "product_qty": 500.0}).change_prod_qty()
        self.run_task(2)
        self.assertRecordValues(batches, [{"state": "offered", "order_changed": True}] * 2)
        self.assertIn("The PLC makes what was queued", batches[1].attention)

    def test_cancelled_while_queued(self):
        self.order.action_cancel()
        self.run_task(2)
        self.assertRecordValues(self.batch, [{"state": "cancelled", "cancel_reason": "order"}])
        self.assertFalse(any(self.plc.mill.memory[7000:8000]), "nothing was sent")

    def test_cancelled_while_offered(self):
        self.run_task(2)
        self.order.action_cancel()
        self.run_task(2)
        self.assertEqual(self.batch.state, "cancelling")
        self.assertEqual(self.plc.mill.memory[7077:7081], [0, 0, 0, 0])
        self.batch.withdrawn_at -= timedelta(seconds=10)
        self.run_task(2)
        self.assertEqual((self.batch.state, self.order.state), ("cancelled", "cancel"))

    def test_closed_while_it_runs(self):
        self.run_task(2)
        self.plc.step(1)
        self.run_task(2)
        self.order.with_context(skip_consumption=True).button_mark_done()
        self.assertEqual(self.order.state, "done")
        self.run_plc(self.plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertRecordValues(self.batch, [{"state": "completed", "active": True, "order_changed": True}])
        self.assertIn("closed or cancelled outside the PLC tasks", self.batch.last_error)
        self.assertGreater(self.batch.line_ids[0].actual_qty, 590, "what was dosed is kept")
