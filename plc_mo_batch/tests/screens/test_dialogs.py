"""Dialogs keep the batch's picture: what they are about, and what will be booked."""

from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.health.plc_task_health import Condition
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

    def test_every_dialog_about_a_batch_says_which(self):
        """Order, product, slot and state, not only the batch's number."""
        for model in ("mo.batch.review", "mo.batch.weight", "mo.batch.booked", "mo.batch.amounts"):
            arch = etree.fromstring(self.env[model].get_view(view_type="form")["arch"])
            [shown] = arch.xpath("//field[@name='batch_id']")
            with self.subTest(model):
                self.assertIn("show_product_and_order", shown.get("context") or "")
        for model in ("mo.batch.cancel", "mo.batch.disposition", "mo.batch.undecided"):
            arch = etree.fromstring(self.env[model].get_view(view_type="form")["arch"])
            for name in ("order_name", "product_id", "slot", "state", "planned_qty", "dosed_qty"):
                with self.subTest(model, name=name):
                    self.assertTrue(arch.xpath(f"//field[@name='batch_ids']/list/field[@name='{name}']"))

    def test_what_fell_stands_beside_what_is_entered(self):
        self.batch._advance("running", 0.0, {})
        self.batch._store_actuals([101], [12.5])
        self.batch.line_ids.filtered(lambda line: line.code == 101).fallen_qty = 180.0
        dialog = self.env["mo.batch.amounts"].create({"batch_id": self.batch.id, "reason": "x"})
        [line] = dialog.line_ids.filtered("fell")
        self.assertEqual((line.code, line.fell, line.reported), (101, 180.0, 12.5))

    def test_what_was_dosed_after_the_last_reading_is_entered_from_the_disposition(self):
        """A person gave the batch up, and was told to enter what he knows: he can, and that is what is booked."""
        self.batch._advance("running", 0.0, {})
        self.batch._store_actuals([101, 102], [120.0, 0.0])
        self.batch._record_anomaly(Anomaly("lost", "the PLC no longer shows it"))
        self.batch.action_give_up()
        dialog = self.env["mo.batch.disposition"].create({"batch_ids": self.batch.ids})
        self.assertTrue(dialog.is_amounts_allowed)
        self.assertEqual(dialog.action_enter_amounts()["res_model"], "mo.batch.amounts")
        self.batch.action_enter_amounts([(101, 598.5), (102, 12.25), (114, 0.0)], "the scale's printout")
        self.assertEqual(self.batch.state, "failed")
        self.assertEqual({line.product_id: line.wasted_qty for line in dialog.line_ids}, {self.wheat: 598.5, self.soy: 12.25})

    def test_what_the_plc_itself_ended_has_no_other_amounts(self):
        self.batch._advance("failed", 0.0, {})
        self.assertFalse(self.env["mo.batch.disposition"].create({"batch_ids": self.batch.ids}).is_amounts_allowed)

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


@tagged("post_install", "-at_install")
class TestLostMemory(MillCase):
    """A PLC that lost its memory with several batches: one event, one decision."""

    def setUp(self):
        super().setUp()
        for _order in range(6):
            self.new_order()
        self.run_task(1)
        self.batches = self.queue()
        for number, batch in enumerate(self.batches.sorted("slot")):
            for state in ("sending", "offered", *(["running"] if not number else [])):
                batch._advance(state, 0.0, {})
            batch._record_anomaly(Anomaly("lost", "its slot is empty"))
        self.running = self.batches.sorted("slot")[0]

    def attention(self):
        return self.env["plc.controller"].get_board(controller_ids=self.controller.ids)["attention"]

    def open(self):
        action = self.controller.action_open_undecided()
        return self.env[action["res_model"]].with_context(**action["context"]).create({})

    def test_one_row(self):
        [item] = self.attention()
        self.assertIn("6 batches: The PLC seems to have lost its memory", item["message"])
        self.assertEqual([button["method"] for button in item["buttons"]], ["action_open_undecided"])
        self.assertEqual((item["model"], item["id"], item["severity"]), ("plc.controller", self.controller.id, "danger"))

    def test_its_alarms_say_it_once(self):
        for batch in self.batches:
            self.env["plc.alarm"]._raise(Condition("waiting", "waits", self.controller, batch))
        self.assertEqual(len(self.attention()), 1)

    def test_a_single_one_is_a_row_of_its_own(self):
        self.batches[1:].write({"attention": False, "attention_key": False})
        [item] = self.attention()
        self.assertEqual(item["batch"], self.batches[0].id)

    def test_nobody_decides_by_a_slip(self):
        dialog = self.open()
        self.assertEqual(dialog.batch_ids, self.batches)
        with self.assertRaisesRegex(UserError, "Choose what to do"):
            dialog.action_confirm()

    def test_sent_again_but_for_what_was_seen_running(self):
        dialog = self.open()
        dialog.decision = "send_again"
        self.assertEqual(dialog.effect, "5 to be sent again, 1 to be given up.")
        dialog.action_confirm()
        self.assertEqual(self.running.state, "failed")
        self.assertEqual(set((self.batches - self.running).mapped("state")), {"queued"})
        with self.assertRaisesRegex(UserError, "nothing to decide any more"):
            dialog.action_confirm()

    def test_all_given_up(self):
        dialog = self.open()
        dialog.decision = "give_up"
        dialog.batch_ids -= self.batches.sorted("slot")[-1]  # it is decided by itself
        dialog.action_confirm()
        self.assertEqual(self.batches.sorted("slot").mapped("state"), ["failed", *["cancelled"] * 4, "offered"])

    def test_what_the_plc_shows_again_meanwhile_is_not_given_up(self):
        dialog = self.open()
        dialog.decision = "give_up"
        self.running.write({"attention": False, "attention_key": False})
        with self.assertRaisesRegex(UserError, "its reports are accepted"), self.env.cr.savepoint():
            dialog.action_confirm()


@tagged("post_install", "-at_install")
class TestFittingBatches(MillCase):
    def test_batches_that_fit_a_weighing_come_first(self):
        """Those that have its product, and of these the one that was made then; the others come after them."""
        oil = self.new_product("Test oil")
        for _order in range(4):
            self.new_order()
        self.run_task(1)
        first, second, oily, third = self.queue().sorted("slot")
        for day, batch in ((1, first), (2, second), (3, oily), (9, third)):
            batch.write({"date_started": f"2026-03-{day:02} 08:00:00", "date_finished": f"2026-03-{day:02} 08:10:00"})
        oily.line_ids.filtered(lambda line: not line.code).product_id = oil
        self.salt.plc_number = 77
        values = {"controller_id": self.controller.id, "company_id": self.controller.company_id.id, "product_number": 77}
        weighing = self.env["plc.weighing"].create({**values, "event_key": "F", "date": "2026-03-02 08:05:00", "words": "1"})
        ours = [("id", "in", (first | second | oily | third).ids)]
        found = self.env["mo.batch"].with_context(fits_weighing=weighing.ids).name_search("", ours)
        self.assertEqual([row[0] for row in found], [second.id, first.id, third.id, oily.id])
        found = self.env["mo.batch"].with_context(fits_weighing=weighing.ids).name_search("", ours, limit=2)
        self.assertEqual([row[0] for row in found], [second.id, first.id])
        for forged in ("all", [True], ["1"], {"a": 1}, [0]):
            self.assertEqual(len(self.env["mo.batch"].with_context(fits_weighing=forged).name_search("", ours)), 4)
