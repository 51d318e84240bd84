"""Task 2 goes on looking at a PLC that works, and leaves for next time what somebody else has in hand."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged

from ...models.exchange.plc_task_exchange import Conversation
from .. import fault_proxy as fault
from ..common import MillCase

WRITE = 16
FLAG = 7076  # of the recipe in slot 1


class LiveCase(MillCase):
    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()
        self.orders = [self.new_order() for _number in range(3)]
        self.run_task(1)

    def is_handed_over(self):
        """Whether the run that has just ended has asked for another one."""
        asked = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron(2).id)])
        result = bool(asked)
        asked.unlink()
        return result

    def made(self):
        return [record["order"] for record in self.plc.mill.ledger if record["event"] == "finished"]


@tagged("post_install", "-at_install")
class TestLivePolling(LiveCase):
    def setUp(self):
        super().setUp()
        self.controller.poll_interval = 0.01
        self.looks = 0

    def poll(self, between):
        """One run of Task 2, in which ``between`` happens after each look that live polling may follow."""
        self.is_handed_over()

        def noting(honest):
            def live_plan(conversation, *args):
                self.looks += 1
                between(conversation)
                return honest(conversation, *args)

            return live_plan

        whole, known = noting(Conversation._live_plan), noting(Conversation._live_again)
        with patch.multiple(Conversation, _live_plan=whole, _live_again=known):
            self.run_task(2)

    def test_one_run_follows_all_batches_to_their_end(self):
        """Each is acknowledged, and a run that has nothing left to look at asks for no other."""
        self.poll(lambda _conversation: self.plc.step(60))
        self.assertEqual(self.made(), [order.name for order in self.orders])
        self.assertRecordValues(self.queue(), [{"state": "completed", "acknowledged": True}] * 3)
        self.assertFalse(self.is_handed_over())
        self.poll(lambda _conversation: None)
        self.assertFalse(self.is_handed_over())

    def test_its_time_over_it_hands_over_to_the_next_run(self):
        def time_is_over(conversation):
            if self.looks == 4:
                conversation.live_until = 0.0

        self.poll(time_is_over)
        self.assertEqual(self.looks, 4)
        self.assertEqual(self.queue().mapped("state"), ["offered"] * 3)
        self.assertTrue(self.is_handed_over())

    def test_a_switch_ends_it(self):
        """Of the PLC, or of the task."""
        self.poll(lambda conversation: self.looks == 3 and conversation.controller.write({"enabled": False}))
        self.assertEqual(self.looks, 3)
        self.assertFalse(self.is_handed_over())
        self.controller.enabled, self.looks = True, 0
        self.poll(lambda conversation: self.looks == 3 and self.switch_off(conversation.env))
        self.assertEqual(self.looks, 3)
        self.assertFalse(self.is_handed_over())

    def switch_off(self, env):
        env["ir.config_parameter"].set_param("plc_mo_batch.task_2_enabled", False)

    def test_without_an_interval_it_is_one_look(self):
        self.controller.poll_interval = 0
        self.poll(lambda _conversation: None)
        self.assertEqual(self.looks, 1)
        self.assertFalse(self.is_handed_over())


@tagged("post_install", "-at_install")
class TestBelievedAgain(LiveCase):
    def test_what_was_said_of_a_snapshot_is_taken_back(self):
        """Once the slot is believed, whether the batch has gone on since or not."""
        self.run_task(2)
        self.plc.step(1)
        for seconds in (0, 10):
            self.plc.step(10)
            self.run_task(2)
            batch = self.queue()[0]
            self.assertEqual(batch.state, "running")
            with self.plc.lock:
                word, self.plc.mill.memory[6000] = self.plc.mill.memory[6000], 9
            self.run_task(2)
            self.assertIn("was rejected", batch.attention)
            with self.plc.lock:
                self.plc.mill.memory[6000] = word
            self.plc.step(seconds)
            self.run_task(2)
            self.assertRecordValues(batch, [{"state": "running", "attention": False, "attention_key": False}])


@tagged("post_install", "-at_install")
class TestInHand(LiveCase):
    def test_a_batch_that_somebody_else_has_in_hand_waits(self):
        """As if another process had its row locked, which a test's own transaction cannot show."""
        held, batches = self.queue()[1], self.env.registry["mo.batch"]
        lock = batches.try_lock_for_update
        self.is_handed_over()
        with patch.object(batches, "try_lock_for_update", lambda batch, **options: lock(batch - held, **options)):
            self.run_task(2)
        self.assertTrue(self.is_handed_over(), "it need not wait for the next run by the clock")
        self.assertEqual(self.queue().mapped("state"), ["offered", "queued", "offered"])
        self.assertFalse(any(self.plc.mill.memory[7100:7183]), "nothing was written for it")
        self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["offered"] * 3)
        self.assertFalse(self.is_handed_over())

    def test_records_that_somebody_else_changes_all_the_time(self):
        """Whatever is decided is overtaken: another run comes soon."""
        self.is_handed_over()
        with patch.object(Conversation, "_first_plan", side_effect=SerializationFailure("concurrent update")):
            self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["queued"] * 3)
        self.assertTrue(self.is_handed_over())

    def test_messages_that_somebody_else_has_just_deleted(self):
        """They cost neither the next run nor what was counted."""
        self.is_handed_over()
        counted = [("controller_id", "=", self.controller.id), ("name", "=", "requests")]
        with (
            patch.object(Conversation, "_first_plan", side_effect=SerializationFailure("concurrent update")),
            patch.object(self.env.registry["plc.board"], "_vacuum", side_effect=SerializationFailure("concurrent delete")),
        ):
            self.run_task(2)
        self.assertTrue(self.is_handed_over())
        with patch.object(self.env.registry["plc.board"], "_vacuum", side_effect=SerializationFailure("concurrent delete")):
            self.run_task(2)
        self.assertTrue(self.env["plc.counter"].search(counted).value)


@tagged("post_install", "-at_install")
class TestTakenBack(LiveCase):
    handshake = "flags"

    def test_an_offer_that_certainly_never_left_is_made_again(self):
        """The PLC refuses the write that arms the recipe: the batch is not offered, and the order is made once."""
        with fault.FaultProxy(self.plc.port) as proxy:
            self.controller.port = proxy.port
            proxy.faults[:] = [self.refuse_offer] * 100
            self.run_task(2)
            first = self.queue()[0]
            self.assertEqual(first.state, "sending")
            self.assertEqual(self.plc.mill.memory[FLAG], 1, "the PLC may not take it")
            proxy.faults.clear()
            self.run_task(2)
            self.assertEqual(self.queue().mapped("state"), ["offered"] * 3)
        self.controller.port = self.plc.port
        self.run_plc(self.plc, 3)
        self.assertEqual(sorted(self.made()), sorted(order.name for order in self.orders))

    def refuse_offer(self, talk):
        request = talk.request
        is_offer = request[7] == WRITE and int.from_bytes(request[8:10], "big") == FLAG
        (fault.exception(2) if is_offer else fault.passed_on)(talk)
