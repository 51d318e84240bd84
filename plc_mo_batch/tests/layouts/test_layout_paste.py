"""Pasting a table into a layout: what is exported changes nothing, what differs is shown first, and the whole is checked."""

import csv
import io

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ...plc.register_table import NOTATIONS, to_csv
from ..common import MillCase

SHIPPED = ("job_numbers", "flags", "isa88")
PROTOCOLS = ("", "_fins", "_s7", "_opcua")
COLUMNS = (
    "Area", "Name", "Role", "Offset", "Type", "Words", "Scale", "Lines", "Step", "First Value", "Unit", "Minimum", "Maximum",
)  # fmt: skip
HEAD = "Area\tName\tOffset\tType\n"


@tagged("post_install", "-at_install")
class TestLayoutPaste(MillCase):
    def setUp(self):
        super().setUp()
        self.map = self.controller.layout_id.copy({"name": "Test layout"})
        self.recipe = self.map.area_ids.filtered(lambda area: area.kind == "recipe")

    def pasted(self, text, layout=None):
        layout = layout or self.map
        wizard = layout.env["plc.layout.paste"].browse(layout.action_open_paste()["res_id"])
        wizard.text = text
        self.assertEqual(wizard.action_read()["res_id"], wizard.id)
        self.assertTrue(wizard.is_read)
        return wizard

    def told(self, wizard):
        return wizard.action_apply()["params"]["message"]

    def contents(self, layout):
        return [field._table_row() for field in layout._table_fields()]

    def changed_file(self, *changes):
        text = self.map._table_csv()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        rows = csv.reader(io.StringIO(text, newline=""))
        return to_csv(COLUMNS, [row[: len(COLUMNS)] for row in rows][1:])  # without the addresses, which say the old offsets

    def test_what_is_exported_changes_nothing(self):
        """Of each shipped layout, in each protocol and notation, with semicolons or tabs, from another language."""
        self.env["res.lang"]._activate_lang("id_ID")
        self.controller.layout_id = self.map
        cases = [(name, protocol) for name in SHIPPED for protocol in PROTOCOLS]
        for number, (name, protocol) in enumerate(cases):
            layout = self.env.ref(f"plc_mo_batch.plc_register_layout_{name}{protocol}")
            for notation in NOTATIONS if not protocol else NOTATIONS[:1]:
                layout.notation = notation
                before, ids = self.contents(layout), layout.table_ids.ids
                text = layout.with_context(lang="id_ID" if number % 2 else "en_US")._table_csv()
                wizard = self.pasted("\ufeff" + text, layout)
                self.assertEqual(len(wizard.line_ids), len(before))
                self.assertFalse(any(wizard.line_ids.mapped("problem")), wizard.line_ids.mapped("problem"))
                self.assertEqual(self.told(wizard), "Nothing differs.")
                self.env.invalidate_all()
                self.assertEqual((self.contents(layout), sorted(layout.table_ids.ids)), (before, sorted(ids)))

    def test_it_changes_what_differs(self):
        """And tells it first, and the journal."""
        self.controller.layout_id = self.map
        text = self.changed_file(("Planned quantity,Planned quantity,25", "Tons,Planned quantity,25"), (",100,", ",10,"))
        wizard = self.pasted(text, self.map.with_user(self.env.ref("base.user_admin")))
        self.assertRegex(wizard.effect, r"Recipe \(written by Odoo\): \d+ fields change, 0 are new, none is removed.")
        kept = self.map.table_ids
        self.assertEqual(self.told(wizard), "The layout has the table now.")
        self.assertEqual(self.map.table_ids, kept)
        changed = self.recipe.field_ids.filtered(lambda field: field.role == "quantity")
        self.assertEqual((changed.name, changed.scale), ("Tons", 10))
        self.assertFalse(self.map.problems)
        told = self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id)]).mapped("message")
        self.assertTrue([message for message in told if "Planned quantity → Tons" in message], told)

    def test_one_area(self):
        """The others stay; what the table does not have of it is removed, and said."""
        formula = self.recipe.field_ids.filtered(lambda field: field.role == "formula")
        rows = [field for field in self.recipe.field_ids if field != formula]
        text = HEAD + "\n".join(f"recipe\t{field.name}\t{field.offset}\t{field.type}" for field in rows)
        wizard = self.pasted(text)
        self.assertIn("Removed: Formula name.", wizard.effect)
        feedback = self.contents(self.map)[: len(self.map.table_ids) - len(self.recipe.field_ids)]
        before = self.map._layout().area("recipe").fields
        self.told(wizard)
        self.assertFalse(formula.exists())
        self.assertTrue(set(self.contents(self.map)) >= {row for row in feedback if row.area != "recipe"})
        self.assertEqual(self.map._layout().area("recipe").fields, tuple(item for item in before if item.role != "formula"))

    def test_roles_are_chosen(self):
        text = self.changed_file(("Order name,Order name,1,", "MO,,1,"))
        wizard = self.pasted(text)
        rows = wizard.line_ids.filtered("problem")
        self.assertEqual((set(rows.mapped("name")), set(rows.mapped("problem"))), ({"MO"}, {"Choose its role and its type."}))
        with self.assertRaisesRegex(UserError, r"Line \d+: Choose its role"):
            wizard.action_apply()
        with Form(wizard) as form:
            for number, row in enumerate(wizard.line_ids):
                if row in rows:
                    with form.line_ids.edit(number) as line:
                        line.role = "order"
        self.assertFalse(any(wizard.line_ids.mapped("problem")))
        self.told(wizard)
        self.assertEqual(self.recipe.field_ids.filtered(lambda field: field.role == "order").name, "MO")

    def test_a_problem_goes_when_its_row_is_changed(self):
        wizard = self.pasted(self.changed_file(("Order name,Order name,1,", "Order name,Order name,one,")))
        self.assertEqual(
            len(wizard.line_ids.filtered("problem")),
            len(self.map.area_ids.field_ids.filtered(lambda f: f.role == "order" and f.offset == 1)),
        )
        self.assertIn('"one" is not a number', wizard.line_ids.filtered("problem")[0].problem)
        with Form(wizard) as form:
            for number, row in enumerate(wizard.line_ids):
                if row.problem:
                    with form.line_ids.edit(number) as line:
                        line.offset = 1
        self.assertEqual(self.told(wizard), "Nothing differs.")

    def test_the_whole_is_checked_at_the_end(self):
        for changes, told in (
            (
                (("Formula name,Formula name,9,", "Formula name,Formula name,8,"),),
                "Formula name starts at word 8, inside Order name",
            ),
            ((("Recipe job,Recipe job (Odoo),77,", "Recipe job,Recipe job (Odoo),90,"),), "Armed job"),
        ):
            before = self.contents(self.map)
            with self.assertRaisesRegex(ValidationError, told), self.env.cr.savepoint():
                self.pasted(self.changed_file(*changes)).action_apply()
            self.env.invalidate_all()
            self.assertEqual(self.contents(self.map), before)

    def test_not_while_a_batch_was_sent(self):
        self.controller.layout_id = self.map
        self.new_order()
        self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered")
        self.assertEqual(self.told(self.pasted(self.map._table_csv())), "Nothing differs.")
        with self.assertRaisesRegex(UserError, "cannot be changed while a PLC has batches"):
            self.pasted(self.changed_file((",100,", ",10,"))).action_apply()

    def test_no_table(self):
        manager = new_test_user(self.env, "paste_manager", groups="plc_mo_batch.group_manager,mrp.group_mrp_user")
        own = self.map.with_user(manager).copy()
        wizard = self.env["plc.layout.paste"].browse(own.action_open_paste()["res_id"]).with_user(manager)
        with self.assertRaisesRegex(UserError, "Paste a table first"):
            wizard.action_read()
        with self.assertRaisesRegex(UserError, "The table has no rows"):
            wizard.action_apply()
        for text, told in (("a\0b", "cannot be stored"), ("x" * 1_000_001, "must not be longer"), ("x" * 20_000, "headings")):
            with self.assertRaisesRegex(UserError, told):
                wizard.text = text
                wizard.action_read()
        wizard.text = HEAD + "recipe\tOrder name\t1\tSTRING[16]"
        wizard.action_read()
        self.assertEqual((wizard.is_read, len(wizard.line_ids)), (True, 1))
        wizard.action_back()
        self.assertEqual((wizard.is_read, len(wizard.line_ids)), (False, 0))

    def test_whose(self):
        """Only a layout that its user may change."""
        manager = new_test_user(self.env, "paste_manager", groups="plc_mo_batch.group_manager,mrp.group_mrp_user")
        shared = self.env.ref("plc_mo_batch.plc_register_layout_flags")
        wizard = self.env["plc.layout.paste"].browse(shared.with_user(manager).action_open_paste()["res_id"]).with_user(manager)
        wizard.text = shared._table_csv().replace(",100,", ",10,")
        wizard.action_read()
        with self.assertRaisesRegex(AccessError, "All companies share the layout"):
            wizard.action_apply()
        with self.assertRaises(AccessError):
            shared.with_user(new_test_user(self.env, "paste_operator", groups="plc_mo_batch.group_operator")).action_open_paste()
