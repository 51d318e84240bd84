"""What lies in silos that are stock locations: in layers, by the time they came in."""

from typing import NamedTuple

from ..controller.silo_places import SiloPlaces


class Layer(NamedTuple):
    """A part of a dose, and where it lay in stock.

    :param location, lot, package, owner: ids; 0: none
    :param quantity: in the unit that stock of the product is kept in
    """

    location: int
    lot: int
    package: int
    owner: int
    quantity: float

    @property
    def place(self):
        return self[:4]

    def of(self, quantity, lot=None):
        """Another quantity there, or of another lot."""
        return Layer(self.location, self.lot if lot is None else lot, self.package, self.owner, quantity)


def layer_of(item, quantity):
    """Where a quant, or a detail that takes something, lies."""
    return Layer(item.location_id.id, item.lot_id.id or 0, item.package_id.id or 0, item.owner_id.id or 0, quantity)


def cut(layers, quantity, uom):
    """The first ``quantity`` of the layers, and what is missing."""
    first, rest = [], quantity
    for layer in layers:
        part = max(0.0, min(rest, layer.quantity))
        rest = uom.round(rest - part)
        if part > 0:
            first.append(layer.of(part))
    return first, rest


def beyond(layers, quantity, uom):
    """The layers without the first ``quantity`` of them."""
    left, rest = [], quantity
    for layer in layers:
        part = min(rest, layer.quantity)
        rest = uom.round(rest - part)
        if uom.compare(layer.quantity, part) > 0:
            left.append(layer.of(uom.round(layer.quantity - part)))
    return left


def without(layers, taken, uom):
    """The layers without what was ``taken``: at each place the oldest first."""
    left = list(layers)
    for place, quantity in by_place(taken).items():
        here = iter(beyond([layer for layer in left if layer.place == place], quantity, uom)[::-1])
        kept = [layer if layer.place != place else next(here, None) for layer in reversed(left)]
        left = [layer for layer in reversed(kept) if layer]
    return left


def by_place(layers):
    """Quantity by place."""
    found = {}
    for layer in layers:
        found[layer.place] = found.get(layer.place, 0.0) + layer.quantity
    return found


class SiloLayers:
    """The layers by the books, less what was dosed of them and is not booked yet. A dose takes the oldest and goes on into the
    next. The books may be wrong, and the material is gone all the same: what exceeds them is of the last layer's lot.

    :param lines: components dosed from silos that are stock locations; their layers are fetched together
    """

    def __init__(self, lines):
        self.env = lines.env
        self._left = {}  # (silo's location, product) -> layers, the oldest first
        self._fetch(lines.equipment_id.location_id, lines.product_id)
        self._newest = {key: layers[-1] for key, layers in self._left.items() if layers}
        self._leave_out_what_is_not_booked(lines.product_id)

    def take(self, line, quantity):
        """:param quantity: in the unit of the line's product
        :return: its layers; the lot of an excess is 0 where no lot was ever in the silo
        """
        uom, location = line.product_id.uom_id, line.equipment_id.location_id
        there = self._left.get((location, line.product_id), [])
        layers, rest = cut(there, quantity, uom)
        self._left[location, line.product_id] = beyond(there, quantity, uom)
        if rest and layers:
            layers[-1] = layers[-1].of(uom.round(layers[-1].quantity + rest))
        elif not layers:
            layers = [self._gone(line).of(quantity)]
        return layers

    def _gone(self, line):
        """What was dosed last of a silo in which nothing is left: the newest layer by the books, dosed and not booked yet;
        or else the lot that was moved last."""
        location = line.equipment_id.location_id
        newest = self._newest.get((location, line.product_id))
        return newest or Layer(location.id, self._last_lot(line).id or 0, 0, 0, 0.0)

    # What lies there

    def _fetch(self, locations, products):
        held = [("product_id", "in", products.ids), ("location_id", "child_of", locations.ids)]
        quants = self.env["stock.quant"].sudo().search(held, order="in_date, id")
        quants = quants.filtered(lambda quant: quant.lot_id or quant.product_id.tracking == "none")
        fills, places = self._fills(quants), SiloPlaces(locations)
        for location in locations:
            inside = quants.filtered(lambda quant, location=location: places.of(quant.location_id) == location)
            for product, there in inside.grouped("product_id").items():
                same_place = there.grouped(lambda quant: layer_of(quant, 0.0).place)
                dated = sorted(part for quants in same_place.values() for part in self._dated(quants, fills))
                self._left[location, product] = [layer for _came_in, _id, layer in dated]

    def _fills(self, quants):
        """Place -> details of the transfers that brought it there, the newest first. A quant does not say when it came: its date
        goes along from one location to the next, so that what was bought first would lie below what was filled in first."""
        if len(quants.lot_id) < 2:
            return {}
        came = [("location_dest_id", "in", quants.location_id.ids), ("lot_id", "in", quants.lot_id.ids)]
        done = [("state", "=", "done"), ("move_id.is_inventory", "=", False)]
        items = self.env["stock.move.line"].sudo().search([*came, *done], order="date desc, id desc")
        return items.filtered(lambda item: item.location_id != item.location_dest_id).grouped(
            lambda item: (item.location_dest_id.id, item.lot_id.id, item.result_package_id.id or 0, item.owner_id.id or 0)
        )

    def _dated(self, quants, fills):
        """(when it came in, id, layer): what is left of a lot is of its last fills.

        :param quants: of one lot in one place. There may be several, one of them below zero: Odoo adds to a new one where another
            transaction has locked the first, and merges them later.
        """
        uom, rest = quants[0].product_uom_id, sum(quants.mapped("quantity"))
        layer = layer_of(quants[0], rest)
        for item in fills.get(layer.place, ()):
            part = min(rest, item.quantity_product_uom)
            if part > 0:
                yield item.date, item.id, layer.of(part)
            rest = uom.round(rest - part)
        if rest > 0:
            yield quants[0].in_date, 0, layer.of(rest)

    def _leave_out_what_is_not_booked(self, products):
        lines = self.env["mo.batch.line"].sudo()
        lines = lines.search([*lines._in_hand_domain(), ("product_id", "in", products.ids)])
        for line in lines.filtered(lambda line: line.layers and line._is_dosed_and_unbooked()):
            for key in self._left:
                if key[1] == line.product_id:
                    self._left[key] = without(self._left[key], line._frozen_layers(), line.product_id.uom_id)

    def _last_lot(self, line):
        """The lot that was moved last into or out of the silo, which is empty by the books."""
        location, product = line.equipment_id.location_id, line.product_id
        if product.tracking == "none":
            return self.env["stock.lot"]
        moved = ["|", ("location_id", "child_of", location.id), ("location_dest_id", "child_of", location.id)]
        lots = [("product_id", "=", product.id), ("lot_id", "!=", False), ("state", "=", "done")]
        return self.env["stock.move.line"].sudo().search([*lots, *moved], order="date desc, id desc", limit=1).lot_id
