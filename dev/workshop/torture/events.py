"""What a mill tells beside its batches: what people weigh by hand and what fails, in its own ledger and in Odoo."""

from collections import Counter

from workshop.torture.books import Verdict

# (product number, kg) that people add to a batch of 1000 kg. Two bags of the same weight are two events with the same words.
BAGS = ((202, 7.3), (203, 5.05), (202, 7.3))
FAILURES = (("101", "GATE BLOCKED"), ("104", "MOTOR OVERLOAD"), ("114", "PUMP PRESSURE"), ("MIXER", "DOOR NOT CLOSED"))
TABLES = {"weighing": "plc_weighing", "failure": "plc_failure"}
KEYS = {  # what an event is known by, whatever its words are: in the ledger, and in Odoo's table
    "weighing": {"slot": "slot", "order": "order_name", "number": "product_number", "kg": "quantity::float8"},
    "failure": {"equipment": "equipment_code", "text": "text", "at": "date::text"},
}


def tell_beside(mill, batch):
    """In the mill, in the middle of each batch: something fails, and people weigh."""
    batch.told = True
    mill.report_failure(*FAILURES[batch.slot % len(FAILURES)])
    for number, kg in BAGS:
        mill.report_weighing(batch.slot, batch.order, number, kg)


def key(kind, record):
    return tuple(record[name] for name in KEYS[kind])


class Told:
    """The events of a mill's ledger."""

    def __init__(self, records):
        self.records = {kind: [record for record in records if record["event"] == kind] for kind in TABLES}
        self.stored = [record for record in records if record["event"] == "stored"]

    def is_all_stored(self):
        """The mill has nothing more to tell: it has seen the flag of each event."""
        return len(self.stored) == sum(map(len, self.records.values()))

    def weighed(self, order, slot=0):
        """kg by product number that people weighed for the order, or for its batch in one slot."""
        kg = Counter()
        for record in self.records["weighing"]:
            if record["order"] == order and slot in (0, record["slot"]):
                kg[record["number"]] += record["kg"]
        return kg

    def count(self, kind, of):
        """How often an event that is known by ``of`` has happened."""
        return Counter(key(kind, record) for record in self.records[kind])[of]


def read_events(cursor, controller, kind, after=0):
    """What Odoo has stored and not dismissed, counted by :func:`key`."""
    counts = "state != 'dismissed'" if kind == "weighing" else "true"
    cursor.execute(
        f"SELECT {', '.join(KEYS[kind].values())} FROM {TABLES[kind]} WHERE controller_id = %s AND id > %s AND {counts}",
        (controller, after),
    )
    return Counter(cursor.fetchall())


def compare_events(cursor, controller, told, after):
    """Each event once.

    :param after: ids by kind; the rows of earlier cycles go up to them
    """
    verdict = Verdict()
    for kind in TABLES:
        happened = Counter(key(kind, record) for record in told.records[kind])
        stored = read_events(cursor, controller, kind, after[kind])
        for what in {*happened, *stored}:
            if stored[what] != happened[what]:
                words = " ".join(map(str, what))
                sentence = f"{kind} {words}: happened {happened[what]} times, stored {stored[what]} times"
                (verdict.doubled if stored[what] > happened[what] else verdict.lost).append(sentence)
    return verdict
