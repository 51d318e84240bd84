"""The addon's plain Python (``plc/``, and the layouts of its tests) without Odoo."""

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# packages that are their folders alone: what their __init__ imports needs Odoo
for _name in ("plc_mo_batch", "plc_mo_batch.tests"):
    _package = types.ModuleType(_name)
    _package.__path__ = [str(ROOT.joinpath(*_name.split(".")))]
    sys.modules[_name] = _package

from plc_mo_batch.plc import exchange, reconcile, transport  # noqa: E402
from plc_mo_batch.tests import plc_layouts  # noqa: E402

__all__ = ["ROOT", "exchange", "plc_layouts", "reconcile", "transport"]
