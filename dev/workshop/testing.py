"""``dev/test``, ``dev/test-odoo``, ``dev/doors``, ``dev/coverage``: pytest on a fresh database."""

import os
import sys
import tempfile
from pathlib import Path

from workshop.databases import WORKERS
from workshop.environment import environment, fresh_database
from workshop.host import Failure, need_chromium, say
from workshop.linting import lint
from workshop.paths import ROOT

# pytest shows a failing test's log itself; Odoo's limit on memory would also bind the programs that tests start
OPTIONS = (
    "--odoo-http",
    "--odoo-log-level=warn",
    "--odoo-extra=logfile=/dev/null",
    "--odoo-extra=limit-memory-hard=0",
)
COVERAGE = """[run]
branch = true
parallel = true
patch = subprocess
data_file = {folder}/data
source =
    {root}/plc_mo_batch/plc
    {root}/plc_mo_batch/models
"""  # patch: pytest's workers are processes of their own


def test(*arguments):
    if arguments[:1] == ("--no-lint",):
        arguments = arguments[1:]
    else:
        lint()
    need_chromium()
    arguments = arguments or (*_in_parallel(), "--durations=20", "--durations-min=5")
    with environment() as env, fresh_database(env) as name:
        return env.run(_pytest(name, *arguments), cwd=ROOT)


def test_odoo(*arguments):
    """Under pytest they all run once every module is loaded; with Odoo's own runner most would run before the addon is."""
    module = "mrp"
    if arguments and arguments[0][:1].islower():
        module, *arguments = arguments
    need_chromium()
    with environment() as env:
        folders = [env.odoo.path / addons / module / "tests" for addons in ("odoo/addons", "addons")]
        tests = next(filter(Path.is_dir, folders), None)
        if not tests:
            raise Failure(f"Odoo has no module {module} with tests.")
        place = ["-c", ROOT / "pytest.ini", f"--rootdir={tests}", "-p", "no:cacheprovider"]
        with fresh_database(env) as name:
            return env.run(_pytest(name, *place, *(arguments or [tests])), cwd=tests)


def doors():
    """It is a test that tries them; with the variable it writes what it finds, and else compares."""
    os.environ["PLC_WRITE_DOORS"] = "1"
    with environment() as env, fresh_database(env) as name:
        return env.run(_pytest(name, "plc_mo_batch/tests/orders/test_doors.py"), cwd=ROOT)


def coverage(*arguments):
    """Of the test files that are named; of all, into docs/coverage.md."""
    need_chromium()
    document = [] if arguments else ["docs/coverage.md"]
    # what explores at random or exhaustively would cover everything, and say nothing
    apart = ("--ignore-glob=*_stateful.py", "--ignore-glob=*_model.py", "plc_mo_batch/tests")
    arguments = arguments or (*_in_parallel(), *apart)
    with environment() as env, tempfile.TemporaryDirectory() as folder, fresh_database(env) as name:
        options = f"--rcfile={folder}/coveragerc"
        Path(folder, "coveragerc").write_text(COVERAGE.format(folder=folder, root=ROOT))

        def cover(command, *rest):
            return env.run([sys.executable, "-m", "coverage", command, options, *rest], cwd=ROOT)

        if cover("run", *_pytest(name, *arguments)[1:]):
            say("(some tests failed, see above)")  # what was covered is told all the same
        report = [sys.executable, "-m", "workshop.coverage_report", f"{folder}/coverage.json", *document]
        return (
            cover("combine", "--quiet") or cover("json", "--quiet", "-o", f"{folder}/coverage.json") or env.run(report, cwd=ROOT)
        )


def _pytest(database, *arguments):
    return [sys.executable, "-m", "pytest", f"--odoo-database={database}", *OPTIONS, *arguments]


def _in_parallel():
    """File by file on as many cores as there are (at most four), each with a copy of the database."""
    return f"--numprocesses={min(len(os.sched_getaffinity(0)), WORKERS)}", "--dist=loadfile"
