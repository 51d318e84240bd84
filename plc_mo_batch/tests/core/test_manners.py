"""Devices with bad manners, on real sockets: what a test finds, or says, and a whole batch with what was found.

The sentences of the causes here, and the same devices before Odoo: test_refusals.
"""

from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc import look as module
from ...plc import transport
from ...plc.exchange import Plan, converse
from ...plc.look import MEND, Look, find_manners, find_most, look
from ...plc.reconcile import COMPLETED, recipe_slots, reconcile
from ...plc.transport import Endpoint, Link, LinkError
from ...plc.wire import BUSY_PAUSE, Manners
from ...simulator import Mill
from .. import plc_layouts
from ..patience import DEADLINE, PATIENCES, SURE
from ..plc_records import Record
from ..rude_server import Rests, RudeServer

ORDER = "WH/MO/00001"
LAYOUT = replace(plc_layouts.job_numbers(events=False), slots=2)
BRIEF = PATIENCES[0]  # where a device does not answer


def zero(_number):
    return 0


# what the device does, how it is asked -> the fault without manners, the manners that the test finds
MANNERS = {
    "deaf at first": ({"deaf_at_first": 0.2}, {}, "timeout", {"connect_pause": 0.5}),
    "deaf at first for long": ({"deaf_at_first": 0.7}, {}, "timeout", {"connect_pause": 1.0}),
    "deaf between": ({"deaf_between": 0.03}, {}, "timeout later", {"request_pause": 0.05}),
    "deaf between for long": ({"deaf_between": 0.15}, {}, "timeout later", {"request_pause": 0.3}),
    "hangs up": ({"hangs_up_after": 1}, {}, "reset later", {"connect_each": True}),
    "silent after its first answer": ({"falls_silent_after": 1}, {}, "timeout later", {"connect_each": True}),
    "transaction id 0": ({"transaction": zero}, {}, "reply no_transaction", {"no_transaction": True}),
    "its own unit": ({"unit": 1}, {"device_id": 255}, "reply unit", {"any_unit": True}),
    "unit 0, answered as 1": ({"unit": 1}, {"device_id": 0}, "reply unit", {"any_unit": True}),
    "gap of RTU": ({"deaf_between": 0.02, "rtu": True}, {"transport": "rtu_tcp"}, "timeout later", {"request_pause": 0.05}),
    "several at once": (
        {"deaf_at_first": 0.2, "hangs_up_after": 1, "transaction": zero, "unit": 1},
        {"device_id": 255},
        "timeout",
        {"connect_pause": 0.5, "connect_each": True, "no_transaction": True, "any_unit": True},
    ),
}
# what no setting mends: what the device does -> the fault
FAULTS = {
    "another transaction": ({"transaction": lambda number: number + 1}, {}, "reply transaction"),
    "no function 3": ({"functions": (16,)}, {}, "exception 1"),
    "addresses": ({"end": 1000}, {}, "exception 2"),
    "fewer registers": ({"max_read": 64}, {}, "exception 3"),
    "always busy": ({"busy": 100}, {}, "exception 6"),
    "silent": ({"falls_silent_after": 0}, {}, "timeout"),
    "its only connection is another's": ({"connections": 0}, {}, "reset"),
}


class RudeCase(BaseCase):
    """The client's pauses take no time, and are told to the server."""

    def setUp(self):
        super().setUp()
        self.rests = self.enterContext(patch.object(transport, "time", Rests()))

    def serve(self, memory=None, **manners):
        memory = [0] * 65536 if memory is None else memory
        self.server = self.enterContext(RudeServer(memory, rests=self.rests, **manners))

    def patiently(self, attempt):
        """What is no answer to the request is waited out: first for a moment. On a busy machine an answer may miss that, too."""
        for patience in PATIENCES:
            try:
                with patch.object(module, "PROBE_TIMEOUT", patience):
                    return attempt(patience)
            except AssertionError:
                if patience == SURE:
                    raise

    def endpoint(self, timeout=SURE, manners=None, **values):
        return Endpoint("127.0.0.1", self.server.port, timeout=timeout, manners=Manners(**manners or {}), **values)

    def fault(self, found):
        return found.error and f"{found.error.kind} {found.error.cause}".strip()


@tagged("post_install", "-at_install")
class TestFound(RudeCase):
    def test_manners_are_found(self):
        for name, (device, asked, fault, manners) in MANNERS.items():
            with self.subTest(name):
                self.patiently(lambda patience, row=(device, asked, fault, manners): self.find(patience, *row))

    def find(self, patience, device, asked, fault, manners):
        self.serve(**device)
        endpoint = self.endpoint(patience, **asked)
        first = look(endpoint, LAYOUT, DEADLINE)
        self.assertEqual(self.fault(first), fault)
        found, seen = find_manners(endpoint, LAYOUT, first, DEADLINE)
        self.assertEqual(found, Manners(**manners))
        self.assertEqual((seen.error, seen.is_complete), (None, True))
        self.assertEqual({request[0] for request in self.server.requests}, {3}, "nothing is written")

    def test_faults_are_told_apart(self):
        for name, (device, asked, fault) in FAULTS.items():
            with self.subTest(name):
                self.patiently(lambda patience, row=(device, asked, fault): self.find_none(patience, *row))

    def find_none(self, patience, device, asked, fault):
        self.serve(**device)
        endpoint = self.endpoint(patience, **asked)
        first = look(endpoint, LAYOUT, DEADLINE)
        self.assertEqual(self.fault(first), fault)
        self.assertEqual(find_manners(endpoint, LAYOUT, first, DEADLINE), (Manners(), first))

    def test_manners_of_a_device_without_the_last_slot(self):
        """What it does not have is no reason to find nothing."""
        for name in ("hangs up", "its own unit"):
            self.patiently(lambda patience, name=name: self.find_without_last_slot(patience, *MANNERS[name]))

    def find_without_last_slot(self, patience, device, asked, _fault, manners):
        self.serve(**device, end=7100)
        endpoint = self.endpoint(patience, **asked)
        found, seen = find_manners(endpoint, LAYOUT, look(endpoint, LAYOUT, DEADLINE), DEADLINE)
        self.assertEqual((found, seen.error, seen.lacks.cause), (Manners(**manners), None, "2"))

    def test_every_mend_is_of_a_fault_that_a_device_here_has(self):
        faults = {tuple(fault.split()) for _device, _asked, fault, *_manners in [*MANNERS.values(), *FAULTS.values()]}
        self.assertLessEqual({tuple(filter(None, key)) for key in MEND}, faults)

    def test_nothing_is_tried_when_the_time_is_over(self):
        self.serve(falls_silent_after=0)
        endpoint = self.endpoint(BRIEF)
        first = look(endpoint, LAYOUT, DEADLINE)
        opened = self.server.opened
        self.assertEqual(find_manners(endpoint, LAYOUT, first, 0), (Manners(), first))
        self.assertEqual(self.server.opened, opened)

    def test_what_is_set_already_is_not_tried_again(self):
        self.serve(hangs_up_after=1, falls_silent_after=1)
        endpoint = self.endpoint(manners={"connect_each": True, "connect_pause": 0.01})
        self.assertIsNone(look(endpoint, LAYOUT, DEADLINE).error)
        self.serve(unit=9)
        self.assertIsNone(look(self.endpoint(manners={"any_unit": True}), LAYOUT, DEADLINE).error)

    def test_manners_are_tried_impatiently(self):
        self.assertEqual(module.PROBE_TIMEOUT, 1.0)
        self.serve(falls_silent_after=0)
        first = look(self.endpoint(BRIEF), LAYOUT, DEADLINE)
        asked = []
        original = module.look
        module.look = lambda endpoint, *args: asked.append(endpoint.timeout) or original(endpoint, *args)
        try:
            find_manners(self.endpoint(BRIEF), LAYOUT, first, DEADLINE)
        finally:
            module.look = original
        self.assertEqual(set(asked), {BRIEF})

    def test_no_attempt_is_longer_than_what_is_left(self):
        """However patiently the PLC is asked otherwise."""
        tried, first = [], Look(LAYOUT, {}, LinkError("timeout"), reachable=True)

        def attempt(endpoint, _layout, seconds):
            tried.append((endpoint.timeout, endpoint.manners.connect_pause, seconds))
            return first

        clock = SimpleNamespace(monotonic=iter((10.0, 10.5, 11.0)).__next__)
        with patch.object(module, "look", attempt), patch.object(module, "time", clock):
            self.assertEqual(find_manners(Endpoint(timeout=3.0), LAYOUT, first, 1.0), (Manners(), first))
        self.assertEqual(tried, [(1.0, 0.5, 0.5)], "no time is left for the second mend")

    def test_most_registers(self):
        for most, found in ((64, 64), (82, 82), (83, 83), (125, 83), (1, 1), (0, 0)):
            self.serve(max_read=most)
            self.assertEqual(find_most(self.endpoint(), LAYOUT, DEADLINE), found)
        self.serve(max_read=64)
        self.assertEqual(find_most(self.endpoint(), LAYOUT, -1), 0)

    def test_most_registers_of_the_first_slot(self):
        """That of the feedback, in whichever registers it is, and though the device has no second one."""
        areas = tuple(replace(area, registers="input") if area.kind == "feedback" else area for area in LAYOUT.areas)
        self.serve(end=6100, functions=(4,))
        self.assertEqual(find_most(self.endpoint(), replace(LAYOUT, areas=areas), DEADLINE), 83)


@tagged("post_install", "-at_install")
class TestWhatIsTold(RudeCase):
    def error(self, call=lambda link: link.read_words(7000, 83), **values):
        with self.assertRaises(LinkError) as caught, Link(self.endpoint(**values)) as link:
            call(link)
            call(link)
        return caught.exception

    def send(self, link):
        link.write_words(7000, [1] * 79)

    def test_ids(self):
        self.patiently(self.tell_ids)

    def tell_ids(self, patience):
        self.serve(unit=3)
        error = self.error(timeout=patience, device_id=255)
        self.assertEqual((error.detail, error.ids), ("unit 255 was asked, and unit 3 answered",) * 2)
        self.serve(transaction=zero)
        error = self.error()
        self.assertEqual(error.detail, "its transaction id is 0, whatever was asked")
        self.assertRegex(error.ids, r"^asked with transaction id [1-9]\d*, answered with 0$")
        self.serve(transaction=lambda number: number + 1)
        error = self.error(timeout=patience)
        self.assertEqual(error.detail, "it has the transaction id of another request")
        asked, came = map(int, error.ids.replace(",", "").split()[4::3])
        self.assertEqual(came, asked + 1)

    def test_manners_accept_no_more_than_they_say(self):
        for device, manners, cause in (
            ({"unit": 3, "transaction": zero}, {"any_unit": True}, "no_transaction"),
            ({"unit": 3, "transaction": zero}, {"no_transaction": True}, "unit"),
            ({"transaction": lambda number: number + 1}, {"no_transaction": True, "any_unit": True}, "transaction"),
        ):
            self.patiently(lambda patience, row=(device, manners, cause): self.accept_no_more(patience, *row))

    def accept_no_more(self, patience, device, manners, cause):
        self.serve(**device)
        self.assertEqual(self.error(timeout=patience, manners=manners).cause, cause)

    def test_refusals_name_what_was_asked(self):
        self.serve(max_read=64, functions=(3, 4))
        error = self.error()
        self.assertEqual((error.cause, error.address, error.to_write, error.writing), ("3", 7000, False, False))
        self.assertEqual(error.detail, "3 (illegal data value) at address 7000 (function 3, 83 registers)")
        error = self.error(self.send)
        self.assertEqual((error.cause, error.address, error.to_write, error.writing), ("1", 7000, True, False))
        self.assertEqual(error.detail, "1 (illegal function) at address 7000 (function 16, 79 registers)")

    def test_writes_of_unknown_fate_are_writes(self):
        for device, kind, cause in (
            ({"falls_silent_after": 0}, "timeout", ""), ({"falls_silent_after": 1}, "timeout", "later"),
            ({"hangs_up_after": 1}, "reset", "later"), ({"refuses": 4}, "exception", "4"),
        ):  # fmt: skip
            self.patiently(lambda patience, row=(device, kind, cause): self.send_in_vain(patience, *row))

    def send_in_vain(self, patience, device, kind, cause):
        self.serve(**device)
        error = self.error(self.send, timeout=patience)
        self.assertEqual((error.kind, error.cause, error.writing, error.to_write), (kind, cause, True, True))

    def test_name_and_port(self):
        self.serve()
        self.server.__exit__()
        with self.assertRaises(LinkError) as caught:
            Link(self.endpoint()).open()
        self.assertEqual((caught.exception.kind, caught.exception.cause), ("connect", "refused"))
        with self.assertRaises(LinkError) as caught:
            Link(Endpoint("mill.invalid", timeout=SURE, allowed=())).open()
        self.assertEqual((caught.exception.kind, caught.exception.cause), ("connect", "name"))


@tagged("post_install", "-at_install")
class TestBusy(RudeCase):
    def test_reads_are_asked_again(self):
        for code in (5, 6):
            self.serve([7] * 65536, busy=5, busy_code=code)
            with Link(self.endpoint()) as link:
                self.assertEqual(link.read_words(0, 2), (7, 7))
                self.assertEqual((link.requests, self.server.opened), (6, 1))

    def test_each_time_later(self):
        """Twice as long as before: a device that is busy has something else to do."""
        self.serve([7] * 65536, busy=4)
        rests = []
        rest = Link._leave_alone
        with Link(self.endpoint()) as link, patch.object(Link, "_leave_alone", lambda link, s: rests.append(s) or rest(link, s)):
            link.read_words(0, 2)
        self.assertEqual([round(seconds / BUSY_PAUSE, 6) for seconds in rests if seconds], [1, 2, 4, 8])

    def test_a_few_times(self):
        self.serve(busy=6)
        with self.assertRaises(LinkError) as caught, Link(self.endpoint()) as link:
            link.read_words(0, 2)
        self.assertEqual((caught.exception.is_busy, len(self.server.requests)), (True, 6))
        self.assertFalse(LinkError("exception", cause="4").is_busy or LinkError("timeout").is_busy)

    def test_other_refusals_are_final(self):
        for code in (1, 2, 3, 4, 10, 11):
            self.serve(busy=1, busy_code=code)
            with self.assertRaises(LinkError), Link(self.endpoint()) as link:
                link.read_words(0, 2)
            self.assertEqual(len(self.server.requests), 1)

    def test_writes_are_not(self):
        """Whether a write was applied is not known: the next look tells."""
        self.serve(busy_writes=1)
        with self.assertRaises(LinkError) as caught, Link(self.endpoint()) as link:
            link.write_words(0, [1])
        self.assertEqual((caught.exception.is_busy, caught.exception.writing, len(self.server.requests)), (True, True, 1))


# what the device does, how it is asked, the manners that are set
WHOLE = {
    **{name: (device, asked, manners) for name, (device, asked, _fault, manners) in MANNERS.items() if "long" not in name},
    "busy": ({"busy": 2}, {}, {}),
    "acknowledge": ({"busy": 1, "busy_code": 5}, {}, {}),
    "busy with writes": ({"busy_writes": 1}, {}, {}),
    "few registers": ({"max_read": 83, "max_write": 79}, {}, {"max_read": 83, "max_write": 79}),
    "without its last slot": ({"end": 7100}, {}, {}),
    "one connection": ({"connections": 1}, {}, {}),
}


@tagged("post_install", "-at_install")
class TestWholeBatch(RudeCase):
    """Observe, decide, store, write, as Task 2 does; for a batch in slot 1."""

    layout = LAYOUT

    def talk(self, rounds, slot=1):
        writes, job_number, before = (), 0, {}
        for _round in range(rounds):
            job = self.record.job(1, {**plc_layouts.recipe_values(slot), "order": ORDER})
            slots = tuple(recipe_slots(self.layout, [job]))
            answer = yield Plan(self.asked, self.layout, (1, 2), slots, writes)
            self.answers.append(answer)
            if answer.error:
                return
            steps = reconcile(self.layout, [job], replace(answer.seen, before=before), max(job_number, self.record.number))
            before = answer.seen.feedback
            for step in steps:
                self.record = self.record.apply(step)
                job_number = max(job_number, step.values.get("number", 0))
            writes = tuple(step.write for step in steps if step.write)

    def test_it_is_made_once_and_known_exactly(self):
        for name, (device, asked, manners) in WHOLE.items():
            with self.subTest(name):
                self.make(device, asked, manners)

    def make(self, device, asked, manners):
        mill, self.record, self.answers = Mill(seed=1), Record(ORDER), []
        self.serve(mill.memory, **device)
        self.asked = self.endpoint(manners=manners, **asked)
        for _exchange in range(3):
            converse([self.talk(8)])
            for _scan in range(200):
                mill.scan(2)
        self.assertEqual([answer.error for answer in self.answers if answer.error], [])
        self.assertEqual((self.record.state, self.record.acknowledged), (COMPLETED, True))
        self.assertEqual([record["event"] for record in mill.ledger], ["taken", "finished"])
        made = {line["code"]: line["kg"] for line in mill.ledger[-1]["lines"]}
        self.assertEqual({code: kg for code, kg in self.record.actuals if kg}, made)
        return mill

    def test_text_with_the_low_byte_first(self):
        """The order's name lies in the PLC as its program reads strings, and the echo is the same name."""
        self.layout = replace(LAYOUT, text_order="low")
        memory = self.make({}, {}, {}).memory
        name = b"".join(word.to_bytes(2, "little") for word in memory[7001:7009])
        self.assertEqual((name.rstrip(b"\0").decode(), memory[6001:6009]), (ORDER, memory[7001:7009]))

    def test_a_slot_that_is_hidden_for_a_moment(self):
        """One exception 2 hides it for a conversation: nothing is concluded from that, and the batch goes on in the next one."""
        hidden = {"begin": 0, "sent": 1, "taken": 2}
        for when, exchange in hidden.items():
            with self.subTest(when):
                mill, self.record, self.answers = Mill(seed=1), Record(ORDER, slot=2), []
                self.serve(mill.memory)
                self.asked = self.endpoint()
                for number in range(5):
                    self.server.end = 65536 if number != exchange else 6100 if number == 2 else 7100
                    before = self.record
                    converse([self.talk(8, slot=2)])
                    if number == exchange:
                        self.assertEqual(self.record, before)
                        self.assertEqual({answer.beyond for answer in self.answers[-1:]}, {2})
                    for _scan in range(200):
                        mill.scan(1)
                self.assertEqual((self.record.state, self.record.acknowledged), (COMPLETED, True))
                self.assertEqual([record["event"] for record in mill.ledger], ["taken", "finished"])

    def test_no_request_more_than_without_manners(self):
        counts = set()
        for device, asked, manners in (WHOLE["hangs up"], WHOLE["deaf between"], ({}, {}, {})):
            self.serve(**device)
            self.asked, self.record, self.answers = self.endpoint(manners=manners, **asked), Record(ORDER), []
            converse([self.talk(3)])
            counts.add(tuple(answer.requests for answer in self.answers))
        self.assertEqual(len(counts), 1)
