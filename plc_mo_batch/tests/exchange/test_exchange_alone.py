"""One exchange at a time talks to a PLC; tests/test_two_servers_exchange.py lets two servers try."""

import logging

import psycopg2

from odoo import fields
from odoo.tests import tagged

from ...models.exchange.taken_plcs import ADVISORY
from ..common import MillCase
from ..patience import wait_until


@tagged("post_install", "-at_install")
class TestExchangeAlone(MillCase):
    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()
        self.new_order()
        self.run_task(1)

    def other_process(self):
        other = psycopg2.connect(dbname=self.env.cr.dbname)
        self.addCleanup(other.close)
        return other

    def takes(self, process):
        with process.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [ADVISORY, self.controller.id])
            return cursor.fetchone()[0]

    def is_free(self):
        """PostgreSQL ends a session, and frees its locks, when it gets round to it."""
        self.env.cr.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND (classid, objid) = (%s, %s)", [ADVISORY, self.controller.id]
        )
        return not self.env.cr.fetchall()

    def test_plc_that_another_exchange_talks_to_is_left_alone(self):
        other, begin = self.other_process(), fields.Datetime.now()
        self.assertTrue(self.takes(other))
        with self.assertLogs("odoo.addons.plc_mo_batch.models.common.plc_task", logging.INFO) as logs:
            self.run_task(2)
        self.assertIn("Test PLC: another exchange is at work, nothing done", "".join(logs.output))
        soon = [("cron_id", "=", self.cron(2).id), ("call_at", ">", begin)]
        self.assertTrue(self.env["ir.cron.trigger"].search(soon), "the other one may be dead")
        self.assertEqual(self.queue().state, "queued")
        other.close()  # as a process that was killed
        wait_until(self.is_free, "the end of a session that was closed, with its lock")
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered")

    def test_plc_is_free_afterwards(self):
        self.run_task(2)
        self.assertTrue(self.takes(self.other_process()))

    def test_plc_is_free_after_an_error(self):
        self.patch(type(self.env["plc.controller"]), "_jobs", lambda *_args: 1 / 0)
        self.run_task(2)
        self.assertTrue(self.takes(self.other_process()))
