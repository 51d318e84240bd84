"""Databases on the server that the PG* variables name, with Odoo's files; and the templates that new ones are copied from."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2.extensions import quote_ident

from workshop.host import Failure, locked, say, show_end
from workshop.paths import ADDON, CACHE, FILESTORE, LOGS, digest, digest_line
from workshop.worlds import BARE

TEMPLATES_KEPT = 8  # of each kind
# A template may be a minute or a week old when it is copied: nothing may depend on it, so that each is as old as this.
AGED = """
UPDATE ir_cron SET create_date = create_date - interval '30 days', lastcall = lastcall - interval '30 days'
"""
WORKERS = 4  # pytest's, at most: dev/test starts no more, and cleans up after as many
LEFT_BEHIND = re.compile(r"plc_test_(\d+)_\d+(-gw\d+)?")


def query(database, text, *parameters):
    """The rows of a statement, which is committed; None for one that has none."""
    with closing(psycopg2.connect(dbname=database)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(text, parameters or None)
            return cursor.fetchall() if cursor.description else None


def _command(text, *names):
    """A statement with names of databases, such as ``DROP DATABASE {}``."""
    with closing(psycopg2.connect(dbname="postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(text.format(*(quote_ident(name, connection) for name in names)))


def create_database(name):
    _command("CREATE DATABASE {}", name)


def drop_database(name):
    """With its files, whoever is connected; no error if there is none."""
    _command("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def copy_database(source, target):
    """With the files, which Odoo never changes in place: they are hard links where the file system has these."""
    _command("CREATE DATABASE {} TEMPLATE {}", target, source)
    files, copies = FILESTORE / source, FILESTORE / target
    files.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(copies, ignore_errors=True)
    try:
        shutil.copytree(files, copies, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(copies, ignore_errors=True)
        shutil.copytree(files, copies)


def throwaway_name():
    """A name that dev/test cleans away later, should this process be killed."""
    return f"plc_test_{os.getpid()}_{time.time_ns()}"


def drop_test_database(name):
    """And the copies that pytest's workers made of it."""
    for worker in range(WORKERS):
        drop_database(f"{name}-gw{worker}")
    drop_database(name)


def drop_leftovers():
    """What was left by test runs that were killed: the number of their process is in the name."""
    for (name,) in query("postgres", "SELECT datname FROM pg_database"):
        found = LEFT_BEHIND.fullmatch(name)
        if found and not Path(f"/proc/{found[1]}").is_dir():
            drop_database(name)


def _exists(name):
    return bool(query("postgres", "SELECT 1 FROM pg_database WHERE datname = %s", name))


class NewDatabase:
    """Copied from a template, which is made once: first one with Odoo's own modules, from that one with the addon as it is now.

    :param odoo: the :class:`odoo_source.OdooSource`
    :param requirements: a key of the Python environment
    :param world: one of :data:`worlds.WORLDS`
    """

    def __init__(self, odoo, requirements, world=BARE, addon=True, demo=True, force=False):
        self.odoo = odoo
        self.requirements = requirements
        self.world = world
        self.addon = addon
        self.demo = demo
        self.force = force

    def make(self, name):
        """:raise Failure:"""
        with locked("databases" if self.world is BARE else f"databases-{self.world.name}"):  # a template may take minutes
            if self.force:
                drop_database(name)
            if _exists(name):
                raise Failure(f"The database {name} exists: --force replaces it.")
            copy_database(self._template(), name)

    def _template(self):
        demo = "_demo" if self.demo else ""
        base = self._base(demo)
        if not self.addon:
            return base
        if not (ADDON / "__manifest__.py").is_file():
            raise Failure("plc_mo_batch/__manifest__.py is missing.")
        world = "" if self.world is BARE else f"_{self.world.name}"
        template = f"plc_template_addon{world}{demo}_{digest_line(f'{base} {addon_hash()}')}"
        if not _is_template(template):
            say("Installing the addon into a template database …")
            self._make_template(template, ["plc_mo_batch"], base)
        return template

    def _base(self, demo):
        """The template with Odoo's own modules."""
        world = self.world
        key = digest_line(f"{CACHE} {self.odoo.key} {self.requirements}{world.key}")
        template = f"plc_template_{world.template}{demo}_{key}"
        if not _is_template(template):
            say(f"Making the template database with {world.title} (once, {world.takes}) …")
            self._make_template(template, world.modules, after=world.after)
        return template

    def _make_template(self, template, modules, source=None, after=""):
        """:param after: Python for Odoo's shell, once they are installed"""
        log = LOGS / f"{template}.log"
        part = f"{template}_part"
        drop_database(template)
        drop_database(part)
        try:
            if source:
                copy_database(source, part)
            self._install(part, modules, log)
            if after:
                self._shell(part, after, log)
            if source:
                query(part, AGED)
            (FILESTORE / part).mkdir(parents=True, exist_ok=True)
            (FILESTORE / part).rename(FILESTORE / template)
            _command("ALTER DATABASE {} RENAME TO {}", part, template)
            _command("ALTER DATABASE {} ALLOW_CONNECTIONS false", template)
        except BaseException:
            drop_database(part)
            raise
        kind = f"^{template.rpartition('_')[0]}_[^_]+$"
        names = "SELECT datname FROM pg_database WHERE datname ~ %s ORDER BY oid DESC OFFSET %s"
        for (name,) in query("postgres", names, kind, TEMPLATES_KEPT):
            drop_database(name)

    def _install(self, database, modules, log):
        arguments = ["-i", ",".join(modules), *(["--with-demo"] if self.demo else []), "--no-http", "--stop-after-init"]
        with log.open("wb") as output:
            status = self._odoo(["-d", database, *arguments], output)
        if status or _objection(database, modules, log):
            self._give_up(f"{modules[-1]} could not be installed", log)
        found = re.findall(r"^.* (?:WARNING|ERROR|CRITICAL) .*$", log.read_text(errors="replace"), re.MULTILINE)
        if found:
            say("\n".join([*found, f"(while {modules[-1]} was installed, see {log})"]))

    def _shell(self, database, script, log):
        with log.open("ab") as output:
            if self._odoo(["shell", "-d", database, "--no-http"], output, input=script.encode()):
                self._give_up("The world could not be set up", log)

    def _odoo(self, arguments, output, **options):
        command = [sys.executable, str(self.odoo.script), *arguments, "--log-level=warn"]
        return subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, **options).returncode

    @staticmethod
    def _give_up(what, log):
        show_end(log, 40)
        raise Failure(f"{what}: the log above is {log}")


def _is_template(name):
    """A finished template lets nobody in, so that nothing changes it and it can always be copied."""
    is_closed = query("postgres", "SELECT 1 FROM pg_database WHERE datname = %s AND NOT datallowconn", name)
    return (FILESTORE / name).is_dir() and bool(is_closed)


def _objection(database, modules, log):
    """Odoo goes on without a module that it does not know, and without demo data that fail: whether it did, noted in its log."""
    problem = ""
    installed = query(database, "SELECT name FROM ir_module_module WHERE state = 'installed'")
    missing = set(modules).difference(name for (name,) in installed)
    if missing:
        problem = f"Odoo ended without having installed {', '.join(sorted(missing))}."
    elif query(database, "SELECT 1 FROM ir_demo_failure"):
        problem = "Its demo data failed."
    if problem:
        with log.open("a") as file:
            file.write(f"{problem}\n")
    return problem


def addon_hash():
    """Of all files of the addon but its tests, which are not installed."""
    lines = []
    for folder, names, files in os.walk(ADDON):
        names[:] = [name for name in names if name not in ("tests", "__pycache__")]
        for path in (Path(folder, name) for name in files):
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(ADDON)}\n")
    return digest("".join(sorted(lines, key=lambda line: line[64:])).encode())
