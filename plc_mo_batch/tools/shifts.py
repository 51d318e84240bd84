"""The shifts of a plant: when the current one began."""

from datetime import datetime, time, timedelta

SHIFTS = "6, 14, 22"  # hours at which they begin, unless a setting says otherwise


def shift_hours(text: str) -> list[int]:
    """The hours at which shifts begin each day, from a text such as ``6, 14, 22``.

    :raise ValueError: if one of them is not an hour of the day
    """
    hours = [int(hour) for hour in text.split(",")]
    if not all(0 <= hour < 24 for hour in hours):
        raise ValueError(text)
    return hours


def shift_start(now: datetime, hours: list[int]) -> datetime:
    """When the shift began that contains ``now``.

    :param hours: from :func:`shift_hours`
    """
    starts = [datetime.combine(now.date() - timedelta(days=days), time(hour)) for days in (0, 1) for hour in hours]
    return max(start for start in starts if start <= now)
