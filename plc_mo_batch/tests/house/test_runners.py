"""Who runs the tests. pytest finds them by itself; Odoo's own runner runs what ``tests/__init__.py`` brings, and nothing else."""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

TESTS = Path(__file__).resolve().parents[1]


def imports(folder):
    """(module, name) of each import in a folder's ``__init__.py``"""
    tree = ast.parse((folder / "__init__.py").read_text("utf-8"))
    return [(node.module, alias.name) for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]


@tagged("post_install", "-at_install")
class TestRunners(BaseCase):
    def test_odoo_runs_what_pytest_does(self):
        """Each folder names its files, and all that a folder names is taken over, as Odoo's own lint asks for."""
        folders = sorted({path.parent for path in TESTS.glob("*/test_*.py")})
        self.assertEqual(sorted(imports(TESTS)), [(folder.name, "*") for folder in folders])
        for folder in folders:
            files = sorted(path.stem for path in folder.glob("test_*.py"))
            self.assertEqual(imports(folder), [(None, name) for name in files], folder.name)
