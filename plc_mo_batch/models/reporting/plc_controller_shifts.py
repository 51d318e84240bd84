from odoo import api, fields, models

from ...tools.odoo_edge import get_parameter
from ...tools.shifts import SHIFTS, shift_around, shift_hours


class PlcController(models.Model):
    """The shifts in which the plant of a PLC works."""

    _inherit = "plc.controller"

    # Business methods

    def _shift_around(self, moment=None):
        """
        :return: when the shift began that contains ``moment``, by default now, and when it ends, in UTC
        """
        return shift_around(moment or fields.Datetime.now(), self._shift_hours(), self._plant_zone())

    def _plant_zone(self):
        """The time zone of the plant's working hours."""
        company = self.company_id or self.env.company
        return company.sudo().resource_calendar_id.tz or "UTC"

    @api.model
    def _shift_hours(self):
        text = get_parameter(self.env, "plc_mo_batch.shift_hours")
        try:
            return shift_hours(text or SHIFTS)
        except ValueError:  # the setting was changed outside the settings page: the board matters more than its shift
            return shift_hours(SHIFTS)
