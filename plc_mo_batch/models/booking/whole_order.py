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
        self.told = [(batch, sentence) for batch in batches for sentence in self._contradictions(batch)]
        self.others = [(batch, move, self._wanted(move)) for batch in batches if closing for move in self._others(batch)]

    def remark(self):
        """After the booking: put what was remembered, and what was dropped, on the batches."""
        for batch, sentence in self.told:
            batch._remark(sentence)
        dropped = self.env._("%(product)s: %(wanted)s %(unit)s on the order, nothing was booked.")
        changed = self.env._("%(product)s: %(wanted)s %(unit)s were entered, but not ticked as produced; %(booked)s are booked.")
        for batch, move, (demand, entered) in self.others:
            booked = move.quantity if move.state == "done" else 0.0
            if move.product_uom.is_zero(booked):
                batch._remark(self._sentence(dropped, move, demand, booked))
            elif entered and move.product_uom.compare(entered, booked):
                batch._remark(self._sentence(changed, move, entered, booked))

    def _others(self, batch):
        """What the order has besides the batch's lines and its product."""
        order = batch.production_id
        moves = (order.move_raw_ids | order.move_byproduct_ids) - order.plc_batch_ids.line_ids.move_id
        return moves.filtered(lambda move: move.state not in ("done", "cancel") and move.product_uom_qty > 0)

    def _wanted(self, move):
        """(demand, what a person entered of a by-product without ticking it). With one of several batches, the quantity only
        says which lot it was entered for."""
        order = move.production_id
        entered = order and not order._plc_is_shared() and not move.picked and move.quantity
        as_planned = not move.product_uom.compare(move.quantity, move.product_uom_qty)
        return move.product_uom_qty, 0.0 if as_planned else entered

    def _contradictions(self, batch):
        """Sentences on components that are booked otherwise than people have it on the order."""
        late = LateComponents(batch)
        for line in batch.line_ids.filtered(lambda line: line.move_id.state not in (False, "done", "cancel")):
            move, booked = line.move_id, line._in_unit(line._consumed_qty(), line.move_id.product_uom)
            entered, demand = entered_on(move), late.changed_demand(line)
            if entered is not None and move.product_uom.compare(entered, booked):
                yield self._sentence(
                    self.env._("%(product)s: %(wanted)s %(unit)s were ticked as consumed, but %(booked)s are booked."),
                    move, entered, booked,
                )  # fmt: skip
            elif line.code and demand is not None:
                yield self._sentence(
                    self.env._(
                        "%(product)s: the order was changed to %(wanted)s %(unit)s after its recipe was handed over; %(booked)s "
                        "are booked."
                    ),
                    move, demand, booked,
                )  # fmt: skip

    def _sentence(self, text, move, wanted, booked):
        return text % {
            "product": move.product_id.display_name,
            "wanted": format_number(self.env, wanted, ".2f"),
            "booked": format_number(self.env, booked, ".2f"),
            "unit": move.product_uom.name,
        }
