from odoo import fields, models


class PlcRegisterArea(models.Model):
    _name = "plc.register.area"
    _description = "PLC Register Area"
    _order = "map_id, base"
    _rec_name = "kind"

    map_id = fields.Many2one("plc.register.map", string="Layout", required=True, index=True, ondelete="cascade")
    kind = fields.Selection(
        [("recipe", "Recipe (Odoo writes)"), ("feedback", "Feedback (PLC writes)")], required=True
    )
    base = fields.Integer(required=True, help="Address of the first word of slot 1, counted from 0.")
    stride = fields.Integer(required=True, default=100, help="Words from the beginning of one slot to that of the next.")
    field_ids = fields.One2many("plc.register.field", "area_id", string="Fields", copy=True)

    _kind_uniq = models.UniqueIndex("(map_id, kind)", "A layout has one area of each kind.")
    _stride_positive = models.Constraint("CHECK(stride > 0)", "The stride must be at least one word.")
    _base_positive = models.Constraint("CHECK(base >= 0)", "Addresses begin at 0.")
