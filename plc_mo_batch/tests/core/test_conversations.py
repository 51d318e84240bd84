"""Many PLCs side by side (plc/exchange.py): one that is dead, slow or badly described costs the others nothing."""

import socket
from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ...plc.exchange import Plan, converse
from ...plc.reconcile import Write
from ...plc.transport import Endpoint
from ...simulator import Simulator
from ..patience import PATIENCES, SURE
from ..plc_layouts import job_numbers

JOB_NUMBERS = job_numbers()


@tagged("post_install", "-at_install")
class TestConversations(BaseCase):
    def setUp(self):
        super().setUp()
        self.plc = Simulator(scan_time=None).start()
        self.addCleanup(self.plc.stop)
        self.answers = []

    def plan(self, **values):
        endpoint = Endpoint("127.0.0.1", self.plc.port, timeout=SURE)
        return replace(Plan(endpoint, JOB_NUMBERS, feedback=(1, 2)), **values)

    def talk(self, name, *plans):
        for plan in plans:
            answer = yield plan
            self.answers.append((name, answer))

    def test_answers_come_back_to_their_own_conversation(self):
        with self.plc.lock:
            self.plc.mill.memory[6000] = 1
            self.plc.mill.memory[6100] = 2
        converse([self.talk("a", self.plan(), self.plan(feedback=(2,))), self.talk("b", self.plan(feedback=(1,)))])
        seen = {(name, slot): words[0] for name, answer in self.answers for slot, words in answer.seen.feedback.items()}
        self.assertEqual(seen, {("a", 1): 1, ("a", 2): 2, ("b", 1): 1})
        self.assertEqual([answer.requests for name, answer in self.answers if name == "b"], [1])

    def test_dead_plc_does_not_hold_up_the_others(self):
        for timeout in PATIENCES:
            self.answers.clear()
            with socket.create_server(("127.0.0.1", 0)) as silent:
                dead = self.plan(endpoint=Endpoint("127.0.0.1", silent.getsockname()[1], timeout=timeout))
                converse([self.talk("dead", dead), *(self.talk(number, self.plan(), self.plan()) for number in range(5))])
            if self.answers[-1][0] == "dead":
                break
        self.assertEqual(len(self.answers), 11)
        self.assertEqual(self.answers[-1][0], "dead", "the others were through before it had timed out")
        self.assertEqual(self.answers[-1][1].error.kind, "timeout")

    def test_waiting_takes_nobodys_turn(self):
        for delay in PATIENCES:
            self.answers.clear()
            waiting = [self.talk("waits", self.plan(delay=delay, reconnect=True)) for _number in range(200)]
            converse([*waiting, self.talk("quick", self.plan())])
            if self.answers[0][0] == "quick":
                break
        self.assertEqual(self.answers[0][0], "quick")
        self.assertEqual(len(self.answers), 201)
        self.assertFalse([answer.error for _name, answer in self.answers if answer.error])

    def test_layout_that_cannot_be_asked_for(self):
        wrong = self.plan(layout=replace(JOB_NUMBERS, address_offset=60000))
        converse([self.talk("wrong", wrong), self.talk("good", self.plan())])
        answers = dict(self.answers)
        self.assertEqual(answers["wrong"].error.kind, "setup")
        self.assertIsNotNone(answers["good"].seen)

    def test_writes_go_out_before_the_reads(self):
        write = Write("arm", 1, 7079, (0, 9))
        converse([self.talk("a", self.plan(writes=(write,), recipe=(1,)))])
        self.assertEqual(self.answers[0][1].seen.recipe[1][79:81], (0, 9))

    def test_what_was_not_sent_is_told(self):
        writes = tuple(Write("arm", slot, 7079 + 100 * slot, (0, 9)) for slot in range(3))
        self.plc.stop()
        converse([self.talk("a", self.plan(writes=writes))])
        answer = self.answers[0][1]
        self.assertEqual((answer.unsent, answer.unsure), (writes, False))

    def test_write_whose_fate_is_unknown(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            writes = tuple(Write("arm", slot, 7079 + 100 * slot, (0, 9)) for slot in range(3))
            plan = self.plan(endpoint=Endpoint("127.0.0.1", silent.getsockname()[1], timeout=0.2), writes=writes)
            converse([self.talk("a", plan)])
        answer = self.answers[0][1]
        self.assertEqual((answer.unsent, answer.unsure), (writes[1:], True))

    def test_exception_in_a_conversation_leaves_nothing_open(self):
        def fails():
            yield self.plan()
            raise RuntimeError("mine")

        with self.assertRaisesRegex(RuntimeError, "mine"):
            converse([fails(), self.talk("waits", self.plan(delay=30))])
