from psycopg2.errors import UniqueViolation
from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models

from ...plc.codec import CodecError
from ...tools.translate import describe_error
from .level_check import LevelCheck
from .not_queueable import NotQueueable

ORDER = "plc_first desc, priority desc, date_start, id"
PAGE = 50  # orders checked in one go while the fill is not complete


class PlcTaskFill(models.AbstractModel):
    """Task 1: queue the next orders of each PLC whose queue is empty."""

    _name = "plc.task.fill"
    _inherit = "plc.task"
    _description = "Task 1 - Fill the queue"

    @api.model
    def _work(self):
        for served in self.env["plc.controller"]._to_serve():
            controller = served.with_prefetch()._in_plc_language()  # alone: each commit forgets all that were read
            try:
                controller.env[self._name]._fill(controller)
                self._commit()
            except TransactionRollbackError:
                self._rollback()  # another fill was faster, or the exchange, which writes to the same row
                self._log("%s: another transaction was faster, nothing done", controller.name)
                self._trigger(fields.Datetime.add(fields.Datetime.now(), minutes=1))
                self._commit()
            except Exception as error:
                self._rollback()
                self._log("%s: not filled: %s", controller.name, error)
                self.env["mo.batch.journal"]._record("error", describe_error(controller.env, error), controller=controller)
                self._commit()

    @api.model
    def _fill(self, controller):
        """If the PLC's queue is empty, queue orders up to its limit.

        Two fills that start at the same moment both see an empty queue. Writing to the PLC's row makes the second one fail; a
        lock alone does not (docs/architecture/fill.md).

        :raise TransactionRollbackError: if another transaction has filled meanwhile
        """
        if not controller.try_lock_for_update(allow_referencing=True):
            self._log("%s: another fill is at work, nothing done", controller.name)
            return self.env["mo.batch"]
        if refusal := controller._refusal_uncommissioned():
            self._log("%s", refusal)
            return self.env["mo.batch"]
        # This write, not the lock above, makes the second of two fills fail. It comes before the queue is counted.
        controller.fill_count += 1
        controller.flush_recordset()
        waiting = self.env["mo.batch"].search_count([("controller_id", "=", controller.id), ("parked", "=", False)])
        if waiting:
            self._log("mo_batch has %s records: skipping, waiting for the PLC to finish", waiting)
            self._recheck(controller, LevelCheck(controller))
            self.env["plc.board"]._mark_filled(controller, busy=waiting)
            return self.env["mo.batch"]
        check = LevelCheck(controller)
        batches = self._queue_orders(controller, check)
        self._recheck(controller, check)
        self._log("Auto-sync completed: %s MO batches synced", len(batches))
        refused = self.env["mrp.production"].search_count(self._refused_domain(controller))
        self.env["plc.board"]._mark_filled(controller, queued=len(batches), refused=refused)
        if batches:
            self.env["plc.task.exchange"]._trigger()
        return batches

    @api.model
    def _refused_domain(self, controller):
        """Orders that wait for the PLC and cannot be queued as they are."""
        return [*self.env["mrp.production"]._plc_eligible_domain(controller), ("plc_reason", "!=", False)]

    @api.model
    def _queue_orders(self, controller, check):
        """Freeze the recipes of the next eligible orders as batches in slots 1..n."""
        batches = self.env["mo.batch"]
        limit = controller._batch_limit()
        layout = controller.layout_id._layout()
        if not limit:
            return batches
        for production in self._eligible(controller):
            while batch := self._queue_order(controller, layout, production, len(batches) + 1, check):
                batches |= batch
                if len(batches) == limit:
                    return batches
                if not production._plc_is_shared():
                    break
        return batches

    @api.model
    def _recheck(self, controller, check):
        """Clear reasons that no longer hold, also of orders that are not due yet. If there are many, each fill checks the next
        ones."""
        productions = self.env["mrp.production"]
        layout = controller.layout_id._layout()
        for domain in (productions._plc_begun_domain(controller), productions._plc_eligible_domain(controller)):
            refused = [*domain, ("plc_reason", "!=", False)]
            count = productions.search_count(refused)
            offset = controller.fill_count * PAGE % count if count > PAGE else 0
            for production in productions.search(refused, order=ORDER, limit=PAGE, offset=offset):
                reason = self._refusal(controller, layout, production, check)
                if production.plc_reason != reason:
                    production.plc_reason = reason

    @api.model
    def _refusal(self, controller, layout, production, check):
        """Why an order cannot be queued now, or False."""
        try:
            share = production._plc_share(controller)
            if not share:
                return production._plc_reason_made() or False
            check.shortages(_lines_of(production._plc_freeze(controller, layout, 1, share)))
        except (NotQueueable, CodecError) as error:
            return production._plc_reason_of(error)
        return False

    @api.model
    def _eligible(self, controller):
        """The orders that may be queued, one by one: first those that are begun, then the most urgent."""
        seen = productions = self.env["mrp.production"]
        for domain in (productions._plc_begun_domain(controller), productions._plc_eligible_domain(controller)):
            while page := productions.search([*domain, ("id", "not in", seen.ids)], order=ORDER, limit=PAGE):
                yield from page
                seen |= page

    @api.model
    def _queue_order(self, controller, layout, production, slot, check=None):
        """The new batch of an order. Empty if nothing is left to make, or if the order shows the reason."""
        check = check or LevelCheck(controller)
        try:
            with self.env.cr.savepoint():
                share = production._plc_share(controller)
                if not share:
                    raise NotQueueable(production._plc_reason_made())
                values = production._plc_freeze(controller, layout, slot, share)
                shortages = check.shortages(_lines_of(values))
                batch = self.env["mo.batch"].create(values)
                production._plc_record_share(share)
        except (NotQueueable, CodecError) as error:
            if reason := production._plc_reason_of(error):
                self._refuse(controller, production, reason)
            return self.env["mo.batch"]
        except UniqueViolation:
            self._log("%s: queued by another PLC just now", production.name)
            return self.env["mo.batch"]
        if production.plc_reason:
            production.plc_reason = False
        check.take(_lines_of(values))
        batch._journal("state", self.env._("Order %(order)s queued in slot %(slot)s.", order=batch.order_name, slot=slot))
        for shortage in shortages:
            batch._remark(shortage)
        self._log("queued: %s %s in slot %s of %s", batch.name, batch.order_name, slot, controller.name)
        return batch

    @api.model
    def _refuse(self, controller, production, reason):
        if production.plc_reason != reason:
            production.plc_reason = reason
            message = self.env._("Order %(order)s is not queued: %(reason)s", order=production.name, reason=reason)
            self.env["mo.batch.journal"]._record("error", message, controller=controller)
        self._log("%s is not queued: %s", production.name, reason)


def _lines_of(values):
    """Values of the lines of a batch that is not created yet."""
    return [line for _command, _id, line in values["line_ids"]]
