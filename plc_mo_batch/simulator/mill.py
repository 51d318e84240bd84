"""The PLC program of a feed mill: a state machine over a register memory, without sockets or a clock."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import compress
from typing import Any

from . import encoding
from .batch import Batch, Dose
from .bins import Bins
from .clock import CLOCK_BASE, clock_image
from .events import FAILURE_BASE, FAILURES, WEIGHING_BASE, EventArea, Failure, Weighing
from .levels import LEVEL_BASE, level_image
from .slot import COMMANDS, LAYOUTS, Slot

_logger = logging.getLogger("plc_simulator")

REGISTERS = 65536
LATE_WEIGHT_SECONDS = 20.0
IDENTITY_BASE, IDENTITY = 65500, encoding.text_to_words("Plc Simulator!", 7)  # by which Odoo knows that no machine is here
WEIGHTS = ("with", "late", "never")


class Mill:
    """Takes recipes that Odoo writes to its registers, doses them one after the other, and shows the actuals.

    ``memory``: 65536 words, addressed from 0, the one place where recipes come from and feedback goes to.
    ``ledger``: what physically happened, whatever the registers say; a list of dicts, one when a job is taken
    and one when it ends: ``seq`` (1, 2, ...), ``event`` (taken, finished, failed, aborted, interrupted), ``slot``, ``job``
    (0 with flags), ``order``, ``lines`` (those with a target, or dosed all the same: ``code``, ``target``, ``kg``), ``weight`` in
    kg, ``started`` and ``finished`` in seconds of plant time (``finished`` is None while it runs). Events have records of
    their own: ``failure`` (``equipment``, ``text``, ``at``) or ``weighing`` (``slot``, ``order``, ``number``, ``kg``) when it
    happens, ``stored`` with the same values when Odoo's flag for it is seen. So have bins: ``empty`` (``code``, ``order``) when
    one runs out in the middle of a dose, ``filled`` (``code``, ``kg``) when something is filled in.
    ``bins``: what lies in the silos (:class:`Bins`).

    :param layout: "mill" or "isa88"; areas and word order are the layout's unless they are given
    :param handshake: "job-numbers" or "flags"; layout "isa88" has job numbers only
    :param slots: number of slots, from 1; the areas must neither overlap nor leave the memory
    :param error: standard deviation of a dose from its target, in percent
    :param seed: makes the doses repeatable
    :param word_order: of two-word numbers, "high" or "low" word first
    :param weight: the finished weight comes "with" the end of a job, "late" (20 s after it) or "never"
    :param failures: so many jobs, from the first on, have a piece of equipment fail while they run
    :param weighings: (product number, kg) of what is weighed by hand, one for each job from the first on
    :param bins: kg by equipment code of the silos that can run empty; a dose that is cut short goes on from the bin's sister
        if the layout has a line for that one; otherwise the job is put on hold until the bin is filled again
    :param sisters, when_empty, refill: of :class:`Bins`
    :param clock_offset: seconds by which its clock (layout "isa88" shows it) is ahead of UTC, or behind it
    :param levels: pairs of equipment code and kg: what the sensors of these silos show, from 9700 on; what is dosed leaves them
    :param verbose: log each step as info, otherwise as debug
    """

    def __init__(
        self,
        handshake: str = "job-numbers",
        slots: int = 10,
        *,
        layout: str = "mill",
        error: float = 0.5,
        seed: int | None = None,
        word_order: str | None = None,
        recipe_base: int | None = None,
        feedback_base: int | None = None,
        stride: int | None = None,
        weight: str = "with",
        failures: int = 0,
        weighings: Sequence[tuple[int, float]] = (),
        bins: Mapping[int, float] | Sequence[tuple[int, float]] = (),
        sisters: Mapping[int, int] | Sequence[tuple[int, int]] = (),
        when_empty: str = "hold",
        refill: float = 0.0,
        clock_offset: float = 0.0,
        levels: Iterable[tuple[int, float]] = (),
        verbose: bool = False,
    ):
        _check_choice("layout", layout, LAYOUTS)
        _check_choice(f"handshake of the layout {layout}", handshake, LAYOUTS[layout])
        _check_choice("weight", weight, WEIGHTS)
        self.layout = layout
        self.handshake = handshake
        self.error = error
        self.weight = weight
        self.memory: list[int] = [0] * REGISTERS
        self.slots = self._new_slots(slots, recipe_base, feedback_base, stride, word_order)
        self.ledger: list[dict[str, Any]] = []
        self.now = 0.0
        self.batch: Batch | None = None
        self.paused = False
        self._random = random.Random(seed)  # nosec B311 # scales
        self._fail_next = False
        self._late_weights: list[tuple[int, float, float]] = []  # slot number, due at, kg
        self._waiting: set[int] = set()
        self.areas = self._new_event_areas()
        self.bins = Bins(dict(bins), dict(sisters), when_empty, refill)
        self.clock_offset = clock_offset
        self.levels = dict(levels)
        self._write_clock()
        self._write_levels()
        self._write_signatures()
        self._failures = failures
        self._weighings = list(weighings)
        self._log_level = logging.INFO if verbose else logging.DEBUG

    def _new_slots(
        self,
        count: int,
        recipe: int | None,
        feedback: int | None,
        stride: int | None,
        word_order: str | None,
    ) -> list[Slot]:
        slot = LAYOUTS[self.layout][self.handshake]
        recipe = slot.RECIPE_BASE if recipe is None else recipe
        feedback = slot.FEEDBACK_BASE if feedback is None else feedback
        stride = slot.STRIDE if stride is None else stride
        word_order = slot.WORD_ORDER if word_order is None else word_order
        _check_choice("word order", word_order, encoding.WORD_ORDERS)
        _check_areas(recipe, feedback, count, stride, slot.WORDS)
        return [slot(self.memory, n + 1, recipe + n * stride, feedback + n * stride, word_order) for n in range(count)]

    def _new_event_areas(self) -> dict[str, EventArea]:
        """ "failure" and "weighing", if the slots leave room for them."""
        first = self.slots[0]
        form = (first.ORDER_WORDS, first.word_order, self.layout == "isa88")
        bases = {"failure": FAILURE_BASE, "weighing": WEIGHING_BASE}
        return {kind: EventArea(self.memory, base, *form) for kind, base in bases.items() if not self._is_used(base)}

    def _is_used(self, base: int) -> bool:
        """The slots leave no room for an area at ``base``."""
        first = self.slots[0]
        ends = [(base, base + len(self.slots) * first.STRIDE) for base in (first.recipe, first.feedback)]
        return any(begin < base + first.STRIDE and base < end for begin, end in ends)

    # The program

    def scan(self, dt: float) -> None:
        """One PLC scan, ``dt`` seconds of plant time after the last one.

        A scan either takes one job or advances the running one: a job is seen running before it is seen finished,
        and everything that belongs to one event appears in one scan.
        """
        self.now += dt
        self._log_acknowledged()
        self._write_clock()
        self._write_levels()
        self._write_signatures()
        for slot in self.slots:
            slot.write_idle()
        self._write_late_weights()
        self._scan_events()
        for code, kg in self.bins.due(self.now).items():
            self.fill_bin(code, kg)
        if self.paused:
            return
        if self.batch:
            self._run(self.batch, dt)
        else:
            self._take_next()

    def _take_next(self) -> None:
        slot = next((slot for slot in self.slots if slot.is_ready()), None)
        if not slot:
            return
        self._late_weights = [late for late in self._late_weights if late[0] != slot.number]
        self.batch = Batch(slot.number, slot.take(), slot.order(), self.now)
        for line, (code, target) in enumerate(slot.lines()):
            if code and target > 0:
                self.batch.add_dose(line, code, target, self._dosed(target))
        self.batch.by_hand = round(max(0.0, slot.planned() - sum(dose.target for dose in self.batch.doses)), 2)
        if self._fail_next:
            self._fail_next = False
            self.batch.fails_at = self.batch.dosing_seconds / 2
        self._record("taken", self.batch)
        self._log("took job %s %s in slot %s", self.batch.job, self.batch.order, slot.number)

    def _dosed(self, target: float) -> float:
        kg = round(target * (1 + self._random.gauss(0, self.error / 100)), 2)
        return min(max(kg, 0.0), encoding.MAX_KG)

    def _run(self, batch: Batch, dt: float) -> None:
        slot = self.slots[batch.slot - 1]
        self._obey(slot, batch)
        self._advance(slot, batch, batch.elapsed + dt)
        for line, kg in batch.shown():
            slot.write_actual(line, kg)
        if not batch.told and batch.elapsed >= batch.dosing_seconds / 2:
            self._tell_beside(batch)
        if batch.ended:
            self._finish(slot, batch)
        else:
            slot.write_running(batch.held)

    def _advance(self, slot: Slot, batch: Batch, until: float) -> None:
        """Each time that a bin runs empty meanwhile, something is done about it."""
        while not batch.held and not batch.ended:
            at, dose = batch.runs_empty(self.bins.contents) or (until, None)
            before = {line.line: line.kg for line in batch.actuals()}
            for rested in batch.advance(min(at, until)):
                self._log("dosing %s %.2f kg -> %.2f", rested.code, rested.target, rested.final)
            for line in batch.actuals():
                self._take(line.code, line.kg - before[line.line])
            if not dose or at > until or batch.ended:
                return
            self._run_out(slot, batch, dose)

    def _take(self, code: int, kg: float) -> None:
        """It leaves the silo, and what the silo's sensor shows."""
        self.bins.take(code, kg)
        if code in self.levels:
            self.levels[code] -= kg

    def _run_out(self, slot: Slot, batch: Batch, dose: Dose) -> None:
        """The bin of a dose is empty before that is in."""
        sister = self.bins.sister(dose.code)
        lines = [line for line, (code, _target) in enumerate(slot.lines()) if sister and code == sister]
        if not batch.lacks:
            self._append("empty", code=dose.code, order=batch.order)
        self._log("%s is empty, %.2f kg are dosed: %s", dose.code, dose.kg(batch.elapsed), sister or self.bins.when_empty)
        if lines:
            batch.cut_short(dose, lines[0], sister)
            batch.lacks = 0
        elif self.bins.when_empty == "fail":
            batch.fail_now()
        else:
            batch.held, batch.lacks = True, dose.code

    def _scan_events(self) -> None:
        for kind, area in self.areas.items():
            stored = area.scan()
            if stored:
                self._note("stored", stored)
                self._log("%s stored: %s", kind, stored)

    def _tell_beside(self, batch: Batch) -> None:
        batch.told = True
        if self._failures:
            self._failures -= 1
            self.report_failure(*self._random.choice(FAILURES))
        if self._weighings:
            self.report_weighing(batch.slot, batch.order, *self._weighings.pop(0))

    def _obey(self, slot: Slot, batch: Batch) -> None:
        """Obey a command when it changes: one that stays written does not undo what the machine's operator has done since."""
        command = slot.command(batch.job)
        if command == batch.command:
            return
        batch.command = command
        name = COMMANDS.get(command)
        if name == "abort":
            batch.abort()
        elif name:
            batch.held = name == "hold"
        if name:
            self._log("command %s: job %s %s in slot %s", name, batch.job, batch.order, slot.number)

    def _finish(self, slot: Slot, batch: Batch) -> None:
        self.batch = None
        slot.write_end(batch.outcome)
        self._waiting.add(slot.number)
        if self.weight == "with":
            slot.write_weight(batch.weight())
        elif self.weight == "late":
            self._late_weights.append((slot.number, self.now + LATE_WEIGHT_SECONDS, batch.weight()))
        self._record(batch.outcome, batch, finished=self.now)
        self._log("%s job %s %s in slot %s: %.2f kg", batch.outcome, batch.job, batch.order, slot.number, batch.weight())

    def _write_late_weights(self) -> None:
        for number, due, kg in self._late_weights:
            if due <= self.now:
                self.slots[number - 1].write_weight(kg)
        self._late_weights = [late for late in self._late_weights if late[1] > self.now]

    # Clock and events

    def clock(self) -> datetime:
        """What its clock shows: UTC plus ``clock_offset``, in whole seconds."""
        return datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None) + timedelta(seconds=self.clock_offset)

    def _write_clock(self) -> None:
        if self.layout == "isa88" and not self._is_used(CLOCK_BASE):
            image = clock_image(self.clock())
            self.memory[CLOCK_BASE : CLOCK_BASE + len(image)] = image

    def _write_levels(self) -> None:
        if self.levels and not self._is_used(LEVEL_BASE):
            image = level_image(self.levels, self.slots[0].word_order, self.layout == "isa88")
            self.memory[LEVEL_BASE : LEVEL_BASE + len(image)] = image

    def _write_signatures(self) -> None:
        self.memory[IDENTITY_BASE : IDENTITY_BASE + len(IDENTITY)] = IDENTITY
        for slot in self.slots:
            slot.write_signature()
            slot.write_sum()

    def report_failure(self, equipment: str, text: str, at: datetime | None = None) -> None:
        """Report an equipment failure, ``at`` the PLC's time (None: now, by its clock). It is shown when the area is free."""
        self._report("failure", Failure(equipment, text, at or self.clock()))

    def report_weighing(self, slot: int, order: str, number: int, kg: float, code: str = "", lot: str = "") -> None:
        """Report that ``kg`` of a product were weighed by hand for the batch in ``slot``, with what a scanner read of it. It is
        shown when the area is free."""
        self._report("weighing", Weighing(slot, order, number, kg, code, lot))

    def _report(self, kind: str, event: Failure | Weighing) -> None:
        if kind not in self.areas:
            raise ValueError(f"the slots leave no place for the {kind} area")
        self.areas[kind].waiting.append(event)
        self._note(kind, event)
        self._log("%s: %s", kind, event)

    def _note(self, what: str, event: Failure | Weighing) -> None:
        self._append(what, **event.record())

    # Bins

    def fill_bin(self, code: int, kg: float) -> None:
        """So much is filled in, above 0; a job that was put on hold as this bin was empty goes on."""
        self.bins.put(code, kg)
        self._append("filled", code=code, kg=kg)
        self._log("%.2f kg filled into %s", kg, code)
        if self.batch and self.batch.lacks == code:
            self.batch.held, self.batch.lacks = False, 0

    # For tests

    def fail_next(self) -> None:
        """The running job fails in the next scan; without one, the next job fails halfway through its dosing."""
        if self.batch:
            self.batch.fail_now()
        else:
            self._fail_next = True

    def pause(self) -> None:
        """Stand still: take and dose nothing until ``resume``. The registers keep answering."""
        self.paused = True

    def hold(self) -> None:
        """The machine's own operator holds the running job, if there is one: dosing stops, the program goes on."""
        if self.batch:
            self.batch.held = True

    def resume(self) -> None:
        """Continue after ``pause``, and resume the running job if it is on hold, whoever held it. It is on hold again at the next
        scan where its bin is still empty."""
        self.paused = False
        if self.batch:
            self.batch.held = False

    def lose_counter(self, line: int) -> None:
        """The counter of a line (from 0) of the running job is zero from the next scan on; what was dosed stays in the ledger.

        Only if its component is at rest: another one would go on counting, and nobody could tell how much is missing.
        """
        if self.batch and any(rested.line == line for rested in self.batch.at_rest()):
            self.batch.forgotten.append(line)

    def lose_memory(self, keep_taken: bool = False) -> None:
        """Forget all registers and the running job; with ``keep_taken`` the words of the taken jobs survive, as they are
        retentive.

        What the running job had dosed is in the ledger as interrupted. The "flags" handshake has nothing to keep.
        """
        if self.batch:
            self._record("interrupted", self.batch, finished=self.now)
        kept = [self._retentive_words(slot) for slot in self.slots] if keep_taken else []
        self.memory[:] = [0] * REGISTERS
        for address, values in kept:
            self.memory[address : address + len(values)] = values
        for area in self.areas.values():
            area.forget()
        self.batch = None
        self._late_weights = []
        self._waiting = set()

    @staticmethod
    def _retentive_words(slot: Slot) -> tuple[int, list[int]]:
        offset, count = slot.RETENTIVE
        address = slot.feedback + offset
        return address, slot.memory[address : address + count]

    # Retentive memory

    def to_json(self) -> dict[str, Any]:
        """Registers and state as plain values, for ``from_json``; the ledger is not part of it."""
        return {
            "layout": self.layout,
            "handshake": self.handshake,
            "now": self.now,
            "batch": self.batch.to_json() if self.batch else None,
            "late_weights": self._late_weights,
            "levels": [list(level) for level in self.levels.items()],
            "events": {kind: area.to_json() for kind, area in self.areas.items()},
            "bins": self.bins.to_json(),
            "words": {str(address): self.memory[address] for address in compress(range(REGISTERS), self.memory)},
        }

    def from_json(self, values: dict[str, Any]) -> None:
        """Continue from the state in ``values``. ValueError if it has another layout or handshake."""
        for what, own in (("layout", self.layout), ("handshake", self.handshake)):
            if values[what] != own:
                raise ValueError(f"this memory belongs to the {what} {values[what]}, not {own}")
        self.now = values["now"]
        self.batch = Batch.from_json(values["batch"]) if values["batch"] else None
        self._late_weights = [tuple(late) for late in values["late_weights"]]
        self.levels.update((int(code), kg) for code, kg in values.get("levels", []))
        known = values.get("events", {})  # the mill of the first release had no events
        for kind in self.areas.keys() & known.keys():
            self.areas[kind].from_json(known[kind])
        if "bins" in values:
            self.bins.from_json(values["bins"])
        self.memory[:] = [0] * REGISTERS
        for address, word in values["words"].items():
            self.memory[int(address)] = word

    # Ledger and log

    def _record(self, event: str, batch: Batch, finished: float | None = None) -> None:
        self._append(
            event,
            slot=batch.slot,
            job=batch.job,
            order=batch.order,
            lines=[{"code": line.code, "target": line.target, "kg": line.kg} for line in batch.actuals()],
            weight=batch.weight(),
            started=batch.started,
            finished=finished,
        )

    def _append(self, event: str, **what: Any) -> None:
        self.ledger.append({"seq": self._next_seq(), "event": event, **what})

    def _next_seq(self) -> int:
        return self.ledger[-1]["seq"] + 1 if self.ledger else 1

    def _log_acknowledged(self) -> None:
        waiting = {slot.number for slot in self.slots if slot.is_waiting()}
        for number in sorted(self._waiting - waiting):
            self._log("acknowledged: slot %s free", number)
        self._waiting = waiting

    def _log(self, message: str, *args: Any) -> None:
        _logger.log(self._log_level, message, *args)


def _check_choice(what: str, value: str, choices: Any) -> None:
    if value not in choices:
        raise ValueError(f"{what} is {value!r}, but must be one of {', '.join(choices)}")


def _check_areas(recipe: int, feedback: int, slots: int, stride: int, slot_words: int) -> None:
    length = slots * stride
    if slots < 1 or stride < slot_words:
        raise ValueError(f"{slots} slots {stride} words apart: at least 1 slot of {slot_words} words is needed")
    if min(recipe, feedback) < 0 or max(recipe, feedback) + length > REGISTERS:
        raise ValueError(f"{slots} slots from {recipe} and {feedback} on do not fit into addresses 0 to 65535")
    if abs(recipe - feedback) < length:
        raise ValueError(f"{slots} slots: the recipe area from {recipe} and the feedback area from {feedback} overlap")
