"""The words that show how much is in the mill's silos, as its sensors say."""

from __future__ import annotations

from collections.abc import Mapping

from . import encoding

LEVEL_BASE = 9700
ROWS = 20  # of a code and two words with kg


def level_image(levels: Mapping[int, float], word_order: str, is_float: bool) -> list[int]:
    """A row for each silo; those that are not needed are zero. A sensor may also show what no silo can hold."""
    to_words = encoding.float_to_words if is_float else encoding.kg_to_words
    image: list[int] = []
    for code, kg in list(levels.items())[:ROWS]:
        image += [code, *to_words(kg, word_order)]
    return image + [0] * (3 * ROWS - len(image))
