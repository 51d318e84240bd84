"""The mass balance of dev/demo sees every disagreement."""

from copy import deepcopy

import pytest

from workshop.balance import TOTAL, VALUE, Facts, balance, table

KG, GRAM = 1, 2


def taken(**changes):
    lines = [{"code": 101, "target": 600.0, "kg": 0.0}]
    return {"event": "taken", "slot": 1, "job": 7, "order": "MO/1", "weight": 0.0, "lines": lines, **changes}


def finished(kg=601.23, **changes):
    return taken(event="finished", weight=round(kg + 400, 2), lines=[{"code": 101, "target": 600.0, "kg": kg}], **changes)


@pytest.fixture
def facts():
    """One order: 600 kg of maize from silo 101, 400 kg of salt (400000 g in its move) by hand."""
    maize = {"id": 11, "raw_material_production_id": [1, "MO/1"], "product_id": [3, "Maize"], "product_uom": [KG, "kg"]}
    salt = {**maize, "id": 12, "product_id": [4, "Salt"], "product_uom": [GRAM, "g"]}
    line = {"batch_id": [5, "BATCH/1"], "uom_id": [KG, "kg"], "reported": True, "is_sister": False}
    order = {"id": 1, "name": "MO/1", "state": "confirmed", "product_uom_id": [KG, "kg"], "product_qty": 1000.0}
    return Facts(
        orders=[{**order, "qty_produced": 0.0}],
        plan=[{**maize, "product_uom_qty": 600.0}, {**salt, "product_uom_qty": 400000.0}],
        closed_orders=[{**order, "state": "done", "qty_produced": 1001.23}],
        batches=[{"id": 5, "name": "BATCH/1", "production_id": [1, "MO/1"], "state": "done", "produced_qty": 1001.23}],
        lines=[
            {**line, "product_id": [3, "Maize"], "move_id": [11, "x"], "code": 101, "planned_qty": 600.0, "actual_qty": 601.23},
            {**line, "product_id": [4, "Salt"], "move_id": [12, "x"], "code": 0, "planned_qty": 400.0, "actual_qty": 0.0},
        ],
        moves=[
            {**maize, "quantity": 601.23, "state": "done", "value": 144.3},
            {**salt, "quantity": 400000.0, "state": "done", "value": 44.0},
        ],
        products=[{"id": 13, "production_id": [1, "MO/1"], "value": 188.3}],
        ledger=[taken(), finished()],
        factors={KG: 1000.0, GRAM: 1.0},
    )


def test_agreement(facts):
    rows, problems = balance(facts)
    assert not problems
    assert [(row.component, row.planned, row.dosed, row.stored, row.booked, row.problems) for row in rows] == [
        ("Maize", 600.0, 601.23, 601.23, 601.23, []),
        ("Salt", 400.0, None, 400.0, 400.0, []),
        (TOTAL, 1000.0, 1001.23, 1001.23, 1001.23, []),
        (VALUE, None, None, 188.3, 188.3, []),
    ]
    assert len(list(table(rows))) == 5


def test_agreement_where_no_value_is_counted(facts):
    for move in facts.moves + facts.products:
        del move["value"]
    rows, problems = balance(facts)
    assert not problems
    assert [(row.component, row.problems) for row in rows] == [("Maize", []), ("Salt", []), (TOTAL, [])]


def add_vitamin(facts, **changes):
    """Somebody adds 5 kg to the order while the mill makes it."""
    move = {**facts.moves[0], "id": 14, "product_id": [5, "Vitamin"], "product_uom_qty": 5.0, "value": 0.0}
    facts.moves.append({**move, "quantity": 5.0, **changes})


def add_late_line(facts):
    facts.lines.append({**facts.lines[1], "product_id": [5, "Vitamin"], "move_id": [14, "x"], "planned_qty": 5.0})


def test_component_that_was_added_and_booked(facts):
    add_vitamin(facts)
    add_late_line(facts)
    rows, problems = balance(facts)
    assert not problems
    assert [(row.component, row.planned, row.booked) for row in rows if row.component == "Vitamin"] == [("Vitamin", 5.0, 5.0)]
    assert not any(row.problems for row in rows)


def test_component_of_which_nothing_is_wanted(facts):
    add_vitamin(facts, state="cancel", quantity=0.0, product_uom_qty=0.0)
    rows, _problems = balance(facts)
    assert not any(row.problems for row in rows)


def change_over(facts, first=200.0, planned=600.0, sister_planned=0.0):
    """Silo 101 ran empty, and 104 dosed the rest of the maize: by itself, or as it was planned."""
    second = round(601.23 - first, 2)
    line = facts.lines[0]
    line.update(actual_qty=first, planned_qty=planned)
    facts.moves[0].update(quantity=first)
    values = {"code": 104, "is_sister": True, "move_id": [15, "x"], "planned_qty": sister_planned, "actual_qty": second}
    facts.lines.append({**line, **values})
    facts.moves.append({**facts.moves[0], "id": 15, "quantity": second, "product_uom_qty": second, "value": 0.0})
    doses = [{"code": 101, "target": planned, "kg": first}, {"code": 104, "target": sister_planned, "kg": second}]
    facts.ledger[1].update(lines=doses)


@pytest.mark.parametrize("doses", [(200.0,), (200.0, 180.0, 420.0)])
def test_two_silos_of_one_component(facts, doses):
    change_over(facts, *doses)
    rows, problems = balance(facts)
    assert not problems
    assert not any(row.problems for row in rows), rows


def test_all_of_it_from_the_other_silo(facts):
    change_over(facts, 0.0)
    facts.moves[0].update(state="cancel")
    rows, _problems = balance(facts)
    assert not any(row.problems for row in rows), rows


ROWS = {
    "two silos dose for another plan": ("Maize", lambda f: change_over(f, 200.0, 180.0, 400.0)),
    "what the other silo dosed is not booked": ("Maize", lambda f: (change_over(f), f.moves[-1].update(state="cancel"))),
    "a hundredth of a kg booked less": ("Maize", lambda f: f.moves[0].update(quantity=601.22)),
    "a move that is not done": ("Maize", lambda f: f.moves[0].update(state="assigned")),
    "the batch stored something else": ("Maize", lambda f: f.lines[0].update(actual_qty=601.32)),
    "a quantity that was never reported": ("Maize", lambda f: f.lines[0].update(reported=False)),
    "another target than the order's": ("Maize", lambda f: f.plan[0].update(product_uom_qty=500.0)),
    "the mill dosed it, no batch has it": ("equipment 101", lambda f: f.lines.pop(0)),
    "the mill never dosed it": ("Maize", lambda f: f.ledger.pop()),
    "dosed twice": ("Maize", lambda f: f.ledger.append(finished())),
    "a hand-add booked otherwise than planned": ("Salt", lambda f: f.moves[1].update(quantity=400020.0)),
    "a hand-add that is not booked": ("Salt", lambda f: f.moves.pop()),
    "a component that the batch forgot": ("Salt", lambda f: f.lines.pop()),
    "a component that was added, and dropped": ("Vitamin", lambda f: add_vitamin(f, state="cancel", quantity=0.0)),
    "a component that was added, and booked by nobody's plan": ("Vitamin", add_vitamin),
    "a late hand-add that is booked otherwise": ("Vitamin", lambda f: (add_vitamin(f, quantity=4.0), add_late_line(f))),
    "a cent of value lost": (VALUE, lambda f: f.products[0].update(value=188.29)),
    "a cent of value made": (VALUE, lambda f: f.moves[0].update(value=144.29)),
    "value without a product": (VALUE, lambda f: f.products.pop()),
    "nothing has a value": (VALUE, lambda f: [move.update(value=0.0) for move in f.moves + f.products]),
    "another weight produced": (TOTAL, lambda f: f.closed_orders[0].update(qty_produced=1000.0)),
}


@pytest.mark.parametrize("case", ROWS)
def test_line_is_marked(facts, case):
    component, spoil = ROWS[case]
    spoil(facts)
    rows, _problems = balance(facts)
    marked = [row.component for row in rows if row.problems]
    assert component in marked, marked
    assert sum("<--" in line for line in table(rows)) == len(marked)


PROBLEMS = {
    "an order is not done": lambda f: f.closed_orders[0].update(state="to_close"),
    "a batch is not done": lambda f: f.batches[0].update(state="completed"),
    "an order has two batches": lambda f: f.batches.append({**deepcopy(f.batches[0]), "id": 6, "produced_qty": 0.0}),
    "an order was taken twice": lambda f: f.ledger.insert(1, taken(job=8)),
    "a job was taken twice": lambda f: f.ledger.insert(1, taken(order="MO/2")),
    "an order that nobody knows": lambda f: f.ledger.append(finished(order="MO/9", job=9)),
    "a job that was interrupted": lambda f: f.ledger[1].update(event="interrupted"),
    "a job that never ended": lambda f: f.ledger.pop(),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_problem_is_told(facts, case):
    PROBLEMS[case](facts)
    _rows, problems = balance(facts)
    assert problems
