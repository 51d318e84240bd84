"""Texts of this package for people, as sentences that can be translated.

A sentence is an English text like any other, and remembers its source and its values. The layer that knows the reader translates
it (``tools/translate.py``); here, and in tests, it is read, compared and logged in English. Odoo's export of texts finds the
argument of each ``_lt()``, here as in its own code.
"""

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|0x[0-9a-fA-F]+|-?inf|nan")


class Sentence(str):
    """English text made of ``source``, with ``%(name)s`` for each of ``values``, which may be sentences and labels themselves.

    Without values it equals ``source``. That may also be a name that people gave; if it is a known one, it is translated.
    """

    source: str
    values: Mapping[str, Any]

    def __new__(cls, source: str, values: Mapping[str, Any] | None = None) -> "Sentence":
        self = super().__new__(cls, source % values if values else source)
        self.source = source
        self.values = values or {}
        return self


class Label(str):
    """The technical name of a choice that has a label on screens; ``of``: the field that offers it, ``role`` or ``type``."""

    of: str

    def __new__(cls, name: str, of: str = "") -> "Label":
        self = super().__new__(cls, name)
        self.of = of
        return self


class Number(str):
    """A number as English writes it: another language may use a decimal comma."""


def shape(text: str) -> str:
    """The text without the numbers in it: the same for what was found again with another amount."""
    if isinstance(text, Sentence) and text.values:
        return text.source % {
            name: shape(str(value) if not isinstance(value, str) else value) for name, value in text.values.items()
        }
    return "#" if isinstance(text, Number) or NUMBER.fullmatch(text) else str(text)


def _lt(source: str, **values: Any) -> Sentence:
    """A translatable sentence, or a part of one."""
    return Sentence(source, values)


def role(name: str) -> Label:
    """The role of a field."""
    return Label(name, "role")


def listed(parts: Iterable[Any]) -> Any:
    """``a, b, c``"""
    return reduce(lambda before, last: Sentence("%(before)s, %(last)s", {"before": before, "last": last}), parts)


def either(parts: Iterable[Any]) -> Any:
    """``a or b or c``"""
    return reduce(lambda before, last: _lt("%(before)s or %(last)s", before=before, last=last), parts)
