"""What the products of an order carry of the value that went into it, where Odoo values stock (``mrp_account``).

Odoo expects all of an order to be posted at once: ``_cal_price`` wants one open product, is told what was consumed in this very
moment, and adds the cost of all time. An order of the PLC is posted batch by batch, and a failed one may have consumed for it.
"""

from contextlib import contextmanager
from dataclasses import dataclass

from odoo import fields, models
from odoo.tools import float_round

from ...tools.odoo_edge import is_valued
from ...tools.outermost import unwrap, wrap
from .shared_order import posted_like

WIP = "mrp.account.wip.accounting"
DUE = "plc_due"  # in the context: a :class:`Due`


@dataclass(frozen=True)
class Due:
    """How much of the order is posted with what is being valued, 0 to 1. A client that sends a context cannot send one.

    No float, though it would be shorter: Odoo has one environment for equal contexts, so the 1.0 of a client would be found in
    place of ours.
    """

    share: float


WHOLE = Due(1.0)


def due_of(env):
    """0 to 1; None where nothing of an order is being valued by the addon."""
    due = env.context.get(DUE)
    return due.share if isinstance(due, Due) else None


class StockMove(models.Model):
    _inherit = "stock.move"

    plc_carried = fields.Boolean(
        string="Carried by a Product", readonly=True, copy=False, help="A batch of the order carries the value of this component."
    )
    plc_carried_value = fields.Float(
        string="Value Carried", readonly=True, copy=False, help="The value of this component that a batch of the order carries."
    )


class MrpWorkorder(models.Model):
    _name = "mrp.workorder"
    _inherit = ["mrp.workorder", "plc.sealed"]

    plc_carried_cost = fields.Float(
        string="Cost Carried", readonly=True, copy=False, help="How much of its cost the order's batches carry already."
    )


class MrpProduction(models.Model):
    _inherit = "mrp.production"

    def _register_hook(self):
        super()._register_hook()
        if is_valued(self.env):
            wrap(self, "_cal_price", _price_with_what_came_earlier)
            wrap(self.env["mrp.workorder"], "_cal_cost", _cost_not_carried)
        if WIP in self.env:
            wrap(self.env[WIP], "_get_line_vals", _wip_not_carried)

    def _unregister_hook(self):
        unwrap(self, "_cal_price")
        unwrap(self.env["mrp.workorder"], "_cal_cost")
        if WIP in self.env:
            unwrap(self.env[WIP], "_get_line_vals")
        return super()._unregister_hook()

    # Business methods

    def _plc_close_value(self, cancelled=False):
        """Of orders that are done with what batches made: Odoo settles what went in only where it makes a product. If they were
        cancelled, it has not posted the cost of time either."""
        for order in self.filtered(lambda order: order.state == "done" and order._plc_batches_ever()):
            if cancelled or order._plc_is_shared():
                OrderValue(order).add_rest()
            if cancelled and hasattr(order, "_post_labour"):
                order.sudo().with_company(order.company_id)._post_labour()


def _cost_not_carried(original, workorders, date=False):
    """``mrp.workorder._cal_cost``: while a batch is valued, without what earlier ones carry. In whole cents, as the value of a
    product is: what one batch lost of a cent, no other would carry."""
    due = due_of(workorders.env)
    if due is None:
        return original(workorders, date)
    round_ = workorders.company_id.currency_id.round
    return sum(round_(_cost_of(original, order, date, due)) - order.plc_carried_cost for order in workorders)


def _cost_of(original, workorder, date, due):
    """Time is there as it was spent. A cost that is estimated follows what the order has produced so far, in whole cycles: each
    batch carries its part of what is expected of the whole order, and the last one the rest."""
    cost = original(workorder, date)
    if due == 1.0 or not workorder._should_estimate_cost():
        return cost
    whole = workorder.new({"qty_producing": 0.0}, origin=workorder)._get_duration_expected()
    return cost * whole / workorder.duration_expected * due


def _wip_not_carried(original, wizard, productions=False, date=False):
    """``mrp.account.wip.accounting._get_line_vals``, the entry for work in progress: what a product in stock carries is none, and
    would count twice."""
    orders = productions or wizard.env["mrp.production"]
    components, overhead, total = original(wizard, orders.with_context(**{DUE: WHOLE}), date)
    carried = orders.move_raw_ids.filtered(lambda move: move.plc_carried and not (date and move.date > date))
    value = sum(carried.move_line_ids.mapped(_wip_value))
    components[2]["credit"] -= value
    total[2]["debit"] -= value
    return [components, overhead, total]


def _wip_value(item):
    """As the entry for work in progress values what was consumed: by today's price."""
    product, lot = item.product_id, item.lot_id
    price = product.lot_valuated and lot and lot.standard_price or product.standard_price
    return item.quantity_product_uom * price


def _price_with_what_came_earlier(original, order, consumed):
    """``mrp.production._cal_price``, when Odoo closes an order: with what was consumed before and no product carries yet."""
    if due_of(order.env) is not None or not order._plc_batches_ever():
        return original(order, consumed)
    value = OrderValue(order)
    earlier = value.not_carried() - consumed
    if not (earlier or order._plc_is_shared()):
        return original(order, consumed)
    with value.whole_cost_shares(value.order.move_byproduct_ids._plc_open()), value.corrections():
        result = original(order.with_context(**{DUE: WHOLE}), consumed | earlier)
    value.mark_all(consumed | earlier)
    return result


class OrderValue:
    """With all rights: who may close an order may not write what the addon remembers, and need not read prices.

    :param order: one order; without ``mrp_account`` nothing of it has a value, and nothing is done
    """

    def __init__(self, order):
        self.order = order.sudo()
        self.is_valued = is_valued(order.env)

    def not_carried(self):
        """What was consumed for it, and is in the value of no product yet."""
        return self.order.move_raw_ids.filtered(lambda move: move.state == "done" and not move.plc_carried)

    def _corrected(self):
        """By how much the components that products carry are worth more since: people corrected what was booked."""
        carried = self.order.move_raw_ids.filtered("plc_carried")
        return sum(move.value - move.plc_carried_value for move in carried)

    def _mark_carried(self, moves):
        moves.sudo().plc_carried = True
        for move in self.order.move_raw_ids.filtered("plc_carried"):
            move.plc_carried_value = move.value

    def mark_all(self, consumed):
        """The order is being closed: its last product carries all of it, if there is one."""
        if self._open_quantity():
            self._mark_carried(consumed)
            for workorder in self.order.with_context(**{DUE: WHOLE}).workorder_ids:
                workorder.plc_carried_cost += workorder._cal_cost()

    def _open_quantity(self):
        """Of the product, in its own unit."""
        moves = self.order.move_finished_ids._plc_open().filtered(lambda move: move.product_id == self.order.product_id)
        return sum(move.product_uom._compute_quantity(move.quantity, move.product_id.uom_id) for move in moves)

    # A batch after which its order goes on

    def price(self, products, batch):
        """Have ``products``, which are to be posted for ``batch``, carry all that was consumed and no product carries yet, and
        the cost of the time since."""
        if not self.is_valued:
            return
        order, consumed = self.order.with_context(**{DUE: Due(self._due(batch))}), self.not_carried()
        byproducts = products & order.move_byproduct_ids
        others = order.move_finished_ids._plc_open() - products
        with self._without_quantity(others), self.whole_cost_shares(byproducts), self.corrections():
            order._cal_price(consumed)
        self._divide_cost_shares(byproducts, batch)
        self._mark_carried(consumed)
        for workorder in order.workorder_ids:
            workorder.plc_carried_cost += workorder._cal_cost()

    def _due(self, batch):
        booked = self.order.plc_batch_ids.filtered(lambda other: other.state == "done") | batch
        return min(1.0, sum(booked.mapped("order_qty")) / self.order.product_qty)

    @contextmanager
    def _without_quantity(self, moves):
        """Odoo takes each open product with a quantity for one that is being posted. An error ends the transaction anyway."""
        items = {move: move.move_line_ids for move in moves}
        moves.move_line_ids.move_id = False
        yield
        for move, lines in items.items():
            lines.move_id = move

    @contextmanager
    def corrections(self):
        """Let the product that is priced carry what was corrected, as Odoo has it carry an extra cost."""
        order, extra_cost, made = self.order, self.order.extra_cost, self._open_quantity()
        corrected = self._corrected() if made else 0.0
        if corrected:
            order.extra_cost += corrected / made
        yield
        if corrected:
            order.extra_cost = extra_cost

    @contextmanager
    def whole_cost_shares(self, byproducts):
        """Let each have the cost share of all the order's moves of that by-product: of what is posted now, it gets all of it."""
        shares = {move: move.cost_share for move in byproducts.filtered("cost_share")}
        for move in shares:
            move.cost_share += sum(posted_like(move, self.order).mapped("cost_share"))
        yield
        for move, share in shares.items():
            move.cost_share = share

    def _divide_cost_shares(self, byproducts, batch):
        """The moves of a by-product share its percentage: Odoo adds them up, on pages and in a check that they stay below 100."""
        for move in byproducts.filtered("cost_share"):
            left = move.cost_share
            whole = left + sum(posted_like(move, self.order).mapped("cost_share"))
            taken = min(left, float_round(whole * batch.order_qty / self.order.product_qty, precision_digits=2))
            others = self.order.move_byproduct_ids._plc_open() - move
            move.cost_share = taken
            others.filtered(lambda other, move=move: other._plc_kind() == move._plc_kind())[:1].cost_share = left - taken

    # An order that is done

    def add_late(self, moves, batch):
        """If the order is done, have what ``batch`` produced, or else all products, carry these components, too. If it goes on,
        its next batch carries them."""
        if self.is_valued and self.order.state == "done":
            carriers = self._carriers()
            of_batch = carriers.filtered(lambda move: move.plc_batch_id == batch)
            of_last = carriers.filtered(lambda move: not move.plc_batch_id)  # Odoo posted what the last batch produced
            self._raise_values(of_batch or of_last or carriers, sum(moves.mapped("value")))
            moves.plc_carried = True

    def add_rest(self):
        """It was cancelled after batches were booked. Their products carry what was consumed and spent since, and the landed
        costs of what is not made."""
        if not self.is_valued:
            return
        consumed, workorders = self.not_carried(), self.order.with_context(**{DUE: WHOLE}).workorder_ids
        spent = sum(consumed.mapped("value")) + sum(order._cal_cost() for order in workorders)
        self._raise_values(self._carriers(), spent + self._corrected() + self._landed_on_what_is_not_made())
        self._mark_carried(consumed)
        for workorder in workorders:
            workorder.plc_carried_cost += workorder._cal_cost()

    def _landed_on_what_is_not_made(self):
        """Odoo divides a landed cost among all of an order, by quantity: what is still to be made has its part."""
        cancelled = self.order.move_finished_ids.filtered(lambda move: move.state == "cancel")
        return sum(move._get_value_from_extra(0.0)["value"] for move in cancelled)

    def _carriers(self):
        """The posted moves that carry what was consumed: valued at what they cost, by-products with a cost share."""
        order = self.order.with_company(self.order.company_id)
        posted = order.move_finished_ids.filtered(lambda move: move.state == "done" and move.quantity)
        valued = posted.filtered(lambda move: move._get_valued_qty())  # not where it went to a place that is no stock of ours
        carrying = valued.filtered(lambda move: move.product_id == order.product_id or move.cost_share)
        return carrying.filtered(lambda move: move.product_id.cost_method in ("fifo", "average"))

    def _raise_values(self, products, value):
        """Divide ``value`` among products as what they carry already, by-products by their cost share."""
        carried = sum(products.mapped("value"))
        shares = {product: product.value / carried if carried else 1.0 / len(products) for product in products}
        for product, share in shares.items() if value else ():
            self._raise_value(product, value * share)

    def _raise_value(self, product, value):
        before = product.value
        product.price_unit += value / product._get_valued_qty()  # its value may have landed costs besides, which Odoo adds
        product._set_value()
        if before and product._should_create_account_move():
            self._post_difference(product, (product.value - before) / product.value)

    def _post_difference(self, product, part):
        """The accounts get what was added to the product, where they got its value when it was posted."""
        round_ = product.company_id.currency_id.round
        lines = [
            fields.Command.create({**line, "debit": round_(line["debit"] * part), "credit": round_(line["credit"] * part)})
            for line in product._get_account_move_line_vals()
        ]
        journal = product.company_id.account_stock_journal_id
        entry = product.env["account.move"].sudo().create({"journal_id": journal.id, "line_ids": lines})
        entry._post()
