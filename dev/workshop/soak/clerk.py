"""A clerk who clicks at random, through the external API, as fast as two people would on a bad day."""

import xmlrpc.client

from workshop.soak.score import pick
from workshop.torture.events import Told
from workshop.torture.person import CLOSING, Person, type_hand_adds, weigh_up
from workshop.torture.silos import details

CANCELLABLE = ["queued", "sending", "offered"]
REASONS = ["recipe", "material", "machine", "plan", "other"]
ORDER_ACTIONS = ["withhold", "requeue", "cancel"]
COMMANDS = ["action_hold", "action_resume", "action_resume", "action_abort"]
HISTORY = {"active_test": False}
REFUSED = (2, 4)  # fault codes of Odoo's XML-RPC: a sentence for the user, no right
FORBIDDEN = [  # to operators and, but for the last two, to managers
    ("mo.batch", "write", {"state": "done"}),
    ("mo.batch.line", "write", {"actual_qty": 1.0}),
    ("mo.batch.journal", "unlink"),
    ("plc.weighing", "write", {"quantity": 1.0}),
    ("plc.controller", "write", {"last_job": 0}),
    ("plc.controller", "write", {"host": "192.0.2.1"}),
    ("plc.register.field", "write", {"offset": 0}),
]
MANAGERS = 2


class Allowed(Exception):
    """Somebody did what she has no right to do."""


class Clerk:
    """Plays the clicks of a score.

    :param call: ``call(model, method, *args, **kwargs)``
    :param plcs: of the soak
    :param by_hand: what clerks typed into orders to close them by hand: order id -> kg by product id; grows
    :param taken_out: ids of orders whose batches were taken out, as a person decided; grows
    :param manages: has the role of a manager; else an operator's
    :param in_store: (location, lot) by product id, of what is taken where something is made elsewhere
    """

    def __init__(self, call, plcs, by_hand, taken_out, manages, in_store):
        self.call = call
        self.manages = manages
        self.plcs = plcs
        self.by_hand = by_hand
        self.taken_out = taken_out
        self.in_store = in_store

    def play(self, note):
        """:return: a few words on what was done; nothing where there was nothing to click on"""
        return getattr(self, f"_{note.what}")(*note.dice)

    def _press(self, button, die):
        plc = pick(die, self.plcs)
        self.call("plc.controller", button, [plc.id])
        return f"{plc.name}: {button}"

    def _fill(self, die, *_dice):
        return self._press("action_fill_now", die)

    def _exchange(self, die, *_dice):
        return self._press("action_exchange_now", die)

    def _write_back(self, die, *_dice):
        return self._press("action_write_back_now", die)

    def _batch(self, die, domain, context=None):
        return pick(die, self.call("mo.batch", "search", domain, order="id", context=context or {}))

    def _on_batch(self, die, domain, method, *args, context=None):
        batch = self._batch(die, domain, context)
        if not batch:
            return ""
        self.call("mo.batch", method, [batch], *args)
        return f"batch {batch}: {method} {' '.join(map(str, args))}".strip()

    def _cancel(self, die, reason, action, _die):
        domain = [("state", "in", CANCELLABLE)]
        return self._on_batch(die, domain, "action_cancel", pick(reason, REASONS), "", pick(action, ORDER_ACTIONS))

    def _requeue(self, die, *_dice):
        domain = [("state", "=", "cancelled"), ("production_id.plc_withheld", "=", True)]
        domain += [("production_id", "not in", list(self.taken_out)), ("production_id.state", "=", "confirmed")]
        return self._on_batch(die, domain, "action_requeue", context=HISTORY)

    def _retry(self, die, forget, *_dice):
        """Or reset it, as a manager may."""
        method = "action_reset" if self.manages and forget < 0.5 else "action_retry"
        return self._on_batch(die, [("state", "=", "completed"), ("attempts", ">", 0)], method)

    def _command(self, die, which, *_dice):
        domain = [("state", "=", "running"), ("controller_id", "in", [plc.id for plc in self.plcs if plc.has_commands])]
        return self._on_batch(die, domain, pick(which, COMMANDS))

    # Orders

    def _order(self, die, busy):
        """An order that is not closed; with a batch under way or without."""
        plcs = [plc.id for plc in self.plcs]
        open_batches = self.call("mo.batch", "search_read", [("controller_id", "in", plcs)], ["production_id"], order="id")
        ids = [batch["production_id"][0] for batch in open_batches]
        if busy < 0.7:
            return pick(die, ids)
        kinds = [plc.picking_type for plc in self.plcs]
        domain = [("picking_type_id", "in", kinds), ("state", "=", "confirmed"), ("id", "not in", ids)]
        return pick(die, self.call("mrp.production", "search", domain, order="id", limit=50))

    def _close_order(self, die, busy, *_dice):
        """Made elsewhere, by hand: with the planned quantities, all of them."""
        order = self._order(die, busy)
        if not order:
            return ""
        [values] = self.call("mrp.production", "read", [order], ["state", "product_qty"])
        domain = [("raw_material_production_id", "=", order), ("state", "not in", ["done", "cancel"])]
        moves = self.call("stock.move", "search_read", domain, ["product_id", "product_uom_qty", "product_uom"])
        if moves:  # none where the other clerk has just closed it
            self.by_hand[order] = {move["product_id"][0]: move["product_uom_qty"] for move in moves}
        if values["state"] in ("done", "cancel"):
            return ""
        self.call("mrp.production", "write", [order], {"qty_producing": values["product_qty"]})
        for move in moves:
            self.call("stock.move", "write", [move["id"]], {**self._taken_elsewhere(move), "picked": True})
        self.call("mrp.production", "button_mark_done", [order], context=CLOSING)
        return f"order {order}: closed by hand"

    def _taken_elsewhere(self, move):
        """All that was planned; of what has lots, from the store."""
        product, quantity = move["product_id"][0], move["product_uom_qty"]
        if product not in self.in_store:
            return {"quantity": quantity}
        location, lot = self.in_store[product]
        layer = {"location_id": location, "lot_id": lot, "quantity": quantity}
        return {"move_line_ids": details([layer], product, move["product_uom"][0])}

    def _cancel_order(self, die, busy, *_dice):
        order = self._order(die, busy)
        if not order:
            return ""
        self.call("mrp.production", "action_cancel", [order])
        return f"order {order}: cancelled"

    def _change_order(self, die, busy, share, _die):
        order = self._order(die, busy)
        domain = [("raw_material_production_id", "=", order), ("state", "=", "confirmed")]
        moves = order and self.call("stock.move", "search", domain, order="id")
        if not moves:
            return ""
        self.call("stock.move", "write", moves[:1], {"product_uom_qty": round(500 + 200 * share, 1)})
        return f"order {order}: changed"

    def _plan(self, die, *_dice):
        """More work, where little is left."""
        plc = pick(die, self.plcs)
        domain = [("picking_type_id", "=", plc.picking_type), ("state", "=", "confirmed"), ("plc_withheld", "=", False)]
        if self.call("mrp.production", "search_count", domain) > 15:
            return ""
        values = {"product_id": plc.feed, "product_qty": 1000.0, "bom_id": plc.bom, "picking_type_id": plc.picking_type}
        orders = self.call("mrp.production", "create", [dict(values) for _order in range(5)])
        self.call("mrp.production", "action_confirm", orders)
        return f"{plc.name}: 5 orders more"

    def _decide(self, die, *_dice):
        """The other one, who thinks first: what waits for a person is decided by looking at the PLC."""
        plc = pick(die, self.plcs)
        orders = self.call("mrp.production", "search", [("picking_type_id", "=", plc.picking_type)])
        taken_out = self.taken_out.intersection(orders)
        person = Person(self.call, plc.ledger(), plc.silos, orders, taken_out, plc.shelf(self.call))
        try:
            acts = person.look()
        finally:
            self.taken_out |= person.taken_out
        if plc.tells and plc.has_told():
            told = Told(plc.records())
            acts = [*acts, *weigh_up(self.call, told, plc.id), *type_hand_adds(self.call, told, plc.id)]
        return "; ".join(acts)

    def _resolve(self, die, *_dice):
        failure = pick(die, self.call("plc.failure", "search", [("state", "=", "open")], order="id"))
        if not failure:
            return ""
        self.call("plc.failure", "action_resolve", [failure], "seen to")
        return f"failure {failure}: resolved"

    def _trespass(self, which, die, *_dice):
        """Try what nobody may, or no operator."""
        forbidden = FORBIDDEN[:-MANAGERS] if self.manages else FORBIDDEN
        model, method, *values = pick(which, forbidden)
        record = pick(die, self.call(model, "search", [], order="id desc", limit=20))
        if not record:
            return ""
        try:
            self.call(model, method, [record], *values)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in REFUSED:
                return f"{model} {record}: {method} refused"
            raise
        raise Allowed(f"{'a manager' if self.manages else 'an operator'} could {method} {values} of {model}")
