from odoo import models

from .plc_board import button


class PlcWeighing(models.Model):
    _inherit = "plc.weighing"

    def _attention_item(self):
        message = ": ".join(filter(None, [self.display_name, self.reason]))
        return super()._attention_item() | {"severity": "warning", "message": self.problem or message}

    def _board_buttons(self):
        if self.state != "waiting":
            return []
        dismiss = button("action_open_dismiss", self.env._("Dismiss"), "trash-o")
        return [button("action_open_assign", self.env._("Assign"), "link", first=True), dismiss]
