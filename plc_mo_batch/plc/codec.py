"""Words <-> values.

A Modbus register is a 16-bit word. A slot's words become values through one precompiled ``struct.Struct``
(2 microseconds for 39 fields, where a conversion field by field costs 90). The rules come from the field:

* scaled integers are rounded half up, never truncated (a truncating encoder wrote 3329 for 33.30);
* integers of 64 bits go through no float, which has 53: none of their bits is lost;
* a value is refused, never clipped, when it does not fit its words;
* what was read is refused, never repaired, when it cannot be what its type says (a status word 0x8200 is not "true").
"""

import math
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from operator import itemgetter
from typing import Any

from .sentences import Number, Sentence, _lt

# type -> (struct code, words); ascii takes its length from the field
FORMATS = {
    "bool": ("H", 1),
    "uint16": ("H", 1),
    "int16": ("h", 1),
    "bcd": ("H", 1),
    "uint32": ("I", 2),
    "int32": ("i", 2),
    "uint64": ("Q", 4),
    "int64": ("q", 4),
    "float32": ("f", 2),
    "float64": ("d", 4),
}
MAX_FLOAT = sys.float_info.max
RANGES: dict[str, tuple[float, float]] = {
    "bool": (0, 1),
    "uint16": (0, 0xFFFF),
    "int16": (-0x8000, 0x7FFF),
    "bcd": (0, 9999),
    "uint32": (0, 0xFFFFFFFF),
    "int32": (-0x80000000, 0x7FFFFFFF),
    "uint64": (0, 0xFFFFFFFFFFFFFFFF),
    "int64": (-0x8000000000000000, 0x7FFFFFFFFFFFFFFF),
    "float32": (-(2 - 2**-23) * 2.0**127, (2 - 2**-23) * 2.0**127),
    "float64": (-MAX_FLOAT, MAX_FLOAT),
}
TYPES = (*FORMATS, "ascii")
FLOATS = ("float32", "float64")
BCDS = ("bcd",)  # each hexadecimal digit of the words is a decimal digit of the number
WIDE = ("uint64", "int64")  # more bits than a float keeps
EXACT_IN_FLOATS = 10**15  # steps that a float distinguishes; wide integers beyond that are read as Decimal
DIVISION = Context(prec=28, rounding=ROUND_DOWN)  # down: the largest number of steps must not round up beyond what can be written
WORD_ORDERS = ("high", "low")
PADDING = b" \xff"  # what PLCs fill a text up with, besides NUL
FILLING = PADDING + b"\0"
TEXT_ORDERS = ("same", "high", "low")  # which byte of a word a text has first; same: as numbers
# 33.295 * 100 is 3329.4999999999995 in binary; a few units in the last place more, and it rounds to 3330 as on paper
NUDGE = 1 + 4e-16


class CodecError(ValueError):
    """A value does not fit its words, or words are not what their type says.

    ``field`` is the :class:`Field`, ``reason`` a short phrase that completes "<field> (word <n>) ...".
    """

    def __init__(self, field: "Field", reason: Sentence):
        self.field = field
        self.reason = reason
        super().__init__(complaint(field, field.offset, reason))


@dataclass(frozen=True)
class Field:
    """One value in a slot.

    :param role: what the value is for the handshake and the recipe, e.g. ``order`` or ``line_quantity``
    :param offset: its first word, counted from the start of the slot, from 0
    :param type: one of :data:`TYPES`
    :param words: how many words an ascii text takes (2 characters per word); numbers have a fixed length
    :param scale: the integer on the wire is ``value * scale``
    :param index: its line of the recipe, from 0; 0 for a value that occurs once per slot
    :param value: the constant that must be here (an equipment code), or None
    :param minimum, maximum: limits of a plausible value, in its own unit, or None
    :param unit: the unit of the value, for people
    :param drift: how far below zero a quantity may be to be read as zero, as an empty scale drifts; None: negative numbers are
        left to ``minimum``
    """

    role: str
    offset: int
    type: str = "uint16"
    words: int = 1
    scale: float = 1
    index: int = 0
    value: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    name: str = ""
    unit: str = ""
    drift: float | None = None

    @property
    def length(self) -> int:
        """Number of words that the field takes."""
        return self.words if self.type == "ascii" else FORMATS[self.type][1]

    @property
    def end(self) -> int:
        """The first word after the field."""
        return self.offset + self.length

    @property
    def label(self) -> Sentence:
        """The name in messages."""
        return self.name if isinstance(self.name, Sentence) else Sentence(self.name or self.role)


def complaint(field: Field, offset: int, reason: str) -> Sentence:
    """What is wrong with a field whose first word is ``offset``."""
    return _lt("%(field)s (word %(word)s) %(reason)s", field=field.label, word=offset, reason=reason)


def _bcd_to_int(word: int) -> int:
    digits = f"{word:04x}"
    if not digits.isdecimal():
        raise ValueError(_lt("holds %(word)s, which is not a valid BCD number", word=f"0x{word:04X}"))
    return int(digits)


def _ascii_to_str(raw: bytes) -> str:
    """The text before the first NUL, without what fills it up: an IEC string ends there, and the rest of an older text may stand
    behind it. Behind an empty one that must be text: a number whose high byte is zero is none."""
    own, _end, rest = raw.partition(b"\0")
    text = own.rstrip(PADDING).decode("latin-1")
    if not _is_printable(text) or not (own or _is_printable(rest.translate(None, FILLING).decode("latin-1"))):
        raise ValueError(_lt("holds bytes that are not printable ASCII text"))
    return text


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _bool(word: int) -> bool:
    if word > 1:
        raise ValueError(_lt("holds %(word)s (%(hex)s), but only 0 or 1 is allowed", word=word, hex=f"0x{word:04X}"))
    return word == 1


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(_lt("does not hold a number (NaN or infinite)"))
    return value


Read = Callable[[Any], Any]
Write = Callable[[Any], Any]


def _reader(field: Field) -> Read | None:
    """The function that turns the result of struct into a value of the field, or None if it already is one."""
    plain: dict[str, Read] = {
        "bool": _bool,
        "ascii": _ascii_to_str,
        **dict.fromkeys(BCDS, _bcd_to_int),
        **dict.fromkeys(FLOATS, _finite),
    }
    read = plain.get(field.type)
    if field.type == "ascii":
        return read
    scaled = field.scale != 1 and field.type != "bool"
    limited = field.minimum is not None or field.maximum is not None
    number = _number_reader(field, read) if scaled or limited else read
    return number if field.drift is None else _without_drift(field, field.drift, number)


def _without_drift(field: Field, drift: float, read: Read | None) -> Read:
    """Reads what is a little below zero as zero. What is further below is left to the field's minimum, or else refused."""
    plain = read or _as_it_is
    free = _reader(replace(field, drift=None, minimum=None)) or _as_it_is

    def convert(raw: Any) -> Any:
        if raw >= 0:  # False for NaN
            return plain(raw)
        value = free(raw)
        if value >= -drift:
            return plain(0)  # which its own minimum may refuse
        if field.minimum is None:
            raise _below(value, -drift or 0.0)
        return plain(raw)

    return convert


def _as_it_is(raw: Any) -> Any:
    return raw


def _number_reader(field: Field, read: Read | None) -> Read:
    scale = _scale(field)
    bottom = -math.inf if field.minimum is None else field.minimum
    top = math.inf if field.maximum is None else field.maximum

    def convert(raw: Any) -> Any:
        value = raw / scale if scale != 1 else raw
        if bottom <= value <= top:
            return value
        raise _beyond(value, bottom, top)

    exact = Decimal(str(scale))

    def convert_wide(raw: int) -> float | Decimal:
        value = raw / scale if -EXACT_IN_FLOATS <= raw <= EXACT_IN_FLOATS else DIVISION.divide(Decimal(raw), exact)
        if bottom <= value <= top:
            return value
        raise _beyond(value, bottom, top)

    if field.type in WIDE and scale != 1:
        return convert_wide
    if read is None:
        return convert
    if field.type in FLOATS:
        return lambda raw: _finite(convert(read(raw)))
    return lambda raw: convert(read(raw))


def _beyond(value: Any, bottom: float, top: float) -> ValueError:
    if value < bottom:
        return _below(value, bottom)
    return ValueError(_lt("holds %(value)s, more than %(limit)s", value=_shown(value), limit=_shown(top)))


def _below(value: Any, bottom: float) -> ValueError:
    return ValueError(_lt("holds %(value)s, less than %(limit)s", value=_shown(value), limit=_shown(bottom)))


class SlotCodec:
    """All fields of a slot in one area, compiled.

    :param fields: the fields, in any order, without overlaps
    :param word_order: ``high`` if the high word of a number comes first, else ``low``
    :param swap_bytes: True for a device that puts the low byte of each word first
    :param text_order: which byte of a word has the first character, one of :data:`TEXT_ORDERS`
    """

    def __init__(self, fields: Iterable[Field], word_order: str = "high", swap_bytes: bool = False, text_order: str = "same"):
        if word_order not in WORD_ORDERS or text_order not in TEXT_ORDERS:
            raise ValueError(f"unknown word order {word_order!r}{text_order!r}")
        self._swaps_text = text_order != "same" and (text_order == "low") != swap_bytes
        self.fields = tuple(sorted(fields, key=lambda field: field.offset))
        self.words = self.fields[-1].end if self.fields else 0
        self._pack_words = struct.Struct(f"{'<' if swap_bytes else '>'}{self.words}H")
        self._values = struct.Struct(">" + "".join(self._formats()))
        self._order = self._permutation() if word_order == "low" else None
        readers = [(position, self._read_of(field)) for position, field in enumerate(self.fields)]
        self._readers = [(position, read) for position, read in readers if read]
        self._groups = self._group_by_role()
        self._single_writers, self._line_writers = self._group_writers()
        self._blank = [_blank(field) for field in self.fields]  # None if zero is refused
        self._zero_refused = None in self._blank

    def _formats(self) -> Iterator[str]:
        position = 0
        for field in self.fields:
            gap = field.offset - position
            if gap:
                yield f"{gap * 2}x"
            yield f"{field.length * 2}s" if field.type == "ascii" else FORMATS[field.type][0]
            position = field.end

    def _permutation(self) -> Callable[[Sequence[int]], tuple[int, ...]] | None:
        order = list(range(self.words))
        for field in self.fields:
            if field.type != "ascii":
                order[field.offset : field.end] = reversed(order[field.offset : field.end])
        return itemgetter(*order) if order != sorted(order) else None

    def _group_by_role(self) -> dict[str, Any]:
        """role -> the position of its value among the fields; for a role that begins with ``line_``, the positions of its
        lines."""
        groups: dict[str, Any] = {}
        for position, field in sorted(enumerate(self.fields), key=lambda item: item[1].index):
            if field.role.startswith("line_"):
                groups.setdefault(field.role, []).append(position)
            else:
                groups.setdefault(field.role, position)
        return groups

    def _group_writers(self) -> tuple[list[tuple[str, int, Write]], list[tuple[str, list[tuple[int, Write]]]]]:
        """(role, position, writer) of values that occur once per slot, (role, (position, writer) of each line) of the others."""
        singles: list[tuple[str, int, Write]] = []
        lines: list[tuple[str, list[tuple[int, Write]]]] = []
        for role, found in self._groups.items():
            if isinstance(found, list):
                lines.append((role, [(place, self._write_of(self.fields[place])) for place in found]))
            else:
                singles.append((role, found, self._write_of(self.fields[found])))
        return singles, lines

    def _read_of(self, field: Field) -> Read | None:
        """As :func:`_reader`, with the bytes of a text in the order of this slot."""
        read = _reader(field)
        if field.type != "ascii" or not read or not self._swaps_text:
            return read
        return lambda raw: read(swapped(raw))

    def _write_of(self, field: Field) -> Write:
        write = _writer(field)
        return (lambda text: swapped(write(text))) if field.type == "ascii" and self._swaps_text else write

    # Reading

    def decode(self, words: Sequence[int]) -> dict[str, Any]:
        """Values by role; roles that begin with ``line_`` give a list by line.

        :param words: the slot's words from its first one, at least :attr:`words` of them
        :raise CodecError: naming the first field whose words do not match its type or limits
        """
        values = self._convert(self._unpack(words))
        return {
            role: [values[place] for place in places] if isinstance(places, list) else values[places]
            for role, places in self._groups.items()
        }

    def _unpack(self, words: Sequence[int]) -> tuple[Any, ...]:
        if len(words) != self.words:
            words = self._cut(words)
        if self._order:
            words = self._order(words)
        return self._values.unpack(self._pack_words.pack(*words))

    def _cut(self, words: Sequence[int]) -> Sequence[int]:
        for field in self.fields:
            if field.end > len(words):
                raise CodecError(field, _lt("is missing: only %(count)s words were received", count=len(words)))
        return words[: self.words]

    def _convert(self, raws: tuple[Any, ...]) -> list[Any]:
        values = list(raws)
        try:
            for position, read in self._readers:
                values[position] = read(values[position])
        except ValueError as error:
            raise CodecError(self.fields[position], error.args[0]) from None
        return values

    # Writing

    def encode(self, values: Mapping[str, Any]) -> list[int]:
        """The slot's words. A role that is missing from ``values`` is 0 (or empty).

        :raise CodecError: naming the field whose value does not fit
        """
        raws = list(self._blank)
        for role, place, write in self._single_writers:
            value = values.get(role)
            if value:
                raws[place] = write(value)
        for role, places in self._line_writers:
            for value, (place, write) in zip(self._lines(values.get(role), places), places, strict=False):
                if value:
                    raws[place] = write(value)
        if self._zero_refused and None in raws:
            raise _refusal(self.fields[raws.index(None)], 0)
        words = self._pack_words.unpack(self._values.pack(*raws))
        return list(self._order(words) if self._order else words)

    def _lines(self, values: Sequence[Any] | None, places: list[tuple[int, Write]]) -> Sequence[Any]:
        """A recipe that is longer than the slot is refused, not truncated."""
        values = values or ()
        if len(values) > len(places):
            reason = _lt("is the last of %(lines)s lines, but %(given)s were given", lines=len(places), given=len(values))
            raise CodecError(self.fields[places[-1][0]], reason)
        return values


def swapped(raw: bytes) -> bytes:
    """The two bytes of each word exchanged."""
    return b"".join(raw[place : place + 2][::-1] for place in range(0, len(raw), 2))


def _shown(value: Any) -> Number:
    """A number for a message: 5369042.71, not 5.36904e+06."""
    if isinstance(value, Fraction):
        value = int(value) if value.denominator == 1 else float(value)
    return Number(f"{value:.15g}" if isinstance(value, float) else value)


def _blank(field: Field) -> Any:
    """What struct packs for a missing value: 0 or empty text, or None if the field refuses 0."""
    try:
        return _writer(field)(0)
    except CodecError:
        return None


def _writer(field: Field) -> Write:
    """The function that turns a value of the field into what struct packs."""
    if field.type == "ascii":
        return lambda text: encode_ascii(field, text or "")
    if field.type in WIDE:
        return _wide_writer(field)
    return _float_writer(field) if field.type in FLOATS else _integer_writer(field)


def encode_ascii(field: Field, text: str) -> bytes:
    """``text`` as zero-padded bytes, first character in the high byte.

    :raise CodecError: if it is not printable ASCII or longer than the field
    """
    if not text.isascii() or not text.isprintable():
        raise CodecError(field, _lt("cannot hold %(text)s: only plain ASCII characters can be sent", text=repr(text)))
    if len(text) > field.words * 2:
        reason = _lt("cannot hold %(text)s: at most %(count)s characters fit", text=repr(text), count=field.words * 2)
        raise CodecError(field, reason)
    return text.encode("ascii").ljust(field.words * 2, b"\0")


def _integer_writer(field: Field) -> Write:
    """Scale, and round half up, away from zero; refuse values beyond the limits of the field and of its type."""
    bottom, top = range_of(field)
    factor = _scale(field) * NUDGE

    def write(value: Any) -> int:
        if bottom <= value <= top:  # False for NaN
            return int(value * factor + 0.5) if value >= 0 else -int(0.5 - value * factor)
        raise _refusal(field, value)

    return write if field.type not in BCDS else lambda value: int(str(write(value)), 16)


def _wide_writer(field: Field) -> Write:
    """The same without floats: exact to the last bit."""
    bottom, top = range_of(field)
    scale = _exact(field.scale)

    def write(value: Any) -> int:
        if bottom <= value <= top:  # False for NaN
            scaled = _exact(value) * scale
            return math.floor(scaled + Fraction(1, 2)) if value >= 0 else math.ceil(scaled - Fraction(1, 2))
        raise _refusal(field, value)

    return write


def _exact(value: Any) -> Fraction:
    """A number as it is written on paper; for a float, the shortest decimal that stands for it."""
    return Fraction(str(value))


def _float_writer(field: Field) -> Write:
    """Scale; refuse values beyond the limits of the field and of its type."""
    bottom, top = range_of(field)
    scale = field.scale

    def write(value: Any) -> Any:
        if bottom <= value <= top:
            return value * scale
        raise _refusal(field, value)

    return write


def _scale(field: Field) -> float:
    """A bool is not scaled."""
    return 1 if field.type == "bool" else field.scale


def range_of(field: Field) -> tuple[Any, Any]:
    """The smallest and the largest value that the field can hold, in its own unit: those of its type, and its own limits."""
    bottom, top = _range_of_type(field)
    return (
        bottom if field.minimum is None else max(bottom, field.minimum),
        top if field.maximum is None else min(top, field.maximum),
    )


def _range_of_type(field: Field) -> tuple[Any, Any]:
    low, high = RANGES[field.type]
    if field.type in WIDE:
        return Fraction(low) / _exact(field.scale), Fraction(high) / _exact(field.scale)
    scale = _scale(field)
    bottom, top = max(low / scale, -MAX_FLOAT), min(high / scale, MAX_FLOAT)
    if field.type in FLOATS and scale != 1:
        bottom, top = math.nextafter(bottom, 0), math.nextafter(top, 0)  # so that scaling back cannot overflow
    return bottom, top


def _refusal(field: Field, value: Any) -> CodecError:
    """Why ``value`` cannot be written."""
    bottom, top = range_of(field)
    shown = {"value": _shown(value), "bottom": _shown(bottom), "top": _shown(top)}
    if value < bottom and bottom == field.minimum:
        return CodecError(field, _lt("cannot hold %(value)s: it must be at least %(bottom)s", **shown))
    if value > top and top == field.maximum:
        return CodecError(field, _lt("cannot hold %(value)s: it must be at most %(top)s", **shown))
    return CodecError(field, _lt("cannot hold %(value)s: it must be between %(bottom)s and %(top)s", **shown))
