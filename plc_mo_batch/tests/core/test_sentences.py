"""Sentences of the plain layers: English that remembers what it was made of. And that these layers say nothing else."""

import ast
import copy
from pathlib import Path

from odoo.tests import BaseCase, tagged

from ...plc.handshake import Sight
from ...plc.sentences import Label, Number, Sentence, either, listed, role, shape

PLAIN = Path(__file__).resolve().parents[2] / "plc"
# told to programmers: in a traceback, in pymodbus's log, in the documentation; and the order that a trial writes
IN_A_PROGRAM = {  # of the PLC, whose comments are English as the guides' own programs are
    "VAR CONSTANT",
    "VAR_GLOBAL CONSTANT",
    ": word ",
    "words of a slot",
    "words from one line to the next",
    "words from one slot to the next",
}
NOT_FOR_PEOPLE = {"unknown word order ", "the byte count is wrong", "ODOO TEST", *(sight.value for sight in Sight), *IN_A_PROGRAM}


def unmarked(source):
    """Texts of more than one word in Python source that nobody could translate; what is logged stays English."""
    tree = ast.parse(source)
    marked = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name in ("_lt", "warning"):
            marked.update(ast.walk(call.args[0]))
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node.value for node in texts if node not in marked and is_wordy(node.value)]


def is_wordy(text):
    """It has words, and is not only the places between which others stand."""
    return " " in text.strip() and any(word[0].isalpha() for word in text.split())


@tagged("post_install", "-at_install")
class TestSentence(BaseCase):
    def test_it_is_english_and_remembers(self):
        inner = Sentence("job %(job)s", {"job": 7})
        outer = Sentence("%(what)s is lost", {"what": inner})
        self.assertEqual(outer, "job 7 is lost")
        self.assertEqual(f"{outer}!", "job 7 is lost!")
        self.assertEqual((outer.source, outer.values["what"].source), ("%(what)s is lost", "job %(job)s"))

    def test_without_values_it_stands_as_it_is(self):
        self.assertEqual(Sentence("100 % of it"), "100 % of it")
        self.assertEqual(Sentence("50 %(raw)s").values, {})

    def test_a_copy_is_the_same(self):
        for sentence in (Sentence("job %(job)s", {"job": 7}), role("slot")):
            twin = copy.deepcopy(sentence)
            self.assertEqual((twin, type(twin), vars(twin)), (sentence, type(sentence), vars(sentence)))

    def test_the_same_with_other_numbers(self):
        def told(value, name="Actual 2"):
            return Sentence("%(name)s: %(why)s", {"name": name, "why": Sentence("holds %(value)s", {"value": value})})

        for value in (13, -1.5, "12.50", Number("7"), "0x3039", 1e30, "-inf"):
            self.assertEqual(shape(told(value)), "Actual 2: holds #", value)
        self.assertEqual(shape(told("'WH/MO/00002'")), "Actual 2: holds 'WH/MO/00002'")
        self.assertEqual(shape("as it stands"), "as it stands")
        self.assertNotEqual(shape(told(1)), shape(told(1, "Actual 3")))

    def test_lists(self):
        self.assertEqual(listed(["a", "b", "c"]), "a, b, c")
        self.assertEqual(either([Label("a", "type"), Label("b", "type")]), "a or b")
        self.assertEqual(either(["a"]), "a")
        self.assertEqual((role("slot"), role("slot").of), ("slot", "role"))
        self.assertEqual(either([Label("a", "type"), "b"]).values["before"].of, "type")


@tagged("post_install", "-at_install")
class TestNothingElseIsSaid(BaseCase):
    def test_every_text_of_the_plain_layers_is_marked(self):
        for path in sorted(PLAIN.rglob("*.py")):
            with self.subTest(path.stem):
                self.assertEqual(sorted(set(unmarked(path.read_text())) - NOT_FOR_PEOPLE), [], "put it into _lt()")

    def test_the_check_finds_one(self):
        """Or it would prove nothing."""
        self.assertEqual(unmarked('raise CodecError(field, "is missing")'), ["is missing"])
        self.assertEqual(unmarked('detail = f"the PLC took job {number}"'), ["the PLC took job "])
        self.assertEqual(unmarked('raise CodecError(field, _lt("is missing"))'), [])
        self.assertEqual(unmarked('def f():\n    "A docstring."\n    return Sentence("%(a)s %(b)s", values)'), [])
