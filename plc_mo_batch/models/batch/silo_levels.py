"""How much lies in silos that are stock locations, by the books, and what the batches in hand take of it."""

from odoo.exceptions import UserError

from ...plc.reconcile import ENDED
from ...tools.translate import format_number


class SiloLevels:
    """The levels of silos: their stock, less what was dosed of it and is not booked yet. In three queries, however many they are.

    All weights are in the unit that the silo's PLC weighs in. A silo that is no stock location has no level.
    """

    def __init__(self, equipment):
        self.env = equipment.env
        self.silos = equipment.sudo().filtered("location_id")
        self._held = {silo: {} for silo in self.silos}  # silo -> {(product, lot): quantity in the product's unit}
        self._doses = {silo: [] for silo in self.silos}  # silo -> [(batch, product, weight)] of batches that have not ended
        self.unbooked = {silo: [] for silo in self.silos}  # silo -> [(product, layer)] that was dosed and is not booked yet
        if self.silos:
            self._fetch_stock()
            self._fetch_batches()

    def __contains__(self, silo):
        return silo.sudo() in self._held

    def weight(self, silo, product=None):
        """What lies there, of one product or of all; below zero if more was taken than was filled in, by the books."""
        held = self._held.get(silo.sudo(), {})
        return sum(self._weight(silo, each, quantity) for (each, _lot), quantity in held.items() if product in (None, each))

    def products(self, silo):
        """The products of which something lies there."""
        held = self._held.get(silo.sudo(), {})
        return self.env["product.product"].union(
            *(product for (product, _lot), quantity in held.items() if product.uom_id.compare(quantity, 0) > 0)
        )

    def doses(self, silo):
        """What the batches in hand take that have not ended, as (batch, product, weight), in the order of their slots."""
        return self._doses.get(silo.sudo(), [])

    def owed(self, silo):
        return sum(weight for _batch, _product, weight in self.doses(silo))

    def told(self, silo):
        """What lies there, lot by lot, as people read it."""
        several = len(silo.product_ids) > 1
        return ", ".join(
            " ".join(
                part
                for part in (
                    product.display_name if several or product not in silo.product_ids else "",
                    lot.name or "",
                    format_number(self.env, self._weight(silo, product, quantity), ".2f"),
                )
                if part
            )
            for (product, lot), quantity in self._held.get(silo.sudo(), {}).items()
            if not product.uom_id.is_zero(quantity)
        )

    # What lies there

    def _fetch_stock(self):
        there = [("location_id", "child_of", self.silos.location_id.ids), ("quantity", "!=", 0)]
        groups = ["location_id", "product_id", "lot_id"]
        for location, product, lot, quantity in self.env["stock.quant"].sudo()._read_group(there, groups, ["quantity:sum"]):
            for silo in self.silos:
                if location._child_of(silo.location_id):
                    self._add(silo, product, lot, quantity)

    def _add(self, silo, product, lot, quantity):
        held = self._held[silo]
        held[product, lot] = product.uom_id.round(held.get((product, lot), 0.0) + quantity)

    def _fetch_batches(self):
        in_hand = [("batch_id.active", "=", True), ("batch_id.disposition_booked", "=", False)]
        lines = self.env["mo.batch.line"].sudo().search([("equipment_id", "in", self.silos.ids), *in_hand])
        for line in lines.sorted(lambda line: (line.batch_id.slot, line.id)):
            if line.batch_id.state not in ENDED:
                self._doses[line.equipment_id].append((line.batch_id, line.product_id, max(line.planned_qty, line.actual_qty)))
            elif line.move_id.state != "done":
                self._leave_out(line)

    def _leave_out(self, line):
        """What was dosed and is not booked yet."""
        lots = self.env["stock.lot"].sudo()
        for layer in line._frozen_layers():
            self.unbooked[line.equipment_id].append((line.product_id, layer))
            self._add(line.equipment_id, line.product_id, lots.browse(layer.lot), -layer.quantity)

    def _weight(self, silo, product, quantity):
        """Nothing if the weight of a unit is not known."""
        try:
            return product._plc_to_weight(quantity, product.uom_id, silo.controller_id.sudo().uom_id)
        except UserError:
            return 0.0
