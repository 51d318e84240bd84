"""Two people, or a person and a task, at the same moment and the same silo: two real transactions. The second one begins anew and
sees the first; Odoo does that by itself for buttons, RPC calls and tasks."""

from contextlib import suppress

from psycopg2.extensions import TransactionRollbackError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ...plc.steps import Anomaly
from . import test_silo_race


@tagged("post_install", "-at_install")
class TestSiloStrangersRace(test_silo_race.TestSiloRace):
    """100 kg of lot A below 400 kg of lot B, and two batches of 150 kg each. The first has ended, and what the PLC shows of
    it has changed since."""

    orders = 2
    test_filled_while_it_is_booked = test_filled_with_another_lot_while_it_is_booked = test_booked_while_it_is_filled = None

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.fill(env, 1, 400.0)
            batch = env["mo.batch"].browse(self.batch_id)
            batch._record_anomaly(Anomaly("changed", "word 17", ()))
            self.code = self.line(batch).code

    def forget(self):
        """What a count moved, too."""
        with self.transaction() as env:
            for table in ("stock_move_line", "stock_move"):
                env.cr.execute(SQL("DELETE FROM %s WHERE product_id = %s", SQL.identifier(table), self.product_id))
        return super().forget()

    def line(self, batch):
        return batch.line_ids.filtered(lambda line: line.product_id.id == self.product_id)

    def enter(self, env, kilograms):
        env["mo.batch"].browse(self.batch_id).action_enter_amounts([(self.code, kilograms)], "Scale printout")
        env.flush_all()

    def end_other(self, env):
        self.end(env["mo.batch"].browse(self.other_ids))
        env.flush_all()

    def move_silo(self, env):
        silo = env["plc.equipment"].browse(self.silo_id)
        silo.location_id = silo.location_id.copy({"name": "Bin 3", "location_id": silo.location_id.location_id.id})
        env.flush_all()

    def archive_silo(self, env):
        silo = env["plc.equipment"].browse(self.silo_id)
        silo.active = False
        env.flush_all()

    def count(self, env):
        quants = env["stock.quant"].search([("product_id", "=", self.product_id), ("lot_id", "=", self.lot_ids[1])])
        quants.with_context(inventory_mode=True).inventory_quantity_auto_apply = 390.0
        env.flush_all()

    def begun_anew(self, second, act):
        """``act`` of a transaction whose picture of the data is older than what was committed meanwhile.

        :return: whether it had to begin anew
        """
        anew = True
        with suppress(TransactionRollbackError), mute_logger("odoo.sql_db"):
            act(second)
            anew = False
        if anew:
            second.cr.rollback()
            second.invalidate_all()
            act(second)
        return anew

    def layers(self, env):
        env.invalidate_all()
        lots = env["stock.lot"].browse
        batches = env["mo.batch"].browse([self.batch_id, *self.other_ids])
        return [{lots(each.lot).name: each.quantity for each in self.line(batch)._frozen_layers()} for batch in batches]

    def race(self, first, second):
        """
        :return: whether the second began anew, the layers of both batches, and the stock once both are booked
        """
        with self.transaction() as later:
            later.cr.execute("SELECT count(*) FROM stock_quant")  # its picture of the data
            with self.transaction() as earlier:
                first(earlier)
            anew = self.begun_anew(later, second)
        with self.transaction() as env:
            layers = self.layers(env)
            self.book_all(env, layers)
            stock = {lot: quantity for lot, quantity in self.held(env).items() if quantity}
            env.cr.rollback()
        return anew, layers, stock

    def book_all(self, env, layers):
        """Each batch is booked of the layers that were recorded."""
        batches = env["mo.batch"].browse([self.batch_id, *self.other_ids])
        batches.write({"watch_needed": False, "review_needed": False})
        for batch, recorded in zip(batches, layers, strict=True):
            if batch.state == "completed":
                env["plc.task.write.back"]._book(batch)
                env.flush_all()
            if recorded:
                used = {item.lot_id.name: item.quantity for item in self.line(batch).move_id.move_line_ids}
                self.assertEqual(used, recorded)

    def test_two_people_enter_amounts(self):
        """The second one is told that they are entered."""
        with self.assertRaisesRegex(UserError, "what the PLC reports of it is accepted, so nobody can enter other amounts"):
            self.race(self.entering(180.0), self.entering(120.0))
        with self.transaction() as env:
            self.assertEqual(self.layers(env)[0], {"A": 150.0, "B": 30.0})

    def test_entered_while_another_ends(self):
        found = self.race(self.entering(180.0), self.end_other)
        self.assertEqual(found, (True, [{"A": 150.0, "B": 30.0}, {"B": 150.0}], {"A": -50.0, "B": 220.0}))

    def test_less_is_entered_while_another_ends(self):
        found = self.race(self.entering(60.0), self.end_other)
        self.assertEqual(found, (True, [{"A": 60.0}, {"A": 40.0, "B": 110.0}], {"B": 290.0}))

    def test_another_ends_while_they_are_entered(self):
        found = self.race(self.end_other, self.entering(180.0))
        self.assertEqual(found, (True, [{"A": 150.0, "B": 30.0}, {"B": 150.0}], {"A": -50.0, "B": 220.0}))

    def entering(self, kilograms):
        return lambda env: self.enter(env, kilograms)

    def test_booked_while_they_are_entered(self):
        def book(env):
            env["mo.batch"].browse(self.batch_id).watch_needed = False
            self.book(env)
            env["mo.batch"].browse(self.batch_id)._finish()

        with self.assertRaisesRegex(UserError, "nobody can enter other amounts"):
            self.race(book, self.entering(180.0))

    def test_the_silo_moves_while_another_ends(self):
        """What was dosed is of the place where the silo is now. Nothing lies there by the books, so a person names the lot."""
        with self.assertRaisesRegex(UserError, "no lot is known. Set the current lot of"):
            self.race(self.move_silo, self.end_other)
        with self.transaction() as env:
            self.assertEqual(self.layers(env), [{"A": 150.0}, {False: 150.0}])

    def test_archived_while_another_ends(self):
        """It is refused, as stock lies in it, and holds nobody up."""

        def archive(env):
            with self.assertRaisesRegex(UserError, "holds .* by the books"):
                self.archive_silo(env)

        found = self.race(archive, self.end_other)
        self.assertEqual(found, (False, [{"A": 150.0}, {"B": 150.0}], {"A": -50.0, "B": 250.0}))

    def test_counted_while_another_ends(self):
        """Of lot B 10 kg less than the books say: who counts and who doses do not hold each other up."""
        for first, second in ((self.count, self.end_other), (self.end_other, self.count)):
            found = self.race(first, second)
            self.assertEqual(found, (False, [{"A": 150.0}, {"B": 150.0}], {"A": -50.0, "B": 240.0}))
            self.doCleanups()
            self.setUp()
