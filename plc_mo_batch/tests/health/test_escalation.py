"""An alarm that nobody acknowledges goes on to others, once; and one that a webhook takes elsewhere."""

import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.fields import Command, Datetime
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.health.plc_alarm import Condition
from ..common import CommittedMillCase, MillCase


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

    def lines(self, controller=None):
        of_plc = [("controller_id", "=", (controller or self.controller).id), ("message", "like", "Not acknowledged%")]
        return self.env["mo.batch.journal"].search(of_plc, order="id").mapped("message")

    def test_who_cannot_be_mailed(self):
        """Archived, or without an address: the others are mailed. Where nobody is left, the journal says so, once."""
        self.controller.escalate_partner_ids |= self.other
        for name, values in (("archived", {"active": False}), ("without", {"email": False}), ("no address", {"email": "x"})):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                alarm = self.alarm(21, self.controller)
                self.chief.write(values)
                self.assertEqual(self.told(self.chief), [])
                self.assertEqual(len(self.told(self.other)), 1)
                self.assertEqual(self.lines(), ["Not acknowledged, mailed to other: It stands."])
                savepoint.rollback()
            self.env.invalidate_all()
            with self.subTest(name, left=0), self.env.cr.savepoint() as savepoint:
                self.controller.escalate_partner_ids = self.chief
                alarm = self.alarm(21, self.controller)
                self.chief.write(values)
                for _look in range(2):
                    self.assertEqual(self.told(self.chief), [])
                self.assertEqual(self.lines(), ["Not acknowledged, and not mailed, as chief have no address: It stands."])
                self.assertFalse(alarm.date_escalated)
                self.chief.write({"active": True, "email": "chief@example.com"})
                self.assertEqual(len(self.told(self.chief)), 1)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_mail_server_down(self):
        """Odoo does not repeat a mail that failed. It is, until somebody has seen the alarm; not to an address that is none."""
        alarm = self.alarm(21, self.controller)
        self.told(self.chief)
        mail = self.env["mail.mail"].search([("recipient_ids", "in", self.chief.ids)])
        for failure, state in ((False, "outgoing"), ("unknown", "outgoing"), ("mail_email_invalid", "exception")):
            with self.subTest(failure):
                mail.write({"state": "exception", "failure_type": failure})
                self.alarms._escalate()
                self.assertEqual(mail.state, state)
        mail.write({"state": "exception", "failure_type": False})
        alarm.date_acknowledged = Datetime.now()
        self.alarms._escalate()
        self.assertEqual(mail.state, "exception")

    def test_clock_set_back(self):
        """It was opened in the future: it waits from now on, and not until then."""
        alarm = self.alarm(-600, self.controller)
        self.assertEqual(self.told(self.chief), [])
        self.assertLessEqual(alarm.date_opened, Datetime.now())

    def test_one_bad_alarm(self):
        """It stops none of the others."""
        bad, good = self.alarm(30, self.controller), self.alarm(40, self.controller)
        queue_mail = type(self.alarms)._queue_mail

        def fail(alarm, subject, partners):
            if alarm == bad:
                raise ValueError("no template")
            return queue_mail(alarm, subject, partners)

        self.patch(type(self.alarms), "_queue_mail", fail)
        self.assertEqual(len(self.told(self.chief)), 1)
        self.assertEqual([bool(alarm.date_escalated) for alarm in (bad, good)], [False, True])

    def test_opened_again(self):
        """It is another alarm."""
        alarm = self.alarm(21, self.controller)
        self.told(self.chief)
        alarm._close()
        again = self.alarm(22, self.controller)
        again.key = alarm.key
        self.assertEqual(len(self.told(self.chief)), 2)

    def test_several_companies(self):
        """Of an alarm of all PLCs each company's people are mailed, and no other company reads who they are."""
        company = self.env["res.company"].create({"name": "Sister"})
        sister = self.new_controller(
            name="Sister PLC",
            equipment_ids=[],
            picking_type_ids=[],
            company_id=company.id,
            escalate_minutes=60,
            escalate_partner_ids=[Command.set(self.other.ids)],
        )
        self.alarm(61)
        self.alarms._escalate()
        self.assertEqual(self.lines(), ["Not acknowledged, mailed to chief: It stands."])
        self.assertEqual(self.lines(sister), ["Not acknowledged, mailed to other: It stands."])
        nobody = self.env["mo.batch.journal"].search([("controller_id", "=", False), ("message", "like", "Not acknowledged%")])
        self.assertFalse(nobody)
        self.chief.company_id = company
        with self.assertRaisesRegex(UserError, "chief"):
            self.controller.write({"escalate_partner_ids": [Command.set(self.chief.ids)]})

    def test_language(self):
        """It is the PLC's, as of all that is told of it."""
        self.env["res.lang"]._activate_lang("id_ID")
        self.chief.lang, self.controller.lang = "en_US", "id_ID"
        self.alarm(21, self.controller)
        [subject] = self.told(self.chief)
        self.assertNotIn("not acknowledged", subject)

    def test_neutralized(self):
        self.env["ir.config_parameter"].sudo().set_param("database.is_neutralized", True)
        self.alarm(21, self.controller)
        self.run_task(4)
        self.assertFalse(self.env["mail.mail"].search([("recipient_ids", "in", self.chief.ids)]))


@tagged("post_install", "-at_install")
class TestEscalationRace(CommittedMillCase):
    """Two servers, or a person, at the same moment: real transactions."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            plc = env["plc.controller"].browse(self.mill_id)
            partner = env["res.partner"].create({"name": "chief", "email": "chief@example.com"})
            plc.write({"escalate_minutes": 20, "escalate_partner_ids": [Command.set(partner.ids)]})
            alarm = env["plc.alarm"]._raise(Condition("stuck", "It stands.", plc, key="race"))
            alarm.date_opened = Datetime.now() - timedelta(minutes=30)
            self.partner_id, self.alarm_id = partner.id, alarm.id
        self.addCleanup(self.forget)

    def forget(self):
        with self.transaction() as env:
            env["plc.controller"].browse(self.mill_id).write({"escalate_minutes": 0, "escalate_partner_ids": [Command.clear()]})
            env["mail.mail"].search([("recipient_ids", "in", [self.partner_id])]).unlink()
            env.cr.execute("DELETE FROM mo_batch_journal WHERE controller_id = %s", [self.mill_id])
            env.cr.execute("DELETE FROM plc_alarm WHERE id = %s", [self.alarm_id])
            env["res.partner"].browse(self.partner_id).unlink()

    @contextmanager
    def transaction(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def escalate(self, env):
        env["plc.alarm"]._escalate()
        env.flush_all()

    def acknowledge(self, env):
        env["plc.alarm"].browse(self.alarm_id).action_acknowledge()
        env.flush_all()

    def mails(self, first, second):
        """The second has its picture of the data from before the first, and begins anew."""
        with self.transaction() as late:
            late.cr.execute("SELECT count(*) FROM plc_alarm")
            with self.transaction() as early:
                first(early)
            with mute_logger("odoo.sql_db"), self.assertRaises(TransactionRollbackError):
                second(late)
            late.cr.rollback()
            late.invalidate_all()
            second(late)
        with self.transaction() as env:
            return env["mail.mail"].search_count([("recipient_ids", "in", [self.partner_id])])

    def test_task_4_twice_at_once(self):
        self.assertEqual(self.mails(self.escalate, self.escalate), 1)

    def test_acknowledged_first(self):
        self.assertEqual(self.mails(self.acknowledge, self.escalate), 0)

    def test_escalated_first(self):
        self.assertEqual(self.mails(self.escalate, self.acknowledge), 1)


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
