from odoo import fields, models
from odoo.tools import SQL


class PlcDosing(models.Model):
    """Each dose of a batch that was made: what one silo or tank dosed at once. Doses of failed and cancelled batches say nothing
    of a silo, nor does what was dosed besides the recipe: it had no target."""

    _name = "plc.dosing"
    _inherit = ["plc.spread"]
    _description = "Dose"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "product_id"
    _spreads = {"spread_qty": "deviation_qty", "spread_percent": "deviation_percent"}

    batch_id = fields.Many2one("mo.batch", readonly=True)
    controller_id = fields.Many2one("plc.controller", string="PLC", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    equipment_id = fields.Many2one("plc.equipment", string="Silo or Tank", readonly=True)
    product_id = fields.Many2one("product.product", string="Component", readonly=True)
    made_product_id = fields.Many2one("product.product", string="Product", readonly=True)
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    date = fields.Datetime(string="Finished", readonly=True)
    planned_qty = fields.Float(string="Planned", digits="Product Unit", readonly=True)
    actual_qty = fields.Float(string="Actual", digits="Product Unit", readonly=True)
    deviation_qty = fields.Float(
        string="Mean Deviation", digits="Product Unit", readonly=True, aggregator="avg", help="Of several doses: their mean."
    )
    deviation_percent = fields.Float(
        string="Mean Deviation (%)", digits=(16, 2), readonly=True, aggregator="avg", help="Of several doses: their mean."
    )
    spread_qty = fields.Float(
        string="Spread", digits="Product Unit", readonly=True, aggregator="avg", help="Standard deviation of several doses."
    )
    spread_percent = fields.Float(
        string="Spread (%)", digits=(16, 2), readonly=True, aggregator="avg", help="Standard deviation of several doses."
    )
    outside_percent = fields.Float(
        string="Out of Tolerance (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="The share of the doses that were judged by a limit; empty without limits.",
    )
    deviation_value = fields.Monetary(string="Value of Deviations", readonly=True, help="At the cost when each batch was closed.")

    @property
    def _table_query(self):
        """Columns that are grouped by let PostgreSQL look only at the period that is asked for."""
        return SQL(
            """
            SELECT min(line.id) AS id, line.batch_id, line.controller_id, line.company_id, line.equipment_id, line.product_id,
                   line.made_product_id, line.uom_id, line.date, company.currency_id,
                   sum(line.planned_qty) AS planned_qty, sum(line.actual_qty) AS actual_qty,
                   sum(line.actual_qty - line.planned_qty) AS deviation_qty,
                   100 * sum(line.actual_qty - line.planned_qty) / sum(line.planned_qty) AS deviation_percent,
                   NULL::double precision AS spread_qty, NULL::double precision AS spread_percent,
                   CASE WHEN bool_or(line.tolerance_state IN ('warn', 'review')) THEN 100.0
                        WHEN bool_or(line.tolerance_state = 'within') THEN 0.0 END AS outside_percent,
                   sum(line.deviation_value) AS deviation_value
              FROM mo_batch_line line
              JOIN mo_batch batch ON batch.id = line.batch_id AND batch.state IN ('completed', 'done')
              JOIN res_company company ON company.id = line.company_id
             WHERE line.code != 0 AND line.reported AND line.date IS NOT NULL
          GROUP BY line.batch_id, line.controller_id, line.company_id, line.equipment_id, line.code, line.product_id,
                   line.made_product_id, line.uom_id, line.date, company.currency_id
            HAVING sum(line.planned_qty) > 0
            """
        )
