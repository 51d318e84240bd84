"""Counts of what lies in silos. Who counts a silo finds what was dosed gone from it, and the books do not know that until the
batch is booked: it is no part of the difference, or it would be gone twice."""

from datetime import timedelta

from odoo import api, fields, models

from ...tools.translate import format_number
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

    def _apply_inventory(self, *args, **kwargs):
        places = self._plc_silos().location_id
        result = super()._apply_inventory(*args, **kwargs)
        places.plc_counted_at = fields.Datetime.now()
        return result

    def _plc_silos(self):
        """The silos whose stock it is."""
        silos = self.env["plc.equipment"].sudo().with_context(active_test=False)
        return silos.search([("location_id", "parent_of", self.location_id.ids)]) if self else silos

    def _plc_unbooked(self):
        """What was dosed of them and is not booked yet, by quant; without those of which nothing was."""
        silos = self._plc_silos()
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


class StockLocation(models.Model):
    """When a silo was counted stands where Odoo writes its own date of a count: written to the silo, a count and the end of a
    batch would hold each other up."""

    _name = "stock.location"
    _inherit = ["stock.location", "plc.sealed"]

    plc_counted_at = fields.Datetime(string="Counted On", readonly=True, copy=False)


class PlcEquipment(models.Model):
    _inherit = "plc.equipment"

    counted_at = fields.Datetime(
        related="location_id.plc_counted_at", string="Last Count", related_sudo=True, help="When its stock was counted last."
    )
    doubted_count = fields.Datetime(
        readonly=True,
        copy=False,
        help="The PLC dosed while it was counted then: nobody knows whether that was gone by that time.",
    )

    # Business methods

    def _is_counted_since(self, at):
        """The last count may be younger than a moment, and nobody was asked to count again yet."""
        second = timedelta(seconds=1)  # that a stored moment may be younger than it says
        return bool(self.counted_at and self.counted_at != self.doubted_count and at) and self.counted_at + second > at


class MoBatch(models.Model):
    _inherit = "mo.batch"

    # Business methods

    def _remark_counts(self, codes, actuals, read_before):
        """What is new of the actuals was dosed since the PLC was read before. Where a person counted the silo in between, it may
        have been gone by then, and be taken from stock once more: the person is asked to count again.

        :param codes, actuals: what the PLC shows now, before it is stored
        :param read_before: when the PLC was read before, or some seconds earlier
        """
        counted = self.controller_id.equipment_ids.filtered(lambda silo: silo._is_counted_since(read_before))
        before = self._dosed_by_code() if counted else {}
        for silo in counted:
            new = dict(zip(codes, actuals, strict=True)).get(silo.code, 0.0) - before.get(silo.code, 0.0)
            if self.uom_id.compare(new, 0) > 0:
                self._remark(self._counted_meanwhile(silo, new))
                silo.doubted_count = silo.counted_at

    def _counted_meanwhile(self, silo, new):
        return self.env._(
            "%(silo)s was counted while %(quantity)s %(unit)s were dosed from it that Odoo did not know yet. If they had left "
            "the silo by then, they are taken from stock twice: count it again.",
            silo=silo.name,
            quantity=format_number(self.env, new, ".2f"),
            unit=self.uom_id.name,
        )
