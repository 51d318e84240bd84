"""The container image and its compose file: what they name exists; built where somebody can build it."""

import json
import re
import shutil
import subprocess

import pytest

from odoo.tools import config

from workshop.paths import DEV, ROOT

FOLDER = DEV / "container"
COMPOSE = FOLDER / "compose.yaml"


def commands():
    """The command of each service, as a list."""
    return [json.loads(text) for text in re.findall(r"^    command: (\[.*\])$", COMPOSE.read_text(), re.MULTILINE)]


def test_what_is_copied_is_there():
    copied = re.findall(r"^COPY (\S+)", (FOLDER / "Containerfile").read_text(), re.MULTILINE)
    assert copied
    assert all((ROOT / name).exists() for name in copied)


def test_options_of_odoo():
    [odoo, _plc] = commands()
    for option in odoo[1:]:
        name, value = option.removeprefix("--").split("=")
        assert f"--{name}" in config.parser._long_opt, name
        assert value


def test_options_of_the_simulator():
    [_odoo, plc] = commands()
    assert plc[:3] == ["odoo", "--addons-path=/mnt/extra-addons", "plc_simulator"]
    help_text = subprocess.run(
        [DEV / "odoo", "plc_simulator", "--help"], capture_output=True, text=True, timeout=600, check=True
    ).stdout
    for option in plc[3:]:
        assert option.split("=")[0] in help_text


@pytest.mark.skipif(not shutil.which("docker"), reason="no docker")
def test_compose_reads_it():
    found = subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=60)
    if found.returncode:
        pytest.skip("no docker compose")
    subprocess.run(["docker", "compose", "-f", COMPOSE, "config", "--quiet"], check=True, timeout=60)


def test_it_builds():
    """Only where a builder runs: elsewhere nobody can tell."""
    builder = shutil.which("docker")
    if not builder or subprocess.run([builder, "info"], capture_output=True, timeout=60).returncode:
        pytest.skip("no builder")
    subprocess.run([builder, "build", "-f", FOLDER / "Containerfile", ROOT], check=True, timeout=1800)
