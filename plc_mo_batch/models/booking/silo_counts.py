"""Counts of what lies in silos. Who counts a silo finds what was dosed gone from it, and the books do not know that until the
batch is booked: it is no part of the difference, or it would be gone twice."""

from odoo import api, models

from ..batch.silo_layers import layer_of
from ..batch.silo_levels import SiloLevels


class StockQuant(models.Model):
    _inherit = "stock.quant"

    @api.depends("inventory_quantity", "inventory_quantity_set")
    def _compute_inventory_diff_quantity(self):
        result = super()._compute_inventory_diff_quantity()
        for quant, unbooked in self.filtered("inventory_quantity_set")._plc_unbooked().items():
            quant.inventory_diff_quantity += unbooked
        return result

    @api.depends("inventory_quantity", "quantity", "product_id")
    def _compute_is_outdated(self):
        result = super()._compute_is_outdated()
        for quant, unbooked in self.filtered("inventory_quantity_set")._plc_unbooked().items():
            counted_of = quant.inventory_quantity - quant.inventory_diff_quantity
            quant.is_outdated = bool(quant.product_uom_id.compare(counted_of, quant.quantity - unbooked))
        return result

    def action_set_inventory_quantity(self):
        """Counted as the books say."""
        question = super().action_set_inventory_quantity()
        if not question and not self.env.context.get("from_request_count"):
            for quant, unbooked in self._plc_unbooked().items():
                quant.inventory_quantity = quant.quantity - unbooked
        return question

    def _plc_unbooked(self):
        """What was dosed of them and is not booked yet, by quant; without those of which nothing was."""
        silos = self.env["plc.equipment"].sudo().with_context(active_test=False)
        silos = silos.search([("location_id", "parent_of", self.location_id.ids)]) if self else silos
        levels, dosed = SiloLevels(silos), {}
        for silo in {silo.location_id: silo for silo in silos}.values():
            for product, layer in levels.unbooked(silo):
                key = product, layer.place
                dosed[key] = dosed.get(key, 0.0) + layer.quantity
        found = {quant: dosed.get((quant.product_id, layer_of(quant, 0.0).place)) for quant in self} if dosed else {}
        return {quant: quantity for quant, quantity in found.items() if quantity}


class StockInventoryConflict(models.TransientModel):
    """What a person answers where stock has moved since it was counted."""

    _inherit = "stock.inventory.conflict"

    def action_keep_counted_quantity(self):
        unbooked = self.quant_ids._plc_unbooked()
        if not unbooked:
            return super().action_keep_counted_quantity()
        for quant in self.quant_ids:
            quant.inventory_diff_quantity = quant.inventory_quantity + unbooked.get(quant, 0.0) - quant.quantity
        return self.quant_ids.action_apply_inventory()

    def action_keep_difference(self):
        unbooked = self.quant_ids._plc_unbooked()
        if not unbooked:
            return super().action_keep_difference()
        for quant in self.quant_ids:
            quant.inventory_quantity = quant.quantity - unbooked.get(quant, 0.0) + quant.inventory_diff_quantity
        return self.quant_ids.action_apply_inventory()
