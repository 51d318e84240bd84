"""A table that a person pasted: of a spreadsheet, a CSV file, or what a PLC's tool exports; read row by row.

Columns are found by their headings, in any order. What a table has no column for stays as the layout has it: a list of tags knows
no scales. Nothing is guessed that two readings of a cell would make different: then the row has a problem, a sentence for people.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .codec import TYPES
from .layout import AREA_NAMES, AREAS, Layout
from .register_table import Row, TableError, locate, read_address, unsafe
from .sentences import Sentence, _lt

MOST_IN_A_CELL = 10_000  # characters
MOST_ROWS = 2000  # more than all areas can have fields
MOST_CHARACTERS = 1_000_000
MOST = 2**31 - 1  # what the database's integer holds
# column -> headings of tools and spreadsheets, besides the layout's own labels, as fold() makes them
HEADINGS = {
    "area": ("area",),
    "name": ("name", "symbol", "symbolname", "tag", "tagname", "variable", "variablename", "field"),
    "role": ("role",),
    "offset": ("offset", "word"),
    "address": ("address", "logicaladdress", "absoluteaddress", "at", "register", "addressinslot1"),
    "type": ("type", "datatype"),
    "words": ("words",),
    "scale": ("scale", "factor"),
    "lines": ("lines",),
    "step": ("step",),
    "value": ("firstvalue", "value"),
    "unit": ("unit",),
    "minimum": ("minimum", "min"),
    "maximum": ("maximum", "max"),
}
WHOLE = ("offset", "words", "lines", "step", "value")
NUMBERS = (*WHOLE, "scale", "minimum", "maximum")
# what tools call types, besides our own names
TOOL_TYPES = {
    "uint": "uint16", "word": "uint16", "int": "int16", "udint": "uint32", "dword": "uint32", "dint": "int32", "ulint": "uint64",
    "lword": "uint64", "lint": "int64", "real": "float32", "float": "float32", "lreal": "float64", "double": "float64",
    "boolean": "bool", "uintbcd": "bcd", "wordbcd": "bcd",
}  # fmt: skip
TEXT = re.compile(r"(?i)string\s*[\[(]\s*([0-9]{1,4})\s*[\])]")
ARRAY = re.compile(r"(?i)array\s*\[\s*([0-9]{1,6})\s*\.\.\s*([0-9]{1,6})\s*\]\s*of\s+(word|uint|int|char|byte)")
DECLARED = re.compile(r"(?i)\s*(?P<name>\w+)\s+AT\s*(?P<address>%?[\w.#]+)\s*:\s*(?P<type>[^;:]+?)\s*(:=[^;]*)?;.*")
BESIDE = re.compile(r"(?i)\s*((VAR|END_VAR|TYPE|END_TYPE)\w*\b.*|\(\*.*\*\)|//.*|\{.*\})?\s*")  # declares nothing
NUMBER = re.compile(r"([+-]?)([0-9]+(?:[.,][0-9]+)*)(?:[eE]([+-]?[0-9]{1,2}))?")
BLANKS = str.maketrans("", "", " \u00a0\u202f\u2009'’_")  # thousands separators that are no sign of a decimal


@dataclass(frozen=True)
class Known:
    """What the reader of a table knows of the layout that it is for.

    :param rows: its fields as they are
    :param headings: column -> what people read above it, in each of their languages
    :param areas, roles, types: what people read -> technical name
    """

    layout: Layout
    rows: Sequence[Row]
    protocol: str
    notation: str
    headings: Mapping[str, Iterable[str]]
    areas: Mapping[str, str]
    roles: Mapping[str, str]
    types: Mapping[str, str]


@dataclass(frozen=True)
class Read:
    """What was understood of the row that begins in a line of the text, from 1. Area and role of ``row`` are empty if unknown."""

    line: int
    row: Row
    problems: tuple[Sentence, ...] = ()


def fold(text: str) -> str:
    """Names are compared by their letters and digits."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def read(text: str, known: Known) -> list[Read]:
    """The rows of a table, in its order.

    :raise TableError: if it is none
    """
    lines, columns = _cells(text.removeprefix("\ufeff"), known)
    reader = _Reader(known, columns)
    return reader.completed([reader.understood(line, cells) for line, cells in lines])


# From text to cells


def _cells(text: str, known: Known) -> tuple[list[tuple[int, dict[str, str]]], set[str]]:
    """(line, column -> text) of each row, and the columns.

    :raise TableError: if there are none
    """
    if len(text) > MOST_CHARACTERS:
        raise TableError(_lt("The text is too long: paste the table of one layout."))
    if "\0" in text:
        raise TableError(_lt("The text has characters that no table has. Copy the cells again."))
    if not text.strip():
        raise TableError(_lt("Paste a table first."))
    lines = text.splitlines()
    if any(map(DECLARED.fullmatch, lines[:MOST_ROWS])):
        found = list(_declared(lines))
        columns = {"name", "address", "type"}
    else:
        found, columns = _table(text, known)
    if len(found) > MOST_ROWS:
        raise TableError(_lt("The table has more than %(most)s rows.", most=MOST_ROWS))
    return found, columns


def _declared(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Declarations of structured text."""
    for number, line in enumerate(lines, 1):
        if declared := DECLARED.fullmatch(line):
            yield number, {name: declared[name] for name in ("name", "address", "type")}
        elif not BESIDE.fullmatch(line):
            yield number, {"name": line.strip()[:100], "address": "", "type": ""}


def _table(text: str, known: Known) -> tuple[list[tuple[int, dict[str, str]]], set[str]]:
    records = _records(text)
    try:
        _number, heads = next(records)
        places = _places(heads, known)
        found = []
        for number, record in records:
            if max(map(len, record)) > MOST_IN_A_CELL:  # of all rows up to the next quote; Odoo has lifted the module's own limit
                raise csv.Error
            found.append((number, {column: unsafe(record[at]).strip() for column, at in places.items() if at < len(record)}))
            if len(found) > MOST_ROWS:
                break
    except csv.Error as error:
        raise TableError(_lt("The text is no table: a cell of it does not end.")) from error
    if not found:
        raise TableError(_lt("The table has headings, but no rows."))
    return found, set(places)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the line in which it begins."""
    head = next(line for line in text.splitlines() if line.strip())
    delimiter = next((sign for sign in "\t;," if sign in head), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begin = 1
    for record in reader:
        if any(cell.strip() for cell in record):
            yield begin, record
        begin = reader.line_num + 1


def _places(heads: Sequence[str], known: Known) -> dict[str, int]:
    """Column -> its place.

    :raise TableError: if two mean the same, or what a row needs is missing
    """
    columns = {fold(text): column for column, texts in HEADINGS.items() for text in (column, *texts)}
    columns |= {fold(text): column for column, texts in known.headings.items() for text in texts}
    found: dict[str, int] = {}
    for at, head in enumerate(heads):
        column = columns.get(fold(unsafe(head)))
        if column and column in found:
            told = {"first": heads[found[column]].strip(), "second": head.strip()}
            raise TableError(_lt('The columns "%(first)s" and "%(second)s" mean the same: leave one out.', **told))
        if column:
            found[column] = at
    named = "name" in found or "role" in found
    if not named or not ("address" in found or {"area", "offset"} <= set(found)):
        raise TableError(
            _lt("The first line must have the headings of the columns: Name, Type and Address, or Area, Name, Offset and Type.")
        )
    return found


# From cells to rows


class _Reader:
    def __init__(self, known: Known, columns: set[str]):
        self.known = known
        self.columns = columns
        self.areas = _folded(known.areas, AREAS)
        self.roles = _folded(known.roles, known.roles.values())
        self.types = {**_folded(known.types, TYPES), **TOOL_TYPES}
        self.named = {(row.area, fold(row.name)): row.role for row in known.rows}

    def understood(self, line: int, cells: Mapping[str, str]) -> Read:
        problems: list[Sentence] = []
        values: dict[str, Any] = {}
        for column in NUMBERS:
            if cells.get(column):
                values |= _attempt(problems, lambda column=column: {column: _number_of(column, cells[column])})
        area, offset = self._place(cells, values.get("offset"), problems)
        values |= {"area": area, "offset": offset, "unit": cells.get("unit", "")}
        unknown = {"type": ""} if "type" in self.columns else {}
        values |= _attempt(problems, lambda: self._type(cells.get("type", ""), values)) or unknown
        values["role"] = self._role(area, cells, problems)
        values["name"] = cells.get("name") or values["role"] or "?"
        problems += _senseless(values)
        return Read(line, Row(**values), tuple(problems))

    def _place(self, cells: Mapping[str, str], offset: int | None, problems: list[Sentence]) -> tuple[str, int]:
        """Area and first word, by the address or by both columns; they must not differ."""
        area = ""
        if told := cells.get("area"):
            area = self.areas.get(fold(told), "")
            if not area or not self.known.layout.has(area):
                problems.append(_lt('The layout has no area "%(area)s".', area=told[:100]))
                return "", offset or 0
        if cells.get("offset") and offset is None:
            return area, 0  # it has its problem already, and a person enters the right one
        if cells.get("address"):
            place = _attempt(problems, lambda: dict([self._located(cells["address"], area)]))
            for found, word in place.items():
                if offset not in (None, word):
                    problems.append(
                        _lt(
                            "%(address)s is word %(word)s of the slot, but the offset is %(offset)s: leave out the column that "
                            "is not right.",
                            address=cells["address"],
                            word=word,
                            offset=offset,
                        )
                    )
                return found, word if offset is None else offset
        elif offset is None:
            problems.append(_lt("It has no address."))
        elif not area:
            problems.append(_lt("It has no area."))
        return area, offset or 0

    def _located(self, text: str, area: str) -> tuple[str, int]:
        """
        :raise TableError: if the address is in no first slot, or it can be in two areas
        """
        found = locate(self.known.layout, read_address(text, self.known.protocol, self.known.notation))
        found = [place for place in found if place[0] == area] if area else found
        if not found:
            where = AREA_NAMES[area] if area else _lt("any area")
            raise TableError(_lt("%(address)s is not in %(area)s of the layout.", address=text, area=where))
        if len(found) > 1:
            raise TableError(_lt("%(address)s can be in two memories: add a column Area.", address=text))
        [(kind, slot, offset)] = found
        if slot > 1:
            raise TableError(_lt("%(address)s is in slot %(slot)s, but the table is that of slot 1.", address=text, slot=slot))
        return kind, offset

    def _type(self, text: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """
        :raise TableError: for a type that no field can have
        """
        if not text:
            if "type" in self.columns:
                raise TableError(_lt("It has no type."))
            return {}
        name = self.types.get(fold(text))
        if name:
            return {"type": name, "words": values.get("words", 1) if name == "ascii" else 1}
        if words := self._text_words(text):
            return {"type": "ascii", "words": words}
        raise TableError(_lt('No field has the type "%(type)s".', type=text[:100]))

    def _text_words(self, text: str) -> int:
        """How many words a tool's text or array takes; 0 if it is none.

        :raise TableError: for S7's String, which begins with two bytes that are no text
        """
        if named := TEXT.fullmatch(text):
            if self.known.protocol == "s7":
                raise TableError(_lt("An S7 String begins with its length: use an Array of Char."))
            return -(-int(named[1]) // 2)
        if named := ARRAY.fullmatch(text):
            count = int(named[2]) - int(named[1]) + 1
            return max(0, -(-count // 2) if named[3].lower() in ("char", "byte") else count)
        return 0

    def _role(self, area: str, cells: Mapping[str, str], problems: list[Sentence]) -> str:
        if told := cells.get("role"):
            if fold(told) not in self.roles:
                problems.append(_lt('There is no role "%(role)s".', role=told[:100]))
            return self.roles.get(fold(told), "")
        name = fold(cells.get("name", ""))
        bare = name.rstrip("0123456789")
        for candidate in (name, bare, bare.removeprefix(area), bare.removeprefix("area")):
            role = self.named.get((area, candidate)) or self.roles.get(candidate)
            if role:
                return role
        return ""

    # What the table has no column for

    def completed(self, found: list[Read]) -> list[Read]:
        """The rows, with what the layout has already."""
        rows = {id(item): item.row for item in found}
        by_role: dict[tuple[str, str], list[Read]] = defaultdict(list)
        for item in sorted(found, key=lambda item: item.row.offset):
            if item.row.role:
                by_role[item.row.area, item.row.role].append(item)
        for (area, role), items in by_role.items():
            before = sorted((row for row in self.known.rows if (row.area, row.role) == (area, role)), key=lambda row: row.offset)
            alone = len(items) == 1 == len(before)
            line = 0
            for item in items:
                row = rows[id(item)] = self._completed(item.row, before, line, alone)
                line += row.lines
        return [replace(item, row=rows[id(item)]) for item in found]

    def _completed(self, row: Row, before: Sequence[Row], line: int, alone: bool) -> Row:
        """
        :param before: the rows of its role in the layout
        :param line: its own first line among those of its role
        :param alone: there is one of them before, and one now
        """
        old = None
        for candidate in before:
            if line < candidate.lines:
                old = candidate
                break
            line -= candidate.lines
        if not old:
            return row
        kept: dict[str, Any] = {name: getattr(old, name) for name in ("type", "scale", "unit", "minimum", "maximum")}
        kept["value"] = old.value and old.value + line
        kept |= {"lines": old.lines, "step": old.step} if alone else {}
        kept = {name: value for name, value in kept.items() if name not in self.columns}
        same = kept.get("type", row.type) == old.type
        if same and (old.type != "ascii" or "words" not in self.columns and row.words == 1):
            kept["words"] = old.words  # a number's says nothing
        return replace(row, **kept)


def _folded(labels: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Label, without brackets behind it, too, or technical name -> technical name."""
    short = {fold(re.sub(r"\s*\(.*\)$", "", label)): name for label, name in labels.items()}
    return {**short, **{fold(name): name for name in names}, **{fold(label): name for label, name in labels.items()}}


def _attempt(problems: list[Sentence], what: Any) -> dict[str, Any]:
    """What a function returns; nothing, and its problem, if it raises one."""
    try:
        found: dict[str, Any] = what()
        return found
    except TableError as error:
        problems.append(error.args[0])
        return {}


def _senseless(values: Mapping[str, Any]) -> Iterator[Sentence]:
    """Problems of numbers that no field can have."""
    least = {"offset": 0, "words": 1, "lines": 1, "step": 0}
    for name, low in least.items():
        if values.get(name, low) < low:
            yield _lt("%(column)s must be at least %(least)s.", column=TITLES[name], least=low)
    if not values.get("scale", 1) > 0:
        yield _lt("The scale must be above 0: enter 1 for a number that is not scaled.")


TITLES = {
    "offset": _lt("Offset"),
    "words": _lt("Words"),
    "lines": _lt("Lines"),
    "step": _lt("Step"),
    "value": _lt("First Value"),
    "scale": _lt("Scale"),
    "minimum": _lt("Minimum"),
    "maximum": _lt("Maximum"),
}


# Numbers


def _number_of(column: str, text: str) -> float:
    """
    :raise TableError: if it is none, or none of the column's
    """
    number = to_number(text)
    if number is None:
        raise TableError(_lt('%(column)s: "%(text)s" is not a number.', column=TITLES[column], text=text[:100]))
    if column not in WHOLE:
        return number
    if number != int(number) or abs(number) > MOST:
        raise TableError(_lt('%(column)s: "%(text)s" is not a whole number.', column=TITLES[column], text=text[:100]))
    return int(number)


def to_number(text: str) -> float | None:
    """A number with point or comma before its decimals, and with or without signs between its thousands; None if it is none.

    :raise TableError: for one that is another number in another country, such as 100,000
    """
    found = NUMBER.fullmatch(text.translate(BLANKS))
    if not found:
        return None
    sign, digits, exponent = found.groups()
    whole, decimals = _parts(digits, text)
    return None if whole is None else float(f"{sign}{whole}.{decimals or 0}e{exponent or 0}")


def _parts(digits: str, text: str) -> tuple[str | None, str]:
    """What stands before the decimals, and these; None: the signs are where no number has them."""
    marks = re.findall("[.,]", digits)
    if not marks:
        return digits, ""
    last = marks[-1]
    head, _mark, tail = digits.rpartition(last)
    if len(marks) == 1:
        _refuse_two_readings(head, last, tail, text)
        return head, tail
    if len(set(marks)) == 1:  # only thousands are parted more than once
        return _joined(digits, last), ""
    return (None if last in head else _joined(head, marks[0])), tail


def _joined(digits: str, mark: str) -> str | None:
    groups = digits.split(mark)
    if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 or not group.isdigit() for group in groups[1:]):
        return None
    return "".join(groups)


def _refuse_two_readings(head: str, mark: str, tail: str, text: str) -> None:
    """With a point only where the last digit is a zero that no program writes behind decimals.

    :raise TableError: for 100,000 and 1.500
    """
    if len(tail) == 3 and len(head) <= 3 and not head.startswith("0") and (mark == "," or tail.endswith("0")):
        told = {"text": text.strip()[:100], "whole": head + tail, "part": f"{head}.{tail.rstrip('0') or '0'}"}
        raise TableError(_lt('"%(text)s" can be %(whole)s or %(part)s: write one of them.', **told))
