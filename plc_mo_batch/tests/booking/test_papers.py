"""Reports that the server makes by itself: those of batches, kept as they were, and those of shifts, mailed."""

import base64
from datetime import timedelta
from hashlib import sha256
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import MillCase

LOGGER = "odoo.addons.plc_mo_batch.models.reporting.plc_papers"


class PapersCase(MillCase):
    def run_papers(self):
        with self.enter_task():
            self.env["plc.papers"]._run()
        self.env.invalidate_all()

    def enter_task(self):
        """As a scheduled action, whose commits this test must not make."""
        task = type(self.env["plc.task"])
        return patch.multiple(task, _commit=lambda _self: None, _rollback=lambda _self: None)


@tagged("post_install", "-at_install")
class TestFrozen(PapersCase):
    def make(self):
        order = self.new_order()
        self.run_task(1)
        [batch] = order.plc_batch_ids
        batch._store_actuals((101, 102, 114), (600.0, 352.25, 33.3))
        batch._advance("completed", 0.0, {"acknowledged": True})
        return batch

    def content(self, frozen):
        return base64.b64decode(frozen.with_context(bin_size=False).content)

    def test_when_it_is_closed(self):
        """Not before; once; and its hash stands in the journal."""
        batch = self.make()
        self.run_papers()
        self.assertFalse(batch.frozen_ids)
        self.run_task(3)
        for _run in range(3):
            self.run_papers()
        [frozen] = batch.frozen_ids
        content = self.content(frozen)
        self.assertEqual((frozen.number, frozen.sha256, frozen.is_whole), (1, sha256(content).hexdigest(), True))
        self.assertIn(batch.name.encode(), content)
        self.assertIn(b"352.25", content)
        self.assertEqual(len(batch.journal_ids.filtered(lambda line: frozen.sha256 in line.message)), 1)

    def test_a_page_of_its_own(self):
        """Where wkhtmltopdf is missing: nothing of it lies elsewhere."""
        batch = self.make()
        self.run_task(3)
        self.run_papers()
        content = self.content(batch.frozen_ids).decode()
        for elsewhere in ("<script", "<link", 'src="/', 'href="/'):
            self.assertNotIn(elsewhere, content)
        self.assertTrue(batch.frozen_ids.file_name.endswith(".html"))

    def test_as_pdf(self):
        """Its own date makes no new version of it."""
        batch, reports = self.make(), type(self.env["ir.actions.report"])
        self.run_task(3)
        with (
            patch.object(reports, "get_wkhtmltopdf_state", lambda _self: "ok"),
            patch.object(reports, "_render_qweb_pdf", lambda *_args, **_options: (_pdf(), "pdf")),
        ):
            for _run in range(2):
                self.run_papers()
                batch._journal("state", "Something else.")
        [frozen] = batch.frozen_ids
        self.assertTrue(self.content(frozen).startswith(b"%PDF at "))
        self.assertTrue(frozen.file_name.endswith(".pdf"))

    def test_what_is_corrected_later(self):
        """A new version beside the old one, which stays what it was; nothing new where the report shows the same."""
        batch = self.make()
        self.run_task(3)
        self.run_papers()
        first = self.content(batch.frozen_ids)
        batch._journal("user", "Looked at.")
        self.run_papers()
        self.assertEqual(len(batch.frozen_ids), 1)
        batch._remark("Two bags more.")
        self.run_papers()
        self.assertEqual(batch.frozen_ids.mapped("number"), [1, 2])
        self.assertEqual(self.content(batch.frozen_ids[0]), first)
        self.assertIn(b"Two bags more.", self.content(batch.frozen_ids[1]))
        self.assertNotEqual(*batch.frozen_ids.mapped("file_name"))

    def test_whatever_its_end(self):
        """Cancelled before it was sent, failed and decided."""
        order = self.new_order()
        self.run_task(1)
        cancelled = order.plc_batch_ids
        cancelled.action_cancel("plan")
        failed = self.new_order()
        self.run_task(1)
        failed = failed.plc_batch_ids
        failed._store_actuals((101, 102, 114), (100.0, 0.0, 0.0))
        failed._advance("failed", 0.0, {"acknowledged": True})
        self.run_papers()
        self.assertFalse(failed.frozen_ids)
        failed.action_set_disposition("cancel", "scrap")
        self.run_task(3)
        self.run_papers()
        for batch in cancelled | failed:
            with self.subTest(batch.state):
                self.assertEqual(len(batch.frozen_ids), 0 if batch.active else 1)
                self.assertFalse(batch.active)

    def test_from_when_on(self):
        """Neither an older history nor where a plant wants none."""
        batch = self.make()
        self.run_task(3)
        for since in (False, fields.Datetime.now() + timedelta(minutes=1)):
            self.controller.freeze_since = since
            self.run_papers()
            self.assertFalse(batch.frozen_ids)

    def test_nobody_changes_it(self):
        batch = self.make()
        self.run_task(3)
        self.run_papers()
        frozen = batch.frozen_ids
        own = [("res_model", "=", frozen._name), ("res_id", "=", frozen.id), ("res_field", "!=", False)]
        file = self.env["ir.attachment"].search(own)
        self.assertEqual(len(file), 1)
        for values in ({"content": base64.b64encode(b"x")}, {"sha256": "x"}, {"number": 7, "seen": 1}):
            with self.assertRaises(UserError):
                frozen.write(values)
        with self.assertRaises(UserError):
            frozen.unlink()
        for groups in ("plc_mo_batch.group_manager", "plc_mo_batch.group_manager,base.group_system"):
            manager = new_test_user(self.env, f"papers {groups}", groups=groups)
            for change in (lambda own: own.write({"raw": b"x"}), lambda own: own.unlink()):
                with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                    change(file.with_user(manager))
        file.sudo().raw = b"by who has the database"
        self.env.invalidate_all()
        self.assertFalse(frozen.is_whole)

    def test_one_that_fails(self):
        """It is in the way of neither the others nor its own booking, and is tried again."""
        bad = self.make()
        self.run_task(3)
        good = self.make()
        self.run_task(3)
        batches, paper = type(self.env["mo.batch"]), type(self.env["mo.batch"])._paper

        def failing(batch):
            if batch == bad:
                raise ValueError("no paper")
            return paper(batch)

        with patch.object(batches, "_paper", failing), self.assertLogs(LOGGER, "WARNING") as logs:
            self.run_papers()
        self.assertIn("no paper", logs.output[0])
        self.assertEqual((bad.state, len(bad.frozen_ids), len(good.frozen_ids)), ("done", 0, 1))
        self.run_papers()
        self.assertEqual(len(bad.frozen_ids), 1)

    def test_only_the_server_runs_it(self):
        manager = new_test_user(self.env, "papers", groups="plc_mo_batch.group_manager")
        with self.assertRaises(AccessError):
            self.env["plc.papers"].with_user(manager)._run()


def _pdf():
    return f"%PDF at {fields.Datetime.now()}".encode()


@tagged("post_install", "-at_install")
class TestShiftMail(PapersCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.resource_calendar_id.tz = "Asia/Jakarta"
        cls.chief = cls.env["res.partner"].create({"name": "Chief", "email": "chief@example.com"})
        cls.controller.write({"shift_mail": "shift", "shift_mail_partner_ids": [Command.set(cls.chief.ids)]})

    def mails(self, now):
        """Those that are queued at that moment."""
        before = self.env["mail.mail"].search([])
        with freeze_time(now):
            self.run_papers()
        return self.env["mail.mail"].search([("id", "not in", before.ids)], order="id")

    def test_once_a_shift(self):
        """After it, by the plant's clock; not again, whoever runs."""
        [mail] = self.mails("2026-03-02 07:01:00")
        self.assertEqual(mail.recipient_ids, self.chief)
        self.assertIn("Test PLC: 2026-03-02 06:00 – 2026-03-02 14:00", mail.subject)
        self.assertIn("Nothing was made.", mail.body_html)
        self.assertIn("Nothing was made.", mail.attachment_ids.raw.decode())
        for moment in ("2026-03-02 07:01:30", "2026-03-02 14:59:00"):
            self.assertFalse(self.mails(moment))
        self.assertIn("14:00 – 2026-03-02 22:00", self.mails("2026-03-02 15:00:00").subject)

    def test_two_servers(self):
        """Both have found it due."""
        mails = self.env["plc.shift.mail"]
        with freeze_time("2026-03-02 07:01:00"):
            [due] = list(mails._due())
            self.assertTrue(mails._mail(*due))
            self.assertFalse(mails._mail(*due))

    def test_once_a_day(self):
        self.controller.shift_mail = "day"
        self.assertIn("2026-03-01 06:00 – 2026-03-02 06:00", self.mails("2026-03-02 07:01:00").subject)
        self.assertFalse(self.mails("2026-03-02 22:00:00"))
        self.assertEqual(len(self.mails("2026-03-02 23:00:00")), 1)

    def test_to_nobody(self):
        self.chief.email = False
        self.assertFalse(self.mails("2026-03-02 07:01:00"))
        self.chief.email = "chief@example.com"
        for values in ({"shift_mail": "never"}, {"shift_mail_partner_ids": [Command.clear()]}, {"active": False}):
            with self.subTest(values), self.env.cr.savepoint() as savepoint:
                self.controller.write(values)
                self.assertFalse(self.mails("2026-03-02 07:01:00"))
                savepoint.rollback()
            self.env.invalidate_all()

    def test_what_was_made(self):
        """In the PLC's language."""
        self.env["res.lang"]._activate_lang("id_ID")
        self.controller.lang = "id_ID"
        order = self.new_order()
        self.run_task(1)
        batch = order.plc_batch_ids
        batch._store_actuals((101, 102, 114), (600.0, 352.25, 33.3))
        batch._advance("completed", 0.0, {"acknowledged": True})
        batch.write({"date_started": "2026-03-02 01:00:00", "date_finished": "2026-03-02 01:30:00"})
        [mail] = self.mails("2026-03-02 07:01:00")
        self.assertNotIn("Nothing was made.", mail.body_html)
        self.assertIn("1,000 t", mail.body_html)
        self.assertIn("08:00", mail.attachment_ids.raw.decode())
