from odoo import api, fields, models

from .plc_board import NO_RECORD

QUIET = {"ack_at", "acknowledged", "flagged", "event_slot"}  # between Odoo and the PLC


class PlcEvent(models.AbstractModel):
    _inherit = "plc.event"

    # CRUD: the board is told

    @api.model_create_multi
    def create(self, vals_list):
        events = super().create(vals_list)
        self.env["plc.board"]._note(events.controller_id.ids)
        return events

    def write(self, vals):
        result = super().write(vals)
        if set(vals) - QUIET:
            self.env["plc.board"]._note(self.controller_id.ids)
        return result

    # Business methods

    def _attention_item(self):
        operator = self.env.user.has_group("plc_mo_batch.group_operator")
        return {
            **NO_RECORD,
            "key": f"{self._name}-{self.id}",
            "severity": "danger",
            "plc": self.controller_id.id,
            "batch": 0,
            "title": self.controller_id.name,
            "message": self.problem or self.display_name,
            "since": fields.Datetime.to_string(self.date) or "",
            "next_try": "",
            "model": self._name,
            "id": self.id,
            "buttons": self._board_buttons() if operator else [],
        }

    def _board_buttons(self):
        """What may be done about it; see :func:`~.plc_board.button`."""
        return []
