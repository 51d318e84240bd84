"""The balance of the demo's silos, lot by lot, sees every disagreement."""

import pytest

from workshop.balance import dosed_of_lots
from workshop.demo_silos import SiloRow, Silos, table

FILLS = {101: [("A", 400.0), ("B", 300.0)], 113: [("B", 900.0)]}
LEDGER = [
    {"event": "taken", "lines": [{"code": 101, "kg": 0.0}]},
    {"event": "finished", "lines": [{"code": 101, "kg": 350.0}]},
    {"event": "filled", "code": 101, "kg": 5.0},
    {"event": "failed", "lines": [{"code": 101, "kg": 250.0}, {"code": 113, "kg": 80.5}]},
]


class Odoo:
    """What it answers, by model."""

    def __init__(self):
        places = {"location_id": [8, "WH/Stock/Silo 101"], "lot_id": [21, "A"]}
        self.records = {
            "mo.batch.line": [{"layers": [[8, 21, 0, 0, 350.0]]}, {"layers": [[8, 21, 0, 0, 50.0], [8, 22, 0, 0, 200.0]]},
                              {"layers": [[9, 22, 0, 0, 80.5]]}, {"layers": False}],
            "stock.lot": [{"id": 21, "name": "A"}, {"id": 22, "name": "B"}],
            "stock.move.line": [{**places, "quantity": 400.0}, {**places, "lot_id": [22, "B"], "quantity": 200.0},
                                {"location_id": [9, "x"], "lot_id": [22, "B"], "quantity": 80.5}],
            "stock.quant": [{**places, "lot_id": [22, "B"], "quantity": 100.0},
                            {"location_id": [9, "x"], "lot_id": [22, "B"], "quantity": 819.5}],
        }  # fmt: skip

    def call(self, model, *_args, **_options):
        return self.records[model]


@pytest.fixture
def odoo():
    return Odoo()


def rows(odoo):
    silos = Silos(odoo, 1, [])
    silos.fills.update(FILLS)
    silos._silos = [
        {"name": "Silo 101", "code": 101, "location_id": [8, "WH/Stock/Silo 101"]},
        {"name": "Silo 113", "code": 113, "location_id": [9, "x"]},
    ]
    return silos.rows(LEDGER, [5])


def test_agreement(odoo):
    found = rows(odoo)
    assert found == [
        SiloRow("Silo 101", "A", 400.0, 400.0, 400.0, 400.0, 0.0),
        SiloRow("Silo 101", "B", 300.0, 200.0, 200.0, 200.0, 100.0),
        SiloRow("Silo 113", "B", 900.0, 80.5, 80.5, 80.5, 819.5),
    ]
    assert len(list(table(found))) == 4


def test_sensors(odoo):
    shown = [{"code": 101, "sensor_at": "2026-01-01", "sensor_level": 20.0, "sensor_problem": False},
             {"code": 103, "sensor_at": "2026-01-01", "sensor_level": 900.0, "sensor_problem": False}]  # fmt: skip
    odoo.records["plc.equipment"] = shown
    assert Silos(odoo, 1, []).unread() == []
    for code, spoilt in ((101, {"sensor_level": 600.0}), (101, {"sensor_level": -1.0}), (103, {"sensor_problem": "NaN"})):
        odoo.records["plc.equipment"] = [{**each, **spoilt} if each["code"] == code else each for each in shown]
        assert Silos(odoo, 1, []).unread() == [f"the sensor of silo {code} does not show what was dosed"]


def test_what_exceeds_the_fills_is_of_the_last_lot():
    assert dosed_of_lots(FILLS, [{"code": 101, "kg": 750.0}]) == {(101, "A"): 400.0, (101, "B"): 350.0}


SPOILT = {
    "the batch says another lot": lambda o: o.records["mo.batch.line"][1].update(layers=[[8, 21, 0, 0, 250.0]]),
    "the books say another lot": lambda o: o.records["stock.move.line"][0].update(lot_id=[22, "B"]),
    "booked without a lot": lambda o: o.records["stock.move.line"][0].update(lot_id=False),
    "booked from another silo": lambda o: o.records["stock.move.line"][2].update(location_id=[8, "x"]),
    "not booked": lambda o: o.records["stock.move.line"].pop(),
    "stock is gone": lambda o: o.records["stock.quant"].pop(),
    "stock of a lot that never came in": lambda o: o.records["stock.quant"][0].update(lot_id=[23, "C"]),
}


@pytest.mark.parametrize("case", SPOILT)
def test_disagreement_is_marked(odoo, case):
    SPOILT[case](odoo)
    found = rows(odoo)
    marked = [row for row in found if row.problems]
    assert marked
    assert sum("<--" in line for line in table(found)) == len(marked)
