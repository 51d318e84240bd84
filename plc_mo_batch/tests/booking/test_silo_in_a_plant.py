"""A silo where Odoo values stock: each way to value it × what lies in the silo × how the batch ends. What was dosed left the
silo, of the lots that lay there; what the product is worth is what went into it."""

from odoo.tests import tagged

from .. import value
from ..lot import is_drawn
from .silo_case import SiloCase
from .value_case import ValueCase

DOSED = 150.0
VALUATIONS = [(method, by_lot) for method in ("standard", "average", "fifo") for by_lot in (False, True)]


@tagged("post_install", "-at_install")
class TestSiloInAPlant(SiloCase, ValueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.barley.categ_id = cls.category
        cls.controller.action_make_silo_locations()
        cls.location = cls.silo.location_id
        cls.controller.ambiguous_policy = "order"
        cls.twin = cls.new_silo(104, cls.barley, sequence=20)
        cls.controller.action_make_silo_locations()
        cls.owner = cls.env["res.partner"].create({"name": "Test farmer"})
        wheat_silo = cls.controller.equipment_ids.filtered(lambda item: item.code == 101)
        cls.env["stock.quant"]._update_available_quantity(cls.wheat, wheat_silo.location_id, 50_000.0)

    # What lies in the silo

    def two_lots(self):
        self.buy("A", 100.0, 0.20)
        self.buy("B", 300.0, 0.30)
        return {"A": 100.0, "B": 50.0}

    def too_little(self):
        self.buy("A", 60.0, 0.20)
        return {"A": 150.0}

    def nothing(self):
        self.buy("A", 60.0, 0.20, fill=False)
        self.silo.lot_id = self.lots["B"]
        return {"B": 150.0}

    def below_zero(self):
        self.buy("A", 60.0, 0.20)
        self.env["stock.quant"]._update_available_quantity(self.barley, self.location, -90.0, lot_id=self.lots["A"])
        self.buy("B", 400.0, 0.30)
        return {"B": 150.0}

    def of_an_owner(self):
        self.buy("B", 400.0, 0.30)
        quants = self.env["stock.quant"]
        quants._update_available_quantity(self.barley, self.location, 40.0, lot_id=self.lots["A"], owner_id=self.owner)
        return None

    def in_a_package(self):
        package = self.env["stock.package"].create({"name": "TEST-BIG-BAG"})
        quants = self.env["stock.quant"]
        quants._update_available_quantity(self.barley, self.location, 400.0, lot_id=self.lots["A"], package_id=package)
        return {"A": 150.0}

    def counted(self):
        self.buy("A", 300.0, 0.20)
        self.buy("B", 300.0, 0.30)
        quant = self.env["stock.quant"].search([("location_id", "=", self.location.id), ("lot_id", "=", self.lots["A"].id)])
        quant.with_context(inventory_mode=True).inventory_quantity_auto_apply = 70.0
        return {"A": 70.0, "B": 80.0}

    def buy(self, lot, quantity, price, fill=True):
        """From a vendor, and into the silo."""
        kind = self.store.warehouse_id.in_type_id
        places = {"location_id": self.env.ref("stock.stock_location_suppliers").id, "location_dest_id": self.store.id}
        common = {"product_id": self.barley.id, "product_uom_qty": quantity, "price_unit": price, "picking_type_id": kind.id}
        move = self.env["stock.move"].create({**common, "product_uom": self.kg.id, **places})
        move._action_confirm()
        detail = {"product_id": self.barley.id, "lot_id": self.lots[lot].id, "quantity": quantity, "picked": True, **places}
        move.move_line_ids.unlink()
        move.move_line_ids.create({**detail, "move_id": move.id, "product_uom_id": self.kg.id})
        move.picked = True
        move._action_done()
        if fill:
            self.silo._fill(quantity, self.lots[lot], self.barley, agreed=True)

    # How it ends

    def made(self, batch):
        self.end(batch, DOSED)
        self.run_task(3)

    def failed(self, batch):
        self.end(batch, DOSED, "failed")
        batch.action_set_disposition("withhold", "consume")
        self.run_task(3)

    def thrown_away(self, batch):
        self.end(batch, DOSED, "failed")
        batch.action_set_disposition("withhold", "scrap")
        self.run_task(3)

    def found_later(self, batch):
        self.end(batch, DOSED - 20.0)
        self.run_task(3)
        self.weigh_late(batch, 20.0)

    def reviewed(self, batch):
        self.end(batch, DOSED)
        batch.review_needed = True
        self.run_task(3)
        self.buy("NEW", 500.0, 0.40)
        batch.review_needed = False
        self.run_task(3)

    CONTENTS = ("two_lots", "too_little", "nothing", "below_zero", "of_an_owner", "in_a_package", "counted")
    ENDS = ("made", "failed", "thrown_away", "found_later", "reviewed")

    def test_table(self):
        for method, by_lot in VALUATIONS:
            for content in self.CONTENTS:
                for end in self.ENDS:
                    name = f"{method} {by_lot} {content} {end}"
                    if not is_drawn(name, 20):
                        continue
                    with self.subTest(name):
                        with self.env.cr.savepoint() as savepoint:
                            self.use(method)
                            self.barley.lot_valuated = by_lot
                            self.check(content, end)
                            savepoint.rollback()
                        self.env.invalidate_all()

    def check(self, content, end):
        expected = getattr(self, content)()
        self.env.invalidate_all()
        before = self.total(), self.silo.level
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        batch = order.plc_batch_ids
        getattr(self, end)(batch)
        self.env.invalidate_all()
        self.assertFalse(batch.last_error)
        self.assertEqual(batch.state, "done" if end in ("made", "found_later", "reviewed") else "cancelled")
        more = (500.0 if end == "reviewed" else 0.0) - DOSED
        self.assertEqual((self.total(), self.silo.level), tuple(round(kilograms + more, 2) for kilograms in before))
        used = {}
        done = self.moves_of(batch).filtered(lambda move: move.state == "done")
        for item in done.move_line_ids.filtered(lambda item: item.product_id == self.barley):
            self.assertEqual((item.state, item.location_id), ("done", self.location))
            used[item.lot_id.name] = used.get(item.lot_id.name, 0.0) + item.quantity
        self.assertEqual(sum(used.values()), DOSED)
        if expected:
            self.assertEqual(used, expected)
        if end in ("made", "reviewed"):
            self.assertFalse(list(value.unbalanced(order)))

    def total(self):
        quants = self.env["stock.quant"].search([("product_id", "=", self.barley.id), ("location_id.usage", "=", "internal")])
        return round(sum(quants.mapped("quantity")), 2)
