"""A silo is emptied, cleaned, and gets another product, also while batches are dosed from it."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .silo_case import SiloCase


@tagged("post_install", "-at_install")
class TestSiloActs(SiloCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.action_make_silo_locations()
        cls.location = cls.silo.location_id
        cls.operator = new_test_user(cls.env, "plc-operator", groups="plc_mo_batch.group_operator", name="Operator")
        cls.oats = cls.new_product("Test oats")

    def act(self, act, silo=None, **values):
        change = {"silo_id": (silo or self.silo).id, "act": act, **values}
        return self.env["plc.silo.change"].with_user(self.operator).create(change).action_confirm()

    def last_said(self):
        found = self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id), ("kind", "=", "user")])
        self.assertEqual(found[:1].user_id, self.operator)
        return found[:1].message

    def ordered(self, state=None, **values):
        """A batch that doses the silo's product."""
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        if state:
            order.plc_batch_ids._set_state(state, **values)
        return order.plc_batch_ids

    # Empty

    def test_emptied_into_the_store(self):
        self.bring(60.0, self.lots["A"], self.location)
        self.bring(40.0, self.lots["B"], self.location)
        self.act("empty", note="for the mill's holiday")
        self.assertEqual(self.stock(), {("store", "A"): 60.0, ("store", "B"): 40.0})
        expected = "Silo 103 emptied by Operator; by the books it held 100 kg Test barley. It went back to the store."
        self.assertEqual(self.last_said(), f"{expected} for the mill's holiday")
        self.assertTrue(self.silo.emptied_at)

    def test_emptied_onto_the_heap(self):
        self.bring(60.0, self.lots["A"], self.location)
        self.act("empty", content="waste")
        self.assertEqual(self.stock(), {})
        scrap = self.env["stock.scrap"].search([("product_id", "=", self.barley.id)])
        self.assertEqual((scrap.scrap_qty, scrap.lot_id, scrap.state), (60.0, self.lots["A"], "done"))

    def test_there_was_none(self):
        """The books were wrong, in either direction."""
        for held in (60.0, -60.0):
            for content in ("nothing", *(["store", "waste"] if held < 0 else [])):
                with self.subTest(held=held, content=content), self.env.cr.savepoint() as savepoint:
                    self.bring(held, self.lots["A"], self.location)
                    self.act("empty", content=content)
                    self.assertEqual(self.stock(), {})
                    savepoint.rollback()

    def test_what_is_not_booked_yet_stays_in_the_books(self):
        self.bring(100.0, self.lots["A"], self.location)
        for content, left in (("store", {("store", "A"): 70.0}), ("waste", {}), ("nothing", {})):
            with self.subTest(content), self.env.cr.savepoint() as savepoint:
                batch = self.ordered()
                self.end(batch, 30.0)
                self.assertEqual(self.silo.level, 70.0)
                self.act("empty", content=content)
                self.assertEqual(self.stock(), {**left, ("silo", "A"): 30.0})
                self.run_task(3)
                self.assertEqual((batch.state, self.stock()), ("done", left))
                savepoint.rollback()

    def test_emptied_silo_that_is_no_location(self):
        silo = self.new_silo(104, self.barley, lot_id=self.lots["A"].id)
        self.act("empty", silo)
        self.assertFalse(silo.lot_id)
        self.assertIn("Silo 104 emptied by Operator; by the books it held nothing.", self.last_said())

    # Clean

    def test_cleaned(self):
        self.act("clean")
        self.assertTrue(self.silo.cleaned_at)
        self.assertEqual(self.last_said(), "Silo 103 cleaned by Operator.")

    def test_not_clean_while_something_is_in_it(self):
        self.bring(60.0, self.lots["A"], self.location)
        with self.assertRaisesRegex(UserError, "Silo 103 still holds Test barley by the books: A 60.00. Empty it first."):
            self.act("clean")

    # Another product

    def test_changed(self):
        self.silo.lot_id = self.lots["A"]
        self.act("product", product_ids=self.oats.ids)
        self.assertEqual((self.silo.product_ids, self.silo.lot_id), (self.oats, self.env["stock.lot"]))
        said = "Silo 103 holds Test oats from now on, and no longer Test barley: entered by Operator."
        self.assertEqual(self.last_said(), said)

    def test_not_changed_while_something_else_is_in_it(self):
        self.bring(60.0, self.lots["A"], self.location)
        with self.assertRaisesRegex(UserError, "Silo 103 still holds Test barley by the books: A 60.00. Empty it first."):
            self.act("product", product_ids=self.oats.ids)

    def test_batches_that_the_plc_does_not_know(self):
        """They are cancelled; the next recipe knows of the change."""
        self.controller.missing_policy = "refuse"
        batch = self.ordered()
        effect = self.silo._change_effect(self.oats)
        self.assertIn(f"{batch.display_name} are cancelled, as the PLC knows nothing of them yet", effect)
        self.act("product", product_ids=self.oats.ids)
        self.assertEqual((batch.state, batch.cancel_reason), ("cancelled", "material"))
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertEqual(batch.production_id.plc_reason, "Test barley is not in any silo or tank")
        self.act("product", product_ids=self.barley.ids)
        self.run_task(1)
        self.assertEqual(self.queue().production_id, batch.production_id)

    def test_batches_that_the_plc_knows(self):
        for state in ("offered", "running", "cancelling"):
            with self.subTest(state), self.env.cr.savepoint() as savepoint:
                batch = self.ordered(state)
                self.assertIn("The product can be changed when that has ended", self.silo._change_effect(self.oats))
                with self.assertRaisesRegex(UserError, f"{batch.name}.*: the PLC has it already, and doses from Silo 103"):
                    self.act("product", product_ids=self.oats.ids)
                self.assertEqual(self.silo.product_ids, self.barley)
                savepoint.rollback()

    def test_batch_that_has_ended(self):
        """It is booked as what it was."""
        self.bring(100.0, self.lots["A"], self.location)
        batch = self.ordered()
        self.end(batch, 30.0)
        self.act("empty")
        self.act("product", product_ids=self.oats.ids)
        self.run_task(3)
        self.assertEqual((batch.state, self.details(self.moves_of(batch))), ("done", {("silo", "A"): 30.0}))

    def test_manager_who_writes_it(self):
        """On the form, in a list, by import: nothing is taken from a batch without a word."""
        manager = new_test_user(self.env, "plc-manager", groups="plc_mo_batch.group_manager")
        self.ordered()
        silo = self.silo.with_user(manager)
        said = "Silo 103 cannot be said to hold no Test barley now: .* is to dose it from there"
        with self.assertRaisesRegex(UserError, said), self.env.cr.savepoint():
            silo.product_ids = self.oats
        self.env.invalidate_all()
        silo.product_ids |= self.oats
        self.assertEqual(silo.product_ids, self.barley | self.oats)
