from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..plc.address import parse_networks


class ResConfigSettings(models.TransientModel):
    """What the one who runs the server decides."""

    _inherit = "res.config.settings"

    plc_allowed_networks = fields.Char(string="Local networks of PLCs", config_parameter="plc_mo_batch.allowed_networks")

    @api.constrains("plc_allowed_networks")
    def _check_plc_allowed_networks(self):
        for settings in self:
            try:
                parse_networks(settings.plc_allowed_networks or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._("Networks are written like 127.0.0.1 or 169.254.0.0/16, with commas between them: %s", error)
                ) from error
