from odoo import models


class StockLot(models.Model):
    _inherit = "stock.lot"

    # Actions

    def action_plc_recall(self):
        """Trace the lot in both directions.

        :raise AccessError: for who may not manufacture
        """
        return self.env["plc.recall"]._action_of(self)
