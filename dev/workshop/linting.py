"""``dev/lint``: ruff on all Python, mypy on what needs no Odoo, pylint-odoo and bandit on the addon, shellcheck on scripts."""

import re
import subprocess
import sys

from workshop.host import Failure, say
from workshop.paths import DEV, ROOT

# mo.batch is one model in several files
SILENT = "manifest-required-author,missing-readme,consider-merging-classes-inherited"
LINTERS = {
    "ruff": ["-m", "ruff", "check", "--quiet", "."],
    "format": ["-m", "ruff", "format", "--check", "--quiet", "."],
    "mypy": ["-m", "mypy", "--no-error-summary"],  # mypy.ini says on what
    "pylint": ["-m", "pylint", "--jobs=0", "--score=no", f"--disable={SILENT}", "plc_mo_batch"],
    "bandit": ["-m", "bandit", "--quiet", "--recursive", "plc_mo_batch", "--exclude", "plc_mo_batch/tests"],
}


def lint(*arguments):
    """All of them run. :raise Failure: when one complains"""
    if arguments:
        raise Failure("usage: dev/lint")
    scripts = [file for file in [*sorted(DEV.iterdir()), ROOT / ".ci" / "run"] if _is_shell(file)]
    commands = {name: [sys.executable, *options] for name, options in LINTERS.items()}
    commands["shellcheck"] = [f"{sys.prefix}/bin/shellcheck", "-x", "-P", "SCRIPTDIR", *scripts]
    failed = []
    for name, command in commands.items():
        say(f"== {name}")
        if subprocess.call(command, cwd=ROOT):
            failed.append(name)
    if failed:
        raise Failure(f"the linters found something: {' '.join(failed)}")
    return 0


def _is_shell(file):
    return file.is_file() and bool(re.search(r"^#!.*bash|^# shellcheck shell", file.read_text(), re.MULTILINE))
