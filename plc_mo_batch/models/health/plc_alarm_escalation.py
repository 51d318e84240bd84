from datetime import timedelta

from odoo import api, fields, models

from ...tools.translate import label_of


class PlcController(models.Model):
    _inherit = "plc.controller"

    escalate_minutes = fields.Integer(
        string="Escalate After (min)",
        help="Minutes after which an alarm that nobody has acknowledged is mailed to others, once; not if its priority is low. "
        "0: never.",
    )
    escalate_partner_ids = fields.Many2many(
        "res.partner", "plc_controller_escalation_rel", string="Escalate To", domain="[('email', '!=', False)]"
    )

    _escalate_minutes_range = models.Constraint(
        "CHECK(escalate_minutes BETWEEN 0 AND 525600)", "Minutes must be between 0 and a year."
    )


class PlcAlarm(models.Model):
    """An alarm that nobody acknowledges goes on to those who are named for that."""

    _inherit = "plc.alarm"

    date_escalated = fields.Datetime(
        string="Escalated", readonly=True, help="When it was mailed to others, as nobody had acknowledged it."
    )

    @api.model
    def _escalate(self):
        """Mail each that is due. One of all PLCs is due as soon as it is at one of them, and goes to those of all."""
        unseen = [
            *self._open_domain(),
            ("date_acknowledged", "=", False),
            ("date_escalated", "=", False),
            ("priority", "!=", "low"),
        ]
        for alarm in self.sudo().search(unseen):
            controllers = alarm._controllers().filtered(lambda plc: plc.escalate_minutes and plc.escalate_partner_ids)
            minutes = min(controllers.mapped("escalate_minutes"), default=0)
            if minutes and alarm.date_opened <= fields.Datetime.now() - timedelta(minutes=minutes):
                alarm.with_context(lang=controllers[:1]._language())._escalate_to(controllers.escalate_partner_ids, minutes)

    def _escalate_to(self, partners, minutes):
        self.date_escalated = fields.Datetime.now()
        names = ", ".join(partners.mapped("name"))
        self._journal(
            "state", self.env._("Not acknowledged, mailed to %(names)s: %(message)s", names=names, message=self.message)
        )
        told = {"plc": self._place(), "minutes": minutes, "kind": label_of(self, "kind")}
        self._queue_mail(self.env._("%(plc)s: not acknowledged for %(minutes)s minutes: %(kind)s", **told), partners)
