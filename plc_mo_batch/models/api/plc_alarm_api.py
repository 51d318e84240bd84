from odoo import api, models

from .calls import question
from .plc_api import values_of

ALARM = ("kind", "priority", "state", "message", "batch_id", "date_opened", "date_acknowledged")
CHANGED = (*ALARM, "controller_id", "date_closed", "acknowledged_by_id")


class PlcAlarm(models.Model):
    """The external API of alarms (docs/api.md)."""

    _name = "plc.alarm"
    _inherit = ["plc.alarm", "plc.feed"]

    @api.model
    @question
    def api_changes(self, plc=0, cursor="", limit=100):
        """Alarms that were opened, acknowledged or closed since the cursor.

        :param plc: id of a PLC; 0: of all. An alarm that concerns all PLCs belongs to none.
        :param cursor: of the answer before; empty: from the beginning
        :return: as that of batches
        """
        domain = self._api_of("plc", plc, "controller_id", "plc.controller")
        return self._api_changed(cursor, limit, domain, lambda alarm: {"id": alarm.id, **values_of(alarm, *CHANGED)})
