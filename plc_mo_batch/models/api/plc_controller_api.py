from odoo import api, fields, models
from odoo.modules.module import get_manifest

from .calls import command, question
from .plc_alarm_api import ALARM
from .plc_api import values_of
from .schema import VERSION

QUEUE = ("name", "enabled", "online", "last_contact", "last_error", "health")
HEALTH = ("name", "enabled", "online", "last_contact", "health")


class PlcController(models.Model):
    """The external API of PLCs (docs/api.md). Nothing here talks to a PLC: commands wake the task that does (rule 9)."""

    _name = "plc.controller"
    _inherit = ["plc.controller", "plc.api"]

    @question
    def api_queue(self):
        """What the PLCs owe.

        :return: for each PLC (without ids: each that the user may see) id, name, enabled, online, last_contact, last_error,
            health, counts (batches by state), batches in the order of their slots
        """
        return [controller._api_queue() for controller in self._api_seen()]

    @question
    def api_health(self):
        """The health of the PLCs.

        :return: for each PLC (without ids: each that the user may see) id, name, enabled, online, last_contact, health (ok,
            unknown, warning, error), reasons, open alarms, checked (when Task 4 last looked)
        """
        return [controller._api_health() for controller in self._api_seen()]

    @question
    def api_constants(self, dialect):
        """The numbers of the PLCs' layouts as constants of a PLC program.

        :param dialect: st (CODESYS, TwinCAT), scl (TIA Portal) or omron (Sysmac Studio)
        :return: for each PLC id, name, layout_id, constants: a text
        :raise AccessError: if the user is not an operator
        :raise UserError: if a layout has problems
        """
        dialect = self._api_choice("dialect", dialect)
        return [controller._api_constants(dialect) for controller in self._api_named()]

    @command
    def api_fill(self):
        """Fill empty queues now.

        :return: True; :meth:`api_queue` shows the result
        :raise UserError: if Task 1 is switched off
        """
        self._api_seen().action_fill_now()
        return True

    @command
    def api_exchange(self):
        """Send recipes and read feedback now.

        :return: True; :meth:`api_queue` shows the result
        :raise UserError: if Task 2 is switched off
        """
        self._api_seen().action_exchange_now()
        return True

    @command
    def api_write_back(self):
        """Write back completed batches now.

        :return: True; the history shows the result
        :raise UserError: if Task 3 is switched off
        """
        self._api_seen().action_write_back_now()
        return True

    @command
    def api_switch(self, on, note=""):
        """Switch PLCs on or off. Off: no orders are queued for them and nothing is sent or read.

        :param on: true or false
        :param note: why, for the journal
        :return: True
        :raise AccessError: if the user is not a manager
        """
        controllers = self._api_named()
        return controllers._switch(self._api_flag("on", on), self._api_text("note", note))

    @api.model
    @question
    def api_version(self):
        """The version of the API.

        :return: api: of what docs/api.md describes, MAJOR.MINOR (:data:`VERSION`); addon: of the addon
        """
        return {"api": VERSION, "addon": get_manifest("plc_mo_batch")["version"]}

    # Helpers

    def _api_seen(self):
        """The PLCs named in the call; without ids, all that the user may see."""
        return self._api_found() if self else self.search([("id", "!=", False)])

    def _api_constants(self, dialect):
        layout = self.layout_id
        return {"id": self.id, **values_of(self, "name", "layout_id"), "constants": layout._constants(dialect)}

    def _api_queue(self):
        batches = self.env["mo.batch"].search([("controller_id", "=", self.id)], order="slot, id")
        counts = {state: len(of_state) for state, of_state in batches.grouped("state").items()}
        return {
            "id": self.id,
            **values_of(self, *QUEUE),
            "counts": counts,
            "batches": [batch._api_summary() for batch in batches],
        }

    def _api_health(self):
        alarms = self.env["plc.alarm"].search(self.env["plc.alarm"]._open_domain(self), order="date_opened, id")
        return {
            "id": self.id,
            **values_of(self, *HEALTH),
            "reasons": (self.health_reason or "").splitlines(),
            "alarms": [{"id": alarm.id, **values_of(alarm, *ALARM)} for alarm in alarms],
            "checked": fields.Datetime.to_string(self.env["plc.task.health"]._last_run()),
        }
