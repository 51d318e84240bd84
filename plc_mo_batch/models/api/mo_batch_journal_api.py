from odoo import api, models

from .calls import question
from .plc_api import values_of

LINE = ("create_date", "kind", "message", "controller_id", "batch_id", "slot", "area", "words", "wrong_word", "user_id")


class MoBatchJournal(models.Model):
    """The external API of the journal (docs/api.md)."""

    _name = "mo.batch.journal"
    _inherit = ["mo.batch.journal", "plc.feed"]

    @api.model
    @question
    def api_changes(self, plc=0, batch=0, cursor="", limit=100):
        """Lines that were added since the cursor.

        :param plc: id of a PLC; 0: of all
        :param batch: id of a batch; 0: of all
        :param cursor: of the answer before; empty: from the beginning
        :return: as that of batches
        """
        domain = [
            *self._api_of("plc", plc, "controller_id", "plc.controller"),
            *self._api_of("batch", batch, "batch_id", "mo.batch"),
        ]
        return self._api_changed(cursor, limit, domain, lambda line: {"id": line.id, **values_of(line, *LINE)})
