"""How many queries a task sends for a PLC and for each batch. A feature that needs more says so here, with its reason."""

from contextlib import contextmanager
from datetime import timedelta

from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.exchange import last_looks
from ..common import MillCase

FEW, MANY = 2, 8  # batches
OURS = ("SAVEPOINT", "RELEASE")  # no table is touched
# task -> (queries for a PLC with its run, more for each batch)
MOST = {
    "fill": (75, 2),
    "download": (90, 0),
    "look": (53, 0),  # three of them to remember that it found nothing
    "amounts": (45, 0),  # of a batch that runs, and nothing else: nearly all of it for all PLCs together
    "nothing new": (33, 0),  # 12 of them are the exchange's, for all PLCs together; the others are the scheduled action's
    "write back": (142, 52),
}


@tagged("post_install", "-at_install")
class TestQueryCounts(MillCase):
    def setUp(self):
        super().setUp()
        self.put_in_stock(1_000_000.0, self.wheat, self.soy, self.molasses, self.salt)
        self.queries = []
        execute = Cursor.execute

        def count(cr, query, params=None, log_exceptions=True):
            text = query.code if isinstance(query, SQL) else str(query)
            if not text.lstrip().startswith(OURS):
                self.queries.append(text)
            return execute(cr, query, params, log_exceptions)

        self.patch(Cursor, "execute", count)
        self.plc = self.new_simulator()
        self.cycle(1, {})  # whatever is read but once

    @contextmanager
    def counted(self, found, name):
        self.env.flush_all()
        self.env.invalidate_all()
        self.queries.clear()
        yield
        self.env.flush_all()
        found[name] = len(self.queries)

    def cycle(self, batches, found):
        """Queries of each task in a cycle with so many orders, into ``found``."""
        for _number in range(batches):
            self.new_order()
        with self.counted(found, "fill"):
            self.run_task(1)
        self.assertEqual(len(self.queue()), batches)
        with self.counted(found, "download"):
            self.run_task(2)
        self.assertEqual(set(self.queue().mapped("state")), {"offered"})
        self.run_task(2)
        for batch in self.queue():
            batch.date_offered -= timedelta(minutes=1)  # the PLC had its settle time
        self.run_task(2)
        last_looks._KEPT.clear()
        with self.counted(found, "look"):
            self.run_task(2)
        self.controller.last_contact -= timedelta(minutes=1)  # it is written every few seconds only
        with self.counted(found, "nothing new"):
            self.run_task(2)
        self.plc.step(0)
        self.run_task(2)
        for _look in range(2):
            self.plc.step(20)
            with self.counted(found, "amounts"):
                self.run_task(2)
        self.run_plc(self.plc, batches)
        self.assertEqual(set(self.queue().mapped("state")), {"completed"})
        with self.counted(found, "write back"):
            self.run_task(3)
        self.assertFalse(self.queue())

    def test_queries(self):
        few, many = {}, {}
        self.cycle(FEW, few)
        self.cycle(MANY, many)
        for name, (most, most_each) in MOST.items():
            each = (many[name] - few[name]) / (MANY - FEW)
            with self.subTest(name, once=few[name] - FEW * each, each=each):
                self.assertLessEqual(each, most_each)
                self.assertLessEqual(few[name] - FEW * each, most)
