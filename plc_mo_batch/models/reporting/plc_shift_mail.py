from datetime import timedelta

from markupsafe import Markup
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from ...tools.shifts import shift_around
from .paper import paper
from .shift import Shift

REPORT = "plc_mo_batch.plc_shift_action_report"
TEMPLATE = "plc_mo_batch.plc_shift_mail_template"
LATE_HOURS = 26  # a report of a shift that has been over for longer is not mailed any more: the server stood still, or it was off


class PlcController(models.Model):
    _inherit = "plc.controller"

    shift_mail = fields.Selection(
        [("never", "Never"), ("shift", "After each shift"), ("day", "Once a day")],
        string="Mail the Shift Report",
        required=True,
        default="never",
        help="Shifts begin as the settings say. A day is from the first of their times to the same time of the next day.",
    )
    shift_mail_partner_ids = fields.Many2many(
        "res.partner", "plc_controller_shift_mail_rel", string="Shift Report To", domain="[('email', '!=', False)]"
    )

    # Business methods

    def _mailed_period(self):
        """The last shift or day that is over, in UTC."""
        hours = self._shift_hours() if self.shift_mail == "shift" else [min(self._shift_hours())]
        until, _end = shift_around(fields.Datetime.now(), hours, self._plant_zone())
        since, _until = shift_around(until - timedelta(seconds=1), hours, self._plant_zone())
        return since, until


class PlcShiftMail(models.Model):
    """A shift report that was mailed: one for each PLC and shift, however many servers try."""

    _name = "plc.shift.mail"
    _description = "Mailed Shift Report"
    _order = "until desc, id desc"
    _rec_name = "until"

    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="controller_id.company_id", store=True)
    since = fields.Datetime(string="From", required=True, readonly=True)
    until = fields.Datetime(string="To", required=True, readonly=True)
    create_date = fields.Datetime(string="Sent On", readonly=True)
    recipients = fields.Char(readonly=True, help="Their names, as they were then.")

    _period_uniq = models.UniqueIndex("(controller_id, until)", "The report of this shift was mailed already.")

    # Actions

    def action_download(self):
        """The report as it was sent."""
        self.ensure_one()
        self.check_access("read")
        of_mail = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        file = self.env["ir.attachment"].search(of_mail, order="id", limit=1)
        if not file:
            raise UserError(self.env._("The file of this report was deleted."))
        return {"type": "ir.actions.act_url", "url": f"/web/content/{file.id}?download=true", "target": "download"}

    # Business methods

    @api.model
    def _due(self):
        """[(PLC, since, until)] of what is over and was not mailed."""
        wanted = [("shift_mail", "!=", "never"), ("shift_mail_partner_ids", "!=", False)]
        for controller in self.env["plc.controller"].search(wanted):
            since, until = controller._mailed_period()
            over = fields.Datetime.now() - until < timedelta(hours=LATE_HOURS)
            if over and not self.search_count([("controller_id", "=", controller.id), ("until", "=", until)], limit=1):
                yield controller, since, until

    @api.model
    def _mail(self, controller, since, until):
        """Queue the mail, unless another server has.

        :return: what was mailed, or nothing
        """
        partners = controller.shift_mail_partner_ids.filtered("email")
        if not partners:
            return self.browse()
        names = ", ".join(partners.mapped("name"))
        values = {"controller_id": controller.id, "since": since, "until": until, "recipients": names}
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                mailed = self.create(values)
        except UniqueViolation:
            return self.browse()
        email = {"recipient_ids": [Command.set(partners.ids)], "attachment_ids": [Command.set(mailed._attachment().ids)]}
        self.env.ref(TEMPLATE).send_mail(mailed.id, email_values=email)
        return mailed

    def _shift(self):
        return Shift(self.controller_id, self.since, self.until)

    def _told_period(self):
        """For people: the period by the plant's clock."""
        plant = self.with_context(tz=self.controller_id._plant_zone())
        moments = [fields.Datetime.context_timestamp(plant, moment) for moment in (self.since, self.until)]
        return " – ".join(moment.strftime("%Y-%m-%d %H:%M") for moment in moments)

    def _figures(self):
        """The report's figures, as HTML for the mail's text; that nothing was made, where that is so."""
        shift = self._shift()
        rows = Markup("").join(
            Markup("<tr><td style='padding-right: 2em'>%s</td><td><b>%s</b></td></tr>") % figure for figure in shift.total()
        )
        if not shift.outputs:
            rows = Markup("<tr><td colspan='2'>%s</td></tr>") % self.env._("Nothing was made.") + rows
        return Markup("<table>%s</table>") % rows

    def _attachment(self):
        controller = self.controller_id
        asked = self.env["plc.shift"].create(
            {"controller_ids": [Command.set(controller.ids)], "since": self.since, "until": self.until}
        )
        report, zone = self.env.ref(REPORT).with_company(controller.company_id), controller._plant_zone()
        name = f"{controller.name} {asked.with_context(tz=zone).display_name}".replace(":", "").replace("/", "-")
        made = paper(report, asked, name, controller._language(), zone)
        values = {"name": made.name, "raw": made.content, "mimetype": made.mimetype, "res_model": self._name, "res_id": self.id}
        return self.env["ir.attachment"].create(values)
