"""What batches that run have dosed so far: a PLC that is polled live shows that anew at each look, and mostly nothing else."""

from dataclasses import dataclass, replace
from typing import Any

from odoo import fields

from ...plc.reconcile import highest_job, reconcile
from .look_versions import look_versions


@dataclass(frozen=True)
class Noted:
    """A look at a PLC that differs from ``last`` in amounts alone.

    :param env: with the PLC's language
    :param steps: what the reconciler decided to store
    """

    env: Any
    last: Any
    shown: Any
    steps: list

    @property
    def batches(self):
        return {step.job_id for step in self.steps}


class NotedAmounts:
    """Amounts that the PLCs of a run showed, to be stored for all of them at once, a moment later.

    It stores what whole looks would. A crash before that loses nothing, as the PLCs show the same again, or more. If anything
    that the decision depends on was written meanwhile, the amounts are dropped: the PLC's next look is a whole one.

    :param looks: the :class:`~.last_looks.LastLooks` of the run
    """

    def __init__(self, looks):
        self.looks = looks
        self._noted = {}

    def note(self, env, controller_id, last, seen, shown):
        """Note what a PLC shows.

        :param last: the :class:`~.last_looks.LastLook` at it
        :return: False if more than amounts is new since, or nothing can be concluded from what it shows
        """
        layout = last.asked.plan.layout
        if not last.steps or not shown or shown.events != last.shown.events:
            return False
        if highest_job(layout, seen, last.last_job) > last.highest_job:
            return False
        steps = reconcile(layout, last.jobs, seen, last.last_job)
        if tuple(step.without_amounts() for step in steps) != last.steps:
            return False
        self._noted[controller_id] = Noted(env, last, shown, steps)
        return True

    def store_of(self, controller_id):
        """Store what is noted, if some of it is of this PLC: what it showed later must not be overwritten."""
        if controller_id in self._noted:
            self.store()

    def store(self):
        """Store what is noted. Batches that another transaction works on are left to a later look."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        with self.looks.transaction("amounts not stored", forget=noted):
            free = self._free(noted)
            ids = set().union(*(noted[plc].batches for plc in free))
            batches = {batch.id: batch for batch in self.looks.task.env["mo.batch"].sudo().browse(ids)}  # read together
            found = {plc: self._stored(noted[plc], batches) for plc in free}
            versions = look_versions(self.looks.task.env, free) if free else {}
            self.looks.task._commit()
            self.looks.renew({plc: replace(look, version=versions[plc]) for plc, look in found.items()})

    def _free(self, noted):
        """Ids of the PLCs about which nothing was written, and on whose batches nobody else works."""
        env = self.looks.task.env
        versions = look_versions(env, noted)
        self.looks.see(versions)
        known = [controller_id for controller_id in noted if noted[controller_id].last.holds(versions.get(controller_id))]
        batches = env["mo.batch"].sudo().browse(set().union(*(noted[controller_id].batches for controller_id in known)))
        free = set(batches.try_lock_for_update(allow_referencing=True).ids)
        return [controller_id for controller_id in known if noted[controller_id].batches <= free]

    def _stored(self, noted, batches):
        """The look at its PLC, once its amounts are stored.

        :param batches: by id, those of all PLCs
        """
        batches = {batch_id: batches[batch_id].with_env(noted.env(su=True)) for batch_id in noted.batches}
        for step in noted.steps:
            batches[step.job_id]._apply(step)
        layout = noted.last.asked.plan.layout
        jobs = tuple(batches[job.id]._job(layout) if job.id in batches else job for job in noted.last.jobs)
        return replace(noted.last, jobs=jobs, shown=noted.shown, at=fields.Datetime.now())
