"""A scripted person at the board, who decides what the design leaves to people.

She does what the screen offers, and decides it by looking at the PLC, which here means the mill's ledger: was the recipe taken,
and what became of it? What the PLC cannot report any more she books by hand in Odoo, as anybody would: the rest is scrap, or a
finished order is closed with what was really dosed.
"""

from collections import Counter

from workshop.torture.books import dosed
from workshop.torture.silos import details

REQUEUED = "action_plc_requeue"
CLOSING = {"skip_consumption": True, "skip_backorder": True, "skip_redirection": True}
BATCH_FIELDS = [
    "name",
    "production_id",
    "order_name",
    "job_number",
    "state",
    "line_ids",
    "attention_key",
    "disposition_order",
    "is_action_decide_allowed",
    "is_action_send_again_allowed",
    "is_action_disposition_allowed",
    "is_action_release_allowed",
    "is_action_rebook_allowed",
    "is_action_enter_amounts_allowed",
    "is_action_add_fallen_allowed",
]
LOST = [("state", "in", ["offered", "running", "cancelling"]), ("attention_key", "!=", False)]
FAILED = [("state", "=", "failed"), ("disposition_order", "=", False)]
CLOSED = [("state", "=", "completed"), ("production_id.state", "in", ["done", "cancel"])]
FELL = [("state", "in", ["completed", "failed"]), ("attention_key", "=like", "fell%")]
OCCUPIED = [("state", "=", "queued"), ("attention_key", "like", "occupied%")]


class Person:
    """
    :param call: ``call(model, method, *args, **kwargs)``, the external API as somebody who may do all this
    :param ledger: the mill's :class:`books.Ledger`
    :param silos: product id by equipment code
    :param orders: ids of the orders that she looks after
    :param shelf: a :class:`silos.Shelf`, where silos are stock locations
    :param taken_out: ids of the orders whose batches she took out before, as the PLC would report nothing more of them; of these
        alone she books anything by hand, so that no kilogram that the addon loses is found by her
    """

    def __init__(self, call, ledger, silos, orders, taken_out=(), shelf=None):
        self.call = call
        self.ledger = ledger
        self.silos = silos
        self.orders = list(orders)
        self.taken_out = set(taken_out)
        self.shelf = shelf
        self.acts = []

    def look(self):
        """Do what there is to be done.

        :return: what was done, as sentences; ``taken_out`` may have grown
        """
        for batch in self._batches(["|"] * 4 + ["&", *LOST, "&", *FAILED, "&", *CLOSED, "&", *OCCUPIED, "&", *FELL]):
            if (batch["attention_key"] or "").startswith("fell"):
                self._decide_fall(batch)
            elif batch["is_action_decide_allowed"]:
                self._decide(batch)
            elif batch["is_action_disposition_allowed"]:
                self._settle(batch)
            elif batch["is_action_release_allowed"]:
                self._act(batch, "action_release_slot")
            elif batch["is_action_rebook_allowed"]:
                self._act(batch, "action_book_on_new_order")
        for order in self._taken_out_orders():
            self._deal_with(order)
        return self.acts

    def _batches(self, domain):
        domain = [("production_id", "in", self.orders), *domain]
        return self.call("mo.batch", "search_read", domain, BATCH_FIELDS, order="id")

    def _act(self, batch, method, *args):
        self.acts.append(f"{batch['name']}: {method}")
        self.call("mo.batch", method, [batch["id"]], *args)

    # The batch

    def _decide(self, batch):
        """Sent again only if the PLC certainly did not take it, and the order is open."""
        order, job = batch["order_name"], batch["job_number"]
        if batch["is_action_send_again_allowed"] and not self.ledger.was_taken(order, job):
            self._act(batch, "action_send_again")
        elif not self.ledger.is_running(order, job):
            self.taken_out.add(batch["production_id"][0])
            self._act(batch, "action_give_up")

    def _decide_fall(self, batch):
        """A counter began again at zero: what fell was dosed, too. Or she waits for the end, and enters what the mill's own book
        says."""
        records = self.ledger.of(batch["order_name"], batch["job_number"])
        if batch["id"] % 2 and batch["is_action_add_fallen_allowed"]:
            self._act(batch, "action_add_fallen")
        elif records and batch["is_action_enter_amounts_allowed"]:
            if batch["state"] in ("completed", "failed") or records[-1]["event"] == "interrupted":
                amounts = [[line["code"], line["kg"]] for line in records[-1]["lines"]]
                self._act(batch, "action_enter_amounts", amounts, "the mill's book", "failed")  # if it has not ended yet

    def _settle(self, batch):
        """What was last seen is booked: on the order, if its product was made; else as scrap, and the order goes back in line."""
        made = any(record["event"] == "finished" for record in self.ledger.of(batch["order_name"], batch["job_number"]))
        self._act(batch, "action_set_disposition", "withhold", "consume" if made else "scrap")

    # The order

    def _taken_out_orders(self):
        """Those that no batch is under way for any more."""
        taken_out = sorted(self.taken_out)
        open_batches = self.call("mo.batch", "search_read", [("production_id", "in", taken_out)], ["production_id"])
        idle = self.taken_out.difference(batch["production_id"][0] for batch in open_batches)
        return self.call("mrp.production", "read", sorted(idle), ["name", "state", "plc_withheld"])

    def _deal_with(self, order):
        """Book by hand what is not booked yet of what the mill dosed for the order; then it is closed, or goes back in line."""
        records = self.ledger.of(order["name"])
        missing = self._missing(order, records)
        is_open = order["state"] not in ("done", "cancel")
        finished = [record for record in records if record["event"] == "finished"]
        if is_open and finished:
            self._close(order, missing, finished[-1]["weight"])
            return
        self._scrap(order, missing)
        if is_open and order["plc_withheld"]:
            self.acts.append(f"{order['name']}: {REQUEUED}")
            self.call("mrp.production", REQUEUED, [order["id"]])

    def _missing(self, order, records):
        """kg by equipment code that the mill dosed for the order, and that stock does not know."""
        missing = dosed(records)
        if self.shelf:
            missing.subtract({code: kg for code, kg in self.shelf.booked(order["id"]).items() if code in missing})
        booked = self._booked(order, [code for code in missing if not self._lies_in_silo(code)])
        missing.subtract(booked)
        return {code: round(kg, 2) for code, kg in missing.items()}

    def _booked(self, order, codes):
        """kg by code, of silos each of which has a product of its own."""
        domain = [("raw_material_production_id", "=", order["id"]), ("state", "=", "done")]
        moves = self.call("stock.move", "search_read", domain, ["product_id", "quantity"])
        products = {self.silos[code]: code for code in codes}
        found = Counter()
        for move in moves:
            if move["product_id"][0] in products:
                found[products[move["product_id"][0]]] += move["quantity"]
        return found

    def _lies_in_silo(self, code):
        return self.shelf is not None and code in self.shelf.places

    def _scrap(self, order, missing):
        for code, kg in missing.items():
            if kg <= 0:
                continue
            product = self.silos[code]
            self.acts.append(f"{order['name']}: {kg} kg of product {product} scrapped by hand")
            values = {"product_id": product, "production_id": order["id"], "origin": order["name"]}
            for layer in self.shelf.layers(code, kg) if self._lies_in_silo(code) else [{"quantity": kg}]:
                place = {name: value for name, value in layer.items() if name != "quantity"}
                scrap = self.call("stock.scrap", "create", [{**values, **place, "scrap_qty": layer["quantity"]}])
                self.call("stock.scrap", "do_scrap", scrap)

    def _close(self, order, missing, weight):
        """As one does it on the order's form: what was produced, what was consumed, Done."""
        self.acts.append(f"{order['name']}: closed by hand")
        self.call("mrp.production", "write", [order["id"]], {"qty_producing": weight})
        domain = [("raw_material_production_id", "=", order["id"]), ("state", "not in", ["done", "cancel"])]
        for move in self.call("stock.move", "search_read", domain, ["product_id", "product_uom_qty", "product_uom"]):
            codes = [code for code in missing if self.silos[code] == move["product_id"][0]]
            self.call("stock.move", "write", [move["id"]], {**self._consumed(move, codes, missing), "picked": True})
        self.call("mrp.production", "button_mark_done", [order["id"]], context=CLOSING)

    def _consumed(self, move, codes, missing):
        """What is entered on a component of the order."""
        if any(map(self._lies_in_silo, codes)):
            layers = [layer for code in codes if missing[code] > 0 for layer in self.shelf.layers(code, missing[code])]
            return {"move_line_ids": details(layers, move["product_id"][0], move["product_uom"][0])}
        return {"quantity": max(0.0, sum(missing[code] for code in codes)) if codes else move["product_uom_qty"]}


def weigh_up(call, told, controller):
    """What the addon cannot know of weighings, people do: they look at what was weighed, once the PLC has told all of it.

    :param told: :class:`events.Told`
    :return: what was done, as sentences
    """
    acts = []
    domain = [("needs_person", "=", True), ("controller_id", "=", controller)]
    for weighing in call("plc.weighing", "search", domain, order="id"):
        [values] = call("plc.weighing", "read", [weighing])
        if values["needs_person"]:  # still, after the one before
            acts.append(f"{values['display_name']}: {_weigh_up(call, told, values)}")
    return acts


def _weigh_up(call, told, weighing):
    """Whether it counts for its batch, by what happened: then it must count as often."""
    same = [(name, "=", weighing[name]) for name in ("slot", "order_name", "product_number", "quantity")]
    counted = call("plc.weighing", "search_count", [*same, ("state", "=", "matched")])
    happened = told.count("weighing", tuple(weighing[name] for name in ("slot", "order_name", "product_number", "quantity")))
    line = _line_to_weigh(call, weighing)
    if weighing["repeated"]:
        method, args = ("action_count_again" if counted < happened else "action_count_once"), ()
    elif counted < happened and line:
        method, args = "action_assign", line
    else:
        method, args = "action_dismiss", ["it is booked already, or was thrown away with its batch"]
    call("plc.weighing", method, [weighing["id"]], *args)
    return method


def _line_to_weigh(call, weighing):
    """Batch and component that it can count for: not of a batch that was cancelled, nor where its quantity was typed in."""
    batches = [("slot", "=", weighing["slot"]), ("order_name", "=", weighing["order_name"]), ("state", "!=", "cancelled")]
    batch = call("mo.batch", "search", batches, order="id desc", limit=1, context={"active_test": False})
    product = [("batch_id", "in", batch), ("code", "=", 0), ("product_id.plc_number", "=", weighing["product_number"])]
    line = call("mo.batch.line", "search", [*product, ("typed", "=", False)], limit=1)
    return [*batch, *line] if line else []


def type_hand_adds(call, told, controller):
    """What was weighed and never told, as the PLC has forgotten it, is typed in.

    :return: what was done, as sentences
    """
    acts = []
    domain = [("controller_id", "=", controller), ("hand_adds_needed", "=", True)]
    for batch in call("mo.batch", "search_read", domain, ["order_name", "slot"]):
        by_hand = [("batch_id", "=", batch["id"]), ("code", "=", 0)]
        lines = call("mo.batch.line", "search_read", by_hand, ["product_id", "weighed"])
        quantities = []
        for line in lines:
            if not line["weighed"]:
                [product] = call("product.product", "read", [line["product_id"][0]], ["plc_number"])
                kg = told.weighed(batch["order_name"], batch["slot"])[product["plc_number"]]
                quantities.append([line["id"], round(kg, 2)])
        if quantities:
            call("mo.batch", "action_enter_hand_adds", [batch["id"]], quantities)
            acts.append(f"batch {batch['id']}: typed in {quantities}")
    return acts
