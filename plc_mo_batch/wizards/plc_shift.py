from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.reporting.shift import Shift

MOST = timedelta(days=31)  # a report of a longer time would be read by nobody, and take minutes


class PlcShift(models.TransientModel):
    """A shift or a day, as somebody asks for it: what was made and consumed, what stood still, who decided what."""

    _name = "plc.shift"
    _inherit = ["plc.fenced"]
    _description = "Shift Report"

    controller_ids = fields.Many2many(
        "plc.controller",
        string="PLCs",
        context={"active_test": False},
        help="Empty: all of them, archived ones as far as they worked.",
    )
    since = fields.Datetime(string="From", required=True, default=lambda self: self._last_shift()[0])
    until = fields.Datetime(string="To", required=True, default=lambda self: self._last_shift()[1])

    @api.model
    def _last_shift(self):
        """The last one that is over: reports are asked for then."""
        plant = self.env["plc.controller"]
        until, _end = plant._shift_around()
        return plant._shift_around(until - timedelta(seconds=1))

    @api.depends("since", "until")
    @api.depends_context("lang", "tz", "uid")
    def _compute_display_name(self):
        for report in self:
            moments = (fields.Datetime.context_timestamp(report, moment) for moment in (report.since, report.until) if moment)
            told = " – ".join(moment.strftime("%Y-%m-%d %H:%M") for moment in moments)
            report.display_name = self.env._("Shift %s", told)

    @api.constrains("since", "until")
    def _check_period(self):
        for report in self:
            if not timedelta() < report.until - report.since <= MOST:
                raise UserError(self.env._("A report ends after it begins, and covers at most %s days.", MOST.days))

    # Actions

    def action_show(self):
        """The report on the screen."""
        return self._report("plc_mo_batch.plc_shift_action_show")

    def action_print(self):
        """The report as PDF."""
        return self._report("plc_mo_batch.plc_shift_action_report")

    # Business methods

    def _report(self, xmlid):
        self.ensure_one()
        self.check_access("read")
        return self.env.ref(xmlid).report_action(self, config=False)

    def _shifts(self):
        """A :class:`Shift` of each PLC."""
        asked = self.controller_ids or self.env["plc.controller"].search([("active", "in", (True, False))])
        shifts = [Shift(controller, self.since, self.until) for controller in asked]
        return [shift for shift in shifts if self.controller_ids or shift.controller.active or shift.worked_on]
