from odoo import models

from .plc_board import button


class PlcWeighing(models.Model):
    _inherit = "plc.weighing"

    def _attention_item(self):
        why = self.env._("Was it weighed once or twice?") if self.repeated else self.reason
        message = ": ".join(filter(None, [self.display_name, why]))
        return super()._attention_item() | {"severity": "warning", "message": self.problem or message}

    def _board_buttons(self):
        if self.state != "waiting":
            again = button("action_count_again", self.env._("Weighed Again"), "plus", first=True)
            return [again, button("action_count_once", self.env._("Weighed Once"), "check")]
        dismiss = button("action_open_dismiss", self.env._("Dismiss"), "trash-o")
        return [button("action_open_assign", self.env._("Assign"), "link", first=True), dismiss]
