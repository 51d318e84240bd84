"""What the PLC reported and what the tasks decided cannot be forged through the external API, whatever way is taken."""

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..security_case import SecurityCase
from .test_security_methods import NOBODY
from .test_security_models import MODELS

OURS = [model for model, (_read, write, _unlink) in MODELS.items() if write == NOBODY and not model.startswith("plc.snapshot")]

FORGED = {"name": "forged", "state": "done", "slot": 9, "job_number": 99, "actual_qty": 99.0, "message": "forged"}
COMPUTED = {
    "plc.dosing",
    "plc.dosing.silo",
    "plc.output",
    "plc.recall.line",
}  # of what is stored elsewhere: there is nothing to forge
INVERSES = {"product.template.plc_number"}  # to the product itself, with the rights that one needs there
FORGERS = ["planner", "operator", "manager", "settings"]


@tagged("post_install", "-at_install")
class TestSecurityForging(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.new_order()

    def setUp(self):
        super().setUp()
        self.run_task(1)
        self.batch = self.queue()
        self.batch._set_state("offered", job_number=7)
        self.controller.write({"last_job": 7, "online": True})
        self.order.plc_reason = "of old"
        self.env["plc.alarm"].create({"kind": "silent", "message": "A test.", "controller_id": self.controller.id})
        self.env["plc.counter"]._add(self.controller, "requests")
        self.controller._begin_commissioning()
        self.batch._record_signatures("take_note", [(self.env.user, "decided")])
        self.batch._freeze_report()
        shift = {"since": "2026-01-01 06:00:00", "until": "2026-01-01 14:00:00"}
        self.env["plc.shift.mail"].create({"controller_id": self.controller.id, **shift})
        self.new_events()
        self.env.flush_all()

    # What must stay as it is

    def protected(self):
        """Every row of the addon's own tables, and the guarded fields of the others."""
        self.env.flush_all()
        tables = [model for model in OURS if self.env[model]._auto and not self.env[model]._table_query]
        rows = {model: self.rows(model, self.columns(model)) for model in tables}
        return rows | {model: self.rows(model, ["id", *self.guarded(model)]) for model in ("plc.controller", "mrp.production")}

    def columns(self, model):
        return [name for name, field in self.env[model]._fields.items() if field.store and field.column_type]

    def rows(self, model, columns):
        names = ", ".join(f'"{name}"' for name in columns)
        table = self.env[model]._table
        self.env.cr.execute(f"SELECT {names} FROM {table} ORDER BY id")
        return self.env.cr.fetchall()

    def forged(self, record, name):
        """Another value for a field."""
        kind = record._fields[name].type
        return {"boolean": not record[name], "integer": 99, "float": 99.0, "datetime": "2030-01-01 00:00:00"}.get(kind, "1")

    def guarded(self, model):
        return sorted(name for name in self.env[model]._fields if self.env[model]._is_guarded(name))

    def assertNotForged(self, model, method, *args, roles=FORGERS, **kwargs):
        """Whatever the answer, nothing that is protected has changed."""
        for role in roles:
            before = self.protected()
            with self.subTest(role=role, model=model, method=method, args=args), self.env.cr.savepoint() as savepoint:
                try:
                    with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                        self.call(role, model, method, *args, **kwargs)
                        self.env.flush_all()
                except UserError:
                    self.env.invalidate_all()
                self.assertEqual(self.protected(), before)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_watch_sees_a_change(self):
        before = self.protected()
        self.batch.line_ids[0].actual_qty = 99.0
        self.assertNotEqual(self.protected(), before)

    # By itself

    def test_batches_components_and_journal(self):
        for model in sorted({*OURS} - COMPUTED):
            record = self.env[model].search([], limit=1)
            for name in self.columns(model):
                self.assertNotForged(model, "write", record.ids, {name: self.forged(record, name)}, roles=["settings"])
            forged = {name: value for name, value in FORGED.items() if name in record._fields}
            self.assertNotForged(model, "create", [forged])
            self.assertNotForged(model, "web_save", record.ids, forged, {})
            self.assertNotForged(model, "copy", record.ids)
            self.assertNotForged(model, "unlink", record.ids)
            self.assertNotForged(model, "load", [".id", *forged], [[str(record.id), *map(str, forged.values())]])
            self.assertNotForged(model, "name_create", "forged")
        self.assertNotForged("mo.batch", "action_archive", self.batch.ids)

    def test_through_every_record_that_has_them(self):
        """Commands of x2many fields, of whatever model."""
        for model, owner in sorted(self.env.registry.items()):
            for name, field in owner._fields.items():
                if field.comodel_name in OURS and field.type in ("one2many", "many2many") and not owner._transient:
                    self.try_commands(model, name, self.env[field.comodel_name].search([], limit=1))

    def try_commands(self, model, name, record):
        values = {key: value for key, value in FORGED.items() if key in record._fields}
        owner = self.env[model].search([(name, "in", record.ids)] if self.env[model]._fields[name].store else [], limit=1)
        owner = owner or self.env[model].search([], limit=1)
        commands = [(0, 0, values), (1, record.id, values), *((number, record.id, 0) for number in (2, 3)), (5, 0, 0), (6, 0, [])]
        for command in commands:
            self.assertNotForged(model, "write", owner.ids, {name: [command]}, roles=["settings", "planner"])

    def test_no_field_of_another_model_writes_through(self):
        """Related fields, and computed ones that can be set, run as superuser."""
        for model, owner in self.env.registry.items():
            for name, field in owner._fields.items():
                if "plc_mo_batch" not in field._modules or owner._abstract or field.inherited:  # as the template's own rights say
                    continue
                self.assertFalse(field.related and not field.readonly, f"{model}.{name}")
                self.assertFalse(field.inverse and f"{model}.{name}" not in INVERSES, f"{model}.{name}")

    # Records that people may write to

    def test_guarded_fields(self):
        self.assertLessEqual({"last_job", "fill_count", "online", "last_contact"}, set(self.guarded("plc.controller")))
        for model, record in (("plc.controller", self.controller), ("mrp.production", self.order)):
            for name in self.guarded(model):
                self.assertFalse(record._fields[name].copy, f"{model}.{name} would be copied")
                value = self.forged(record, name)
                self.assertNotForged(model, "write", record.ids, {name: value})
                self.assertNotForged(model, "web_save", record.ids, {name: value}, {})
                self.assertNotForged(model, "load", [".id", name], [[str(record.id), str(value)]])

    def test_guarded_fields_of_new_records(self):
        values = self.controller_values()
        for extra in ({}, {"context": {"default_last_job": 99, "default_online": True}}):
            for method, args in (("create", [[values]]), ("web_save", [[], values, {}]), ("copy", [self.controller.ids])):
                with self.subTest(method=method, **extra), self.env.cr.savepoint() as savepoint:
                    self.call("manager", "plc.controller", method, *args, **extra)
                    self.assertFalse(self.newest()["last_job"] or self.newest()["online"])
                    savepoint.rollback()
        forged = {"last_job": 99}
        for method, args in (
            ("create", [[{**values, **forged}]]),
            ("web_save", [[], {**values, **forged}, {}]),
            ("copy", [self.controller.ids, forged]),
        ):
            self.assertNotForged("plc.controller", method, *args, roles=["manager"])
        self.assertNotForged(
            "plc.register.layout", "write", self.controller.layout_id.ids, {"controller_ids": [(1, self.controller.id, forged)]}
        )

    def test_defaults_that_a_user_keeps(self):
        self.env["ir.default"].with_user(self.people["manager"]).sudo().set("plc.controller", "last_job", 99)
        self.call("manager", "plc.controller", "create", [self.controller_values()])
        self.assertFalse(self.newest()["last_job"])

    def controller_values(self):
        return {"name": "Another PLC", "host": "192.0.2.1", "layout_id": self.controller.layout_id.id}

    def newest(self):
        return self.env["plc.controller"].search([], order="id desc", limit=1).read(["last_job", "online"])[0]

    # What methods take

    def test_hand_adds_are_those_of_the_batch_itself(self):
        """Neither a component that the PLC dosed nor one of another batch."""
        other = self.new_order()
        self.batch._store_actuals([101], [600.0])
        self.batch._advance("completed", 1000.0, {})
        far = self.env["mo.batch"].create(self.other_batch(other))
        for line in (self.batch.line_ids.filtered("code")[0], far.line_ids[0]):
            self.assertNotForged("mo.batch", "action_enter_hand_adds", self.batch.ids, [[line.id, 99.0]], roles=["operator"])

    def other_batch(self, order):
        layout = self.controller.layout_id._layout()
        return order._prepare_plc_batch(self.controller, layout, 9, order._plc_share(self.controller))
