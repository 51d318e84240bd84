from odoo import api, fields, models

from ..models.mo_batch_cancel import ORDER_ACTIONS, REASONS


class MoBatchCancel(models.TransientModel):
    _name = "mo.batch.cancel"
    _description = "Cancel Batches"

    batch_ids = fields.Many2many("mo.batch", required=True, readonly=True)
    reason = fields.Selection([reason for reason in REASONS if reason[0] != "order"], required=True)
    note = fields.Char()
    order_action = fields.Selection(ORDER_ACTIONS, string="Then the Order", required=True, default="hold")
    effect = fields.Text(compute="_compute_effect")

    @api.depends("batch_ids", "order_action")
    def _compute_effect(self):
        for wizard in self:
            wizard.effect = "\n".join(batch._cancel_effect(wizard.order_action) for batch in wizard.batch_ids)

    def action_confirm(self):
        """Cancel the batches."""
        self.ensure_one()
        return self.batch_ids.action_cancel(self.reason, self.note or "", self.order_action)
