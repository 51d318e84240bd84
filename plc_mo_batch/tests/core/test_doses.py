"""What a silo can weigh: every dose within its limits and in its steps, and not a gram lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...plc.doses import LEAST, MOST, STEP, Scale, Silo, choose, is_too_small, parts_needed, round_all, split

GRAM = 1000


def grams(least, most):
    return st.integers(least, most).map(lambda number: number / GRAM)


def same(one, other):
    return abs(one - other) < 0.1 / GRAM


def is_multiple(amount, step):
    return not step or round(amount * GRAM) % round(step * GRAM) == 0


amounts = grams(0, 2_000_000)
none = st.just(0.0)
scales = st.builds(
    Scale, none | grams(1, 50_000), none | grams(50_000, 900_000), st.sampled_from([0, 0.001, 0.02, 0.5, 0.3, 5])
).filter(Scale.is_possible)
silos = st.builds(Silo, scales, st.one_of(st.none(), grams(-1000, 2_000_000)))


@tagged("post_install", "-at_install")
class TestScale(BaseCase):
    def test_limits(self):
        scale = Scale(least=0.5, most=100.0, step=0.1)
        for dose, fault in (
            (0, ""), (0.02, LEAST), (0.49, LEAST), (0.5, ""), (0.55, STEP), (33.3, ""), (100.0, ""), (100.05, MOST), (1000, MOST),
        ):  # fmt: skip
            with self.subTest(dose=dose):
                self.assertEqual(scale.fault(dose), fault)
                self.assertEqual(Scale().fault(dose), "", "no limits")

    def test_possible(self):
        for scale, possible in (
            (Scale(), True), (Scale(1, 0, 5), True), (Scale(1, 4, 5), False), (Scale(1, 5, 5), True), (Scale(6, 9, 5), False),
            (Scale(2, 1), False), (Scale(0, 0.4, 0.5), False), (Scale(0, 0.000001), True),
        ):  # fmt: skip
            with self.subTest(scale=scale):
                self.assertEqual(scale.is_possible(), possible)

    def test_rounded(self):
        for dose, rounded in ((33.33, 33.5), (33.2, 33.0), (33.25, 33.5), (0.0, 0.0), (0.1, 0.5), (99.9, 99.5)):
            with self.subTest(dose=dose):
                self.assertEqual(Scale(0.1, 99.9, 0.5).rounded(dose), rounded)

    @given(amounts, scales)
    def test_what_is_rounded_can_be_weighed(self, dose, scale):
        if scale.fault(dose) in ("", STEP):
            rounded = scale.rounded(dose)
            self.assertEqual(scale.fault(rounded), "")
            self.assertTrue(abs(rounded - dose) < max(scale.step, 0.001) + 1e-9)


@tagged("post_install", "-at_install")
class TestChoose(BaseCase):
    def test_silos_of_one_place_have_it_together(self):
        for level, scale, expected in (
            (700, Scale(), [(0, 600)]),
            (400, Scale(), [(0, 600)]),  # not 400 and 200: there are no more than 400
            (700, Scale(most=400), [(0, 400), (1, 200)]),
            (500, Scale(most=400), [(0, 600)]),
        ):
            with self.subTest(level=level, scale=scale):
                self.assertEqual(choose(600, [Silo(scale, level, 7), Silo(scale, level, 7)]), expected)

    def parts(self, dose, *levels, may_split=True, scale=None):
        return choose(dose, [Silo(scale or Scale(), level) for level in levels], may_split)

    def test_table(self):
        for levels, may_split, expected in (
            ((None, None), True, [(0, 600)]),  # nobody knows: the first
            ((700, 700), True, [(0, 600)]),
            ((600, 700), True, [(0, 600)]),  # to the last kilogram
            ((200, 700), True, [(0, 200), (1, 400)]),
            ((200, 700), False, [(1, 600)]),  # the layout has no line for the other
            ((200, None), True, [(0, 200), (1, 400)]),
            ((0, 700), True, [(1, 600)]),
            ((-40, 700), True, [(1, 600)]),  # the books are behind
            ((200, 100, 700), True, [(0, 200), (2, 400)]),  # over two, not over three
            ((0, 200, 700), True, [(1, 200), (2, 400)]),
            ((200, 100), True, [(0, 600)]),  # a level that is wrong never blocks
            ((0, 0), True, [(0, 600)]),
        ):
            with self.subTest(levels=levels, may_split=may_split):
                self.assertEqual(self.parts(600, *levels, may_split=may_split), expected)

    def test_parts_can_be_weighed(self):
        scale = Scale(least=50, most=500, step=20)
        self.assertEqual(self.parts(600, 590, 700, scale=scale), [(0, 500), (1, 100)], "more than one of them doses")
        self.assertEqual(self.parts(400, 390, 700, scale=scale), [(0, 340), (1, 60)], "the second part is not too small")
        self.assertEqual(self.parts(400, 30, 700, scale=scale), [(1, 400)], "the first part would be")
        self.assertEqual(self.parts(1200, None, None, scale=scale), [(0, 1200)], "no two of them dose it: that is told")

    def test_no_level_suffices(self):
        """The first that can weigh it; it may be split unless somebody says no."""
        small = Silo(Scale(most=500), 0)
        self.assertEqual(choose(600, [small, Silo(level=0), Silo(level=0)]), [(1, 600)])
        self.assertEqual(choose(600, [small, small]), [(0, 600)])
        self.assertEqual(choose(600, [Silo(level=200), Silo()]), [(0, 200), (1, 400)])

    def test_split_to_the_last_grain(self):
        """In millionths, which no step makes coarser; nothing is no part."""
        for level, rest, parts in (
            (3, None, (3, 2)),
            (1, None, (1, 4)),
            (5, None, (4, 1)),
            (9, None, (4, 1)),
            (3, 2, (3, 2)),
            (3, 1, None),
        ):
            with self.subTest(level=level, rest=rest):
                found = split(5e-6, Silo(level=level * 1e-6), Silo(level=rest and rest * 1e-6))
                self.assertEqual(found and tuple(round(part * 1e6) for part in found), parts)
        self.assertIsNone(split(5e-6, Silo(level=0), Silo()))

    @given(amounts, st.lists(silos, min_size=1, max_size=4), st.booleans())
    @settings(max_examples=200)
    def test_nothing_is_lost(self, dose, among, may_split):
        parts = choose(dose, among, may_split)
        self.assertTrue(same(sum(part for _place, part in parts), dose))
        self.assertEqual(len({place for place, _part in parts}), len(parts))
        self.assertLessEqual(len(parts), 2 if may_split else 1)
        if len(parts) == 2:
            for place, part in parts:
                self.assertGreater(part, 0)
                self.assertTrue(among[place].has(part))
                self.assertTrue(among[place].can_weigh(part))
            self.assertTrue(is_multiple(parts[0][1], among[parts[0][0]].scale.step))
        if any(silo.has(dose) and silo.can_weigh(dose) for silo in among):
            self.assertTrue(all(among[place].can_weigh(part) and among[place].has(part) for place, part in parts))

    @given(amounts, silos, silos)
    @settings(max_examples=200)
    def test_a_dose_in_steps_is_split_in_steps(self, dose, first, second):
        dose = second.scale.rounded(dose)
        if parts := split(dose, first, second):
            self.assertTrue(is_multiple(parts[0], first.scale.step))
            self.assertTrue(is_multiple(parts[1], second.scale.step))


@tagged("post_install", "-at_install")
class TestRoundAll(BaseCase):
    def test_the_filler_takes_the_rest(self):
        doses = [(600.0, Scale()), (352.25, Scale(step=0.5)), (33.3, Scale(step=0.2)), (14.45, Scale())]
        self.assertEqual(round_all(doses, 0), [599.65, 352.5, 33.4, 14.45])

    @given(st.lists(st.tuples(amounts, scales), min_size=1, max_size=15), st.data())
    @settings(max_examples=200)
    def test_sums_are_kept(self, doses, data):
        doses = [(dose, scale if scale.fault(dose) in ("", STEP) else Scale()) for dose, scale in doses]
        filler = data.draw(st.integers(0, len(doses) - 1))
        rounded = round_all(doses, filler)
        self.assertTrue(same(sum(rounded), sum(dose for dose, _scale in doses)))
        for place, (amount, (_dose, scale)) in enumerate(zip(rounded, doses, strict=True)):
            if place != filler:
                self.assertEqual(scale.fault(amount), "", "not below the least, not above the most, in steps")


@tagged("post_install", "-at_install")
class TestParts(BaseCase):
    def test_table(self):
        big, small = (600.0, Scale(most=250.0)), (3.0, Scale(least=1.0))
        for doses, least_parts, expected in (
            ([], 2, 2),
            ([(600.0, Scale())], 1, 1),
            ([big], 1, 3),
            ([big], 4, 4),
            ([big, small], 1, 3),
            ([big, (2.0, Scale(least=1.0))], 1, 1),  # in three parts the small one could not be weighed
            ([big, (0.5, Scale(least=1.0))], 1, 3),  # it cannot be weighed in one part either
            ([big, (1.5, Scale(least=1.0))], 2, 3),  # nor in two
        ):
            with self.subTest(doses=doses, least_parts=least_parts):
                self.assertEqual(parts_needed(doses, least_parts), expected)

    @given(st.lists(st.tuples(amounts, scales), max_size=8), st.integers(1, 9))
    @settings(max_examples=200)
    def test_parts_can_be_weighed(self, doses, least_parts):
        parts = parts_needed(doses, least_parts)
        self.assertGreaterEqual(parts, least_parts)
        self.assertFalse(is_too_small(doses, 1 / parts, 1 / least_parts))
        if parts > least_parts:
            for dose, scale in doses:
                self.assertNotEqual(scale.fault(dose / parts), MOST)
