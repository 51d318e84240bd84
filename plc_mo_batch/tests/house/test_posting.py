"""What becomes stock moves becomes so in one file: whoever changes lots, dates or contexts of what is posted finds them there."""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).resolve().parents[2]
POSTING = ADDON / "models/booking/posting.py"
CLOSING = ADDON / "models/booking/booking.py"
# what splits or posts moves, changes stock, scraps, or closes orders
CALLS = {
    "_action_done", "_set_quantity_done", "_split", "_update_available_quantity", "_update_reserved_quantity", "button_mark_done",
    "do_scrap",
}  # fmt: skip
MODELS = {"stock.move", "stock.move.line", "stock.quant", "stock.scrap"}


def postings(source):
    """What a file posts, as "line: call": the calls above, and what creates records of these models. An override may go on to
    what it overrides."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, owner = node.func.attr, node.func.value
            if name in CALLS and not _is_super(owner) or name in ("create", "copy") and _models(owner):
                yield f"{node.lineno}: {name}"


def _is_super(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super"


def _models(node):
    return MODELS.intersection(each.value for each in ast.walk(node) if isinstance(each, ast.Constant))


@tagged("-at_install", "post_install")
class TestPosting(BaseCase):
    def calls(self, path):
        return [each.partition(": ")[2] for each in postings(path.read_text("utf-8"))]

    def test_no_other_file_posts(self):
        files = [path for path in ADDON.rglob("*.py") if path.parts[len(ADDON.parts)] != "tests"]
        self.assertGreater(len(files), 50)
        for path in sorted({*files} - {POSTING, CLOSING}):
            with self.subTest(path.relative_to(ADDON)):
                self.assertEqual(list(postings(path.read_text("utf-8"))), [])

    def test_the_one_place_does(self):
        """Or the calls looked for are no longer those that post."""
        self.assertEqual(set(self.calls(POSTING)), {"_action_done", "_set_quantity_done", "_split", "create", "do_scrap"})
        self.assertEqual(self.calls(POSTING).count("_action_done"), 1)

    def test_orders_are_closed_once(self):
        self.assertEqual(self.calls(CLOSING), ["button_mark_done"])

    def test_what_posts_is_found(self):
        for source in (
            "def f(moves):\n    moves.with_context(a=1)._action_done()",
            "order.button_mark_done()",
            "self.env['stock.scrap'].sudo().create({})",
            "self.env['stock.move.line'].create([{}])",
        ):
            self.assertEqual(len(list(postings(source))), 1, source)
        self.assertEqual(list(postings("super().button_mark_done()\nself.env['stock.move'].search([])")), [])
