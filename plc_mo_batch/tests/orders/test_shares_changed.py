"""An order that is made in several batches, while some are cancelled or fail, and the order or the mixer is changed.

Whatever happens: what the batches make, and what is still to be made, is the whole order; no more and no less.
"""

from odoo.tests import tagged

from .test_shares import SharedOrderCase


@tagged("post_install", "-at_install")
class TestSharesChanged(SharedOrderCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order(3000.0)
        self.run_task(1)
        self.first, self.second, self.third = self.batches(self.order)

    def book(self, *batches, **options):
        self.finish(*batches, **options)
        self.run_task(3)
        self.assertEqual({batch.state for batch in batches}, {"done"})

    def refresh(self):
        """What the exchange does first."""
        self.queue().sorted("id")._sync_with_order(self.controller.layout_id._layout())

    def shares(self):
        return [(batch.part, batch.order_qty) for batch in self.batches(self.order)]

    def assert_whole_order_is_planned(self):
        self.assertAlmostEqual(sum(self.batches(self.order).mapped("order_qty")), self.order.product_qty)

    # Cancelled

    def test_cancelled_batch_is_queued_again(self):
        self.second.action_cancel("machine", "", "requeue")
        self.book(self.first, self.third)
        self.assertRecordValues(self.order, [{"state": "progress", "qty_produced": 2000.0}])
        self.run_task(1)
        again = self.queue()
        self.assertRecordValues(again, [{"part": 2, "order_qty": 1000.0, "order_name": self.second.order_name}])
        self.assertEqual(self.planned(self.order, self.wheat), [600.0] * 3)
        self.book(again)
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 3000.0}])

    def test_held_order_stays_open_until_somebody_decides(self):
        self.second.action_cancel("material", "", "withhold")
        self.book(self.first, self.third)
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertRecordValues(self.order, [{"state": "progress", "plc_withheld": True}])
        self.second.action_requeue()
        self.run_task(1)
        self.assertEqual(self.queue().part, 2)

    def test_held_order_is_closed_by_hand_with_what_was_made(self):
        self.second.action_cancel("material", "", "withhold")
        self.book(self.first, self.third, actuals={101: 601.25})
        self.order.with_context(skip_backorder=True, skip_consumption=True).button_mark_done()
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 2000.0}])
        wheat = self.order.move_raw_ids.filtered(lambda move: move.product_id == self.wheat and move.state == "done")
        self.assertEqual(sum(wheat.mapped("quantity")), 2 * 601.25)

    def test_order_cancelled_with_a_batch_before_anything_was_made(self):
        self.second.action_cancel("plan", "", "cancel")
        self.assertEqual({batch.state for batch in self.first | self.second | self.third}, {"cancelled"})
        self.assertRecordValues(self.order, [{"state": "cancel"}])

    def test_order_cancelled_with_a_batch_is_closed_with_what_was_made(self):
        self.book(self.first, actuals={101: 601.25})
        self.second.action_cancel("plan", "Enough", "cancel")
        self.assertRecordValues(self.third, [{"state": "cancelled", "cancel_note": "Enough"}])
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 1000.0}])
        wheat = self.order.move_raw_ids.filtered(lambda move: move.product_id == self.wheat and move.state == "done")
        self.assertEqual(wheat.mapped("quantity"), [601.25])

    def test_order_is_not_cancelled_under_a_running_batch(self):
        self.first._set_state("running")
        self.second.action_cancel("plan", "", "cancel")
        self.assertEqual((self.third.state, self.order.state), ("cancelled", "confirmed"))
        self.run_task(1)
        self.assertEqual(self.queue(), self.first)
        self.book(self.first, actuals={101: 601.25}, weight=990.0)
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 990.0}])
        self.assertFalse(self.order.production_group_id.production_ids - self.order)

    def test_order_is_not_cancelled_while_another_batch_is_withdrawn(self):
        self.first._set_state("offered")
        self.second.action_cancel("plan", "", "cancel")
        self.assertEqual((self.first.state, self.order.state), ("cancelling", "confirmed"))
        self.first._advance("cancelled", 0.0, {})
        self.assertEqual(self.order.state, "cancel")

    def test_stopped_order_whose_last_batch_was_booked_at_the_same_moment(self):
        """The write-back saw the other batch open, the cancel saw this one open: nobody closed the order."""
        self.book(self.first)
        (self.second | self.third)._set_state("cancelled")
        self.order.plc_stopped = True
        self.run_task(3)
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 1000.0}])

    def test_stopped_order_back_in_line(self):
        self.first._set_state("running")
        self.second.action_cancel("plan", "", "cancel")
        self.order.action_plc_requeue()
        self.book(self.first)
        self.assertEqual(self.order.state, "progress")
        self.run_task(1)
        self.assertEqual(self.shares(), [(1, 1000.0), (2, 1000.0), (3, 1000.0)])

    # Failed

    def fail_batch(self, batch, order_action, booking="scrap"):
        batch._store_actuals((101, 102, 114), (250.5, 0.0, 0.0))
        batch._advance("failed", 0.0, {"acknowledged": True})
        batch.action_set_disposition(order_action, booking)
        self.run_task(3)
        self.assertEqual(batch.state, "cancelled")

    def test_failed_batch_is_made_again(self):
        self.fail_batch(self.second, "requeue")
        self.book(self.first, self.third)
        self.run_task(1)
        self.assertEqual(self.shares(), [(1, 1000.0), (2, 1000.0), (3, 1000.0)])
        self.book(self.queue())
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 3000.0}])
        scrap = self.env["stock.scrap"].search([("production_id", "=", self.order.id)])
        self.assertRecordValues(scrap, [{"scrap_qty": 250.5, "state": "done"}])

    def test_failed_batch_takes_the_order_with_it(self):
        self.first._set_state("running")
        self.fail_batch(self.second, "cancel", "consume")
        self.assertEqual((self.third.state, self.order.state), ("cancelled", "progress"))
        self.book(self.first)
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 1000.0}])
        wheat = self.order.move_raw_ids.filtered(lambda move: move.product_id == self.wheat and move.state == "done")
        self.assertEqual(sorted(wheat.mapped("quantity")), [250.5, 600.0])

    # The order is changed

    def test_order_is_raised(self):
        self.book(self.first)
        self.raise_order(4500.0)
        self.refresh()
        self.book(self.second, self.third)
        self.assertEqual(self.order.state, "progress")
        self.run_task(1)
        self.assertEqual(self.shares(), [(1, 1000.0), (2, 1000.0), (3, 1000.0), (4, 750.0), (5, 750.0)])
        self.assert_whole_order_is_planned()

    def raise_order(self, quantity):
        self.env["change.production.qty"].create({"mo_id": self.order.id, "product_qty": quantity}).change_prod_qty()

    def test_order_is_lowered_before_anything_was_sent(self):
        self.raise_order(1700.0)
        self.refresh()
        self.assertEqual(self.shares(), [(1, 1000.0), (2, 700.0)])
        self.assertEqual(self.order.plc_part_count, 2)
        self.assertEqual(self.planned(self.order, self.wheat), [600.0, 420.0])
        self.assertRecordValues(self.third, [{"state": "cancelled", "cancel_reason": "order"}])
        self.assertFalse(self.order.plc_withheld)

    def test_component_is_changed_while_some_are_sent(self):
        (self.first | self.second)._set_state("running")
        self.order.move_raw_ids[0].product_uom_qty = 1500.0
        self.refresh()
        self.assertEqual(self.planned(self.order, self.wheat), [600.0, 600.0, 300.0])
        self.assertTrue(self.first.order_changed)
        self.assertFalse(self.third.order_changed)

    def test_unchanged_order_is_not_refreshed(self):
        order = self.new_order(2500.0)
        order.move_raw_ids[0].product_uom_qty = 100.01
        self.first.action_cancel("plan", "", "cancel")
        self.run_task(1)
        lines = self.queue().line_ids
        self.queue()[0]._set_state("running")
        self.refresh()
        self.assertEqual(self.queue().line_ids, lines)
        self.assertFalse(any(self.queue().mapped("order_changed")))

    # The mixer is changed

    def test_smaller_mixer(self):
        self.first._set_state("running")
        self.controller.max_batch_qty = 500.0
        self.refresh()
        self.assertEqual(self.shares(), [(1, 1000.0), (2, 500.0), (3, 500.0)])
        self.book(self.first, self.second, self.third)
        self.run_task(1)
        self.assertEqual(self.shares()[3:], [(4, 500.0), (5, 500.0)])
        self.assert_whole_order_is_planned()
        self.assertEqual(sum(self.planned(self.order, self.wheat)), 1800.0)

    def test_larger_mixer(self):
        self.second.action_cancel("plan", "", "requeue")
        self.third.action_cancel("plan", "", "requeue")
        self.controller.max_batch_qty = 2500.0
        self.book(self.first)
        self.run_task(1)
        self.assertEqual(self.shares(), [(1, 1000.0), (2, 2000.0)])
        self.book(self.queue())
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 3000.0}])

    def test_no_maximum_any_more(self):
        self.controller.max_batch_qty = 0.0
        self.refresh()
        self.assertEqual(self.shares(), [(1, 1000.0), (2, 1000.0), (3, 1000.0)])
        self.book(self.first, self.second, self.third)
        self.assertEqual(self.order.state, "done")

    def test_only_batch_of_an_order_that_is_raised_afterwards(self):
        self.order.plc_batch_ids.action_cancel("plan", "", "cancel")
        self.order = self.new_order(1000.0)
        self.run_task(1)
        only = self.queue()
        only._set_state("running")
        self.raise_order(1800.0)
        self.refresh()
        self.assertFalse(only.order_changed, "the rest is for another batch")
        self.book(only)
        self.assertRecordValues(self.order, [{"state": "progress", "qty_produced": 1000.0}])
        self.run_task(1)
        self.assertRecordValues(self.queue(), [{"part": 2, "order_qty": 800.0, "order_name": f"{self.order.name}#02"}])
        self.book(self.queue())
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 1800.0}])

    # The order is closed or cancelled by hand

    def test_order_cancelled_by_hand_in_the_middle(self):
        self.book(self.first, actuals={101: 601.25})
        self.order.action_cancel()
        self.refresh()
        self.assertEqual([batch.state for batch in (self.second, self.third)], ["cancelled", "cancelled"])
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 1000.0}])
        wheat = self.order.move_raw_ids.filtered(lambda move: move.product_id == self.wheat and move.state == "done")
        self.assertEqual(wheat.mapped("quantity"), [601.25])

    def test_order_finished_by_hand_in_the_middle(self):
        """Odoo plans the rest by what is left, and keeps what was posted."""
        self.book(self.first, actuals={101: 601.25})
        self.order.qty_producing = 3000.0
        self.order.set_qty_producing()
        self.order.with_context(skip_consumption=True).button_mark_done()
        self.refresh()
        self.assertEqual([batch.state for batch in (self.second, self.third)], ["cancelled", "cancelled"])
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 3000.0}])
        wheat = self.order.move_raw_ids.filtered(lambda move: move.product_id == self.wheat and move.state == "done")
        self.assertEqual(sum(wheat.mapped("quantity")), 601.25 + 1200.0)


@tagged("post_install", "-at_install")
class TestSharesOnTheWire(SharedOrderCase):
    """The slot goes on with the same order: the batch before is never mistaken for it."""

    handshake = "flags"

    def test_next_part_in_the_same_slot(self):
        self.controller.batch_limit = 1
        order = self.new_order(2000.0)
        plc = self.new_simulator()
        for part in (1, 2):
            self.run_task(1)
            self.assertRecordValues(self.queue(), [{"slot": 1, "part": part}])
            self.run_plc(plc, 1)
            self.run_task(2)
            self.run_task(3)
            self.assertFalse(self.queue())
        self.assertEqual(order.state, "done")
        finished = [record["order"] for record in plc.mill.ledger if record["event"] == "finished"]
        self.assertEqual(finished, [f"{order.name}#01", f"{order.name}#02"])
        kilograms = sum(line["kg"] for record in plc.mill.ledger if record["event"] == "finished" for line in record["lines"])
        dosed = order.move_raw_ids.filtered(lambda move: move.state == "done" and move.product_id != self.salt)
        self.assertAlmostEqual(sum(dosed.mapped("quantity")), kilograms, places=2)
