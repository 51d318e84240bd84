"""What a PLC says is text, never markup: wherever it is shown, a tag in it is shown as a tag."""

from lxml import html

from odoo.tests import tagged

from ...plc.reconcile import Anomaly
from ..common import MillCase

EVIL = "<script>alert(1)</script><b>x</b>"
HARMLESS = "&lt;script&gt;"


@tagged("post_install", "-at_install")
class TestMarkup(MillCase):
    def setUp(self):
        super().setUp()
        self.new_order()
        self.run_task(1)
        self.batch = self.queue()
        self.controller.responsible_id = self.env.ref("base.user_admin")

    def assertText(self, content):
        """HTML in which the tags of ``EVIL`` are characters."""
        self.assertIn(HARMLESS, str(content))
        found = html.fromstring(f"<div>{content}</div>")
        self.assertFalse(found.xpath("//script | //b"), content)
        self.assertIn("<script>", found.text_content())

    def test_chatter(self):
        self.batch._remark(EVIL)
        self.assertText(self.batch.message_ids[0].body)

    def test_activity(self):
        self.batch._tell_responsible("Look", EVIL)
        self.assertText(self.batch.activity_ids.note)

    def test_order_that_is_not_the_batchs(self):
        """The name is quoted in attention and journal, which are plain text."""
        self.batch._record_anomaly(Anomaly("rejected", f"order is {EVIL}", tuple(range(83)), 1))
        for record, name in ((self.batch, "attention"), (self.batch.journal_ids[0], "message")):
            self.assertIn(EVIL, record[name])
            self.assertEqual(record._fields[name].type, "char", "shown escaped by every widget")

    def test_words_by_field(self):
        """The table of raw words, where an order's name is spelled out."""
        layout = self.controller.layout_id._layout()
        start, count = 1, 8
        words = [0] * layout.request("feedback", 1)[1]
        text = "<script>x()</s>".ljust(count * 2, "\0").encode()
        words[start : start + count] = [int.from_bytes(text[2 * i : 2 * i + 2]) for i in range(count)]
        table = self.controller.layout_id._words_table("feedback", words, 1)
        self.assertText(table)

    def test_alarm(self):
        alarm = self.env["plc.alarm"].create({"kind": "rejected", "message": EVIL, "controller_id": self.controller.id})
        for message in alarm.message_ids:
            self.assertNotIn("<script>", str(message.body))
        self.assertEqual(alarm._fields["message"].type, "char")

    def test_html_of_the_addon_is_made_by_templates_alone(self):
        """No field of the addon takes HTML that somebody could write."""
        for model, record in self.env.registry.items():
            for name, field in record._fields.items():
                if field.type == "html" and field._modules == ("plc_mo_batch",):
                    self.assertTrue(field.compute and not field.inverse, f"{model}.{name}")

    def test_printed_report(self):
        self.batch.sudo().write({"order_name": EVIL, "last_error": EVIL, "attention": EVIL})
        self.batch._remark(EVIL)
        page, _kind = self.env["ir.actions.report"]._render_qweb_html("plc_mo_batch.report_mo_batch", self.batch.ids)
        self.assertIn(HARMLESS, page.decode())
        self.assertNotIn("<script>alert", page.decode())
        self.assertNotIn("<b>x</b>", page.decode())
