"""The curve of a dose: kilograms over time as a short text, for a picture. Nothing is decided by it.

Where it gets too long, the point goes without which the line that is drawn changes least: flow and its knees stay.
"""

from collections.abc import Sequence

MOST = 64  # points that are stored: of a picture, nobody sees more
KEPT = 48  # to which they are thinned, so that most looks only add one
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
    rest, _space, end = curve.rpartition(" ")
    [(last, before)] = points(end) or [(0, 0.0)]
    now, pause = max(round(seconds), last), max(interval, 1)
    new = [(now, kilograms)]
    if now == last:
        curve = rest
    elif end and now - last > LATE * pause:
        new.insert(0, (round(now - pause), before))
    curve = _joined(curve, _text(new))
    return curve if curve.count(" ") < MOST else _thinned(curve)


def _joined(*texts: str) -> str:
    return " ".join(text for text in texts if text)


def _text(found: Sequence[Point]) -> str:
    return " ".join(f"{at}:{kg:.7g}" for at, kg in found)


def _thinned(curve: str) -> str:
    found = points(curve)
    while len(found) > KEPT:
        del found[_least(found)]
    return _text(found)


def _least(found: Sequence[Point]) -> int:
    """The point within, without which the line changes least."""
    return min(range(1, len(found) - 1), key=lambda index: _area(*found[index - 1 : index + 2]))


def _area(left: Point, middle: Point, right: Point) -> float:
    """Of the triangle between three points, twice."""
    return abs((middle[0] - left[0]) * (right[1] - left[1]) - (right[0] - left[0]) * (middle[1] - left[1]))
