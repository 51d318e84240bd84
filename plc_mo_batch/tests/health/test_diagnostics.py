"""What somebody who looks for a fault asks for first: all of it in one file, and no secret."""

import base64
import json

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ...models.health.plc_alarm import Condition
from ...models.health.plc_controller_diagnostics import REDACTED, SECRETS
from ..common import MillCase
from ..patient_http import PatientHttpCase

SECRET = "a-very-secret-word"


@tagged("post_install", "-at_install")
class TestDiagnostics(PatientHttpCase, MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role in ("operator", "manager"):
            new_test_user(cls.env, f"diagnostics_{role}", name=f"Person {role}", groups=f"plc_mo_batch.group_{role}")
        chief = cls.env["res.partner"].create({"name": "Chief Name", "email": "chief@example.com"})
        secret = base64.b64encode(SECRET.encode())
        cls.controller.sudo().write({"login_user": SECRET, "login_password": SECRET, "tls_ca": secret, "tls_key": secret})
        cls.controller.write({"alarm_partner_ids": [Command.set(chief.ids)], "responsible_id": cls.env.ref("base.user_admin").id})
        cls.order = cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.env["plc.alarm"]._raise(Condition("silent", "No answer since then.", cls.controller))

    def download(self, role):
        self.env.flush_all()
        self.authenticate(f"diagnostics_{role}", f"diagnostics_{role}")
        return self.url_open(f"/plc_mo_batch/diagnostics/{self.controller.id}")

    def test_what_it_tells(self):
        response = self.download("manager")
        self.assertTrue(response.headers["Content-Disposition"].endswith("Test%20PLC%20diagnostics.json"))
        told = json.loads(response.content)
        self.assertEqual((told["plc"]["host"], told["plc"]["port"]), ("127.0.0.1", self.controller.port))
        self.assertEqual([batch["order_name"] for batch in told["batches"]], [self.order.name])
        self.assertIn("No answer since then.", [alarm["message"] for alarm in told["alarms"]])
        self.assertEqual([each["code"] for each in told["equipment"]], [101, 102, 114])
        self.assertEqual(len(told["tasks"]), 4)
        self.assertTrue(told["journal"] and told["layout"] and told["versions"]["addon"])

    def test_what_it_keeps_to_itself(self):
        night = new_test_user(self.env, "diagnostics_night", name="Night Name", groups="plc_mo_batch.group_operator")
        self.order.plc_batch_ids.with_user(night)._journal("user", "Night Name gave up this batch; Chief Name was told.")
        text = self.download("manager").text
        self.assertIn("**PERSON** gave up this batch; **PERSON** was told.", text)
        for hidden in (SECRET, base64.b64encode(SECRET.encode()).decode(), "Chief Name", "Night Name", "chief@example.com"):
            self.assertNotIn(hidden, text)
        told = json.loads(text)["plc"]
        redacted = {name: told[name] for name in SECRETS if told[name]}
        self.assertEqual(redacted, dict.fromkeys(set(SECRETS) - {"tls_certificate"}, REDACTED))
        self.assertEqual((told["alarm_partner_ids"], told["responsible_id"]), (1, 1))

    def test_who_may(self):
        self.assertEqual(self.download("operator").status_code, 404)
        self.logout()
        response = self.url_open(f"/plc_mo_batch/diagnostics/{self.controller.id}")
        self.assertNotIn("Content-Disposition", response.headers)  # the login page
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        values = {"company_id": elsewhere.id, "company_ids": [Command.set(elsewhere.ids)]}
        new_test_user(self.env, "diagnostics_stranger", groups="plc_mo_batch.group_manager", **values)
        self.assertEqual(self.download("stranger").status_code, 404)
