from odoo import fields, models

from .plc_board import button

SEVERITY = {"high": "danger", "medium": "warning", "low": "info"}
# kind of alarm -> what the board says of the same matter by itself, at once, while the alarm comes when it has lasted
SAME = {"silent": "plc", "write_back": "batch-error", "unposted": "batch-error", "waiting": "batch-attention",
        "rejected": "batch-attention"}  # fmt: skip


class PlcController(models.Model):
    """The open alarms on the board: each matter is said once."""

    _inherit = "plc.controller"

    def _board_attention(self, batches):
        items = {item["key"]: item for item in super()._board_attention(batches)}
        alarms = self.env["plc.alarm"]
        for alarm in alarms.search([*alarms._open_domain(), ("controller_id", "in", self.ids)], order="date_opened, id"):
            alarm._add_to_board(items)
        return list(items.values())

    def _board_hindrances(self):
        items = {item["key"]: item for item in super()._board_hindrances()}
        alarms = self.env["plc.alarm"]
        for alarm in alarms.search([*alarms._open_domain(), ("controller_id", "=", False)], order="date_opened, id"):
            alarm._add_to_board(items)
        return list(items.values())


class PlcAlarm(models.Model):
    _inherit = "plc.alarm"

    def _add_to_board(self, items):
        """Among the board's items (by key): into the one about the same matter, else as one of its own."""
        self.ensure_one()
        same = SAME.get(self.kind, "alarm")
        subject = {"plc": self.controller_id, "alarm": self}.get(same, self.batch_id)
        item = items.setdefault(f"{same}-{subject.id}", self._attention_item())
        item.update(self._attention_of_alarm())

    def _attention_item(self):
        label = dict(self._fields["kind"]._description_selection(self.env))[self.kind]
        names = [self.controller_id.name, self.batch_id.name, self.batch_id and self.batch_id._board_order(), label]
        return {
            "key": f"alarm-{self.id}",
            "severity": SEVERITY[self.priority],
            "plc": self.controller_id.id or 0,
            "batch": self.batch_id.id or 0,
            "title": " · ".join(filter(None, names)),
            "message": self.message,
            "next_try": "",
        }

    def _attention_of_alarm(self):
        """What only an alarm knows: since when, and who takes care of it."""
        operator = self.env.user.has_group("plc_mo_batch.group_operator")
        seen = button("action_acknowledge", self.env._("Acknowledge"), "eye")
        return {
            "since": fields.Datetime.to_string(self.date_opened),
            "model": self._name,
            "id": self.id,
            "seen_by": self.acknowledged_by_id.sudo().name or "",
            "buttons": [seen] if operator and not self.date_acknowledged else [],
        }
