"""The packages of models/ show the architecture: each imports only those below it, and no file grows past what one reads."""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

MODELS = Path(__file__).resolve().parents[2] / "models"
LONGEST = 600  # lines of a file


def packages():
    """The packages in the order in which models/ loads them: from the bottom up."""
    tree = ast.parse((MODELS / "__init__.py").read_text("utf-8"))
    return [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]


def imported_packages(source):
    """The sibling packages that a file imports from: ``from ..batch.mo_batch import STATES`` -> batch."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 2:
            yield from [node.module.partition(".")[0]] if node.module else [alias.name for alias in node.names]


def upward(order, package, source):
    """The packages above ``package`` that ``source``, which lies in it, imports from."""
    return sorted(name for name in set(imported_packages(source)) if order.index(name) > order.index(package))


@tagged("-at_install", "post_install")
class TestModelPackages(BaseCase):
    def test_every_folder_is_loaded_and_nothing_lies_beside_them(self):
        folders = {path.parent.name for path in MODELS.glob("*/__init__.py")}
        self.assertEqual(set(packages()), folders)
        self.assertEqual([path.name for path in MODELS.glob("*.py")], ["__init__.py"])

    def test_no_import_goes_up(self):
        order = packages()
        for path in sorted(MODELS.glob("*/*.py")):
            with self.subTest(path.relative_to(MODELS)):
                self.assertEqual(upward(order, path.parent.name, path.read_text("utf-8")), [])

    def test_an_import_that_goes_up_is_found(self):
        order = ["low", "high"]
        for source in ("from ..high.thing import X", "from .. import high", "def f():\n    from ..high import thing"):
            self.assertEqual(upward(order, "low", source), ["high"], source)
            self.assertEqual(upward(order, "high", source), [])

    def test_files_are_short(self):
        for path in sorted(MODELS.glob("*/*.py")):
            self.assertLessEqual(len(path.read_text("utf-8").splitlines()), LONGEST, path.name)
