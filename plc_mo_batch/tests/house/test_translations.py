"""Indonesian is complete: every text of the addon as it is now has its translation, which can be filled in like the original."""

import re
from pathlib import Path

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import TranslationModuleReader, code_translations

PO = Path(__file__).parents[2] / "i18n" / "id.po"
SCRIPTS = Path(__file__).parents[2] / "static" / "src"
CALL = re.compile(r'_t\(\s*"((?:[^"\\]|\\.)+)"')
PLACEHOLDER = re.compile(r"%\(\w+\)[-+.\d]*[a-z]|%[-+.\d]*[sdgf]")
TAG = re.compile(r"</?\w+")
TAGS = re.compile(r"<[^>]+>")
DEMO = ("product.template,name", "stock.picking.type,name")  # the addon's own data have none of these
# the trade's terms, and Odoo's own in Indonesian: a word in the original -> what stands for it in each translation
TERMS = {
    "acknowledged?": "diakui|akui",
    "alarms?": "alarm",
    "backorder": "backorder",
    "batch(es)?": "batch",
    "BoM": "BOM",
    "components?": "komponen",
    "consumed|consumption": "konsumsi|mengonsumsi",
    "dosed?": "[tn]akar",
    "equipment": "peralatan",
    "failures?": "gangg|gagal",
    "feedback": "umpan balik",
    "flags?": "flag",
    "job": "job",
    "journal": "jurnal",
    "layouts?": "layout",
    "manufacturing orders?": "manufacturing order",
    "offered": "ditawarkan",
    "queue": "antre",
    "recipes?": "resep",
    "scrap": "pembuangan",
    "scheduled actions?": "action yang dijadwalkan",
    "silos?": "silo",
    "slots?": "slot",
    "tanks?": "tangki",
    "tolerance": "toleransi",
    "weighings?": "penimbangan",
    "withdrawn?": "tarik",
    "words?": "word",
}


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("id_ID")
        cls.translated = {entry.msgid: entry.msgstr for entry in polib.pofile(str(PO)) if entry.msgstr}

    def test_every_text_is_translated(self):
        reader = TranslationModuleReader(self.env.cr, modules=["plc_mo_batch"], lang="id_ID")
        texts = {source for _module, _type, name, _id, source, _translation, _comments in reader if name not in DEMO}
        self.assertGreater(len(texts), 1000)
        self.assertEqual(sorted(texts - self.translated.keys()), [], "make i18n, then translate what it lists")

    def test_every_text_is_translated_where_it_stands(self):
        """Odoo finds a translation only where the file says that it is used: a message of Python that says what a view says, too,
        would stay English until the next export."""
        noted = {(entry.msgid, ":".join(filter(None, place))) for entry in polib.pofile(str(PO)) for place in entry.occurrences}
        reader = TranslationModuleReader(self.env.cr, modules=["plc_mo_batch"], lang="id_ID")
        used = {(row[4], f"{row[1]}:{row[2]}:{0 if row[1] == 'code' else row[3]}") for row in reader if row[2] not in DEMO}
        self.assertGreater(len(used), 1000)
        self.assertEqual(sorted(used - noted), [], "make i18n")

    def test_every_text_of_a_script_is_found(self):
        """Odoo's export overlooks what stands in a template string: ``${_t("…")}``."""
        for script in sorted(SCRIPTS.rglob("*.js")):
            for text in CALL.findall(script.read_text()):
                with self.subTest(script.name):
                    self.assertIn(text, self.translated)

    def test_placeholders_and_markup_are_the_same(self):
        for source, translation in self.translated.items():
            with self.subTest(source):
                self.assertEqual(sorted(PLACEHOLDER.findall(translation)), sorted(PLACEHOLDER.findall(source)))
                self.assertEqual(TAG.findall(translation), TAG.findall(source))

    def test_the_plain_layers_are_translated_too(self):
        """What they say is found by the same export, and looked up by the same source."""
        reader = TranslationModuleReader(self.env.cr, modules=["plc_mo_batch"], lang="id_ID")
        plain = {row[2] for row in reader if "/plc_mo_batch/plc/" in row[2]}
        self.assertGreater(len(plain), 8, plain)
        said = code_translations.get_python_translations("plc_mo_batch", "id_ID")
        self.assertEqual(
            said["holds %(word)s, which is not a valid BCD number"], "berisi %(word)s, yang bukan bilangan BCD yang sah"
        )

    def test_the_terms_of_the_trade(self):
        """One word for one thing, in Indonesian too: that of the plant, and where it is Odoo's, the one that Odoo uses."""
        for source, translation in self.translated.items():
            text = TAGS.sub("", PLACEHOLDER.sub("", source))
            for term, own in TERMS.items():
                if re.search(rf"\b({term})\b", text, re.IGNORECASE):
                    with self.subTest(term, source=source):
                        self.assertRegex(translation.lower(), own.lower())

    def test_a_screen_speaks_indonesian(self):
        self.env["ir.module.module"].search([("name", "=", "plc_mo_batch")])._update_translations(["id_ID"])
        batch = self.env["mo.batch"].with_context(lang="id_ID")
        self.assertEqual(dict(batch._fields["state"]._description_selection(batch.env))["running"], "Berjalan")
        self.assertIn("Antrean", batch.env.ref("plc_mo_batch.mo_batch_action").name)
