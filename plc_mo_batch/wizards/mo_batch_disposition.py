from odoo import fields, models

from ..models.batch.mo_batch_disposition import DISPOSITION_MATERIAL, DISPOSITION_ORDER


class MoBatchDisposition(models.TransientModel):
    _name = "mo.batch.disposition"
    _inherit = ["plc.fenced"]
    _description = "Set the Disposition of Failed Batches"

    batch_ids = fields.Many2many("mo.batch", required=True, readonly=True)
    order_action = fields.Selection(DISPOSITION_ORDER, string="Order", required=True, default="withhold")
    booking = fields.Selection(DISPOSITION_MATERIAL, string="Consumed Material", required=True, default="scrap")

    def action_confirm(self):
        """Set the disposition of the batches as chosen."""
        self.ensure_one()
        return self.batch_ids.action_set_disposition(self.order_action, self.booking)
