"""What a PLC reports beside its batches, equipment failures and manual weighings: a pure function decides what to do.

An event appears in a slot of its area with flag 0. Odoo stores it, commits, and only then writes flag 1. The flag has two
writers, and an event may have no number; hence these rules:

* all its words but the flag identify an event. The same words with flag 0, after flag 1 was seen, are another event;
* an event is accepted when two readings in a row agree: a PLC may fill a slot over several scans. What cannot be read in it is
  kept as raw words: an event is never refused for its content, or it would be lost;
* an acknowledgement is repeated only after the PLC had time to show the last one, and no earlier one can still arrive: it would
  hit the next event. Whether the same words then are the same weighing, or a second bag of the same weight, only a person can
  know, unless they contain a date or a number;
* an event with flag 1 that was never stored here is stored: something acknowledged it too early.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, datetime
from typing import Any

from .codec import CodecError, complaint
from .dissect import event_body
from .layout import DATE_ROLES, Layout
from .sentences import _lt
from .steps import Anomaly, Write

NEW, STORED = 0, 1  # values of the flag
OLDEST_YEAR = 2000


@dataclass(frozen=True)
class Last:
    """What the database knows of the newest event of a slot.

    ``body`` are its words, with 0 for the flag. ``acknowledged``: nothing more has to be written for it. ``sent``: its
    acknowledgement may have reached the PLC. ``settled``: the PLC has had its settle time since, and no write can be late.
    """

    id: int
    body: tuple[int, ...]
    acknowledged: bool = False
    sent: bool = False
    settled: bool = True


@dataclass(frozen=True)
class EventStep:
    """One decision about one event slot. Commit what it contains before sending ``write``.

    ``body``: a new event to be stored, with ``values`` by role as far as they can be read, and ``problem``, the part that cannot;
    ``flagged``: its flag was already 1. ``last_id``: the event that is ``acknowledged``, or ``gone`` from the PLC before it
    was, or that appears again and may be another one (``repeated``). ``again``: look once more before deciding.
    """

    kind: str
    slot: int
    body: tuple[int, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    flagged: bool = False
    last_id: int = 0
    acknowledged: bool = False
    gone: bool = False
    repeated: bool = False
    again: bool = False
    write: Write | None = None
    anomaly: Anomaly | None = None


def decide(
    layout: Layout,
    kind: str,
    slot: int,
    words: Sequence[int],
    last: Last | None = None,
    before: tuple[int, ...] | None = None,
) -> EventStep | None:
    """What to do about an event slot.

    :param words: as they were just read
    :param before: the event's words (:func:`~.dissect.event_body`) a scan ago, None if they were not read
    :return: None if there is nothing to do
    """
    body = event_body(layout.area(kind), words)
    flag = _flag(layout, kind, words)
    if flag not in (NEW, STORED):
        return EventStep(kind, slot, anomaly=_wrong_flag(layout, kind, words))
    if not any(body):
        return EventStep(kind, slot, last_id=last.id, gone=True) if last and not (last.acknowledged or last.sent) else None
    if flag == STORED and (last is None or body == last.body):
        return EventStep(kind, slot, last_id=last.id, acknowledged=True) if last and not last.acknowledged else None
    if flag == NEW and last and body == last.body and not last.acknowledged:
        return _same(layout, kind, slot, last)
    if body != before:
        return EventStep(kind, slot, again=True)
    return _new(layout, kind, slot, body, last, flag == STORED)


def _same(layout: Layout, kind: str, slot: int, last: Last) -> EventStep:
    if not last.sent:
        return EventStep(kind, slot, last_id=last.id, write=_acknowledge(layout, kind, slot))
    if not last.settled:
        return EventStep(kind, slot, again=True)
    values, _problem = read_event(layout, kind, last.body)
    repeated = not is_unique(values)
    return EventStep(kind, slot, last_id=last.id, repeated=repeated, write=_acknowledge(layout, kind, slot))


def _new(layout: Layout, kind: str, slot: int, body: tuple[int, ...], last: Last | None, flagged: bool) -> EventStep:
    values, problem = read_event(layout, kind, body)
    return EventStep(
        kind,
        slot,
        body,
        values,
        problem,
        flagged,
        last_id=last.id if last and not last.acknowledged else 0,
        acknowledged=bool(last and not last.acknowledged),  # the PLC has moved on
        write=None if flagged else _acknowledge(layout, kind, slot),
    )


def _flag(layout: Layout, kind: str, words: Sequence[int]) -> int:
    """The flag's value; -1 if its words make no sense."""
    try:
        flag: int = layout.value(kind, words, "event_flag")
    except CodecError:
        return -1
    return flag


def _wrong_flag(layout: Layout, kind: str, words: Sequence[int]) -> Anomaly:
    item = layout.area(kind).field("event_flag")
    held = " ".join(map(str, words[item.offset : item.end]))
    reason = _lt("holds %(found)s where 0 or 1 was expected", found=held)
    return Anomaly("rejected", complaint(item, item.offset, reason), tuple(words), item.offset)


def _acknowledge(layout: Layout, kind: str, slot: int) -> Write:
    """Write the flag alone: everything else in the slot belongs to the PLC."""
    offset, words = layout.words_of(kind, "event_flag", STORED)
    return Write("event", slot, layout.address(kind, slot, offset), tuple(words), layout.area(kind).registers)


# The content of an event


def read_event(layout: Layout, kind: str, words: Sequence[int]) -> tuple[dict[str, Any], str]:
    """The values by role that can be read, and what is wrong with the first that cannot, naming field and word.

    A valid date is returned as ``date``, in the PLC's local time.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for item in sorted(layout.area(kind).fields, key=lambda item: item.offset):
        try:
            values[item.role] = layout.value(kind, words, item.role)
        except CodecError as error:
            problems.append(error.args[0])
    parts = [values.get(role) for role in DATE_ROLES]
    if layout.area(kind).by_role("year"):
        if date := _date(parts):
            values["date"] = date
        else:
            problems.append(_lt("%(parts)s is not a valid date", parts=" ".join(map(str, parts))))  # if they can be read at all
    return values, problems[0] if problems else ""


def _date(parts: Sequence[Any]) -> datetime | None:
    """None for an invalid date, and for years before such PLCs existed: a clock that was never set."""
    try:
        date = datetime(*parts)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if OLDEST_YEAR <= date.year < MAXYEAR else None  # in the last year a time zone could lead past the end


def is_unique(values: Mapping[str, Any]) -> bool:
    """No other event can have the same words: they contain the second at which it happened, or its number."""
    return "date" in values or bool(values.get("event_number"))
