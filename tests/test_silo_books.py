"""The books of silos in torture and soak: each difference of stock by silo and lot from the ledger is told, and what people
enter by hand is of the lots that lie in the silo."""

import pytest

from workshop.torture.person import Person
from workshop.torture.silos import Place, Shelf, compare_silos

PLACES = {
    103: Place(8, [["A", 400.0], ["B", 300.0]], {"A": 21, "B": 22}),
    107: Place(9, [["C", 900.0]], {"C": 23}),
}
WHEAT, SALT = 5, 6
SILOS = {103: WHEAT, 107: WHEAT, 101: SALT}
RECORDS = [
    {"event": "taken", "order": "MO/1", "lines": [{"code": 103, "kg": 0.0}]},
    {"event": "finished", "order": "MO/1", "lines": [{"code": 103, "kg": 350.0}, {"code": 101, "kg": 3.0}]},
    {"event": "filled", "code": 103, "kg": 1500.0},
    {"event": "interrupted", "order": "MO/1", "lines": [{"code": 103, "kg": 100.0}, {"code": 107, "kg": 50.0}]},
]
LEFT = {(8, "B"): 250.0, (9, "C"): 850.0}


class Column:
    def __init__(self, name):
        self.name = name


class Cursor:
    def __init__(self, left):
        self.description = [Column("location_id"), Column("name"), Column("kg")]
        self.left = left

    def execute(self, *_args):
        pass

    def fetchall(self):
        return [(*key, kg) for key, kg in self.left.items()]


def test_agreement():
    assert not compare_silos(Cursor(LEFT), PLACES, RECORDS)


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("lost", {(8, "B"): 300.0}),
        ("doubled", {(8, "B"): 200.0}),
        ("lost", {(8, "A"): 250.0, (8, "B"): 0.0}),
        ("doubled", {(8, "A"): -50.0}),
        ("lost", {(9, "C"): 900.0}),
        ("doubled", {(9, None): -50.0, (9, "C"): 900.0}),
        ("lost", {(9, "B"): 10.0}),
    ],
)
def test_each_difference_is_told(word, changes):
    assert getattr(compare_silos(Cursor({**LEFT, **changes}), PLACES, RECORDS), word)


class Office:
    """Odoo, seen from outside: what it answers by model, and what was written."""

    def __init__(self, content="A 200.00, B 1,300.00", booked=()):
        self.written = []
        self.answers = {
            "plc.equipment": [{"level_lots": content}],
            "stock.move.line": [{"location_id": [location, "x"], "quantity": kg} for location, kg in booked],
            "stock.move": [
                {"id": 1, "product_id": [WHEAT, "x"], "product_uom": [1, "kg"], "product_uom_qty": 600.0, "quantity": 0.0}
            ],
            "mo.batch": [],
            "mrp.production": [{"id": 7, "name": "MO/1", "state": "cancel", "plc_withheld": False}],
        }

    def __call__(self, model, method, *args, **_options):
        if method in ("create", "write"):
            self.written.append((model, args[-1] if method == "write" else args[0][0]))
        return [] if method == "create" else self.answers.get(model, [])


def person(office):
    from workshop.torture.books import Ledger

    return Person(office, Ledger(RECORDS), SILOS, [7], [7], Shelf(office, 1, PLACES))


@pytest.mark.parametrize(
    ("content", "kg", "expected"),
    [
        ("A 200.00, B 1,300.00", 150.0, [(21, 150.0)]),
        ("B 1,300.00, A 200.00", 250.0, [(21, 200.0), (22, 50.0)]),
        ("A -20.00, B 30.00", 40.0, [(22, 30.0), (22, 10.0)]),
        ("", 40.0, [(22, 40.0)]),
        ("together with Silo 9", 40.0, [(22, 40.0)]),
    ],
)
def test_what_lies_in_the_silo_is_taken(content, kg, expected):
    layers = Shelf(Office(content), 1, PLACES).layers(103, kg)
    assert [(layer["lot_id"], layer["quantity"]) for layer in layers] == expected


def test_what_is_missing_is_scrapped_from_its_silo():
    office = Office(booked=[(8, 350.0)])
    person(office).look()
    scraps = [(each.get("location_id"), each.get("lot_id"), each["scrap_qty"]) for model, each in office.written]
    assert scraps == [(8, 21, 100.0), (None, None, 3.0), (9, 23, 50.0)]


def test_an_order_is_closed_with_what_its_silos_dosed():
    office = Office(booked=[(8, 100.0)])
    office.answers["mrp.production"][0].update(state="confirmed")
    RECORDS[1]["weight"] = 353.0
    person(office).look()
    [values] = [values for model, values in office.written if model == "stock.move"]
    lines = [(line[2]["location_id"], line[2]["lot_id"], line[2]["quantity"]) for line in values["move_line_ids"][1:]]
    assert lines == [(8, 21, 200.0), (8, 22, 150.0), (9, 23, 50.0)]
    assert values["picked"]
