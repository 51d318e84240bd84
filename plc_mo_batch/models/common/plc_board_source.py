from odoo import api, models


class PlcBoardSource(models.AbstractModel):
    """For models on the board: the board is notified of each write to a field that it shows, wherever that happens.

    The model has ``controller_id``, and names those fields in ``_board_fields``.
    """

    _name = "plc.board.source"
    _description = "Shown on the PLC Board"

    _board_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["plc.board"]._mark_lanes(records.controller_id.ids)
        return records

    def write(self, vals):
        result = super().write(vals)
        self._tell_board(vals)
        return result

    def _tell_board(self, vals):
        """Notify the board of what ``vals`` changed, if it shows that."""
        if self._board_fields.intersection(vals):
            self.env["plc.board"]._mark_lanes(self.controller_id.ids)
