"""Amounts of batches that run are stored for all PLCs at once, the same as by a look that decides everything."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged

from ...models.batch.mo_batch_exchange import MoBatch
from ...models.exchange import last_looks, noted_amounts
from ...models.exchange.noted_amounts import NotedAmounts
from .test_last_looks import LastLookCase

BATCH = ("state", "attention", "on_hold", "command", "finished_weight", "produced_qty", "dosed_qty", "job_number")
LINE = ("sequence", "code", "product_id", "actual_qty", "reported", "deviation_qty", "deviation_percent", "tolerance_state")
FEEDBACK, FAILURE = 6000, 8000  # first registers of slot 1


class RunningCase(LastLookCase):
    """The PLC has taken its batch, and two looks have stored what it has dosed so far."""

    def setUp(self):
        super().setUp()
        self.plc.step(0)
        for _look in range(2):
            self.plc.step(10)
            self.decides()
        self.assertEqual(self.batch.state, "running")

    def amounts(self):
        return self.batch.line_ids.mapped("actual_qty")

    def look(self):
        """(what batch, components and journal are after a look, what is remembered of it)"""
        self.decides()
        return (
            [self.batch[name] for name in BATCH],
            [[line[name] for name in LINE] for line in self.batch.line_ids],
            self.controller.journal_ids.mapped("message"),
            self.plc.mill.memory[7000:7100],
            [(job.state, job.stored, job.recipe) for job in self.kept().jobs] if self.kept() else None,
        )

    def kept(self):
        return last_looks._KEPT.get((self.env.cr.dbname, self.controller.id))

    @contextmanager
    def undone(self):
        kept, memory = self.kept(), list(self.plc.mill.memory)
        savepoint = self.env.cr.savepoint()
        yield
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        last_looks._KEPT[self.env.cr.dbname, self.controller.id] = kept
        self.plc.mill.memory[:] = memory


@tagged("post_install", "-at_install")
class TestNotedAmounts(RunningCase):
    def test_amounts_alone_decide_nothing(self):
        found = []
        for _look in range(3):
            self.plc.step(10)
            self.assertFalse(self.decides())
            found.append(sum(self.amounts()))
        self.assertLess(0, found[0])
        self.assertEqual(found, sorted(set(found)), "each look has stored more")
        self.assertFalse(self.decides(), "nothing at all is new")

    def test_the_same_as_a_whole_look(self):
        """From the first kilogram until the batch is acknowledged."""
        noted = 0
        for _step in range(60):
            self.plc.step(20)
            with self.undone(), patch.object(NotedAmounts, "note", return_value=False):
                whole = self.look()
            self.assertEqual(self.look(), whole)
            noted += not self.digested
            if self.batch.acknowledged:
                break
        self.assertEqual(self.batch.state, "completed")
        self.assertGreater(noted, 5)

    def test_more_than_amounts_is_decided(self):
        """Whatever else the PLC shows, each in turn."""
        shown = self.plc.mill.memory
        lines = self.batch.line_ids.filtered("actual_qty")
        happenings = {
            "another slot number": lambda: shown.__setitem__(FEEDBACK, 9),
            "nothing any more": lambda: self.plc.lose_memory(),
            "an amount fell": lambda: lines.write({"actual_qty": 400.0}),  # as if it had shown so much before
            "a failure": lambda: shown.__setitem__(FAILURE, 1),
        }
        for name, happen in happenings.items():
            with self.subTest(name), self.undone():
                self.plc.step(10)
                happen()
                self.assertTrue(self.decides())

    def test_whatever_is_written_meanwhile(self):
        """Between the look and its storing: the amounts are dropped, and the next look stores them."""
        store, before = NotedAmounts.store, self.amounts()

        def write_first(noted):
            if noted._noted:
                self.controller.tolerance_percent += 1.0
                self.env.flush_all()
            store(noted)

        self.plc.step(30)
        with patch.object(NotedAmounts, "store", write_first):
            self.assertFalse(self.decides())
        self.assertEqual(self.amounts(), before)
        self.assertTrue(self.decides())
        self.assertGreater(self.amounts(), before)
        with patch.object(NotedAmounts, "store", write_first), self.frozen_versions():
            self.plc.step(30)
            before = self.amounts()
            self.assertFalse(self.decides())
        self.assertGreater(self.amounts(), before, "the test depends on the versions")

    @contextmanager
    def frozen_versions(self):
        frozen = {self.controller.id: self.kept().version}
        with (
            patch.object(noted_amounts, "look_versions", lambda env, controllers: frozen),
            patch.object(last_looks, "look_versions", lambda env, controllers: frozen),
        ):
            yield

    def test_a_batch_that_others_work_on(self):
        self.plc.step(30)
        before = self.amounts()
        with patch.object(MoBatch, "try_lock_for_update", lambda batches, **_options: batches.browse(), create=True):
            self.assertFalse(self.decides())
        self.assertEqual(self.amounts(), before)
        self.assertFalse(self.decides())
        self.assertGreater(self.amounts(), before)

    def test_what_cannot_be_stored_together(self):
        """Each PLC is looked at as a whole then, by itself (rule 8)."""
        self.plc.step(30)
        before = self.amounts()
        with patch.object(NotedAmounts, "_stored", side_effect=ValueError("no such thing")):
            self.assertFalse(self.decides())
        self.assertEqual(self.amounts(), before)
        self.assertTrue(self.decides())
        self.assertGreater(self.amounts(), before)
