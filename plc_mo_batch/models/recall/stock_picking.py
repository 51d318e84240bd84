from odoo import models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    # Actions

    def action_plc_recall(self):
        """Trace the delivery in both directions.

        :raise AccessError: for who may not manufacture
        """
        return self.env["plc.recall"]._action_of(self)
