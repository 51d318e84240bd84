"""What no test of the events noticed when it was changed (docs/mutation.md)."""

from odoo.tests import tagged

from odoo.addons.plc_mo_batch.plc.events import decide, is_unique

from .test_events import LAYOUT, EventsCase, body, words


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

    def test_a_number_tells_events_apart(self):
        self.assertTrue(is_unique({"event_number": 3}))
        self.assertFalse(is_unique({"event_number": 0}))
