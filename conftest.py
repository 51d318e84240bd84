"""pytest: prints at its end what tests have to tell (plc_mo_batch/tests/summary.py), also those of xdist's workers."""

import sys

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
