"""What somebody does who knows nothing of silos, between the end of a batch and its booking, or after that: batch, stock, report
and recall name the same lots all the same, or a sentence says why not.

What there is elsewhere: one lot in the silo and what is archived, emptied or counted (``test_silo_bad_input.py``), two people
at the same moment (``test_silo_strangers_race.py``).
"""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ...models.recall.trace import Trace
from ..lot import is_drawn
from .test_silo_bad_input import BadInputCase

USED = {("silo", "A"): 60.0, ("silo", "B"): 40.0}
# after what was done besides, where that differs
LEFT = {
    "blocked": {("silo", "A"): -60.0, ("silo", "B"): 460.0, ("Quarantine", "A"): 60.0},
    "thrown_away": {("silo", "A"): -60.0, ("silo", "B"): 460.0},
    "below_zero": {("silo", "A"): -90.0, ("silo", "B"): 460.0},
    "lot_renamed": {("silo", "B"): 460.0},
    "filled_again": {("silo", "A"): 25.0, ("silo", "B"): 460.0},
    "reserved_elsewhere": {("silo", "B"): 460.0, ("store", "OLD"): 500.0},
}
NEGATIVE = "lot A in WH/Stock/Silo 103 is negative now: -60.00 kg"
REMARKED = {"blocked": NEGATIVE, "thrown_away": NEGATIVE, "demand_changed": "the order was changed to 10.00 kg"}


class StrangerCase(BadInputCase):
    """60 kg of lot A below 500 kg of lot B. A batch doses 100 kg."""

    def setUp(self):
        super().setUp()
        self.place_of = {self.location: "silo", self.store: "store"}
        self.fill_in("A", 60.0)
        self.fill_in("B", 500.0)

    def place(self, location):
        return self.place_of.get(location) or location.name

    def fill_in(self, lot, quantity):
        self.bring(quantity, self.lots[lot])
        self.silo._fill(quantity, self.lots[lot], self.barley, agreed=True)

    def end_one(self, dosed=100.0, **values):
        batch = self.start(**values)
        self.end(batch, dosed)
        return batch

    def book(self, batch):
        self.run_task(3)
        self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])

    def agree(self, batch, used):
        """Stock moves, the batch's own words, and a recall of each lot."""
        self.env.invalidate_all()
        self.assertEqual(self.details(self.moves_of(batch)), used)
        by_lot = {}
        for (_place, lot), quantity in used.items():
            by_lot[lot] = by_lot.get(lot, 0.0) + quantity
        told = {}
        for line in batch.line_ids.filtered(lambda line: line.product_id == self.barley and line.lots):
            for part in line.lots.split(", "):
                lot, quantity = part.rsplit(" ", 1)
                told[lot] = told.get(lot, 0.0) + float(quantity)
        self.assertEqual(told, by_lot)
        self.assertEqual(self.recalled(batch), by_lot)

    def recalled(self, batch):
        """kg by lot, as recalls of all lots find them."""
        found = {}
        for lot in self.env["stock.lot"].search([("product_id", "=", self.barley.id)]):
            for row in Trace(self.env).forward(lot):
                if row["kind"] in ("used", "scrapped") and row["batch_id"] == batch.id and row["lot_id"] == lot.id:
                    found[lot.name] = round(found.get(lot.name, 0.0) + row["quantity"], 6)
        return found


@tagged("post_install", "-at_install")
class TestSiloStrangers(StrangerCase):
    # Between the end of a batch and its booking

    def another_location(self):
        self.silo.location_id = self.env["stock.location"].create({"name": "Bin 3", "location_id": self.store.id})

    def location_of_the_sister(self):
        """Two silos are said to be one."""
        self.new_silo(104, self.barley, location_id=self.location.id)

    def below_another_silo(self):
        sister = self.new_silo(104, self.barley)
        sister.location_id = sister._location_below(self.store)
        self.location.location_id = sister.location_id

    def blocked(self):
        """What is left of the lot in the silo, by the books, is put into quarantine."""
        self.move_away("A", 60.0)

    def thrown_away(self):
        values = {"product_id": self.barley.id, "scrap_qty": 60.0, "lot_id": self.lots["A"].id, "location_id": self.location.id}
        self.env["stock.scrap"].create(values).do_scrap()

    def below_zero(self):
        """Somebody took out of the silo what had not been filled in."""
        self.env["stock.quant"]._update_available_quantity(self.barley, self.location, -90.0, lot_id=self.lots["A"])

    def not_by_lot(self):
        self.barley.tracking = "none"

    def not_by_lot_and_back(self):
        self.barley.tracking = "none"
        self.env.flush_all()
        self.barley.tracking = "lot"

    def lot_renamed(self):
        self.lots["A"].name = "A2"

    def lot_of_a_company(self):
        self.lots["A"].company_id = self.controller.company_id

    def product_archived(self):
        self.barley.active = False

    def code_changed(self):
        self.silo.code = 199

    def other_products(self):
        self.silo.sudo(False).product_ids = self.soy

    def reserved_by_another(self):
        order = self.new_order(bom_id=self.lot_bom.id)
        order.action_assign()

    def unreserved(self):
        self.env["mo.batch"].search([("controller_id", "=", self.controller.id)]).production_id.do_unreserve()

    def reserved_elsewhere(self):
        self.bring(500.0, self.lots["OLD"])
        order = self.queue().production_id
        order.do_unreserve()
        move = order.move_raw_ids.filtered(lambda move: move.product_id == self.barley)
        move._update_reserved_quantity(100.0, self.store, lot_id=self.lots["OLD"])

    def lots_of_the_store(self):
        """The policy for the next batches."""
        self.silo.lot_id = self.lots["OLD"]

    def filled_again(self):
        self.fill_in("A", 25.0)

    def source_changed(self):
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.store.id})
        self.queue().production_id.location_src_id = shelf

    def component_removed(self):
        order = self.queue().production_id
        move = order.move_raw_ids.filtered(lambda move: move.product_id == self.barley)
        order.write({"move_raw_ids": [Command.delete(move.id)]})

    def demand_changed(self):
        order = self.queue().production_id
        move = order.move_raw_ids.filtered(lambda move: move.product_id == self.barley)
        move.product_uom_qty = 10.0

    ACTS = (
        "another_location", "location_of_the_sister", "below_another_silo", "blocked", "thrown_away", "below_zero", "not_by_lot",
        "not_by_lot_and_back", "lot_renamed", "lot_of_a_company", "product_archived", "code_changed", "other_products",
        "reserved_by_another", "unreserved", "reserved_elsewhere", "lots_of_the_store", "filled_again", "source_changed",
        "component_removed", "demand_changed",
    )  # fmt: skip

    def move_away(self, lot, quantity):
        quarantine = self.env["stock.location"].create({"name": "Quarantine", "location_id": self.store.location_id.id})
        places = {"location_id": self.location.id, "location_dest_id": quarantine.id}
        item = {"product_id": self.barley.id, "lot_id": self.lots[lot].id, "quantity": quantity, **places}
        values = {"product_id": self.barley.id, "product_uom": self.kg.id, "product_uom_qty": quantity, "picked": True, **places}
        self.env["stock.move"].create({**values, "move_line_ids": [Command.create(item)]})._action_done()

    def test_meanwhile(self):
        for act in filter(is_drawn, self.ACTS):
            with self.subTest(act), self.env.cr.savepoint() as savepoint:
                self.try_act(act)
                savepoint.rollback()
            self.env.invalidate_all()

    def try_act(self, act):
        batch = self.end_one()
        self.assertEqual(self.silo.level, 460.0)
        getattr(self, act)()
        self.env.flush_all()
        self.env.invalidate_all()
        self.book(batch)
        names = {"A": "A2"} if act == "lot_renamed" else {}
        self.agree(batch, {(place, names.get(lot, lot)): kilograms for (place, lot), kilograms in USED.items()})
        self.assertEqual(self.stock(), LEFT.get(act, {("silo", "B"): 460.0}))
        self.assertRegex(batch.remark or "", REMARKED.get(act, "^$"))

    def test_component_replaced(self):
        """A component that the silos hold, and the PLC was not told of: a person says what became of it."""
        batch = self.end_one()
        self.component_removed()
        values = batch.production_id._get_move_raw_values(self.soy, 100.0, self.kg)
        self.env["stock.move"].create(values)._action_confirm()
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "completed", "hand_adds_needed": True, "last_error": False}])
        batch.action_enter_hand_adds([(batch.line_ids.filtered(lambda line: line.product_id == self.soy).id, 0.0)])
        self.book(batch)
        self.agree(batch, USED)
        self.assertFalse(self.moves_of(batch).filtered(lambda move: move.product_id == self.soy and move.quantity))


@tagged("post_install", "-at_install")
class TestSiloStrangersLater(StrangerCase):
    """Beside and after the booking."""

    def test_lots_of_the_same_second(self):
        """The one that was entered first is the older."""
        self.fill_in("NEW", 50.0)
        self.fill_in("A", 50.0)
        now = fields.Datetime.now()
        self.env["stock.move.line"].search([("location_dest_id", "=", self.location.id)]).date = now
        self.env["stock.quant"].search([("location_id", "=", self.location.id)]).in_date = now
        batch = self.end_one(580.0)
        self.book(batch)
        self.agree(batch, {("silo", "A"): 60.0, ("silo", "B"): 500.0, ("silo", "NEW"): 20.0})

    def test_tracked_by_lot_from_now_on(self):
        """What lies there is of no lot: a person says which one it was. Odoo takes it from what has none."""
        for moment in ("queued", "completed"):
            with self.subTest(moment), self.env.cr.savepoint() as savepoint:
                self.try_tracked(moment)
                savepoint.rollback()
            self.env.invalidate_all()

    def try_tracked(self, moment):
        oats = self.new_product("Test oats")
        self.silo.product_ids |= oats
        self.env["stock.quant"]._update_available_quantity(oats, self.location, 500.0)
        bom = self.new_bom([(self.wheat, 600.0), (oats, 100.0)])
        batch = self.start(bom=bom)
        if moment == "queued":
            oats.tracking = "lot"
        self.end(batch, 100.0)
        oats.tracking = "lot"
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.silo.level, 960.0)
        self.run_task(3)
        self.assertIn("no lot is known. Set the current lot of Silo 103", batch.last_error)
        self.silo.lot_id = self.new_lot("LATER", oats)
        batch.action_retry()
        self.book(batch)
        self.assertEqual(self.moves_of(batch).move_line_ids.lot_id.name, "LATER")
        self.assertEqual(self.held(oats, self.location), [400.0])
        oats.tracking = "none"
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.silo.level, 960.0)
        again = self.start(bom=bom)
        self.end(again, 100.0)
        self.book(again)
        self.assertEqual(self.held(oats, self.location), [300.0])

    def test_dosed_and_nobody_knows_what(self):
        """Besides the recipe, from a silo that holds two products, or none. Until a person says which it was, nothing else stands
        still: levels, board, alarms, report and the next orders."""
        for products in (self.barley | self.soy, self.env["product.product"]):
            with self.subTest(products.mapped("name")), self.env.cr.savepoint() as savepoint:
                batch = self.start(bom=self.wheat_bom)
                self.silo.product_ids = products
                self.end(batch, 100.0)
                self.look_at_everything(batch)
                self.run_task(3)
                self.assertIn("Set exactly one product on that equipment", batch.last_error)
                self.look_at_everything(batch)
                self.silo.product_ids = self.barley
                batch.action_retry()
                self.book(batch)
                self.agree(batch, USED)
                savepoint.rollback()
            self.env.invalidate_all()

    def look_at_everything(self, batch):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((self.silo.level, self.silo.api_levels()[0]["level"]), (560.0, 560.0))
        self.assertFalse(batch.line_ids.filtered(lambda line: line.code == 103).lots)
        self.assertTrue(self.env["plc.controller"].get_board(self.controller.ids))
        self.assertTrue(self.controller.api_queue())
        html = self.env["ir.actions.report"]._render_qweb_html("plc_mo_batch.report_mo_batch", batch.ids)[0]
        self.assertIn("103", html.decode())
        quants = self.env["stock.quant"].search([("location_id", "=", self.location.id)])
        quants.with_context(inventory_mode=True).inventory_quantity = 10.0
        self.assertEqual(quants.mapped("inventory_diff_quantity"), [-50.0, -490.0])
        quants.action_clear_inventory_quantity()
        self.run_task(4)

    def test_unbuilt(self):
        """Half of it is taken apart again: that is no part of what the batch used, and what came back of a lot is found."""
        self.feed.tracking = "lot"
        batch = self.end_one()
        self.book(batch)
        order, lot = batch.production_id, batch.production_id.lot_producing_ids
        places = {"location_id": self.store.id, "location_dest_id": self.store.id}
        what = {"product_id": self.feed.id, "mo_id": order.id, "bom_id": order.bom_id.id, "lot_id": lot.id}
        self.env["mrp.unbuild"].create({**what, **places, "product_qty": 500.0, "product_uom_id": self.kg.id}).action_unbuild()
        self.agree(batch, USED)
        rows = [(row["kind"], row["lot_id"], row["quantity"]) for row in Trace(self.env).forward(self.lots["A"])]
        a = self.lots["A"].id
        expected = [
            ("used", a, 60.0),
            ("made", lot.id, 1000.0),
            ("used", lot.id, 500.0),
            ("left", lot.id, 500.0),
            ("left", a, 50.0),
        ]
        self.assertEqual(rows, expected)
        back = [(row["kind"], row["lot_id"], row["quantity"]) for row in Trace(self.env).backward(lot)]
        for row in (("used", a, 60.0), ("used", self.lots["B"].id, 40.0), ("filled", a, 60.0)):
            self.assertIn(row, back)

    def test_closed_by_hand_or_cancelled_and_booked_on_a_new_order(self):
        """Another batch ended meanwhile. What the person consumed on the order that he closed is booked, too."""
        for how, left in (("closed", {("silo", "A"): -60.0, ("silo", "B"): 310.0}), ("cancelled", {("silo", "B"): 350.0})):
            with self.subTest(how), self.env.cr.savepoint() as savepoint:
                self.try_rebooked(how)
                self.assertEqual(self.stock(), left)
                savepoint.rollback()
            self.env.invalidate_all()

    def try_rebooked(self, how):
        orders = [self.new_order(bom_id=self.lot_bom.id) for _number in range(2)]
        self.run_task(1)
        first, second = (order.plc_batch_ids for order in orders)
        self.end(first, 100.0)
        if how == "closed":
            orders[0].qty_producing = orders[0].product_qty
            orders[0].move_raw_ids.picked = True
            orders[0].with_context(skip_consumption=True).button_mark_done()
        else:
            orders[0].action_cancel()
        self.env.flush_all()
        self.end(second, 100.0)
        self.run_task(3)
        self.assertIn("was closed or cancelled outside the PLC tasks", first.last_error)
        self.agree(second, {("silo", "B"): 100.0})
        self.assertEqual(self.silo.level, 360.0)
        first.action_book_on_new_order()
        self.book(first)
        self.agree(first, USED)
        self.weigh_late(first, 10.0)
        self.agree(first, {("silo", "A"): 60.0, ("silo", "B"): 50.0})

    def test_backorder(self):
        """It plans for what is left, from what lies there now."""
        self.controller.backorder_policy = "short"
        batch = self.start()
        batch._store_actuals((101, 103), (600.0, 100.0))
        batch._advance("completed", 500.0, {"acknowledged": True})
        self.book(batch)
        self.agree(batch, USED)
        order = batch.production_id
        rest = self.env["mrp.production"].search([("production_group_id", "=", order.production_group_id.id)]) - order
        move = rest.move_raw_ids.filtered(lambda move: move.product_id == self.barley)
        self.assertEqual((move.product_uom_qty, self.details_reserved(move)), (50.0, {("silo", "B"): 50.0}))

    def details_reserved(self, move):
        return {(self.place(item.location_id), item.lot_id.name): item.quantity for item in move.move_line_ids}

    def test_companies(self):
        """Silos, their places and their PLCs are of one company, whichever of them is changed."""
        company = self.env["res.company"].create({"name": "Other mill"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        silos = [Command.create({"name": "Other silo", "code": 103, "product_ids": [Command.set(self.barley.ids)]})]
        kinds = [Command.set(warehouse.manu_type_id.ids)]
        other = self.new_controller(name="Other", company_id=company.id, picking_type_ids=kinds, equipment_ids=silos)
        for act, refused in (
            (lambda: self.location.write({"company_id": company.id}), "Changing the company of this record is forbidden"),
            (lambda: self.controller.write({"company_id": company.id}), "company inconsistencies"),
            (lambda: self.location.write({"location_id": warehouse.lot_stock_id.id}), "company inconsistencies"),
            (lambda: other.equipment_ids.write({"location_id": self.location.id}), "choose an internal location of Other mill"),
            (lambda: self.silo.write({"controller_id": other.id}), "choose an internal location of Other mill"),
            (
                lambda: self.lot_bom.bom_line_ids[1].write({"plc_equipment_id": other.equipment_ids.id}),
                "belongs to another company than the bill of materials",
            ),
        ):
            with self.subTest(refused), self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
                act()
                self.env.flush_all()


@tagged("post_install", "-at_install")
class TestSiloStrangersExpiry(StrangerCase):
    def test_expired_between_end_and_booking(self):
        if "expiration_date" not in self.env["stock.lot"]._fields:
            self.skipTest("needs product_expiry")
        self.barley.use_expiration_date = True
        batch = self.end_one()
        self.lots["A"].expiration_date = fields.Datetime.now() - timedelta(days=1)
        self.book(batch)
        self.agree(batch, USED)
        self.assertIn("expired", batch.remark)
