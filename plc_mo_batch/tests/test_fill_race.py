"""Rule 3 with real transactions: two fills that begin at the same moment."""

import threading

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestFillRace(BaseCase):
    """On committed data (the demo mill), because a test's own transaction is seen by nobody else."""

    ROUNDS = 5

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            mill = api.Environment(cr, SUPERUSER_ID, {}).ref("plc_mo_batch.plc_controller_mill", raise_if_not_found=False)
            if not mill:
                self.skipTest("needs the demo data")
            self.mill_id = mill.id
        self.addCleanup(self.forget_batches)

    def forget_batches(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM mo_batch_event WHERE controller_id = %s", [self.mill_id])
            cr.execute("DELETE FROM mo_batch WHERE controller_id = %s", [self.mill_id])
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

    def test_one_fills_and_the_other_does_nothing(self):
        for _round in range(self.ROUNDS):
            barrier, filled = threading.Barrier(2), []
            threads = [threading.Thread(target=self.fill, args=(barrier, filled)) for _number in range(2)]
            with mute_logger("odoo.sql_db"):
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            self.assertEqual(len(filled), 2, "a fill ended with an exception")
            self.assertEqual(self.batches(), (10, 10, 10))
            self.forget_batches()
