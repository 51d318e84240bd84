"""The addon is installed, used and uninstalled: a working Odoo is left, and nothing of the addon's own."""

import pytest
from support import shell

from workshop.plant import Server, query

USED = """
parameters = env["ir.config_parameter"]
parameters.set_param("plc_mo_batch.task_2_enabled", False)    # and on again: it is no module's data any more
parameters.set_param("plc_mo_batch.task_2_enabled", "True")
env["plc.task.fill"]._run()
finished, failed, offered = env["mo.batch"].search([], order="slot", limit=3)
for batch in finished, failed:
    actuals = {line.code: line.planned_qty for line in batch.line_ids if line.code}
    batch._store_actuals(actuals.keys(), actuals.values())
    batch._advance("failed" if batch == failed else "completed", 0.0, {})
offered._set_state("offered")
offered.message_post(body="Seen.")
offered.activity_schedule("mail.mail_activity_data_todo", user_id=env.user.id)
env["plc.task.write.back"]._run()
assert finished.state == "done", finished.last_error
env.ref("plc_mo_batch.plc_controller_mill").tls_ca = b"bm90aGluZw=="
"""
REFUSED = """
from odoo.exceptions import UserError
try:
    env["ir.module.module"].search([("name", "=", "plc_mo_batch")]).button_immediate_uninstall()
except UserError as error:
    assert "has batches in hand" in str(error), error
else:
    raise AssertionError("uninstalled under batches")
env.cr.rollback()
for batch in env["mo.batch"].search([]):
    batch._set_state("cancelled")  # as if each had ended in some way
env.cr.commit()
"""
UNINSTALL = 'env["ir.module.module"].search([("name", "=", "plc_mo_batch")]).button_immediate_uninstall()'
LEFT = {
    "tables": "SELECT tablename FROM pg_tables WHERE tablename ~ '^(plc_|mo_batch)'",
    "columns": "SELECT table_name, column_name FROM information_schema.columns WHERE column_name ~ 'plc_|mo_batch'",
    "models": "SELECT model FROM ir_model WHERE model ~ '^(plc|mo)[.]'",
    "crons": "SELECT cron_name FROM ir_cron WHERE cron_name LIKE 'PLC %'",
    "settings": "SELECT key FROM ir_config_parameter WHERE key LIKE 'plc_mo_batch%'",
    "records": """
        SELECT model, name FROM ir_model_data
         WHERE module = 'plc_mo_batch' AND model ~ '^(ir|res|mail|plc|mo)[.]' AND model !~ '^ir.module'
    """,  # demo products and stock stay, as orders need them
    "messages": "SELECT id FROM mail_message WHERE model ~ '^(plc|mo)[.]'",
    "activities": "SELECT id FROM mail_activity WHERE res_model ~ '^(plc|mo)[.]'",
    "files": "SELECT id FROM ir_attachment WHERE res_model ~ '^(plc|mo)[.]'",
    "rights": "SELECT id FROM res_groups WHERE privilege_id NOT IN (SELECT id FROM res_groups_privilege)",
    "views": "SELECT id FROM ir_ui_view WHERE arch_db::text ~ 'plc_'",
    "menus": "SELECT id FROM ir_ui_menu WHERE name::text ~ 'PLC'",
    "sequences": "SELECT id FROM ir_sequence WHERE code LIKE 'mo.batch%'",
}


@pytest.fixture(scope="module")
def uninstalled(database):
    shell(database, USED)
    assert query(database, "SELECT count(*) FROM mo_batch WHERE active")[0][0] == 9
    shell(database, REFUSED)
    shell(database, UNINSTALL)
    return database


@pytest.mark.parametrize("what", LEFT)
def test_nothing_is_left(uninstalled, what):
    assert query(uninstalled, LEFT[what]) == []


def test_odoo_works_on(uninstalled, folder):
    """Orders of before and new ones are there and can be closed."""
    with Server(uninstalled, folder / "odoo.log") as server:
        rpc = server.wait_up().rpc()
        done = rpc.call("mrp.production", "search_count", [("state", "=", "done"), ("picking_type_id.name", "=", "Feed mill")])
        assert done == 1
        old = rpc.call("mrp.production", "search_read", [("state", "=", "confirmed")], ["product_id", "bom_id"], limit=1)[0]
        new = rpc.call("mrp.production", "copy", [old["id"]])[0]
        rpc.call("mrp.production", "action_confirm", [new])
        for order in (old["id"], new):
            rpc.call("mrp.production", "write", [order], {"qty_producing": 1000.0})
            rpc.call("mrp.production", "button_mark_done", [order], context={"skip_consumption": True, "skip_backorder": True})
        states = rpc.call("mrp.production", "read", [old["id"], new], ["state"])
        assert [row["state"] for row in states] == ["done", "done"]
        assert not [line for line in server.output().splitlines() if " ERROR " in line]
