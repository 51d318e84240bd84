from ...tools.translate import format_number


class EarlierBatches:
    """What earlier batches of orders have booked. It stays as it is while the last one closes its order (rule 7). People may have
    corrected it on the order since, as they may once an order is closed: that counts, and is remarked.

    Made before the orders are closed.

    :param shared_orders: a :class:`SharedOrder` for each
    """

    def __init__(self, shared_orders):
        self.batches = [batch for shared_order in shared_orders for batch in shared_order.earlier()]
        self.consumed = {line: line._booked_qty() for batch in self.batches for line in batch.line_ids}
        self.produced = {shared_order.order: shared_order.order.qty_produced for shared_order in shared_orders}

    def remark(self):
        """Say on the batches what was corrected of them."""
        for line, booked in self.consumed.items():
            if line._is_other(booked, line._consumed_qty()) and not self._is_booked_apart(line):
                self._remark(line.batch_id, line.product_id, line.uom_id, booked, line._consumed_qty())
        for batch in self.batches:
            order, made = batch.production_id, batch._produced_in_order_unit()
            moves = order.move_finished_ids.filtered(
                lambda move, batch=batch: move.plc_batch_id == batch and move.state == "done"
            )
            booked = sum(moves.filtered(lambda move, order=order: move.product_id == order.product_id).mapped("quantity"))
            if order.product_uom_id.compare(booked, made):
                self._remark(batch, order.product_id, order.product_uom_id, booked, made)

    def _is_booked_apart(self, line):
        """What was weighed late, or was found to have been dosed besides, is in moves of its own."""
        moves = line.batch_id.production_id.move_raw_ids - line.batch_id.line_ids.move_id
        return bool(moves.filtered(lambda move: move.plc_batch_id == line.batch_id and move.product_id == line.product_id))

    def _remark(self, batch, product, unit, booked, reported):
        batch._remark(
            batch.env._(
                "%(product)s: %(booked)s %(unit)s are booked instead of %(reported)s, as somebody corrected it on the order.",
                product=product.display_name,
                booked=format_number(batch.env, booked, ".2f"),
                reported=format_number(batch.env, reported, ".2f"),
                unit=unit.name,
            )
        )
