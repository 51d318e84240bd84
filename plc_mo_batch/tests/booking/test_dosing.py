"""What deviations are worth, and which silo doses badly: against Python's own statistics."""

import random
from datetime import timedelta
from statistics import mean, stdev
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestDosing(MillCase):
    def make(self, wheat, soy=352.25, state="completed", book=True, **order):
        """An order with these kg dosed."""
        [batch] = self.start(**order)
        batch._store_actuals((101, 102, 114), (wheat, soy, 33.3))
        batch._advance(state, 0.0, {"acknowledged": True})
        if book:
            self.run_task(3)
        return batch

    def start(self, **values):
        order = self.new_order(**values)
        self.run_task(1)
        return order.plc_batch_ids

    def line(self, batch, product=None):
        return batch.line_ids.filtered(lambda line: line.product_id == (product or self.wheat))

    # Value

    def test_value_at_the_cost_of_the_closing(self):
        batch = self.make(610.0, book=False)
        self.assertEqual(self.line(batch).deviation_value, 0.0, "not closed yet")
        self.wheat.standard_price = 0.3
        self.run_task(3)
        self.wheat.standard_price = 0.9
        self.assertRecordValues(self.line(batch), [{"unit_cost": 0.3, "deviation_value": 3.0}])
        self.assertRecordValues(self.line(batch, self.soy), [{"unit_cost": 0.45, "deviation_value": 0.0}])
        self.assertRecordValues(self.line(batch, self.salt), [{"unit_cost": 0.0, "deviation_value": 0.0}])

    def test_corrections_change_it_at_the_same_cost(self):
        batch = self.make(590.0)
        self.assertEqual(self.line(batch).deviation_value, -2.0)
        self.wheat.standard_price = 0.9
        self.line(batch).actual_qty = 605.0
        self.assertEqual(self.line(batch).deviation_value, 1.0)

    def test_units(self):
        """A product that is kept in bags of 25 kg, at a price a bag."""
        bag = self.env.ref("uom.product_uom_unit")
        bags = self.new_product("Test bags", uom_id=bag.id, weight=25.0, standard_price=10.0)
        line = self.env["mo.batch.line"].new({"product_id": bags.id, "uom_id": self.kg.id, "company_id": self.env.company.id})
        self.assertAlmostEqual(line._cost_per_unit(), 0.4)
        bags.weight = 0.0
        self.assertEqual(line._cost_per_unit(), 0.0)

    # Figures

    def test_figures(self):
        """Mean, spread and share out of tolerance of many doses; failed and cancelled batches do not count."""
        chance = random.Random(18)
        wheats = [round(chance.gauss(603.0, 4.0), 2) for _dose in range(12)]
        self.controller.write({"tolerance_percent": 1.0, "tolerance_kg": 0.0, "review_percent": 0.0, "review_kg": 0.0})
        for kilograms in wheats:
            self.make(kilograms)
        failed = self.make(9.0, state="failed", book=False)
        failed.action_set_disposition("requeue", "scrap")
        self.run_task(3)
        [cancelled] = failed.production_id.plc_batch_ids.filtered("active") or self.start()
        cancelled.action_cancel(reason="plan", note="", order_action="withhold")
        kg = [kilograms - 600.0 for kilograms in wheats]
        percent = [each / 6.0 for each in kg]
        outside = 100 * mean(abs(each) > 6.0 for each in kg)
        value = sum(self.env.company.currency_id.round(each * 0.2) for each in kg)
        self.compare_group(kg, percent, outside, value)
        self.compare_silo(kg, percent, outside, value)

    def compare_group(self, kg, percent, outside, value):
        doses = self.env["plc.dosing"]
        names = ["deviation_qty", "spread_qty", "deviation_percent", "spread_percent", "outside_percent"]
        aggregates = [*(f"{name}:avg" for name in names), "deviation_value:sum", "__count"]
        domain = [("controller_id", "=", self.controller.id), ("product_id", "=", self.wheat.id)]
        [(silo, product, *found)] = doses._read_group(domain, ["equipment_id", "product_id"], aggregates)
        self.assertEqual((silo.code, product, found[-1]), (101, self.wheat, len(kg)))
        expected = [mean(kg), stdev(kg), mean(percent), stdev(percent), outside, value]
        for name, figure, right in zip(aggregates, found, expected, strict=False):
            self.assertAlmostEqual(figure, right, 6, name)

    def compare_silo(self, kg, percent, outside, value):
        silo = self.env["plc.dosing.silo"].search(
            [("controller_id", "=", self.controller.id), ("product_id", "=", self.wheat.id)]
        )
        self.assertEqual((silo.dose_count, silo.judged_count), (len(kg), len(kg)))
        figures = (
            silo.mean_qty,
            silo.spread_qty,
            silo.mean_percent,
            silo.spread_percent,
            silo.outside_percent,
            silo.deviation_value,
        )
        expected = (mean(kg), stdev(kg), mean(percent), stdev(percent), outside, value)
        for figure, right in zip(figures, expected, strict=True):
            self.assertAlmostEqual(figure, right, 2)

    def test_suggestions(self):
        """A steady error is corrected; what only scatters, and what has too few doses, is not."""
        self.controller.write({"tolerance_percent": 1.0, "tolerance_kg": 0.0, "review_percent": 0.0, "review_kg": 0.0})
        steady = [602.0 + 0.1 * (number % 3) for number in range(10)]
        for number, kilograms in enumerate(steady):
            self.make(kilograms, soy=352.25 + (9.0 if number % 2 else -9.0))
        silos = self.env["plc.dosing.silo"].search([("controller_id", "=", self.controller.id)])
        wheat, soy, molasses = (
            silos.filtered(lambda silo, code=code: silo.equipment_id.code == code) for code in (101, 102, 114)
        )
        self.assertAlmostEqual(wheat.correction_qty, mean(steady) - 600.0, 2)
        self.assertEqual(wheat.suggestion, "Raise the after-flow by 2.09 kg: it doses too much.")
        self.assertEqual((soy.correction_qty, soy.suggestion), (0.0, "No steady error: it scatters by ±9.49 kg."))
        self.assertEqual((molasses.correction_qty, molasses.suggestion), (0.0, "Nothing to correct."))
        self.assertEqual(
            wheat.action_view_doses()["domain"],
            [("equipment_id", "=", wheat.equipment_id.id), ("product_id", "=", self.wheat.id)],
        )

    def test_picture(self):
        """Each of the last doses in percent of its plan, the band of their spread, and what each may be off: its silo's limit, or
        else the PLC's."""
        self.controller.write({"tolerance_percent": 1.0, "tolerance_kg": 0.0, "review_percent": 0.0, "review_kg": 0.0})
        made = (606.0, 594.0, 609.0)
        batches = [self.make(kilograms) for kilograms in made]
        for number, batch in enumerate(batches):
            batch.date_finished = fields.Datetime.now() - timedelta(hours=3 - number)
        self.env.flush_all()
        silo = self.env["plc.dosing.silo"].search(
            [("controller_id", "=", self.controller.id), ("product_id", "=", self.wheat.id)]
        )
        band, percent = silo.band, [100 * (kilograms - 600.0) / 600.0 for kilograms in made]
        self.assertEqual(band["doses"], percent)
        self.assertEqual(band["batches"], [batch.name for batch in batches])
        for name, value in (("mean", 0.5), ("low", 0.5 - stdev(percent)), ("high", 0.5 + stdev(percent))):
            self.assertAlmostEqual(band[name], value, 3)
        self.assertEqual((band["tolerances"], len(band["moments"])), ([1.0] * 3, 3))
        silo.equipment_id.tolerance_kg = 12.0
        self.env.invalidate_all()
        self.assertEqual(silo.band["tolerances"], [2.0] * 3)
        (silo.equipment_id | self.controller.equipment_ids).write({"tolerance_kg": 0.0, "tolerance_percent": 0.0})
        self.controller.tolerance_percent = 0.0
        self.env.invalidate_all()
        self.assertEqual(silo.band["tolerances"], [None] * 3)
        with patch("odoo.addons.plc_mo_batch.models.batch.plc_dosing_silo.DRAWN", 2):
            self.env.invalidate_all()
            self.assertEqual(silo.band["doses"], percent[1:])

    def test_too_few_and_too_old(self):
        batch = self.make(610.0)
        silo = self.env["plc.dosing.silo"].search(
            [("controller_id", "=", self.controller.id), ("product_id", "=", self.wheat.id)]
        )
        self.assertEqual((silo.correction_qty, silo.suggestion), (0.0, "Too few doses to say."))
        batch.date_finished = fields.Datetime.now() - timedelta(days=31)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.env["plc.dosing.silo"].search([("controller_id", "=", self.controller.id)]))

    def test_what_one_silo_doses_at_once_is_one_dose(self):
        """The same product twice in an order: in a kit beside the formula."""
        premix = self.new_product("Test premix")
        self.new_bom([(self.wheat, 800.0), (self.salt, 200.0)], product_tmpl_id=premix.product_tmpl_id.id, type="phantom")
        batch = self.make(646.0, bom_id=self.new_bom([(self.wheat, 600.0), (premix, 50.0)]).id)
        self.assertEqual(len(self.line(batch)), 2)
        dose = self.env["plc.dosing"].search([("batch_id", "=", batch.id), ("product_id", "=", self.wheat.id)])
        self.assertRecordValues(dose, [{"planned_qty": 640.0, "actual_qty": 646.0, "deviation_qty": 6.0, "deviation_value": 1.2}])
        self.assertAlmostEqual(dose.deviation_percent, 0.9375)
