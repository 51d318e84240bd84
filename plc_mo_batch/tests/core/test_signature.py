"""What the signature proves (plc/signature.py): each mistake, and each two of them, is told apart."""

from dataclasses import replace
from itertools import product

from odoo.tests import BaseCase, tagged

from ...plc.look import look
from ...plc.signature import ABSENT, ELSEWHERE, NEAR, RIGHT, WRONG, Finding, find, search
from ...plc.transport import Endpoint, LinkError
from ...simulator import Simulator
from ..patience import DEADLINE, SURE
from ..plc_layouts import SHOWN, flags, job_numbers

WORDS = (0x4D4F, 0x4642)
ORDERS = list(product((False, True), repeat=2))


def mistaken(swapped, turned):
    words = WORDS[::-1] if swapped else WORDS
    return tuple(int.from_bytes(word.to_bytes(2, "big"), "little") for word in words) if turned else words


@tagged("post_install", "-at_install")
class TestFind(BaseCase):
    def test_every_place_and_order(self):
        for off, (swapped, turned) in product(range(-NEAR, NEAR + 1), ORDERS):
            words = [0] * (2 * NEAR + 2)
            words[NEAR + off : NEAR + off + 2] = mistaken(swapped, turned)
            kind = ELSEWHERE if off or swapped or turned else RIGHT
            self.assertEqual(find(WORDS, words, NEAR), Finding(kind, off, swapped, turned))

    def test_the_nearest_counts(self):
        self.assertEqual(find(WORDS, [*WORDS, 0, 0, 0, *WORDS], 4).off, 1)

    def test_none(self):
        self.assertEqual(find(WORDS, [0] * 9, 3), Finding(ABSENT))
        self.assertEqual(find(WORDS, [0, 7, *[0] * 7], 3), Finding(WRONG))

    def test_each_mistake_has_its_sentence(self):
        for found, told in (
            (Finding(RIGHT), []),
            (Finding(ABSENT), []),
            (Finding(WRONG), ["not where the layout says"]),
            (Finding(ELSEWHERE, 1), ["lies 1 words too far on"]),
            (Finding(ELSEWHERE, -1, True, True), ["lies 1 words too early", "word order", "Swap Bytes"]),
        ):
            sentences = list(found.sentences())
            self.assertEqual(len(sentences), len(told))
            for sentence, part in zip(sentences, told, strict=True):
                self.assertIn(part, sentence)


@tagged("post_install", "-at_install")
class TestPlace(BaseCase):
    """A slot of the feedback at its own place, where the device ends."""

    def shown(self, layout, words):
        return search(Window({}, end=0), layout, words)

    def test_both_handshakes(self):
        for layout, place in ((job_numbers(), 79), (flags(), 77)):
            for (swapped, turned), order in product(ORDERS, ("high", "low")):
                words = [0] * layout.codec("feedback").words
                words[place : place + 2] = mistaken(swapped, turned)
                if order == "high":
                    kind = ELSEWHERE if swapped or turned else RIGHT
                    self.assertEqual(self.shown(layout, words), Finding(kind, 0, swapped, turned))
            self.assertEqual(self.shown(layout, [0] * len(words)).kind, ABSENT)
            self.assertEqual(self.shown(layout, [3] * len(words)).kind, WRONG)

    def test_the_layout_s_orders_count(self):
        words = [0] * 83
        words[79:81] = mistaken(True, True)
        self.assertEqual(self.shown(job_numbers(word_order="low", swap_bytes=True), words).kind, RIGHT)
        words[79:81] = WORDS
        self.assertEqual(self.shown(job_numbers(word_order="low"), words), Finding(ELSEWHERE, 0, True, False))

    def test_a_recipe_carries_odoo_s(self):
        self.assertEqual(job_numbers().block({}, 1)[74:76], [0x4D4F, 0x5245])
        self.assertEqual(job_numbers().signature("recipe"), SHOWN["recipe"])


class Window:
    """A wire to a device that has the words of a dict, blank ones between them, and refuses what lies beyond its end."""

    def __init__(self, words, end=0x10000):
        self.words = words
        self.end = end
        self.asked = []

    def read_words(self, first, count, registers):
        self.asked.append((first, count, registers))
        if first + count > self.end:
            raise LinkError("exception", cause="2")
        return tuple(self.words.get(address, 0) for address in range(first, first + count))


@tagged("post_install", "-at_install")
class TestSearch(BaseCase):
    def search(self, words, layout=None, **options):
        wire, layout = Window(words, **options), layout or job_numbers()
        first, count, _registers = layout.request("feedback", 1)
        slot = tuple(words.get(address, 0) for address in range(first, first + count))
        return search(wire, layout, slot), wire.asked

    def shown(self, begin, words=WORDS):
        return dict(enumerate(words, begin))

    def test_one_request_around_its_place(self):
        """NEAR words before it, and NEAR behind it; only slot 1 is looked at."""
        for off in (-NEAR, NEAR, 3):
            found, asked = self.search(self.shown(6079 + off) | self.shown(6179))
            self.assertEqual(found, Finding(ELSEWHERE, off))
            self.assertEqual(asked, [(6079 - NEAR, 2 * NEAR + 2, "holding")])

    def test_none_where_there_is_nothing_to_look_for(self):
        layout = job_numbers()
        bare = replace(layout, areas=tuple(without_signature(area) for area in layout.areas))
        self.assertEqual(self.search({6010: 5}, bare), (None, []))
        self.assertEqual(self.search(self.shown(6079)), (Finding(RIGHT), []))

    def test_other_words_beside_it_are_no_signature(self):
        self.assertEqual(self.search({6070: 5})[0], Finding(ABSENT))
        self.assertEqual(self.search({6079: 5})[0], Finding(WRONG))

    def test_where_the_registers_end(self):
        layout = job_numbers()
        for base, first, count in ((-79, 0, NEAR + 2), (0x10000 - 81, 0x10000 - 2 - NEAR, NEAR + 2)):
            shifted = replace(layout, areas=tuple(replace(area, base=base, registers="input") for area in layout.areas))
            wire = Window(self.shown(base + 79 + 1))
            search(wire, shifted, (0,) * 83)
            self.assertEqual(wire.asked, [(first, count, "input")])

    def test_a_device_that_ends_there(self):
        found, asked = self.search(self.shown(6080), end=6083)
        self.assertEqual((found, len(asked)), (Finding(WRONG), 1))


def without_signature(area):
    return replace(area, fields=tuple(item for item in area.fields if item.role != "signature"))


@tagged("post_install", "-at_install")
class TestLookAround(BaseCase):
    """On a real socket: the simulator's windows lie elsewhere."""

    def look(self, off, word_order="high"):
        simulator = Simulator(scan_time=None, feedback_base=6000 + off, recipe_base=7000 + off, word_order=word_order)
        with simulator as plc:
            return look(Endpoint(host="127.0.0.1", port=plc.port, timeout=SURE), job_numbers(), DEADLINE)

    def test_right(self):
        found = self.look(0)
        self.assertEqual((found.signature, found.fits, found.proves_nothing), (Finding(RIGHT), True, False))

    def test_mistakes(self):
        for off, order in ((1, "high"), (-1, "high"), (5, "high"), (-16, "high"), (0, "low"), (2, "low")):
            found = self.look(off, order)
            self.assertEqual(found.signature, Finding(ELSEWHERE, off, order == "low"), (off, order))
            self.assertFalse(found.fits)

    def test_too_far_to_be_found(self):
        found = self.look(40)
        self.assertEqual((found.signature.kind, found.proves_nothing), (ABSENT, True))
