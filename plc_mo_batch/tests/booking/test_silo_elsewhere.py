"""What is dosed from a silo that is no stock location does not leave another silo's, whatever Odoo reserved of that."""

from odoo.tests import tagged

from ...models.controller.silo_places import SiloBins
from .silo_case import SiloCase


@tagged("post_install", "-at_install")
class TestSiloElsewhere(SiloCase):
    def setUp(self):
        super().setUp()
        self.sister = self.new_silo(104, self.barley, location_id=self.silo._location_below(self.store).id)
        self.sister.location_id.name = "Silo 104"
        self.lot_bom.bom_line_ids[1].plc_equipment_id = self.silo

    def make(self, kilograms, bom=None, state="completed"):
        order = self.new_order(bom_id=(bom or self.lot_bom).id)
        self.run_task(1)
        batch = order.plc_batch_ids
        batch._store_actuals((101, 103), (600.0, kilograms))
        batch._advance(state, 0.0, {"acknowledged": True})
        if state == "failed":
            batch.action_set_disposition("withhold", "scrap")
        self.run_task(3)
        self.assertFalse(batch.last_error)
        return order, batch

    def test_lot_that_is_entered(self):
        """The same lot lies in the sister, too, and the order reserved it there."""
        for state, reserved in (("completed", 0.0), ("failed", 100.0)):  # the order of a failed batch still waits
            with self.subTest(state=state), self.env.cr.savepoint() as savepoint:
                self.silo.lot_id = self.lots["A"]
                self.bring(500.0, self.lots["A"], self.sister.location_id)
                self.make(90.0, state=state)
                self.assertEqual(self.stock(), {("Silo 104", "A"): 500.0, ("store", "A"): -90.0})
                self.assertEqual(self.reserved(), reserved)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_lot_that_lies_in_the_store_as_well(self):
        self.silo.lot_id = self.lots["A"]
        self.bring(500.0, self.lots["A"], self.sister.location_id)
        self.bring(50.0, self.lots["A"], days=9)
        self.make(90.0)
        self.assertEqual(self.stock(), {("Silo 104", "A"): 500.0, ("store", "A"): -40.0})

    def test_product_without_lots(self):
        oats = self.new_product("Test oats")
        self.silo.product_ids = oats
        self.sister.product_ids = oats
        quants = self.env["stock.quant"]
        quants._update_available_quantity(oats, self.sister.location_id, 500.0)
        bom = self.new_bom([(self.wheat, 600.0), (oats, 100.0)])
        bom.bom_line_ids[1].plc_equipment_id = self.silo
        self.make(90.0, bom)
        held = quants.search([("product_id", "=", oats.id), ("location_id.usage", "=", "internal")])
        self.assertEqual(
            {quant.location_id: (quant.quantity, quant.reserved_quantity) for quant in held},
            {self.sister.location_id: (500.0, 0.0), self.store: (-90.0, 0.0)},
        )

    def test_reserved_first_stays_as_it_was(self):
        self.controller.lot_policy = "reserved"
        self.silo.lot_id = self.lots["A"]
        self.bring(500.0, self.lots["A"], self.sister.location_id)
        self.make(90.0)
        self.assertEqual(self.stock(), {("Silo 104", "A"): 410.0})

    def test_silos_are_looked_up_once(self):
        """However many components of a booking lie in a place of their own."""
        shelves = self.env["stock.location"].create({"name": "Shelves", "location_id": self.store.id})
        products = [self.new_product(f"Test seed {code}") for code in (105, 106, 107)]
        for code, product in zip((105, 106, 107), products, strict=True):
            self.new_silo(code, product)
            self.env["stock.quant"]._update_available_quantity(product, shelves, 500.0)
        order = self.new_order(bom_id=self.new_bom([(product, 100.0) for product in products]).id)
        self.run_task(1)
        order.plc_batch_ids._store_actuals((105, 106, 107), (100.0, 101.0, 102.0))
        order.plc_batch_ids._advance("completed", 0.0, {"acknowledged": True})
        looked_up, all_ids = [], SiloBins._all

        def counted(bins):
            looked_up.append(bins._ids is None)
            return all_ids(bins)

        self.patch(SiloBins, "_all", counted)
        self.run_task(3)
        self.assertEqual(order.state, "done", order.plc_batch_ids.last_error)
        self.assertEqual(looked_up.count(True), 1)
        self.assertGreaterEqual(len(looked_up), 3)
