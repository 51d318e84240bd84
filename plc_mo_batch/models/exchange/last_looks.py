"""Looks at PLCs that found nothing to do. What is the same since then is not decided again."""

import time
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from odoo import fields
from odoo.tools.lru import LRU

from ...plc.reconcile import DOWNLOADING, HANDED_OVER
from .look_versions import look_versions

WORKING = (*DOWNLOADING, *HANDED_OVER)
KEPT = 8192  # PLCs, of all databases that this process serves
FRESH_SECONDS = 1.0  # so long an answer of the database serves all PLCs of a run: what is written is seen that much later
_KEPT = LRU(KEPT)


@dataclass(frozen=True)
class LastLook:
    """A look that found nothing to do, with all that this depended on.

    A process that forgets it, as each does in the end, looks as if for the first time.

    :param version: of what the database said, see :func:`.look_versions.look_versions`
    :param asked: the plan, as an :class:`~.plc_task_exchange.Asked`
    :param shown: what the PLC showed, see :func:`shown`
    :param at, until: when that was, and from when on time alone may ask for something; before ``at``, the clock was set back
    :param pause: seconds until the next look in the same run; 0 if the PLC is idle, or not polled live
    """

    version: str
    asked: Any
    shown: bytes
    at: datetime
    until: datetime
    pause: float

    def holds(self, version):
        """Whether nothing was written, and time asks for nothing."""
        return version == self.version and self.at <= fields.Datetime.now() < self.until


def shown(answer):
    """A digest of all words of an answer but the clock's and the sensors'; empty if it lacks any that were asked for."""
    if not answer.seen or answer.beyond or answer.event_error or answer.write_error:
        return b""
    digest = blake2b(digest_size=16)
    for words in (answer.seen.feedback, answer.seen.recipe, answer.events):
        for place in sorted(words):
            digest.update(repr(place).encode() + array("H", words[place]).tobytes())
    return digest.digest()


class LastLooks:
    """The last looks at the PLCs of a run.

    :param task: the exchange
    """

    def __init__(self, task):
        self.task = task
        self.controllers = []  # ids of the PLCs that the run has taken up
        self._versions = {}
        self._read_at = time.monotonic()
        self._answering = []  # PLCs whose contact is yet to be stored
        self._recorded_at = time.monotonic()

    def is_known(self, controller_id):
        """Whether this process has looked at the PLC before and found nothing."""
        return self._key(controller_id) in _KEPT

    def take_up(self, controllers):
        """The run looks at these PLCs from now on, too.

        :param controllers: their ids
        """
        self.controllers += controllers
        self._read_versions(controllers)

    def last(self, controller_id):
        """The :class:`LastLook` at a PLC, or None if anything may have changed since."""
        look = _KEPT.get(self._key(controller_id))
        if not look:
            return None
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            self._read_at = time.monotonic()
            self._read_versions(self.controllers)
        return look if look.holds(self._versions.get(controller_id)) else None

    def keep(self, controller, asked, answer, jobs):
        """Remember a look that found nothing to do; in the transaction that found it.

        :param jobs: the PLC's, as the reconciler took them
        :return: the :class:`LastLook`, or None if time alone may ask for something
        """
        now, until = fields.Datetime.now(), controller._still_until(controller.env["mo.batch"].browse(job.id for job in jobs))
        if not until or not (words := shown(answer)):
            return None
        asked = replace(asked, plan=replace(asked.plan, delay=0.0, reconnect=False, levels=False))
        version = look_versions(controller.env, controller.ids)[controller.id]
        pause = controller.poll_interval if any(job.state in WORKING for job in jobs) else 0.0
        look = LastLook(version, asked, words, now, until, pause)
        _KEPT[self._key(controller.id)] = look
        self._versions[controller.id] = version
        return look

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
        with self._transaction("contacts not stored"):
            controllers.try_lock_for_update(allow_referencing=True)._record_contacts()
            self.task._commit()

    def _read_versions(self, controllers):
        known = [controller_id for controller_id in controllers if self.is_known(controller_id)]
        if not known:
            return
        self._versions.update(dict.fromkeys(known))  # unknown, if they cannot be read
        with self._transaction("every PLC is looked at as a whole"):
            self._versions.update(look_versions(self.task.env, known))

    @contextmanager
    def _transaction(self, loss):
        """A piece of work for all PLCs, none of which depends on it. What comes next decides on what is committed by then."""
        try:
            yield
        except Exception as error:
            self.task._log("%s: %s", loss, error)
        self.task._rollback()

    def _key(self, controller_id):
        return self.task.env.cr.dbname, controller_id
