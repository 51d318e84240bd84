from odoo import api, fields, models


class MoBatchLine(models.Model):
    _name = "mo.batch.line"
    _description = "Batch Component"
    _order = "batch_id, sequence, id"

    batch_id = fields.Many2one("mo.batch", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one("product.product", string="Component", readonly=True)
    move_id = fields.Many2one(
        "stock.move", string="Component Move", readonly=True, index="btree_not_null", ondelete="set null"
    )
    equipment_id = fields.Many2one("plc.equipment", string="Dosed From", readonly=True, help="Empty: added by hand.")
    code = fields.Integer(string="Equipment Code", readonly=True, help="As it was sent to the PLC; 0: added by hand.")
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    planned_qty = fields.Float(string="Planned", digits="Product Unit", readonly=True)
    actual_qty = fields.Float(string="Actual", digits="Product Unit", readonly=True)
    reported = fields.Boolean(readonly=True, help="The PLC reported the actual quantity; zero is a quantity too.")
    deviation_qty = fields.Float(string="Deviation", compute="_compute_deviation", digits="Product Unit", store=True)
    deviation_percent = fields.Float(string="Deviation (%)", compute="_compute_deviation", store=True, aggregator="avg")

    @api.depends("planned_qty", "actual_qty", "reported")
    def _compute_deviation(self):
        for line in self:
            deviation = line.actual_qty - line.planned_qty if line.reported else 0.0
            line.deviation_qty = deviation
            line.deviation_percent = 100 * deviation / line.planned_qty if line.planned_qty else 0.0

    # Business methods

    def _consumed_qty(self):
        """What the order consumed, in the line's unit: the PLC's actual, or the plan for what is added by hand."""
        self.ensure_one()
        return self.actual_qty if self.code else self.planned_qty
