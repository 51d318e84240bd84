from odoo import api, fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    plc_number = fields.Integer(
        string="PLC Product Number",
        compute="_compute_plc_number",
        inverse="_inverse_plc_number",
        help="The number that identifies the product in a PLC's manual weighings.",
    )

    @api.depends("product_variant_ids.plc_number")
    def _compute_plc_number(self):
        self._compute_template_field_from_variant_field("plc_number")

    def _inverse_plc_number(self):
        self._set_product_variant_field("plc_number")
