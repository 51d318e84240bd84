"""A layout for the equipment of a PLC, whatever there is of it."""

from dataclasses import replace

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..common import MillCase
from ..plc_layouts import job_numbers


@tagged("post_install", "-at_install")
class TestGenerateLayout(MillCase):
    def with_codes(self, *codes):
        self.controller.equipment_ids.unlink()
        self.controller.equipment_ids = [Command.create({"name": f"Silo {code}", "code": code}) for code in codes]

    def wizard(self, **values):
        action = self.controller.action_generate_layout()
        return self.env[action["res_model"]].with_context(**action["context"]).create(values)

    def generate(self, **values):
        action = self.wizard(**values).action_generate()
        return self.env[action["res_model"]].browse(action["res_id"])

    def places(self, register_layout):
        return {area.kind: (area.base, area.stride) for area in register_layout.area_ids}

    def codes(self, register_layout):
        return [record for record in register_layout.area_ids[0].field_ids if record.role == "line_code"]

    def test_the_default_mill_gets_the_default_layout(self):
        self.with_codes(*range(101, 116))
        generated = self.generate()
        for kind in ("recipe", "feedback", "failure", "weighing"):
            ours, default = (layout.area(kind).fields for layout in (generated._layout(), job_numbers()))
            self.assertEqual({replace(item, name="") for item in ours}, {replace(item, name="") for item in default})
        events = {"failure": (8000, 100), "weighing": (9000, 100)}
        self.assertEqual(self.places(generated), {"feedback": (6000, 100), "recipe": (7000, 100), **events})

    def test_events_added_later(self):
        """As for a layout that comes from a time when there were none."""
        self.with_codes(*range(101, 116))
        old = self.generate(events=False)
        self.assertEqual(self.places(old), {"feedback": (6000, 100), "recipe": (7000, 100)})
        old.action_add_event_areas()
        self.assertFalse(old.problems)
        for kind in ("failure", "weighing"):
            added, default = (layout.area(kind) for layout in (old._layout(), job_numbers()))
            self.assertEqual(replace(added, fields=()), replace(default, fields=()))
            ours, theirs = ({replace(item, name="") for item in area.fields} for area in (added, default))
            self.assertEqual(ours, theirs)
        old.action_add_event_areas()
        self.assertEqual(len(old.area_ids), 4)

    def test_any_number_of_silos(self):
        for count in (1, 2, 13, 28):
            with self.subTest(count):
                self.with_codes(*range(1, count + 1))
                generated = self.generate()
                self.assertFalse(generated.problems)
                self.assertEqual(generated._layout().codes, tuple(range(1, count + 1)))
                self.assertEqual(len(self.codes(generated)), 1)

    def test_codes_with_gaps(self):
        self.with_codes(101, 102, 103, 201, 5, 6)
        generated = self.generate()
        self.assertFalse(generated.problems)
        self.assertEqual(generated._layout().codes, (5, 6, 101, 102, 103, 201))
        self.assertEqual([(record.value, record.repeat) for record in self.codes(generated)], [(5, 2), (101, 3), (201, 1)])
        names = [item.label for item in generated._layout().area("feedback").by_role("line_code")]
        self.assertEqual(names, [f"Equipment code {line}" for line in range(1, 7)])

    def test_too_many_for_a_line_each(self):
        self.with_codes(*range(1, 41))
        with self.assertRaisesRegex(UserError, "40 silos.*158 words.*only 123, enough for 28 of them"):
            self.generate(lines="fixed")

    def test_too_many_for_a_line_each_share_lines(self):
        self.with_codes(*range(1, 41))
        self.assertEqual(self.wizard().lines, "free")
        generated = self.generate(line_count=20)
        self.assertEqual(generated._layout().codes, (None,) * 20)
        for lines in (0, 29):
            with self.assertRaisesRegex(UserError, "between 1 and 28 lines"):
                self.generate(line_count=lines)

    def test_many_slots(self):
        events = {"failure": (16000, 100), "weighing": (17000, 100)}
        self.assertEqual(self.places(self.generate(slots=50)), {"feedback": (6000, 100), "recipe": (11000, 100), **events})
        with self.assertRaisesRegex(ValidationError, "must lie between addresses 0 and 65535"):
            self.generate(slots=600)

    def test_no_equipment(self):
        self.with_codes()
        with self.assertRaisesRegex(UserError, "Enter them first"):
            self.generate()

    def test_archived_equipment_has_no_line(self):
        self.controller.equipment_ids[0].active = False
        self.assertEqual(self.generate()._layout().codes, (102, 114))

    def test_the_plc_keeps_its_layout(self):
        before = self.controller.layout_id
        self.generate()
        self.assertEqual(self.controller.layout_id, before)

    def test_used_at_once(self):
        generated = self.generate(assign=True)
        self.assertEqual(self.controller.layout_id, generated)

    def test_never_under_a_batch(self):
        self.new_order()
        self.run_task(1)
        self.new_simulator()
        self.run_task(2)
        before = self.controller.layout_id
        self.assertFalse(self.wizard().can_assign)
        with self.assertRaisesRegex(ValidationError, "while the PLC has batches"), self.env.cr.savepoint():
            self.generate(assign=True)
        self.env.invalidate_all()
        self.assertEqual(self.controller.layout_id, before)

    def test_form(self):
        action = self.controller.action_generate_layout()
        with Form(self.env[action["res_model"]].with_context(**action["context"])) as form:
            self.assertEqual((form.words, form.equipment_count), (47, 3))
            form.lines = "free"
            form.line_count = 10
            self.assertEqual(form.words, 68)

    def test_an_order_goes_all_the_way(self):
        """The simulator serves the default layout: the mill has the default's silos."""
        self.with_codes(*range(101, 116))
        for code, product in ((101, self.wheat), (102, self.soy), (114, self.molasses)):
            self.controller.equipment_ids.filtered(lambda item, code=code: item.code == code).product_ids = product
        self.generate(assign=True)
        plc = self.new_simulator()
        order = self.new_order()
        self.run_task(1)
        self.run_plc(plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertEqual(order.state, "done")

    def test_only_managers(self):
        night = new_test_user(self.env, "night", groups="plc_mo_batch.group_operator")
        with self.assertRaises(AccessError):
            self.wizard().with_user(night).action_generate()
