"""What the mill reports beside its batches: equipment failures, and manual weighings.

Its area shows one event at a time. The next one follows once Odoo has set the flag of the previous one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from . import encoding
from .clock import clock_image

FAILURE_BASE, WEIGHING_BASE = 8000, 9000
NEW, STORED = 0, 1
FAILURES = (
    ("101", "GATE BLOCKED"),
    ("104", "MOTOR OVERLOAD"),
    ("114", "PUMP PRESSURE"),
    ("MIXER", "DOOR NOT CLOSED"),
)


@dataclass
class Failure:
    """``equipment`` and ``text``: at most 16 ascii characters are shown. ``at``: the PLC's local time, None without a clock."""

    equipment: str
    text: str
    at: datetime | None

    def image(self, _area: EventArea) -> list[int]:
        """The words before the flag."""
        date = [0] * 6
        if self.at:
            date = clock_image(self.at)
        return encoding.text_to_words(self.equipment) + encoding.text_to_words(self.text) + date

    def scanned(self) -> list[int]:
        """Nothing is scanned."""
        return []

    def record(self) -> dict[str, Any]:
        """For the ledger."""
        return {"equipment": self.equipment, "text": self.text, "at": self.at.isoformat(" ") if self.at else None}


@dataclass
class Weighing:
    """``kg`` of the product with ``number``, for the batch in ``slot``; what the scanner at the scale read is shown after the
    flag, where a layout may have it."""

    slot: int
    order: str
    number: int
    kg: float
    code: str = ""
    lot: str = ""

    def image(self, area: EventArea) -> list[int]:
        """The words before the flag."""
        to_words = encoding.float_to_words if area.is_float else encoding.kg_to_words
        name = encoding.text_to_words(self.order, area.order_words)
        return [self.slot, *name, self.number, *to_words(min(self.kg, encoding.MAX_KG), area.word_order)]

    def scanned(self) -> list[int]:
        """The words after the flag."""
        return encoding.text_to_words(self.code) + encoding.text_to_words(self.lot)

    def record(self) -> dict[str, Any]:
        """For the ledger."""
        return {name: value for name, value in asdict(self).items() if value != ""}


class EventArea:
    """The words of one event slot at ``base``, and the events that wait to be shown there.

    ``shown``: the event in the slot, which waits for its flag; a stored event stays there until the next one.
    """

    def __init__(self, memory: list[int], base: int, order_words: int, word_order: str, is_float: bool):
        self.memory = memory
        self.base = base
        self.order_words = order_words
        self.word_order = word_order
        self.is_float = is_float
        self.shown: Failure | Weighing | None = None
        self.waiting: list[Failure | Weighing] = []

    def scan(self) -> Failure | Weighing | None:
        """Go on to the next event if the shown one is stored; return the event that Odoo has just stored, if any."""
        stored = None
        if self.shown and self.memory[self.base + len(self.shown.image(self))] == STORED:
            stored, self.shown = self.shown, None
        elif not self.shown and self.waiting:
            self.shown = self.waiting.pop(0)
            image = [*self.shown.image(self), NEW, *self.shown.scanned()]
            self.memory[self.base : self.base + len(image)] = image
        return stored

    def forget(self) -> None:
        """Forget everything, as after a memory loss."""
        self.shown, self.waiting = None, []

    def to_json(self) -> dict[str, Any]:
        """Plain values, for ``from_json``; the words are in the mill's memory."""
        return {"shown": self.shown and self.shown.record(), "waiting": [event.record() for event in self.waiting]}

    def from_json(self, values: dict[str, Any]) -> None:
        """Continue from the state in ``values``."""
        self.shown = values["shown"] and _event(values["shown"])
        self.waiting = [_event(record) for record in values["waiting"]]


def _event(record: dict[str, Any]) -> Failure | Weighing:
    if "number" in record:
        return Weighing(**record)
    return Failure(**{**record, "at": datetime.fromisoformat(record["at"]) if record["at"] else None})
