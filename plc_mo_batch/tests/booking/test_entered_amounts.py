"""What the PLC dosed, entered by a person where its own figures are not believed: booked to the kilogram."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ...models.batch.actions import ACTIONS
from ...models.booking.separate_booking import SeparateBooking
from ...plc.steps import Anomaly
from ..common import MillCase

DOSED = {101: 598.4, 102: 353.1, 114: 33.0}
STATES = {"offered": ("offered",), "running": ("offered", "running"), "cancelling": ("offered", "cancelling")}


@tagged("post_install", "-at_install")
class TestEnteredAmounts(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "night", name="Night", groups="plc_mo_batch.group_operator")
        cls.put_in_stock(100000.0, cls.wheat, cls.soy, cls.molasses, cls.salt)

    def batch_at(self, state, case="rejected"):
        """The batch of a new order, whose reports are not believed."""
        self.order = self.new_order()
        self.run_task(1)
        batch = self.queue()
        for step in ("sending", *STATES[state]):
            batch._set_state(step) if step == "cancelling" else batch._advance(step, 0.0, {})
        batch._store_actuals([101, 102, 114], [120.0, 0.0, 0.0])
        batch._record_anomaly(Anomaly(case, "word 17", (0,) * batch.controller_id.layout_id._layout().codec("feedback").words))
        return batch

    def enter(self, batch, amounts=None, reason="Scale printout", **values):
        return batch.with_user(self.operator).action_enter_amounts(list((amounts or DOSED).items()), reason, **values)

    def booked(self, order):
        return {product: quantity for product, quantity in self.consumed(order).items() if product != self.salt}

    def test_made_to_its_end(self):
        for state in STATES:
            with self.subTest(state=state):
                batch = self.batch_at(state)
                self.enter(batch, weight=999.0)
                self.assertRecordValues(
                    batch, [{"state": "completed", "produced_qty": 999.0, "weight_typed": True, "finished_weight": 0.0}]
                )
                self.run_task(3)
                self.assertEqual((self.order.state, self.order.qty_produced), ("done", 999.0))
                self.assertEqual(self.booked(self.order), {self.wheat: 598.4, self.soy: 353.1, self.molasses: 33.0})
                batch.write({"state": "done", "active": False})

    def test_weight_is_not_known(self):
        batch = self.batch_at("running")
        self.enter(batch)
        self.assertRecordValues(batch, [{"state": "completed", "produced_qty": 1000.0, "weight_typed": False}])

    def done_batch(self):
        """It is booked, and then the PLC shows other amounts."""
        batch = self.batch_at("running")
        self.enter(batch)
        self.run_task(3)
        self.assertEqual((batch.state, self.order.state), ("done", "done"))
        batch._record_anomaly(Anomaly("changed", "860.00 instead of 784.50 were dosed", (0,) * 83))
        self.assertTrue(batch.watch_needed)
        return batch

    def test_more_than_was_booked(self):
        """The difference is booked on the closed order, once, and the matter is over."""
        batch = self.done_batch()
        maize = self.new_product("Test maize")
        self.new_silo(103, maize)
        self.enter(batch, {101: 600.4, 102: 353.1, 103: 7.5})
        self.assertRecordValues(batch, [{"state": "done", "noted": True, "watch_needed": False, "attention": False}])
        expected = {self.wheat: 600.4, self.soy: 353.1, self.molasses: 33.0, maize: 7.5}
        self.assertEqual(self.booked_in_all(), expected)
        with self.assertRaises(UserError):
            self.enter(batch, {101: 610.0})
        self.run_task(3)
        self.assertEqual(self.booked_in_all(), expected)

    def booked_in_all(self):
        """By product, what was booked late included."""
        moves = self.order.move_raw_ids.filtered(lambda move: move.state == "done" and move.product_id != self.salt)
        return {product: sum(own.mapped("quantity")) for product, own in moves.grouped("product_id").items()}

    def test_less_than_was_booked(self):
        batch = self.done_batch()
        with self.assertRaisesRegex(UserError, "can only be raised"):
            self.enter(batch, {101: 600.4, 102: 353.0})
        self.assertTrue(batch.watch_needed)
        self.assertEqual(self.booked(self.order), {self.wheat: 598.4, self.soy: 353.1, self.molasses: 33.0})

    def test_not_made_to_its_end(self):
        batch = self.batch_at("running")
        self.enter(batch, {101: 598.4, 102: 12.5, 114: 0.0}, outcome="failed")
        self.assertEqual(batch.state, "failed")
        batch.with_user(self.operator).action_set_disposition("cancel", "consume")
        self.run_task(3)
        used = self.env["stock.move"].search([("plc_batch_id", "=", batch.id), ("state", "=", "done")])
        self.assertEqual({move.product_id: move.quantity for move in used}, {self.wheat: 598.4, self.soy: 12.5})

    def test_besides_the_recipe(self):
        maize = self.new_product("Test maize")
        self.new_silo(103, maize)
        batch = self.batch_at("running")
        self.enter(batch, {**DOSED, 103: 7.5})
        self.run_task(3)
        self.assertEqual(self.consumed(self.order)[maize], 7.5)

    def test_what_is_not_named_stays(self):
        batch = self.batch_at("running")
        self.enter(batch, {102: 353.1})
        self.assertEqual(batch.line_ids.filtered("code").mapped("actual_qty"), [120.0, 353.1, 0.0])

    def test_journal_says_who_and_why(self):
        batch = self.batch_at("running")
        self.enter(batch, {101: 598.4, 102: 0.0})
        said = "Night entered what was dosed: Silo 101 598.40 kg instead of 120.00. Scale printout"
        self.assertIn(said, batch.remark)
        self.assertEqual(batch.journal_ids.filtered(lambda line: line.message == said).kind, "user")

    def test_later_reports_change_nothing(self):
        batch = self.batch_at("running")
        self.enter(batch)
        self.assertTrue(batch.noted)

    def test_refused(self):
        batch = self.batch_at("running")
        for amounts, values in (
            ({}, {}),
            ({101: -0.01}, {}),
            ({101: float("inf")}, {}),
            ({101: float("nan")}, {}),
            ({101: 100000.01}, {}),
            ({0: 5.0}, {}),
            ({999: 5.0}, {}),
            (DOSED, {"weight": 100000.01}),
            (DOSED, {"reason": " "}),
            (DOSED, {"outcome": "done"}),
            (DOSED, {"weight": -1.0}),
        ):
            with self.subTest(amounts=amounts, values=values), self.assertRaises(UserError):
                batch.with_user(self.operator).action_enter_amounts(
                    list(amounts.items()), values.get("reason", "x"), **{k: v for k, v in values.items() if k != "reason"}
                )
        self.assertEqual((batch.state, batch.line_ids[0].actual_qty), ("running", 120.0))

    def test_one_amount_for_each(self):
        batch = self.batch_at("running")
        with self.assertRaisesRegex(UserError, "one amount for each"):
            batch.with_user(self.operator).action_enter_amounts([(101, 300.0), (101, 52.0)], "x")

    def test_what_was_never_reported_has_to_be_named(self):
        """Otherwise it could not be booked, and nobody could enter it any more."""
        batch = self.batch_at("running")
        batch.line_ids.filtered(lambda line: line.code in (102, 114)).reported = False
        with self.assertRaisesRegex(UserError, "Silo 102, Tank 114, too"):
            self.enter(batch, {101: 598.4})
        self.enter(batch, {102: 353.1, 114: 0.0})
        self.run_task(3)
        self.assertEqual(self.booked(self.order), {self.wheat: 120.0, self.soy: 353.1, self.molasses: 0.0})

    def held_batch(self, actuals, **limits):
        self.controller.write(limits)
        self.order = self.new_order()
        batch = self.complete(self.order, actuals=actuals)
        self.assertTrue(batch.review_needed)
        return batch

    def test_held_for_a_review(self):
        """Who finds that the PLC counted wrong can say what it dosed; what is right then is not held any more."""
        batch = self.held_batch({101: 60.0, 102: 353.1, 114: 33.0}, review_percent=20.0)
        self.enter(batch, {101: 90.0})
        self.assertTrue(batch.review_needed, "it is still far off")
        self.enter(batch, {101: 598.4})
        self.assertRecordValues(batch, [{"state": "completed", "review_needed": False, "attention": False}])
        self.run_task(3)
        self.assertEqual(self.booked(self.order), {self.wheat: 598.4, self.soy: 353.1, self.molasses: 33.0})
        self.run_task(3)

    def test_nothing_was_dosed(self):
        """Held whatever the limits: a PLC that left the flag of the last batch standing."""
        batch = self.held_batch(dict.fromkeys(DOSED, 0.0), review_percent=0.0)
        self.assertIn("dosed nothing", batch.attention)
        self.run_task(3)
        self.assertEqual(batch.state, "completed")
        self.enter(batch)
        self.run_task(3)
        self.assertEqual(self.booked(self.order), {self.wheat: 598.4, self.soy: 353.1, self.molasses: 33.0})

    def test_nothing_was_dosed_as_a_person_says(self):
        batch = self.held_batch(dict.fromkeys(DOSED, 0.0))
        self.enter(batch, dict.fromkeys(DOSED, 0.0))
        self.assertFalse(batch.review_needed)

    def test_more_than_was_booked_of_a_failed_batch(self):
        """Task 3 was killed between its two steps: the material is booked, the order is not dealt with."""
        for material in ("scrap", "consume"):
            with self.subTest(material):
                batch = self.batch_at("running")
                batch._advance("failed", 0.0, {})
                batch.action_set_disposition("cancel", material)
                SeparateBooking(batch).book_failed()
                batch._record_anomaly(Anomaly("changed", "130.00 instead of 120.00 were dosed", (0,) * 83))
                with self.assertRaisesRegex(UserError, "can only be raised"):
                    self.enter(batch, {101: 119.0})
                self.enter(batch, {101: 130.0})
                self.run_task(3)
                self.assertEqual(batch.state, "cancelled")
                scrap = self.env["stock.scrap"].search([("production_id", "=", self.order.id)])
                used = self.env["stock.move"].search([("plc_batch_id", "=", batch.id), ("state", "=", "done")])
                moves = scrap.move_ids if material == "scrap" else used
                self.assertEqual(sum(moves.mapped("quantity")), 130.0)

    def test_believed_batch_has_no_other_amounts(self):
        batch = self.batch_at("running")
        batch.write({"attention": False, "attention_key": False})
        with self.assertRaisesRegex(UserError, "is accepted"):
            self.enter(batch)

    def test_only_operators(self):
        with self.assertRaises(AccessError):
            self.batch_at("running").with_user(
                new_test_user(self.env, "reader", groups="mrp.group_mrp_user")
            ).action_enter_amounts([(101, 1.0)], "x")

    def test_dialog(self):
        batch = self.batch_at("running")
        action = batch.with_user(self.operator).action_open_amounts()
        dialog = Form(self.env[action["res_model"]].with_user(self.operator).with_context(**action["context"]))
        self.assertIn("<table", str(dialog.words_html))
        for place, quantity in enumerate(DOSED.values()):
            with dialog.line_ids.edit(place) as line:
                line.quantity = quantity
        dialog.reason = "Scale printout"
        dialog.save().action_confirm()
        self.assertEqual(batch.line_ids.filtered("code").mapped("actual_qty"), list(DOSED.values()))
        self.assertEqual(batch.state, "completed")

    def test_wherever_a_report_is_not_believed(self):
        """A batch that may have been made can be given up; then its amounts can be entered, too."""
        give_up, enter = ACTIONS["give_up"].states, ACTIONS["enter_amounts"].states
        for state, cases in give_up.items():
            with self.subTest(state=state):
                self.assertLessEqual(set(cases), set(enter[state]))
