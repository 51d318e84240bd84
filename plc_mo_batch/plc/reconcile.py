"""observation + batches -> decisions: the heart of the promise, as a pure function.

Each round of an exchange observes the PLC, calls :func:`reconcile`, commits the changes it asks for and only then puts its
writes on the wire. What a write achieved is learned by the next observation, never assumed. So a crash anywhere leaves a
state from which the next round goes on correctly. ARCHITECTURE.md tells why each step is safe.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .codec import CodecError, complaint
from .layout import FLAGS, Layout
from .sentences import Sentence, _lt

QUEUED, SENDING, OFFERED, RUNNING = "queued", "sending", "offered", "running"
CANCELLING, COMPLETED, FAILED, DONE, CANCELLED = "cancelling", "completed", "failed", "done", "cancelled"
OPEN = (QUEUED, SENDING, OFFERED, RUNNING, CANCELLING, COMPLETED, FAILED)
ENDED = (COMPLETED, FAILED, DONE)  # the actuals are stored: what the PLC still shows of it may be acknowledged
DOWNLOADING = (QUEUED, SENDING)
HANDED_OVER = (OFFERED, RUNNING, CANCELLING)  # the PLC may know of it
UNDECIDED = ("lost", "doubt")  # anomalies that a person has to decide

# What a layout with the role "state" reports, in ISA-88 terms
IDLE, EXECUTING, COMPLETE, HELD, STOPPED, ABORTED = 1, 2, 3, 9, 11, 13
# What the role "command" can ask of a running job (the numbers of ISA-TR88.00.02)
COMMANDS = {"hold": 4, "resume": 5, "abort": 8}

# A PLC used for years with another database is some way ahead of us; a job number further off than this is nonsense.
MAX_JOB_LEAD = 1_000_000
MAX_JOB = 0x7FFFFFFF  # what the database's integer holds


@dataclass(frozen=True)
class Job:
    """What the database says of one batch.

    ``number`` is the job number (0: none given yet), ``recipe`` the values by role that its block is made of.
    ``acknowledged``: the PLC was seen to know that we stored its actuals.
    ``settled``: the PLC has had its settle time to show what was written last (offered, withdrawn, or commanded). It had it
    before the observation began, and no write of unknown fate is still on its way: both are needed (tests/plc_model.py).
    ``awaits_weight``: a finished batch without finished weight is still given time for it.
    ``release``: a person allowed what an unknown system left in the slot to be acknowledged and overwritten.
    ``resent``: it was handed over before, and a person decided that the PLC had not taken it.
    ``fresh``: in line, and no batch of its order was ever handed over: the PLC cannot know the order from here.
    ``command``: what a person asked of the running batch, one of :data:`COMMANDS`, or empty.
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


@dataclass(frozen=True)
class Seen:
    """One observation: the words of each slot that was read, by slot number (from 1)."""

    feedback: Mapping[int, Sequence[int]]
    recipe: Mapping[int, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Write:
    """``words`` at ``address``; ``kind`` is block, arm, ack, withdraw, clear or command; event for an event's flag."""

    kind: str
    slot: int
    address: int
    words: tuple[int, ...]


@dataclass(frozen=True)
class Anomaly:
    """Something that a person must know. Nothing changes because of it.

    ``code`` names the case, ``detail`` completes it in a sentence, ``words`` are the raw words it was seen in and
    ``offset`` the wrong one among them.
    """

    code: str
    detail: str = ""
    words: tuple[int, ...] = ()
    offset: int | None = None


@dataclass(frozen=True)
class Step:
    """One decision about one batch (``job_id`` 0: about a slot that no batch owns).

    ``state`` is the new state or None, ``values`` what else is to be stored, ``write`` goes out after both are committed.
    """

    job_id: int
    state: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    write: Write | None = None
    anomaly: Anomaly | None = None


class Rejected(Exception):
    """The slot is not believed; carries the :class:`Anomaly`."""

    def __init__(self, anomaly: Anomaly):
        self.anomaly = anomaly
        super().__init__(anomaly.detail)


def recipe_slots(layout: Layout, jobs: Iterable[Job]) -> list[int]:
    """The slots whose recipe area must be read: only where something is to be written, all before a download."""
    jobs = list(jobs)
    if any(job.state in DOWNLOADING for job in jobs):
        return list(range(1, layout.slots + 1))
    waiting = {job.slot for job in jobs if job.state in (OFFERED, CANCELLING) or (job.state == RUNNING and job.command)}
    if layout.handshake != FLAGS:
        waiting |= {job.slot for job in jobs if job.state in ENDED and not job.acknowledged}
    return sorted(slot for slot in waiting if slot <= layout.slots)


def highest_job(layout: Layout, seen: Seen, last_job: int) -> int:
    """The highest job number that the PLC shows as taken, of those that are plausible; 0: none, or the layout has none."""
    if layout.handshake == FLAGS:
        return 0
    taken = [_whole(layout, "feedback", words, "taken_job") for words in seen.feedback.values()]
    return max((number for number in taken if 0 < number <= min(last_job + MAX_JOB_LEAD, MAX_JOB - 1)), default=0)


def reconcile(layout: Layout, jobs: Iterable[Job], seen: Seen, last_job: int = 0) -> list[Step]:
    """What to do now.

    :param jobs: the open batches, and of each slot the latest closed one as long as it matters (see :class:`Job`)
    :param last_job: the highest job number ever given for this PLC
    :return: steps, in the order of slots; a step's changes are to be committed before its write is sent
    """
    decide = (_Flags if layout.handshake == FLAGS else _JobNumbers)(layout, seen, last_job)
    jobs = sorted(jobs, key=lambda job: (job.slot, job.id))
    decide.look_for_strangers(jobs)
    steps = [decide.step(job, [other for other in jobs if other.slot == job.slot]) for job in jobs]
    owned = {job.slot for job in jobs if job.state in OPEN and job.state != QUEUED}
    steps += [decide.clear(slot) for slot in sorted(seen.recipe) if slot not in owned]
    return [step for step in steps if step]


class _Handshake:
    """What both handshakes share. Each ``_<state>`` method returns a :class:`Step` or None (nothing to do, or wait)."""

    def __init__(self, layout: Layout, seen: Seen, last_job: int):
        self.layout = layout
        self.seen = seen
        self.last_job = last_job
        self._asks = None  # id of the batch that asks about the whole PLC
        self._known: dict[int, int] = {}  # id of a fresh batch -> slot in which the PLC shows its order all the same

    def look_for_strangers(self, jobs: Iterable[Job]) -> None:
        """Orders that the PLC made, or makes, without this database: see :meth:`_is_database_behind`."""
        item = self.layout.area("feedback").field("order")
        shown = {tuple(words[item.offset : item.end]): slot for slot, words in self.seen.feedback.items()}
        for job in jobs:
            with suppress(CodecError):  # an order that does not fit is told where its recipe is made
                if job.fresh and job.state == QUEUED and (slot := shown.get(tuple(self._order_words(job)))):
                    self._known[job.id] = slot

    def _order_words(self, job: Job) -> list[int]:
        return self.layout.words_of("feedback", "order", job.order)[1]

    def step(self, job: Job, in_slot: list[Job]) -> Step | None:
        words = self.seen.feedback.get(job.slot)
        if words is None:
            return None
        try:
            return self._decide(job, tuple(words), in_slot)
        except Rejected as rejected:
            return Step(job.id, anomaly=rejected.anomaly)
        except CodecError as error:  # of our own words: the recipe does not fit (any more)
            return Step(job.id, anomaly=Anomaly("occupied", _lt("the recipe does not fit: %(why)s", why=error.args[0])))

    def _decide(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> Step | None:
        if job.state == QUEUED:
            return self._queued(job, words, in_slot)
        if job.state == SENDING:
            return self._sending(job, words, in_slot)
        if job.state in HANDED_OVER:
            return self._handed_over(job, words)
        if job.state in ENDED:
            return self._acknowledged(job, words, in_slot) if job.acknowledged else self._ended(job, words)
        return None

    def _acknowledged(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> Step | None:
        """What an ended batch whose acknowledgement was seen may still need."""
        return None

    def _is_database_behind(self, job: Job) -> bool:
        """The PLC knows an order in line that was never handed over from here: the database was restored from a backup, or
        another system hands over the same orders. Whatever is in line may have been made: nothing of it is sent.

        :raise Rejected: where this batch is the one to ask a person
        """
        if job.id in self._known:
            slot = self._known[job.id]
            told = {"order": job.order, "slot": slot}
            detail = _lt("order %(order)s stands in slot %(slot)s, and was never handed over from here", **told)
            raise Rejected(Anomaly("database_behind", detail, tuple(self.seen.feedback[slot])))
        return bool(self._known)

    # Belief (rule 5): whole or not at all

    def _decode(self, words: tuple[int, ...]) -> dict[str, Any]:
        try:
            return self.layout.codec("feedback").decode(words)
        except CodecError as error:
            raise Rejected(Anomaly("rejected", error.args[0], words, error.field.offset)) from None

    def _reject_unless(self, expected: Any, found: Any, role: str, words: tuple[int, ...], index: int = 0) -> None:
        if expected == found:
            return
        item = self.layout.area("feedback").by_role(role)[index]
        shown = expected if isinstance(expected, Sentence) else repr(expected)
        reason = _lt("holds %(found)s where %(expected)s was expected", found=repr(found), expected=shown)
        raise Rejected(Anomaly("rejected", complaint(item, item.offset, reason), words, item.offset))

    def _believe_slot(self, job: Job, words: tuple[int, ...]) -> None:
        """Nothing follows from what a slot does not show, either, unless it is blank or bears our slot's number.

        :raise Rejected: a slot number that is not ours makes the whole slot unbelievable
        """
        if not self._is_blank(words):
            self._reject_unless(job.slot, self._number("feedback", words, "slot"), "slot", words)

    def _is_blank(self, words: tuple[int, ...]) -> bool:
        """It names neither slot nor order: never used, or all is forgotten (but for the taken job, where that is retentive)."""
        named = [self.layout.area("feedback").field(role) for role in ("slot", "order")]
        return not any(word for item in named for word in words[item.offset : item.end])

    def _believe(self, job: Job, words: tuple[int, ...]) -> dict[str, Any]:
        """The values of a slot that speaks of ``job``.

        :raise Rejected: naming the first word that is wrong
        """
        values = self._decode(words)
        self._reject_unless(job.slot, values["slot"], "slot", words)
        self._reject_unless(job.order, values["order"], "order", words)
        codes = job.recipe.get("line_code") or self.layout.codes
        for index, code in enumerate(codes):
            self._reject_unless(code, values["line_code"][index], "line_code", words, index)
        return values

    # Progress, once the feedback speaks of this batch

    def _progress(self, job: Job, values: dict[str, Any], words: tuple[int, ...]) -> Step | None:
        actuals = {
            "codes": tuple(values["line_code"]),
            "actuals": tuple(values["line_quantity"]),
            "weight": values["weight"],
        }
        if values.get("state") == IDLE:
            return self._idle(job, words)
        outcome, held = self._outcome(values, words)
        if outcome == COMPLETED and job.awaits_weight and not values["weight"]:
            outcome, actuals["finished"] = RUNNING, True
        if outcome != RUNNING:
            return Step(job.id, outcome, actuals)
        write, obeyed = self._command(job, held)
        state = RUNNING if job.state != RUNNING else None
        return Step(job.id, state, {**actuals, "held": held, "obeyed": obeyed}, write)

    def _idle(self, job: Job, words: tuple[int, ...]) -> Step | None:
        """Taken, but neither running nor over: not begun yet, or over and forgotten long ago."""
        if job.state != RUNNING:
            return None
        detail = _lt("the PLC is idle, though job %(job)s runs", job=job.number)
        return Step(job.id, anomaly=Anomaly("lost", detail, words))

    def _outcome(self, values: dict[str, Any], words: tuple[int, ...]) -> tuple[str, bool]:
        """(running, completed or failed; held)

        :raise Rejected: for a state that is none
        """
        if "state" not in values:
            return (FAILED if values["failed"] else COMPLETED) if values["finished"] else RUNNING, False
        outcomes = {EXECUTING: RUNNING, HELD: RUNNING, COMPLETE: COMPLETED, STOPPED: FAILED, ABORTED: FAILED}
        if values["state"] not in outcomes:
            self._reject_unless(_lt("a known state"), values["state"], "state", words)
        return outcomes[values["state"]], values["state"] == HELD

    def _command(self, job: Job, held: bool) -> tuple[Write | None, bool]:
        """(what to write, whether the command is done with)

        A command carries the job number, so that one which arrives late cannot hit another job. Once the feedback shows that
        it was obeyed it is taken back to 0, so that the same one can be given again.
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
        return Write(kind, slot, self.layout.address(area, slot, offset), tuple(words))

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
        """The block is written, whatever now stands in its role ``gate``."""
        item = self.layout.area("recipe").field(gate)
        block = self._block(job)
        return self._is_written(job, [*recipe[: item.offset], *block[item.offset : item.end], *recipe[item.end :]])

    def _recipe_role(self, slot: int, role: str) -> int:
        """A whole number of the recipe area, read by itself: what else stands there may be nonsense."""
        return self._number("recipe", self.seen.recipe[slot], role)

    def _number(self, kind: str, words: Sequence[int], role: str) -> int:
        return _whole(self.layout, kind, words, role)

    def _lost_recipe(self, job: Job, words: tuple[int, ...]) -> Step:
        return Step(job.id, anomaly=Anomaly("lost", _lt("the recipe that was handed over is no longer in the PLC"), words))

    def _cleared(self, slot: int) -> Anomaly:
        return Anomaly("cleared", _lt("slot %(slot)s", slot=slot), tuple(self.seen.recipe[slot]))

    def _sendable(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> bool:
        """No earlier batch of the slot still waits for its acknowledgement, and the slot is free."""
        unsettled = any(other.state in ENDED and not other.acknowledged for other in in_slot)
        return not unsettled and job.slot in self.seen.recipe and self._free(job, words, in_slot)


class _JobNumbers(_Handshake):
    """Every word has one writer; a repeated or late write does no harm (plc_map.md, proven by its model)."""

    def _taken(self, words: Sequence[int]) -> int:
        return self._number("feedback", words, "taken_job")

    def _takeable(self, slot: int) -> bool:
        armed = self._recipe_role(slot, "armed_job")
        return armed > self._taken(self.seen.feedback[slot]) and self._recipe_role(slot, "recipe_job") == armed

    def _free(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> bool:
        return not self._takeable(job.slot) and self._is_stored(job, words, in_slot)

    def _is_stored(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> bool:
        """The job last taken in the slot is stored: ours and closed, or acknowledged by whoever knew it, or forgotten."""
        taken = self._taken(words)
        if not taken or any(other.number == taken and other.acknowledged for other in in_slot):
            return True
        if self._is_blank(words):
            return True
        values = self._decode(words)
        over = values["finished"] if "finished" in values else values["state"] not in (EXECUTING, HELD)
        if over and self._recipe_role(job.slot, "acknowledged_job") == taken:
            return True
        if job.release:
            return False
        told = {"job": taken, "order": values["order"] or "?"}
        detail = _lt("job %(job)s, order %(order)s, is known to no batch and was not acknowledged", **told)
        raise Rejected(Anomaly("occupied", detail, words))

    def _release(self, job: Job, words: tuple[int, ...]) -> Step | None:
        """Acknowledge what nobody here knows, as a person allowed; its raw words are in the journal since it was refused."""
        if self._recipe_role(job.slot, "acknowledged_job") == self._taken(words):
            return None
        write = self._write_role("ack", "recipe", job.slot, "acknowledged_job", self._taken(words))
        return Step(job.id, write=write)

    def _is_database_behind(self, job: Job) -> bool:
        """Or it took a job that this database never gave. One that never gave any (new, at a PLC with a past) is not behind.

        :raise Rejected: once for all batches in line
        """
        if super()._is_database_behind(job):
            return True
        shown = highest_job(self.layout, self.seen, self.last_job)
        if not self.last_job or shown <= self.last_job:
            return False
        if self._asks not in (None, job.id):
            return True
        self._asks = job.id
        slot = next(slot for slot, words in self.seen.feedback.items() if self._taken(words) == shown)
        told = {"job": shown, "slot": slot, "last": self.last_job}
        detail = _lt("it took job %(job)s (slot %(slot)s), while the last one that was given here is job %(last)s", **told)
        raise Rejected(Anomaly("database_behind", detail, tuple(self.seen.feedback[slot])))

    def _next_number(self, job: Job, words: tuple[int, ...]) -> int:
        taken = max(self._taken(words), self._recipe_role(job.slot, "armed_job"))
        if taken > self.last_job + MAX_JOB_LEAD or max(taken, self.last_job) >= MAX_JOB:
            detail = _lt("the PLC shows job %(job)s, the last one given is %(last)s", job=taken, last=self.last_job)
            raise Rejected(Anomaly("job_number", detail, words))
        self.last_job = max(taken, self.last_job) + 1
        return self.last_job

    def _queued(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> Step | None:
        if job.resent and job.number and self._taken(words) == job.number:
            return self._after_take(job, words)
        if self._is_database_behind(job):
            return None
        if not self._sendable(job, words, in_slot):
            stranger = job.release and job.slot in self.seen.recipe and not self._takeable(job.slot)
            return self._release(job, words) if stranger else None
        number = self._next_number(job, words)
        return Step(job.id, SENDING, {"number": number}, self._write_block(job, number))

    def _sending(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> Step | None:
        if not self._sendable(job, words, in_slot):
            return None
        if self._is_written(job, self.seen.recipe[job.slot]):
            return Step(job.id, OFFERED, write=self._arm(job))
        return Step(job.id, write=self._write_block(job))

    def _arm(self, job: Job) -> Write:
        return self._write_role("arm", "recipe", job.slot, "armed_job", job.number)

    def _handed_over(self, job: Job, words: tuple[int, ...]) -> Step | None:
        taken = self._taken(words)
        if taken == job.number:
            return self._after_take(job, words)
        self._believe_slot(job, words)
        if job.state == RUNNING:
            detail = _lt("the PLC shows job %(shown)s where job %(job)s runs", shown=taken, job=job.number)
            return Step(job.id, anomaly=Anomaly("lost", detail, words))
        if taken > job.number:  # somebody else's: ours may have been taken before it, and will not be taken any more
            told = {"shown": taken, "job": job.number}
            detail = _lt("the PLC shows job %(shown)s, which another system gave it, where job %(job)s was offered", **told)
            return Step(job.id, anomaly=Anomaly("doubt", detail, words))
        if job.slot not in self.seen.recipe:
            return None
        if not any(self.seen.recipe[job.slot][: self.layout.block_words]):
            return self._lost_recipe(job, words)
        return self._cancelling(job, words) if job.state == CANCELLING else self._offered(job)

    def _after_take(self, job: Job, words: tuple[int, ...]) -> Step | None:
        if not self._is_blank(words):
            return self._progress(job, self._believe(job, words), words)
        if job.state != RUNNING:
            return Step(job.id, RUNNING)
        detail = _lt("the PLC took job %(job)s, and knows no more of it", job=job.number)
        return Step(job.id, anomaly=Anomaly("lost", detail, words))

    def _cancelling(self, job: Job, words: tuple[int, ...]) -> Step | None:
        """Withdraw; cancelled only once that was read back, the PLC had time to show that it took it, and did not."""
        standing = (self._recipe_role(job.slot, role) for role in ("recipe_job", "armed_job"))
        if job.number in standing:
            return Step(job.id, values={"withdrawn": False}, write=self._withdraw("withdraw", job.slot))
        if not self._is_standing(job, self.seen.recipe[job.slot], "recipe_job"):
            return self._lost_recipe(job, words)
        if not job.settled:
            return Step(job.id, values={"withdrawn": True})
        return Step(job.id, CANCELLED)

    def _withdraw(self, kind: str, slot: int) -> Write:
        """Recipe job and armed job cleared in one request: clearing one alone is refuted by the model."""
        first = self.layout.area("recipe").field("recipe_job")
        last = self.layout.area("recipe").field("armed_job")
        return self._write(kind, "recipe", slot, first.offset, [0] * (last.end - first.offset))

    def _offered(self, job: Job) -> Step | None:
        if not self._is_written(job, self.seen.recipe[job.slot]):
            return Step(job.id, write=self._write_block(job))
        if self._recipe_role(job.slot, "armed_job") == job.number:
            return None
        return Step(job.id, write=self._arm(job))

    def _ended(self, job: Job, words: tuple[int, ...]) -> Step | None:
        if self._taken(words) != job.number:
            self._believe_slot(job, words)
            return Step(job.id, values={"acknowledged": True})  # the slot has gone on: there is nothing left to acknowledge
        if job.slot not in self.seen.recipe:
            return None
        if self._recipe_role(job.slot, "acknowledged_job") == job.number:
            return Step(job.id, values={"acknowledged": True})
        return Step(job.id, write=self._acknowledge(job))

    def _acknowledge(self, job: Job) -> Write:
        return self._write_role("ack", "recipe", job.slot, "acknowledged_job", job.number)

    def _acknowledged(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> Step | None:
        """An acknowledgement of an earlier job that came late takes the place of this one's: the PLC, which waits for it,
        would never take what it is offered. One that a person took out of its hands is not acknowledged in his name."""
        offered = any(other.state == OFFERED for other in in_slot)
        if not offered or job.state not in (COMPLETED, DONE) or job.slot not in self.seen.recipe:
            return None
        if self._taken(words) != job.number or self._recipe_role(job.slot, "acknowledged_job") == job.number:
            return None
        return Step(job.id, write=self._acknowledge(job))

    def clear(self, slot: int) -> Step | None:
        """Withdraw what somebody else left to run in a slot."""
        if slot not in self.seen.feedback or not self._takeable(slot):
            return None
        return Step(0, write=self._withdraw("clear", slot), anomaly=self._cleared(slot))


class _Flags(_Handshake):
    """The mill's two-writer flags: 0 in the recipe's is "new", 1 "taken"; 1 in the feedback's is "stored".

    Nothing here is written again once it was offered: recipe equal, flag 1, no feedback may mean told or not told yet.
    """

    def _is_mine(self, job: Job, words: tuple[int, ...]) -> bool:
        """The feedback speaks of this order. Identity is slot and order name."""
        self._believe_slot(job, words)
        item = self.layout.area("feedback").field("order")
        return tuple(words[item.offset : item.end]) == tuple(self._order_words(job))

    def _stored(self, words: Sequence[int]) -> bool:
        return self._number("feedback", words, "feedback_flag") == 1

    def _blank(self, slot: int) -> bool:
        return not any(self.seen.recipe[slot])

    def _free(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> bool:
        if self._is_mine(job, words) and not self._stored(words):
            if job.release:
                return False
            detail = _lt("order %(order)s stands in the feedback, not stored, before it was handed over", order=job.order)
            raise Rejected(Anomaly("occupied", detail, words))
        return self._blank(job.slot) or self._recipe_role(job.slot, "recipe_flag") == 1

    def _queued(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> Step | None:
        if job.resent and self._is_mine(job, words) and not self._stored(words):
            return self._progress(job, self._believe(job, words), words)  # it had been taken after all
        if self._is_database_behind(job):
            return None
        if not self._sendable(job, words, in_slot):
            stranger = job.release and self._is_mine(job, words) and not self._stored(words)
            return Step(job.id, write=self._write_role("ack", "feedback", job.slot, "feedback_flag", 1)) if stranger else None
        return Step(job.id, SENDING, write=self._write_block(job))

    def _sending(self, job: Job, words: tuple[int, ...], in_slot: list[Job]) -> Step | None:
        if not self._sendable(job, words, in_slot):
            return None
        if not self._is_written(job, self.seen.recipe[job.slot]):
            return Step(job.id, write=self._write_block(job))
        return Step(job.id, OFFERED, write=self._gate("arm", job.slot, 0))

    def _handed_over(self, job: Job, words: tuple[int, ...]) -> Step | None:
        if self._is_mine(job, words) and (job.state == RUNNING or not self._stored(words)):
            return self._progress(job, self._believe(job, words), words)
        if job.state == RUNNING:
            detail = _lt("the PLC no longer shows order %(order)s, which runs", order=job.order)
            return Step(job.id, anomaly=Anomaly("lost", detail, words))
        return self._offered(job, words)

    def _offered(self, job: Job, words: tuple[int, ...]) -> Step | None:
        recipe = self.seen.recipe.get(job.slot)
        if recipe is None:
            return None
        if not self._is_standing(job, recipe, "recipe_flag"):
            return self._lost_recipe(job, words)
        if self._recipe_role(job.slot, "recipe_flag") == 0:
            return self._withdraw(job) if job.state == CANCELLING else None
        return self._gate_is_closed(job, words)

    def _withdraw(self, job: Job) -> Step:
        return Step(job.id, values={"withdrawn": False}, write=self._gate("withdraw", job.slot, 1))

    def _gate_is_closed(self, job: Job, words: tuple[int, ...]) -> Step | None:
        """Taken, or never told? Only a PLC that shows the order in the very scan in which it takes it says so by itself."""
        if not job.settled:
            return Step(job.id, values={"withdrawn": True}) if job.state == CANCELLING else None
        if not self.layout.copies_on_take:
            detail = _lt("it is not known whether the PLC took the recipe")
            return Step(job.id, anomaly=Anomaly("doubt", detail, words))
        if job.state == CANCELLING:
            return Step(job.id, CANCELLED)
        return Step(job.id, OFFERED, write=self._gate("arm", job.slot, 0))  # the settle time begins anew

    def _gate(self, kind: str, slot: int, flag: int) -> Write:
        return self._write_role(kind, "recipe", slot, "recipe_flag", flag)

    def _ended(self, job: Job, words: tuple[int, ...]) -> Step | None:
        if not self._is_mine(job, words) or self._stored(words):
            return Step(job.id, values={"acknowledged": True})
        return Step(job.id, write=self._write_role("ack", "feedback", job.slot, "feedback_flag", 1))

    def clear(self, slot: int) -> Step | None:
        """Close the gate of a slot where a recipe of somebody else's lies ready to run."""
        if self._blank(slot) or self._recipe_role(slot, "recipe_flag") != 0:
            return None
        return Step(0, write=self._gate("clear", slot, 1), anomaly=self._cleared(slot))


def _whole(layout: Layout, kind: str, words: Sequence[int], role: str) -> int:
    """A whole number read by itself; -1, which is no value of any, where its words are nonsense."""
    try:
        return layout.value(kind, words, role)
    except CodecError:
        return -1
