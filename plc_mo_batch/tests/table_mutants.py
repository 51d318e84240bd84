"""The handshakes' tables with one cell wrong at a time: for ``dev/mutants tables``, since mutmut changes functions alone."""

import unittest
from unittest.mock import patch

from ..plc.handshake import Handshake, Rule
from ..plc.reconcile import HANDSHAKES
from .core import test_reconcile, test_reconcile_sentences, test_reconcile_unbelieved, test_reconcile_watched


def survivors():
    """The wrong cells that no unit test of the reconciler notices."""
    lives = (mutant for mutant in mutants() if not fails(*mutant))
    return [f"{name}: {row}, {sight.name} -> {rule.act.__name__}, {rule.to}" for name, row, sight, rule in lives]


def mutants():
    """(handshake, row, sight, wrong rule): another thing done, another state."""
    for name, handshake in HANDSHAKES.items():
        for row, cells in handshake.table.items():
            for sight, rule in cells.items():
                yield name, row, sight, rule._replace(to=None if rule.to else "failed")
                waits = rule.act is Handshake.wait
                yield name, row, sight, Rule(Handshake.note, "failed") if waits else Rule(Handshake.wait)


def fails(name, row, sight, rule):
    """A unit test fails with this rule in this cell."""
    handshake = HANDSHAKES[name]
    if rule.act is handshake.table[row][sight].act is Handshake.wait:
        return True  # whoever waits stores no state: it is the same
    table = {**handshake.table, row: {**handshake.table[row], sight: rule}}
    with patch.object(handshake, "table", table):
        result = _FirstFailure()
        for module in (test_reconcile, test_reconcile_sentences, test_reconcile_watched, test_reconcile_unbelieved):
            unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
        return not result.wasSuccessful()


class _FirstFailure(unittest.TestResult):
    """Stops at the first failure, also that of a subtest."""

    def __init__(self):
        super().__init__()
        self.failfast = True

    def addSubTest(self, test, subtest, err):
        if err:
            self.stop()
        return super().addSubTest(test, subtest, err)
