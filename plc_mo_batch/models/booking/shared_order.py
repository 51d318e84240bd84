from itertools import zip_longest

from . import posting


class SharedOrder:
    """The order of a batch that is one of several, with what the earlier ones booked.

    Their posted moves belong to them and stay as they are. The order's open moves are divided among this batch and the later
    ones.
    """

    def __init__(self, batch):
        self.batch = batch
        self.order = batch.production_id

    def earlier(self):
        """Batches of the order that are already booked."""
        return self.order.plc_batch_ids.filtered(lambda batch: batch.state == "done") - self.batch

    # What was produced

    def split_off_products(self):
        """Split off moves of the product and of by-products for this batch, with their quantities."""
        products = self.order.move_finished_ids.browse()
        ratio = self._share_of_rest()
        produced = self.batch._produced_in_order_unit()
        for move in self._open_products():
            share = move.product_uom.round(move.product_uom_qty * ratio)
            product = posting.split_off(move, self.batch, share)
            if move.product_id == self.order.product_id:
                posting.make(product, produced)
            else:
                posting.make_byproduct(product, share * produced / self.batch.order_qty)
            products |= product
        return products

    def _share_of_rest(self):
        """The batch's fraction of what is not booked yet: 1.0 for the last batch."""
        rest = self.order.product_qty - sum(self.earlier().mapped("order_qty"))
        return min(1.0, self.batch.order_qty / rest) if rest > 0 else 1.0

    def _open_products(self):
        """The order's own moves of its product and of by-products. What a person has already booked, or added without a demand,
        stays for the end of the order."""
        moves = self.order.move_finished_ids._plc_open()
        planned = moves.filtered(lambda move: not move.picked and not move._should_bypass_set_qty_producing())
        return moves.filtered(lambda move: move.product_id == self.order.product_id) | planned

    # The last batch

    def make_last_byproducts(self):
        """Otherwise Odoo would add to the last batch what the earlier ones made above or below plan."""
        for move in self._open_products() & self.order.move_byproduct_ids:
            posting.make_byproduct(move, move.product_uom_qty * self.batch._produced_in_order_unit() / self.batch.order_qty)
            move.picked = True

    def demands_per_unit(self):
        """The demands per unit of the order of its open moves, by their kind. An order may have several of a kind, as a kit that
        is in it twice."""
        moves = self.order.move_raw_ids | self.order.move_finished_ids
        open_moves = moves._plc_open().filtered(lambda move: not move.additional)
        grouped = open_moves.sorted("id").grouped(lambda move: move._plc_kind())
        return {what: [move.product_uom_qty / self.batch.order_qty for move in same] for what, same in grouped.items()}

    def set_backorder_demands(self, demands):
        """The order is closed: let its backorder demand the whole rest, not only the last batch's part of it."""
        order = self.order
        backorder = order.production_group_id.production_ids.filtered(
            lambda other: other.state == "confirmed" and other.backorder_sequence > order.backorder_sequence
        )
        moves = backorder.move_raw_ids | backorder.move_finished_ids
        for what, same in moves.sorted("id").grouped(lambda move: move._plc_kind()).items():
            for move, demand in zip_longest(same, demands.get(what, ())[: len(same)], fillvalue=0.0):
                quantity = move.product_uom.round(demand * backorder.product_qty)
                if move.product_uom.compare(quantity, move.product_uom_qty):
                    move.product_uom_qty = quantity
        for move in backorder.move_byproduct_ids:  # the batches' moves share the percentage, see OrderValue
            move.cost_share = sum(posted_like(move, order).mapped("cost_share")) or move.cost_share

    def link_what_was_consumed(self):
        """The order is closed. Odoo has just made the last batch's components the source of all that was produced: correct
        that. What was weighed late of an earlier one is in its products, too."""
        products = self.order.move_finished_ids.grouped("plc_batch_id")
        components = self.order.move_raw_ids.grouped("plc_batch_id")
        for batch in self.earlier():
            if batch in products:
                used = batch.line_ids.move_id | components.get(batch, batch.line_ids.move_id)
                products[batch].move_line_ids.consume_line_ids = used.move_line_ids

    def link_late(self, move):
        """What was weighed late of a batch that is booked is in what it made. Odoo links only what it posts itself, and what
        people add to a closed order.

        :param move: posted
        """
        made = self.order.move_finished_ids.filtered(lambda product: product.state == "done")
        own = made.filtered(lambda product: product.plc_batch_id == self.batch)
        products = own or made.filtered(lambda product: not product.plc_batch_id)
        move.move_line_ids.produce_line_ids = products.move_line_ids


def posted_like(move, order):
    """What ``order`` has posted of the kind of ``move``: of the product, or of one by-product."""
    return order.move_finished_ids.filtered(lambda other: other.state == "done" and other._plc_kind() == move._plc_kind())
