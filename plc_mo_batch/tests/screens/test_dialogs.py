"""Dialogs keep the batch's picture: what they are about, and what will be booked."""

from odoo.tests import tagged

from ...plc.reconcile import Anomaly
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestDialogs(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.run_task(1)
        self.batch = self.queue()

    def test_a_failed_batch_shows_what_will_be_booked(self):
        self.batch._store_actuals([101, 102], [598.5, 12.25])
        self.batch._advance("failed", 0.0, {})
        dialog = self.env["mo.batch.disposition"].create({"batch_ids": self.batch.ids})
        self.assertEqual({line.product_id: line.wasted_qty for line in dialog.line_ids}, {self.wheat: 598.5, self.soy: 12.25})
        self.assertIn('name="wasted_qty"', dialog.get_view(view_type="form")["arch"])

    def test_batches_to_choose_are_told_by_product_and_order(self):
        told = self.batch.with_context(show_product_and_order=True).display_name
        self.assertEqual(told, f"Test feed, {self.order.name}, slot 1, queued ({self.batch.name})")
        self.assertEqual(self.batch.display_name, self.batch.name)
        found = self.env["mo.batch"].name_search(self.order.name[-5:])
        self.assertEqual([row[0] for row in found], self.batch.ids)

    def test_who_gave_a_batch_up_did_it_not_the_plc(self):
        self.batch._advance("running", 0.0, {})
        self.batch._record_anomaly(Anomaly("lost", "the PLC no longer shows it"))
        self.batch.action_give_up()
        self.assertIn(f"{self.env.user.name} gave up this batch.", self.batch.attention)
        messages = " ".join(self.batch.journal_ids.mapped("message"))
        self.assertNotIn("The PLC reported", messages + self.batch.attention)

    def test_a_batch_that_failed_was_reported_by_the_plc(self):
        self.batch._advance("failed", 0.0, {})
        self.assertIn("The PLC reported that the batch failed.", self.batch.attention)
