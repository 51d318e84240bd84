"""Orders are merged, split or closed at the very moment at which a batch of one is queued or handed over: two real transactions,
in both orders of their commits. Whichever is second fails to serialize; Odoo tries it again, and then it sees what was first."""

from contextlib import contextmanager

from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import CommittedMillCase


@tagged("post_install", "-at_install")
class TestDoorsRace(CommittedMillCase):
    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            plc = env["plc.controller"].browse(self.mill_id)
            self.addCleanup(self.limit_queue, plc.batch_limit)
        self.limit_queue(2)
        self.new_orders()
        self.addCleanup(self.forget)

    def limit_queue(self, limit):
        with self.transaction() as env:
            env["plc.controller"].browse(self.mill_id).batch_limit = limit

    def new_orders(self):
        with self.transaction() as env:
            plc = env["plc.controller"].browse(self.mill_id)
            known = env["mrp.production"].search([("picking_type_id", "in", plc.picking_type_ids.ids)], limit=1)
            orders = known.copy({"product_qty": 1000.0}) | known.copy({"product_qty": 1000.0})
            orders.action_confirm()
            orders.plc_first = True
            self.order_ids = orders.ids

    def forget_batches(self):
        with self.transaction() as env:
            env.cr.execute("DELETE FROM mo_batch_journal WHERE controller_id = %s", [self.mill_id])
            env.cr.execute("DELETE FROM mo_batch WHERE controller_id = %s", [self.mill_id])
            env.cr.execute("DELETE FROM ir_cron_trigger")

    def forget(self):
        self.forget_batches()
        with self.transaction() as env:
            mine = env["mrp.production"].browse(self.order_ids)
            merged = env["mrp.production"].search([("origin", "=", ",".join(sorted(mine.mapped("name"))))])
            (mine | merged | mine.production_group_id.production_ids).unlink()

    @contextmanager
    def transaction(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    @contextmanager
    def begun(self):
        """A transaction that has its picture of the data already, from before what happens next."""
        with self.transaction() as env:
            env.cr.execute("SELECT count(*) FROM mo_batch")
            yield env

    # What people do

    def merge(self, env):
        env["mrp.production"].browse(self.order_ids).action_merge()

    def split(self, env):
        order = env["mrp.production"].browse(self.order_ids[0])
        order._split_productions({order: [500.0, 500.0]})

    def close(self, env):
        env["mrp.production"].browse(self.order_ids[0]).action_cancel()

    # What the tasks do

    def fill(self, env):
        env["plc.task.fill"]._fill(env["plc.controller"].browse(self.mill_id))

    def hand_over(self, env):
        batch = self.batch(env).try_lock_for_update(allow_referencing=True)
        if batch.state == "queued":
            batch._advance("sending", 0.0, {})
            batch._advance("offered", 0.0, {})

    def batch(self, env):
        return env["mo.batch"].with_context(active_test=False).search([("production_id", "=", self.order_ids[0])])

    def overtaken(self, env, do):
        with self.assertRaises(TransactionRollbackError), mute_logger("odoo.sql_db"):
            do(env)
            env.flush_all()
        env.cr.rollback()
        env.invalidate_all()

    def test_handed_over_while_it_is_merged_split_or_closed(self):
        with self.transaction() as env:
            self.fill(env)
        for door in (self.merge, self.split, self.close):
            with self.subTest(door.__name__), self.begun() as person:
                with self.transaction() as exchange:
                    self.hand_over(exchange)
                self.overtaken(person, door)
                if door == self.close:
                    door(person)
                    self.assertEqual(self.batch(person).state, "cancelling", "what was offered is withdrawn")
                else:
                    with self.assertRaisesRegex(UserError, "is offered"):
                        door(person)
                person.cr.rollback()
                with self.transaction() as again:
                    self.batch(again)._set_state("queued", date_offered=False)

    def test_merged_split_or_closed_while_it_is_handed_over(self):
        for door in (self.split, self.close, self.merge):
            with self.transaction() as env:
                self.fill(env)
            with self.subTest(door.__name__), self.begun() as exchange:
                with self.transaction() as person:
                    door(person)
                self.overtaken(exchange, self.hand_over)
                self.hand_over(exchange)
                self.assertEqual(self.batch(exchange).mapped("state"), ["cancelled"])
                exchange.cr.rollback()
            self.forget()
            self.new_orders()

    def test_queued_while_it_is_merged_split_or_closed(self):
        """Who merges does not see the batch yet: it would be sent, and the merged order made once more."""
        for door in (self.merge, self.split, self.close):
            with self.subTest(door.__name__), self.begun() as person:
                with self.transaction() as task:
                    self.fill(task)
                    queued = self.batch(task)
                    self.assertEqual(queued.state, "queued")
                self.overtaken(person, door)
                door(person)
                self.assertEqual(self.batch(person).state, "cancelled")
                person.cr.rollback()
            self.forget_batches()

    def test_merged_split_or_closed_while_it_is_queued(self):
        for door in (self.split, self.close):
            with self.subTest(door.__name__), self.begun() as task:
                with self.transaction() as person:
                    door(person)
                self.overtaken(task, self.fill)
            self.forget()
            self.new_orders()
