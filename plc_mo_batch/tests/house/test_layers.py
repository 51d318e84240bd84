import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).resolve().parents[2]
# from the wire up
ORDER = [
    "curve",
    "doses",
    "sentences",
    "codec",
    "layout",
    "constants",
    "register_table",
    "pasted_table",
    "dissect",
    "address",
    "wire",
    "trust",
    "transport",
    "wires",
    "signature",
]
ORDER += ["look", "browse", "trial", "steps", "handshake", "job_numbers", "flags", "reconcile", "events", "clock", "levels"]
ORDER += ["exchange"]


def imported(path):
    """The modules that a file imports, anywhere in it; its own package's begin with dots."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield "." * node.level + node.module
        elif isinstance(node, ast.ImportFrom):
            yield from ("." * node.level + alias.name for alias in node.names)


def importers(package):
    return {
        path.relative_to(ADDON)
        for path in ADDON.rglob("*.py")
        if any(name.partition(".")[0] == package for name in imported(path))
    }


@tagged("post_install", "-at_install")
class TestLayers(BaseCase):
    def test_one_file_knows_pymodbus(self):
        """The addon's; the simulator is a peer of its own, and the tests need a second opinion."""
        found = {path for path in importers("pymodbus") if path.parts[0] not in ("simulator", "tests")}
        self.assertEqual(found, {Path("plc", "transport.py")})

    def test_what_is_optional_is_loaded_when_a_plc_needs_it(self):
        """So nothing imports it where it stands."""
        for package in ("snap7", "asyncua"):
            self.assertEqual({path.parts[0] for path in importers(package)}, {"tests"})

    def test_plain_python(self):
        """What can be decided without Odoo knows nothing of it."""
        for package in ("odoo", "psycopg2"):
            self.assertFalse({path for path in importers(package) if path.parts[0] == "plc"})

    def test_a_lower_layer_imports_no_higher_one(self):
        layers = {path.stem: [path] for path in ADDON.joinpath("plc").glob("*.py") if path.stem != "__init__"}
        layers["wires"] = list(ADDON.joinpath("plc", "wires").glob("*.py"))
        self.assertEqual(set(layers), set(ORDER), "a new layer needs its place in ORDER")
        said = ADDON.joinpath("plc", "__init__.py").read_text()  # the package names them all
        for place, layer in enumerate(ORDER):
            self.assertIn(f"``{layer}``", said)
            for path in layers[layer]:
                own = {name.lstrip(".").partition(".")[0] for name in imported(path) if name.startswith(".")}
                self.assertLessEqual(own, set(ORDER[:place]), path)

    def test_one_file_names_the_wire_that_speaks_modbus(self):
        """Whoever talks to a PLC asks the registry for a wire."""
        found = {path for path in ADDON.joinpath("plc").rglob("*.py") if any("transport" in name for name in imported(path))}
        self.assertEqual(found, {ADDON.joinpath("plc", "wires", "modbus.py")})
