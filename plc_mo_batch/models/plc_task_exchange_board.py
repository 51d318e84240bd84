from odoo import api, models


class PlcTaskExchange(models.AbstractModel):
    _inherit = "plc.task.exchange"

    @api.model
    def _work(self):
        result = super()._work()
        self.env["plc.board"]._vacuum()
        self._commit()
        return result
