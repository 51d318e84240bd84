"""What both handshakes share: what can be seen of a batch, how to read a table of decisions, belief, progress, writes.

A handshake decides in two moves. First it determines what the PLC shows of a batch: one :class:`Sight`, by the method for the
batch's row (:meth:`Handshake._queued` and its like). Then its table, state × sight, gives the action and the new state.
So all decisions of a handshake are in one place, and ``docs/architecture/life-of-a-batch.md`` is drawn from it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from operator import sub
from typing import Any, ClassVar, NamedTuple

from .codec import CodecError, complaint
from .layout import SIGNATURE, Layout
from .sentences import Number, Sentence, _lt, listed
from .steps import (
    ABORTED,
    CANCELLED,
    CANCELLING,
    COMMANDS,
    COMPLETE,
    COMPLETED,
    DOWNLOADING,
    ENDED,
    EXECUTING,
    FAILED,
    HANDED_OVER,
    HELD,
    IDLE,
    OPEN,
    QUEUED,
    RUNNING,
    SENDING,
    STOPPED,
    Anomaly,
    Job,
    Rejected,
    Seen,
    Step,
    Write,
)

STORED_STEP = 0.01  # kg: quantities are stored with two decimals at least
ACKNOWLEDGED = "acknowledged"  # the row of an ended batch whose acknowledgement was seen


class Sight(Enum):
    """What the PLC shows of a batch, as far as it matters in the batch's state."""

    # before the hand-over
    BEHIND = "the PLC knows more than this database, which was restored or is not the only one"
    OCCUPIED = "the slot holds what no batch knows, and nobody stored"
    UNBELIEVED = "what the slot shows is neither blank nor believable: nothing is sent to it"
    RELEASED = "the slot is not free, and a person allowed to acknowledge what is in it"
    BUSY = "the slot is not free yet, or was not read"
    FREE = "the slot is free"
    UNWRITTEN = "the slot is free, its block is not the batch's"
    WRITTEN = "the batch's block was read back"
    # handed over, not seen to be taken
    OVERTAKEN = "the PLC took a later job, which another system gave it"
    UNREAD = "the recipe was not read"
    ERASED = "the recipe is gone"
    STANDING = "the recipe can be taken"
    SETTLING = "the recipe cannot be taken, and the PLC may yet show that it was"
    UNTAKEN = "the recipe cannot be taken, and was not"
    DOUBTFUL = "the recipe cannot be taken, and may have been"
    WENT_BACK = "the slot's taken job is lower than it was when the recipe was sent"
    UNNAMED = "its order is being made, and the taken job is another"
    # taken
    DISBELIEVED = "it was taken, and its report is rejected"
    FORGOTTEN = "it was taken, and the slot is blank"
    IDLING = "it was taken, and the PLC is idle"
    RUNS = "it runs"
    FELL = "amounts are lower than they were"
    REOPENED = "it runs, and its end was shown before"
    UNCONFIRMED = "it is over, in one reading"
    UNSTEADY = "it is over, in two readings that differ"
    UNWEIGHED = "it is finished, its weight is yet to come"
    FINISHED = "it is finished"
    FAILED = "it failed"
    GONE = "the PLC shows it no more"
    # ended
    CHANGED = "the PLC shows other amounts than those that are stored, or makes it again"
    SHOWN = "the PLC still shows it, not acknowledged"
    PASSED = "the acknowledgement is there, or the slot has gone on"
    REPLACED = "another acknowledgement took the place of its own, and the next batch waits for it"
    NOTHING = "nothing that matters"


# what the states of a layout mean
OUTCOMES = {
    IDLE: Sight.IDLING,
    EXECUTING: Sight.RUNS,
    HELD: Sight.RUNS,
    COMPLETE: Sight.FINISHED,
    STOPPED: Sight.FAILED,
    ABORTED: Sight.FAILED,
}


@dataclass
class Case:
    """One batch to decide on. ``values``: what was accepted of its slot; ``held``: the PLC holds it; ``rejected``: why nothing
    was accepted; ``fell``: kg by equipment code by which amounts fell. They are set once it was taken."""

    job: Job
    words: tuple[int, ...]
    in_slot: Sequence[Job]
    values: dict[str, Any] = field(default_factory=dict)
    held: bool = False
    rejected: Anomaly | None = None
    fell: dict[int, float] = field(default_factory=dict)

    @property
    def row(self) -> str:
        """Its row in the table."""
        return ACKNOWLEDGED if self.job.state in ENDED and self.job.acknowledged else self.job.state


class Rule(NamedTuple):
    """The action (a method of the handshake, which may find that nothing is to be done), and the new state."""

    act: Callable[[Any, Case], Step | None]
    to: str | None = None


Table = Mapping[str, Mapping[Sight, Rule]]
HANDSHAKES: dict[str, type["Handshake"]] = {}  # by a layout's handshake


class Handshake(ABC):
    """What the PLC and Odoo agreed on: who may write what, and when.

    Each subclass registers itself for layouts whose ``handshake`` has its ``name``.
    """

    table: ClassVar[Table]
    sends: ClassVar[tuple[Callable[[Any, Case], Step | None], ...]]  # the actions that bring a recipe nearer to being taken

    def __init_subclass__(cls, name: str, **options: Any) -> None:
        HANDSHAKES[name] = cls
        return super().__init_subclass__(**options)

    def __init__(self, layout: Layout, seen: Seen, last_job: int):
        self.layout = layout
        self.seen = seen
        self.last_job = last_job
        self._known: dict[int, int] = {}  # id of a fresh batch -> slot in which the PLC shows its order nevertheless

    # What each handshake defines

    @abstractmethod
    def _queued(self, case: Case) -> Sight | None:
        """What is seen of a queued batch; None: it was taken, so read the feedback about it."""

    @abstractmethod
    def _sending(self, case: Case) -> Sight:
        """What is seen of a batch whose block is being written."""

    @abstractmethod
    def _handed_over(self, case: Case) -> Sight | None:
        """What is seen of a batch that the PLC may know of; None: it was taken, as for :meth:`_queued`."""

    @abstractmethod
    def _ended(self, case: Case) -> Sight:
        """What is seen of a batch whose actuals are stored, before its acknowledgement was seen."""

    def _acknowledged(self, case: Case) -> Sight:
        """What is seen of a batch whose acknowledgement was seen."""
        return Sight.NOTHING

    def _given_up(self, case: Case) -> Sight:
        """What is seen of a batch that was given up before it was seen to be taken."""
        return Sight.NOTHING

    @abstractmethod
    def _free(self, case: Case) -> Sight:
        """FREE, BUSY or OCCUPIED: whether the words of the slot allow a recipe to be sent."""

    @abstractmethod
    def _shows(self, job: Job, words: tuple[int, ...]) -> bool:
        """The slot shows this batch, whatever else of it can be believed."""

    @abstractmethod
    def _stands(self, case: Case) -> bool:
        """The batch's recipe can be taken, or completed to one that can."""

    @abstractmethod
    def withdraw(self, case: Case) -> Step | None:
        """Put the recipe out of the PLC's reach."""

    @abstractmethod
    def clear(self, slot: int) -> Step | None:
        """Disable what someone else left ready to run in a slot without a batch."""

    # Deciding

    def step(self, job: Job, in_slot: Sequence[Job]) -> Step | None:
        """The decision on one batch.

        :param in_slot: all batches of its slot, itself included
        """
        words = self.seen.feedback.get(job.slot)
        if words is None:
            return None
        try:
            return self._decide(Case(job, tuple(words), in_slot))
        except CodecError as error:  # of our own words: the recipe does not fit, or no longer
            return Step(job.id, anomaly=Anomaly("occupied", _lt("the recipe does not fit: %(why)s", why=error.args[0])))

    def _decide(self, case: Case) -> Step | None:
        if case.row not in self.table:
            return None
        try:
            rule = self.table[case.row][self._look(case)]
            step = rule.act(self, case)
        except Rejected as rejected:
            return self._without_belief(case, rejected.anomaly)
        return self._disarm(case, step and replace(step, state=rule.to))

    def _without_belief(self, case: Case, anomaly: Anomaly) -> Step:
        """Nothing is concluded from the slot. What shall not be taken is put out of reach: that is always safe."""
        withdrawal = self.withdraw(case) if case.row == CANCELLING else self._disarm(case, None)
        return replace(withdrawal if withdrawal and self._stands(case) else Step(case.job.id), anomaly=anomaly)

    def _disarm(self, case: Case, step: Step | None) -> Step | None:
        """The step, and what takes away the batch's recipe once the PLC was seen to have taken it."""
        return step

    def _look(self, case: Case) -> Sight:
        sight = self._sight(case) or self._progress(case)
        sends = self.table[case.row][sight].act in self.sends
        return Sight.UNBELIEVED if sends and not self._is_sound(case) else sight

    def _sight(self, case: Case) -> Sight | None:
        if case.row == QUEUED:
            return self._queued(case)
        if case.row == SENDING:
            return self._sending(case)
        if case.row in HANDED_OVER:
            return self._handed_over(case)
        if case.row == CANCELLED:
            return self._given_up(case)
        return self._acknowledged(case) if case.row == ACKNOWLEDGED else self._ended(case)

    # Actions of both

    def wait(self, case: Case) -> Step | None:
        """Do nothing this time."""
        return None

    def note(self, case: Case) -> Step | None:
        """Store the new state."""
        return Step(case.job.id)

    def store_withdrawn(self, case: Case) -> Step | None:
        """The withdrawal was read back: the time begins in which the PLC may still show that it took the batch."""
        return Step(case.job.id, values={"withdrawn": True})

    def store_acknowledged(self, case: Case) -> Step | None:
        """There is nothing left to acknowledge."""
        return Step(case.job.id, values={"acknowledged": True})

    def write_block(self, case: Case) -> Step | None:
        """Write the recipe, with its gate closed."""
        return Step(case.job.id, write=self._write_block(case.job))

    def store_actuals(self, case: Case) -> Step | None:
        """What the PLC shows is final."""
        below = self.layout.below_zero(self._without_unused(case.words, case.job.recipe))
        return Step(case.job.id, values={**self._actuals(case), **({"drifted": listed(below)} if below else {})})

    def store_progress(self, case: Case) -> Step:
        """Store what the PLC shows so far, and write what a person requested of the running batch."""
        write, obeyed = self._command(case.job, case.held)
        return Step(case.job.id, values={**self._actuals(case), "held": case.held, "obeyed": obeyed}, write=write)

    def store_finished(self, case: Case) -> Step | None:
        """The grace time for its weight begins."""
        step = self.store_progress(case)
        return replace(step, values={**step.values, "finished": True})

    def store_unconfirmed(self, case: Case) -> Step:
        """Store what the PLC shows, but not that it is final: a PLC may set the flag before it shows the last amounts."""
        return Step(case.job.id, values={**self._actuals(case), "held": case.held, "obeyed": False}, again=True)

    # Questions to a person

    def reject(self, case: Case) -> Step | None:
        """Nothing of the slot counts, but for what is already known of the batch."""
        return Step(case.job.id, anomaly=case.rejected)

    def ask_about_fall(self, case: Case) -> Step | None:
        """Go on with what the PLC shows, and keep by how much it fell: a person decides whether that was dosed, too."""
        parts = [_lt("equipment %(code)s by %(kg)s", code=code, kg=Number(f"{amount:.2f}")) for code, amount in case.fell.items()]
        step = self._ask(case, "fell", listed(parts))
        return replace(step, values={**self._actuals(case), "held": case.held, "obeyed": False, "fell": case.fell})

    def ask_about_reopened(self, case: Case) -> Step | None:
        """Go on with it as running."""
        step = self._ask(case, "reopened", _lt("the PLC had finished it, and shows it as running again"))
        return replace(step, values={**self._actuals(case), "held": case.held, "obeyed": False, "finished": False})

    def ask_about_unsteady(self, case: Case) -> Step | None:
        """As :meth:`store_unconfirmed`, and no third reading is believed more than the second."""
        anomaly = Anomaly("unsteady", _lt("two readings differ"), case.words)
        return replace(self.store_unconfirmed(case), anomaly=anomaly)

    def ask_about_change(self, case: Case) -> Step | None:
        """What is stored is final. What the PLC shows now is in the raw words. It stays there until a person has decided."""
        step = self._ask(case, "changed", self._change(case))
        return replace(step, values={"shown": self._amounts(case.job, self._decode(case.words, case.job.recipe))})

    def ask_about_idle(self, case: Case) -> Step | None:
        """Taken and running, and now neither running nor over: the PLC has forgotten it."""
        return self._ask(case, "lost", _lt("the PLC is idle although job %(job)s is running", job=case.job.number))

    def ask_about_recipe(self, case: Case) -> Step | None:
        """It looks like a recipe that was taken: it is not sent again automatically."""
        return self._ask(case, "lost", _lt("the recipe that was handed over is no longer in the PLC"))

    def ask_about_database(self, case: Case) -> Step | None:
        """The PLC knows a queued order that this database never handed over.

        The database was restored from a backup, or another system hands over the same orders. Any queued batch may already have
        been made: none is sent, and the batch of that order asks a person.
        """
        job = case.job
        if job.id not in self._known:
            return None
        slot = self._known[job.id]
        told = {"order": job.order, "slot": slot}
        detail = _lt("order %(order)s is in slot %(slot)s but was never handed over from here", **told)
        return self._ask(case, "database_behind", detail, self.seen.feedback[slot])

    def _ask(self, case: Case, code: str, detail: Sentence, words: Sequence[int] | None = None) -> Step:
        return Step(case.job.id, anomaly=Anomaly(code, detail, case.words if words is None else tuple(words)))

    def look_for_strangers(self, jobs: Iterable[Job]) -> None:
        """Find orders that the PLC made, or makes, without this database: see :meth:`ask_about_database`."""
        shown = {self._shown_order(words): slot for slot, words in self.seen.feedback.items()}
        for job in jobs:
            if job.fresh and job.state == QUEUED and (slot := shown.get(job.shown_order)):
                self._known[job.id] = slot

    def _shows_order(self, job: Job, words: Sequence[int]) -> bool:
        return self._shown_order(words) == job.shown_order

    def _shown_order(self, words: Sequence[int]) -> str | None:
        """The order's name in a feedback, however it is filled up; None if it is no text."""
        try:
            name: str = self.layout.value("feedback", words, "order")
        except CodecError:
            return None
        return name

    # Belief (rule 5): whole or not at all

    def _decode(self, words: tuple[int, ...], recipe: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self.layout.codec("feedback").decode(self._without_unused(words, recipe))
        except CodecError as error:
            raise Rejected(Anomaly("rejected", error.args[0], words, error.field.offset)) from None

    def _without_unused(self, words: tuple[int, ...], recipe: Mapping[str, Any]) -> Sequence[int]:
        """The words, with 0 for the amounts of lines that have neither code nor target: they are none of the batch's."""
        if None not in self.layout.codes:
            return words
        lines = zip(
            self.layout.area("feedback").by_role("line_quantity"),
            recipe.get("line_code", ()),
            recipe.get("line_quantity", ()),
            strict=False,
        )
        cleared = list(words)
        for item, code, target in lines:
            if not code and not target:
                cleared[item.offset : item.end] = [0] * item.length
        return cleared

    def _reject_unless(self, expected: Any, found: Any, role: str, words: tuple[int, ...], index: int = 0) -> None:
        if expected == found:
            return
        item = self.layout.area("feedback").by_role(role)[index]
        shown = expected if isinstance(expected, Sentence) else repr(expected)
        reason = _lt("holds %(found)s where %(expected)s was expected", found=repr(found), expected=shown)
        raise Rejected(Anomaly("rejected", complaint(item, item.offset, reason), words, item.offset))

    def _believe_slot(self, job: Job, words: tuple[int, ...]) -> None:
        """A slot that shows nothing of the batch proves something only if it is blank or has our slot's number.

        :raise Rejected: for another slot number: nothing of the slot counts then
        """
        if not self._is_blank(words):
            self._reject_unless(job.slot, self._number("feedback", words, "slot"), "slot", words)

    def _is_sound(self, case: Case) -> bool:
        """Something may be sent to the slot: it is blank, or can be believed, whosever batch it shows. Otherwise addresses, word
        order or scale may be wrong, and the PLC would take other targets than it was sent.

        What a person took note of is no reason to wait: the PLC shows it until it takes the next batch.
        """
        if any(other.noted and self._shows(other, case.words) for other in case.in_slot):
            return True
        try:
            self._believe_anybody(case.job.slot, case.words)
        except Rejected as rejected:
            case.rejected = rejected.anomaly
        return not case.rejected

    def _believe_anybody(self, slot: int, words: tuple[int, ...]) -> dict[str, Any]:
        """The values of a slot, whosever batch it shows, or of a blank one.

        :raise Rejected: naming the first word that is wrong
        """
        area, blank = self.layout.area("feedback"), self._is_blank(words)
        shown = [any(words[item.offset : item.end]) for item in area.by_role("line_code")]
        values = self._decode(words, {"line_code": shown, "line_quantity": [0] * len(shown)})
        if not blank:
            self._reject_unless(slot, values["slot"], "slot", words)
        for index, item in enumerate(area.by_role("line_code")):
            code = values["line_code"][index]
            self._reject_unless(code if item.value is None or blank and not code else item.value, code, "line_code", words, index)
        if values.get(SIGNATURE):  # a program that shows none is older than the layout's
            self._reject_unless(self.layout.signature("feedback"), values[SIGNATURE], SIGNATURE, words)
        return values

    def _blocks(self, case: Case) -> bool:
        """It has ended, a batch waits for its slot, and what it left there cannot be believed."""
        waits = any(other.state in DOWNLOADING for other in case.in_slot)
        return waits and self._shows(case.job, case.words) and not self._is_sound(case)

    def _is_blank(self, words: tuple[int, ...]) -> bool:
        """It names neither slot nor order: never used, or everything is forgotten (except the taken job, if that is
        retentive)."""
        item = self.layout.area("feedback").field("slot")
        return not any(words[item.offset : item.end]) and self._shown_order(words) == ""

    def _believe(self, job: Job, words: tuple[int, ...]) -> dict[str, Any]:
        """The values of a slot that is about ``job``.

        :raise Rejected: naming the first word that is wrong
        """
        values = self._decode(words, job.recipe)
        self._reject_unless(job.slot, values["slot"], "slot", words)
        self._reject_unless(job.shown_order, values["order"], "order", words)
        codes = job.recipe.get("line_code") or self.layout.codes
        for index, code in enumerate(codes):
            self._reject_unless(code, values["line_code"][index], "line_code", words, index)
        return values

    # Progress, once the feedback is about this batch

    def _progress(self, case: Case) -> Sight:
        """What the PLC reports of a batch that it took."""
        try:
            case.values = self._believe(case.job, case.words)
            outcome = self._outcome(case.values)
            if outcome == Sight.DISBELIEVED:
                self._reject_unless(_lt("a known state"), case.values["state"], "state", case.words)
        except Rejected as rejected:
            case.rejected = rejected.anomaly
            return Sight.DISBELIEVED
        if outcome == Sight.IDLING:
            return outcome
        case.held = case.values.get("state") == HELD
        case.fell = self._fallen(case) if case.row == RUNNING else {}
        if case.fell:
            return Sight.FELL
        if outcome == Sight.RUNS:
            return Sight.REOPENED if case.row == RUNNING and case.job.finished else outcome
        return self._end(case, outcome)

    def _end(self, case: Case, outcome: Sight) -> Sight:
        """An end is believed when two readings a scan apart agree."""
        before = self._shown_before(case.job)
        if before is None:
            return Sight.UNCONFIRMED
        if not self._agree(case.values, before):
            return Sight.UNSTEADY
        if outcome == Sight.FINISHED and case.job.awaits_weight and not case.values["weight"]:
            return Sight.UNWEIGHED
        return outcome

    def _shown_before(self, job: Job) -> dict[str, Any] | None:
        """The values of the same end, a scan ago; None if it was not read then, or was not over."""
        try:
            values = self._believe(job, tuple(self.seen.before.get(job.slot, ())))
        except Rejected:
            return None
        return values if self._outcome(values) in (Sight.FINISHED, Sight.FAILED) else None

    def _agree(self, values: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        """Both readings say the same, but for how far a scale drifts at rest."""
        amounts = [(*reading["line_quantity"], reading["weight"]) for reading in (values, before)]
        moved = max(map(abs, map(sub, *amounts)))
        return self._outcome(values) == self._outcome(before) and moved <= self.layout.drift

    def _fallen(self, case: Case) -> dict[int, float]:
        """kg by equipment code by which amounts are lower than stored; empty if they are not."""
        amounts = self._amounts(case.job, case.values)
        missing = {code: stored - amounts.get(code, 0.0) for code, stored in case.job.stored.items()}
        return {code: amount for code, amount in missing.items() if amount > self._noise}

    def _amounts(self, job: Job, values: Mapping[str, Any]) -> dict[int, float]:
        """kg by equipment code, with what was carried."""
        return {code: amount for code, amount in self._lines(job, values) if code}

    def _lines(self, job: Job, values: Mapping[str, Any]) -> list[tuple[int, float]]:
        """(equipment code, kg with what was carried) of each line."""
        shown = zip(values["line_code"], values["line_quantity"], strict=True)
        return [(code, amount + job.carried.get(code, 0.0)) for code, amount in shown]

    @property
    def _noise(self) -> float:
        """kg by which an amount may differ without having changed: the drift of a scale, and how quantities are stored."""
        return self.layout.drift + STORED_STEP

    # Once it has ended

    def _change(self, case: Case) -> Sentence:
        """What the PLC shows of a batch that has ended, other than it is stored; empty if nothing that counts.

        A PLC may clear an acknowledged result, or what it pleases of it but the amounts. What cannot be read is no result.
        """
        job = case.job
        if job.noted and not job.known or self._is_blank(case.words) or not self._shows_order(job, case.words):
            return Sentence("")
        try:
            values = self._decode(case.words, job.recipe)
        except Rejected:
            return Sentence("")
        outcome, amounts = self._outcome(values), self._amounts(job, values)
        own = all(code in (None, shown) for code, shown in zip(self.layout.codes, values["line_code"], strict=True))
        if outcome == Sight.DISBELIEVED or not own or not any(amounts.values()):
            return Sentence("")
        if self._differ(amounts, job.stored) and (not job.noted or self._differ(amounts, job.known)):
            return _lt("%(kg)s instead of %(stored)s were dosed", kg=_sum(amounts), stored=_sum(job.stored))
        if outcome == Sight.RUNS and not job.acknowledged and not job.noted:
            return _lt("it runs again")
        return Sentence("")

    def _differ(self, amounts: Mapping[int, float], others: Mapping[int, float]) -> bool:
        return any(abs(amounts.get(code, 0.0) - others.get(code, 0.0)) > self._noise for code in {*amounts, *others})

    def _outcome(self, values: Mapping[str, Any]) -> Sight:
        """IDLING, RUNS, FINISHED or FAILED; DISBELIEVED for a state that nobody knows."""
        if "state" in values:
            return OUTCOMES.get(values["state"], Sight.DISBELIEVED)
        return (Sight.FAILED if values["failed"] else Sight.FINISHED) if values["finished"] else Sight.RUNS

    def _actuals(self, case: Case) -> dict[str, Any]:
        lines = self._lines(case.job, case.values)
        shown = {"codes": tuple(code for code, _kg in lines), "actuals": tuple(kg for _code, kg in lines)}
        return {**shown, "weight": case.values["weight"]}

    def _command(self, job: Job, held: bool) -> tuple[Write | None, bool]:
        """(what to write, whether the command is done with)

        A command carries the job number, so that a late command cannot hit another job. Once the feedback shows that it was
        obeyed, it is reset to 0, so that the same command can be given again.
        """
        recipe = self.seen.recipe.get(job.slot)
        if not job.command or recipe is None or not self.layout.area("recipe").by_role("command"):
            return None, False
        obeyed = job.settled and {"hold": held, "resume": not held}.get(job.command, False)
        asked = {"command_job": job.number, "command": 0 if obeyed else COMMANDS[job.command]}
        if all(self._number("recipe", recipe, role) == value for role, value in asked.items()):
            return None, obeyed
        first = self.layout.area("recipe").field("command_job")
        last = self.layout.area("recipe").field("command")
        words = self.layout.codec("recipe").encode(asked)[first.offset : last.end]
        return self._write("command", "recipe", job.slot, first.offset, words), False

    # Writes

    def _write(self, kind: str, area: str, slot: int, offset: int, words: Sequence[int]) -> Write:
        registers = self.layout.area(area).registers
        return Write(kind, slot, self.layout.address(area, slot, offset), tuple(words), registers)

    def _write_role(self, kind: str, area: str, slot: int, role: str, value: int) -> Write:
        offset, words = self.layout.words_of(area, role, value)
        return self._write(kind, area, slot, offset, words)

    def _block(self, job: Job, number: int = 0) -> list[int]:
        return self.layout.block(job.recipe, number or job.number)

    def _write_block(self, job: Job, number: int = 0) -> Write:
        return self._write("block", "recipe", job.slot, 0, self._block(job, number))

    def _is_written(self, job: Job, recipe: Sequence[int]) -> bool:
        return list(recipe[: self.layout.block_words]) == self._block(job)

    def _is_standing(self, job: Job, recipe: Sequence[int], gate: str) -> bool:
        """The block is written, whatever its role ``gate`` contains now."""
        item = self.layout.area("recipe").field(gate)
        block = self._block(job)
        return self._is_written(job, [*recipe[: item.offset], *block[item.offset : item.end], *recipe[item.end :]])

    def _recipe_role(self, slot: int, role: str) -> int:
        """A whole number of the recipe area, read on its own: the rest of the slot may be nonsense."""
        return self._number("recipe", self.seen.recipe[slot], role)

    def _number(self, kind: str, words: Sequence[int], role: str) -> int:
        return whole(self.layout, kind, words, role)

    def _cleared(self, slot: int) -> Anomaly:
        return Anomaly("cleared", _lt("slot %(slot)s", slot=slot), tuple(self.seen.recipe[slot]))

    def _room(self, case: Case) -> Sight:
        """FREE if no earlier batch of the slot waits for its acknowledgement or stands in the recipe, and nothing in the slot
        is in the way."""
        earlier = [other for other in case.in_slot if other.state in (*ENDED, CANCELLED)]
        waits = any(other.armed or other.state in ENDED and not other.acknowledged for other in earlier)
        return Sight.BUSY if waits or case.job.slot not in self.seen.recipe else self._free(case)

    def _room_for_recipe(self, case: Case) -> Sight:
        """The same for a queued batch: what a person released is acknowledged first."""
        room = self._room(case)
        return Sight.RELEASED if room == Sight.OCCUPIED and case.job.release else room

    def _room_for_block(self, case: Case) -> Sight:
        """The same for a batch that is being sent."""
        room = self._room(case)
        if room == Sight.OCCUPIED and case.job.release:
            return Sight.BUSY
        if room != Sight.FREE:
            return room
        return Sight.WRITTEN if self._is_written(case.job, self.seen.recipe[case.job.slot]) else Sight.UNWRITTEN


# Progress of a batch that the PLC took: the same with both handshakes
TAKEN: Mapping[Sight, Rule] = {
    Sight.DISBELIEVED: Rule(Handshake.reject, RUNNING),
    Sight.IDLING: Rule(Handshake.note, RUNNING),
    Sight.RUNS: Rule(Handshake.store_progress, RUNNING),
    Sight.UNCONFIRMED: Rule(Handshake.store_unconfirmed, RUNNING),
    Sight.UNSTEADY: Rule(Handshake.ask_about_unsteady, RUNNING),
    Sight.UNWEIGHED: Rule(Handshake.store_finished, RUNNING),
    Sight.FINISHED: Rule(Handshake.store_actuals, COMPLETED),
    Sight.FAILED: Rule(Handshake.store_actuals, FAILED),
}
# the same for a batch that was seen running before
STILL_TAKEN: Mapping[Sight, Rule] = {
    **TAKEN,
    Sight.DISBELIEVED: Rule(Handshake.reject),
    Sight.IDLING: Rule(Handshake.ask_about_idle),
    Sight.RUNS: Rule(Handshake.store_progress),
    Sight.FELL: Rule(Handshake.ask_about_fall),
    Sight.REOPENED: Rule(Handshake.ask_about_reopened),
    Sight.UNCONFIRMED: Rule(Handshake.store_unconfirmed),
    Sight.UNSTEADY: Rule(Handshake.ask_about_unsteady),
    Sight.UNWEIGHED: Rule(Handshake.store_finished),
}


def _sum(amounts: Mapping[int, float]) -> Number:
    return Number(f"{sum(amounts.values()):.2f}")


def whole(layout: Layout, kind: str, words: Sequence[int], role: str) -> int:
    """A whole number read on its own; -1, which no field can hold, if its words are nonsense."""
    try:
        value: int = layout.value(kind, words, role)
    except CodecError:
        return -1
    return value


def reconcile(layout: Layout, jobs: Iterable[Job], seen: Seen, last_job: int = 0) -> list[Step]:
    """What to do now.

    :param jobs: the open batches, and for each slot the latest closed one as long as it matters (see :class:`Job`)
    :param last_job: the highest job number ever given for this PLC
    :return: steps, in the order of slots; commit a step's changes before sending its write
    """
    jobs = sorted(jobs, key=lambda job: (job.slot, job.id))
    if not jobs and not seen.recipe:
        return []  # nothing to decide on
    handshake = HANDSHAKES[layout.handshake](layout, seen, last_job)
    handshake.look_for_strangers(jobs)
    steps = [handshake.step(job, [other for other in jobs if other.slot == job.slot]) for job in jobs]
    owned = {job.slot for job in jobs if job.state != QUEUED and (job.state in OPEN or job.armed)}
    steps += [handshake.clear(slot) for slot in sorted(seen.recipe) if slot not in owned]
    return [step for step in steps if step]
