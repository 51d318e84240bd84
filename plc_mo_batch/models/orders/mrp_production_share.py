from dataclasses import dataclass
from itertools import count
from math import ceil
from typing import Any

from odoo import fields, models
from odoo.tools import float_compare, float_round

from ...plc.doses import is_too_small, parts_needed
from ...plc.reconcile import NOT_TAKEN
from ...tools.odoo_edge import is_valued
from ...tools.translate import format_number
from ..common.marks import CLOSING
from .late_components import entered_on
from .not_queueable import NotQueueable

SUMS = ("product_qty", "cost_share")  # of a line of a BoM


@dataclass(frozen=True)
class Share:
    """What one batch makes of its order.

    ``part`` of ``count``, from 1; ``quantity`` in the order's unit, out of ``rest``, which no batch among ``others`` makes.
    ``others``: the order's batches that claim their shares. ``batch``: the one that is planned again; empty for a new one.
    """

    part: int
    count: int
    quantity: float
    rest: float
    others: Any
    batch: Any

    @property
    def is_rest(self):
        """It takes everything that the others leave, to the last decimal."""
        return self.quantity == self.rest


class MrpProduction(models.Model):
    """An order that is made in several batches, as it is more than the mixer takes at once.

    Batches claim quantities of the order, not numbers: whatever is cancelled, fails or is changed in between, the next fill hands
    out exactly what no batch makes. docs/architecture/shares.md has the reasons.
    """

    _inherit = "mrp.production"

    plc_part_count = fields.Integer(
        string="Batches Needed", readonly=True, copy=False, help="Number of batches in which the PLC makes the order."
    )
    plc_plan_count = fields.Integer(
        readonly=True, copy=False, help="Written whenever a share is assigned, so that two PLCs cannot be assigned the same one."
    )
    plc_stopped = fields.Boolean(
        string="No More Batches",
        readonly=True,
        copy=False,
        help="The batch was cancelled together with the order: what has been made so far is all that will be made.",
    )

    _plc_shared_idx = models.Index("(plc_part_count) WHERE plc_part_count > 1")
    _plc_stopped_idx = models.Index("(id) WHERE plc_stopped")

    # CRUD

    def copy_data(self, default=None):
        """A copy has each component and each product once, as the order had before its batches were split off."""
        vals_list = super().copy_data(default)
        for order, vals in zip(self, vals_list, strict=True):
            for name in ("move_raw_ids", "move_finished_ids"):
                moves = order[name].filtered("product_uom_qty")
                if name not in (default or {}) and moves.plc_batch_id:
                    vals[name] = [fields.Command.create(values) for values in order._plc_copy_moves(moves)]
        return vals_list

    def _get_bom_values(self, ratio=1):
        """*Generate BoM*: what several batches took is one line, and what failed ones wasted is none."""
        components, byproducts, operations = super()._get_bom_values(ratio)
        components = self._plc_add_up(self.move_raw_ids, components)
        return components, self._plc_add_up(self.move_byproduct_ids, byproducts), operations

    def _plc_add_up(self, moves, commands):
        """The commands, one for each move, as one for each product, if batches were split off."""
        if not moves.plc_batch_id:
            return commands
        lines, units = {}, self.env["uom.uom"]
        for move, (_command, _id, values) in zip(moves, commands, strict=True):
            if not move.plc_batch_id.disposition_booked:
                line = lines.setdefault(values["product_id"], {**values, **{name: 0.0 for name in SUMS if name in values}})
                unit, own_unit = units.browse(line["product_uom_id"]), units.browse(values["product_uom_id"])
                line["product_qty"] += own_unit._compute_quantity(values["product_qty"], unit, round=False)
                if "cost_share" in line:
                    line["cost_share"] = self._plc_sum_shares([line["cost_share"], values["cost_share"]])
        return [fields.Command.create(line) for line in lines.values()]

    def _plc_sum_shares(self, shares):
        """With accounting, batches divide a by-product's cost share among them."""
        return sum(shares) if is_valued(self.env) else max(shares)

    def _plc_copy_moves(self, moves):
        """Values of copies, one for all of a kind."""
        scale = self.product_qty / self._plc_demanded_for(moves)
        for same in moves.grouped(lambda move: (move._plc_kind(), move.product_uom)).values():
            if set(same.mapped("state")) == {"cancel"}:
                continue  # removed by a person
            own = same.filtered(lambda move: not move.plc_batch_id)[:1]
            demand = same.product_uom.round(sum(same.mapped("product_uom_qty")) * scale)
            values = (own or same[:1]).copy_data({"product_uom_qty": demand, "additional": own.additional})
            yield {**values[0], "cost_share": self._plc_sum_shares(same.mapped("cost_share"))}

    def _plc_demanded_for(self, moves):
        """For how much of the product they are. Once the order was lowered below what its batches made, that is more than it.
        Odoo scales what was produced with the order, but no component that is consumed."""
        if products := moves.filtered(lambda move: move.production_id and move.product_id == self.product_id):
            return sum(products.mapped("product_uom_qty"))
        booked = self._plc_batches_ever().filtered(lambda batch: batch.state == "done")
        return max(self.product_qty, sum(booked.mapped("order_qty")))

    # Business methods: shares

    def _plc_share(self, controller, batch=None, later=None):
        """What the next batch has to make.

        :param batch: plan this one again, instead of one more
        :param later: batches that will be planned again after it: their shares are still available
        :return: a :class:`Share`, or None if the other batches make everything
        :raise NotQueueable: if its unit is not a weight, or one step of it is more than the mixer takes
        """
        self.ensure_one()
        batch, later = batch or self.plc_batch_ids.browse(), later or self.plc_batch_ids.browse()
        others = self.plc_batch_ids._taking_a_share() - batch - later
        rest = self.product_uom_id.round(self.product_qty - sum(others.mapped("order_qty")))
        if self.product_uom_id.compare(rest, 0) <= 0 or (self.plc_stopped and not batch):
            return None
        doses = self._plc_doses(controller, rest, others)
        needed, quantity = self._plc_part_size(controller, rest, doses)
        stays = later or needed > 1 or batch.state != "queued"  # what was handed over is not planned again
        if batch and stays and self._plc_fits(controller, batch.order_qty):
            kept = min(batch.order_qty, rest)
            moves = batch.state == "queued" and rest > kept and is_too_small(doses, 1 - kept / rest, quantity / rest)
            quantity = quantity if moves else kept
        taken = set((others | later).mapped("part"))
        part = batch.part or next(number for number in count(1) if number not in taken)
        return Share(part, len(others) + max(needed, len(later) + 1), quantity, rest, others, batch)

    def _plc_part_size(self, controller, rest, doses):
        """(how many batches ``rest`` takes, the quantity of the next one). All are of equal size, as the mixer mixes best that
        way, and no dose is too small.

        :param doses: of ``rest``, as :meth:`_plc_doses` has them
        """
        if not controller.max_batch_qty:
            return 1, rest
        weight = self._plc_weight(self.product_id, self.product_uom_id, rest, controller)
        for needed in count(
            parts_needed(doses, max(1, ceil(float_round(weight / controller.max_batch_qty, precision_digits=6))))
        ):
            quantity = self.product_uom_id.round(rest / needed, rounding_method="UP")
            if needed == 1 or self._plc_fits(controller, quantity):
                return needed, min(quantity, rest)
            if quantity <= self.product_uom_id.rounding:
                break
        raise NotQueueable(self.env._("a single %s weighs more than the largest batch", self.product_uom_id.name))

    def _plc_fits(self, controller, quantity):
        weight = self._plc_weight(self.product_id, self.product_uom_id, quantity, controller)
        return not controller.max_batch_qty or float_compare(weight, controller.max_batch_qty, precision_digits=6) <= 0

    def _plc_record_share(self, share):
        """A batch for ``share`` is being created: store in how many batches the order is made. Whoever merges, splits or closes
        the order at the same moment, or hands out a share of it for another PLC, fails to serialize."""
        shared = share.count > 1 or self.plc_part_count > 1
        self.write({"plc_plan_count": self.plc_plan_count + 1, **({"plc_part_count": share.count} if shared else {})})

    def _plc_record_no_share(self):
        """A batch lost its share: store in how many batches the order is made now. What is posted makes it one of several for
        good."""
        if self.plc_part_count > 1:
            taking = self.plc_batch_ids._taking_a_share()
            self.plc_part_count = max(len(taking), 2 if "done" in taking.mapped("state") else 0)

    def _update_raw_moves(self, factor):
        """What batches have booked is out of the open moves: these follow what is left of the order, not all of it."""
        booked = sum(self._plc_batches_ever().filtered(lambda batch: batch.state == "done").mapped("order_qty"))
        before, after = self.product_qty - booked, self.product_qty * factor - booked
        if not booked or self.product_uom_id.compare(before, 0) <= 0:
            return super()._update_raw_moves(factor)
        if self.product_uom_id.compare(after, 0) > 0:
            return super()._update_raw_moves(after / before)
        self.move_raw_ids._plc_open().product_uom_qty = 0.0
        return []

    def _plc_goes_on(self, batches):
        """Whether the order goes on after ``batches``: others are open, or part of it has no batch yet, as it was raised after
        its batch was queued, or is more than the mixer takes. A short weight is something else: the PLC's policy is for it."""
        self.ensure_one()
        others = self.plc_batch_ids._taking_a_share() - batches
        if others.filtered("active"):
            return True
        if self.plc_stopped:
            return False
        rest = self.product_qty - sum((others | batches).mapped("order_qty"))
        return self.product_uom_id.compare(rest, 0) > 0

    def _plc_is_shared(self):
        """Whether more than one batch makes it."""
        return self.plc_part_count > 1

    # Business methods: make no more of it

    def _plc_stop(self, reason, note):
        """Make no more of the order. What the PLC does not know is cancelled, what it was offered is withdrawn. Once everything
        that runs is booked, the order is cancelled, or closed with what was made."""
        self.ensure_one()
        if not self.plc_stopped:
            self.plc_stopped = True
            for batch in self.plc_batch_ids.filtered(lambda batch: batch.state in NOT_TAKEN):
                batch._cancel(reason, note, "cancel")
        self._plc_close_stopped()

    def _plc_close_stopped(self):
        """Cancel stopped orders without open batches. Odoo closes an order that has produced anything."""
        for order in self:
            if order.state not in ("done", "cancel") and not order.plc_batch_ids.filtered("active"):
                order._plc_remark_ticked()
                CLOSING.on(order).action_cancel()

    def _plc_remark_ticked(self):
        """What people ticked as consumed is cancelled with the order: its last batch says so."""
        for move in self.move_raw_ids._plc_open():
            entered = entered_on(move)
            if entered is not None:
                self.plc_batch_ids.sorted("id")[-1:]._remark(
                    self.env._(
                        "%(product)s: %(quantity)s %(unit)s were ticked as consumed on the order, which is closed without them.",
                        product=move.product_id.display_name,
                        quantity=format_number(self.env, entered, ".2f"),
                        unit=move.product_uom.name,
                    )
                )

    def _plc_to_close(self):
        """Stopped orders whose last batch was booked just when another one was cancelled."""
        stopped = [("plc_stopped", "=", True), ("state", "not in", ("done", "cancel"))]
        return self.sudo().search([*stopped, ("plc_batch_ids", "not any", [("active", "=", True)])])
