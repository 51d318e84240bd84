"""A transfer into a silo is validated at the very moment at which a dose of it is booked: two real transactions."""

from contextlib import contextmanager, suppress

from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import CommittedMillCase


@tagged("post_install", "-at_install")
class TestSiloRace(CommittedMillCase):
    orders = 1

    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)
        with self.transaction() as env:
            plc = env["plc.controller"].browse(self.mill_id)
            self.batch_limit, plc.batch_limit = plc.batch_limit, self.orders
            product = env["product.product"].create({"name": "Test barley", "is_storable": True, "tracking": "lot",
                                                     "uom_id": plc.uom_id.id})  # fmt: skip
            silo = plc.equipment_ids[0]
            silo.product_ids |= product
            silo.location_id = silo._location_below(plc._source_location())
            lots = env["stock.lot"].create([{"name": name, "product_id": product.id} for name in ("A", "B")])
            self.silo_id, self.product_id, self.lot_ids = silo.id, product.id, lots.ids
            self.fill(env, 0, 100.0)
            self.order_ids = [self.new_order(env, plc, product) for _number in range(self.orders)]
            env["plc.task.fill"]._fill(plc)
            batches = env["mo.batch"].search([("production_id", "in", self.order_ids)], order="id")
            self.assertEqual(len(batches), self.orders, env["mrp.production"].browse(self.order_ids).mapped("plc_reason"))
            self.batch_id, *self.other_ids = batches.ids
            self.end(batches[0])

    def end(self, batch):
        doses = {line.code: line.planned_qty for line in batch.line_ids if line.code}
        batch._store_actuals(doses.keys(), doses.values())
        batch._advance("completed", batch.planned_qty, {"acknowledged": True})

    def components(self, _env, plc, product):
        """Values of the formula's lines, for 1 kg."""
        return [{"product_id": product.id, "product_qty": 0.15, "product_uom_id": plc.uom_id.id}]

    def new_order(self, env, plc, product):
        feed = env["product.product"].create({"name": "Test feed", "is_storable": True, "uom_id": plc.uom_id.id})
        bom = env["mrp.bom"].create(
            {
                "product_tmpl_id": feed.product_tmpl_id.id,
                "product_uom_id": plc.uom_id.id,
                "bom_line_ids": [(0, 0, values) for values in self.components(env, plc, product)],
            }
        )
        values = {"product_id": bom.product_tmpl_id.product_variant_id.id, "bom_id": bom.id, "product_qty": 1000.0}
        kind = {"picking_type_id": plc.picking_type_ids[:1].id, "product_uom_id": plc.uom_id.id}
        order = env["mrp.production"].create({**values, **kind})
        order.action_confirm()
        order.plc_first = True
        return order.id

    def forget(self):
        with self.transaction() as env:
            silo, plc = env["plc.equipment"].browse(self.silo_id), env["plc.controller"].browse(self.mill_id)
            env.cr.execute("DELETE FROM mo_batch_journal WHERE controller_id = %s", [self.mill_id])
            env.cr.execute("DELETE FROM mo_batch WHERE controller_id = %s", [self.mill_id])
            env.cr.execute("DELETE FROM stock_quant WHERE product_id = %s", [self.product_id])
            env.cr.execute("DELETE FROM ir_cron_trigger")
            # what is done cannot be deleted otherwise
            orders = {"orders": self.order_ids}
            moves = (
                "SELECT id FROM stock_move WHERE raw_material_production_id = ANY(%(orders)s) OR production_id = ANY(%(orders)s)"
            )
            env.cr.execute(f"DELETE FROM stock_move_line WHERE move_id IN ({moves})", orders)
            env.cr.execute(f"DELETE FROM stock_move WHERE id IN ({moves})", orders)
            env.cr.execute("DELETE FROM mrp_production WHERE id = ANY(%(orders)s)", orders)
            env.invalidate_all()
            location, silo.location_id = silo.location_id, False
            location.unlink()
            silo.product_ids = silo.product_ids.filtered(lambda product: product.id != self.product_id)
            plc.batch_limit = self.batch_limit

    @contextmanager
    def transaction(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def fill(self, env, lot, quantity):
        """What a transfer does to stock when it is validated."""
        location = env["plc.equipment"].browse(self.silo_id).location_id
        product, lot = env["product.product"].browse(self.product_id), env["stock.lot"].browse(self.lot_ids[lot])
        env["stock.quant"]._update_available_quantity(product, location, quantity, lot_id=lot)
        env.flush_all()

    def book(self, env):
        batch = env["mo.batch"].browse(self.batch_id)
        env["plc.task.write.back"]._book(batch.try_lock_for_update(allow_referencing=True))
        env.flush_all()

    def held(self, env):
        env.invalidate_all()
        quants = env["stock.quant"].search([("product_id", "=", self.product_id), ("location_id.usage", "=", "internal")])
        return {lot.name: sum(of_lot.mapped("quantity")) for lot, of_lot in quants.grouped("lot_id").items()}

    def test_filled_while_it_is_booked(self):
        """Who validates the transfer does not wait for the booking, and does not see it."""
        self.fill_while_it_is_booked(0)
        with self.transaction() as env:
            self.assertEqual(self.held(env), {"A": 450.0})

    def test_filled_with_another_lot_while_it_is_booked(self):
        self.fill_while_it_is_booked(1)
        with self.transaction() as env:
            self.assertEqual(self.held(env), {"A": -50.0, "B": 500.0})

    def fill_while_it_is_booked(self, lot):
        with self.transaction() as task:
            self.book(task)
            with self.transaction() as person:
                self.fill(person, lot, 500.0)

    def test_booked_while_it_is_filled(self):
        """The booking cannot change what another transaction has changed meanwhile. It is tried again, and sees it then."""
        with self.transaction() as task:
            task.cr.execute("SELECT count(*) FROM stock_quant")  # its picture of the data
            with self.transaction() as person:
                self.fill(person, 0, 500.0)
            with suppress(TransactionRollbackError), mute_logger("odoo.sql_db"):
                self.book(task)
            task.cr.rollback()
            task.invalidate_all()
            self.book(task)
            self.assertEqual(self.held(task), {"A": 450.0})
            task.cr.rollback()


@tagged("post_install", "-at_install")
class TestSiloTakenTwice(TestSiloRace):
    """100 kg of lot A and 400 kg of lot B, and two batches of 150 kg each: two real transactions take what they dosed."""

    orders = 2
    test_filled_while_it_is_booked = test_filled_with_another_lot_while_it_is_booked = test_booked_while_it_is_filled = None

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.fill(env, 1, 400.0)

    def taken(self, env, batch_id):
        """kg by lot."""
        line = env["mo.batch"].browse(batch_id).line_ids.filtered(lambda line: line.product_id.id == self.product_id)
        return {env["stock.lot"].browse(layer.lot).name: layer.quantity for layer in line._frozen_layers()}

    def test_one_ends_while_the_other_is_raised(self):
        """Who comes second cannot see what the first one took, and begins anew."""
        with self.transaction() as task:
            other = task["mo.batch"].browse(self.other_ids)
            self.assertEqual(self.taken(task, self.batch_id), {"A": 150.0})  # as there was nothing else
            task.cr.commit()
            task.cr.execute("SELECT count(*) FROM stock_quant")  # its picture of the data
            with self.transaction() as person:
                lines = person["mo.batch"].browse(self.batch_id).line_ids
                line = lines.filtered(lambda line: line.product_id.id == self.product_id)
                line.actual_qty = 180.0
                line._follow_amounts()
            with suppress(TransactionRollbackError), mute_logger("odoo.sql_db"):
                self.end(other)
                self.fail("Both took the same.")
            task.cr.rollback()
            task.invalidate_all()
            self.end(other)
            task.flush_all()
            self.assertEqual(self.taken(task, self.batch_id), {"A": 150.0, "B": 30.0})
            self.assertEqual(self.taken(task, self.other_ids[0]), {"B": 150.0})
            task.cr.rollback()
