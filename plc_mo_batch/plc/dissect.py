"""The words of a slot taken apart for people: field by field, without ever refusing the whole slot.

The reconciler accepts a slot whole or not at all. To find out why it rejects one, a person needs to see each word.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .codec import CodecError, Field, complaint
from .layout import EVENT_AREAS, SHOWN_AREAS, SIGNATURE, Area, Layout
from .sentences import Number, Sentence, _lt


@dataclass(frozen=True)
class Part:
    """A stretch of a slot: a field, or (``field`` None) words that no field uses.

    ``value`` is None if the words do not match the field; then ``error`` completes "<field> ...".
    """

    offset: int
    words: tuple[int, ...]
    field: Field | None = None
    value: Any = None
    error: str = ""

    @property
    def problem(self) -> str:
        """The error as messages show it, naming field and word; empty if there is none."""
        return complaint(self.field, self.offset, self.error) if self.field and self.error else ""


def dissect(layout: Layout, kind: str, words: Sequence[int], slot: int | None = None) -> list[Part]:
    """The parts of a slot, by offset. Never raises, whatever the words are.

    :param kind: the area that the words are from
    :param slot: the slot's number; None if not known: then any number is accepted
    """
    area = layout.area(kind)
    empty = is_empty(area, words)
    slot = None if kind in EVENT_AREAS else slot  # a weighing names the slot of its batch, not its own
    area = replace(area, fields=layout.read_as(kind))
    return [_part(layout, stretch, words, slot, empty) for stretch in _stretches(area, len(words))]


@dataclass(frozen=True)
class Difference:
    """A field that the PLC shows otherwise than it was written: ``sent`` and ``found`` as values, or as raw words."""

    field: Field
    sent: Any
    found: Any

    @property
    def sentence(self) -> Sentence:
        """For people."""
        told = {"field": self.field.label, "word": self.field.offset, "sent": self.sent, "found": self.found}
        return _lt("%(field)s (word %(word)s): %(sent)s was written, %(found)s came back", **told)


def difference(layout: Layout, kind: str, sent: Sequence[int], found: Sequence[int], offset: int) -> Difference | None:
    """The first field in which what was written is not what is read back; None if all is.

    :param sent: the words that were written
    :param found: the words of the whole slot, as read back
    :param offset: where in the slot the first of ``sent`` belongs
    """
    intended = (*found[:offset], *sent, *found[offset + len(sent) :])
    if intended == tuple(found):  # as nearly always; to take both apart costs as much as all else of an exchange
        return None
    for before, after in zip(dissect(layout, kind, intended), dissect(layout, kind, found), strict=True):
        if before.field and before.words != after.words:
            return Difference(before.field, _told(before), _told(after))
    return None


def _told(part: Part) -> Any:
    if part.value is None or part.value == "":  # an empty text may have the rest of an older one behind it
        return Sentence(" ".join(map(str, part.words)))
    return part.value if isinstance(part.value, str) else Number(f"{part.value:.15g}")


def is_empty(area: Area, words: Sequence[int]) -> bool:
    """Recipe and feedback: no batch, slot number and order name are all zero. Events: everything but the flag is zero. Clock and
    levels: everything is zero."""
    if area.kind in EVENT_AREAS:
        return not any(event_body(area, words))
    if area.kind in SHOWN_AREAS:
        return not any(words)
    return not any(any(words[item.offset : item.end]) for role in ("slot", "order") for item in area.by_role(role))


def event_body(area: Area, words: Sequence[int]) -> tuple[int, ...]:
    """What identifies an event: its words, with 0 for its flag."""
    flag = area.field("event_flag")
    return (*words[: flag.offset], *[0] * flag.length, *words[flag.end :])


def fits(layout: Layout, kind: str, words: Sequence[int]) -> bool:
    """The words may be a slot of this area: their number is what one request reads."""
    return any(area.kind == kind for area in layout.areas) and len(words) == layout.codec(kind).words


def _stretches(area: Area, count: int) -> Iterator[Field | tuple[int, int]]:
    """The fields of an area, and (first word, word after the last) of each gap."""
    position = 0
    for item in sorted(area.fields, key=lambda item: item.offset):
        if item.offset > position:
            yield position, min(item.offset, count)
        yield item
        position = max(position, item.end)
    if count > position:
        yield position, count


def _part(layout: Layout, stretch: Field | tuple[int, int], words: Sequence[int], slot: int | None, empty: bool) -> Part:
    if isinstance(stretch, tuple):
        return Part(stretch[0], tuple(words[slice(*stretch)]))
    own = tuple(words[stretch.offset : stretch.end])
    try:
        value = _value(layout, stretch, own)
        error = _contradiction(stretch, value, slot, empty)
    except CodecError as refusal:
        value, error = None, refusal.reason
    except struct.error:
        value, error = None, _lt("holds a value that does not fit in a register")
    return Part(stretch.offset, own, stretch, None if error else value, error)


def _value(layout: Layout, item: Field, words: tuple[int, ...]) -> Any:
    if len(words) < item.length:
        raise CodecError(item, _lt("is missing"))
    return layout.value_of(item, words)


def _contradiction(item: Field, value: Any, slot: int | None, empty: bool) -> str:
    """What is wrong with a value although its words can be read; empty if nothing."""
    expected = slot if item.role == "slot" else item.value
    if expected is None or value == expected or (not value and (empty or item.role in ("slot", SIGNATURE))):
        return ""
    return _lt("holds %(found)s where %(expected)s was expected", found=value, expected=expected)
