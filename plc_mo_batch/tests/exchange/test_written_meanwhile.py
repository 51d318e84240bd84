"""A run that follows one PLC for a minute serves another one for which something is written meanwhile."""

from datetime import timedelta
from math import inf
from unittest.mock import patch

from odoo.tests import tagged

from ...models.exchange import last_looks, plc_task_exchange
from ...models.exchange.plc_task_exchange import Conversation
from ...plc import exchange
from ...simulator import Simulator
from ..common import MillCase

ENOUGH = 6  # looks at the PLC that is followed, of which each takes the other one's version anew


@tagged("post_install", "-at_install")
class TestWrittenMeanwhile(MillCase):
    def setUp(self):
        super().setUp()
        self.patch(last_looks, "FRESH_SECONDS", -1.0)
        self.patch(exchange, "ASK_SECONDS", 0.02)
        self.new_order()
        self.plc = self.new_simulator()
        self.other_plc = Simulator(scan_time=None, seed=2).start()
        self.addCleanup(self.other_plc.stop)
        self.kind = self.picking_type.copy({"sequence_code": "OTHER"})
        self.other = self.new_controller(name="Another PLC", port=self.other_plc.port, picking_type_ids=self.kind.ids)
        self.run_task(1)
        self.run_task(2)
        self.plc.step(0)
        self.run_task(2)
        self.assertEqual(self.queue().state, "running")
        self.controller.poll_interval = 0.01

    def batch(self):
        return self.env["mo.batch"].search([("controller_id", "=", self.other.id)], order="id desc", limit=1)

    def fill(self):
        self.new_order(picking_type_id=self.kind.id)
        self.env["plc.task.fill"]._fill(self.other)

    def follow(self, happen, seen):
        """Run Task 2 once; it follows the first PLC until ``seen()``, or for so many looks where that is None.

        :param happen: done when both were looked at
        :return: conversations with the other PLC after that
        """
        begun, ended, looks = [], [], []
        run, live_again = Conversation.run, Conversation._live_again

        def note(talk):
            begun.append(talk.controller_id)
            yield from run(talk)
            ended.append(talk.controller_id)

        def look(talk, last):
            if not looks and self.other.id not in ended:
                return live_again(talk, last)
            if not looks:
                happen()
                self.env.flush_all()
                talk.task._commit()  # as the person's or the task's own transaction would be
                begun.clear()
            looks.append(1)
            self.env.invalidate_all()
            if len(looks) > ENOUGH if seen is None else seen():
                talk.live_until = 0.0
            return live_again(talk, last)

        with (
            patch.object(Conversation, "run", note),
            patch.object(Conversation, "_live_again", look),
            patch.object(plc_task_exchange, "LIVE_SECONDS", 30.0),
        ):
            self.run_task(2)
        self.assertTrue(looks, "it was not followed")
        return begun.count(self.other.id)

    def test_what_is_filled_in_is_offered(self):
        self.assertEqual(self.follow(self.fill, lambda: self.batch().state == "offered"), 1)

    def test_what_is_cancelled_is_withdrawn(self):
        self.fill()
        self.follow(lambda: None, lambda: self.batch().state == "offered")
        batch = self.batch()
        batch.date_offered -= timedelta(minutes=1)  # the PLC had its settle time
        self.follow(lambda: batch.action_cancel(), lambda: not batch.active)
        self.assertEqual(batch.state, "cancelled")
        self.other_plc.step(30)
        self.assertFalse(self.other_plc.mill.ledger)

    def test_nothing(self):
        """It is not talked to again and again."""
        self.assertEqual(self.follow(lambda: None, None), 0)

    def test_what_its_own_look_stored(self):
        """That was not written meanwhile: it was looked at after."""
        self.patch(plc_task_exchange, "AGAIN_SECONDS", inf)  # the end leaves something to be decided later
        self.fill()
        self.follow(lambda: None, lambda: self.batch().state == "offered")
        self.batch().date_offered -= timedelta(minutes=1)  # the PLC had its settle time
        self.other_plc.step(0)
        self.follow(lambda: None, lambda: self.batch().state == "running")
        self.follow(lambda: None, None)  # which finds nothing to do
        self.assertIn((self.env.cr.dbname, self.other.id), last_looks._KEPT)
        self.other_plc.step(600)
        self.assertEqual(self.follow(lambda: None, None), 0)
        self.assertEqual(self.batch().state, "completed")

    def test_nobody_shall_talk_to_it(self):
        def switch_off():
            self.fill()
            self.other.enabled = False

        self.follow(switch_off, None)
        self.assertEqual(self.batch().state, "queued")

    def test_it_does_not_answer_any_more(self):
        """It is tried once; the next run tries again."""

        def unplug():
            self.fill()
            self.other_plc.stop()

        self.assertEqual(self.follow(unplug, lambda: bool(self.other.last_error) or None), 1)
        self.assertEqual(self.batch().state, "queued")
        self.assertTrue(self.other.last_error)
