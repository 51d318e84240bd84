"""Indonesian is complete: every text of the addon as it is now has its translation, which can be filled in like the original."""

import re
from pathlib import Path

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import TranslationModuleReader

PO = Path(__file__).parent.parent / "i18n" / "id.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[-+.\d]*[a-z]|%[-+.\d]*[sdgf]")
TAG = re.compile(r"</?\w+")
DEMO = "product.template,name"  # the addon's own data have no products


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("id_ID")
        cls.translated = {entry.msgid: entry.msgstr for entry in polib.pofile(str(PO)) if entry.msgstr}

    def test_every_text_is_translated(self):
        reader = TranslationModuleReader(self.env.cr, modules=["plc_mo_batch"], lang="id_ID")
        texts = {source for _module, _type, name, _id, source, _translation, _comments in reader if name != DEMO}
        self.assertGreater(len(texts), 1000)
        self.assertEqual(sorted(texts - self.translated.keys()), [], "make i18n, then translate what it lists")

    def test_placeholders_and_markup_are_the_same(self):
        for source, translation in self.translated.items():
            with self.subTest(source):
                self.assertEqual(sorted(PLACEHOLDER.findall(translation)), sorted(PLACEHOLDER.findall(source)))
                self.assertEqual(TAG.findall(translation), TAG.findall(source))

    def test_a_screen_speaks_indonesian(self):
        self.env["ir.module.module"].search([("name", "=", "plc_mo_batch")])._update_translations(["id_ID"])
        batch = self.env["mo.batch"].with_context(lang="id_ID")
        self.assertEqual(dict(batch._fields["state"]._description_selection(batch.env))["running"], "Berjalan")
        self.assertIn("Antrean", batch.env.ref("plc_mo_batch.mo_batch_action").name)
