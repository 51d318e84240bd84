"""The addon's plain Python (``plc/``, ``simulator/``) and the tests of it, without Odoo: they load in a fraction of a second.

``import workshop.plain`` makes ``plc_mo_batch.…`` importable from the clone, and ``odoo.addons.plc_mo_batch.…`` another name of
the same modules. Of Odoo itself there is only what a test file needs to be imported: test cases that need a database are skipped.

``python dev/plain.py [-v] [NAME…]`` runs the plain tests, or those of the files that are named.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
import unittest

from workshop.addon import NAME
from workshop.paths import ADDON

TESTS = (  # fast ones first
    "test_sentences",
    "test_codec",
    "test_dissect",
    "test_layout",
    "test_layout_rules",
    "test_reconcile",
    "test_reconcile_sentences",
    "test_reconcile_watched",
    "test_reconcile_unbelieved",
    "test_reconcile_tables",
    "test_events",
    "test_events_rules",
    "test_layers",
    "test_clock",
    "test_levels",
    "test_constants",
    "test_register_table",
    "test_pasted_table",
    "test_curve",
    "test_doses",
    "test_simulator_bins",
    "test_simulator_events",
    "test_simulator",
    "test_events_model",
    "test_look",
    "test_signature",
    "test_trial",
    "test_conversations",
    "test_rounds",
    "test_wire_registry",
    "test_codec_properties",
    "test_address",
    "test_transport",
    "test_wires",
    "test_fins",
    "test_s7",
    "test_opcua",
    "test_browse",
    "test_wire_faults",
    "test_trust",
    "test_reconcile_stateful",
    "test_reconcile_model",
)


class NoDatabase(unittest.TestCase):
    """Stands for ``TransactionCase``."""

    @classmethod
    def setUpClass(cls):
        raise unittest.SkipTest("needs Odoo")


class _Absent(types.ModuleType):
    """A module of Odoo that is not there; whatever is imported from it is an empty class."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``odoo`` and what is below it."""

    def find_spec(self, name, path=None, target=None):
        if name == "odoo" or name.startswith("odoo."):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        if not spec.name.startswith(f"odoo.addons.{NAME}"):
            return _Absent(spec.name)
        module = importlib.import_module(spec.name.removeprefix("odoo.addons."))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module):
        if module.__spec__.loader_state:  # the module has its second name; its spec stays as it was
            module.__spec__ = module.__spec__.loader_state
        elif module.__name__ == "odoo.tests":
            module.BaseCase, module.TransactionCase = unittest.TestCase, NoDatabase
            module.tagged = lambda *_tags: lambda case: case


sys.meta_path.insert(0, _Finder())


def load(*names):
    """The tests of these files (``test_codec``), by default all plain ones; whatever folder they lie in."""
    folder = ADDON / "tests"
    files = [next(folder.rglob(f"{name}.py")).relative_to(folder) for name in names or TESTS]
    modules = [importlib.import_module(".".join([NAME, "tests", *file.with_suffix("").parts])) for file in files]
    return unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromModule, modules))


def main():
    options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    tests = load(*(argument for argument in sys.argv[1:] if not argument.startswith("-")))
    result = unittest.TextTestRunner(verbosity=1 + ("-v" in options)).run(tests)
    return int(not result.wasSuccessful())


if __name__ == "__main__":
    sys.exit(main())
