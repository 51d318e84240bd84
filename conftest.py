"""pytest: prints at its end what tests have to tell (plc_mo_batch/tests/summary.py)."""

import sys


def pytest_terminal_summary(terminalreporter):
    told = sys.modules.get("odoo.addons.plc_mo_batch.tests.summary")
    if told and told.LINES:
        terminalreporter.section("what was tried")
        for line in told.LINES:
            terminalreporter.write_line(line)
