import math
import sys
from decimal import Decimal
from itertools import product

from odoo.tests import BaseCase, tagged

from ...plc.codec import CodecError, Field, SlotCodec, encode_ascii

# kg -> words, int32 x 100, high word first: what a mill's PLC was seen to send and take
GOLDEN = {
    1000.0: [1, 34464],
    2500.0: [3, 53392],
    825.25: [1, 16989],
    352.0: [0, 35200],
    381.25: [0, 38125],
    33.3: [0, 3330],
    -0.01: [65535, 65535],
}
ORDER = [22344, 12109, 20271, 12336, 12337, 12544, 0, 0]  # WH/MO/00011


def field(field_type="int32", offset=3, **values):
    return Field("value", offset, field_type, name="Weight", **values)


def codec(*args, word_order="high", swap_bytes=False, text_order="same", **values):
    return SlotCodec([field(*args, offset=0, **values)], word_order, swap_bytes, text_order)


def swapped(words):
    return [word >> 8 | (word & 0xFF) << 8 for word in words]


@tagged("post_install", "-at_install")
class TestGoldenVectors(BaseCase):
    def check(self, expected, **options):
        kilograms = codec(scale=100, **options)
        for value, words in expected.items():
            self.assertEqual(kilograms.encode({"value": value}), words)
            self.assertEqual(kilograms.decode(words), {"value": value})

    def test_high_word_first(self):
        self.check(GOLDEN)

    def test_low_word_first(self):
        self.check({value: words[::-1] for value, words in GOLDEN.items()}, word_order="low")

    def test_low_byte_first(self):
        self.check({value: swapped(words) for value, words in GOLDEN.items()}, swap_bytes=True)

    def test_all_bytes_in_reverse(self):
        self.check({value: swapped(words[::-1]) for value, words in GOLDEN.items()}, word_order="low", swap_bytes=True)

    def test_text(self):
        """The word order is one of numbers: a text is not turned round."""
        for options, words in (
            ({}, ORDER),
            ({"word_order": "low"}, ORDER),
            ({"swap_bytes": True}, swapped(ORDER)),
        ):
            text = codec("ascii", words=8, **options)
            self.assertEqual(text.encode({"value": "WH/MO/00011"}), words)
            self.assertEqual(text.decode(words), {"value": "WH/MO/00011"})

    def test_text_has_a_byte_order_of_its_own(self):
        for swap_bytes in (False, True):
            for text_order, is_swapped in (("same", swap_bytes), ("high", False), ("low", True)):
                options = {"swap_bytes": swap_bytes, "text_order": text_order}
                with self.subTest(**options):
                    words = swapped(ORDER) if is_swapped else ORDER
                    text = codec("ascii", words=8, **options)
                    self.assertEqual(text.encode({"value": "WH/MO/00011"}), words)
                    self.assertEqual(text.decode(words), {"value": "WH/MO/00011"})
                    self.assertEqual(text.encode({"value": ""}), [0] * 8)
                    number = codec("uint32", **options)
                    self.assertEqual(
                        number.encode({"value": 0x01020304}), swapped([0x102, 0x304]) if swap_bytes else [0x102, 0x304]
                    )
        lines = SlotCodec([Field("line_name", 0, "ascii")], text_order="low")
        self.assertEqual(lines.encode({"line_name": ["AB"]}), [0x4241])
        with self.assertRaisesRegex(ValueError, "'middle'"):
            codec("ascii", text_order="middle")

    def test_wide_numbers(self):
        for field_type, value, words in (
            ("uint32", 70001, [1, 4465]),
            ("float32", 1.5, [0x3FC0, 0]),
            ("float64", -2.0, [0xC000, 0, 0, 0]),
        ):
            self.assertEqual(codec(field_type).encode({"value": value}), words)
            self.assertEqual(codec(field_type, word_order="low").encode({"value": value}), words[::-1])
            self.assertEqual(codec(field_type, word_order="low").decode(words[::-1]), {"value": value})

    def test_bcd(self):
        self.assertEqual(codec("bcd").encode({"value": 2026}), [0x2026])
        self.assertEqual(codec("bcd").decode([0x0059]), {"value": 59})

    def test_unknown_word_order(self):
        with self.assertRaisesRegex(ValueError, "'little'"):
            codec(word_order="little")

    def test_no_fields(self):
        self.assertEqual((SlotCodec([]).words, SlotCodec([]).decode([5]), SlotCodec([]).encode({})), (0, {}, []))


@tagged("post_install", "-at_install")
class TestRounding(BaseCase):
    def test_half_up(self):
        """As on paper: a truncating encoder wrote 3329 for 33.30, and a binary half is often a little less than one."""
        kilograms = codec(scale=100)
        for value, raw in (
            (33.3, 3330),
            (33.295, 3330),
            (33.294, 3329),
            (262.705, 26271),
            (262.7, 26270),
            (1.005, 101),
            (0.005, 1),
            (0.004, 0),
            (-33.295, -3330),
            (-0.005, -1),
            (-0.004, 0),
            (21474836.47, 0x7FFFFFFF),
            (-21474836.48, -0x80000000),
        ):
            words = [raw >> 16 & 0xFFFF, raw & 0xFFFF]
            self.assertEqual(kilograms.encode({"value": value}), words, value)

    def test_a_whole_number_that_came_as_a_float(self):
        self.assertEqual(codec("uint16").encode({"value": 100.99999999999999}), [101])


@tagged("post_install", "-at_install")
class TestWriting(BaseCase):
    def assert_refused(self, value, phrase, field_type="int32", **values):
        item = field(field_type, **values)
        with self.assertRaises(CodecError) as caught:
            SlotCodec([Field("first", 0), item]).encode({"value": value})
        self.assertEqual(caught.exception.field, item)
        self.assertEqual(str(caught.exception), f"Weight (word 3) cannot hold {phrase}")

    def test_out_of_range(self):
        for field_type, value, limits in (
            ("bool", 2, "0 and 1"),
            ("uint16", -1, "0 and 65535"),
            ("uint16", 65536, "0 and 65535"),
            ("int16", 32768, "-32768 and 32767"),
            ("int16", -32769, "-32768 and 32767"),
            ("uint32", 1 << 32, "0 and 4294967295"),
            ("int32", -(1 << 31) - 1, "-2147483648 and 2147483647"),
            ("bcd", 10000, "0 and 9999"),
            ("bcd", -1, "0 and 9999"),
            ("float32", 10**39, "-3.40282346638529e+38 and 3.40282346638529e+38"),
        ):
            self.assert_refused(value, f"{value}: it must be between {limits}", field_type)

    def test_out_of_range_when_scaled(self):
        limits = "it must be between -21474836.48 and 21474836.47"
        self.assert_refused(21474836.48, f"21474836.48: {limits}", scale=100)
        self.assert_refused(1e307, f"1e+307: {limits}", scale=100)
        self.assert_refused(10**30, f"{10**30}: {limits}", scale=100)

    def test_a_scaled_float_does_not_become_infinite(self):
        with self.assertRaises(CodecError):
            codec("float64", scale=100).encode({"value": 1e307})

    def test_no_number(self):
        for field_type in ("uint16", "int32", "float32", "float64"):
            for value in (math.nan, math.inf, -math.inf):
                with self.assertRaises(CodecError):
                    codec(field_type).encode({"value": value})

    def test_limits(self):
        limits = {"scale": 100, "minimum": 0.5, "maximum": 100000}
        self.assert_refused(0.49, "0.49: it must be at least 0.5", **limits)
        self.assert_refused(100000.01, "100000.01: it must be at most 100000", **limits)
        self.assertEqual(codec(**limits).encode({"value": 0.5}), [0, 50])
        for value, words in ((0.5, [0x3F00, 0]), (2.0, [0x4000, 0])):
            self.assertEqual(codec("float32", minimum=0.5, maximum=2.0).encode({"value": value}), words)

    def test_the_greatest_number(self):
        for value, first in ((sys.float_info.max, 0x7FEF), (-sys.float_info.max, 0xFFEF)):
            self.assertEqual(codec("float64").encode({"value": value}), [first, 0xFFFF, 0xFFFF, 0xFFFF])

    def test_text(self):
        letters = "only plain ASCII characters can be sent"
        for text in ("Größe 2", "tab\there", "new\nline", "nul\0byte", "del\x7f"):
            self.assert_refused(text, f"{text!r}: {letters}", "ascii", words=8)
        text = "WH/MO/00011-00001"
        self.assert_refused(text, f"{text!r}: at most 16 characters fit", "ascii", words=8)

    def test_text_is_padded_with_zeros(self):
        self.assertEqual(codec("ascii", words=3).encode({"value": "ABC"}), [0x4142, 0x4300, 0])
        self.assertEqual(codec("ascii", words=2).encode({"value": "ABCD"}), [0x4142, 0x4344])
        self.assertEqual(encode_ascii(field("ascii", words=3), "ABC"), b"ABC\0\0\0")

    def test_a_bool_is_not_scaled(self):
        self.assertEqual(codec("bool", scale=100).encode({"value": True}), [1])
        self.assertEqual(codec("bool", scale=100).decode([1]), {"value": True})

    def test_missing_is_zero(self):
        slot = SlotCodec([Field("number", 0), Field("text", 2, "ascii", 2), Field("kg", 4, "float32")])
        self.assertEqual(slot.encode({}), [0] * 6)
        self.assertEqual(slot.encode({"number": None, "text": False, "kg": None}), [0] * 6)

    def test_missing_where_zero_is_not_allowed(self):
        self.assert_refused(None, "0: it must be at least 1", "uint16", minimum=1)
        self.assert_refused(0.0, "0: it must be at least 1", "uint16", minimum=1)

    def test_lines(self):
        slot = SlotCodec([Field("line_kg", 2 * line, index=line, name=f"Target {line + 1}") for line in (2, 0, 1)])
        self.assertEqual(slot.encode({"line_kg": [5, None, 7]}), [5, 0, 0, 0, 7])
        self.assertEqual(slot.encode({"line_kg": (5,)}), [5, 0, 0, 0, 0])
        self.assertEqual(slot.decode([5, 9, 6, 9, 7]), {"line_kg": [5, 6, 7]})

    def test_lines_that_lie_in_another_order(self):
        slot = SlotCodec([Field("line_kg", 2 - line, index=line) for line in range(3)])
        self.assertEqual(slot.encode({"line_kg": [5, 6, 7]}), [7, 6, 5])
        self.assertEqual(slot.decode([7, 6, 5]), {"line_kg": [5, 6, 7]})

    def test_a_recipe_that_is_too_long_is_not_cut(self):
        slot = SlotCodec([Field("line_kg", line, index=line, name=f"Target {line + 1}") for line in range(3)])
        with self.assertRaisesRegex(CodecError, r"Target 3 \(word 2\) is the last of 3 lines, but 4 were given"):
            slot.encode({"line_kg": [1, 2, 3, 4]})


@tagged("post_install", "-at_install")
class TestReading(BaseCase):
    def assert_refused(self, raw, phrase, field_type="int32", **values):
        item = field(field_type, **values)
        with self.assertRaises(CodecError) as caught:
            SlotCodec([Field("first", 0), item]).decode([0, 0, 0, *raw])
        self.assertEqual(caught.exception.field, item)
        self.assertEqual(str(caught.exception), f"Weight (word 3) {phrase}")

    def test_a_status_word_is_no_bool(self):
        self.assert_refused([0x8200], "holds 33280 (0x8200), but only 0 or 1 is allowed", "bool")
        self.assert_refused([2], "holds 2 (0x0002), but only 0 or 1 is allowed", "bool")
        self.assertIs(codec("bool").decode([1])["value"], True)

    def test_bcd(self):
        for word in (0x000A, 0xA000, 0x12F4):
            self.assert_refused([word], f"holds 0x{word:04X}, which is not a valid BCD number", "bcd")

    def test_text(self):
        unprintable = "holds bytes that are not printable ASCII text"
        for raw in ([0xC3A9, 0], [0x4109, 0], [0x417F, 0], [0xFF41, 0]):
            self.assert_refused(raw, unprintable, "ascii", words=2)

    def test_blanks_before_a_text_are_kept(self):
        self.assertEqual(codec("ascii", words=2).decode([0x2041, 0x2000]), {"value": " A"})

    def test_what_fills_a_text_up(self):
        """Blanks, 0xFF, NUL; behind a NUL the rest of an older text, whatever that is."""
        for raw in (b"AB\0\0\0\0", b"AB    ", b"AB\xff\xff\xff\xff", b"AB\0DEF", b"AB \0\x01\xe9", b"AB\xff \0F"):
            with self.subTest(raw):
                words = [raw[at] << 8 | raw[at + 1] for at in range(0, 6, 2)]
                self.assertEqual(codec("ascii", words=3).decode(words), {"value": "AB"})
        for empty in ([0, 0], [0x0041, 0x4243], [0xFFFF, 0xFFFF], [0x0020, 0xFF00]):
            self.assertEqual(codec("ascii", words=2).decode(empty), {"value": ""}, empty)
        with self.assertRaisesRegex(CodecError, "printable"):
            codec("ascii", words=2).decode([0, 5])
        self.assertEqual(codec("ascii", words=2).decode([0x4120, 0x4200]), {"value": "A B"})
        with self.assertRaisesRegex(CodecError, "printable"):
            codec("ascii", words=2).decode([0x41FF, 0x4200])

    def test_drift_below_zero(self):
        """An empty scale shows a little less than nothing."""
        kg = {"scale": 100, "drift": 0.5}
        for minimum in (None, 0, -10):
            read = codec("int16", minimum=minimum, maximum=100, **kg)
            for raw, value in ((-1, 0.0), (-50, 0.0), (0, 0.0), (1, 0.01), (10000, 100.0)):
                with self.subTest(raw, minimum=minimum):
                    self.assertEqual(read.decode([raw & 0xFFFF]), {"value": value})
        for minimum, limit in ((None, "-0.5"), (0, "0")):
            with self.assertRaisesRegex(CodecError, f"holds -0.51, less than {limit}$"):
                codec("int16", minimum=minimum, **kg).decode([-51 & 0xFFFF])
        self.assertEqual(codec("int16", minimum=-10, **kg).decode([-51 & 0xFFFF]), {"value": -0.51}, "its own limit judges it")
        with self.assertRaisesRegex(CodecError, "more than 100$"):
            codec("int16", maximum=100, **kg).decode([10001])

    def test_drift_of_every_number(self):
        """Scaled or not, with limits of its own or not."""
        limits = ({}, {"minimum": 0}, {"maximum": 9}, {"minimum": 0, "maximum": 9}, {"minimum": -5}, {"minimum": 1})
        for kind, limit, scale in product(("int16", "int32", "int64", "float32", "float64"), limits, (1, 10)):
            read = codec(kind, scale=scale, drift=2, **limit)
            write = codec(kind, scale=scale)
            for value, right in ((-1, 0), (-2, 0), (-3, -3 if limit == {"minimum": -5} else None), (0, 0), (1, 1)):
                refused = right is None or limit == {"minimum": 1} and right < 1
                with self.subTest(kind, limit=limit, scale=scale, value=value):
                    words = write.encode({"value": value})
                    if refused:
                        with self.assertRaisesRegex(CodecError, "less than"):
                            read.decode(words)
                    else:
                        self.assertEqual(read.decode(words), {"value": right})

    def test_drift_of_floats(self):
        for raw, value in (([0xBDCC, 0xCCCD], 0.0), ([0x3DCC, 0xCCCD], 0.1), ([0xBF00, 0], 0.0)):
            self.assertAlmostEqual(codec("float32", drift=0.5).decode(raw)["value"], value)
        for raw, why in (([0xBF00, 1], "less than -0.5"), ([0x7FC0, 0], "NaN"), ([0xFF80, 0], "infinite|less than")):
            with self.assertRaisesRegex(CodecError, why):
                codec("float32", drift=0.5).decode(raw)
        with self.assertRaisesRegex(CodecError, "less than 0$"):
            codec("int16", drift=0.0).decode([0xFFFF])
        self.assertEqual(codec("int16").decode([0xFFFF]), {"value": -1}, "what is no scale has no drift")

    def test_only_zeros_end_a_text(self):
        self.assertEqual(codec("ascii", words=2).decode([0x4D49, 0x5800]), {"value": "MIX"})

    def test_every_scale_counts(self):
        for scale in (2, 10):
            self.assertEqual(codec("uint16", scale=scale).decode([5 * scale]), {"value": 5})
            self.assertEqual(codec("uint16", scale=scale, maximum=5).encode({"value": 5}), [5 * scale])
            self.assert_refused([5 * scale + scale], "holds 6, more than 5", "uint16", scale=scale, maximum=5)

    def test_a_whole_number_stays_one(self):
        self.assertIsInstance(codec("uint16", minimum=0, maximum=9).decode([5])["value"], int)

    def test_one_limit_is_enough(self):
        self.assert_refused([4], "holds 4, less than 5", "uint16", minimum=5)
        self.assert_refused([6], "holds 6, more than 5", "uint16", maximum=5)

    def test_no_number(self):
        for field_type, words in (
            ("float32", [0x7FC0, 0]),
            ("float32", [0x7F80, 0]),
            ("float32", [0xFF80, 0]),
            ("float64", [0x7FF0, 0, 0, 0]),
        ):
            self.assert_refused(words, "does not hold a number (NaN or infinite)", field_type)

    def test_a_scaled_float_does_not_become_infinite(self):
        self.assert_refused([0x7FEF, 0xFFFF, 0xFFFF, 0xFFFF], "does not hold a number (NaN or infinite)", "float64", scale=0.01)

    def test_limits(self):
        limits = {"scale": 100, "minimum": 0, "maximum": 100000}
        self.assert_refused([0xFFFF, 0xFFFF], "holds -0.01, less than 0", **limits)
        self.assert_refused([0x2000, 0x9B3F], "holds 5369106.55, more than 100000", **limits)
        self.assertEqual(codec(**limits).decode([0x0098, 0x9680]), {"value": 100000.0})

    def test_a_text_has_no_limits(self):
        self.assertEqual(codec("ascii", minimum=0, maximum=5).decode([0x4142]), {"value": "AB"})

    def test_too_few_words(self):
        self.assert_refused([0], "is missing: only 4 words were received")
        self.assert_refused([], "is missing: only 3 words were received")

    def test_the_first_that_is_missing_is_named(self):
        with self.assertRaisesRegex(CodecError, r"second \(word 1\) is missing: only 1 words were received"):
            SlotCodec([Field("first", 0), Field("second", 1), Field("third", 2)]).decode([5])

    def test_more_words_than_fields(self):
        self.assertEqual(codec().decode([0, 7, 8, 9]), {"value": 7})

    def test_the_first_wrong_word_is_named(self):
        slot = SlotCodec([Field("late", 5, "bool"), Field("early", 1, "uint16", maximum=10)])
        with self.assertRaisesRegex(CodecError, r"^early \(word 1\) holds 11, more than 10$"):
            slot.decode([0, 11, 0, 0, 0, 2])


@tagged("post_install", "-at_install")
class TestWide(BaseCase):
    """Integers of 64 bits."""

    def words(self, raw):
        return [raw >> shift & 0xFFFF for shift in (48, 32, 16, 0)]

    def decoded(self, raw, **values):
        return codec("int64", **values).decode(self.words(raw))["value"]

    def encoded(self, value, **values):
        return codec("int64", **values).encode({"value": value})

    def refusal(self, value, field_type="int64", **values):
        with self.assertRaises(CodecError) as caught:
            codec(field_type, **values).encode({"value": value})
        return str(caught.exception).partition(" cannot hold ")[2]

    def test_float_as_long_as_it_is_exact(self):
        for steps, kind in ((10**15, float), (10**15 + 1, Decimal)):
            for raw in (steps, -steps):
                value = self.decoded(raw, scale=100)
                self.assertIsInstance(value, kind)
                self.assertEqual(Decimal(str(value)), Decimal(raw) / 100)

    def test_every_scale_is_exact(self):
        for scale in (2, 100):
            raw = 10**18 + scale // 2
            self.assertEqual(self.decoded(raw, scale=scale), Decimal(raw) / scale)
            self.assertEqual(self.encoded(Decimal(raw) / scale, scale=scale), self.words(raw))

    def test_limits_belong_to_what_is_allowed(self):
        limits = {"scale": 100, "minimum": -5, "maximum": 7}
        for raw in (-500, 700):
            self.assertEqual(self.decoded(raw, **limits), raw / 100)
        for raw, phrase in ((-501, "holds -5.01, less than -5"), (701, "holds 7.01, more than 7")):
            with self.assertRaises(CodecError) as caught:
                self.decoded(raw, **limits)
            self.assertEqual(str(caught.exception).partition(") ")[2], phrase)

    def test_halves_are_rounded_away_from_zero(self):
        for value, raw in ((0.005, 1), (-0.005, -1), (0.004, 0), (-0.004, 0), (1.005, 101), (-1.005, -101)):
            self.assertEqual(self.encoded(value, scale=100), self.words(raw), value)

    def test_limits_of_the_type_in_a_sentence(self):
        whole = "it must be between 0 and 18446744073709551615"
        self.assertEqual(self.refusal(1 << 64, "uint64"), f"{1 << 64}: {whole}")
        halves = "it must be between -4611686018427387904 and 4.61168601842739e+18"
        self.assertEqual(self.refusal(1 << 63, scale=2), f"{1 << 63}: {halves}")
        tenths = "it must be between 0 and 1.84467440737096e+15"
        self.assertEqual(self.refusal(1e17, "uint64", scale=10000), f"1e+17: {tenths}")
