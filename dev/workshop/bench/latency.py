"""How long people and PLCs wait in a plant where nothing is wrong: distributions, from one end to the other.

    dev/run python -m workshop.bench.latency [--plcs COUNT] [--batches COUNT] [--seconds SECONDS]

A real server with its scheduled actions; each PLC is looked at every second while it is at work, and moves by itself. Orders run
through until all are closed; every so often somebody cancels a batch that was offered. At last the plant stands idle, and single
orders are confirmed. PostgreSQL notes the moment at which each change of a state is committed, the PLCs when they show an end.
Without arguments: 1,000 batches in plants of 1 and of 100 PLCs, written to docs/latency.md with a plot.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from xmlrpc.client import Fault

from workshop.bench.load import Load, Plcs
from workshop.bench.machine import machine
from workshop.bench.mill import configure, database
from workshop.bench.plot import steps
from workshop.paths import ROOT
from workshop.plant import Server, query, wait_for

SIZES = (1, 100)
BATCHES = 1000
POLL = 1.0  # seconds between two looks at a PLC
PLANT_SECONDS = 140.0  # that a batch takes a PLC of this mill
CANCEL_EVERY = 25  # batches that are closed between two that somebody cancels
CONFIRMED = 30  # orders that are confirmed one by one, at the end
PATIENCE = 600  # seconds without any progress
DOC, PLOT = ROOT / "docs" / "latency.md", ROOT / "docs" / "images" / "latency.svg"
WHAT = {
    "closed": "the PLC shows the end → the order is closed",
    "next": "the last order of the queue is closed → the next recipe is offered",
    "cancelled": "somebody cancels an offered batch → it is withdrawn",
    "offered": "an order is confirmed while the queue is empty → its recipe is offered",
}
# A deferred trigger fires as the transaction commits: what it notes is when others can see the change.
NOTE = """
    CREATE TABLE bench_moment (batch_id int, state text, at timestamptz);
    CREATE FUNCTION bench_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO bench_moment VALUES (NEW.id, NEW.state, clock_timestamp()); RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER bench_state AFTER INSERT OR UPDATE OF state ON mo_batch
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bench_note();
"""
TASKS_BEGIN = """
    UPDATE ir_cron SET active = true, nextcall = now() AT TIME ZONE 'UTC', lastcall = now() AT TIME ZONE 'UTC'
     WHERE cron_name LIKE '%Task%'
"""
MOMENTS = """
    SELECT batch.controller_id, batch.order_name, batch.id, moment.state, extract(epoch FROM min(moment.at))::float
      FROM bench_moment moment JOIN mo_batch batch ON batch.id = moment.batch_id
     GROUP BY 1, 2, 3, 4 ORDER BY 5
"""
WRONG = "SELECT message FROM mo_batch_journal WHERE kind IN ('error', 'anomaly')"
OFFERED = "SELECT id FROM mo_batch WHERE state = 'offered' ORDER BY id DESC LIMIT 1"
CLOSED = "SELECT count(*) FROM mo_batch WHERE NOT active"
BY_ORDER = """
    SELECT extract(epoch FROM min(moment.at))::float
      FROM bench_moment moment JOIN mo_batch batch ON batch.id = moment.batch_id WHERE batch.production_id = %s AND {}
"""


class Latency:
    """``found``: seconds by name of the latency."""

    def __init__(self, name, plcs, server):
        self.name = name
        self.plcs = plcs
        self.server = server
        self.rpc = server.rpc()
        self.ended = {}
        self.found = {name: [] for name in WHAT}
        self.cancels = {}

    def run(self, batches):
        """Until all orders are closed or withdrawn."""
        closed = self._closed()
        until, progress = closed + batches, time.monotonic()
        next_cancel = closed + CANCEL_EVERY
        while closed < until:
            time.sleep(0.2)
            self.server.check()
            self.ended |= dict(json.loads(self.plcs.tell("ended")))
            now = self._closed()
            if now > closed:
                closed, progress = now, time.monotonic()
            if closed >= next_cancel and self._cancel():
                next_cancel += CANCEL_EVERY
            if time.monotonic() - progress > PATIENCE:
                raise SystemExit(f"Nothing goes on: {query(self.name, 'SELECT state, count(*) FROM mo_batch GROUP BY 1')}")

    def _closed(self):
        return query(self.name, CLOSED)[0][0]

    def _cancel(self):
        """Whether it was done: the PLC may have taken the batch meanwhile, and then it is refused."""
        for (batch,) in query(self.name, OFFERED):
            clicked = time.time()
            try:
                self.rpc.call("mo.batch", "action_cancel", [batch], reason="plan")
            except Fault:
                return False
            self.cancels[batch] = clicked
            return True
        return False

    def confirm(self, template, picking_types):
        """One order after the other, for each PLC in turn, when its last one is closed."""
        last = dict.fromkeys(picking_types)
        for number in range(CONFIRMED):
            kind = picking_types[number % len(picking_types)]
            if last[kind]:
                self._wait(last[kind], "NOT batch.active")
            last[kind] = self._copy(template, kind)
            clicked = time.time()
            self.rpc.call("mrp.production", "action_confirm", [last[kind]])
            self.found["offered"].append(self._wait(last[kind], "moment.state = 'offered'") - clicked)

    def _copy(self, template, picking_type):
        order = self.rpc.call("mrp.production", "copy", [template], {"picking_type_id": picking_type})
        return order[0] if isinstance(order, list) else order

    def _wait(self, order, condition):
        """The moment at which it is so."""
        text = BY_ORDER.format(condition)
        return wait_for(f"An order: {condition}", lambda: query(self.name, text, order)[0][0], PATIENCE, self.server.check)

    def sum_up(self):
        """From what was noted. What somebody cancelled is no end of a PLC's."""
        moments = query(self.name, MOMENTS)
        for _plc, order, batch, state, at in moments:
            if state == "done" and order in self.ended:
                self.found["closed"].append(at - self.ended[order])
            if state == "cancelled" and batch in self.cancels:
                self.found["cancelled"].append(at - self.cancels[batch])
        for plc in {row[0] for row in moments}:
            self.found["next"] += list(_pauses([row[2:] for row in moments if row[0] == plc]))
        return self.found


def _pauses(moments):
    """Seconds from the end of each queue to the first offer of the next one.

    :param moments: (batch, state, seconds) in the order of time
    """
    queue, emptied = set(), None
    for batch, state, at in moments:
        if state in ("done", "cancelled"):
            queue.discard(batch)
            emptied = at if not queue else None
        else:
            queue.add(batch)
        if state == "offered" and emptied:
            yield at - emptied
            emptied = None


def measure(plcs, batches, seconds):
    """{name: seconds of each}

    :param seconds: that a batch takes the PLC
    """
    configure()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as name, Plcs(plcs) as peers:
        load = Load(name, peers)
        load.new_orders(batches)
        with load.mill.env() as env:
            env["plc.controller"].browse(load.controllers).poll_interval = POLL
            for setting in ("refill", "fill_on_confirm"):
                env["ir.config_parameter"].sudo().set_param(f"plc_mo_batch.{setting}", "True")
        query(name, NOTE)
        with Server(name, Path(folder) / "odoo.log") as server:
            latency = Latency(name, peers, server.wait_up())
            peers.tell(f"go {PLANT_SECONDS / seconds} {seconds / plcs}")
            query(name, TASKS_BEGIN)
            latency.run(batches)
            found = latency.sum_up()
            latency.confirm(load.template, load.types)
            wrong = query(name, WRONG)
            if wrong:
                raise SystemExit(f"Not undisturbed: {wrong[:3]}")
            return found


def rank(values, share):
    """The value that this share of all does not exceed."""
    return sorted(values)[max(0, -(-len(values) * share // 100) - 1)] if values else float("nan")


def table(results):
    """Lines: of each latency and plant the number, median, 99 % and the longest, in seconds."""
    lines = ["| seconds from … to | PLCs | times | median | p99 | longest |", "|---|---|---|---|---|---|"]
    for name, what in WHAT.items():
        for plcs, found in results.items():
            values = found[name]
            if values:
                shown = " | ".join(f"{value:.2f}" for value in (median(values), rank(values, 99), max(values)))
                lines.append(f"| {what} | {plcs} | {len(values):,} | {shown} |")
    return lines


def write(results, lines, batches):
    DOC.write_text(
        "\n".join(
            [
                "# Latency",
                "",
                f"`dev/run python -m workshop.bench.latency --write`: {batches:,} batches in an undisturbed plant, a real server",
                f"with Odoo's own scheduled actions, PLCs on real sockets, looked at every {POLL:g} s while they are at work;",
                "*Refill an empty queue at once* and *Fill when an order is confirmed* are on. PostgreSQL notes when a change is",
                "committed, the PLC when its registers show it.",
                "",
                *lines,
                "",
                "![Share of all that took no longer, against seconds](images/latency.svg)",
                "",
                f"Measured on: {machine()}; {datetime.now(timezone.utc):%d %B %Y}.",
                "",
            ]
        )
    )
    PLOT.write_text(steps({WHAT[name]: {f"{plcs} PLCs": found[name] for plcs, found in results.items()} for name in WHAT}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plcs", type=int, nargs="*", default=SIZES)
    parser.add_argument("--batches", type=int, default=BATCHES)
    parser.add_argument("--seconds", type=float, help="that a batch takes a PLC")
    parser.add_argument("--write", action="store_true", help="the document and the plot")
    options = parser.parse_args()
    results = {}
    for plcs in options.plcs:
        results[plcs] = measure(plcs, options.batches, options.seconds or 1 + 0.6 * plcs)
        print("\n".join(table({plcs: results[plcs]})), file=sys.stderr, flush=True)
    if options.write:
        write(results, table(results), options.batches)


if __name__ == "__main__":
    main()
