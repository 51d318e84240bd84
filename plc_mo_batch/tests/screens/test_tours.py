"""What people do, in a real browser: fill, watch, cancel with a reason, try again; as operator and as manager.

From the empty board to a finished batch needs a server with its tasks running: tests/test_newcomer.py.
"""

from odoo.tests import new_test_user, tagged

from ..common import MillCase
from ..patient_http import PatientHttpCase

HALF = {101: 300.0, 102: 176.125, 114: 16.65}


@tagged("post_install", "-at_install")
class TestTours(PatientHttpCase, MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator, cls.manager = (
            new_test_user(cls.env, f"tour_{role}", groups=f"plc_mo_batch.group_{role}") for role in ("operator", "manager")
        )
        for _number in range(3):
            cls.new_order()

    def setUp(self):
        super().setUp()
        self.env["mo.batch"].search([]).sudo().write({"state": "cancelled"})

    def run_first(self):
        """The first batch runs, half done; two or more wait."""
        self.new_order()
        self.run_task(1)
        running = self.queue()[0]
        running.write({"state": "offered", "job_number": running.id})
        running._store_actuals(HALF.keys(), HALF.values())
        running._advance("running", 0.0, {})
        return running

    def test_fill(self):
        triggers = self.env["ir.cron.trigger"].search([])
        self.start_tour(f"/odoo/plc-controllers/{self.controller.id}", "plc_fill", login=self.operator.login)
        cron = self.env.ref("plc_mo_batch.ir_cron_task_1")
        self.assertEqual((self.env["ir.cron.trigger"].search([]) - triggers).cron_id, cron)
        self.run_task(1)
        self.assertTrue(self.queue())

    def test_watch(self):
        self.run_first()
        self.start_tour("/odoo/plc-batches", "plc_watch", login=self.operator.login)

    def test_cancel_with_reason(self):
        for user in (self.operator, self.manager):
            with self.subTest(user.login):
                running = self.run_first()
                waiting = self.queue() - running
                self.start_tour("/odoo/plc-batches", "plc_cancel", login=user.login)
                values = {"state": "cancelled", "cancel_reason": "material", "cancel_note": "Silo 102 is empty."}
                cancelled = waiting.filtered(lambda batch: batch.state == "cancelled")
                self.assertRecordValues(cancelled, [{**values, "cancel_user_id": user.id}] * 2)
                self.assertEqual(self.queue(), running | waiting - cancelled)
                self.queue().write({"state": "cancelled"})
                waiting.production_id.plc_withheld = False

    def test_retry(self):
        batch = self.complete(self.new_order())[:1]
        batch._record_error("No stock.")
        self.start_tour(f"/odoo/plc-batches/{batch.id}", "plc_retry", login=self.manager.login)
        self.assertFalse(batch.next_try)
