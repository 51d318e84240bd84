from psycopg2.extensions import TransactionRollbackError

from odoo import api, models

from ..tools.words import explained


class PlcTaskWriteBack(models.AbstractModel):
    _inherit = "plc.task.write.back"

    @api.model
    def _work(self):
        self._stop_waiting()
        result = super()._work()
        settled = self.env["mo.batch"]
        for batch in self.env["mo.batch"]._to_settle():
            if self._settle(batch._speaking()):
                settled |= batch
        self._close_stopped()
        self._refill(settled.controller_id)
        self._commit()
        return result

    @api.model
    def _stop_waiting(self):
        try:
            self.env["mo.batch"]._stop_waiting_for_weighings()
            self._commit()
        except TransactionRollbackError:
            self._rollback()
            self._log("somebody else has just changed batches that wait for weighings, again in a moment")
            self._trigger()

    @api.model
    def _close_stopped(self):
        """Orders of which no more is to be made, and whose last batch ended just when that was said."""
        for order in self.env["mrp.production"]._plc_to_close():
            try:
                with self.env.cr.savepoint():
                    order._plc_close_stopped()
                self._commit()
            except TransactionRollbackError:
                self._rollback()
            except Exception as error:
                self._rollback()
                self._log("%s not closed: %s", order.name, error)

    @api.model
    def _settle(self, batch):
        """Book the material, commit, then deal with the order, commit: a crash between them goes on with the second step."""
        try:
            if not batch.try_lock_for_update(allow_referencing=True):
                return False
            if not batch.failure_booked:
                batch._book_failure()
                self._commit()
            batch._close_failure()
            self._commit()
        except TransactionRollbackError:
            self._rollback()
            return False
        except Exception as error:
            self._rollback()
            self._note_failure(batch, explained(batch.env, error))
            return False
        self._log("settled: %s %s", batch.name, batch.order_name)
        return True
