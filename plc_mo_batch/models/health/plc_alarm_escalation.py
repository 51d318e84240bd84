from datetime import timedelta

from odoo import api, fields, models

from ...tools.moments import pull_back_future_moments
from ...tools.translate import describe_error, label_of
from ..common.rule8 import apart

# Who does not get a mail for these reasons does not get it the next time either
USELESS = ("mail_email_invalid", "mail_email_missing", "mail_spam", "mail_bl", "mail_optout", "mail_dup")


class PlcController(models.Model):
    _inherit = "plc.controller"

    escalate_minutes = fields.Integer(
        string="Escalate After (min)",
        help="Minutes after which an alarm that nobody has acknowledged is mailed to others, once; not if its priority is low. "
        "0: never.",
    )
    escalate_partner_ids = fields.Many2many(
        "res.partner",
        "plc_controller_escalation_rel",
        string="Escalate To",
        domain="[('email', '!=', False)]",
        check_company=True,
    )

    _escalate_minutes_range = models.Constraint(
        "CHECK(escalate_minutes BETWEEN 0 AND 525600)", "Minutes must be between 0 and a year."
    )

    def _escalates_to(self):
        """Who can be mailed. Some may have lost their address, or have been archived, since they were named."""
        return self.escalate_partner_ids.filtered(lambda partner: partner.active and partner.email_normalized)


class PlcAlarm(models.Model):
    """An alarm that nobody acknowledges goes on to those who are named for that."""

    _inherit = "plc.alarm"

    date_escalated = fields.Datetime(
        string="Escalated", readonly=True, help="When it was mailed to others, as nobody had acknowledged it."
    )

    @api.model
    def _escalate(self):
        """Mail each that is due. One of all PLCs is due as soon as it is at one of them, and goes to those of all."""
        unseen = [*self._open_domain(), ("date_acknowledged", "=", False)]
        for alarm in self.sudo().search([*unseen, ("date_escalated", "=", False), ("priority", "!=", "low")]):
            with apart(self.env) as attempt:
                alarm._escalate_if_due()
            if attempt.error:
                alarm._journal("error", describe_error(self.env, attempt.error))
        self._mail_again(unseen)

    def _escalate_if_due(self):
        pull_back_future_moments(self, "date_opened")
        controllers = self._controllers().filtered("escalate_minutes")
        named = controllers.with_context(active_test=False).filtered("escalate_partner_ids")
        reached = named.filtered(lambda plc: plc._escalates_to())
        minutes = min((reached or named).mapped("escalate_minutes"), default=0)
        if not minutes or self.date_opened > fields.Datetime.now() - timedelta(minutes=minutes):
            return
        if reached:
            self.date_escalated = fields.Datetime.now()
        done = self.env["res.partner"]
        for controller in named:
            alarm = self.with_context(lang=controller._language())
            partners = controller._escalates_to()
            alarm._journal_escalation(controller, partners)
            alarm._mail_unacknowledged(partners - done, minutes)
            done |= partners

    def _journal_escalation(self, controller, partners):
        """In the journal of each PLC stand its own people: those of another company are none of its business."""
        journal, names = self.env["mo.batch.journal"], ", ".join(partners.mapped("name"))
        if partners:
            text = self.env._("Not acknowledged, mailed to %(names)s: %(message)s", names=names, message=self.message)
            journal._record("state", text, batch=self.batch_id, controller=controller)
            return
        names = ", ".join(controller.escalate_partner_ids.mapped("name"))
        text = self.env._(
            "Not acknowledged, and not mailed, as %(names)s have no address: %(message)s", names=names, message=self.message
        )
        said = [("controller_id", "=", controller.id), ("message", "=", text), ("create_date", ">=", self.date_opened)]
        if not journal.sudo().search_count(said, limit=1):
            journal._record("error", text, batch=self.batch_id, controller=controller)

    def _mail_unacknowledged(self, partners, minutes):
        if partners:
            told = {"plc": self._place(), "minutes": minutes, "kind": label_of(self, "kind")}
            self._queue_mail(self.env._("%(plc)s: not acknowledged for %(minutes)s minutes: %(kind)s", **told), partners)

    @api.model
    def _mail_again(self, domain):
        """Odoo does not repeat a mail that the mail server did not take: as long as nobody has seen the alarm, it is repeated."""
        ids = [mail_id for alarm in self.sudo().search(domain) for mail_id in alarm.mails or ()]
        failed = self.env["mail.mail"].sudo().browse(ids).exists().filtered(lambda mail: mail.state == "exception")
        failed.filtered(lambda mail: mail.failure_type not in USELESS).mark_outgoing()
