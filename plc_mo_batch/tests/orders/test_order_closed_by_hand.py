"""An order is cancelled or finished by hand in Odoo, at every state of its batch."""

from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestOrderClosedByHand(MillCase):
    ACTUALS = (601.25, 352.25, 33.3)

    def each_way(self, state):
        """Batches in ``state`` whose order was cancelled, then one whose order was finished by hand."""
        for close in (self.cancel, self.finish):
            with self.subTest(state=state, close=close.__name__):
                order = self.new_order()
                self.run_task(1)
                batch = self.queue()
                if state != "queued":
                    batch._set_state(state, acknowledged=state in ("completed", "failed"))
                if state in ("completed", "failed"):
                    batch._store_actuals((101, 102, 114), self.ACTUALS)
                    batch.produced_qty = 1000.0
                close(order)
                batch._sync_with_order(self.controller.layout_id._layout())
                yield batch, order
                if batch.active:
                    batch._set_state("cancelled")

    def cancel(self, order):
        order.action_cancel()

    def finish(self, order):
        order.with_context(skip_consumption=True).button_mark_done()

    def test_the_plc_was_not_told(self):
        for state in ("queued", "sending"):
            for batch, order in self.each_way(state):
                self.assertRecordValues(batch, [{"state": "cancelled", "cancel_reason": "order", "active": False}])
                self.assertIn(order.state, ("cancel", "done"))

    def test_offered_is_withdrawn(self):
        for batch, _order in self.each_way("offered"):
            self.assertRecordValues(batch, [{"state": "cancelling", "cancel_reason": "order"}])

    def test_being_withdrawn_goes_on(self):
        for batch, order in self.each_way("cancelling"):
            self.assertEqual(batch.state, "cancelling")
            before = order.state
            batch._advance("cancelled", 0.0, {})
            self.assertRecordValues(order, [{"state": before, "plc_withheld": False}])

    def test_what_runs_is_said_to_run(self):
        for batch, _order in self.each_way("running"):
            self.assertRecordValues(batch, [{"state": "running", "order_changed": True}])
            self.assertIn("but the PLC is making it", batch.attention)

    def test_finished_waits_for_a_manager(self):
        for batch, order in self.each_way("completed"):
            booked = self.consumed(order)
            self.run_task(3)
            self.assertEqual(batch.state, "completed")
            self.assertIn("are not booked yet", batch.last_error)
            self.assertTrue(batch.is_action_rebook_allowed)
            self.assertEqual(self.consumed(order), booked)

    def test_failed_is_settled_all_the_same(self):
        """Its material is gone, whatever became of the order."""
        for booking in ("scrap", "consume"):
            for batch, order in self.each_way("failed"):
                before, state = self.wheat.qty_available, order.state
                batch.action_set_disposition("withhold", booking)
                self.run_task(3)
                self.assertRecordValues(batch, [{"state": "cancelled", "disposition_booked": True, "last_error": False}])
                self.assertAlmostEqual(self.wheat.qty_available, before - 601.25)
                self.assertEqual(order.state, state)
                self.value_let_go = [*self.value_let_go, order.id]

    def test_scrap_is_taken_from_where_the_components_were(self):
        """Odoo takes what is scrapped of a closed order from where its product lies."""
        self.picking_type.default_location_dest_id = self.env["stock.location"].create(
            {"name": "Finished feed", "location_id": self.env.ref("stock.warehouse0").view_location_id.id, "usage": "internal"}
        )
        for batch, order in self.each_way("failed"):
            self.assertNotEqual(order.location_src_id, order.location_dest_id)
            batch.action_set_disposition("withhold", "scrap")
            self.run_task(3)
            scraps = self.env["stock.scrap"].search([("production_id", "=", order.id)])
            self.assertEqual(scraps.mapped("location_id"), order.location_src_id)
