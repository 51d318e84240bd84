from odoo import fields, models


class PlcFailureResolve(models.TransientModel):
    _name = "plc.failure.resolve"
    _inherit = ["plc.fenced"]
    _description = "Resolve Failures"

    failure_ids = fields.Many2many("plc.failure", string="Failures", required=True, readonly=True)
    notes = fields.Text(help="What was wrong and what was done.")

    def action_confirm(self):
        """Resolve the failures."""
        self.failure_ids.action_resolve(self.notes)
        return {"type": "ir.actions.act_window_close"}
