"""The simulator's own encoding: values to 16-bit words and back, each word 0..65535.

Two-word numbers are high word first; ``word_order="low"`` swaps the two words, never the bytes in them.
"""

import math
import struct

WORD_ORDERS = ("high", "low")
MAX_KG = (2**31 - 1) / 100


def kg_to_words(kg: float, word_order: str = "high") -> list[int]:
    """Two words: kilograms x 100 as int32, rounded to the nearest. OverflowError beyond +-21474836.47."""
    return _to_words(round(kg * 100).to_bytes(4, "big", signed=True), word_order)


def words_to_kg(words: list[int], word_order: str = "high") -> float:
    """Kilograms with two decimals, from two words. Any two words are a valid number, possibly negative."""
    return int.from_bytes(_to_bytes(words, word_order), "big", signed=True) / 100


def float_to_words(value: float, word_order: str = "high") -> list[int]:
    """Two words: float32, the nearest one. OverflowError beyond its range."""
    return _to_words(struct.pack(">f", value), word_order)


def words_to_float(words: list[int], word_order: str = "high") -> float:
    """The float32 in two words; 0 if they are not a number (NaN, infinite)."""
    value = struct.unpack(">f", _to_bytes(words, word_order))[0]
    return value if math.isfinite(value) else 0.0


def uint32_to_words(number: int, word_order: str = "high") -> list[int]:
    """Two words: 0..4294967295, OverflowError outside."""
    return _to_words(number.to_bytes(4, "big"), word_order)


def words_to_uint32(words: list[int], word_order: str = "high") -> int:
    """0..4294967295, from two words."""
    return int.from_bytes(_to_bytes(words, word_order), "big")


def text_to_words(text: str, count: int = 8) -> list[int]:
    """``count`` words: two ascii characters each, the first in the high byte, cut or padded with zeros."""
    return _to_words(text.encode("ascii", "replace")[: 2 * count].ljust(2 * count, b"\0"))


def words_to_text(words: list[int]) -> str:
    """The text without its zero padding; a byte that is not ascii becomes the replacement character."""
    return _to_bytes(words).rstrip(b"\0").decode("ascii", "replace")


def number_to_bcd(number: int) -> int:
    """A word whose hexadecimal digits are the number's decimal ones, 0..9999."""
    return sum(number // 10**place % 10 << 4 * place for place in range(4))


def bool_to_word(value: bool) -> int:
    """1 or 0."""
    return 1 if value else 0


def word_to_bool(word: int) -> bool:
    """True for 1, False for 0, ValueError for anything else: a status word 0x8200 is not "true"."""
    if word not in (0, 1):
        raise ValueError(f"{word} is not a bool")
    return word == 1


def _to_words(data: bytes, word_order: str = "high") -> list[int]:
    words = [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
    return words[::-1] if word_order == "low" else words


def _to_bytes(words: list[int], word_order: str = "high") -> bytes:
    ordered = reversed(words) if word_order == "low" else words
    return b"".join(word.to_bytes(2, "big") for word in ordered)
