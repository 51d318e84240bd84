"""What a scanner says of a bag: where it must not be used, no careless tap uses it, nor the bag before it in its place."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .test_hand_adds_at_scale import HandAddCase

GTIN = "04006381333931"  # salt


@tagged("post_install", "-at_install")
class TestLabelsOfBags(HandAddCase):
    def gs1(self, lot, days=None):
        """A label of salt; ``days`` from today it expires."""
        day = days is not None and fields.Date.context_today(self.batch) + timedelta(days=days)
        return f"01{GTIN}{day.strftime('17%y%m%d') if day else ''}10{lot}"

    def labels(self):
        """What is scanned once lot A is -> the lot then, and what is said; False: nothing."""
        yield self.gs1("B"), "B", False
        yield self.gs1("B", 0), "B", False  # good until the end of this day
        yield self.gs1("B", 400), "B", False
        yield self.gs1("B", -1), None, "By its label it expired on .*: take another bag."
        yield self.gs1("XYZ"), None, "Test salt has no lot XYZ."
        yield self.gs1("XYZ", -1), None, "Test salt has no lot XYZ."
        yield "NOTHING", None, "is neither a lot nor a product"
        yield "W1", None, "Test wheat"

    def test_at_the_scale(self):
        for code, lot, problem in self.labels():
            with self.subTest(code):
                page = self.page()
                page.scan = "A"
                page.scan = code
                self.check(page, lot, problem)
                page.scan = "A"
                self.assertEqual((page.lot_id, page.scan_problem), (self.lots["A"], False))

    def test_chosen_after_all(self):
        page = self.page()
        page.scan = self.gs1("XYZ")
        self.assertTrue(page.scan_problem)
        page.lot_id = self.lots["B"]
        self.assertFalse(page.scan_problem)

    def test_into_a_silo(self):
        silo = self.env["plc.equipment"].create({"name": "Silo 105", "code": 105, "controller_id": self.controller.id,
                                                 "product_ids": self.salt.ids})  # fmt: skip
        self.controller.action_make_silo_locations()
        for code, lot, problem in self.labels():
            with self.subTest(code):
                page = self.env["plc.silo.fill"].with_user(self.night).new({"silo_id": silo.id, "scan": "A"})
                page._onchange_scan()
                self.assertEqual(page.lot_id, self.lots["A"])
                page.scan = code
                page._onchange_scan()
                self.check(page, lot, problem)

    def check(self, page, lot, problem):
        self.assertEqual(page.lot_id.name or None, lot)
        if problem:
            self.assertRegex(page.scan_problem, problem)
        else:
            self.assertFalse(page.scan_problem)

    def test_booked_as_planned_meanwhile(self):
        """The question says what is booked of it: this bag may be what was meant."""
        self.controller.hand_add_policy = "planned"
        self.finish()
        self.run_task(3)
        self.assertEqual((self.batch.state, self.booked()), ("done", {"A": 14.45}))
        _bag, question = self.add()
        self.assertIn("is booked already, with 14.45 kg of Test salt. This is booked on top of it.", question)
        self.assertEqual(self.booked(), {"A": 14.45})
