from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..plc.address import parse_networks
from ..tools.words import said
from .plc_controller_board import SHIFTS, shift_hours
from .res_config_settings import SYSTEM


class ResConfigSettings(models.TransientModel):
    """What the one who runs the server decides."""

    _inherit = "res.config.settings"

    plc_allowed_networks = fields.Char(
        string="Local networks of PLCs", config_parameter="plc_mo_batch.allowed_networks", groups=SYSTEM
    )
    plc_shift_hours = fields.Char(
        string="Hours at which shifts begin", config_parameter="plc_mo_batch.shift_hours", default=SHIFTS, groups=SYSTEM
    )
    plc_journal_days = fields.Integer(
        string="Days that the journal is kept", config_parameter="plc_mo_batch.journal_days", groups=SYSTEM
    )

    @api.constrains("plc_journal_days")
    def _check_plc_journal_days(self):
        if min(self.mapped("plc_journal_days"), default=0) < 0:
            raise ValidationError(self.env._("The journal is kept for a number of days, or for ever: 0."))

    @api.constrains("plc_shift_hours")
    def _check_plc_shift_hours(self):
        for settings in self.filtered("plc_shift_hours"):
            try:
                shift_hours(settings.plc_shift_hours)
            except ValueError as error:
                raise ValidationError(
                    self.env._("Shifts begin at whole hours from 0 to 23, with commas between them, such as %s.", SHIFTS)
                ) from error

    @api.constrains("plc_allowed_networks")
    def _check_plc_allowed_networks(self):
        for settings in self:
            try:
                parse_networks(settings.plc_allowed_networks or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "Networks are written like 127.0.0.1 or 169.254.0.0/16, with commas between them: %s",
                        said(self.env, error),
                    )
                ) from error
