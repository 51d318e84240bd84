"""The balance of dev/demo: what was planned, dosed by the mill, stored in the batch and booked in stock, line by line; and its
value, where Odoo counts that.

Pure: it is given what was read from outside, and says where it disagrees.
"""

from collections import Counter
from dataclasses import dataclass, field

HALF_A_STEP = 0.0051  # the scales show 0.01 kg


@dataclass
class Row:
    """One component of one order, or what it produced (``component`` is ``TOTAL``), or its ``VALUE``. None: there is no such
    record."""

    order: str
    component: str
    unit: str = ""
    planned: float | None = None
    dosed: float | None = None
    stored: float | None = None
    booked: float | None = None
    problems: list = field(default_factory=list)


TOTAL = "= produced"
VALUE = "= value"  # of what was consumed (batch) and of what was produced (booked)
ENDS = ("finished", "failed", "aborted", "interrupted")  # of a job, in the simulator's ledger


@dataclass
class Facts:
    """What was read, as dicts of Odoo's ``search_read``, and the simulator's ledger. Moves also where they are cancelled: what
    somebody added to an order and nobody booked is lost.

    ``orders`` and ``plan`` (their component moves) are from before the fill, all else from after the cycle. Moves (``products``:
    those of what was made) have a ``value`` where Odoo counts it. ``factors``: by unit of measure, its reference units.
    """

    orders: list
    plan: list
    closed_orders: list
    batches: list
    lines: list
    moves: list
    products: list
    ledger: list
    factors: dict


def balance(facts):
    """
    :return: the rows, and the problems that belong to no row, as sentences
    """
    ledger = Ledger(facts.ledger)
    rows = []
    for order in facts.orders:
        rows += _OrderBalance(facts, ledger, order).rows()
    names = {order["name"] for order in facts.orders}
    problems = [f"The ledger has {name}, which is none of the orders." for name in ledger.orders() if name not in names]
    return rows, problems + ledger.problems() + _open_problems(facts)


def _open_problems(facts):
    problems = [f"Order {order['name']} is {order['state']}." for order in facts.closed_orders if order["state"] != "done"]
    problems += [f"Batch {batch['name']} is {batch['state']}." for batch in facts.batches if batch["state"] != "done"]
    counts = Counter(batch["production_id"][1] for batch in facts.batches)
    return problems + [f"Order {name} has {count} batches." for name, count in counts.items() if count > 1]


class Ledger:
    """The simulator's own book of what it really did."""

    def __init__(self, records):
        self.taken = [record for record in records if record["event"] == "taken"]
        self.ended = [record for record in records if record["event"] in ENDS]

    def orders(self):
        return sorted({record["order"] for record in self.taken + self.ended})

    def dosed(self, order):
        """(kg, target) by equipment code, all jobs of the order together."""
        kg, target = Counter(), Counter()
        for record in self.ended:
            for line in record["lines"] if record["order"] == order else ():
                kg[line["code"]] += line["kg"]
                target[line["code"]] += line["target"]
        return {code: (kg[code], target[code]) for code in kg}

    def weight(self, order):
        weights = [record["weight"] for record in self.ended if record["order"] == order]
        return sum(weights) if weights else None

    def problems(self):
        problems = [
            f"The mill took {what} {count} times."
            for what, count in Counter(
                name for record in self.taken for name in (record["order"], record["job"] and f"job {record['job']}") if name
            ).items()
            if count > 1
        ]
        problems += [f"In the mill, {r['order']} {r['event']}." for r in self.ended if r["event"] != "finished"]
        ended = Counter((record["order"], record["job"]) for record in self.ended)
        return problems + [f"In the mill, {r['order']} never ended." for r in self.taken if not ended[r["order"], r["job"]]]


class _OrderBalance:
    def __init__(self, facts, ledger, order):
        self.facts = facts
        self.order = order
        self.name = order["name"]
        self.weight = ledger.weight(self.name)
        self.dosed = ledger.dosed(self.name)
        self.targets = {code: target for code, (_kg, target) in self.dosed.items()}
        self.plan = {move["id"]: move for move in self._own(facts.plan)}
        self.moves = {move["id"]: move for move in self._own(facts.moves)}
        self.batches = [batch for batch in facts.batches if batch["production_id"][0] == order["id"]]
        ids = {batch["id"] for batch in self.batches}
        self.lines = [line for line in facts.lines if line["batch_id"][0] in ids]

    def _own(self, moves):
        return [move for move in moves if move["raw_material_production_id"][0] == self.order["id"]]

    def rows(self):
        rows = [self._dosed_row(line) if line["code"] else self._hand_row(line) for line in self.lines]
        rows += self._unknown_moves() + self._unknown_doses()
        return [*rows, self._total(), *self._value()]

    def _dosed_row(self, line):
        row = self._row(line, line["actual_qty"] if line["reported"] else None)
        row.dosed, target = self.dosed.pop(line["code"], (None, None))
        sisters = self._sisters(line)
        if sisters and row.booked is None and not row.stored:
            row.booked = 0.0  # all of it came from them
        _expect(row, "dosed, batch and stock differ", row.dosed, row.stored, row.booked)
        if row.planned is not None:
            planned = line["planned_qty"] + sum(other["planned_qty"] for other in sisters)
            targets = [target, *(self.targets.get(other["code"], 0.0) for other in sisters)]
            _expect(row, "another plan than the order's", row.planned, planned, None if None in targets else sum(targets))
        return row

    def _sisters(self, line):
        """The lines of other silos that dosed a part of this component."""
        same = [other for other in self.lines if other["product_id"] == line["product_id"]]
        return [other for other in same if other["is_sister"] and other is not line]

    def _hand_row(self, line):
        """What is added by hand counts as consumed as planned; also what came onto the order after its recipe was frozen."""
        late = line["move_id"] and self.moves.get(line["move_id"][0])
        row = self._row(line, line["planned_qty"])
        if row.planned is None:
            row.planned = self._quantity(late, "product_uom_qty", line["uom_id"][0])
        _expect(row, "plan, batch and stock differ", row.planned, row.stored, row.booked)
        return row

    def _row(self, line, stored):
        move_id = line["move_id"] and line["move_id"][0]
        return Row(
            self.name,
            line["product_id"] and line["product_id"][1] or f"equipment {line['code']}",
            line["uom_id"][1],
            planned=self._quantity(self.plan.pop(move_id, None), "product_uom_qty", line["uom_id"][0]),
            stored=stored,
            booked=self._booked(self.moves.pop(move_id, None), line["uom_id"][0]),
        )

    def _booked(self, move, uom=None):
        return self._quantity(move, "quantity", uom) if move and move["state"] == "done" else None

    def _quantity(self, move, name, uom=None):
        if not move:
            return None
        own = move["product_uom"][0]
        return move[name] * self.facts.factors[own] / self.facts.factors[uom or own]

    def _unknown_moves(self):
        rows = []
        for move in {**self.plan, **self.moves}.values():
            if move["state"] == "cancel" and not move["product_uom_qty"]:
                continue  # nothing was wanted of it
            row = Row(self.name, move["product_id"][1], move["product_uom"][1])
            row.planned = self._quantity(self.plan.get(move["id"]), "product_uom_qty")
            row.booked = self._booked(self.moves.get(move["id"]))
            row.problems.append("not in the batch")
            rows.append(row)
        return rows

    def _unknown_doses(self):
        return [
            Row(self.name, f"equipment {code}", "kg", dosed=kg, problems=["not in the batch"])
            for code, (kg, _target) in sorted(self.dosed.items())
            if kg
        ]

    def _total(self):
        closed = next((order for order in self.facts.closed_orders if order["id"] == self.order["id"]), None)
        row = Row(self.name, TOTAL, self.order["product_uom_id"][1], self.order["product_qty"], self.weight)
        row.stored = sum(batch["produced_qty"] for batch in self.batches) if self.batches else None
        row.booked = closed["qty_produced"] if closed and closed["state"] == "done" else None
        _expect(row, "weight, batch and stock differ", row.dosed, row.stored, row.booked)
        return row

    def _value(self):
        """None where Odoo counts none."""
        made = [move["value"] for move in self.facts.products if move["production_id"][0] == self.order["id"] and "value" in move]
        used = [move["value"] for move in self._own(self.facts.moves) if "value" in move]
        if not made and not used:
            return
        row = Row(self.name, VALUE, stored=sum(used), booked=sum(made))
        _expect(row, "value is lost or made", row.stored, row.booked)
        if not row.stored:
            row.problems.append("nothing has a value")
        yield row


def _expect(row, problem, *quantities):
    if None in quantities or max(quantities) - min(quantities) > HALF_A_STEP:
        row.problems.append(problem)


def dosed_of_lots(fills, doses):
    """kg by code and lot, of what a mill dosed: what was filled in first is dosed first, and an excess is of the last lot.

    :param fills: code -> (lot, kg), the oldest first
    :param doses: lines of a ledger
    """
    left = {code: [[lot, kg] for lot, kg in filled] for code, filled in fills.items()}
    dosed = Counter()
    for line in doses:
        rest, layers = line["kg"], left[line["code"]]
        while rest > 0:
            lot, held = layers[0]
            part = min(rest, held) if len(layers) > 1 else rest
            dosed[line["code"], lot] += part
            rest, layers[0][1] = round(rest - part, 2), round(held - part, 2)
            if layers[0][1] <= 0 and len(layers) > 1:
                layers.pop(0)
    return dosed


# What people see


def table(rows, red=str):
    """Lines of text: a heading and a line for each row; rows with problems end with them and go through ``red``."""
    widths = [max([len(title), *(len(getattr(row, name)) for row in rows)]) for name, title in TEXTS]
    yield _join([title for _name, title in TEXTS], [title for _name, title in NUMBERS], widths)
    for row in rows:
        line = _join([getattr(row, name) for name, _ in TEXTS], [_number(getattr(row, name)) for name, _ in NUMBERS], widths)
        yield red(f"{line}  <-- {', '.join(row.problems)}") if row.problems else line


TEXTS = [("order", "Order"), ("component", "Component"), ("unit", "Unit")]
NUMBERS = [("planned", "Planned"), ("dosed", "Dosed"), ("stored", "Batch"), ("booked", "Booked")]


def _number(value):
    return "-" if value is None else f"{value:.2f}"


def _join(texts, numbers, widths):
    return "  ".join([text.ljust(width) for text, width in zip(texts, widths, strict=True)] + [f"{n:>9}" for n in numbers])
