"""Who reads what in which language: what is shown in the reader's, what the tasks store in the PLC's, down to the wire."""

import ast
import csv
import io
from pathlib import Path

from odoo import Command
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...plc import sentences
from ...plc.codec import CodecError
from ...tools.translate import describe_error, format_number, translate
from ..common import MillCase
from ..exchange.test_withdraw import OfferedCase
from ..layouts.test_layout_import import NAMES

FINISHED = 6072  # of slot 1: a word that is 0 or 1
INDONESIAN = "id_ID"
ADDON = Path(__file__).resolve().parents[2]
ANYTHING = {"Exception", "BaseException"}
MAY_TAKE_IT = {
    "describe_error",
    "code_of",
    "_log",
    "warning",
    "info",
    "debug",
    "exception",
}  # what says it in a sentence, and logs


def shown_raw(source):
    """Lines in which an exception of any kind, as it was caught, is used by anything but :data:`MAY_TAKE_IT`.

    ``attempt.error`` (``models/common/rule8.py``) is one that was caught: it may be kept there, and asked whether it is one.
    """
    tree = ast.parse(source)
    lines = kept_and_shown_raw(tree)
    for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name):
        if getattr(handler.type, "id", "") not in ANYTHING:
            continue
        taken = taken_in(handler)
        taken.update(node.value for node in ast.walk(handler) if isinstance(node, ast.Assign) and is_kept(node.targets[0]))
        used = (node for node in ast.walk(handler) if isinstance(node, ast.Name) and node.id == handler.name)
        lines += [node.lineno for node in used if node not in taken]
    return lines


def taken_in(tree, *others):
    """What is handed over to :data:`MAY_TAKE_IT`, or to ``others``."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [(getattr(call.func, "id", None) or getattr(call.func, "attr", ""), call) for call in calls]
    return {argument for name, call in named if name in {*MAY_TAKE_IT, *others} for argument in call.args}


def is_kept(node):
    """It is ``attempt.error``."""
    return isinstance(node, ast.Attribute) and node.attr == "error" and getattr(node.value, "id", "") == "attempt"


def kept_and_shown_raw(tree):
    """Lines that use ``attempt.error`` for more than to ask whether, or of which kind, it is."""
    tests = [node.test for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp)]
    asked = {test.operand if isinstance(test, ast.UnaryOp) else test for test in tests}
    allowed = asked | taken_in(tree, "isinstance")
    read = (node for node in ast.walk(tree) if is_kept(node) and isinstance(node.ctx, ast.Load))
    return [node.lineno for node in read if node not in allowed]


class LanguageCase(MillCase):
    handshake = "flags"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang(INDONESIAN)
        cls.env["ir.module.module"].search([("name", "=", "plc_mo_batch")])._update_translations([INDONESIAN])
        cls.controller.lang = INDONESIAN
        cls.reader = new_test_user(cls.env, "plc-pembaca", "plc_mo_batch.group_manager", lang=INDONESIAN)
        cls.map = cls.controller.layout_id.copy()

    def read_by(self, user, record):
        """The record as somebody's web client asks for it."""
        return record.with_user(user).with_context(lang=user.lang)

    def put(self, plc, address, word):
        with plc.lock:
            plc.mill.memory[address] = word


@tagged("post_install", "-at_install")
class TestAnomaly(LanguageCase, OfferedCase):
    """Over a real socket: one wrong word, and who is told of it how."""

    def setUp(self):
        super().setUp()
        self.plc.step(1)
        self.put(self.plc, FINISHED, 3)

    def test_it_is_read_in_indonesian(self):
        self.run_task(2)
        batch = self.read_by(self.reader, self.queue())
        sentence = (
            "Slot 1 ditolak: Selesai (word 72) berisi 3 (0x0003), padahal hanya 0 atau 1 yang diizinkan. Tidak ada yang diubah. "
            "Bila tetap begitu, minta program PLC diperbaiki, atau isi yang ditakar."
        )
        self.assertEqual(batch.attention, sentence)
        told = batch.journal_ids.filtered(lambda line: line.kind == "anomaly")
        self.assertEqual(told.mapped("message"), [sentence])
        self.assertIn("Flag umpan balik", told.words_html)
        self.assertIn("Kode peralatan 15", told.words_html)
        self.assertEqual(batch.attention_key.partition(" ")[0], "rejected", "what programs go by stays as it is")
        self.run_task(2)
        self.assertEqual(len(batch.journal_ids.filtered(lambda line: line.kind == "anomaly")), 1, "told once")

    def test_an_alarm_is_raised_in_indonesian(self):
        self.run_task(2)
        self.run_task(4)
        alarm = self.env["plc.alarm"].search([("batch_id", "=", self.queue().id), ("kind", "=", "rejected")])
        self.assertIn("ditolak", alarm.message)
        self.put(self.plc, FINISHED, 0)
        self.run_task(2)
        self.run_task(4)
        self.assertIn("Ditutup: Slot 1", self.controller.journal_ids[:1].message)

    def test_in_english_where_the_plc_has_no_language(self):
        self.controller.lang = False
        self.run_task(2)
        self.assertIn("was rejected: Finished (word 72) holds 3 (0x0003)", self.queue().attention)

    def test_a_language_that_was_switched_off_stops_nothing(self):
        self.env["res.users"].search([("lang", "=", INDONESIAN)]).lang = "en_US"
        self.env["res.partner"].search([("lang", "=", INDONESIAN)]).lang = "en_US"
        self.env["res.lang"].search([("code", "=", INDONESIAN)]).active = False
        self.assertEqual(self.controller.lang, INDONESIAN)
        self.run_task(2)
        self.assertIn("was rejected", self.queue().attention)

    def test_what_is_in_the_plc_now(self):
        shown = self.read_by(self.reader, self.controller).action_view_snapshot()
        lines = self.read_by(self.reader, self.env["plc.snapshot"].browse(shown["res_id"])).line_ids
        wrong = lines.filtered(lambda line: line.area == "feedback" and line.slot == 1)
        self.assertEqual(wrong.problem, "Selesai (word 72) berisi 3 (0x0003), padahal hanya 0 atau 1 yang diizinkan")
        self.assertIn("Flag umpan balik: 0", wrong.jobs)
        self.assertIn("padahal hanya 0 atau 1", wrong.words_html)

    def test_a_connection_is_tested_in_the_language_of_who_does_it(self):
        message = self.read_by(self.reader, self.controller).test_connection()["message"]
        self.assertIn("slot 1 pada area umpan balik tidak cocok", message)
        self.assertIn("Selesai (word 72) berisi 3", message)
        english = new_test_user(self.env, "plc-english", "plc_mo_batch.group_operator")
        self.assertIn("Finished (word 72) holds 3", self.read_by(english, self.controller).test_connection()["message"])


@tagged("post_install", "-at_install")
class TestTasks(LanguageCase):
    def test_two_plcs_in_two_languages(self):
        other = self.new_controller(name="Other PLC", lang="en_US", picking_type_ids=False)
        self.run_task(2)
        self.assertIn("tidak dapat menghubungi", self.controller.last_error.lower())
        self.assertIn("Cannot reach the PLC", other.last_error)

    def test_an_order_that_does_not_fit(self):
        order = self.new_order(30_000_000)
        self.run_task(1)
        self.assertEqual(
            order.plc_reason,
            "Resep tidak muat dalam layout PLC: Kuantitas rencana (word 25) tidak dapat memuat 30000000: "
            "nilainya paling besar 100000.",
        )

    def test_numbers_are_written_as_the_language_does(self):
        """1.234 kg is more than a ton in Indonesian."""
        layout = self.map.with_context(lang=INDONESIAN)
        recipe = layout.area_ids.filtered(lambda area: area.kind == "recipe")
        quantity = recipe.field_ids.filtered(lambda item: item.role == "quantity")
        quantity.maximum = 100.5
        self.assertIn("paling besar 100,5", translate(layout.env, self.refusal(layout)))
        self.assertEqual(format_number(layout.env, -43.9, "+.2f"), "-43,90")
        self.assertEqual(format_number(self.env, 1234.5, "g"), "1234.5")

    def refusal(self, layout):
        with self.assertRaises(CodecError) as caught:
            layout._layout().words_of("recipe", "quantity", 200.0)
        return caught.exception

    def test_what_the_plc_gets_is_in_nobodys_language(self):
        self.feed.with_context(lang=INDONESIAN).name = "Pakan uji"
        self.new_order()
        self.run_task(1)
        self.assertEqual(self.queue().product_name, "Test feed")

    def test_what_somebody_does_is_journalled_in_his_language(self):
        self.new_order()
        self.run_task(1)
        batch = self.queue().with_context(lang="en_US")
        batch.action_cancel(reason="plan", order_action="requeue")
        asked = batch.journal_ids.filtered(lambda line: line.kind == "user").message
        self.assertTrue(asked.startswith("Cancellation requested by"), asked)

    def test_a_new_plc_speaks_as_who_sets_it_up(self):
        plcs = self.read_by(self.reader, self.env["plc.controller"])
        plc = plcs.create({"name": "Baru", "host": "10.0.0.9", "layout_id": self.map.id})
        self.assertEqual(plc.lang, INDONESIAN)

    def test_what_nobody_foresaw(self):
        """No raw exception on a screen: a sentence there, the rest in the log."""
        env = self.env(context={"lang": INDONESIAN})
        with self.assertLogs("odoo.addons.plc_mo_batch.tools.translate", "WARNING") as log:
            told = describe_error(env, KeyError("secret_column"))
        self.assertEqual(told, "Kesalahan tak terduga (KeyError). Lihat log server.")
        self.assertIn("secret_column", "".join(log.output))


@tagged("post_install", "-at_install")
class TestLayouts(LanguageCase):
    def test_in_the_form(self):
        layout = self.read_by(self.reader, self.map)
        recipe = layout.area_ids.filtered(lambda area: area.kind == "recipe")
        flag = recipe.field_ids.filtered(lambda item: item.role == "recipe_flag")
        with self.assertRaisesRegex(Exception, r"Area resep membutuhkan kolom dengan peran Flag resep \(0 baru, 1 diambil\)\."):
            layout.write({"area_ids": [Command.update(recipe.id, {"field_ids": [Command.delete(flag.id)]})]})

    def test_problems_while_it_is_built(self):
        layout = self.read_by(self.reader, self.env["plc.register.layout"]).create({"name": "Baru", "handshake": "flags"})
        self.assertEqual(
            layout.problems,
            "Harus ada tepat satu area resep, tetapi ada 0.\nHarus ada tepat satu area umpan balik, tetapi ada 0.",
        )

    @mute_logger("odoo.models")
    def test_a_line_of_a_csv_file(self):
        file = io.StringIO()
        csv.writer(file).writerows(self.map.with_context(import_compat=True).export_data(NAMES)["datas"])
        rows = list(csv.reader(io.StringIO(file.getvalue())))
        row = next(row for row in rows if row[NAMES.index("area_ids/field_ids/offset")] == "17")
        row[NAMES.index("area_ids/field_ids/offset")] = "16"
        result = self.read_by(self.reader, self.env["plc.register.layout"]).load(NAMES, rows)
        self.assertFalse(result["ids"])
        self.assertIn("Di area resep, Nama produk mulai di word 16, di dalam Nama formula.", result["messages"][0]["message"])

    def test_every_shipped_name_has_a_translation(self):
        env = self.env(context={"lang": INDONESIAN})
        shipped = self.env["plc.register.layout"].search([]).area_ids.field_ids
        known = {name: translate(env, sentences.Sentence(name)) for name in shipped.mapped("name")}
        self.assertEqual([name for name, translated in known.items() if name == translated and name != "Target"], [])


@tagged("post_install", "-at_install")
class TestNoRawException(BaseCase):
    def test_whatever_is_caught_is_explained(self):
        for folder in ("controllers", "models", "wizards"):
            for path in sorted(ADDON.joinpath(folder).rglob("*.py")):
                with self.subTest(path.stem):
                    self.assertEqual(shown_raw(path.read_text()), [])

    def test_the_check_finds_one(self):
        """Or it would prove nothing."""
        code = "try:\n    f()\nexcept Exception as error:\n    {}"
        self.assertEqual(shown_raw(code.format('self._journal("error", str(error))')), [4])
        self.assertEqual(shown_raw(code.format('self._journal("error", self.env._("no: %s", error))')), [4])
        self.assertEqual(shown_raw(code.format('self._journal("error", describe_error(self.env, error))')), [])
        self.assertEqual(shown_raw(code.format('self._log("no: %s", error)')), [])
        self.assertEqual(shown_raw(code.format("attempt.error = error")), [])
        self.assertEqual(shown_raw("if attempt.error:\n    self._journal(str(attempt.error))"), [2])
        self.assertEqual(shown_raw("if isinstance(attempt.error, Busy):\n    describe_error(env, attempt.error)"), [])
