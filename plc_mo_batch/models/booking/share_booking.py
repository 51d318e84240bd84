from . import posting
from .booking import Booking
from .expired_lots import ExpiredLots
from .negative_stock import NegativeStock
from .order_value import OrderValue
from .shared_order import SharedOrder
from .whole_order import WholeOrder
from .work_time import WorkTime


class ShareBooking(Booking):
    """A batch of an order that is made in several batches, and goes on after this one.

    What it consumed and produced is posted at once, as separate moves that are split off the order's. So stock is right after
    each batch, and nothing that a person does to the order meanwhile can undo it. The last batch closes the order, as any batch
    does.

    :param batch: exactly one; otherwise as in :class:`Booking`
    """

    def book(self):
        """Post what the batch consumed and produced, verify it, and leave the order open for the others.

        :raise UserError: naming the obstacle
        """
        self._check_bookable(self.batches)
        self._record_order_is_shared()
        whole_order = WholeOrder(self.batches, closing=False)
        self._set_produced(self.batches)
        work_time = WorkTime(self.batches)
        work_time.record()
        work_time.begin_workorders()
        self._split_off_components()
        products = SharedOrder(self.batches).split_off_products()
        self._set_consumption()
        self._post(products)
        self.env.flush_all()
        self._verify_share(products)
        whole_order.remark()
        NegativeStock(self.batches).remark()
        ExpiredLots(self.batches).remark()

    def _record_order_is_shared(self):
        """The order was increased after its only batch was handed over: another batch makes the rest."""
        order = self.batches.production_id
        share = order._plc_share(self.batches.controller_id)
        if share:
            order._plc_record_share(share)

    def _split_off_components(self):
        """Split off moves for what the batch took of each component."""
        for line in self.batches.line_ids:
            if line.move_id and line.move_id.state != "cancel":
                line.move_id = posting.split_off(line.move_id, line.batch_id, line.move_qty)

    def _post(self, products):
        """Post these moves alone, the way Odoo posts an order."""
        components = self.batches.line_ids.move_id
        posting.post(components.with_context(tracking_disable=True))
        OrderValue(self.batches.production_id).price(products, self.batches)
        products.picked = True
        posting.post(products.with_context(tracking_disable=True))
        products.move_line_ids.consume_line_ids = components.move_line_ids

    def _verify_share(self, products):
        """Rule 7, for what one of several batches consumed and produced.

        :raise UserError: naming the first difference
        """
        lines, order = self.batches.line_ids, self.batches.production_id
        (lines.move_id | products).invalidate_recordset()
        lines.move_id.move_line_ids.invalidate_recordset()
        self._compare_consumed(lines)
        produced = products.filtered(lambda move: move.product_id == order.product_id and move.state == "done")
        self._compare_produced(order, sum(produced.mapped("quantity")), self.batches._produced_in_order_unit())
