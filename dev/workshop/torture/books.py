"""Two books that must agree: what the mill says it dosed, and what Odoo's stock says was consumed.

The mill's is the simulator's ledger, which knows nothing of Odoo; stock's are the ``stock.move`` records that are done, scrap
too. Where Odoo counts value, it must balance, too: what went into an order came out of it, and the accounts say the same.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

ENDS = ("finished", "failed", "aborted", "interrupted")  # of a job, in a ledger
STEP = 0.0051  # kg; the scales show 0.01 kg, and each record may be half a step off
HALF_A_CENT = 0.0051


@dataclass
class Verdict:
    """What is wrong, as sentences, by the words of the closing line."""

    doubled: list = field(default_factory=list)
    lost: list = field(default_factory=list)
    stuck: list = field(default_factory=list)
    early: list = field(default_factory=list)
    raw: list = field(default_factory=list)  # tracebacks where a sentence was due
    allowed: list = field(default_factory=list)  # what somebody has no right to do, and could

    def __str__(self):
        words = {"early": "told before it was stored", "raw": "raw errors", "allowed": "rights exceeded"}
        return ", ".join(f"{len(sentences)} {words.get(kind, kind)}" for kind, sentences in vars(self).items())

    def __bool__(self):
        """There is something wrong."""
        return any(vars(self).values())

    def items(self):
        """(kind, sentence) of each."""
        return [(kind, sentence) for kind, sentences in vars(self).items() for sentence in sentences]

    def add(self, other):
        for kind, sentence in other.items():
            getattr(self, kind).append(sentence)


def say(text):
    """A line for who watches, at once."""
    print(text, flush=True)


def read_ledger(path, after=0):
    """The records whose ``seq`` is above ``after``. A last line that is just being written is left out."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")[:-1]
    return [record for record in map(json.loads, lines) if record["seq"] > after]


class Ledger:
    """What one mill did."""

    def __init__(self, records):
        self.taken = [record for record in records if record["event"] == "taken"]
        self.ended = [record for record in records if record["event"] in ENDS]

    def of(self, order, job=0):
        """The records of how jobs of the order ended, of one job if it has a number."""
        return [record for record in self.ended if record["order"] == order and (not job or record["job"] == job)]

    def was_taken(self, order, job=0):
        return any(record["order"] == order and (not job or record["job"] == job) for record in self.taken)

    def is_running(self, order, job=0):
        taken = [record for record in self.taken if record["order"] == order and (not job or record["job"] == job)]
        return len(taken) > len(self.of(order, job))

    def orders(self):
        return {record["order"] for record in self.taken}

    def twice(self):
        """Sentences on jobs that ran twice, and orders that were finished twice or taken again though none was interrupted."""
        for job, count in Counter(record["job"] for record in self.taken if record["job"]).items():
            if count > 1:
                yield f"the mill took job {job} {count} times"
        taken = Counter(record["order"] for record in self.taken)
        finished = Counter(record["order"] for record in self.ended if record["event"] == "finished")
        spoilt = Counter(record["order"] for record in self.ended if record["event"] != "finished")
        for order, count in taken.items():
            if finished[order] > 1:
                yield f"the mill finished {order} {finished[order]} times"
            if count > 1 + spoilt[order]:
                yield f"the mill took {order} {count} times, {spoilt[order]} of them did not end well"


def dosed(records):
    """kg by equipment code."""
    kg = Counter()
    for record in records:
        for line in record["lines"]:
            kg[line["code"]] += line["kg"]
    return kg


class Stock:
    """What Odoo has booked on some orders, read by SQL."""

    def __init__(self, cursor, order_ids):
        self.orders = _rows(
            cursor,
            "SELECT id, name, state, plc_withheld, product_id FROM mrp_production WHERE id = ANY(%s) ORDER BY id",
            order_ids,
        )
        self.consumed = defaultdict(Counter)
        for row in _rows(
            cursor,
            """
            SELECT raw_material_production_id AS id, product_id, sum(quantity) AS kg FROM stock_move
             WHERE state = 'done' AND raw_material_production_id = ANY(%s) GROUP BY 1, 2
            """,
            order_ids,
        ):
            self.consumed[row["id"]][row["product_id"]] = float(row["kg"])
        self.produced = Counter()
        for row in _rows(
            cursor,
            """
            SELECT production_id AS id, sum(quantity) AS kg FROM stock_move
             WHERE state = 'done' AND production_id = ANY(%s) GROUP BY 1
            """,
            order_ids,
        ):
            self.produced[row["id"]] = float(row["kg"])
        self.went_in, self.came_out = Counter(), Counter()
        if counts_value(cursor):
            self._read_value(cursor, order_ids)
        self.batches = _rows(
            cursor,
            """
            SELECT id, production_id, order_name, state, active, attention, last_error FROM mo_batch
             WHERE production_id = ANY(%s) ORDER BY id
            """,
            order_ids,
        )

    def _read_value(self, cursor, order_ids):
        """Scrap is no value of the product."""
        for total, order, place in (
            (self.went_in, "raw_material_production_id", "location_dest_id"),
            (self.came_out, "production_id", "location_id"),
        ):
            for row in _rows(
                cursor,
                f"""
                SELECT {order} AS id, coalesce(sum(move.value), 0)::float8 AS value
                  FROM stock_move move JOIN stock_location place ON place.id = move.{place}
                 WHERE move.state = 'done' AND {order} = ANY(%s) AND place.usage = 'production' GROUP BY 1
                """,
                order_ids,
            ):
                total[row["id"]] = row["value"]

    def of(self, order_id):
        return [batch for batch in self.batches if batch["production_id"] == order_id]

    def fold(self):
        """What was booked on a new order, as the batch's own was closed by somebody meanwhile, counts for the batch's own."""
        names = {order["name"]: order for order in self.orders}
        ids = {order["id"]: order for order in self.orders}
        for batch in self.batches:
            own, booked = names.get(batch["order_name"]), ids[batch["production_id"]]
            if not own or own is booked:
                continue
            self.consumed[own["id"]].update(self.consumed.pop(booked["id"], {}))
            for total in (self.produced, self.went_in, self.came_out):
                total[own["id"]] += total.pop(booked["id"], 0.0)
            batch["production_id"] = own["id"]
            if own["state"] == "cancel":
                own["state"] = booked["state"]
            self.orders.remove(booked)


def _rows(cursor, text, *parameters):
    cursor.execute(text, parameters)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


rows = _rows


def compare(stock, ledger, silos, by_hand):
    """Order by order.

    :param silos: product id by equipment code
    :param by_hand: by order id, kg by product id of what people add; it is booked once, with the order
    """
    verdict = Verdict(doubled=list(ledger.twice()))
    for order in stock.orders:
        records = ledger.of(order["name"])
        expected = Counter()
        for code, kg in dosed(records).items():
            expected[silos[code]] += kg
        expected.update(by_hand.get(order["id"], {}))
        _compare_materials(verdict, order, expected, stock.consumed[order["id"]], len(records))
        _compare_product(verdict, order, records, stock)
        _compare_value(verdict, order, stock)
    return verdict


def _compare_materials(verdict, order, expected, booked, records):
    for product in sorted({*expected, *booked}):
        difference = booked[product] - expected[product]
        if abs(difference) > STEP * max(1, records):
            kind = verdict.doubled if difference > 0 else verdict.lost
            kind.append(
                f"{order['name']}: {booked[product]:.2f} kg of product {product} booked, {expected[product]:.2f} kg dosed"
            )


def _compare_product(verdict, order, records, stock):
    weight = sum(record["weight"] for record in records if record["event"] == "finished")
    produced = stock.produced[order["id"]]
    if order["state"] == "done" and abs(produced - weight) > STEP:
        kind = verdict.doubled if produced > weight else verdict.lost
        kind.append(f"{order['name']}: {produced:.2f} kg booked as produced, {weight:.2f} kg made")
    if sum(batch["state"] == "done" for batch in stock.of(order["id"])) > 1:
        verdict.doubled.append(f"{order['name']} was closed by more than one batch")


# Value


def counts_value(cursor):
    """Odoo does where ``stock_account`` is installed."""
    cursor.execute("SELECT 1 FROM information_schema.columns WHERE (table_name, column_name) = ('stock_move', 'value')")
    return bool(cursor.fetchall())


def _compare_value(verdict, order, stock):
    went_in, came_out = stock.went_in[order["id"]], stock.came_out[order["id"]]
    if order["state"] == "done" and abs(came_out - went_in) > HALF_A_CENT:
        kind = verdict.doubled if came_out > went_in else verdict.lost
        kind.append(f"{order['name']}: {went_in:.2f} of value went in, {came_out:.2f} came out")


def accounts_gap(cursor):
    """What is posted on the account of production beyond what the moves into and out of production are worth, all together. What
    Odoo's demo data made before it counted value stays apart by it."""
    if not counts_value(cursor):
        return 0.0
    [moves] = _rows(
        cursor,
        """
        SELECT coalesce(sum(CASE WHEN dest.usage = 'production' THEN move.value ELSE -move.value END), 0)::float8 AS value,
               array_agg(DISTINCT coalesce(dest.valuation_account_id, source.valuation_account_id)) AS accounts
          FROM stock_move move JOIN stock_location source ON source.id = move.location_id
          JOIN stock_location dest ON dest.id = move.location_dest_id
         WHERE move.state = 'done' AND 'production' IN (source.usage, dest.usage)
        """,
    )
    [lines] = _rows(
        cursor,
        """
        SELECT coalesce(sum(balance), 0)::float8 AS value FROM account_move_line
         WHERE parent_state = 'posted' AND account_id = ANY(%s)
        """,
        moves["accounts"],
    )
    return lines["value"] - moves["value"]


def compare_accounts(cursor, before):
    """
    :param before: the :func:`accounts_gap` before the orders were made
    """
    verdict, gap = Verdict(), accounts_gap(cursor)
    if abs(gap - before) > HALF_A_CENT:
        verdict.lost.append(f"the account of production differs by {gap - before:.2f} from what its moves are worth")
    return verdict
