import json
import re

import odoo.release
from odoo import fields, models
from odoo.modules.module import get_manifest

from ..common.roles import check_manager

LATEST = 200  # lines of the journal
REDACTED, PERSON = "**REDACTED**", "**PERSON**"
# what nobody needs to find a fault, and what a file that is mailed around must not tell
SECRETS = ("login_password", "login_user", "tls_ca", "tls_certificate", "tls_key")
PEOPLE = ("res.partner", "res.users")
TOLD = {
    "batches": (
        "name order_name state slot job_number attention attention_key last_error attempts parked on_hold review_needed "
        "weight_needed date_offered date_started date_finished"
    ),
    "alarms": "kind priority state message date_opened date_closed",
    "equipment": "name code kind active least_dose most_dose dose_step",
    "journal": "create_date kind message slot area words wrong_word",
}


class PlcController(models.Model):
    """All that somebody who looks for a fault asks for first, in one file, without secrets and names of people."""

    _inherit = "plc.controller"

    # Actions

    def action_download_diagnostics(self):
        """The file, as JSON. For managers."""
        self.ensure_one()
        check_manager(self)
        return {"type": "ir.actions.act_url", "url": f"/plc_mo_batch/diagnostics/{self.id}", "target": "download"}

    # Business methods

    def _diagnostics(self):
        """
        :return: JSON
        :raise AccessError: for anybody but managers
        """
        check_manager(self)
        return json.dumps(self._told_diagnostics(), indent=2, ensure_ascii=False, default=str)

    def _told_diagnostics(self):
        told = self._whole_diagnostics()
        names = self._people()
        for part in ("batches", "alarms", "journal"):
            told[part] = [{name: _without(names, value) for name, value in row.items()} for row in told[part]]
        return told

    def _people(self):
        """Names that sentences may have: who acted, and who is told of alarms and shifts. The longest first, as one may be part
        of another."""
        journal = self.env["mo.batch.journal"]._read_group([("controller_id", "=", self.id)], ["user_id"])
        users = self.env["res.users"].union(*(user for (user,) in journal), self.responsible_id).sudo()
        users -= self.env.ref("base.user_root")
        partners = [self[name].sudo() for name, field in self._fields.items() if field.comodel_name == "res.partner"]
        names = {*users.mapped("name"), *(name for each in partners for name in each.mapped("name"))}
        return sorted(filter(None, names), key=len, reverse=True)

    def _whole_diagnostics(self):
        batches = self.env["mo.batch"].search([("controller_id", "=", self.id)], order="slot, id")
        alarms = self.env["plc.alarm"].search(self.env["plc.alarm"]._open_domain(self), order="date_opened, id")
        journal = self.env["mo.batch.journal"].search([("controller_id", "=", self.id)], limit=LATEST)
        return {
            "versions": {"odoo": odoo.release.version, "addon": get_manifest("plc_mo_batch")["version"]},
            "at": fields.Datetime.now(),
            "tasks": {task._title(): task._trouble() or "runs" for task in self.env["plc.task"].sudo()._all()},
            "plc": self._told_settings(),
            "layout": self.layout_id._table_csv().splitlines(),
            "batches": _rows(batches, TOLD["batches"]),
            "alarms": _rows(alarms, TOLD["alarms"]),
            "equipment": _rows(self.with_context(active_test=False).equipment_ids, TOLD["equipment"]),
            "journal": _rows(journal, TOLD["journal"]),
        }

    def _told_settings(self):
        """What the addon stores of the PLC itself. A secret is told as being there, or not."""
        told = {}
        for name, field in sorted(self._fields.items()):
            if not _is_setting(field):
                continue
            if name in SECRETS:
                told[name] = REDACTED if self[name] else ""
            elif field.comodel_name in PEOPLE:
                told[name] = len(self[name])
            else:
                told[name] = field.convert_to_read(self[name], self, use_display_name=True)
        return told


def _without(names, value):
    """A sentence without these names."""
    if isinstance(value, str):
        for name in names:
            value = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", PERSON, value)
    return value


def _is_setting(field):
    ours = "plc_mo_batch" in field._modules and field.name not in models.MAGIC_COLUMNS
    return ours and field.store and field.type != "one2many"


def _rows(records, names):
    return [{name: record[name] for name in names.split()} for record in records]
