"""What the PLC's sensors say lies in its silos: beside the books, and never instead of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .codec import CodecError, Field, complaint
from .layout import LEVEL, ROLES_OF_AREA, Layout
from .sentences import Sentence, _lt

NOTICEABLE = 0.001  # of the larger of two levels: a smaller change is not worth a write


@dataclass(frozen=True)
class Level:
    """How much a sensor says is in the equipment with this ``code``, in the layout's unit; or ``problem``: why nobody knows."""

    code: int
    value: float = 0.0
    problem: str | Sentence = ""


def read_levels(layout: Layout, words: Sequence[int]) -> list[Level]:
    """The levels in the words of a layout's level area, in the order of its rows; each row is believed by itself.

    A row without equipment (code 0) is left out. A number that is none, a negative one (beyond the scale's drift) and one outside
    the field's limits is a problem; so is equipment that two rows name: nobody knows which of them is right.
    """
    found: dict[int, Level] = {}
    for level in _rows(layout, words):
        if level.code in found:
            level = Level(level.code, problem=_lt("equipment %(code)s is in two rows", code=level.code))
        found[level.code] = level
    return list(found.values())


def _rows(layout: Layout, words: Sequence[int]) -> Iterator[Level]:
    fields = layout.read_as(LEVEL)
    codes, levels = (sorted((item for item in fields if item.role == name), key=_line) for name in ROLES_OF_AREA[LEVEL])
    for code, level in zip(codes, levels, strict=True):
        try:
            number = code.value or layout.value_of(code, words[code.offset : code.end])
        except CodecError:
            continue  # it names no equipment
        if number:
            yield _level(layout, int(number), level, words)


def _line(item: Field) -> int:
    return item.index


def _level(layout: Layout, code: int, item: Field, words: Sequence[int]) -> Level:
    try:
        return Level(code, float(layout.value_of(item, words[item.offset : item.end])))
    except CodecError as error:
        return Level(code, problem=complaint(item, item.offset, error.reason))


def has_changed(before: float, now: float) -> bool:
    """Whether a level is another one, and not the noise of its sensor."""
    return abs(now - before) > NOTICEABLE * max(abs(now), abs(before))


def differs(level: float, book: float, limit: float) -> bool:
    """Whether sensor and books are further apart than the limit; 0: there is none."""
    return bool(limit) and abs(level - book) > limit
