from odoo import fields, models


class PlcEquipment(models.Model):
    _name = "plc.equipment"
    _description = "PLC Equipment"
    _order = "controller_id, sequence, code"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    code = fields.Integer(required=True, help="The equipment code that the PLC uses for it.")
    kind = fields.Selection([("silo", "Silo"), ("tank", "Liquid tank")], required=True, default="silo")
    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="controller_id.company_id", store=True)
    product_ids = fields.Many2many(
        "product.product",
        string="Holds",
        help="Products in it. A component of a recipe is dosed from the equipment that holds it.",
    )

    _code_uniq = models.UniqueIndex(
        "(controller_id, code) WHERE active", "Two pieces of equipment of a PLC cannot have the same code."
    )
    _code_positive = models.Constraint("CHECK(code BETWEEN 1 AND 65535)", "An equipment code lies between 1 and 65535.")
