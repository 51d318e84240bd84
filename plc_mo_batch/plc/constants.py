"""A layout as constants of a PLC program, so that nobody types a number of it twice.

Addresses and offsets count words, as the layout does. Comments hold the layout's own names, which anybody may have chosen:
nothing in them ends a comment or a line.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from .codec import Field
from .layout import AREAS, Area, Layout

ST, SCL, OMRON = "st", "scl", "omron"
DIALECTS = (ST, SCL, OMRON)
ENDINGS = {ST: "st", SCL: "scl", OMRON: "txt"}  # of the files
# what IEC 61131-3 and these dialects have for whole numbers, the narrowest first
TYPES = {
    ST: (("INT", 0x8000), ("DINT", 0x80000000)),
    SCL: (("Int", 0x8000), ("DInt", 0x80000000)),
    OMRON: (("INT", 0x8000), ("DINT", 0x80000000)),
}
LONGEST_NAME = 32  # characters, fewer than any of these tools takes


@dataclass(frozen=True)
class Constant:
    """One number of a layout; ``comment`` is the layout's name of it."""

    name: str
    value: int
    comment: str = ""


def constants(layout: Layout) -> list[Constant]:
    """All numbers of a layout. Word ``o`` of slot ``n`` of an area is at ``Address + (n - 1) * Stride + o``.

    Names begin with the area, and are unique whatever case a tool heeds: ``RecipeAddress``, ``RecipeStride``, ``RecipeWords``,
    ``RecipeSlots``, then each field by its role, or by its name where it has none. A repeated field also has the number of its
    lines and the words from one to the next, if they lie evenly; else each of its lines has a constant.
    """
    found: list[Constant] = []
    for kind in AREAS:
        if layout.has(kind):
            found += _of_area(layout, layout.area(kind))
    return _distinct(found)


def _of_area(layout: Layout, area: Area) -> Iterator[Constant]:
    begin = _word(area.kind)
    address = layout.address(area.kind, 1)
    yield Constant(f"{begin}Address", address, f"{area.registers}: word {address}")
    yield Constant(f"{begin}Stride", area.stride, "words from one slot to the next")
    yield Constant(f"{begin}Slots", layout.count(area.kind), "slots")
    yield Constant(f"{begin}Words", area.extent, "words of a slot")
    for items in _lines(area):
        yield from _of_field(begin, items)


def _lines(area: Area) -> list[list[Field]]:
    """The fields, each with all its lines."""
    found: dict[tuple[str, str], list[Field]] = {}
    for item in sorted(area.fields, key=lambda item: item.offset):
        found.setdefault((item.role, "" if item.role else str(item.label)), []).append(item)
    return [sorted(items, key=lambda item: item.index) for items in found.values()]


def _of_field(begin: str, items: list[Field]) -> Iterator[Constant]:
    first = items[0]
    name = begin + (_word(first.role) or _word(str(first.label)) or "Field")
    steps = {after.offset - before.offset for before, after in pairwise(items)}
    if len(steps) > 1:
        for item in items:
            yield Constant(f"{name}{item.index + 1}", item.offset, _described(item))
    else:
        yield Constant(name, first.offset, _described(first))
    if len(items) > 1:
        yield Constant(f"{name}Lines", len(items), "lines")
    if len(steps) == 1:
        yield Constant(f"{name}Step", steps.pop(), "words from one line to the next")
    for item in items:
        if item.value is not None:
            number = str(item.index + 1) if len(items) > 1 else ""
            yield Constant(f"{name}Value{number}", item.value, f"16#{item.value:0{4 * item.length}X}")


def _described(item: Field) -> str:
    return f"{item.label}: {item.type}" + (f", {item.length} words" if item.length > 1 else "")


def _word(text: str) -> str:
    """A name as an identifier of any PLC: letters and digits of ASCII, each word with a capital."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(part[:1].upper() + part[1:] for part in re.findall("[A-Za-z0-9]+", plain))


def _distinct(found: list[Constant]) -> list[Constant]:
    """The same with names that are short enough and occur once."""
    taken: set[str] = set()
    named = []
    for constant in found:
        name, number = constant.name[:LONGEST_NAME], 1
        while name.lower() in taken:
            number += 1
            name = f"{constant.name[: LONGEST_NAME - len(str(number)) - 1]}_{number}"
        taken.add(name.lower())
        named.append(Constant(name, constant.value, constant.comment))
    return named


def text(layout: Layout, dialect: str) -> str:
    """The constants as a PLC's tool takes them: structured text of IEC 61131-3 (CODESYS, TwinCAT), the section of an SCL block
    (TIA Portal), or the rows of a table of variables (Sysmac Studio).

    :param dialect: one of :data:`DIALECTS`
    """
    rows = [(constant, _type(constant, dialect)) for constant in constants(layout)]
    if dialect == OMRON:
        # name, type, initial value, AT, retain, constant, comment
        table = ["\t".join((row.name, kind, str(row.value), "", "False", "True", _comment(row.comment))) for row, kind in rows]
        return "\n".join([*table, ""])
    begin = "VAR_GLOBAL CONSTANT" if dialect == ST else "VAR CONSTANT"
    lines = [f"    {row.name} : {kind} := {row.value};{_remark(row.comment, dialect)}" for row, kind in rows]
    return "\n".join([begin, *lines, "END_VAR", ""])


def _type(constant: Constant, dialect: str) -> str:
    """The narrowest type that keeps it; types with a sign, which every CPU has and takes for an index."""
    return next(name for name, limit in TYPES[dialect] if -limit <= constant.value < limit)


def _remark(comment: str, dialect: str) -> str:
    return f"  // {_comment(comment)}" if dialect == SCL else f"  (* {_comment(comment)} *)"


def _comment(text: str) -> str:
    """On one line, and without what could end it."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(kept.replace("*", " ").replace("(", "[").replace(")", "]").split())
