"""A mill with several slots, the batches for it, and an exchange between them that can be interrupted anywhere; without Odoo.

The mill is the simulator's: an honest peer that shares no code with the addon. What it really did is in its ledger.
The exchange goes on one request at a time; time passes only when somebody says so.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from odoo.addons.plc_mo_batch.simulator import Mill

from ..plc.codec import Field
from ..plc.layout import FLAGS, JOB_NUMBERS, Area, Layout
from ..plc.reconcile import (
    CANCELLED,
    DONE,
    FAILED,
    OFFERED,
    OPEN,
    SENDING,
    Job,
    Seen,
    Write,
    highest_job,
    recipe_slots,
    reconcile,
)
from . import plc_layouts
from .plc_records import Record

SLOTS = 3
TARGETS = ((101, 40.0), (104, 12.35), (114, 8.0))  # what each batch doses: code, kg
PLANNED = 70.0
IMAGES = 3  # how many scans ago the oldest image is that the PLC may still show
FOREIGN = "X"  # how the orders of another system begin


def isa88() -> Layout:
    """ "ISA-88, float32", as it is shipped."""
    lines = [
        Field(role, first + 3 * line, kind, index=line)
        for line in range(24)
        for role, first, kind in (("line_code", 21, "uint16"), ("line_quantity", 22, "float32"))
    ]
    content = (Field("slot", 0), Field("order", 1, "ascii", words=10), Field("product", 11, "ascii", words=8), *lines)
    content += (Field("quantity", 19, "float32"),)
    jobs = (("recipe_job", 93), ("armed_job", 95), ("acknowledged_job", 97), ("command_job", 99))
    recipe = (*(Field(role, offset, "uint32") for role, offset in jobs), Field("command", 101))
    feedback = (Field("state", 93), Field("weight", 94, "float32"), Field("taken_job", 96, "uint32"))
    feedback += (plc_layouts.signature("feedback", 98), Field("recipe_sum", 100, "float32"))
    areas = (Area("recipe", 1000, 110, content + recipe), Area("feedback", 3000, 110, content + feedback))
    return Layout(JOB_NUMBERS, 10, areas, word_order="low")


KINDS = {
    "flags": (plc_layouts.flags(), {"handshake": "flags"}),
    "flags, copied": (plc_layouts.flags(copies_on_take=True), {"handshake": "flags"}),
    "job numbers": (plc_layouts.job_numbers(), {"handshake": "job-numbers"}),
    "ISA-88": (isa88(), {"handshake": "job-numbers", "layout": "isa88"}),
}


@dataclass
class Batch:
    """A record, and what the test knows of it besides."""

    record: Record
    recipe: dict
    base: int  # how often the mill had taken its order when it was queued
    numbers: set = field(default_factory=set)
    was_failed: bool = False  # closed after it had run, though not completed
    frozen: tuple = ()


@dataclass
class Talk:
    """One conversation: what is to be read, what was read, what is to be written."""

    reads: list
    seen: dict
    writes: list


class Broken(AssertionError):
    """A rule that never breaks is broken."""


class World:
    """
    :param kind: one of :data:`KINDS`
    :param weight: when the mill shows the finished weight: with, late, never
    :param grace: a finished batch is given time for it
    """

    def __init__(self, kind: str, weight: str = "with", grace: bool = False, seed: int = 1):
        layout, options = KINDS[kind]
        self.layout = replace(layout, slots=SLOTS)
        self.flags = layout.handshake == FLAGS
        self.options = {**options, "slots": SLOTS, "weight": weight, "seed": seed}
        self.mill = Mill(**self.options)
        self.grace = grace
        self.batches: dict[int, Batch] = {}
        self.waiting: list[str] = []  # orders to be queued again
        self.last_job = 0
        self.orders = self.strangers = 0
        self.talk: Talk | None = None
        self.before: dict[int, tuple] = {}  # slot -> its feedback at the last look, where that asked for another one
        self.unsure = False
        self.flight: list[Write] = []
        self.buffer: list[Write] = []
        self.images: list[tuple[int, list[int]]] = []
        self.scans = 0
        self.shown = 0  # nothing older than this scan is shown any more
        self.tried: Counter = Counter()

    # The mill and its memory

    def scan(self, seconds: float) -> None:
        """One scan; writes that wait for it show, in the order in which they came."""
        self.apply(*self.buffer)
        self.buffer = []
        self.mill.scan(seconds)
        self.scans += 1
        self.images = [*self.images[1 - IMAGES :], (self.scans, self.mill.memory[:8000])]

    def apply(self, *writes: Write) -> None:
        for write in writes:
            self.mill.memory[write.address : write.address + len(write.words)] = write.words

    def words(self, kind: str, slot: int, memory: list | None = None) -> list[int]:
        address, count, _registers = self.layout.request(kind, slot)
        return (memory or self.mill.memory)[address : address + count]

    def role(self, kind: str, slot: int, role: str):
        return self.layout.value(kind, self.words(kind, slot), role)

    def restart(self, memory: str) -> None:
        """The PLC is switched off and on, which ends the talk: ``memory`` is the ``whole``, the ``taken`` jobs, or ``none``."""
        self.kill()
        self.buffer, self.images = [], []
        if memory != "whole":
            self.mill.lose_memory(keep_taken=memory == "taken")
            return
        mill = Mill(**self.options)
        mill.from_json(self.mill.to_json())
        mill.ledger = self.mill.ledger
        self.mill = mill

    def deliver(self, index: int) -> None:
        self.apply(*self.buffer, self.flight.pop(index))
        self.buffer = []

    # Batches

    def fill(self, count: int) -> None:
        """Task 1: only when the queue is empty."""
        if any(batch.record.state in OPEN for batch in self.batches.values()):
            return
        for slot in range(1, count + 1):
            order = self.waiting.pop(0) if self.waiting else self._new_order()
            recipe = self.layout.recipe(TARGETS, slot=slot, order=order, formula="F", product="P", quantity=PLANNED)
            record = Record(order, slot, awaits_weight=self.grace)
            self.batches[len(self.batches) + 1] = Batch(record, recipe, len(self.taken(order)))

    def _new_order(self) -> str:
        self.orders += 1
        return f"WH/MO/{self.orders:05}"

    def set(self, key: int, record: Record) -> None:
        batch = self.batches[key]
        batch.record = record
        batch.numbers |= {record.number} - {0}

    def jobs(self) -> list:
        """``plc.controller._jobs``"""
        closed = {
            batch.record.slot: key
            for key, batch in self.batches.items()
            if batch.record.state == DONE or batch.record.state == CANCELLED and (batch.was_failed or batch.record.armed)
        }
        return [
            self._job(key, batch)
            for key, batch in self.batches.items()
            if batch.record.state in OPEN or closed.get(batch.record.slot) == key
        ]

    def _job(self, key: int, batch: Batch) -> Job:
        """To the PLC, a failed batch with a disposition has simply ended."""
        record = batch.record._replace(state=FAILED) if batch.was_failed else batch.record
        return record.job(key, batch.recipe)

    def write_back(self) -> None:
        """Task 3"""
        for key, batch in self.batches.items():
            if batch.record.state == "completed":
                self.set(key, batch.record.to(DONE))

    def close_failed(self, key: int, requeue: bool) -> None:
        """A failed batch is settled."""
        batch = self.batches[key]
        batch.was_failed = True
        self.set(key, batch.record.to(CANCELLED))
        if requeue:
            self.waiting.append(batch.record.order)

    # Time

    def settle(self) -> None:
        """The settle time goes by: a whole scan, and everything shows. It counts once no write can be late any more."""
        self.scan(0)
        if self.talk or self.flight or self.unsure:
            return
        self.shown = self.scans
        for key, batch in self.batches.items():
            if batch.record.waits:
                self.set(key, batch.record._replace(settled=True))

    def quiet(self) -> None:
        """The quiet time goes by: what is still on its way has arrived or never will."""
        if not self.talk and not self.flight:
            self.unsure = False

    def grace_is_over(self) -> None:
        for key, batch in self.batches.items():
            if batch.record.finished:
                self.set(key, batch.record._replace(awaits_weight=False))

    # The exchange, one request at a time

    def kill(self) -> None:
        self.talk = None
        self.before = {}

    def begin(self) -> None:
        if not self.talk:
            recipe = [("recipe", slot) for slot in recipe_slots(self.layout, self.jobs())]
            feedback = [("feedback", slot) for slot in range(1, SLOTS + 1)]
            self.talk = Talk(recipe + feedback, {"recipe": {}, "feedback": {}}, [])

    def read_slot(self, fault: str = "") -> None:
        """The next slot. ``old``: as it was a few scans ago; ``foreign``: the answer to somebody else's request; ``no``: none."""
        if fault == "no":
            self.kill()
            return
        kind, slot = self.talk.reads.pop(0)
        words = self.words(kind, slot)
        images = [image for image in self.images if image[0] >= self.shown]
        if fault == "old" and images:
            self.shown = images[0][0]
            words = self.words(kind, slot, images[0][1])
        elif fault == "foreign":
            words = self.words("feedback" if kind == "recipe" else "recipe", slot % SLOTS + 1)
            words = [*words, *[0] * self.layout.request(kind, slot)[1]][: self.layout.request(kind, slot)[1]]
            words[0] = words[0] or SLOTS + 1
        else:
            self.shown = self.scans + 1
        self.talk.seen[kind][slot] = tuple(words)

    def decide(self) -> bool:
        """``Conversation._apply``, in one transaction; whether there may be more to do at once."""
        seen, self.talk = self.talk.seen, None
        before, self.before = self.before, {}
        again, writes = False, []
        for step in reconcile(self.layout, self.jobs(), Seen(**seen, before=before), self.last_job):
            if step.write and self.flags and self.unsure:
                continue
            if step.job_id:
                self.set(step.job_id, self.batches[step.job_id].record.apply(step))
            if "number" in step.values:
                self._note_number(step.values["number"])
            again = again or bool(step.state) or step.again
            if step.again:
                slot = self.batches[step.job_id].record.slot
                self.before[slot] = seen["feedback"][slot]
            if step.write:
                self._check_allowed(step)
                writes.append(step.write)
        if writes:
            self.unsure = self.flags
            self.talk = Talk([], {}, writes)
        return again or bool(writes)

    def _note_number(self, number: int) -> None:
        if number <= self.last_job:
            raise Broken(f"job number {number} was given before")
        self.last_job = number

    def _check_allowed(self, step) -> None:
        """Rule 4: a write is preceded by the committed record of the wish for it."""
        states = {"block": (SENDING, OFFERED), "arm": (OFFERED,), "withdraw": ("cancelling",), "command": ("running",)}
        states["disarm"] = ("running", "completed", "failed", "done", "cancelled")
        batch = self.batches.get(step.job_id)
        kind = step.write.kind
        if kind == "ack":
            allowed = batch.record.state in ("completed", "failed", "done") or batch.was_failed or batch.record.release
        elif kind == "clear":
            owned = [each for each in self.batches.values() if each.record.state in OPEN and each.record.state != "queued"]
            allowed = step.write.slot not in {each.record.slot for each in owned}
        else:
            allowed = batch.record.state in states[kind]
        if not allowed:
            raise Broken(f"{kind} written for {batch}")

    def send(self, fault: str = "") -> None:
        """The next write. All faults but ``slow`` and ``doubled`` end the conversation, with its other writes unsent."""
        write, rest = self.talk.writes[0], self.talk.writes[1:]
        if fault in ("", "slow", "doubled", "unanswered"):
            arrived = [*self.buffer, write]
            self.buffer = arrived if fault == "slow" else []
            self.apply(*([] if fault == "slow" else arrived))
        if fault in ("late", "doubled"):
            self.flight.append(write)
        if fault in ("", "slow", "doubled"):
            self.talk = Talk([], {}, rest) if rest else None
            self.unsure = self.unsure and bool(rest)
            return
        if fault == "not sent":
            self.unsure = False
            rest = self.talk.writes
        self.kill()
        self._take_back(rest)

    def _take_back(self, unsent: list) -> None:
        """``Conversation._take_back``"""
        for write in unsent:
            for key, batch in self.batches.items():
                if self.flags and write.kind == "arm" and batch.record.slot == write.slot and batch.record.state == OFFERED:
                    self.set(key, batch.record.to(SENDING))

    def go_on(self, fault: str = "") -> bool:
        """One request, or the decision after the last one; whether there may be more to do at once."""
        self.begin()
        if self.talk.writes:
            self.send(fault)
        elif self.talk.reads:
            self.read_slot(fault)
        else:
            return self.decide()
        return True

    def exchange(self) -> None:
        """Rounds until nothing is left to do."""
        for _request in range(200):
            if not self.go_on():
                return

    def go_on_after(self) -> None:
        """``action_go_on``, as far as it is about the PLC"""
        feedback = {slot: self.words("feedback", slot) for slot in range(1, SLOTS + 1)}
        self.last_job = max(self.last_job, highest_job(self.layout, Seen(feedback), self.last_job))

    # Another system

    def intrude(self, slot: int, what: str) -> None:
        """Somebody else leaves a recipe to be taken, or a finished job, in a slot that no batch of ours is in."""
        if any(batch.record.slot == slot and batch.record.state in OPEN[1:] for batch in self.batches.values()):
            return
        self.strangers += 1
        order = f"{FOREIGN}{self.strangers}"
        recipe = self.layout.recipe(TARGETS, slot=slot, order=order, formula="F", product="P", quantity=PLANNED)
        number = 0 if self.flags else 3 + max(self.role("feedback", slot, "taken_job"), self.role("recipe", slot, "armed_job"))
        block = self.layout.block(recipe, number)
        self._put("recipe", slot, 0, block)
        if what == "recipe":
            offset, words = self.layout.words_of("recipe", *(("recipe_flag", 0) if self.flags else ("armed_job", number)))
            self._put("recipe", slot, offset, words)
            return
        state = {"state": 3} if self.layout.area("feedback").by_role("state") else {"finished": 1}
        shown = {**recipe, **state, "taken_job": number, "feedback_flag": 0}
        self._put("feedback", slot, 0, self.layout.codec("feedback").encode(shown))

    def _put(self, kind: str, slot: int, offset: int, words: list[int]) -> None:
        address = self.layout.address(kind, slot, offset)
        self.mill.memory[address : address + len(words)] = words

    # What really happened

    def taken(self, order: str) -> list[dict]:
        return [record for record in self.mill.ledger if record["event"] == "taken" and record["order"] == order]

    def runs(self, key: int) -> list[dict]:
        """How often the mill took this batch."""
        batch = self.batches[key]
        taken = self.taken(batch.record.order)
        if not self.flags:
            return [record for record in taken if record["job"] in batch.numbers]
        later = [each.base for other, each in self.batches.items() if other > key and each.record.order == batch.record.order]
        return taken[batch.base : min(later, default=None)]

    def end(self, run: dict) -> dict | None:
        """How a run ended, if it did."""
        ends = [record for record in self.mill.ledger if record["event"] != "taken" and record["seq"] > run["seq"]]
        same = [record for record in ends if (record["order"], record["job"]) == (run["order"], run["job"])]
        return same[0] if same else None

    def is_under_way(self, key: int) -> bool:
        """The mill makes it, or may yet begin to: what a person sees who looks at the mill."""
        record = self.batches[key].record
        return bool(self.flight or self.buffer or self.mill.slots[record.slot - 1].is_offered()) or self.is_made(key)

    def is_made(self, key: int) -> bool:
        record = self.batches[key].record
        return bool(self.mill.batch) and self.mill.batch.order == record.order

    def acknowledged(self) -> dict[int, list[Batch]]:
        """Slots whose feedback the PLC was told to be stored: whose it is, as far as it is ours."""
        found = defaultdict(list)
        for slot in range(1, SLOTS + 1):
            if self.flags:
                order = self.role("feedback", slot, "order")
                told = self.role("feedback", slot, "feedback_flag") == 1
                shown = [batch for batch in self.batches.values() if batch.record.order == order and batch.record.slot == slot]
            else:
                taken = self.role("feedback", slot, "taken_job")
                told = taken and self.role("recipe", slot, "acknowledged_job") == taken
                shown = [batch for batch in self.batches.values() if taken in batch.numbers and batch.record.slot == slot]
            if told and shown:
                found[slot] = shown
        return found

    def is_strangers(self, slot: int) -> bool:
        """The PLC waits for another system, which never stores its job."""
        return self.mill.slots[slot - 1].is_waiting() and self.role("feedback", slot, "order").startswith(FOREIGN)
