"""Orders that somebody began by hand: they are queued while nothing stands in the way, and otherwise say what does, and the way
back."""

from lxml import etree

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestOrderInLine(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()

    def assertQueued(self):
        self.run_task(1)
        self.assertEqual(self.queue().production_id, self.order)
        self.assertFalse(self.order.plc_reason)

    def assertWaits(self, reason):
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertIn(reason, self.order.plc_reason)
        self.assertEqual(self.order.plc_state, "refused")

    def assertStartedOver(self):
        self.order.action_plc_start_over()
        self.assertEqual(self.order.qty_producing, 0.0)
        self.assertFalse(any(self.order.move_raw_ids.mapped("picked")))
        self.assertQueued()

    def produce(self, quantity):
        with Form(self.order) as form:
            form.qty_producing = quantity

    def with_work_order(self):
        center = self.env["mrp.workcenter"].create({"name": "Test mixer"})
        operation = {"name": "Mixing", "workcenter_id": center.id, "time_cycle_manual": 10.0}
        self.order.action_cancel()
        self.order = self.new_order(bom_id=self.new_bom(operation_ids=[Command.create(operation)]).id)
        return self.order.workorder_ids

    def test_started(self):
        self.order.action_start()
        self.assertEqual(self.order.plc_state, "waiting")
        self.assertQueued()

    def test_work_order_started(self):
        """Odoo enters the whole quantity by itself: that is nobody's figure."""
        self.with_work_order().button_start()
        self.assertEqual(self.order.state, "progress")
        self.assertQueued()

    def test_work_order_started_and_paused(self):
        work = self.with_work_order()
        work.button_start()
        work.button_pending()
        self.assertQueued()

    def test_work_order_started_with_a_quantity_of_its_own(self):
        self.with_work_order().button_start()
        self.order.qty_producing = 400.0
        self.assertWaits("400 kg of it are entered as produced by hand: close it, or start it over")
        self.assertStartedOver()

    def test_work_order_finished(self):
        work = self.with_work_order()
        work.button_finish()
        self.assertEqual(self.order.state, "to_close")
        self.assertWaits("its work orders are finished")
        self.assertStartedOver()
        self.assertEqual((work.state, work.qty_produced), ("ready", 0.0))

    def test_quantity_typed(self):
        self.produce(10.0)
        self.assertWaits("10 kg of it are entered as produced by hand")
        self.assertStartedOver()

    def test_quantity_typed_and_back_to_zero(self):
        self.produce(10.0)
        self.produce(0.0)
        self.assertEqual(self.order.state, "progress")
        self.assertQueued()

    def test_whole_quantity_typed(self):
        self.produce(1000.0)
        self.assertEqual(self.order.state, "to_close")
        self.assertWaits("1000 kg of it are entered as produced by hand")

    def test_dosed_component_consumed(self):
        self.order.move_raw_ids[0].write({"quantity": 250.0, "picked": True})
        self.assertWaits("Test wheat is entered as consumed, and the PLC would dose it again")
        self.assertStartedOver()

    def test_hand_add_consumed_beforehand(self):
        salt = self.order.move_raw_ids.filtered(lambda move: move.product_id == self.salt)
        salt.write({"quantity": 14.45, "picked": True})
        self.assertQueued()

    def test_typed_after_it_was_queued(self):
        """The PLC was not told yet: whoever types a quantity makes it by hand."""
        self.run_task(1)
        batch = self.queue()
        self.produce(400.0)
        batch._sync_with_order(self.controller.layout_id._layout())
        self.assertEqual(batch.state, "cancelled")
        self.assertIn("400 kg of it are entered as produced by hand", self.order.plc_reason)

    def test_of_another_operation_type_after_it_was_queued(self):
        self.run_task(1)
        batch = self.queue()
        self.order.picking_type_id = self.picking_type.copy({"name": "By hand"})
        batch._sync_with_order(self.controller.layout_id._layout())
        self.assertEqual(batch.state, "cancelled")
        self.assertIn("does not make orders of type", self.order.plc_reason)

    def test_no_alarm_for_each(self):
        self.produce(10.0)
        self.run_task(1)
        checks = self.env["plc.task.health"]
        self.env.cr.execute("UPDATE mrp_production SET write_date = write_date - interval '3 days'")
        self.env.invalidate_all()
        self.controller.order_minutes = 1
        self.assertFalse([found.message for found in checks._orders(self.controller) if self.order.name in found.message])

    def test_who_may_put_it_back(self):
        self.run_task(1)
        with self.assertRaisesRegex(UserError, "it cannot begin anew"):
            self.order.action_plc_start_over()

    def test_reason_is_shown_whatever_the_state(self):
        arch = self.env["mrp.production"].get_view(self.env.ref("mrp.mrp_production_form_view").id, "form")["arch"]
        shown = [node.get("invisible") for node in etree.fromstring(arch).iterfind(".//field[@name='plc_reason']")]
        self.assertEqual([when for when in shown if when and "confirmed" in when], [])
        self.assertTrue(etree.fromstring(arch).findall(".//button[@name='action_plc_start_over']"))
