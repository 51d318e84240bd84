"""Layouts travel as CSV or XLSX, through Odoo's own export and import."""

import csv
import io
import json

from odoo import http
from odoo.tests import TransactionCase, tagged

from ..patient_http import PatientHttpCase

MAP_FIELDS = ["name", "handshake", "slots", "word_order", "swap_bytes", "text_order", "address_offset", "copies_on_take", "drift"]
AREA_FIELDS = ["kind", "registers", "base", "stride", "slots"]
FIELD_FIELDS = [
    "name", "role", "offset", "type", "words", "scale", "repeat", "step", "value", "unit", "minimum", "maximum",
]  # fmt: skip
NAMES = [
    *MAP_FIELDS,
    *(f"area_ids/{name}" for name in AREA_FIELDS),
    *(f"area_ids/field_ids/{name}" for name in FIELD_FIELDS),
]


@tagged("post_install", "-at_install")
class TestLayoutImport(TransactionCase):
    def export(self, register_layout):
        """The rows of a file, as text, with the import's own column names."""
        file = io.StringIO()
        csv.writer(file).writerows(register_layout.with_context(import_compat=True).export_data(NAMES)["datas"])
        return list(csv.reader(io.StringIO(file.getvalue())))

    def load(self, rows):
        result = self.env["plc.register.layout"].load(NAMES, rows)
        self.assertFalse(result["messages"])
        return self.env["plc.register.layout"].browse(result["ids"])

    def assertTravels(self, register_layout):
        rows = self.export(register_layout)
        rows[0][0] = "Came by file"
        loaded = self.load(rows)
        self.assertEqual(loaded.name, "Came by file")
        self.assertNotEqual(loaded, register_layout)
        self.assertFalse(loaded.problems)
        self.assertEqual(loaded._layout(), register_layout._layout())

    def test_shipped_layouts(self):
        for name in ("job_numbers", "flags", "isa88"):
            with self.subTest(name):
                self.assertTravels(self.env.ref(f"plc_mo_batch.plc_register_layout_{name}"))

    def test_every_setting(self):
        register_layout = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers").copy({"name": "Settings"})
        register_layout.write({"word_order": "low", "swap_bytes": True, "text_order": "high", "address_offset": -1, "slots": 7})
        feedback = register_layout.area_ids.filtered(lambda area: area.kind == "feedback")
        feedback.registers = "input"
        feedback.field_ids[4].write({"unit": "kg", "scale": 0.5, "minimum": -2.5})
        self.assertTravels(register_layout)
        for order in ("same", "high", "low"):
            register_layout.text_order = order
            self.assertTravels(register_layout)

    def test_several_in_one_file(self):
        layouts = [self.env.ref(f"plc_mo_batch.plc_register_layout_{name}") for name in ("flags", "isa88")]
        rows = [row for register_layout in layouts for row in self.export(register_layout)]
        loaded = self.load(rows)
        self.assertEqual([item._layout() for item in loaded], [item._layout() for item in layouts])

    def test_a_layout_that_cannot_work_is_refused(self):
        rows = self.export(self.env.ref("plc_mo_batch.plc_register_layout_job_numbers"))
        offset = NAMES.index("area_ids/field_ids/offset")
        row = next(row for row in rows if row[offset] == "17")
        row[offset] = "16"
        result = self.env["plc.register.layout"].load(NAMES, rows)
        self.assertFalse(result["ids"])
        self.assertIn("Product name starts at word 16, inside Formula name", result["messages"][0]["message"])


@tagged("post_install", "-at_install")
class TestLayoutXlsx(PatientHttpCase):
    def export(self, register_layout):
        """The file that the web client's export gives."""
        asked = {
            "model": "plc.register.layout",
            "fields": [{"name": name, "label": name, "type": "char"} for name in NAMES],
            "ids": register_layout.ids,
            "domain": [],
            "import_compat": True,
        }
        response = self.url_open(
            "/web/export/xlsx", data={"data": json.dumps(asked), "csrf_token": http.Request.csrf_token(self)}
        )
        response.raise_for_status()
        return response.content

    def test_a_layout_travels_as_xlsx(self):
        self.authenticate("admin", "admin")
        register_layout = self.env.ref("plc_mo_batch.plc_register_layout_isa88").copy({"name": "Came as XLSX"})
        file = self.export(register_layout)
        came = self.env["base_import.import"].create(
            {
                "res_model": "plc.register.layout",
                "file": file,
                "file_type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            }
        )
        done = came.execute_import(NAMES, NAMES, {"has_headers": True, "quoting": '"', "separator": ","})
        self.assertFalse(done["messages"])
        loaded = self.env["plc.register.layout"].browse(done["ids"])
        self.assertFalse(loaded.problems)
        self.assertEqual(loaded._layout(), register_layout._layout())
