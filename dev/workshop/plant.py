"""A plant of processes for dev/demo and the tests: databases, Odoo servers, PLC simulators, and the RPC of the outside world.

It runs inside the development environment (dev/run, dev/test), with the PG* variables set.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import time
import xmlrpc.client
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import requests

from workshop.databases import drop_database, query, throwaway_name
from workshop.host import Failure
from workshop.paths import DEV, ROOT

STOP_SECONDS = 15.0  # between SIGTERM and SIGKILL
RPC_SECONDS = 300.0  # as all limits here: what comes ends the wait, however busy the machine is
HEALTH_SECONDS = 10.0
ADMIN = ("admin", "admin")
HANDSHAKES = {"job-numbers": "plc_register_layout_job_numbers", "flags": "plc_register_layout_flags"}
# protocol -> what the simulator and Odoo call it, and the end of the layouts' names
PROTOCOLS = {
    "modbus": ("modbus", "tcp", ""),
    "fins": ("fins", "fins_udp", "_fins"),
    "fins-tcp": ("fins", "fins_tcp", "_fins"),
    "s7": ("s7", "s7", "_s7"),
    "opcua": ("opcua", "opcua", "_opcua"),
}


# Small things


def wait_for(what, condition, seconds, check=None, pause=0.1):
    """Poll until ``condition()`` is true, and return what it gave.

    :param what: completes the sentence "… did not come in time"
    :param check: called at each look; raises when waiting has no sense any more
    :raise Failure: when the time is over
    """
    deadline = time.monotonic() + seconds
    while True:
        if check:
            check()
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"{what} did not come within {seconds:.0f} s.")
        time.sleep(pause)


def is_free(port):
    with closing(socket.socket()) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port():
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


# Processes


class Process:
    """A program in a process group of its own, its output in a file. It dies with the process that started it."""

    title = "The program"

    def __init__(self, command, log):
        self.log = Path(log)
        with self.log.open("wb") as output:
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=ROOT,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.stop()

    @property
    def pid(self):
        return self._popen.pid

    @property
    def exit_code(self):
        """None while it runs."""
        return self._popen.poll()

    def check(self):
        """:raise Failure: when it has ended"""
        if self.exit_code is not None:
            raise Failure(f"{self.title} ended with exit code {self.exit_code}. The end of its log:\n{self.tail()}")

    def output(self):
        return self.log.read_text(errors="replace")

    def tail(self, lines=25):
        return "\n".join(self.output().splitlines()[-lines:])

    def wait(self, seconds=None):
        """Its exit code. :raise subprocess.TimeoutExpired:"""
        return self._popen.wait(seconds)

    def signal(self, signum):
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signum)

    def kill(self):
        """As a machine that loses its power: nothing is tidied up."""
        self.signal(signal.SIGKILL)
        self._popen.wait()

    def stop(self):
        """Ask it to end, then make it. Safe to call twice."""
        if self.exit_code is None:
            self.signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(STOP_SECONDS)
        self.kill()


class Simulator(Process):
    """``odoo plc_simulator``: the mill. It is listening when the constructor returns.

    :param ledger: file in which it notes what it really dosed
    :param port: 0 takes a free one
    :param options: more options of the command, as keywords; a list: the same several times
    """

    title = "The PLC simulator"

    def __init__(self, log, ledger, port=0, **options):
        command = [DEV / "odoo", "plc_simulator", "--port", port, "--ledger", ledger, "--verbose"]
        for name, values in options.items():
            for value in values if isinstance(values, list) else [values]:
                command += [f"--{name.replace('_', '-')}", value]
        super().__init__(command, log)
        try:
            found = wait_for("The PLC simulator", self._listening, 300, self.check)
        except BaseException:
            self.stop()
            raise
        self.port = int(found[1])

    def _listening(self):
        return re.search(r"listening on [\d.]+:(\d+)", self.output())


class Server(Process):
    """An Odoo server on one database, in threads, with a quiet log. It answers when ``wait_up`` has returned.

    :param port: 0 takes a free one
    :param options: more of the command line
    """

    title = "The Odoo server"
    # on a busy machine Odoo would start anew in the middle of a task that takes two minutes
    PATIENT = ("--limit-time-real", 3600)
    QUIET = ("odoo.addons.rpc.controllers.xmlrpc:ERROR", "werkzeug:WARNING")

    def __init__(self, database, log, port=0, options=()):
        self.database = database
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [DEV / "odoo", "-d", database, "--db-filter", f"^{re.escape(database)}$", "--no-database-list"]
        command += ["--http-port", self.port, "--workers", 0, *self.PATIENT]
        super().__init__([*command, *(f"--log-handler={handler}" for handler in self.QUIET), *options], log)

    def wait_up(self, seconds=300):
        wait_for("The Odoo server's first answer", self._is_up, seconds, self.check)
        return self

    def _is_up(self):
        return answers(self.port)

    def rpc(self, login=ADMIN[0], password=ADMIN[1]):
        return Rpc(self.url, self.database, login, password)

    def session(self, login, password):
        """The session id of somebody who logs in, for a browser's cookie."""
        params = {"db": self.database, "login": login, "password": password}
        answer = requests.post(f"{self.url}/web/session/authenticate", json={"params": params}, timeout=2 * RPC_SECONDS)
        if not answer.json().get("result", {}).get("uid"):
            raise Failure(f"Odoo does not let {login} in.")
        return answer.cookies["session_id"]


def answers(port):
    """An Odoo server at this port of this machine says that it is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HEALTH_SECONDS)
    try:
        connection.request("GET", "/web/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# The external API


class Rpc:
    """XML-RPC as one user. One object for each thread."""

    def __init__(self, url, database, login, password):
        transport = _Transport()
        common = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common", transport=transport)
        self.uid = common.authenticate(database, login, password, {})
        if not self.uid:
            raise Failure(f"Odoo does not let {login} in.")
        self._identity = (database, self.uid, password)
        self._models = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object", transport=_Transport())

    def call(self, model, method, *args, **kwargs):
        """``execute_kw``; :raise xmlrpc.client.Fault: as Odoo answers it"""
        return self._models.execute_kw(*self._identity, model, method, list(args), kwargs)

    def ref(self, xmlid):
        """Database id of a record."""
        module, name = xmlid.split(".")
        domain = [("module", "=", module), ("name", "=", name)]
        found = self.call("ir.model.data", "search_read", domain, ["res_id"])
        if not found:
            raise Failure(f"The database has no record {xmlid}: are the demo data of plc_mo_batch there?")
        return found[0]["res_id"]


class _Transport(xmlrpc.client.Transport):
    def make_connection(self, host):
        connection = super().make_connection(host)
        connection.timeout = RPC_SECONDS
        return connection


# Databases


def is_in_use(database):
    return bool(query("postgres", "SELECT 1 FROM pg_stat_activity WHERE datname = %s", database))


def new_database(name, log, force=False, say=lambda _line: None, world="bare"):
    """``dev/newdb``: Odoo's own modules of that world, demo data and the addon.

    :param say: is told, line by line, what takes its time
    """
    told = 0
    with Process([DEV / "newdb", name, "--world", world, *(["--force"] if force else [])], log) as newdb:
        while newdb.exit_code is None:
            time.sleep(0.1)
            lines = newdb.output().split("\n")[:-1]
            for line in lines[told:]:
                say(line)
            told = len(lines)
        if newdb.exit_code:
            raise Failure(f"The database {name} could not be made:\n{newdb.tail()}")


@contextmanager
def fresh_database(folder):
    """A new database with the demo data, whose PLC is at a port where nobody listens yet. No server runs on it."""
    name = throwaway_name()
    try:
        new_database(name, folder / "newdb.log")
        connect_plc(name, free_port())
        yield name
    finally:
        drop_database(name)


def connect_plc(database, port, handshake="job-numbers", protocol="modbus"):
    """Point the demo PLC at a port before any server runs on the database, so that no other simulator is ever spoken to.

    Silence is counted from now, and the tasks are not late: the template that the database was copied from may be hours old,
    and either is an alarm.
    """
    query(database, "UPDATE ir_cron SET lastcall = now() AT TIME ZONE 'UTC' WHERE cron_name LIKE %s", "PLC Task %")
    query(
        database,
        """
        UPDATE plc_controller
           SET host = '127.0.0.1', port = %s, transport = %s, layout_id = map.res_id, watched_since = now() AT TIME ZONE 'UTC'
          FROM ir_model_data map, ir_model_data plc
         WHERE (plc.module, plc.name) = ('plc_mo_batch', 'plc_controller_mill') AND plc_controller.id = plc.res_id
           AND (map.module, map.name) = ('plc_mo_batch', %s)
        """,
        port,
        PROTOCOLS[protocol][1],
        HANDSHAKES[handshake] + PROTOCOLS[protocol][2],
    )
