"""Run under the first release (tests/test_upgrade.py): installs it in a database, and leaves there what a plant would."""

import sys
from datetime import datetime

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

STATES = ["queued", "sending", "offered", "running", "cancelling", "completed", "completed", "failed", "cancelled", "done"]


def fill(env):
    """The ten demo orders as batches in every state, on their way as the release itself would have brought them."""
    env["plc.task.fill"]._run()
    batches = env["mo.batch"].search([], order="slot")
    for number, (batch, state) in enumerate(zip(batches, STATES, strict=True), start=1):
        advance(batch, state, number)
    env["plc.task.write.back"]._run()
    env.flush_all()
    return batches


def advance(batch, state, number):
    sent = {"job_number": number, "date_offered": datetime(2026, 11, 20, 6, 30, number)}
    if state in ("sending", "offered"):
        batch._set_state(state, **(sent if state == "offered" else {"job_number": number}))
    elif state == "cancelling":
        batch._set_state("cancelling", **sent)
    elif state == "cancelled":
        batch._set_state("cancelled")
    elif state != "queued":
        run(batch, state, sent)


def run(batch, state, sent):
    batch._set_state("running", **sent)
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


def main(database, addons):
    config.parse_config(["-d", database, f"--addons-path={addons}", "--no-http", "--log-level=warn", "--with-demo"])
    registry = Registry.new(database, update_module=True, install_modules=["plc_mo_batch"])
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        fill(env)
        edit(env)


if __name__ == "__main__":
    main(*sys.argv[1:])
