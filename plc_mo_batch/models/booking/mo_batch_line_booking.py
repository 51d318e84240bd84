from odoo import models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ...tools.words import digits


class MoBatchLine(models.Model):
    """The booking of a component: its move, its lots, and whether it arrived."""

    _inherit = "mo.batch.line"

    def _check_bookable(self):
        """:raise UserError: when it is not known what was consumed, or it was booked already"""
        self._find_product()
        if self.code and not self.reported:
            raise UserError(self.env._("The PLC reported no quantity for %s.", self.product_id.display_name))
        if not self.product_id:
            raise UserError(
                self.env._(
                    "The PLC dosed %(quantity)s %(unit)s from equipment %(code)s, which the recipe does not use. "
                    "Say on the equipment which one product it holds.",
                    quantity=digits(self.env, self.actual_qty, "g"),
                    unit=self.uom_id.name,
                    code=self.code,
                )
            )
        if self.move_id.state == "done":
            raise UserError(
                self.env._("Consumption of %s was booked on the order by somebody else.", self.product_id.display_name)
            )

    def _find_product(self):
        """What was dosed besides the recipe: the one product that the equipment holds, or is said to hold by now."""
        if not self.product_id:
            equipment = self.batch_id.controller_id.equipment_ids.filtered(lambda item: item.code == self.code)
            product = equipment.product_ids if len(equipment.product_ids) == 1 else False
            self.write({"equipment_id": equipment.id, "product_id": product and product.id})

    def _ensure_move(self):
        """A move for what the recipe did not ask for, or what was taken off the order meanwhile."""
        if not self.move_id or self.move_id.state == "cancel":
            self.move_id = self._add_move()

    def _split_off(self):
        """Have a move of its own for what this batch, one of several, took of the component."""
        if self.move_id and self.move_id.state != "cancel":
            self.move_id = self.move_id._plc_split_off(self.batch_id, self.move_qty)

    def _add_move(self):
        """A component line of its own on the order; a backorder does not inherit it."""
        uom = self.product_id.uom_id
        values = self.batch_id.production_id._get_move_raw_values(self.product_id, 0.0, uom)
        move = self.env["stock.move"].create({**values, "additional": True, "plc_batch_id": self.batch_id.id})
        move._action_confirm(merge=False)
        return move

    def _book_on(self, move, quantity):
        """Have ``move``, which is picked, take ``quantity``, which is in the line's unit.

        :raise UserError: when its unit would lose part of it, or it is not known from which lot it came
        """
        quantity = self._in_unit(quantity, move.product_uom)
        if quantity and self._needs_lot(move):
            self._set_lots(move, quantity)
        else:
            move.quantity = quantity

    # Lots

    def _needs_lot(self, move):
        kind = move.picking_type_id
        return self.product_id.tracking != "none" and (kind.use_create_lots or kind.use_existing_lots)

    def _set_lots(self, move, quantity):
        """Book from the lots that the order reserved; what exceeds them from the equipment's lot, else from the last of them,
        else from one that the order has.

        :raise UserError: when it is not known from which lot it came
        """
        rest = quantity
        move.move_line_ids.filtered(lambda item: not item.lot_id).unlink()
        for item in move.move_line_ids.sorted("id"):
            taken = min(rest, item.product_uom_id._compute_quantity(item.quantity, move.product_uom, round=False))
            rest = move.product_uom.round(rest - taken)
            item.write({"quantity": taken, "product_uom_id": move.product_uom.id, "picked": True})
        if rest and self.product_id.tracking == "serial":
            raise UserError(self._missing_lot())
        if rest:
            self._take_from_lot(move, rest)

    def _take_from_lot(self, move, rest):
        lots = self._lots(rest, move.product_uom, move.move_line_ids.sorted("id")[-1:].lot_id)
        if not lots:
            raise UserError(self._missing_lot())
        for lot, quantity in lots:
            of_lot = move.move_line_ids.filtered(lambda item, lot=lot: item.lot_id == lot)[-1:]
            if of_lot:
                of_lot.quantity += quantity
            else:
                values = {"quantity": quantity, "lot_id": lot.id, "picked": True}
                self.env["stock.move.line"].create({**move._prepare_move_line_vals(quantity=0), **values})

    def _lots(self, quantity, uom, last=None):
        """[(lot, its part of ``quantity``)], in ``uom``: all of the equipment's lot, else of the ``last`` one, else of those that
        the order has. Empty where none is known."""
        lot = self._equipment_lot() or last
        return [(lot, quantity)] if lot else self._order_lots(quantity, uom)

    def _equipment_lot(self):
        """The lot that was in the equipment when the batch finished, else the one that is entered there now."""
        lot = self.lot_id or self.equipment_id.lot_id
        return lot if lot.product_id == self.product_id else lot.browse()

    def _order_lots(self, quantity, uom):
        """The component's lots on the order, for what is posted besides: those that are reserved, in turn, and what exceeds them
        of the last; once the component is booked, the last that was used."""
        move = self.move_id
        items = move.move_line_ids.filtered("lot_id").sorted("id")
        if self.product_id.tracking != "lot" or not items:
            return []
        lots, rest = [], quantity
        for item in items[:-1] if move.state != "done" else ():
            taken = min(rest, item.product_uom_id._compute_quantity(item.quantity, uom, round=False))
            rest = uom.round(rest - taken)
            lots.append((item.lot_id, taken))
        return [(lot, part) for lot, part in [*lots, (items[-1:].lot_id, rest)] if part]

    def _missing_lot(self):
        if self.equipment_id and self.product_id.tracking == "lot":
            return self.env._(
                "%(product)s has lots, and none is known for it: enter the current lot of %(equipment)s, or reserve one on "
                "order %(order)s.",
                product=self.product_id.display_name,
                equipment=self.equipment_id.name,
                order=self.batch_id.production_id.name,
            )
        return self.env._(
            "%(product)s has lots or serial numbers, and it is not known which were used: reserve them on order %(order)s.",
            product=self.product_id.display_name,
            order=self.batch_id.production_id.name,
        )

    # Checks afterwards

    def _verify(self):
        """:raise UserError: when something else was booked than consumed, seen in the line's unit"""
        booked, consumed = self._booked_qty(), self._consumed_qty()
        if self._is_other(booked, consumed):
            raise UserError(
                self.env._(
                    "%(product)s: %(booked)s %(unit)s would be booked instead of %(consumed)s.",
                    product=self.product_id.display_name,
                    booked=digits(self.env, booked, ".2f"),
                    unit=self.uom_id.name,
                    consumed=digits(self.env, consumed, ".2f"),
                )
            )

    def _is_other(self, booked, consumed):
        return float_compare(abs(booked - consumed), 0.005, precision_digits=6) > 0

    def _booked_qty(self):
        """What is posted with the move, in the line's unit."""
        move = self.move_id
        if move.state != "done":
            return 0.0
        if self.code:
            return self.product_id._plc_to_weight(move.quantity, move.product_uom, self.uom_id)
        return move.product_uom._compute_quantity(move.quantity, self.uom_id, round=False)
