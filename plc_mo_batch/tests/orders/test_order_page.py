"""What an order's page says and offers while a PLC has the order."""

from lxml import etree

from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestOrderPage(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.run_task(1)
        self.batch = self.queue()

    def test_sentences(self):
        """By the batch's state: nothing while it is only queued or over, and a sentence while the PLC has it."""
        told = {
            "queued": "",
            "sending": "Test PLC has the recipe of this order: slot 1, sending.",
            "offered": "Test PLC has the recipe of this order: slot 1, offered.",
            "running": "Test PLC is making this order: slot 1, 50 %.",
            "cancelling": "Test PLC has the recipe of this order: slot 1, cancelling.",
            "completed": "Test PLC has ended its batch of this order, which is not booked yet: slot 1.",
            "failed": "Test PLC has ended its batch of this order, which is not booked yet: slot 1.",
        }
        self.assertEqual({*told, "done", "cancelled"}, set(dict(self.batch._fields["state"].selection)))
        dosed = self.batch.line_ids.filtered("code")
        self.batch._store_actuals(dosed.mapped("code"), [line.planned_qty / 2 for line in dosed])
        for state, sentence in told.items():
            with self.subTest(state):
                self.batch.state = state
                self.assertEqual(self.order.plc_making or "", sentence)
        self.batch.write({"state": "running", "on_hold": True})
        self.assertEqual(self.order.plc_making, "Test PLC is holding this order: slot 1, 50 %.")
        for state in ("done", "cancelled"):
            self.batch.write({"state": state, "active": False})
            self.assertFalse(self.order.plc_making)

    def test_to_close_it_by_hand_asks(self):
        arch = etree.fromstring(self.env["mrp.production"].get_view(view_type="form")["arch"])
        buttons = arch.xpath("//header/button[@name='button_mark_done']")
        while_made = [button for button in buttons if button.get("invisible").startswith("not plc_making")]
        others = [button for button in buttons if button not in while_made]
        self.assertEqual([button.get("string") for button in while_made], ["Produce", "Produce All"])
        for button in while_made:
            self.assertIn("A PLC has this order", button.get("confirm"))
            self.assertNotIn("oe_highlight", button.get("class"))
        self.assertTrue(others)
        for button in others:
            self.assertIn("plc_making", button.get("invisible"))
