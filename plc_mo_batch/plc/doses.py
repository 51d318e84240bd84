"""What a silo can weigh: doses within the limits of its scale and in its steps, from one silo or from two.

Amounts are in the unit that the PLC weighs in. Sums are exact: all is counted in millionths of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

FINE = 10**6
LEAST, MOST, STEP = "least", "most", "step"  # what a dose may be beyond


@dataclass(frozen=True)
class Scale:
    """The least and the most that a silo doses at once, and the step of its scale. 0: no limit, any amount."""

    least: float = 0.0
    most: float = 0.0
    step: float = 0.0

    def fault(self, dose: float) -> str:
        """What keeps ``dose`` from being weighed: ``least``, ``most`` or ``step``; empty if nothing does. Nothing is no dose."""
        amount = _fine(dose)
        if amount and amount < _fine(self.least):
            return LEAST
        if self.most and amount > _fine(self.most):
            return MOST
        return STEP if self.step and amount % _fine(self.step) else ""

    def is_possible(self) -> bool:
        """Whether there is a dose at all that it can weigh."""
        return not self.most or self._first() <= self._last()

    def rounded(self, dose: float) -> float:
        """The nearest dose in its steps; ``dose`` is within its limits, which are possible."""
        if not self.step or not _fine(dose):
            return dose
        step = _fine(self.step)
        nearest = max((2 * _fine(dose) + step) // (2 * step) * step, self._first())
        return (min(nearest, self._last()) if self.most else nearest) / FINE

    def _first(self) -> int:
        step = _fine(self.step) or 1
        return max(1, -(-_fine(self.least) // step)) * step

    def _last(self) -> int:
        step = _fine(self.step) or 1
        return _fine(self.most) // step * step


@dataclass(frozen=True)
class Silo:
    """A silo to choose among those of one product.

    :param level: what can be taken out of it; None: nobody knows
    :param place: where that lies: silos of one place have it together. 0: in a place of its own
    """

    scale: Scale = Scale()
    level: float | None = None
    place: int = 0

    def has(self, dose: float) -> bool:
        """It has as much, as far as anybody knows."""
        return self.level is None or _fine(self.level) >= _fine(dose)

    def can_weigh(self, dose: float) -> bool:
        """``dose`` is within the limits of its scale. What is no multiple of the step can be rounded."""
        return self.scale.fault(dose) in ("", STEP)


def choose(dose: float, silos: Sequence[Silo], may_split: bool = True) -> list[tuple[int, float]]:
    """From which silos ``dose`` is taken: the first that has it; or what the first one still has, and the rest from a later one.
    If no level suffices, the levels are wrong, or somebody will fill: the first that can weigh it, or else the first.

    :param silos: in the order in which they are used; at least one
    :return: one or two pairs of a silo's place and its part; the parts are ``dose`` together
    """
    for first, silo in enumerate(silos):
        if silo.has(dose) and silo.can_weigh(dose):
            return [(first, dose)]
        for second in range(first + 1, len(silos)) if may_split else ():
            if parts := split(dose, silo, silos[second]):
                return [(first, parts[0]), (second, parts[1])]
    able = [place for place, silo in enumerate(silos) if silo.can_weigh(dose)]
    return [(able[0] if able else 0, dose)]


def split(dose: float, first: Silo, second: Silo) -> tuple[float, float] | None:
    """As much as possible of ``dose`` from the first silo, the rest from the second; None if one of them has too little, or could
    not weigh its part. The first part is a multiple of both steps, so that the second one is as good a multiple as ``dose``."""
    if first.place and first.place == second.place and not first.has(dose):
        return None
    amount, step = _fine(dose), lcm(_fine(first.scale.step) or 1, _fine(second.scale.step) or 1)
    part = _at_most(first, amount - max(1, _fine(second.scale.least))) // step * step
    fits = part >= max(1, _fine(first.scale.least)) and amount - part <= _at_most(second, amount)
    return (part / FINE, (amount - part) / FINE) if fits else None


def round_all(doses: Sequence[tuple[float, Scale]], filler: int) -> list[float]:
    """Each dose in the steps of its scale, but for one that takes what that leaves or lacks: the sum stays what it was.

    :param doses: within the limits of their scales
    :param filler: the place of that one; the result may be beyond its limits, even below 0
    """
    result = [dose if place == filler else scale.rounded(dose) for place, (dose, scale) in enumerate(doses)]
    rest = sum(_fine(dose) for dose, _scale in doses) - sum(map(_fine, result))
    result[filler] = (_fine(doses[filler][0]) + rest) / FINE
    return result


def parts_needed(doses: Sequence[tuple[float, Scale]], least_parts: int) -> int:
    """In how many equal parts a mix is made, so that no dose of a part is above the most that its silo doses: more than
    ``least_parts`` only if no dose falls below the least for it."""
    parts = max([least_parts, *(-(-_fine(dose) // _fine(scale.most)) for dose, scale in doses if scale.most)])
    return least_parts if is_too_small(doses, 1 / parts, 1 / least_parts) else parts


def is_too_small(doses: Sequence[tuple[float, Scale]], fraction: float, otherwise: float) -> bool:
    """Whether a ``fraction`` of a mix has a dose below the least that its silo doses, and an ``otherwise`` larger one has not."""
    return any(scale.fault(dose * fraction) == LEAST != scale.fault(dose * otherwise) for dose, scale in doses)


def _fine(amount: float) -> int:
    return round(amount * FINE)


def _at_most(silo: Silo, amount: int) -> int:
    """As much of ``amount`` as the silo has and can weigh."""
    limits = [
        amount,
        *([_fine(silo.level)] if silo.level is not None else []),
        *([_fine(silo.scale.most)] if silo.scale.most else []),
    ]
    return max(0, min(limits))
