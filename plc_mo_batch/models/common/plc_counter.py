import logging

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

NAMES = [
    ("requests", "Requests to the PLC"),
    ("link_errors", "Failed contacts"),
    ("rejected", "Rejected snapshots"),
    ("write_back_failures", "Failed write-backs"),
]


class PlcCounter(models.Model):
    """Counters of a PLC since its set-up. They have rows of their own, as the PLC's row belongs to the fill (rule 3)."""

    _name = "plc.counter"
    _description = "PLC Counter"
    _order = "controller_id, name"

    controller_id = fields.Many2one("plc.controller", required=True, readonly=True, ondelete="cascade")
    name = fields.Selection(NAMES, required=True, readonly=True)
    value = fields.Float(digits=(18, 0), required=True, readonly=True)

    _name_uniq = models.UniqueIndex("(controller_id, name)", "The PLC already has this counter.")

    @api.model
    def _add(self, controller, name, count=1):
        """Add ``count`` to a counter of a PLC."""
        self._add_each(name, {controller.id: count})

    @api.model
    def _add_each(self, name, counts):
        """Add to a counter of several PLCs. A figure never costs a batch: if it cannot be written, it is lost.

        :param counts: {id of a PLC: number}
        """
        rows = [SQL("(%s, %s, %s)", controller_id, name, count) for controller_id, count in sorted(counts.items()) if count]
        if not rows:
            return
        self.env.flush_all()  # if another write fails, raise it here: it must not be lost below
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(
                    SQL(
                        """
                        INSERT INTO plc_counter (controller_id, name, value) VALUES %s
                        ON CONFLICT (controller_id, name) DO UPDATE SET value = plc_counter.value + EXCLUDED.value
                        """,
                        SQL(", ").join(rows),
                    )
                )
        except psycopg2.Error as error:
            _logger.info("%s were not counted: %s", name, error)
        self.invalidate_model(["value"])
