from odoo import models

DONE = {"skip_mo_check": True, "tracking_disable": True}


class MoBatch(models.Model):
    """Booking the batches of an order that is made in several.

    What a batch consumed and produced is posted at once, as moves of its own that are split off the order's: stock is right after
    each of them, and nothing that a person does to the order meanwhile can undo it. The last closes the order as any batch does.
    """

    _inherit = "mo.batch"

    def _book(self):
        shares = self._with_order_going_on()
        for batch in shares:
            batch._book_share()
        last = self - shares
        return super(MoBatch, last)._book() if last else None

    def _with_order_going_on(self):
        """Those after which their order is not over yet: all but its last."""
        going_on = self.browse()
        for order, batches in self.grouped("production_id").items():
            last = batches.sorted("id")[-1:]
            going_on |= batches if order._plc_goes_on(batches) else batches - last
        return going_on.sorted("id")

    def _book_share(self):
        """Post what the batch consumed and produced, check it, and leave the order open for the others.

        :raise UserError: saying what stands in the way; the caller rolls back
        """
        self._check_bookable()
        self._note_order_is_shared()
        self._set_produced()
        for line in self.line_ids:
            line._split_off()
        products = self._split_off_products()
        self._set_consumption()
        self._post(self.line_ids.move_id, products)
        self.env.flush_all()
        self._verify_share(products)
        self._warn_of_negative_stock()

    def _note_order_is_shared(self):
        """The order was raised after its only batch was handed over: the rest is for another one."""
        order = self.production_id
        share = order._plc_share(self.controller_id)
        if share:
            order._plc_note_share(share)

    def _finish_message(self):
        if self.production_id.state == "done":
            return super()._finish_message()
        return self.env._("What %s consumed and produced is booked; checked. The order goes on.", self.order_name)

    # What was produced

    def _produced_before(self):
        """What is already posted as produced of the order, in its unit."""
        order = self.production_id
        return order.qty_produced if order._plc_is_shared() else super()._produced_before()

    def _share_of_rest(self):
        """Which part of the order that is not booked yet the batch makes: 1.0 for the last."""
        booked = self._booked_before() - self
        rest = self.production_id.product_qty - sum(booked.mapped("order_qty"))
        return min(1.0, self.order_qty / rest) if rest > 0 else 1.0

    def _split_off_products(self):
        """Moves of the product and of by-products for this batch, with their quantities."""
        products = self.env["stock.move"]
        ratio = self._share_of_rest()
        produced = self._produced_in_order_unit()
        for move in self._open_products():
            share = move.product_uom.round(move.product_uom_qty * ratio)
            product = move._plc_split_off(self, share)
            if move.product_id == self.production_id.product_id:
                product._plc_set_produced(produced)
            else:
                product._set_quantity_done(product.product_uom.round(share * produced / self.order_qty))
            products |= product
        return products

    def _open_products(self):
        """The order's own moves of its product and of by-products; what a person booked already is left alone."""
        order = self.production_id
        moves = order.move_finished_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        return moves.filtered(lambda move: move.product_id == order.product_id or not move.picked)

    def _set_byproducts(self):
        """The last batch: Odoo would give it those that the batches before it made less or more than planned."""
        shared = self.filtered(lambda batch: batch.production_id._plc_is_shared())
        for batch in shared:
            batch._set_last_byproducts()
        return super(MoBatch, self - shared)._set_byproducts()

    def _set_last_byproducts(self):
        for move in self._open_products() & self.production_id.move_byproduct_ids:
            made = move.product_uom_qty * self._produced_in_order_unit() / self.order_qty
            move._set_quantity_done(move.product_uom.round(made))
            move.picked = True

    def _post(self, components, products):
        """As Odoo posts an order, but for these moves alone."""
        components.with_context(**DONE)._action_done(cancel_backorder=True)
        self.production_id._cal_price(components.filtered(lambda move: move.state == "done"))
        products.picked = True
        products.with_context(**DONE)._action_done(cancel_backorder=True)
        products.move_line_ids.consume_line_ids = components.move_line_ids

    # The last one

    def _close_orders(self):
        """Of shared orders: what each batch consumed stays the source of what it produced, and a backorder asks for the whole
        rest, not for the last batch's part of it."""
        shared = self.filtered(lambda batch: batch.production_id._plc_is_shared())
        demands = {batch: batch._demands_per_unit() for batch in shared}
        result = super()._close_orders()
        for batch in shared:
            batch._set_backorder_demands(demands[batch])
            batch._link_what_was_consumed()
        return result

    def _is_short(self):
        return not self.production_id.plc_stopped and super()._is_short()

    def _demands_per_unit(self):
        """Of each open move: its demand for one unit of the order."""
        moves = self.production_id.move_raw_ids | self.production_id.move_finished_ids
        open_moves = moves.filtered(lambda move: move.state not in ("done", "cancel") and not move.additional)
        return {move._plc_kind(): move.product_uom_qty / self.order_qty for move in open_moves}

    def _set_backorder_demands(self, demands):
        order = self.production_id
        backorder = order.production_group_id.production_ids.filtered(
            lambda other: other.state == "confirmed" and other.backorder_sequence > order.backorder_sequence
        )
        for move in backorder.move_raw_ids | backorder.move_finished_ids:
            quantity = move.product_uom.round(demands.get(move._plc_kind(), 0.0) * backorder.product_qty)
            if move.product_uom.compare(quantity, move.product_uom_qty):
                move.product_uom_qty = quantity

    def _link_what_was_consumed(self):
        """Odoo has just made the components of the last batch the source of all that the order produced."""
        products = self.production_id.move_finished_ids.grouped("plc_batch_id")
        for batch in self._booked_before() - self:
            products.get(batch, self.env["stock.move"]).move_line_ids.consume_line_ids = batch.line_ids.move_id.move_line_ids

    # Checks afterwards

    def _verify_share(self, products):
        """Rule 7, for what one of several batches consumed and produced.

        :raise UserError: naming the first difference
        """
        (self.line_ids.move_id | products).invalidate_recordset()
        for line in self.line_ids:
            line._verify()
        produced = products.filtered(lambda move: move.product_id == self.production_id.product_id and move.state == "done")
        self._compare_produced(sum(produced.mapped("quantity")), self._produced_in_order_unit())

    def _verify(self):
        """The order of the last batch is compared with the sum of all its batches."""
        for batch in self.filtered(lambda batch: batch.production_id._plc_is_shared()):
            before = batch._booked_before() - batch
            before.line_ids.move_id.invalidate_recordset()
            for line in before.line_ids:
                line._verify()
        return super()._verify()

    def _booked_before(self):
        return self.production_id.plc_batch_ids.filtered(lambda batch: batch.state == "done")

    def _produced_in_all(self):
        """What the order's batches produced, in its unit."""
        produced = super()._produced_in_all()
        if not self.production_id._plc_is_shared():
            return produced
        before = sum(batch._produced_in_order_unit() for batch in self._booked_before() - self)
        return self.production_id.product_uom_id.round(before + produced)
