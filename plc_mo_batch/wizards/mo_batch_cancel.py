from odoo import api, fields, models

from ..models.batch.mo_batch_cancel import ORDER_ACTIONS, REASONS


class MoBatchCancel(models.TransientModel):
    _name = "mo.batch.cancel"
    _inherit = ["plc.fenced"]
    _description = "Cancel Batches"

    batch_ids = fields.Many2many("mo.batch", required=True, readonly=True)
    reason = fields.Selection([reason for reason in REASONS if reason[0] != "order"], required=True)
    note = fields.Char()
    order_action = fields.Selection(ORDER_ACTIONS, required=True, default="withhold")
    effect = fields.Text(compute="_compute_effect")

    @api.depends("batch_ids", "order_action")
    def _compute_effect(self):
        for wizard in self:
            wizard.effect = "\n".join(batch._cancel_effect(wizard.order_action) for batch in wizard.batch_ids)

    def action_confirm(self):
        """Cancel the batches. Those among several that the PLC has taken meanwhile go on, and each of them shows why.

        :raise UserError: if none can be cancelled any more
        """
        self.ensure_one()
        cancelled = self.batch_ids.filtered("is_action_cancel_allowed") or self.batch_ids
        too_late = self.batch_ids - cancelled
        cancelled.action_cancel(self.reason, self.note or "", self.order_action)
        return not too_late or self._tell(" ".join(batch._refusal("cancel") for batch in too_late))

    def _tell(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Some batches were not cancelled"),
                "message": message,
                "type": "warning",
                "sticky": True,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
