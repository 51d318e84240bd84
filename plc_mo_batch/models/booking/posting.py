"""The one place where a batch's consumption and production become stock moves.

No other file of the addon creates, splits or posts a move, or scraps (``tests/house``): to change lots, dates or the context of
what is posted, change it here. What :class:`Component` puts on the moves of a whole order is posted when
:class:`~.booking.Booking` closes the order.
"""

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..batch.silo_layers import Layer, by_place, cut, layer_of
from ..controller.silo_places import SiloBins


class StockMove(models.Model):
    _inherit = "stock.move"

    # CRUD

    def write(self, vals):
        units = {move: move.product_uom for move in self} if "product_uom" in vals else {}
        result = super().write(vals)
        for move, unit in units.items():
            if move.product_uom != unit:
                move._plc_convert_claims(unit)
        return result


def post(moves):
    """Post picked moves now, whether or not their order is closed. Their remaining demand is dropped."""
    # Odoo would post them when it closes the order, and refuses to do so earlier (skip_mo_check)
    moves.with_context(skip_mo_check=True)._action_done(cancel_backorder=True)


class Component:
    """What was consumed of one component of a batch.

    :param line: the batch's line
    :param lot: the one that it certainly was, if that is known better than the line knows it
    :param bins: of all components that are booked together
    """

    def __init__(self, line, lot=None, bins=None):
        self.line, self.lot = line, lot
        self.env = line.env
        self._bins = bins or SiloBins(line.env)

    def take(self, move, quantity):
        """Have ``move``, which is picked, take ``quantity``: from where the silo says, or from what is reserved, as the PLC's
        policy has it. It is posted when the order is closed, or by :func:`post`.

        :param quantity: in the move's unit
        :raise UserError: if the lot is not known
        """
        needs_lot = self.line._needs_lot(move)
        is_elsewhere = self._in_other_silos(move.move_line_ids, move.location_id)
        if quantity and (needs_lot or is_elsewhere or self.line._is_of_a_location()):
            self._take_from_places(move, quantity, needs_lot)
        else:
            _set_quantity(move, quantity)

    def add_move(self):
        """A separate component move on the order; a backorder does not inherit it."""
        batch, product = self.line.batch_id, self.line.product_id
        values = batch.production_id._get_move_raw_values(product, 0.0, product.uom_id)
        move = self.env["stock.move"].create({**values, "additional": True, "plc_batch_id": batch.id})
        move._action_confirm(merge=False)
        return move

    def consume(self, quantity):
        """Post it on the order, closed or not, in a separate move, and return that.

        :param quantity: in the product's unit
        :raise UserError: if the lot is not known
        """
        move = self.add_move()
        move.picked = True
        self.take(move, quantity)
        post(move)
        return move

    def scrap(self, quantity):
        """Scrap it, with the order as origin. Stock may go negative, as the material is gone.

        :param quantity: in the product's unit
        :raise UserError: if the lot is not known
        """
        # Odoo's own choice of the location changes once the order is closed
        location = self.line.move_id.location_id or self.line.batch_id.production_id.location_src_id
        needs_lot = self.line.product_id.tracking != "none"
        layers = [Layer(location.id, 0, 0, 0, quantity)]
        if needs_lot or self.line._is_of_a_location():
            layers = self._layers(quantity, needs_lot, location)
        for place, part in by_place(layers).items():
            self._scrap_of(Layer(*place, part))

    def _scrap_of(self, layer):
        batch, product = self.line.batch_id, self.line.product_id
        values = {
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "scrap_qty": layer.quantity,
            "production_id": batch.production_id.id,
            "origin": batch.production_id.name,
            "company_id": batch.production_id.company_id.id,
            **_place_values(layer.place),
        }
        scrap = self.env["stock.scrap"].create(values)
        scrap.do_scrap()
        scrap.flush_recordset(["scrap_qty"])  # Odoo computes it from the move, and of several at once it gets all but one wrong
        scrap.move_ids.plc_batch_id = batch

    # Lots and places

    def _take_from_places(self, move, quantity, needs_lot):
        """
        :raise UserError: if the lot is not known
        """
        details = move.move_line_ids
        details -= self._in_other_silos(details, move.location_id)
        held = [] if self._is_told_by_silo() else _reserved(details, move, needs_lot)
        layers, rest = cut(held, quantity, move.product_uom)
        if rest and self.line.product_id.tracking == "serial":
            raise UserError(self.line._missing_lot())
        if rest:
            layers += self._layers_beyond(move, quantity, needs_lot, by_place(layers), rest)
        _set_details(move, by_place(layers))

    def _is_told_by_silo(self):
        """What is in the silo is known, and goes before what is reserved."""
        line = self.line
        if self._reserved_first() or line.product_id.tracking == "serial":
            return False
        return line._is_of_a_location() or bool(self.lot or line._scanned_lots() or line._equipment_lot())

    def _in_other_silos(self, items, location):
        """Those quants or details that lie in a silo's own location, while this silo has none: what it dosed did not lie there,
        wherever Odoo reserved it. What is added by hand may come from anywhere.

        :param location: where the order takes the component from
        """
        if not self.line.code or self.line._is_of_a_location() or self._reserved_first():
            return items.browse()
        return items.filtered(lambda item: self._bins.hold(item.location_id, location))

    def _reserved_first(self):
        """What a person, or a scale's scanner, read from the bag is no guess."""
        return self.line.controller_id._books_reserved_first() and not self.lot and not self.line._scanned_lots()

    def _layers_beyond(self, move, quantity, needs_lot, taken, rest):
        """Where the ``rest`` of ``quantity`` comes from that is not ``taken`` from what is reserved. All in the move's unit."""
        stock_uom, uom = self.line.product_id.uom_id, move.product_uom
        wanted = quantity if self.line._is_of_a_location() else rest
        in_stock = uom._compute_quantity(wanted, stock_uom, rounding_method="HALF-UP")
        last = taken and move.move_line_ids.sorted("id")[-1:].lot_id
        layers = []
        details = move.move_line_ids
        details -= self._in_other_silos(details, move.location_id)
        for layer in self._layers(in_stock, needs_lot, move.location_id, last, details):
            part = stock_uom._compute_quantity(layer.quantity, uom, rounding_method="HALF-UP")
            if self.line._is_of_a_location():  # what is reserved may be of the same layer
                part = uom.round(max(0.0, part - taken.get(layer.place, 0.0)))
            layers.append(layer.of(part))
        found, lacking = cut(layers, rest, uom)
        return [*found, layers[-1].of(lacking)] if lacking else found

    def _layers(self, quantity, needs_lot, location, last=None, reserved=()):
        """Where ``quantity`` comes from, in the product's unit.

        :param location: where the order takes the component from
        :param last: the lot of an excess, if the silo says nothing
        :param reserved: details that are reserved for the component
        :raise UserError: if the lot is not known
        """
        line, uom = self.line, self.line.product_id.uom_id
        if not line._is_of_a_location() and not needs_lot:
            return [Layer(location.id, 0, 0, 0, quantity)]
        if not line._is_of_a_location():
            lots = [(self.lot, quantity)] if self.lot else line._lots(quantity, uom, last)
            return [layer for lot, part in lots for layer in self._layers_of_lot(lot, part, location, reserved)]
        layers = []
        for layer in line._silo_layers(quantity):
            # no lot was ever in the silo: that entered on it, or else those that the order reserved
            lots = line._lots(layer.quantity, uom, last) if needs_lot and not layer.lot else []
            layers += [layer.of(part, lot.id) for lot, part in lots] or [layer]
        return layers

    def _layers_of_lot(self, lot, quantity, location, reserved):
        """Where ``lot`` lies below ``location``: first where it is reserved for the component, then where it is free, the oldest
        first. What exceeds that goes below zero there. If what is reserved goes first, the excess goes to the last of that."""
        places = [layer_of(item, item.quantity_product_uom) for item in reserved if item.lot_id == lot]
        if self._reserved_first():
            return [(places or [Layer(location.id, lot.id, 0, 0, 0.0)])[-1].of(quantity)]
        quants = self._quants(lot, location)
        places += [layer_of(quant, max(0.0, quant.quantity - quant.reserved_quantity)) for quant in quants]
        layers, rest = cut(places, quantity, lot.product_id.uom_id)
        if rest:
            layers.append((places or [Layer(location.id, lot.id, 0, 0, 0.0)])[0].of(rest))
        return layers

    def _quants(self, lot, location):
        """The stock of ``lot`` below ``location``; for many components at once :class:`~.booking.Booking` has fetched it."""
        product, quants = lot.product_id, self.env["stock.quant"]
        fetched = self.env.context.get("quants_cache")
        fetched = quants._get_quants_by_products_locations(product, location) if fetched is None else fetched
        found = quants.union(*(there for key, there in fetched.items() if key[0] == product.id and key[2] == lot.id))
        there = found.filtered(lambda quant: quant.quantity > 0 and quant.location_id._child_of(location))
        there -= self._in_other_silos(there, location)
        return there.sorted(lambda quant: (quant.in_date, quant.id))


def _reserved(details, move, needs_lot):
    """The layers that are reserved for ``move`` by these details of it, in turn and in its unit."""
    items = details.filtered(lambda item: item.lot_id or not needs_lot).sorted("id")
    return [layer_of(item, item.product_uom_id._compute_quantity(item.quantity, move.product_uom, round=False)) for item in items]


def _set_details(move, taken):
    """Have the details of ``move`` say this and nothing else. What was reserved otherwise is free again.

    :param taken: quantity by place, in the move's unit
    """
    left, freed = dict(taken), move.move_line_ids.browse()
    for item in move.move_line_ids.sorted("id"):
        quantity = left.pop(layer_of(item, 0.0).place, None)
        if quantity is None:
            freed |= item
        elif item.product_uom_id != move.product_uom or move.product_uom.compare(item.quantity, quantity):
            item.write({"quantity": quantity, "product_uom_id": move.product_uom.id, "picked": True})
    freed.unlink()
    common = {**move._prepare_move_line_vals(quantity=0), "picked": True} if left else {}
    move.move_line_ids.create([{**common, **_place_values(place), "quantity": quantity} for place, quantity in left.items()])


def _place_values(place):
    names = ("location_id", "lot_id", "package_id", "owner_id")
    return {name: value or False for name, value in zip(names, place, strict=True)}


def _set_quantity(move, quantity):
    """What is reserved is put into the move's unit first. If that was changed since, Odoo would take its figure off another one:
    all of 600 kg for 50 g less, and nothing would be consumed."""
    for item in move.move_line_ids.filtered(lambda item: item.product_uom_id != move.product_uom):
        held = item.product_uom_id._compute_quantity(item.quantity, move.product_uom)
        item.write({"quantity": held, "product_uom_id": move.product_uom.id})
    move.quantity = quantity


# What people bring to a silo and take from it


def transfer(kind, source, destination, product, layers, origin):
    """Bring layers of a product to another place, by a transfer that is done.

    :param kind: the operation type of the transfer
    :param source: the place above all of the layers
    :param layers: in the product's unit; each from where it says
    :param origin: what the transfer is for
    :raise UserError: if Odoo asks something first
    """
    env = kind.env
    places = {"location_id": source.id, "location_dest_id": destination.id}
    values = {"picking_type_id": kind.id, "origin": origin, "user_id": env.uid, "company_id": kind.company_id.id, **places}
    picking = env["stock.picking"].create(values)
    moved = {"product_id": product.id, "picking_id": picking.id, "company_id": kind.company_id.id, **places}
    details = [
        {**moved, **_place_values(place), "product_uom_id": product.uom_id.id, "quantity": quantity, "picked": True}
        for place, quantity in by_place(layers).items()
    ]
    demand = {"product_uom": product.uom_id.id, "product_uom_qty": sum(layer.quantity for layer in layers), "picked": True}
    env["stock.move"].create({**moved, **demand, "move_line_ids": [Command.create(detail) for detail in details]})
    picking.with_context(skip_expired=True, skip_backorder=True).button_validate()
    if picking.state != "done":
        raise UserError(env._("Odoo asks a question before it does the transfer: make it under Inventory."))
    return picking


def throw_away(company, product, layer, origin):
    """Scrap what lies there."""
    values = {"product_id": product.id, "product_uom_id": product.uom_id.id, "scrap_qty": layer.quantity, "origin": origin}
    product.env["stock.scrap"].create({**values, "company_id": company.id, **_place_values(layer.place)}).do_scrap()


def count_as(quant, quantity, reason):
    """Say that ``quantity`` lies there, whatever the books say.

    :param reason: what the move of the difference is called
    """
    quant = quant.with_context(inventory_mode=True, inventory_name=reason)
    quant.inventory_quantity = quantity
    quant.action_apply_inventory()


# What was produced


def make(move, quantity):
    """Have ``move`` produce ``quantity`` of the order's product, as Odoo does when it closes the order. All of it has the order's
    lot.

    :param quantity: in the move's unit
    """
    order = move.production_id
    if move.has_tracking != "none":
        move.move_line_ids.lot_id = order.lot_producing_ids
    _set_quantity(move, quantity)
    if values := order._prepare_finished_extra_vals():
        move.move_line_ids.write(values)


def make_byproduct(move, quantity):
    """Have ``move`` produce ``quantity`` of a by-product, as Odoo does when the produced quantity is entered.

    :param quantity: in the move's unit; rounded to it
    """
    if move.has_tracking != "none":
        move.move_line_ids.filtered(_lacks_lot).unlink()  # Odoo's, of the demand: what people entered counts
    move._set_quantity_done(move.product_uom.round(quantity))
    give_lot(move)


def give_lot(move):
    """Give a lot to what is made of a by-product without one: the last that people entered on the order. If there is none, Odoo
    makes one, as it does for the product: it is new, so its name loses nothing.

    :raise UserError: if a person has to enter it
    """
    kind, lacking = move.picking_type_id, move.move_line_ids.filtered(lambda item: item.quantity and _lacks_lot(item))
    if move.has_tracking == "none" or not lacking or not (kind.use_create_lots or kind.use_existing_lots):
        return
    if move.has_tracking == "serial" or not (lot := _last_lot(move) or _new_lot(move)):
        raise UserError(
            move.env._(
                "%(product)s is a by-product with lots or serial numbers, and none is entered. Enter it on order %(order)s: "
                "under By-Products, in the details of the line.",
                product=move.product_id.display_name,
                order=move.production_id.name,
            )
        )
    lacking.lot_id = lot


def _lacks_lot(item):
    return not item.lot_id and not item.lot_name


def _last_lot(move):
    """The lot of this by-product: on the move, or else of what the order has made before."""
    same = move.production_id.move_finished_ids.filtered(lambda other: other.product_id == move.product_id) - move
    return (move.move_line_ids.sorted("id").lot_id or same.move_line_ids.sorted("id").lot_id)[-1:]


def _new_lot(move):
    """Named as Odoo names the lot of an order's product; empty if the operation type allows no new lots, or none has a name."""
    lots, product, company = move.env["stock.lot"], move.product_id, move.company_id
    if not move.picking_type_id.use_create_lots:
        return lots
    name = product.lot_sequence_id.next_by_id() if product.lot_sequence_id else False
    taken = [("product_id", "=", product.id), ("name", "=", name), ("company_id", "in", (False, company.id))]
    if not name or lots.search_count(taken, limit=1):
        name = lots._get_next_serial(company, product)
    return lots.create({"name": name, "product_id": product.id}) if name else lots


# Moves of one of several batches


def split_off(move, batch, quantity):
    """Split a move for ``batch`` off ``move``, with that much of its demand. The reservation for it moves along.

    :param quantity: in the move's unit; limited to its demand
    """
    quantity = min(quantity, move.product_uom_qty)
    whole = move.with_context(no_procurement=True)
    in_stock_unit = move.product_uom._compute_quantity(quantity, move.product_id.uom_id, rounding_method="HALF-UP")
    values = whole._split(in_stock_unit) or move.copy_data({"product_uom_qty": 0.0})
    # "additional": if the order gets a backorder, that must not ask for it again
    part = move.create([{**each, "additional": True, "plc_batch_id": batch.id} for each in values])
    part._action_confirm(merge=False, create_proc=False)
    _hand_over(move, part, quantity)
    return part


def _hand_over(move, part, quantity):
    """Pass the reservation of ``move`` to ``part``, up to ``quantity``: the first lots. Of what is made: first those that people
    entered."""
    rest, made = quantity, bool(move.production_id)
    for item in move.move_line_ids.sorted(lambda item: (made and _lacks_lot(item), item.id)):
        held = item.product_uom_id._compute_quantity(item.quantity, move.product_uom, round=False)
        if move.product_uom.compare(rest, 0) <= 0:
            break
        if move.product_uom.compare(held, rest) <= 0:
            item.move_id = part
        else:
            values = item.copy_data({"move_id": part.id, "quantity": rest, "product_uom_id": move.product_uom.id})
            item.write({"quantity": held - rest, "product_uom_id": move.product_uom.id})
            item.create(values)
        rest -= held
    (move | part)._recompute_state()
