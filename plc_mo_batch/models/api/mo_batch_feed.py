from odoo import api, models
from odoo.tools import SQL

from .calls import question
from .plc_feed import age_of


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
    def _feed_age(self, query):
        ages = SQL("(SELECT batch_id, min(%s) AS age FROM mo_batch_line AS line GROUP BY batch_id)", age_of("line"))
        query.add_join("LEFT JOIN", "lines", ages, SQL("lines.batch_id = %s", SQL.identifier(query.table, "id")))
        return SQL("LEAST(%s, lines.age)", super()._feed_age(query))
