"""What a PLC has made, how long it took, and for how long it stood still: against figures written beside it."""

from datetime import timedelta
from statistics import mean, stdev

from odoo import fields
from odoo.tests import tagged

from ..common import MillCase

# minutes from the beginning of the shift: start, end, kg made, how it ended, and the minutes in which it was held
SHIFT = (
    (0, 12, 1000.0, "completed", ()),
    (15, 30, 990.0, "completed", ((18, 21),)),
    (31, 40, 0.0, "failed", ()),
    (100, 110, 1010.0, "completed", ((102, 103), (108, None))),
    (105, 125, 1000.0, "completed", ()),  # in another slot, while the one before still runs
)
IDLE = (0, 3, 1, 60, 0)


@tagged("post_install", "-at_install")
class TestOutput(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.began = fields.Datetime.now().replace(microsecond=0) - timedelta(days=3)
        for _batch in SHIFT:
            cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batches = cls.env["mo.batch"].search([("controller_id", "=", cls.controller.id)], order="id")
        for batch, (start, end, made, state, holds) in zip(cls.batches, SHIFT, strict=True):
            pairs = [[cls.text(since), until and cls.text(until)] for since, until in holds]
            times = {"date_started": cls.at(start), "date_finished": cls.at(end), "holds": pairs}
            batch.write({**times, "state": state, "produced_qty": made, "tolerance_state": "within"})

    @classmethod
    def at(cls, minutes):
        return cls.began + timedelta(minutes=minutes)

    @classmethod
    def text(cls, minutes):
        return fields.Datetime.to_string(cls.at(minutes))

    def rows(self):
        self.env.flush_all()
        return self.env["plc.output"].search([("controller_id", "=", self.controller.id)], order="date_started")

    def figures(self, *aggregates, by=()):
        self.env.flush_all()
        return self.env["plc.output"]._read_group([("controller_id", "=", self.controller.id)], by, aggregates)

    def test_each_batch(self):
        rows = self.rows()
        self.assertEqual(rows.batch_id, self.batches)
        for row, (start, end, made, state, _holds), idle in zip(rows, SHIFT, IDLE, strict=True):
            well = state == "completed"
            self.assertEqual(row.outcome, "made" if well else "failed")
            self.assertAlmostEqual(row.planned_t, 1.0)
            self.assertAlmostEqual(row.made_t, made / 1000)
            self.assertAlmostEqual(row.duration_minutes, end - start if well else 0.0)
            self.assertAlmostEqual(row.rate, made / 1000 * 60 / (end - start), 2)
            self.assertAlmostEqual(row.idle_minutes, idle)
        self.assertEqual([round(row.hold_minutes, 3) for row in rows], [0.0, 3.0, 0.0, 3.0, 0.0])

    def test_failed_ones_bend_nothing(self):
        took = [end - start for start, end, _made, state, _holds in SHIFT if state == "completed"]
        names = ("planned_t:sum", "made_t:sum", "duration_minutes:avg", "spread_minutes:avg", "failed_percent:avg", "__count")
        [(planned, made, duration, spread, failed, count)] = self.figures(*names)
        self.assertAlmostEqual(planned, 5.0)
        self.assertAlmostEqual(made, 4.0)
        self.assertAlmostEqual(duration, mean(took))
        self.assertAlmostEqual(spread, stdev(took))
        self.assertAlmostEqual(failed, 20.0)
        self.assertEqual(count, 5)

    def test_right_first_time(self):
        """Whatever a person had to do about it, it is not."""
        first = self.batches[0]
        for name, value in (
            ("tolerance_state", "warn"), ("tolerance_state", "review"), ("reviewed", True), ("review_needed", True),
            ("resent", True), ("weight_typed", True), ("state", "failed"),
        ):  # fmt: skip
            with self.subTest(name=name, value=value):
                before = first[name]
                self.assertEqual(self.rows()[0].right_percent, 100.0)
                first[name] = value
                self.env.invalidate_all()
                self.assertEqual(self.rows()[0].right_percent, 0.0)
                first[name] = before
                self.env.invalidate_all()
        first.tolerance_state = False  # without limits
        self.assertEqual(self.rows()[0].right_percent, 100.0)

    def alarm(self, kind, since, until, **values):
        dates = {"date_opened": self.at(since), "date_closed": until and self.at(until)}
        return self.env["plc.alarm"].create(
            {"kind": kind, "message": kind, "controller_id": self.controller.id, **dates, **values}
        )

    def test_the_alarm_that_stood_longest(self):
        self.alarm("clock", 45, 50)
        self.assertEqual(self.kinds(), [False, False, False, "clock", False])
        self.alarm("silent", 20, 60)  # of which 20 minutes are of the gap
        self.assertEqual(self.kinds(), [False, False, "silent", "silent", False])
        self.alarm("orders", 70, False, controller_id=False)  # of all PLCs, and still open
        self.assertEqual(self.kinds()[3], "orders")
        other = self.new_controller(name="Another PLC", equipment_ids=[], picking_type_ids=[])
        self.alarm("stuck", 0, 120, controller_id=other.id)
        self.assertEqual(self.kinds()[3], "orders")

    def test_one_that_runs_beside_many(self):
        """While one of them is still made, the PLC does not stand still; of two that begin at once, neither waited."""
        for batch, (start, end) in zip(self.batches, ((0, 200), (10, 20), (50, 60), (230, 240), (230, 250)), strict=True):
            batch.write({"date_started": self.at(start), "date_finished": self.at(end), "holds": []})
        self.assertEqual([row.idle_minutes for row in self.rows().sorted("id")], [0, 0, 0, 30, 0])

    def kinds(self):
        self.env.invalidate_all()
        return [row.idle_kind for row in self.rows()]

    def test_first_seen_when_it_had_ended(self):
        """Nobody knows how long it took, nor when it began."""
        self.batches[1].date_started = self.batches[1].date_finished - timedelta(seconds=1)
        row = self.rows()[1]
        self.assertEqual((row.duration_minutes, row.rate, row.idle_minutes, row.made_t), (0.0, 0.0, 0.0, 0.99))
        [(duration,)] = self.figures("duration_minutes:avg")
        self.assertAlmostEqual(duration, mean((12, 10, 20)))

    def test_units(self):
        """A PLC that weighs in tons."""
        self.batches[0].write({"uom_id": self.env.ref("uom.product_uom_ton").id, "planned_qty": 2.0, "produced_qty": 1.9})
        row = self.rows()[0]
        self.assertAlmostEqual(row.planned_t, 2.0)
        self.assertAlmostEqual(row.made_t, 1.9)

    def test_what_was_never_begun(self):
        """Cancelled before the PLC took it: it is no output. One that failed and has its disposition is."""
        self.batches[0].write({"state": "cancelled", "date_started": False, "date_finished": False})
        self.batches[2].write({"state": "cancelled", "disposition_order": "cancel"})
        self.env.invalidate_all()
        self.assertEqual(self.rows().batch_id, self.batches[1:])
        self.assertEqual(self.rows()[1].outcome, "failed")

    def test_one_day_of_a_long_history(self):
        """PostgreSQL finds the batch before by the index, whatever lies before."""
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = self.env["plc.output"]._search([("date", ">=", self.at(0))]).select()
        self.env.cr.execute("EXPLAIN " + self.env.cr.mogrify(query.code, query.params).decode())
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        self.assertIn("mo_batch_started_idx", plan)
