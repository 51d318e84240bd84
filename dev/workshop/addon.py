"""Importing this makes ``plc_mo_batch.…`` importable from the clone without Odoo: ``plc/``, ``simulator/`` and the tests of both.

Import it above an ``# isort: split``, and what is wanted of the addon below that line.
"""

import sys
import types

from workshop.paths import ROOT

NAME = "plc_mo_batch"

_tests = ROOT / NAME / "tests"
_folders = [f"{NAME}.tests.{_path.parent.name}" for _path in _tests.glob("*/__init__.py")]
for _name in (NAME, f"{NAME}.tests", *_folders):  # packages that are their folders alone: what their __init__ imports needs Odoo
    if _name not in sys.modules:
        _package = sys.modules[_name] = types.ModuleType(_name)
        _package.__path__ = [str(ROOT.joinpath(*_name.split(".")))]
