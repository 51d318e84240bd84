"""The PLC changes over to another silo of the same product by itself: one component, and each kilogram leaves its own silo."""

from itertools import product

from odoo.tests import tagged

from ..lot import is_drawn
from .silo_case import SiloCase

# what was dosed of 100 kg of barley, by silo -> how far off the component is; 106 holds rye
DOSED = {
    "as planned": ({103: 100.0}, "within"),
    "changed over": ({103: 40.0, 104: 59.0}, "within"),
    "all from the other": ({103: 0.0, 104: 100.0}, "within"),
    "from all three": ({103: 10.0, 104: 40.0, 105: 49.0}, "within"),
    "too much": ({103: 60.0, 104: 45.0}, "warn"),
    "far too much": ({103: 80.0, 104: 40.0}, "review"),
    "too little": ({103: 40.0, 104: 55.0}, "warn"),
    "nothing": ({103: 0.0}, "review"),
    "something else besides": ({103: 100.0, 106: 5.0}, "within"),
    "changed over, and something else": ({103: 40.0, 104: 60.0, 106: 5.0}, "within"),
}
ENDS = ("completed", "share", "scrapped", "consumed", "entered later", "entered instead")
LOTS = {103: "A", 104: "B", 105: "NEW"}
CELLS = list(product(DOSED, ENDS))


class SisterCase(SiloCase):
    """Barley lies in 103, 104 and 105, a lot in each; rye in 106."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rye = cls.new_product("Test rye", standard_price=0.2)
        cls.silos = {103: cls.silo, **{code: cls.new_silo(code, cls.barley) for code in (104, 105)}}
        cls.silos[106] = cls.new_silo(106, cls.rye)
        cls.controller.write({"tolerance_percent": 2.0, "review_percent": 10.0, "ambiguous_policy": "order"})

    def fill(self):
        self.controller.action_make_silo_locations()
        for code, lot in LOTS.items():
            self.bring(500.0, self.lots[lot], self.silos[code].location_id)

    def gone(self):
        """kg that left each silo."""
        found = {}
        for code, silo in self.silos.items():
            held = sum(self.env["stock.quant"].search([("location_id", "=", silo.location_id.id)]).mapped("quantity"))
            found[code] = round((500.0 if code in LOTS else 0.0) - held, 6)
        return {code: kilograms for code, kilograms in found.items() if kilograms}

    def queued(self, quantity=1000.0):
        order = self.new_order(quantity, bom_id=self.lot_bom.id)
        self.run_task(1)
        return order.plc_batch_ids.sorted("part")[:1]

    def by_code(self, batch):
        return {line.code: line for line in batch.line_ids}


@tagged("post_install", "-at_install")
class TestSisters(SisterCase):
    def test_table(self):
        """Each way in which a batch ends × what was dosed."""
        for dosed, end in CELLS:
            if is_drawn(f"{dosed}, {end}", 3):
                with self.subTest(dosed=dosed, end=end), self.env.cr.savepoint() as savepoint:
                    self.try_cell(DOSED[dosed][0], DOSED[dosed][1], end)
                    savepoint.rollback()
                self.env.invalidate_all()

    def try_cell(self, amounts, expected, end):
        self.fill()
        self.controller.max_batch_qty = 1000.0
        batch = self.queued(2000.0 if end == "share" else 1000.0)
        if end.startswith("entered"):
            self.enter(batch, amounts, late=end == "entered later")
        else:
            batch._store_actuals((101, *amounts), (600.0, *amounts.values()))
            batch._advance("failed" if end in ("scrapped", "consumed") else "completed", 0.0, {"acknowledged": True})
        if end in ("scrapped", "consumed"):
            batch.action_set_disposition("withhold", "scrap" if end == "scrapped" else "consume")
        if batch.state == "completed" and batch.review_needed:
            batch.action_release_review("seen")
        self.run_task(3)
        self.assertFalse(batch.last_error)
        self.check(batch, amounts, expected, end)

    def enter(self, batch, amounts, late):
        """By a person: of a batch that is booked, what the PLC dosed is raised; else instead of what it reports."""
        if late:
            batch._store_actuals((101, 103), (600.0, amounts[103] and 1.0))
            batch._advance("completed", 0.0, {"acknowledged": True})
            if batch.review_needed:
                batch.action_release_review("seen")
            self.run_task(3)
            batch.write({"watch_needed": True, "attention_key": "changed "})
        else:
            batch._set_state("running")
            batch.attention_key = "lost "
        batch._store_entered([(101, 600.0), *amounts.items()], "read off the screen")
        if late:
            booked = {line: line._booked_qty() for line in batch.line_ids}
            self.env["plc.task.write.back"]._book_difference(batch, booked)
        else:
            batch._end_as_entered("completed", 0.0)

    def check(self, batch, amounts, expected, end):
        self.assertEqual(self.gone(), {code: kilograms for code, kilograms in amounts.items() if kilograms}, "stock")
        lines = self.by_code(batch)
        for code, kilograms in amounts.items():
            self.assertEqual(lines[code].actual_qty, kilograms)
            self.assertEqual(lines[code].is_sister, code in (104, 105), code)
            self.assertEqual(lines[code].product_id, self.rye if code == 106 else self.barley)
            if code in LOTS and kilograms:
                self.assertEqual(lines[code].lots, f"{LOTS[code]} {kilograms:.2f}", "its own lot")
        if end not in ("scrapped", "consumed"):
            states = {lines[code].tolerance_state for code in amounts if code != 106}
            self.assertEqual(states, {expected}, "one component, one state")
            off = {code: round(lines[code].deviation_qty, 2) for code in amounts if code != 106}
            whole = round(sum(kilograms for code, kilograms in amounts.items() if code != 106) - 100.0, 2)
            self.assertEqual(off, {code: whole if code == 103 else 0.0 for code in off}, "and one deviation")
        if 106 in amounts:
            self.assertEqual(lines[106].tolerance_state, "review", "what is not in the recipe is another matter")


@tagged("post_install", "-at_install")
class TestSisterSays(SisterCase):
    """What people are told, and when it is no sister."""

    def finish(self, amounts):
        batch = self.queued()
        batch._store_actuals((101, *amounts), (600.0, *amounts.values()))
        batch._advance("completed", 0.0, {})
        return batch

    def test_the_deviation_is_one(self):
        batch = self.finish({103: 60.0, 104: 45.0})
        self.assertIn("Out of tolerance: Test barley +5.00 kg (+5.00 %).", batch.remark)
        self.assertEqual(batch.deviation_qty, 5.0)

    def test_while_it_runs_the_board_has_one_line(self):
        batch = self.queued()
        batch._set_state("running")
        batch._store_actuals((101, 103, 104), (600.0, 40.0, 50.0))
        self.assertAlmostEqual(batch.progress, 100 * 690 / 700)
        self.assertEqual([len(dosing) for dosing in batch.line_ids._dosings()], [1, 2])

    def test_a_strict_formula_is_kept(self):
        self.lot_bom.consumption = "strict"
        self.controller.write({"consumption_policy": "respect", "review_percent": 0.0, "review_kg": 0.0})
        self.assertFalse(self.finish({103: 40.0, 104: 60.0}).review_needed)
        self.fill()
        self.run_task(3)
        self.assertTrue(self.finish({103: 40.0, 104: 59.0}).review_needed)

    def test_of_two_products_nobody_knows_which(self):
        """The silo holds both: as before, a person says."""
        self.silos[104].product_ids += self.wheat
        self.lot_bom.bom_line_ids[0].plc_equipment_id = self.controller.equipment_ids[0]
        batch = self.finish({103: 40.0, 104: 60.0})
        self.assertRecordValues(self.by_code(batch)[104], [{"is_sister": False, "product_id": False}])

    def test_as_the_plc_is_set(self):
        """Without an order of use nothing changes: what is not in the recipe is off the recipe."""
        self.controller.ambiguous_policy = "refuse"
        self.lot_bom.bom_line_ids[1].plc_equipment_id = self.silo
        batch = self.finish({103: 40.0, 104: 60.0})
        self.assertRecordValues(self.by_code(batch)[104], [{"is_sister": False, "tolerance_state": "review"}])

    def test_a_component_that_is_added_by_hand_has_none(self):
        self.lot_bom.bom_line_ids[1].plc_added = "hand"
        batch = self.finish({104: 60.0})
        self.assertRecordValues(self.by_code(batch)[104], [{"is_sister": False}])

    def test_what_came_late_is_no_sisters(self):
        """Another component of the same product is not taken for covered by it."""
        self.fill()
        batch = self.queued()
        batch._set_state("running")
        batch._store_actuals((101, 103, 104), (600.0, 40.0, 60.0))
        order = batch.production_id
        self.env["stock.move"].create(order._get_move_raw_values(self.barley, 30.0, self.kg))
        batch._sync_with_order(self.controller.layout_id._layout())
        late = batch.line_ids.filtered("late")
        self.assertRecordValues(late, [{"product_id": self.barley.id, "code": 0, "planned_qty": 30.0, "entry_needed": True}])
