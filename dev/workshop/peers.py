"""The clients and servers of others that the tests of the wires talk to, so that our encoding does not agree with itself only.

They are no part of the environment: with npm they come by themselves, without it these tests are skipped.
"""

import os
import shutil
import sys

from workshop.host import Failure, locked, logged, say
from workshop.paths import CACHE, DEV, digest, remove

LISTS = DEV / "peers"
FILES = (LISTS / "package.json", LISTS / "requirements.txt")
FOLDER = CACHE / f"peers-{digest(*(file.read_bytes() for file in FILES))}"
COMPLETE = FOLDER / "complete"
NPM = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0")
PIP = (sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps")


def use():
    """Tell the tests where they are."""
    if COMPLETE.exists():
        os.environ.update(NODE_PATH=str(FOLDER / "node_modules"), PLC_PEERS=str(FOLDER / "python"))


def install():
    """As far as this machine can: nothing depends on them."""
    if COMPLETE.exists() or not all(map(shutil.which, ("node", "npm"))):
        return
    with locked("setup"):
        if not COMPLETE.exists():
            say("Installing the clients and servers of others (half a minute) …")
            try:
                _install()
            except Failure as failure:
                say(f"{failure} The tests that talk to them are skipped.")


def _install():
    remove(FOLDER)
    FOLDER.mkdir()
    shutil.copy(FILES[0], FOLDER)
    logged("peers-npm", NPM, cwd=FOLDER)
    logged("peers-pip", [*PIP, "--target", FOLDER / "python", f"--requirement={FILES[1]}"])
    COMPLETE.touch()
