"""The shifts of a plant: when one began, and when it ends."""

from datetime import datetime, time, timedelta

import pytz

SHIFTS = "6, 14, 22"  # hours at which they begin, unless a setting says otherwise


def shift_hours(text: str) -> list[int]:
    """The hours at which shifts begin each day, from a text such as ``6, 14, 22``.

    :raise ValueError: if one of them is not an hour of the day
    """
    hours = [int(hour) for hour in text.split(",")]
    if not all(0 <= hour < 24 for hour in hours):
        raise ValueError(text)
    return hours


def shift_around(moment: datetime, hours: list[int], zone: str) -> tuple[datetime, datetime]:
    """When the shift began that contains ``moment``, and when it ends. All in UTC: a shift in which clocks are changed is an hour
    shorter, or longer.

    :param hours: from :func:`shift_hours`, by the clock of ``zone``
    """
    place = pytz.timezone(zone)
    today = pytz.utc.localize(moment).astimezone(place).date()
    days = [today + timedelta(days=days) for days in (-2, -1, 0, 1, 2)]
    starts = {place.localize(datetime.combine(day, time(hour))).astimezone(pytz.utc) for day in days for hour in hours}
    begins = sorted(start.replace(tzinfo=None) for start in starts)
    return max(each for each in begins if each <= moment), min(each for each in begins if each > moment)
