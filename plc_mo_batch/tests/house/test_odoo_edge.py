"""What Odoo's next version may move is asked for in one file; each name in it is still there."""

import ast
from pathlib import Path

from odoo.fields import Field
from odoo.tests import TransactionCase, tagged

from ...tools import odoo_edge

ADDON = Path(__file__).resolve().parents[2]
EDGE = ADDON / "tools/odoo_edge.py"
HERE_ONLY = {"get_param", "set_param", "consumption", "rollback", "_commit_progress"}
PLAIN = {"plc", "simulator", "tests", "migrations"}  # know nothing of Odoo, or are of one version
FIELDS = set(odoo_edge.PRIVATE_FIELD_METHODS)
OPTIONAL = {name for models in odoo_edge.OPTIONAL_METHODS.values() for names in models.values() for name in names}
KNOWN = {name for names in odoo_edge.PRIVATE_METHODS.values() for name in names} | FIELDS | OPTIONAL


def trees():
    """(file, syntax tree) of the addon's files that know Odoo."""
    for path in sorted(ADDON.rglob("*.py")):
        if path.relative_to(ADDON).parts[0] not in PLAIN:
            yield path, ast.parse(path.read_text("utf-8"))


def attributes(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]


def defined(tree):
    """Names that the addon itself gives to something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Store):
            yield getattr(node, "attr", None) or node.id


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name != "_"


@tagged("-at_install", "post_install")
class TestOdooEdge(TransactionCase):
    def test_nobody_else_asks_for_it(self):
        found = {
            f"{path.relative_to(ADDON)}:{node.lineno} {node.attr}"
            for path, tree in trees()
            for node in attributes(tree)
            if node.attr in HERE_ONLY and path != EDGE
        }
        self.assertEqual(found, set())

    def test_every_private_name_of_odoo_is_listed(self):
        own = {name for _path, tree in trees() for name in defined(tree)}
        used = {node.attr for _path, tree in trees() for node in attributes(tree) if is_private(node.attr)}
        self.assertGreater(len(own & used), 100, "the addon was not found")
        self.assertEqual(used - own - KNOWN, set(), "name them in tools/odoo_edge.py")
        self.assertEqual(KNOWN - used, set(), "nobody uses these any more")

    def test_every_listed_name_is_there(self):
        for model, names in odoo_edge.PRIVATE_METHODS.items():
            for name in names:
                with self.subTest(model=model, name=name):
                    self.assertTrue(hasattr(self.env[model], name))
        for name in FIELDS:
            with self.subTest(field_method=name):
                self.assertTrue(hasattr(self.env["res.partner"]._fields["type"], name))
        self.assertIsInstance(self.env["mrp.production"]._fields["consumption"], Field)

    def test_every_optional_name_is_there_with_its_module(self):
        for (model, field), models in odoo_edge.OPTIONAL_METHODS.items():
            if field in self.env[model]._fields:
                missing = [name for owner, names in models.items() for name in names if not hasattr(self.env[owner], name)]
                self.assertEqual(missing, [], field)

    def test_parameters(self):
        self.assertEqual(odoo_edge.get_parameter(self.env, "plc_mo_batch.nonsense"), "")
        odoo_edge.set_parameter(self.env, "plc_mo_batch.nonsense", "5")
        self.assertEqual(odoo_edge.get_parameter(self.env, "plc_mo_batch.nonsense"), "5")
        odoo_edge.set_parameter(self.env, "plc_mo_batch.nonsense", False)
        self.assertFalse(self.env["ir.config_parameter"].search([("key", "=", "plc_mo_batch.nonsense")]))
