"""What people of another company, and others than its maker, get of a record and can do to it: nothing, by no field, no verb."""

from odoo.fields import Command
from odoo.tests import tagged

from .field_case import DONE, ELSEWHERE, MARK, MARK_KG, FieldCase
from .field_table import FIELDS, every_field

STRANGERS = [f"{role} elsewhere" for role in ELSEWHERE]
SHARED = {"product.product", "product.template", "res.config.settings"}  # of no company
NOTHING = ("[]", "{'datas': []}")  # found
COLLEAGUES = ["operator", "manager", "settings"]


@tagged("post_install", "-at_install")
class TestSecurityCompanies(FieldCase):
    def strangers(self, model):
        """Wizards are not for colleagues either."""
        return STRANGERS + (COLLEAGUES if self.is_wizard(model) else [])

    def cells(self):
        for model, name, _reads, _writes in every_field():
            if model not in SHARED:
                for role in self.strangers(model):
                    yield role, self.secrets[model], name

    def assertTellsNothing(self, answer, *about):
        self.assertFalse(MARK in str(answer) or str(MARK_KG) in str(answer), about)

    def test_nothing_is_read(self):
        for role, record, name in self.cells():
            ours = [("id", "in", record.ids)]
            for verb, method, *args in (
                ("read", "read", record.ids, [name]),
                ("search", "search", [(name, "!=", False), *ours]),
                ("group by", "formatted_read_group", ours, [name], ["__count"]),
            ):
                self.assertNothing(role, record._name, verb, method, *args)

    def test_nothing_is_taken_at_once(self):
        for model in sorted(set(FIELDS) - SHARED):
            names = list(self.env[model]._fields)
            for role in self.strangers(model):
                self.assertNothing(role, model, "export", "export_data", self.secrets[model].ids, names)
                self.assertNothing(role, model, "search", "search_read", [], names)
                _outcome, answer = self.attempt("default_get", role, model, "default_get", names)
                self.assertTellsNothing(answer, role, "default_get", model)

    def assertNothing(self, role, model, verb, method, *args):
        outcome, answer = self.attempt(verb, role, model, method, *args)
        if outcome == DONE and method != "search_read":
            self.assertIn(str(answer), NOTHING, (role, verb, model, args))
        self.assertTellsNothing(answer, role, verb, model, args)

    def test_no_name_is_found(self):
        for model in sorted(set(FIELDS) - SHARED):
            for role in self.strangers(model):
                _outcome, found = self.attempt("name_search", role, model, "name_search", MARK)
                self.assertFalse(found, (role, model))

    def test_nothing_is_changed(self):
        for role, record, name in self.cells():
            value = self.forged(record, name)
            self.assertUnchanged("write", role, record, name, "write", record.ids, {name: value})
            if role == "settings elsewhere":
                self.assertUnchanged("import", role, record, name, "load", [".id", name], [[str(record.id), str(value)]])

    def assertUnchanged(self, verb, role, record, name, method, *args):
        outcome = self.try_change(verb, role, record, name, record._name, method, *args)
        self.assertNotEqual(outcome, DONE, (role, verb, f"{record._name}.{name}"))

    # Records of theirs do not lead to ours

    def links(self):
        """Each field of a record that they may write to, and the record of ours that it could hold. Odoo shows its users to all,
        its companies to administrators."""
        for model, name, _reads, writes in every_field():
            field = self.env[model]._fields[name]
            secret = self.secrets.get(field.comodel_name)
            if field.type in ("many2one", "many2many") and secret and not {model, secret._name} & SHARED:
                roles = [f"{role} elsewhere" for role in ELSEWHERE if role in writes]
                yield from ((role, model, name, secret) for role in roles if not self.is_seen(role, secret))

    def is_seen(self, role, secret):
        return secret._name in ("res.users", "res.company") and secret.with_user(self.people[role]).has_access("read")

    def linking(self, model, name, secret):
        return [Command.link(secret.id)] if self.env[model]._fields[name].type == "many2many" else secret.id

    def test_no_link_to_ours_is_written(self):
        for role, model, name, secret in self.links():
            record = self.wizard_of(role, model) if self.is_wizard(model) else self.theirs[model]
            value = self.linking(model, name, secret)
            with self.env.cr.savepoint() as savepoint:
                outcome, _answer = self.attempt("link", role, model, "write", record.ids, {name: value})
                savepoint.rollback()
            self.assertNotEqual(outcome, DONE, (role, f"{model}.{name}"))

    def wizard_of(self, role, model):
        """One that a stranger opened, with whatever it is about."""
        if (role, model) not in self.theirs:
            self.theirs[role, model] = self.wizard(model, self.people[role])
        return self.theirs[role, model]

    def test_no_link_to_ours_is_created(self):
        for role, model, name, secret in self.links():
            values = {**self.values(model), name: self.linking(model, name, secret)}
            for method, args in (("create", [[values]]), ("web_save", [[], values, self.everything(model)])):
                with self.env.cr.savepoint() as savepoint:
                    outcome, _answer = self.attempt("link", role, model, method, *args)
                    savepoint.rollback()
                self.env.invalidate_all()
                self.assertNotEqual(outcome, DONE, (role, f"{model}.{name}", method))
            self.assertOnchangeTellsNothing(role, model, name, values)

    def assertOnchangeTellsNothing(self, role, model, name, values):
        """With the link among the values, or as a default; asked for all fields, and of a wizard for each alone."""
        everything = self.everything(model)
        specs = [everything, *({shown: spec} for shown, spec in everything.items() if self.is_wizard(model))]
        for spec in specs:
            defaults = {f"default_{name}": values[name]}
            for given, context in ((values, {}), ({}, defaults)):
                args = ([], given, list(given), spec)
                _outcome, answer = self.attempt("onchange", role, model, "onchange", *args, context=context)
                self.assertTellsNothing(answer, role, "onchange", f"{model}.{name}", list(spec))

    def test_no_line_in_a_form_tells_of_ours(self):
        """A form sends the lines that it has not saved with it: of whatever model, they link to nothing of ours."""
        parents = [
            (parent, field.name, field.comodel_name)
            for parent, model in self.env.registry.items()
            if not model._abstract
            for field in model._fields.values()
            if field.type in ("one2many", "many2many") and field.comodel_name in FIELDS
        ]
        self.assertTrue({("mrp.bom", "bom_line_ids", "mrp.bom.line")} <= set(parents))
        for role, child, name, secret in self.links():
            for parent, lines, _child in (each for each in parents if each[2] == child):
                spec = {lines: {"fields": self.everything(child)}}
                for command in self.lines(child, {name: self.linking(child, name, secret)}):
                    for args, context in (
                        (([], {lines: [command]}, [lines], spec), {}),
                        (([], {lines: [command]}, [], spec), {}),
                        (([], {}, [], spec), {f"default_{lines}": [command]}),
                    ):
                        _outcome, answer = self.attempt("onchange", role, parent, "onchange", *args, context=context)
                        self.assertTellsNothing(answer, role, parent, lines, f"{child}.{name}", command[0])

    def lines(self, child, link):
        """A new line with the link, and one of theirs."""
        yield [Command.CREATE, "virtual_1", link]
        if child in self.theirs:
            yield [Command.UPDATE, self.theirs[child].id, link]

    def everything(self, model):
        return {
            name: {"fields": {"display_name": {}}} if field.relational else {} for name, field in self.env[model]._fields.items()
        }

    def values(self, model):
        """What a record of theirs needs."""
        layout, mill = self.theirs["plc.register.layout"], self.theirs["plc.controller"]
        return {
            "plc.controller": {"name": "New", "host": "192.0.2.9", "layout_id": layout.id},
            "plc.equipment": {"name": "New", "code": 999, "controller_id": mill.id},
            "plc.register.area": {"layout_id": layout.id, "kind": "clock", "base": 9000},
            "plc.register.field": {"area_id": layout.area_ids[0].id, "name": "New", "role": "formula", "offset": 90},
            "plc.register.layout": {"name": "New"},
            "mrp.bom.line": {"bom_id": self.theirs["mrp.bom"].id, "product_id": self.salt.id, "product_qty": 1.0},
            "mo.batch.weight": {"weight": 1.0},
            "mo.batch.cancel": {"reason": "plan"},
            "mo.batch.booked": {"comment": "x"},
            "mo.batch.amounts": {"reason": "x"},
        }.get(model, {})

    def test_no_command_reaches_ours(self):
        """Of the other side: a record of theirs takes one of ours among its own, changes or drops it."""
        for model, name, _reads, _writes in every_field():
            field, record = self.env[model]._fields[name], self.theirs.get(model)
            secret = self.secrets.get(field.comodel_name)
            if not record or not secret or secret._name in SHARED or field.type not in ("one2many", "many2many"):
                continue
            ways = (Command.link, lambda number: Command.update(number, {}), Command.delete, lambda number: Command.set([number]))
            for command in (way(secret.id) for way in ways):
                for role in STRANGERS:
                    outcome = self.try_change("command", role, record, name, model, "write", record.ids, {name: [command]})
                    self.assertNotEqual(outcome, DONE, (role, f"{model}.{name}", command))
                    self.assertTrue(secret.exists())
