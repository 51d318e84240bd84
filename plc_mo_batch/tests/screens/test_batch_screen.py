"""What lists, forms, charts and the batch report show."""

from lxml import html

from odoo.tests import new_test_user, tagged

from ..common import MillCase

DOSED = {101: 610.0, 102: 352.25, 114: 33.3}  # 10 kg of wheat too much


@tagged("post_install", "-at_install")
class TestBatchScreen(MillCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()

    def test_deviation_only_of_what_is_finished(self):
        self.run_task(1)
        batch = self.queue()
        batch._store_actuals([101, 102], [300.0, 0.0])
        self.assertRecordValues(batch, [{"deviation_qty": 0.0, "deviation_percent": 0.0}])
        batch._store_actuals(DOSED.keys(), DOSED.values())
        batch._advance("completed", 1010.0, {})
        self.assertRecordValues(batch, [{"deviation_qty": 10.0}])
        self.assertAlmostEqual(batch.deviation_percent, 1000.0 / 985.55, places=2)

    def test_trouble_is_all_that_is_wrong(self):
        batch = self.complete(self.order)
        self.assertFalse(batch.trouble)
        batch.attention = "Look at it."
        batch._record_error("No stock.")
        self.assertEqual(batch.trouble, "Look at it. No stock.")

    def test_order_back_in_line_only_where_it_is_held(self):
        self.run_task(1)
        batch = self.queue().with_user(new_test_user(self.env, "screen_operator", groups="plc_mo_batch.group_operator"))
        self.assertFalse(batch.is_action_requeue_allowed)
        batch.action_cancel("plan", order_action="withhold")
        self.assertTrue(batch.is_action_requeue_allowed)
        batch.action_requeue()
        self.assertFalse(batch.is_action_requeue_allowed)

    def test_what_no_silo_doses_is_said_to_be_by_hand(self):
        self.run_task(1)
        places = self.queue().line_ids.mapped("dosed_from")
        self.assertEqual(places, ["Silo 101", "Silo 102", "Tank 114", "by hand"])

    def test_what_was_booked_of_a_hand_add(self):
        """Its actual is empty, as the PLC reports none; what was booked stands beside it once the batch is done."""
        batch = self.complete(self.new_order())
        salt = batch.line_ids.filtered(lambda line: line.product_id == self.salt)
        self.assertEqual(salt.consumed_qty, 0.0)
        batch.acknowledged = True
        self.run_task(3)
        self.assertEqual((batch.state, salt.consumed_qty), ("done", salt.planned_qty))
        self.assertEqual(
            {line: line.consumed_qty for line in batch.line_ids if line.code},
            {line: line.actual_qty for line in batch.line_ids if line.code},
        )

    def test_columns_of_the_kanban_in_the_order_of_life(self):
        state = self.env["mo.batch"]._group_expand_state(["failed", "completed", "queued"], [])
        self.assertEqual(state, ["queued", "completed", "failed"])

    def test_journal_button(self):
        self.run_task(1)
        batch = self.queue()
        action = batch.action_view_journal()
        self.assertEqual(self.env["mo.batch.journal"].search(action["domain"]), batch.journal_ids)
        self.assertEqual(batch.journal_count, len(batch.journal_ids))

    # The order

    def test_state_of_an_order(self):
        order = self.order
        self.assertRecordValues(order, [{"plc_controller_id": self.controller.id, "plc_state": "waiting"}])
        order.plc_withheld = True
        self.assertEqual(order.plc_state, "withheld")
        order.write({"plc_withheld": False, "plc_reason": "no silo holds it"})
        self.assertEqual(order.plc_state, "refused")
        self.run_task(1)
        self.assertEqual(order.plc_state, "queued")
        self.queue().action_cancel("plan", order_action="requeue")
        self.assertEqual(order.plc_state, "waiting")
        order.action_cancel()
        self.assertEqual(order.plc_state, "cancelled")

    def test_order_that_somebody_makes_by_hand_says_why_it_is_not_queued(self):
        self.order.qty_producing = 500.0
        self.run_task(1)
        self.assertNotIn(self.order, self.queue().production_id)
        self.assertRecordValues(self.order, [{"state": "progress", "plc_state": "refused"}])
        self.assertIn("entered as produced by hand", self.order.plc_reason)

    def test_order_of_several_batches_waits_for_the_next(self):
        self.controller.write({"max_batch_qty": 500.0, "batch_limit": 1})
        batch = self.complete(self.order, actuals={101: 300.0, 102: 176.13, 114: 16.65}, weight=500.0)
        self.assertEqual(self.order.plc_state, "completed")
        self.run_task(3)
        self.assertEqual((batch.state, self.order.plc_part_count), ("done", 2))
        self.order.invalidate_recordset(["plc_state"])
        self.assertIn(self.order.plc_state, ("waiting", "queued"), "the next fill may have come at once")

    def test_other_orders_have_no_plc(self):
        other = self.env["mrp.production"].create({"product_id": self.feed.id, "bom_id": self.bom.id})
        self.assertRecordValues(other, [{"plc_controller_id": False, "plc_state": False}])

    # The report

    def report(self, batches):
        content, kind = self.env["ir.actions.report"]._render_qweb_html("plc_mo_batch.report_mo_batch", batches.ids)
        self.assertEqual(kind, "html")
        return html.fromstring(content)

    def rows(self, page):
        table = page.xpath("//table[contains(@class, 'o_plc_components')]")[0]
        return [[" ".join(cell.text_content().split()) for cell in row.xpath("td")] for row in table.xpath("tbody/tr")]

    def test_report_of_a_done_batch(self):
        batch = self.complete(self.order, actuals=DOSED, weight=1010.0)
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        page = self.report(batch)
        self.assertEqual(
            self.rows(page),
            [
                ["Test wheat", "Silo 101", "600.00 kg", "610.00 kg", "10.00", "1.67"],
                ["Test soy", "Silo 102", "352.25 kg", "352.25 kg", "0.00", "0.00"],
                ["Test molasses", "Tank 114", "33.30 kg", "33.30 kg", "0.00", "0.00"],
                ["Test salt", "by hand", "14.45 kg", "14.45 kg, not weighed", "", ""],
            ],
        )
        text = page.text_content()
        for part in (batch.name, self.order.name, "1,010.00", "Started", "Finished", "Released by"):
            self.assertIn(part, text)
        self.assertNotIn("Cancelled", text)

    def test_report_says_who_cancelled_and_why(self):
        self.run_task(1)
        batch = self.queue()
        night = new_test_user(self.env, "screen_night", name="Night Shift", groups="plc_mo_batch.group_operator")
        batch.with_user(night).action_cancel("material", "Silo 102 is empty.", "withhold")
        page = self.report(batch)
        text = " ".join(page.xpath("//*[contains(@class, 'o_plc_cancelled')]")[0].text_content().split())
        self.assertIn("Material missing: Silo 102 is empty.", text)
        self.assertIn("Night Shift", text)
        self.assertEqual([row[3] for row in self.rows(page)], ["not reported"] * 4)

    def test_report_of_several_batches_has_a_page_each(self):
        other = self.new_order(500.0)
        batches = self.complete(self.order, other)
        self.assertEqual(len(self.report(batches).xpath("//*[contains(@class, 'o_plc_signature')]")), 2)
