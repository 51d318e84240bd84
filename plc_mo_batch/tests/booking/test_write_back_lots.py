"""Task 3: lots and serial numbers of what was consumed and produced."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestWriteBackLots(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.barley = cls.new_product("Test barley", tracking="lot")
        cls.silo = cls.new_silo(103, cls.barley)
        cls.old, cls.new = cls.new_lot("OLD"), cls.new_lot("NEW")
        cls.lot_bom = cls.new_bom([(cls.wheat, 600.0), (cls.barley, 100.0)])

    @classmethod
    def new_lot(cls, name, product=None):
        return cls.env["stock.lot"].create({"name": name, "product_id": (product or cls.barley).id})

    def book(self, kilograms, order=None):
        """The order, and its batch after the write-back."""
        order = order or self.new_order(bom_id=self.lot_bom.id)
        batch = self.complete(order, actuals={101: 600.0, 103: kilograms})
        self.run_task(3)
        return order, batch

    def lots(self, order):
        """Booked quantities of the second component by lot."""
        items = order.move_raw_ids[1].move_line_ids.filtered(lambda item: item.state == "done")
        return {item.lot_id: item.quantity for item in items}

    # Dosed

    def test_reserved_lots_first(self):
        self.put_in_stock(60.0, self.barley, lot=self.old)
        self.put_in_stock(500.0, self.barley, lot=self.new)
        order, _batch = self.book(95.5)
        self.assertEqual(self.lots(order), {self.old: 60.0, self.new: 35.5})

    def test_more_than_was_reserved(self):
        self.put_in_stock(500.0, self.barley, lot=self.old)
        order, _batch = self.book(100.75)
        self.assertEqual(self.lots(order), {self.old: 100.75})

    def test_what_exceeds_the_reservation_is_of_the_silos_lot(self):
        self.controller.lot_policy = "reserved"
        self.put_in_stock(500.0, self.barley, lot=self.old)
        self.silo.lot_id = self.new
        order, _batch = self.book(100.75)
        self.assertEqual(self.lots(order), {self.old: 100.0, self.new: 0.75})

    def test_silos_lot_when_nothing_was_reserved(self):
        self.silo.lot_id = self.new
        order, batch = self.book(99.5)
        self.assertEqual(self.lots(order), {self.new: 99.5})
        self.assertIn("Stock of Test barley, lot NEW in WH/Stock is negative now: -99.50 kg.", batch.remark)

    def test_lot_is_that_of_the_time_of_dosing(self):
        self.silo.lot_id = self.old
        order = self.new_order(bom_id=self.lot_bom.id)
        batch = self.complete(order, actuals={101: 600.0, 103: 100.0})
        self.silo.lot_id = self.new
        self.run_task(3)
        self.assertEqual(self.lots(order), {self.old: 100.0})
        self.assertEqual(batch.line_ids[1].lot_id, self.old)

    def test_unknown_lot_stops_until_it_is_entered(self):
        order, batch = self.book(99.5)
        self.assertEqual((batch.state, order.state), ("completed", "progress"))
        self.assertIn("Test barley is tracked by lot, but no lot is known. Set the current lot of Silo 103", batch.last_error)
        self.silo.lot_id = self.new
        batch.action_retry()
        self.run_task(3)
        self.assertEqual(self.lots(order), {self.new: 99.5})

    def test_nothing_dosed_needs_no_lot(self):
        order, _batch = self.book(0.0)
        self.assertRecordValues(order, [{"state": "done"}])
        self.assertEqual(self.consumed(order)[self.barley], 0.0)

    def test_off_recipe_dosing_is_of_the_silos_lot(self):
        self.silo.lot_id = self.old
        order = self.new_order()
        self.complete(order, actuals={101: 600.0, 102: 352.0, 103: 12.5, 114: 33.0})
        self.run_task(3)
        move = order.move_raw_ids.filtered(lambda move: move.product_id == self.barley)
        self.assertRecordValues(move, [{"quantity": 12.5, "state": "done", "lot_ids": self.old.ids}])

    def test_one_unknown_lot_does_not_stop_the_others(self):
        plain, tracked = self.new_order(), self.new_order(bom_id=self.lot_bom.id)
        self.complete(plain, tracked, actuals={101: 600.0, 102: 0.0, 103: 0.0, 114: 0.0})
        self.queue()[1]._store_actuals([103], [50.0])
        self.run_task(3)
        self.assertEqual((plain.state, tracked.state), ("done", "progress"))

    # Added by hand

    def test_hand_add_from_reserved_lots(self):
        bom = self.new_bom([(self.wheat, 600.0), (self.new_product("Test premix", tracking="lot"), 10.0)])
        premix = bom.bom_line_ids[1].product_id
        lot = self.new_lot("P1", premix)
        self.put_in_stock(50.0, premix, lot=lot)
        order = self.new_order(bom_id=bom.id)
        self.complete(order, actuals={101: 600.0})
        self.run_task(3)
        self.assertEqual(self.lots(order), {lot: 10.0})

    def test_hand_add_without_reserved_lots_stops(self):
        bom = self.new_bom([(self.wheat, 600.0), (self.new_product("Test premix", tracking="lot"), 10.0)])
        order = self.new_order(bom_id=bom.id)
        batch = self.complete(order, actuals={101: 600.0})
        self.run_task(3)
        self.assertEqual(order.state, "progress")
        self.assertIn(
            "Test premix is tracked by lot or serial number, and it is not known which ones were used. Reserve", batch.last_error
        )

    def test_hand_add_with_serial_numbers(self):
        units = self.env.ref("uom.product_uom_unit").id
        bom = self.new_bom([(self.wheat, 600.0), (self.new_product("Test seal", tracking="serial", uom_id=units), 2.0)])
        serials = self.new_lot("S1", bom.bom_line_ids[1].product_id) + self.new_lot("S2", bom.bom_line_ids[1].product_id)
        for serial in serials:
            self.put_in_stock(1.0, serial.product_id, lot=serial)
        order = self.new_order(bom_id=bom.id)
        self.complete(order, actuals={101: 600.0})
        self.run_task(3)
        self.assertEqual(self.lots(order), dict.fromkeys(serials, 1.0))

    # Produced

    def test_lot_of_the_product_is_made(self):
        self.feed.tracking = "lot"
        order = self.new_order()
        self.complete(order)
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assertEqual(order.move_finished_ids.lot_ids, order.lot_producing_ids)
        self.assertEqual(len(order.lot_producing_ids), 1)

    def test_lot_of_the_product_that_a_person_chose(self):
        self.feed.tracking = "lot"
        order = self.new_order()
        order.lot_producing_ids = lot = self.new_lot("MINE", self.feed)
        self.complete(order, weight=990.0)
        self.run_task(3)
        self.assertRecordValues(order.move_finished_ids, [{"lot_ids": lot.ids, "quantity": 990.0, "state": "done"}])

    def test_each_order_has_a_lot_of_its_own(self):
        self.feed.tracking = "lot"
        orders = [self.new_order() for _number in range(3)]
        self.complete(*orders)
        self.run_task(3)
        self.assertEqual([order.state for order in orders], ["done"] * 3)
        self.assertEqual(len({order.lot_producing_ids for order in orders}), 3)

    def test_product_with_serial_numbers_is_not_queued(self):
        self.feed.tracking = "serial"
        order = self.new_order()
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertIn("Test feed is tracked by serial number", order.plc_reason)

    # The silo

    def test_silo_cannot_have_a_lot_of_what_it_does_not_hold(self):
        with self.assertRaisesRegex(ValidationError, "Lot W1 belongs to Test wheat, which Silo 103 does not hold"):
            self.silo.lot_id = self.new_lot("W1", self.wheat)
