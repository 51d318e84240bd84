from odoo import api, fields, models

from ...tools.translate import format_number, label_of


class MrpProduction(models.Model):
    """What the order's page says while a PLC has the order."""

    _inherit = "mrp.production"

    plc_making = fields.Char(string="In the PLC", compute="_compute_plc_making", help="What a PLC is doing with the order now.")

    @api.depends("plc_batch_ids.state", "plc_batch_ids.progress", "plc_batch_ids.on_hold")
    def _compute_plc_making(self):
        for production in self:
            batches = production._plc_batches_ever().filtered(lambda batch: batch._is_under_way())
            production.plc_making = " ".join(production._plc_making_sentence(batch) for batch in batches.sorted("slot"))

    def _plc_making_sentence(self, batch):
        told = {
            "plc": batch.controller_id.name,
            "slot": batch.slot,
            "state": label_of(batch, "state").lower(),
            "percent": format_number(self.env, batch.progress, ".0f"),
        }
        if batch.on_hold:
            return self.env._("%(plc)s is holding this order: slot %(slot)s, %(percent)s %%.", **told)
        if batch.state == "running":
            return self.env._("%(plc)s is making this order: slot %(slot)s, %(percent)s %%.", **told)
        if batch.state in ("completed", "failed"):
            return self.env._("%(plc)s has ended its batch of this order, which is not booked yet: slot %(slot)s.", **told)
        return self.env._("%(plc)s has the recipe of this order: slot %(slot)s, %(state)s.", **told)
