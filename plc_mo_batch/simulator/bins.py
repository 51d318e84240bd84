"""What lies in the silos: it runs out in the middle of a dose, and is filled in again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WHEN_EMPTY = ("hold", "fail")


class Bins:
    """Silos and tanks whose content is known; all others never run empty.

    ``contents``: kg by equipment code, two decimals, never below 0.

    :param contents: kg by equipment code at the start
    :param sisters: equipment code -> the code of the silo that the program changes over to when that one is empty
    :param when_empty: where there is nothing to change over to, the running job is put on "hold", or it is to "fail"
    :param refill: seconds of plant time after which what was in an empty bin at the start is filled in again; 0: never
    """

    def __init__(
        self,
        contents: Mapping[int, float],
        sisters: Mapping[int, int],
        when_empty: str = "hold",
        refill: float = 0.0,
    ):
        if when_empty not in WHEN_EMPTY:
            raise ValueError(f"when empty is {when_empty!r}, but must be one of {', '.join(WHEN_EMPTY)}")
        if any(kg < 0 for kg in contents.values()) or refill < 0:
            raise ValueError("what is in a bin, and the time until it is filled again, cannot be below 0")
        self.contents = {code: round(kg, 2) for code, kg in contents.items()}
        self.sisters = dict(sisters)
        self.when_empty = when_empty
        self.refill = refill
        self._full = dict(self.contents)
        self._empty_since: dict[int, float] = {}

    def take(self, code: int, kg: float) -> None:
        """It was dosed from there."""
        if code in self.contents:
            self.contents[code] = max(0.0, round(self.contents[code] - kg, 2))

    def put(self, code: int, kg: float) -> None:
        """It was filled in there."""
        self.contents[code] = round(self.contents.get(code, 0.0) + kg, 2)

    def sister(self, code: int) -> int:
        """The silo to change over to when this one is empty, if there is something in it; else 0."""
        sister = self.sisters.get(code, 0)
        return sister if self.contents.get(sister, 1.0) > 0 else 0

    def due(self, now: float) -> dict[int, float]:
        """kg by code of the bins that have been empty for long enough by ``now``: to be filled again."""
        empty = [code for code, kg in self.contents.items() if not kg and self._full.get(code)]
        self._empty_since = {code: self._empty_since.get(code, now) for code in empty}
        if not self.refill:
            return {}
        return {code: self._full[code] for code in empty if now - self._empty_since[code] >= self.refill}

    def to_json(self) -> dict[str, Any]:
        """Plain values, for ``from_json``."""
        return {"contents": list(self.contents.items()), "empty_since": list(self._empty_since.items())}

    def from_json(self, values: dict[str, Any]) -> None:
        """Continue from the state in ``values``."""
        self.contents = dict(values["contents"])
        self._empty_since = dict(values["empty_since"])
