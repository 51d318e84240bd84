from odoo import api, models

from ..batch.silo_levels import SiloLevels
from .plc_alarm import Condition


class PlcTaskHealth(models.AbstractModel):
    """Checks: what the sensors of silos show, beside the books."""

    _inherit = "plc.task.health"

    @api.model
    def _sensors_off(self, controller):
        """A sensor and the books are further apart than the limit, or the sensor is not to be believed."""
        silos = controller.equipment_ids.filtered(lambda silo: silo.sensor_at and silo._sensor_limit())
        if not controller.has_levels or not silos:
            return []
        levels = SiloLevels(silos)
        messages = [(silo, self._sensor_message(silo, levels) or self._still_off(silo)) for silo in silos]
        return [Condition("silo_sensor", message, controller, key=str(silo.id)) for silo, message in messages if message]

    @api.model
    def _still_off(self, silo):
        """The message of an alarm that stands, while nobody can say whether it is over; else empty."""
        if not silo._is_sensor_known() or not silo._has_moved_since_reading():
            return ""
        alarms = self.env["plc.alarm"].sudo()
        own = [("kind", "=", "silo_sensor"), ("controller_id", "=", silo.controller_id.id), ("key", "=", str(silo.id))]
        return alarms.search([*alarms._open_domain(), *own], limit=1).message or ""

    @api.model
    def _sensor_message(self, silo, levels):
        """What is wrong with it; empty: nothing."""
        if silo.sensor_problem or silo._is_sensor_old():
            return self.env._("The sensor of %(silo)s: %(told)s.", silo=silo.name, told=silo._told_sensor())
        book = levels.weight(silo) if silo in levels else None
        if not silo._sensor_differs(book):
            return ""
        return self.env._(
            "%(silo)s holds %(book)s by the books, and %(level)s by its sensor. Was a fill not entered, or must it be counted?",
            silo=silo.name,
            book=silo._told_weight(book),
            level=silo._told_weight(silo.sensor_level),
        )
