"""The batch in the mill: what its scales show is a function of the seconds since it was taken."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# A mill of this size doses 300 kg in half a minute: ten components of 1000 kg in total take about four minutes.
DOSING_KG_PER_SECOND = 12.0
SETTLING_SECONDS = 5.0  # per component: gate closed, afterflow caught, scale at rest
MIXING_SECONDS = 100.0
OUTCOMES = ("finished", "failed", "aborted")


@dataclass
class Dose:
    """One component: from ``start`` seconds on, the scale rises from 0 to ``final`` kg."""

    line: int
    code: int
    target: float
    final: float
    start: float

    @property
    def seconds(self) -> float:
        """How long the gate is open."""
        return self.target / DOSING_KG_PER_SECOND

    @property
    def end(self) -> float:
        """When the scale is at rest."""
        return self.start + self.seconds + SETTLING_SECONDS

    def kg(self, elapsed: float) -> float:
        """The kg dosed after ``elapsed`` seconds: 0..final, never falling, two decimals."""
        share = min(max((elapsed - self.start) / self.seconds, 0.0), 1.0)
        return round(self.final * share, 2)


@dataclass
class Batch:
    """A job that the mill has taken. ``elapsed``, ``fails_at``: seconds since it was taken; ``started``: plant time.

    ``command``: the command word last seen for it, so that each change of the word is obeyed once.
    ``told``: its event, a failure or a weighing, was reported.
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
    forgotten: list[int] = field(default_factory=list)  # lines whose counter began again at zero when their component was in

    def add_dose(self, line: int, code: int, target: float, final: float) -> None:
        """Append a component after the previous ones; target above 0, final not below 0, both kg."""
        self.doses.append(Dose(line, code, target, final, self.dosing_seconds))

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

    def advance(self, seconds: float) -> list[Dose]:
        """Run on, at most to its end and not while on hold; return the components that came to rest meanwhile."""
        if self.held:
            return []
        before = self.elapsed
        self.elapsed = min(before + seconds, self.ends_at)
        return [dose for dose in self.doses if before < dose.end <= self.elapsed]

    def actuals(self) -> list[tuple[Dose, float]]:
        """Each component with the kg dosed so far."""
        return [(dose, dose.kg(self.elapsed)) for dose in self.doses]

    def at_rest(self) -> list[Dose]:
        """The components that are in."""
        return [dose for dose in self.doses if dose.end <= self.elapsed]

    def shown(self) -> list[tuple[Dose, float]]:
        """What the counters say, which may have lost what was dosed."""
        return [(dose, 0.0 if dose.line in self.forgotten else kg) for dose, kg in self.actuals()]

    def weight(self) -> float:
        """What the scale under the mixer shows in kg, two decimals: the actuals, and everything that is added by hand."""
        return round(sum(kg for _dose, kg in self.actuals()) + self.by_hand, 2)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for ``from_json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Batch:
        """The batch that ``to_json`` described."""
        return cls(**{**values, "doses": [Dose(**dose) for dose in values["doses"]]})
