"""The reconciler and an honest mill, in slots beside one another, with everything between them that can go wrong, at random.

``PLC_EXAMPLES=5000`` (for each kind of PLC) tries more, and others each time; the summary says how many steps and faults.
"""

import os
from collections import Counter
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from odoo.tests import BaseCase, tagged

from ...plc.reconcile import (
    CANCELLED,
    COMPLETED,
    DONE,
    ENDED,
    FAILED,
    HANDED_OVER,
    OFFERED,
    QUEUED,
    RUNNING,
    SENDING,
    UNDECIDED,
)
from ..plc_world import FOREIGN, SLOTS, TARGETS, World
from ..summary import tell
from . import test_reconcile_model
from .test_reconcile_model import Flags, JobNumbers, Sight

EXAMPLES = int(os.environ.get("PLC_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or 80,
    stateful_step_count=60,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
READ_FAULTS = ("old", "foreign", "no")
WRITE_FAULTS = ("unanswered", "lost", "not sent", "late", "slow", "doubled")
SCANS = {"scan": 0, "short scan": 5, "long scan": 400}
EVENTS = ("go_on",) * 6 + ("killed", "settle", "late_write", "late_write", "cancel_one", *SCANS, *READ_FAULTS, *WRITE_FAULTS)
BUDGET = {"cancel": 6, "intrude": 2, "restart": 1, "lose memory": 1}  # what may happen in a run, so often at most
PICK = st.integers(0, SLOTS - 1)


class Machine(RuleBasedStateMachine):
    """``kind``: of the PLC. ``tried`` counts what all runs of it did."""

    kind = ""
    tried: Counter = Counter()
    is_calm = False  # what is done to end a run is not counted

    @initialize(
        weight=st.sampled_from(("with", "with", "late", "never")),
        grace=st.booleans(),
        retentive=st.sampled_from((True, True, False)),
        seed=st.integers(0, 99),
        count=st.integers(1, SLOTS),
    )
    def begin(self, weight, grace, retentive, seed, count):
        self.world = World(self.kind, weight, grace, seed)
        self.retentive = retentive
        self.left = Counter(BUDGET)
        self.did("runs")
        self.world.fill(count)

    def did(self, what):
        if not self.is_calm:
            self.tried[what] += 1

    def step(self):
        self.did("steps")

    def faulty(self, name):
        self.did("steps")
        self.did("faults")
        self.did(f"fault: {name}")

    def chosen(self, pick, *states, asked=()):
        """The key of a batch in one of the states, or None."""
        found = [
            key
            for key, batch in self.world.batches.items()
            if batch.record.state in states and (not asked or batch.record.asked in asked)
        ]
        return found[pick % len(found)] if found else None

    # The tasks

    @rule(count=st.integers(1, SLOTS))
    def fill(self, count):
        self.step()
        self.world.fill(count)

    @rule(count=st.integers(1, SLOTS), seconds=st.sampled_from((60, 400)))
    def good_day(self, count, seconds):
        self.world.write_back()
        self.world.fill(count)
        self.work(seconds, 3)

    @rule(seconds=st.sampled_from((5, 60, 400)), rounds=st.integers(1, 3))
    def work(self, seconds, rounds):
        self.step()
        for _round in range(rounds):
            self.world.exchange()
            self.world.scan(seconds)
        self.world.exchange()

    @rule(count=st.integers(1, SLOTS), events=st.binary(min_size=20, max_size=100))
    def bad_day(self, count, events):
        """Each byte is one of EVENTS: a list of them takes hypothesis as long as all the rest."""
        self.world.write_back()
        self.world.fill(count)
        for byte in events:
            self.step()
            event = EVENTS[byte % len(EVENTS)]
            if event in SCANS:
                self.torn(SCANS[event])
            elif event in WRITE_FAULTS:
                self.write_fault(event)
            elif event in READ_FAULTS:
                self.reach("reads")
                self.fault(f"{event} answer", event)
            else:
                getattr(self, event)()

    def go_on(self):
        self.world.go_on()

    def killed(self):
        self.faulty("exchange killed")
        self.world.kill()

    def write_fault(self, event):
        if not self.is_hopeless(event) and self.reach("writes"):
            self.fault(f"write {event}", event)

    def fault(self, name, fault):
        self.faulty(name)
        self.world.go_on(fault)

    def reach(self, what):
        """Go on until something is to be written, or read; whether that came."""
        for _request in range(5 * SLOTS):
            self.world.begin()
            if getattr(self.world.talk, what):
                return True
            self.world.go_on()
        return False

    def torn(self, seconds):
        """A slot's recipe and feedback, and one slot and the next, are then of different scans."""
        if self.world.talk and self.world.talk.reads and any(self.world.talk.seen.values()):
            self.faulty("torn observation")
        self.world.scan(seconds)

    def is_hopeless(self, fault):
        """What a handshake is known not to stand; plc_model proves it."""
        if fault == "doubled":
            return self.world.flags or not self.retentive
        return fault == "late" and not self.world.flags and not self.retentive

    @rule()
    def late_write(self):
        self.step()
        if self.world.flight:
            self.faulty("late write arrives")
            self.world.deliver(0)

    @rule()
    def write_back(self):
        self.step()
        self.world.write_back()

    # Time

    @rule(seconds=st.sampled_from(list(SCANS.values())))
    def scan(self, seconds):
        self.step()
        self.world.scan(seconds)

    @rule()
    def settle(self):
        """Settle time and quiet time go by; what is late then will not come any more."""
        self.step()
        self.world.kill()
        self.world.flight = []
        self.world.quiet()
        self.world.settle()

    @rule()
    def grace_is_over(self):
        self.step()
        self.world.grace_is_over()

    # The mill

    @precondition(lambda self: self.left["restart"])
    @rule()
    def restart(self):
        self.left["restart"] -= 1
        self.faulty("PLC restarted")
        self.world.restart("whole")

    @precondition(lambda self: self.left["lose memory"])
    @rule()
    def lose_memory(self):
        self.left["lose memory"] -= 1
        self.faulty("PLC lost its memory")
        self.world.restart("taken" if self.retentive else "none")

    @rule(what=st.sampled_from(("fail_next", "fail_next", "pause", "resume", "hold")))
    def mill(self, what):
        self.step()
        getattr(self.world.mill, what)()

    @precondition(lambda self: self.left["intrude"])
    @rule(slot=st.integers(1, SLOTS), what=st.sampled_from(("recipe", "job")))
    def another_system(self, slot, what):
        self.left["intrude"] -= 1
        self.faulty("another system's data")
        self.world.intrude(slot, what)

    # People

    def cancel_one(self):
        self.cancel(self.world.scans)

    @rule(pick=PICK)
    def cancel(self, pick):
        self.step()
        key = self.chosen(pick, QUEUED, SENDING, OFFERED)
        if key and self.left["cancel"]:
            self.left["cancel"] -= 1
            self.did("cancelled by a user")
            self.world.set(key, self.world.batches[key].record.cancelled())

    @rule(pick=PICK, again=st.booleans())
    def decide(self, pick, again):
        """A person decides on what is doubtful, truthfully: after a look at the mill."""
        self.step()
        key = self.chosen(pick, *HANDED_OVER, asked=UNDECIDED)
        if not key or self.world.is_under_way(key):
            return
        batch = self.world.batches[key]
        ran = bool(self.world.runs(key))
        if batch.record.state != RUNNING and not ran and again:
            self.did("sent again by a person")
            self.world.set(key, batch.record.sent_again())
        elif batch.record.state == RUNNING or not ran:
            self.did("taken out by a person")
            self.world.set(key, batch.record.taken_out())

    @rule(pick=PICK)
    def release(self, pick):
        self.step()
        key = self.chosen(pick, QUEUED, asked=("occupied",))
        if key:
            self.did("released by a person")
            self.world.set(key, self.world.batches[key].record.released())
        key = self.chosen(pick, QUEUED, asked=("database_behind",))
        if key:
            self.did("compared by a person")
            self.world.go_on_after()
            self.world.set(key, self.world.batches[key].record.gone_on())

    @rule(pick=PICK, requeue=st.booleans())
    def close_failed(self, pick, requeue):
        self.step()
        key = self.chosen(pick, FAILED)
        if key and not self.world.is_made(key):
            self.did("failed batch settled")
            self.world.close_failed(key, requeue)

    @precondition(lambda self: self.kind == "ISA-88")
    @rule(pick=PICK, command=st.sampled_from(("hold", "resume", "abort")))
    def command(self, pick, command):
        self.step()
        key = self.chosen(pick, RUNNING)
        if key:
            self.did("commanded")
            self.world.set(key, self.world.batches[key].record.asked_to(command))

    # What must hold after every step

    @invariant()
    def no_job_is_made_twice(self):
        for key, batch in self.world.batches.items():
            runs = self.world.runs(key)
            assert len(runs) <= 1, f"batch {key} was made {len(runs)} times"
            may_run = (*HANDED_OVER, *ENDED) if not batch.was_failed else (CANCELLED,)
            assert not runs or batch.record.state in may_run, f"batch {key} was made, and is {batch.record.state}"

    @invariant()
    def every_run_is_of_a_batch(self):
        """And with its recipe."""
        known = {run["seq"] for key in self.world.batches for run in self.world.runs(key)}
        for run in self.world.mill.ledger:
            if run["event"] == "taken" and not run["order"].startswith(FOREIGN):
                assert run["seq"] in known, f"{run} is of no batch"
                assert tuple((line["code"], round(line["target"], 2)) for line in run["lines"]) == TARGETS, run

    @invariant()
    def no_actual_is_lost(self):
        for key, batch in self.world.batches.items():
            record = batch.record
            if record.state not in (COMPLETED, DONE):
                continue
            end = self.world.end(self.world.runs(key)[0])
            assert end and end["event"] == "finished", f"batch {key} is {record.state}, the mill says {end}"
            dosed = {line["code"]: line["kg"] for line in end["lines"]}
            for code, kilograms in record.actuals:
                assert abs(kilograms - dosed.get(code, 0.0)) < 0.005, f"batch {key}: {record.actuals} stored, {dosed} dosed"
            assert {code for code, _target in TARGETS} <= {code for code, _kilograms in record.actuals}
            assert not record.weight or abs(record.weight - end["weight"]) < 0.005

    @invariant()
    def completed_actuals_never_change(self):
        for key, batch in self.world.batches.items():
            if batch.record.state in ENDED:
                batch.frozen = batch.frozen or (batch.record.actuals, batch.record.weight)
                assert (batch.record.actuals, batch.record.weight) == batch.frozen, key

    @invariant()
    def acknowledged_only_after_stored(self):
        for slot, batches in self.world.acknowledged().items():
            stored = [batch for batch in batches if batch.record.state in ENDED or batch.was_failed]
            assert stored, f"slot {slot} was acknowledged, its batch is {batches}"

    # What must come of it once nothing goes wrong any more

    def calm_down(self):
        """Time passes, and people do what they are asked."""
        for _round in range(3 * SLOTS):
            self.world.mill.resume()
            self.settle()
            self.world.exchange()
            self.world.scan(400)
            self.world.exchange()
            self.world.write_back()
            self.world.grace_is_over()
            for pick in range(SLOTS):
                self.release(pick)
                self.decide(pick, again=False)

    def check_nothing_is_stuck(self):
        for key, batch in self.world.batches.items():
            record = batch.record
            waits = record.asked not in ("", "rejected") or self.world.is_strangers(record.slot)
            assert waits or record.state in (DONE, CANCELLED, FAILED), f"batch {key} is stuck: {record}"

    def teardown(self):
        if hasattr(self, "world"):
            self.is_calm = True
            self.calm_down()
            self.no_job_is_made_twice()
            self.every_run_is_of_a_batch()
            self.no_actual_is_lost()
            self.completed_actuals_never_change()
            self.acknowledged_only_after_stored()
            self.check_nothing_is_stuck()
            ledger = [record["event"] for record in self.world.mill.ledger if not record["order"].startswith(FOREIGN)]
            self.tried.update(f"mill: {event}" for event in ledger)
            self.tried.update(f"batch: {batch.record.state}" for batch in self.world.batches.values())


@tagged("post_install", "-at_install")
class TestStateful(BaseCase):
    def explore(self, kind):
        """What all the runs did; their summary is told even if one of them fails."""
        tried = Counter()
        machine = type("Machine", (Machine,), {"kind": kind, "tried": tried})
        try:
            run_state_machine_as_test(machine, settings=SETTINGS)
        finally:
            faults = sorted((name[7:], count) for name, count in tried.items() if name.startswith("fault: "))
            tell(
                f"reconcile, at random, {kind}: {tried['runs']} runs, {tried['steps']:,} steps, {tried['faults']:,} faults ("
                + ", ".join(f"{name} {count}" for name, count in faults)
                + f"); {tried['batch: done'] + tried['batch: completed']} batches completed"
            )
        return tried

    def assertTried(self, kind, *names):
        """It must get through to what it is to check."""
        tried = self.explore(kind)
        faults = ("write lost", "write late", "late write arrives", "old answer", "torn observation", "exchange killed")
        for name in ("batch: done", "batch: cancelled", "mill: failed", *names, *(f"fault: {fault}" for fault in faults)):
            self.assertTrue(tried[name], f"{name} never happened: {tried}")

    def test_flags(self):
        self.assertTried("flags")

    def test_flags_that_are_copied_at_once(self):
        self.assertTried("flags, copied")

    def test_job_numbers(self):
        self.assertTried("job numbers", "fault: write doubled")

    def test_isa88(self):
        self.assertTried("ISA-88", "commanded")

    def test_it_finds_faults(self):
        """Reconcilers that are wrong in one place are found out."""
        quick = settings(SETTINGS, phases=[Phase.generate], max_examples=80, derandomize=True)
        for kind, target, attributes in (
            ("job numbers", JobNumbers, {"_outcome": lambda *_args: (Sight.FINISHED, False)}),
            ("job numbers", JobNumbers, {**test_reconcile_model.HASTY_CANCELLING, "_disarm": lambda _self, _case, step: step}),
            ("job numbers", JobNumbers, test_reconcile_model.EARLY_ACK),
            ("job numbers", JobNumbers, test_reconcile_model.RESENDING),
            ("flags", Flags, test_reconcile_model.UNRECORDED_FLAGS),
        ):
            machine = type("Machine", (Machine,), {"kind": kind, "tried": Counter()})
            with self.subTest(kind, names=list(attributes)), patch.multiple(target, **attributes):
                with self.assertRaises(AssertionError):
                    run_state_machine_as_test(machine, settings=quick)
