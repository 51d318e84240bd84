"""The curve of a dose: short whatever comes, and where it is shortened, flow and knees stay."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...plc.curve import KEPT, MOST, extended, points


def drawn(looks, interval=1.0):
    curve = ""
    for seconds, kilograms in looks:
        curve = extended(curve, seconds, kilograms, interval)
    return points(curve)


def at(found, seconds):
    """kg of the line that is drawn."""
    for (left, low), (right, high) in zip(found, found[1:], strict=False):
        if left <= seconds <= right:
            return low + (high - low) * (seconds - left) / (right - left)
    return found[-1][1]


@tagged("post_install", "-at_install")
class TestCurve(BaseCase):
    def test_looks(self):
        """(what is looked at, interval) -> what is drawn."""
        for name, looks, interval, found in (
            ("nothing", [], 1, []),
            ("one", [(0, 0.0)], 1, [(0, 0.0)]),
            ("each look", [(0, 0.0), (1, 2.5), (2, 5.25)], 1, [(0, 0.0), (1, 2.5), (2, 5.25)]),
            ("late, as on a busy machine", [(0, 0.0), (3, 2.5)], 1, [(0, 0.0), (3, 2.5)]),
            ("stood still", [(0, 0.0), (60, 2.5), (61, 5.0)], 1, [(0, 0.0), (59, 0.0), (60, 2.5), (61, 5.0)]),
            ("stood still, seldom looked at", [(0, 0.0), (60, 2.5)], 5, [(0, 0.0), (55, 0.0), (60, 2.5)]),
            ("fell", [(0, 0.0), (1, 40.0), (2, 3.0)], 1, [(0, 0.0), (1, 40.0), (2, 3.0)]),
            ("twice in a second", [(0, 0.0), (1.2, 2.5), (1.4, 3.0)], 0.2, [(0, 0.0), (1, 3.0)]),
            ("clock set back", [(0, 0.0), (9, 2.5), (-3600, 3.0), (10, 4.0)], 5, [(0, 0.0), (9, 3.0), (10, 4.0)]),
            ("clock set back at once", [(-5, 1.0), (-4, 2.0)], 1, [(0, 2.0)]),
            ("a float of the PLC", [(0, 0.0), (1, 0.30000001192092896)], 1, [(0, 0.0), (1, 0.3)]),
            ("much", [(0, 0.0), (1, 123456.78)], 1, [(0, 0.0), (1, 123456.8)]),
            ("tiny", [(0, 0.0), (1, 1e-05)], 1, [(0, 0.0), (1, 1e-05)]),
        ):
            with self.subTest(name):
                self.assertEqual(drawn(looks, interval), found)

    def test_flow_and_knees_stay(self):
        """Coarse flow, then fine: drawn from few points as from a thousand, but for a little."""
        looks = [(second, min(second, 500) + max(0, second - 500) / 20) for second in range(1000)]
        found = drawn(looks)
        self.assertTrue(KEPT <= len(found) <= MOST)
        self.assertEqual((found[0], found[-1]), (looks[0], looks[-1]))
        self.assertLess(max(abs(at(found, second) - kilograms) for second, kilograms in looks), 1.0)

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
    @given(st.lists(st.tuples(st.integers(-10, 90_000), st.floats(0, 999_999)), max_size=120), st.floats(0, 90_000))
    def test_short_whatever_comes(self, looks, interval):
        found = drawn(looks, interval)
        self.assertLessEqual(len(found), MOST)
        self.assertEqual(sorted({seconds for seconds, _kg in found}), [seconds for seconds, _kg in found], "forward in time")
        if looks:
            self.assertAlmostEqual(found[-1][1], looks[-1][1], delta=0.1)
