"""A short, read-only visit to a PLC: does it answer, and does what it shows fit the layout? And what manners does it need?"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from .dissect import Part, dissect, is_empty
from .layout import SHOWN_AREAS, Layout
from .signature import ABSENT, ELSEWHERE, WRONG, Finding, search
from .wire import BEYOND, Endpoint, LinkError, Manners, Wire
from .wires import opened


@dataclass(frozen=True)
class Look:
    """The result of a visit.

    :param words: (area, slot) -> the words of the slot, as far as time allowed
    :param error: what ended the visit early, or None
    :param reachable: a connection was made
    :param round_trip: median seconds from a request to its answer; 0 if nothing was answered
    :param lacks: the first refusal of a slot after the first one, or of an event area or clock, that the device does not have;
        what else it has was read
    :param signature: what the signature in the feedback of slot 1 shows; None if there is none in the layout, or it was not read
    """

    layout: Layout
    words: dict[tuple[str, int], tuple[int, ...]]
    error: LinkError | None = None
    reachable: bool = False
    round_trip: float = 0.0
    signature: Finding | None = None
    lacks: LinkError | None = None

    @property
    def answers(self) -> bool:
        """The PLC itself replied, if only with a refusal."""
        return bool(self.words) or self.reachable and self.error is not None and self.error.kind in ("exception", "reply")

    @property
    def symptom(self) -> tuple[str, str]:
        """Kind and cause of what ended the visit early; empty if nothing did."""
        return (self.error.kind, self.error.cause) if self.error else ("", "")

    @property
    def fault(self) -> LinkError | None:
        """Why something was not read, but for a lack of time."""
        return self.error or self.lacks

    @property
    def is_complete(self) -> bool:
        """Every slot of all areas was read."""
        return len(self.words) == len(list(_places(self.layout)))

    @property
    def proves_nothing(self) -> bool:
        """All slots are empty, and no signature is shown: any address and any word order would look the same."""
        if self.signature and self.signature.kind != ABSENT:
            return False
        slots = [place for place in self.words if place[0] in ("recipe", "feedback")]
        return all(is_empty(self.layout.area(kind), self.words[kind, slot]) for kind, slot in slots)

    @property
    def is_misplaced(self) -> bool:
        """The signature is shown, and not as the layout says."""
        return bool(self.signature and self.signature.kind in (ELSEWHERE, WRONG))

    @property
    def fits(self) -> bool:
        """Something was read, and all of it fits the layout."""
        return bool(self.words) and not self.fault and not self.is_misplaced and not next(self.problems(), None)

    def parts(self, kind: str, slot: int) -> list[Part]:
        """A slot that was read, field by field."""
        return dissect(self.layout, kind, self.words[kind, slot], slot)

    def problems(self) -> Iterator[tuple[str, int, Part]]:
        """(area, slot, first part that does not fit the layout) of each slot that has one."""
        for kind, slot in self.words:
            wrong = next((part for part in self.parts(kind, slot) if part.error), None)
            if wrong:
                yield kind, slot, wrong


def look(endpoint: Endpoint, layout: Layout, seconds: float) -> Look:
    """Read each slot of all areas in turn, until all are read or ``seconds`` have passed since the connection was made: before it
    a library may have to be loaded. Never raises, whatever the PLC does.

    A slot that the device does not have keeps none of the others from being read, as it keeps none from being served.
    """
    words: dict[tuple[str, int], tuple[int, ...]] = {}
    times: list[float] = []
    reachable, failure, found, gone = False, None, None, _Gone()
    try:
        with opened(endpoint, layout.handshake) as wire:
            reachable, until = True, time.monotonic() + seconds
            for kind, slot in filter(gone.has, _places(layout)):
                begin = time.monotonic()
                if begin > until:
                    break
                with gone.noted(wire, kind, slot):
                    words[kind, slot] = wire.read_words(*layout.request(kind, slot))
                times.append(time.monotonic() - begin)
            if ("feedback", 1) in words:
                found = search(wire, layout, words["feedback", 1])
    except LinkError as error:
        failure = error
    read = {place: own for place, own in words.items() if gone.has(place)}
    return Look(layout, read, failure, reachable, statistics.median(times) if times else 0.0, found, gone.refusal)


class _Gone:
    """From which slot on a device has none: of recipe and feedback together, and of each other area."""

    def __init__(self) -> None:
        self.first: dict[str, int] = {}
        self.refusal: LinkError | None = None

    def has(self, place: tuple[str, int]) -> bool:
        kind, slot = place
        return slot < self.first.get(_pair(kind), slot + 1)

    @contextmanager
    def noted(self, wire: Wire, kind: str, slot: int) -> Iterator[None]:
        """A refusal here is no fault of the visit, but for that of the first slot: then the addresses are wrong."""
        try:
            yield
        except LinkError as error:
            if (error.kind, error.cause) != ("exception", BEYOND) or (_pair(kind), slot) == ("slots", 1):
                raise
            self.first[_pair(kind)] = slot
            self.refusal = self.refusal or error
            wire.close()  # a refusal ends the connection
            wire.open()


def _pair(kind: str) -> str:
    return "slots" if kind in ("recipe", "feedback") else kind


def _places(layout: Layout) -> Iterator[tuple[str, int]]:
    for slot in range(1, layout.slots + 1):
        yield "recipe", slot
        yield "feedback", slot
    yield from layout.event_places
    for kind in SHOWN_AREAS:
        if layout.has(kind):
            yield kind, 1


# Manners of a device that a fault suggests, in the order in which they are tried
MEND: dict[tuple[str, str], tuple[dict[str, Any], ...]] = {
    ("timeout", ""): ({"connect_pause": 0.5}, {"connect_pause": 1.0}),
    ("reset", ""): ({"connect_pause": 0.5}, {"connect_pause": 1.0}),
    ("timeout", "later"): ({"request_pause": 0.05}, {"request_pause": 0.3}, {"connect_each": True}),
    ("reset", "later"): ({"connect_each": True}, {"request_pause": 0.05}),
    ("reply", "unit"): ({"any_unit": True},),
    ("reply", "no_transaction"): ({"no_transaction": True},),
}
PROBE_TIMEOUT = 1.0  # seconds for each answer while manners are tried


def find_manners(endpoint: Endpoint, layout: Layout, first: Look, seconds: float) -> tuple[Manners, Look]:
    """Try what could help against the fault that ended a look. A device may have several manners: what gets it further is kept,
    and the next fault is looked at. Only reads.

    :param first: the look that failed
    :param seconds: about how long it may take
    :return: the manners with which the device answers, and what it showed then; those of the endpoint and ``first`` if none helps
    """
    until = time.monotonic() + seconds
    endpoint = replace(endpoint, timeout=min(endpoint.timeout, PROBE_TIMEOUT))
    tried = endpoint.manners, first
    while tried[1].error:
        better = next((found for found in _attempts(endpoint, layout, *tried, until) if _is_further(found[1], tried[1])), None)
        if not better:
            return endpoint.manners, first
        tried = better
    return tried


def _attempts(endpoint: Endpoint, layout: Layout, manners: Manners, seen: Look, until: float) -> Iterator[tuple[Manners, Look]]:
    """What each mend of the fault that ended a look gives, as long as there is time."""
    for mend in MEND.get(seen.symptom, ()):
        changed = replace(manners, **mend)
        left = until - time.monotonic()
        if changed != manners and left > 0:
            yield changed, look(replace(endpoint, manners=changed), layout, left)


def _is_further(seen: Look, before: Look) -> bool:
    """More was read, or another fault came."""
    return len(seen.words) > len(before.words) or seen.symptom != before.symptom


def find_most(endpoint: Endpoint, layout: Layout, seconds: float) -> int:
    """The most registers of one read that the device answers, up to what the layout's slots need; 0: it answers none."""
    until = time.monotonic() + seconds
    low, high = 0, max(area.extent for area in layout.areas) + 1
    while high - low > 1 and time.monotonic() <= until:
        middle = (low + high) // 2
        if _answers(endpoint, layout, middle):
            low = middle
        else:
            high = middle
    return low


def _answers(endpoint: Endpoint, layout: Layout, count: int) -> bool:
    try:
        with opened(endpoint, layout.handshake) as wire:
            wire.read_words(layout.address("feedback", 1), count, layout.area("feedback").registers)
    except LinkError:
        return False
    return True
