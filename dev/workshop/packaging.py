"""``dev/package``: the addon as a wheel in dist/, and the proof that Odoo installs it from there, not from the clone; and pip
what a wire needs."""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from workshop.environment import environment
from workshop.host import Failure, logged, say
from workshop.paths import ROOT, remove

DIST = ROOT / "dist"
PIP = [sys.executable, "-m", "pip"]
EXTRAS = {"": set(), "s7": {"snap7"}, "opcua": {"snap7", "asyncua"}}  # what is there after each, one after the other
LIBRARIES = set().union(*EXTRAS.values())
LOOK = """
import odoo.addons.plc_mo_batch as addon
layout, module = env.ref("plc_mo_batch.plc_register_layout_flags"), env.ref("base.module_plc_mo_batch")
print(addon.__file__, layout.name, module.installed_version, sep="|")
"""


def package(*arguments):
    if arguments:
        raise Failure("usage: dev/package")
    name = f"plc_package_{os.getpid()}"
    with environment() as env, tempfile.TemporaryDirectory() as folder, env.database(name, addon=False):
        site = Path(folder, "site").resolve()
        wheel = _build(site)
        _check_extras(wheel, Path(folder, "venv"))
        _hide_clone(Path(folder, "odoo.conf"), site)
        say("Installing it in a database …")
        database = ("-d", name, "--no-http", "--log-level=warn")
        logged("package", env.odoo_command(*database, "-i", "plc_mo_batch", "--stop-after-init"), cwd=folder)
        shell = env.odoo_command("shell", *database)
        found = subprocess.run(shell, cwd=folder, input=LOOK, capture_output=True, text=True, check=False).stdout.strip()
        start = f"{site}/odoo/addons/plc_mo_batch/__init__.py|"
        version = found.rpartition("|")[2]
        if not found.startswith(start) or not version.startswith("19.0."):
            raise Failure(f"Odoo did not install it from the wheel: {found}")
    extras = ", ".join(filter(None, EXTRAS))
    say(f"{wheel.relative_to(ROOT)}: pip finds the libraries of its extras ({extras}).")
    say(f"{wheel.relative_to(ROOT)}: Odoo finds it without an addons path, and installed version {version}.")
    return 0


def _build(site):
    remove(DIST)
    say("Building the wheel …")
    logged("wheel", [*PIP, "wheel", "--no-deps", "--wheel-dir", DIST, "./plc_mo_batch"], cwd=ROOT)
    [wheel] = DIST.glob("*.whl")
    logged("pip", [*PIP, "install", "--no-deps", "--target", site, wheel])
    return wheel


def _check_extras(wheel, folder):
    """In an environment of its own, where pip believes that Odoo is there."""
    say("Installing its extras …")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    [packages] = folder.glob("lib/python*/site-packages")
    known = packages / "odoo-19.0.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: odoo\nVersion: 19.0\n")
    for extra, expected in EXTRAS.items():
        what = f"{wheel}[{extra}]" if extra else wheel
        logged("extras", [python, "-m", "pip", "install", "--disable-pip-version-check", what])
        found = {name for name in LIBRARIES if _imports(python, name)}
        if found != expected:
            raise Failure(f"pip install {what} brings {sorted(found)}")


def _imports(python, name):
    return not subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False).returncode


def _hide_clone(config, site):
    """Odoo knows no addons path; the package lies where Python finds it."""
    lines = Path(os.environ["ODOO_RC"]).read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("addons_path")))
    os.environ.update(ODOO_RC=str(config), PYTHONPATH=f"{site}:{os.environ['PYTHONPATH']}")
