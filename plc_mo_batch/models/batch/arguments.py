"""What a program passed to a public method, as what it has to be. What it cannot be becomes something that is refused."""

import math

MOST_CHARACTERS = 10_000  # of a remark


def as_number(value):
    """A float; NaN, which no limit lets pass, for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def as_whole(value):
    """An int; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def as_text(value):
    """Without blanks around it, and no longer than a text may be; empty for what is no text."""
    return value.replace("\0", "").strip()[:MOST_CHARACTERS] if isinstance(value, str) else ""


def as_pairs(value):
    """Pairs of an int and a float; None for what are no pairs."""
    try:
        return [(as_whole(whose), as_number(amount)) for whose, amount in value]
    except (TypeError, ValueError):
        return None
