"""Who runs the tests. pytest finds them by itself; Odoo's own runner runs what ``tests/__init__.py`` names, and nothing else."""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

TESTS = Path(__file__).resolve().parents[1]


@tagged("post_install", "-at_install")
class TestRunners(BaseCase):
    def test_odoo_runs_what_pytest_does(self):
        tree = ast.parse((TESTS / "__init__.py").read_text("utf-8"))
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        named = sorted((node.module, alias.name) for node in imports for alias in node.names)
        self.assertEqual(named, sorted((path.parent.name, path.stem) for path in TESTS.glob("*/test_*.py")))
