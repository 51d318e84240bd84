from odoo import api, fields, models
from odoo.fields import Command

from ..plc.reconcile import HANDED_OVER


class MoBatchAmounts(models.TransientModel):
    _name = "mo.batch.amounts"
    _inherit = ["plc.fenced"]
    _description = "Enter What Was Dosed"

    batch_id = fields.Many2one("mo.batch", required=True, readonly=True, default=lambda self: self.env.context.get("active_id"))
    controller_id = fields.Many2one(related="batch_id.controller_id", related_sudo=False)
    uom_id = fields.Many2one(related="batch_id.uom_id", related_sudo=False)
    attention = fields.Char(related="batch_id.attention", related_sudo=False)
    is_over = fields.Boolean(compute="_compute_is_over", compute_sudo=False)
    words_html = fields.Html(string="In the PLC", compute="_compute_words_html", compute_sudo=False, sanitize=False)
    line_ids = fields.One2many(
        "mo.batch.amounts.line",
        "amounts_id",
        string="Dosed",
        compute="_compute_line_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    outcome = fields.Selection(
        [("completed", "It was made to its end"), ("failed", "It was not made to its end")], required=True, default="completed"
    )
    weight = fields.Float(
        string="Finished Weight",
        digits="Product Unit",
        help="Hand-adds included; 0: not known, the PLC's policy says what counts.",
    )
    reason = fields.Char(string="How This Is Known", required=True)

    @api.depends("batch_id")
    def _compute_is_over(self):
        for amounts in self:
            amounts.is_over = amounts.batch_id.state not in HANDED_OVER

    @api.depends("batch_id")
    def _compute_words_html(self):
        """What the slot showed when it was last journalled."""
        for amounts in self:
            seen = amounts.batch_id.journal_ids.filtered(lambda line: line.words and line.area == "feedback")[:1]
            amounts.words_html = seen.words_html

    @api.depends("batch_id")
    def _compute_line_ids(self):
        for amounts in self:
            dosings = amounts.batch_id.line_ids.filtered("code")._dosings()
            amounts.line_ids = [Command.clear(), *(Command.create(self._prepare_line(dosing)) for dosing in dosings)]

    def _prepare_line(self, dosing):
        return {
            "code": dosing[:1].code,
            "equipment_id": dosing.equipment_id[:1].id,
            "product_names": ", ".join(dosing.product_id.mapped("display_name")),
            "planned": sum(dosing.mapped("planned_qty")),
            "reported": sum(dosing.mapped("actual_qty")),
            "fell": sum(dosing.mapped("fallen_qty")),
            "quantity": sum(dosing.mapped("actual_qty")),
        }

    # Actions

    def action_confirm(self):
        """Store the amounts; a batch that has not ended ends with them."""
        self.ensure_one()
        amounts = [(line.code or line.equipment_id.code, line.quantity) for line in self.line_ids]
        return self.batch_id.action_enter_amounts(amounts, self.reason, self.outcome, self.weight)


class MoBatchAmountsLine(models.TransientModel):
    _name = "mo.batch.amounts.line"
    _inherit = ["plc.fenced"]
    _description = "What One Silo or Tank Dosed"

    amounts_id = fields.Many2one("mo.batch.amounts", required=True, ondelete="cascade")
    controller_id = fields.Many2one(related="amounts_id.controller_id", related_sudo=False)
    code = fields.Integer(help="0: from equipment that the recipe does not name.")
    equipment_id = fields.Many2one("plc.equipment", string="Silo or Tank", domain="[('controller_id', '=', controller_id)]")
    product_names = fields.Char(string="Component")
    planned = fields.Float(digits="Product Unit")
    reported = fields.Float(digits="Product Unit", help="What was last believed.")
    fell = fields.Float(string="Fell By", digits="Product Unit", help="The PLC had shown more, and shows so much less now.")
    quantity = fields.Float(string="Dosed", digits="Product Unit")
