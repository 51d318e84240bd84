import math
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import product

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...plc.codec import (
    DIVISION,
    EXACT_IN_FLOATS,
    FLOATS,
    RANGES,
    TYPES,
    WIDE,
    CodecError,
    Field,
    SlotCodec,
)

PROFILE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
)
PRINTABLE = [chr(code) for code in range(0x20, 0x7F)]
SCALES = st.sampled_from((1, 10, 100, 1000, 0.5, 0.1, 3, 7, 60, 0.3, 1.25))  # odd ones too: bags of 25 kg, dozens, thirds
WORD = st.integers(0, 0xFFFF)
ORDERS = tuple(product(("high", "low"), (False, True)))  # of words, of bytes


def values_of(field):
    """The values that a field can hold exactly."""
    if field.type == "ascii":
        return st.text(st.sampled_from(PRINTABLE), max_size=2 * field.words).map(lambda text: text.rstrip(" "))
    if field.type in FLOATS:
        width = int(field.type[-2:])
        return st.floats(width=width, allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)
    if field.type == "bool":
        return st.booleans()
    return st.integers(*RANGES[field.type]).map(lambda raw: value_of(field, raw))


def value_of(field, raw):
    """The value of so many steps. A wide integer has more than a float can tell apart."""
    if field.scale == 1:
        return raw
    is_float = field.type not in WIDE or abs(raw) <= EXACT_IN_FLOATS
    return raw / field.scale if is_float else DIVISION.divide(Decimal(raw), Decimal(str(field.scale)))


@st.composite
def fields(draw, role="value", offset=0, types=TYPES):
    """A field of any type; a float has no scale, for it would not come back to the last bit."""
    field_type = draw(st.sampled_from(types))
    words = draw(st.integers(1, 9)) if field_type == "ascii" else 1
    scale = draw(SCALES) if field_type not in (*FLOATS, "ascii", "bool") else 1
    return Field(role, offset, field_type, words, scale)


@st.composite
def slots(draw):
    """A codec of up to six fields, with gaps between them."""
    found, offset = [], 0
    for number in range(draw(st.integers(1, 6))):
        found.append(draw(fields(f"role{number}", offset + draw(st.integers(0, 3)))))
        offset = found[-1].end
    return SlotCodec(draw(st.permutations(found)), *draw(st.sampled_from(ORDERS)))


@st.composite
def filled(draw):
    """A codec and values for all of its fields."""
    slot = draw(slots())
    return slot, {field.role: draw(values_of(field)) for field in slot.fields}


def without_gaps(slot, words):
    """What the fields hold; a float's -0 is read as 0, which is written as +0. A text may be filled up in several ways."""
    found = {}
    for field in slot.fields:
        if field.type == "ascii":
            found[field.role] = slot.decode(words)[field.role]
            continue
        part = words[field.offset : field.end]
        zero = field.type in FLOATS and slot.decode(words)[field.role] == 0
        found[field.role] = [0] * field.length if zero else list(part)
    return found


@tagged("post_install", "-at_install")
class TestCodecProperties(BaseCase):
    def test_every_type_in_every_order(self):
        for field_type, orders in product(TYPES, ORDERS):
            with self.subTest(type=field_type, orders=orders):
                self.check_round_trip(field_type, orders)

    def check_round_trip(self, field_type, orders):
        @settings(PROFILE, max_examples=30)
        @given(fields(offset=1, types=(field_type,)), st.data())
        def check(field, data):
            codec = SlotCodec([field], *orders)
            value = data.draw(values_of(field))
            words = codec.encode({"value": value})
            self.assertEqual(codec.decode(words), {"value": value})
            self.assertEqual(codec.encode(codec.decode(words)), words)

        check()

    def test_every_type_believes_only_what_it_can_write(self):
        for field_type in TYPES:
            with self.subTest(type=field_type):
                self.check_belief(SlotCodec([Field("value", 0, field_type)]))

    def check_belief(self, codec):
        @settings(PROFILE, max_examples=30)
        @given(st.lists(WORD, min_size=codec.words, max_size=codec.words))
        def check(words):
            try:
                values = codec.decode(words)
            except CodecError:
                return
            self.assertEqual(without_gaps(codec, codec.encode(values)), without_gaps(codec, words))

        check()

    @PROFILE
    @given(filled())
    def test_what_was_written_is_read(self, case):
        slot, values = case
        self.assertEqual(slot.decode(slot.encode(values)), values)

    @PROFILE
    @given(filled(), st.data())
    def test_a_value_touches_its_own_words_alone(self, case, data):
        slot, values = case
        field = data.draw(st.sampled_from(slot.fields))
        before = slot.encode(values)
        after = slot.encode({**values, field.role: data.draw(values_of(field))})
        changed = {place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}
        self.assertLessEqual(changed, set(range(field.offset, field.end)))
        own = {place for item in slot.fields for place in range(item.offset, item.end)}
        self.assertFalse(any(after[place] for place in set(range(len(after))) - own))

    @PROFILE
    @given(fields(), st.data(), st.sampled_from(ORDERS))
    def test_different_values_are_different_words(self, field, data, orders):
        codec = SlotCodec([field], *orders)
        one, other = data.draw(values_of(field)), data.draw(values_of(field))
        assume(one != other)
        self.assertNotEqual(codec.encode({"value": one}), codec.encode({"value": other}))

    @PROFILE
    @given(filled(), st.dictionaries(st.integers(0, 40), WORD, max_size=3))
    def test_words_are_believed_as_they_are_or_refused(self, case, spoiled):
        """Nothing is repaired: what is read at all is written back as the same words."""
        slot, written = case
        words = [spoiled.get(place, word) for place, word in enumerate(slot.encode(written))]
        try:
            values = slot.decode(words)
        except CodecError as error:
            self.assertIn(error.field, slot.fields)
            self.assertTrue(str(error).startswith(f"{error.field.role} (word {error.field.offset}) "))
        else:
            self.assertEqual(without_gaps(slot, slot.encode(values)), without_gaps(slot, words))

    @PROFILE
    @given(st.decimals(-21474836, 21474836, places=3), st.sampled_from(ORDERS))
    def test_rounding_is_that_of_the_paper(self, kilograms, orders):
        """With one digit more than the PLC keeps, so that halves are frequent."""
        codec = SlotCodec([Field("value", 0, "int32", scale=100)], *orders)
        expected = kilograms.quantize(Decimal("0.01"), ROUND_HALF_UP)
        self.assertEqual(codec.decode(codec.encode({"value": float(kilograms)})), {"value": float(expected)})

    @PROFILE
    @given(fields(), st.floats() | st.integers() | st.integers(-(10**400), 10**400))
    def test_any_number_is_written_or_refused(self, field, number):
        """And if it is written, at most half a step away."""
        assume(field.type != "ascii")
        codec = SlotCodec([field])
        try:
            words = codec.encode({"value": number})
        except CodecError as error:
            self.assertEqual(error.field, field)
        else:
            step = abs(number) * 2**-23 + 1e-44 if field.type in FLOATS else 1 / field.scale
            away = abs(Fraction(codec.decode(words)["value"]) - Fraction(number))
            slack = abs(number) * 2**-52 if field.type in WIDE else 0  # of the float that it is
            self.assertLessEqual(away, step / 2 * (1 + 1e-9) + slack)

    @PROFILE
    @given(st.sampled_from(FLOATS), st.lists(WORD, min_size=4, max_size=4), st.floats(1e-3, 1e3))
    def test_a_scaled_float_stays_a_number(self, field_type, words, scale):
        field = Field("value", 0, field_type, scale=scale)
        codec = SlotCodec([field])
        try:
            value = codec.decode(words)["value"]
            again = codec.decode(codec.encode({"value": value}))["value"]
        except CodecError:
            return
        self.assertTrue(math.isclose(value, again, rel_tol=1e-15 if field_type == "float64" else 1e-6, abs_tol=1e-40))


@tagged("post_install", "-at_install")
class TestWideIntegers(BaseCase):
    """Integers of 64 bits, of which a float would lose the last eleven."""

    @PROFILE
    @given(st.sampled_from(WIDE), st.lists(WORD, min_size=4, max_size=4), SCALES, st.sampled_from(ORDERS))
    def test_no_bit_is_lost(self, field_type, words, scale, orders):
        codec = SlotCodec([Field("value", 0, field_type, scale=scale)], *orders)
        self.assertEqual(codec.encode(codec.decode(words)), words)

    @PROFILE
    @given(st.integers(*RANGES["int64"]))
    def test_without_a_scale_it_is_the_integer(self, number):
        codec = SlotCodec([Field("value", 0, "int64")])
        words = codec.encode({"value": number})
        found = codec.decode(words)["value"]
        self.assertEqual((found, type(found)), (number, int))
        self.assertEqual(words, [number >> shift & 0xFFFF for shift in (48, 32, 16, 0)])

    @PROFILE
    @given(st.decimals(-(10**14), 10**14, places=3), SCALES)
    def test_rounding_is_that_of_the_paper(self, number, scale):
        """Half up, away from zero, of the decimal number as people write it."""
        exact = Context(prec=60)
        steps = exact.multiply(number, Decimal(str(scale))).quantize(Decimal(1), ROUND_HALF_UP, exact)
        words = SlotCodec([Field("value", 0, "int64", scale=scale)]).encode({"value": number})
        self.assertEqual(int.from_bytes(b"".join(word.to_bytes(2, "big") for word in words), "big", signed=True), int(steps))

    def test_limits_are_those_of_the_type(self):
        for field_type, scale in product(WIDE, (1, 3)):
            codec = SlotCodec([Field("value", 0, field_type, scale=scale)])
            for limit, beyond in zip(RANGES[field_type], (-1, 1), strict=True):
                words = codec.encode({"value": Fraction(limit, scale)})
                self.assertEqual(codec.encode(codec.decode(words)), words)
                with self.assertRaises(CodecError):
                    codec.encode({"value": Fraction(limit + beyond, scale)})

    def test_what_is_no_number(self):
        codec = SlotCodec([Field("value", 0, "int64", scale=7)])
        for value in (math.nan, math.inf, -math.inf, 1e300):
            with self.assertRaises(CodecError):
                codec.encode({"value": value})

    def test_limits_of_the_field(self):
        codec = SlotCodec([Field("value", 0, "int64", scale=100, minimum=0, maximum=2**62 // 100)])
        with self.assertRaisesRegex(CodecError, "at most 46116860184273879"):
            codec.encode({"value": 2**62 // 100 + 1})
        words = SlotCodec([Field("value", 0, "int64")]).encode({"value": 2**62})
        with self.assertRaisesRegex(CodecError, r"46116860184273879\.04, more than 46116860184273879"):
            codec.decode(words)
