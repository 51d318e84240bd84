"""Task 4: what stalls is found, and what only waits is not."""

from datetime import timedelta
from unittest.mock import patch

from odoo.fields import Datetime
from odoo.tests import tagged
from odoo.tools import config

from ...plc.reconcile import Anomaly
from ..common import MillCase


@tagged("post_install", "-at_install")
class HealthCase(MillCase):
    """All tasks have just run, the PLC answers, and was switched on two days ago."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = Datetime.now()
        for number in (1, 2, 3, 4):
            cls.cron(number).write({"lastcall": cls.now, "active": True, "failure_count": 0})
        cls.controller.write({"online": True, "last_contact": cls.now, "watched_since": cls.ago(minutes=2880)})

    @classmethod
    def cron(cls, number):
        return cls.env.ref(f"plc_mo_batch.ir_cron_task_{number}")

    @classmethod
    def ago(cls, minutes):
        return cls.now - timedelta(minutes=minutes)

    def alarms(self, *kinds):
        domain = [("date_closed", "=", False), ("controller_id", "in", (self.controller.id, False))]
        found = self.env["plc.alarm"].search(domain, order="id")
        return found.filtered(lambda alarm: not kinds or alarm.kind in kinds)

    def check(self):
        self.env.flush_all()
        self.run_task(4)
        return self.alarms()

    def assertAlarms(self, *kinds):
        self.assertEqual(self.check().mapped("kind"), list(kinds), self.alarms().mapped("message"))

    def backdate(self, record, **moments):
        """Behind the ORM's back: nothing recomputes."""
        self.env.flush_all()
        for name, minutes in moments.items():
            self.cr.execute(f"UPDATE {record._table} SET {name} = %s WHERE id IN %s", [self.ago(minutes), tuple(record.ids)])
        self.env.invalidate_all()

    def new_batch(self, state="queued", **values):
        """A batch of its own order, made in one fill with those before it."""
        order = self.new_order()
        task = self.env["plc.task.fill"]
        batch = task._queue_order(self.controller, self.controller.layout_id._layout(), order, len(self.queue()) + 1)
        batch._set_state(state, **values)
        return batch


class TestSilent(HealthCase):
    def fall_silent(self, minutes):
        self.controller.write({"online": False, "last_error": "The PLC is unplugged.", "last_contact": self.ago(minutes)})

    def test_silent(self):
        self.fall_silent(6)
        self.assertAlarms("silent")
        self.assertIn("The PLC is unplugged.", self.alarms().message)
        self.controller.write({"online": True, "last_contact": self.now})
        self.assertAlarms()

    def test_for_a_moment_only(self):
        self.fall_silent(3)
        self.assertAlarms()

    def test_switched_off_on_purpose(self):
        self.fall_silent(6)
        self.assertAlarms("silent")
        self.controller.enabled = False
        self.assertAlarms()

    def test_just_switched_on(self):
        """It was off for a week, and Task 2 had no time yet."""
        self.controller.enabled = False
        self.fall_silent(10080)
        self.controller.enabled = True
        self.assertAlarms()

    def test_exchanges_that_come_to_no_end(self):
        """Each one ends in an error of its own, so that it is never said to be silent."""
        self.controller.last_contact = self.ago(60)
        self.assertAlarms("silent")

    def test_nobody_talks_to_it(self):
        """That Task 2 does not run is another alarm; that it is switched off is none."""
        self.fall_silent(600)
        self.cron(2).lastcall = self.ago(600)
        self.assertAlarms("task")
        self.env["ir.config_parameter"].set_param("plc_mo_batch.task_2_enabled", False)
        self.assertAlarms()

    def test_limit_of_the_plc(self):
        self.fall_silent(600)
        self.controller.silent_minutes = 0
        self.assertAlarms()

    def test_is_looked_at_in_time(self):
        """Task 4 is woken when the silence has lasted too long, and when it ends."""
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron(4).id)])
        triggers.unlink()
        self.run_task(2)  # nobody listens
        self.assertFalse(self.controller.online)
        trigger = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron(4).id)])
        self.assertGreater(trigger.call_at, self.now + timedelta(minutes=4))
        trigger.unlink()
        self.new_simulator()
        self.run_task(2)
        self.assertTrue(self.controller.online)
        trigger = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron(4).id)])
        self.assertLessEqual(trigger.call_at, Datetime.now())


class TestStuck(HealthCase):
    def test_queued(self):
        batch = self.new_batch()
        self.backdate(batch, date_state=20)
        self.assertAlarms("stuck")
        self.assertEqual(self.alarms().batch_id, batch)
        batch._set_state("running")
        self.assertAlarms()

    def test_queued_behind_a_running_one(self):
        running, queued, offered = self.new_batch("running"), self.new_batch(), self.new_batch("offered")
        self.backdate(queued + offered, date_state=600, date_offered=600)
        self.assertAlarms()
        running._set_state("completed", date_finished=self.now)
        self.assertAlarms()  # its turn has only come

    def test_offered_and_not_taken(self):
        batch = self.new_batch("offered")
        self.backdate(batch, date_state=59)
        self.assertAlarms()
        self.backdate(batch, date_state=61)
        self.assertAlarms("stuck")

    def test_running_without_progress(self):
        batch = self.new_batch("running")
        self.backdate(batch, date_state=40)
        self.assertAlarms("stuck")
        batch._store_actuals([101], [12.5])
        self.assertAlarms()
        self.backdate(batch.line_ids, write_date=31)
        self.assertAlarms("stuck")
        batch.on_hold = True
        self.assertAlarms()

    def test_withdrawal_that_does_not_come_about(self):
        batch = self.new_batch("cancelling")
        self.backdate(batch, date_state=16)
        self.assertAlarms("stuck")

    def test_waits_for_a_silent_plc(self):
        """One thing is wrong, and one is told; what was told before stays."""
        batch = self.new_batch("running")
        self.backdate(batch, date_state=40)
        self.assertAlarms("stuck")
        other = self.new_batch("cancelling")
        self.backdate(other, date_state=40)
        self.controller.write({"online": False, "last_contact": self.ago(40), "last_error": "Unplugged."})
        self.assertAlarms("stuck", "silent")

    def test_parked(self):
        batch = self.new_batch("completed", parked=True)
        self.backdate(batch, date_state=600)
        self.assertFalse(self.check() and self.alarms("stuck"))


class TestRejected(HealthCase):
    def test_rejected(self):
        batch = self.new_batch("running")
        batch._record_anomaly(Anomaly("rejected", "word 54 holds 109", (1, 2, 3), 1))
        self.assertAlarms("rejected")
        self.assertIn("word 54 holds 109", self.alarms().message)
        batch.write({"attention": False, "attention_key": False})
        self.assertAlarms()

    def test_is_looked_at_when_it_stands(self):
        """Half written words are good at the next look: nobody is told of those."""
        self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron(4).id)]).unlink()
        self.new_batch("running")._record_anomaly(Anomaly("rejected", "word 54 holds 109"))
        trigger = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron(4).id)])
        self.assertGreaterEqual(trigger.call_at, self.now + timedelta(seconds=59))


class TestWriteBack(HealthCase):
    def test_failing(self):
        batch = self.new_batch("completed", date_finished=self.now)
        for _try in range(4):
            batch._record_error("no stock location")
        self.assertAlarms()
        batch._record_error("no stock location")
        self.assertAlarms("write_back")
        self.assertIn("no stock location", self.alarms().message)
        batch._set_state("done")
        self.assertAlarms()

    def test_not_written_back(self):
        batch = self.new_batch("completed")
        self.assertAlarms()
        self.backdate(batch, date_finished=16)
        self.assertAlarms("unposted")
        self.env["ir.config_parameter"].set_param("plc_mo_batch.task_3_enabled", False)
        self.assertAlarms()

    def test_why_it_is_not_written_back_where_that_is_known(self):
        """It failed, though not yet as often as people are told of."""
        batch = self.new_batch("completed", last_error="The silo is on fire.", attempts=1)
        self.backdate(batch, date_finished=16)
        self.assertAlarms("unposted")
        alarm = self.env["plc.alarm"].search([("batch_id", "=", batch.id), ("date_closed", "=", False)])
        self.assertEqual(alarm.message, f"Cannot write back {batch.display_name}: The silo is on fire.")

    def test_a_failed_batch_that_is_decided_on(self):
        batch = self.new_batch("failed", disposition_order="withhold", disposition_material="scrap")
        self.backdate(batch, date_finished=16)
        self.assertAlarms("unposted")


class TestWaiting(HealthCase):
    def test_for_a_weight(self):
        batch = self.new_batch("completed", weight_needed=True)
        batch.attention = "Enter the produced quantity."
        self.backdate(batch, date_finished=600, date_state=600)
        self.assertAlarms()
        self.backdate(batch, waits_since=31)
        self.assertAlarms("waiting")
        self.assertIn("Enter the produced quantity.", self.alarms().message)

    def test_for_a_decision(self):
        batch = self.new_batch("running")
        batch._record_anomaly(Anomaly("lost", "the slot is blank"))
        self.assertAlarms()
        self.backdate(batch, waits_since=31)
        self.assertAlarms("waiting")
        batch.action_give_up()
        self.assertAlarms()
        self.backdate(batch, waits_since=31)
        self.assertAlarms("waiting")  # it failed, and nobody says what becomes of it

    def test_held(self):
        batch = self.new_batch("running", on_hold=True)
        self.assertTrue(batch.waits_since)
        self.backdate(batch, waits_since=31)
        self.assertAlarms("waiting")

    def test_what_is_only_said(self):
        """A changed order is no question."""
        batch = self.new_batch("running", order_changed=True)
        batch.attention = "The order was changed."
        self.backdate(batch, waits_since=600)
        self.assertAlarms()

    def test_since_when(self):
        batch = self.new_batch("running")
        self.assertFalse(batch.waits_since)
        batch.attention = "Look."
        self.backdate(batch, waits_since=20)
        batch.attention = "Look at it."
        self.assertEqual(batch.waits_since, self.ago(20))
        batch.attention = False
        self.assertFalse(batch.waits_since)


class TestOrders(HealthCase):
    def test_wait_while_the_queue_is_empty(self):
        order = self.new_order()
        self.assertAlarms()
        self.backdate(order, write_date=91)
        self.assertAlarms("orders")
        self.assertIn(order.name, self.alarms().message)
        self.new_batch()
        self.assertAlarms()

    def test_message_has_the_reasons(self):
        orders = self.env["mrp.production"]
        for _number in range(5):
            orders |= self.new_order()
        orders.plc_reason = "soy is in no silo"
        self.backdate(orders, write_date=91)
        self.assertAlarms("orders")
        message = self.alarms().message
        self.assertIn("5 orders are waiting", message)
        self.assertEqual(message.count("soy is in no silo"), 3)

    def test_queue_has_just_emptied(self):
        order = self.new_order()
        self.new_batch()._set_state("cancelled")
        last = self.new_batch("running")
        last._set_state("done", date_finished=self.now)
        self.backdate(order, write_date=600)
        self.assertAlarms()

    def test_held_orders_wait_on_purpose(self):
        order = self.new_order(plc_withheld=True)
        self.backdate(order, write_date=600)
        self.assertAlarms()


class TestTasks(HealthCase):
    def test_that_has_not_run(self):
        self.cron(3).lastcall = self.ago(15)
        self.assertAlarms()
        self.cron(3).lastcall = self.ago(17)  # twice three minutes, and ten
        self.assertAlarms("task")
        self.assertIn("Task 3 has not run since", self.alarms().message)
        self.assertIn(f"({self.env.company.resource_calendar_id.tz})", self.alarms().message, "as the board's times")
        self.assertFalse(self.alarms().controller_id)
        self.cron(3).lastcall = self.now
        self.assertAlarms()

    def test_whose_scheduled_action_is_off(self):
        self.cron(1).active = False
        self.assertAlarms("task")
        self.assertIn("Task 1", self.alarms().message)

    def test_that_fails(self):
        self.cron(2).failure_count = 1
        self.assertAlarms("task")

    def test_that_is_switched_off_on_purpose(self):
        self.cron(3).lastcall = self.ago(600)
        self.env["ir.config_parameter"].set_param("plc_mo_batch.task_3_enabled", False)
        self.assertAlarms()

    def test_server_stood_still(self):
        """Then all tasks are late. Task 4 waits for what comes of them."""
        for number in (1, 2, 3, 4):
            self.cron(number).lastcall = self.ago(600)
        self.assertAlarms()
        self.assertAlarms("task", "task", "task")

    def test_server_stood_still_when_a_task_works_again(self):
        """What is over is closed at once; nothing new is told."""
        self.cron(2).failure_count = 1
        self.assertAlarms("task")
        self.cron(2).failure_count = 0
        self.cron(3).failure_count = 1
        self.cron(4).lastcall = self.ago(600)
        self.assertAlarms()
        self.assertAlarms("task")

    def test_task_that_runs_again_has_it_looked_at(self):
        self.cron(2).failure_count = 1
        self.assertAlarms("task")
        triggers = [("cron_id", "=", self.cron(4).id)]
        self.env["ir.cron.trigger"].search(triggers).unlink()
        self.run_task(1)
        self.assertFalse(self.env["ir.cron.trigger"].search(triggers))
        for _run in range(2):
            self.run_task(2)
            self.assertEqual(len(self.env["ir.cron.trigger"].search(triggers)), 1)

    def test_server_that_ends_idle_processes_too_soon(self):
        for workers, limit, is_told in (
            (0, 60, False),
            (2, 60, True),
            (2, 70, True),
            (2, 71, False),
            (2, -1, False),
            (2, 0, False),
        ):
            with patch.dict(config.options, workers=workers, limit_time_real_cron=limit):
                self.controller.invalidate_recordset(["health", "health_reason"])
                told = f"limit_time_real_cron is {limit} s" in (self.controller.health_reason or "")
                self.assertEqual((told, self.controller.health), (is_told, "warning" if is_told else "ok"), (workers, limit))


class TestRun(HealthCase):
    def test_one_bad_check_stops_no_other(self):
        """Rule 8."""
        bad = self.new_controller(name="Bad PLC", online=True)
        bad.take_minutes = 60
        self.new_batch("running")
        self.backdate(self.queue(), date_state=40)
        self.patch(type(self.env["plc.task.health"]), "_silent", broken)
        self.assertIn("stuck", self.check().mapped("kind"))
        line = self.env["mo.batch.journal"].search([("message", "like", "Unexpected error (ValueError)")], limit=1)
        self.assertEqual(line.kind, "error")

    def test_master_switch(self):
        self.controller.write({"online": False, "last_contact": self.ago(600), "last_error": "Unplugged."})
        self.env["ir.config_parameter"].set_param("plc_mo_batch.enabled", False)
        self.assertAlarms()


def broken(_task, _controller):
    raise ValueError("a fault of ours")
