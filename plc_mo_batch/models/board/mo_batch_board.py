from odoo import models

from .plc_board import button


class MoBatch(models.Model):
    """What the user may do about a batch on the board."""

    _inherit = "mo.batch"

    # Business methods

    def _board_buttons(self):
        """What the user may do about the batch now, most urgent first; see :meth:`MoBatch._offers`.

        :return: a :func:`~.plc_board.button` each
        """
        return [button(**offer) for offer in self._offers()]
