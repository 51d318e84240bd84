"""The register table of a layout: one list over all areas, with addresses; as a file and on paper."""

import base64
import csv
import io

import markupsafe

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ...plc.register_table import NOTATIONS, read_address
from ..common import MillCase
from ..patient_http import PatientHttpCase

SHIPPED = ("job_numbers", "flags", "isa88")
REPORT = "plc_mo_batch.report_plc_register_table"
PROTOCOLS = ("", "_fins", "_s7", "_opcua")


@tagged("post_install", "-at_install")
class TestRegisterPage(MillCase):
    def setUp(self):
        super().setUp()
        self.map = self.controller.layout_id.copy({"name": "Test layout"})

    def field(self, kind, role):
        return self.map.table_ids.filtered(lambda field: (field.area_id.kind, field.role) == (kind, role))[:1]

    def test_it_has_all_fields_by_address(self):
        fields = self.map._table_fields()
        self.assertEqual(fields, self.map.area_ids.field_ids)
        places = [(field.area_id.base, field.offset) for field in fields]
        self.assertEqual(places, sorted(places))
        self.assertEqual(self.map.table_ids.search([("layout_id", "=", self.map.id)]), fields)

    def test_addresses_in_the_notation(self):
        order = self.field("recipe", "order")
        for notation, first, last in (("zero", "7001", "7901"), ("one", "7002", "7902"), ("modicon", "407002", "407902")):
            self.map.notation = notation
            self.assertEqual((order.first_address, order.last_address), (first, last))
        self.map.address_offset = -1
        self.assertEqual(order.first_address, "407001")
        self.map.area_ids.filtered(lambda area: area.kind == "feedback").registers = "input"
        self.assertEqual(self.field("feedback", "order").first_address, "306001")
        event = self.field("failure", "event_flag")
        self.assertEqual((event.first_address, event.last_address), ("408022", "408022"))
        self.assertEqual([field.words_taken for field in (order, event, self.field("recipe", "quantity"))], [8, 1, 2])

    def test_addresses_lead_back(self):
        """Of each shipped layout in each protocol and notation; :meth:`Layout.address` is asked as a second opinion."""
        for name in SHIPPED:
            for protocol in PROTOCOLS:
                layout = self.env.ref(f"plc_mo_batch.plc_register_layout_{name}{protocol}")
                for notation in NOTATIONS if not protocol else NOTATIONS[:1]:
                    layout.notation = notation
                    for field in layout.table_ids:
                        for slot, text in ((1, field.first_address), (field.area_id._slot_count(), field.last_address)):
                            right = layout._layout().address(field.area_id.kind, slot, field.offset)
                            self.assertEqual(read_address(text, layout.protocol, notation).word, right)

    def test_notation_moves_no_word(self):
        """It may be changed while a batch is in the PLC."""
        self.controller.layout_id = self.map
        self.new_order()
        self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered")
        self.map.notation = "modicon"
        with self.assertRaisesRegex(UserError, "cannot be changed while a PLC has batches"):
            self.map.table_ids[0].scale = 2
        with self.assertRaisesRegex(UserError, "cannot be changed while a PLC has batches"):
            self.map.write({"table_ids": [Command.update(self.map.table_ids[0].id, {"offset": 7})]})

    def test_edited_as_one_list(self):
        """Two fields that change places, in one save; the whole is checked at its end."""
        formula, product = self.field("recipe", "formula"), self.field("recipe", "product")
        self.env.invalidate_all()  # then the list is in the order of the form
        with Form(self.map) as form:
            for field, offset in ((formula, 17), (product, 9)):
                with form.table_ids.edit(self.map.table_ids.ids.index(field.id)) as line:
                    line.offset = offset
        self.assertEqual((formula.offset, product.offset), (17, 9))
        lost = self.field("recipe", "recipe_job")
        with self.assertRaisesRegex(ValidationError, r"needs a field with the role Recipe job \(Odoo\)"):
            self.map.write({"table_ids": [Command.delete(lost.id)]})
        with self.assertRaisesRegex(ValidationError, "inside Order name"):
            self.map.write({"table_ids": [Command.update(formula.id, {"offset": 2})]})

    def test_a_field_is_added(self):
        recipe = self.map.area_ids.filtered(lambda area: area.kind == "recipe")
        spare = {"area_id": recipe.id, "name": "Command", "role": "command", "offset": 90}
        job = {"area_id": recipe.id, "name": "Job", "role": "command_job", "offset": 88, "type": "uint32"}
        self.map.write({"table_ids": [Command.create(spare), Command.create(job)]})
        self.assertEqual(self.field("recipe", "command").first_address, "7090")
        self.assertIn(self.field("recipe", "command"), recipe.field_ids)

    def test_a_field_is_of_its_areas_layout(self):
        """Whatever a client says."""
        other = self.map.copy()
        recipe = other.area_ids.filtered(lambda area: area.kind == "recipe")
        made = {"area_id": recipe.id, "layout_id": self.map.id, "name": "State", "role": "state", "offset": 95}
        added = self.env["plc.register.field"].create(made)
        self.assertEqual(added.layout_id, other)
        self.assertNotIn(added, self.map.table_ids)

    def test_scale_zero(self):
        """A sentence, on the form and from a program."""
        for value in (0, -1):
            with self.assertRaisesRegex(ValidationError, "enter 1 for a number that is not scaled"), self.env.cr.savepoint():
                self.field("recipe", "quantity").scale = value
            with self.assertRaisesRegex(ValidationError, "enter 1 for a number"), self.env.cr.savepoint():
                update = Command.update(self.field("feedback", "weight").id, {"scale": value})
                self.map.write({"table_ids": [update]})
        with Form(self.map) as form, form.table_ids.edit(0) as line:
            line.scale = 0
            self.assertTrue(line.first_address)
            line.scale = 1

    def test_copies_are_told_apart(self):
        for _time in range(2):
            copied = self.map.copy()
            self.assertEqual(copied.name, f"{self.map.name} (copy)")
            self.assertEqual(copied._layout(), self.map._layout())
            self.map = copied
        self.assertEqual(self.map.name, "Test layout (copy) (copy)")
        self.assertEqual(self.map.copy({"name": "Line 2"}).name, "Line 2")

    def test_copies_in_other_languages(self):
        self.env["res.lang"]._activate_lang("id_ID")
        self.map.update_field_translations("name", {"id_ID": "Tata letak"})
        copied = self.map.with_context(lang="id_ID").copy()
        for lang in ("id_ID", "en_US"):
            self.assertRegex(copied.with_context(lang=lang).name, r"^Tata letak \(.+\)$")

    def test_file(self):
        """A row a field, an address for each slot; numbers are numbers, and no text is a formula."""
        self.map.notation = "modicon"
        self.field("recipe", "order").name = "=HYPERLINK(1)"
        text = base64.b64decode(self.map.table_file).decode("utf-8-sig")
        self.assertEqual(self.map.table_file_name, "Test layout.csv")
        heads, *rows = csv.reader(io.StringIO(text))
        self.assertEqual(heads[:5], ["Area", "Name", "Role", "Offset", "Type"])
        self.assertEqual(heads[-10:], [f"Address in Slot {slot}" for slot in range(1, 11)])
        self.assertEqual(len(rows), len(self.map.table_ids))
        told = dict(zip(heads, next(row for row in rows if row[1] == "'=HYPERLINK(1)"), strict=True))
        self.assertEqual((told["Words"], told["Address in Slot 1"], told["Address in Slot 10"]), ("8", "407002", "407902"))
        told = dict(zip(heads, next(row for row in rows if row[2] == "Planned quantity"), strict=True))
        self.assertEqual((told["Words"], told["Scale"], told["Maximum"]), ("2", "100", "100000"))
        event = next(row for row in rows if row[0].startswith("Equipment failures"))
        self.assertEqual(event[-10:], ["408001", *[""] * 9])

    def test_paper(self):
        """Each line with its address, in each protocol; with problems, too."""
        for protocol in PROTOCOLS:
            layout = self.env.ref(f"plc_mo_batch.plc_register_layout_job_numbers{protocol}")
            html = self.env["ir.actions.report"]._render_qweb_html(REPORT, layout.ids)[0].decode()
            for part in layout._printed_table():
                self.assertEqual(len(part["rows"]), len(layout._layout().area(part["area"].kind).fields))
                self.assertIn(part["slots"], html)
                for row in part["rows"]:
                    for text in (row["first"], row["last"], row["name"]):
                        self.assertIn(str(markupsafe.escape(text)), html)
        self.assertEqual(self.map.action_print_table()["report_name"], REPORT)

    def test_without_areas(self):
        empty = self.env["plc.register.layout"].create({"name": "a/b"})
        self.assertEqual(len(empty._table_csv().splitlines()), 1)
        self.assertEqual(empty.table_file_name, "a-b.csv")
        self.assertEqual(empty._printed_table(), [])


@tagged("post_install", "-at_install")
class TestRegisterFile(PatientHttpCase):
    def test_download(self):
        self.authenticate("admin", "admin")
        layout = self.env.ref("plc_mo_batch.plc_register_layout_isa88").copy({"name": "Mühle / 2"})
        action = layout.action_download_table()
        response = self.url_open(action["url"])
        response.raise_for_status()
        self.assertEqual(response.content.decode("utf-8-sig"), layout._table_csv())
        self.assertIn("attachment", response.headers["Content-Disposition"])
