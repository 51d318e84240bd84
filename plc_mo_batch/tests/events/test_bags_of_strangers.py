"""Labels of bags in the wrong hands: of another component, batch or company, used up, or no label at all."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .test_hand_adds_at_scale import HandAddCase


@tagged("post_install", "-at_install")
class TestBagsOfStrangers(HandAddCase):
    def setUp(self):
        super().setUp()
        self.bag = self.line.with_user(self.night)._weigh_in_advance(14.45, self.lots["A"])

    def scanned(self, code, user=None, batch=None):
        page = self.page(user, batch)
        page.scan = code
        return page

    def test_no_label(self):
        for code in ("PLCBAG", "PLCBAGX", "PLCBAG-1", "PLCBAG0", f"plcbag{self.bag.id}", "PLCBAG" + "9" * 40, "PLCBAG²"):
            with self.subTest(code):
                page = self.scanned(code)
                self.assertEqual(page.scan_problem, f"{code} is neither a lot nor a product.")
                self.assertFalse(page.bag_id)

    def test_what_the_plc_weighed_has_no_label(self):
        told = self.told_by_plc()
        self.assertEqual(self.scanned(told.label_code).scan_problem, f"{told.label_code} is neither a lot nor a product.")

    def test_scanned_twice(self):
        """On one page, and on two that were open at the same time."""
        pages = [self.scanned(self.bag.label_code) for _number in range(2)]
        pages[0].scan = self.bag.label_code
        self.assertFalse(pages[0].scan_problem)
        first, second = (page.save() for page in pages)
        first.action_confirm()
        with self.assertRaisesRegex(UserError, "It is entered already: 14.45 kg of Test salt, lot A"):
            first.action_confirm()
        with self.assertRaisesRegex(UserError, "This bag was added already: 14.45 kg of Test salt, lot A"):
            second.action_confirm()
        self.assertEqual((self.line.weighed_qty, len(self.line.weighing_ids)), (14.45, 1))

    def test_of_another_component(self):
        """The page goes where the bag belongs; who says otherwise over RPC is told."""
        page = self.page()
        page.line_id = self.oil_line
        page.scan = self.bag.label_code
        self.assertEqual((page.scan_problem, page.line_id), (False, self.line))
        with self.assertRaisesRegex(UserError, "This bag is of Test salt"):
            self.add(line=self.oil_line, lot=None, bag=self.bag)
        self.assertFalse(self.oil_line.weighed)

    def test_of_another_company(self):
        """Nobody there knows of it."""
        company = self.env["res.company"].create({"name": "Other mill"})
        groups = "plc_mo_batch.group_operator"
        stranger = new_test_user(self.env, "scale_stranger", groups, company_id=company.id, company_ids=[company.id])
        self.assertTrue(self.env["plc.weighing"].with_user(self.night)._of_label(self.bag.label_code))
        self.assertFalse(self.env["plc.weighing"].with_user(stranger)._of_label(self.bag.label_code))
        with self.assertRaises(AccessError):
            self.add(user=stranger, bag=self.bag)

    def test_another_bag_than_the_one_scanned_before(self):
        """What was scanned last is in hand. A wrong one leaves nothing of the one before it."""
        page = self.scanned(self.bag.label_code)
        page.scan = "B"
        self.assertEqual((page.lot_id, page.bag_id, page.weight), (self.lots["B"], self.env["plc.weighing"], 0.0))
        page.scan = self.bag.label_code
        self.assertEqual((page.lot_id, page.bag_id, page.weight), (self.lots["A"], self.bag, 14.45))
        page.scan = "W1"
        self.assertIn("which is not added to this batch by hand", page.scan_problem)
        self.assertEqual((page.lot_id, page.bag_id, page.weight), (self.env["stock.lot"], self.env["plc.weighing"], 0.0))
        page.bag_id = self.bag
        self.assertEqual((page.scan_problem, page.lot_id, page.weight), (False, self.lots["A"], 14.45))
        page.save().action_confirm()
        self.assertEqual(self.line.lots, "A 14.45")

    def test_wrong_bag_for_what_the_plc_weighed(self):
        """What the PLC weighed stays at hand, and the wrong bag stands in the way."""
        told = self.told_by_plc()
        page = self.page()
        self.assertEqual(page.bag_id, told)
        page.scan = "W1"
        self.assertIn("which is not added to this batch by hand", page.scan_problem)
        self.assertEqual((page.lot_id, page.bag_id), (self.env["stock.lot"], told))
        page.scan = "B"
        self.assertEqual((page.scan_problem, page.lot_id, page.bag_id, page.weight), (False, self.lots["B"], told, 2.0))

    def told_by_plc(self):
        values = self.env["plc.weighing"]._prepare_bag(self.line, 2.0, self.env["stock.lot"])
        return self.env["plc.weighing"].create({**values, "weighed_by_id": False, "state": "matched"})

    def test_after_the_order_was_booked_on_another(self):
        """The bag goes with the batch, whatever order that is booked on."""
        self.finish()
        self.order.action_cancel()
        self.batch.action_book_on_new_order()
        self.add(bag=self.bag, agreed=True)
        self.oil_line._say_all_added(agreed=True)
        self.run_task(3)
        self.assertRecordValues(self.batch, [{"last_error": False, "state": "done"}])
        self.assertEqual((self.booked(), self.line.lots), ({"A": 14.45}, "A 14.45"))
        late = self.add_late(2.0)
        self.assertEqual((self.booked(), self.line.lots), ({"A": 14.45, "B": 2.0}, "A 14.45, B 2.00"))
        self.assertEqual(late.raw_material_production_id, self.batch.production_id)

    def add_late(self, quantity):
        """A bag that was forgotten, entered when the batch is booked.

        :return: what was posted of it
        """
        before = self.batch.production_id.move_raw_ids
        self.add(quantity, lot="B", agreed=True)
        return self.batch.production_id.move_raw_ids - before
