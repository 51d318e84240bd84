"""The package ``workshop``: every module is found by its full name and nothing else, every command is there, and whoever uses the
shared cluster holds it."""

import ast
import importlib
import os
import pkgutil
import signal
import subprocess
import sys
import time

import pytest
from lxml import etree

import workshop
from workshop import commands, mutants
from workshop.clusters import Postgres
from workshop.paths import DEV, ROOT
from workshop.screens import SCREENS

SCRIPTS = [file.name for file in DEV.iterdir() if file.is_file() and not file.suffix]
MODULES = [module.name for module in pkgutil.walk_packages(workshop.__path__, "workshop.")]
SLEEP = "import sys; from workshop.environment import run; sys.exit(run(['sleep', '61.5']))"


def test_nobody_changes_the_path():
    """The package is found by PYTHONPATH and pytest.ini alone."""
    for folder in ("dev", "tests", "plc_mo_batch"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                assert not (isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path"), f"{file}: {node.lineno}"


def test_dev_adds_two_names():
    """It is on the path: what lies there can be imported by whoever looks for another module of that name."""
    found = {path.stem for path in DEV.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found == {"plain", "workshop"}


@pytest.mark.parametrize("name", [name for name in MODULES if name != "workshop.plain"])
def test_each_module_can_be_imported(name):
    importlib.import_module(name)


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_has_its_command(script):
    lines = (DEV / script).read_text().splitlines()
    assert lines[-1] == f'workshop {script} "$@"'
    assert callable(getattr(commands, script.replace("-", "_")))


def test_plain_tests_need_no_odoo():
    """``dev/plain.py`` and ``make mutants`` import them where there is none."""
    loaded = "import workshop.plain; print(workshop.plain.load().countTestCases())"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 400


def test_mutants_forget_no_module():
    """``make mutants`` takes hours; that it refuses to begin is said here."""
    assert mutants.forgotten() == set()


def test_each_screen_has_its_picture():
    """What a menu opens has a path, and ``screens.py`` a line for it."""
    trees = [etree.parse(path) for path in (ROOT / "plc_mo_batch").glob("*/*.xml")]
    opened = {menu.get("action") for tree in trees for menu in tree.iter("menuitem")} - {None}
    records = {record.get("id"): record for tree in trees for record in tree.iter("record")}
    paths = {action: records[action].findtext("field[@name='path']") for action in opened}
    taken = {screen.path.partition("/")[0] for screen in SCREENS}
    assert paths["mo_batch_action"] == "plc-batches"
    assert {action: path for action, path in paths.items() if path not in taken} == {}


def test_a_signal_is_passed_on_and_waited_for():
    process = subprocess.Popen([sys.executable, "-c", SLEEP])
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    deadline = time.monotonic() + 60
    while not (child := open(children).read().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    assert not os.path.exists(f"/proc/{child}")


def test_what_runs_in_the_environment_holds_the_cluster():
    """Else a command that ends could stop it meanwhile."""
    if not Postgres().is_private:
        pytest.skip("PGHOST names a server of one's own")
    shown = subprocess.check_output([DEV / "run", "ls", "-l", "/proc/self/fd"], text=True)
    assert "postgres.users" in shown


def test_an_error_is_a_sentence():
    done = subprocess.run([DEV / "newdb", "postgres"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "Error: postgres is a name that dev/newdb needs itself.\n")
