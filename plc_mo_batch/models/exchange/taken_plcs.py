"""Exchanges that run at the same time share the PLCs."""

import time

from odoo.tools import SQL, split_every

ADVISORY = 0x504C43  # "PLC": the first half of our advisory locks' keys
MOST = 64  # PLCs that begin at a time where several runs share them; one that has them for itself begins with all
PARTS = 2  # of them that a run takes at a time: a faster one beside it gets more
FREE_SECONDS = 3.0  # a PLC that nobody has held for so long was left behind: between two runs it takes less


class TakenPlcs:
    """The PLCs that one run of the exchange takes, in lots; those that run beside it, on whatever server, take the others.

    An advisory lock of PostgreSQL holds each for this run. It outlives commits, and ends with the process, however that ends.
    A ``with`` statement lets all of them go.

    :param task: the exchange, with its place among those that share its PLCs
    :param wanted: the PLCs to serve
    :param first: which of them this process would rather have, a function of the id
    """

    def __init__(self, task, wanted, first):
        self.env = task.env
        self.task = task
        place = task._place()
        self.places = place.count
        start = place.number * len(wanted) // place.count
        ids = wanted.ids[start:] + wanted.ids[:start]
        self.wanted = wanted.browse(sorted(ids, key=lambda controller_id: not first(controller_id)))
        self.ids = []
        self._free_since = {}  # of PLCs that others held -> time.monotonic() since when nobody does

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.task._rollback()  # everything worth keeping was committed
        self._call("pg_advisory_unlock", self.ids)

    @property
    def most(self):
        """How many of them may begin at a time."""
        return max(1, min(MOST, len(self.wanted) // (2 * self.places))) if self.places > 1 else len(self.wanted) or 1

    @property
    def missed(self):
        """The PLCs that others hold who do not share them, and so do not look at them in this run's stead."""
        return self.others if self.places == 1 else self.wanted.browse()

    @property
    def others(self):
        """The PLCs that others hold, or have yet to take."""
        return self.wanted - self.wanted.browse(self.ids)

    def lots(self):
        """One recordset after the other, as they are asked for; each is held until the run ends."""
        size = max(1, self.most // PARTS) if self.places > 1 else self.most
        for ids in split_every(size, self.wanted.ids):
            yield self._take(ids)

    def left_behind(self):
        """Again and again, for as long as it is asked: what :meth:`_left_behind` finds."""
        while self.places > 1:
            yield self._left_behind()

    def _left_behind(self):
        """Those that nobody has held for a while: whoever did has died, or come to its end, which costs a look."""
        now, held = time.monotonic(), self._held()
        free = [controller_id for controller_id in self.others.ids if controller_id not in held]
        self._free_since = {controller_id: self._free_since.get(controller_id, now) for controller_id in free}
        return self._take([controller_id for controller_id in free if now - self._free_since[controller_id] > FREE_SECONDS])

    def _held(self):
        """What anybody holds. To try the locks instead would keep others from taking them at that moment."""
        query = """SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        return {row[0] for row in self.env.execute_query(SQL(query, ADVISORY))}

    def _take(self, ids):
        taken = self._call("pg_try_advisory_lock", ids) if ids else []
        self.ids += taken
        return self.wanted.browse(taken)

    def _call(self, function, ids):
        """Call a function of PostgreSQL about the lock of each PLC: the ids of those for which it returns true."""
        query = SQL("SELECT id, %s(%s, id) FROM unnest(%s::integer[]) AS id", SQL.identifier(function), ADVISORY, list(ids))
        return [controller_id for controller_id, result in self.env.execute_query(query) if result]
