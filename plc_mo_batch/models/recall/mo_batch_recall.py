from odoo import models


class MoBatch(models.Model):
    _inherit = "mo.batch"

    # Actions

    def action_plc_recall(self):
        """Trace the batch in both directions.

        :raise AccessError: for who may not manufacture
        """
        return self.env["plc.recall"]._action_of(self)
