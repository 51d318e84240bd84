from odoo import models

from ...plc.doses import Scale
from .mrp_production_share import Share
from .not_queueable import NotQueueable


class MrpProduction(models.Model):
    """What scales can weigh decides about the size of batches, too."""

    _inherit = "mrp.production"

    def _plc_doses(self, controller, rest, others):
        """Dose and scale of each component that the PLC doses, as if ``rest`` were made at once; none where no scale has limits,
        or where the freeze will say what is wrong.

        :param others: batches that claim their shares
        """
        if not any(equipment._scale() != Scale() for equipment in controller.equipment_ids):
            return []
        whole, doses = Share(1, 1, rest, rest, others, others.browse()), {}
        try:
            for move in self.move_raw_ids._plc_open():
                if silos := move._plc_silos(controller):
                    weight = self._plc_weight(move.product_id, move.product_uom, move._plc_demand(whole), controller)
                    doses[silos] = doses.get(silos, 0.0) + weight
        except NotQueueable:
            return []
        return [(weight, silos._widest_scale()) for silos, weight in doses.items()]
