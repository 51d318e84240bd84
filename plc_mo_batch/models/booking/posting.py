"""The one place where what a batch consumed and produced becomes stock moves.

No other file of the addon creates, splits or posts a move, or scraps (``tests/house``): whoever changes lots, dates or
the context of what is posted changes it here. What :class:`Component` puts on the moves of a whole order is posted when
:class:`~.booking.Booking` closes that.
"""

from odoo.exceptions import UserError


def post(moves):
    """Post picked moves now, whether or not their order is closed. What is left of their demand is dropped."""
    # Odoo would post them as it closes the order, and refuses to do so before (skip_mo_check)
    moves.with_context(skip_mo_check=True)._action_done(cancel_backorder=True)


class Component:
    """What was consumed of one component of a batch.

    :param line: the batch's line
    """

    def __init__(self, line):
        self.line = line
        self.env = line.env

    def take(self, move, quantity):
        """Have ``move``, which is picked, take ``quantity``: from the lots that are reserved, what exceeds them from those that
        the line knows. It is posted when the order is closed, or by :func:`post`.

        :param quantity: in the move's unit
        :raise UserError: when it is not known from which lot it came
        """
        if quantity and self.line._needs_lot(move):
            self._take_from_lots(move, quantity)
        else:
            move.quantity = quantity

    def add_move(self):
        """A component move of its own on the order; a backorder does not inherit it."""
        batch, product = self.line.batch_id, self.line.product_id
        values = batch.production_id._get_move_raw_values(product, 0.0, product.uom_id)
        move = self.env["stock.move"].create({**values, "additional": True, "plc_batch_id": batch.id})
        move._action_confirm(merge=False)
        return move

    def consume(self, quantity):
        """Post it on the order, be that closed or not, in a move of its own.

        :param quantity: in the product's unit
        :raise UserError: when it is not known from which lot it came
        """
        move = self.add_move()
        move.picked = True
        self.take(move, quantity)
        post(move)

    def scrap(self, quantity):
        """Scrap it, with the order as origin; stock may go negative, as the material is gone.

        :param quantity: in the product's unit
        :raise UserError: when it is not known from which lot it came
        """
        product = self.line.product_id
        untracked = product.tracking == "none"
        for lot, part in [(self.env["stock.lot"], quantity)] if untracked else self.line._lots(quantity, product.uom_id):
            self._scrap_of_lot(lot, part)

    def _scrap_of_lot(self, lot, quantity):
        order, product = self.line.batch_id.production_id, self.line.product_id
        values = {
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "scrap_qty": quantity,
            "production_id": order.id,
            "origin": order.name,
            "company_id": order.company_id.id,
            # Odoo's own choice changes once the order is closed
            "location_id": (self.line.move_id.location_id or order.location_src_id).id,
            "lot_id": lot.id,
        }
        self.env["stock.scrap"].create(values).do_scrap()

    # Lots

    def _take_from_lots(self, move, quantity):
        rest = quantity
        move.move_line_ids.filtered(lambda item: not item.lot_id).unlink()
        for item in move.move_line_ids.sorted("id"):
            taken = min(rest, item.product_uom_id._compute_quantity(item.quantity, move.product_uom, round=False))
            rest = move.product_uom.round(rest - taken)
            item.write({"quantity": taken, "product_uom_id": move.product_uom.id, "picked": True})
        if rest and self.line.product_id.tracking == "serial":
            raise UserError(self.line._missing_lot())
        if rest:
            self._take_unreserved(move, rest)

    def _take_unreserved(self, move, rest):
        last = move.move_line_ids.sorted("id")[-1:].lot_id
        for lot, quantity in self.line._lots(rest, move.product_uom, last):
            of_lot = move.move_line_ids.filtered(lambda item, lot=lot: item.lot_id == lot)[-1:]
            if of_lot:
                of_lot.quantity += quantity
            else:
                values = {"quantity": quantity, "lot_id": lot.id, "picked": True}
                self.env["stock.move.line"].create({**move._prepare_move_line_vals(quantity=0), **values})


# What was produced


def make(move, quantity):
    """Have ``move`` make ``quantity`` of the order's product, as Odoo does when it closes the order; all of it has the order's
    lot.

    :param quantity: in the move's unit
    """
    order = move.production_id
    if move.has_tracking != "none":
        move.move_line_ids.lot_id = order.lot_producing_ids
    move.quantity = quantity
    if values := order._prepare_finished_extra_vals():
        move.move_line_ids.write(values)


def make_byproduct(move, quantity):
    """Have ``move`` make ``quantity`` of a by-product, as Odoo does when the produced quantity is typed in.

    :param quantity: in the move's unit; rounded to it
    """
    move._set_quantity_done(move.product_uom.round(quantity))


# Moves of one of several batches


def split_off(move, batch, quantity):
    """A move of its own for ``batch``, with so much of the demand of ``move``; what is reserved for that comes along.

    :param quantity: in the move's unit; no more than its demand is taken
    """
    quantity = min(quantity, move.product_uom_qty)
    whole = move.with_context(no_procurement=True)
    in_stock_unit = move.product_uom._compute_quantity(quantity, move.product_id.uom_id, rounding_method="HALF-UP")
    values = whole._split(in_stock_unit) or move.copy_data({"product_uom_qty": 0.0})
    # "additional": should the order get a backorder, that is not to ask for it again
    part = move.create([{**each, "additional": True, "plc_batch_id": batch.id} for each in values])
    part._action_confirm(merge=False, create_proc=False)
    _hand_over(move, part, quantity)
    return part


def _hand_over(move, part, quantity):
    """Let ``part`` have what is reserved for ``move``, up to ``quantity``: the lots that come first."""
    rest = quantity
    for item in move.move_line_ids.sorted("id"):
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
