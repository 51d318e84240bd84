"""A PLC's clock: what it shows, and how far it is off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import dropwhile, islice

from .events import read_event
from .layout import CLOCK, Layout
from .sentences import Sentence, _lt

NOTICEABLE = 5  # seconds: a smaller change of the drift is not worth a write
AGREEING = 2  # seconds between two readings of one clock: it shows whole seconds, and the wire takes time
NO_OFFSET = timedelta()
UNITS: tuple[tuple[Callable[[int], Sentence], int], ...] = (
    (lambda count: _lt("%(count)s d", count=count), 86400),
    (lambda count: _lt("%(count)s h", count=count), 3600),
    (lambda count: _lt("%(count)s min", count=count), 60),
    (lambda count: _lt("%(count)s s", count=count), 1),
)


@dataclass(frozen=True)
class Reading:
    """By how many seconds a clock is ahead (behind: negative); or ``problem``: why it cannot be told, with its ``words``."""

    drift: int = 0
    problem: str = ""
    words: tuple[int, ...] = ()

    def agrees(self, other: "Reading") -> bool:
        """Both show the same. A PLC that fills its clock over several scans shows a wrong time between two minutes."""
        return bool(self.problem) == bool(other.problem) and abs(self.drift - other.drift) <= AGREEING


def read_clock(layout: Layout, words: Sequence[int], zone: tzinfo, now: datetime) -> Reading:
    """What the words of a layout's clock area mean.

    :param zone: the clock's time zone
    :param now: the moment at which they were read, in UTC, without time zone
    """
    values, problem = read_event(layout, CLOCK, words)
    if "date" in values:
        return Reading(drift(values["date"], zone, now))
    return Reading(problem=problem, words=tuple(words))


def drift(local: datetime, zone: tzinfo, now: datetime) -> int:
    """Seconds by which a clock that shows ``local`` is ahead of ``now`` (UTC).

    In the hour that occurs twice when summer time ends, the interpretation with the smaller drift wins.
    """
    ahead = local - now.replace(microsecond=0)
    shown = [ahead - (local.replace(tzinfo=zone, fold=fold).utcoffset() or NO_OFFSET) for fold in (0, 1)]
    return min((round(each.total_seconds()) for each in shown), key=abs)


def has_moved(before: float, now: float, limit: int) -> bool:
    """Whether the drift changed noticeably.

    The threshold is coarser than the jitter of a clock with whole seconds, so an alarm at ``limit`` seconds does not flutter.
    """
    return abs(now - before) >= (max(AGREEING, min(NOTICEABLE, limit / 2)) if limit else NOTICEABLE)


def duration(seconds: float) -> Sentence:
    """A length of time for people, in its two largest units, e.g. ``1 h 15 min``."""
    parts, rest = [], abs(round(seconds))
    for unit, length in UNITS:
        count, rest = divmod(rest, length)
        parts.append((count, unit))
    largest = islice(dropwhile(lambda part: not part[0], parts), 2)
    told = [unit(count) for count, unit in largest if count]
    if len(told) == 2:
        return Sentence("%(larger)s %(smaller)s", {"larger": told[0], "smaller": told[1]})
    return told[0] if told else UNITS[-1][0](0)
