from odoo import api, fields, models

from ..models.booking.plc_equipment_acts import CONTENTS


class PlcSiloChange(models.TransientModel):
    _name = "plc.silo.change"
    _inherit = ["plc.fenced"]
    _description = "Empty, Clean or Change Product"

    silo_id = fields.Many2one("plc.equipment", string="Silo or Tank", required=True)
    act = fields.Selection(
        [("empty", "It is empty now"), ("clean", "It was cleaned"), ("product", "It holds another product from now on")],
        string="What Was Done",
        required=True,
        default="empty",
    )
    content = fields.Selection(CONTENTS, string="The Rest of It", required=True, default="store")
    product_ids = fields.Many2many(
        "product.product",
        string="New Product",
        compute="_compute_product_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    note = fields.Char()
    level_told = fields.Char(string="In the Silo", compute="_compute_effect", compute_sudo=False)
    effect = fields.Char(compute="_compute_effect", compute_sudo=False)

    @api.depends("silo_id")
    def _compute_product_ids(self):
        for change in self:
            change.product_ids = change.silo_id.product_ids

    @api.depends("silo_id", "act", "product_ids")
    def _compute_effect(self):
        for change in self:
            silo = change.silo_id
            silo._origin.check_access("read")
            change.level_told = silo.level_lots or silo._told_weight(silo.level) if silo.location_id else False
            is_change = change.act == "product" and silo
            change.effect = silo._origin._change_effect(change.product_ids._origin) if is_change else False

    # Actions

    def action_confirm(self):
        """Enter what was done."""
        self.ensure_one()
        if self.act == "empty":
            self.silo_id._empty(self.content, self.note or "")
        elif self.act == "clean":
            self.silo_id._clean(self.note or "")
        else:
            self.silo_id._change_product(self.product_ids, self.note or "")
        return {"type": "ir.actions.client", "tag": "soft_reload"}
