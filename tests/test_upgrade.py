"""A database of the first release, with a plant's data in it, is upgraded to the present one: nothing is lost, and it goes on.

The release is carried along (releases/), as a shallow clone does not have it.
"""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from support import odoo, shell

from workshop.databases import drop_database, throwaway_name
from workshop.plant import DEV, query

METRICS_KEY = "plc_mo_batch.metrics_key"
RELEASE = Path(__file__).parent / "releases" / "plc_mo_batch-19.0.1.0.0.tar.xz"
TABLES = [
    "mo_batch",
    "mo_batch_line",
    "mo_batch_event",
    "plc_controller",
    "plc_controller_stock_picking_type_rel",
    "plc_equipment",
    "plc_equipment_product_product_rel",
    "plc_register_area",
    "plc_register_field",
    "plc_register_map",
]
# (table, column or key) that a migration changes on purpose, each with the file in migrations/ that does it
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
}


def old_rows(database, columns=None):
    """table -> id -> the row, as far as its columns were there before."""
    found = {}
    for table in TABLES:
        names = columns and ", ".join(f'"{name}"' for name in columns[table]) or "*"
        found[table] = [row[0] for row in query(database, f"SELECT to_jsonb(t) FROM (SELECT {names} FROM {table}) t")]
    return found


def settings(database):
    return dict(query(database, "SELECT key, value FROM ir_config_parameter WHERE key LIKE 'plc_mo_batch.%'"))


def crons(database):
    return query(database, "SELECT cron_name, interval_number, active FROM ir_cron WHERE cron_name LIKE 'PLC %' ORDER BY 1")


@pytest.fixture(scope="module")
def released(folder):
    """A database of the first release, and what it holds."""
    name = throwaway_name()
    with tarfile.open(RELEASE) as release:
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
    rows = old_rows(released)
    columns = {table: list(found[0]) for table, found in rows.items()}
    return {"rows": rows, "columns": columns, "settings": settings(released), "crons": crons(released)}


@pytest.fixture(scope="module")
def upgraded(released, before, folder):
    log = odoo("-d", released, "-u", "plc_mo_batch", "--stop-after-init", "--no-http", "--log-level=warn")
    assert not [line for line in log.splitlines() if " ERROR " in line or " WARNING " in line], log
    return released


def test_every_stored_value_is_what_it_was(upgraded, before):
    kept = {
        table: [name for name in names if (table, name) not in CHANGED and name not in STAMPS]
        for table, names in before["columns"].items()
    }
    after = old_rows(upgraded, kept)
    for table, rows in before["rows"].items():
        expected = [{name: row[name] for name in kept[table]} for row in rows]
        found = {tuple(sorted(row.items(), key=str)) if "id" not in row else row["id"]: row for row in after[table]}
        for row in expected:
            key = tuple(sorted(row.items(), key=str)) if "id" not in row else row["id"]
            assert found[key] == row, table


def test_states_are_all_there(upgraded):
    states = [row[0] for row in query(upgraded, "SELECT DISTINCT state FROM mo_batch ORDER BY 1")]
    assert states == ["cancelled", "cancelling", "completed", "done", "failed", "offered", "queued", "running", "sending"]


def test_what_was_switched_off_stays_off(upgraded, before):
    after = settings(upgraded)
    kept = {key: value for key, value in before["settings"].items() if ("ir_config_parameter", key) not in CHANGED}
    assert kept.items() <= after.items()
    assert "plc_mo_batch.task_3_enabled" not in after
    assert "plc_mo_batch.refill" not in after
    assert set(before["crons"]) <= set(crons(upgraded))


def test_metrics_have_a_new_key(upgraded, before):
    """Anybody could read the one before."""
    assert before["settings"][METRICS_KEY]
    assert len(settings(upgraded)[METRICS_KEY]) >= 40
    assert settings(upgraded)[METRICS_KEY] != before["settings"][METRICS_KEY]


@pytest.mark.parametrize("what", SCHEMA)
def test_schema_is_that_of_a_new_database(upgraded, database, what):
    assert set(query(upgraded, SCHEMA[what])) == set(query(database, SCHEMA[what]))


def test_records_are_those_of_a_new_database(upgraded, database):
    """Views, menus, rights, crons and settings: none is missing, none was left behind."""
    names = "SELECT model, name FROM ir_model_data WHERE module = 'plc_mo_batch' AND model != 'ir.config_parameter'"
    assert set(query(upgraded, names)) == set(query(database, names))


def test_upgraded_plant_goes_on(upgraded):
    """What was completed is written back, every batch can be told to the reconciler, and layouts are whole."""
    script = """
problems = env["plc.register.map"].with_context(active_test=False).search([]).filtered("problems")
assert not problems, problems.mapped("problems")
plc = env.ref("plc_mo_batch.plc_controller_mill")
assert len(plc._jobs(plc.map_id._layout())) >= 8
env["mo.batch"].search([("state", "=", "completed")]).action_retry()
env["ir.config_parameter"].set_param("plc_mo_batch.task_3_enabled", "True")
env["plc.task.write.back"]._run()
"""
    shell(upgraded, script)
    assert query(upgraded, "SELECT count(*) FROM mo_batch WHERE state = 'done'") == [(3,)]
