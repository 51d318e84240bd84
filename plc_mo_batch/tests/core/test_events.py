"""What to do about an event slot; ``test_events_model`` has what holds over time."""

from datetime import datetime

from odoo.tests import BaseCase, tagged

from ...plc.dissect import event_body
from ...plc.events import Last, decide, is_unique, read_event
from ...plc.reconcile import Write
from .. import plc_layouts

LAYOUT = plc_layouts.job_numbers()
DATE = {"year": 2026, "month": 3, "day": 1, "hour": 4, "minute": 5, "second": 6}
FAILURE = {"equipment": "101", "failure": "GATE BLOCKED", **DATE}
WEIGHING = {"slot": 3, "order": "WH/MO/00011", "product_number": 202, "weighed": 25.0}
ACK = {"failure": Write("event", 1, 8022, (1,)), "weighing": Write("event", 1, 9012, (1,))}


def words(kind, flag=0, **changes):
    return LAYOUT.codec(kind).encode({**(FAILURE if kind == "failure" else WEIGHING), "event_flag": flag, **changes})


def body(kind, **changes):
    return event_body(LAYOUT.area(kind), words(kind, **changes))


class EventsCase(BaseCase):
    def step(self, kind, flag=0, last=None, before=None, **changes):
        return decide(LAYOUT, kind, 1, words(kind, flag, **changes), last, before)

    def last(self, kind, **values):
        return Last(7, body(kind), **values)


@tagged("post_install", "-at_install")
class TestDecide(EventsCase):
    def test_words_as_the_mill_sends_them(self):
        """docs/plc-programmer.md, word by word."""
        failure = [0x3130, 0x3100, *[0] * 6, 0x4741, 0x5445, 0x2042, 0x4C4F, 0x434B, 0x4544, 0, 0]
        self.assertEqual(words("failure"), [*failure, 0x2026, 3, 1, 4, 5, 6, 0])
        name = [22344, 12109, 20271, 12336, 12337, 12544, 0, 0]
        self.assertEqual(words("weighing"), [3, *name, 202, 0, 2500, 0])

    def test_believed_when_two_readings_agree(self):
        for kind in ("failure", "weighing"):
            self.assertTrue(self.step(kind).again)
            self.assertTrue(self.step(kind, before=(0,) * len(body(kind))).again)
            step = self.step(kind, before=body(kind))
            self.assertEqual((step.body, step.write, step.problem, step.last_id), (body(kind), ACK[kind], "", 0))

    def test_nothing_there(self):
        self.assertIsNone(decide(LAYOUT, "failure", 1, [0] * 23))
        self.assertIsNone(decide(LAYOUT, "failure", 1, [0] * 22 + [1]))

    def test_stored_by_somebody_before_us(self):
        self.assertIsNone(self.step("failure", 1))

    def test_acknowledged(self):
        step = self.step("weighing", 1, self.last("weighing", sent=True))
        self.assertEqual((step.last_id, step.acknowledged, step.write), (7, True, None))
        self.assertIsNone(self.step("weighing", 1, self.last("weighing", acknowledged=True)))

    def test_an_acknowledgement_that_was_never_sent(self):
        step = self.step("weighing", 0, self.last("weighing", settled=False))
        self.assertEqual((step.write, step.repeated, step.body), (ACK["weighing"], False, ()))

    def test_an_acknowledgement_that_does_not_show(self):
        self.assertTrue(self.step("weighing", 0, self.last("weighing", sent=True, settled=False)).again)
        for kind, repeated in (("weighing", True), ("failure", False)):
            step = self.step(kind, 0, self.last(kind, sent=True))
            self.assertEqual((step.write, step.repeated, step.body), (ACK[kind], repeated, ()))

    def test_the_same_words_after_the_flag_was_seen_are_another_event(self):
        last = self.last("weighing", sent=True, acknowledged=True)
        step = self.step("weighing", 0, last, body("weighing"))
        self.assertEqual((step.body, step.last_id, step.write), (body("weighing"), 0, ACK["weighing"]))

    def test_the_plc_has_gone_on(self):
        step = self.step("weighing", 0, self.last("weighing", sent=True), body("weighing", weighed=1), weighed=1)
        self.assertEqual((step.last_id, step.acknowledged, step.body), (7, True, body("weighing", weighed=1)))

    def test_flagged_before_it_was_stored(self):
        last = self.last("weighing", acknowledged=True)
        self.assertTrue(self.step("weighing", 1, last, weighed=1).again)
        step = self.step("weighing", 1, last, body("weighing", weighed=1), weighed=1)
        self.assertEqual((step.flagged, step.write, step.body), (True, None, body("weighing", weighed=1)))

    def test_forgotten_before_it_was_acknowledged(self):
        self.assertTrue(decide(LAYOUT, "weighing", 1, [0] * 13, self.last("weighing")).gone)
        self.assertIsNone(decide(LAYOUT, "weighing", 1, [0] * 13, self.last("weighing", sent=True)))

    def test_a_flag_that_is_none(self):
        step = self.step("failure", 0x8200, before=body("failure"))
        self.assertEqual(step.anomaly.offset, 22)
        self.assertEqual(step.anomaly.detail, "event_flag (word 22) holds 33280 where 0 or 1 was expected")


@tagged("post_install", "-at_install")
class TestRead(EventsCase):
    def test_values(self):
        values, problem = read_event(LAYOUT, "failure", body("failure"))
        self.assertEqual((values["equipment"], values["failure"]), ("101", "GATE BLOCKED"))
        self.assertEqual((values["date"], problem), (datetime(2026, 3, 1, 4, 5, 6), ""))
        self.assertTrue(is_unique(values))
        self.assertFalse(is_unique(read_event(LAYOUT, "weighing", body("weighing"))[0]))

    def test_what_is_no_date(self):
        for changes in ({"month": 13}, {"day": 31, "month": 2}, {"year": 0}, {"hour": 24}, {"year": 26}):
            with self.subTest(changes):
                values, problem = read_event(LAYOUT, "failure", body("failure", **changes))
                self.assertIn("is not a valid date", problem)
                self.assertNotIn("date", values)
                self.assertEqual(values["failure"], "GATE BLOCKED")
                self.assertFalse(is_unique(values))

    def test_what_cannot_be_read_is_told_and_the_rest_is_kept(self):
        nonsense = list(body("weighing"))
        nonsense[1] = 0xFFFF
        values, problem = read_event(LAYOUT, "weighing", nonsense)
        self.assertEqual(problem, "order (word 1) holds bytes that are not printable ASCII text")
        self.assertEqual((values["product_number"], values["weighed"]), (202, 25.0))
        _values, problem = read_event(LAYOUT, "failure", [*body("failure")[:17], 0x00FF, *body("failure")[18:]])
        self.assertEqual(problem, "month (word 17) holds 0x00FF, which is not a valid BCD number")
