"""Who gets what from each field, and who changes it, in one's own company. field_table.py says who may; a new field needs a place
there."""

import os

from odoo.tests import tagged

from ..security_case import GROUPS
from .field_case import DENIED, DONE, FieldCase
from .field_table import BLOCK, FIELDS, every_field, page
from .test_security_methods import NOBODY
from .test_security_models import MODELS

MAIL = ("mail.thread", "mail.activity.mixin")  # Odoo's own fields in our models
MAGIC = {"id", "display_name", "create_uid", "create_date", "write_uid", "write_date"}
ROLES = [*GROUPS, "nobody", "engineer"]


@tagged("post_install", "-at_install")
class TestSecurityFields(FieldCase):
    def setUp(self):
        super().setUp()
        self.own = {}

    def record(self, role, model):
        """A record of the company; a wizard is one's own."""
        if not self.is_wizard(model):
            return self.secrets[model]
        if (role, model) not in self.own:
            self.own[role, model] = self.wizard(model, self.people[role])
        return self.own[role, model]

    def test_every_field_has_its_place(self):
        there = {(model, name) for model, name, _reads, _writes in every_field()}
        self.assertFalse(sorted(self.fields() - there), "who may read and write it? Say so in FIELDS")
        self.assertFalse(sorted(there - self.fields()), "there is no such field any more")
        self.assertEqual(len(there), sum(len(names.split()) for kinds in FIELDS.values() for names in kinds.values()), "twice")

    def test_the_page_is_that_of_the_table(self):
        if os.environ.get("PLC_WRITE_SECURITY"):
            BLOCK.put(page())
        self.assertEqual(BLOCK.page.read_text("utf-8"), BLOCK.document(page()), "run this test with PLC_WRITE_SECURITY=1")

    def fields(self):
        """All of the addon's own models, and what it adds to others."""
        mail = {name for mixin in MAIL for name in self.env[mixin]._fields}
        own = {name for name in self.addon_models() if not self.env[name]._abstract}
        return {
            (model, name)
            for model, records in self.env.registry.items()
            for name, field in records._fields.items()
            if not records._abstract
            if (name not in mail | MAGIC if model in own else "plc_mo_batch" in field._modules)
        }

    def test_who_reads(self):
        for model, name, reads, _writes in every_field():
            found = {role for role in ROLES if self.gets(role, model, name)}
            self.assertEqual(found, reads & set(ROLES), f"{model}.{name}")

    def gets(self, role, model, name):
        """Whether one of the verbs gives anything of the field away. Who may read it may use each verb that Odoo has for it."""
        record = self.record(role, model)
        outcomes = {
            "read": self.attempt("read", role, model, "read", record.ids, [name]),
            "export": self.attempt("export", role, model, "export_data", record.ids, [name]),
            "search": self.attempt("search", role, model, "search_count", [(name, "!=", False)]),
            "group by": self.attempt("group by", role, model, "formatted_read_group", [], [name], ["__count"]),
        }
        if outcomes["read"][0] == DONE:
            refused = {verb for verb, (outcome, _answer) in outcomes.items() if outcome == DENIED}
            self.assertLessEqual(refused, set() if self.leads_on(role, model, name) else {"export"}, (role, model, name))
            return True
        return DONE in {outcome for outcome, _answer in outcomes.values()} or self.is_given_default(role, model, name)

    def leads_on(self, role, model, name):
        """Odoo shows the name of what a record links to; it exports it only to whoever may read that, too."""
        linked = self.env[model]._fields[name].comodel_name
        return not linked or self.env[linked].with_user(self.people[role]).has_access("read")

    def is_given_default(self, role, model, name):
        """Of what nobody creates, it is a constant."""
        if model in MODELS and MODELS[model][1] == NOBODY:
            return False
        outcome, answer = self.attempt("default_get", role, model, "default_get", [name])
        return outcome == DONE and bool(answer)

    def test_who_writes(self):
        doors, refused = {}, {}
        for model, name, _reads, writes in every_field():
            outcomes = {role: self.written(role, model, name) for role in ROLES}
            doors[model, name] = {role for role, outcome in outcomes.items() if outcome == DONE} - writes
            if self.env[model]._fields[name].type != "one2many":  # what is in these has rights of its own
                refused[model, name] = {role for role in writes & set(ROLES) if outcomes[role] == DENIED}
        self.assertEqual({field: roles for field, roles in doors.items() if roles}, {}, "doors")
        self.assertEqual({field: roles for field, roles in refused.items() if roles}, {}, "refused to those who may")

    def written(self, role, model, name):
        record = self.record(role, model)
        value = self.forged(record, name, role)
        outcome = self.try_change("write", role, record, name, model, "write", record.ids, {name: value})
        if outcome == DENIED:
            outcome = self.imported(role, record, name, value)
        return outcome

    def imported(self, role, record, name, value):
        """What ``write`` refuses, a file does not bring either."""
        row = [str(record.id), str(value)]
        outcome = self.try_change("import", role, record, name, record._name, "load", [".id", name], [row])
        return DONE if outcome == DONE else DENIED

    def test_who_creates(self):
        """With a value for the field, and by a default in the context."""
        doors = [
            (model, name, role)
            for model, name, _reads, writes in every_field()
            for role in (set(ROLES) - writes if self.env[model]._fields[name].store else ())
            if self.created(role, model, name)
        ]
        self.assertEqual(doors, [])

    def created(self, role, model, name):
        if not self.env[model].with_user(self.people[role]).has_access("create"):
            return self.attempt("create", role, model, "create", [{name: False}])[0] == DONE
        record = self.record(role, model)
        forged = record._fields[name].type == "boolean" or self.forged(record, name, role)
        values = self.minimal(role, model)
        for value, context in (({**values, name: forged}, {}), (values, {f"default_{name}": forged})):
            with self.env.cr.savepoint() as savepoint:
                outcome, made = self.attempt("create", role, model, "create", [value], context=context)
                found = outcome == DONE and self.value(self.env[model].browse(made), name) == forged
                savepoint.rollback()
            self.env.invalidate_all()
            if found:
                return True
        return False

    def minimal(self, role, model):
        layout = self.controller.layout_id
        values = {
            "plc.controller": {"name": "New", "host": "192.0.2.9", "layout_id": layout.id},
            "plc.equipment": {"name": "New", "code": 999, "controller_id": self.controller.id},
            "plc.register.area": {"layout_id": layout.id, "kind": "clock", "base": 9000},
            "plc.register.field": {"area_id": layout.area_ids[0].id, "name": "New", "role": "formula", "offset": 90},
            "plc.register.layout": {"name": "New"},
            "mrp.production": {"product_id": self.feed.id, "picking_type_id": self.picking_type.id},
            "stock.location": {"name": "New"},
            "stock.move": {"product_id": self.feed.id, **self.places()},
            "mrp.workorder": self.copied("mrp.workorder", "name", "workcenter_id", "production_id", "product_uom_id"),
            "mrp.workcenter.productivity": self.copied("mrp.workcenter.productivity", "workcenter_id", "loss_id"),
        }
        made = self.env(user=self.people[role], su=True)
        return self.opened(model, made) if self.is_wizard(model) else values.get(model, {})

    def places(self):
        place = self.picking_type.default_location_src_id.id
        return {"location_id": place, "location_dest_id": place}

    def copied(self, model, *names):
        return self.secrets[model]._convert_to_write({name: self.secrets[model][name] for name in names})
