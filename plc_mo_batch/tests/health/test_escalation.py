"""An alarm that nobody acknowledges goes on to others, once; and one that a webhook takes elsewhere."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

from odoo.fields import Command, Datetime
from odoo.tests import new_test_user, tagged

from ...models.health.plc_alarm import Condition
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestEscalation(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alarms = cls.env["plc.alarm"]
        cls.chief, cls.other = cls.env["res.partner"].create(
            [{"name": name, "email": f"{name}@example.com"} for name in ("chief", "other")]
        )
        cls.controller.write({"escalate_minutes": 20, "escalate_partner_ids": [Command.set(cls.chief.ids)]})

    def alarm(self, minutes, controller=None, **values):
        """One that has stood so long."""
        opened = Datetime.now() - timedelta(minutes=minutes)
        alarm = self.alarms._raise(Condition("stuck", "It stands.", controller, key=str(minutes), **values))
        alarm.date_opened = opened
        return alarm

    def told(self, partner):
        self.alarms._escalate()
        return self.env["mail.mail"].search([("recipient_ids", "in", partner.ids)], order="id").mapped("subject")

    def test_once(self):
        alarm = self.alarm(21, self.controller)
        for _look in range(3):
            self.assertEqual(self.told(self.chief), ["Test PLC: not acknowledged for 20 minutes: Stuck batch"])
        self.assertTrue(alarm.date_escalated)
        line = self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id)], limit=1)
        self.assertEqual(line.message, "Not acknowledged, mailed to chief: It stands.")

    def test_which(self):
        """Neither one that is young, acknowledged, over or of low priority, nor where nobody is named."""
        self.alarm(19, self.controller)
        self.alarm(30, self.controller, priority="low")
        operator = new_test_user(self.env, "escalation_operator", groups="plc_mo_batch.group_operator")
        self.alarm(40, self.controller).with_user(operator).action_acknowledge()
        self.alarm(50, self.controller)._close()
        silent = self.new_controller(name="Another PLC", equipment_ids=[], picking_type_ids=[])
        self.alarm(60, silent)
        self.assertEqual(self.told(self.chief), [])
        self.alarm(70, self.controller, priority="medium")
        self.assertEqual(len(self.told(self.chief)), 1)

    def test_of_all_plcs(self):
        """Due as soon as it is at one of them; it goes to those of all, once."""
        values = {"escalate_minutes": 60, "escalate_partner_ids": [Command.set(self.other.ids)]}
        self.new_controller(name="Another PLC", equipment_ids=[], picking_type_ids=[], **values)
        self.alarm(21)
        for partner in (self.chief, self.other):
            self.assertEqual(self.told(partner), ["All PLCs: not acknowledged for 20 minutes: Stuck batch"])

    def test_task_4_does_it(self):
        self.cron(2).lastcall = Datetime.now()  # while Task 2 is late no PLC is said to be silent
        self.run_task(4)
        standing = self.alarms.search([("controller_id", "=", self.controller.id), ("date_closed", "=", False)])
        standing._close()
        self.controller.write(
            {"silent_minutes": 1, "last_contact": "2020-01-01 00:00:00", "watched_since": "2020-01-01 00:00:00"}
        )
        self.run_task(4)
        alarm = self.alarms.search([("controller_id", "=", self.controller.id), ("kind", "=", "silent")]).ensure_one()
        alarm.date_opened = Datetime.now() - timedelta(minutes=30)
        self.run_task(4)
        self.assertTrue(alarm.date_escalated)

    def test_switched_off(self):
        self.controller.escalate_minutes = 0
        self.alarm(500, self.controller)
        self.assertEqual(self.told(self.chief), [])


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args):
        pass


@tagged("post_install", "-at_install")
class TestWebhook(MillCase):
    """Odoo's own server action, as docs/administrator.md says to set it up."""

    def setUp(self):
        super().setUp()
        self.receiver = HTTPServer(("127.0.0.1", 0), _Receiver)
        self.receiver.got = []
        threading.Thread(target=self.receiver.serve_forever, daemon=True).start()
        self.addCleanup(self.receiver.server_close)
        self.addCleanup(self.receiver.shutdown)

    def send(self, record, *names):
        fields = self.env["ir.model.fields"].search([("model", "=", record._name), ("name", "in", names)])
        action = self.env["ir.actions.server"].create(
            {
                "name": "To the control room",
                "model_id": self.env["ir.model"]._get_id(record._name),
                "state": "webhook",
                "webhook_url": f"http://127.0.0.1:{self.receiver.server_port}/plc",
                "webhook_field_ids": [Command.set(fields.ids)],
            }
        )
        action.with_context(active_model=record._name, active_id=record.id, active_ids=record.ids).run()
        self.assertFalse(self.receiver.got, "only what is committed is told")
        self.env.cr.postcommit.run()
        [told] = self.receiver.got
        self.assertEqual((told["_model"], told["_id"]), (record._name, record.id))
        self.receiver.got.clear()
        return {name: told[name] for name in names}

    def test_alarm(self):
        alarm = self.env["plc.alarm"]._raise(Condition("silent", "No answer.", self.controller))
        told = self.send(alarm, "kind", "message", "state", "controller_id")
        right = {"kind": "silent", "message": "No answer.", "state": "unacknowledged", "controller_id": self.controller.id}
        self.assertEqual(told, right)

    def test_batch(self):
        order = self.new_order()
        self.run_task(1)
        told = self.send(order.plc_batch_ids, "name", "state", "planned_qty", "date_finished")
        self.assertEqual((told["state"], told["planned_qty"], told["date_finished"]), ("queued", 1000.0, False))
