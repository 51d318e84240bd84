"""Silos whose books are wrong, or that people change meanwhile: each a clear sentence or the right booking, nothing lost."""

from datetime import timedelta
from unittest import SkipTest

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .silo_case import SiloCase


@tagged("post_install", "-at_install")
class TestSiloFaults(SiloCase):
    def setUp(self):
        super().setUp()
        self.location = self.make_location()
        wheat_silo = self.controller.equipment_ids.filtered(lambda item: item.code == 101)
        self.env["stock.quant"]._update_available_quantity(self.wheat, wheat_silo.location_id, 50_000.0)

    def make(self, kilograms, bom=None):
        """A batch that is booked."""
        batch = self.finish(kilograms, bom)
        self.run_task(3)
        self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])
        return batch

    def finish(self, kilograms, bom=None):
        (batch,) = self.start(1, bom)
        self.end(batch, kilograms)
        return batch

    def start(self, count, bom=None):
        orders = [self.new_order(bom_id=(bom or self.lot_bom).id) for _number in range(count)]
        self.run_task(1)
        return [order.plc_batch_ids for order in orders]

    def fill(self, quantity, lot, source=None):
        """A transfer from the store, as the forklift's."""
        source = source or self.store
        places = {"location_id": source.id, "location_dest_id": self.location.id}
        kind = self.store.warehouse_id.int_type_id
        picking = self.env["stock.picking"].create({"picking_type_id": kind.id, **places})
        values = {"product_id": lot.product_id.id, "product_uom": lot.product_id.uom_id.id, "picking_id": picking.id, **places}
        detail = {**places, "product_id": lot.product_id.id, "lot_id": lot.id, "quantity": quantity}
        move = {**values, "product_uom_qty": quantity, "picked": True, "move_line_ids": [Command.create(detail)]}
        self.env["stock.move"].create(move)
        picking.button_validate()
        self.assertEqual(picking.state, "done")

    # The level

    def test_negative_level(self):
        """What was dosed before it was filled in, by the books: the same lot, and it was told before."""
        self.fill_in_advance()
        batch = self.make(99.5)
        self.assertEqual(self.stock(), {("silo", "A"): -129.5})
        self.assertFalse(batch.remark)
        self.bring(500.0, self.lots["A"])
        self.fill(500.0, self.lots["A"])
        self.assertEqual(self.stock(), {("silo", "A"): 370.5})

    def fill_in_advance(self):
        self.silo.lot_id = self.lots["A"]
        self.make(30.0)
        self.silo.lot_id = False

    def test_level_that_does_not_suffice(self):
        self.bring(40.0, self.lots["A"], self.location)
        batch = self.make(99.5)
        self.assertEqual(self.stock(), {("silo", "A"): -59.5})
        self.assertIn("Stock of Test barley, lot A in WH/Stock/Silo 103 is negative now: -59.50 kg.", batch.remark)

    def split(self, quantity, lot):
        """As Odoo does where another transaction has locked the quant; it merges them later."""
        values = {"product_id": lot.product_id.id, "location_id": self.location.id, "lot_id": lot.id, "quantity": quantity}
        quant = self.env["stock.quant"].sudo().create(values)
        there = quant.search([(name, "=", values[name]) for name in ("product_id", "location_id", "lot_id")])
        self.assertEqual(len(there), 2)
        return there

    def test_a_place_with_several_quants(self):
        """Their sum is what lies there of the lot: a dose goes on into the next one."""
        self.bring(100.0, self.lots["A"], self.location)
        self.split(-60.0, self.lots["A"])
        self.bring(500.0, self.lots["NEW"], self.location, days=1)
        batch = self.make(99.5)
        self.assertEqual(self.details(self.moves_of(batch)), {("silo", "A"): 40.0, ("silo", "NEW"): 59.5})
        self.assertEqual(self.stock(), {("silo", "NEW"): 440.5})
        self.assertFalse(batch.remark)

    def test_several_quants_that_came_in(self):
        self.bring(60.0, self.lots["A"], self.location)
        self.split(25.0, self.lots["A"])
        self.bring(500.0, self.lots["NEW"], self.location, days=1)
        batch = self.make(99.5)
        self.assertEqual(self.details(self.moves_of(batch)), {("silo", "A"): 85.0, ("silo", "NEW"): 14.5})

    def test_several_quants_are_counted(self):
        """What was dosed and is not booked yet is taken off once."""
        self.bring(500.0, self.lots["A"], self.location)
        there = self.split(-20.0, self.lots["A"])
        self.finish(99.5)
        self.assertEqual(list(there._plc_unbooked().values()), [99.5])

    def test_missing_level_asks_for_the_lot(self):
        batch = self.finish(99.5)
        self.run_task(3)
        self.assertIn("no lot is known. Set the current lot of Silo 103, or reserve one on order", batch.last_error)
        self.silo.lot_id = self.lots["NEW"]
        batch.action_retry()
        self.run_task(3)
        self.assertEqual(self.stock(), {("silo", "NEW"): -99.5})

    def test_product_without_lots(self):
        """It leaves the silo, too: what was reserved of it in the store is free again."""
        self.soy_silo = self.controller.equipment_ids.filtered(lambda item: item.code == 102)
        self.put_in_stock(500.0, self.soy)
        bom = self.new_bom([(self.wheat, 600.0), (self.soy, 300.0)])
        order = self.new_order(bom_id=bom.id)
        batch = self.complete(order, actuals={101: 600.0, 102: 301.5})
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        quants = self.env["stock.quant"].search([("product_id", "=", self.soy.id), ("location_id.usage", "=", "internal")])
        held = {quant.location_id: (quant.quantity, quant.reserved_quantity) for quant in quants}
        self.assertEqual(held, {self.store: (500.0, 0.0), self.soy_silo.location_id: (-301.5, 0.0)})

    # Layers

    def test_layers_are_those_of_the_silo(self):
        """What was bought first was filled in last. Odoo's own date of it goes along from the store."""
        self.bring(500.0, self.lots["OLD"], days=1)
        self.bring(500.0, self.lots["NEW"], days=2)
        self.fill(60.0, self.lots["NEW"])
        self.fill(60.0, self.lots["OLD"])
        self.fill(60.0, self.lots["NEW"])
        batch = self.make(100.0)
        self.assertEqual(self.details(self.moves_of(batch)), {("silo", "NEW"): 60.0, ("silo", "OLD"): 40.0})
        batch = self.make(40.0)
        self.assertEqual(self.details(self.moves_of(batch)), {("silo", "OLD"): 20.0, ("silo", "NEW"): 20.0})

    def test_batch_that_waits_keeps_its_layers(self):
        self.bring(100.0, self.lots["A"], self.location, days=1)
        self.bring(50.0, self.lots["B"], self.location, days=2)
        waits, batch = self.start(2)
        self.end(waits, 90.0)
        waits.review_needed = True
        self.end(batch, 30.0)
        self.run_task(3)
        self.assertEqual(self.details(self.moves_of(batch)), {("silo", "A"): 10.0, ("silo", "B"): 20.0})
        self.assertEqual(self.line(waits).lots, "A 90.00")
        waits.review_needed = False
        self.run_task(3)
        self.assertEqual(self.details(self.moves_of(waits)), {("silo", "A"): 90.0})

    def test_batches_booked_together_share_the_layers(self):
        self.bring(150.0, self.lots["A"], self.location, days=1)
        self.bring(500.0, self.lots["B"], self.location, days=2)
        batches = self.start(3)
        for batch in batches:
            self.end(batch, 100.0)
        self.run_task(3)
        found = [self.details(self.moves_of(batch)) for batch in batches]
        self.assertEqual(found, [{("silo", "A"): 100.0}, {("silo", "A"): 50.0, ("silo", "B"): 50.0}, {("silo", "B"): 100.0}])

    def test_what_another_order_reserved(self):
        """It is gone. What that order still lacks it reserves anew, if there is any."""
        self.bring(100.0, self.lots["A"], self.location)
        self.bring(100.0, self.lots["OLD"], days=-9)
        first, second = self.new_order(bom_id=self.lot_bom.id), self.new_order(bom_id=self.lot_bom.id)
        self.assertEqual(second.move_raw_ids[1].move_line_ids.lot_id, self.lots["A"])
        self.run_task(1)
        self.end(first.plc_batch_ids, 99.5)
        self.run_task(3)
        self.assertEqual(self.stock(), {("silo", "A"): 0.5, ("store", "OLD"): 100.0})
        self.assertEqual(self.reserved(), sum(second.move_raw_ids[1].move_line_ids.mapped("quantity")))
        self.end(second.plc_batch_ids, 100.5)
        self.run_task(3)
        self.assertEqual(self.stock(), {("silo", "A"): -100.0, ("store", "OLD"): 100.0})
        self.assertEqual(self.reserved(), 0.0)

    def test_stock_of_an_owner(self):
        owner = self.env["res.partner"].create({"name": "Test farmer"})
        quants = self.env["stock.quant"]
        quants._update_available_quantity(self.barley, self.location, 500.0, lot_id=self.lots["A"], owner_id=owner)
        batch = self.make(99.5)
        self.assertEqual(self.stock(), {("silo", "A"): 400.5})
        self.assertEqual(self.line(batch).move_id.move_line_ids.owner_id, owner)

    # Lots

    def test_lot_that_is_reserved_twice(self):
        self.silo.location_id = False
        self.silo.lot_id = self.lots["OLD"]
        self.bring(500.0, self.lots["OLD"])
        batch = self.finish(130.0)
        detail = self.line(batch).move_id.move_line_ids
        detail.quantity = 60.0
        detail.copy({"quantity": 40.0, "move_id": detail.move_id.id})
        self.run_task(3)
        self.assertEqual(self.details(self.moves_of(batch)), {("store", "OLD"): 130.0})
        self.assertEqual((self.stock(), self.reserved()), ({("store", "OLD"): 370.0}, 0.0))

    def test_lot_that_is_entered_on_two_silos(self):
        twin = self.new_silo(104, self.barley, lot_id=self.lots["OLD"].id)
        self.silo.location_id = False
        self.silo.lot_id = self.lots["OLD"]
        self.bring(500.0, self.lots["OLD"])
        self.lot_bom.bom_line_ids[1].plc_equipment_id = twin
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        batch = order.plc_batch_ids
        batch._store_actuals((101, 103, 104), (600.0, 5.0, 99.5))
        batch._advance("completed", 0.0, {"acknowledged": True})
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.assertEqual(self.stock(), {("store", "OLD"): 395.5})

    def test_lot_that_lies_elsewhere_in_the_store(self):
        bay = self.env["stock.location"].create({"name": "Bay", "location_id": self.store.id})
        self.silo.location_id = False
        self.silo.lot_id = self.lots["NEW"]
        self.bring(500.0, self.lots["NEW"], bay)
        batch = self.make(99.5)
        self.assertEqual(self.stock(), {("Bay", "NEW"): 400.5})
        self.assertFalse(batch.remark)

    def test_expired_lot(self):
        if "use_expiration_date" not in self.env["product.template"]._fields:
            raise SkipTest("needs product_expiry, as the plant's template has it")
        self.barley.use_expiration_date = True
        self.lots["A"].expiration_date = fields.Datetime.now() - timedelta(days=1)
        self.bring(60.0, self.lots["A"], self.location, days=1)
        self.bring(60.0, self.lots["B"], self.location, days=2)
        batch = self.make(99.5)
        self.assertEqual(self.details(self.moves_of(batch)), {("silo", "A"): 60.0, ("silo", "B"): 39.5})
        self.assertIn("Test barley, lot A is booked although it expired on", batch.remark)

    # What people change meanwhile

    def test_product_that_is_changed_in_mid_batch(self):
        """What was dosed is what the recipe named: a person has changed the silo too early."""
        self.bring(500.0, self.lots["A"], self.location)
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        batch = order.plc_batch_ids
        batch._set_state("running")
        oats = self.new_product("Test oats", tracking="lot")
        self.silo.write({"product_ids": oats.ids, "lot_id": self.new_lot("O1", oats).id})
        self.end(batch, 99.5)
        self.run_task(3)
        self.assertEqual((batch.state, self.stock()), ("done", {("silo", "A"): 400.5}))

    def test_silo_that_gets_its_location_in_mid_batch(self):
        self.silo.location_id = False
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        self.silo.location_id = self.location
        self.bring(500.0, self.lots["A"], self.location)
        self.end(order.plc_batch_ids, 99.5)
        self.run_task(3)
        self.assertEqual(self.stock(), {("silo", "A"): 400.5})

    def test_silo_that_loses_its_location_before_the_batch_is_booked(self):
        self.bring(500.0, self.lots["A"], self.location)
        batch = self.finish(99.5)
        self.silo.location_id = False
        self.run_task(3)
        self.assertEqual(self.details(self.moves_of(batch)), {("Silo 103", "A"): 99.5})

    def test_silo_with_stock_is_not_archived(self):
        self.bring(500.0, self.lots["A"], self.location)
        for put_out_of_use in (self.silo.action_archive, self.silo.unlink):
            with self.assertRaisesRegex(UserError, "Silo 103 holds 500 kg Test barley by the books. Move it out of"):
                put_out_of_use()
        self.silo.location_id = False
        self.silo.action_archive()
        self.assertFalse(self.silo.active)

    def test_empty_silo_is_archived(self):
        self.bring(500.0, self.lots["A"], self.location)
        self.bring(-500.0, self.lots["A"], self.location)
        self.silo.action_archive()
        self.assertFalse(self.silo.active)

    def test_silo_archived_in_mid_batch(self):
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        self.silo.action_archive()
        self.silo.lot_id = self.lots["A"]
        self.end(order.plc_batch_ids, 99.5)
        self.run_task(3)
        self.assertEqual(self.stock(), {("silo", "A"): -99.5})

    def test_archived_location(self):
        """As it may be in an older database: nobody can archive it any more."""
        self.silo.lot_id = self.lots["A"]
        with self.assertRaisesRegex(ValidationError, "Take it off the silo first"):
            self.location.active = False
        self.env.flush_all()
        self.env.cr.execute("UPDATE stock_location SET active = false WHERE id = %s", [self.location.id])
        self.env.invalidate_all()
        self.make(99.5)
        self.assertEqual(self.stock(), {("silo", "A"): -99.5})

    # Units

    def test_stock_in_grams(self):
        gram = self.env.ref("uom.product_uom_gram")
        barley = self.new_product("Test barley in grams", tracking="lot", uom_id=gram.id)
        self.check_unit(barley, 1000.0)

    def test_stock_in_bags(self):
        bag = self.env["uom.uom"].create({"name": "Test bag", "relative_factor": 0.5, "relative_uom_id": self.kg.id})
        barley = self.new_product("Test barley in bags", tracking="lot", uom_id=bag.id)
        self.check_unit(barley, 2.0)

    def check_unit(self, product, per_kg):
        """Layers are in the unit of the product; order and PLC are in kg."""
        self.silo.product_ids = product
        first, second = self.new_lot("A", product), self.new_lot("B", product)
        quants = self.env["stock.quant"]
        for days, lot in enumerate((first, second)):
            came_in = fields.Datetime.now() - timedelta(days=9 - days)
            quants._update_available_quantity(product, self.location, 60.0 * per_kg, lot_id=lot, in_date=came_in)
        bom = self.new_bom([(self.wheat, 600.0), (product, 100.0)])
        bom.bom_line_ids[1].product_uom_id = self.kg
        batch = self.make(100.5, bom)
        held = quants.search([("product_id", "=", product.id), ("location_id", "=", self.location.id)])
        self.assertEqual({quant.lot_id: quant.quantity for quant in held if quant.quantity}, {second: 19.5 * per_kg})
        line = batch.line_ids.filtered("code")[1]
        self.assertEqual((line.lots, line._booked_qty()), ("A 60.00, B 40.50", 100.5))

    # Companies and warehouses

    def test_silo_in_another_warehouse(self):
        """It leaves where it lay."""
        other = self.env["stock.warehouse"].create({"name": "Test north", "code": "TN"})
        bin_there = self.env["stock.location"].create({"name": "North", "location_id": other.lot_stock_id.id})
        self.silo.location_id = bin_there
        self.bring(500.0, self.lots["A"], bin_there)
        self.bring(500.0, self.lots["OLD"])
        self.make(99.5)
        self.assertEqual(self.stock(), {("silo", "A"): 400.5, ("store", "OLD"): 500.0})

    def test_location_of_another_company(self):
        other = self.env["res.company"].create({"name": "Test other company"})
        store = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1).lot_stock_id
        with self.assertRaises(UserError):
            self.silo.location_id = store
        shared = self.env["stock.location"].create({"name": "Shared", "company_id": False})
        with self.assertRaisesRegex(ValidationError, "cannot be the stock location of Silo 103: choose an internal location of"):
            self.silo.location_id = shared

    def test_location_that_is_no_stock(self):
        with self.assertRaisesRegex(ValidationError, "cannot be the stock location of Silo 103"):
            self.silo.location_id = self.env.ref("stock.stock_location_customers")

    # The button

    def test_locations_of_all_silos(self):
        silos = self.controller.equipment_ids
        self.assertEqual(silos.location_id.location_id, self.store)
        self.assertEqual(sorted(silos.location_id.mapped("name")), ["Silo 101", "Silo 102", "Silo 103", "Tank 114"])
        before = silos.location_id
        self.silo.location_id = False
        self.controller.action_make_silo_locations()
        self.assertEqual(silos.location_id, before, "one that is there is taken")

    def test_two_silos_of_one_name(self):
        twin = self.new_silo(104, self.barley, name="Silo 103")
        self.controller.action_make_silo_locations()
        self.assertNotIn(twin.location_id, (self.location, self.env["stock.location"]))

    def test_locations_need_an_operation_type(self):
        self.silo.location_id = False
        self.controller.picking_type_ids = False
        with self.assertRaisesRegex(UserError, "Choose the operation type of Test PLC first"):
            self.controller.action_make_silo_locations()

    def test_locations_are_made_by_managers(self):
        self.silo.location_id = False
        operator, manager = (
            new_test_user(self.env, role, groups=f"plc_mo_batch.group_{role}") for role in ("operator", "manager")
        )
        with self.assertRaises(AccessError):
            self.controller.with_user(operator).action_make_silo_locations()
        self.controller.with_user(manager).action_make_silo_locations()
        self.assertEqual(self.silo.location_id, self.location)
        journal = self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id), ("kind", "=", "user")])
        self.assertIn("Stock Location: - → WH/Stock/Silo 103", " ".join(journal.mapped("message")))
