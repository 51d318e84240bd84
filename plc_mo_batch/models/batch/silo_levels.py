"""How much lies in silos that are stock locations, by the books, and what batches take of it. Nobody else computes it."""

from odoo.exceptions import UserError
from odoo.tools import float_round

from ...plc.reconcile import ENDED
from ...tools.translate import format_number
from ..controller.silo_places import SiloPlaces


class SiloLevels:
    """The levels of silos: their stock, less what was dosed of it and is not booked yet, by batches that run, too. What batches
    will still take is beside it. In four queries, however many silos.

    Several silos may be said to be one location. It is counted once: each holds what lies there of its products, and what any of
    them doses is taken from it.

    All weights are in the unit that the silo's PLC weighs in. A silo that is no stock location has no level.
    """

    def __init__(self, equipment):
        self.env = equipment.env
        self.silos = equipment.sudo().filtered("location_id")
        self.places = self.silos.location_id
        self._held = {place: {} for place in self.places}  # place -> {(product, lot): quantity in the product's unit}
        self._doses = {place: [] for place in self.places}  # place -> [(line, product, weight)] that is still to be dosed
        self._unbooked = {place: [] for place in self.places}  # place -> [(product, layer)] that was dosed and is not booked yet
        self._found = SiloPlaces(self.places)
        self._is_own = {silo: self._found.is_own(silo) for silo in self.silos}
        self._sharing = self._found.silos.filtered("active").grouped("location_id")
        if self.silos:
            self._fetch_stock()
            self._fetch_batches()

    def __contains__(self, silo):
        return silo.sudo() in self.silos

    def weight(self, silo, product=None):
        """What lies there, of one product or of all; below zero if more was taken than was filled in, by the books."""
        return sum(self._weight(silo, each, quantity) for (each, _lot), quantity in self._content(silo, product).items())

    def free(self, silo, product):
        """How much of ``product`` can still be taken: what lies there less what batches take, to the decimal that is stored.
        None: nobody knows."""
        if silo not in self or self._unit_weight(silo, product) is None:
            return None
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        left = self.weight(silo, product) - self.owed(silo, product)
        return float_round(left, precision_digits=digits, rounding_method="DOWN")

    def products(self, silo):
        """The products of which something lies there."""
        return self.env["product.product"].union(
            *(product for (product, _lot), held in self._content(silo).items() if product.uom_id.compare(held, 0) > 0)
        )

    def doses(self, silo, product=None):
        """What the batches in hand will still take, as (batch, product, weight), in the order of their slots."""
        unit = silo.sudo().controller_id.uom_id
        return [
            (line.batch_id, each, line.uom_id._compute_quantity(weight, unit, round=False) if line.uom_id != unit else weight)
            for line, each, weight in self._doses.get(silo.sudo().location_id, ())
            if (self.counts(silo, each) if product is None else each == product)
        ]

    def owed(self, silo, product=None):
        """The sum of :meth:`doses`."""
        return sum(weight for _batch, _product, weight in self.doses(silo, product))

    def unbooked(self, silo):
        """What was dosed of what lies there and is not booked yet, as (product, layer)."""
        return self._unbooked.get(silo.sudo().location_id, [])

    def sharing(self, silo):
        """The other silos that are said to be the same location."""
        return self._sharing.get(silo.sudo().location_id, self.silos.browse()) - silo.sudo()

    def counts(self, silo, product):
        """Whether it is the silo's: of a location that is not its own, it has what lies there of its products."""
        return self._is_own.get(silo.sudo(), True) or product in silo.sudo().product_ids

    def is_counted_before(self, silo):
        """An earlier one of the silos has the same of the location that they share."""
        earlier = self.silos[: self.silos.ids.index(silo.id)] & self.sharing(silo) if silo in self else self.silos.browse()
        return any(other.product_ids == silo.sudo().product_ids for other in earlier)

    def name(self, silo):
        """The silo's, with those that share its location."""
        others = self._told_sharing(silo)
        return f"{silo.name} ({others})" if others else silo.name

    def told(self, silo):
        """What lies there, lot by lot, as people read it."""
        several = len(silo.product_ids) > 1
        content = ", ".join(
            " ".join(
                part
                for part in (
                    product.display_name if several or product not in silo.product_ids else "",
                    lot.name or "",
                    format_number(self.env, self._weight(silo, product, quantity), ".2f"),
                )
                if part
            )
            for (product, lot), quantity in self._content(silo).items()
            if not product.uom_id.is_zero(quantity)
        )
        return " · ".join(filter(None, [content, self._told_sharing(silo)]))

    def _told_sharing(self, silo):
        others = self.sharing(silo)
        return self.env._("together with %s", ", ".join(others.mapped("name"))) if others and silo in self else ""

    def _content(self, silo, product=None):
        held = self._held.get(silo.sudo().location_id, {})
        if product is not None:
            return {key: quantity for key, quantity in held.items() if key[0] == product}
        return {key: quantity for key, quantity in held.items() if self.counts(silo, key[0])}

    # What lies there

    def _fetch_stock(self):
        there = [("location_id", "child_of", self.places.ids), ("quantity", "!=", 0)]
        groups = ["location_id", "product_id", "lot_id"]
        for location, product, lot, quantity in self.env["stock.quant"].sudo()._read_group(there, groups, ["quantity:sum"]):
            place = self._found.of(location)
            if place:
                self._add(place, product, lot, quantity)

    def _add(self, place, product, lot, quantity):
        held = self._held[place]
        held[product, lot] = product.uom_id.round(held.get((product, lot), 0.0) + quantity)

    def _fetch_batches(self):
        lines = self.env["mo.batch.line"].sudo()
        silos = self._found.silos
        # layers that were recorded may lie where the silo was before
        here = ["|", ("equipment_id", "in", silos.ids), "&", ("batch_id.state", "in", ENDED), ("equipment_id", "!=", False)]
        mills = [("batch_id.controller_id", "in", silos.controller_id.ids)]
        lines = lines.search([*lines._in_hand_domain(), *mills, *here]).sorted(lambda line: (line.batch_id.slot, line.id))
        for line in lines:
            rest = max(0.0, line.planned_qty - line.actual_qty)
            if line.batch_id.state not in ENDED and rest and line.equipment_id.location_id in self._doses:
                self._doses[line.equipment_id.location_id].append((line, line.product_id, rest))
        self._leave_out(lines.filtered(lambda line: line._is_dosed_and_unbooked()))

    def _leave_out(self, lines):
        """What was dosed and is not booked yet, from where the booking will take it."""
        lots, locations = self.env["stock.lot"].sudo(), self.env["stock.location"].sudo()
        for line, layers in lines._layers_to_book():
            for layer in layers:
                place = self._found.of(locations.browse(layer.location))
                if place:
                    self._unbooked[place].append((line.product_id, layer))
                    self._add(place, line.product_id, lots.browse(layer.lot), -layer.quantity)

    def _weight(self, silo, product, quantity):
        return quantity * (self._unit_weight(silo, product) or 0.0)

    def _unit_weight(self, silo, product):
        """None: nobody knows."""
        try:
            return product._plc_to_weight(1.0, product.uom_id, silo.sudo().controller_id.uom_id)
        except UserError:
            return None
