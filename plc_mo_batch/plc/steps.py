"""The input of a decision (:class:`Job`, :class:`Seen`), and its result (:class:`Step`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .layout import HOLDING

QUEUED, SENDING, OFFERED, RUNNING = "queued", "sending", "offered", "running"
CANCELLING, COMPLETED, FAILED, DONE, CANCELLED = "cancelling", "completed", "failed", "done", "cancelled"
OPEN = (QUEUED, SENDING, OFFERED, RUNNING, CANCELLING, COMPLETED, FAILED)
ENDED = (COMPLETED, FAILED, DONE)  # the actuals are stored: what the PLC still shows of the batch may be acknowledged
DOWNLOADING = (QUEUED, SENDING)
NOT_TAKEN = (*DOWNLOADING, OFFERED)  # as far as we know: it can be cancelled
HANDED_OVER = (OFFERED, RUNNING, CANCELLING)  # the PLC may know of it
UNDECIDED = ("lost", "doubt", "went_back")  # anomalies of a batch that was handed over: was it taken? A person must decide
WATCHED = ("fell", "reopened", "changed")  # what may only rise went back: it stays until a person has decided

# What a layout with the role "state" reports, in ISA-88 terms
IDLE, EXECUTING, COMPLETE, HELD, STOPPED, ABORTED = 1, 2, 3, 9, 11, 13
# What the role "command" can request of a running job (the numbers of ISA-TR88.00.02)
COMMANDS = {"hold": 4, "resume": 5, "abort": 8}

# A PLC that ran for years with another database is some way ahead of us; a job number further away than this is nonsense.
MAX_JOB_LEAD = 1_000_000
MAX_JOB = 0x7FFFFFFF  # the limit of the database's integer

PROGRESS = {"codes", "actuals", "weight", "held", "obeyed"}  # what a step says of a batch that merely goes on


@dataclass(frozen=True)
class Job:
    """What the database knows of one batch.

    ``number`` is the job number (0: none given yet), ``recipe`` the values by role that its block is made of.
    ``acknowledged``: the PLC was seen to know that we stored its actuals.
    ``settled``: the PLC has had its settle time to show what was written last (offered, withdrawn, or commanded). It had it
    before the observation began, and no write of unknown fate is still on its way: both are needed (tests/plc_model.py).
    ``awaits_weight``: a finished batch without finished weight still has time to get one.
    ``release``: a person allowed what an unknown system left in the slot to be acknowledged and overwritten.
    ``resent``: it was handed over before, and a person decided that the PLC had not taken it.
    ``fresh``: queued, and no batch of its order was ever handed over: the PLC cannot know the order from this database.
    ``command``: what a person requested of the running batch, one of :data:`COMMANDS`, or empty.
    ``armed``: its number may still stand in the recipe area, where a PLC that forgot what it took would take it once more.
    ``taken_before``: what the slot showed as its taken job when the recipe was sent.
    ``finished``: its end was seen before, and its weight is awaited.
    ``stored``: kg by equipment code, as far as they are stored; ``carried``: what is part of them, but no longer of the feedback.
    ``shown_before``: the slot showed its order already when the recipe was sent, as of an earlier batch.
    ``noted``: it has ended, and a person knows that the PLC shows something else of it; ``known``: kg by equipment code that it
    showed then, or nothing if these do not matter.
    """

    id: int
    state: str
    slot: int
    order: str
    number: int = 0
    recipe: Mapping[str, Any] = field(default_factory=dict)
    acknowledged: bool = False
    settled: bool = True
    awaits_weight: bool = False
    release: bool = False
    resent: bool = False
    fresh: bool = False
    command: str = ""
    armed: bool = False
    taken_before: int = 0
    finished: bool = False
    stored: Mapping[int, float] = field(default_factory=dict)
    carried: Mapping[int, float] = field(default_factory=dict)
    shown_before: bool = False
    noted: bool = False
    known: Mapping[int, float] = field(default_factory=dict)

    @property
    def shown_order(self) -> str:
        """``order`` as the PLC shows it: spaces at its end are not told apart from what fills the text up."""
        return self.order.rstrip()


@dataclass(frozen=True)
class Seen:
    """One observation: the words of each slot that was read, by slot number (from 1).

    ``before``: the feedback of slots as it was a scan of the PLC ago, if that is known.
    """

    feedback: Mapping[int, Sequence[int]]
    recipe: Mapping[int, Sequence[int]] = field(default_factory=dict)
    before: Mapping[int, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Write:
    """``words`` at ``address`` of the memory ``registers``; ``kind`` is block, arm, ack, withdraw, disarm, clear or command;
    event for an event's flag."""

    kind: str
    slot: int
    address: int
    words: tuple[int, ...]
    registers: str = HOLDING


@dataclass(frozen=True)
class Anomaly:
    """Something that a person must know.

    ``code`` names the case, ``detail`` completes it in a sentence, ``words`` are the raw words in which it was seen, and
    ``offset`` is the wrong one among them.
    """

    code: str
    detail: str = ""
    words: tuple[int, ...] = ()
    offset: int | None = None


@dataclass(frozen=True)
class Step:
    """One decision about one batch (``job_id`` 0: about a slot that no batch owns).

    ``state`` is the new state or None, ``values`` what else is to be stored; ``write`` is sent after both are committed.
    ``again``: its slot must be read once more, a scan of the PLC later.
    """

    job_id: int
    state: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    write: Write | None = None
    anomaly: Anomaly | None = None
    again: bool = False

    @property
    def is_progress(self) -> bool:
        """It says what was dosed so far. Once that is stored, nothing is left to do about it."""
        asks = self.state or self.write or self.anomaly or self.again
        return not asks and self.values.keys() == PROGRESS and not self.values["obeyed"]

    def without_amounts(self) -> "Step":
        """What it says besides amounts. Two steps of which that is the same differ in amounts alone."""
        return replace(self, values={**self.values, "actuals": (), "weight": 0.0})


class Rejected(Exception):
    """The slot is rejected; carries the :class:`Anomaly`."""

    def __init__(self, anomaly: Anomaly):
        self.anomaly = anomaly
        super().__init__(anomaly.detail)
