"""The time that the PLC worked: on the work orders, one record a batch, with the PLC's begin and end."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import MillCase

BEGAN = datetime.now().replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=2)


class TimesCase(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.center = cls.new_center("Test mixer")
        cls.bom.operation_ids = [cls.operation("Mix", cls.center)]

    @classmethod
    def new_center(cls, name):
        return cls.env["mrp.workcenter"].create({"name": name, "costs_hour": 60.0})

    @classmethod
    def operation(cls, name, center, minutes=60.0):
        return Command.create({"name": name, "workcenter_id": center.id, "time_mode": "manual", "time_cycle_manual": minutes})

    def run_from(self, batch, minutes, began=BEGAN, holds=()):
        """The PLC worked on it, and held it from one minute to another."""
        moments = [[fields.Datetime.to_string(began + timedelta(minutes=at)) for at in hold] for hold in holds]
        batch.write({"date_started": began, "date_finished": began + timedelta(minutes=minutes), "holds": moments})

    def make(self, order, minutes, **options):
        batch = self.complete(order)
        self.run_from(batch, minutes, **options)
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "last_error": False}])
        return batch

    def times(self, order):
        """(begin, end) of what the PLC logged on the order, in minutes from when it began; and how it counts."""
        logs = order.workorder_ids.time_ids.filtered("plc_batch_id").sorted("date_start")
        return [(_minutes(log.date_start), _minutes(log.date_end), log.loss_type) for log in logs]


def _minutes(moment):
    return (moment - BEGAN).total_seconds() / 60


@tagged("post_install", "-at_install")
class TestTimes(TimesCase):
    def test_seven_minutes_are_seven_minutes(self):
        order = self.new_order()
        batch = self.make(order, 7)
        ended = BEGAN + timedelta(minutes=7)
        self.assertEqual(self.times(order), [(0, 7, "productive")])
        self.assertEqual(order.workorder_ids.time_ids.plc_batch_id, batch)
        dates = {"date_start": BEGAN, "date_finished": ended}
        self.assertRecordValues(order.workorder_ids, [{"state": "done", "duration": 7.0, **dates}])
        self.assertRecordValues(order, [{"state": "done", **dates}])
        self.assertRecordValues(order.workorder_ids.leave_id, [{"date_from": BEGAN, "date_to": ended}])
        self.assertAlmostEqual(order.workorder_ids._cal_cost(), 7.0)

    def test_stock_moves_are_from_when_they_were_booked(self):
        order = self.new_order()
        self.make(order, 7)
        for move in order.move_raw_ids | order.move_finished_ids:
            self.assertGreater(move.date, fields.Datetime.now() - timedelta(hours=1))

    def test_order_without_operations(self):
        self.bom.operation_ids.unlink()
        order = self.new_order()
        self.make(order, 7)
        self.assertRecordValues(order, [{"date_start": BEGAN, "date_finished": BEGAN + timedelta(minutes=7)}])

    def test_holding_is_not_working(self):
        order = self.new_order()
        self.make(order, 20, holds=[(2, 5), (10, 12)])
        self.assertEqual(self.times(order), [(0, 2, "productive"), (5, 10, "productive"), (12, 20, "productive")])
        self.assertEqual(order.workorder_ids.duration, 15.0)

    def test_held_until_it_ended(self):
        order = self.new_order()
        batch = self.complete(order)
        self.run_from(batch, 20)
        batch.holds = [[fields.Datetime.to_string(BEGAN + timedelta(minutes=6)), None]]
        self.run_task(3)
        self.assertEqual(self.times(order), [(0, 6, "productive")])

    def test_hold_and_resume_are_stored(self):
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._advance("running", 0.0, {})
        for held in (True, False, True):
            batch._store_progress({"held": held})
        self.assertTrue(batch.on_hold)
        self.assertEqual([bool(end) for _begin, end in batch.holds], [True, False])

    def test_slower_than_planned_is_reduced_speed(self):
        order = self.new_order()
        self.make(order, 75)
        self.assertEqual(self.times(order), [(0, 60, "productive"), (60, 75, "performance")])
        self.assertEqual(self.center.oee, 80.0)

    def test_what_people_logged_stays_theirs(self):
        order = self.new_order()
        self.run_task(1)
        order.workorder_ids.button_start()
        theirs = order.workorder_ids.time_ids
        theirs.write({"date_start": BEGAN - timedelta(minutes=30), "date_end": BEGAN - timedelta(minutes=20)})
        self.make(order, 7)
        self.assertRecordValues(theirs, [{"duration": 10.0, "plc_batch_id": False}])
        self.assertEqual(self.times(order), [(0, 7, "productive")])
        self.assertEqual(order.workorder_ids.duration, 17.0)

    def test_never_seen_at_work(self):
        """It is taken to have worked as planned, but not before it was offered."""
        order = self.new_order()
        batch = self.complete(order)
        ended = batch.date_finished
        batch.date_offered = ended - timedelta(minutes=45)
        self.run_task(3)
        self.assertRecordValues(
            order.workorder_ids, [{"date_start": batch.date_offered, "date_finished": ended, "duration": 45.0}]
        )

    def test_weight_that_came_later(self):
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._advance("running", 0.0, {})
        batch.date_finished = BEGAN
        batch._advance("completed", 1000.0, {})
        self.assertEqual(batch.date_finished, BEGAN)

    def test_given_up(self):
        """Nobody knows when it ended: after the last that was seen of it."""
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._advance("running", 0.0, {})
        batch.write({"date_state": BEGAN, "attention": "The PLC is gone.", "attention_key": "lost the PLC is gone"})
        batch.action_give_up()
        self.assertEqual((batch.state, batch.date_finished), ("failed", BEGAN))

    def test_work_order_with_the_plcs_time_is_kept(self):
        self.controller.max_batch_qty = 500.0
        self.bom.operation_ids = [self.operation("Press", self.center, 30.0)]
        order = self.new_order()
        first, second = self.complete(order, actuals={101: 300.0, 102: 176.0, 114: 16.0}).sorted("part")
        self.run_from(first, 7)
        self.run_from(second, 7, began=BEGAN + timedelta(minutes=10))
        second.weight_needed = True
        self.run_task(3)
        deleted = [Command.delete(order.workorder_ids[0].id)]
        for delete in (order.workorder_ids.unlink, lambda: order.write({"workorder_ids": deleted})):
            with self.assertRaisesRegex(UserError, f"{order.name} cannot be deleted.*Cancel it instead"):
                delete()
        other = self.env["mrp.workorder"].create(
            {"name": "Pack", "workcenter_id": self.center.id, "production_id": order.id, "product_uom_id": self.kg.id}
        )
        other.unlink()
        order.workorder_ids.action_cancel()
        self.assertEqual(self.times(order), [(0.0, 14 / 3, "productive"), (14 / 3, 7, "productive")])
        second.weight_needed = False
        self.run_task(3)
        self.assertRecordValues(second, [{"state": "done", "last_error": False}])
        self.assertFalse(self.times(order), "Odoo takes a cancelled work order's time back when it closes the order")

    def test_update_bom_cancels_the_work_order_of_a_failed_batch(self):
        order = self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._store_actuals((101, 102, 114), (250.0, 0.0, 0.0))
        batch._advance("failed", 0.0, {"acknowledged": True})
        self.run_from(batch, 4)
        batch.action_set_disposition("requeue", "scrap")
        self.run_task(3)
        old = order.workorder_ids
        self.bom.operation_ids.active = False
        self.bom.operation_ids = [self.operation("Press", self.new_center("Test press"))]
        order.action_update_bom()
        self.assertEqual((old.state, (order.workorder_ids - old).name), ("cancel", "Press"))
        self.assertEqual([log[:2] for log in self.times(order)], [(0, 4)])
        self.make(order, 7, began=BEGAN + timedelta(minutes=10))
        self.assertEqual([log[:2] for log in self.times(order)], [(10, 17)], "Odoo takes back what was cancelled")

    # Several operations

    def test_operation_in_which_the_bom_consumes_what_is_dosed(self):
        self.bom.operation_ids = [self.operation("Pack", self.new_center("Test packer"), 30.0)]
        mix, pack = self.bom.operation_ids
        self.bom.bom_line_ids.operation_id = mix
        order = self.new_order()
        self.make(order, 7)
        mixing = order.workorder_ids.filtered(lambda workorder: workorder.operation_id == mix)
        packing = order.workorder_ids.filtered(lambda workorder: workorder.operation_id == pack)
        self.assertEqual((mixing.duration, packing.duration), (7.0, 30.0))
        self.assertFalse(packing.time_ids.plc_batch_id)

    def test_bom_that_says_nothing(self):
        """The operations share the time as they are planned."""
        self.bom.operation_ids = [self.operation("Press", self.center, 30.0)]
        order = self.new_order()
        self.make(order, 9)
        self.assertEqual(self.times(order), [(0, 6, "productive"), (6, 9, "productive")])
        self.assertEqual(order.workorder_ids.mapped("duration"), [6.0, 3.0])

    # Several batches

    def test_one_record_a_batch(self):
        self.controller.max_batch_qty = 500.0
        order = self.new_order(1500.0)
        batches = self.complete(order, actuals={101: 300.0, 102: 176.0, 114: 16.0}).sorted("part")
        for index, batch in enumerate(batches):
            self.run_from(batch, 7, began=BEGAN + timedelta(minutes=10 * index))
        batches[:1].weight_needed = batches[2:].weight_needed = True
        self.run_task(3)
        self.assertEqual((order.state, order.workorder_ids.state), ("progress", "progress"))
        self.assertEqual(self.times(order), [(10, 17, "productive")])
        batches.weight_needed = False
        self.run_task(3)
        self.assertEqual(batches.mapped("state"), ["done"] * 3)
        self.assertEqual([log[:2] for log in self.times(order)], [(0, 7), (10, 17), (20, 27)])
        self.assertEqual(len(order.workorder_ids.time_ids.plc_batch_id), 3)
        dates = {"date_start": BEGAN, "date_finished": BEGAN + timedelta(minutes=27)}
        self.assertRecordValues(order.workorder_ids, [{"state": "done", "duration": 21.0, **dates}])
        self.assertRecordValues(order, [dates])

    def test_failed_batch(self):
        order = self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._store_actuals((101, 102, 114), (250.0, 0.0, 0.0))
        batch._advance("failed", 0.0, {"acknowledged": True})
        self.run_from(batch, 4)
        batch.action_set_disposition("requeue")
        self.run_task(3)
        self.assertEqual((batch.state, order.state), ("cancelled", "progress"))
        self.assertEqual(self.times(order), [(0, 4, "productive")])
        second = self.make(order, 7, began=BEGAN + timedelta(minutes=10))
        self.assertEqual(order.workorder_ids.time_ids.plc_batch_id, batch | second)
        self.assertEqual(order.workorder_ids.duration, 11.0)

    def test_booked_on_a_new_order(self):
        order = self.new_order()
        batch = self.complete(order)
        self.run_from(batch, 7)
        order.button_mark_done()
        batch.action_book_on_new_order()
        self.run_task(3)
        self.assertEqual((batch.state, self.times(order)), ("done", []))
        self.assertEqual(self.times(batch.production_id), [(0, 7, "productive")])
