from odoo import api, fields, models

from .mo_batch import STATES

WAITING = [("waiting", "Waiting"), ("refused", "Not Queued"), ("held", "Held")]


class MrpProduction(models.Model):
    """What the screens of an order show of its PLC."""

    _inherit = "mrp.production"

    plc_controller_id = fields.Many2one(
        "plc.controller", string="PLC", compute="_compute_plc_state", help="The PLC that makes the order, or would make it."
    )
    plc_state = fields.Selection(
        [*WAITING, *STATES],
        string="PLC State",
        compute="_compute_plc_state",
        help="Of the batch that the PLC owes, else of the latest one. Waiting: for the next fill.",
    )

    @api.depends("state", "picking_type_id", "plc_reason", "plc_hold", "plc_stopped", "plc_part_count", "plc_batch_ids.state")
    def _compute_plc_state(self):
        plcs = self.env["plc.controller"].sudo().search([("picking_type_ids", "in", self.picking_type_id.ids)])
        for production in self:
            batch = production._plc_batch_shown()
            plc = batch.controller_id or plcs.filtered(lambda plc, kind=production.picking_type_id: kind in plc.picking_type_ids)
            production.plc_controller_id = plc[:1]
            production.plc_state = batch.state if batch.active else production._plc_waits(plc) or batch.state

    # Business methods

    def _plc_batch_shown(self):
        """The batch that a PLC owes, else the latest one."""
        batches = self.sudo().with_context(active_test=False).plc_batch_ids.sorted("id", reverse=True)
        return (batches.filtered("active") or batches)[:1]

    def _plc_waits(self, plc):
        """How an order that is in no queue waits for its PLC; False if it does not."""
        if not plc or self.state not in ("confirmed", "progress", "to_close"):
            return False
        if self.state != "confirmed" and not self._plc_has_more_to_make():
            return False
        if self.plc_hold:
            return "held"
        return "refused" if self.plc_reason else "waiting"

    def _plc_has_more_to_make(self):
        """It is made in several batches, and not all of them are there."""
        batches = self.sudo().with_context(active_test=False).plc_batch_ids
        made = batches.filtered(lambda batch: batch.active or batch.consumed)
        return not self.plc_stopped and self.plc_part_count > max(1, len(made))
