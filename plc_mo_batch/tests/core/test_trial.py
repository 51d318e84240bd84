"""What the commissioning check tries on a PLC (plc/trial.py), on real sockets and without Odoo."""

from dataclasses import replace
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc import trial as module
from ...plc.transport import Endpoint, LinkError
from ...plc.trial import ORDER, TARGETS, Trial
from ...simulator import Simulator
from ..patience import SURE
from ..plc_layouts import flags, job_numbers

LAYOUTS = {"job-numbers": job_numbers(), "flags": flags()}
RECIPE, FEEDBACK = 7000, 6000
KNOWN = round(sum(TARGETS), 2)


class Clock:
    """Time passes only while a trial waits; then the PLC scans."""

    def __init__(self, plc):
        self.plc = plc
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.plc.step(1)


class TrialCase(BaseCase):
    def setUp(self):
        super().setUp()
        self.serve("job-numbers")

    def serve(self, handshake, **options):
        self.plc = self.enterContext(Simulator(scan_time=None, handshake=handshake, **options))
        self.clock = Clock(self.plc)
        self.enterContext(patch.object(module, "time", self.clock))
        self.memory = self.plc.mill.memory
        self.layout = LAYOUTS[handshake]

    def trial(self, layout=None, codes=(), seconds=1.0):
        return Trial(Endpoint("127.0.0.1", self.plc.port, timeout=SURE), layout or self.layout, codes, seconds)

    def shown(self):
        """The feedback of the first slot."""
        return tuple(self.memory[FEEDBACK : FEEDBACK + self.layout.codec("feedback").words])


class RecordingWire:
    """Notes where it is asked to read and write; each register shows what the simulator says of itself."""

    def __init__(self):
        self.asked = []

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass

    def read_words(self, address, count, registers):
        self.asked.append(("read", registers))
        return module.SIMULATOR[1][:count] if address == module.SIMULATOR[0] else (0,) * count

    def write_words(self, _address, _words, registers):
        self.asked.append(("write", registers))


@tagged("post_install", "-at_install")
class TestNumbers(TrialCase):
    def test_another_sum(self):
        """A program that adds up other numbers is told apart from one that adds up none."""
        trial, words = self.trial(), list(self.trial().show_numbers().feedback)
        [item] = self.layout.area("feedback").by_role("recipe_sum")
        for shown, is_other in ((2 * KNOWN, False), (0.0, False), (2 * KNOWN + 1, True), (KNOWN, True), (0.01, True)):
            _offset, words[item.offset : item.end] = self.layout.words_of("feedback", "recipe_sum", shown)
            self.assertIs(trial.has_other_sum(words), is_other, shown)
        areas = tuple(replace(area, fields=tuple(f for f in area.fields if f != item)) for area in self.layout.areas)
        self.assertIs(self.trial(replace(self.layout, areas=areas)).has_other_sum(words), False)

    def test_each_area_has_its_registers(self):
        areas = tuple(replace(area, registers={"recipe": "W", "feedback": "D"}.get(area.kind, "H")) for area in self.layout.areas)
        for ask, used in (
            (Trial.is_simulator, {("read", "D")}),
            (Trial.clean, {("read", "D"), ("read", "W"), ("write", "W")}),
            (Trial.show_numbers, {("read", "D"), ("read", "W"), ("write", "W")}),
        ):
            wire = RecordingWire()
            with patch.object(Trial, "_wire", lambda _trial, wire=wire: wire):
                self.assertTrue(ask(self.trial(replace(self.layout, areas=areas))))
            self.assertEqual(set(wire.asked), used)

    def test_the_program_shows_their_sum(self):
        for handshake in LAYOUTS:
            with self.subTest(handshake):
                self.serve(handshake)
                tried = self.trial().show_numbers()
                self.assertEqual((tried.is_right, tried.was_stored), (True, True))
                words = self.layout.codec("recipe").words
                self.assertEqual(tried.recipe, tuple(self.memory[RECIPE : RECIPE + words]))
                self.assertEqual(self.layout.value("recipe", tried.recipe, "order"), ORDER)
                self.assertEqual(self.layout.value("recipe", tried.recipe, "slot"), 1)
                self.assertEqual(self.layout.value("recipe", tried.recipe, "quantity"), KNOWN)
                self.assertEqual(self.layout.value("feedback", tried.feedback, "recipe_sum"), 2 * KNOWN)
                self.assertFalse(self.plc.mill.ledger, "nothing is made")

    def test_what_is_written(self):
        trial = self.trial()
        self.assertEqual(trial.lines(), list(zip((101, 102, 103), TARGETS, strict=True)))
        self.assertAlmostEqual(trial.quantity(), KNOWN)
        self.assertEqual(len(trial.show_numbers().sent), self.layout.block_words)

    def test_codes_of_the_plc_where_the_layout_has_none(self):
        areas = tuple(
            replace(area, fields=tuple(replace(item, value=None) if item.role == "line_code" else item for item in area.fields))
            for area in self.layout.areas
        )
        trial = self.trial(replace(self.layout, areas=areas), codes=(7, 9))
        self.assertEqual(trial.lines(), [(7, TARGETS[0]), (9, TARGETS[1])])
        self.assertEqual(trial.quantity(), 1200.0)

    def test_a_program_that_swaps_words_shows_another_sum(self):
        self.serve("job-numbers", word_order="low")
        tried = self.trial().show_numbers()
        self.assertEqual((tried.is_right, tried.was_stored), (False, True))
        self.assertGreater(self.clock.now, 1.0, "it had all its time")

    def test_a_sum_that_is_almost_right(self):
        """Each of its numbers was rounded."""
        trial = self.trial()
        for off, is_right in ((0, True), (4, True), (-4, True), (6, False), (-6, False)):
            shown = [0] * 81 + [*divmod(round(200 * KNOWN) + off, 65536)]
            self.assertEqual(trial._shows_sum(tuple(shown)), is_right, off)

    def test_a_sum_that_is_no_number(self):
        areas = tuple(
            replace(area, fields=tuple(replace(i, type="bcd", words=1) if i.role == "recipe_sum" else i for i in area.fields))
            for area in self.layout.areas
        )
        self.assertFalse(self.trial(replace(self.layout, areas=areas))._shows_sum((*[0] * 81, 0xFFFF, 0)))

    def test_a_layout_without_sum_asks_a_person(self):
        areas = tuple(
            replace(area, fields=tuple(item for item in area.fields if item.role != "recipe_sum")) for area in self.layout.areas
        )
        tried = self.trial(replace(self.layout, areas=areas)).show_numbers()
        self.assertIsNone(tried.is_right)
        self.assertEqual(self.clock.now, 0.0, "nobody waits for what is not shown")

    def test_a_program_that_scans_late(self):
        self.clock.sleep = lambda seconds: setattr(self.clock, "now", self.clock.now + seconds)
        self.assertFalse(self.trial(seconds=0.1).show_numbers().is_right)
        scans = iter([None] * 3)
        self.clock.sleep = lambda _seconds: self.plc.step(1) if next(scans, self) is self else None
        self.assertTrue(self.trial().show_numbers().is_right)

    def test_the_known_job_stays_that_of_the_slot(self):
        """A program that compares takes nothing, whatever is armed."""
        self.memory[FEEDBACK + 77 : FEEDBACK + 79] = [0, 7]
        tried = self.trial().show_numbers()
        self.assertEqual(self.layout.value("recipe", tried.recipe, "recipe_job"), 7)
        self.assertEqual(self.layout.value("recipe", tried.recipe, "armed_job"), 0)

    def test_a_link_that_fails(self):
        self.plc.stop()
        with self.assertRaises(LinkError):
            self.trial().show_numbers()


@tagged("post_install", "-at_install")
class TestArmedInVain(TrialCase):
    def test_a_right_program_takes_nothing(self):
        for handshake, taken in (("job-numbers", 0), ("job-numbers", 7), ("flags", 0)):
            with self.subTest(handshake, taken=taken):
                self.serve(handshake)
                if taken:
                    self.memory[FEEDBACK + 77 : FEEDBACK + 79] = [0, taken]
                tried = self.trial().arm_in_vain()
                self.assertIs(tried.is_right, True)
                self.assertGreater(self.clock.now, 1.0, "it had all its time")
                self.assertFalse(self.plc.mill.ledger)
                self.assertEqual(len(tried.recipe), self.layout.codec("recipe").words)
                self.assertEqual(self.layout.value("recipe", tried.recipe, "quantity"), KNOWN)
                self.assertFalse(any(self.layout.codec("recipe").decode(tried.recipe)["line_quantity"]), "no line has a target")
                self.assertEqual((tried.was_stored, tried.feedback), (True, self.shown()))
                if handshake == "job-numbers":
                    self.assertEqual(self.layout.value("recipe", tried.recipe, "recipe_job"), taken)
                    self.assertEqual(self.layout.value("recipe", tried.recipe, "armed_job"), taken or 1)
                self.assertEqual(sum(self.memory[RECIPE : RECIPE + 100]), 0 if handshake == "job-numbers" else 1)

    def test_a_program_that_does_not_compare(self):
        """It made nothing: no line has a target."""
        slot = self.plc.mill.slots[0]
        with patch.object(type(slot), "is_offered", lambda slot: slot._number(slot.recipe + slot.ARMED) > 0):
            tried = self.trial().arm_in_vain()
        self.assertIs(tried.is_right, False)
        self.assertLess(self.clock.now, 1.0, "it is told as soon as it is seen")
        self.assertFalse(any(self.memory[RECIPE : RECIPE + 83]), "it is disarmed")
        self.assertFalse(any(line["kg"] for record in self.plc.mill.ledger for line in record["lines"]))

    def test_taken_by_its_order_or_by_its_job(self):
        trial = self.trial()
        blank = [0] * 83
        mine = list(self.layout.codec("feedback").encode({"order": ORDER}))
        other = [*blank[:78], 8, *blank[79:]]
        garbled = [0, 0x0105, *blank[2:]]
        for words, took in ((blank, False), (mine, True), (other, True), (garbled, False)):
            self.assertEqual(trial._took(tuple(words), 0), took)
        self.assertFalse(trial._took(tuple(other), 8))

    def test_it_is_disarmed_though_the_link_failed(self):
        def fall(_words, _before):
            raise LinkError("refused", "gone")

        trial = self.trial()
        with patch.object(trial, "_took", fall), self.assertRaises(LinkError):
            trial.arm_in_vain()
        self.assertFalse(any(self.memory[RECIPE : RECIPE + 83]))


@tagged("post_install", "-at_install")
class TestRest(TrialCase):
    def test_clean(self):
        for handshake, left in (("job-numbers", []), ("flags", [1])):
            with self.subTest(handshake):
                self.serve(handshake)
                self.trial().show_numbers()
                tried = self.trial().clean()
                self.assertIs(tried.is_right, True)
                self.assertEqual([word for word in self.memory[RECIPE : RECIPE + 100] if word], left)
                self.assertEqual((tried.was_stored, tried.feedback), (True, self.shown()))

    def test_a_memory_that_keeps_nothing_is_not_clean(self):
        trial = self.trial()
        with patch.object(trial, "_recipe", return_value=(9, *[0] * 82)):
            self.assertIs(trial.clean().is_right, False)

    def test_memory(self):
        self.memory[FEEDBACK + 77 : FEEDBACK + 79] = [1, 7]
        self.memory[FEEDBACK + 977 : FEEDBACK + 979] = [0, 9]
        shown = self.trial().memory()
        self.assertEqual(list(shown), list(range(1, self.layout.slots + 1)))
        self.assertEqual((shown[1], shown[2], shown[10]), ((1, 7), (0, 0), (0, 9)))

    def test_memory_with_flags(self):
        self.serve("flags")
        self.memory[FEEDBACK : FEEDBACK + 9] = range(1, 10)
        self.assertEqual(self.trial().memory()[1], tuple(range(1, 10)))

    def test_who_is_the_simulator(self):
        self.assertTrue(self.trial().is_simulator())
        self.memory[65500] = 1
        self.assertFalse(self.trial().is_simulator())
        self.plc.stop()
        self.assertFalse(self.trial().is_simulator())
