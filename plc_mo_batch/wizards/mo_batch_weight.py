from odoo import fields, models


class MoBatchWeight(models.TransientModel):
    _name = "mo.batch.weight"
    _inherit = ["plc.fenced"]
    _description = "Enter the Finished Weight"

    batch_id = fields.Many2one("mo.batch", required=True, readonly=True, default=lambda self: self.env.context.get("active_id"))
    reason = fields.Char(related="batch_id.attention", related_sudo=False)
    planned_qty = fields.Float(related="batch_id.planned_qty", related_sudo=False)
    uom_id = fields.Many2one(related="batch_id.uom_id", related_sudo=False)
    weight = fields.Float(string="Finished Weight", digits="Product Unit", required=True)

    def action_confirm(self):
        """Store the weight; the batch is then written back."""
        self.ensure_one()
        return self.batch_id.action_set_weight(self.weight)
