"""The curve of a dose: kilograms over time as a short text, for a picture. Nothing is decided by it.

Where it gets too long, the point goes without which the line that is drawn changes least: flow and its knees stay.
"""

from collections.abc import Sequence

MOST = 48  # points: of a picture, nobody sees more
LATE = 3  # intervals without a change, after which an amount stood still instead of rising slowly

Point = tuple[int, float]  # seconds since the start, kg


def points(curve: str) -> list[Point]:
    """The points of ``curve``, by time."""
    pairs = (pair.split(":") for pair in curve.split())
    return [(int(seconds), float(kilograms)) for seconds, kilograms in pairs]


def extended(curve: str, seconds: float, kilograms: float, interval: float) -> str:
    """``curve`` with what was seen now.

    :param seconds: since the start. A clock that was set back counts as standing still
    :param interval: seconds between two looks
    """
    found = points(curve)
    last, before = found[-1] if found else (0, 0.0)
    now = max(round(seconds), last)
    if found and now == last:
        found.pop()
    elif found and now - last > LATE * max(interval, 1):
        found.append((round(now - max(interval, 1)), before))
    found.append((now, kilograms))
    while len(found) > MOST:
        del found[_least(found)]
    return " ".join(f"{at}:{kg:.7g}" for at, kg in found)


def _least(found: Sequence[Point]) -> int:
    """The point within, without which the line changes least."""
    return min(range(1, len(found) - 1), key=lambda index: _area(*found[index - 1 : index + 2]))


def _area(left: Point, middle: Point, right: Point) -> float:
    """Of the triangle between three points, twice."""
    return abs((middle[0] - left[0]) * (right[1] - left[1]) - (right[0] - left[0]) * (middle[1] - left[1]))
