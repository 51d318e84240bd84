from odoo import api, fields, models

from ..plc.reconcile import DOWNLOADING, HANDED_OVER


class MoBatch(models.Model):
    """What is counted of batches."""

    _inherit = "mo.batch"

    dosed_qty = fields.Float(
        string="Dosed",
        compute="_compute_dosed_qty",
        store=True,
        digits="Product Unit",
        help="What the PLC dosed, once the batch has ended; hand-adds are not in it.",
    )

    @api.depends("state", "line_ids.actual_qty")
    def _compute_dosed_qty(self):
        for batch in self:
            ended = batch.state not in (*DOWNLOADING, *HANDED_OVER)
            batch.dosed_qty = ended and sum(batch.line_ids.filtered("code").mapped("actual_qty"))

    # Business methods

    def _notice(self, anomaly):
        noticed = self.attention_key
        result = super()._notice(anomaly)
        if anomaly.code == "rejected" and self.attention_key != noticed:
            self.env["plc.counter"]._add(self.controller_id, "rejected")
        return result

    def _note_error(self, message):
        result = super()._note_error(message)
        self.env["plc.counter"]._add(self.controller_id, "write_back_failures")
        return result
