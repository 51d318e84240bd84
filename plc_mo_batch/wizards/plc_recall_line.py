from odoo import fields, models

KINDS = [
    ("used", "Used"),
    ("made", "Made"),
    ("delivered", "Delivered"),
    ("returned", "Returned"),
    ("scrapped", "Scrapped"),
    ("counted", "Counted"),
    ("left", "In Stock"),
    ("filled", "Filled In"),
    ("received", "Received"),
]


class PlcRecallLine(models.TransientModel):
    _name = "plc.recall.line"
    _description = "What a Recall Found"
    _order = "direction desc, level, id"
    _rec_name = "reference"

    recall_id = fields.Many2one("plc.recall", required=True, readonly=True, index=True, ondelete="cascade")
    direction = fields.Selection([("forward", "Where It Went"), ("backward", "What It Came From")], required=True, readonly=True)
    level = fields.Integer(
        readonly=True,
        aggregator=None,
        help="0: of what was asked for; 1: of what was made of it, or of what it was made of; and so on.",
    )
    kind = fields.Selection(KINDS, string="What Happened", required=True, readonly=True)
    date = fields.Datetime(readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    lot_id = fields.Many2one("stock.lot", readonly=True)
    quantity = fields.Float(digits="Product Unit", readonly=True)
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    batch_id = fields.Many2one("mo.batch", readonly=True)
    production_id = fields.Many2one("mrp.production", string="Manufacturing Order", readonly=True)
    equipment_id = fields.Many2one(
        "plc.equipment", string="Silo or Tank", readonly=True, help="Empty: a bag, or what lay elsewhere."
    )
    picking_id = fields.Many2one("stock.picking", string="Transfer", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer or Vendor", readonly=True)
    location_id = fields.Many2one("stock.location", string="From", readonly=True)
    location_dest_id = fields.Many2one("stock.location", string="To", readonly=True)
    reference = fields.Char(readonly=True, help="Of the stock move.")
    move_line_id = fields.Many2one("stock.move.line", string="Stock Move", readonly=True)

    # Actions

    def action_open(self):
        """Open the transfer, the batch, the order or the lot of this row."""
        self.ensure_one()
        self.check_access("read")
        record = self.picking_id or self.batch_id or self.production_id or self.lot_id or self.product_id
        return record._get_records_action()
