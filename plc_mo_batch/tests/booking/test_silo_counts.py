"""A silo is counted while doses of it are not booked yet: what was found there is what lies there once they are."""

from odoo.tests import tagged

from .silo_case import SiloCase


@tagged("post_install", "-at_install")
class TestSiloCounts(SiloCase):
    """500 kg of lot A by the books, of which 99.5 were dosed and are not booked yet. A person finds 380."""

    def setUp(self):
        super().setUp()
        self.location = self.make_location()
        self.bring(500.0, self.lots["A"], self.location)
        self.quant = self.env["stock.quant"].search([("location_id", "=", self.location.id), ("lot_id", "=", self.lots["A"].id)])
        self.quant = self.quant.with_context(inventory_mode=True)

    def dose(self, kilograms=99.5, state="completed"):
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        batch = order.plc_batch_ids
        if state == "running":
            batch._store_actuals((101, 103), (600.0, kilograms))
        else:
            self.end(batch, kilograms, state)
        batch.review_needed = state == "completed"
        return batch

    def book(self, batch, kilograms=None):
        if kilograms:
            self.end(batch, kilograms)
        batch.review_needed = False
        self.run_task(3)
        self.env.invalidate_all()

    def apply(self):
        """:return: whether Odoo asked a question"""
        return bool(self.quant.action_apply_inventory())

    def check(self, kilograms):
        self.assertEqual(self.stock(), {("silo", "A"): kilograms} if kilograms else {})
        self.assertEqual(self.silo.level, kilograms)

    def test_counted(self):
        for state in ("running", "completed", "failed"):
            with self.subTest(state), self.env.cr.savepoint() as savepoint:
                batch = self.dose(state=state)
                self.quant.inventory_quantity = 380.0
                self.assertEqual((self.quant.inventory_diff_quantity, self.quant.is_outdated), (-20.5, False))
                self.assertFalse(self.apply())
                self.assertEqual((self.quant.quantity, self.silo.level), (479.5, 380.0))
                if state == "failed":
                    batch.action_set_disposition("withhold", "scrap")
                self.book(batch, 99.5 if state == "running" else None)
                self.check(380.0)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_dosed_on_after_it_was_counted(self):
        batch = self.dose(60.0, "running")
        self.quant.inventory_quantity = 420.0
        self.apply()
        self.book(batch, 99.5)
        self.check(380.5)

    def test_the_list_of_what_is_on_hand(self):
        batch = self.dose()
        self.quant.inventory_quantity_auto_apply = 380.0
        self.assertEqual(self.silo.level, 380.0)
        self.book(batch)
        self.check(380.0)

    def test_counted_as_the_books_say(self):
        """Odoo's button Set, and the one that says there is none."""
        for button, left in (("action_set_inventory_quantity", 400.5), ("action_set_inventory_quantity_zero", 0.0)):
            with self.subTest(button), self.env.cr.savepoint() as savepoint:
                batch = self.dose()
                getattr(self.quant, button)()
                self.assertEqual(self.quant.inventory_quantity, left)
                self.apply()
                self.assertEqual(self.silo.level, left)
                self.book(batch)
                self.check(left)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_of_another_lot(self):
        """Which nobody dosed."""
        batch = self.dose()
        self.bring(80.0, self.lots["B"], self.location)
        quant = self.env["stock.quant"].search([("location_id", "=", self.location.id), ("lot_id", "=", self.lots["B"].id)])
        quant.with_context(inventory_mode=True).inventory_quantity_auto_apply = 70.0
        self.book(batch)
        self.assertEqual(self.stock(), {("silo", "A"): 400.5, ("silo", "B"): 70.0})

    def test_a_count_that_waits(self):
        """It was right when it was made, and the booking changes nothing about that."""
        batch = self.dose()
        self.quant.inventory_quantity = 380.0
        self.book(batch)
        self.assertFalse(self.quant.is_outdated)
        self.assertFalse(self.apply())
        self.check(380.0)

    def test_dosed_between_count_and_application(self):
        """Odoo asks, as ever when stock has moved meanwhile; both answers are what they say."""
        for answer, left in (("action_keep_counted_quantity", 480.0), ("action_keep_difference", 380.5)):
            with self.subTest(answer), self.env.cr.savepoint() as savepoint:
                self.quant.inventory_quantity = 480.0
                batch = self.dose()
                self.quant.invalidate_recordset()
                self.assertTrue(self.quant.is_outdated)
                self.assertTrue(self.apply())
                conflict = self.env["stock.inventory.conflict"].create({"quant_ids": self.quant.ids})
                self.env.invalidate_all()  # it is another request
                self.assertFalse(getattr(conflict, answer)())
                self.assertEqual(self.silo.level, left)
                self.book(batch)
                self.check(left)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_what_is_no_silo(self):
        self.bring(100.0, self.lots["B"])
        self.dose()
        quant = self.env["stock.quant"].search([("location_id", "=", self.store.id), ("lot_id", "=", self.lots["B"].id)])
        quant.with_context(inventory_mode=True).inventory_quantity = 70.0
        self.assertEqual((quant.inventory_diff_quantity, quant.is_outdated), (-30.0, False))
        quant.action_apply_inventory()
        self.assertEqual(quant.quantity, 70.0)
