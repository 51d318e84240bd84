"""A database that was restored from a backup: the PLC made orders since, which the database has in line again."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import MillCase


@tagged("post_install", "-at_install")
class TestRestored(MillCase):
    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()

    def make(self, *orders):
        """Orders from confirmed to done."""
        self.run_task(1)
        self.run_plc(self.plc, len(orders))
        for number in (2, 3, 2):
            self.run_task(number)
        self.assertEqual({order.state for order in orders}, {"done"})

    def back_up(self):
        self.env.flush_all()
        self.env.cr.execute("SAVEPOINT backup")

    def restore(self):
        self.env.flush_all()
        self.env.cr.execute("ROLLBACK TO SAVEPOINT backup")
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()

    def taken(self):
        return [record["order"] for record in self.plc.mill.ledger if record["event"] == "taken"]

    def restored_with_orders_that_were_made(self):
        """One order made before the backup, two after it, of which a restored database knows nothing."""
        first, second, third = (self.new_order() for _order in range(3))
        (second | third).plc_hold = True
        self.make(first)
        (second | third).plc_hold = False
        self.back_up()
        self.make(second, third)
        self.restore()
        self.assertEqual((second.state, third.state), ("confirmed", "confirmed"))
        return second, third

    def exchange_for_long(self):
        for _step in range(20):
            self.run_task(2)
            self.plc.step(30)

    def test_nothing_is_made_twice(self):
        second, third = self.restored_with_orders_that_were_made()
        self.run_task(1)
        self.exchange_for_long()
        self.assertEqual(self.taken()[1:], [second.name, third.name], "each once")
        batches = self.queue()
        self.assertEqual(batches.mapped("state"), ["queued", "queued"])
        self.assertIn("The PLC is ahead of this database: it took job 3 (slot 2)", batches[0].attention)
        self.assertEqual(batches.mapped(lambda batch: bool(batch.attention)), [True, False], "it is asked once")
        self.assertRecordValues(self.controller, [{"last_job": 1, "shown_job": 3}])
        self.assertEqual(len(batches[0].event_ids.filtered(lambda event: event.kind == "anomaly")), 1)

    def test_a_person_compares_and_goes_on(self):
        second, third = self.restored_with_orders_that_were_made()
        fourth = self.new_order()
        self.run_task(1)
        self.run_task(2)
        asks, other, new = self.queue()
        with self.assertRaisesRegex(UserError, "its PLC is not ahead of this database"):
            new.action_go_on()
        other.action_cancel()
        asks.action_cancel()
        self.run_task(2)
        self.assertIn("ahead of this database", new.attention, "now the next one in line asks")
        new.action_go_on()
        self.assertFalse(new.attention)
        self.run_plc(self.plc, 1)
        for number in (2, 3, 2):
            self.run_task(number)
        self.assertEqual((fourth.state, new.job_number), ("done", 4))
        self.assertEqual(self.taken()[1:], [second.name, third.name, fourth.name])

    def test_a_new_database_at_a_plc_with_a_past(self):
        self.back_up()
        self.make(self.new_order())
        self.restore()
        order = self.new_order()
        self.make(order)
        self.assertEqual(self.history().job_number, 2)
