from odoo import fields, models

from ..models.batch.mo_batch_failure import FAILURE_BOOKING, FAILURE_ORDER


class MoBatchSettle(models.TransientModel):
    _name = "mo.batch.settle"
    _description = "Settle Failed Batches"

    batch_ids = fields.Many2many("mo.batch", required=True, readonly=True)
    order_action = fields.Selection(FAILURE_ORDER, string="The Order", required=True, default="hold")
    booking = fields.Selection(FAILURE_BOOKING, string="What Was Consumed", required=True, default="scrap")

    def action_confirm(self):
        """Settle the batches as chosen."""
        self.ensure_one()
        return self.batch_ids.action_settle(self.order_action, self.booking)
