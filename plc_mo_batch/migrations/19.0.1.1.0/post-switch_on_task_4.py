"""Task 4, the health monitor, is new, and enabled by default. An upgrade does not create its switch automatically."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    switch = {"key": "plc_mo_batch.task_4_enabled", "value": "True"}
    env["ir.config_parameter"]._load_records(
        [{"xml_id": "plc_mo_batch.config_task_4_enabled", "values": switch, "noupdate": True}]
    )
