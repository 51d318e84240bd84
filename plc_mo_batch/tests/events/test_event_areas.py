"""Failures and weighings over real sockets: stored once, committed, then acknowledged."""

from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ...plc.transport import Link, LinkError
from ..common import MillCase

FLAG = {"failure": 8022, "weighing": 9012}


def refuse(address, read):
    """``Link.read_words`` of a PLC that has no registers from ``address`` on."""

    def read_words(link, at, count, registers="holding"):
        if address <= at < 10000:
            link.close()
            raise LinkError("exception", f"2 (illegal data address) at address {at}")
        return read(link, at, count, registers)

    return read_words


def noted(happened, what, method):
    """``method``, which notes that it was called."""

    def call(*args, **kwargs):
        happened.append(what)
        return method(*args, **kwargs)

    return call


def unanswered(link, *_args):
    """``Link.write_words`` whose write was lost, or will come late: nobody knows."""
    link.close()
    raise LinkError("timeout", writing=True)


def not_sent(link, *_args):
    link.close()
    raise LinkError("exception", "2 (illegal data address)")


class EventCase(MillCase):
    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()
        self.salt.plc_number = 202
        self.controller.write({"tz": "UTC", "responsible_id": self.env.ref("base.user_admin").id})

    def put(self, *writes):
        """(address, words): what stands in the mill's memory from now on."""
        with self.plc.lock:
            for address, words in writes:
                self.plc.mill.memory[address : address + len(words)] = words

    def flag(self, kind):
        return self.plc.mill.memory[FLAG[kind]]

    def fail_equipment(self, equipment="101", text="GATE BLOCKED", at=None):
        with self.plc.lock:
            self.plc.mill.report_failure(equipment, text, at)
        self.plc.step(0)

    def weigh(self, kg, number=202, slot=1, order=None):
        """Somebody weighs for a batch, and it is shown."""
        with self.plc.lock:
            self.plc.mill.report_weighing(slot, order or self.queue()[:1].order_name, number, kg)
        self.plc.step(0)

    def exchange(self, *seconds):
        """The exchange, and scans of the mill after it."""
        self.run_task(2)
        for step in seconds or (0, 0):
            self.plc.step(step)
        self.run_task(2)

    @property
    def failures(self):
        return self.env["plc.failure"].search([("controller_id", "=", self.controller.id)], order="id")

    @property
    def weighings(self):
        return self.env["plc.weighing"].search([("controller_id", "=", self.controller.id)], order="id")

    def recorded(self, event):
        return [record for record in self.plc.mill.ledger if record["event"] == event]


@tagged("post_install", "-at_install")
class TestFailure(EventCase):
    def test_stored_then_acknowledged(self):
        self.controller.tz = "Asia/Ho_Chi_Minh"
        self.fail_equipment(at=datetime(2026, 3, 1, 6, 30, 15))
        self.exchange()
        self.assertRecordValues(
            self.failures,
            [
                {
                    "display_name": "Silo 101: GATE BLOCKED",
                    "equipment_id": self.controller.equipment_ids.filtered(lambda item: item.code == 101).id,
                    "date": datetime(2026, 2, 28, 23, 30, 15),
                    "date_invalid": False,
                    "state": "open",
                    "problem": False,
                    "repeated": 0,
                }
            ],
        )
        self.assertEqual(self.flag("failure"), 1)
        self.exchange()
        self.assertTrue(self.failures.acknowledged)
        self.assertEqual(len(self.recorded("stored")), 1)

    def test_several_wait_for_one_another(self):
        for number in range(4):
            self.fail_equipment(text=f"FAILURE {number}")
        for _run in range(4):
            self.exchange()
        self.assertEqual(self.failures.mapped("text"), [f"FAILURE {number}" for number in range(4)])
        self.assertEqual(len(self.recorded("stored")), 4)

    def test_the_same_text_at_another_time(self):
        for second in (1, 2):
            self.fail_equipment(at=datetime(2026, 3, 1, 6, 30, second))
            self.exchange()
        self.exchange()
        self.assertEqual(len(self.failures), 2)
        self.assertEqual(len(self.failures.activity_ids), 1, "one is told of until it is resolved")

    def test_invalid_date_is_kept(self):
        self.fail_equipment()
        self.put((8016, [0x2026, 0x1399, 1, 1, 1, 1]))
        begin = fields.Datetime.now()
        self.exchange()
        self.assertRecordValues(self.failures, [{"date_invalid": True, "text": "GATE BLOCKED"}])
        self.assertIn("is not a valid date", self.failures.problem)
        self.assertTrue(begin <= self.failures.date <= fields.Datetime.now())
        self.assertIn("5017", self.failures.words.split())
        self.assertIn("1399", self.failures.words_html)
        self.assertEqual(self.flag("failure"), 1)

    def test_nonsense_is_kept_and_acknowledged(self):
        self.put((8000, [0xFFFF] * 16), (FLAG["failure"], [0]))
        self.exchange()
        self.assertIn("not a valid date", self.failures.problem)
        self.assertEqual(self.flag("failure"), 1)

    def test_wrong_flag_is_not_believed(self):
        self.fail_equipment()
        self.put((FLAG["failure"], [0x8200]))
        self.exchange()
        self.assertFalse(self.failures)
        self.assertEqual(self.flag("failure"), 0x8200)
        self.assertIn("word 22) holds 33280", self.controller.event_problem)
        anomalies = self.controller.journal_ids.filtered(lambda line: line.kind == "anomaly")
        self.assertEqual(len(anomalies), 1, "told once a change, not once a poll")
        self.put((FLAG["failure"], [0]))
        self.exchange()
        self.assertEqual(len(self.failures), 1)
        self.assertFalse(self.controller.event_problem)

    def test_a_lost_acknowledgement_is_repeated(self):
        self.fail_equipment()
        self.run_task(2)
        self.put((FLAG["failure"], [0]))  # as if the write had been lost
        self.failures.write({"ack_at": fields.Datetime.now() - timedelta(seconds=30), "acknowledged": False})
        self.run_task(2)
        self.assertEqual(self.flag("failure"), 1)
        self.assertRecordValues(self.failures, [{"repeated": 0, "acknowledged": True}])

    def test_stored_committed_acknowledged_in_this_order(self):
        happened, event, task = [], type(self.env["plc.event"]), type(self.env["plc.task"])
        with (
            patch.object(event, "_store", noted(happened, "stored", event._store)),
            patch.object(task, "_commit", noted(happened, "committed", task._commit)),
            patch.object(Link, "write_words", noted(happened, "acknowledged", Link.write_words)),
        ):
            self.fail_equipment()
            self.run_task(2)
        order = happened[happened.index("stored") :][:3]
        self.assertEqual(order, ["stored", "committed", "acknowledged"])
        self.assertEqual(happened.count("acknowledged"), 1)

    def test_an_unanswered_acknowledgement_is_not_repeated_before_the_quiet_time(self):
        self.controller.quiet_time = 3600
        self.fail_equipment(at=datetime(2026, 3, 1, 6, 30, 15))
        with patch.object(Link, "write_words", unanswered):
            self.run_task(2)
        self.assertTrue(self.failures.ack_at)
        with patch.object(Link, "write_words", side_effect=AssertionError("written")):
            self.run_task(2)
        self.controller.quiet_time = 0
        self.controller.unconfirmed_write_at -= timedelta(seconds=10)
        self.failures.ack_at -= timedelta(seconds=10)
        self.run_task(2)
        self.assertRecordValues(self.failures, [{"acknowledged": True, "repeated": 0}])
        self.assertEqual(self.flag("failure"), 1)

    def test_a_clock_that_was_set_back(self):
        """A write that was sent "in an hour" holds nothing up for an hour (soak, seed 61)."""
        self.controller.quiet_time = 30
        self.controller.unconfirmed_write_at = fields.Datetime.now() + timedelta(hours=1)
        self.fail_equipment()
        self.run_task(2)
        self.assertFalse(self.failures.acknowledged, "it may still arrive")
        self.assertLessEqual(self.controller.unconfirmed_write_at, fields.Datetime.now())
        self.controller.unconfirmed_write_at -= timedelta(seconds=31)
        self.run_task(2)
        self.assertTrue(self.failures.acknowledged)

    def test_an_acknowledgement_of_before_a_clock_was_set_back(self):
        """One that was lost is repeated after the settle time, and not in an hour."""
        self.fail_equipment()
        self.run_task(2)
        self.put((FLAG["failure"], [0]))
        self.failures.write({"ack_at": fields.Datetime.now() + timedelta(hours=1), "acknowledged": False})
        self.run_task(2)
        self.assertLessEqual(self.failures.ack_at, fields.Datetime.now())
        self.failures.ack_at -= timedelta(seconds=30)
        self.run_task(2)
        self.assertTrue(self.failures.acknowledged)

    def test_certainly_not_sent_is_sent_for_the_first_time(self):
        self.fail_equipment()
        with patch.object(Link, "write_words", not_sent):
            self.run_task(2)
        self.assertFalse(self.failures.ack_at)
        self.run_task(2)
        self.assertRecordValues(self.failures, [{"acknowledged": True, "repeated": 0}])

    def test_several_event_slots(self):
        register_layout = self.controller.layout_id.copy({"name": "Three failures at a time"})
        register_layout.area_ids.filtered(lambda area: area.kind == "failure").write({"slots": 3, "stride": 30})
        self.controller.layout_id = register_layout
        self.fail_equipment(at=datetime(2026, 3, 1, 6, 30, 15))
        words = self.plc.mill.memory[8000:8023]
        self.put((8060, words))
        self.exchange()
        self.assertEqual(sorted(self.failures.mapped("event_slot")), [1, 3])
        self.assertEqual([self.plc.mill.memory[address] for address in (8022, 8052, 8082)], [1, 0, 1])

    def test_resolved_with_notes(self):
        self.fail_equipment()
        self.exchange()
        wizard = self.env[self.failures.action_open_resolve()["res_model"]]
        wizard.create({"failure_ids": self.failures.ids, "notes": "Gate cleaned"}).action_confirm()
        self.assertRecordValues(
            self.failures, [{"state": "resolved", "resolution": "Gate cleaned", "resolved_by_id": self.env.uid}]
        )
        self.assertFalse(self.failures.activity_ids)
        with self.assertRaisesRegex(UserError, "already resolved"):
            self.failures.action_resolve()
        self.failures.action_reopen()
        self.assertEqual(self.failures.state, "open")

    def test_maintenance_request(self):
        if "maintenance.request" not in self.env:
            self.skipTest("needs the app Maintenance")
        self.controller.maintenance_requests = True
        for second in (1, 2):
            self.fail_equipment(at=datetime(2026, 3, 1, 6, 30, second))
            self.exchange()
        first, second = self.failures
        request = self.env["maintenance.request"].browse(first.maintenance_request)
        self.assertEqual(request.name, "Silo 101: GATE BLOCKED")
        self.assertFalse(second.maintenance_request, "the failure before is not resolved yet")
        self.assertEqual(first.action_open_maintenance_request()["res_id"], request.id)

    def test_without_maintenance(self):
        """A soft dependency: without that app nothing asks for it."""
        self.controller.maintenance_requests = True
        self.fail_equipment()
        self.exchange()
        if "maintenance.request" not in self.env:
            self.assertFalse(self.controller.has_maintenance)
            self.assertFalse(self.failures.maintenance_request)
            with self.assertRaisesRegex(UserError, "no maintenance request"):
                self.failures.action_open_maintenance_request()

    def test_in_the_plc_now(self):
        self.fail_equipment()
        line = self.env["plc.snapshot"]._take(self.controller).line_ids.filtered(lambda line: line.area == "failure")
        self.assertRecordValues(line, [{"state": "new", "address": 8000, "product_name": "101", "problem": False}])
        self.assertIn("GATE BLOCKED", line.words_html)
        self.assertTrue(self.controller.test_connection()["layout_ok"])

    def test_markup_from_the_plc_is_text(self):
        self.fail_equipment(text="<b>HOT</b>")
        self.exchange()
        self.assertIn("&lt;b&gt;HOT&lt;/b&gt;", self.failures.activity_ids.note)
        self.assertNotIn("<b>HOT", self.failures.words_html)

    def test_running_batch_and_order(self):
        order = self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.plc.step(1)
        self.plc.step(10)
        self.run_task(2)
        self.fail_equipment(equipment="Silo 102")
        self.exchange()
        self.assertRecordValues(self.failures, [{"batch_id": self.queue().id, "production_id": order.id}])
        self.assertIn("Equipment failure", self.queue().message_ids.mapped("preview")[0])

    def test_unknown_equipment(self):
        self.fail_equipment(equipment="MIXER")
        self.exchange()
        self.assertRecordValues(self.failures, [{"equipment_id": False, "display_name": "MIXER: GATE BLOCKED"}])

    def test_a_batch_does_not_wait_for_events(self):
        """The PLC has no such registers, and says so: told once, and the batches go on."""
        with patch.object(Link, "read_words", refuse(8000, Link.read_words)):
            self.new_order()
            self.run_task(1)
            self.run_task(2)
            self.run_task(2)
        self.assertEqual(self.queue().state, "offered")
        self.assertTrue(self.controller.online)
        self.assertIn("Cannot read failures and weighings", self.controller.event_problem)
        anomalies = self.controller.journal_ids.filtered(lambda line: line.kind == "anomaly")
        self.assertEqual(len(anomalies), 1)
        self.exchange()
        self.assertFalse(self.controller.event_problem)


class WeighingCase(EventCase):
    def start(self, policy="weighed", **values):
        """A batch that runs, whose salt (14.45 kg) is added by hand."""
        self.controller.write({"hand_add_policy": policy, **values})
        self.order = self.new_order(bom_id=self.bom.id)
        self.run_task(1)
        self.run_task(2)
        self.plc.step(1)
        self.plc.step(10)
        self.run_task(2)
        self.batch = self.queue()
        self.line = self.batch.line_ids.filtered(lambda line: line.product_id == self.salt)

    def finish(self):
        self.run_plc(self.plc, 1)
        self.run_task(2)
        self.assertEqual(self.batch.state, "completed")

    def wait_is_over(self):
        self.batch.weighings_until = fields.Datetime.now() - timedelta(seconds=1)
        self.run_task(3)


@tagged("post_install", "-at_install")
class TestWeighing(WeighingCase):
    def test_as_weighed(self):
        self.start()
        self.weigh(14.6)
        self.exchange()
        self.assertRecordValues(
            self.weighings, [{"state": "matched", "batch_id": self.batch.id, "line_id": self.line.id, "quantity": 14.6}]
        )
        self.assertEqual(self.flag("weighing"), 1)
        self.finish()
        self.run_task(3)
        self.assertEqual(self.batch.state, "done")
        self.assertEqual(self.consumed(self.order)[self.salt], 14.6)

    def test_several_add_up_also_alike(self):
        self.start()
        for kg in (5.0, 5.0, 4.45):
            self.weigh(kg)
            self.exchange(0, 0, 0)
        self.run_task(2)
        self.assertEqual(self.weighings.mapped("quantity"), [5.0, 5.0, 4.45])
        self.assertEqual(self.line.weighed_qty, 14.45)
        self.finish()
        self.run_task(3)
        self.assertEqual(self.consumed(self.order)[self.salt], 14.45)

    def test_other_policies_only_show_it(self):
        self.start("planned")
        self.weigh(14.6)
        self.exchange()
        self.assertEqual(self.line.weighed_qty, 14.6)
        self.finish()
        self.run_task(3)
        self.assertEqual(self.consumed(self.order)[self.salt], 14.45)

    def test_a_finished_batch_waits_for_its_weighings(self):
        self.start()
        self.finish()
        self.run_task(3)
        self.assertEqual(self.batch.state, "completed")
        self.assertTrue(self.batch.weighings_until)
        self.weigh(14.0)
        self.exchange()
        self.run_task(3)
        self.assertEqual(self.batch.state, "completed", "there may be more to come: 14.45 kg are planned")
        self.weigh(0.5)
        self.exchange(0, 0)
        self.run_task(3)
        self.assertEqual(self.batch.state, "done")
        self.assertEqual(self.consumed(self.order)[self.salt], 14.5)

    def test_what_was_weighed_counts_when_the_wait_is_over(self):
        self.start()
        self.weigh(14.0)
        self.exchange()
        self.finish()
        self.wait_is_over()
        self.assertEqual(self.batch.state, "done")
        self.assertEqual(self.consumed(self.order)[self.salt], 14.0)

    def test_a_person_is_asked_about_what_was_not_weighed(self):
        self.start()
        self.finish()
        self.wait_is_over()
        self.assertRecordValues(self.batch, [{"state": "completed", "hand_adds_needed": True}])
        self.assertIn("Test salt", self.batch.attention)
        self.batch.action_enter_hand_adds([(self.line.id, 14.2)])
        self.run_task(3)
        self.assertEqual(self.consumed(self.order)[self.salt], 14.2)

    def test_weighed_after_a_person_was_asked(self):
        self.start()
        self.finish()
        self.wait_is_over()
        self.weigh(14.1)
        self.exchange()
        self.assertFalse(self.batch.attention)
        self.run_task(3)
        self.assertEqual(self.consumed(self.order)[self.salt], 14.1)

    def late(self):
        """A weighing of a batch that is booked already."""
        self.start("planned")
        self.finish()
        self.run_task(3)
        self.assertEqual(self.batch.state, "done")
        self.weigh(3.0, order=self.order.name)
        self.exchange()
        self.assertRecordValues(self.weighings, [{"state": "waiting", "needs_person": True}])
        self.assertIn("arrived late", self.weighings.reason)
        self.assertEqual(self.flag("weighing"), 1)
        return self.weighings

    def test_late_and_booked_on_the_closed_order(self):
        self.late().action_assign(self.batch.id)
        self.assertRecordValues(self.weighings, [{"state": "matched", "needs_person": False}])
        moves = self.order.move_raw_ids.filtered(lambda move: move.product_id == self.salt)
        self.assertEqual(sorted(moves.mapped("quantity")), [3.0, 14.45])
        self.assertEqual(set(moves.mapped("state")), {"done"})

    def test_late_and_dismissed(self):
        self.late().action_dismiss("was booked as planned")
        self.assertRecordValues(self.weighings, [{"state": "dismissed", "reason": "was booked as planned"}])

    def test_what_matches_nothing_waits_and_is_assigned(self):
        self.start()
        self.weigh(14.3, order="WH/MO/99999")
        self.exchange()
        self.weigh(1.0, number=999)
        self.exchange(0, 0)
        self.weigh(2.0, number=101)
        self.wheat.plc_number = 101
        self.exchange(0, 0)
        unknown_order, unknown_product, dosed = self.weighings
        self.assertFalse(unknown_order.product_id, "the demo's salt has this number, too")
        self.assertIn("WH/MO/99999", unknown_order.reason)
        self.assertIn("999", unknown_product.reason)
        self.assertIn("not added by hand", dosed.reason)
        self.assertEqual(self.line.display_name, "Test salt", "what the dialog offers")
        unknown_order.action_assign(self.batch.id)
        unknown_product.action_assign(self.batch.id, self.line.id)
        dosed.action_dismiss("weighed for nothing")
        self.assertEqual(self.line.weighed_qty, 15.3)

    def test_dismissed_before_it_was_booked(self):
        self.start()
        self.weigh(14.6)
        self.exchange()
        self.weighings.action_dismiss("weighed in the wrong place")
        self.assertRecordValues(self.line, [{"weighed": False, "weighed_qty": 0.0}])

    def test_again_without_the_flag_seen_is_for_a_person(self):
        self.start()
        self.weigh(7.0)
        self.run_task(2)
        self.put((FLAG["weighing"], [0]))
        self.weighings.write({"ack_at": fields.Datetime.now() - timedelta(seconds=30), "acknowledged": False})
        self.run_task(2)
        self.assertRecordValues(self.weighings, [{"repeated": 1, "needs_person": True, "acknowledged": True}])
        self.finish()
        self.run_task(3)
        self.assertEqual(self.batch.state, "completed")
        self.weighings.action_count_again()
        self.assertEqual(self.line.weighed_qty, 14.0)
        self.wait_is_over()
        self.assertEqual(self.consumed(self.order)[self.salt], 14.0)

    def test_again_but_once(self):
        self.start()
        self.weigh(14.5)
        self.exchange()
        self.weighings.repeated = 1
        self.weighings.action_count_once()
        self.finish()
        self.run_task(3)
        self.assertEqual(self.consumed(self.order)[self.salt], 14.5)

    def test_a_failed_batch_has_used_what_was_weighed(self):
        self.start(disposition_policy="cancel")
        self.weigh(14.5)
        self.exchange()
        self.fail_on_plc(self.plc)
        self.run_task(3)
        scraps = self.env["stock.scrap"].search([("production_id", "=", self.order.id)])
        self.assertEqual(scraps.move_ids.filtered(lambda move: move.product_id == self.salt).quantity, 14.5)

    def test_in_a_unit_of_its_own(self):
        piece = self.env.ref("uom.product_uom_unit").id
        premix = self.new_product("Test premix bag", plc_number=301, uom_id=piece, weight=0.5)
        self.bom = self.new_bom([(self.wheat, 950.0), (premix, 50.0)])
        self.start()
        self.weigh(25.0, number=301)
        self.exchange()
        self.assertEqual(self.weighings.line_id.weighed_qty, 50.0)
