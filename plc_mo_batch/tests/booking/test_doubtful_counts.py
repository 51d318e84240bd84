"""A silo is counted between a dose and its reading: whether the dose was gone by then, nobody can tell but who counts again."""

import time
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from psycopg2.extensions import TransactionRollbackError

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.exchange.plc_task_exchange import Conversation
from ...plc.steps import Anomaly
from ...tools.translate import format_number
from . import test_silo_race
from .silo_case import SiloCase

SAID = "was counted while"


class CountCase(SiloCase):
    """A batch is offered to the PLC; 500 kg lie in its silo by the books."""

    def setUp(self):
        super().setUp()
        self.location = self.make_location()
        self.bring(500.0, self.lots["A"], self.location)
        self.quant = self.quant_of(self.location)
        self.plc = self.new_simulator()
        self.batch = self.offered()

    def quant_of(self, location, lot="A"):
        lot = [("lot_id", "=", self.lots[lot].id)]
        return self.env["stock.quant"].search([("location_id", "=", location.id), *lot]).with_context(inventory_mode=True)

    def offered(self):
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        self.look()
        return order.plc_batch_ids

    def look(self):
        self.run_task(2)
        self.env.invalidate_all()

    def dose(self, kilograms):
        """The PLC goes on, unseen, until it has dosed so much from the silo."""
        while self.dosed() < kilograms:
            self.plc.step(0.1)

    def dosed(self):
        batch = self.plc.mill.batch
        return sum(dose.kg(batch.elapsed) for dose in batch.doses if dose.code == 103) if batch else 0.0

    def count(self, kilograms=420.0, quant=None):
        (quant or self.quant).inventory_quantity_auto_apply = kilograms

    def said(self):
        self.env.invalidate_all()
        return (self.batch.remark or "").count(SAID)


@tagged("post_install", "-at_install")
class TestCountedBetweenReadings(CountCase):
    """30 kg from the silo are read, and the PLC goes on."""

    def setUp(self):
        super().setUp()
        self.dose(30.0)
        self.look()

    def test_asked_to_count_again(self):
        before = self.line(self.batch).actual_qty
        self.dose(60.0)
        self.count()
        self.assertTrue(self.silo.counted_at)
        self.look()
        new = format_number(self.env, self.line(self.batch).actual_qty - before, ".2f")
        self.assertIn(f"Silo 103 was counted while {new} kg were dosed from it", self.batch.remark)
        remark = self.batch.remark
        self.dose(80.0)
        self.look()
        self.assertEqual(self.batch.remark, remark, "it was said before")
        self.count(380.0)
        self.dose(90.0)
        self.look()
        self.assertEqual(self.said(), 2)

    def test_twice_between_readings(self):
        self.dose(60.0)
        self.count()
        self.dose(70.0)
        self.count(410.0)
        self.look()
        self.assertEqual(self.said(), 1)

    def test_in_every_way(self):
        """Whatever Odoo counts with: its pages, an import, the API of another program."""
        quants = self.env["stock.quant"].with_context(inventory_mode=True)
        row = {"product_id": self.barley.id, "location_id": self.location.id, "lot_id": self.lots["A"].id}

        def request(date=None):
            self.quant.inventory_quantity = 420.0
            self.quant.action_apply_inventory(date)

        def load():
            names = ["product_id/.id", "location_id/.id", "lot_id/.id", "inventory_quantity"]
            result = quants.load(names, [[str(row["product_id"]), str(row["location_id"]), str(row["lot_id"]), "420"]])
            self.assertFalse(result["messages"])
            self.quant.action_apply_inventory()

        ways = {
            "request": request,
            "of a day": lambda: request(fields.Date.today() - timedelta(days=1)),
            "load": load,
            "create": lambda: quants.create({**row, "inventory_quantity": 420.0}).action_apply_inventory(),
            "on hand": lambda: quants.create({**row, "inventory_quantity_auto_apply": 420.0}),
            "zero": lambda: (self.quant.action_set_inventory_quantity_zero(), self.quant.action_apply_inventory()),
        }
        for way, count in ways.items():
            with self.subTest(way), self.seen_again():
                count()
                self.look()
                self.assertEqual(self.said(), 1)

    @contextmanager
    def seen_again(self):
        """60 kg are dosed, and what becomes of them is undone; the PLC, which is none of the database's, stays where it is."""
        self.dose(60.0)
        with self.env.cr.savepoint() as savepoint:
            yield
            savepoint.rollback()
        self.env.invalidate_all()

    def test_nothing_was_dosed(self):
        """Between the count and the next reading: what is dosed later lay there when it was counted."""
        self.count(470.0)
        self.look()
        self.dose(60.0)
        self.look()
        self.assertFalse(self.batch.remark)

    def test_nothing_is_believed_meanwhile(self):
        """The PLC is read, but not the batch: it is still not known what was dosed by the time of the count."""
        self.dose(60.0)
        first = 6000
        words = self.plc.mill.memory[first : first + 100]
        self.plc.mill.memory[first : first + 100] = [9999] * 100
        self.count()
        self.look()
        self.assertEqual(self.said(), 0)
        self.controller.last_contact += timedelta(seconds=9)
        self.look()
        self.plc.mill.memory[first : first + 100] = words
        self.look()
        self.assertEqual(self.said(), 1)

    def test_the_batch_was_busy_when_it_was_read(self):
        def busy(conversation, _steps):
            conversation.put_off = True
            return set()

        self.dose(60.0)
        self.count()
        with patch.object(Conversation, "_lock", busy):
            self.look()
        self.controller.last_contact += timedelta(seconds=9)
        self.assertEqual(self.said(), 0)
        self.look()
        self.assertEqual(self.said(), 1)

    def test_read_before_it_was_counted(self):
        """The answer is older than the count, and stored after it: what is dosed until the count comes with the next one."""
        self.count()
        self.batch._remark_counts([103], [60.0], time.time() - 60)
        self.assertEqual(self.said(), 1)
        self.assertTrue(self.batch.unread_counts)
        self.batch._store_actuals([103], [60.0])
        self.batch._remark_counts([103], [60.0], time.time() + 1)
        self.assertEqual((self.said(), self.batch.unread_counts), (1, False))

    def test_the_clock_was_set_back(self):
        self.dose(60.0)
        self.count()
        self.batch.unread_counts = {silo: at + 3600 for silo, at in self.batch.unread_counts.items()}
        self.look()
        self.dose(80.0)
        self.look()
        self.assertEqual(self.said(), 1)

    def test_polled_live(self):
        """Amounts that are noted are not stored over a count."""
        self.controller.poll_interval = 0.01
        self.dose(40.0)
        looked = []
        live = Conversation._live_again

        def count_in_between(conversation, last):
            looked.append(True)
            if len(looked) == 2:
                self.count()
            self.dose(self.dosed() + 1)
            conversation.live_until = 0.0 if len(looked) > 4 else conversation.live_until
            return live(conversation, last)

        self.patch(Conversation, "_live_again", count_in_between)
        for _run in range(3):
            self.look()
        self.assertTrue(looked)
        self.assertEqual(self.said(), 1)

    def test_another_silo(self):
        self.dose(60.0)
        elsewhere = self.new_silo(105, self.barley, location_id=self.silo.location_id.copy({"name": "Elsewhere"}).id)
        self.bring(100.0, self.lots["B"], elsewhere.location_id)
        self.count(90.0, self.quant_of(elsewhere.location_id, "B"))
        self.look()
        self.assertTrue(elsewhere.counted_at)
        self.assertFalse(self.silo.counted_at)
        self.assertFalse(self.batch.remark)

    def test_a_place_in_the_silo(self):
        self.dose(60.0)
        inside = self.location.copy({"name": "Cone", "location_id": self.location.id})
        self.bring(10.0, self.lots["A"], inside)
        self.count(5.0, self.quant_of(inside))
        self.look()
        self.assertEqual(self.said(), 1)

    def test_a_silo_below(self):
        """Of the store, which is a silo's place, too, nothing was counted."""
        self.silo.location_id = self.location.location_id
        below = self.new_silo(105, self.barley, location_id=self.location.id)
        self.look()
        self.dose(60.0)
        self.count()
        self.look()
        self.assertTrue(below.counted_at)
        self.assertFalse(self.silo.counted_at)
        self.assertEqual(self.said(), 0)

    def test_another_product_there(self):
        self.dose(60.0)
        self.env["stock.quant"]._update_available_quantity(self.wheat, self.location, 20.0)
        quant = self.env["stock.quant"].search([("location_id", "=", self.location.id), ("product_id", "=", self.wheat.id)])
        self.count(10.0, quant.with_context(inventory_mode=True))
        self.look()
        self.assertEqual(self.said(), 0)

    def test_an_empty_silo(self):
        """Nothing lies there by the books, or less than nothing."""
        self.env["stock.quant"]._update_available_quantity(self.barley, self.location, -500.0, lot_id=self.lots["A"])
        self.dose(60.0)
        row = {"product_id": self.barley.id, "location_id": self.location.id, "lot_id": self.lots["A"].id}
        quants = self.env["stock.quant"].with_context(inventory_mode=True)
        quants.create({**row, "inventory_quantity": 50.0}).action_apply_inventory()
        self.assertEqual(self.silo.level, 50.0)
        self.look()
        self.assertEqual(self.said(), 1)

    def test_silo_of_two_plcs(self):
        """Each may have dosed from it."""
        other = self.controller.copy({"name": "Other", "port": 1502, "enabled": False})
        silo = self.env["plc.equipment"].create(
            {"name": "Bin", "code": 7, "controller_id": other.id, "product_ids": self.barley.ids, "location_id": self.location.id}
        )
        batch = self.batch.copy({"controller_id": other.id, "production_id": self.new_order(bom_id=self.lot_bom.id).id})
        batch.write({"state": "running", "slot": 1})
        self.env["mo.batch.line"].create({"batch_id": batch.id, "code": 7, "product_id": self.barley.id, "planned_qty": 100.0})
        self.assertFalse(batch.unread_counts, "a copy knows of no count")
        self.dose(60.0)
        self.count()
        batch._remark_counts([7], [12.0], 0.0)
        self.look()
        self.assertIn(f"{silo.name} was counted while 12.00 kg", batch.remark)
        self.assertEqual(self.said(), 1)

    def test_silo_is_gone(self):
        self.dose(60.0)
        self.count()
        self.batch.unread_counts = {**self.batch.unread_counts, "999999999": 1.0}
        self.look()
        self.assertEqual((self.said(), self.batch.unread_counts), (1, False))

    def test_amounts_that_a_person_enters(self):
        """What the PLC says is not believed; the silo is counted, and then a person says what was dosed."""
        for ended in (False, True):
            with self.subTest(ended=ended), self.env.cr.savepoint() as savepoint:
                self.batch._record_anomaly(Anomaly("rejected", "word 17", ()))
                if ended:
                    self.batch._end_as_entered("completed", 0.0)
                self.count()
                self.batch._store_entered([(101, 600.0), (103, 99.5)], "Scale")
                self.assertEqual(self.said(), 1)
                self.assertFalse(self.batch.unread_counts)
                savepoint.rollback()
            self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestCountedBeforeTaken(CountCase):
    def test_before_the_plc_took_it(self):
        """It was looked at, and had not taken the batch: what it dosed then lay there when the silo was counted."""
        self.assertEqual(self.batch.state, "offered")
        self.count(400.0)
        self.assertTrue(self.batch.unread_counts)
        self.look()
        self.assertFalse(self.batch.unread_counts)
        self.dose(30.0)
        self.look()
        self.assertEqual((self.batch.state, self.batch.remark), ("running", False))

    def test_taken_unseen(self):
        """It was offered when it was read last; then the PLC took it, and the silo was counted while it dosed."""
        self.dose(30.0)
        self.count(380.0)
        self.look()
        self.assertEqual(self.said(), 1)


@tagged("post_install", "-at_install")
class TestCountRace(test_silo_race.TestSiloRace):
    """The silo, in which 100 kg lay before 30 were dosed, is counted at the very moment at which the PLC is read, or the batch is
    booked: two real transactions."""

    test_filled_while_it_is_booked = test_filled_with_another_lot_while_it_is_booked = test_booked_while_it_is_filled = None

    def end(self, batch):
        batch._advance("sending", 0.0, {})
        batch._advance("offered", 0.0, {})
        batch._advance("running", 0.0, {})
        batch._store_actuals([batch.line_ids[:1].code], [30.0])

    def forget(self):
        with self.transaction() as env:
            product = [self.product_id]
            env.cr.execute("DELETE FROM stock_move_line WHERE product_id = %s", product)
            env.cr.execute("DELETE FROM stock_move WHERE product_id = %s AND is_inventory", product)
        return super().forget()

    def count(self, env):
        quant = env["stock.quant"].search([("product_id", "=", self.product_id), ("location_id.usage", "=", "internal")], limit=1)
        quant.with_context(inventory_mode=True).inventory_quantity_auto_apply = 60.0
        env.flush_all()

    def see(self, env):
        batch = env["mo.batch"].browse(self.batch_id).try_lock_for_update(allow_referencing=True)
        code = batch.line_ids[:1].code
        batch._remark_counts([code], [50.0], 2.0**40)
        batch._store_actuals([code], [50.0])
        env.flush_all()

    def both(self, first, second):
        """The second has its picture of the data from before the first, and begins anew if it must.

        :return: whether it had to
        """
        with self.transaction() as late:
            late.cr.execute("SELECT count(*) FROM stock_quant")
            with self.transaction() as early:
                first(early)
            try:
                second(late)
            except TransactionRollbackError:
                late.cr.rollback()
                late.invalidate_all()
                second(late)
                return True
        return False

    def test_counted_and_read(self):
        for first, second, remarks, quantity in ((self.see, self.count, 0, 110.0), (self.count, self.see, 1, 90.0)):
            with self.subTest(first.__name__), mute_logger("odoo.sql_db"):
                self.assertTrue(self.both(first, second))
                with self.transaction() as env:
                    batch = env["mo.batch"].browse(self.batch_id)
                    self.assertEqual((batch.remark or "").count(SAID), remarks)
                    self.assertEqual(self.held(env), {"A": quantity})
                    quants = env["stock.quant"].search([("product_id", "=", self.product_id)])
                    quants.filtered(lambda quant: quant.location_id.usage == "internal").quantity = 100.0
                    batch._store_actuals([batch.line_ids[:1].code], [30.0])

    def test_counted_and_booked(self):
        """What is booked was known when it was counted, in whatever order: 60 kg lie there then."""
        with self.transaction() as env:
            test_silo_race.TestSiloRace.end(self, env["mo.batch"].browse(self.batch_id))
        with mute_logger("odoo.sql_db"):
            self.both(self.book, self.count)
        with self.transaction() as env:
            self.assertEqual(sum(self.held(env).values()), 60.0)

    def test_booked_and_counted(self):
        with self.transaction() as env:
            test_silo_race.TestSiloRace.end(self, env["mo.batch"].browse(self.batch_id))
        with mute_logger("odoo.sql_db"):
            self.both(self.count, self.book)
        with self.transaction() as env:
            self.assertEqual(sum(self.held(env).values()), 60.0)
