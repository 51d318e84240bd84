from odoo import api, fields, models

from ..models.batch.mo_batch_disposition import DISPOSITION_MATERIAL, DISPOSITION_ORDER


class MoBatchDisposition(models.TransientModel):
    _name = "mo.batch.disposition"
    _inherit = ["plc.fenced"]
    _description = "Set the Disposition of Failed Batches"

    batch_ids = fields.Many2many("mo.batch", required=True, readonly=True)
    line_ids = fields.Many2many("mo.batch.line", string="Consumed", compute="_compute_line_ids", help="What is booked of them.")
    is_amounts_allowed = fields.Boolean(compute="_compute_is_amounts_allowed", compute_sudo=False)
    order_action = fields.Selection(DISPOSITION_ORDER, string="Order", required=True, default="withhold")
    booking = fields.Selection(DISPOSITION_MATERIAL, string="Consumed Material", required=True, default="scrap")

    @api.depends("batch_ids")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = wizard.batch_ids.line_ids.filtered("wasted_qty")

    @api.depends("batch_ids")
    def _compute_is_amounts_allowed(self):
        for wizard in self:
            wizard.is_amounts_allowed = len(wizard.batch_ids) == 1 and wizard.batch_ids.is_action_enter_amounts_allowed

    # Actions

    def action_enter_amounts(self):
        """Ask for what was dosed after the batch was last read, before it is booked."""
        self.ensure_one()
        return self.batch_ids.action_open_amounts()

    def action_confirm(self):
        """Set the disposition of the batches as chosen."""
        self.ensure_one()
        return self.batch_ids.action_set_disposition(self.order_action, self.booking)
