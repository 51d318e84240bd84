from psycopg2.errors import SerializationFailure

from odoo import api, models

from ..plc.codec import CodecError
from .mrp_production import NotQueueable

PAGE = 50  # orders looked at in one go while the fill is not complete


class PlcTaskFill(models.AbstractModel):
    """Task 1: queue the next orders of each PLC whose queue is empty."""

    _name = "plc.task.fill"
    _inherit = "plc.task"
    _description = "Task 1 - Fill the queue"

    _number = 1
    _cron = "plc_mo_batch.ir_cron_task_1"

    @api.model
    def _work(self):
        for controller in self.env["plc.controller"]._to_serve():
            try:
                self._fill(controller)
                self._commit()
            except SerializationFailure:
                self._rollback()
                self._log("%s: another fill was faster, nothing done", controller.name)
            except Exception as error:
                self._rollback()
                self._log("%s: not filled: %s", controller.name, error)
                self.env["mo.batch.event"]._record("error", str(error), controller=controller)
                self._commit()

    @api.model
    def _fill(self, controller):
        """Queue up to the PLC's limit of orders if its queue is empty.

        Two fills that begin at the same moment both see an empty queue; writing to the PLC's row is what makes the second
        one fail (facts.md: a lock alone does not).

        :raise SerializationFailure: when another transaction filled in the meantime
        """
        if not controller.try_lock_for_update(allow_referencing=True):
            self._log("%s: another fill is at work, nothing done", controller.name)
            return self.env["mo.batch"]
        controller.fill_count += 1
        controller.flush_recordset()
        waiting = self.env["mo.batch"].search_count([("controller_id", "=", controller.id)])
        if waiting:
            self._log("mo_batch has %s records: skipping, waiting for the PLC to finish", waiting)
            return self.env["mo.batch"]
        batches = self._queue_orders(controller)
        self._log("Auto-sync completed: %s MO batches synced", len(batches))
        if batches:
            self.env["plc.task.exchange"]._trigger()
        return batches

    @api.model
    def _queue_orders(self, controller):
        """Freeze the recipes of the next eligible orders as batches with slots 1..n."""
        batches = self.env["mo.batch"]
        limit = controller._batch_limit()
        layout = controller.map_id._layout()
        for production in self._eligible(controller):
            if len(batches) == limit:
                break
            batches |= self._queue_order(controller, layout, production, slot=len(batches) + 1)
        return batches

    @api.model
    def _eligible(self, controller):
        """The orders that may be queued, one by one, most urgent first."""
        domain = self.env["mrp.production"]._plc_eligible_domain(controller)
        offset = 0
        while True:
            page = self.env["mrp.production"].search(domain, order="priority desc, date_start, id", limit=PAGE, offset=offset)
            yield from page
            if len(page) < PAGE:
                return
            offset += PAGE

    @api.model
    def _queue_order(self, controller, layout, production, slot):
        """The new batch of an order, or none: then the order says why."""
        try:
            with self.env.cr.savepoint():
                batch = self.env["mo.batch"].create(production._prepare_plc_batch(controller, layout, slot))
                layout.block(batch._recipe(layout), 1)
        except (NotQueueable, CodecError) as error:
            self._refuse(controller, production, error)
            return self.env["mo.batch"]
        if production.plc_reason:
            production.plc_reason = False
        batch._journal("state", self.env._("Order %(order)s queued in slot %(slot)s.", order=production.name, slot=slot))
        self._log("queued: %s %s in slot %s of %s", batch.name, production.name, slot, controller.name)
        return batch

    @api.model
    def _refuse(self, controller, production, error):
        reason = str(error)
        if isinstance(error, CodecError):
            reason = self.env._("The recipe does not fit the PLC's layout: %s.", error)
        if production.plc_reason != reason:
            production.plc_reason = reason
            message = self.env._("Order %(order)s is not queued: %(reason)s", order=production.name, reason=reason)
            self.env["mo.batch.event"]._record("error", message, controller=controller)
        self._log("%s is not queued: %s", production.name, reason)
