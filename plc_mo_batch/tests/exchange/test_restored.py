"""A database that was restored from a backup: the PLC made orders since, which the database has in line again."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestRestored(MillCase):
    second_job = 2  # the number of the second job that the PLC is given

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
        (second | third).plc_withheld = True
        self.make(first)
        (second | third).plc_withheld = False
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
        """Not even what the PLC does not show any more: nothing in line is sent."""
        second, third = self.restored_with_orders_that_were_made()
        fourth = self.new_order()
        self.run_task(1)
        self.exchange_for_long()
        self.assertEqual(self.taken()[1:], [second.name, third.name], "each once")
        batches = self.queue()
        self.assertEqual(batches.mapped("state"), ["queued"] * 3)
        for batch, order in zip(batches, second | third, strict=False):
            self.assertIn(f"The PLC is ahead of this database: order {order.name} is in slot {batch.slot}", batch.attention)
            self.assertEqual(len(batch.journal_ids.filtered(lambda line: line.kind == "anomaly")), 1, "told once")
        self.assertFalse(batches[2].attention, f"{fourth.name} only waits")

    def test_a_person_compares_and_goes_on(self):
        second, third = self.restored_with_orders_that_were_made()
        fourth = self.new_order()
        self.run_task(1)
        self.run_task(2)
        first, other, new = self.queue()
        with self.assertRaisesRegex(UserError, "its PLC is not ahead of this database"):
            new.action_go_on()
        (first | other).action_cancel()
        self.run_task(2)
        self.go_on_where_numbers_tell(new)
        self.run_plc(self.plc, 1)
        for number in (2, 3, 2):
            self.run_task(number)
        self.assertEqual(fourth.state, "done")
        self.assertEqual(self.taken()[1:], [second.name, third.name, fourth.name])

    def go_on_where_numbers_tell(self, batch):
        """What the PLC made may be more than it still shows: its job number says so."""
        self.assertIn("ahead of this database: it took job 3 (slot 2), but", batch.attention)
        self.assertRecordValues(self.controller, [{"last_job": 1, "shown_job": 3}])
        batch.action_go_on()
        self.assertFalse(batch.attention)
        self.assertEqual(self.controller.last_job, 3)

    def test_what_the_plc_still_makes_is_taken_up(self):
        """The PLC runs what the restored database has in line: once a person has looked, it is that batch."""
        order = self.new_order()
        self.back_up()
        self.run_task(1)
        self.run_task(2)
        self.plc.step(1)
        self.run_task(2)
        self.assertEqual(self.queue().state, "running")
        self.restore()
        self.run_task(1)
        self.run_task(2)
        self.assertIn("never handed over from here", self.queue().attention)
        self.queue().action_go_on()
        self.taken_up(order)

    def taken_up(self, order):
        """Its number is not ours: it is let end at the PLC, booked by hand, and its slot released."""
        self.run_task(2)
        self.assertEqual((self.queue().state, self.taken()), ("queued", [order.name]))
        self.assertIn("does not belong to any batch", self.queue().attention)

    def test_a_new_database_at_a_plc_with_a_past(self):
        self.back_up()
        self.make(self.new_order())
        self.restore()
        order = self.new_order()
        self.make(order)
        self.assertEqual(self.history().job_number, self.second_job, "above what the PLC shows")


@tagged("post_install", "-at_install")
class TestRestoredFlags(TestRestored):
    """What gives it away with flags are the names of the last orders."""

    handshake = "flags"
    second_job = 0  # there are no numbers

    def go_on_where_numbers_tell(self, batch):
        self.assertEqual(batch.state, "offered", "there are no numbers")

    def taken_up(self, order):
        self.run_task(2)
        self.assertEqual(self.queue().state, "running", "slot and order name are all there is: it is ours")
        self.run_plc(self.plc, 1)
        for number in (2, 3):
            self.run_task(number)
        self.assertEqual((order.state, self.taken()), ("done", [order.name]))
