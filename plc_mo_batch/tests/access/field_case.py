"""Two companies with everything that the addon knows of, and what their people get by each field and verb of the external API."""

from collections import Counter

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..security_case import GROUPS, SecurityCase
from ..summary import tell
from .field_table import FIELDS

MARK = "Zq7"  # in every name that the other company must not see
MARK_KG = 7391.25
PEOPLE = {**GROUPS, "engineer": "mrp.group_mrp_manager"}  # who manages bills of materials and products, not PLCs
ELSEWHERE = ("planner", "engineer", "operator", "manager", "settings")

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
DONE, DENIED, NO_USE = "done", "denied", "no use"
# what Odoo raises where a field cannot be used in this way, or a value makes no sense
SENSELESS = (UserError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError, psycopg2.Error)
FORGED = {"datetime": "2030-01-01 00:00:00", "date": "2030-01-01", "json": {"a": 1}}


class FieldCase(SecurityCase):
    """``self.people`` of our company, by role; ``operator elsewhere`` and so on of another one. ``self.secrets``: a record of
    ours for each model. ``self.theirs``: records of the other company, which its people may link to ours if nobody stops them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tried = Counter()
        cls.env.ref("base.group_user").implied_ids += cls.env.ref("base.group_allow_export")
        cls.elsewhere = cls.env["res.company"].create({"name": "Other mill"})
        cls.people["engineer"] = new_test_user(cls.env, "plc-engineer", groups=PEOPLE["engineer"])
        cls.maker = new_test_user(cls.env, "plc-maker", groups=PEOPLE["settings"], name=f"Maker {MARK}")
        there = {"company_id": cls.elsewhere.id, "company_ids": cls.elsewhere.ids}
        for role in ELSEWHERE:
            name = f"{role} elsewhere"
            cls.people[name] = new_test_user(cls.env, f"plc-{role}-elsewhere", groups=PEOPLE[role], **there)
        cls.secrets = {}
        cls.make_mill()
        cls.make_batch()
        cls.make_neighbours()
        cls.secrets |= {model: cls.wizard(model, cls.maker) for model in FIELDS if cls.is_wizard(model)}
        cls.make_theirs()
        cls.env.flush_all()

    @classmethod
    def tearDownClass(cls):
        verbs = ", ".join(f"{verb} {count:,}" for verb, count in cls.tried.most_common())
        tell(f"{cls.__name__}: {sum(cls.tried.values()):,} calls ({verbs})")
        super().tearDownClass()

    @classmethod
    def is_wizard(cls, model):
        return cls.env[model]._transient

    @classmethod
    def keep(cls, *records):
        cls.secrets |= {record._name: record for record in records}
        return records[0]

    # What is ours

    @classmethod
    def make_mill(cls):
        mill = cls.keep(cls.controller)
        layout = mill.layout_id.copy({"name": f"Layout {MARK}"})
        mill.write({"name": f"PLC {MARK}", "host": "192.0.2.77", "layout_id": layout.id, "last_error": f"Error {MARK}"})
        for silo in mill.equipment_ids:
            silo.name = f"{silo.name} {MARK}"
        partner = cls.env["res.partner"].create({"name": f"Partner {MARK}", "company_id": cls.env.company.id})
        cls.wheat.tracking = "lot"
        lot = cls.env["stock.lot"].create({"name": f"LOT {MARK}", "product_id": cls.wheat.id, "company_id": cls.env.company.id})
        cls.picking_type.name = f"Mill {MARK}"
        cls.keep(layout, layout.area_ids[0], layout.area_ids[0].field_ids[0], mill.equipment_ids[0], partner, lot)
        cls.keep(cls.picking_type, cls.maker, cls.bom, cls.env.company)
        cls.keep(cls.picking_type.default_location_src_id.copy({"name": f"Place {MARK}"})).plc_counted_at = "2026-01-02 03:04:05"
        line = cls.keep(cls.bom.bom_line_ids[0])
        line.plc_equipment_id = mill.equipment_ids[0]

    @classmethod
    def make_batch(cls):
        order = cls.keep(cls.new_order(MARK_KG))
        order.write({"name": f"{MARK}/MO/1", "plc_reason": f"Reason {MARK}"})
        cls.env["plc.task.fill"]._fill(cls.controller)
        batch = cls.keep(cls.env["mo.batch"].search([("production_id", "=", order.id)]))
        batch.write({"name": f"BATCH {MARK}", "attention": f"Attention {MARK}", "remark": MARK, "last_error": MARK})
        batch._set_state("offered", job_number=7)
        order.move_raw_ids[0].plc_batch_id = batch
        centre = cls.env["mrp.workcenter"].create({"name": f"Work {MARK}"})
        work = {"name": f"Mix {MARK}", "workcenter_id": centre.id, "production_id": order.id}
        workorder = cls.env["mrp.workorder"].create({**work, "product_uom_id": cls.kg.id})
        loss = cls.env["mrp.workcenter.productivity.loss"].search([], limit=1)
        time = {"workcenter_id": centre.id, "workorder_id": workorder.id, "loss_id": loss.id, "plc_batch_id": batch.id}
        cls.keep(batch.line_ids[0], order.move_raw_ids[0], workorder, cls.env["mrp.workcenter.productivity"].create(time))
        cls.keep(cls.wheat, cls.wheat.product_tmpl_id)
        for record in cls.new_dose():
            cls.keep(record)

    @classmethod
    def make_neighbours(cls):
        """What happened at the PLC."""
        mill, batch = cls.controller, cls.secrets["mo.batch"]
        common = {
            "controller_id": mill.id,
            "company_id": mill.company_id.id,
            "words": "1 2",
            "event_key": "A",
            "batch_id": batch.id,
        }
        failure = cls.env["plc.failure"].create({**common, "text": f"Stuck {MARK}"})
        weighing = cls.env["plc.weighing"].create({**common, "order_name": MARK, "quantity": MARK_KG})
        alarm = cls.env["plc.alarm"].create({"kind": "silent", "message": f"Silent {MARK}", "controller_id": mill.id})
        cls.env["plc.counter"]._add(mill, "requests")
        counter = cls.env["plc.counter"].search([("controller_id", "=", mill.id)], limit=1)
        check = mill._begin_commissioning()
        check.step_ids[0].write({"asked": MARK, "seen": MARK})
        journal = cls.env["mo.batch.journal"]._record("user", f"Journal {MARK}", controller=mill)
        answer = {"user_id": cls.env.uid, "key": MARK, "digest": MARK, "answer": f'"{MARK}"', "date": "2026-01-01 12:00:00"}
        answered = cls.env["plc.api.answer"].create(answer)
        rule = cls.env["plc.signature.rule"].create({"controller_id": mill.id, "action": "take_note"})
        batch._record_signatures("take_note", [(cls.env.user, "decided")])
        batch._freeze_report()
        shift = {"controller_id": mill.id, "since": "2026-01-01 06:00:00", "until": "2026-01-01 14:00:00", "recipients": MARK}
        mailed = cls.env["plc.shift.mail"].create(shift)
        cls.keep(rule, batch.signature_ids, batch.frozen_ids, mailed)
        cls.keep(failure, weighing, alarm, counter, check, check.step_ids[0], journal, answered)

    # Wizards belong to who opened them

    @classmethod
    def wizard(cls, model, user):
        """One that the user opened, even where he could not have done so."""
        made = cls.env(user=user, su=True)
        record = made[model].create(cls.opened(model, made))
        made.flush_all()
        return record

    @classmethod
    def opened(cls, model, env):
        batch, mill = cls.secrets["mo.batch"], cls.secrets["plc.controller"]
        of_batch, of_batches = {"batch_id": batch.id}, {"batch_ids": [Command.set(batch.ids)]}
        values = {
            "mo.batch.amounts": {**of_batch, "reason": MARK},
            "mo.batch.booked": {**of_batch, "comment": MARK},
            "mo.batch.cancel": {**of_batches, "reason": "plan", "note": MARK},
            "mo.batch.disposition": of_batches,
            "mo.batch.undecided": of_batches,
            "mo.batch.review": {**of_batch, "comment": MARK},
            "mo.batch.sign": {**of_batches, "action": "give_up", "request": MARK, "then": MARK},
            "mo.batch.weight": {**of_batch, "weight": MARK_KG},
            "plc.failure.resolve": {"failure_ids": [Command.set(cls.secrets["plc.failure"].ids)], "notes": MARK},
            "plc.hand.add": {**of_batch, "weight": MARK_KG},
            "plc.layout.constants": {"layout_id": mill.layout_id.id},
            "plc.layout.generate": {"controller_id": mill.id, "name": MARK},
            "plc.layout.paste": {"layout_id": mill.layout_id.id, "text": MARK},
            "plc.node.browse": {"controller_id": mill.id, "message": MARK},
            "plc.recall": {"lot_id": cls.secrets["stock.lot"].id, "batch_id": batch.id},
            "plc.setup": {"name": MARK, "host": "192.0.2.77", "layout_id": mill.layout_id.id, "controller_id": mill.id},
            "plc.silo.change": {"silo_id": mill.equipment_ids[0].id, "note": MARK},
            "plc.silo.fill": {"silo_id": mill.equipment_ids[0].id, "weight": MARK_KG},
            "plc.shift": {"controller_ids": [Command.set(mill.ids)]},
            "plc.snapshot": {"controller_id": mill.id, "message": MARK},
            "plc.weighing.decide": {"weighing_ids": [Command.set(cls.secrets["plc.weighing"].ids)], "reason": MARK},
        }
        owners = {"mo.batch.amounts.line": "amounts_id", "mo.batch.review.line": "review_id"}
        owners |= {"plc.recall.line": "recall_id", "plc.setup.line": "setup_id", "plc.snapshot.line": "snapshot_id"}
        owners |= {"plc.setup.component": "setup_id", "plc.setup.line": "setup_id", "plc.snapshot.line": "snapshot_id"}
        owners["plc.node.variable"] = "browse_id"
        owners["plc.layout.paste.line"] = "paste_id"
        if model not in owners:
            return values.get(model, {})
        owner = env[model]._fields[owners[model]].comodel_name
        lines = {
            "mo.batch.amounts.line": {"code": 101, "product_names": MARK, "quantity": MARK_KG},
            "mo.batch.review.line": {"batch_line_id": batch.line_ids[0].id},
            "plc.layout.paste.line": {"line": 1, "name": MARK},
            "plc.node.variable": {"path": MARK, "node": "i=1", "access": "write"},
            "plc.recall.line": {"direction": "forward", "kind": "used", "reference": MARK, "quantity": MARK_KG},
            "plc.setup.component": {"product_id": mill.equipment_ids.product_ids[:1].id},
            "plc.setup.line": {"code": 101, "name": MARK},
            "plc.snapshot.line": {"slot": 1, "area": "feedback", "order_name": MARK, "quantity": MARK_KG},
        }
        opened = env[owner].create(values[owner])
        opened.flush_recordset()  # or the lines that it computes would replace this one
        return {owners[model]: opened.id, **lines[model]}

    # What is theirs

    @classmethod
    def make_theirs(cls):
        env = cls.env(context={"allowed_company_ids": cls.elsewhere.ids})
        shared = cls.env.ref("plc_mo_batch.plc_register_layout_job_numbers")
        shared.company_id = False
        kind = env["stock.picking.type"].search([("code", "=", "mrp_operation"), ("company_id", "=", cls.elsewhere.id)], limit=1)
        plc = {"name": "Their PLC", "host": "192.0.2.1", "company_id": cls.elsewhere.id, "layout_id": shared.id}
        mill = env["plc.controller"].create(
            {**plc, "picking_type_ids": kind.ids, "equipment_ids": [(0, 0, {"name": "S", "code": 101})]}
        )
        layout = shared.with_context(allowed_company_ids=cls.elsewhere.ids).copy({"name": "Their layout"})
        bom = cls.new_bom(company_id=cls.elsewhere.id)
        order = env["mrp.production"].create({"product_id": cls.feed.id, "bom_id": bom.id, "picking_type_id": kind.id})
        area = layout.area_ids[0]
        made = [
            mill,
            env["plc.signature.rule"].create({"controller_id": mill.id, "action": "take_note"}),
            mill.equipment_ids,
            layout,
            area,
            area.field_ids[0],
            bom,
            bom.bom_line_ids[0],
            order,
            order.move_raw_ids[:1],
        ]
        cls.theirs = {record._name: record.with_env(cls.env) for record in made}

    # What is tried

    def attempt(self, verb, role, model, method, *args, **kwargs):
        """:return: what became of it, and the answer; nothing of it stays. Refused for lack of rights: :data:`DENIED`."""
        self.tried[verb] += 1
        try:
            with mute_logger("odoo.sql_db", *QUIET), self.env.cr.savepoint(flush=False):
                return DONE, self.call(role, model, method, *args, **kwargs)
        except AccessError:
            return DENIED, None
        except SENSELESS:
            return NO_USE, None

    def try_change(self, verb, role, watched, name, model, method, *args, **kwargs):
        """The same of a call that may change a field of ``watched``: :data:`DONE` only if it did."""
        if not self.env[model].with_user(self.people[role]).has_access("write"):  # refused before anything else
            outcome, answer = self.attempt(verb, role, model, method, *args, **kwargs)
            if outcome != DONE or method == "load" and not answer["ids"]:
                return DENIED
        before = self.value(watched, name)
        with self.env.cr.savepoint() as savepoint:
            outcome, answer = self.attempt(verb, role, model, method, *args, **kwargs)
            if outcome == DONE:
                try:
                    self.env.flush_all()
                    self.env.invalidate_all()
                    changed = self.value(watched, name) != before
                except SENSELESS:
                    changed = False
                outcome = DONE if changed else NO_USE
            savepoint.rollback()
        self.env.invalidate_all()
        return outcome

    def value(self, record, name):
        value = record.sudo().with_context(active_test=False)[name]
        return value.ids if record._fields[name].relational else value

    def forged(self, record, name, role=None):
        """Another value than the record has; for a link, what the role may see."""
        field, value = record._fields[name], record.sudo()[name]
        if field.type == "boolean":
            return not value
        if field.type == "selection":
            return next((choice for choice in field.get_values(self.env) if choice != value), "1")
        if field.relational:
            return self.forged_link(field, value, role)
        if field.type in ("integer", "float", "monetary"):
            return (value or 0) + 1
        return {"binary": "bm8="}.get(field.type, FORGED.get(field.type, "forged"))

    def forged_link(self, field, value, role):
        records = self.env[field.comodel_name]
        records = records.with_user(self.people[role]) if role else records.sudo()
        other = records.search([("id", "not in", value.ids)], limit=1) if records.has_access("read") else records
        if field.type == "many2one":
            return other.id
        return [Command.clear()] if value else [Command.link(other.id)] if other else [Command.create({})]
