"""Levels of silos by the books: what they are, for how much they suffice, and what the fill makes of it."""

from odoo.tests import tagged

from ..booking.silo_case import SiloCase


@tagged("post_install", "-at_install")
class TestSiloLevels(SiloCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.silo.location_id = cls.silo._location_below(cls.store)
        cls.location = cls.silo.location_id

    def orders(self, count, bom=None):
        return self.env["mrp.production"].union(*(self.new_order(bom_id=(bom or self.lot_bom).id) for _number in range(count)))

    def shown(self):
        self.env.invalidate_all()
        return self.silo.level, self.silo.level_outlook, self.silo.level_state

    # What is shown

    def test_level(self):
        self.assertEqual(self.shown(), (0.0, "nothing planned", "ok"))
        self.bring(250.0, self.lots["A"], self.location)
        self.silo.write({"low_kg": 300.0, "capacity_kg": 1000.0})
        self.assertEqual(self.shown(), (250.0, "nothing planned", "low"))
        self.assertEqual((self.silo.level_percent, self.silo.level_lots), (25.0, "A 250.00"))
        self.orders(3)
        self.assertEqual(self.shown(), (250.0, "2 of 3 batches", "low"))
        self.controller.batch_limit = 2
        self.run_task(1)
        self.assertEqual(self.shown(), (250.0, "2 of 3 batches", "low"))
        first, second = self.queue()
        self.end(first, 180.0)
        self.assertEqual(self.shown(), (70.0, "0 of 2 batches", "short"), "what is dosed is gone, booked or not")
        self.run_task(3)
        self.assertEqual(self.shown(), (70.0, "0 of 2 batches", "short"))
        self.end(second, 90.0)
        self.run_task(3)
        self.assertEqual((self.shown()[0], self.stock()), (-20.0, {("silo", "A"): -20.0}))

    def test_silo_that_is_no_location(self):
        self.silo.location_id = False
        self.orders(1)
        self.assertEqual(self.shown(), (0.0, False, False))

    def test_bins_below_it(self):
        below = self.env["stock.location"].create({"name": "Cone", "location_id": self.location.id})
        self.bring(100.0, self.lots["A"], self.location)
        self.bring(50.0, self.lots["B"], below)
        self.assertEqual(self.silo.level, 150.0)
        self.assertEqual(self.silo.level_lots, "A 100.00, B 50.00")

    def test_queries_do_not_grow(self):
        silos = self.silo
        self.orders(3)

        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            silos.mapped("level")
            return self.env.cr.sql_log_count - before

        one = queries()
        for code in range(120, 130):
            silos |= self.new_silo(code, self.new_product(f"Test {code}"))
        self.controller.action_make_silo_locations()
        self.assertLessEqual(queries(), one + 2)

    # What the fill makes of it

    def fill(self, policy, held, count=3):
        self.controller.level_policy = policy
        if held:
            self.bring(held, self.lots["A"], self.location)
        orders = self.orders(count)
        self.run_task(1)
        return orders

    def test_ignored(self):
        orders = self.fill("ignore", 0.0)
        self.assertEqual(len(self.queue()), 3)
        self.assertFalse(any(orders.plc_batch_ids.mapped("remark")))

    def test_remarked(self):
        orders = self.fill("warn", 250.0)
        self.assertEqual(len(self.queue()), 3)
        first, second, third = orders.plc_batch_ids.sorted("slot").mapped("remark")
        self.assertEqual((first, second), (False, False))
        self.assertEqual(
            third,
            "Silo 103 holds 250.00 kg of Test barley by the books, 200.00 kg of them for what is queued before, and the recipe "
            "takes 100.00 kg.",
        )

    def test_left_out(self):
        """With its reason, and the next fill looks again."""
        orders = self.fill("leave", 150.0)
        self.assertEqual(self.queue().production_id, orders[0])
        reason = "Silo 103 holds 150.00 kg of Test barley by the books, 100.00 kg of them for what is queued before"
        for order in orders[1:]:
            self.assertIn(reason, order.plc_reason)
            self.assertEqual(order.plc_state, "refused")
        self.end(self.queue(), 100.0)
        self.run_task(3)
        self.run_task(1)
        self.assertFalse(self.queue())
        self.assertIn("Silo 103 holds 50.00 kg of Test barley by the books, and the recipe takes", orders[1].plc_reason)
        self.bring(500.0, self.lots["B"], self.location)
        self.run_task(1)
        self.assertEqual(self.queue().production_id, orders[1:])
        self.assertFalse(any(orders.mapped("plc_reason")))

    def test_reason_goes_when_it_is_filled(self):
        """Also of an order that is not queued yet, as others are before it."""
        orders = self.fill("leave", 150.0, count=2)
        self.bring(500.0, self.lots["A"], self.location)
        self.run_task(1)
        self.assertEqual(self.queue().production_id, orders[0])
        self.assertFalse(orders[1].plc_reason)

    def test_smaller_order_goes_before(self):
        """Left out is one order, not all behind it."""
        self.controller.level_policy = "leave"
        self.bring(50.0, self.lots["A"], self.location)
        large, small = self.new_order(bom_id=self.lot_bom.id), self.new_order(400.0, bom_id=self.lot_bom.id)
        self.run_task(1)
        self.assertEqual(self.queue().production_id, small)
        self.assertIn("the recipe takes 100.00 kg", large.plc_reason)

    def test_parts_of_an_order(self):
        """A part that is left out waits, the others are made (rule 1)."""
        self.controller.max_batch_qty = 500.0
        order = self.fill("leave", 120.0, count=1)
        order = self.env["mrp.production"].browse(order.id)
        big = self.new_order(2000.0, bom_id=self.lot_bom.id)
        self.assertEqual(self.queue().production_id, order)
        self.assertEqual(len(self.queue()), 2)
        self.controller.batch_limit = 10
        for batch in self.queue():
            self.end(batch, 50.0)
        self.run_task(3)
        self.run_task(1)
        self.assertFalse(self.queue())
        self.bring(100.0, self.lots["A"], self.location)
        self.run_task(1)
        self.assertEqual(self.queue().mapped("part"), [1, 2])
        self.assertIn("by the books", big.plc_reason)
        for batch in self.queue():
            self.end(batch, 50.0)
        self.run_task(3)
        self.bring(200.0, self.lots["A"], self.location)
        self.run_task(1)
        self.assertEqual(self.queue().mapped("part"), [3, 4])
        self.assertFalse(big.plc_reason)

    def test_kit_beside_the_formula(self):
        """Two components of one silo are one dose."""
        bom = self.new_bom([(self.wheat, 600.0), (self.barley, 60.0), (self.barley, 60.0)])
        self.controller.level_policy = "leave"
        self.bring(100.0, self.lots["A"], self.location)
        (order,) = self.orders(1, bom)
        self.run_task(1)
        self.assertIn("the recipe takes 120.00 kg", order.plc_reason)

    # Alarms

    def alarms(self):
        self.env.flush_all()
        self.run_task(4)
        standing = [("date_closed", "=", False), ("controller_id", "=", self.controller.id), ("kind", "like", "silo_")]
        return {alarm.kind: alarm.message for alarm in self.env["plc.alarm"].search(standing)}

    def test_low(self):
        self.silo.low_kg = 200.0
        self.bring(150.0, self.lots["A"], self.location)
        said = "Silo 103 is low: it holds 150.00 kg by the books, and is to hold 200.00 kg at least."
        self.assertEqual(self.alarms(), {"silo_low": said})
        self.bring(50.0, self.lots["A"], self.location)
        self.assertEqual(self.alarms(), {})

    def test_empty_before_the_queue_is_through(self):
        self.fill("warn", 250.0)
        said = "Silo 103 will be empty before the queue is through: it suffices for 2 of 3 batches, and lacks 50.00 kg."
        self.assertEqual(self.alarms(), {"silo_short": said})
        self.controller.level_policy = "ignore"
        self.assertEqual(self.alarms(), {})
        self.controller.level_policy = "leave"
        self.assertIn("silo_short", self.alarms())
        self.bring(1000.0, self.lots["A"])
        self.env["ir.cron.trigger"].search([]).unlink()
        self.silo._fill(50.0, self.lots["A"], self.barley)
        wakes = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron(4).id)])
        self.assertTrue(wakes, "what is over is said at once")
        self.assertEqual(self.alarms(), {})

    # The board

    def test_gauge(self):
        self.silo.write({"low_kg": 300.0, "capacity_kg": 1000.0})
        self.fill("ignore", 250.0, count=1)
        (lane,) = self.env["plc.controller"].get_board(self.controller.ids)["lanes"]
        (gauge,) = lane["silos"]
        expected = {
            "name": "Silo 103",
            "product": "Test barley",
            "level": 250.0,
            "unit": "kg",
            "capacity": 1000.0,
            "percent": 25.0,
        }
        said = {
            "lots": "A 250.00",
            "outlook": "1 of 1 batches",
            "wanted": 1,
            "sensor": "",
            "sensor_off": False,
            "state": "low",
            "state_label": "Low",
        }
        self.assertEqual(gauge, {"id": self.silo.id, **expected, **said})
