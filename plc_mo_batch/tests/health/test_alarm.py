"""One condition is one alarm: it opens and closes, and people are told of each once."""

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Datetime
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.health.plc_alarm import Condition
from ..common import MillCase

HOURS_AGO = "2020-01-01 10:00:00"


@tagged("post_install", "-at_install")
class TestAlarm(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alarms = cls.env["plc.alarm"]
        cls.operator = new_test_user(cls.env, "alarm-operator", groups="plc_mo_batch.group_operator")
        cls.controller.responsible_id = cls.operator

    def settle(self, *messages, kind="stuck", **values):
        conditions = [
            Condition(kind, message, self.controller, key=str(number), **values) for number, message in enumerate(messages)
        ]
        return self.alarms._sync(kind, self.controller, conditions)

    def told(self):
        """What the PLC's chatter says of alarms, oldest first."""
        return [str(message.preview) for message in self.controller.message_ids.sorted("id") if "stands" in str(message.preview)]

    def test_opens_once_and_closes(self):
        alarm = self.settle("It stands.")
        self.assertRecordValues(alarm, [{"state": "unacknowledged", "priority": "high", "date_closed": False}])
        self.assertFalse(self.settle("It stands."))
        self.settle()
        self.assertRecordValues(alarm, [{"state": "returned"}])
        self.assertTrue(alarm.date_closed)
        self.assertNotEqual(self.settle("It stands."), alarm, "what comes again is a new alarm")

    def test_is_told_on_change_only(self):
        for _run in range(3):
            self.settle("It stands.")
        self.assertEqual(self.told(), ["Stuck batch: It stands."])
        for _run in range(2):
            self.settle()
        self.assertEqual(self.told(), ["Stuck batch: It stands.", "Closed: It stands."])

    def test_text_follows_untold(self):
        alarm = self.settle("It stands.")
        self.settle("It stands, and stands.")
        self.assertEqual(alarm.message, "It stands, and stands.")
        self.assertEqual(len(self.told()), 1)

    def test_activity_of_the_responsible_ends_with_it(self):
        alarm = self.settle("It stands.")
        self.assertEqual(alarm.activity_ids.user_id, self.operator)
        self.settle()
        self.assertFalse(alarm.activity_ids)

    def test_what_a_plc_says_is_text(self):
        alarm = self.settle("It <b>stands</b>.")
        self.assertIn("It &lt;b&gt;stands&lt;/b&gt;.", alarm.activity_ids.note)
        self.assertIn("It &lt;b&gt;stands&lt;/b&gt;.", self.controller.message_ids[0].body)

    def test_low_priority_is_no_work_for_anybody(self):
        self.assertFalse(self.settle("It stands.", priority="low").activity_ids)

    def test_who_has_an_activity_about_the_batch_is_not_given_another(self):
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._tell_responsible("Look", "at it")
        alarm = self.alarms._raise(Condition("write_back", "It stands.", self.controller, batch))
        self.assertFalse(alarm.activity_ids)
        self.assertIn("It stands.", " ".join(batch.message_ids.mapped("preview")))

    def test_responsible_who_may_not_see_it(self):
        self.controller.responsible_id = new_test_user(self.env, "alarm-stranger", groups="base.group_user")
        self.assertFalse(self.settle("It stands.").activity_ids)

    def test_mail_where_wanted(self):
        partner = self.env["res.partner"].create({"name": "Night shift", "email": "night@example.com"})
        self.controller.write({"alarm_mail": "high", "alarm_partner_ids": [Command.set(partner.ids)]})
        self.settle("It <b>stands</b>.", priority="medium")
        self.assertFalse(self.mails(partner))
        self.settle()
        self.settle("It <b>stands</b>.")
        self.settle()
        opened, closed = self.mails(partner)
        self.assertEqual((opened.subject, closed.subject), ("Test PLC: Stuck batch", "Test PLC: alarm closed: Stuck batch"))
        self.assertIn("It &lt;b&gt;stands&lt;/b&gt;.", opened.body_html)
        self.assertIn("/odoo/plc-alarms/", opened.body_html)

    def mails(self, partner):
        return self.env["mail.mail"].search([("recipient_ids", "in", partner.ids)], order="id")

    def test_open_twice_is_refused_by_the_database(self):
        alarm = self.settle("It stands.")
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            alarm.copy({"message": "Again"})
            self.env.flush_all()
        self.assertFalse(self.alarms._raise(Condition("stuck", "It stands.", self.controller, key="0")))

    def test_closed_ones_may_be_many(self):
        for _time in range(2):
            self.settle("It stands.")
            self.settle()
        self.assertEqual(self.alarms.search_count([("controller_id", "=", self.controller.id)]), 2)

    # People

    def test_acknowledge(self):
        alarm = self.settle("It stands.")
        alarm.with_user(self.operator).action_acknowledge()
        self.assertRecordValues(alarm, [{"state": "acknowledged", "acknowledged_by_id": self.operator.id, "date_closed": False}])
        self.assertFalse(alarm.activity_ids)
        line = self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id)], limit=1)
        self.assertRecordValues(line, [{"kind": "user", "user_id": self.operator.id}])
        with self.assertRaises(UserError):
            alarm.with_user(self.operator).action_acknowledge()
        self.settle()
        self.assertEqual(alarm.state, "normal")

    def test_only_operators_acknowledge(self):
        alarm = self.settle("It stands.")
        worker = new_test_user(self.env, "alarm-worker", groups="mrp.group_mrp_user")
        with self.assertRaises(AccessError):
            alarm.with_user(worker).action_acknowledge()
        stranger = new_test_user(self.env, "alarm-passer-by", groups="base.group_user")
        with self.assertRaises(AccessError):
            alarm.with_user(stranger).action_acknowledge()

    def test_nobody_writes_alarms(self):
        alarm = self.settle("It stands.")
        manager = new_test_user(self.env, "alarm-manager", groups="plc_mo_batch.group_manager")
        for user in (self.operator, manager):
            with self.assertRaises(AccessError):
                alarm.with_user(user).date_closed = Datetime.now()
            with self.assertRaises(AccessError):
                self.alarms.with_user(user).create({"kind": "stuck", "message": "mine"})
        with self.assertRaises(UserError):
            alarm.unlink()

    def test_other_companys_alarms_are_not_seen(self):
        alarm = self.settle("It stands.")
        company = self.env["res.company"].create({"name": "Other mill"})
        other = new_test_user(
            self.env, "alarm-other", groups="plc_mo_batch.group_manager", company_id=company.id, company_ids=[company.id]
        )
        self.assertFalse(self.alarms.with_user(other).search([("id", "=", alarm.id)]))

    # The summary

    def test_health_of_the_plc(self):
        self.watch()
        self.assertRecordValues(self.controller, [{"health": "unknown", "health_reason": "", "alarm_count": 0}])
        self.controller.last_contact = Datetime.now()
        self.assertRecordValues(self.controller, [{"health": "ok", "health_reason": "", "alarm_count": 0}])
        self.settle("It stands.", priority="medium")
        self.assertRecordValues(self.controller, [{"health": "warning", "health_reason": "It stands.", "alarm_count": 1}])
        self.settle("It fell.", kind="silent")
        self.assertRecordValues(self.controller, [{"health": "error", "health_reason": "It stands.\nIt fell."}])
        found = self.env["plc.controller"].search([("health", "=", "error")])
        self.assertIn(self.controller, found)
        self.assertNotIn(self.controller, self.env["plc.controller"].search([("health", "in", ("ok", "warning"))]))

    def test_health_of_a_plc_that_is_switched_off(self):
        self.settle("It stands.")
        self.controller.write({"enabled": False, "last_contact": Datetime.now()})
        self.assertEqual(self.controller.health, "ok")

    def test_what_concerns_all_plcs(self):
        self.watch()
        self.alarms._sync("task", None, [Condition("task", "A task stands still.", key="1")])
        self.assertRecordValues(self.controller, [{"health": "error", "health_reason": "A task stands still."}])
        self.assertEqual(self.alarms.search([("kind", "=", "task")]).activity_ids.user_id, self.operator)

    def test_what_an_alarm_is_about(self):
        alarm = self.settle("It stands.")
        self.assertEqual(alarm.action_open_subject()["res_id"], self.controller.id)
        self.alarms._sync("task", None, [Condition("task", "A task stands still.", key="1")])
        with self.assertRaisesRegex(UserError, "The alarm concerns all PLCs."):
            self.alarms.search([("kind", "=", "task")]).action_open_subject()

    def test_nobody_watches(self):
        """That Task 4 itself stands still is seen by whoever looks at the PLC."""
        self.watch(lastcall=HOURS_AGO)
        self.assertEqual(self.controller.health, "warning")
        self.assertIn("Task 4 has not run since", self.controller.health_reason)
        self.watch(active=False)
        self.assertIn("scheduled action is switched off", self.controller.health_reason)
        self.watch()
        self.env["ir.config_parameter"].set_param("plc_mo_batch.task_4_enabled", False)
        self.controller.invalidate_recordset()
        self.assertIn("Task 4 (Monitor) is switched off in the settings", self.controller.health_reason)
        self.env["ir.config_parameter"].set_param("plc_mo_batch.enabled", False)
        self.controller.invalidate_recordset()
        self.assertEqual(self.controller.health_reason, "PLCs are not monitored: PLC batches are switched off in the settings.")

    def watch(self, **values):
        self.env.ref("plc_mo_batch.ir_cron_task_4").write({"lastcall": Datetime.now(), "active": True, **values})
        self.controller.invalidate_recordset()
