"""Whose a layout is: a company's own, or all companies'; and that nobody moves the words of another company's PLC."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from ...models.layouts.plc_layout_part import HARMLESS
from ..common import MillCase


def is_ours(field):
    return field.translate and field.store and "plc_mo_batch" in field._modules


@tagged("post_install", "-at_install")
class TestLayoutCompanies(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create({"name": "Other mill"})
        there = {"company_id": cls.elsewhere.id, "company_ids": cls.elsewhere.ids}
        group = "plc_mo_batch.group_manager"
        cls.manager = new_test_user(cls.env, "boss", groups=group)
        cls.far = new_test_user(cls.env, "far", groups=group, **there)
        cls.administrator = new_test_user(cls.env, "root", groups=f"base.group_system,{group}")
        cls.shared = cls.env.ref("plc_mo_batch.plc_register_layout_job_numbers")
        cls.own = cls.shared.with_user(cls.manager).copy({"name": "Ours"}).sudo()
        cls.controller.layout_id = cls.own

    def area(self, layout):
        return layout.area_ids.filtered(lambda area: area.kind == "recipe")

    def parts(self, layout):
        return layout, self.area(layout), self.area(layout).field_ids[0]

    def test_shipped_ones_are_shared(self):
        for name in ("job_numbers", "flags", "isa88"):
            self.assertFalse(self.env.ref(f"plc_mo_batch.plc_register_layout_{name}").company_id)

    def test_what_a_person_makes_is_of_the_company(self):
        self.assertEqual(self.own.company_id, self.env.company)
        self.assertEqual(self.shared.with_user(self.far).copy({"name": "Theirs"}).company_id, self.elsewhere)

    def test_another_companys_is_out_of_sight(self):
        for part in self.parts(self.own):
            for act in (lambda part: part.read(["display_name"]), lambda part: part.write({}), lambda part: part.unlink()):
                with self.assertRaises(AccessError):
                    act(part.with_user(self.far))
        self.assertFalse(self.env["plc.register.layout"].with_user(self.far).search([("name", "=", "Ours")]))

    def test_shared_ones_are_for_administrators(self):
        layout, area, field = self.parts(self.shared)
        for user in (self.manager, self.far):
            self.assertTrue(layout.with_user(user).name)
            for part, values in ((layout, {"name": "Mine"}), (area, {"base": 7001}), (field, {"name": "Mine"})):
                with self.assertRaisesRegex(AccessError, "All companies share the layout Feed mill, job numbers"):
                    part.with_user(user).write(values)
            with self.assertRaisesRegex(AccessError, "Duplicate it and change the copy"):
                area.with_user(user).unlink()
        layout.with_user(self.administrator).name = "Renamed"

    def translate(self, layout, user, way, text):
        """As the dialog of a browser, or as its *for all languages*: neither goes by ``write``."""
        as_user = layout.with_user(user)
        if way == "translations":
            call_kw(as_user.browse(), "update_field_translations", [layout.ids, "name", {"en_US": text}], {})
        else:
            call_kw(as_user.browse(), "web_override_translations", [layout.ids, {"name": text}], {})

    def test_a_translation_is_a_change(self):
        models = [model for model in self.env.registry.values() if not model._abstract]
        ours = {(model._name, name) for model in models for name, field in model._fields.items() if is_ours(field)}
        self.assertEqual(ours, {("plc.register.layout", "name")}, "another text that is not only changed by write")
        for way in ("translations", "all languages"):
            for user in (self.manager, self.far):
                with self.assertRaisesRegex(AccessError, "All companies share the layout"), self.env.cr.savepoint():
                    self.translate(self.shared, user, way, "Mine")
            for text in ("x" * 1001, "a\0b"):
                with self.assertRaisesRegex(UserError, "Name (must not be longer|has characters)"), self.env.cr.savepoint():
                    self.translate(self.own, self.manager, way, text)
            self.translate(self.own, self.manager, way, f"Ours, {way}")
            self.assertEqual(self.own.name, f"Ours, {way}")
            told = self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id)], limit=1).message
            self.assertRegex(told, f"Changed by boss .*→ Ours, {way}")
        self.translate(self.shared, self.administrator, way, "Renamed")
        self.assertEqual(self.shared.name, "Renamed")

    def test_nobody_shares_or_takes_one_by_the_back_door(self):
        for company in (self.env["res.company"], self.elsewhere):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.own.with_user(self.manager).company_id = company
        free = self.own.copy({"name": "Of no PLC"})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            free.with_user(self.manager).company_id = self.elsewhere
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.env["plc.register.layout"].with_user(self.manager).create({"name": "For all", "company_id": False})

    def test_parts_are_not_moved_into_anothers(self):
        theirs = self.shared.with_user(self.far).copy({"name": "Theirs"})
        for target in (self.own, self.shared):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                self.area(theirs).layout_id = target.with_user(self.far)
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                self.area(theirs).field_ids[0].area_id = self.area(target).with_user(self.far)

    def test_plc_takes_its_companys_or_a_shared_one(self):
        theirs = self.shared.with_user(self.far).copy({"name": "Theirs"}).sudo()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.controller.layout_id = theirs
        self.controller.layout_id = self.shared

    def test_layout_in_use_keeps_its_company(self):
        with self.assertRaisesRegex(ValidationError, "PLCs of other companies use the layout Ours"), self.env.cr.savepoint():
            self.own.company_id = self.elsewhere
        self.own.with_user(self.administrator).company_id = False

    def test_set_up_begins_with_one_that_may_be_read(self):
        setup = self.env["plc.setup"].with_user(self.far)
        self.assertEqual(setup.default_get(["layout_id"]), {"layout_id": self.shared.id})
        self.shared.company_id = self.env.company
        self.assertFalse(setup.default_get(["layout_id"]))

    def test_frozen_under_batches_that_were_sent(self):
        """All that it decides, by the field, and by a part that is moved into it."""
        other = self.own.copy({"name": "Another of ours"})
        self.new_order()
        self.run_task(1)
        self.env["mo.batch"].search([("controller_id", "=", self.controller.id)])._set_state("offered")
        free = {*HARMLESS, "area_ids", "table_ids"}
        names = [name for name, field in self.own._fields.items() if field.store and not field.readonly and name not in free]
        self.assertLessEqual({"copies_on_take", "drift", "weight_contains", "slots"}, set(names))
        for name in names:
            with self.assertRaisesRegex(UserError, "cannot be changed while a PLC has batches"):
                self.own.write({name: self.own[name]})
        for part in self.parts(other)[1:]:
            owner = "layout_id" if part._name == "plc.register.area" else "area_id"
            with self.assertRaisesRegex(UserError, "cannot be changed while"), self.env.cr.savepoint():
                part[owner] = self.parts(self.own)[1 if owner == "area_id" else 0]
        self.own.name = "Renamed"
