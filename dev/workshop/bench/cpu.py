"""How long this process and the PostgreSQL processes that serve a database have worked: unlike the clock, that does not depend on
what else the machine does. How fast it works does: :func:`slowness` says so."""

import os
import time
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

import psycopg2

TICKS = os.sysconf("SC_CLK_TCK")


@cache
def _connection():
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    return connection


def worked(database: str) -> float:
    """Seconds of CPU time. Those of PostgreSQL count where it runs on this machine."""
    with closing(_connection().cursor()) as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [database])
        pids = [row[0] for row in cursor.fetchall()]
    return time.process_time() + sum(map(_of_process, pids))


def slowness() -> float:
    """How much longer a fixed piece of work takes now than it took when it was asked for first: a virtual machine's own speed
    changes by half within minutes."""
    return _fixed_work() / _usual()


@cache
def _usual() -> float:
    return min(_fixed_work() for _repetition in range(20))


def _fixed_work() -> float:
    """Seconds for what Odoo does all day: dictionaries, strings, calls; the best of three."""
    return min(_seconds_of_work() for _repetition in range(3))


def _seconds_of_work() -> float:
    start = time.process_time()
    rows = [{"id": number, "name": f"row {number}", "ids": [number, number + 1]} for number in range(5000)]
    sorted(rows, key=lambda row: row["name"])
    return time.process_time() - start


def _of_process(pid: int) -> float:
    with suppress(OSError):
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(values[11]) + int(values[12])) / TICKS
    return 0.0
