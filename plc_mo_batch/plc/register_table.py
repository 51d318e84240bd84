"""A layout as a table, with the absolute addresses that the programmer's tool shows.

A :class:`Row` is a field as the layout stores it, its lines included. An address is text: Modbus's in the notation that the
layout chooses, FINS's as CX-Programmer and Sysmac Studio write it, S7's as TIA Portal, OPC UA's as an index of its node.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .codec import FORMATS
from .layout import HOLDING, INPUT, Layout
from .sentences import Sentence, _lt

ZERO, ONE, MODICON = "zero", "one", "modicon"
NOTATIONS = (ZERO, ONE, MODICON)  # of Modbus; the other protocols have one
WORDS = 0x10000  # that a memory can have: what a request can name
LEADS = {HOLDING: 4, INPUT: 3}  # the first digit of a Modicon address
MODICON_SIX, MODICON_FIVE = 100000, 10000  # what the first digit counts in a Modicon address of six and of five digits
NODE = "NODE"
SIZES = {1: "W", 2: "D"}  # what S7 calls so many words; any other length begins at a byte
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes a text that begins so for a formula
EXAMPLES = {
    "modbus": {ZERO: "7000", ONE: "7001", MODICON: "407001"},
    "fins": dict.fromkeys(NOTATIONS, "D7000"),
    "s7": dict.fromkeys(NOTATIONS, "DB10.DBW14000"),
    "opcua": dict.fromkeys(NOTATIONS, "ns=2;s=Mo[7000]"),
}


class TableError(ValueError):
    """What is written in a table cannot be meant; ``args[0]`` is a :class:`~.sentences.Sentence`."""


@dataclass(frozen=True)
class Row:
    """One field of an area as it is stored: ``lines`` of it, ``step`` words apart, the first at ``offset``.

    ``value`` 0: any; ``minimum`` and ``maximum`` both 0: no limits.
    """

    area: str
    role: str
    name: str
    offset: int
    type: str = "uint16"
    words: int = 1
    scale: float = 1.0
    lines: int = 1
    step: int = 0
    value: int = 0
    unit: str = ""
    minimum: float = 0.0
    maximum: float = 0.0

    @property
    def length(self) -> int:
        """Words of one line."""
        return length(self.type, self.words)

    @property
    def last_offset(self) -> int:
        """The first word of its last line."""
        return self.offset + (self.lines - 1) * self.step


@dataclass(frozen=True)
class Place:
    """A word of a memory, counted from 0 as the protocol does; ``registers`` is empty where an address does not name a memory."""

    registers: str
    word: int


def length(type_: str, words: int) -> int:
    """Words that a value of a type takes; those of a text are ``words``."""
    return FORMATS[type_][1] if type_ in FORMATS else words


def protocol_of(registers: str) -> str:
    """The protocol whose memory this is: the name of a :class:`~.wire.Family`."""
    memory, _blank, _node = registers.partition(" ")
    if memory in LEADS:
        return "modbus"
    return "opcua" if memory == NODE else "s7" if memory.startswith("DB") else "fins"


# Addresses


def written(registers: str, word: int, words: int = 1, notation: str = ZERO) -> str:
    """The address of a word, which the protocol counts from 0, as the programmer's tool shows it; empty where a memory has none.

    :param words: how many the value there takes: S7 names its length
    """
    if not 0 <= word < WORDS:
        return ""
    memory, _blank, node = registers.partition(" ")
    if memory == NODE:
        return f"{node}[{word}]"
    if memory in LEADS:
        begin = {ZERO: 0, ONE: 1, MODICON: LEADS[memory] * MODICON_SIX + 1}
        return str(begin[notation] + word)
    if memory.startswith("DB"):
        return f"{memory}.DB{SIZES.get(words, 'B')}{2 * word}"
    bank = memory[1:]
    return f"E{int(bank):X}_{word}" if memory.startswith("E") else f"{memory}{word}"


def read_address(text: str, protocol: str, notation: str = ZERO) -> Place:
    """What :func:`written` wrote, or a tool: leading zeros, ``%`` and small letters are as good, Modicon's five digits, and the
    word memory of IEC 61131-3 (``%MW7000``) for holding registers.

    :raise TableError: if it is none of the protocol, or no whole word
    """
    found = READERS[protocol](text.strip(), notation)
    if not found:
        example = EXAMPLES[protocol][notation]
        raise TableError(_lt('"%(text)s" is not an address, such as %(example)s.', text=text.strip(), example=example))
    if not 0 <= found.word < WORDS:
        raise TableError(_lt("%(text)s lies outside the memory.", text=text.strip()))
    return found


def _half(byte: int, text: str) -> int:
    """
    :raise TableError: for a byte in which no word begins
    """
    if byte % 2:
        raise TableError(_lt("%(text)s is in the middle of a word.", text=text))
    return byte // 2


def _refuse_bits(text: str) -> None:
    """
    :raise TableError: for what looks like the address of a bit
    """
    if BIT.search(text):
        raise TableError(_lt("%(text)s is a bit, but each field takes whole words.", text=text))


BIT = re.compile(r"(?i)X\d+|\d\.\d+$")
IEC = re.compile(r"(?i)%?M([BWDL])(\d+)")
IEC_BYTES = {"B": 1, "W": 2, "D": 4, "L": 8}


def _modbus(text: str, notation: str) -> Place | None:
    _refuse_bits(text)
    if named := IEC.fullmatch(text):
        size, number = named.groups()
        return Place(HOLDING, _half(IEC_BYTES[size.upper()] * int(number), text))
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    number = int(text)
    if modicon := _modicon(number, text, notation):
        return modicon
    return None if notation == MODICON else Place("", number - (notation == ONE))


def _modicon(number: int, text: str, notation: str) -> Place | None:
    """Six digits are Modicon's whatever the notation, as no register has such a number; five only where it is chosen."""
    counted = MODICON_SIX if len(text) == 6 else MODICON_FIVE if len(text) == 5 and notation == MODICON else 0
    if not counted:
        return None
    lead, rest = divmod(number, counted)
    return next((Place(memory, rest - 1) for memory, digit in LEADS.items() if digit == lead), None)


def _fins(text: str, _notation: str) -> Place | None:
    _refuse_bits(text)
    if banked := re.fullmatch(r"(?i)%?E([0-9A-F]{1,2})_([0-9]{1,9})", text):
        return Place(f"E{int(banked[1], 16)}", int(banked[2]))
    if named := re.fullmatch(r"(?i)%?(DM?|W|H|CIO|)([0-9]{1,9})", text):
        return Place(named[1].upper().replace("DM", "D"), int(named[2]))
    return None


def _s7(text: str, _notation: str) -> Place | None:
    if area := re.fullmatch(r"(?i)P#DB([0-9]{1,5})\.DBX([0-9]{1,9})\.0(\s.*)?", text):  # the pointer to an area begins with a bit
        return Place(f"DB{int(area[1])}", _half(int(area[2]), text))
    _refuse_bits(text)
    if named := re.fullmatch(r"(?i)%?DB([0-9]{1,5})\.DB[BWD]([0-9]{1,9})", text):
        return Place(f"DB{int(named[1])}", _half(int(named[2]), text))
    return None


def _opcua(text: str, _notation: str) -> Place | None:
    if named := re.fullmatch(r"(.+)\[([0-9]{1,9})\]", text):
        return Place(f"{NODE} {named[1]}", int(named[2]))
    return Place("", int(text)) if re.fullmatch(r"[0-9]{1,9}", text) else None


READERS: Mapping[str, Callable[[str, str], Place | None]] = {"modbus": _modbus, "fins": _fins, "s7": _s7, "opcua": _opcua}


def locate(layout: Layout, place: Place) -> list[tuple[str, int, int]]:
    """(area, slot, offset) of a word; of each memory that can be meant, if the place names none. Empty: it is in no slot."""
    found = {}
    for area in sorted(layout.areas, key=lambda area: area.base):
        beyond = place.word - layout.address(area.kind, 1)
        if place.registers in ("", area.registers) and 0 <= beyond < layout.count(area.kind) * area.stride:
            found[area.registers] = area.kind, beyond // area.stride + 1, beyond % area.stride
    return list(found.values())


# Files


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula; :func:`unsafe` takes the apostrophe off again."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULAS) else text


def unsafe(text: str) -> str:
    """What was given to :func:`safe`."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULAS) else text


def plain(number: float) -> str:
    """A number as any spreadsheet takes it: no thousands separators, a point, no exponent unless it is very large or small."""
    return f"{number:.15g}"


def to_csv(headings: Sequence[str], rows: Iterable[Sequence[str | float]]) -> str:
    """RFC 4180; texts are made :func:`safe`, numbers :func:`plain`."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([safe(heading) for heading in headings])
    writer.writerows([safe(cell) if isinstance(cell, str) else plain(cell) for cell in row] for row in rows)
    return file.getvalue()


def name_of(notation: str, protocol: str) -> Sentence:
    """How the addresses of a table are written, for its head."""
    if protocol == "modbus":
        return NAMES[notation]
    return OTHER_NAMES.get(protocol, Sentence(""))


NAMES = {
    ZERO: _lt("Modbus, counted from 0"),
    ONE: _lt("Modbus, counted from 1"),
    MODICON: _lt("Modbus, Modicon's six digits"),
}
OTHER_NAMES = {
    "fins": _lt("Omron's memories"),
    "s7": _lt("data blocks, in bytes"),
    "opcua": _lt("index of the node's array"),
}
