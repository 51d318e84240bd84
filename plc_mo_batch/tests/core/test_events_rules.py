"""What no test of the events noticed when it was changed (docs/mutation.md)."""

from odoo.tests import tagged

from ...plc.events import OLDEST_YEAR, decide, is_unique, read_event
from .test_events import LAYOUT, EventsCase, body, words
from .test_layout import altered, changed


@tagged("post_install", "-at_install")
class TestRules(EventsCase):
    def assertSays(self, step, kind, last_id, **values):
        """Whose it is, which event it is about, and what of it."""
        self.assertEqual((step.kind, step.slot, step.last_id), (kind, 1, last_id))
        self.assertEqual({name: getattr(step, name) for name in values}, values)

    def test_a_step_says_whose_it_is(self):
        for kind in ("failure", "weighing"):
            gone = self.step_of(kind, [0] * len(words(kind)), self.last(kind))
            self.assertSays(gone, kind, 7, gone=True)
            self.assertSays(self.step(kind, 1, self.last(kind, sent=True)), kind, 7, acknowledged=True)
            self.assertSays(self.step(kind, 0, self.last(kind)), kind, 7)
            self.assertSays(self.step(kind, 0, self.last(kind, sent=True, settled=False)), kind, 0, again=True)
            self.assertSays(self.step(kind, 0, self.last(kind, sent=True, settled=True)), kind, 7)
            self.assertSays(self.step(kind), kind, 0, again=True)
            self.assertTrue(self.step(kind, before=body(kind)).values)
            self.assertSays(self.step(kind, before=body(kind)), kind, 0)

    def step_of(self, kind, raw, last):
        return decide(LAYOUT, kind, 1, raw, last)

    def test_a_flag_that_is_none(self):
        step = self.step("failure", 5)
        self.assertSays(step, "failure", 0)
        self.assertEqual((step.anomaly.code, step.anomaly.words), ("rejected", tuple(words("failure", 5))))

    def test_a_flag_that_is_no_number(self):
        """Nothing is known of the event then; least of all that it was stored."""
        layout = self.with_flag("bcd")
        step = decide(layout, "weighing", 1, [*body("weighing")[:12], 0x000F], None)
        self.assertEqual((step.anomaly.code, step.anomaly.offset), ("rejected", 12))

    def test_a_flag_of_two_words(self):
        step = decide(self.with_flag("uint32"), "weighing", 1, [*body("weighing")[:12], 3, 4], None)
        self.assertTrue(step.anomaly.detail.endswith("holds 3 4 where 0 or 1 was expected"), step.anomaly.detail)

    def with_flag(self, type_):
        return changed(LAYOUT, "weighing", altered("event_flag", type=type_))

    def test_dates(self):
        """From the first year in which there were such PLCs to the last but one that Python knows."""
        for year, is_one in ((OLDEST_YEAR, True), (OLDEST_YEAR - 1, False), (9998, True), (9999, False)):
            values, problem = read_event(LAYOUT, "failure", words("failure", year=year))
            self.assertEqual(("date" in values, problem), (is_one, "" if is_one else f"{year} 3 1 4 5 6 is not a valid date"))

    def test_a_number_tells_events_apart(self):
        self.assertTrue(is_unique({"event_number": 3}))
        self.assertFalse(is_unique({"event_number": 0}))
