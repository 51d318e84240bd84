from odoo import fields, models

from .plc_board import NO_RECORD, button


class MoBatch(models.Model):
    """A batch on the board: what is shown of it, and what may be done about it now."""

    _inherit = "mo.batch"

    # Business methods

    def _board_batch(self):
        """The batch as JSON values."""
        self.ensure_one()
        named = ("state", "command", "tolerance_state")
        labels = {name: dict(self._fields[name]._description_selection(self.env)) for name in named}
        product = self.product_id.with_context(display_default_code=False)
        text = fields.Datetime.to_string
        return {
            "id": self.id,
            "name": self.name,
            "slot": self.slot,
            "order": self._board_order(),
            "product": product.display_name or self.product_name or "",
            "state": self.state,
            "state_label": labels["state"][self.state],
            "held": self.held,
            "command": labels["command"].get(self.command, ""),
            "planned": self.planned_qty,
            "produced": self.produced_qty,
            "unit": self.uom_id.name or "",
            "tolerance": self.tolerance_state or "",
            "tolerance_label": labels["tolerance_state"].get(self.tolerance_state, ""),
            "parked": self.parked,
            "started": text(self.date_started) or "",
            "finished": text(self.date_finished) or "",
            "closed": text(self.date_closed) or "",
            "lines": [line._board_line() for line in self.line_ids] if self.state == "running" else [],
            "buttons": self._board_buttons() if self.active else [],
        }

    def _board_order(self):
        """The order by name, and which of its batches this is where it has several: ``WH/MO/00012#03``, as the PLC shows it."""
        part = f"#{self.part:02}"
        return f"{self.production_id.name}{part if (self.order_name or '').endswith(part) else ''}"

    def _board_buttons(self):
        """What the user may do about the batch now, most urgent first; see :meth:`MoBatch._offers`.

        :return: a :func:`~.plc_board.button` each
        """
        return [button(**offer) for offer in self._offers()]

    def _board_attention(self):
        """What of these batches a person should look at, as :meth:`PlcController._board_attention` gives it."""
        items = []
        for batch in self.filtered("attention"):
            urgent = batch.state == "failed" or batch.is_action_decide_allowed
            items.append(batch._attention_item("attention", "danger" if urgent else "warning", batch.attention))
        for batch in self.filtered("last_error"):
            message = self.env._("Write-back failed (%(times)s times): %(error)s", times=batch.attempts, error=batch.last_error)
            items.append(batch._attention_item("error", "danger", message, until=batch.next_try))
        return items

    def _attention_item(self, kind, severity, message, until=None):
        return {
            "key": f"batch-{kind}-{self.id}",
            "severity": severity,
            "plc": self.controller_id.id,
            "batch": self.id,
            "title": f"{self.controller_id.name} · {self.name} · {self._board_order()}",
            "message": message,
            "since": fields.Datetime.to_string(self.waits_since) or "",
            "next_try": fields.Datetime.to_string(until) or "",
            **NO_RECORD,
        }
