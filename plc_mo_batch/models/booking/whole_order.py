from ...tools.translate import format_number
from ..orders.late_components import LateComponents, entered_on


class WholeOrder:
    """Rule 7: nothing that stands on an order is dropped without a remark.

    Made before anything is booked, as it remembers what people planned and ticked.

    :param batches: about to be booked
    :param closing: they close their orders
    """

    def __init__(self, batches, closing):
        self.env = batches.env
        self.lines = [(line, *wanted) for batch in batches for line, *wanted in self._wanted_of_lines(batch)]
        self.others = [(batch, *wanted) for batch in batches if closing for wanted in self._wanted_of_others(batch)]

    def remark(self):
        """After the booking: a remark for what is booked otherwise than people have it on the order, and for what is dropped."""
        for line, uom, entered, demand in self.lines:
            booked = line.move_id.product_uom._compute_quantity(line.move_id.quantity, uom, round=False)
            if entered is not None and uom.compare(entered, booked):
                text = self.env._("%(product)s: %(wanted)s %(unit)s were ticked as consumed, but %(booked)s are booked.")
                self._remark(text, line.batch_id, line.move_id, entered, booked)
            elif demand is not None:
                text = self.env._(
                    "%(product)s: the order was changed to %(wanted)s %(unit)s after its recipe was handed over; %(booked)s are "
                    "booked."
                )
                self._remark(text, line.batch_id, line.move_id, demand, booked)
        for batch, move, demand, entered in self.others:
            booked = move.quantity if move.state == "done" else 0.0
            if move.product_uom.is_zero(booked):
                text = self.env._("%(product)s: %(wanted)s %(unit)s on the order, nothing was booked.")
                self._remark(text, batch, move, demand, booked)
            elif entered and move.product_uom.compare(entered, booked):
                text = self.env._(
                    "%(product)s: %(wanted)s %(unit)s were entered, but not ticked as produced; %(booked)s are booked."
                )
                self._remark(text, batch, move, entered, booked)

    def _wanted_of_lines(self, batch):
        """(line, unit, what people ticked as consumed, what they changed the demand of something dosed to)"""
        late = LateComponents(batch)
        for line in batch.line_ids.filtered(lambda line: line.move_id.state not in (False, "done", "cancel")):
            demand = late.changed_demand(line) if line.code else None
            yield line, line.move_id.product_uom, entered_on(line.move_id), demand

    def _wanted_of_others(self, batch):
        """(move, demand, entered) of what the order has besides the batches' lines and its product. Entered: what a person has of
        a by-product without ticking it; of one of several batches it only says which lot it was entered for."""
        order = batch.production_id
        others = (order.move_raw_ids | order.move_byproduct_ids) - order.plc_batch_ids.line_ids.move_id
        for move in others._plc_open():
            if move.product_uom_qty > 0:
                unticked = move.production_id and not order._plc_is_shared() and not move.picked
                entered = move.quantity if unticked and move.product_uom.compare(move.quantity, move.product_uom_qty) else 0.0
                yield move, move.product_uom_qty, entered

    def _remark(self, text, batch, move, wanted, booked):
        values = {"wanted": format_number(self.env, wanted, ".2f"), "booked": format_number(self.env, booked, ".2f")}
        batch._remark(text % {**values, "product": move.product_id.display_name, "unit": move.product_uom.name})
