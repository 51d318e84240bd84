"""Two Odoo servers on one database share the PLCs; one is killed while it serves its half. Who serves them then, and how soon?

    dev/run python -m workshop.bench.servers [PLCS]

Each PLC is looked at every second, by whoever holds its lock. Prints how many each server held, and the seconds from the kill
until the other one held all of them, and until each of them had answered it. Exit code 1: something was done twice or went wrong.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from workshop.bench.load import Load, Plcs
from workshop.bench.mill import configure, database
from workshop.bench.runs import share_among
from workshop.plant import Server, query, wait_for

POLL = 1.0  # seconds between two looks at a PLC
SECONDS = 300
NAMES = ("first", "second")
HELD = """
    SELECT objid FROM pg_locks JOIN pg_stat_activity activity USING (pid)
     WHERE locktype = 'advisory' AND classid = x'504C43'::int AND objsubid = 2
       AND activity.datname = %s AND activity.application_name = %s
"""
ANSWERED = "SELECT count(*) FROM plc_controller WHERE enabled AND last_contact > %s"
WRONG = "SELECT message FROM mo_batch_journal WHERE kind IN ('error', 'anomaly')"
REPEATED = "SELECT batch_id, message FROM mo_batch_journal WHERE kind = 'state' GROUP BY 1, 2 HAVING count(*) > 1"


def held_by(name, server):
    """How many PLCs it holds.

    :param server: the name by which PostgreSQL knows it
    """
    return len(query(name, HELD, name, server))


def prepare(name, peers):
    """Each PLC has an order; both scheduled actions of Task 2 are due."""
    load = Load(name, peers)
    load.new_orders(len(peers.ports))
    load.task("plc.task.fill")
    load.task("plc.task.exchange")
    share_among(load, 2)
    with load.mill.env() as env:
        env["plc.controller"].browse(load.controllers).poll_interval = POLL
        env["plc.task.exchange"]._scheduled_actions().write({"nextcall": "2026-01-01"})
    return load


def measure(name, peers, folder):
    """Figures by name."""
    plcs = len(peers.ports)
    prepare(name, peers)
    with ExitStack() as stack:
        first, second = (stack.enter_context(new_server(name, each, folder)).wait_up() for each in NAMES)

        def are_shared():
            shares = [held_by(name, each) for each in NAMES]
            return shares if all(shares) and sum(shares) == plcs else None

        shares = wait_for("Both servers' PLCs", are_shared, SECONDS, lambda: (first.check(), second.check()))
        first.kill()
        return {"shares": shares, **taken_over(name, second, plcs)}


def new_server(name, own_name, folder):
    """One that runs one scheduled action at a time, as a cron worker does."""
    return Server(name, folder / f"{own_name}.log", options=("--max-cron-threads", 1, "--db_app_name", own_name))


def taken_over(name, second, plcs):
    since, killed = query(name, "SELECT now() AT TIME ZONE 'UTC'")[0][0], time.monotonic()
    wait_for("The other server", lambda: held_by(name, NAMES[1]) == plcs, SECONDS, second.check, pause=0.05)
    held = time.monotonic() - killed
    wait_for("Their answers", lambda: query(name, ANSWERED, since)[0][0] == plcs, SECONDS, second.check)
    return {"held": held, "answered": time.monotonic() - killed}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plcs", nargs="?", type=int, default=100)
    plcs = parser.parse_args().plcs
    configure()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as name, Plcs(plcs) as peers:
        figures = measure(name, peers, Path(folder))
        wrong = query(name, WRONG) + query(name, REPEATED)
    shares = " and ".join(map(str, figures["shares"]))
    print(f"{plcs} PLCs, {shares} at the two servers; the first one killed: the other holds all after {figures['held']:.1f} s,")
    print(f"and each has answered it after {figures['answered']:.1f} s (stored every 10 s). Wrong or twice: {wrong or 'nothing'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
