from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.words import digits
from ..common.plc_notifier import ACTIVITY

CLOSING = {
    "skip_consumption": True,  # the policy of the PLC took its place, see _look_over
    "skip_backorder": True,
    "skip_redirection": True,
    "tracking_disable": True,
    "plc_closing": True,  # it is us
}


class MoBatch(models.Model):
    """The booking: the one place where consumption becomes stock moves. ARCHITECTURE.md has the ways that lose it silently."""

    _inherit = "mo.batch"

    remark = fields.Text(readonly=True, help="What was booked all the same; kept in the history.")

    def _book(self):
        """Set quantities, close the orders, and check that every kilogram arrived (rule 7).

        :raise UserError: saying what stands in the way; the caller rolls back
        """
        for batch in self:
            batch._check_bookable()
            batch._set_produced()
        self._set_consumption()
        self._set_byproducts()
        self._close_orders()
        self.env.flush_all()
        self._verify()
        self._warn_of_negative_stock()

    def _check_bookable(self):
        if self.production_id.state in ("done", "cancel"):
            raise UserError(
                self.env._(
                    "Order %s was closed or cancelled by somebody else. What the PLC dosed is not booked yet.", self.order_name
                )
            )
        for line in self.line_ids:
            line._check_bookable()

    # What was produced

    def _set_produced(self):
        """The quantity that the order produces, and its lot.

        :raise UserError: for nothing: Odoo would take it for the whole order, and the plan for the consumption
        """
        order = self.production_id
        quantity = self._produced_in_order_unit()
        if order.product_uom_id.is_zero(quantity):
            raise UserError(self.env._("Nothing was produced, though material was dosed. Enter the finished weight."))
        if order.product_tracking == "serial":
            raise UserError(
                self.env._("%s has a serial number for each piece: close the order by hand.", order.product_id.display_name)
            )
        if order.product_tracking == "lot" and not order.lot_producing_ids:
            order.action_generate_serial()
        order.qty_producing = self._produced_before() + quantity

    def _produced_before(self):
        """What is already posted as produced of the order, in its unit."""
        return 0.0

    def _produced_in_order_unit(self):
        order = self.production_id
        return order.product_id._plc_from_weight(self.produced_qty, self.uom_id, order.product_uom_id)

    def _set_byproducts(self):
        """As Odoo does when the produced quantity is typed in; what a person booked already is left alone."""
        for move in self.production_id.move_byproduct_ids.filtered(lambda move: not move.picked):
            if not move._should_bypass_set_qty_producing():
                order = move.production_id
                move._set_quantity_done(move.product_uom.round((order.qty_producing - order.qty_produced) * move.unit_factor))

    # What was consumed

    def _set_consumption(self):
        """Quantity and picked of every component's move, zeros too.

        Picked goes first and for all at once, so that lines which are added later inherit it. The quants are looked up
        together: Odoo would search them anew for each move, which is half of its queries.
        """
        for line in self.line_ids:
            line._ensure_move()
        moves = self.line_ids.move_id
        moves.picked = True
        locations = moves.location_id | moves.move_line_ids.location_id
        quants = self.env["stock.quant"]._get_quants_by_products_locations(moves.product_id, locations)
        for line in self.line_ids.with_context(quants_cache=quants):
            line._book_on(line.move_id, line._consumed_qty())

    # The order

    def _close_orders(self):
        """Close the orders together, with a backorder for those whose batch is short (a policy of the PLC)."""
        short = self.filtered(lambda batch: batch._is_short()).production_id
        orders = self.production_id.with_context(**CLOSING, mo_ids_to_backorder=short.ids)
        orders.button_mark_done()  # may ask to print what is printed at the end, which nobody is there to do
        if set(orders.mapped("state")) != {"done"}:
            raise UserError(self.env._("Odoo asks a question before it closes the order; close it by hand."))
        for batch in self.filtered(lambda batch: batch.production_id in short):
            batch._journal("state", self.env._("Short of the plan: the rest of the order is left to a backorder."))

    def _is_short(self):
        controller, order = self.controller_id, self.production_id
        if controller.backorder_policy != "short":
            return False
        allowed = order.product_qty * (1 - controller.backorder_percent / 100)
        return order.product_uom_id.compare(order.qty_producing, allowed) < 0

    def _finish(self):
        """Booked and verified: into the history. What a person was told to look at no longer holds."""
        self._set_state("done", last_error=False, next_try=False, parked=False)
        for batch in self:
            batch._journal("state", batch._finish_message())
        self.filtered("attempts").activity_unlink([ACTIVITY])

    def _finish_message(self):
        return self.env._("Order %s closed with what was consumed; checked.", self.order_name)

    # Checks afterwards

    def _verify(self):
        """Rule 7: an order counts as closed only after its state and every quantity were compared, as they are stored.

        :raise UserError: naming the first difference
        """
        self.production_id.invalidate_recordset()
        (self.line_ids.move_id | self.production_id.move_finished_ids).invalidate_recordset()
        for batch in self:
            order = batch.production_id
            if order.state != "done":
                raise UserError(self.env._("Order %s is not done after closing it.", batch.order_name))
            batch._compare_produced(order.qty_produced, batch._produced_in_all())
            for line in batch.line_ids:
                line._verify()

    def _produced_in_all(self):
        """What the order's batches produced, in its unit."""
        return self._produced_in_order_unit()

    def _compare_produced(self, booked, produced):
        if self.production_id.product_uom_id.compare(booked, produced):
            raise UserError(
                self.env._(
                    "%(booked)s would be booked as produced instead of %(produced)s.",
                    booked=digits(self.env, booked, "g"),
                    produced=digits(self.env, produced, "g"),
                )
            )

    def _warn_of_negative_stock(self):
        """Consumption beyond the stock is booked, as the material is gone; but somebody should count. What was negative before
        is known."""
        items = self.line_ids.move_id.move_line_ids
        by_place = items.grouped(lambda item: (item.product_id, item.location_id, item.lot_id))
        places = [("product_id", "in", items.product_id.ids), ("location_id", "in", items.location_id.ids)]
        for quant in self.env["stock.quant"].search([*places, ("quantity", "<", 0)]):
            taken = by_place.get((quant.product_id, quant.location_id, quant.lot_id))
            if taken and self._became_negative(quant, taken):
                self._that_took(taken)._remark_negative(quant)

    def _that_took(self, items):
        return self.filtered(lambda batch: batch.line_ids.move_id & items.move_id)

    def _became_negative(self, quant, taken):
        compare = quant.product_uom_id.compare
        before = quant.quantity + sum(taken.mapped("quantity_product_uom"))
        return compare(quant.quantity, 0) < 0 <= compare(before, 0)

    def _remark_negative(self, quant):
        product = quant.product_id.display_name
        if quant.lot_id:
            product = self.env._("%(product)s, lot %(lot)s", product=product, lot=quant.lot_id.name)
        for batch in self:
            batch._remark(
                self.env._(
                    "Stock of %(product)s in %(location)s is negative now: %(quantity)s %(unit)s.",
                    product=product,
                    location=quant.location_id.display_name,
                    quantity=digits(self.env, quant.quantity, ".2f"),
                    unit=quant.product_uom_id.name,
                )
            )

    def _remark(self, message, kind="anomaly"):
        """Keep a sentence on the batch, also in the history."""
        self.remark = f"{self.remark}\n{message}" if self.remark else message
        self._journal(kind, message)
        self.message_post(body=message)
