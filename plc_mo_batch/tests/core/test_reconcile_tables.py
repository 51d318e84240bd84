"""The handshakes' tables: each cell is tried, nothing is seen that has no cell, and the documentation shows them as they are."""

import unittest
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc.flags import Flags
from ...plc.handshake import Handshake, Rule, Sight
from ...plc.job_numbers import JobNumbers
from ...plc.reconcile import HANDSHAKES
from .. import life_drawing
from . import test_reconcile, test_reconcile_unbelieved, test_reconcile_watched


def cells(handshake):
    return {(handshake, row, sight) for row, rules in handshake.table.items() for sight in rules}


def run_unit_tests():
    """The result of the reconciler's unit tests."""
    result = unittest.TestResult()
    for module in (test_reconcile, test_reconcile_watched, test_reconcile_unbelieved):
        unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    return result


@tagged("post_install", "-at_install")
class TestTables(BaseCase):
    def test_the_unit_tests_try_each_cell(self):
        tried, look = set(), Handshake._look

        def noted(handshake, case):
            sight = look(handshake, case)
            tried.add((type(handshake), case.row, sight))
            return sight

        with patch.object(Handshake, "_look", noted):
            self.assertTrue(run_unit_tests().wasSuccessful())
        self.assertEqual(cells(JobNumbers) | cells(Flags), tried)

    def test_a_new_handshake_says_all_that_it_must(self):
        with patch.dict(HANDSHAKES), self.assertRaisesRegex(TypeError, "abstract"):
            type("Half", (Handshake,), {"_queued": Flags._queued}, name="half")(None, None, 0)

    def test_one_table_for_each_handshake(self):
        self.assertEqual(set(HANDSHAKES.values()), {JobNumbers, Flags})

    def test_the_drawing_is_that_of_the_tables(self):
        self.assertEqual(
            life_drawing.BLOCK.page.read_text("utf-8"), life_drawing.BLOCK.document(life_drawing.block()), "run dev/life"
        )

    def test_another_rule_is_another_drawing(self):
        table = {**Flags.table, "offered": {**Flags.table["offered"], Sight.DOUBTFUL: Rule(Flags.arm, "running")}}
        with patch.object(Flags, "table", table):
            self.assertNotEqual(life_drawing.BLOCK.page.read_text("utf-8"), life_drawing.BLOCK.document(life_drawing.block()))
            self.assertIn("unsteady, unweighed, doubtful", life_drawing.diagram(table))
