"""What lies in silos that are stock locations: in layers, by the time they came in."""

from collections import defaultdict
from typing import NamedTuple

from ...plc.reconcile import ENDED


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


def cut(layers, quantity, uom):
    """The first ``quantity`` of the layers, and what is missing."""
    first, rest = [], quantity
    for layer in layers:
        part = min(rest, layer.quantity)
        rest = uom.round(rest - part)
        if uom.compare(part, 0) > 0:
            first.append(layer._replace(quantity=part))
    return first, rest


class SiloLayers:
    """The layers by the books, less what was dosed of them and is not booked yet. A dose takes the oldest and goes on into the
    next. The books may be wrong, and the material is gone all the same: what exceeds them is of the last layer's lot.

    :param lines: components dosed from silos that are stock locations; their layers are fetched together
    """

    def __init__(self, lines):
        self.env = lines.env
        self._left = defaultdict(dict)  # (silo's location, product) -> quantity by place, the oldest first
        self._fetch(lines.equipment_id.location_id, lines.product_id)
        self._leave_out_what_is_not_booked(lines.product_id)

    def take(self, line, quantity):
        """:param quantity: in the unit of the line's product
        :return: its layers; the lot of an excess is 0 where no lot was ever in the silo
        """
        uom, location = line.product_id.uom_id, line.equipment_id.location_id
        left = self._left[location, line.product_id]
        there = [Layer(*place, held) for place, held in left.items() if line.product_id.tracking == "none" or place[1]]
        layers, rest = cut(there, quantity, uom)
        for layer in layers:
            left[layer.place] = uom.round(left[layer.place] - layer.quantity)
        if rest and layers:
            layers[-1] = layers[-1]._replace(quantity=uom.round(layers[-1].quantity + rest))
        elif rest:
            layers = [Layer(location.id, self._last_lot(line).id or 0, 0, 0, rest)]
        return layers

    def _fetch(self, locations, products):
        held = [("product_id", "in", products.ids), ("location_id", "child_of", locations.ids), ("quantity", ">", 0)]
        for quant in self.env["stock.quant"].sudo().search(held, order="in_date, id"):
            place = (quant.location_id.id, quant.lot_id.id or 0, quant.package_id.id or 0, quant.owner_id.id or 0)
            for location in locations:
                if quant.location_id._child_of(location):
                    left = self._left[location, quant.product_id]
                    left[place] = left.get(place, 0.0) + quant.quantity

    def _leave_out_what_is_not_booked(self, products):
        waiting = [
            ("batch_id.state", "in", ENDED),
            ("batch_id.disposition_booked", "=", False),
            ("product_id", "in", products.ids),
        ]
        for line in self.env["mo.batch.line"].sudo().search(waiting):
            for layer in line._frozen_layers() if line.move_id.state != "done" else ():
                self._leave_out(line.product_id, layer)

    def _leave_out(self, product, layer):
        for (_location, of_product), left in self._left.items():
            if of_product == product and layer.place in left:
                left[layer.place] = max(0.0, left[layer.place] - layer.quantity)

    def _last_lot(self, line):
        """The lot that was last in the silo, which is empty by the books."""
        location, product = line.equipment_id.location_id, line.product_id
        if product.tracking == "none":
            return self.env["stock.lot"]
        moved = ["|", ("location_id", "child_of", location.id), ("location_dest_id", "child_of", location.id)]
        lots = [("product_id", "=", product.id), ("lot_id", "!=", False), ("state", "=", "done")]
        return self.env["stock.move.line"].sudo().search([*lots, *moved], order="date desc, id desc", limit=1).lot_id
