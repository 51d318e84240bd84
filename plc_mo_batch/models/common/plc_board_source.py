from odoo import api, models


class PlcBoardSource(models.AbstractModel):
    """For models that the board shows: it is told when one of their fields that it shows is written, wherever that happens.

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
        """What ``vals`` changed, if the board shows it."""
        if self._board_fields.intersection(vals):
            self.env["plc.board"]._mark_lanes(self.controller_id.ids)
