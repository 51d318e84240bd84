from odoo import api, fields, models


class MoBatch(models.Model):
    """A batch that makes a share of an order which the mixer cannot take at once."""

    _inherit = "mo.batch"

    part = fields.Integer(readonly=True, default=1, aggregator=None, help="Which of the order's batches it is.")
    part_count = fields.Integer(
        string="Parts", compute="_compute_part_count", help="In how many batches the order is made; 1: this one makes all of it."
    )
    order_qty = fields.Float(
        string="Makes", digits="Product Unit", readonly=True, help="How much of the order it makes, in the order's unit."
    )

    @api.depends("production_id.plc_part_count")
    def _compute_part_count(self):
        for batch in self:
            batch.part_count = batch.production_id.plc_part_count or 1

    # Business methods

    def _taking_a_share(self):
        """Those whose share of the order nobody else makes: open, or having consumed material (rule 1)."""
        return self.filtered(lambda batch: batch.active or batch.consumed)
