from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.common.signed import is_question

NOT_ENTERED = -1.0  # shown as empty: zero is a quantity


class MoBatchReview(models.TransientModel):
    _name = "mo.batch.review"
    _inherit = ["plc.fenced"]
    _description = "Review a Finished Batch"

    batch_id = fields.Many2one("mo.batch", required=True, readonly=True)
    attention = fields.Char(related="batch_id.attention", related_sudo=False)
    review_needed = fields.Boolean(related="batch_id.review_needed", related_sudo=False)
    hand_adds_needed = fields.Boolean(related="batch_id.hand_adds_needed", related_sudo=False)
    line_ids = fields.One2many(
        "mo.batch.review.line",
        "review_id",
        string="Components",
        compute="_compute_line_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    comment = fields.Char(help="Why the batch is released.")

    @api.depends("batch_id")
    def _compute_line_ids(self):
        for review in self:
            batch = review.batch_id
            asked = batch._asked_hand_adds()
            quantities = {line: NOT_ENTERED if line in asked else line._consumed_qty() for line in batch.line_ids}
            review.line_ids = [
                Command.clear(),
                *(Command.create({"batch_line_id": line.id, "quantity": each}) for line, each in quantities.items()),
            ]

    # Actions

    def action_confirm(self):
        """Store the entered quantities.

        :raise UserError: if one that is asked for was not entered
        """
        self.ensure_one()
        if lacking := self.line_ids.filtered(lambda line: line.quantity < 0 and line._is_asked()):
            names = ", ".join(lacking.product_id.mapped("display_name"))
            raise UserError(self.env._("Enter how much was added of: %s. Enter 0 for what was not added.", names))
        quantities = [(line.batch_line_id.id, line.quantity) for line in self.line_ids if line._is_answered()]
        return self.batch_id.action_enter_hand_adds(quantities) if quantities else True

    def action_release(self):
        """Store the entered quantities, and release the batch."""
        entered = self.action_confirm()
        if is_question(entered):  # the quantities are signed first
            self.env["mo.batch.sign"].browse(entered["res_id"])._go_on_with(self, "action_release")
            return entered
        return self.batch_id.action_release_review(self.comment)


class MoBatchReviewLine(models.TransientModel):
    _name = "mo.batch.review.line"
    _inherit = ["plc.fenced"]
    _description = "Component of a Reviewed Batch"

    review_id = fields.Many2one("mo.batch.review", required=True, ondelete="cascade")
    batch_line_id = fields.Many2one("mo.batch.line", required=True, readonly=True)
    product_id = fields.Many2one(related="batch_line_id.product_id", related_sudo=False)
    dosed_from = fields.Char(related="batch_line_id.dosed_from", related_sudo=False)
    code = fields.Integer(related="batch_line_id.code", related_sudo=False)
    uom_id = fields.Many2one(related="batch_line_id.uom_id", related_sudo=False)
    planned_qty = fields.Float(related="batch_line_id.planned_qty", related_sudo=False)
    weighed_qty = fields.Float(related="batch_line_id.weighed_qty", related_sudo=False)
    deviation_qty = fields.Float(related="batch_line_id.deviation_qty", related_sudo=False)
    deviation_percent = fields.Float(related="batch_line_id.deviation_percent", related_sudo=False)
    tolerance_state = fields.Selection(related="batch_line_id.tolerance_state", related_sudo=False)
    quantity = fields.Float(string="Consumed", digits="Product Unit", help="What the PLC dosed is corrected with Enter Amounts.")

    def _is_answered(self):
        """A hand-add that was changed, or that is asked for."""
        line = self.batch_line_id
        changed = bool(line.uom_id.compare(self.quantity, line._consumed_qty()))
        return not line.code and (changed or self._is_asked())

    def _is_asked(self):
        return self.batch_line_id in self.review_id.batch_id._asked_hand_adds()
