from psycopg2.extensions import TransactionRollbackError

from odoo import api, models


class PlcTaskExchange(models.AbstractModel):
    _inherit = "plc.task.exchange"

    @api.model
    def _work(self):
        result = super()._work()
        try:
            self.env["plc.board"]._vacuum()
            self._commit()
        except TransactionRollbackError:  # the bus tidies up itself
            self._rollback()
        return result
