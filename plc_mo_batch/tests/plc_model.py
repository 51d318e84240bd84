"""One slot of a PLC, two batches in it in turn, and all that can go wrong between them: every state that can be reached.

The decisions are those of ``plc/reconcile.py``, on the words of a real layout (with a single line, so that a state is small). The
PLC is one that takes whatever the handshake allows. The adversary in every row:

* the exchange is killed between any two steps: only the database survives;
* any write is lost, applied without an answer, or certainly not sent; then nothing that was to follow it is sent;
* recipe and feedback are observed one after the other, and what was observed is as old as it likes when it is decided upon;
* a scan of the PLC takes time: it takes the recipe that it saw at its beginning, and shows so at its end.

What a row of :data:`TABLE` adds is said at :class:`Setting`. ``dev/model`` prints it, and with -v the ways to what does not hold.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import NamedTuple

from ..plc.codec import Field
from ..plc.layout import FLAGS, JOB_NUMBERS, Area, Layout
from ..plc.reconcile import (
    CANCELLED,
    COMPLETED,
    DONE,
    ENDED,
    HANDED_OVER,
    OFFERED,
    OPEN,
    QUEUED,
    RUNNING,
    SENDING,
    UNDECIDED,
    WATCHED,
    Job,
    Seen,
    Write,
    recipe_slots,
    reconcile,
)
from .generated import Block
from .plc_records import Record

CODE = 101
CONTENT = (Field("slot", 0), Field("order", 1, "ascii", words=1), Field("line_code", 2, value=CODE), Field("line_quantity", 3))
RECIPE = (*CONTENT, Field("quantity", 4))
FEEDBACK = (*CONTENT, Field("finished", 4, "bool"), Field("failed", 5, "bool"), Field("weight", 6))
QUANTITY, FINISHED, WEIGHT = 3, 4, 6
CONTENT_WORDS = 5  # of the recipe
RECIPE_FLAG, FEEDBACK_FLAG = 5, 7
RECIPE_JOB, ARMED_JOB, ACKNOWLEDGED_JOB, TAKEN_JOB = 6, 8, 10, 8  # their low words
BASE = 20  # of the feedback area; the recipe area begins at 0
ANOTHERS = 9  # each word of an answer to somebody else's request

RUN_TWICE, WRONG_RECIPE, UNOFFERED = "JOB RUN TWICE", "WRONG RECIPE RUN", "RUN WITHOUT HAVING BEEN OFFERED"
UNSTORED, CANCELLED_RAN = "ACKNOWLEDGED BEFORE STORED", "CANCELLED BUT RAN"
NEVER_RAN, WRONG_ACTUALS, STUCK = "COMPLETED BUT NEVER RAN", "OTHER QUANTITIES STORED THAN DOSED", "STUCK"


@dataclass(frozen=True)
class Setting:
    """A row of the table.

    :param copies: the layout says so: a PLC with flags shows an order in the scan in which it takes it; otherwise, maybe later
    :param cancel: a user cancels the first batch at any moment at which the screen lets him
    :param again: the second batch is for the order of the first one, if that was cancelled
    :param person: somebody who looked at the mill decides, twice at most, what is doubtful, when no write is on its way any more
    :param loss: the PLC loses its memory once; that ends the connection
    :param retentive: but for the taken job
    :param volatile: what is lost is the feedback, the taken job included, while the recipe area is kept; but only ...
    :param disarmed: ... where the database has seen that none of its jobs is armed
    :param restored: the database is restored once, from a backup of any earlier moment
    :param early: the PLC shows its end a scan before its last amounts
    :param slow: a write that was answered shows after the PLC's next scan
    :param late: so many writes at a time are applied at any time after they were given up
    :param doubled: a write that was answered is applied once more at any time
    :param foreign: what is observed is the answer to somebody else's request
    :param torn: the feedback is observed in two requests
    :param quiet: a quiet time is kept after a write of unknown fate: nothing is written to a PLC with flags, and nothing counts
        as settled. It ends when no write can be late any more.
    :param rash: what counts as settled does not depend on the quiet time
    :param hasty: settle time and quiet time are looked at when it is decided, not when the observation began
    """

    handshake: str = JOB_NUMBERS
    copies: bool = False
    cancel: bool = False
    again: bool = False
    person: bool = False
    loss: bool = False
    retentive: bool = False
    volatile: bool = False
    disarmed: bool = False
    restored: bool = False
    early: bool = False
    slow: bool = False
    late: int = 0
    doubled: bool = False
    foreign: bool = False
    torn: bool = False
    quiet: bool = False
    rash: bool = False
    hasty: bool = False

    def __str__(self):
        names = [item.name for item in fields(self) if item.name != "handshake" and getattr(self, item.name)]
        return " ".join(names).replace("late", f"late({self.late})" if self.late > 1 else "late") or "-"


def small_layout(handshake: str, copies: bool = False) -> Layout:
    """One slot with one line."""
    if handshake == FLAGS:
        recipe, feedback = [Field("recipe_flag", RECIPE_FLAG)], [Field("feedback_flag", FEEDBACK_FLAG)]
    else:
        places = (("recipe_job", RECIPE_JOB), ("armed_job", ARMED_JOB), ("acknowledged_job", ACKNOWLEDGED_JOB))
        recipe = [Field(role, place - 1, "uint32") for role, place in places]
        feedback = [Field("taken_job", TAKEN_JOB - 1, "uint32")]
    areas = (Area("recipe", 0, BASE, (*RECIPE, *recipe)), Area("feedback", BASE, BASE, (*FEEDBACK, *feedback)))
    return Layout(handshake, 1, areas, copies_on_take=copies)


class State(NamedTuple):
    """What is, between two steps of anybody."""

    records: tuple[Record, ...]  # the second one only once the first one left the queue
    memory: tuple[int, ...]
    losses: int  # yet to come
    decisions: int  # of a person, yet to come
    running: int = 0  # which batch the mill makes, from 1
    shown: bool = True  # what it makes stands in the feedback
    latched: tuple[int, ...] = ()  # the recipe that the scan saw at its beginning
    ran: tuple[int, int] = (0, 0)
    flight: tuple[Write, ...] = ()  # given up, yet to be applied
    buffer: tuple[Write, ...] = ()  # answered, yet to be shown
    unsure: bool = False  # the quiet time runs
    seen: tuple = ()  # (recipe,) or (recipe, feedback) or (recipe, its first words, None)
    pending: tuple[Write, ...] = ()  # decided and committed, yet to be sent
    before: tuple[int, ...] = ()  # the feedback of the last look, if that asked for another one
    owing: int = 0  # whose last amounts are yet to be shown, from 1
    backup: tuple[Record, ...] = ()
    restores: int = 0  # yet to come


class Wrong(Exception):
    """What must never happen."""


class Result(NamedTuple):
    """``wrong`` is empty if all holds; ``path``: the shortest way there."""

    states: int
    wrong: str = ""
    path: tuple[str, ...] = ()


Steps = Iterator[tuple[str, State]]


def written(state: State, *writes: Write) -> State:
    memory = list(state.memory)
    for write in writes:
        memory[write.address : write.address + len(write.words)] = write.words
    return state._replace(memory=tuple(memory))


def scanned(state: State, *writes: Write) -> State:
    """A write shows after those before it."""
    return written(state._replace(buffer=()), *state.buffer, *writes)


def put(state: State, words: dict[int, int]) -> State:
    """The PLC writes into the feedback."""
    memory = list(state.memory)
    for place, word in words.items():
        memory[BASE + place] = word
    return state._replace(memory=tuple(memory))


def with_record(state: State, index: int, record: Record) -> State:
    return state._replace(records=(*state.records[:index], record, *state.records[index + 1 :]))


class Model:
    """All states of one setting.

    :param decide: what takes the place of the reconciler
    :param layout: what the reconciler takes for the layout
    """

    def __init__(self, setting: Setting, decide: Callable = reconcile, layout: Layout | None = None):
        self.setting = setting
        self.layout = layout or small_layout(setting.handshake, setting.copies)
        self.flags = setting.handshake == FLAGS
        self.orders = ("A", "A") if setting.again else ("A", "B")
        self.recipe_words = max(item.end for item in self.layout.area("recipe").fields)
        self.contents = [tuple(self.layout.block(self.recipe(index))[:CONTENT_WORDS]) for index in (0, 1)]
        self._reconcile = decide
        self.decide = lru_cache(None)(self._decide)

    def recipe(self, index: int) -> dict:
        quantity = 7 if self.setting.again else 7 + index
        return {"slot": 1, "order": self.orders[index], "line_code": (CODE,), "line_quantity": [quantity], "quantity": quantity}

    def next(self, state: State) -> Steps:
        """(what happens, what then is), for all that can happen."""
        yield from self.plc(state)
        yield from self.late(state)
        yield from self.clock(state)
        yield from self.people(state)
        yield from self.exchange(state)

    # The PLC

    def plc(self, state: State) -> Steps:
        if not state.running and not state.latched and self.takeable(state.memory):
            yield "a scan of the PLC begins, with a recipe", state._replace(latched=state.memory[: self.recipe_words])
        if state.latched:
            yield self.take(state)
        if state.running and not state.shown:
            yield "the PLC shows the order", self.show(state._replace(shown=True), self.contents[state.running - 1])
        if state.running and state.shown:
            yield f"the PLC finishes {state.running}", self.finish(state)
        if state.owing:
            yield "the PLC shows the last amounts", put(state._replace(owing=0), self.last_amounts(state.owing))
        if state.losses and not (self.setting.disarmed and any(record.armed for record in state.records)):
            yield "the PLC loses its memory", self.forget(state)

    def finish(self, state: State) -> State:
        over = put(state._replace(running=0), {FINISHED: 1})
        return over._replace(owing=state.running) if self.setting.early else put(over, self.last_amounts(state.running))

    def last_amounts(self, number: int) -> dict[int, int]:
        return dict.fromkeys((QUANTITY, WEIGHT), self.dosed(number - 1))

    def dosed(self, index: int) -> int:
        return 50 + index

    def takeable(self, memory: tuple) -> bool:
        if self.flags:
            return memory[RECIPE_FLAG] == 0 and any(memory[:RECIPE_FLAG])
        return memory[ARMED_JOB] > memory[BASE + TAKEN_JOB] and memory[RECIPE_JOB] == memory[ARMED_JOB]

    def take(self, state: State) -> tuple[str, State]:
        index = self.whose(state)
        if not self.setting.restored and state.records[index].state in (QUEUED, SENDING) and not state.records[index].resent:
            raise Wrong(UNOFFERED)
        ran = tuple(count + (place == index) for place, count in enumerate(state.ran))
        after = state._replace(latched=(), running=index + 1, ran=ran, shown=self.setting.copies or not self.flags)
        if self.flags:
            after = after._replace(memory=(*after.memory[:RECIPE_FLAG], 1, *after.memory[RECIPE_FLAG + 1 :]))
        else:
            after = put(after, {TAKEN_JOB: state.latched[ARMED_JOB]})
        return f"the PLC takes {index + 1}", self.show(after, state.latched) if after.shown else after

    def whose(self, state: State) -> int:
        """The batch whose recipe was seen."""
        content = state.latched[:CONTENT_WORDS]
        if content not in self.contents:
            raise Wrong(WRONG_RECIPE)
        return len(state.records) - 1 if self.setting.again else self.contents.index(content)

    def show(self, state: State, recipe: tuple) -> State:
        words = {place: recipe[place] for place in range(QUANTITY)}
        words.update(dict.fromkeys(range(QUANTITY, WEIGHT + 1), 0))
        return put(state, {**words, FEEDBACK_FLAG: 0} if self.flags else words)

    def forget(self, state: State) -> State:
        memory = [0] * len(state.memory)
        if self.setting.retentive and not self.flags:
            memory[BASE + TAKEN_JOB] = state.memory[BASE + TAKEN_JOB]
        if self.setting.volatile:
            memory[:BASE] = state.memory[:BASE]
        seen = state.seen if len(state.seen) == 2 else ()
        after = state._replace(memory=tuple(memory), losses=0, running=0, latched=(), shown=True, buffer=(), seen=seen)
        return after._replace(before=state.before if seen else (), owing=0)

    def late(self, state: State) -> Steps:
        for index, write in enumerate(state.flight):
            left = (*state.flight[:index], *state.flight[index + 1 :])
            yield f"the late {write.kind} is applied", scanned(state._replace(flight=left), write)
        if state.buffer:
            yield f"the {state.buffer[0].kind} shows", written(state._replace(buffer=state.buffer[1:]), state.buffer[0])

    # The clock

    def clock(self, state: State) -> Steps:
        for index, record in enumerate(state.records):
            if record.waits and self.may_settle(state):
                yield f"settle time of {index + 1}", with_record(state, index, record._replace(settled=True))
        if state.unsure and not state.flight and not state.pending and (self.setting.hasty or not state.seen):
            yield "the quiet time is over", state._replace(unsure=False)

    def may_settle(self, state: State) -> bool:
        """A whole scan of the PLC has gone by since."""
        if state.latched or state.buffer:
            return False
        return (self.setting.hasty or not (state.seen or state.pending)) and (self.setting.rash or not state.unsure)

    # People, and the task that writes back

    def people(self, state: State) -> Steps:
        first = state.records[0]
        if state.restores and not state.backup:
            yield "a backup is made", state._replace(backup=state.records)
        if state.backup and state.backup != state.records:  # with what was decided, but not sent, the server is gone, too
            after = state._replace(records=state.backup, backup=(), restores=0, pending=(), seen=(), before=())
            yield "the database is restored", after
        if len(state.records) == 1 and first.state in self.followed:
            yield "the second one is queued", state._replace(records=(first, Record(self.orders[1])))
        if self.setting.cancel and first.state in (QUEUED, SENDING, OFFERED):
            yield "a user cancels 1", with_record(state, 0, first.cancelled())
        for index, record in enumerate(state.records):
            if record.state == COMPLETED:
                yield f"{index + 1} is written back", with_record(state, index, record.to(DONE))
            if state.decisions and record.asked in UNDECIDED and record.state in HANDED_OVER:
                yield from self.decided(state._replace(decisions=state.decisions - 1), index, record)

    @property
    def followed(self) -> tuple[str, ...]:
        """How the first batch can end for a second one to come."""
        return (CANCELLED,) if self.setting.again else (DONE, CANCELLED)

    def decided(self, state: State, index: int, record: Record) -> Steps:
        on_its_way = state.flight or state.buffer or state.latched or self.takeable(state.memory)
        if on_its_way or state.running == index + 1:
            return
        if record.state == RUNNING:  # it becomes failed, which somebody else closes
            yield f"a person takes {index + 1} out", with_record(state, index, record.taken_out().to(DONE))
        elif not state.ran[index]:
            yield f"a person takes {index + 1} out", with_record(state, index, record.taken_out())
            yield f"a person sends {index + 1} again", with_record(state, index, record.sent_again())

    # The exchange

    def exchange(self, state: State) -> Steps:
        if state.pending:
            yield from self.send(state)
        elif len(state.seen) == 2:
            yield "killed before anything is stored", state._replace(seen=(), before=())
            steps = self.decide(state.records, *state.seen, state.before)
            if steps:
                yield self.store(state, steps)
            if len(steps) > 1:  # somebody else has locked one of the batches
                yield from (self.store(state, [step]) for step in steps)
        else:
            yield from self.observe(state)

    def observe(self, state: State) -> Steps:
        feedback = state.memory[BASE:]
        if state.before and state.owing:  # the second look comes a scan later
            return
        if not state.seen:
            wanted = recipe_slots(self.layout, self.jobs(state.records))
            recipe = state.memory[: self.recipe_words] if wanted else None
            yield "observe the recipe", state._replace(seen=(recipe,))
            if recipe and self.setting.foreign:
                yield "observe another's recipe", state._replace(seen=((ANOTHERS,) * len(recipe),))
            return
        recipe, *part = state.seen
        if part:
            rest = feedback[len(part[0]) :]
            yield "observe the rest of it", state._replace(seen=(recipe, part[0] + rest))
            return
        yield "observe the feedback", state._replace(seen=(recipe, feedback))
        if self.setting.foreign:
            yield "observe another's feedback", state._replace(seen=(recipe, (ANOTHERS,) * len(feedback)))
        for cut in range(1, len(feedback)) if self.setting.torn else ():
            yield f"observe {cut} words of the feedback", state._replace(seen=(recipe, feedback[:cut], None))

    def jobs(self, records: tuple[Record, ...]) -> list[Job]:
        """``plc.controller._jobs``: what is open, and the latest batch that is done, or given up and armed."""
        closed = [index for index, record in enumerate(records) if record.state == CANCELLED and record.armed]
        done = sorted(closed + [index for index, record in enumerate(records) if record.state == DONE])[-1:]
        shown = [index for index, record in enumerate(records) if record.state in OPEN or index in done]
        jobs = [records[index].job(index + 1, self.recipe(index)) for index in shown]
        fresh = [self.setting.restored and job.state == QUEUED and not job.number and not job.resent for job in jobs]
        return [replace(job, fresh=is_fresh) for job, is_fresh in zip(jobs, fresh, strict=True)]

    def _decide(self, records: tuple, recipe: tuple | None, feedback: tuple, before: tuple) -> list:
        seen = Seen({1: feedback}, {} if recipe is None else {1: recipe}, {1: before} if before else {})
        given_before = int(self.setting.restored)  # a database that never gave a number is not behind
        last_job = max(given_before, *(record.number for record in records))
        return self._reconcile(self.layout, self.jobs(records), seen, last_job)

    def store(self, state: State, steps: list) -> tuple[str, State]:
        """``Conversation._apply``, in one transaction."""
        again = any(step.again for step in steps)
        after, writes = state._replace(seen=(), before=state.seen[1] if again else ()), []
        for step in steps:
            if step.write and state.unsure and self.flags:
                continue
            if step.job_id:
                after = with_record(after, step.job_id - 1, after.records[step.job_id - 1].apply(step))
            writes += [step.write] if step.write else []
        unsure = state.unsure or (bool(writes) and self.setting.quiet)
        label = "commit " + ", ".join(record.state for record in after.records)
        return label, after._replace(pending=tuple(writes), unsure=unsure)

    def send(self, state: State) -> Steps:
        write, *rest = state.pending
        kind, over, goes_on = write.kind, state._replace(pending=()), state._replace(pending=tuple(rest))
        yield f"write {kind}", self.answered(scanned(goes_on, write))
        yield f"write {kind}, no answer", self.taken_back(scanned(over, write), rest)
        yield f"write {kind}, lost", self.taken_back(over, rest)
        yield f"write {kind}, not sent", self.taken_back(self.answered(over), state.pending)
        yield f"killed before it writes {kind}", over
        if len(state.flight) < self.setting.late:
            yield f"write {kind}, given up", self.taken_back(over._replace(flight=(*state.flight, write)), rest)
        if self.setting.doubled and not state.flight:
            yield f"write {kind}, doubled", self.answered(scanned(goes_on._replace(flight=(write,)), write))
        if self.setting.slow and len(state.buffer) < 2:
            yield f"write {kind}, not shown yet", self.answered(goes_on._replace(buffer=(*state.buffer, write)))

    @staticmethod
    def answered(state: State) -> State:
        """``Conversation._record_writes``: the fate of all writes is known."""
        return state if state.pending or state.flight else state._replace(unsure=False)

    def taken_back(self, state: State, unsent) -> State:
        """``Conversation._take_back``"""
        if not self.flags or not any(write.kind == "arm" for write in unsent):
            return state
        return state._replace(
            records=tuple(record.to(SENDING) if record.state == OFFERED else record for record in state.records)
        )

    # What must never be, and what must stay possible

    def wrong(self, state: State) -> str:
        if max(state.ran) > 1 or (self.setting.again and sum(state.ran) > 1):
            return RUN_TWICE
        if self.is_acknowledged_early(state) and not self.setting.restored:
            return UNSTORED
        for index, record in enumerate(state.records):
            if record.state == CANCELLED and state.ran[index]:
                return CANCELLED_RAN
            if record.state in ENDED and not state.ran[index]:
                return NEVER_RAN
            if record.state == COMPLETED and record.actuals != ((CODE, self.dosed(index)),):
                return WRONG_ACTUALS
        return ""

    def is_acknowledged_early(self, state: State) -> bool:
        feedback = state.memory[BASE:]
        if self.flags:
            acknowledged = feedback[FEEDBACK_FLAG] == 1
            names = [self.contents[self.orders.index(record.order)][:QUANTITY] for record in state.records]
            shown = [record for record, name in zip(state.records, names, strict=True) if name == feedback[:QUANTITY]]
        else:
            acknowledged = state.memory[ACKNOWLEDGED_JOB] == feedback[TAKEN_JOB] != 0
            shown = [record for record in state.records if record.number == feedback[TAKEN_JOB]]
        return acknowledged and bool(shown) and not any(record.state in ENDED for record in shown)

    def is_good(self, state: State) -> bool:
        """All batches have ended, or a person is asked."""
        if any(record.asked in (*UNDECIDED, *WATCHED, "database_behind", "occupied") for record in state.records):
            return True
        all_came = len(state.records) == 2 or state.records[0].state in {DONE, CANCELLED}.difference(self.followed)
        return all_came and all(record.state in (DONE, CANCELLED) for record in state.records)

    def start(self) -> State:
        memory = (0,) * (BASE + max(item.end for item in self.layout.area("feedback").fields))
        losses, restores = int(self.setting.loss), int(self.setting.restored)
        return State((Record(self.orders[0]),), memory, losses, 2 * self.setting.person, restores=restores)

    def explore(self) -> Result:
        """Every state that can be reached, the nearest first, until one is wrong; then, whether each can still end well."""
        start = self.start()
        came_from, before, todo = {start: None}, {}, deque([start])
        while todo:
            state = todo.popleft()
            found = self.wrong(state)
            try:
                for label, after in () if found else self.next(state):
                    before.setdefault(after, []).append(state)
                    if after not in came_from:
                        came_from[after] = (label, state)
                        todo.append(after)
            except Wrong as wrong:
                found = str(wrong)
            if found:
                return Result(len(came_from), found, path_to(state, came_from))
        return self._stuck(came_from, before) or Result(len(came_from))

    def _stuck(self, came_from: dict, before: dict) -> Result | None:
        good = {state for state in came_from if self.is_good(state)}
        todo = deque(good)
        while todo:
            for state in before.get(todo.popleft(), ()):
                if state not in good:
                    good.add(state)
                    todo.append(state)
        stuck = next((state for state in came_from if state not in good), None)
        return Result(len(came_from), STUCK, path_to(stuck, came_from)) if stuck else None


def path_to(state: State, came_from: dict) -> tuple[str, ...]:
    labels = []
    while came_from[state]:
        label, state = came_from[state]
        labels.append(label)
    return tuple(reversed(labels))


# What was found, as it is to be: what is added, then what comes of it with flags, with flags that are copied, with job numbers.
# "" holds; None: the row says nothing about this handshake.

COLUMNS = ({"handshake": FLAGS}, {"handshake": FLAGS, "copies": True}, {"handshake": JOB_NUMBERS})
CANCEL, LOSS, RETENTIVE = {"cancel": True}, {"loss": True}, {"loss": True, "retentive": True}
VOLATILE = {"loss": True, "volatile": True}
SLOW, LATE, QUIET, PERSON = {"slow": True}, {"late": 1}, {"late": 1, "quiet": True}, {"person": True}
BLOCK = Block("architecture/handshakes.md", "dev/model")
TABLE = (
    ({}, "", "", ""),
    (CANCEL, "", "", ""),
    (CANCEL | LOSS, "", "", ""),
    (CANCEL | RETENTIVE, None, None, ""),
    (CANCEL | LOSS | PERSON, "", "", ""),
    (CANCEL | RETENTIVE | PERSON, None, None, ""),
    (CANCEL | {"again": True}, "", "", ""),
    # a write is applied late: what the quiet time is for, and why job numbers are the default
    (LATE, RUN_TWICE, UNOFFERED, ""),
    (LATE | CANCEL, CANCELLED_RAN, UNOFFERED, ""),
    (LATE | CANCEL | LOSS, CANCELLED_RAN, UNOFFERED, RUN_TWICE),
    (LATE | CANCEL | RETENTIVE, None, None, ""),
    (QUIET | CANCEL, "", "", ""),
    (QUIET | CANCEL | LOSS, "", "", RUN_TWICE),
    (QUIET | CANCEL | RETENTIVE | PERSON, "", "", ""),
    (QUIET | CANCEL | RETENTIVE | {"again": True}, "", "", ""),
    ({"late": 2} | CANCEL, CANCELLED_RAN, UNOFFERED, CANCELLED_RAN),
    (QUIET | {"late": 2} | CANCEL, "", "", ""),
    ({"doubled": True} | CANCEL, RUN_TWICE, RUN_TWICE, ""),
    ({"doubled": True} | CANCEL | RETENTIVE, None, None, ""),
    # an old value is shown until the next scan: what the settle time is for
    (SLOW | CANCEL, "", "", ""),
    (SLOW | CANCEL | LOSS, "", "", ""),
    (SLOW | CANCEL | QUIET, "", "", ""),
    (QUIET | CANCEL | {"rash": True}, "", CANCELLED_RAN, ""),
    (CANCEL | {"hasty": True}, "", CANCELLED_RAN, CANCELLED_RAN),
    # answers that are not ours; a slot read in two requests, which a layout cannot ask for
    ({"foreign": True} | CANCEL, "", "", ""),
    ({"foreign": True} | CANCEL | RETENTIVE, "", "", ""),
    # an end is read twice
    ({"early": True}, "", "", ""),
    ({"early": True} | LATE | CANCEL, CANCELLED_RAN, UNOFFERED, ""),
    # the taken job is not retentive, the recipe area is: harmless once the database has seen that nothing is armed. Before, only
    # the PLC itself could know.
    (VOLATILE | {"disarmed": True} | CANCEL, None, None, ""),
    (VOLATILE | {"disarmed": True} | LATE, None, None, ""),
    (VOLATILE | {"disarmed": True} | QUIET | CANCEL | PERSON, None, None, ""),
    (VOLATILE, None, None, RUN_TWICE),
    (VOLATILE | CANCEL, None, None, RUN_TWICE),
    # the database is older than the PLC
    ({"restored": True}, None, None, ""),
    ({"restored": True} | RETENTIVE, None, None, ""),
    ({"torn": True}, "", "", ""),  # two readings are not torn alike
)


def rows() -> Iterator[tuple[str, list[tuple[Setting, str] | None]]]:
    """Each row of the table: its name, and for each column the setting and what is to come of it."""
    for added, *expected in TABLE:
        cells = [
            None if wrong is None else (Setting(**column | added), wrong) for column, wrong in zip(COLUMNS, expected, strict=True)
        ]
        yield str(Setting(**added)), cells
