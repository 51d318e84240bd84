from odoo import fields, models


class MoBatchBooked(models.TransientModel):
    _name = "mo.batch.booked"
    _inherit = ["plc.fenced"]
    _description = "Mark as Booked by Hand"

    batch_id = fields.Many2one("mo.batch", required=True, readonly=True, default=lambda self: self.env.context.get("active_id"))
    comment = fields.Char(required=True, help="Who booked it and where.")

    def action_confirm(self):
        """Move the batch to the history."""
        self.ensure_one()
        return self.batch_id.action_is_booked_by_hand(self.comment)
