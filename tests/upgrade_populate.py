"""Run under an earlier release (tests/test_upgrade.py): installs it in a database, and leaves there what a plant would.

What a release has not got yet is left out; its names are those of that release.
"""

import importlib
import sys
from datetime import datetime

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

BATCHES = [("held", "=", True), ("controller_id.map_id.name", "ilike", "mill"), ("tolerance_state", "in", ["hold", "warn"])]
ORDERS = "[('plc_hold', '=', True), ('create_uid', '=', uid), ('plc_batch_ids', 'any', [('cancel_order_action', '=', 'line')])]"
VIEW = """
<xpath expr="//field[@name='map_id']" position="after">
    <field name="quiet_time" invisible="not map_id or failure_policy == 'hold'"/>
</xpath>
"""
STATES = ["queued", "sending", "offered", "running", "cancelling", "completed", "completed", "failed", "cancelled", "done"]


def fill(env):
    """The ten demo orders as batches in every state, on their way as the release itself would have brought them."""
    env["plc.task.fill"]._run()
    batches = env["mo.batch"].search([], order="slot")
    for number, (batch, state) in enumerate(zip(batches, STATES, strict=True), start=1):
        advance(batch, state, number)
        env.flush_all()  # deviations are judged by the limits of now
    env["plc.task.write.back"]._run()
    env.flush_all()
    return batches


def advance(batch, state, number):
    sent = {"job_number": number, "date_offered": datetime(2026, 11, 20, 6, 30, number)}
    if state in ("sending", "offered"):
        batch._set_state(state, **(sent if state == "offered" else {"job_number": number}))
    elif state == "cancelling":
        batch._set_state("cancelling", **sent)
        batch.write({"cancel_order_action": "hold", "cancel_reason": "machine"})
    elif state == "cancelled":
        batch.action_cancel("plan", "", "line")
    elif state != "queued":
        run(batch, state, sent)


def run(batch, state, sent):
    batch._set_state("running", **sent)
    batch.controller_id.write({"hold_percent": 0.01, "hold_kg": 0.1} if state == "failed" else {"hold_percent": 0, "hold_kg": 0})
    actuals = {line.code: line.planned_qty + 0.25 for line in batch.line_ids if line.code}
    batch._store_actuals(actuals.keys(), actuals.values())
    if state == "running":
        return
    batch._advance("failed" if state == "failed" else "completed", 0 if state == "failed" else batch.planned_qty + 1, {})
    if state == "completed":
        batch._note_error("The period was closed.")


def edit(env):
    """What people changed: layouts, silos, settings."""
    flags = env.ref("plc_mo_batch.plc_register_map_flags")
    flags.name = "Our mill"
    flags.area_ids.filtered(lambda area: area.kind == "feedback").base = 5900
    flags.area_ids[0].field_ids.filtered(lambda field: field.role == "product").name = "Feed"
    flags.copy({"name": "Second mill", "slots": 4, "word_order": "low"})
    env["plc.equipment"].search([("code", "=", 101)]).name = "North silo"
    env.ref("plc_mo_batch.plc_controller_mill").write({"settle_time": 7.5, "failure_policy": "hold", "last_job": 10})
    env.ref("plc_mo_batch.ir_cron_task_1").write({"interval_number": 17, "active": False})
    env["res.config.settings"].create({"plc_batch_limit": 7, "plc_refill": False, "plc_task_3_enabled": False}).execute()
    env["ir.config_parameter"].set_param("plc_mo_batch.metrics_key", "a-key-that-anybody-could-read-over-rpc-until-then")
    env["res.users"].create(
        {"name": "Night", "login": "night", "group_ids": [Command.link(env.ref("plc_mo_batch.group_operator").id)]}
    )


def decide(env):
    """What people decided on batches and orders, and what waits for them."""
    batches = env["mo.batch"].with_context(active_test=False).search([], order="slot")
    by_state = {batch.state: batch for batch in batches}
    by_state["failed"].action_settle("hold", "scrap")
    by_state["running"].held = True
    by_state["queued"].write({"attention": "The PLC is ahead.", "attention_key": "older it shows job 99"})
    anomaly = importlib.import_module("odoo.addons.plc_mo_batch.plc.reconcile").Anomaly("rejected", "was rejected", (1, 2, 3))
    env["mo.batch.event"]._record("anomaly", "Not believed.", batch=by_state["running"], anomaly=anomaly)
    order = by_state["queued"].production_id.copy()
    order.action_confirm()
    env.cr.commit()
    order.plc_hold = True
    by_state["running"].message_post(body="Look at the mixer.")
    by_state["running"].message_subscribe(env.ref("base.partner_demo").ids)
    by_state["failed"].activity_schedule("mail.mail_activity_data_todo", summary="Call the fitter")


def customise(env):
    """What people and their partners built upon it."""
    plc, second = env.ref("plc_mo_batch.plc_controller_mill"), env["plc.register.map"].search([("name", "=", "Second mill")])
    premix = plc.copy({"name": "Premix", "map_id": plc.map_id.id, "enabled": False, "failure_policy": "requeue"})
    env.cr.commit()
    premix.map_id = second
    env["ir.model.data"].create({"module": "ours", "name": "second", "model": "plc.register.map", "res_id": second.id})
    env["ir.attachment"].create({"name": "plan.txt", "raw": b"words", "res_model": "plc.register.map", "res_id": second.id})
    filters = env["ir.filters"]
    filters.create(
        {
            "name": "Held",
            "model_id": "mo.batch",
            "domain": str(BATCHES),
            "context": "{'group_by': ['failure_decision', 'date_started:month', 'controller_id']}",
            "sort": '["held desc", "id"]',
        }
    )
    filters.create({"name": "Ours", "model_id": "mrp.production", "domain": ORDERS})
    filters.create({"name": "Words", "model_id": "mo.batch.event", "domain": "[('map_id', '!=', False)]"})
    names = ["name", "held", "event_ids/map_id/id", "controller_id/failure_policy"]
    lines = [Command.create({"name": name}) for name in names]
    env["ir.exports"].create({"name": "Batches", "resource": "mo.batch", "export_fields": lines})
    env["ir.default"].set("plc.controller", "failure_policy", "hold")
    act = {"name": "Words", "res_model": "mo.batch.event", "domain": "[('controller_id.map_id', '!=', False)]"}
    env["ir.actions.act_window"].create({**act, "context": "{'search_default_map_id': 1, 'group_by': 'map_id'}"})
    form = env.ref("plc_mo_batch.plc_controller_view_form")
    view = {"name": "ours", "model": "plc.controller", "inherit_id": form.id, "arch": VIEW}
    env["ir.ui.view"].create({**view, "mode": "extension"})
    model = env["ir.model"]._get_id("mo.batch")
    field = {"name": "x_layout", "model_id": model, "ttype": "char", "related": "controller_id.map_id.name", "store": False}
    env["ir.model.fields"].create(field)
    domain = "[('controller_id.map_id', '!=', False), ('create_uid', '!=', user.id)]"
    rule = {"name": "Ours", "model_id": model, "domain_force": domain}
    env["ir.rule"].create({**rule, "groups": [Command.link(env.ref("plc_mo_batch.group_operator").id)], "perm_read": False})


def report(env):
    """Events and alarms, which the first release does not know."""
    plc = env.ref("plc_mo_batch.plc_controller_mill")
    event = {"controller_id": plc.id, "company_id": plc.company_id.id, "map_id": plc.map_id.id, "words": "1 2 3", "event_slot": 1}
    batch = env["mo.batch"].search([], limit=1)
    failure = env["plc.failure"].create({**event, "event_key": "1-a-1", "text": "Belt torn", "batch_id": batch.id})
    failure.message_post(body="Ordered a belt.")
    env["plc.weighing"].create({**event, "event_key": "1-b-1", "quantity": 14.5, "order_name": "WH/MO/1", "acknowledged": True})
    env["plc.alarm"].create({"kind": "silent", "controller_id": plc.id, "message": "Silent.", "priority": "high"})


def main(database, addons):
    config.parse_config(["-d", database, f"--addons-path={addons}", "--no-http", "--log-level=warn", "--with-demo"])
    registry = Registry.new(database, update_module=True, install_modules=["plc_mo_batch"])
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        fill(env)
        edit(env)
        decide(env)
        customise(env)
        if "plc.failure" in env:
            report(env)


if __name__ == "__main__":
    main(*sys.argv[1:])
