"""How long this process and the PostgreSQL processes that serve a database have worked: unlike the clock, that does not depend on
what else the machine does."""

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


def _of_process(pid: int) -> float:
    with suppress(OSError):
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(values[11]) + int(values[12])) / TICKS
    return 0.0
