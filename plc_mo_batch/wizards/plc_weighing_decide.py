from odoo import api, fields, models


class PlcWeighingDecide(models.TransientModel):
    _name = "plc.weighing.decide"
    _inherit = ["plc.fenced"]
    _description = "Decide on a Weighing"

    weighing_ids = fields.Many2many("plc.weighing", string="Weighings", required=True, readonly=True)
    what = fields.Selection([("assign", "Assign"), ("dismiss", "Dismiss")], required=True, default="assign")
    controller_id = fields.Many2one("plc.controller", compute="_compute_controller_id")
    batch_id = fields.Many2one(
        "mo.batch",
        compute="_compute_batch_id",
        store=True,
        readonly=False,
        domain="[('controller_id', '=', controller_id), ('state', '!=', 'cancelled'), ('line_ids.code', '=', 0)]",
        context={"active_test": False, "show_product_and_order": True},
    )
    line_id = fields.Many2one(
        "mo.batch.line",
        string="Component",
        domain="[('batch_id', '=', batch_id), ('code', '=', 0)]",
        help="The component that was weighed. Empty: the component whose product has the weighing's product number.",
    )
    is_late = fields.Boolean(compute="_compute_is_late")
    reason = fields.Char()

    @api.depends("weighing_ids")
    def _compute_controller_id(self):
        for wizard in self:
            wizard.controller_id = wizard.weighing_ids.controller_id[:1]

    @api.depends("weighing_ids")
    def _compute_batch_id(self):
        for wizard in self:
            weighing = wizard.weighing_ids[:1]
            named = weighing._named_batch() if weighing else weighing.batch_id
            wizard.batch_id = named if named.state != "cancelled" else False

    @api.depends("batch_id")
    def _compute_is_late(self):
        for wizard in self:
            wizard.is_late = wizard.batch_id.state == "done"

    def action_confirm(self):
        """Assign or dismiss the weighings."""
        if self.what == "dismiss":
            self.weighing_ids.action_dismiss(self.reason)
        else:
            self.weighing_ids.action_assign(self.batch_id.id, self.line_id.id)
        return {"type": "ir.actions.act_window_close"}
