"""The handshake "job numbers".

The rule: every word has one writer, and a job number is never used twice. Recipe job and armed job are ours, the taken job is the
PLC's. It takes an armed job that is higher than the one it took last, and equal to the recipe's. So a write that is lost,
repeated or late does no harm (explored by tests/plc_model.py): what is not seen is simply written again.
Once the taking is stored, recipe job and armed job are cleared together: a PLC that loses its taken job finds nothing to take.
"""

from collections.abc import Sequence
from dataclasses import replace

from .handshake import ACKNOWLEDGED, STILL_TAKEN, TAKEN, Case, Handshake, Rule, Sight, whole
from .layout import JOB_NUMBERS, Layout
from .sentences import _lt
from .steps import (
    CANCELLED,
    CANCELLING,
    COMPLETED,
    DONE,
    ENDED,
    EXECUTING,
    HELD,
    MAX_JOB,
    MAX_JOB_LEAD,
    OFFERED,
    QUEUED,
    RUNNING,
    SENDING,
    Anomaly,
    Job,
    Rejected,
    Seen,
    Step,
    Write,
)


class JobNumbers(Handshake, name=JOB_NUMBERS):
    """Sights and actions; :data:`JobNumbers.table` below says which action follows when."""

    def __init__(self, layout: Layout, seen: Seen, last_job: int):
        super().__init__(layout, seen, last_job)
        self._asks: int | None = None  # id of the batch that asks about the whole PLC

    # Sights

    def _queued(self, case: Case) -> Sight | None:
        job = case.job
        if job.resent and job.number and self._taken(case.words) == job.number:
            return self._after_take(case)
        if self._is_database_behind():
            return Sight.BEHIND
        return self._room_for_recipe(case)

    def _sending(self, case: Case) -> Sight:
        return self._room_for_block(case)

    def _free(self, case: Case) -> Sight:
        if self._takeable(case.job.slot):
            return Sight.BUSY
        return Sight.FREE if self._is_stored(case) else Sight.OCCUPIED

    def _is_stored(self, case: Case) -> bool:
        """The job last taken in the slot is stored: it is ours and closed, or whoever knew it acknowledged it, or it is
        forgotten."""
        taken = self._taken(case.words)
        if not taken or any(other.number == taken and other.acknowledged for other in case.in_slot):
            return True
        if self._is_blank(case.words):
            return True
        values = self._believe_anybody(case.job.slot, case.words)
        over = values["finished"] if "finished" in values else values["state"] not in (EXECUTING, HELD)
        return bool(over) and self._recipe_role(case.job.slot, "acknowledged_job") == taken

    def _is_database_behind(self) -> bool:
        """The PLC knows a queued order, or took a job, that this database never handed over. A database that never gave a number
        (a new one, at a PLC with a past) is not behind."""
        return bool(self._known) or bool(self.last_job) and highest_taken(self.layout, self.seen, self.last_job) > self.last_job

    def _handed_over(self, case: Case) -> Sight | None:
        job, taken = case.job, self._taken(case.words)
        if taken == job.number:
            return self._after_take(case)
        self._believe_slot(job, case.words)
        if job.state == RUNNING:
            return Sight.GONE
        if taken > job.number:  # a foreign job: ours may have been taken before it, and can no longer be taken
            return Sight.OVERTAKEN
        if self._is_made_unnamed(case):
            return Sight.UNNAMED
        if job.slot not in self.seen.recipe:
            return Sight.UNREAD
        if not any(self.seen.recipe[job.slot][: self.layout.block_words]):
            return Sight.ERASED
        if job.state == CANCELLING:
            sight = self._withdrawal(job)
            return Sight.WENT_BACK if sight == Sight.UNTAKEN and taken < job.taken_before else sight
        return Sight.WENT_BACK if taken < job.taken_before else self._offer(job)

    def _is_made_unnamed(self, case: Case) -> bool:
        """The slot shows the order and amounts of it, as it did not when the recipe was sent: the PLC took it, and shows its job
        elsewhere or has lost it. It would take it again and again."""
        job = case.job
        if job.shown_before or not self._shows_order(job, case.words):
            return False
        try:
            return any(self._amounts(job, self._decode(case.words, job.recipe)).values())
        except Rejected:
            return False

    def _after_take(self, case: Case) -> Sight | None:
        return Sight.FORGOTTEN if self._is_blank(case.words) else None

    def _offer(self, job: Job) -> Sight:
        if not self._is_written(job, self.seen.recipe[job.slot]):
            return Sight.UNWRITTEN
        return Sight.STANDING if self._recipe_role(job.slot, "armed_job") == job.number else Sight.WRITTEN

    def _withdrawal(self, job: Job) -> Sight:
        """Withdrawn only when the withdrawal was read back, and the PLC has not shown within its settle time that it took the
        batch."""
        if job.number in (self._recipe_role(job.slot, role) for role in ("recipe_job", "armed_job")):
            return Sight.STANDING
        if not self._is_standing(job, self.seen.recipe[job.slot], "recipe_job"):
            return Sight.ERASED
        return Sight.UNTAKEN if job.settled else Sight.SETTLING

    def _ended(self, case: Case) -> Sight:
        job = case.job
        if self._taken(case.words) != job.number:
            self._believe_slot(job, case.words)
            return Sight.PASSED
        if self._change(case):
            return Sight.CHANGED
        if job.slot not in self.seen.recipe:
            return Sight.UNREAD
        return Sight.PASSED if self._recipe_role(job.slot, "acknowledged_job") == job.number else Sight.SHOWN

    def _acknowledged(self, case: Case) -> Sight:
        """A late acknowledgement of an earlier job overwrites this one's. Then the PLC, which waits for it, would never take what
        it is offered. A job that a person gave up is not acknowledged for them."""
        job = case.job
        if self._taken(case.words) == job.number and self._change(case):
            return Sight.CHANGED
        if self._blocks(case):
            return Sight.UNBELIEVED
        offered = any(other.state == OFFERED for other in case.in_slot)
        if not offered or job.state not in (COMPLETED, DONE) or job.slot not in self.seen.recipe:
            return Sight.NOTHING
        if self._taken(case.words) != job.number or self._recipe_role(job.slot, "acknowledged_job") == job.number:
            return Sight.NOTHING
        return Sight.REPLACED

    def _given_up(self, case: Case) -> Sight:
        """It was given up, and its recipe may still stand in the PLC."""
        job = case.job
        return Sight.CHANGED if self._taken(case.words) == job.number and not job.noted else Sight.NOTHING

    def _shows(self, job: Job, words: tuple[int, ...]) -> bool:
        return 0 < job.number == self._taken(words)

    def _stands(self, case: Case) -> bool:
        return case.job.slot in self.seen.recipe and self._is_armed(case.job)

    def _taken(self, words: Sequence[int]) -> int:
        return self._number("feedback", words, "taken_job")

    def _takeable(self, slot: int) -> bool:
        armed = self._recipe_role(slot, "armed_job")
        return armed > self._taken(self.seen.feedback[slot]) and self._recipe_role(slot, "recipe_job") == armed

    # Actions

    def send(self, case: Case) -> Step | None:
        """Give the next job number, and write the block that carries it."""
        number = self._next_number(case)
        shown = self._shows_order(case.job, case.words)
        values = {"number": number, "taken_before": self._taken(case.words), "shown_before": shown}
        return Step(case.job.id, values=values, write=self._write_block(case.job, number))

    def _next_number(self, case: Case) -> int:
        taken = max(self._taken(case.words), self._recipe_role(case.job.slot, "armed_job"))
        if taken > self.last_job + MAX_JOB_LEAD or max(taken, self.last_job) >= MAX_JOB:
            detail = _lt("the PLC shows job %(job)s, but the last job assigned is %(last)s", job=taken, last=self.last_job)
            raise Rejected(Anomaly("job_number", detail, case.words))
        self.last_job = max(taken, self.last_job) + 1
        return self.last_job

    def arm(self, case: Case) -> Step | None:
        """From now on the PLC may take it."""
        job = case.job
        write = self._write_role("arm", "recipe", job.slot, "armed_job", job.number)
        return Step(job.id, values={"armed": True}, write=write)

    def withdraw(self, case: Case) -> Step | None:
        """Clear what the PLC takes it by."""
        return Step(case.job.id, values={"withdrawn": False}, write=self._withdraw("withdraw", case.job.slot))

    def _disarm(self, case: Case, step: Step | None) -> Step | None:
        """Once it is stored that the PLC took it, nothing may stand in the PLC that it could take once more: its taken job may be
        lost with its memory. Any other write goes first, and the next recipe waits until this one is gone."""
        job = case.job
        state = step.state if step and step.state else job.state
        if not job.armed or job.slot not in self.seen.recipe or state not in (RUNNING, CANCELLED, *ENDED):
            return step
        step = step or Step(job.id)
        if not self._is_armed(job):
            return replace(step, values={**step.values, "armed": False})
        return step if step.write else replace(step, write=self._withdraw("disarm", job.slot))

    def _is_armed(self, job: Job) -> bool:
        """One of the words still names it: a late write could complete them."""
        return job.number in (self._recipe_role(job.slot, role) for role in ("recipe_job", "armed_job"))

    def _withdraw(self, kind: str, slot: int) -> Write:
        """Clear recipe job and armed job in one request: the model shows that clearing one alone is unsafe."""
        first = self.layout.area("recipe").field("recipe_job")
        last = self.layout.area("recipe").field("armed_job")
        return self._write(kind, "recipe", slot, first.offset, [0] * (last.end - first.offset))

    def acknowledge(self, case: Case) -> Step | None:
        """Tell the PLC that the actuals are stored."""
        job = case.job
        return Step(job.id, write=self._write_role("ack", "recipe", job.slot, "acknowledged_job", job.number))

    def release(self, case: Case) -> Step | None:
        """Acknowledge an unknown job, as a person allowed; its raw words are in the journal since it was refused."""
        slot, taken = case.job.slot, self._taken(case.words)
        if self._recipe_role(slot, "acknowledged_job") == taken:
            return None
        return Step(case.job.id, write=self._write_role("ack", "recipe", slot, "acknowledged_job", taken))

    def clear(self, slot: int) -> Step | None:
        """Withdraw what someone else left ready to run in a slot."""
        if slot not in self.seen.feedback or not self._takeable(slot):
            return None
        return Step(0, write=self._withdraw("clear", slot), anomaly=self._cleared(slot))

    # Questions to a person

    def ask_about_database(self, case: Case) -> Step | None:
        """The PLC knows a queued order, or took a job, that this database never gave: asked once for all queued batches."""
        if self._known:
            return super().ask_about_database(case)
        if self._asks not in (None, case.job.id):
            return None
        self._asks = case.job.id
        shown = highest_taken(self.layout, self.seen, self.last_job)
        slot = next(slot for slot, words in self.seen.feedback.items() if self._taken(words) == shown)
        told = {"job": shown, "slot": slot, "last": self.last_job}
        detail = _lt("it took job %(job)s (slot %(slot)s), but the last job assigned here is %(last)s", **told)
        return self._ask(case, "database_behind", detail, self.seen.feedback[slot])

    def ask_about_stranger(self, case: Case) -> Step | None:
        """What the slot contains was never stored: it is not overwritten."""
        told = {"job": self._taken(case.words), "order": self._shown_order(case.words) or "?"}
        detail = _lt("job %(job)s, order %(order)s, does not belong to any batch and was not acknowledged", **told)
        return self._ask(case, "occupied", detail)

    def ask_about_overtaken(self, case: Case) -> Step | None:
        """Taken before the other one, or never: only a person can know."""
        told = {"shown": self._taken(case.words), "job": case.job.number}
        detail = _lt("the PLC shows job %(shown)s from another system although job %(job)s was offered", **told)
        return self._ask(case, "doubt", detail)

    def ask_about_taken_job(self, case: Case) -> Step | None:
        """The PLC may have taken it, and forgotten that: it is not armed again."""
        told = {"shown": self._taken(case.words), "before": case.job.taken_before}
        return self._ask(case, "went_back", _lt("it shows job %(shown)s, and showed job %(before)s before", **told))

    def ask_about_given_up(self, case: Case) -> Step | None:
        """The PLC took it all the same; what it dosed is in the raw words."""
        return self._ask(case, "changed", _lt("the PLC took job %(job)s although it was given up", job=case.job.number))

    def ask_about_gone(self, case: Case) -> Step | None:
        """It ran, and another job is in its place."""
        told = {"shown": self._taken(case.words), "job": case.job.number}
        if self._shows_order(case.job, case.words):
            return self._ask(case, "lost", _lt("it shows the order, but as job %(shown)s instead of %(job)s", **told))
        return self._ask(case, "lost", _lt("the PLC shows job %(shown)s although job %(job)s is running", **told))

    def ask_about_forgotten(self, case: Case) -> Step | None:
        """It ran, and the PLC kept only its number."""
        return self._ask(case, "lost", _lt("the PLC took job %(job)s but no longer knows it", job=case.job.number))

    # The decisions: state, sight, action, new state

    table = {
        QUEUED: {
            **TAKEN,  # a person sent it again, but the PLC had taken it after all
            Sight.UNBELIEVED: Rule(Handshake.reject),
            Sight.FORGOTTEN: Rule(Handshake.note, RUNNING),
            Sight.BEHIND: Rule(ask_about_database),
            Sight.OCCUPIED: Rule(ask_about_stranger),
            Sight.RELEASED: Rule(release),
            Sight.BUSY: Rule(Handshake.wait),
            Sight.FREE: Rule(send, SENDING),
        },
        SENDING: {
            Sight.UNBELIEVED: Rule(Handshake.reject),
            Sight.OCCUPIED: Rule(ask_about_stranger),
            Sight.BUSY: Rule(Handshake.wait),
            Sight.UNWRITTEN: Rule(Handshake.write_block),
            Sight.WRITTEN: Rule(arm, OFFERED),  # committed before it is armed: from here on the PLC may know
        },
        OFFERED: {
            **TAKEN,
            Sight.UNBELIEVED: Rule(Handshake.reject),
            Sight.FORGOTTEN: Rule(Handshake.note, RUNNING),  # a PLC may keep only the number
            Sight.OVERTAKEN: Rule(ask_about_overtaken),
            Sight.UNNAMED: Rule(Handshake.note, RUNNING),  # and a person is asked: its taken job is another
            Sight.WENT_BACK: Rule(ask_about_taken_job),
            Sight.UNREAD: Rule(Handshake.wait),
            Sight.ERASED: Rule(Handshake.ask_about_recipe),  # not sent again automatically: it may have been taken before
            Sight.UNWRITTEN: Rule(Handshake.write_block),
            Sight.WRITTEN: Rule(arm),
            Sight.STANDING: Rule(Handshake.wait),
        },
        CANCELLING: {
            **TAKEN,  # at the very moment of the withdrawal
            Sight.FORGOTTEN: Rule(Handshake.note, RUNNING),
            Sight.OVERTAKEN: Rule(ask_about_overtaken),
            Sight.UNNAMED: Rule(Handshake.note, RUNNING),
            Sight.WENT_BACK: Rule(ask_about_taken_job),
            Sight.UNREAD: Rule(Handshake.wait),
            Sight.ERASED: Rule(Handshake.ask_about_recipe),
            Sight.STANDING: Rule(withdraw),
            Sight.SETTLING: Rule(Handshake.store_withdrawn),
            Sight.UNTAKEN: Rule(Handshake.note, CANCELLED),
        },
        RUNNING: {
            **STILL_TAKEN,
            Sight.FORGOTTEN: Rule(ask_about_forgotten),
            Sight.GONE: Rule(ask_about_gone),
        },
        **dict.fromkeys(
            ENDED,
            {
                Sight.CHANGED: Rule(Handshake.ask_about_change),
                Sight.UNREAD: Rule(Handshake.wait),
                Sight.SHOWN: Rule(acknowledge),
                Sight.PASSED: Rule(Handshake.store_acknowledged),
            },
        ),
        ACKNOWLEDGED: {
            Sight.NOTHING: Rule(Handshake.wait),
            Sight.REPLACED: Rule(acknowledge),
            Sight.CHANGED: Rule(Handshake.ask_about_change),
            Sight.UNBELIEVED: Rule(Handshake.reject),
        },
        CANCELLED: {  # given up: only then, and only as long as its recipe may stand
            Sight.NOTHING: Rule(Handshake.wait),
            Sight.CHANGED: Rule(ask_about_given_up),
        },
    }
    sends = (send, Handshake.write_block, arm)


def highest_taken(layout: Layout, seen: Seen, last_job: int) -> int:
    """The highest plausible job number that the PLC shows as taken; 0: none."""
    taken = [whole(layout, "feedback", words, "taken_job") for words in seen.feedback.values()]
    return max((number for number in taken if 0 < number <= min(last_job + MAX_JOB_LEAD, MAX_JOB - 1)), default=0)
