from odoo import models


class PlcEquipment(models.Model):
    _inherit = "plc.equipment"

    # Actions

    def action_plc_recall(self):
        """Trace the silo in both directions.

        :raise AccessError: for who may not manufacture
        """
        return self.env["plc.recall"]._action_of(self)
