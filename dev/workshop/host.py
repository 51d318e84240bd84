"""This machine: what is said, locked, logged and installed on it."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections import deque
from contextlib import contextmanager
from pathlib import Path

from workshop.paths import CACHE, LOGS

CHROMIUM = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")  # as Odoo looks for it
TAIL = 25  # lines of a log that are shown where a command failed


class Failure(Exception):
    """What went wrong, in a sentence for the person in front of the terminal."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def locked(name: str):
    """One clone at a time. No process that is started meanwhile inherits the lock."""
    with open(CACHE / f"{name}.lock", "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another dev command ({name}) …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def logged(name: str, command, **options) -> None:
    """Run a program with its output in a log.

    :raise Failure: when it fails, once the log's end was shown
    """
    log = LOGS / f"{name}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [*map(str, command)], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False, **options
        )
    if done.returncode:
        show_end(log)
        raise Failure(f"{name} failed, its output is in {log}")


def show_end(log: Path, lines: int = TAIL) -> None:
    with log.open(errors="replace") as file:
        for line in deque(file, lines):
            sys.stderr.write(line)
    sys.stderr.flush()


def need(what: str, *packages: str) -> None:
    """Install Debian packages as root.

    :raise Failure: for another user, who is told which
    """
    if os.geteuid() or not shutil.which("apt-get"):
        raise Failure(f"{what} is missing: install the package {' '.join(packages)} (this needs root), then try again.")
    say(f"{what}: installing {' '.join(packages)} …")
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    again = '"$@" || { apt-get update && "$@"; }'  # the lists may be old, or not there yet
    logged("apt", ["sh", "-c", again, "sh", *install], env=quiet)


def need_chromium() -> None:
    if not any(map(shutil.which, CHROMIUM)):
        need("Chromium (for the browser tests)", "chromium")
