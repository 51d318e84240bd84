"""The words that show the mill's clock."""

from __future__ import annotations

from datetime import datetime

from . import encoding

CLOCK_BASE = 9500


def clock_image(at: datetime) -> list[int]:
    """Year (four digits), month, day, hour, minute and second in BCD, one word each."""
    return [encoding.number_to_bcd(part) for part in (at.year, at.month, at.day, at.hour, at.minute, at.second)]
