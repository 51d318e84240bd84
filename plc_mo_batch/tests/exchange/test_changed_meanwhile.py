"""Somebody else changes a row while a task is about to write to it: the task has to hear of it, or it would go on with a
transaction that PostgreSQL has given up."""

import re
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from psycopg2.errors import NotNullViolation, SerializationFailure
from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.common.rule8 import apart
from ..common import CommittedMillCase, MillCase


@tagged("post_install", "-at_install")
class TestChangedMeanwhile(CommittedMillCase):
    """What is on the side, a figure or an activity, looks away from its own failures alone."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            mill = api.Environment(cr, SUPERUSER_ID, {})["plc.controller"].browse(self.mill_id)
            self.addCleanup(self.have_told, mill.responsible_id.id)
            admin_id = mill.env.ref("base.user_admin").id
        self.have_told(admin_id)

    def have_told(self, user_id):
        with self.registry.cursor() as cr:
            cr.execute("UPDATE plc_controller SET responsible_id = %s WHERE id = %s", [user_id or None, self.mill_id])

    def meanwhile(self, do):
        """``do`` something with the PLC on whose row a write waits to be flushed that somebody else has changed."""
        with self.registry.cursor() as cr, mute_logger("odoo.sql_db"):
            mill = api.Environment(cr, SUPERUSER_ID, {})["plc.controller"].browse(self.mill_id)
            mill.last_contact = fields.Datetime.now()
            with self.registry.cursor() as other:
                other.execute("UPDATE plc_controller SET fill_count = fill_count + 1 WHERE id = %s", [self.mill_id])
            try:
                with self.assertRaises(TransactionRollbackError):
                    do(mill)
            finally:
                cr.rollback()

    def test_a_figure_that_is_counted(self):
        self.meanwhile(lambda mill: mill.env["plc.counter"]._add(mill, "requests"))

    def test_a_responsible_who_is_told(self):
        def tell(mill):
            mill.env["plc.failure"].new({"controller_id": mill.id})._tell_responsible("A failure", "It failed")

        self.meanwhile(tell)

    def test_an_alarm_that_is_raised(self):
        def tell(mill):
            alarm = mill.env["plc.alarm"].new({"controller_id": mill.id, "message": "It is silent"})
            alarm._schedule("Silent")

        self.meanwhile(tell)


@tagged("post_install", "-at_install")
class TestBatchChangedMeanwhile(MillCase):
    """The exchange has just changed a batch that Task 3 is about to lock, as it does when it has woken Task 3."""

    def fail_once(self, method):
        """``method``, which fails to serialize when it is called first."""
        calls = []

        def call(*args, **kwargs):
            calls.append(args)
            if len(calls) == 1:
                raise SerializationFailure("could not serialize access due to concurrent update")
            return method(*args, **kwargs)

        batches = self.env.registry["mo.batch"]
        return patch.object(batches, "try_lock_for_update", call)

    def test_it_is_written_back_all_the_same(self):
        order = self.new_order()
        batch = self.complete(order)
        with self.fail_once(self.env.registry["mo.batch"].try_lock_for_update):
            self.run_task(3)
        self.assertEqual((batch.state, order.state), ("done", "done"))

    def test_its_weighings_are_no_longer_waited_for(self):
        self.controller.write({"hand_add_policy": "weighed", "weighing_grace": 10})
        batch = self.complete(self.new_order())
        batch.weighings_until = fields.Datetime.subtract(fields.Datetime.now(), minutes=1)
        with self.fail_once(self.env.registry["mo.batch"].try_lock_for_update):
            self.run_task(3)
        self.run_task(3)
        self.assertFalse(batch.weighings_until)

    def test_batches_that_somebody_else_changes_all_the_time(self):
        """Nothing is booked, and that another run comes soon outlives the rollback."""
        self.complete(self.new_order())
        asked = [("cron_id", "=", self.env.ref("plc_mo_batch.ir_cron_task_3").id)]
        self.env["ir.cron.trigger"].search(asked).unlink()
        begin = fields.Datetime.now()
        overtaken = SerializationFailure("concurrent update")
        with patch.object(self.env.registry["mo.batch"], "try_lock_for_update", side_effect=overtaken):
            self.run_task(3)
        self.assertEqual(self.queue().state, "completed")
        calls = self.env["ir.cron.trigger"].search(asked).mapped("call_at")
        self.assertGreaterEqual(max(calls), begin + timedelta(minutes=1))

    def test_it_fails_and_cannot_even_say_so(self):
        """The others are written back, and it is tried again."""
        bad, good = self.complete(self.new_order(), self.new_order())
        bad.line_ids[0].reported = False
        with patch.object(self.env.registry["mo.batch"], "_record_error", side_effect=SerializationFailure("concurrent update")):
            self.run_task(3)
        self.assertEqual((bad.state, good.state, bad.attempts), ("completed", "done", 0))
        self.run_task(3)
        self.assertEqual(bad.attempts, 1)


@tagged("post_install", "-at_install")
class TestApart(MillCase):
    """What fails is undone and kept; but not a transaction that PostgreSQL gave up."""

    def attempt(self, error, **options):
        self.controller.name = "Before"
        with apart(self.env, **options) as attempt:
            self.controller.name = "Meanwhile"
            self.env.flush_all()
            if error:
                raise error
        return attempt

    def test_what_succeeds_stays(self):
        self.assertIsNone(self.attempt(None).error)
        self.assertEqual(self.controller.name, "Meanwhile")

    def test_what_fails_is_undone_and_kept(self):
        error = ValueError("broken")
        self.assertIs(self.attempt(error).error, error)
        self.assertEqual(self.controller.name, "Before")

    def test_what_fails_when_it_is_flushed_is_undone_too(self):
        with mute_logger("odoo.sql_db"), apart(self.env) as attempt:
            self.controller.name = False
        self.assertIsInstance(attempt.error, NotNullViolation)
        self.assertEqual(self.controller.name, "Test PLC")

    def test_what_goes_on_to_the_caller(self):
        for error, options in ((SerializationFailure("changed"), {}), (KeyError("mine"), {"through": (KeyError,)})):
            with self.assertRaises(type(error)):
                self.attempt(error, **options)

    def test_nobody_writes_that_shape_by_hand(self):
        by_hand = re.compile(r"except \(?TransactionRollbackError[^:]*:\s+raise\b")
        models = Path(__file__).resolve().parents[2] / "models"
        found = [path.name for path in sorted(models.rglob("*.py")) if by_hand.search(path.read_text("utf-8"))]
        self.assertEqual(found, ["rule8.py"])
