"""What sensors say lies in the silos: row by row, and what is none."""

import math
import struct
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...plc.codec import Field
from ...plc.dissect import dissect, is_empty
from ...plc.layout import HOLDING, INPUT, LEVEL, Area, Layout
from ...plc.levels import Level, differs, has_changed, read_levels
from ...simulator.levels import ROWS, level_image
from .. import plc_layouts


def area(rows=3, kind="float32", constants=(), scale=1.0, registers=HOLDING, **limits):
    """Rows of a code and a level in two words."""
    codes = [
        Field("line_code", 3 * row, index=row, value=constants[row] if constants else None, name=f"Code {row + 1}")
        for row in range(rows)
    ]
    levels = [
        Field("line_quantity", 3 * row + 1, kind, scale=scale, index=row, name=f"Level {row + 1}", **limits)
        for row in range(rows)
    ]
    return Area(LEVEL, 9700, 100, (*codes, *levels), registers)


def layout(level=None, **values):
    base = plc_layouts.flags()
    return Layout(base.handshake, base.slots, (*base.areas, level or area()), **values)


def words(*rows):
    """Of pairs: code, float."""
    return [word for code, level in rows for word in (code, *struct.unpack(">HH", struct.pack(">f", level)))]


@tagged("post_install", "-at_install")
class TestReadLevels(BaseCase):
    def shown(self, *rows, **values):
        return [(level.code, level.value, level.problem) for level in read_levels(layout(**values), words(*rows))]

    def test_rows(self):
        self.assertEqual(self.shown((101, 500.0), (102, 0.0), (0, 7.0)), [(101, 500.0, ""), (102, 0.0, "")])

    def test_what_is_no_level(self):
        """Each row by itself: the others are believed."""
        limited = area(maximum=1000)
        none = "does not hold a number (NaN or infinite)"
        for value, level, reason in (
            (math.nan, None, none),
            (math.inf, None, none),
            (-math.inf, None, none),
            (-5.0, None, "holds -5, less than 0"),
            (1500.0, limited, "holds 1500, more than 1000"),
        ):
            with self.subTest(value=value):
                (first, second) = self.shown((101, value), (102, 7.0), (0, 0.0), level=level)
                self.assertEqual((first[:2], second), ((101, 0.0), (102, 7.0, "")))
                self.assertEqual(first[2], f"Level 1 (word 1) {reason}")

    def test_a_code_that_is_none(self):
        """It names no equipment; the rows after it do."""
        codes = [Field("line_code", 3 * row, "bcd", index=row) for row in range(2)]
        level = area(2)
        level = replace(level, fields=(*codes, *(item for item in level.fields if item.role == "line_quantity")))
        image = words((0xABC, 1.0), (0x102, 2.0))
        self.assertEqual([(row.code, row.value) for row in read_levels(layout(level), image)], [(102, 2.0)])

    def test_drift_of_an_empty_scale(self):
        """A little below zero is empty."""
        self.assertEqual(self.shown((101, -0.4), (102, 1.0), (0, 0.0), drift=0.5)[0], (101, 0.0, ""))
        self.assertTrue(self.shown((101, -0.6), (102, 1.0), (0, 0.0), drift=0.5)[0][2])

    def test_twice(self):
        self.assertEqual(
            self.shown((101, 1.0), (101, 2.0), (102, 3.0)), [(101, 0.0, "equipment 101 is in two rows"), (102, 3.0, "")]
        )

    def test_constant_codes(self):
        """The layout says which row is whose: the PLC need not show it."""
        level = area(constants=(101, 102, 103))
        self.assertEqual(self.shown((0, 5.0), (0, 6.0), (0, 7.0), level=level)[2], (103, 7.0, ""))

    def test_scale(self):
        """In tons with one decimal, for one."""
        level = Area(LEVEL, 9700, 100, (Field("line_code", 0), Field("line_quantity", 1, "int16", scale=0.01)))
        self.assertEqual(read_levels(layout(level), [101, 25]), [Level(101, 2500.0)])
        self.assertTrue(read_levels(layout(level), [101, 0xFFFF])[0].problem, "-1 is no level")

    @given(
        st.dictionaries(st.integers(1, 65535), st.floats(0, 100_000, width=32), max_size=ROWS), st.sampled_from(["high", "low"])
    )
    def test_what_the_simulator_shows(self, levels, order):
        plc = layout(area(ROWS), word_order=order)
        image = level_image(levels, order, is_float=True)
        self.assertEqual({level.code: level.value for level in read_levels(plc, image)}, levels)
        self.assertEqual(is_empty(plc.area(LEVEL), image), not levels)
        self.assertFalse([part.error for part in dissect(plc, LEVEL, image) if part.error])

    @given(st.lists(st.integers(0, 65535), min_size=9, max_size=9))
    def test_any_words(self, image):
        """Whatever the words are: never raises, never a level that is none."""
        for level in read_levels(layout(), image):
            self.assertTrue(level.problem or level.value >= 0 and math.isfinite(level.value))


@tagged("post_install", "-at_install")
class TestLevelArea(BaseCase):
    def problems(self, level):
        return layout(level).problems()

    def test_layout(self):
        for registers in (HOLDING, INPUT):
            self.assertEqual(self.problems(area(registers=registers)), [], "it is only read")
        self.assertEqual(layout().count(LEVEL), 1)
        self.assertEqual(layout().request(LEVEL, 1), (9700, 9, HOLDING))

    def test_problems(self):
        odd = Area(LEVEL, 9700, 100, (Field("line_code", 0), Field("line_quantity", 1), Field("line_quantity", 2, index=1)))
        for level, said in (
            (odd, "The level area needs as many equipment codes (1) as quantities (2)."),
            (Area(LEVEL, 9700, 100, (Field("line_quantity", 0),)), "The level area needs a field with the role line_code."),
            (Area(LEVEL, 9700, 100, (*area().fields, Field("weighed", 20))), "which is not valid in this area"),
            (Area(LEVEL, 8000, 100, area().fields), "The failure area ends at"),
        ):
            with self.subTest(said):
                self.assertIn(said, " ".join(self.problems(level)))


@tagged("post_install", "-at_install")
class TestComparison(BaseCase):
    def test_changed(self):
        for before, now, changed in (
            (500.0, 500.0, False),
            (500.0, 500.4, False),
            (500.0, 501.0, True),
            (0.0, 0.0, False),
            (0.0, 1.0, True),
        ):
            with self.subTest(before=before, now=now):
                self.assertEqual(has_changed(before, now), changed)

    def test_differs(self):
        for level, book, limit, differ in (
            (500.0, 400.0, 100.0, False),
            (500.0, 399.0, 100.0, True),
            (0.0, -41.5, 10.0, True),
            (5.0, 900.0, 0.0, False),
        ):
            with self.subTest(level=level, book=book):
                self.assertEqual(differs(level, book, limit), differ)
