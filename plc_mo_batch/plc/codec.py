"""Words <-> values.

A Modbus register is a 16-bit word. A slot's words become values through one precompiled ``struct.Struct``
(2 microseconds for 39 fields, where a conversion field by field costs 90). The rules come from the field:

* scaled integers are rounded half up, never truncated (a truncating encoder wrote 3329 for 33.30);
* a value is refused, never clipped, when it does not fit its words;
* what was read is refused, never repaired, when it cannot be what its type says (a status word 0x8200 is not "true").
"""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

# type -> (struct code, words); ascii takes its length from the field
FORMATS = {
    "bool": ("H", 1),
    "uint16": ("H", 1),
    "int16": ("h", 1),
    "bcd": ("H", 1),
    "uint32": ("I", 2),
    "int32": ("i", 2),
    "float32": ("f", 2),
    "float64": ("d", 4),
}
INTEGER_RANGES = {
    "bool": (0, 1),
    "uint16": (0, 0xFFFF),
    "int16": (-0x8000, 0x7FFF),
    "bcd": (0, 9999),
    "uint32": (0, 0xFFFFFFFF),
    "int32": (-0x80000000, 0x7FFFFFFF),
}
TYPES = (*FORMATS, "ascii")
WORD_ORDERS = ("high", "low")


class CodecError(ValueError):
    """A value does not fit its words, or words are not what their type says.

    ``field`` is the :class:`Field`, ``reason`` a short English phrase that completes "<field> (word <n>) ...".
    """

    def __init__(self, field: "Field", reason: str):
        self.field = field
        self.reason = reason
        super().__init__(f"{field.label} (word {field.offset}) {reason}")


@dataclass(frozen=True)
class Field:
    """One value in a slot.

    :param role: what the value is for the handshake and the recipe, e.g. ``order`` or ``line_quantity``
    :param offset: its first word, counted from the start of the slot, from 0
    :param type: one of :data:`TYPES`
    :param words: how many words an ascii text takes (2 characters a word); the numbers know their own length
    :param scale: the integer on the wire is ``value * scale``
    :param index: which line of the recipe, from 0; 0 for what stands once in a slot
    :param value: the constant that must stand here (an equipment code), or None
    :param minimum, maximum: limits of a believable value, in its own unit, or None
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

    @property
    def length(self) -> int:
        """Number of words that the field takes."""
        return self.words if self.type == "ascii" else FORMATS[self.type][1]

    @property
    def end(self) -> int:
        """The first word after the field."""
        return self.offset + self.length

    @property
    def label(self) -> str:
        """The name that messages use."""
        return self.name or self.role


def round_half_up(value: float) -> int:
    """The integer nearest to ``value``, halves away from zero; a decimal half counts as one.

    33.295 * 100 is 3329.4999999999995 in binary: the nudge of a few units in the last place makes it 3330 as on paper.
    """
    magnitude = abs(value)
    rounded = math.floor(magnitude * (1 + 4e-16) + 0.5)
    return -rounded if value < 0 else rounded


def _bcd_to_int(word: int) -> int:
    digits = f"{word:04x}"
    if not digits.isdecimal():
        raise ValueError(f"holds 0x{word:04X}, which is no BCD number")
    return int(digits)


def _ascii_to_str(raw: bytes) -> str:
    text = raw.rstrip(b"\0")
    if not text.isascii() or any(byte < 0x20 or byte == 0x7F for byte in text):
        raise ValueError("holds bytes that are not printable ASCII text")
    return text.decode("ascii")


def _bool(word: int) -> bool:
    if word > 1:
        raise ValueError(f"holds {word} (0x{word:04X}) where only 0 or 1 can stand")
    return word == 1


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("holds no number (NaN or infinite)")
    return value


def _reader(field: Field):
    """The function that makes a value of the field out of what struct unpacked, or None if it is the value already."""
    plain = {"bool": _bool, "bcd": _bcd_to_int, "ascii": _ascii_to_str, "float32": _finite, "float64": _finite}
    read = plain.get(field.type)
    scale = field.scale
    if scale == 1 or field.type in ("bool", "ascii"):
        return read
    if read is None:
        return lambda raw: raw / scale
    return lambda raw: read(raw) / scale


class SlotCodec:
    """All fields of a slot in one area, compiled.

    :param fields: the fields, in any order, without overlaps
    :param word_order: ``high`` when the high word of a number comes first, else ``low``
    :param swap_bytes: True for a device that puts the low byte of each word first
    """

    def __init__(self, fields: Iterable[Field], word_order: str = "high", swap_bytes: bool = False):
        if word_order not in WORD_ORDERS:
            raise ValueError(f"unknown word order {word_order!r}")
        self.fields = tuple(sorted(fields, key=lambda field: field.offset))
        self.words = self.fields[-1].end if self.fields else 0
        self._pack_words = struct.Struct(f"{'<' if swap_bytes else '>'}{self.words}H")
        self._values = struct.Struct(">" + "".join(self._formats()))
        self._order = self._permutation() if word_order == "low" else None
        self._readers = [_reader(field) for field in self.fields]
        self._groups = self._group_by_role()
        self._limits = [
            (position, field)
            for position, field in enumerate(self.fields)
            if field.minimum is not None or field.maximum is not None
        ]

    def _formats(self):
        position = 0
        for field in self.fields:
            gap = field.offset - position
            if gap:
                yield f"{gap * 2}x"
            yield f"{field.length * 2}s" if field.type == "ascii" else FORMATS[field.type][0]
            position = field.end

    def _permutation(self):
        order = list(range(self.words))
        for field in self.fields:
            if field.type != "ascii":
                order[field.offset : field.end] = reversed(order[field.offset : field.end])
        return itemgetter(*order) if order != list(range(self.words)) else None

    def _group_by_role(self):
        """role -> position of its value, or the list of positions (by index) where it stands more than once."""
        groups: dict[str, Any] = {}
        for position, field in sorted(enumerate(self.fields), key=lambda item: item[1].index):
            groups.setdefault(field.role, []).append(position)
        repeated = {field.role for field in self.fields if field.role.startswith("line_")}
        return {role: (places if role in repeated else places[0]) for role, places in groups.items()}

    # Reading

    def decode(self, words: Sequence[int]) -> dict[str, Any]:
        """Values by role; roles that begin with ``line_`` give a list by line.

        :param words: the slot's words from its first one, at least :attr:`words` of them
        :raise CodecError: naming the first field whose words are not what its type or limits say
        """
        values = self._convert(self._unpack(words))
        self._check_limits(values)
        return {
            role: [values[place] for place in places] if isinstance(places, list) else values[places]
            for role, places in self._groups.items()
        }

    def _unpack(self, words: Sequence[int]) -> tuple:
        if len(words) != self.words:
            words = words[: self.words]
        if self._order:
            words = self._order(words)
        return self._values.unpack(self._pack_words.pack(*words))

    def _convert(self, raws: tuple) -> list:
        values = list(raws)
        for position, read in enumerate(self._readers):
            if read:
                try:
                    values[position] = read(values[position])
                except ValueError as error:
                    raise CodecError(self.fields[position], str(error)) from None
        return values

    def _check_limits(self, values: list) -> None:
        for position, field in self._limits:
            value = values[position]
            if field.minimum is not None and value < field.minimum:
                raise CodecError(field, f"holds {value:g}, less than {field.minimum:g}")
            if field.maximum is not None and value > field.maximum:
                raise CodecError(field, f"holds {value:g}, more than {field.maximum:g}")

    # Writing

    def encode(self, values: dict[str, Any]) -> list[int]:
        """The slot's words. A role that ``values`` does not name is 0 (or empty).

        :raise CodecError: naming the field whose value does not fit
        """
        raws = [self._raw(field, values) for field in self.fields]
        words = self._pack_words.unpack(self._values.pack(*raws))
        return list(self._order(words) if self._order else words)

    def _raw(self, field: Field, values: dict[str, Any]):
        value = values.get(field.role)
        if isinstance(value, (list, tuple)):
            value = value[field.index] if field.index < len(value) else None
        if field.type == "ascii":
            return encode_ascii(field, value or "")
        return encode_number(field, value or 0)


def encode_ascii(field: Field, text: str) -> bytes:
    """``text`` as zero-padded bytes, first character in the high byte.

    :raise CodecError: if it is not printable ASCII or longer than the field
    """
    if not text.isascii() or not text.isprintable():
        raise CodecError(field, f"cannot hold {text!r}: only plain ASCII letters can be sent")
    if len(text) > field.words * 2:
        raise CodecError(field, f"cannot hold {text!r}: at most {field.words * 2} characters fit")
    return text.encode("ascii").ljust(field.words * 2, b"\0")


def encode_number(field: Field, value: float) -> int | float:
    """The number on the wire: scaled and rounded half up for integers.

    :raise CodecError: if it is outside the type's range or the field's limits
    """
    if not math.isfinite(value):
        raise CodecError(field, f"cannot hold {value}")
    if field.minimum is not None and value < field.minimum:
        raise CodecError(field, f"cannot hold {value:g}: it must be at least {field.minimum:g}")
    if field.maximum is not None and value > field.maximum:
        raise CodecError(field, f"cannot hold {value:g}: it must be at most {field.maximum:g}")
    if field.type in ("float32", "float64"):
        return _encode_float(field, value * field.scale)
    raw = round_half_up(value * field.scale) if field.scale != 1 or isinstance(value, float) else int(value)
    low, high = INTEGER_RANGES[field.type]
    if not low <= raw <= high:
        raise CodecError(field, f"cannot hold {value:g}: it must be between {low / field.scale:g} and {high / field.scale:g}")
    return int(str(raw), 16) if field.type == "bcd" else raw


def _encode_float(field: Field, value: float) -> float:
    try:
        struct.pack(">f" if field.type == "float32" else ">d", value)
    except OverflowError:
        raise CodecError(field, f"cannot hold {value:g}: it is too large") from None
    return value
