"""Task 3: what cannot be booked to the gram is not booked at all; the batch says why, and is booked once that is mended."""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ...models.booking.booking import Booking
from ..common import MillCase
from ..orders.test_shares import SharedOrderCase


class RefusedCase(MillCase):
    def assertRefused(self, batch, sentence):
        self.run_task(3)
        self.assertIn(sentence, batch.last_error or "")
        self.assertRecordValues(batch, [{"state": "completed", "active": True, "attempts": 1}])
        self.assertEqual(set(self.consumed(batch.production_id).values()), {0.0})
        self.assertRecordValues(batch.production_id, [{"state": "progress", "qty_produced": 0.0}])

    def assertBookedAfterwards(self, batch):
        batch.action_retry()
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "last_error": False}])
        self.assertEqual(batch.production_id.state, "done")

    def new_lot(self, name, product):
        return self.env["stock.lot"].create({"name": name, "product_id": product.id})


@tagged("post_install", "-at_install")
class TestWriteBackRefused(RefusedCase):
    def test_product_that_has_serial_numbers_meanwhile(self):
        batch = self.complete(self.new_order())
        self.feed.tracking = "serial"
        self.assertRefused(batch, "Test feed is tracked by serial number, but a PLC produces by weight. Track it by lot, or not")
        self.feed.tracking = "none"
        self.assertBookedAfterwards(batch)

    def test_odoo_asks_a_question(self):
        """Another app may put a dialog in between, which nobody is there to answer."""
        good, bad = self.complete(self.new_order(), self.new_order())
        orders = self.env.registry["mrp.production"]
        close = orders.button_mark_done

        def ask(order):
            return {"type": "ir.actions.act_window"} if bad.production_id in order else close(order)

        with patch.object(orders, "button_mark_done", ask):
            self.assertRefused(bad, "Odoo asks “ir.actions.act_window”")
        self.assertEqual((good.state, good.production_id.state), ("done", "done"))
        self.assertBookedAfterwards(bad)

    def test_order_that_is_not_closed_after_all(self):
        """Rule 7: what is stored counts, whatever was said when it was closed."""
        batch = self.complete(self.new_order())
        with patch.object(Booking, "_close_orders", lambda _booking: None):
            self.assertRefused(batch, f"Order {batch.order_name} is not done after it was closed.")
        self.assertBookedAfterwards(batch)

    def test_fewer_serial_numbers_than_were_used(self):
        seal = self.new_product("Test seal", tracking="serial", uom_id=self.env.ref("uom.product_uom_unit").id)
        first, second = self.new_lot("S1", seal), self.new_lot("S2", seal)
        self.put_in_stock(1.0, seal, lot=first)
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0), (seal, 2.0)]).id)
        batch = self.complete(order, actuals={101: 600.0})
        sentence = "Test seal is tracked by lot or serial number, and it is not known which ones were used. Reserve them on order"
        self.assertRefused(batch, f"{sentence} {order.name}.")
        self.put_in_stock(1.0, seal, lot=second)
        order.action_assign()
        self.assertBookedAfterwards(batch)
        self.assertEqual(order.move_raw_ids[1].move_line_ids.lot_id, first + second)

    def test_equipment_that_nobody_said_what_it_holds(self):
        """Once it is said, what it dosed besides the recipe is booked; the equipment may not even have been entered."""
        for code in (103, 104):
            with self.subTest(code):
                batch = self.complete(self.new_order(), actuals={101: 600.0, 102: 352.0, 114: 33.0, code: 12.5})
                self.assertRefused(batch, f"The PLC dosed 12.5 kg from equipment {code}, which is not in the recipe.")
                extra = self.new_product(f"Test extra {code}")
                self.new_silo(code, extra)
                self.assertBookedAfterwards(batch)
                self.assertEqual(self.consumed(batch.production_id)[extra], 12.5)

    def test_weight_of_a_component_that_nobody_knows(self):
        """The finished weight is summed up without it, as far as it is known."""
        self.controller.weight_policy = "actuals"
        label = self.new_product("Test label", uom_id=self.env.ref("uom.product_uom_unit").id)
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0), (label, 3.0)]).id)
        self.complete(order, actuals={101: 601.25})
        self.run_task(3)
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 601.25}])
        self.assertEqual(self.consumed(order), {self.wheat: 601.25, label: 3.0})


@tagged("post_install", "-at_install")
class TestFailedRefused(RefusedCase):
    """The material of a failed batch."""

    def fail_batch(self, order, code, booking="scrap"):
        self.order = order
        self.run_task(1)
        batch = self.queue()
        batch._store_actuals((code,), (12.5,))
        batch._advance("failed", 0.0, {"acknowledged": True})
        action = batch.action_open_disposition()
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        wizard.create({"order_action": "cancel", "booking": booking}).action_confirm()
        self.run_task(3)
        return batch

    def assertSettledAfterwards(self, batch):
        batch.next_try = False
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "cancelled", "disposition_booked": True, "last_error": False}])
        self.assertEqual(self.order.state, "cancel")

    def wasted(self):
        """(product, lot, quantity) of all that was posted of the order."""
        scraps = self.env["stock.scrap"].search([("production_id", "=", self.order.id), ("state", "=", "done")])
        items = (scraps.move_ids | self.order.move_raw_ids).filtered(lambda move: move.state == "done").move_line_ids
        return [(item.product_id, item.lot_id.name, item.quantity) for item in items]

    def test_dosed_from_equipment_that_holds_nothing(self):
        silo = self.new_silo(103, self.wheat.browse())
        batch = self.fail_batch(self.new_order(), 103)
        self.assertRecordValues(batch, [{"state": "failed", "disposition_booked": False, "attempts": 1}])
        self.assertIn("Set exactly one product on the equipment with code 103", batch.last_error)
        silo.product_ids = self.soy
        self.assertSettledAfterwards(batch)
        self.assertEqual(self.wasted(), [(self.soy, False, 12.5)])

    def lot_order(self):
        self.barley = self.new_product("Test barley", tracking="lot")
        self.controller.equipment_ids.filtered(lambda item: item.code == 103).unlink()
        self.silo = self.new_silo(103, self.barley)
        return self.new_order(bom_id=self.new_bom([(self.wheat, 600.0), (self.barley, 100.0)]).id)

    def test_lot_that_nobody_knows(self):
        for booking in ("scrap", "consume"):
            with self.subTest(booking):
                batch = self.fail_batch(self.lot_order(), 103, booking)
                self.assertEqual((batch.state, self.wasted()), ("failed", []))
                self.assertIn("Set the current lot of Silo 103, or reserve one on order", batch.last_error)
                self.silo.lot_id = self.new_lot("NEW", self.barley)
                self.assertSettledAfterwards(batch)
                self.assertEqual(self.wasted(), [(self.barley, "NEW", 12.5)])

    def test_lot_that_was_reserved_on_the_order(self):
        """As the sentence says: that is enough, too."""
        for booking in ("scrap", "consume"):
            with self.subTest(booking):
                batch = self.fail_batch(self.lot_order(), 103, booking)
                self.put_in_stock(500.0, self.barley, lot=self.new_lot("OLD", self.barley))
                self.order.action_assign()
                self.assertSettledAfterwards(batch)
                self.assertEqual(self.wasted(), [(self.barley, "OLD", 12.5)])

    def test_lots_that_were_reserved_on_the_order(self):
        """No lot is said to have wasted more than the order had of it, unless all of them are used up."""
        for booking in ("scrap", "consume"):
            with self.subTest(booking):
                batch = self.fail_batch(self.lot_order(), 103, booking)
                for name, quantity in (("FIRST", 5.0), ("SECOND", 4.0), ("THIRD", 1.0)):
                    self.put_in_stock(quantity, self.barley, lot=self.new_lot(name, self.barley))
                self.order.action_assign()
                self.assertSettledAfterwards(batch)
                wasted = [(lot, quantity) for _product, lot, quantity in self.wasted()]
                self.assertEqual(sorted(wasted), [("FIRST", 5.0), ("SECOND", 4.0), ("THIRD", 3.5)])


@tagged("post_install", "-at_install")
class TestSharesRefused(SharedOrderCase):
    def test_part_of_an_order_that_was_booked_by_hand(self):
        """Which part of the order somebody booked it with cannot be told: nothing is said to differ."""
        boss = new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager")
        order = self.new_order(2000.0)
        self.run_task(1)
        self.queue()._set_state("running")
        first, second = self.batches(order)
        order.with_context(skip_consumption=True).button_mark_done()
        self.finish(first, second, actuals={101: 650.0})
        self.run_task(3)
        first.with_user(boss).action_is_booked_by_hand("In the morning")
        self.assertEqual(first.state, "done")
        self.assertEqual(first.remark, f"Marked as booked by hand by {boss.name}: In the morning")

    def test_product_with_lots_of_an_order_that_is_lowered(self):
        """The second batch takes all that is left of the order's product: its own move has the lot, too."""
        self.feed.tracking = "lot"
        order = self.new_order(3000.0)
        self.run_task(1)
        first, second, third = self.batches(order)
        self.queue()._set_state("running")
        self.env["change.production.qty"].create({"mo_id": order.id, "product_qty": 2000.0}).change_prod_qty()
        for batch in (first, second, third):
            self.finish(batch)
            self.run_task(3)
            self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])
        self.assertRecordValues(order, [{"state": "done", "qty_produced": 3000.0}])
        made = order.move_finished_ids.move_line_ids
        self.assertEqual((made.lot_id, sum(made.mapped("quantity"))), (order.lot_producing_ids, 3000.0))

    def test_byproduct_that_a_person_added(self):
        """Without a demand it follows nothing: what the person booked stays."""
        dust = self.new_product("Test dust")
        self.controller.max_batch_qty = 0.0
        order = self.new_order()
        self.run_task(1)
        order.move_byproduct_ids = [Command.create({"product_id": dust.id, "product_uom_qty": 0.0, "product_uom": self.kg.id})]
        (batch,) = self.queue()
        self.finish(batch)
        self.run_task(3)
        self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])
        self.assertEqual(order.move_byproduct_ids.quantity, 0.0)

    def test_rounding_up_that_is_too_much_for_the_mixer(self):
        """8818.49 lb are four times 1000 kg but for a few grams: a step of 0.01 lb is more than the mixer takes."""
        self.put_in_stock(9000.0, self.wheat)
        pound = self.env.ref("uom.product_uom_lb")
        order = self.new_order(8818.49, product_uom_id=pound.id)
        self.run_task(1)
        self.assertEqual(len(self.queue()), 5)
        self.assertTrue(all(batch.planned_qty <= 1000.0 for batch in self.queue()))
        self.assertAlmostEqual(sum(self.queue().mapped("order_qty")), 8818.49)
        self.assertFalse(order.plc_reason)
