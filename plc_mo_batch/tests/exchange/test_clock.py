"""A PLC's clock: decoded, compared with Odoo's, read over a real socket, and told when it is off."""

from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.fields import Command
from odoo.tests import BaseCase, tagged

from ...plc.clock import Reading, drift, duration, has_moved, read_clock
from ...plc.codec import Field
from ...plc.dissect import is_empty
from ...plc.layout import CLOCK, DATE_ROLES, Area
from ...plc.transport import Link
from ..events.test_event_areas import refuse
from ..plc_layouts import flags, job_numbers
from .test_exchange_isa88 import Isa88Case

BASE = 9500
NOW = datetime(2026, 3, 1, 6, 30, 15)
WORDS = (0x2026, 0x03, 0x01, 0x06, 0x30, 0x15)
UTC = ZoneInfo("UTC")


def with_clock(layout, **values):
    area = Area(CLOCK, BASE, 100, tuple(Field(role, word, "bcd") for word, role in enumerate(DATE_ROLES)))
    return replace(layout, areas=(*layout.areas, replace(area, **values)))


@tagged("post_install", "-at_install")
class TestLayout(BaseCase):
    def test_one_slot_that_is_only_read(self):
        for layout in (flags(), job_numbers()):
            clock = with_clock(layout, registers="input", slots=3)
            self.assertEqual(clock.problems(), [])
            self.assertEqual(clock.count(CLOCK), 1)
            self.assertEqual(clock.event_places, layout.event_places)
            self.assertEqual(clock.request(CLOCK, 1), (BASE, 6, "input"))

    def test_all_parts_of_the_date_are_needed(self):
        items = with_clock(flags()).area(CLOCK).fields
        self.assertEqual(with_clock(flags(), fields=items[1:]).problems(), ["The clock area needs a field with the role year."])

    def test_roles_and_types(self):
        items = with_clock(flags()).area(CLOCK).fields
        for extra, problem in (
            (Field("event_flag", 6), "event_flag (word 6) has the role event_flag, which is not valid in this area."),
            (Field("slot", 6), "slot (word 6) has the role slot, which is not valid in this area."),
        ):
            self.assertEqual(with_clock(flags(), fields=(*items, extra)).problems(), [f"In the clock area, {problem}"])
        text = (*items[:5], Field("second", 5, "ascii"))
        self.assertIn("its role second requires", "".join(with_clock(flags(), fields=text).problems()))
        whole = tuple(Field(role, 2 * word, "uint32") for word, role in enumerate(DATE_ROLES))
        self.assertEqual(with_clock(flags(), fields=whole).problems(), [])

    def test_overlaps(self):
        self.assertEqual(
            with_clock(flags(), base=9010).problems(), ["The weighing area ends at 9012, after the clock area starts at 9010."]
        )


@tagged("post_install", "-at_install")
class TestReading(BaseCase):
    layout = with_clock(flags())

    def reading(self, words, zone=UTC, now=NOW):
        return read_clock(self.layout, words, zone, now)

    def test_drift(self):
        self.assertEqual(self.reading(WORDS), Reading(0))
        self.assertEqual(self.reading(WORDS, now=NOW + timedelta(seconds=75, microseconds=900000)).drift, -75)
        self.assertEqual(self.reading(WORDS, now=NOW - timedelta(days=1)).drift, 86400)

    def test_time_zone(self):
        self.assertEqual(self.reading(WORDS, ZoneInfo("Asia/Jakarta")).drift, -7 * 3600)
        self.assertEqual(self.reading(WORDS, ZoneInfo("Asia/Jakarta"), NOW - timedelta(hours=7)).drift, 0)

    def test_the_hour_that_comes_twice(self):
        zone = ZoneInfo("Europe/Berlin")
        for utc in (datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30)):
            self.assertEqual(drift(datetime(2026, 10, 25, 2, 30), zone, utc), 0)

    def test_what_is_no_date(self):
        for words, problem in (
            ((0,) * 6, "0 0 0 0 0 0 is not a valid date"),
            ((0x2026, 0x13, 1, 1, 1, 1), "2026 13 1 1 1 1 is not a valid date"),
            ((0x2026, 3, 1, 6, 0x5A, 0), "minute (word 4) holds 0x005A, which is not a valid BCD number"),
            ((0x0026, 3, 1, 6, 0x30, 0), "26 3 1 6 30 0 is not a valid date"),
            ((0x2026, 3, 1, 0x24, 0, 0), "2026 3 1 24 0 0 is not a valid date"),
            ((0x9999, 0x12, 0x31, 0x23, 0x59, 0x59), "9999 12 31 23 59 59 is not a valid date"),
        ):
            reading = self.reading(words)
            self.assertEqual(reading.problem, problem)
            self.assertEqual((reading.drift, reading.words), (0, words))

    def test_numbers_too_large_for_a_date(self):
        whole = tuple(Field(role, 2 * word, "uint32") for word, role in enumerate(DATE_ROLES))
        reading = read_clock(with_clock(flags(), fields=whole), (0xFFFF,) * 12, UTC, NOW)
        self.assertIn("is not a valid date", reading.problem)

    def test_far_off(self):
        for zone in ("Etc/GMT+12", "Pacific/Kiritimati"):
            self.assertGreater(self.reading((0x9998, 0x12, 0x31, 0x23, 0x59, 0x59), ZoneInfo(zone)).drift, 10**11)

    def test_readings_that_agree(self):
        self.assertTrue(Reading(10).agrees(Reading(12)))
        self.assertFalse(Reading(10).agrees(Reading(13)))
        self.assertFalse(Reading(0).agrees(Reading(problem="is not a valid date")))
        self.assertTrue(
            Reading(problem="0 0 0 0 0 0 is not a valid date").agrees(Reading(problem="0 0 0 0 0 1 is not a valid date"))
        )

    def test_has_moved(self):
        """An alarm does not flutter at its limit, and a small limit is seen at all."""
        for before, now, limit, moved in (
            (0, 4, 60, False), (0, 5, 60, True), (61, 59, 60, False), (0, -5, 60, True),
            (0, 3, 3, True), (0, 1, 1, False), (0, 2, 1, True), (0, 4, 0, False), (0, 5, 0, True),
            (0, 3, 8, False), (0, 4, 8, True), (1000, 1004, 10**6, False), (1000, 1005, 10**6, True),
        ):  # fmt: skip
            self.assertEqual(has_moved(before, now, limit), moved, (before, now, limit))

    def test_duration(self):
        for seconds, told in (
            (0, "0 s"), (0.4, "0 s"), (59, "59 s"), (-75, "1 min 15 s"), (3600, "1 h"), (3605, "1 h"), (86400, "1 d"),
            (93784, "1 d 2 h"),
        ):  # fmt: skip
            self.assertEqual(duration(seconds), told)

    def test_empty(self):
        self.assertTrue(is_empty(self.layout.area(CLOCK), [0] * 6))
        self.assertFalse(is_empty(self.layout.area(CLOCK), WORDS))


class ClockCase(Isa88Case):
    def setUp(self):
        super().setUp()
        self.controller.tz = "UTC"

    def set_clock(self, seconds=0, words=None):
        """What the PLC shows from now on."""
        with self.plc.lock:
            self.plc.mill.clock_offset = seconds
        self.plc.step(0)
        if words:
            with self.plc.lock:
                self.plc.mill.memory[BASE : BASE + len(words)] = words

    def exchange(self, seconds=0, words=None):
        self.set_clock(seconds, words)
        self.run_task(2)

    def assertDrift(self, seconds):
        self.assertTrue(self.controller.clock_read_at)
        self.assertAlmostEqual(self.controller.clock_drift, seconds, delta=20)

    def anomalies(self):
        return self.controller.journal_ids.filtered(lambda line: line.kind == "anomaly")


@tagged("post_install", "-at_install")
class TestExchange(ClockCase):
    def test_drift(self):
        self.exchange()
        self.assertDrift(0)
        self.assertEqual(self.controller.clock_status, "The PLC's clock is right.")
        self.exchange(-75)
        self.assertDrift(-75)
        self.assertRegex(self.controller.clock_status, r"is 1 min 1\d s slow, assuming its time zone is UTC\.")
        self.controller.tz = "Asia/Jakarta"
        self.run_task(2)
        self.assertDrift(-75 - 7 * 3600)
        self.assertFalse(self.anomalies())

    def test_one_request_more_and_seldom_a_write(self):
        self.exchange()
        asked = []
        read = Link.read_words

        def counted(link, at, count, registers="holding"):
            asked.append(at)
            return read(link, at, count, registers)

        write = type(self.controller)._record_clock
        with (
            patch.object(Link, "read_words", counted),
            patch.object(type(self.controller), "_record_clock", autospec=True, side_effect=write) as noted,
        ):
            self.exchange(2)
            self.assertEqual(asked.count(BASE), 1)
            self.assertEqual(asked[-1], BASE, "last of all")
            self.assertFalse(noted.called)
            self.controller.clock_read_at -= timedelta(hours=2)
            begin = fields.Datetime.now()
            self.exchange(2)
            self.assertEqual(noted.call_count, 1)
        self.assertGreaterEqual(self.controller.clock_read_at, begin)

    def test_a_single_wrong_reading_is_not_believed(self):
        """The PLC fills its clock over several scans, just at midnight."""
        self.exchange()
        read = Link.read_words

        def tearing(link, at, count, registers="holding"):
            words = read(link, at, count, registers)
            if at == BASE and readings.pop():
                return (*words[:3], 0x23 if words[3] != 0x23 else 0x11, *words[4:])
            return words

        for readings, seconds in (([False, True], 0), ([True, False], 300)):  # the last one is the first
            self.set_clock(seconds)
            with patch.object(Link, "read_words", tearing):
                self.run_task(2)
            self.assertFalse(readings)
            self.assertDrift(0)
        self.run_task(2)
        self.assertDrift(300)

    def test_a_clock_that_shows_no_date_is_told_once(self):
        self.exchange()
        for second in (1, 2, 3):
            self.exchange(words=(0x2026, 0x13, 1, 1, 1, second))
        self.assertRecordValues(self.controller, [{"clock_drift": 0, "clock_read_at": False}])
        self.assertIn("does not show a valid date and time: 2026 13 1 1 1 1 is not a valid date", self.controller.clock_status)
        self.assertRecordValues(self.anomalies(), [{"area": "clock", "words": "8230 19 1 1 1 1"}])
        self.assertIn("13", self.anomalies().words_html)
        self.exchange()
        self.assertFalse(self.controller.clock_problem)
        self.assertDrift(0)

    def test_a_batch_does_not_wait_for_the_clock(self):
        """The PLC has no such registers, and says so: told once, and batches and events go on."""
        with patch.object(Link, "read_words", refuse(BASE, Link.read_words)):
            order = self.new_order()
            with self.plc.lock:
                self.plc.mill.report_failure("101", "GATE BLOCKED")
            self.run_task(1)
            self.run_task(2)
            self.plc.step(0.1)
            self.run_task(2)
        self.assertEqual(self.queue().production_id, order)
        self.assertIn(self.queue().state, ("offered", "running"))
        self.assertTrue(self.controller.online)
        self.assertIn("Cannot read the PLC's clock", self.controller.clock_problem)
        self.assertFalse(self.controller.event_problem)
        self.assertEqual(self.env["plc.failure"].search_count([("controller_id", "=", self.controller.id)]), 1)
        self.assertEqual(len(self.anomalies()), 1)
        self.exchange()
        self.assertFalse(self.controller.clock_problem)

    def test_the_clock_is_read_though_events_are_refused(self):
        read = Link.read_words

        def refusing(link, at, count, registers="holding"):
            return refuse(8000, read)(link, at, count, registers) if at < BASE else read(link, at, count, registers)

        with patch.object(Link, "read_words", refusing):
            self.exchange(300)
        self.assertIn("Cannot read failures and weighings", self.controller.event_problem)
        self.assertDrift(300)

    def test_what_goes_wrong_here_disturbs_nothing(self):
        self.new_order()
        self.run_task(1)
        broken = patch.object(type(self.controller), "_is_clock_news", side_effect=ValueError("a test"))
        with broken:
            self.run_task(2)
        self.assertEqual(self.queue().state, "offered")
        self.assertFalse(self.controller.clock_read_at)

    def test_layout_without_a_clock(self):
        self.controller.layout_id.area_ids = [
            Command.delete(area.id) for area in self.controller.layout_id.area_ids if area.kind == "clock"
        ]
        self.exchange()
        self.assertFalse(self.controller.clock_read_at or self.controller.clock_problem)

    def test_shown_now(self):
        self.set_clock()
        found = self.controller.test_connection()
        self.assertTrue(found["layout_ok"], found["message"])
        line = self.env["plc.snapshot"]._take(self.controller).line_ids.filtered(lambda line: line.area == "clock")
        self.assertRecordValues(line, [{"address": BASE, "problem": False}])
        self.assertEqual(len(line.words.split()), 6)


@tagged("post_install", "-at_install")
class TestHealth(ClockCase):
    def setUp(self):
        super().setUp()
        now = fields.Datetime.now()
        for number in (1, 2, 3, 4):
            cron = self.env.ref(f"plc_mo_batch.ir_cron_task_{number}")
            cron.write({"lastcall": now, "active": True, "failure_count": 0})
        self.triggers().unlink()

    def triggers(self):
        return self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref("plc_mo_batch.ir_cron_task_4").id)])

    def alarms(self):
        """Those that are open after Task 4 has looked."""
        self.env.flush_all()
        self.run_task(4)
        of_plc = [("date_closed", "=", False), ("controller_id", "=", self.controller.id)]
        return self.env["plc.alarm"].search(of_plc)

    def test_opens_and_closes(self):
        self.exchange(30)
        self.assertFalse(self.alarms())
        self.triggers().unlink()
        self.exchange(75)
        self.assertTrue(self.triggers(), "Task 4 is woken")
        alarm = self.alarms()
        self.assertRecordValues(alarm, [{"kind": "clock", "priority": "medium"}])
        self.assertRegex(alarm.message, r"is 1 min 1\d s fast")
        self.assertEqual(self.controller.health, "warning")
        self.exchange(90)
        self.assertEqual(self.alarms(), alarm, "told once")
        self.triggers().unlink()
        self.exchange(0)
        self.assertTrue(self.triggers())
        self.assertFalse(self.alarms())
        self.assertTrue(alarm.date_closed)
        self.assertEqual(self.controller.health, "ok")

    def test_never(self):
        self.controller.clock_seconds = 0
        self.exchange(9000)
        self.assertDrift(9000)
        self.assertFalse(self.alarms())

    def test_no_date_is_another_alarm(self):
        self.exchange(75)
        drifted = self.alarms()
        self.exchange(words=(0,) * 6)
        alarm = self.alarms()
        self.assertRecordValues(alarm, [{"kind": "clock", "message": self.controller.clock_problem}])
        self.assertTrue(drifted.date_closed)
        self.exchange(words=(0, 0, 0, 0, 0, 1))
        self.assertEqual(self.alarms(), alarm)
        self.exchange()
        self.assertFalse(self.alarms())

    def test_a_silent_plc_is_not_known_to_be_right(self):
        self.exchange(75)
        alarm = self.alarms()
        self.plc.stop()
        self.run_task(2)
        self.assertEqual(self.alarms(), alarm)

    def test_layout_changed(self):
        self.exchange(75)
        self.assertTrue(self.alarms())
        self.controller.layout_id = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers")
        self.assertFalse(self.alarms())
