"""A short visit to a PLC that only reads (plc/look.py)."""

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc import look as module
from ...plc.look import Look, look
from ...plc.transport import Endpoint, Link, LinkError
from ...simulator import Simulator
from .. import fault_proxy as fault
from ..exchange.test_clock import with_clock
from ..patience import DEADLINE, SILENT, SURE, wait_until
from ..plc_layouts import job_numbers, recipe_values

LONG = DEADLINE  # which nobody waits
LAYOUT = replace(with_clock(job_numbers()), slots=2)
PLACES = [
    ("recipe", 1),
    ("feedback", 1),
    ("recipe", 2),
    ("feedback", 2),
    ("failure", 1),
    ("weighing", 1),
    ("clock", 1),
]


class LookCase(BaseCase):
    """``self.plc`` behind ``self.proxy``, which counts what it is asked."""

    def setUp(self):
        super().setUp()
        self.plc = self.enterContext(Simulator(scan_time=None))
        self.proxy = self.enterContext(fault.FaultProxy(self.plc.port))

    def endpoint(self, **values):
        return Endpoint(**{"host": "127.0.0.1", "port": self.proxy.port, "timeout": SURE, **values})

    def look(self, *faults, layout=LAYOUT, seconds=LONG, **values):
        """What the proxy has yet to see, as the look waited only for a moment, would take the next look's fault for its own."""
        seen = len(self.proxy.requests)
        self.proxy.faults[:] = faults
        found = look(self.endpoint(**values), layout, seconds)
        if found.error and found.error.kind == "timeout":
            wait_until(lambda: len(self.proxy.requests) > seen, "the request that was not answered")
        return found


@tagged("post_install", "-at_install")
class TestLook(LookCase):
    def test_every_slot_of_every_area_is_read(self):
        self.plc.mill.memory[7100:7179] = LAYOUT.block(recipe_values(2), 5)
        found = self.look()
        self.assertEqual(list(found.words), PLACES)
        self.assertEqual(found.words["recipe", 2], tuple(self.plc.mill.memory[7100:7183]))
        self.assertEqual((found.reachable, found.answers, found.is_complete, found.error), (True, True, True, None))
        self.assertEqual((len(self.proxy.requests), self.proxy.connections), (7, 1))
        self.assertTrue(self.proxy.wait_until_closed())

    def test_a_layout_without_a_clock(self):
        found = self.look(layout=replace(job_numbers(events=False), slots=1))
        self.assertEqual((list(found.words), found.is_complete), (PLACES[:2], True))

    def test_input_registers_are_read_as_such(self):
        areas = tuple(replace(area, registers="input") if area.kind == "feedback" else area for area in LAYOUT.areas)
        self.look(layout=replace(LAYOUT, areas=areas))
        self.assertEqual([request[7] for request in self.proxy.requests][:2], [3, 4])

    def test_it_ends_with_the_first_that_fails(self):
        found = self.look(fault.passed_on, fault.exception(2))
        self.assertEqual((list(found.words), found.is_complete, found.answers), (PLACES[:1], False, True))
        self.assertEqual((found.error.kind, len(self.proxy.requests)), ("exception", 2))
        self.assertTrue(self.proxy.wait_until_closed())

    def test_what_the_device_does_not_have(self):
        """Only that is missing: (which request is refused, what is read)."""
        for refused, lost in (
            (3, [("recipe", 2), ("feedback", 2)]),
            (4, [("recipe", 2), ("feedback", 2)]),
            (5, [("failure", 1)]),
            (6, [("weighing", 1)]),
            (7, [("clock", 1)]),
        ):
            with self.subTest(refused):
                found = self.look(*[fault.passed_on] * (refused - 1), fault.exception(2))
                self.assertEqual(list(found.words), [place for place in PLACES if place not in lost])
                self.assertEqual((found.error, found.lacks.cause, found.fault), (None, "2", found.lacks))
                self.assertEqual((found.answers, found.is_complete, found.fits), (True, False, False))

    def test_it_is_not_asked_for_more_of_them(self):
        self.proxy.requests.clear()
        layout = replace(LAYOUT, slots=9)
        found = self.look(*[fault.passed_on] * 4, fault.exception(2), fault.passed_on, fault.exception(2), layout=layout)
        self.assertEqual(list(found.words), [*PLACES[:4], ("failure", 1), ("clock", 1)])
        self.assertEqual((len(self.proxy.requests), found.lacks.address), (8, layout.address("recipe", 3)))

    def test_another_refusal_ends_it(self):
        for code in (1, 3, 4):
            found = self.look(*[fault.passed_on] * 2, fault.exception(code))
            self.assertEqual((list(found.words), found.error.cause, found.lacks), (PLACES[:2], str(code), None))

    def test_it_ends_when_its_time_is_over(self):
        """What was not read then is not known, which is no error."""
        for seconds, read in ((1, 2), (2, 3), (2.5, 3), (0, 1), (-1, 0), (6, 7)):
            with self.subTest(seconds), self.each_request_takes(1, 1, 1, 1, 1, 1, 1):
                found = self.look(seconds=seconds)
                self.assertEqual((list(found.words), found.is_complete), (PLACES[:read], read == 7))
                self.assertEqual((found.error, found.reachable, found.answers), (None, True, read > 0))
                self.assertEqual(found.signature is not None, ("feedback", 1) in found.words)

    def test_its_time_begins_with_the_connection(self):
        """Whatever it took to get there: else a server on which the library is loaded for the first time would read nothing."""
        passed = []

        @contextmanager
        def slow(*args):
            with genuine(*args) as wire:
                passed.append(100.0)
                yield wire

        genuine = module.opened
        with patch.multiple(module, opened=slow, time=SimpleNamespace(monotonic=lambda: sum(passed))):
            self.assertTrue(self.look(seconds=1).is_complete)

    def each_request_takes(self, *seconds):
        self.proxy.requests.clear()
        now = SimpleNamespace(monotonic=lambda: sum(seconds[: len(self.proxy.requests)]))
        return patch.object(module, "time", now)

    def test_a_refusal_is_an_answer(self):
        for spoil, kind in ((fault.exception(1), "exception"), (fault.wrong_function, "reply")):
            found = self.look(spoil)
            self.assertEqual((found.error.kind, found.reachable, found.answers), (kind, True, True))
        for spoil, kind, timeout in ((fault.lost, "timeout", SILENT), (fault.reset, "reset", SURE)):
            found = self.look(spoil, timeout=timeout)
            self.assertEqual((found.error.kind, found.reachable, found.answers), (kind, True, False))

    def test_nobody_there(self):
        self.proxy.refuse()
        found = self.look()
        self.assertEqual((found.error.kind, found.reachable, found.answers, found.is_complete), ("connect", False, False, False))
        self.assertEqual((found.words, found.round_trip), ({}, 0.0))

    def test_a_line_that_others_keep(self):
        """It is waited for no longer than for an answer."""
        shared = self.endpoint(transport="rtu_tcp", timeout=SILENT)
        with Link(shared):
            found = look(shared, LAYOUT, LONG)
        self.assertEqual((found.error.kind, found.reachable, found.answers), ("busy", False, False))

    def test_round_trip(self):
        """The median: one request that was slow does not count."""
        with self.each_request_takes(3, 2, 2, 9, 2, 2, 1):
            self.assertEqual(self.look().round_trip, 2)
        with self.each_request_takes():
            self.assertEqual(self.look(seconds=-1).round_trip, 0.0)


@tagged("post_install", "-at_install")
class TestParts(BaseCase):
    """What was seen, field by field."""

    def setUp(self):
        super().setUp()
        words = {place: (0,) * LAYOUT.codec(place[0]).words for place in PLACES[:4]}
        self.found = Look(LAYOUT, words)

    def test_a_slot_is_that_slot_s(self):
        self.found.words["feedback", 2] = (2, *[0] * 78)
        parts = self.found.parts("feedback", 2)
        self.assertEqual((parts[0].field.role, parts[0].value, parts[0].problem), ("slot", 2, ""))

    def test_problems(self):
        """The first of each slot that has one."""
        self.assertEqual(list(self.found.problems()), [])
        self.found.words["recipe", 2] = (7, 0x4142, *[0] * 70, 9, *[0] * 10)
        self.found.words["feedback", 1] = (1, *[0] * 71, 9, *[0] * 6)
        told = [(kind, slot, part.offset) for kind, slot, part in self.found.problems()]
        self.assertEqual(told, [("feedback", 1, 27), ("recipe", 2, 0)])

    def test_answers(self):
        """A refusal of what can be reached is one; a line that is kept by others is not reached."""
        nothing = Look(LAYOUT, {})
        for reachable, kind, answers in (
            (True, "exception", True), (True, "reply", True), (False, "exception", False), (False, "reply", False),
            (True, "timeout", False), (True, None, False), (False, None, False),
        ):  # fmt: skip
            found = replace(nothing, reachable=reachable, error=kind and LinkError(kind))
            self.assertIs(found.answers, answers, (reachable, kind))
        self.assertTrue(self.found.answers)
