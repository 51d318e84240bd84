from odoo.exceptions import UserError

from ...tools.translate import format_number
from ..common.marks import CLOSING
from ..controller.silo_places import SiloBins
from . import posting
from .closing import ANSWERS, refused, unanswered
from .earlier_batches import EarlierBatches
from .expired_lots import ExpiredLots
from .negative_stock import NegativeStock
from .shared_order import SharedOrder
from .whole_order import WholeOrder
from .work_time import WorkTime


class Booking:
    """Batches that each close their order, booked together. Every kilogram is verified afterwards (rule 7).

    A batch is the only one of its order, or the last of several. docs/architecture/booking.md lists the ways in which Odoo loses
    consumption silently.

    :param batches: completed, of one company; locked by the caller, who rolls back if :meth:`book` raises
    """

    def __init__(self, batches):
        self.batches = batches
        self.env = batches.env

    def book(self):
        """Set quantities, close the orders, and verify that every kilogram arrived.

        :raise UserError: naming the obstacle
        """
        # This sequence is fixed: Odoo has three ways to lose consumption silently (docs/architecture/booking.md).
        whole_order = WholeOrder(self.batches, closing=True)
        earlier = EarlierBatches(self._shared_orders())
        for batch in self.batches:
            self._check_bookable(batch)
            self._set_produced(batch)
            WorkTime(batch).record()
        self._set_consumption()
        self._set_byproducts()
        self._close_orders()
        # Rule 7 compares what is stored, not what is in the cache.
        self.env.flush_all()
        self._verify(earlier)
        whole_order.remark()
        earlier.remark()
        NegativeStock(self.batches).remark()
        ExpiredLots(self.batches).remark()

    def _shared_orders(self):
        """Orders that several batches make, each with its last batch."""
        return [SharedOrder(batch) for batch in self.batches if batch.production_id._plc_is_shared()]

    # Checks before

    def _check_bookable(self, batch):
        if batch.production_id.state in ("done", "cancel"):
            raise UserError(
                self.env._(
                    "Order %s was closed or cancelled outside the PLC tasks. The quantities dosed by the PLC are not booked yet.",
                    batch.order_name,
                )
            )
        for line in batch.line_ids:
            self._check_line_bookable(line)

    def _check_line_bookable(self, line):
        """
        :raise UserError: if the consumed quantity is not known, or is already booked
        """
        line._find_product()
        if line.code and not line.reported:
            raise UserError(self.env._("The PLC did not report a quantity for %s.", line.product_id.display_name))
        if not line.product_id:
            raise UserError(
                self.env._(
                    "The PLC dosed %(quantity)s %(unit)s from equipment %(code)s, which is not in the recipe. Set exactly one "
                    "product on that equipment.",
                    quantity=format_number(self.env, line.actual_qty, "g"),
                    unit=line.uom_id.name,
                    code=line.code,
                )
            )
        if line.move_id.state == "done":
            raise UserError(
                self.env._(
                    "The consumption of %s was already booked on the order outside the PLC tasks.", line.product_id.display_name
                )
            )

    # What was produced

    def _set_produced(self, batch):
        """Set the quantity that the order produces, and its lot.

        :raise UserError: for zero: Odoo would take it for the whole order, and plan for the consumption
        """
        order = batch.production_id
        quantity = batch._produced_in_order_unit()
        if order.product_uom_id.is_zero(quantity):
            raise UserError(self.env._("Nothing was produced, although material was dosed. Enter the finished weight."))
        if order.product_tracking == "serial":
            raise UserError(
                self.env._(
                    "%s is tracked by serial number, but a PLC produces by weight. Track it by lot, or not at all; the batch is "
                    "then booked by itself.",
                    order.product_id.display_name,
                )
            )
        if order.product_tracking == "lot" and not order.lot_producing_ids:
            order.action_generate_serial()
        posted = order.qty_produced if order._plc_is_shared() else 0.0
        order.qty_producing = posted + quantity

    def _set_byproducts(self):
        """Set by-products as Odoo does when the produced quantity is entered. What a person has already booked stays."""
        for shared_order in self._shared_orders():
            shared_order.make_last_byproducts()
        orders = self.batches.production_id.filtered(lambda order: not order._plc_is_shared())
        for move in orders.move_byproduct_ids:
            order = move.production_id
            if not move.picked and not move._should_bypass_set_qty_producing():
                posting.make_byproduct(move, (order.qty_producing - order.qty_produced) * move.unit_factor)
        for move in self.batches.production_id.move_byproduct_ids._plc_open():
            posting.give_lot(move)  # also to what a person entered

    # What was consumed

    def _set_consumption(self):
        """Set quantity and picked on every component's move, zeros too.

        Picked goes first and for all moves at once: lines that are added later inherit it. All quants are fetched together, as
        Odoo would search them again for each move, which is half of its queries.
        """
        lines = self.batches.line_ids
        for line in lines:
            self._ensure_move(line)
        moves = lines.move_id
        moves.picked = True
        locations = moves.location_id | moves.move_line_ids.location_id | lines._layer_locations()
        quants = self.env["stock.quant"]._get_quants_by_products_locations(moves.product_id, locations)
        bins = SiloBins(self.env)
        for line in lines.with_context(quants_cache=quants):
            posting.Component(line, bins=bins).take(line.move_id, line._in_unit(line._consumed_qty(), line.move_id.product_uom))

    def _ensure_move(self, line):
        """A move for a component that is not in the recipe, or that was removed from the order meanwhile."""
        if not line.move_id or line.move_id.state == "cancel":
            line.move_id = posting.Component(line).add_move()

    # The order

    def _close_orders(self):
        """Close the orders together, with a backorder where a batch falls short (a policy of the PLC)."""
        # Read before closing: afterwards no move of the order is open.
        demands = [(shared_order, shared_order.demands_per_unit()) for shared_order in self._shared_orders()]
        short = self.batches.filtered(self._is_short)
        context = {**ANSWERS, "tracking_disable": True, "mo_ids_to_backorder": short.production_id.ids}
        orders = CLOSING.on(self.batches.production_id.with_context(**context))
        try:
            answer = orders.button_mark_done()  # it may offer to print labels, and nobody is there to answer
        except UserError as error:
            raise refused(orders, error) from error
        if asked := orders.filtered(lambda order: order.state != "done"):
            raise unanswered(asked[:1], answer)
        for batch in self.batches:
            WorkTime(batch).date_order()
        for batch in short:
            batch._journal("state", self.env._("Less than planned was produced: the rest of the order goes to a backorder."))
        for shared_order, per_unit in demands:
            shared_order.set_backorder_demands(per_unit)
            shared_order.link_what_was_consumed()

    def _is_short(self, batch):
        controller, order = batch.controller_id, batch.production_id
        if order.plc_stopped or controller.backorder_policy != "short":
            return False
        allowed = order.product_qty * (1 - controller.backorder_percent / 100)
        return order.product_uom_id.compare(order.qty_producing, allowed) < 0

    # Checks afterwards

    def _verify(self, earlier):
        """Rule 7: an order counts as closed only after its stored state and every stored quantity were compared. An order that
        several batches made is compared with all of them.

        :param earlier: the :class:`EarlierBatches`
        :raise UserError: naming the first difference
        """
        for line, quantity in earlier.consumed.items():
            line.move_id.invalidate_recordset()
            line.move_id.move_line_ids.invalidate_recordset()
            self._compare(line, quantity)
        self.batches.production_id.invalidate_recordset()
        moves = self.batches.line_ids.move_id | self.batches.production_id.move_finished_ids
        moves.invalidate_recordset()
        moves.move_line_ids.invalidate_recordset()
        for batch in self.batches:
            self._verify_order(batch, earlier)

    def _verify_order(self, batch, earlier):
        order = batch.production_id
        if order.state != "done":
            raise UserError(self.env._("Order %s is not done after it was closed.", batch.order_name))
        produced = earlier.produced.get(order, 0.0) + batch._produced_in_order_unit()
        self._compare_produced(order, order.qty_produced, order.product_uom_id.round(produced))
        self._compare_consumed(batch.line_ids)

    def _compare_produced(self, order, booked, produced):
        if order.product_uom_id.compare(booked, produced):
            raise UserError(
                self.env._(
                    "%(booked)s would be booked as produced instead of %(produced)s.",
                    booked=format_number(self.env, booked, "g"),
                    produced=format_number(self.env, produced, "g"),
                )
            )

    def _compare_consumed(self, lines):
        """
        :raise UserError: if booked and consumed quantities differ, compared in the line's unit
        """
        for line in lines:
            self._compare(line, line._consumed_qty())

    def _compare(self, line, consumed):
        booked = line._booked_qty()
        if line._is_other(booked, consumed):
            raise UserError(
                self.env._(
                    "%(product)s: %(booked)s %(unit)s would be booked instead of %(consumed)s.",
                    product=line.product_id.display_name,
                    booked=format_number(self.env, booked, ".2f"),
                    unit=line.uom_id.name,
                    consumed=format_number(self.env, consumed, ".2f"),
                )
            )
