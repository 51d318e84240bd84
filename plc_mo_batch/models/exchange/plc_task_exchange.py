import time
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models

from ...plc.exchange import Answer, Plan, converse
from ...plc.layout import FLAGS, LEVEL
from ...plc.reconcile import DOWNLOADING, OFFERED, QUEUED, SENDING, highest_job, recipe_slots, reconcile
from ...tools.moments import future_moments, pull_back_future_moments
from ...tools.translate import describe_error
from ..common.rule8 import apart
from ..layouts.layout_versions import usable
from ..orders.order_versions import OrderVersions
from .last_looks import WORKING, LastLooks, shown
from .plc_task_exchange_clock import ClockTalk
from .plc_task_exchange_events import MAX_EVENTS, SCAN_SECONDS, EventTalk
from .plc_task_exchange_levels import LevelTalk
from .plc_task_exchange_refusals import RefusalTalk
from .taken_plcs import TakenPlcs

MAX_ROUNDS = 12  # that write or change something, of one exchange without live polling; a download takes three
LIVE_SECONDS = 60  # so long one run goes on polling; then it hands over to its next run
SETTLE_PAUSE = 0.1  # seconds before the first looks at a PLC that does not show a write yet
LONGEST_PAUSE = 1.0  # seconds before the later ones
PATIENCE = 1.0  # seconds beyond the PLC's settle time that an exchange waits for it
AGAIN_SECONDS = 3.0  # after a conversation that left something to be decided, as long as the run goes on
TRIES = 5  # for one decision, if another transaction changed the same batch meanwhile
WAITED_FOR = ("date_offered", "withdrawn_at", "command_at", "date_finished")  # of a batch: the PLC has its settle time from then


class PlcTaskExchange(models.AbstractModel):
    """Task 2: the only code that talks to a PLC."""

    _name = "plc.task.exchange"
    _inherit = "plc.task"
    _description = "Task 2 - Exchange with the PLC"

    @api.model
    def _work(self):
        looks, conversations = LastLooks(self), []
        with TakenPlcs(self, self.env["plc.controller"]._to_serve(), looks.is_known) as taken:
            converse(self._begin(taken, looks, conversations), taken.most, looks.amounts.store)
            looks.record_contacts()
        self._vacuum_board()
        requests = Counter()  # a PLC may have had several conversations
        for conversation in conversations:
            requests[conversation.controller_id] += conversation.requests
        self.env["plc.counter"]._add_each("requests", requests)
        for controller in taken.missed:
            self._log("%s: another exchange is at work, nothing done", controller.name)
        if taken.others and not taken.missed:
            self._log("%s PLCs left to the runs beside this one", len(taken.others))
        self._log("Exchange completed: %s PLCs, %s requests", len(requests), sum(requests.values()))
        if any(conversation.goes_on for conversation in conversations):
            self._trigger()
        elif any(conversation.put_off for conversation in conversations) or taken.missed:
            # the person who requested this run may have wanted exactly what was put off, and the next run may be hours away
            self._trigger(fields.Datetime.add(fields.Datetime.now(), minutes=1))
        self._commit()

    @api.model
    def _begin(self, taken, looks, conversations):
        """The conversations of a run, for :func:`~...plc.exchange.converse`: with the PLCs that it takes, lot by lot, and later
        with those that ask for one, as long as others go on.

        :param conversations: each is added to this list
        """
        live_until = time.monotonic() + LIVE_SECONDS
        for lot in chain(taken.lots(), self._later(taken, looks, conversations)):
            if not lot:
                yield None
                continue
            known = {conversation.controller_id for conversation in conversations}
            new = [Conversation(plc._in_plc_language().env, plc.id, live_until, looks, plc.id in known) for plc in lot]
            conversations += new
            looks.take_up(lot.ids)
            self._commit()
            yield from (conversation.run() for conversation in new)

    @api.model
    def _later(self, taken, looks, conversations):
        """Again and again: the PLCs that a run beside this one left behind when it died, those for which something was written
        after their conversation had ended, and those of which it left something undecided. A run that follows one PLC for a
        minute must not keep a recipe from another one."""
        left_behind, none = taken.left_behind(), taken.wanted.browse()
        while True:
            latest = {conversation.controller_id: conversation for conversation in conversations}
            ended = [controller_id for controller_id, conversation in latest.items() if conversation.ended_at]
            if len(ended) == len(latest):
                ended = []  # the run is over: its next one is woken by whoever writes
            due = [controller_id for controller_id in ended if latest[controller_id].is_due_again()]
            yield next(left_behind, none) | none.browse([*due, *looks.written_to(ended)])

    @api.model
    def _vacuum_board(self):
        """Delete messages to boards that are too old to be of use; live polling makes one a second.

        It runs before anything else of the transaction: if another one has just deleted them, the rollback must not cost the next
        run its trigger.
        """
        try:
            self.env["plc.board"]._vacuum()
        except TransactionRollbackError:  # the bus cleans up by itself
            self._rollback()


@dataclass(frozen=True)
class Asked:
    """A plan, and what was certain when it was made: an earlier observation proves less.

    A decision may be repeated with the records as they are by then. It must know what was certain at first, so that travels with
    the plan.

    :param settled: ids of the batches that were settled
    :param unsure: a write of unknown fate could still arrive, apart from the plan's own
    :param events: (area, slot) of each event slot to be read -> id of its newest event if that was settled, else 0
    """

    plan: Plan
    settled: frozenset
    unsure: bool
    events: dict


class Conversation:
    """The conversation with one PLC in one run of Task 2: plans out, answers in, a commit after each.

    :param live_until: ``time.monotonic()`` value until which a PLC with live polling is looked at again and again
    :param looks: the :class:`~.last_looks.LastLooks` of the run
    :param is_later: the run has talked to the PLC before: whether it still may is asked again
    """

    def __init__(self, env, controller_id, live_until, looks, is_later=False):
        self.env = env
        self.task = env["plc.task.exchange"]
        self.controller_id = controller_id
        self.live_until = live_until
        self.looks = looks
        self.ended_at = 0.0  # time.monotonic(); 0: it goes on
        self.failed = False  # the PLC did not answer, or cannot be served
        self.requests = 0
        self._first = self._begin_again if is_later else self._first_plan
        self.goes_on = False
        self.put_off = False  # something was left for the next run, as another transaction was busy with it
        self._rounds = 0
        self._stored = 0
        self._patient_until = 0.0
        self._waits = 0  # since the last progress
        self._events = EventTalk(env, controller_id)
        self._clock = ClockTalk(env, controller_id)
        self._levels = LevelTalk(env, controller_id)
        self._ends = {}  # slot -> (answer, feedback) in which an end was seen that is yet to be believed
        self._refusals = RefusalTalk(env, controller_id)
        self._read_at = 0.0  # when the PLC was read for this answer, in seconds since 1970
        self._hid = False  # some of its slots were out of reach before this exchange
        self._sent = {}  # Write -> when it was sent: a PLC may show it only after its next scan
        self._last = None  # the LastLook after which nothing is left to do, as long as nothing is new

    @property
    def controller(self):
        return self.env["plc.controller"].sudo().browse(self.controller_id)

    def run(self):
        """The conversation, for :func:`~...plc.exchange.converse`."""
        self._last = self.looks.last(self.controller_id)
        asked = self._asked_again() if self._last else self._safely(self._first)
        while asked:
            answer = yield asked.plan
            self.requests += answer.requests
            if self._last:
                asked = self._look_again(asked, answer)
            else:
                asked = self._safely(self._digest, asked, answer)
        self.ended_at = time.monotonic()

    def is_due_again(self):
        """It ended a while ago, and left something to be decided that time alone may ask for."""
        is_settled = self.failed or self.looks.is_known(self.controller_id)
        return not is_settled and time.monotonic() - self.ended_at > AGAIN_SECONDS

    def _asked_again(self):
        """The plan of a look that found nothing to do, with the sensors if they are due."""
        plan = self._last.asked.plan
        levels = plan.layout.has(LEVEL) and bool(self._safely(self._levels.is_wanted, plan.layout))
        return replace(self._last.asked, plan=replace(plan, levels=levels))

    def _look_again(self, asked, answer):
        """The next plan after an answer to the plan of a look that left nothing to do: if nothing is new since, or amounts
        alone, there is still nothing left."""
        before, self._last = self._last, self.looks.last(self.controller_id)
        last = self._last
        if not last or last.asked is not before.asked:
            return self._safely(self._begin_again)
        if not self._is_known(last, answer) or asked.plan.clock and self._safely(self._clock.digest, asked.plan, answer):
            return self._safely(self._take_up, asked, answer)
        if asked.plan.levels:
            self._safely(self._levels.digest, asked.plan, answer)
        self.looks.note_contact(self.controller_id)
        return self._live_again(last)

    def _is_known(self, last, answer):
        """Nothing new is shown, or amounts alone, which are noted."""
        what = shown(answer)
        return what == last.shown or self.looks.amounts.note(self.env, self.controller_id, last, answer.seen, what)

    def _begin_again(self):
        """Something was written. It may be that nobody shall talk to the PLC any more."""
        self.goes_on = False
        return self._first_plan() if self._is_on() else None

    def _is_on(self):
        return self.controller.enabled and self.task._is_enabled()

    def _take_up(self, asked, answer):
        """Something new in a look that began as one that found nothing."""
        self._wait_on()
        return self._digest(asked, answer)

    def _live_again(self, last):
        self.goes_on = bool(last.pause)
        if not self.goes_on or time.monotonic() + last.pause > self.live_until:
            return None
        return replace(last.asked, plan=replace(last.asked.plan, delay=last.pause, reconnect=True, clock=False))

    def _safely(self, method, *args):
        """Run one of our steps in its own transaction; one bad PLC never stops the others (rule 8)."""
        for attempt in range(TRIES):
            try:
                plan = method(*args)
                self.task._commit()
                return plan
            except TransactionRollbackError:
                # another transaction changed the same records: decide again on their new values
                self.task._rollback()
                time.sleep(0.01 * attempt)
            except Exception as error:
                self.task._rollback()
                self.task._log("%s: exchange given up: %s", self.controller.name, error)
                message = describe_error(self.env, error)
                self.env["mo.batch.journal"]._record("error", message, controller=self.controller)
                self.task._commit()
                self._show_error(message)
                self.failed = True
                return None
        self.task._log("%s: exchange put off, its records are busy", self.controller.name)
        self.put_off = True
        return None

    def _show_error(self, message):
        """Show the error on the PLC as the reason why it is not served; its journal has it already.

        If another transaction is just changing the PLC, skip it: the next run will fail as well.
        """
        try:
            self.controller._record_failed_exchange(message)
            self.task._commit()
        except TransactionRollbackError:
            self.task._rollback()

    # Plans

    def _first_plan(self):
        controller = self.controller
        layout = usable(controller.layout_id)
        self._hid = bool(controller.slot_problem)
        self._sync_with_orders(controller, layout)
        self._wait_on()
        pull_back_future_moments(controller, "unconfirmed_write_at")
        return self._plan(layout, controller._jobs(layout), unsure=controller._is_unsure(), everything=True)

    def _sync_with_orders(self, controller, layout):
        """First catch up with changes of the orders. One bad order never stops the others (rule 8)."""
        versions = OrderVersions(controller).of_batches()
        batches = self.env["mo.batch"].sudo().browse(sorted(versions))
        due = batches.filtered(lambda batch: batch._is_to_compare(versions[batch.id]) or future_moments(batch, *WAITED_FOR))
        free = due.try_lock_for_update(allow_referencing=True)
        self.put_off |= free != due
        for batch in free:
            with apart(self.env) as attempt:
                pull_back_future_moments(batch, *WAITED_FOR)
                batch.order_version = batch._sync_with_order(layout) and versions[batch.id]
            if attempt.error:
                batch._journal("error", describe_error(self.env, attempt.error))

    def _plan(self, layout, jobs, writes=(), delay=0.0, reconnect=False, unsure=False, everything=False):
        """
        :param everything: read all event slots, not only those with something going on
        """
        # While a write of unknown fate may still arrive, nothing counts as settled.
        settled = frozenset() if unsure else frozenset(job.id for job in jobs if job.settled)
        events = self._events.to_read(layout, everything, unsure)
        plan = Plan(
            endpoint=self.controller._endpoint(),
            layout=layout,
            feedback=tuple(range(1, layout.slots + 1)),
            recipe=tuple(recipe_slots(layout, jobs)),
            writes=tuple(writes),
            delay=delay,
            reconnect=reconnect,
            events=tuple(events),
            clock=self._clock.is_wanted(layout),
            levels=self._levels.is_wanted(layout),
        )
        return Asked(plan, settled, unsure, events)

    # Answers

    def _end_silent(self, error):
        """The PLC did not answer: nothing more is asked of it in this run."""
        self.controller._record_silence(error)
        self.failed = True

    def _digest(self, asked: Asked, answer: Answer):
        """Store what an answer means, and return the next plan, or None."""
        controller, plan = self.controller, asked.plan
        self._last = None  # an earlier attempt, which could not be committed, may have found nothing to do
        self._record_writes(asked, answer)
        self._refusals.digest(plan, answer)
        if answer.error:
            return self._end_silent(answer.error)
        self.looks.forget([self.controller_id])  # what is stored now would else count as written by somebody since the last look
        controller._record_contact()
        unsure = controller._is_unsure()
        known = controller._jobs(plan.layout)
        jobs = [replace(job, settled=job.settled and job.id in asked.settled) for job in known if job.slot in plan.feedback]
        if answer.beyond and not self._hid:
            # What is out of reach for the first time may be so for a moment, and show an order of a restored database: nothing
            # that is only queued is sent before the next exchange.
            jobs = [job for job in jobs if job.state != QUEUED]
        if jobs:  # otherwise nothing depends on what the PLC may know
            self._record_shown_job(plan.layout, answer.seen)
        seen = replace(answer.seen, before=self._before(answer))
        steps = reconcile(plan.layout, jobs, seen, controller.last_job)
        self._remember_ends(steps, jobs, answer)
        writes, again, waiting = self._apply(plan.layout, jobs, steps, answer)
        acks, unfinished = self._events.digest(asked, answer, not unsure and self._may_write())
        writes += acks
        # The wish to write is committed before the write leaves: after a kill in between, it may or may not have left (rule 4).
        if writes:
            controller.unconfirmed_write_at = fields.Datetime.now()
        controller._record_untaken()
        unfinished = self._clock.digest(plan, answer) or unfinished
        self._levels.digest(plan, answer)
        jobs = controller._jobs(plan.layout) if steps or acks or unfinished else known
        if not (acks or unfinished or waiting or self.put_off) and all(step.is_progress for step in steps):
            self._keep_look(asked, answer, jobs, steps)
        return self._next_plan(plan.layout, jobs, writes, again, waiting or unfinished, unsure)

    def _keep_look(self, asked, answer, jobs, steps):
        """Nothing is left to do. If time alone changes nothing of it, the next look may find the same."""
        plan = asked.plan
        is_usual = not (plan.writes or asked.unsure or self._hid or self._refusals.is_muted)
        is_whole = (len(plan.feedback), len(plan.events)) == (plan.layout.slots, len(plan.layout.event_places))
        is_settled = all(job.settled and job.id in asked.settled for job in jobs)
        if is_usual and is_whole and is_settled and all(job.state not in DOWNLOADING for job in jobs):
            self._last = self.looks.keep(self.controller, asked, answer, jobs, steps)

    def _before(self, answer):
        """The feedback of slots in which an end was seen at least a scan ago."""
        return {slot: words for slot, (earlier, words) in self._ends.items() if answer.at - earlier.at >= SCAN_SECONDS}

    def _remember_ends(self, steps, jobs, answer):
        """An end is believed at two readings: remember the first, of slots that must be read again."""
        slots = {job.slot for job in jobs for step in steps if step.again and step.job_id == job.id}
        young = {slot: self._ends[slot] for slot in slots if slot in self._ends and slot not in self._before(answer)}
        self._ends = {slot: young.get(slot, (answer, tuple(answer.seen.feedback[slot]))) for slot in slots}

    def _record_shown_job(self, layout, seen):
        """For the person who is asked about it. Stored only if it is news, as fills write to the same row."""
        shown = highest_job(layout, seen, self.controller.last_job)
        if shown > max(self.controller.last_job, self.controller.shown_job):
            self.controller.shown_job = shown

    def _record_writes(self, asked, answer):
        plan = asked.plan
        if plan.writes and answer.unsure:
            self.controller.unconfirmed_write_at = fields.Datetime.now()  # the quiet time starts when the write was given up
        elif plan.writes and not asked.unsure:
            self.controller.unconfirmed_write_at = False
        for write in answer.unsent:
            self._sent.pop(write, None)
            self._events.take_back(write)
            self._take_back(plan.layout, write)

    def _take_back(self, layout, write):
        """An offer with flags that certainly never left may be repeated; with job numbers it is repeated anyway."""
        if write.kind == "arm" and layout.handshake == FLAGS:
            in_slot = [("controller_id", "=", self.controller_id), ("slot", "=", write.slot)]
            batch = self.env["mo.batch"].search([*in_slot, ("state", "=", OFFERED)])
            if batch:
                batch._set_state(SENDING)

    def _apply(self, layout, jobs, steps, answer):
        """Store the steps' changes.

        :return: the writes to send after the commit; whether a state changed, so that there may be more to do at once; and
            whether a write was put off because the PLC has yet to show that it arrived
        """
        self._read_at = time.time() - (time.monotonic() - answer.at)
        due, waiting = self._due(layout, steps) if steps else ([], False)
        writes, again = [], False
        for step in self._store_together(due):
            again = again or bool(step.state) or "acknowledged" in step.values  # the slot may be free now
            writes += self._to_send(step)
        self._forget_counts(jobs, steps, answer.seen)
        return writes, again, waiting

    def _forget_counts(self, jobs, steps, seen):
        """Silos may have been counted since the PLC was read before; of batches that it has not taken, that is of no matter."""
        unclear = {step.job_id for step in steps if step.state not in (None, OFFERED) or step.anomaly or step.again}
        ids = [job.id for job in jobs if job.slot in seen.feedback and job.id not in unclear]
        self.env["mo.batch"].sudo().browse(ids)._forget_counts_before_taken(self._read_at)

    def _due(self, layout, steps):
        """The steps that can be stored now, and whether one was put off because the PLC has yet to show that a write arrived."""
        due, waiting = [], False
        quiet = self.controller._is_quiet(layout)
        free = self._lock(steps)
        for step in steps:
            if step.job_id and step.job_id not in free:
                continue
            if step.write and (quiet or not self._may_write() or self._is_settling(step.write)):
                # Neither stored nor sent: the next round decides again
                waiting = waiting or not quiet and not self._refusals.is_muted
                if step.write.kind != "disarm":
                    continue
                step = replace(step, write=None)  # what the PLC shows of a batch that it took is stored all the same
            due.append(step)
        return due, waiting

    def _lock(self, steps):
        """Ids of the batches that no other transaction works on; the others wait for the next look."""
        ids = {step.job_id for step in steps if step.job_id}
        free = set(self.env["mo.batch"].sudo().browse(ids).try_lock_for_update(allow_referencing=True).ids)
        self.put_off |= free != ids
        return free

    def _to_send(self, step):
        if not step.write:
            return []
        self._refusals.tell(step.write)
        if step.write not in self._sent:
            self._wait_on()
        self._sent[step.write] = time.monotonic()
        return [step.write]

    def _is_settling(self, write):
        sent = self._sent.get(write)
        return sent is not None and time.monotonic() - sent < self.controller.settle_time

    def _store_together(self, steps):
        """Store steps with one flush for all of them; if that fails, each by itself, as one never stops the others (rule 8).

        :return: those that are stored
        """
        if not steps:
            return []
        with apart(self.env) as together, self.env["mo.batch.journal"]._gathered():
            for step in steps:
                self._store(step)
            self._record_last_job(steps)
        if together.error:
            return [step for step in steps if self._store_alone(step)]
        return steps

    def _store_alone(self, step):
        with apart(self.env) as attempt:
            self._store(step)
            self._record_last_job([step])
        if attempt.error:
            message = describe_error(self.env, attempt.error)
            batch = self.env["mo.batch"].sudo().browse(step.job_id)
            self.env["mo.batch.journal"]._record("error", message, batch=batch, controller=self.controller)
            return False
        return True

    def _store(self, step):
        if not step.job_id:
            self._record_cleared_slot(step)
            return
        self.env["mo.batch"].sudo().browse(step.job_id)._apply(step, self._read_at)

    def _record_last_job(self, steps):
        number = max(step.values.get("number", 0) for step in steps)
        if number > self.controller.last_job:
            self.controller.last_job = number

    def _record_cleared_slot(self, step):
        message = self.env._("Slot %s held a recipe that belongs to no batch; it was withdrawn.", step.write.slot)
        self.env["mo.batch.journal"]._record(
            "anomaly", message, controller=self.controller, anomaly=step.anomaly, slot=step.write.slot, area="recipe"
        )

    def _is_last_round(self):
        """No later round could send a write, so none may be decided now."""
        return self._rounds + 1 >= MAX_ROUNDS

    def _may_write(self):
        return not self._is_last_round() and not self._refusals.is_muted

    # What comes next

    def _next_plan(self, layout, jobs, writes, again, waiting, unsure):
        if self._stored < self._events.stored < MAX_EVENTS:  # each event takes a few rounds of its own
            self._stored = self._events.stored
            self._rounds = 0
            self._wait_on()
        if again:
            self._wait_on()
        if self._ends and not writes and not self._is_last_round():
            self._rounds += 1
            return self._second_look(layout, jobs, unsure)
        if (writes or again) and not self._is_last_round():
            self._rounds += 1
            return self._plan(layout, jobs, writes, unsure=unsure)
        if waiting and time.monotonic() < self._patient_until:
            return self._plan(layout, jobs, delay=self._next_pause(), unsure=unsure)
        return self._live_plan(layout, jobs, unsure)

    def _second_look(self, layout, jobs, unsure):
        """Read the slots in which an end was seen once more, and nothing else."""
        asked = self._plan(layout, [job for job in jobs if job.slot in self._ends], delay=SCAN_SECONDS, unsure=unsure)
        return replace(asked, plan=replace(asked.plan, feedback=tuple(sorted(self._ends)), clock=False, levels=False))

    def _wait_on(self):
        """Something new was sent or came: the PLC has its settle time again. A write that is repeated is nothing new."""
        self._patient_until = time.monotonic() + min(self.controller.settle_time, LIVE_SECONDS) + PATIENCE
        self._waits = 0

    def _next_pause(self):
        """Short at first and longer later: a settle time of 2 s takes no more looks than one of 1 s."""
        self._waits += 1
        return min(SETTLE_PAUSE * 2 ** ((self._waits - 1) // 4), LONGEST_PAUSE)

    def _live_plan(self, layout, jobs, unsure):
        """Look again after the PLC's polling interval, as long as it is busy and the switches are on."""
        pause = self.controller.poll_interval
        works = pause and any(job.state in WORKING for job in jobs)
        self.goes_on = bool(works and self._is_on())
        if not self.goes_on or time.monotonic() + pause > self.live_until:
            return None
        self._rounds = 0
        return self._plan(layout, jobs, delay=pause, reconnect=True, unsure=unsure, everything=True)
