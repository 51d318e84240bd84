"""Rule 8 where a record cannot be stored or looked at: it says so, and all the others go on.

What fails is a method of ours that is made to fail for one record alone: nothing that a person or a PLC does is known to do it.
"""

import logging
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.health.plc_alarm import Condition
from ...plc.transport import Link
from ..common import MillCase
from ..events.test_event_areas import EventCase, not_sent

TASK = "odoo.addons.plc_mo_batch.models.common.plc_task"
UNFORESEEN = "Unexpected error (ZeroDivisionError). See the server log."


def fails_for(method, is_bad):
    """``method``, which fails for the records that ``is_bad`` says."""

    def call(record, *args, **kwargs):
        result = method(record, *args, **kwargs)
        if is_bad(record, *args):  # only now: what was begun has to be undone
            raise ZeroDivisionError
        return result

    return call


class OneBadCase(MillCase):
    @contextmanager
    def failing(self, model, method, is_bad):
        registered = self.env.registry[model]
        failing = fails_for(getattr(registered, method), is_bad)
        with mute_logger("odoo.addons.plc_mo_batch.tools.translate"), patch.object(registered, method, failing):
            yield

    def errors(self, **of):
        """What the journal says of errors, of the PLC or of the batch."""
        of = of or {"controller_id": self.controller}
        where = [(name, "=", record.id) for name, record in of.items()]
        return self.env["mo.batch.journal"].search([("kind", "=", "error"), *where]).mapped("message")


@tagged("post_install", "-at_install")
class TestBadBatch(OneBadCase):
    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()
        self.orders = [self.new_order() for _number in range(3)]
        self.run_task(1)
        self.bad = self.queue()[1]

    def is_bad(self, batch, *_args):
        return self.bad in batch

    def test_order_that_cannot_be_followed(self):
        """The order of another one was cancelled meanwhile, which is seen; what was begun of the bad one is undone."""
        self.orders[2].action_cancel()
        self.bad.production_id.priority = "1"

        def spoil(batch, *_args):
            if batch == self.bad:
                batch.attention = "half done"
            return batch == self.bad

        with self.failing("mo.batch", "_sync_with_order", spoil):
            self.run_task(2)
        self.assertEqual(self.errors(batch_id=self.bad), [UNFORESEEN])
        self.assertFalse(self.bad.attention)
        self.assertEqual(self.queue().mapped("state"), ["offered", "offered"])
        self.assertEqual(self.orders[2].plc_batch_ids.with_context(active_test=False).state, "cancelled")

    def test_batch_that_cannot_be_stored_is_not_acknowledged(self):
        """Its actuals stay with the PLC until they can be stored; those of the others are stored and acknowledged."""
        with self.failing("mo.batch", "_store_actuals", self.is_bad):
            self.run_plc(self.plc, 3)
            self.run_task(2)
        first, bad, third = self.queue()
        self.assertEqual(set(self.errors(batch_id=bad)), {UNFORESEEN})
        self.assertNotIn(bad.state, ("completed", "done"))
        self.assertFalse(any(bad.line_ids.mapped("reported")))
        for good in (first, third):
            self.assertRecordValues(good, [{"state": "completed", "acknowledged": True}])
        self.assertEqual([self.acknowledged(slot) for slot in (1, 2, 3)], [first.job_number, 0, third.job_number])
        self.run_task(2)
        self.run_task(2)
        self.assertRecordValues(bad, [{"state": "completed", "acknowledged": True}])
        self.assertEqual(self.acknowledged(2), bad.job_number)
        self.assertEqual(self.plc_dosed(2), bad.line_ids.filtered("code").mapped("actual_qty"), "to the gram")

    def acknowledged(self, slot):
        return self.plc.mill.memory[6982 + 100 * slot]

    def plc_dosed(self, slot):
        finished = [record for record in self.plc.mill.ledger if record["event"] == "finished"]
        return [line["kg"] for line in finished[slot - 1]["lines"] if line["code"] in (101, 102, 114)]

    def test_recipe_that_cannot_be_marked_as_sent_is_not_sent(self):
        with self.failing("mo.batch", "_set_state", lambda batch, state, **_values: self.bad in batch and state == "offered"):
            self.run_task(2)
        self.assertEqual([batch.state for batch in self.queue()], ["offered", "sending", "offered"])
        armed = [self.plc.mill.memory[6980 + 100 * slot] for slot in (1, 2, 3)]
        self.assertEqual([bool(number) for number in armed], [True, False, True])

    def test_layout_that_became_unusable(self):
        """Screens refuse that; a restored table may do it. The PLC is not talked to, and says why; another one is."""
        other = self.new_controller(name="Other PLC", picking_type_ids=False)
        other.layout_id = layout = other.layout_id.copy({"name": "Spoilt"})
        self.env.cr.execute("DELETE FROM plc_register_field WHERE area_id IN %s", [tuple(layout.area_ids.ids)])
        self.env.invalidate_all()
        self.run_task(2)
        self.assertFalse(other.last_contact)
        self.assertEqual(len(self.errors(controller_id=other)), 1)
        self.assertIn("The layout Spoilt cannot be used", self.errors(controller_id=other)[0])
        self.assertEqual(self.queue().mapped("state"), ["offered"] * 3)


@tagged("post_install", "-at_install")
class TestBadPlc(OneBadCase):
    def test_one_that_cannot_be_filled(self):
        """What was begun of it is undone; the other is filled."""
        kind = self.picking_type.copy({"name": "Second mill", "sequence_code": "TS2"})
        other = self.new_controller(name="Other PLC", picking_type_ids=kind.ids, sequence=99)
        self.new_order()
        self.new_order(picking_type_id=kind.id)
        with (
            self.failing("plc.task.fill", "_queue_orders", lambda _task, controllers: self.controller in controllers),
            self.assertLogs(TASK, logging.INFO) as log,
        ):
            self.run_task(1)
        self.assertFalse(self.queue())
        self.assertEqual(self.errors(), [UNFORESEEN])
        self.assertIn("Test PLC: not filled", "".join(log.output))
        self.assertEqual(other.queue_count, 1)
        self.assertFalse(self.errors(controller_id=other))
        self.run_task(1)
        self.assertEqual(len(self.queue()), 1)

    def test_stopped_order_that_cannot_be_closed(self):
        """The others are closed."""
        orders = [self.new_order() for _number in range(3)]
        for order in orders:
            order.plc_stopped = True
        with (
            self.failing("mrp.production", "_plc_close_stopped", lambda order: order == orders[1]),
            self.assertLogs(TASK, logging.INFO) as log,
        ):
            self.run_task(3)
        self.assertEqual([order.state for order in orders], ["cancel", "confirmed", "cancel"])
        self.assertIn(f"{orders[1].name} not closed", "".join(log.output))
        self.run_task(3)
        self.assertEqual(orders[1].state, "cancel")

    def test_stopped_order_that_cannot_be_closed_takes_nothing_back(self):
        """The queue that a failed batch left empty is filled again at once."""
        self.env["ir.config_parameter"].set_param("plc_mo_batch.refill", "True")
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._advance("failed", 0.0, {"acknowledged": True})
        batch.action_set_disposition("requeue")
        stopped = self.new_order()
        stopped.plc_stopped = True
        fill = [("cron_id", "=", self.cron(1).id)]
        self.env["ir.cron.trigger"].search(fill).unlink()
        with (
            self.failing("mrp.production", "_plc_close_stopped", lambda order: order == stopped),
            self.assertLogs(TASK, logging.INFO),
        ):
            self.run_task(3)
        self.assertEqual((batch.state, stopped.state), ("cancelled", "confirmed"))
        self.assertTrue(self.env["ir.cron.trigger"].search_count(fill))


@tagged("post_install", "-at_install")
class TestBadEvent(OneBadCase, EventCase):
    def test_that_cannot_be_stored_stays_in_the_plc(self):
        """What is weighed is stored all the same."""
        self.fail_equipment()
        self.weigh(14.5, order="WH/MO/1")
        with self.failing("plc.failure", "_prepare", lambda *_args: True):
            self.exchange()
        self.assertFalse(self.failures)
        self.assertEqual((self.flag("failure"), self.flag("weighing")), (0, 1))
        self.assertEqual(len(self.weighings), 1)
        self.assertEqual(self.controller.event_problem, f"An event from the PLC could not be stored: {UNFORESEEN}")
        self.exchange()
        self.assertEqual((len(self.failures), self.flag("failure")), (1, 1))
        self.assertFalse(self.controller.event_problem)

    def test_that_cannot_be_followed_is_stored(self):
        """What else it brings about is lost, and said; the event is not."""
        self.fail_equipment()
        with self.failing("plc.failure", "_on_stored", lambda *_args: True):
            self.exchange()
        self.assertRecordValues(self.failures, [{"text": "GATE BLOCKED", "acknowledged": True, "batch_id": False}])
        self.assertEqual(self.errors(), [f"Silo 101: GATE BLOCKED: {UNFORESEEN}"])
        self.assertEqual(self.flag("failure"), 1)

    def test_that_the_plc_forgot_before_it_was_acknowledged(self):
        """It was stored: it is not waited for, its slot is left alone, and the next one is another event."""
        self.fail_equipment()
        with patch.object(Link, "write_words", not_sent):
            self.run_task(2)
        self.assertRecordValues(self.failures, [{"ack_at": False, "acknowledged": False}])
        words = self.plc.mill.memory[8000:8023]
        self.put((8000, [0] * 23))
        self.run_task(2)
        self.assertTrue(self.failures.ack_at)
        self.assertEqual(self.flag("failure"), 0, "nothing is acknowledged that is not there")
        self.put((8000, [*words[:8], 0x4442, *words[9:22], 0]))
        self.exchange()
        self.assertEqual(len(self.failures), 2)
        self.assertEqual(self.flag("failure"), 1)

    def test_that_waits_for_somebody_is_not_lost(self):
        """A batch that is just being booked: the weighing stays in the PLC until that is over."""
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.weigh(14.5)
        batches = self.env.registry["mo.batch"]
        with patch.object(batches, "_line_to_weigh", side_effect=AssertionError("counted")), self.busy():
            self.exchange()
        self.assertFalse(self.weighings)
        self.assertEqual(self.flag("weighing"), 0)
        self.exchange()
        self.assertRecordValues(self.weighings, [{"state": "matched", "batch_id": self.queue().id}])

    def busy(self):
        """Somebody has the batch locked when a weighing asks for it."""
        weighing = self.env.registry["plc.weighing"]
        obstacle, batches = weighing._obstacle, self.env.registry["mo.batch"]

        def obstacle_of_locked(record, batch):
            with patch.object(batches, "try_lock_for_update", lambda batch, **_options: batch.browse()):
                return obstacle(record, batch)

        return patch.object(weighing, "_obstacle", obstacle_of_locked)

    def test_user_who_cannot_be_told(self):
        """Neither the failure nor the alarm is lost for it."""
        self.fail_equipment()
        with (
            self.failing("plc.failure", "activity_schedule", lambda *_args: True),
            self.failing("plc.alarm", "activity_schedule", lambda *_args: True),
        ):
            self.exchange()
            conditions = [Condition("stuck", "It stands.", self.controller)]
            alarm = self.env["plc.alarm"]._sync("stuck", self.controller, conditions)
        user = self.controller.responsible_id.name
        self.assertFalse((self.failures.activity_ids | alarm.activity_ids).ids)
        self.assertRecordValues(self.failures, [{"text": "GATE BLOCKED", "acknowledged": True}])
        self.assertRecordValues(alarm, [{"state": "unacknowledged", "message": "It stands."}])
        told = [message for message in self.errors() if "Could not notify" in message]
        self.assertEqual(told, [f"Could not notify {user}: {UNFORESEEN}"] * 2)
