"""Task 3: what the PLC does not dose is booked as planned, in proportion, or as a person typed it in."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestWriteBackHandAdds(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")

    def hand_add(self, batch):
        return batch.line_ids.filtered(lambda line: not line.code)

    def salt_booked(self, order):
        return self.consumed(order)[self.salt]

    # In proportion

    def test_in_proportion_to_the_finished_weight(self):
        self.controller.hand_add_policy = "proportional"
        order = self.new_order()
        self.complete(order, weight=900.0)
        self.run_task(3)
        self.assertEqual(self.salt_booked(order), 13.01)  # 14.45 x 0.9 = 13.005

    def test_in_proportion_to_what_was_dosed(self):
        self.controller.write({"hand_add_policy": "proportional", "weight_policy": "actuals"})
        order = self.new_order()
        self.complete(order, actuals={101: 300.0, 102: 176.13, 114: 16.65})
        self.run_task(3)
        self.assertEqual(self.salt_booked(order), 7.23)  # half of it
        self.assertAlmostEqual(order.qty_produced, 300.0 + 176.13 + 16.65 + 7.23)

    def test_in_proportion_without_any_weight_is_as_planned(self):
        self.controller.hand_add_policy = "proportional"
        order = self.new_order()
        self.complete(order)
        self.run_task(3)
        self.assertEqual(self.salt_booked(order), 14.45)

    # Typed in

    def test_batch_waits_until_they_are_typed_in(self):
        self.controller.hand_add_policy = "typed"
        order = self.new_order()
        batch = self.complete(order)
        self.run_task(3)
        self.assertRecordValues(
            batch,
            [{"state": "completed", "hand_adds_needed": True, "attention": "Enter the hand-added quantities.", "attempts": 0}],
        )
        batch.with_user(self.operator).action_enter_hand_adds([[self.hand_add(batch).id, 14.2]])
        self.assertRecordValues(batch, [{"hand_adds_needed": False, "attention": False}])
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("done", "done"))
        self.assertEqual(self.salt_booked(order), 14.2)

    def test_zero_is_a_quantity(self):
        self.controller.hand_add_policy = "typed"
        order = self.new_order()
        batch = self.complete(order)
        batch.action_enter_hand_adds([[self.hand_add(batch).id, 0]])
        self.run_task(3)
        self.assertEqual((order.state, self.salt_booked(order)), ("done", 0.0))

    def test_typing_in_is_journalled(self):
        batch = self.complete(self.new_order())
        batch.with_user(self.operator).action_enter_hand_adds([[self.hand_add(batch).id, 14.2]])
        self.assertRecordValues(
            batch.journal_ids[0],
            [
                {
                    "kind": "user",
                    "user_id": self.operator.id,
                    "message": "night (plc_mo_batch.group_operator) entered 14.20 kg of Test salt instead of 14.45.",
                }
            ],
        )

    def test_batch_without_hand_adds_does_not_wait(self):
        self.controller.hand_add_policy = "typed"
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0)]).id)
        self.complete(order, actuals={101: 600.0})
        self.run_task(3)
        self.assertEqual(order.state, "done")

    def test_produced_sum_follows_what_was_typed_in(self):
        self.controller.write({"hand_add_policy": "typed", "weight_policy": "actuals"})
        order = self.new_order()
        batch = self.complete(order)
        batch.action_enter_hand_adds([[self.hand_add(batch).id, 20.0]])
        self.run_task(3)
        self.assertAlmostEqual(order.qty_produced, 601.25 + 33.0 + 20.0)

    def test_weight_and_hand_adds_are_both_awaited(self):
        self.controller.write({"hand_add_policy": "typed", "weight_policy": "ask"})
        order = self.new_order()
        batch = self.complete(order)
        self.assertEqual(
            batch.attention,
            "The PLC did not report a finished weight. Enter the produced quantity. Enter the hand-added quantities.",
        )
        batch.action_set_weight(980.0)
        self.assertEqual(batch.attention, "Enter the hand-added quantities.")
        self.run_task(3)
        self.assertEqual(order.state, "progress")
        batch.action_enter_hand_adds([[self.hand_add(batch).id, 14.0]])
        self.run_task(3)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 980.0}])

    # Guards

    def test_what_the_plc_dosed_cannot_be_typed_in(self):
        batch = self.complete(self.new_order())
        with self.assertRaisesRegex(UserError, "not those dosed by the PLC"):
            batch.action_enter_hand_adds([[batch.line_ids[0].id, 600.0]])
        self.assertEqual(batch.line_ids[0].actual_qty, 601.25)

    def test_line_of_another_batch_cannot_be_typed_in(self):
        first, second = self.complete(self.new_order(), self.new_order())
        with self.assertRaisesRegex(UserError, "Only hand-added quantities"):
            first.action_enter_hand_adds([[self.hand_add(second).id, 1.0]])

    def test_impossible_quantities_are_refused(self):
        batch = self.complete(self.new_order())
        for quantity in (-1.0, float("inf"), float("nan")):
            with self.subTest(quantity=quantity), self.assertRaisesRegex(UserError, "must be 0 or more"):
                batch.action_enter_hand_adds([[self.hand_add(batch).id, quantity]])

    def test_booked_batch_cannot_be_corrected(self):
        batch = self.complete(self.new_order())
        self.run_task(3)
        with self.assertRaisesRegex(UserError, "only after the batch has finished"):
            batch.action_enter_hand_adds([[self.hand_add(batch).id, 1.0]])

    def test_only_operators_may(self):
        batch = self.complete(self.new_order())
        worker = new_test_user(self.env, "worker", groups="mrp.group_mrp_user")
        with self.assertRaises(AccessError):
            batch.with_user(worker).action_enter_hand_adds([[self.hand_add(batch).id, 1.0]])

    # The dialog

    def review(self, batch):
        action = batch.with_user(self.operator).action_open_review()
        return Form(self.env["mo.batch.review"].with_user(self.operator).with_context(**action["context"]))

    def test_dialog_begins_empty(self):
        """The plan stands beside it. It was filled in, and a careless Save booked it as if it had been weighed."""
        self.controller.hand_add_policy = "typed"
        batch = self.complete(self.new_order())
        form = self.review(batch)
        with form.line_ids.edit(3) as line:
            self.assertEqual((line.planned_qty, line.quantity), (14.45, -1.0), "below 0: the field shows nothing")
        with self.assertRaisesRegex(UserError, "Enter how much was added of: Test salt"):
            form.save().action_confirm()
        self.assertRecordValues(self.hand_add(batch), [{"typed": False}])
        for quantity in (14.45, 0.0):
            with self.subTest(quantity=quantity), form.line_ids.edit(3) as line:
                line.quantity = quantity
            form.save().action_confirm()
            self.assertRecordValues(self.hand_add(batch), [{"typed": True, "typed_qty": quantity}])
            self.assertFalse(batch.hand_adds_needed)

    def test_dialog_asks_only_for_what_is_lacking(self):
        """What counts as planned, by the policy, is shown as that and stays what it is."""
        batch = self.complete(self.new_order())
        batch.hand_adds_needed = self.hand_add(batch).entry_needed = True
        form = self.review(batch)
        with form.line_ids.edit(3) as line:
            line.quantity = 14.0
        form.save().action_confirm()
        self.assertRecordValues(self.hand_add(batch), [{"typed": True, "typed_qty": 14.0}])
        self.run_task(3)
        other = self.complete(self.new_order())
        with self.review(other).line_ids.edit(3) as line:
            self.assertEqual(line.quantity, 14.45)

    def test_dialog_changes_only_hand_adds(self):
        batch = self.complete(self.new_order())
        form = self.review(batch)
        with form.line_ids.edit(3) as line:
            line.quantity = 15.5
        form.save().action_confirm()
        self.assertRecordValues(
            batch.line_ids,
            [
                {"actual_qty": 601.25, "typed": False, "typed_qty": 0.0},
                {"actual_qty": 0.0, "typed": False, "typed_qty": 0.0},
                {"actual_qty": 33.0, "typed": False, "typed_qty": 0.0},
                {"actual_qty": 0.0, "typed": True, "typed_qty": 15.5},
            ],
        )
