from odoo import api, models

from ...tools.translate import label_of


class MoBatch(models.Model):
    """How a batch is named where people choose one: they know orders and products, not batch numbers."""

    _inherit = "mo.batch"
    _rec_names_search = ["name", "order_name"]

    @api.depends("name", "order_name", "product_id", "slot", "state")
    @api.depends_context("show_product_and_order", "lang")
    def _compute_display_name(self):
        if not self.env.context.get("show_product_and_order"):
            return super()._compute_display_name()
        for batch in self:
            batch.display_name = self.env._(
                "%(product)s, %(order)s, slot %(slot)s, %(state)s (%(batch)s)",
                product=batch.product_id.display_name or batch.product_name or "",
                order=batch.order_name,
                slot=batch.slot,
                state=label_of(batch, "state").lower(),
                batch=batch.name,
            )
        return None
