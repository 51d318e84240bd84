"""Looks at PLCs after which nothing is left to do. What is the same since then is not decided again."""

import time
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from psycopg2.extensions import TransactionRollbackError

from odoo import fields
from odoo.tools.lru import LRU

from ...plc.layout import CLOCK
from ...plc.reconcile import DOWNLOADING, HANDED_OVER
from .look_versions import look_versions
from .noted_amounts import NotedAmounts

WORKING = (*DOWNLOADING, *HANDED_OVER)
KEPT = 8192  # PLCs, of all databases that this process serves
FRESH_SECONDS = 1.0  # so long an answer of the database serves all PLCs of a run: what is written is seen that much later
_KEPT = LRU(KEPT)


@dataclass(frozen=True)
class Shown:
    """Digests of all words of an answer but the clock's and the sensors': those about batches, and those about events."""

    batches: bytes
    events: bytes


@dataclass(frozen=True)
class LastLook:
    """A look after which nothing is left to do, with all that this depended on.

    A process that forgets it, as each does in the end, looks as if for the first time.

    :param version: of what the database said, see :func:`.look_versions.look_versions`
    :param asked: the plan, as an :class:`~.plc_task_exchange.Asked`
    :param shown: what the PLC showed
    :param at, until: when that was, and from when on time alone may ask for something; before ``at``, the clock was set back
    :param pause: seconds until the next look in the same run; 0 if the PLC is idle, or not polled live
    :param jobs: the PLC's, as the reconciler takes them now, if any of them runs
    :param last_job, highest_job: the highest number given for it, and the highest known of it
    :param steps: what was decided and is stored: what batches that run have dosed so far, here without amounts
    """

    version: str
    asked: Any
    shown: Shown
    at: datetime
    until: datetime
    pause: float
    jobs: tuple
    last_job: int
    highest_job: int
    steps: tuple

    def holds(self, version):
        """Whether nothing was written, and time asks for nothing."""
        return version == self.version and self.at <= fields.Datetime.now() < self.until


def shown(answer):
    """What an answer shows; None if it lacks anything that was asked for."""
    if not answer.seen or answer.beyond or answer.event_error or answer.write_error:
        return None
    return Shown(_digest(answer.seen.feedback, answer.seen.recipe), _digest(answer.events))


def _digest(*areas):
    digest = blake2b(digest_size=16)
    for words in areas:
        for place in sorted(words):
            digest.update(repr(place).encode() + array("H", words[place]).tobytes())
    return digest.digest()


class LastLooks:
    """The last looks at the PLCs of a run.

    :param task: the exchange
    """

    def __init__(self, task):
        self.task = task
        self.controllers = {}  # whose keys are the ids of the PLCs that the run has taken up
        self.amounts = NotedAmounts(self)
        self._versions = {}
        self._read_at = {}  # id of a PLC -> time.monotonic() of its version
        self._answering = []  # PLCs whose contact is yet to be stored
        self._recorded_at = time.monotonic()

    def is_known(self, controller_id):
        """Whether this process has looked at the PLC before and found nothing."""
        return self._key(controller_id) in _KEPT

    def take_up(self, controllers):
        """The run looks at these PLCs from now on, too.

        :param controllers: their ids
        """
        self.controllers |= dict.fromkeys(controllers)
        self._read_versions(controllers)

    def last(self, controller_id):
        """The :class:`LastLook` at a PLC, or None if anything may have changed since."""
        self.amounts.store_of(controller_id)
        if not self.is_known(controller_id):
            return None
        if not self._is_fresh(controller_id):
            self._read_versions([each for each in self.controllers if not self._is_fresh(each)])
        look = _KEPT.get(self._key(controller_id))
        return look if look and look.holds(self._versions.get(controller_id)) else None

    def written_to(self, controllers):
        """Those among these PLCs about which something was written since the last look that found nothing to do, or for which it
        is time: once, until there is another such look.

        :param controllers: their ids
        """
        found = [controller_id for controller_id in controllers if self.is_known(controller_id) and not self.last(controller_id)]
        self.forget(found)
        return found

    def keep(self, controller, asked, answer, jobs, steps):
        """Remember a look after which nothing is left to do; in the transaction that stored what it found.

        :param jobs: the PLC's, as the reconciler takes them now
        :param steps: what was decided, all of it :attr:`~...plc.steps.Step.is_progress`
        :return: the :class:`LastLook`, or None if time alone may ask for something
        """
        now, until = fields.Datetime.now(), controller._still_until(controller.env["mo.batch"].browse(job.id for job in jobs))
        if not until or not (words := shown(answer)):
            return None
        plan = replace(asked.plan, delay=0.0, reconnect=False, levels=False, clock=asked.plan.layout.has(CLOCK))
        asked = replace(asked, plan=plan)
        version = look_versions(controller.env, controller.ids)[controller.id]
        is_live = any(job.state in WORKING for job in jobs) and self.task._is_enabled()
        pause = controller.poll_interval if is_live else 0.0
        numbers = controller.last_job, max(controller.last_job, controller.shown_job)
        steps = tuple(step.without_amounts() for step in steps)
        look = LastLook(version, asked, words, now, until, pause, tuple(jobs if steps else ()), *numbers, steps)
        self.renew({controller.id: look})
        return look

    def renew(self, looks):
        """
        :param looks: {id of a PLC: :class:`LastLook` of just now}
        """
        for controller_id, look in looks.items():
            _KEPT[self._key(controller_id)] = look
        self.see({controller_id: look.version for controller_id, look in looks.items()})

    def forget(self, controllers):
        """The next look at these PLCs is a whole one."""
        for controller_id in controllers:
            _KEPT.pop(self._key(controller_id), None)

    def note_contact(self, controller_id):
        """A PLC answered, and showed nothing new."""
        self._answering.append(controller_id)
        if time.monotonic() - self._recorded_at > FRESH_SECONDS:
            self.record_contacts()

    def record_contacts(self):
        """Store that they answered, those of all PLCs at once. A PLC whose row is busy has its contact stored by a later look."""
        controllers = self.task.env["plc.controller"].sudo().browse(self._answering)
        self._answering = []
        self._recorded_at = time.monotonic()
        with self.transaction("contacts not stored"):
            controllers.try_lock_for_update(allow_referencing=True)._record_contacts()
            self.task._commit()

    def _read_versions(self, controllers):
        known = [controller_id for controller_id in controllers if self.is_known(controller_id)]
        if not known:
            return
        self.see(dict.fromkeys(known))  # unknown, if they cannot be read
        with self.transaction("every PLC is looked at as a whole"):
            self._versions.update(look_versions(self.task.env, known))

    def see(self, versions):
        """These versions were read just now."""
        self._versions.update(versions)
        self._read_at.update(dict.fromkeys(versions, time.monotonic()))

    def _is_fresh(self, controller_id):
        return time.monotonic() - self._read_at.get(controller_id, -FRESH_SECONDS) <= FRESH_SECONDS

    @contextmanager
    def transaction(self, loss, forget=()):
        """A piece of work for all PLCs, none of which depends on it. It decides on what is committed by now, and what comes next
        on what is by then.

        :param forget: the PLCs that are looked at as a whole if it fails for more than another transaction
        """
        self.task._rollback()
        try:
            yield
        except TransactionRollbackError as error:
            self.task._log("%s: %s", loss, error)
        except Exception as error:
            self.task._log("%s: %s", loss, error)
            self.forget(forget)
        self.task._rollback()

    def _key(self, controller_id):
        return self.task.env.cr.dbname, controller_id
