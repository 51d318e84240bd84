"""The books of torture and soak can be wrong: each way in which stock and ledger differ is told, by the right word."""

from collections import Counter, defaultdict

import pytest

from workshop.torture.books import Ledger, Stock, compare

SILOS, SALT = {101: 1, 102: 2}, 3
BY_HAND = {7: {SALT: 14.45}}


def records(order="A", job=1, **ends):
    """A batch: taken, and how it ended."""
    values = {"event": "finished", "weight": 998.5, "lines": [{"code": 101, "kg": 600.25}, {"code": 102, "kg": 352.0}], **ends}
    return [{"event": "taken", "order": order, "job": job}, {"order": order, "job": job, **values}]


def stock(produced=998.5, state="done", batches=1, value=280.05, **consumed):
    """One order, named A, with kg by product."""
    found = Stock.__new__(Stock)
    found.orders = [{"id": 7, "name": "A", "state": state, "plc_withheld": False, "product_id": 9}]
    found.consumed = defaultdict(Counter, {7: Counter({1: 600.25, 2: 352.0, SALT: 14.45, **consumed.get("kg", {})})})
    found.produced = Counter({7: produced})
    found.went_in, found.came_out = Counter({7: 280.05}), Counter({7: value})
    found.batches = [{"id": number, "production_id": 7, "order_name": "A", "state": "done"} for number in range(batches)]
    return found


def verdict(booked, happened):
    return compare(booked, Ledger(happened), SILOS, BY_HAND)


def test_books_that_agree():
    assert not verdict(stock(), records())


@pytest.mark.parametrize(
    ("word", "booked", "happened"),
    [
        ("lost", stock(kg={1: 599.25}), records()),
        ("lost", stock(kg={SALT: 0.0}), records()),
        ("lost", stock(produced=900.0), records()),
        ("lost", stock(), [*records(job=1, event="failed"), *records(job=2)]),
        ("lost", stock(produced=0.0, state="cancel", kg={1: 0.0, 2: 0.0}), records()),
        ("lost", stock(value=280.04), records()),
        ("doubled", stock(value=280.06), records()),
        ("doubled", stock(kg={2: 704.0}), records()),
        ("doubled", stock(kg={4: 1.0}), records()),
        ("doubled", stock(produced=1997.0), records()),
        ("doubled", stock(batches=2), records()),
        ("doubled", stock(), [*records(), records()[0]]),
        ("doubled", stock(), [*records(job=1), *records(job=2)]),
    ],
)
def test_each_difference_is_told(word, booked, happened):
    assert getattr(verdict(booked, happened), word)
