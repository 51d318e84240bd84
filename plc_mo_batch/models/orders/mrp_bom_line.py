from odoo import fields, models


class MrpBomLine(models.Model):
    _inherit = "mrp.bom.line"

    plc_equipment_id = fields.Many2one(
        "plc.equipment",
        string="Dosed From",
        index="btree_not_null",
        ondelete="set null",
        help="Silo or tank this component is dosed from. Empty: the one that holds the product; if there is none, the "
        "component is added by hand.",
    )
