"""Rule 3 with real transactions: two fills that begin at the same moment."""

import threading

from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import CommittedMillCase


@tagged("post_install", "-at_install")
class TestFillRace(CommittedMillCase):
    ROUNDS = 5

    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget_batches)

    def forget_batches(self):
        self.delete_of_mill("mo_batch_journal", "mo_batch")
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM ir_cron_trigger")

    def fill(self, barrier, filled):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cr.execute("SELECT count(*) FROM mo_batch")  # the snapshot is taken: both see an empty queue
            barrier.wait()
            env["plc.task.fill"]._work()
            cr.execute("SELECT count(*) FROM mo_batch WHERE controller_id = %s AND active", [self.mill_id])
            filled.append(cr.fetchone()[0])

    def batches(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT count(*), count(DISTINCT production_id), count(DISTINCT slot) FROM mo_batch WHERE controller_id = %s",
                [self.mill_id],
            )
            return cr.fetchone()

    def at_once(self, fill, *arguments):
        """Two fills that begin at the same moment: what each appended to the list that both are given."""
        barrier, filled = threading.Barrier(2), []
        threads = [threading.Thread(target=fill, args=(barrier, filled, *own)) for own in arguments]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(len(filled), 2, "a fill ended with an exception")
        return filled

    def test_one_fills_and_the_other_does_nothing(self):
        for _round in range(self.ROUNDS):
            self.at_once(self.fill, (), ())
            self.assertEqual(self.batches(), (10, 10, 10))
            self.forget_batches()

    def test_two_plcs_share_the_same_orders(self):
        """Both make orders of the same operation type, in batches of 400 kg: together they make no more than each order."""
        with self.registry.cursor() as cr:
            mill = api.Environment(cr, SUPERUSER_ID, {})["plc.controller"].browse(self.mill_id)
            second = mill.copy({"name": "Second mill", "host": "192.0.2.1", "commissioned": True})
            for silo in mill.equipment_ids:
                silo.copy({"controller_id": second.id})
            (mill | second).max_batch_qty = 400.0
            second_id = second.id
        self.addCleanup(self.forget_second, second_id)
        for _round in range(self.ROUNDS):
            filled = self.at_once(self.fill_alone, (self.mill_id,), (second_id,))
            self.assertTrue(any(filled))
            self.assertFalse(self.overbooked())
            self.forget_shares([self.mill_id, second_id])

    def fill_alone(self, barrier, filled, controller_id):
        """One PLC's part of a fill, as Task 1 does it; committed at the end of its cursor."""
        try:
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                cr.execute("SELECT count(*) FROM mo_batch")
                barrier.wait()
                count = len(env["plc.task.fill"]._fill(env["plc.controller"].browse(controller_id)))
        except TransactionRollbackError:
            count = 0
        filled.append(count)

    def overbooked(self):
        """Orders of which batches make more than they are, or of which one part is made twice."""
        with self.registry.cursor() as cr:
            cr.execute(
                """
                SELECT production.name FROM mo_batch batch JOIN mrp_production production ON production.id = production_id
                 WHERE batch.active GROUP BY production.id
                HAVING sum(order_qty) > product_qty + 0.001 OR count(*) > count(DISTINCT part)
                """
            )
            return cr.fetchall()

    def forget_shares(self, controller_ids):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM mo_batch_journal WHERE controller_id = ANY(%s)", [controller_ids])
            cr.execute("DELETE FROM mo_batch WHERE controller_id = ANY(%s)", [controller_ids])
            cr.execute("UPDATE mrp_production SET plc_part_count = 0, plc_plan_count = 0, plc_reason = NULL")

    def forget_second(self, second_id):
        self.forget_shares([self.mill_id, second_id])
        with self.registry.cursor() as cr:
            cr.execute("UPDATE plc_controller SET max_batch_qty = 0 WHERE id = %s", [self.mill_id])
            cr.execute("DELETE FROM plc_controller WHERE id = %s", [second_id])
