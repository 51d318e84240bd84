"""Figures that are read twice, by PostgreSQL for many batches and in Python for one shift: what a PLC held, for how long it stood
still, and which alarm stood then. One table holds both to the same values, written beside it."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ...models.reporting.shift import Shift
from ..common import MillCase

OPEN = None  # a hold or an alarm without an end
# batches (start, end, holds); alarms (kind, opened, closed); minutes held by each; (minutes, alarm) of each standstill; all from
# the first minute of the shift
CASES = {
    "one after the other": ([(0, 10, ()), (10, 20, ()), (20, 30, ())], (), (0, 0, 0), []),
    "a standstill without an alarm": ([(0, 10, ()), (25, 30, ())], (), (0, 0), [(15, False)]),
    "the longest alarm": (
        [(0, 10, ()), (60, 70, ())], [("clock", 12, 20), ("silent", 0, 59), ("stuck", 55, OPEN)], (0, 0), [(50, "silent")],
    ),
    "two as long: the older": ([(0, 10, ()), (60, 70, ())], [("stuck", 15, 25), ("clock", 12, 22)], (0, 0), [(50, "clock")]),
    "an alarm that only touches": ([(0, 10, ()), (60, 70, ())], [("clock", 5, 10), ("stuck", 60, 65)], (0, 0), [(50, False)]),
    "two standstills": (
        [(0, 10, ()), (20, 30, ()), (50, 60, ())], [("silent", 12, 45)], (0, 0, 0), [(10, "silent"), (20, "silent")],
    ),
    "one runs beside many": ([(0, 100, ()), (10, 20, ()), (50, 60, ()), (110, 120, ())], (), (0, 0, 0, 0), [(10, False)]),
    "two begin at once": ([(0, 10, ()), (30, 40, ()), (30, 50, ())], (), (0, 0, 0), [(20, False)]),
    "first seen when it had ended": ([(0, 10, ()), (60, 60, ()), (80, 90, ())], (), (0, 0, 0), [(20, False)]),
    "held": ([(0, 30, ((5, 10), (20, 22)))], (), (7,), []),
    "held to its end": ([(0, 30, ((20, OPEN),))], (), (10,), []),
    "given up: it ended before it was held": ([(0, 30, ((35, OPEN),)), (40, 50, ())], (), (0, 0), [(10, False)]),
    "held beyond its end": ([(0, 30, ((20, 45),)), (40, 50, ())], (), (10, 0), [(10, False)]),
    "held before it was seen running": ([(10, 30, ((0, 15),))], (), (5,), []),
}  # fmt: skip


@tagged("post_install", "-at_install")
class TestStandstill(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.since = fields.Datetime.now().replace(microsecond=0) - timedelta(days=2)
        for _batch in range(max(len(case[0]) for case in CASES.values())):
            cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batches = cls.env["mo.batch"].search([("controller_id", "=", cls.controller.id)], order="id")

    def at(self, minutes):
        return minutes is not None and self.since + timedelta(minutes=minutes)

    def text(self, minutes):
        return minutes if minutes is None else fields.Datetime.to_string(self.at(minutes))

    def lay_out(self, batches, alarms):
        self.batches.write({"state": "queued", "date_started": False, "date_finished": False, "holds": []})
        for batch, (start, end, holds) in zip(self.batches, batches, strict=False):
            pairs = [[self.text(begin), self.text(over)] for begin, over in holds]
            times = {"date_started": self.at(start), "date_finished": self.at(end), "holds": pairs}
            batch.write({**times, "state": "completed", "produced_qty": 1000.0})
        values = {"controller_id": self.controller.id, "message": "It stands."}
        for kind, opened, closed in alarms:
            dates = {"date_opened": self.at(opened), "date_closed": self.at(closed)}
            self.env["plc.alarm"].create({**values, "kind": kind, **dates})
        self.env.flush_all()
        self.env.invalidate_all()
        made = self.batches[: len(batches)]
        return made, Shift(self.controller, min(made.mapped("date_started")), max(made.mapped("date_finished")))

    def test_both_ways(self):
        for name, (batches, alarms, held, stood) in CASES.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                made, shift = self.lay_out(batches, alarms)
                rows = self.env["plc.output"].search([("batch_id", "in", made.ids)], order="date_started, id")
                self.assertEqual([round(row.hold_minutes, 3) for row in rows], list(held))
                self.assertEqual([_minutes(batch._held()) for batch in made], list(held))
                idle = [(row.idle_minutes, row.idle_kind) for row in rows if row.idle_minutes]
                self.assertEqual(idle, stood)
                self.assertEqual([(stop["minutes"], stop["alarm"].kind) for stop in shift.stops], stood)
                drawn = [bar for bar in shift._bars() if bar.kind == "held"]
                self.assertEqual(sum(_minutes([(bar.begin, bar.end)]) for bar in drawn), sum(held))
                worked = sum((batch.date_finished - batch.date_started for batch in made), timedelta())
                stretches = sum(_minutes(batch._stretches(batch.date_started)) for batch in made)
                self.assertEqual(stretches + sum(held), worked / timedelta(minutes=1))
                savepoint.rollback()
            self.env.invalidate_all()


def _minutes(stretches):
    return sum((end - begin) / timedelta(minutes=1) for begin, end in stretches)
