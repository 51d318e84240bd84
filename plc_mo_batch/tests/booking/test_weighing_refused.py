"""Weighings that do not count by themselves, and what a person cannot do with one: each says why, and none is lost."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..events.test_event_areas import FLAG, WeighingCase


@tagged("post_install", "-at_install")
class TestWeighingWaits(WeighingCase):
    def assertWaits(self, reason, **values):
        """Stored, acknowledged, told to the responsible, and counted for nothing."""
        weighing = self.weighings[-1:]
        self.assertRecordValues(weighing, [{"state": "waiting", "needs_person": True, "line_id": False, **values}])
        self.assertIn(reason, weighing.reason)
        self.assertEqual(self.flag("weighing"), 1)
        self.assertEqual(weighing.activity_ids.summary, "A weighing needs your decision")
        self.assertIn(reason, self.controller.journal_ids.filtered(lambda line: line.kind == "anomaly")[0].message)
        self.assertFalse(self.line.weighed)
        return weighing

    def test_without_a_product_number(self):
        self.start()
        self.weigh(14.5, number=0)
        self.exchange()
        self.assertWaits("The number 0 must belong to exactly one product.")

    def test_whose_flag_was_set_already(self):
        """Somebody else may have counted it: a person assigns it, and it counts once."""
        self.start()
        self.weigh(1.0, number=999)
        self.exchange()
        self.weigh(14.5)
        self.put((FLAG["weighing"], [1]))
        self.exchange()
        weighing = self.assertWaits("Has another system already counted it?", product_id=self.salt.id)
        weighing.action_assign(self.batch.id)
        self.assertEqual((self.line.weighed_qty, len(self.weighings)), (14.5, 2))

    def test_that_cannot_be_read_whole(self):
        self.start()
        self.weigh(14.5)
        self.put((9001, [0xFFFF] * 2))  # in the order's name
        self.exchange()
        weighing = self.assertWaits("It cannot be read completely")
        self.assertEqual(weighing.quantity, 14.5, "what could be read is kept")

    def test_of_what_somebody_typed_in_already(self):
        self.start()
        self.finish()
        self.wait_is_over()
        self.batch.action_enter_hand_adds([(self.line.id, 14.2)])
        self.weigh(14.5)
        self.exchange()
        weighing = self.assertWaits("The quantity was already entered by hand.")
        with self.assertRaisesRegex(UserError, "Correct it there, and dismiss the weighing"):
            weighing.action_assign(self.batch.id)
        weighing.action_dismiss("typed in")
        self.run_task(3)
        self.assertEqual(self.consumed(self.order)[self.salt], 14.2)

    def test_of_a_product_that_nobody_knows_the_weight_of(self):
        """It counts once that is entered."""
        piece = self.env.ref("uom.product_uom_unit").id
        premix = self.new_product("Test premix bag", plc_number=301, uom_id=piece)
        self.bom = self.new_bom([(self.wheat, 950.0), (self.salt, 14.45), (premix, 50.0)])
        self.start()
        self.weigh(25.0, number=301)
        self.exchange()
        weighing = self.assertWaits("Test premix bag is counted in Units, but the PLC weighs in kg: enter the product's weight")
        premix.weight = 0.5
        weighing.action_assign(self.batch.id)
        self.assertRecordValues(weighing.line_id, [{"product_id": premix.id, "weighed_qty": 50.0}])

    def test_of_a_failed_batch_that_is_settled(self):
        self.start(disposition_policy="cancel")
        name = self.batch.order_name
        self.fail_on_plc(self.plc)
        self.run_task(3)
        self.assertEqual(self.batch.state, "cancelled")
        self.weigh(14.5, order=name)
        self.exchange()
        weighing = self.assertWaits(f"Batch {self.batch.name} was cancelled.")
        with self.assertRaisesRegex(UserError, f"Batch {self.batch.name} was cancelled. Nothing can be booked on it."):
            weighing.action_assign(self.batch.id)

    def test_of_a_batch_that_is_cancelled_afterwards(self):
        """What was weighed for it is somewhere: a person is asked."""
        self.controller.hand_add_policy = "weighed"
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.batch = self.queue()
        self.line = self.batch.line_ids.filtered(lambda line: line.product_id == self.salt)
        self.weigh(14.5)
        self.exchange()
        self.assertRecordValues(self.weighings, [{"state": "matched", "line_id": self.line.id}])
        self.batch._advance("cancelled", 0.0, {})
        weighing = self.weighings
        self.assertRecordValues(weighing, [{"state": "waiting", "needs_person": True}])
        self.assertEqual(weighing.reason, f"Batch {self.batch.name} was cancelled.")
        self.assertEqual(weighing.activity_ids.summary, "A weighing needs your decision")
        weighing.action_dismiss("put back")


@tagged("post_install", "-at_install")
class TestWeighingRefused(WeighingCase):
    def weighed(self):
        self.start()
        self.weigh(14.5)
        self.exchange()
        return self.weighings

    def test_twice(self):
        weighing = self.weighed()
        with self.assertRaisesRegex(UserError, "14.50 kg of Test salt for .* is already assigned to a batch."):
            weighing.action_assign(self.batch.id)
        self.assertEqual(self.line.weighed_qty, 14.5)

    def test_dismissed_without_a_reason(self):
        weighing = self.weighed()
        for reason in ("", " ", None, False):
            with self.assertRaisesRegex(UserError, "Enter why the weighing does not count."):
                weighing.action_dismiss(reason)
        self.assertEqual(weighing.state, "matched")

    def test_no_doubt_about_it(self):
        weighing = self.weighed()
        for act in (weighing.action_count_again, weighing.action_count_once):
            with self.assertRaisesRegex(UserError, "14.50 kg of Test salt for .* is not in doubt"):
                act()

    def test_dismissed_after_it_was_booked(self):
        weighing = self.weighed()
        self.finish()
        self.run_task(3)
        with self.assertRaisesRegex(UserError, "14.50 kg of Test salt for .* is already booked."):
            weighing.action_dismiss("too late")
        self.assertEqual((weighing.state, self.consumed(self.order)[self.salt]), ("matched", 14.5))

    def test_for_what_it_cannot_have_been_weighed(self):
        self.start()
        self.weigh(14.5, order="WH/MO/99999")
        self.exchange()
        weighing = self.weighings
        dosed = self.batch.line_ids.filtered("code")[0]
        with self.assertRaisesRegex(UserError, f"Choose a component of batch {self.batch.name} that is added by hand."):
            weighing.action_assign(self.batch.id, dosed.id)
        self.assertEqual(weighing.state, "waiting")

    def test_number_of_a_product_is_that_of_its_only_variant(self):
        template = self.salt.product_tmpl_id
        self.assertEqual(template.plc_number, 202)
        template.plc_number = 203
        self.assertEqual(self.salt.plc_number, 203)
        self.start()
        self.weigh(14.5, number=203)
        self.exchange()
        self.assertRecordValues(self.weighings, [{"state": "matched", "product_id": self.salt.id}])

    def test_for_a_batch_of_another_plc(self):
        self.start()
        self.weigh(14.5, order="WH/MO/99999")
        self.exchange()
        kind = self.picking_type.copy({"name": "Second mill", "sequence_code": "TS2"})
        other = self.new_controller(name="Other PLC", picking_type_ids=kind.ids)
        self.new_order(picking_type_id=kind.id)
        self.run_task(1)
        batch = other.batch_ids
        with self.assertRaisesRegex(UserError, f"Batch {batch.name} was made by another PLC."):
            self.weighings.action_assign(batch.id)

    def test_typed_in_while_the_batch_waits_for_it(self):
        """The wait is over at once."""
        self.start()
        self.finish()
        self.assertTrue(self.batch.weighings_until)
        self.batch.action_enter_hand_adds([(self.line.id, 14.2)])
        self.assertFalse(self.batch.weighings_until)
        self.run_task(3)
        self.assertEqual((self.batch.state, self.consumed(self.order)[self.salt]), ("done", 14.2))


@tagged("post_install", "-at_install")
class TestWeighingLots(WeighingCase):
    """What is weighed of a product with lots comes from the lot that its order had reserved, or consumed."""

    def setUp(self):
        super().setUp()
        self.premix = self.new_product("Test premix", tracking="lot", plc_number=301)
        self.bom = self.new_bom([(self.wheat, 950.0), (self.salt, 14.45), (self.premix, 10.0)])
        self.lot = self.env["stock.lot"].create({"name": "P1", "product_id": self.premix.id})
        self.put_in_stock(50.0, self.premix, lot=self.lot)

    def items(self):
        items = (
            self.order.move_raw_ids.move_line_ids
            | self.env["stock.scrap"].search([("production_id", "=", self.order.id)]).move_ids.move_line_ids
        )
        done = items.filtered(lambda item: item.product_id == self.premix and item.state == "done")
        return sorted((item.lot_id.name, item.quantity) for item in done)

    def test_late(self):
        self.start("planned")
        self.finish()
        self.run_task(3)
        self.assertEqual(self.items(), [("P1", 10.0)])
        self.weigh(3.0, number=301, order=self.order.name)
        self.exchange()
        self.weighings.action_assign(self.batch.id)
        self.assertEqual(self.items(), [("P1", 3.0), ("P1", 10.0)])
        self.assertIn("Weighed late and booked on the closed order", self.batch.remark)

    def test_of_a_failed_batch(self):
        for booking in ("scrap", "consume"):
            with self.subTest(booking):
                self.start(disposition_policy="ask")
                self.weigh(8.0, number=301)
                self.exchange()
                self.fail_on_plc(self.plc)
                self.batch.action_set_disposition("cancel", booking)
                self.run_task(3)
                self.assertRecordValues(self.batch, [{"state": "cancelled", "last_error": False}])
                self.assertEqual(self.items(), [("P1", 8.0)])
                self.run_task(2)
