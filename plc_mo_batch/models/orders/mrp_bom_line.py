from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MrpBomLine(models.Model):
    _name = "mrp.bom.line"
    _inherit = ["mrp.bom.line", "plc.fenced"]

    plc_equipment_id = fields.Many2one(
        "plc.equipment",
        string="Dosed From",
        index="btree_not_null",
        ondelete="set null",
        help="Silo or tank this component is dosed from. Empty: the one that holds the product; if there is none, the "
        "component is added by hand.",
    )

    @api.model
    def _links(self, names):
        """A BoM of all companies may name the equipment of one, but nobody names what he may not see. Other links are Odoo's."""
        return [name for name in super()._links(names) if name == "plc_equipment_id"]

    @api.constrains("plc_equipment_id", "bom_id")
    def _check_plc_equipment(self):
        for line in self.filtered(lambda line: line.company_id and line.plc_equipment_id):
            if line.plc_equipment_id.company_id != line.company_id:
                raise ValidationError(
                    self.env._("%s belongs to another company than the bill of materials.", line.plc_equipment_id.name)
                )
