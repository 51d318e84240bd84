"""A database of each earlier release, with a plant's data in it, is upgraded to the present one: nothing is lost, and it goes on.

The releases are carried along (releases/), as a shallow clone does not have them. What was renamed since is told here once more,
apart from the migration that does it: each value is looked for where it has to be now.
"""

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from support import in_turn, odoo, shell

from workshop.databases import drop_database, throwaway_name
from workshop.plant import DEV, query

METRICS_KEY = "plc_mo_batch.metrics_key"
RELEASES = sorted((Path(__file__).parent / "releases").glob("plc_mo_batch-*.tar.xz"))
IN_TURN = [pytest.param(path, marks=in_turn("release", number, len(RELEASES))) for number, path in enumerate(RELEASES)]
OURS = "('mo.batch', 'mo.batch.event', 'plc.controller', 'plc.register.map', 'mrp.production', 'plc.failure', 'plc.weighing')"
# table -> which of its rows are compared; a table that a release does not have is left out
TABLES = {
    "ir_attachment": f"res_model IN {OURS}",
    "mail_activity": f"res_model IN {OURS}",
    "mail_followers": f"res_model IN {OURS}",
    "mail_message": f"model IN {OURS}",
    "mail_tracking_value": "TRUE",
    "mo_batch": "TRUE",
    "mo_batch_event": "TRUE",
    "mo_batch_line": "TRUE",
    "mrp_production": "TRUE",
    "plc_alarm": "TRUE",
    "plc_controller": "TRUE",
    "plc_controller_stock_picking_type_rel": "TRUE",
    "plc_counter": "TRUE",
    "plc_equipment": "TRUE",
    "plc_equipment_product_product_rel": "TRUE",
    "plc_failure": "TRUE",
    "plc_register_area": "TRUE",
    "plc_register_field": "TRUE",
    "plc_register_map": "TRUE",
    "plc_weighing": "TRUE",
}
RENAMED_TABLES = {"mo_batch_event": "mo_batch_journal", "plc_register_map": "plc_register_layout"}
RENAMED_COLUMNS = {
    "mo_batch": {
        "failure_booked": "disposition_booked",
        "failure_booking": "disposition_material",
        "failure_decision": "disposition_order",
        "held": "on_hold",
    },
    "mo_batch_event": {"map_id": "layout_id"},
    "mrp_production": {"plc_hold": "plc_withheld"},
    "plc_controller": {
        "failure_booking": "disposition_material",
        "failure_policy": "disposition_policy",
        "hold_kg": "review_kg",
        "hold_percent": "review_percent",
        "map_id": "layout_id",
    },
    "plc_equipment": {"hold_kg": "review_kg", "hold_percent": "review_percent"},
    "plc_failure": {"map_id": "layout_id"},
    "plc_register_area": {"map_id": "layout_id"},
    "plc_register_field": {"map_id": "layout_id"},
    "plc_weighing": {"map_id": "layout_id"},
}
MODELS = {"mo.batch.event": "mo.batch.journal", "plc.register.map": "plc.register.layout"}
RENAMED_VALUES = {
    ("ir_attachment", "res_model"): MODELS,
    ("mo_batch", "attention_key"): {"older it shows job 99": "database_behind it shows job 99"},
    ("mo_batch", "cancel_order_action"): {"hold": "withhold", "line": "requeue"},
    ("mo_batch", "failure_decision"): {"hold": "withhold"},
    ("mo_batch", "tolerance_state"): {"hold": "review"},
    ("mo_batch_line", "tolerance_state"): {"hold": "review"},
    ("plc_controller", "failure_policy"): {"hold": "withhold"},
}
# (table, column), or (table, key of a setting), that a migration changes on purpose: the file in migrations/ that does it
CHANGED = {("ir_config_parameter", METRICS_KEY): "19.0.2.0.0/post-renew_metrics_key.py"}
STAMPS = {"write_date", "write_uid"}  # new columns are filled by Odoo itself
SCHEMA = {
    "columns": """
        SELECT table_name, column_name, udt_name, is_nullable FROM information_schema.columns
         WHERE table_schema = 'public' AND (table_name ~ '^(plc_|mo_batch)' OR column_name ~ 'plc_')
    """,
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename ~ '^(plc_|mo_batch)' OR indexdef ~ 'plc_'",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid::regclass::text ~ '^(plc_|mo_batch)'
    """,
    "sequences": "SELECT relname FROM pg_class WHERE relkind = 'S' AND relname ~ '^(plc_|mo_batch)'",
    # and what Odoo has noted of it
    "fields": """
        SELECT model, name, ttype, relation, relation_field, relation_table, store FROM ir_model_fields
         WHERE (model ~ '^(plc\\.|mo\\.batch)' OR name ~ '^plc_') AND state = 'base'
    """,
    "values": """
        SELECT field.model, field.name, value.value, value.sequence
          FROM ir_model_fields_selection value JOIN ir_model_fields field ON field.id = value.field_id
         WHERE field.model ~ '^(plc\\.|mo\\.batch)' OR field.name ~ 'plc_|disposition'
    """,
    "noted constraints": """
        SELECT noted.name, noted.type, noted.definition
          FROM ir_model_constraint noted JOIN ir_module_module module ON module.id = noted.module
         WHERE module.name = 'plc_mo_batch'
    """,
    "noted relations": """
        SELECT noted.name FROM ir_model_relation noted JOIN ir_module_module module ON module.id = noted.module
         WHERE module.name = 'plc_mo_batch'
    """,
}


def rows_of(database, table, where, names=None):
    chosen = ", ".join(f'"{name}"' for name in names) if names else "*"
    return [row[0] for row in query(database, f"SELECT to_jsonb(t) FROM (SELECT {chosen} FROM {table} WHERE {where}) t")]


def old_rows(database):
    """table -> its rows, under a release's own names."""
    there = {row[0] for row in query(database, "SELECT tablename FROM pg_tables")}
    return {table: rows_of(database, table, where) for table, where in TABLES.items() if table in there}


def now(table, row):
    """A row of the release as it has to stand there after the upgrade."""
    columns = RENAMED_COLUMNS.get(table, {})
    return {columns.get(name, name): now_value(table, name, value) for name, value in row.items() if is_kept(table, name)}


def now_value(table, name, value):
    values = RENAMED_VALUES.get((table, name), {})
    return values.get(value, value) if isinstance(value, str) else value


def is_kept(table, name):
    return (table, name) not in CHANGED and name not in STAMPS


def identity(row):
    return row["id"] if "id" in row else tuple(sorted(row.items()))


def settings(database):
    return dict(query(database, "SELECT key, value FROM ir_config_parameter WHERE key LIKE 'plc_mo_batch.%'"))


def crons(database):
    return query(database, "SELECT cron_name, interval_number, active FROM ir_cron WHERE cron_name LIKE 'PLC %' ORDER BY 1")


@pytest.fixture(scope="module", params=IN_TURN, ids=lambda path: path.name.removesuffix(".tar.xz").rpartition("-")[2])
def released(request, folder):
    """A database of a release, and what it holds."""
    name = throwaway_name()
    with tarfile.open(request.param) as release:
        release.extractall(folder, filter="data")
    try:
        subprocess.run([DEV / "newdb", name, "--no-addon"], check=True)
        command = [DEV / "run", "python", Path(__file__).parent / "upgrade_populate.py", name, folder]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        yield name
    finally:
        drop_database(name)
        shutil.rmtree(folder / "plc_mo_batch")


@pytest.fixture(scope="module")
def before(released):
    return {"rows": old_rows(released), "settings": settings(released), "crons": crons(released)}


@pytest.fixture(scope="module")
def upgraded(released, before, folder):
    log = odoo("-d", released, "-u", "plc_mo_batch", "--stop-after-init", "--no-http", "--log-level=warn")
    assert not [line for line in log.splitlines() if " ERROR " in line or " WARNING " in line], log
    return released


def test_every_stored_value_is_what_it_was(upgraded, before):
    for table, rows in before["rows"].items():
        assert rows or table == "plc_counter", f"nothing is compared in {table}"
        expected = [now(table, row) for row in rows]
        there = rows_of(upgraded, RENAMED_TABLES.get(table, table), "TRUE", rows and expected[0])
        found = {identity(row): row for row in there}
        for row in expected:
            assert found[identity(row)] == row, table


def test_old_values_were_there_and_are_gone(upgraded, before):
    """Or the comparison would compare nothing of what was renamed."""
    for (table, name), values in RENAMED_VALUES.items():
        stored = {row[name] for row in before["rows"][table]}
        assert stored & values.keys(), f"no {name} of {table} was renamed: {stored}"
        column = RENAMED_COLUMNS.get(table, {}).get(name, name)
        left = {row[column] for row in rows_of(upgraded, RENAMED_TABLES.get(table, table), "TRUE", [column])}
        assert not left & values.keys(), (table, name)
    flags = [("mo_batch", "held"), ("mrp_production", "plc_hold")]
    assert all(any(row[name] for row in before["rows"][table]) for table, name in flags)


def test_what_people_built_upon_it_goes_by_the_new_names(upgraded):
    filters = "SELECT model_id, domain FROM ir_filters WHERE name IN ('Ours', 'Words') ORDER BY name"
    assert query(upgraded, filters) == [
        (
            "mrp.production",
            "[('plc_withheld', '=', True), ('create_uid', '=', uid), "
            "('plc_batch_ids', 'any', [('cancel_order_action', '=', 'requeue')])]",
        ),
        ("mo.batch.journal", "[('layout_id', '!=', False)]"),
    ]
    [[domain, context, sort]] = query(upgraded, "SELECT domain, context, sort FROM ir_filters WHERE name = 'Held'")
    named = "('controller_id.layout_id.name', 'ilike', 'mill')"
    assert domain == f"[('on_hold', '=', True), {named}, ('tolerance_state', 'in', ['review', 'warn'])]"
    assert context == "{'group_by': ['disposition_order', 'date_started:month', 'controller_id']}"
    assert json.loads(sort) == ["on_hold desc", "id"]
    exported = query(upgraded, "SELECT name FROM ir_exports_line ORDER BY id")
    assert exported == [("name",), ("on_hold",), ("journal_ids/layout_id/id",), ("controller_id/disposition_policy",)]
    action = "SELECT res_model, domain, context FROM ir_act_window WHERE name->>'en_US' = 'Words'"
    assert query(upgraded, action) == [
        (
            "mo.batch.journal",
            "[('controller_id.layout_id', '!=', False)]",
            "{'search_default_layout_id': 1, 'group_by': 'layout_id'}",
        )
    ]
    [[rule]] = query(upgraded, "SELECT domain_force FROM ir_rule WHERE name = 'Ours'")
    assert rule == "[('controller_id.layout_id', '!=', False), ('create_uid', '!=', user.id)]"
    assert query(upgraded, "SELECT model FROM ir_model_data WHERE module = 'ours'") == [("plc.register.layout",)]
    tracked = "SELECT f.name FROM mail_tracking_value t JOIN ir_model_fields f ON f.id = t.field_id"
    assert {("layout_id",), ("plc_withheld",)} <= set(query(upgraded, tracked))
    left = """
        SELECT model, name FROM ir_model_fields
         WHERE model IN ('mo.batch.event', 'mo.batch.settle', 'plc.allowance', 'plc.register.map')
            OR name ~ '^(map_id|event_ids|recent_event_ids|event_count|plc_hold|hold_(kg|percent))$'
            OR name ~ '^failure_(policy|booking|booked|decision)$'
    """
    assert query(upgraded, left) == []
    script = """
assert env["plc.controller"].default_get(["disposition_policy"]) == {"disposition_policy": "withhold"}
assert env["mo.batch"].search([], limit=1).x_layout == "Feed mill, job numbers"
arch = env["plc.controller"].get_view(env.ref("plc_mo_batch.plc_controller_view_form").id)["arch"]
assert "not layout_id or disposition_policy == 'withhold'" in arch, arch
"""
    shell(upgraded, script)


def test_states_are_all_there(upgraded):
    states = [row[0] for row in query(upgraded, "SELECT DISTINCT state FROM mo_batch ORDER BY 1")]
    assert states == ["cancelled", "cancelling", "completed", "done", "failed", "offered", "queued", "running", "sending"]


def test_what_was_switched_off_stays_off(upgraded, before):
    after = settings(upgraded)
    kept = {key: value for key, value in before["settings"].items() if ("ir_config_parameter", key) not in CHANGED}
    assert kept.items() <= after.items()
    assert "plc_mo_batch.task_3_enabled" not in after
    weights = "SELECT DISTINCT weight_tolerance_percent, weight_review_percent FROM plc_controller"
    assert query(upgraded, weights) == [(5, 0)]  # told, but no batch of a PLC in service is held
    assert "plc_mo_batch.refill" not in after
    assert set(before["crons"]) <= set(crons(upgraded))


def test_plcs_in_service_count_as_commissioned(upgraded):
    assert query(upgraded, "SELECT DISTINCT commissioned FROM plc_controller") == [(True,)]


def test_plcs_in_service_book_lots_as_before(upgraded):
    assert query(upgraded, "SELECT DISTINCT lot_policy FROM plc_controller") == [("reserved",)]
    assert query(upgraded, "SELECT DISTINCT level_policy FROM plc_controller") == [("ignore",)]
    assert query(upgraded, "SELECT 1 FROM plc_equipment WHERE location_id IS NOT NULL") == []


def test_plcs_in_service_queue_as_before(upgraded):
    limits = "SELECT DISTINCT unsaid_percent, coalesce(unsaid_kg, 0) FROM plc_controller"
    assert query(upgraded, limits) == [(0, 0)]
    assert query(upgraded, "SELECT 1 FROM plc_controller WHERE ambiguous_policy = 'order'") == []
    used = "SELECT DISTINCT in_use, coalesce(least_dose, 0), coalesce(most_dose, 0), coalesce(dose_step, 0) FROM plc_equipment"
    assert query(upgraded, used) == [(True, 0, 0, 0)]


def test_metrics_have_a_new_key(upgraded, before):
    """Anybody could read the one before."""
    assert before["settings"][METRICS_KEY]
    assert len(settings(upgraded)[METRICS_KEY]) >= 40
    assert settings(upgraded)[METRICS_KEY] != before["settings"][METRICS_KEY]


@pytest.mark.parametrize("what", SCHEMA)
def test_schema_is_that_of_a_new_database(upgraded, database, what):
    assert set(query(upgraded, SCHEMA[what])) == set(query(database, SCHEMA[what]))


def test_records_are_those_of_a_new_database(upgraded, database):
    """Views, menus, rights, crons and settings: none is missing, none was left behind. A field that people made is theirs."""
    names = """
        SELECT model, name FROM ir_model_data
         WHERE module = 'plc_mo_batch' AND model != 'ir.config_parameter' AND name !~ '^field_.*__x_'
    """
    assert set(query(upgraded, names)) == set(query(database, names))


def test_upgraded_plant_goes_on(upgraded):
    """What was completed is written back, every batch can be told to the reconciler, and layouts are whole."""
    script = """
problems = env["plc.register.layout"].with_context(active_test=False).search([]).filtered("problems")
assert not problems, problems.mapped("problems")
plc = env.ref("plc_mo_batch.plc_controller_mill")
assert len(plc._jobs(plc.layout_id._layout())) >= 8
env["mo.batch"].search([("state", "=", "completed")]).action_retry()
env["ir.config_parameter"].set_param("plc_mo_batch.task_3_enabled", "True")
failed = env["mo.batch"].search([("state", "=", "failed")])
env["plc.task.write.back"]._run()
assert failed.state == "cancelled" and failed.production_id.plc_withheld
"""
    shell(upgraded, script)
    assert query(upgraded, "SELECT count(*) FROM mo_batch WHERE state = 'done'") == [(3,)]
