"""What a figure was measured on, in a sentence; no name of the machine."""

import os
import platform
from pathlib import Path

import psycopg2
import pymodbus


def _first(path, key):
    """The value of a line ``key : value`` of a file below /proc."""
    for line in Path(path).read_text().splitlines():
        name, _colon, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def _postgresql():
    connection = psycopg2.connect(dbname="postgres")
    try:
        return connection.server_version // 10_000
    finally:
        connection.close()


def machine():
    """CPU, cores, memory, versions."""
    from odoo.release import version

    memory = int(_first("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    return (
        f"{_first('/proc/cpuinfo', 'model name')}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB; "
        f"Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}, PostgreSQL {_postgresql()}, "
        f"Odoo {version.partition('+')[0]}, pymodbus {pymodbus.__version__}; load average {os.getloadavg()[1]:.1f}"
    )
