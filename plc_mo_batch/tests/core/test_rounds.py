"""One round with a PLC (plc/exchange.py): what a plan asks for, what its answer tells, and who waits for whom meanwhile."""

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc import exchange
from ...plc.exchange import Plan, converse
from ...plc.reconcile import Write
from ...plc.transport import Endpoint, Link
from ...simulator import Simulator
from .. import fault_proxy as fault
from ..exchange.test_clock import BASE as CLOCK_BASE
from ..exchange.test_clock import WORDS as CLOCK_WORDS
from ..exchange.test_clock import with_clock
from ..patience import DEADLINE, PATIENCES, SURE
from ..plc_layouts import job_numbers
from .test_levels import area as level_area

LAYOUT = with_clock(job_numbers())
LEVELS = replace(LAYOUT, areas=(*LAYOUT.areas, level_area(rows=1)))
EVENTS = {("failure", 1): 0, ("weighing", 1): 0}
WRITES = tuple(Write("arm", slot, 6979 + 100 * slot, (0, slot)) for slot in (1, 2, 3, 4))
READ, READ_INPUT, WRITE = 3, 4, 16


class RoundCase(BaseCase):
    """``self.plc`` does nothing of itself; ``self.proxy`` spoils the requests it is told to."""

    def setUp(self):
        super().setUp()
        self.plc = self.enterContext(Simulator(scan_time=None))
        self.proxy = self.enterContext(fault.FaultProxy(self.plc.port))

    def plan(self, timeout=SURE, **values):
        return replace(Plan(Endpoint("127.0.0.1", self.proxy.port, timeout=timeout), LAYOUT, feedback=()), **values)

    def talk(self, answers, *plans):
        for plan in plans:
            answers.append((yield plan))

    def answers(self, *plans, faults=()):
        """Of one conversation."""
        self.proxy.faults[:] = faults
        answers = []
        converse([self.talk(answers, *plans)])
        return answers

    def answer(self, *faults, **values):
        return self.answers(self.plan(**values), faults=faults)[0]

    def answer_to_silence(self, *faults, **values):
        """The last of the faults is silence. What is passed on before may take longer than that is waited for: then again."""
        for timeout in PATIENCES:
            self.proxy.wait_until_closed()
            self.proxy.requests.clear()
            answer = self.answer(*faults, timeout=timeout, **values)
            if len(self.proxy.requests) == len(faults):
                break
        return answer

    def functions(self):
        return [request[7] for request in self.proxy.requests]


@tagged("post_install", "-at_install")
class TestConnection(RoundCase):
    def test_one_connection_for_a_conversation(self):
        self.answers(self.plan(feedback=(1,)), self.plan(feedback=(1,), delay=0.01))
        self.assertEqual((self.proxy.connections, len(self.proxy.requests)), (1, 2))
        self.assertTrue(self.proxy.wait_until_closed())

    def test_a_new_one_where_the_plan_wants_it(self):
        answers = self.answers(self.plan(feedback=(1,)), self.plan(feedback=(1,), reconnect=True))
        self.assertEqual((self.proxy.connections, [answer.error for answer in answers]), (2, [None, None]))

    def test_a_new_one_after_anything_that_failed(self):
        answers = self.answers(self.plan(feedback=(1,)), self.plan(feedback=(1,)), faults=[fault.exception(4)])
        self.assertEqual(self.proxy.connections, 2)
        self.assertEqual((answers[0].error.kind, answers[1].error), ("exception", None))

    def test_requests_are_those_of_the_round(self):
        plans = [self.plan(feedback=(1, 2)), self.plan(feedback=(1,), writes=WRITES[:2]), self.plan(feedback=(1, 2))]
        self.assertEqual([answer.requests for answer in self.answers(*plans)], [2, 3, 2])
        faults = [fault.passed_on] * 4 + [fault.exception(4)]
        answers = self.answers(*plans[:2], faults=faults)
        self.assertEqual([(answer.requests, bool(answer.error)) for answer in answers], [(2, False), (3, True)])
        refusals = fault.exception(4), fault.passed_on, fault.exception(2)  # each ends a connection
        self.assertEqual(self.answer(*refusals, writes=WRITES[:1], feedback=(1, 2)).requests, 3)
        self.proxy.refuse()
        self.assertEqual(self.answer(feedback=(1,)).requests, 0)

    def test_a_write_goes_into_the_memory_that_it_names(self):
        written = []
        wire = SimpleNamespace(open=lambda: None, close=lambda: None, requests=0, write_words=lambda *args: written.append(args))
        with patch.object(exchange, "new_wire", lambda *_args: wire):
            self.answer(writes=(replace(WRITES[0], registers="D"),))
        self.assertEqual(written, [(WRITES[0].address, WRITES[0].words, "D")])


@tagged("post_install", "-at_install")
class TestBeyondTheEnd(RoundCase):
    """A slot that the device does not have keeps none of the others from being served."""

    def slots(self, answer):
        return sorted(answer.seen.feedback), sorted(answer.seen.recipe), answer.beyond

    def refuse(self, *reads, code=2):
        """The faults that refuse the reads of these numbers."""
        return [fault.exception(code) if number in reads else fault.passed_on for number in range(1, max(reads) + 1)]

    def test_those_before_it_are_read(self):
        for failing in (2, 3, 4):
            answer = self.answer(*self.refuse(failing), feedback=(1, 2, 3, 4))
            self.assertEqual(self.slots(answer), (list(range(1, failing)), [], failing))
            self.assertEqual((answer.error, answer.beyond_error.cause, answer.requests), (None, "2", failing))

    def test_what_lacks_one_area_lacks_the_slot(self):
        answer = self.answer(*self.refuse(2), feedback=(1, 2, 3), recipe=(1, 2, 3))
        self.assertEqual(self.slots(answer), ([1], [1], 2))
        answer = self.answer(*self.refuse(5), feedback=(1, 2, 3), recipe=(1, 2, 3))
        self.assertEqual(self.slots(answer), ([1], [1], 2))

    def test_it_is_asked_once_in_a_conversation(self):
        answers = self.answers(*[self.plan(feedback=(1, 2, 3))] * 2, faults=self.refuse(2))
        self.assertEqual([answer.requests for answer in answers], [2, 1])
        self.assertEqual([self.slots(answer) for answer in answers], [([1], [], 2)] * 2)

    def test_the_first_slot_and_other_refusals_are_errors(self):
        self.assertEqual(self.answer(*self.refuse(1), feedback=(1, 2)).error.cause, "2")
        for code in (1, 3, 4):
            answer = self.answer(*self.refuse(2, code=code), feedback=(1, 2))
            self.assertEqual((answer.error.cause, answer.beyond, answer.beyond_error), (str(code), 0, None))

    def test_what_else_is_asked_comes_all_the_same(self):
        answer = self.answer(*self.refuse(2), feedback=(1, 2), events=EVENTS, clock=True)
        self.assertEqual((len(answer.events), answer.event_error, len(answer.clock.words)), (2, None, len(CLOCK_WORDS)))


@tagged("post_install", "-at_install")
class TestWrites(RoundCase):
    """What is told of writes decides whether they are repeated."""

    def assertTold(self, answer, kind, unsent, unsure):
        self.assertEqual((answer.error.kind, answer.unsent, answer.unsure), (kind, unsent, unsure))
        self.assertIsNone(answer.seen)

    def test_all_that_came_before_the_one_that_failed_were_sent(self):
        for before in range(4):
            passed = [fault.passed_on] * before
            answer = self.answer(*passed, fault.exception(2), writes=WRITES, feedback=(1,))
            self.assertRefused(answer, "2", WRITES[before:], unsure=False)
            answer = self.answer(*passed, fault.exception(6), writes=WRITES, feedback=(1,))
            self.assertRefused(answer, "6", WRITES[before + 1 :], unsure=True)
            answer = self.answer_to_silence(*passed, fault.silence, writes=WRITES)
            self.assertTold(answer, "timeout", WRITES[before + 1 :], unsure=True)

    def assertRefused(self, answer, cause, unsent, unsure):
        """The device answers, so it is read all the same."""
        self.assertEqual((answer.write_error.cause, answer.unsent, answer.unsure), (cause, unsent, unsure))
        self.assertEqual((answer.error, list(answer.seen.feedback)), (None, [1]))

    def test_a_refused_write_and_reads_that_fail(self):
        for code, unsent, unsure in ((2, WRITES, False), (6, WRITES[1:], True)):
            for failing, kind in ((fault.exception(4), "exception"), (fault.reset, "reset")):
                answer = self.answer(fault.exception(code), failing, writes=WRITES, feedback=(1,))
                self.assertTold(answer, kind, unsent, unsure)
                self.assertEqual(answer.write_error.cause, str(code))

    def test_a_refusal_is_told_once(self):
        answers = self.answers(self.plan(writes=WRITES[:1]), self.plan(feedback=(1,)), faults=[fault.exception(6)])
        self.assertEqual([bool(answer.write_error) for answer in answers], [True, False])
        self.assertEqual([(answer.unsure, answer.requests) for answer in answers], [(True, 1), (False, 1)])

    def test_reads_that_fail_say_nothing_against_the_writes(self):
        answer = self.answer_to_silence(*[fault.passed_on] * 4, fault.silence, writes=WRITES, feedback=(1,))
        self.assertTold(answer, "timeout", (), unsure=False)

    def test_a_request_that_cannot_be_one_is_not_sent(self):
        wrong = Write("arm", 2, 70000, (1,))
        answer = self.answer(writes=(WRITES[0], wrong, WRITES[2]))
        self.assertTold(answer, "setup", (wrong, WRITES[2]), unsure=False)
        self.assertIn("70000", str(answer.error))
        self.assertEqual(answer.requests, 1)

    def test_whatever_else_goes_wrong(self):
        """Nobody knows how far a write came that ended in an error of ours; and the other PLCs must not suffer from it."""
        write = Link.write_words

        def fails(link, address, *args):
            write(link, address, *args)
            if address == WRITES[1].address:
                raise RuntimeError("mine")

        with patch.object(Link, "write_words", fails), self.assertLogs(level="WARNING") as log:
            answer = self.answer(writes=WRITES)
        self.assertTold(answer, "reply", WRITES[2:], unsure=True)
        self.assertIn("unexpected error (RuntimeError)", str(answer.error))
        self.assertIn("exchange:unexpected error in an exchange\n", log.output[0])
        self.assertIn("RuntimeError: mine", log.output[0])
        self.assertEqual(answer.requests, 2)

    def test_whatever_else_goes_wrong_after_the_writes(self):
        with patch.object(Link, "read_words", side_effect=RuntimeError("mine")), self.assertLogs(level="WARNING"):
            answer = self.answer(writes=WRITES, feedback=(1,))
        self.assertTold(answer, "reply", (), unsure=False)
        self.assertEqual(answer.requests, 4)


@tagged("post_install", "-at_install")
class TestEventsAndClock(RoundCase):
    """They are read after the batches' slots, which do not wait for them."""

    def setUp(self):
        super().setUp()
        self.plc.mill.memory[8000], self.plc.mill.memory[9000] = 8, 9
        self.plc.mill.memory[CLOCK_BASE : CLOCK_BASE + 6] = CLOCK_WORDS

    def test_what_is_read_and_when(self):
        begin = time.monotonic()
        answer = self.answer(feedback=(1,), events=EVENTS, clock=True)
        self.assertTrue(begin <= answer.at <= time.monotonic())
        self.assertEqual({place: words[0] for place, words in answer.events.items()}, {("failure", 1): 8, ("weighing", 1): 9})
        self.assertEqual((answer.clock.words, answer.clock.error), (CLOCK_WORDS, None))
        self.assertEqual((answer.event_error, answer.error, answer.requests), (None, None, 4))
        addresses = [int.from_bytes(request[8:10], "big") for request in self.proxy.requests]
        self.assertEqual(addresses, [6000, 8000, 9000, CLOCK_BASE])

    def test_the_clock_is_read_at_the_middle_of_its_request(self):
        """Half of the way that the answer took is no drift."""
        moments = iter((100.0, 104.0))
        now = SimpleNamespace(time=lambda: next(moments), monotonic=time.monotonic, sleep=time.sleep)
        with patch.object(exchange, "time", now):
            self.assertEqual(self.answer(clock=True).clock.at, 102.0)

    def test_nothing_that_was_not_asked_for(self):
        answer = self.answer(feedback=(1,))
        self.assertEqual((answer.events, answer.event_error, answer.clock, answer.requests), ({}, None, None, 1))

    def test_events_that_are_refused(self):
        """What came before is kept; a line that may be out of step is not used for the clock, nor ever again."""
        faults = [fault.passed_on, fault.passed_on, fault.exception(2)]
        first, second = self.answers(self.plan(feedback=(1,), events=EVENTS, clock=True), self.plan(feedback=(1,)), faults=faults)
        self.assertEqual((list(first.events), first.event_error.kind), ([("failure", 1)], "exception"))
        self.assertEqual((list(first.seen.feedback), first.error, first.clock, first.requests), ([1], None, None, 3))
        self.assertEqual((self.proxy.connections, second.error), (2, None))

    def test_a_clock_that_is_refused(self):
        plans = self.plan(feedback=(1,), events=EVENTS, clock=True), self.plan(feedback=(1,))
        first, second = self.answers(*plans, faults=[*[fault.passed_on] * 3, fault.exception(2)])
        self.assertEqual((first.clock.words, first.clock.error.kind), ((), "exception"))
        self.assertEqual((len(first.events), first.event_error, first.error), (2, None, None))
        self.assertEqual((self.proxy.connections, second.error), (2, None))

    def test_levels_are_read_last(self):
        self.plc.mill.memory[9700:9703] = 101, 1, 2
        answer = self.answer(layout=LEVELS, feedback=(1,), clock=True, levels=True)
        self.assertEqual((answer.levels.words, answer.levels.error, answer.requests), ((101, 1, 2), None, 3))
        self.assertIsNone(self.answer(layout=LEVELS, feedback=(1,), clock=True).levels)

    def test_levels_that_are_refused(self):
        plan = self.plan(layout=LEVELS, feedback=(1,), levels=True)
        first, second = self.answers(plan, plan, faults=[fault.passed_on, fault.exception(2)])
        self.assertEqual((first.levels.words, first.levels.error.kind, first.error), ((), "exception", None))
        self.assertEqual((self.proxy.connections, second.levels.error), (2, None))

    def test_levels_after_a_clock_that_is_refused(self):
        [answer] = self.answers(
            self.plan(layout=LEVELS, feedback=(1,), clock=True, levels=True), faults=[fault.passed_on, fault.exception(2)]
        )
        self.assertEqual((answer.clock.error.kind, answer.levels, answer.requests), ("exception", None, 2))

    def test_input_registers_are_read_as_such(self):
        values = {"feedback": (1,), "recipe": (1,), "events": EVENTS, "clock": True}
        for kind in ("feedback", "failure", "weighing", "clock"):
            self.proxy.requests.clear()
            areas = [replace(area, registers="input") if area.kind == kind else area for area in LAYOUT.areas]
            layout = replace(LAYOUT, areas=tuple(areas))
            self.answer(*[lambda talk: talk.send(talk.forward(holding(talk.request)))] * 5, layout=layout, **values)
            order = ["recipe", "feedback", "failure", "weighing", "clock"]
            self.assertEqual(self.functions().index(READ_INPUT), order.index(kind))


def holding(request):
    """The same request, for holding registers: the simulator has no others."""
    return request[:7] + bytes([READ]) + request[8:]


@tagged("post_install", "-at_install")
class TestSideBySide(RoundCase):
    def test_no_plc_at_all(self):
        converse([])

    def test_as_many_at_once_as_there_are_plcs(self):
        """Each waits in its request until all of them do."""
        together, read, names = threading.Barrier(40, timeout=DEADLINE), Link.read_words, set()

        def meets(link, *args):
            together.wait()
            names.add(threading.current_thread().name.partition("_")[0])
            return read(link, *args)

        answers = []
        with patch.object(Link, "read_words", meets):
            converse([self.talk(answers, self.plan(feedback=(1,))) for _number in range(40)])
        self.assertEqual([answer.error for answer in answers], [None] * 40)
        self.assertEqual(names, {"plc"}, "what an administrator sees in a dump of the threads")

    def test_no_more_begin_than_may(self):
        """The next one is taken only when one of those before it has its first answer."""
        begun, answered, most = [], [], []

        def talk(number):
            begun.append(number)
            yield self.plan(feedback=(1,))
            answered.append(number)
            yield self.plan(feedback=(1,))  # one that goes on takes nobody's place

        def conversations():
            for number in range(12):
                most.append(len(begun) - len(answered))
                yield talk(number)

        converse(conversations(), 3)
        self.assertEqual(sorted(answered), list(range(12)))
        self.assertEqual(max(most), 2, "two others at most, as each is asked for")

    def test_where_there_is_none_it_is_asked_again(self):
        """As long as others go on: here, one whose work ends when the late one has begun."""
        answers, late = [], []

        def goes_on():
            while not late:
                yield self.plan(feedback=(1,), delay=0.05)

        def conversations():
            yield goes_on()
            yield None
            late.append(True)
            yield self.talk(answers, self.plan(feedback=(2,)))
            while True:
                yield None

        converse(conversations())
        self.assertEqual([answer.error for answer in answers], [None])

    def test_a_rest_when_nothing_is_on_the_wire(self):
        """Also at the end; where one PLC is always on the wire, it is not waited for."""
        found, answers = [], []
        plans = [self.plan(feedback=(1,)), self.plan(feedback=(1,), delay=0.05)]
        converse([self.talk(answers, *plans)], rest=lambda: found.append(len(answers)))
        self.assertEqual({1, 2} - {*found}, set())
        with patch.object(exchange, "REST_SECONDS", 0.0):
            found.clear()
            with self.silent() as endpoint:
                slow = self.talk([], replace(self.plan(feedback=(1,)), endpoint=endpoint))
                converse([slow, self.talk(answers, *plans)], rest=lambda: found.append(len(answers)))
        self.assertEqual({3, 4} - {*found}, set())

    def test_a_plan_whose_time_has_come_does_not_wait_for_others(self):
        def talk(name, plan):
            yield plan
            done.append(name)

        for timeout in PATIENCES:
            done = []
            with self.silent(timeout) as endpoint:
                converse([talk("silent", self.plan(endpoint=endpoint, feedback=(1,))), talk("due", self.plan(delay=0.05))])
            if done == ["due", "silent"]:
                break
        self.assertEqual(done, ["due", "silent"])

    def test_nobody_is_kept_waiting_longer_than_he_wants(self):
        """Nor is time spent on asking again and again what time it is."""
        for tick, delay in ((0.0, 30.0), (1.0, 1.5)):
            with self.subTest(tick), self.clock(tick, due=tick + delay) as clock:
                converse([self.talk([], self.plan(delay=delay))])
            self.assertEqual((clock.slept, clock.overslept), (1, False))

    @contextmanager
    def clock(self, tick, due):
        """One that moves by ``tick`` seconds whenever it is asked, else in ``sleep`` alone; the plan is due at ``due``."""
        clock = SimpleNamespace(now=0.0, slept=0, overslept=False, time=time.time)

        def monotonic():
            clock.now += tick
            return clock.now

        def sleep(seconds):
            clock.slept += 1
            clock.overslept |= seconds > max(0.0, due - clock.now)
            clock.now += seconds
            if clock.slept > 5:
                raise AssertionError("it does not sleep")

        clock.monotonic, clock.sleep = monotonic, sleep
        with patch.object(exchange, "time", clock):
            yield clock

    def test_an_error_ends_all_in_good_order(self):
        """Those who are on the wire are waited for, and everybody is told that it is over."""
        ended = []

        def talk(name, plan):
            try:
                yield plan
            finally:
                ended.append(name)

        def fails():
            yield self.plan()
            raise RuntimeError("mine")

        with self.silent() as endpoint, self.assertRaisesRegex(RuntimeError, "mine"):
            waits = talk("waits", self.plan(delay=30))
            converse([talk("silent", self.plan(endpoint=endpoint, feedback=(1,))), waits, fails()])
        self.assertEqual(sorted(ended), ["silent", "waits"])
        self.assertTrue(self.proxy.wait_until_closed())

    @contextmanager
    def silent(self, timeout=PATIENCES[0]):
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield Endpoint("127.0.0.1", server.getsockname()[1], timeout=timeout)
