from odoo import fields, models

from .plc_board import NO_RECORD


class PlcEvent(models.AbstractModel):
    _inherit = "plc.event"

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
