"""The batch in the mill: what its scales show is a function of the seconds since it was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

# A mill of this size doses 300 kg in half a minute: ten components of 1000 kg in total take about four minutes.
DOSING_KG_PER_SECOND = 12.0
SETTLING_SECONDS = 5.0  # per component: gate closed, afterflow caught, scale at rest
MIXING_SECONDS = 100.0
OUTCOMES = ("finished", "failed", "aborted")


class Line(NamedTuple):
    """A line of the recipe, and the kg that were dosed on it; ``target`` is the recipe's."""

    line: int
    code: int
    target: float
    kg: float


@dataclass
class Dose:
    """One component: from ``start`` seconds on, the scale rises from 0 to ``final`` kg.

    ``whole``: what it would have been, had its bin not run empty. ``is_sister``: it makes up for another one that was cut short,
    and the recipe does not ask for it.
    """

    line: int
    code: int
    target: float
    final: float
    start: float
    whole: float = 0.0
    is_sister: bool = False

    @property
    def seconds(self) -> float:
        """How long the gate is open."""
        return self.target / DOSING_KG_PER_SECOND * (self.final / self.whole if self.whole else 1.0)

    @property
    def end(self) -> float:
        """When the scale is at rest."""
        return self.start + self.seconds + SETTLING_SECONDS

    def kg(self, elapsed: float) -> float:
        """The kg dosed after ``elapsed`` seconds: 0..final, never falling, two decimals."""
        if not self.seconds:
            return self.final if elapsed >= self.start else 0.0
        share = min(max((elapsed - self.start) / self.seconds, 0.0), 1.0)
        return round(self.final * share, 2)

    def when(self, kg: float) -> float:
        """The seconds after which so much of it is dosed, 0..final."""
        return self.start + (self.seconds * kg / self.final if self.final else 0.0)


@dataclass
class Batch:
    """A job that the mill has taken. ``elapsed``, ``fails_at``: seconds since it was taken; ``started``: plant time.

    ``command``: the command word last seen for it, so that each change of the word is obeyed once.
    ``told``: its event, a failure or a weighing, was reported. ``lacks``: the code of the empty bin that it is on hold for.
    """

    slot: int
    job: int
    order: str
    started: float
    doses: list[Dose] = field(default_factory=list)
    by_hand: float = 0.0  # kg added by hand: the planned quantity less the targets
    elapsed: float = 0.0
    fails_at: float | None = None
    held: bool = False
    aborted: bool = False
    command: int = 0
    told: bool = False
    lacks: int = 0
    forgotten: list[int] = field(default_factory=list)  # lines whose counter began again at zero when their component was in

    def add_dose(self, line: int, code: int, target: float, final: float) -> None:
        """Append a component after the previous ones; target above 0, final not below 0, both kg."""
        self.doses.append(Dose(line, code, target, final, self.dosing_seconds))

    def cut_short(self, dose: Dose, line: int, code: int) -> None:
        """Its bin is empty now: what it lacks is dosed from another one, on that one's line, before all that follows."""
        dosed, end = dose.kg(self.elapsed), dose.end
        share = dosed / dose.final
        rest = Dose(line, code, dose.target * (1 - share), round(dose.final - dosed, 2), 0.0, is_sister=True)
        dose.whole, dose.final = dose.whole or dose.final, dosed
        rest.start = dose.end
        place = self.doses.index(dose) + 1
        for later in self.doses[place:]:
            later.start += rest.end - end
        self.doses.insert(place, rest)

    @property
    def dosing_seconds(self) -> float:
        """Until the last component is in."""
        return self.doses[-1].end if self.doses else 0.0

    @property
    def ends_at(self) -> float:
        """When it ends, by finishing or by failing."""
        return self.dosing_seconds + MIXING_SECONDS if self.fails_at is None else self.fails_at

    @property
    def ended(self) -> bool:
        """Its actuals are final."""
        return self.elapsed >= self.ends_at

    @property
    def outcome(self) -> str:
        """How it ends, or has ended: one of ``OUTCOMES``."""
        if self.aborted:
            return "aborted"
        return "finished" if self.fails_at is None else "failed"

    def fail_now(self) -> None:
        """Its actuals are final as they are."""
        self.fails_at = self.elapsed

    def abort(self) -> None:
        """End at once, on request."""
        self.aborted = True
        self.fail_now()

    def advance(self, until: float) -> list[Dose]:
        """Run on until so many seconds have passed, at most to its end; return the components that came to rest meanwhile."""
        before = self.elapsed
        self.elapsed = min(until, self.ends_at)
        return [dose for dose in self.doses if before < dose.end <= self.elapsed]

    def runs_empty(self, contents: Mapping[int, float]) -> tuple[float, Dose] | None:
        """When a bin will be empty before its dose is in, and which dose that is.

        :param contents: kg by code of the bins that can run empty
        """
        left = dict(contents)
        for dose in self.doses:
            dosed = dose.kg(self.elapsed)
            wanted = round(dose.final - dosed, 2)
            if wanted > left.get(dose.code, wanted):
                return max(self.elapsed, dose.when(dosed + left[dose.code])), dose
            if dose.code in left:
                left[dose.code] = round(left[dose.code] - wanted, 2)
        return None

    def actuals(self) -> list[Line]:
        """Each component with the kg dosed so far, and those that others were made up from."""
        return self._lines(self.doses)

    def at_rest(self) -> list[Line]:
        """The components that are in."""
        moving = {dose.line for dose in self.doses if dose.end > self.elapsed}
        return self._lines([dose for dose in self.doses if dose.line not in moving])

    def _lines(self, doses: list[Dose]) -> list[Line]:
        lines: dict[int, Line] = {}
        for dose in doses:
            line = lines.get(dose.line, Line(dose.line, dose.code, 0.0, 0.0))
            kg = round(line.kg + dose.kg(self.elapsed), 2)
            lines[dose.line] = line._replace(target=line.target + (0.0 if dose.is_sister else dose.target), kg=kg)
        return list(lines.values())

    def shown(self) -> list[tuple[int, float]]:
        """(line, kg) of what the counters say, which may have lost what was dosed."""
        return [(line.line, 0.0 if line.line in self.forgotten else line.kg) for line in self.actuals()]

    def weight(self) -> float:
        """What the scale under the mixer shows in kg, two decimals: the actuals, and everything that is added by hand."""
        return round(sum(line.kg for line in self.actuals()) + self.by_hand, 2)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for ``from_json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Batch:
        """The batch that ``to_json`` described."""
        return cls(**{**values, "doses": [Dose(**dose) for dose in values["doses"]]})
