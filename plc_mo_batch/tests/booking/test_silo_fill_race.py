"""A silo is filled at the moment at which a dose of it is booked, or somebody else fills it: two real transactions."""

from contextlib import suppress

from psycopg2.extensions import TransactionRollbackError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_silo_race import TestSiloRace as SiloRace  # its tests are not ours


@tagged("post_install", "-at_install")
class TestSiloFillRace(SiloRace):
    """100 kg of lot A in the silo, 5000 kg in the store, and a dose of 150 kg to book."""

    test_filled_while_it_is_booked = test_filled_with_another_lot_while_it_is_booked = test_booked_while_it_is_filled = None

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            silo = env["plc.equipment"].browse(self.silo_id)
            lot = env["stock.lot"].browse(self.lot_ids[0])
            store = silo.controller_id._source_location()
            env["stock.quant"]._update_available_quantity(lot.product_id, store, 5000.0, lot_id=lot)

    def forget(self):
        with self.transaction() as env:
            env.cr.execute("UPDATE plc_equipment SET last_fill_id = NULL WHERE id = %s", [self.silo_id])
            env.cr.execute("SELECT picking_id FROM stock_move WHERE picking_id > 0 AND product_id = %s", [self.product_id])
            pickings = [row[0] for row in env.cr.fetchall()]
            env.cr.execute("DELETE FROM stock_move_line WHERE picking_id = ANY(%s)", [pickings])
            env.cr.execute("DELETE FROM stock_move WHERE picking_id = ANY(%s)", [pickings])
            env.cr.execute("DELETE FROM stock_picking WHERE id = ANY(%s)", [pickings])
        return super().forget()

    def fill_in(self, env, weight=500.0):
        """As *Fill a Silo* does."""
        silo, lot = env["plc.equipment"].browse(self.silo_id), env["stock.lot"].browse(self.lot_ids[0])
        done = silo._fill(weight, lot, lot.product_id)
        env.flush_all()
        return done

    def assertLevel(self, level):
        with self.transaction() as env:
            silo = env["plc.equipment"].browse(self.silo_id)
            self.assertEqual((silo.level, self.held(env)["A"]), (level, 4950.0))

    def test_fill_during_a_booking(self):
        with self.transaction() as task:
            self.book(task)
            with self.transaction() as person:
                picking, question = self.fill_in(person)
                self.assertEqual((picking.state, question), ("done", ""))
        self.assertLevel(450.0)

    def test_booking_during_a_fill(self):
        with self.transaction() as task:
            task.cr.execute("SELECT count(*) FROM stock_quant")  # its picture of the data
            with self.transaction() as person:
                self.fill_in(person)
            with suppress(TransactionRollbackError), mute_logger("odoo.sql_db"):
                self.book(task)
            task.cr.rollback()
            task.invalidate_all()
            self.book(task)
        self.assertLevel(450.0)

    def test_queue_is_filled_while_the_product_is_changed(self):
        """The fill would freeze a recipe for what the silo held before."""
        with self.transaction() as task:
            task.cr.execute("SELECT count(*) FROM plc_equipment")
            with self.transaction() as person:
                silo = person["plc.equipment"].browse(self.silo_id)
                silo._change_product(silo.product_ids)
            with self.assertRaises(TransactionRollbackError), mute_logger("odoo.sql_db"):
                task["plc.task.fill"]._fill(task["plc.controller"].browse(self.mill_id))
            task.cr.rollback()

    def test_two_fills_at_once(self):
        """The second fails at the silo's row; Odoo repeats the call, and it is asked whether that is one more."""
        with self.transaction() as second:
            second.cr.execute("SELECT count(*) FROM stock_quant")
            with self.transaction() as first:
                self.fill_in(first)
            with self.assertRaises(TransactionRollbackError), mute_logger("odoo.sql_db"):
                self.fill_in(second)
            second.cr.rollback()
            second.invalidate_all()
            picking, question = self.fill_in(second)
            self.assertFalse(picking)
            self.assertIn("Is it one more?", question)
            self.book(second)
        self.assertLevel(450.0)
