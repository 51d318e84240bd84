from odoo import api, models

from .plc_alarm import Condition


class PlcTaskHealth(models.AbstractModel):
    _inherit = "plc.task.health"

    @api.model
    def _checks(self):
        return {**super()._checks(), "clock": self._clock_off}

    @api.model
    def _clock_off(self, controller):
        """The PLC's clock is further off than it may be, or shows nothing that could be compared."""
        if not controller.has_clock or not controller.clock_seconds:
            return []
        if not controller.online:
            return None
        if controller.clock_problem:
            return [Condition("clock", controller.clock_problem, controller, key="problem")]
        if controller._is_clock_off():
            return [Condition("clock", controller._clock_message(), controller)]
        return []
