"""What is loaded with the addon, in a fresh process: the libraries of wires only once a PLC needs them."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

from odoo.tests import BaseCase, tagged

from ...plc.wires import KINDS

ADDON = Path(__file__).resolve().parents[2]
# the extra that brings it -> what Python imports
LIBRARIES = {"s7": "snap7", "opcua": "asyncua"}
# arguments: libraries that are taken away; prints after each step how many modules there are, and which of the libraries
STEPS = """
import json, sys

path, libraries, missing = map(json.loads, sys.argv[1:])
sys.modules.update(dict.fromkeys(missing))
import odoo.addons

odoo.addons.__path__ = path

def tell(step):
    loaded = {name for name, module in sys.modules.items() if module}
    print(json.dumps([step, len(loaded), [name for name in libraries if name in loaded]]))

import odoo.addons.plc_mo_batch
import odoo.addons.plc_mo_batch.simulator as simulator

tell("addon")
from odoo.addons.plc_mo_batch.plc.layout import JOB_NUMBERS
from odoo.addons.plc_mo_batch.plc.wire import Endpoint, LinkError
from odoo.addons.plc_mo_batch.plc.wires import KINDS, new_wire

for transport in sorted(KINDS, key=lambda name: name in libraries):
    try:
        new_wire(Endpoint("192.0.2.1", 1, transport=transport), JOB_NUMBERS)
    except LinkError as error:
        assert error.kind == "setup", error
    tell(transport)
"""


@tagged("post_install", "-at_install")
class TestImports(BaseCase):
    def steps(self, *missing):
        """{step: (how many modules there are then, which libraries)}"""
        import odoo.addons

        path = [str(ADDON.parent), *(folder for folder in odoo.addons.__path__ if folder != str(ADDON.parent))]
        arguments = map(json.dumps, (path, list(LIBRARIES.values()), missing))
        done = subprocess.run([sys.executable, "-c", STEPS, *arguments], capture_output=True, text=True, check=False)
        self.assertFalse(done.returncode, done.stderr)
        return {step: (count, libraries) for step, count, libraries in map(json.loads, done.stdout.splitlines())}

    def test_each_library_when_a_plc_needs_it(self):
        """Whether they are installed or not, the addon loads the same."""
        found = self.steps()
        bare = self.steps(*LIBRARIES.values())
        self.assertEqual(found["addon"], bare["addon"])
        self.assertEqual(set(found), {"addon", *KINDS})
        self.assertLessEqual(set(LIBRARIES), set(KINDS))
        expected = []
        for transport, (count, libraries) in found.items():
            if transport in LIBRARIES and importlib.util.find_spec(LIBRARIES[transport]):
                expected.append(LIBRARIES[transport])
            self.assertCountEqual(libraries, expected, transport)
            self.assertEqual(bare[transport][1], [], transport)
            if not expected:
                self.assertEqual(bare[transport][0], count, transport)

    def test_every_extra(self):
        extras = ADDON.joinpath("pyproject.toml").read_text().partition("[tool.plc_mo_batch.extras]")[2]
        self.assertEqual(set(re.findall(r"^(\w+) = ", extras, re.MULTILINE)), set(LIBRARIES))
