from odoo import models

SHOWN = 20  # of a kind: who has more open ones looks at their list


class PlcController(models.Model):
    """Failures that are open, and weighings that wait for a person, on the board."""

    _inherit = "plc.controller"

    def _board_attention(self, batches):
        of_these = [("controller_id", "in", self.ids)]
        failures = self.env["plc.failure"].search([*of_these, ("state", "=", "open")], limit=SHOWN)
        weighings = self.env["plc.weighing"].search([*of_these, ("needs_person", "=", True)], limit=SHOWN)
        events = [*failures, *weighings]
        return super()._board_attention(batches) + [event._attention_item() for event in events]
