"""How long the journal is kept."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..common import MillCase
from ..patience import DEADLINE

OLD = 40  # days


@tagged("post_install", "-at_install")
class TestVacuum(MillCase):
    def setUp(self):
        super().setUp()
        self.new_order()
        self.run_task(1)
        self.batch = self.queue()
        self.keep(30)

    def keep(self, days):
        self.env["ir.config_parameter"].set_param("plc_mo_batch.journal_days", str(days))

    def event(self, batch=None, days=OLD):
        line = self.env["mo.batch.journal"]._record("user", "A test.", batch=batch, controller=self.controller)
        self.env.flush_all()
        moment = fields.Datetime.now() - timedelta(days=days)
        self.env.cr.execute("UPDATE mo_batch_journal SET create_date = %s WHERE id = %s", [moment, line.id])
        self.env.invalidate_all()
        return line

    def vacuum(self):
        """As Odoo's daily cron does it, which ends after ten seconds, wherever it is: it cleans in no order."""
        with self.enter_registry_test_mode(), patch("odoo.addons.base.models.ir_cron.MIN_TIME_PER_JOB", DEADLINE):
            self.env.ref("base.autovacuum_job").method_direct_trigger()

    def test_old_lines_go_and_newer_ones_stay(self):
        old, new = self.event(), self.event(days=20)
        self.vacuum()
        self.assertFalse(old.exists())
        self.assertTrue(new.exists())

    def test_journal_of_an_open_batch_stays_whole(self):
        event = self.event(self.batch)
        self.vacuum()
        self.assertTrue(event.exists())
        self.batch._set_state("cancelled")
        self.vacuum()
        self.assertFalse(event.exists())

    def test_for_ever(self):
        for days in (0, -1, ""):
            self.keep(days)
            event = self.event(days=4000)
            self.vacuum()
            self.assertTrue(event.exists())

    def test_piece_by_piece(self):
        journal = self.env["mo.batch.journal"].concat(*(self.event() for _number in range(5)))
        with patch("odoo.addons.plc_mo_batch.models.common.plc_vacuum.TOGETHER", 2):
            self.assertEqual(self.env["plc.vacuum"]._gc_journal(), (2, True))
            self.assertEqual(len(journal.exists()), 3)
            self.vacuum()
        self.assertFalse(journal.exists())

    def test_alarms_that_are_over(self):
        values = {"kind": "silent", "controller_id": self.controller.id, "message": "A test."}
        past = fields.Datetime.now() - timedelta(days=OLD)
        closed = self.env["plc.alarm"].create(
            {**values, "date_opened": past, "date_closed": past, "date_acknowledged": past, "key": "old"}
        )
        still = self.env["plc.alarm"].create({**values, "date_opened": past})
        unseen = self.env["plc.alarm"].create({**values, "date_opened": past, "date_closed": past, "key": "unseen"})
        self.vacuum()
        self.assertEqual((closed + still + unseen).exists(), still + unseen)

    def test_setting(self):
        self.env["res.config.settings"].create({"plc_journal_days": 0}).execute()
        self.assertFalse(self.env["ir.config_parameter"].get_param("plc_mo_batch.journal_days"))
        with self.assertRaises(ValidationError):
            self.env["res.config.settings"].create({"plc_journal_days": -1})
