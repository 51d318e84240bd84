"""The development environment: Odoo, PostgreSQL and a configuration that names them, in the variables that programs look at.

Everything it makes lies outside the clone, in the cache, and is shared by all clones.
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from workshop import peers
from workshop.clusters import Postgres
from workshop.databases import (
    NewDatabase,
    create_database,
    drop_database,
    drop_leftovers,
    drop_test_database,
    throwaway_name,
)
from workshop.host import Failure
from workshop.odoo_source import find_odoo
from workshop.paths import CACHE, DEV, ROOT, digest_line
from workshop.worlds import BARE, PLANT

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Environment:
    """Set up once it is made: PATH, PYTHONPATH, PG*, ODOO_RC and ODOO_SCRIPT are set for this process and what it starts, and
    PostgreSQL answers.
    """

    def __init__(self):
        self.postgres = Postgres()
        self.odoo = find_odoo()
        self.requirements = Path(sys.prefix).name.removeprefix("venv-")  # dev/env.sh names it after them
        os.environ["PATH"] = f"{sys.prefix}/bin:{os.environ['PATH']}"  # its python is the one with Odoo
        os.environ["PYTHONPATH"] = f"{DEV}:{self.odoo.path}"
        os.environ["ODOO_SCRIPT"] = str(self.odoo.script)
        self.postgres.use()
        peers.use()
        self._write_config()

    def _write_config(self):
        """Odoo's own addons need no mention. Sub-commands read this file through ODOO_RC, too."""
        file = CACHE / "conf" / f"{digest_line(str(ROOT))}.conf"
        text = config_text(CACHE / "data", with_server=self.postgres.is_private)
        if not file.exists() or file.read_text() != text:
            part = file.with_name(f"{file.name}.{os.getpid()}")
            part.write_text(text)
            part.replace(file)  # at once: another command may just be reading it
        os.environ["ODOO_RC"] = str(file)

    def odoo_command(self, *arguments):
        return [sys.executable, str(self.odoo.script), *map(str, arguments)]

    def run(self, command, **options):
        """The exit code of a program, which also keeps the shared cluster from being stopped. See :func:`run`."""
        return run(command, pass_fds=self.postgres.kept(), **options)

    @contextmanager
    def database(self, name, **options):
        """A new one, dropped at the end."""
        try:
            self.new_database(name, **options)
            yield
        finally:
            ignore_signals()
            drop_database(name)

    def new_database(self, name, **options):
        """With mrp, demo data and the addon, see :class:`databases.NewDatabase`."""
        NewDatabase(self.odoo, self.requirements, **options).make(name)


def config_text(data, with_server):
    lines = ["[options]", f"addons_path = {ROOT}", f"data_dir = {data}", "http_interface = 127.0.0.1"]
    if with_server:
        names = {"db_host": "PGHOST", "db_port": "PGPORT", "db_user": "PGUSER"}
        lines += [f"{option} = {os.environ[name]}" for option, name in names.items()]
    return "\n".join([*lines, ""])


def become(command, postgres):
    """Be this program from now on, which keeps the shared cluster from being stopped; the cluster goes on running after it."""
    for descriptor in postgres.kept():
        os.set_inheritable(descriptor, True)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # which Python ignores, and a program that it becomes would, too
    os.execvp(command[0], [*map(str, command)])


@contextmanager
def environment():
    """The :class:`Environment`; at the end the cluster is stopped if it was started for this and nobody else uses it."""
    env = Environment()
    try:
        yield env
    finally:
        ignore_signals()
        env.postgres.release()


def _heeded():
    """All but those that were ignored from the beginning, as by nohup."""
    return [signum for signum in SIGNALS if signal.getsignal(signum) is not signal.SIG_IGN]


def end_by_signals():
    """SIGTERM and SIGHUP end this process as Ctrl-C does: with everything tidied up."""

    def end(signum, _frame):
        raise SystemExit(128 + signum)

    for signum in _heeded():
        signal.signal(signum, end)


def ignore_signals():
    """What follows tidies up, and is not to be cut short."""
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_IGN)


def run(command, patient=True, **options):
    """The exit code of a program, waited for whatever comes: a signal to this process is passed on to it, and ends this process
    once the program has ended.

    :param patient: Ctrl-C is left to the program, which the terminal tells of it, too
    :raise SystemExit: after a signal
    """
    caught = []

    def pass_on(signum, _frame):
        caught.append(signum)
        if process and not (patient and signum == signal.SIGINT):
            process.terminate()

    process = None
    before = {signum: signal.signal(signum, pass_on) for signum in _heeded()}
    try:
        process = subprocess.Popen([*map(str, command)], **options)
        if caught:
            process.terminate()
        status = process.wait()
    except FileNotFoundError as error:
        raise Failure(f"{error.filename} is not a program that can be run.") from None
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    if caught:
        raise SystemExit(128 + caught[0])
    return status if status >= 0 else 128 - status


@contextmanager
def fresh_database(env, **options):
    """The name of a new database with the addon, which is dropped afterwards, and with it the copies of pytest's workers.

    What was left by runs that were killed is dropped before.
    """
    if env.postgres.is_private:
        drop_leftovers()
    name = throwaway_name()
    try:
        env.new_database(name, **options)
        yield name
    finally:
        ignore_signals()
        drop_test_database(name)


def on_own_cluster(program, arguments):
    """The exit code of ``python -m workshop.PROGRAM`` beside a PostgreSQL cluster of its own with a fresh database, which is
    named after it: of the plant's world, unless an argument is ``--bare``.

    Nothing is left of either. The program finds Odoo's configuration in ODOO_RC and its command in ODOO_SCRIPT.
    """
    files = CACHE / throwaway_name()
    dump, config, data = (files.with_suffix(suffix) for suffix in (".dump", ".conf", ".data"))
    cluster = None
    try:
        postgres = _dump_fresh_database(dump, BARE if "--bare" in arguments else PLANT)
        cluster = postgres.own_cluster(f"{program}-{os.getpid()}")
        create_database(program)
        subprocess.run(["pg_restore", "--no-owner", "-d", program, dump], check=True)
        config.write_text(config_text(data, with_server=True))
        os.environ["ODOO_RC"] = str(config)
        command = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", f"workshop.{program}", *arguments]
        # in a session of its own: Ctrl-C reaches it as the SIGTERM that it is passed on as, and ends it at once
        return run(command, patient=False, start_new_session=True)
    finally:
        ignore_signals()
        if cluster:
            cluster.drop()
        shutil.rmtree(data, ignore_errors=True)
        for file in (dump, config):
            file.unlink(missing_ok=True)


def _dump_fresh_database(dump, world):
    """Made on the shared cluster, which is released at once."""
    env, name = Environment(), throwaway_name()
    try:
        env.new_database(name, world=world)
        subprocess.run(["pg_dump", "-Fc", "-Z0", "-f", dump, name], check=True)
    finally:
        drop_database(name)
        env.postgres.release()
    return env.postgres
