"""The commands of ``dev/``, each a function of its arguments that gives its exit code. What each is for stands in dev/*."""

import os
import re
import subprocess
import sys
import time

from workshop import peers
from workshop.clusters import Postgres
from workshop.databases import query
from workshop.environment import Environment, become, environment, on_own_cluster
from workshop.host import Failure, locked, logged, need_chromium, say
from workshop.linting import lint
from workshop.packaging import package
from workshop.paths import CACHE, DEV, FILESTORE, ROOT, digest, remove
from workshop.testing import coverage, doors, test, test_odoo
from workshop.worlds import BARE, take_world

__all__ = ["coverage", "doors", "lint", "package", "test", "test_odoo"]

OWN_NAMES = re.compile(r"postgres|template[01]|plc_template_.*")
NEWDB = "dev/newdb NAME [--world bare|plant] [--no-addon] [--no-demo] [--force]"


def usage(text):
    raise Failure(f"usage: {text}")


# Set-up


def setup(*arguments):
    if arguments:
        usage("dev/setup")
    need_chromium()
    peers.install()
    env = Environment()
    tell = [env.odoo_command("--version"), ["psql", "--version"]]
    versions = [subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL).strip() for command in tell]
    say(f"Ready: {', '.join(versions)}, Python {sys.version.split()[0]}, in {CACHE}.")
    return 0


def pg(command="status", *others):
    acts = {"start": _pg_start, "stop": _pg_stop, "status": _pg_status, "destroy": _pg_destroy}
    if command not in acts or others:
        usage("dev/pg start|stop|status|destroy")
    postgres = Postgres()
    if not postgres.is_private:
        raise Failure(f"PGHOST names a server of your own ({os.environ['PGHOST']}): it is left alone.")
    return acts[command](postgres)


def _pg_start(postgres):
    postgres.use()
    return _pg_status(postgres)


def _pg_stop(postgres):
    if postgres.cluster.is_ready():
        with locked("postgres"):
            postgres.cluster.stop()
    return 0


def _pg_status(postgres):
    if not postgres.cluster.is_ready():
        print(f"not running ({postgres.cluster.folder})")
        return 3
    print("running:", *(f"{name}={os.environ[name]}" for name in ("PGHOST", "PGPORT", "PGUSER")))
    names = "SELECT datname FROM pg_database WHERE datallowconn AND datname !~ '^(postgres|template.)$' ORDER BY 1"
    for (name,) in query("postgres", names):
        print(name)
    return 0


def _pg_destroy(postgres):
    _pg_stop(postgres)
    postgres.cluster.destroy()
    remove(FILESTORE)
    return 0


def newdb(*arguments):
    begun = time.monotonic()
    world, arguments = take_world(arguments)
    options = {argument for argument in arguments if argument.startswith("-")}
    names = [argument for argument in arguments if argument not in options]
    if options - {"--no-addon", "--no-demo", "--force"} or len(names) != 1:
        usage(NEWDB)
    [name] = names
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}", name):
        usage(NEWDB)
    if OWN_NAMES.fullmatch(name):
        raise Failure(f"{name} is a name that dev/newdb needs itself.")
    switches = {"addon": "--no-addon" not in options, "demo": "--no-demo" not in options, "force": "--force" in options}
    Environment().new_database(name, world=world or BARE, **switches)
    print(f"{name} is ready after {time.monotonic() - begun:.0f} s")
    return 0


# Programs in the environment


def odoo(*arguments):
    env = Environment()
    become(env.odoo_command(*arguments), env.postgres)


def psql(*arguments):
    postgres = Postgres()
    postgres.use()
    os.environ["PGDATABASE"] = "postgres"
    become(["psql", *arguments], postgres)


def run(*command):
    if not command:
        usage("dev/run COMMAND…")
    with environment() as env:
        return env.run(command)


def demo(*_arguments):
    from workshop.demo import main

    with environment():
        return main()


def screenshots(*_arguments):
    from workshop.screenshots import main

    need_chromium()
    with environment():
        return main()


def torture(*arguments):
    return on_own_cluster("torture", arguments)


def soak(*arguments):
    return on_own_cluster("soak", arguments)


def bench(*arguments):
    if arguments not in ((), ("--no-load",)):
        usage("dev/bench [--no-load]")
    with environment() as env:
        return env.run([sys.executable, "-m", "workshop.bench", *arguments])


def i18n(*arguments):
    from workshop.i18n import main

    if arguments:
        usage("dev/i18n")
    name = f"plc_i18n_{os.getpid()}"
    template = ROOT / "plc_mo_batch" / "i18n" / "plc_mo_batch.pot"
    with environment() as env, env.database(name, demo=False):
        logged("i18n", env.odoo_command("i18n", "export", "-d", name, "-l", "pot", "-o", template, "plc_mo_batch"))
        return main()


# Without a database


def model(*_arguments):
    from workshop.model import main

    return main()


def flow(*arguments):
    with environment() as env:
        return env.run([sys.executable, "-m", "workshop.flow", *arguments])


def life(*arguments):
    from workshop.life import main

    if arguments:
        usage("dev/life")
    return main()


def audit(*arguments):
    packages = ("requirements.txt", "dev/requirements-odoo.txt")
    venv = CACHE / "venv-audit"
    if not (venv / "bin" / "pip-audit").exists():
        _make_venv(venv, "audit", ["pip-audit"])
    command = [venv / "bin" / "pip-audit", *(f"--requirement={ROOT / file}" for file in packages), *arguments]
    os.execv(command[0], [*map(str, command)])


def mutants(*modules):
    files = (ROOT / "requirements.txt", DEV / "requirements-mutants.txt")
    venv = CACHE / f"venv-mutants-{digest(*(file.read_bytes() for file in files))}"
    if not (venv / "complete").exists():
        with locked("setup"):
            if not (venv / "complete").exists():
                say("Making the Python environment for mutants …")
                _make_venv(venv, "mutants", [f"--requirement={file}" for file in files])
                (venv / "complete").touch()
    os.environ["PATH"] = f"{venv}/bin:{os.environ['PATH']}"
    os.nice(19)
    os.execv(venv / "bin" / "python", [str(venv / "bin" / "python"), "-m", "workshop.mutants", *modules])


def _make_venv(venv, name, packages):
    remove(venv)
    logged(f"venv-{name}", [getattr(sys, "_base_executable", sys.executable), "-m", "venv", venv])
    logged(f"pip-{name}", [venv / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", *packages])
