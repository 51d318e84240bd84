"""A genuine ``odoo`` server in place of a fork, so that nobody can say that the fork hides something.

Prefork mode: a master, an HTTP worker and a cron worker. The hook is in it as a server-wide module and tells over a socket where
it is.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg2

from workshop.paths import ROOT
from workshop.torture.boundaries import Hook, Point
from workshop.torture.fork import Gone, Line

ADDONS = Path(__file__).resolve().parent / "addons"
LOOK_SECONDS = 0.5
STOP_SECONDS = 15.0
IDLE_LOOKS = 8  # without any change, then time passes


def install(address, point, count):
    """In the server: stop at ``point``, and ask at the socket ``address`` what to do. Counts from the cron's first work on."""
    from odoo.addons.base.models.ir_cron import IrCron

    process_jobs = IrCron._process_jobs
    installed = threading.Event()

    def strike(phase, label, backend):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(address)
        told = {"phase": phase, "label": label, "backend": backend, "pid": os.getpid()}
        answer = Line(sock).ask(told)
        return psycopg2.OperationalError("server closed the connection unexpectedly") if answer == "lost" else None

    def hooked(database):
        if not installed.is_set():
            installed.set()
            Hook(strike, Point.parse(point), count).install()
        process_jobs(database)

    IrCron._process_jobs = staticmethod(hooked)


class Server:
    """The process, as a life of Odoo's: ``line`` leads to the hook once it has stopped somewhere."""

    def __init__(self, world, point, port):
        self.world = world
        self.address = str(world.folder / "hook.socket")
        Path(self.address).unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.address)
        self.listener.listen()
        self.listener.settimeout(LOOK_SECONDS)
        self.line = None
        self.told = {}
        command = [sys.executable, os.environ["ODOO_SCRIPT"], "-c", os.environ["ODOO_RC"], "-d", world.database]
        command += ["--http-port", str(port), "--workers", "1", "--max-cron-threads", "1", "--no-database-list"]
        command += ["--load", "base,web,plc_torture_hook", f"--addons-path={ROOT},{ADDONS}"]
        command += ["--log-level", "warn"]
        hook = {"PLC_TORTURE_POINT": str(point or ""), "PLC_TORTURE_SOCKET": self.address, "PLC_TORTURE_COUNT": "0"}
        with open(world.folder / "server.log", "ab") as log:
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **hook},
            )

    def hear(self):
        """What the hook tells, or None if it told nothing for a moment.

        :raise Gone: when the server is no more
        """
        if self._popen.poll() is not None:
            raise Gone
        try:
            sock, _peer = self.listener.accept()
        except TimeoutError:
            return None
        self.line = Line(sock)
        self.told = self.line.hear()
        return self.told

    def kill(self):
        """``kill -9`` of the whole server."""
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def kill_worker(self):
        """Of the cron worker alone: its master starts another one."""
        os.kill(self.told["pid"], signal.SIGKILL)

    def stop(self):
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(STOP_SECONDS)
        self.kill()
        self.listener.close()


def wake_crons(database):
    """As Odoo's own trigger does."""
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('cron_trigger', %s)", [database])
    connection.close()


def live(cycle, point, port):
    """A cycle's life on genuine servers: from the release of its orders to their end.

    :param cycle: has ``world``, ``striker``, ``struck``, ``lives``, ``is_over()`` and ``ask_person()``
    """
    server, idle, state, until = Server(cycle.world, point, port), 0, None, time.monotonic() + 300
    cycle.lives += 1
    try:
        while not cycle.is_over() and time.monotonic() < until:
            try:
                told = server.hear()
            except Gone:
                told = None
            if told and cycle.struck:
                server.line.tell(None)  # a worker that was started instead of a dead one counts from 1 again: it may go on
            elif told:
                cycle.struck = f"{told['phase']} {told['label']}"
                cycle.striker.strike(server, told)
            if server._popen.poll() is not None:
                server.stop()
                server = Server(cycle.world, None, port)
                cycle.lives += 1
            if cycle.struck:
                cycle.striker.recover()
            idle, state = (0, now) if (now := json.dumps(cycle.snapshot(), default=str)) != state else (idle + 1, state)
            if idle >= IDLE_LOOKS:
                idle = 0
                cycle.ask_person()
                cycle.world.pass_time()
                cycle.world.mill.step(3)
                wake_crons(cycle.world.database)
    finally:
        server.stop()
