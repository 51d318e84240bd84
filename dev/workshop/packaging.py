"""``dev/package``: the addon as a wheel in dist/, and the proof that Odoo installs it from there, not from the clone."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from workshop.environment import environment
from workshop.host import Failure, logged, say
from workshop.paths import ROOT, remove

DIST = ROOT / "dist"
PIP = [sys.executable, "-m", "pip"]
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
    say(f"{wheel.relative_to(ROOT)}: Odoo finds it without an addons path, and installed version {version}.")
    return 0


def _build(site):
    remove(DIST)
    say("Building the wheel …")
    logged("wheel", [*PIP, "wheel", "--no-deps", "--wheel-dir", DIST, "./plc_mo_batch"], cwd=ROOT)
    [wheel] = DIST.glob("*.whl")
    logged("pip", [*PIP, "install", "--no-deps", "--target", site, wheel])
    return wheel


def _hide_clone(config, site):
    """Odoo knows no addons path; the package lies where Python finds it."""
    lines = Path(os.environ["ODOO_RC"]).read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("addons_path")))
    os.environ.update(ODOO_RC=str(config), PYTHONPATH=f"{site}:{os.environ['PYTHONPATH']}")
