from dataclasses import dataclass
from typing import Any

from psycopg2.errors import UniqueViolation
from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from ...plc.codec import CodecError
from ...tools.translate import describe_error
from ..common.rule8 import apart
from .level_check import LevelCheck
from .mrp_production import OPEN_ORDER
from .mrp_production_share import Share
from .not_queueable import NotQueueable
from .order_versions import OrderVersions

ORDER = "plc_first desc, priority desc, date_start, id"
PAGE = 50  # orders checked in one go while the fill is not complete
TOGETHER = 8  # PLCs whose rows one transaction holds, for less than a second: an exchange that writes to one waits so long


@dataclass(frozen=True)
class Frozen:
    """The recipe of a batch that is not created yet: the batch's values, and what the silos lack for it, as sentences."""

    order: Any
    share: Share
    values: dict[str, Any]
    shortages: list[str]

    @property
    def name(self):
        """The order's, as the PLC sees it."""
        return self.values["order_name"]

    @property
    def lines(self):
        return _lines_of(self.values)


class PlcTaskFill(models.AbstractModel):
    """Task 1: queue the next orders of each PLC whose queue is empty."""

    _name = "plc.task.fill"
    _inherit = "plc.task"
    _description = "Task 1 - Fill the queue"

    @api.model
    def _work(self):
        for ids in split_every(TOGETHER, self._mine().ids):
            controllers = self.env["plc.controller"].sudo().browse(ids)  # each commit forgets what was read: not those of others
            if len(ids) == 1 or not self._filled_together(controllers):
                for controller in controllers:
                    self._fill_alone(controller.with_prefetch()._in_plc_language())

    @api.model
    def _on_confirmed(self, orders):
        """Fill an empty queue as soon as an order for it is confirmed (a setting), without waiting for the next run."""
        kinds = orders.filtered(lambda order: order.state in OPEN_ORDER).picking_type_id
        self._fill_at_once("fill_on_confirm", [("picking_type_ids", "in", kinds.ids)])

    @api.model
    def _fill_at_once(self, setting, domain):
        """Where the setting says so, fill without waiting for the next run if the queue of one of these PLCs is empty.

        :param domain: of the PLCs
        """
        if not self._setting(setting):
            return
        plcs = self.env["plc.controller"].sudo().search([("enabled", "=", True), *domain])
        if any(not plc.queue_count for plc in plcs):
            self._trigger()

    @api.model
    def _filled_together(self, controllers):
        """Fill the queues of some PLCs in one transaction, which reads once what their recipes share.

        :return: False if that failed: then nothing was done, and each has to be tried by itself (rule 8)
        """
        try:
            for controller in controllers:
                plc = controller._in_plc_language()
                plc.env[self._name]._fill(plc)
            self._commit()
        except Exception as error:
            self._rollback()
            self._log("PLC by PLC, as not all can be filled: %s", error)
            return False
        return True

    @api.model
    def _fill_alone(self, controller):
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
            self._recheck(controller)
            self.env["plc.board"]._mark_filled(controller, busy=waiting)
            return self.env["mo.batch"]
        batches = self._queue_orders(controller)
        if batches:  # the exchange freezes the recipes again only if something of their orders is written meanwhile
            versions = OrderVersions(controller).of_batches()
            for batch in batches:
                batch.order_version = versions[batch.id]
        refused = self._recheck(controller) and self.env["mrp.production"].search_count(self._refused_domain(controller))
        self._log("Auto-sync completed: %s MO batches synced", len(batches))
        self.env["plc.board"]._mark_filled(controller, queued=len(batches), refused=refused)
        if batches:
            self.env["plc.task.exchange"]._trigger()
        return batches

    @api.model
    def _refused_domain(self, controllers):
        """Orders that wait for these PLCs and cannot be queued as they are."""
        return self.env["mrp.production"]._plc_waiting_domain(controllers) & Domain("plc_reason", "!=", False)

    @api.model
    def _queue_orders(self, controller):
        """Freeze the recipes of the next eligible orders as batches in slots 1..n.

        Ten batches that are created together cost a third of ten that are created one by one. If that fails, each order is
        tried by itself: one bad order never stops the others (rule 8).
        """
        limit = controller._batch_limit()
        if not limit:
            return self.env["mo.batch"]
        layout = controller.layout_id._layout()
        if controller._has_sister_silos():  # which of them doses for an order depends on what is queued before it
            return self._queue_singly(controller, layout, limit)
        with apart(self.env) as together:
            batches = self._queue_together(controller, layout, limit)
        if together.error:
            self._log("%s: order by order, as not all can be queued: %s", controller.name, together.error)
            return self._queue_singly(controller, layout, limit)
        return batches

    @api.model
    def _queue_singly(self, controller, layout, limit):
        batches, check = self.env["mo.batch"], LevelCheck(controller)
        for production in self._eligible(controller):
            slots = range(len(batches) + 1, limit + 1)
            batches |= self._queue_shares(controller, layout, production, slots, check)
            if len(batches) == limit:
                break
        return batches

    @api.model
    def _queue_shares(self, controller, layout, production, slots, check):
        """The batches of one order, in the first of ``slots``."""
        batches = self.env["mo.batch"]
        for slot in slots:
            batch = self._queue_order(controller, layout, production, slot, check)
            batches |= batch
            if not batch or not production._plc_is_shared():
                break
        return batches

    @api.model
    def _queue_together(self, controller, layout, limit):
        """All recipes are frozen before the first batch is created, but for those that depend on what is queued before."""
        batches, frozen, check = self.env["mo.batch"], [], LevelCheck(controller)
        for production in self._eligible(controller):
            recipe = self._freeze(controller, layout, production, len(batches) + len(frozen) + 1, check)
            if recipe and recipe.share.count == 1 and recipe.name not in {other.name for other in frozen}:
                frozen.append(recipe)
            elif recipe:
                check.put_back(recipe.lines)
                batches |= self._create_batches(controller, frozen)
                frozen = []
                slots = range(len(batches) + 1, limit + 1)
                batches |= self._queue_shares(controller, layout, production, slots, check)
            if len(batches) + len(frozen) == limit:
                break
        return batches | self._create_batches(controller, frozen)

    @api.model
    def _recheck(self, controller):
        """Clear reasons that no longer hold, also of orders that are not due yet. If there are many, each fill checks the next
        ones.

        :return: how many there were
        """
        productions, found = self.env["mrp.production"], 0
        for domain in (productions._plc_begun_domain(controller), productions._plc_eligible_domain(controller)):
            refused = [*domain, ("plc_reason", "!=", False)]
            count = productions.search_count(refused)
            offset = controller.fill_count * PAGE % count if count > PAGE else 0
            self._recheck_page(controller, count and productions.search(refused, order=ORDER, limit=PAGE, offset=offset))
            found += count
        return found

    @api.model
    def _recheck_page(self, controller, refused):
        if not refused:
            return
        layout, check = controller.layout_id._layout(), LevelCheck(controller)
        for production in refused:
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
        recipe = self._freeze(controller, layout, production, slot, check)
        if not recipe:
            return self.env["mo.batch"]
        try:
            with self.env.cr.savepoint():
                return self._create_batches(controller, [recipe])
        except UniqueViolation:
            check.put_back(recipe.lines)
            self._log("%s: queued by another PLC just now", production.name)
            return self.env["mo.batch"]

    @api.model
    def _freeze(self, controller, layout, production, slot, check):
        """The recipe of an order's next batch, whose amounts are taken off the levels of ``check``.

        :return: a :class:`Frozen`, or None if nothing is left to make, or if the order shows the reason
        """
        try:
            share = production._plc_share(controller)
            if not share:
                raise NotQueueable(production._plc_reason_made())
            values = production._plc_freeze(controller, layout, slot, share)
            recipe = Frozen(production, share, values, check.shortages(_lines_of(values)))
        except (NotQueueable, CodecError) as error:
            if reason := production._plc_reason_of(error):
                self._refuse(controller, production, reason)
            return None
        check.take(recipe.lines)
        return recipe

    @api.model
    def _create_batches(self, controller, frozen):
        """:param frozen: :class:`Frozen` ones, of different orders"""
        batches = self.env["mo.batch"].create([recipe.values for recipe in frozen])
        journal = self.env["mo.batch.journal"]
        lines = []
        for recipe, batch in zip(frozen, batches, strict=True):
            recipe.order._plc_record_share(recipe.share)
            if recipe.order.plc_reason:
                recipe.order.plc_reason = False
            message = self.env._("Order %(order)s queued in slot %(slot)s.", order=batch.order_name, slot=batch.slot)
            lines.append(journal._line("state", message, batch=batch))
            for shortage in recipe.shortages:
                batch._remark(shortage)
            self._log("queued: %s %s in slot %s of %s", batch.name, batch.order_name, batch.slot, controller.name)
        journal.sudo().create(lines)
        return batches

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
