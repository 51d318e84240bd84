"""The clients and servers of others, each a program of its own. ``dev/setup`` installs them where there is npm (dev/peers).

Plain Python.
"""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from .patience import DEADLINE

HOW = "is not there: dev/setup installs it, on a machine that has node and npm"


def need_node(case, package):
    """Node.js and a package of npm, or the test is skipped."""
    node = shutil.which("node")
    command = [node, "-e", f"require.resolve('{package}')"]
    if not node or subprocess.run(command, capture_output=True, check=False).returncode:
        case.skipTest(f"The npm package {package} {HOW}")


def node(code, *arguments):
    """What a program printed, and what it complained of."""
    command = ["node", "-e", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE)
    return done.stdout, done.stderr


def need_snap7(case):
    """Snap7, in C, as an old version of python-snap7 brings it, or the test is skipped."""
    if not Path(os.environ.get("PLC_PEERS") or "/nowhere", "snap7", "lib").is_dir():
        case.skipTest(f"Snap7 {HOW}")


def snap7(code, *arguments):
    """What a program with it printed, and what it complained of."""
    done = subprocess.run(_with_snap7(code, arguments), capture_output=True, text=True, check=False, timeout=DEADLINE)
    return done.stdout, done.stderr


@contextmanager
def running_snap7(code, *arguments):
    """A program with it, which ends when its input does; it has printed a line."""
    with subprocess.Popen(_with_snap7(code, arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.stdin.close()


def _with_snap7(code, arguments):
    begin = f"import sys; sys.path.insert(0, {os.environ['PLC_PEERS']!r})\n"
    return [sys.executable, "-c", begin + code, *map(str, arguments)]
