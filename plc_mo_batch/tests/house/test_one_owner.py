"""One owner for each name: which of two definitions wins would hang on the order in which files are imported."""

import ast
from collections import defaultdict
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).resolve().parents[2]
PLACES = ("models", "wizards")


def model_of(cls):
    """The name of the model that a class defines or extends; None where it is no model."""
    names = {node.targets[0].id: node.value for node in assignments(cls) if node.targets[0].id in ("_name", "_inherit")}
    value = ast.literal_eval(names.get("_name") or names.get("_inherit") or ast.Constant(None))
    return value[0] if isinstance(value, list) else value


def assignments(cls):
    return [node for node in cls.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]


def names_in(cls):
    """Methods and attributes that the class body defines, but for those by which Odoo finds the model."""
    methods = [node.name for node in cls.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    attributes = [target.id for node in assignments(cls) for target in node.targets if isinstance(target, ast.Name)]
    annotated = [node.target.id for node in cls.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    return [name for name in (*methods, *attributes, *annotated) if name not in ("_name", "_inherit", "_description")]


def owners(sources):
    """(model, name) -> the files that define it, one for each definition.

    :param sources: pairs of a file's name and its text
    """
    found = defaultdict(list)
    for file, text in sources:
        for cls in ast.walk(ast.parse(text)):
            model = model_of(cls) if isinstance(cls, ast.ClassDef) else None
            for name in names_in(cls) if model else ():
                found[model, name].append(file)
    return found


def defined_twice(sources):
    """Sentences on each name of a model that has more than one definition."""
    return [f"{model}.{name}: {', '.join(files)}" for (model, name), files in owners(sources).items() if len(files) > 1]


@tagged("-at_install", "post_install")
class TestOneOwner(BaseCase):
    def sources(self):
        paths = [path for place in PLACES for path in sorted((ADDON / place).rglob("*.py"))]
        return [(str(path.relative_to(ADDON)), path.read_text("utf-8")) for path in paths]

    def test_no_name_of_a_model_is_defined_twice(self):
        sources = self.sources()
        self.assertGreater(len(owners(sources)), 1000, "the addon was not found")
        self.assertEqual(defined_twice(sources), [])

    def test_what_is_defined_twice_is_found(self):
        bodies = {
            "a": ("_inherit = ['mo.batch', 'x']", "limit: int = 1", "_uniq = 1", "def _book(self): pass"),
            "b": ("_name = 'mo.batch'", "_inherit = 'y'", "limit = _uniq = 2", "def _book(self): pass"),
            "c": ("_inherit = 'mo.batch.line'", "def _book(self): pass"),
        }
        sources = [(file, "\n    ".join(["class A(models.Model):", *body])) for file, body in bodies.items()]
        found = defined_twice(sources)
        self.assertEqual(sorted(found), ["mo.batch._book: a, b", "mo.batch._uniq: a, b", "mo.batch.limit: a, b"])
