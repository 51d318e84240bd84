from odoo import api, fields, models
from odoo.exceptions import UserError


class MoBatchLine(models.Model):
    """What a deviation is worth: at the cost of the moment at which the batch was closed."""

    _inherit = "mo.batch.line"

    currency_id = fields.Many2one(related="company_id.currency_id", string="Currency")
    unit_cost = fields.Float(
        string="Cost per Unit",
        digits=(16, 6),
        readonly=True,
        aggregator=None,
        help="Of the component when the batch was closed, in the company's currency and per unit of the line. 0: not closed "
        "yet, or closed before 19.0.2.0.0.",
    )
    deviation_value = fields.Monetary(
        string="Value of Deviation",
        compute="_compute_deviation_value",
        store=True,
        help="What was dosed more than planned, at the component's cost when the batch was closed; below 0: what was saved.",
    )

    @api.depends("deviation_qty", "unit_cost")
    def _compute_deviation_value(self):
        for line in self:
            line.deviation_value = line.deviation_qty * line.unit_cost

    # Business methods

    def _freeze_costs(self):
        """Record what the components cost now: their batches have just been closed."""
        for line in self.filtered("reported"):
            line.unit_cost = line._cost_per_unit()

    def _cost_per_unit(self):
        """0 where the product, or the weight of one of it, is not known."""
        product, stocked = self.product_id.with_company(self.company_id), self.product_id.uom_id
        try:
            return product.standard_price / product._plc_to_weight(1.0, stocked, self.uom_id) if product else 0.0
        except UserError:
            return 0.0
