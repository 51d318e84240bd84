"""A slot taken apart for people: every word is shown, nothing is ever refused."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...plc.codec import Field
from ...plc.dissect import difference, dissect, event_body, fits, is_empty
from ...plc.layout import Area, Layout
from .. import plc_layouts

LAYOUTS = [
    plc_layouts.job_numbers(),
    plc_layouts.flags(),
    plc_layouts.job_numbers(word_order="low", swap_bytes=True),
    plc_layouts.job_numbers(text_order="low"),
]


@tagged("post_install", "-at_install")
class TestDissect(BaseCase):
    def setUp(self):
        super().setUp()
        self.layout = plc_layouts.job_numbers()
        block = self.layout.block(plc_layouts.recipe_values(3), 7)
        self.words = block + [0] * (self.layout.codec("recipe").words - len(block))

    def parts(self, slot=3):
        return {part.offset: part for part in dissect(self.layout, "recipe", self.words, slot)}

    def problems(self, slot=3):
        return [part.problem for part in self.parts(slot).values() if part.error]

    def test_values_are_the_codec_s(self):
        for layout in LAYOUTS:
            words = layout.block(plc_layouts.recipe_values(3), 7)
            words += [0] * (layout.codec("recipe").words - len(words))
            decoded = layout.codec("recipe").decode(words)
            for part in dissect(layout, "recipe", words, 3):
                if part.field:
                    value = decoded[part.field.role]
                    self.assertEqual(part.value, value[part.field.index] if isinstance(value, list) else value)

    def test_a_scale_that_drifted_is_read_as_the_exchange_reads_it(self):
        for drift, shown in ((0.5, 0.0), (0.01, None)):
            layout = replace(self.layout, drift=drift)
            weight = next(item for item in layout.area("feedback").fields if item.role == "line_quantity")
            words = [0] * layout.codec("feedback").words
            words[weight.offset : weight.end] = 0xFFFF, 0xFFFE  # -0.02 kg
            part = next(part for part in dissect(layout, "feedback", words) if part.offset == weight.offset)
            self.assertEqual((part.value, bool(part.problem)), (shown, shown is None))

    def test_text_with_the_low_byte_first(self):
        """As IEC strings lie in words; numbers are as they were."""
        self.layout = plc_layouts.job_numbers(text_order="low")
        self.assertEqual(self.parts()[1].value[:4], "HWM/", "what swapped characters look like")
        self.words = [*self.layout.block(plc_layouts.recipe_values(3), 7), *self.words[79:]]
        self.assertEqual((self.words[1], self.words[28:30]), (0x4857, [0, 38125]))
        self.assertEqual((self.parts()[1].value, self.problems()), ("WH/MO/00003", []))

    def test_a_field_with_its_words(self):
        part = self.parts()[28]
        self.assertEqual((part.field.role, part.words, part.value, part.problem), ("line_quantity", (0, 38125), 381.25, ""))

    def test_words_that_no_field_uses_are_shown(self):
        self.words[76] = 0xBEEF
        self.assertEqual((self.parts()[76].field, self.parts()[76].words), (None, (0xBEEF,)))

    def test_wrong_words_are_named(self):
        self.words[54], self.words[1], self.words[72], self.words[25] = 109, 0x8201, 9, 0x7FFF
        self.assertEqual(
            self.problems(),
            [
                "order (word 1) holds bytes that are not printable ASCII text",
                "quantity (word 25) holds 21474525.76, more than 100000",
                "line_code (word 54) holds 109 where 110 was expected",
                "finished (word 72) holds 9 (0x0009), but only 0 or 1 is allowed",
            ],
        )

    def test_slot_number(self):
        self.assertEqual(self.problems(4), ["slot (word 0) holds 3 where 4 was expected"])
        self.assertEqual(self.problems(None), [])
        self.words[0] = 0
        self.assertEqual(self.problems(4), [], "none yet")

    def test_empty_slot_needs_no_codes(self):
        area = self.layout.area("recipe")
        self.assertFalse(is_empty(area, self.words))
        self.words = [0] * len(self.words)
        self.words[78] = 55  # the job that it kept through a loss of memory
        self.assertTrue(is_empty(area, self.words))
        self.assertEqual(self.problems(), [])

    def test_too_few_words(self):
        self.words = self.words[:82]
        self.assertEqual(self.problems(), ["acknowledged_job (word 81) is missing"])

    def test_fits(self):
        self.assertTrue(fits(self.layout, "recipe", self.words))
        self.assertFalse(fits(self.layout, "recipe", self.words[1:]))
        self.assertFalse(fits(self.layout, "weighing", self.words))

    def test_a_kind_that_the_layout_has_not(self):
        layout = plc_layouts.job_numbers(events=False)
        self.assertFalse(fits(layout, "weighing", [0] * 13))

    def test_either_name_tells_that_a_slot_is_taken(self):
        area = self.layout.area("recipe")
        for word in (0, 1, 8):  # the slot number; the first and the last of the order's
            words = [0] * len(self.words)
            words[word] = 1
            self.assertFalse(is_empty(area, words), word)
        self.assertTrue(is_empty(area, [0] * 9 + [1] * (len(self.words) - 9)))

    def test_an_event_is_known_by_all_but_its_flag(self):
        area = self.layout.area("weighing")
        self.assertEqual(event_body(area, range(13)), (*range(12), 0))
        self.assertTrue(is_empty(area, [0] * 12 + [1]))
        self.assertFalse(is_empty(area, [0, 1, *[0] * 11]))

    def test_a_weighing_names_the_slot_of_its_batch(self):
        words = self.layout.codec("weighing").encode({"slot": 3, "order": "A", "product_number": 1, "weighed": 1.0})
        self.assertEqual([part.problem for part in dissect(self.layout, "weighing", words, 1)], [""] * 5)

    def test_what_is_no_register(self):
        self.words[0] = 70000
        self.assertEqual(self.problems(), ["slot (word 0) holds a value that does not fit in a register"])

    def test_gaps(self):
        """Each is one part, wherever it lies; between fields that touch there is none."""
        area = Area("recipe", 100, 10, (Field("slot", 1), Field("order", 2, "ascii", 2), Field("quantity", 7)))
        layout = Layout(self.layout.handshake, 1, (area,))
        for count, expected in ((10, [1, 1, 2, 3, 1, 2]), (8, [1, 1, 2, 3, 1])):
            parts = dissect(layout, "recipe", range(count))
            self.assertEqual([len(part.words) for part in parts], expected)
            self.assertEqual([part.offset for part in parts], [0, 1, 2, 4, 7, 8][: len(expected)])

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
    @given(st.sampled_from(LAYOUTS), st.lists(st.integers(-1, 0x10000), max_size=125))
    def test_never_raises_and_loses_no_word(self, layout, words):
        for kind in ("recipe", "feedback", "failure", "weighing"):
            parts = dissect(layout, kind, words, 1)
            self.assertEqual([word for part in parts for word in part.words], words)
            for part in parts:
                self.assertFalse(part.error and part.value is not None)


@tagged("post_install", "-at_install")
class TestDifference(BaseCase):
    """What was written, and what came back."""

    def setUp(self):
        super().setUp()
        self.layout = plc_layouts.job_numbers()
        self.sent = self.layout.block(plc_layouts.recipe_values(), 7)
        self.found = [*self.sent, *[0] * 4]

    def told(self, word, *words, offset=0):
        self.found[word : word + len(words)] = words
        found = difference(self.layout, "recipe", self.sent[offset:], self.found, offset)
        return found and str(found.sentence)

    def test_none(self):
        self.assertIsNone(self.told(82, 9))
        self.assertIsNone(self.told(76, 0))

    def test_amount(self):
        self.assertEqual(self.told(34, 0, 30000), "line_quantity (word 34): 352 was written, 300 came back")

    def test_the_first_of_several(self):
        self.assertIn("slot (word 0): 1 was written, 0 came back", self.told(0, *[0] * 79))

    def test_text_and_nonsense(self):
        self.assertEqual(
            self.told(1, 0), "order (word 1): WH/MO/00001 was written, 0 12109 20271 12336 12336 12544 0 0 came back"
        )

    def test_words_that_no_field_uses(self):
        self.assertIsNone(self.told(76, 5))

    def test_what_was_written_alone(self):
        self.found[79:81] = 0, 7
        self.assertIsNone(difference(self.layout, "recipe", (0, 7), self.found, 79))
        told = difference(self.layout, "recipe", (0, 8), self.found, 79)
        self.assertEqual((told.field.role, told.sent, told.found), ("armed_job", "8", "7"))
