from odoo import api, models

from ...tools.translate import format_number
from ..batch.silo_levels import SiloLevels
from ..orders.silo_outlook import SiloOutlook
from .plc_alarm import Condition


class PlcTaskHealth(models.AbstractModel):
    """Checks: the levels of silos that are stock locations, by the books."""

    _inherit = "plc.task.health"

    @api.model
    def _silos_low(self, controller):
        """Below the level that is set for it."""
        silos = controller.equipment_ids.filtered("low_kg")
        levels = SiloLevels(silos)
        return [
            Condition("silo_low", self._low_message(silo, levels), controller, key=str(silo.id))
            for silo in silos
            if silo in levels and silo._is_low(levels.weight(silo))
        ]

    @api.model
    def _low_message(self, silo, levels):
        return self.env._(
            "%(silo)s is low: it holds %(level)s by the books, and is to hold %(low)s at least.",
            silo=levels.name(silo),
            level=silo._told_weight(levels.weight(silo)),
            low=silo._told_weight(silo.low_kg),
        )

    @api.model
    def _silos_short(self, controller):
        """What the batches in hand take is more than there is. A PLC that queues orders without regard to levels raises none."""
        if controller.level_policy == "ignore":
            return []
        outlook = SiloOutlook(controller.equipment_ids, is_planned=False)
        return [
            Condition("silo_short", self._short_message(silo, outlook, lacking), controller, key=str(silo.id))
            for silo in controller.equipment_ids
            if not outlook.levels.is_counted_before(silo) and (lacking := outlook.lacking(silo))
        ]

    @api.model
    def _short_message(self, silo, outlook, lacking):
        suffices, wanted = outlook.enough(silo)
        return self.env._(
            "%(silo)s will be empty before the queue is through: it suffices for %(count)s of %(all)s batches, and lacks "
            "%(lacking)s %(unit)s.",
            silo=outlook.levels.name(silo),
            count=suffices,
            all=wanted,
            lacking=format_number(self.env, lacking, ".2f"),
            unit=silo.controller_id.uom_id.name,
        )
