from datetime import timedelta
from itertools import chain
from typing import Any, NamedTuple

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ...tools.translate import label_of
from ..common.marks import VACUUM
from ..common.plc_notifier import ACTIVITY
from ..common.roles import check_operator

KINDS = [
    ("silent", "Silent PLC"),
    ("writes", "Writes not accepted"),
    ("slots", "Slots missing in the PLC"),
    ("stuck", "Stuck batch"),
    ("write_back", "Write-back failing"),
    ("unposted", "Completed, not written back"),
    ("rejected", "Rejected snapshot"),
    ("went_back", "Something went back"),
    ("waiting", "Waiting for an operator"),
    ("orders", "Orders waiting, queue empty"),
    ("task", "Task not running"),
    ("clock", "Clock drift"),
    ("silo_low", "Silo low"),
    ("silo_short", "Silo empty before the queue is through"),
    ("silo_sensor", "Sensor and books differ"),
]
PRIORITIES = [("low", "Low"), ("medium", "Medium"), ("high", "High")]
# priority of an alarm whose condition names none
PRIORITY = dict.fromkeys(("slots", "unposted", "waiting", "orders", "clock", "silo_low", "silo_short", "silo_sensor"), "medium")
# ISA-18.2: active or returned to normal, acknowledged or not
STATES = [
    ("unacknowledged", "Active"),
    ("acknowledged", "Acknowledged"),
    ("returned", "Closed, not acknowledged"),
    ("normal", "Closed"),
]


class Condition(NamedTuple):
    """Something that is wrong now. ``key`` distinguishes conditions of the same kind, PLC and batch."""

    kind: str
    message: str
    controller: Any = None  # a plc.controller; None: all PLCs are affected
    batch: Any = None
    key: str = ""
    priority: str = ""

    @property
    def identity(self):
        return (
            self.kind,
            self.controller.id if self.controller else False,
            self.batch.id if self.batch else False,
            self.key,
        )


class PlcAlarm(models.Model):
    """One condition that is or was wrong. It opens, and closes when it is over (ISA-18.2). People hear of both, once."""

    _name = "plc.alarm"
    _inherit = ["mail.thread", "mail.activity.mixin", "plc.notifier"]
    _description = "PLC Alarm"
    _order = "date_opened desc, id desc"
    _rec_name = "message"
    _mail_post_access = "read"

    kind = fields.Selection(KINDS, required=True, readonly=True, index=True)
    priority = fields.Selection(PRIORITIES, required=True, readonly=True, default="high")
    state = fields.Selection(STATES, compute="_compute_state", store=True)
    controller_id = fields.Many2one(
        "plc.controller", string="PLC", readonly=True, index=True, ondelete="cascade", help="Empty: the alarm concerns all PLCs."
    )
    batch_id = fields.Many2one("mo.batch", readonly=True, index="btree_not_null", ondelete="cascade")
    company_id = fields.Many2one(related="controller_id.company_id", store=True)
    key = fields.Char(readonly=True, help="Distinguishes conditions of the same kind, PLC and batch.")
    message = fields.Char(required=True, readonly=True)
    date_opened = fields.Datetime(string="Opened", required=True, readonly=True, default=fields.Datetime.now, index=True)
    date_closed = fields.Datetime(string="Closed", readonly=True)
    duration = fields.Float(compute="_compute_duration", store=True, help="Hours between opening and closing.")
    date_acknowledged = fields.Datetime(string="Acknowledged On", readonly=True)
    acknowledged_by_id = fields.Many2one("res.users", readonly=True)
    mails = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS, help="Ids of the mails that tell of it.")

    _open_uniq = models.UniqueIndex(
        "(kind, COALESCE(controller_id, 0), COALESCE(batch_id, 0), COALESCE(key, '')) WHERE date_closed IS NULL",
        "The alarm is already open.",
    )

    @api.depends("date_closed", "date_acknowledged")
    def _compute_state(self):
        for alarm in self:
            if alarm.date_closed:
                alarm.state = "normal" if alarm.date_acknowledged else "returned"
            else:
                alarm.state = "acknowledged" if alarm.date_acknowledged else "unacknowledged"

    @api.depends("date_opened", "date_closed")
    def _compute_duration(self):
        for alarm in self:
            closed = alarm.date_closed
            alarm.duration = (closed - alarm.date_opened).total_seconds() / 3600 if closed else 0.0

    # CRUD

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if VACUUM.is_on(self.env):
            return
        raise UserError(self.env._("Alarms cannot be deleted. An alarm closes when its cause is resolved."))

    # Actions

    def action_acknowledge(self):
        """Confirm that a person has seen it and takes care of it. That does not close it.

        :return: True
        :raise UserError: if all of them are already acknowledged
        """
        check_operator(self)
        seen = self.sudo().filtered(lambda alarm: not alarm.date_acknowledged)
        if not seen:
            raise UserError(self.env._("These alarms are already acknowledged."))
        seen.write({"date_acknowledged": fields.Datetime.now(), "acknowledged_by_id": self.env.uid})
        for alarm in seen:
            alarm._journal("user", self.env._("%(user)s acknowledged: %(alarm)s", user=self.env.user.name, alarm=alarm.message))
        seen.activity_unlink([ACTIVITY])
        seen._announce()
        return True

    def action_open_subject(self):
        """Open the batch that the alarm is about, or else the PLC."""
        self.ensure_one()
        subject = self.batch_id or self.controller_id
        if not subject:
            raise UserError(self.env._("The alarm concerns all PLCs."))
        return subject._get_records_action()

    # Business methods

    @api.model
    def _open_domain(self, controller=None):
        """Open alarms. For one PLC, these include those that affect all PLCs."""
        scope = [("controller_id", "in", (controller.id, False))] if controller else []
        return [("date_closed", "=", False), *scope]

    @api.model
    def _on_task_ran(self, number):
        """If an alarm says that the task does not run, Task 4 looks again in a minute: by then Odoo has noted that it did."""
        if not self.sudo().search_count([*self._open_domain(), ("kind", "=", "task"), ("key", "=", str(number))], limit=1):
            return
        health, now = self.env["plc.task.health"], fields.Datetime.now()
        due = [("cron_id", "=", health._scheduled_action().id), ("call_at", ">", now)]
        if not self.env["ir.cron.trigger"].sudo().search_count(due, limit=1):
            health._trigger(now + timedelta(minutes=1))

    @api.model
    def _sync(self, kind, controller, conditions):
        """As :meth:`_sync_kinds`, of one kind.

        :param controller: the PLC that was checked; None for what affects all
        """
        return self._sync_kinds(controller or self.env["plc.controller"], {kind: conditions})

    @api.model
    def _sync_kinds(self, controller, found):
        """Open what is new, close what is over, and leave alone what goes on.

        :param controller: the PLC that was checked; empty for what affects all
        :param found: kind that was checked -> a :class:`Condition` each, all of this kind and PLC; open alarms of such a kind
            and this PLC that are not among the conditions are over
        :return: the alarms that were opened
        """
        scope = [("kind", "in", list(found)), ("controller_id", "=", controller.id)]
        standing = {alarm._identity(): alarm for alarm in self.sudo().search([*scope, ("date_closed", "=", False)])}
        opened = self.browse()
        for condition in chain.from_iterable(found.values()):
            alarm = standing.pop(condition.identity, None)
            if alarm is None:
                opened |= self._raise(condition)
            elif alarm.message != condition.message:
                alarm.message = condition.message  # an alarm that goes on is not announced again
        self.browse().union(*standing.values())._close()
        return opened

    def _identity(self):
        return self.kind, self.controller_id.id, self.batch_id.id, self.key or ""

    @api.model
    def _raise(self, condition):
        """Open an alarm and notify people, unless it is already open.

        :return: the new alarm, or empty
        """
        kind, controller_id, batch_id, key = condition.identity
        values = {
            "kind": kind,
            "controller_id": controller_id,
            "batch_id": batch_id,
            "key": key,
            "message": condition.message,
            "priority": condition.priority or PRIORITY.get(kind, "high"),
        }
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                alarm = self.sudo().create(values)
                self.env.flush_all()
        except UniqueViolation:  # another server was faster, and notifies them
            return self.browse()
        alarm._tell_opened()
        return alarm

    def _close(self):
        """The condition is over."""
        alarms = self.sudo().filtered(lambda alarm: not alarm.date_closed)
        alarms.date_closed = fields.Datetime.now()
        for alarm in alarms:
            alarm._tell_closed()

    # Business methods: notifying people

    def _tell_opened(self):
        label = label_of(self, "kind")
        self._journal("error" if self.priority == "high" else "anomaly", self.message)
        self._post(self.env._("%(kind)s: %(message)s", kind=label, message=self.message))
        self._announce()
        if self.priority != "low":
            self._schedule(label)
        self._mail(self.env._("%(plc)s: %(kind)s", plc=self._place(), kind=label))

    def _tell_closed(self):
        label = label_of(self, "kind")
        message = self.env._("Closed: %s", self.message)
        self._journal("state", message)
        self._post(message)
        self._announce()
        self.activity_unlink([ACTIVITY])
        self._mail(self.env._("%(plc)s: alarm closed: %(kind)s", plc=self._place(), kind=label))

    def _journal(self, kind, message):
        return self.env["mo.batch.journal"]._record(kind, message, batch=self.batch_id, controller=self.controller_id)

    def _post(self, text):
        """Post in the chatter of the batch and of the PLC."""
        for record in (self.batch_id, self.controller_id):
            if record:
                record.message_post(body=text)

    def _announce(self):
        """Have open boards show it."""
        board = self.env["plc.board"]
        board._mark_lanes(self.controller_id.ids)
        if self.filtered(lambda alarm: not alarm.controller_id):
            board._mark_companies(self._controllers().company_id.ids)

    def _place(self):
        return self.controller_id.name or self.env._("All PLCs")

    def _controllers(self):
        """The PLCs that the alarm affects."""
        return self.controller_id or self.env["plc.controller"]._to_serve()

    def _schedule(self, label):
        """Schedule an activity for each responsible person. If that fails, the alarm is raised nevertheless."""
        for user in self._controllers().responsible_id.filtered("active"):
            if not self._skips_activity(user):
                self._tell(user, label, self.message)

    def _skips_activity(self, user):
        """Skip users who may not see the alarm, and those who already have an activity on the same batch."""
        if not self.with_user(user).has_access("read"):
            return True
        kind = self.env.ref(ACTIVITY)
        return bool(self.batch_id.activity_ids.filtered(lambda item: item.user_id == user and item.activity_type_id == kind))

    def _mail(self, subject):
        """Queue a mail to those who want one."""
        for controller in self._controllers():
            wanted = {"never": (), "high": ("high",), "all": ("low", "medium", "high")}[controller.alarm_mail]
            if self.priority in wanted and controller.alarm_partner_ids:
                self._queue_mail(subject, controller.alarm_partner_ids)

    def _queue_mail(self, subject, partners):
        shown = {"alarm": self, "url": self._url()}
        mail = self.env["mail.mail"].create(
            {
                "subject": subject,
                "body_html": self.env["ir.qweb"]._render("plc_mo_batch.alarm_mail", shown, minimal_qcontext=True),
                "recipient_ids": [fields.Command.set(partners.ids)],
                "auto_delete": True,
            }
        )
        self.sudo().mails = [*(self.sudo().mails or ()), mail.id]

    def _url(self):
        return f"{self.get_base_url()}/odoo/plc-alarms/{self.id}"
