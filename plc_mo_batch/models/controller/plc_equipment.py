from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PlcEquipment(models.Model):
    _name = "plc.equipment"
    _inherit = ["plc.tolerance"]
    _description = "PLC Equipment"
    _order = "controller_id, sequence, code"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    code = fields.Integer(required=True, help="The equipment code that the PLC uses for it.")
    product_number = fields.Integer(
        help="The number by which this PLC's weighings call what is in it, where that is not the product's own."
    )
    kind = fields.Selection([("silo", "Silo"), ("tank", "Liquid tank")], required=True, default="silo")
    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="controller_id.company_id", store=True)
    product_ids = fields.Many2many(
        "product.product",
        string="Holds",
        help="Products in it. A component of a recipe is dosed from the equipment that holds it.",
    )
    lot_id = fields.Many2one(
        "stock.lot",
        string="Current Lot",
        domain="[('product_id', 'in', product_ids), ('company_id', 'in', (False, company_id))]",
        help="The lot that is in it now. What is dosed of a product with lots is booked from the lots that the order reserved, "
        "else from this one.",
    )

    _code_uniq = models.UniqueIndex(
        "(controller_id, code) WHERE active", "Two pieces of equipment of a PLC cannot have the same code."
    )
    _code_positive = models.Constraint("CHECK(code BETWEEN 1 AND 65535)", "An equipment code lies between 1 and 65535.")

    @api.constrains("lot_id", "product_ids")
    def _check_lot(self):
        for equipment in self:
            if equipment.lot_id and equipment.lot_id.product_id not in equipment.product_ids:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s does not hold %(product)s, to which lot %(lot)s belongs. Choose its new lot, or none.",
                        equipment=equipment.name,
                        product=equipment.lot_id.product_id.display_name,
                        lot=equipment.lot_id.name,
                    )
                )
