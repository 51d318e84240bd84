"""The registry of wires, and what rests on it; a wire that is no Modbus, and a whole exchange over it."""

import socket
from dataclasses import replace
from unittest.mock import patch

from odoo.tests import BaseCase, TransactionCase, tagged

from ...plc import wires
from ...plc.codec import TYPES
from ...plc.exchange import Plan, converse
from ...plc.layout import HANDSHAKES, HOLDING, JOB_NUMBERS
from ...plc.look import look
from ...plc.reconcile import COMPLETED, recipe_slots, reconcile
from ...plc.sentences import Sentence
from ...plc.wire import LINE_WAIT, Endpoint, Family, LinkError, WireKind, unreachable
from ...simulator import Mill
from .. import plc_layouts
from ..plc_records import Record

ORDER = "WH/MO/00001"


class MemoryWire:
    """To a mill in this process, which ``mills`` has under the endpoint's host."""

    mills = {}

    def __init__(self, endpoint, wait):
        self.endpoint = endpoint
        self.wait = wait
        self.requests = 0
        self.memory = None

    def open(self):
        if self.endpoint.host not in self.mills:
            raise LinkError("connect")
        self.memory = self.mills[self.endpoint.host].memory

    def close(self):
        self.memory = None

    def read_words(self, address, count, registers=HOLDING):
        self.requests += 1
        return tuple(self.memory[address : address + count])

    def write_words(self, address, words, registers=HOLDING):
        self.requests += 1
        self.memory[address : address + len(words)] = words


MEMORY = WireKind("memory", Sentence("Memory"), frozenset({"host"}), HANDSHAKES, MemoryWire)


class MemoryCase(BaseCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.dict(wires.KINDS))
        self.enterContext(patch.dict(MemoryWire.mills))
        wires.register(MEMORY)


@tagged("post_install", "-at_install")
class TestRegistry(MemoryCase):
    def test_a_name_is_taken_once(self):
        with self.assertRaisesRegex(ValueError, "memory"):
            wires.register(MEMORY)

    def test_how_long_a_line_is_waited_for(self):
        endpoint = Endpoint(transport="memory")
        self.assertEqual(wires.new_wire(endpoint, JOB_NUMBERS, 2.5).wait, 2.5)
        self.assertEqual(wires.new_wire(endpoint, JOB_NUMBERS).wait, LINE_WAIT)
        MemoryWire.mills["mill"] = Mill()
        with wires.opened(replace(endpoint, host="mill", timeout=1.5), JOB_NUMBERS) as wire:
            self.assertEqual(wire.wait, 1.5, "who looks on keeps nobody waiting")

    def test_what_nobody_can_reach(self):
        with self.assertRaises(LinkError) as caught:
            wires.new_wire(Endpoint(transport="none"), JOB_NUMBERS)
        self.assertEqual((caught.exception.kind, "none" in caught.exception.detail), ("setup", True))

    def test_every_kind_needs_what_an_endpoint_has(self):
        for kind in wires.KINDS.values():
            self.assertLessEqual(
                kind.needs, {"host", "port", "device_id", "tls", "line", "node", "rack", "route", "login"}, kind.name
            )
            self.assertLessEqual(set(kind.handshakes), set(HANDSHAKES), kind.name)

    def test_rules_that_it_cannot_keep(self):
        """Nothing is sent then."""
        MemoryWire.mills["mill"] = Mill("flags")
        wires.KINDS["memory"] = WireKind("memory", Sentence("Memory"), frozenset({"host"}), (JOB_NUMBERS,), MemoryWire)
        endpoint = Endpoint("mill", transport="memory")
        error = look(endpoint, plc_layouts.flags(), 1).error
        self.assertEqual((error.kind, "cannot keep the rules" in error.detail), ("setup", True))
        self.assertEqual(look(endpoint, plc_layouts.job_numbers(), 1).error, None)
        answers = []

        def talk(layout):
            answers.append((yield Plan(endpoint, layout, feedback=(1,))))

        converse([talk(plc_layouts.flags()), talk(plc_layouts.job_numbers())])
        self.assertEqual(sorted(answer.error.kind if answer.error else "" for answer in answers), ["", "setup"])


@tagged("post_install", "-at_install")
class TestFamily(BaseCase):
    family = Family("f", Sentence("Family"), {"D": Sentence("D"), "DB": Sentence("DB")}, frozenset({"DB"}), {"node": "ns=2"})

    def test_in_which_memory_an_area_can_be(self):
        for registers, has in (
            ("D", True), ("D1", False), ("DB", False), ("DB7", True), ("DB07X", False), ("X", False), ("X1", False), ("", False),
            ("node", False), ("node ", False), ("node ns=2;s=A B", True), ("D ", False), ("nodes ns=2", False),
        ):  # fmt: skip
            self.assertIs(self.family.has(registers), has, registers)

    def test_a_memory_that_it_does_not_have(self):
        self.family.check("DB7")
        with self.assertRaises(LinkError) as caught:
            self.family.check("D1")
        self.assertEqual(caught.exception.kind, "setup")
        self.assertEqual(str(caught.exception.detail), "Family has no memory D1, which the layout names")


@tagged("post_install", "-at_install")
class TestUnreachable(BaseCase):
    def test_causes(self):
        """People must do something else about each."""
        for error, cause in (
            (ConnectionRefusedError("no"), "refused"),
            (socket.gaierror("no"), "name"),
            (OSError("no"), ""),
            (TimeoutError("no"), ""),
        ):
            found = unreachable(error)
            self.assertEqual((found.kind, found.cause, found.detail), ("connect", cause, "no"))
            self.assertEqual((found.writing, found.to_write, found.ids, found.address), (False, False, "", -1))


@tagged("post_install", "-at_install")
class TestMemoryWire(MemoryCase):
    def setUp(self):
        super().setUp()
        self.last_job = 0

    def talk(self, layout):
        """What Task 2's conversation does, for one batch in slot 1: observe, decide, store, write."""
        writes, before = (), {}
        for _round in range(6):
            job = self.record.job(1, {**plc_layouts.recipe_values(), "order": ORDER})
            plan = Plan(Endpoint("mill", transport="memory"), layout, (1,), tuple(recipe_slots(layout, [job])), writes)
            answer = yield plan
            self.assertIsNone(answer.error)
            steps = reconcile(layout, [job], replace(answer.seen, before=before), self.last_job)
            before = answer.seen.feedback
            for step in steps:
                self.record = self.record.apply(step)
                self.last_job = max(self.last_job, step.values.get("number", 0))
            writes = tuple(step.write for step in steps if step.write)

    def test_a_whole_exchange(self):
        for name, layout in (("job-numbers", plc_layouts.job_numbers()), ("flags", plc_layouts.flags())):
            with self.subTest(name):
                self.check_exchange(Mill(name, seed=1), layout)

    def check_exchange(self, mill, layout):
        MemoryWire.mills["mill"], self.record, self.last_job = mill, Record(ORDER), 0
        for _exchange in range(3):
            converse([self.talk(layout)])
            for _scan in range(200):
                mill.scan(2)
        self.assertEqual((self.record.state, self.record.acknowledged), (COMPLETED, True))
        self.assertEqual([record["event"] for record in mill.ledger], ["taken", "finished"])
        made = {line["code"]: line["kg"] for line in mill.ledger[-1]["lines"]}
        self.assertEqual({code: kg for code, kg in self.record.actuals if kg}, made)

    def test_a_look(self):
        MemoryWire.mills["mill"] = Mill()
        found = look(Endpoint("mill", transport="memory"), plc_layouts.job_numbers(), 5)
        self.assertEqual((found.error, found.is_complete, list(found.problems())), (None, True, []))
        self.assertEqual(look(Endpoint("nobody", transport="memory"), plc_layouts.job_numbers(), 5).error.kind, "connect")


@tagged("post_install", "-at_install")
class TestSelections(TransactionCase):
    """What people can choose is what the plain layers can do."""

    def choices(self, model, name):
        return self.env[model]._fields[name].selection

    def test_connections(self):
        expected = [(kind.name, str(kind.label)) for kind in wires.KINDS.values()]
        self.assertEqual(self.choices("plc.controller", "transport"), expected)
        names = ["tcp", "tls", "rtu_tcp", "serial", "fins_udp", "fins_tcp", "opcua", "s7"]
        self.assertEqual([name for name, _label in expected], names, "stored: no name may change")

    def test_connections_of_the_set_up(self):
        """Those that need no more than it asks for; one with a login has a default for it, and a gateway is entered later."""
        asked = {*self.env["plc.setup"]._fields, "login", "route"}
        expected = [(kind.name, str(kind.label)) for kind in wires.KINDS.values() if kind.needs <= asked]
        self.assertEqual(self.choices("plc.setup", "transport"), expected)

    def test_types_of_fields(self):
        names = [name for name, _label in self.choices("plc.register.field", "type")]
        self.assertEqual(sorted(names), sorted(TYPES))
