"""PostgreSQL: a cluster that all clones share and that listens on a private socket only, or one of a program's own.

The shared one is started by the command that needs it first and stopped by that command, unless somebody else uses it by then.
"""

import fcntl
import grp
import os
import pwd
import re
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from workshop.databases import query
from workshop.host import Failure, locked, logged, need, say
from workshop.paths import CACHE, digest_line

FOREIGN = ("PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPASSWORD")  # would lead away from a cluster of ours
DEFAULT_PORT = 5432
SOCKET_BYTES = 90  # a socket's path has at most 107, with its name
# fsync is off (a crash of the machine may cost the cluster); synchronous_commit stays on for tests that kill -9 a client
OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=on -c max_connections=200 -c shared_buffers=256MB "
    "-c max_wal_size=4GB"
)


def database_user() -> str:
    name = pwd.getpwuid(os.geteuid()).pw_name
    return "odoo" if name == "postgres" else name  # Odoo refuses to work as postgres


class Cluster:
    """A PostgreSQL cluster in ``folder``. The server runs as ``owner``, for PostgreSQL refuses to run as root."""

    def __init__(self, programs: Path, folder: Path, sock: Path, owner: str):
        self.programs = programs
        self.folder = folder
        self.socket = sock
        self.owner = owner
        self.data = folder / "data"

    @property
    def port(self) -> int:
        """That it had when it ran last."""
        try:
            return int((self.folder / "port").read_text())
        except (OSError, ValueError):
            return DEFAULT_PORT

    def select(self) -> None:
        """From now on everything in this process, and what it starts, talks to this cluster."""
        for name in FOREIGN:
            os.environ.pop(name, None)
        os.environ.update(PGHOST=str(self.socket), PGPORT=str(self.port), PGUSER=database_user())

    def is_ready(self) -> bool:
        command = ["pg_isready", "-q", "-h", self.socket, "-p", str(self.port), "-d", "postgres"]
        return not subprocess.call(command)

    def start(self) -> None:
        """Nothing if it runs. :raise Failure:"""
        if self.is_ready():
            return
        if not self.data.exists():
            self._make()
        install = ["install", "-d", "-m", "700", "-o", self.owner, self.socket]
        if subprocess.call(install) or self.socket.owner() != self.owner:
            raise Failure(f"{self.socket} belongs to another user.")
        self._forget_dead_server()
        port = _free_port(self.port if (self.folder / "port").exists() else 0)
        (self.folder / "port").write_text(f"{port}\n")
        options = f"-p {port} -c unix_socket_directories='{self.socket}' {OPTIONS}"
        self._pg_ctl("-l", self.folder / "log", "-w", "-t", "120", "start", "-o", options)

    def stop(self) -> None:
        self._pg_ctl("-m", "fast", "-w", "-t", "120", "stop")

    def drop(self) -> None:
        """Stop it, and leave nothing of it."""
        if (self.data / "postmaster.pid").exists():
            self._as_owner(self.programs / "pg_ctl", "-D", self.data, "-m", "immediate", "-w", "-t", "60", "stop")
        for folder in (self.folder, self.socket):
            shutil.rmtree(folder, ignore_errors=True)

    def destroy(self) -> None:
        """Leave nothing of it, which is stopped, and no empty folder around it."""
        for folder in (self.folder, self.socket):
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            self.folder.parent.rmdir()

    def _make(self):
        locales = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
        locale = "C.UTF-8" if re.search(r"^C\.utf-?8$", locales, re.MULTILINE | re.IGNORECASE) else "C"
        say(f"Making a PostgreSQL cluster in {self.folder} …")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["install", "-d", "-m", "700", "-o", self.owner, self.folder], check=True)
        part = self.folder / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        options = ["-U", database_user(), "-E", "UTF8", f"--locale={locale}", "--auth-local=trust", "--auth-host=reject"]
        initdb = [*self._prefix(), self.programs / "initdb", "-D", part, *options, "--no-sync"]
        logged("initdb", initdb, cwd="/")
        part.rename(self.data)

    def _forget_dead_server(self):
        """After a machine was switched off, another process may have the number of the old server."""
        file = self.data / "postmaster.pid"
        try:
            pid = file.read_text().split("\n")[0]
            program = Path(f"/proc/{pid}/comm").read_text().strip() if pid else "postgres"
        except FileNotFoundError:
            program = ""
        if program != "postgres":
            file.unlink(missing_ok=True)
            for left in self.socket.glob(".s.*"):
                left.unlink()

    def _prefix(self):
        if os.geteuid():
            return []
        group = grp.getgrgid(pwd.getpwnam(self.owner).pw_gid).gr_name
        return ["setpriv", f"--reuid={self.owner}", f"--regid={group}", "--init-groups"]

    def _as_owner(self, *command):
        return subprocess.call([*map(str, (*self._prefix(), *command))], cwd="/", stdout=subprocess.DEVNULL)

    def _pg_ctl(self, *arguments):
        logged("pg_ctl", [*self._prefix(), self.programs / "pg_ctl", "-D", self.data, *arguments], cwd="/")


def _free_port(preferred):
    """That one, or another if it is taken."""
    for port in (preferred, 0):
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return sock.getsockname()[1]
    raise Failure("No port is free.")


class Postgres:
    """What there is of PostgreSQL for a command: the server that PGHOST names, or the shared cluster (``is_private``).

    Made, it is found and selected, and not started yet.

    :ivar cluster: the shared one, where the server's programs are installed; None if not
    :ivar users: a file's descriptor, whose lock is held, shared, by every dev command, by the Odoo that it becomes and by what it
        runs; nobody stops the cluster meanwhile
    """

    def __init__(self):
        programs = _programs()
        if not programs and not os.environ.get("PGHOST"):
            _install()
            programs = _programs()
        if programs:
            os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
        if not shutil.which("psql"):
            need("psql", "postgresql-client")
        self.cluster = _shared_cluster(programs) if programs else None
        named = os.environ.get("PGHOST")
        self.is_private = not named or self.cluster is not None and named == str(self.cluster.socket)
        self.users = None
        self._started = False
        if self.is_private:
            if not self.cluster:
                raise Failure("PostgreSQL was installed, and its programs are not found.")
            self.cluster.select()

    def use(self) -> None:
        """It answers from now on. :raise Failure:"""
        if not self.is_private:
            if subprocess.call(["pg_isready", "-q", "-t", "10"]):
                raise Failure(f"The PostgreSQL server that PGHOST names ({os.environ['PGHOST']}) does not answer.")
            return
        self.users = os.open(CACHE / "postgres.users", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        fcntl.flock(self.users, fcntl.LOCK_SH)
        if not self.cluster.is_ready():
            self._started = True
            with locked("postgres"):
                self.cluster.start()
        self.cluster.select()  # its port may be another one now

    def kept(self) -> tuple[int, ...]:
        """The descriptors that a program is to inherit which needs the cluster, too."""
        return () if self.users is None else (self.users,)

    def release(self) -> None:
        """At the end of a command: stop the cluster if this command started it and nobody else uses it."""
        if self.users is None:
            return
        if self._started and self._is_alone():
            self.cluster.stop()
        os.close(self.users)
        self.users = None

    def _is_alone(self):
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return query("postgres", "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") == [(1,)]

    def own_cluster(self, name: str) -> Cluster:
        """A cluster beside the shared one that nobody else knows, for those who kill PostgreSQL's own processes: started, and
        selected. One whose command is gone is removed.

        :param name: ends with the command's process id
        :raise Failure: where no server is installed
        """
        if not self.cluster:
            raise Failure("Killing PostgreSQL needs a cluster of one's own: install the server (package postgresql).")
        base = self.cluster.folder.parent
        for folder in base.glob("own-*-[0-9]*"):
            if not Path(f"/proc/{folder.name.rpartition('-')[2]}").is_dir():
                self._own(folder).drop()
        cluster = self._own(base / f"own-{name}")
        try:
            cluster.start()
        except BaseException:
            cluster.drop()
            raise
        cluster.select()
        return cluster

    def _own(self, folder):
        return Cluster(self.cluster.programs, folder, _short_socket(folder), self.cluster.owner)


def _programs():
    """The folder of initdb, of the latest version; None where there is no server."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin/initdb") if path.parents[1].name.isdigit()]
    if found:
        return max(found, key=lambda path: int(path.parents[1].name)).parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).parent if elsewhere else None


def _install():
    """Debian's package would start a cluster of its own."""
    if os.geteuid():
        need("PostgreSQL", "postgresql")
    need("PostgreSQL", "postgresql-common")
    conf = Path("/etc/postgresql-common/createcluster.conf")
    kept = conf.with_name(f"{conf.name}.plc")
    shutil.copy2(conf, kept)
    try:
        with conf.open("a") as file:
            file.write("create_main_cluster = false\n")
        need("PostgreSQL", "postgresql")
    finally:
        kept.replace(conf)


def _shared_cluster(programs):
    """As root it lies in a folder that its owner can reach."""
    base, owner = CACHE, pwd.getpwuid(os.geteuid()).pw_name
    if not os.geteuid():
        owner = "postgres" if _user_exists("postgres") else "nobody"
        if Cluster(programs, base, base, owner)._as_owner("test", "-x", CACHE):
            base = Path("/var/lib/plc_mo_batch") / digest_line(str(CACHE))
    version = subprocess.run([programs / "initdb", "--version"], check=True, capture_output=True, text=True).stdout
    folder = base / f"postgresql-{re.search(r'[0-9]+', version)[0]}"
    sock = folder / "socket"
    return Cluster(programs, folder, sock if len(str(sock)) <= SOCKET_BYTES else _short_socket(folder), owner)


def _short_socket(folder):
    return Path(f"/tmp/plc_mo_batch-{digest_line(str(folder))}")  # as short as can be; its owner is checked


def _user_exists(name):
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False
