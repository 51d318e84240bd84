"""Fill a silo: three inputs, each of them wrong in each way that people and programs find; and the transfer that comes of it."""

from datetime import timedelta
from unittest import SkipTest

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .silo_case import SiloCase

INF, NAN = float("inf"), float("nan")
# what is given instead of (silo, product, lot A, 500 kg) -> what is said of it
REFUSED = {
    "zero": ({"weight": 0.0}, "Enter how much was filled in: more than 0 kg"),
    "negative": ({"weight": -5.0}, "Enter how much was filled in: more than 0 kg"),
    "infinite": ({"weight": INF}, "Enter how much was filled in"),
    "no number": ({"weight": NAN}, "Enter how much was filled in"),
    "huge": ({"weight": 1e9}, "are more than any silo takes"),
    "tiny": ({"weight": 0.001}, "are less than the smallest step of kg"),
    "lot of another product": ({"lot": "W1"}, "does not go into Silo 103, which holds Test barley"),
    "lot of another product, though": ({"lot": "W1", "product": "barley"}, "Lot W1 is of Test wheat, and not of Test barley"),
    "wrong product": ({"lot": None, "product": "soy"}, "Test soy does not go into Silo 103, which holds Test barley"),
    "no lot": ({"lot": None}, "Test barley is tracked by lot: scan or choose the lot"),
    "lies in quarantine": ({"lot": "BLOCKED"}, "lies in WH/Quarantine, and not in WH/Stock. Is it released?"),
}
ASKED = {
    "nothing in store": ({"lot": "NEW"}, "WH/Stock holds 0.00 kg of Test barley, lot NEW by the books"),
    "too little in store": ({"weight": 1500.0}, "WH/Stock holds 1000.00 kg of Test barley, lot A by the books"),
}


@tagged("post_install", "-at_install")
class TestSiloFill(SiloCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.action_make_silo_locations()
        cls.location = cls.silo.location_id
        cls.operator = new_test_user(cls.env, "plc-forklift", groups="plc_mo_batch.group_operator", name="Forklift")
        cls.products = {"soy": cls.soy, "barley": cls.barley}
        cls.wheat.tracking = "lot"
        view = cls.store.warehouse_id.view_location_id
        cls.quarantine = cls.env["stock.location"].create({"name": "Quarantine", "location_id": view.id, "usage": "internal"})
        cls.lots |= {"W1": cls.new_lot("W1", cls.wheat), "BLOCKED": cls.new_lot("BLOCKED")}

    def setUp(self):
        super().setUp()
        self.bring(1000.0, self.lots["A"])
        self.bring(500.0, self.lots["BLOCKED"], self.quarantine)

    def fill(self, lot="A", product=None, weight=500.0, agreed=False):
        """As the operator."""
        silo = self.silo.with_user(self.operator)
        lot = self.lots[lot] if lot else self.env["stock.lot"]
        product = self.products[product] if product else self.env["product.product"]
        return silo._fill(weight, lot.with_env(silo.env), product.with_env(silo.env), agreed)

    def journal(self):
        return self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id), ("kind", "=", "user")])

    # As it should be

    def test_transfer(self):
        picking, question = self.fill()
        self.assertEqual(question, "")
        self.assertEqual(self.stock(), {("store", "A"): 500.0, ("silo", "A"): 500.0, ("Quarantine", "BLOCKED"): 500.0})
        kind = self.store.warehouse_id.int_type_id
        expected = {"state": "done", "picking_type_id": kind.id, "user_id": self.operator.id, "origin": "Fill of Silo 103"}
        self.assertRecordValues(picking, [{**expected, "create_uid": self.operator.id}])
        self.assertTrue(picking.date_done)
        said = self.journal()[:1]
        self.assertEqual(said.user_id, self.operator)
        self.assertIn(f"Silo 103 filled by Forklift: 500.00 kg of Test barley, lot A ({picking.name}).", said.message)
        self.assertEqual((self.silo.level, self.silo.level_lots), (500.0, "A 500.00"))

    def test_units(self):
        """kg of the PLC, whatever unit the product is kept in."""
        gram, ton = self.env.ref("uom.product_uom_gram"), self.env.ref("uom.product_uom_ton")
        bag = self.env["uom.uom"].create({"name": "Test bag", "relative_factor": 0.5, "relative_uom_id": self.kg.id})
        for unit, quantity in ((gram, 500_000.0), (bag, 1000.0)):
            with self.subTest(unit.name), self.env.cr.savepoint() as savepoint:
                oats = self.new_product("Test oats", uom_id=unit.id)
                self.silo.product_ids = oats
                self.put_in_stock(2 * quantity, oats)
                self.products["oats"] = oats
                picking, _question = self.fill(None, "oats")
                self.assertEqual(picking.move_ids.quantity, quantity)
                self.assertAlmostEqual(self.silo.level, 500.0)
                savepoint.rollback()
        self.products["tons"] = self.silo.product_ids = self.new_product("Test tons", uom_id=ton.id)
        with self.assertRaisesRegex(UserError, "use a smaller unit"):
            self.fill(None, "tons")

    def test_where_it_lies(self):
        """In several bays, in a package, of an owner: the oldest first, and each from its place."""
        bay = self.env["stock.location"].create({"name": "Bay", "location_id": self.store.id})
        self.bring(300.0, self.lots["B"], bay, days=1)
        self.bring(300.0, self.lots["B"], days=2)
        picking, question = self.fill("B", weight=400.0)
        self.assertFalse(question)
        places = [(item.location_id, item.quantity) for item in picking.move_line_ids.sorted("id")]
        self.assertEqual(places, [(bay, 300.0), (self.store, 100.0)])

    def test_not_out_of_another_silo(self):
        """Below the store, and yet none of it."""
        other = self.new_silo(104, self.barley)
        self.controller.action_make_silo_locations()
        self.bring(900.0, self.lots["B"], other.location_id)
        _picking, question = self.fill("B")
        self.assertIn("WH/Stock holds 0.00 kg of Test barley, lot B by the books", question)

    def test_reserved_for_orders(self):
        """What orders reserved of it in the store is free, and reserved anew where it lies now."""
        order = self.new_order(bom_id=self.lot_bom.id)
        self.assertEqual(order.move_raw_ids[1].move_line_ids.location_id, self.store)
        self.fill(weight=1000.0)
        self.assertEqual(self.stock()["silo", "A"], 1000.0)
        self.assertEqual(self.reserved(), sum(order.move_raw_ids[1].move_line_ids.mapped("quantity")))

    # As it should not be

    def test_refused(self):
        before = self.stock()
        for name, (given, sentence) in REFUSED.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, sentence):
                self.fill(**given)
        self.assertEqual(self.stock(), before)

    def test_asked(self):
        for name, (given, sentence) in ASKED.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                picking, question = self.fill(**given)
                self.assertFalse(picking)
                self.assertIn(sentence, question)
                picking, question = self.fill(**given, agreed=question)
                self.assertEqual((picking.state, question), ("done", ""))
                self.assertIn(sentence, self.journal()[:1].message)
                savepoint.rollback()

    def test_another_question(self):
        """Who agreed to one thing has not agreed to another."""
        _picking, question = self.fill("NEW")
        self.silo.capacity_kg = 100.0
        picking, other = self.fill("NEW", agreed=question)
        self.assertFalse(picking)
        self.assertIn("Silo 103 would hold 500.00 kg, more than its 100.00 kg.", other)

    def test_twice(self):
        picking, _question = self.fill()
        again, question = self.fill()
        self.assertFalse(again)
        self.assertRegex(question, rf"The same was filled in at .* by Forklift \({picking.name}\). Is it one more\?")
        again, _question = self.fill(weight=499.0)
        self.assertTrue(again, "another weight is another fill")

    def test_twice_later(self):
        picking, _question = self.fill()
        picking.date_done -= timedelta(minutes=11)
        again, _question = self.fill()
        self.assertTrue(again)

    def test_mixed(self):
        oats = self.new_product("Test oats")
        self.env["stock.quant"]._update_available_quantity(oats, self.location, 5.0)
        _picking, question = self.fill()
        self.assertEqual(question, "Silo 103 still holds Test oats by the books.")

    def test_expired(self):
        if "use_expiration_date" not in self.env["product.template"]._fields:
            raise SkipTest("needs product_expiry, as the plant's template has it")
        self.barley.use_expiration_date = True
        self.lots["A"].expiration_date = fields.Datetime.now() - timedelta(days=1)
        _picking, question = self.fill()
        self.assertRegex(question, "^Lot A expired on .*[.]$")
        picking, _question = self.fill(agreed=question)
        self.assertEqual(picking.state, "done")

    def test_silo(self):
        for given, sentence in (
            ({"active": False}, "Silo 103 is archived"),
            ({"location_id": False}, "Silo 103 is no stock location yet"),
            ({"product_ids": False}, "Silo 103 holds no product. Say first what it holds"),
        ):
            with self.subTest(sentence), self.env.cr.savepoint() as savepoint:
                self.silo.write(given)
                with self.assertRaisesRegex(UserError, sentence):
                    self.fill()
                savepoint.rollback()
        self.silo.product_ids |= self.soy
        with self.assertRaisesRegex(UserError, "Silo 103 may hold .*: say which one it is"):
            self.fill(None)

    def test_who_may(self):
        other = self.env["res.company"].create({"name": "Test other company"})
        there = {"company_id": other.id, "company_ids": other.ids}
        for name, groups, values in (
            ("planner", "mrp.group_mrp_user", {}),
            ("elsewhere", "plc_mo_batch.group_manager", there),
        ):
            self.operator = new_test_user(self.env, f"plc-{name}", groups=groups, **values)
            with self.subTest(name), self.assertRaises(AccessError):
                self.fill()

    # The page

    def page(self, **values):
        return self.env["plc.silo.fill"].with_user(self.operator).create({"silo_id": self.silo.id, **values})

    def scan(self, code, **values):
        fill = self.env["plc.silo.fill"].with_user(self.operator).new({"scan": code, **values})
        fill._onchange_scan()
        return fill

    def test_page(self):
        page = self.page(lot_id=self.lots["NEW"].id, weight=500.0)
        self.assertEqual((page.product_id, page.level_told, page.store_told), (self.barley, "0.00 kg", "none by the books"))
        self.assertIs(page.action_confirm(), True)
        self.assertIn("Was a receipt not entered?", page.question)
        done = page.action_confirm()
        self.assertIn("Silo 103: 500.00 kg filled in (", done["params"]["message"])
        with self.assertRaisesRegex(UserError, "It is entered already: WH/INT/"):
            page.action_confirm()

    def test_scan(self):
        self.barley.write({"barcode": "04012345678901", "default_code": "BAR"})
        barley, lot = self.barley, self.lots["A"]
        for code, product, found, weight in (
            ("A", barley, lot, 0.0),
            (" A ", barley, lot, 0.0),
            ("BAR", barley, lot.browse(), 0.0),
            ("0104012345678901310205000010A", barley, lot, 500.0),
            ("]C10104012345678901310205000010A", barley, lot, 500.0),
        ):
            with self.subTest(code):
                fill = self.scan(code)
                self.assertEqual(
                    (fill.silo_id._origin, fill.product_id._origin, fill.lot_id._origin), (self.silo, product, found)
                )
                self.assertEqual((fill.weight, fill.scan, fill.scan_problem), (weight, False, False))

    def test_scan_of_something_else(self):
        for code, silo, sentence in (
            ("XYZ", None, "XYZ is neither a lot nor a product of a silo."),
            ("0199", None, "0199 is neither a lot nor a product of a silo."),
            ("\x1d(", None, "is neither a lot nor a product of a silo."),
            ("W1", self.silo, "Test wheat does not go into Silo 103, which holds Test barley."),
        ):
            with self.subTest(code):
                fill = self.scan(code, silo_id=silo)
                self.assertIn(sentence, fill.scan_problem)
                self.assertFalse(fill.lot_id)
        self.new_silo(104, self.barley)
        self.controller.action_make_silo_locations()
        self.assertIn("Test barley goes into Silo 103, Silo 104: choose one, then scan again.", self.scan("A").scan_problem)
