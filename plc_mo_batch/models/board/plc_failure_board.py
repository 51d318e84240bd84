from odoo import models

from .plc_board import button


class PlcFailure(models.Model):
    _inherit = "plc.failure"

    def _board_buttons(self):
        return [button("action_open_resolve", self.env._("Resolve"), "check", first=True)]
