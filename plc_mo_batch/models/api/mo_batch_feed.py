from odoo import api, models
from odoo.tools import SQL

from .calls import question
from .plc_feed import transaction_of


class MoBatch(models.Model):
    """The feed of batches. What the PLC doses is written to their components alone, so these count as well."""

    _inherit = "mo.batch"

    @api.model
    @question
    def api_changes(self, plc=0, cursor="", limit=100):
        """Batches that were queued or changed since the cursor, each as :meth:`api_detail`.

        :param plc: id of a PLC; 0: of all
        :param cursor: of the answer before; empty: from the beginning
        :return: records, in the order of their last change; cursor, for the next call; more: whether that has more at once
        """
        domain = self._api_of("plc", plc, "controller_id", "plc.controller")
        return self._api_changed(cursor, limit, domain, lambda batch: batch._api_detail())

    @api.model
    def _feed_transaction(self, table):
        lines = SQL(
            "(SELECT max(%s) FROM mo_batch_line AS line WHERE line.batch_id = %s)",
            transaction_of("line"),
            SQL.identifier(table, "id"),
        )
        return SQL("GREATEST(%s, %s)", transaction_of(table), lines)
