"""The curve of each dose: kept beside the amounts of a PLC that is polled live, and never in their way."""

from datetime import timedelta
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.exchange import plc_task_exchange
from ...models.exchange.noted_amounts import NotedAmounts
from ...plc.curve import MOST, points
from .test_watched import WatchCase

SECONDS = 10


class CurveCase(WatchCase):
    """A batch that the PLC begins, and that Odoo looks at every ten seconds."""

    def setUp(self):
        super().setUp()
        self.patch(plc_task_exchange, "LIVE_SECONDS", 0.0)  # one look a run
        self.controller.poll_interval = 1.0
        self.batch.date_offered -= timedelta(minutes=1)  # the PLC had its settle time
        self.plc.step(1)
        self.run_task(2)
        self.assertEqual(self.batch.state, "running")
        self.line = self.batch.line_ids.filtered(lambda line: line.code == 101)

    def looks(self, number=1, step=SECONDS):
        for _look in range(number):
            self.batch.date_started -= timedelta(seconds=SECONDS)
            self.plc.step(step)
            self.run_task(2)

    def drawn(self, code=101):
        return points(self.batch.line_ids.filtered(lambda line: line.code == code).curve or "")


@tagged("post_install", "-at_install")
class TestCurves(CurveCase):
    def test_grows_with_the_amounts(self):
        """One point a look that shows something new, whichever of the two ways stores it."""
        self.looks(3)
        with patch.object(NotedAmounts, "note", return_value=False):
            self.looks(2)
        found = self.drawn()
        self.assertEqual(found[0], (0, 0.0))
        self.assertEqual(found, sorted(found))
        self.assertAlmostEqual(found[-1][1], self.line.actual_qty, delta=0.01)
        self.assertAlmostEqual(found[-1][0], 5 * SECONDS, delta=5)
        self.looks(3, step=0)
        self.assertEqual(self.drawn(), found, "the amount stands still")

    def test_to_the_end(self):
        """Each silo's, one after the other; what is added by hand has none."""
        self.looks(80)
        self.assertEqual(self.batch.state, "completed")
        for line in self.batch.line_ids:
            found = points(line.curve or "")
            with self.subTest(line.product_id.name):
                self.assertLessEqual(len(found), MOST)
                self.assertEqual(bool(found), bool(line.code))
                if line.code:
                    self.assertAlmostEqual(found[-1][1], line.actual_qty, delta=0.01)
        begins = [next(at for at, kg in self.drawn(code) if kg) for code in (101, 102)]
        self.assertLess(*begins)
        before = self.line.curve
        self.run_task(3)
        self.assertEqual((self.batch.state, self.line.curve), ("done", before))
        self.assertEqual(self.batch.curves["missing"], "")
        self.assertEqual(len(self.batch.curves["doses"]), 3)

    def test_falls_are_drawn_and_decide_nothing(self):
        self.looks(4)
        fallen = self.line.actual_qty
        self.put_kg(3.0)
        self.run_task(2)
        self.assertTrue(self.batch.watch_needed)
        found = self.drawn()
        self.batch.action_add_fallen()
        self.assertEqual(self.drawn(), found, "a person's decision is no look")
        self.assertGreater(self.line.actual_qty, fallen - 3.0)

    def test_what_people_enter_is_not_drawn(self):
        self.looks(2)
        found = self.drawn()
        self.put(0, 9)  # the slot is rejected
        self.looks()
        self.assertTrue(self.batch.attention)
        self.assertEqual(self.drawn(), found, "nor what is not believed")
        amounts = [[line.code, line.planned_qty] for line in self.batch.line_ids if line.code]
        self.batch.action_enter_amounts(amounts, "As the scale's printer says")
        self.assertEqual(self.line.actual_qty, self.line.planned_qty)
        self.assertEqual(self.drawn(), found)

    def test_a_given_up_batch_keeps_it(self):
        self.looks(3)
        found = self.drawn()
        self.plc.lose_memory()
        self.run_task(2)
        self.batch.action_give_up()
        self.assertEqual(self.batch.state, "failed")
        self.assertEqual(self.drawn(), found)
        self.assertTrue(self.batch.curves["doses"])

    def test_a_clock_that_is_set_back(self):
        self.looks(3)
        last = self.drawn()[-1][0]
        self.batch.date_started += timedelta(hours=1)
        self.plc.step(SECONDS)
        self.run_task(2)
        self.assertEqual(self.drawn()[-1][0], last)
        self.assertAlmostEqual(self.drawn()[-1][1], self.line.actual_qty, delta=0.01)

    def test_outside_the_recipe(self):
        self.batch._store_actuals([103], [7.0], 20.0)
        line = self.batch.line_ids.filtered(lambda line: line.code == 103)
        self.assertEqual(points(line.curve), [(20, 7.0)])

    def test_why_there_is_none(self):
        """(what is so) -> the sentence."""
        self.assertIn("not seen an amount change", self.batch.curves["missing"])
        for values, words in (
            ({"date_started": False}, "has not begun"),
            ({"state": "failed"}, "did not watch"),
        ):
            with self.subTest(words), self.env.cr.savepoint() as savepoint:
                self.batch.write(values)
                self.batch.invalidate_recordset()
                self.assertIn(words, self.batch.curves["missing"])
                savepoint.rollback()
            self.env.invalidate_all()
        self.controller.poll_interval = 0.0
        self.looks(3)
        self.batch.invalidate_recordset()
        self.assertGreater(self.line.actual_qty, 0.0)
        self.assertIn("not polled live", self.batch.curves["missing"])

    def test_no_query_more(self):
        """The column goes with the UPDATE of the amount, and is read with it."""
        found = {0.0: [], 1.0: []}
        execute = Cursor.execute

        def count(cr, query, *args, **options):
            found[interval].append(query.code if isinstance(query, SQL) else str(query))
            return execute(cr, query, *args, **options)

        self.looks(2, step=2)
        for interval in found:
            self.controller.poll_interval = interval
            self.looks(2, step=2)
            self.env.flush_all()
            self.env.invalidate_all()
            found[interval].clear()
            self.plc.step(2)
            with patch.object(Cursor, "execute", count):
                self.run_task(2)
                self.env.flush_all()
        without, live = ([query[:60] for query in queries if "mo_batch" in query] for queries in found.values())
        self.assertIn('UPDATE "mo_batch_line"', " ".join(live))
        self.assertEqual(live, without)
