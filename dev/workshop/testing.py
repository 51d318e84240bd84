"""``dev/test``, ``dev/test-odoo``, ``dev/doors``, ``dev/coverage``: pytest on a fresh database."""

import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

from workshop import peers
from workshop.databases import WORKERS
from workshop.environment import environment, fresh_database
from workshop.host import Failure, need_chromium, say
from workshop.linting import lint
from workshop.paths import ROOT
from workshop.worlds import BARE, PLANT, WORLDS, take_world

# pytest shows a failing test's log itself; Odoo's limit on memory would also bind the programs that tests start
OPTIONS = (
    "--odoo-http",
    "--odoo-log-level=warn",
    "--odoo-extra=logfile=/dev/null",
    "--odoo-extra=limit-memory-hard=0",
)
LONGEST_FIRST = ("tests", "plc_mo_batch/tests")
PLANT_TESTS = [  # what touches an order, its stock or its pages; all else knows no more of a plant than of its absence
    "plc_mo_batch/tests/orders",  # whose files take longest
    "plc_mo_batch/tests/booking",
    "plc_mo_batch/tests/house/test_views.py",
    "plc_mo_batch/tests/access/test_cancel.py",
    "plc_mo_batch/tests/screens/test_batch_screen.py",
    "plc_mo_batch/tests/events",
]
DOOR_TABLES = [f"plc_mo_batch/tests/orders/test_doors_{moment}.py" for moment in ("waiting", "at_work", "ended")]
ALWAYS = (  # what guards the house, what takes seconds, the seed's scenarios; and what draws its long runs itself
    "plc_mo_batch/tests/core/",
    "plc_mo_batch/tests/house/",
    "plc_mo_batch/tests/orders/test_fill",
    "plc_mo_batch/tests/orders/test_shares.py",
    "plc_mo_batch/tests/booking/test_write_back",
    "plc_mo_batch/tests/exchange/test_exchange.py",
    "plc_mo_batch/tests/access/test_security_fields.py",
    "plc_mo_batch/tests/access/test_security_methods.py",
    "tests/test_balance.py",
    "tests/test_books.py",
    "tests/test_conf_example.py",
    "tests/test_demo_cycle.py",
    "tests/test_docs.py",
    "tests/test_flow.py",
    "tests/test_guides.py",
    "tests/test_page.py",
    "tests/test_races.py",
    "tests/test_soak.py",
    "tests/test_torture.py",
    "tests/test_upgrade.py",
    "tests/test_workshop.py",
    "tests/test_worlds.py",
)
_drawn = runpy.run_path(str(ROOT / "plc_mo_batch" / "tests" / "lot.py"))["drawn"]  # its package needs Odoo
PLANT_ALONE = ("ValueCase", "needs mrp_product_expiry", "needs the app")  # in a file that the bare world can but skip
NOT_RUN = {"test_lint": "test_pylint.py::TestPyLint::test_pylint"}  # wants another pylint; dev/lint runs pylint-odoo
# modules whose tests run with the addon, each where it is at home
ODOOS_TESTS = {"mrp": BARE, "mrp_account": PLANT, "test_lint": BARE, "test_rpc": BARE}
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
    """All of them in one world after the other, each on all cores; some, or those of a world that is named, in that one alone.

    Without arguments, a part by lot (plc_mo_batch/tests/lot.py): of the great tables a quarter of the cells, of the files
    a quarter besides ``ALWAYS``, and each that runs in both worlds in one of them. Another commit draws another part; ``--all``
    leaves nothing out.

    :return: the worse exit code of the two
    """
    options = {"--no-lint", "--all"} & {*arguments}
    arguments = tuple(argument for argument in arguments if argument not in options)
    if "--no-lint" not in options:
        lint()
    need_chromium()
    peers.install()
    world, arguments = take_world(arguments)
    worlds = [world or BARE] if world or arguments else WORLDS.values()
    lot = "" if world or arguments or "--all" in options else _commit()
    os.environ["PLC_LOT"] = lot
    with environment() as env:
        return max([_test(env, each, arguments or _all(each, lot)) for each in worlds])


def _commit():
    """What the lot is drawn with; empty, and so nothing left out, where there is no git."""
    try:
        return subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _test(env, world, arguments):
    say(f"== tests in the {world.name} world")
    with fresh_database(env, world=world) as name:
        status = env.run(_pytest(name, *arguments), cwd=ROOT)
    say(f"== the {world.name} world: {f'failed ({status})' if status else 'passed'}")
    return status


def _all(world, lot):
    options = (*_in_parallel(), "--durations=20", "--durations-min=5")
    if not lot:
        return (*options, *(PLANT_TESTS if world is PLANT else LONGEST_FIRST))
    shared = _shared_files()
    in_plant = [file for file in shared if _is_for_the_plant(file, lot)]
    if world is PLANT:
        return (*options, *(file for file in in_plant if _is_tried(file, lot)))
    left_out = [file for file in _files(LONGEST_FIRST) if file in in_plant or not _is_tried(file, lot)]
    return (*options, *(f"--ignore={file}" for file in left_out), *LONGEST_FIRST)


def _shared_files():
    """What runs in both worlds, in the order of PLANT_TESTS."""
    return _files(PLANT_TESTS)


def _files(paths):
    found = [sorted(Path(ROOT, path).rglob("test_*.py")) or [Path(ROOT, path)] for path in paths]
    return [str(file.relative_to(ROOT)) for files in found for file in files]


def _is_for_the_plant(file, lot):
    text = Path(ROOT, file).read_text("utf-8")
    return any(word in text for word in PLANT_ALONE) or _drawn(f"{lot} {file}") % 2 == 0


def _is_tried(file, lot):
    return file.startswith(ALWAYS) or _drawn(f"{lot} turn {file}") % 4 == 0


def test_odoo(*arguments):
    """Under pytest they all run once every module is loaded; with Odoo's own runner most would run before the addon is."""
    world, arguments = take_world(arguments)
    addon = "--no-addon" not in arguments
    arguments = [argument for argument in arguments if argument != "--no-addon"]
    modules = list(ODOOS_TESTS)
    if arguments and arguments[0][:1].islower():
        modules = [arguments.pop(0)]
    need_chromium()
    with environment() as env:
        return max([_test_odoo(env, module, world or ODOOS_TESTS.get(module, PLANT), addon, arguments) for module in modules])


def _test_odoo(env, module, world, addon, arguments):
    say(f"== tests of {module} in the {world.name} world, {'with' if addon else 'without'} the addon")
    folders = [env.odoo.path / addons / module / "tests" for addons in ("odoo/addons", "addons")]
    tests = next(filter(Path.is_dir, folders), None)
    if not tests:
        raise Failure(f"Odoo has no module {module} with tests.")
    place = ["-c", ROOT / "pytest.ini", f"--rootdir={tests}", "-p", "no:cacheprovider"]
    with fresh_database(env, world=world, addon=addon) as name:
        install = env.odoo_command("-d", name, "-i", module, "--stop-after-init", "--log-level=warn")
        if module not in world.modules and env.run(install):
            raise Failure(f"{module} cannot be installed.")
        left_out = [f"--deselect={NOT_RUN[module]}"] if module in NOT_RUN else []
        return env.run(_pytest(name, *place, *left_out, *(arguments or [tests])), cwd=tests)


def doors():
    """Tests try them; with the variable they write what they find, and else compare."""
    os.environ["PLC_WRITE_DOORS"] = "1"
    with environment() as env, fresh_database(env) as name:
        return env.run(_pytest(name, *DOOR_TABLES), cwd=ROOT)


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
    """File by file, each worker with a copy of the database. There is one more than cores, at most four: tests wait, for PLCs,
    browsers, other servers. In the order of the paths: pytest-xdist would begin with the files that have most tests, and end with
    one worker alone at the three of test_torture."""
    return f"--numprocesses={min(len(os.sched_getaffinity(0)) + 1, WORKERS)}", "--dist=loadfile", "--no-loadscope-reorder"
