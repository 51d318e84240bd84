from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PlcEquipment(models.Model):
    _name = "plc.equipment"
    _inherit = ["plc.changes", "plc.fenced", "plc.tolerance"]
    _description = "PLC Equipment"
    _order = "controller_id, sequence, code"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    code = fields.Integer(required=True, help="The code that the PLC uses for this equipment.")
    product_number = fields.Integer(
        help="The number that identifies the product in this PLC's weighings, if it differs from the product's own number."
    )
    kind = fields.Selection([("silo", "Silo"), ("tank", "Liquid tank")], required=True, default="silo")
    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="controller_id.company_id", store=True)
    product_ids = fields.Many2many(
        "product.product",
        string="Products",
        check_company=True,
        help="Products it contains. A recipe component is dosed from the equipment that contains it.",
    )
    lot_id = fields.Many2one(
        "stock.lot",
        string="Current Lot",
        check_company=True,
        domain="[('product_id', 'in', product_ids), ('company_id', 'in', (False, company_id))]",
        help="The lot it contains now. A product tracked by lot is booked from the lots reserved on the order, otherwise from "
        "this one.",
    )

    _code_uniq = models.UniqueIndex("(controller_id, code) WHERE active", "The equipment codes of a PLC must be unique.")
    _code_positive = models.Constraint("CHECK(code BETWEEN 1 AND 65535)", "The equipment code must be between 1 and 65535.")

    def _plcs_concerned(self):
        return self.controller_id

    def _journal_change(self, changes):
        self._journal_on_plcs(f"{self.name}: {changes}")

    @api.constrains("lot_id", "product_ids")
    def _check_lot(self):
        for equipment in self:
            if equipment.lot_id and equipment.lot_id.product_id not in equipment.product_ids:
                raise ValidationError(
                    self.env._(
                        "Lot %(lot)s belongs to %(product)s, which %(equipment)s does not hold. Select another lot, or leave "
                        "it empty.",
                        equipment=equipment.name,
                        product=equipment.lot_id.product_id.display_name,
                        lot=equipment.lot_id.name,
                    )
                )
