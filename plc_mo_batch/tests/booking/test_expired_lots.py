"""A lot that expired between reservation and booking: what was dosed of it is gone, so it is booked, with a remark."""

from odoo import fields
from odoo.tests import new_test_user, tagged

from ..orders.test_shares import SharedOrderCase


class ExpiryCase(SharedOrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.barley = cls.new_product("Test barley", tracking="lot")
        cls.silo = cls.new_silo(103, cls.barley)
        cls.lot_bom = cls.new_bom([(cls.wheat, 600.0), (cls.barley, 100.0)])
        cls.has_expiry = "product_expiry_alert" in cls.env["stock.lot"]._fields
        if cls.has_expiry:
            cls.barley.use_expiration_date = True

    def setUp(self):
        super().setUp()
        if not self.has_expiry:
            self.skipTest("needs mrp_product_expiry, as the plant's template has it")
        self.old = self.env["stock.lot"].create(
            {"name": "OLD", "product_id": self.barley.id, "expiration_date": fields.Datetime.add(fields.Datetime.now(), days=30)}
        )
        self.put_in_stock(2000.0, self.barley, lot=self.old)

    def start(self, count=1):
        order = self.new_order(1000.0 * count, bom_id=self.lot_bom.id)
        order.action_assign()
        self.run_task(1)
        self.expire()
        return order, list(self.batches(order))

    def expire(self):
        self.old.expiration_date = fields.Datetime.subtract(fields.Datetime.now(), hours=1)

    def booked(self, order):
        items = order.move_raw_ids.filtered(lambda move: move.state == "done").move_line_ids
        return {
            (item.product_id, item.lot_id): round(
                sum(other.quantity for other in items if other.product_id == item.product_id), 2
            )
            for item in items
        }

    def assertRemarked(self, batch):
        self.assertIn("Test barley, lot OLD is booked although it expired on", batch.remark or "")


@tagged("post_install", "-at_install")
class TestExpiredLots(ExpiryCase):
    def test_one_batch(self):
        order, (batch,) = self.start()
        self.finish(batch, actuals={101: 621.0, 103: 101.5})
        self.run_task(3)
        self.assertRecordValues(batch, [{"last_error": False, "state": "done", "attempts": 0}])
        self.assertRemarked(batch)
        self.assertEqual(self.booked(order), {(self.wheat, self.old.browse()): 621.0, (self.barley, self.old): 101.5})

    def test_each_of_several_batches(self):
        order, batches = self.start(3)
        for batch in batches:
            self.finish(batch, actuals={103: 101.5})
            self.run_task(3)
            self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])
            self.assertRemarked(batch)
        self.assertEqual(order.state, "done")
        self.assertEqual(self.booked(order)[self.barley, self.old], 304.5)

    def test_lot_that_has_not_expired(self):
        order = self.new_order(bom_id=self.lot_bom.id)
        order.action_assign()
        self.run_task(1)
        (batch,) = self.batches(order)
        self.finish(batch)
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.assertNotIn("expired", batch.remark or "")

    def test_others_are_booked_with_it(self):
        """The question of one order stops no other, and none is asked."""
        _order, (batch,) = self.start()
        self.new_order()
        self.finish(batch)
        self.run_task(3)
        self.assertEqual(batch.state, "done")

    def test_on_a_new_order(self):
        boss = new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager")
        order, (batch,) = self.start()
        batch._set_state("running")
        order.action_cancel()
        self.finish(batch, actuals={101: 621.0, 103: 101.5})
        self.run_task(3)
        self.silo.lot_id = self.old
        batch.with_user(boss).action_book_on_new_order()
        self.run_task(3)
        self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])
        self.assertRemarked(batch)
        self.assertEqual(self.booked(batch.production_id)[self.barley, self.old], 101.5)

    def test_failed_batch(self):
        for booking in ("scrap", "consume"):
            with self.subTest(booking):
                _order, (batch,) = self.start()
                self.old.expiration_date = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
                batch._store_actuals([101, 103], [100.0, 20.0])
                batch._advance("failed", 0.0, {"acknowledged": True})
                batch.action_set_disposition("cancel", booking)
                self.run_task(3)
                self.assertRecordValues(batch, [{"state": "cancelled", "disposition_booked": True, "last_error": False}])
                self.assertRemarked(batch)
                self.old.expiration_date = fields.Datetime.add(fields.Datetime.now(), days=30)

    def test_late_weighing(self):
        premix = self.new_product("Test premix", tracking="lot", plc_number=77)
        premix.use_expiration_date = True
        lot = self.env["stock.lot"].create({"name": "P1", "product_id": premix.id})
        self.put_in_stock(50.0, premix, lot=lot)
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0), (premix, 10.0)]).id)
        order.action_assign()
        self.run_task(1)
        (batch,) = self.batches(order)
        self.finish(batch)
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        lot.expiration_date = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        values = {"controller_id": self.controller.id, "company_id": self.controller.company_id.id, "event_key": "late"}
        weighed = {"quantity": 1.5, "product_number": 77, "slot": 1, "order_name": batch.order_name}
        weighing = self.env["plc.weighing"].create({**values, **weighed})
        weighing.action_assign(batch.id)
        self.assertIn("Test premix, lot P1 is booked although it expired on", batch.remark)
