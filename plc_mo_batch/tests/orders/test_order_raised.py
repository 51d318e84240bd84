"""An order is raised or lowered after its batch was handed over: what exceeds the batch's own plan goes to the next one, whatever
the PLC's policy says of short weights, with a largest batch and without one."""

from odoo.tests import tagged

from ..common import MillCase

WHOLE, RAISED = 1000.0, 1700.0


@tagged("post_install", "-at_install")
class TestOrderRaised(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order(WHOLE)
        self.batch = self.fill()
        self.batch._advance("running", 0.0, {})

    def fill(self):
        return self.env["plc.task.fill"]._fill(self.controller)

    def change(self, quantity):
        self.env["change.production.qty"].create({"mo_id": self.order.id, "product_qty": quantity}).change_prod_qty()

    def finish(self, batch, weight=None):
        dosed = batch.line_ids.filtered("code")
        batch._store_actuals(dosed.mapped("code"), dosed.mapped("planned_qty"))
        batch._advance("completed", weight or batch.planned_qty, {"acknowledged": True})
        self.env["plc.task.write.back"]._book(batch)
        batch._finish()

    def planned_wheat(self, batch):
        return batch.line_ids.filtered(lambda line: line.code == 101).planned_qty

    def finished(self, quantity):
        """Book what is under way, then all that is left."""
        self.finish(self.batch, WHOLE + 6.0)
        while batch := self.fill():
            self.finish(batch)
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": quantity + 6.0}])
        self.assertFalse(self.order.production_group_id.production_ids - self.order)

    def test_whatever_the_policy_and_the_mixer(self):
        for policy in ("never", "short"):
            for largest in (0.0, WHOLE):
                with self.subTest(policy=policy, largest=largest):
                    self.controller.write({"backorder_policy": policy, "max_batch_qty": largest})
                    self.change(RAISED)
                    self.finished(RAISED)
                    self.assertAlmostEqual(sum(self.consumed_wheat()), 1020.0)
                self.setUp()

    def consumed_wheat(self):
        moves = self.order.move_raw_ids.filtered(lambda move: move.bom_line_id and move.state == "done")
        return moves.filtered(lambda move: move.product_id == self.batch.line_ids[0].product_id).mapped("quantity")

    def test_raised_is_no_anomaly(self):
        self.change(RAISED)
        self.batch._sync_with_order(self.controller.layout_id._layout())
        self.assertFalse(self.batch.order_changed)

    def test_short_weight_stays_a_matter_of_the_policy(self):
        self.finish(self.batch, 940.0)
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": 940.0}])

    def test_raised_and_lowered_again(self):
        self.change(RAISED)
        self.change(WHOLE)
        self.finished(WHOLE)

    def test_lowered_under_the_batch(self):
        """What the PLC took it makes; and the batch says that it is not what was asked."""
        self.change(500.0)
        self.batch._sync_with_order(self.controller.layout_id._layout())
        self.finish(self.batch)
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": WHOLE}])
        self.assertIn("was changed", self.batch.remark)

    def test_lowered_to_what_was_made(self):
        """Nobody would close it: it says so, and is closed by hand with what was made."""
        self.change(RAISED)
        self.finish(self.batch)
        self.change(WHOLE)
        self.assertFalse(self.fill())
        self.assertIn("its batches have made it: 1000 of 1000 kg", self.order.plc_reason)
        self.assertEqual(self.order.plc_state, "refused")
        self.order.with_context(skip_consumption=True).button_mark_done()
        self.assertRecordValues(self.order, [{"state": "done", "qty_produced": WHOLE}])
        self.assertAlmostEqual(sum(self.consumed_wheat()), 600.0)

    def test_raised_after_a_part_was_booked(self):
        """Odoo raises what is left in proportion to the whole order: 420 * 2700 / 1700."""
        self.change(RAISED)
        self.finish(self.batch)
        self.change(RAISED + WHOLE)
        self.assertAlmostEqual(self.planned_wheat(self.fill()), 1020.0)

    def test_lowered_while_its_second_batch_is_queued(self):
        self.change(RAISED)
        self.finish(self.batch)
        second = self.fill()
        self.change(WHOLE)
        second._sync_with_order(self.controller.layout_id._layout())
        self.assertEqual(second.state, "cancelled")
        self.assertFalse(self.fill())
        self.assertIn("its batches have made it", self.order.plc_reason)
        self.change(RAISED)
        self.assertFalse(self.fill(), "its components are to be corrected first")
        self.assertIn("nothing is left to dose for it", self.order.plc_reason)

    def test_raised_over_rpc_without_its_components(self):
        self.order.product_qty = RAISED
        self.finish(self.batch)
        self.assertFalse(self.fill())
        self.assertIn("its components were not raised with it", self.order.plc_reason)
