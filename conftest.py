"""pytest: prints at its end what tests have to tell (plc_mo_batch/tests/summary.py), also those of xdist's workers, each of
which has a filestore of its own."""

import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

TOLD = []  # of the workers


def _lines():
    told = sys.modules.get("odoo.addons.plc_mo_batch.tests.summary")
    return told.LINES if told else []


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["told"] = list(_lines())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    TOLD.extend(getattr(node, "workeroutput", {}).get("told", []))


def pytest_terminal_summary(terminalreporter):
    lines = TOLD + _lines()
    if lines:
        terminalreporter.section("what was tried")
        for line in lines:
            terminalreporter.write_line(line)


@contextmanager
def _own_filestore(original, database):
    """pytest-odoo gives each of xdist's workers a copy of the database, and lets them share one filestore. But after each class
    of tests Odoo deletes the files that the worker's own database does not know: those, too, that a test of another worker has
    just stored. The longer that takes, the surer: certificates were gone, and the scripts of the page that a tour waits for.
    """
    if database != original:
        import odoo  # only where there is one

        filestore = Path(odoo.tools.config["data_dir"]) / "filestore"
        shutil.rmtree(filestore / database, ignore_errors=True)
        if (filestore / original).is_dir():
            # Odoo never changes a file in place, so that links do (dev/test removes them with the database)
            shutil.copytree(filestore / original, filestore / database, copy_function=os.link)
    yield


if "pytest_odoo" in sys.modules:
    assert callable(sys.modules["pytest_odoo"]._shared_filestore), "pytest-odoo shares the filestore by other means now"
    sys.modules["pytest_odoo"]._shared_filestore = _own_filestore
