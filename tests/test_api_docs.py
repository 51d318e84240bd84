"""The examples of docs/api.md, run as they stand there against a real server: as operator, as manager, and as a stranger."""

import os
import re
import subprocess
import sys
from tempfile import TemporaryDirectory

import pytest
from support import Json2, new_user, press_until

from workshop.plant import ROOT, Server

EXAMPLE = re.compile(r"^## ([^\n]*)\n(?:(?!^## ).)*?^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = {title: (language, code) for title, language, code in EXAMPLE.findall((ROOT / "docs" / "api.md").read_text())}
MANAGERS = [title for title in EXAMPLES if "(managers)" in title]
OPERATORS = [title for title in EXAMPLES if title not in MANAGERS]
SECONDS = 300


@pytest.fixture(scope="module")
def server(database, folder):
    with Server(database, folder / "odoo.log") as server:
        yield server.wait_up()


@pytest.fixture(scope="module")
def people(server):
    """role -> what its examples find in their environment."""
    admin = server.rpc()
    roles = {"operator": ["plc_mo_batch.group_operator"], "manager": ["plc_mo_batch.group_manager"], "stranger": []}
    return {role: environment(server, *new_user(admin, role, *groups)) for role, groups in roles.items()}


def environment(server, login, password):
    key = Json2(server, login, password).key
    names = {"URL": server.url, "DB": server.database, "LOGIN": login, "PASSWORD": password, "API_KEY": key}
    return {**os.environ, **{f"ODOO_{name}": value for name, value in names.items()}}


@pytest.fixture
def queue(server):
    """A queue for the examples to look at; its PLC is off."""
    admin = server.rpc()

    def filled():
        [plc] = admin.call("plc.controller", "api_queue", [])
        return plc["counts"].get("queued")

    press_until(lambda: admin.call("plc.controller", "api_fill", []), filled, 300, server.check)


def run(title, environment):
    language, code = EXAMPLES[title]
    command = ["bash", "-euo", "pipefail", "-c", code] if language == "bash" else [sys.executable, "-c", code]
    with TemporaryDirectory() as folder:  # some keep files
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)


def test_there_is_one_of_each_kind():
    assert len(OPERATORS) == 4
    assert len(MANAGERS) == 1


@pytest.mark.parametrize("title", OPERATORS)
@pytest.mark.parametrize("role", ["operator", "manager"])
def test_example(people, queue, role, title):
    done = run(title, people[role])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Feed mill" in done.stdout


@pytest.mark.parametrize("title", MANAGERS)
def test_managers_example(server, people, queue, title):
    assert run(title, people["manager"]).returncode == 0
    refused = run(title, people["operator"])
    assert refused.returncode != 0
    assert "403" in refused.stderr
    [plc] = server.rpc().call("plc.controller", "api_queue", [])
    assert plc["enabled"] is True


@pytest.mark.parametrize("title", EXAMPLES)
def test_stranger_is_refused(people, queue, title):
    done = run(title, people["stranger"])
    assert done.returncode != 0
    assert re.search(r"AccessError|Fault 4|You are not allowed to access|Error 403", done.stdout + done.stderr), done.stderr


def test_what_the_examples_say_of_errors(people, queue):
    """curl's example ends with two that the server refuses."""
    done = run(OPERATORS[0], people["operator"])
    assert '"name": "odoo.exceptions.MissingError"' in done.stdout
    assert "Manufacturing order WH/MO/00042 does not exist." in done.stdout
    assert '"context": {"code": "not_found"}' in done.stdout
    assert '"ok": false, "error": {"code": "not_found"' in done.stdout
    assert "no such order" in done.stdout
    assert "no such batch" in done.stdout
