from ...tools.translate import format_number
from .not_queueable import NotQueueable

LATE = 1000  # sequence of their lines: below the recipe


class LateComponents:
    """Rule 7 for the whole order: what people added to it, or changed on it, after the recipe was handed over.

    The PLC was not told of it. So a component that the batch has no line for becomes one that is added by hand, and the PLC's
    policy for these decides. If the PLC's own equipment holds it, a policy could only guess: a person enters what was added.

    :param batch: handed over and not booked; locked by the caller
    """

    def __init__(self, batch):
        self.batch = batch
        self.order = batch.production_id
        self.env = batch.env
        self.has_changed = False

    def take_up(self, finished=False):
        """Have the batch's lines follow the order's components.

        :param finished: what people ticked as consumed counts as entered by hand
        :return: whether a line changed
        """
        if "done" in self.batch.line_ids.move_id.mapped("state"):
            return False  # somebody booked its components: the booking will say so
        self._drop_removed()
        for move in self.order.move_raw_ids.filtered(_is_open):
            line = self.batch.line_ids.filtered(lambda line, move=move: line.move_id == move)[:1] or self._adopt(move)
            if not line:
                self._add(move, finished)
            elif not line.code:
                self._follow(line, move, finished)
        return self.has_changed

    def _set(self, line, **values):
        line.write(values)
        self.has_changed = True

    def _journal(self, message):
        self.batch._journal("anomaly", message)
        self.has_changed = True

    # Lines without a component, components without a line

    def _drop_removed(self):
        """What was added meanwhile and then removed again: nobody knows of it any more."""
        for line in self.batch.line_ids.filtered(lambda line: line.late and _has_no_move(line)):
            if not line.typed and not line.weighed:
                self._journal(self.env._("%s was removed from the order again.", line.product_id.display_name))
                line.unlink()

    def _adopt(self, move):
        """A line that has lost its component, as the BoM was updated, or never had one, as it was dosed besides the recipe."""
        lost = self.batch.line_ids.filtered(lambda line: _has_no_move(line) and not line.is_sister)
        lines = lost.filtered(lambda line: line.product_id == move.product_id)
        line = lines.filtered("code")[:1] or lines[:1]
        if line:
            self._set(line, move_id=move.id, move_qty=self._share_of(move))
        return line

    def _add(self, move, finished):
        share, entered = self._share_of(move), entered_on(move) if finished else None
        if not share and not entered:
            return
        values = {
            "batch_id": self.batch.id,
            "sequence": LATE,
            "product_id": move.product_id.id,
            "move_id": move.id,
            "uom_id": move.product_uom.id,
            "planned_qty": share,
            "move_qty": share,
            "late": True,
            "entry_needed": self._is_dosed(move),
            "unsaid": move._plc_is_unsaid(self.batch.controller_id),
        }
        line = self.env["mo.batch.line"].create(values)
        self._journal(
            self.env._(
                "%(product)s came onto the order after its recipe was handed over: %(quantity)s %(unit)s, added by hand.",
                product=move.product_id.display_name,
                quantity=format_number(self.env, share, ".2f"),
                unit=move.product_uom.name,
            )
        )
        self._take_entered(line, move, entered)

    def _is_dosed(self, move):
        """The PLC's equipment holds the product: had the PLC been told, it would have dosed it."""
        try:
            return bool(move._plc_equipment(self.batch.controller_id))
        except NotQueueable:
            return move.product_id in self.batch.controller_id.equipment_ids.product_ids

    # Components that are added by hand

    def _follow(self, line, move, finished):
        """Their plan is the order's, and not frozen with the recipe: people read it there. What is entered is no plan."""
        share = None if line.typed else self.changed_demand(line)
        if share is not None:
            self._set(line, planned_qty=line.uom_id.round(move.product_uom._compute_quantity(share, line.uom_id)), move_qty=share)
            self._journal(
                self.env._(
                    "The order was changed: %(quantity)s %(unit)s of %(product)s are to be added by hand.",
                    quantity=format_number(self.env, line.planned_qty, ".2f"),
                    unit=line.uom_id.name,
                    product=line.product_id.display_name,
                )
            )
        self._take_entered(line, move, entered_on(move) if finished else None)

    def _take_entered(self, line, move, entered):
        """What a person ticked as consumed on the order. What was entered on the batch, or weighed for it, stays."""
        if entered is None or line.typed or line._is_weight_believed():
            return
        # the batch takes all of it, so that no other batch of the order plans for it again
        claim = max(line.move_qty, min(entered, move.product_uom_qty))
        quantity = line.uom_id.round(move.product_uom._compute_quantity(entered, line.uom_id, round=False))
        self._set(line, typed=True, typed_qty=quantity, move_qty=claim)
        self._journal(
            self.env._(
                "%(quantity)s %(unit)s of %(product)s were ticked as consumed on the order.",
                quantity=format_number(self.env, quantity, ".2f"),
                unit=line.uom_id.name,
                product=line.product_id.display_name,
            )
        )

    # Shares

    def changed_demand(self, line):
        """What the order demands of a component for this batch, if a person has changed it since; otherwise None."""
        share = self._share_of(line.move_id, line)
        return share if abs(share - line.move_qty) > self._slack(line.move_id) else None

    def _share_of(self, move, line=None):
        """The batch's part of what the order still demands of a component, in the move's unit. Each batch takes as much as it
        makes of the order. A new component is taken by those that have none of it yet, and the last one takes the rest."""
        others = self.order.plc_batch_ids._taking_a_share() - self.batch
        booked = others.filtered(lambda batch: batch.state == "done")  # what they took is no longer demanded
        claims = (others - booked).line_ids.filtered(lambda other: other.move_id == move)
        if line:
            claims = claims.filtered("typed")
        rest = move.product_uom.round(move.product_uom_qty - sum(claims.mapped("move_qty")))
        makes = self.order.product_qty - sum((booked | claims.batch_id).mapped("order_qty"))
        if line and makes <= 0:
            return line.move_qty
        if not line and self.order.product_uom_id.compare(makes, self.batch.order_qty) <= 0:
            return max(rest, 0.0)
        return move.product_uom.round(max(rest, 0.0) * self.batch.order_qty / makes)

    def _slack(self, move):
        """What rounding makes of a share: the order's and that of each batch, more if the order is less than its batches."""
        batches, order = self.order.plc_batch_ids._taking_a_share(), self.order
        scale = max(1.0, self.batch.order_qty / order.product_qty) if order.product_qty else 1.0
        return move.product_uom.rounding * (len(batches) + scale + 0.5)


def _is_open(move):
    return bool(move._plc_open()) and not move.plc_batch_id


def _has_no_move(line):
    return not line.move_id or line.move_id.state == "cancel"


def entered_on(move):
    """The quantity that a person ticked as consumed, or None. Odoo ticks by itself what follows the produced quantity."""
    if not move.picked or move.product_uom.is_zero(move.quantity):
        return None
    if not move.raw_material_production_id.qty_producing:
        return move.quantity
    follows = not move.manual_consumption or not move.product_uom.compare(move.quantity, move.should_consume_qty)
    return None if follows else move.quantity
