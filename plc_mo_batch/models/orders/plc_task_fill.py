from dataclasses import dataclass
from itertools import chain
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
TOGETHER = 16  # PLCs whose rows one transaction holds, for less than a second: an exchange that writes to one waits so long


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
            for plcs in controllers.grouped(lambda plc: plc._language()).values():
                plcs = plcs[0]._in_plc_language().browse(plcs.ids)
                plcs.env[self._name]._fill(plcs)
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
    def _fill(self, controllers):
        """Queue orders for those of these PLCs whose queue is empty, up to their limits.

        Two fills that start at the same moment both see an empty queue. Writing to the PLC's row makes the second one fail; a
        lock alone does not (docs/architecture/fill.md).

        :param controllers: PLCs of one language
        :return: the new batches
        :raise TransactionRollbackError: if another transaction has filled meanwhile
        """
        controllers = self._begun(controllers)
        of_these = [("controller_id", "in", controllers.ids), ("parked", "=", False)]
        waiting = dict(self.env["mo.batch"]._read_group(of_these, ["controller_id"], ["__count"]))
        batches = self._queue_orders(controllers.filtered(lambda plc: plc not in waiting))
        if batches:  # the exchange freezes the recipes again only if something of their orders is written meanwhile
            versions = OrderVersions(batches.controller_id).of_batches()
            for batch in batches:  # not those that are parked: nobody compared them just now
                batch.order_version = versions[batch.id]
            self.env["plc.task.exchange"]._trigger()
        refused = self._recheck(controllers)
        for controller in controllers:
            queued = batches.filtered(lambda batch, controller=controller: batch.controller_id == controller)
            self._tell_filled(controller, waiting.get(controller, 0), len(queued), controller in refused)
        return batches

    @api.model
    def _begun(self, controllers):
        """Those of these PLCs that this fill has for itself, and that may be served."""
        free = controllers.try_lock_for_update(allow_referencing=True)
        for controller in controllers - free:
            self._log("%s: another fill is at work, nothing done", controller.name)
        for controller in free:
            if refusal := controller._refusal_uncommissioned():
                self._log("%s", refusal)
                free -= controller
        # This write, not the lock above, makes the second of two fills fail. It comes before the queues are counted.
        for controller in free:
            controller.fill_count += 1
        free.flush_recordset()
        return free

    @api.model
    def _tell_filled(self, controller, waiting, queued, is_refused):
        """
        :param is_refused: there are orders that carry a reason
        """
        if waiting:
            self._log("mo_batch has %s records: skipping, waiting for the PLC to finish", waiting)
            self.env["plc.board"]._mark_filled(controller, busy=waiting)
            return
        refused = self.env["mrp.production"].search_count(self._refused_domain(controller)) if is_refused else 0
        self._log("Auto-sync completed: %s MO batches synced", queued)
        self.env["plc.board"]._mark_filled(controller, queued=queued, refused=refused)

    @api.model
    def _refused_domain(self, controllers):
        """Orders that wait for these PLCs and cannot be queued as they are."""
        return self.env["mrp.production"]._plc_waiting_domain(controllers) & Domain("plc_reason", "!=", False)

    @api.model
    def _queue_orders(self, controllers):
        """Freeze the recipes of the next eligible orders as batches in slots 1..n of each of these PLCs.

        Ten batches that are created together cost a third of ten that are created one by one. If that fails, each order is
        tried by itself: one bad order never stops the others (rule 8).
        """
        batches = self.env["mo.batch"]
        for plcs in _apart(controllers):
            batches |= self._queue_disjoint(plcs)
        return batches

    @api.model
    def _queue_disjoint(self, controllers):
        """
        :param controllers: PLCs of which none takes what another one could have
        """
        if controllers[:1]._has_sister_silos():  # which of them doses for an order depends on what is queued before it
            return self._queue_singly(controllers)
        with apart(self.env) as together:
            batches = self._queue_together(controllers)
        if together.error:
            names = ", ".join(controllers.mapped("name"))
            self._log("%s: order by order, as not all can be queued: %s", names, together.error)
            return self.env["mo.batch"].union(*map(self._queue_singly, controllers))
        return batches

    @api.model
    def _queue_singly(self, controller):
        batches, check = self.env["mo.batch"], LevelCheck(controller)
        layout, limit = controller.layout_id._layout(), controller._batch_limit()
        for production in self._eligible(controller) if limit else ():
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
    def _queue_together(self, controllers):
        """All recipes are frozen before the first batch is created, but for those that depend on what is queued before."""
        batches, frozen = self.env["mo.batch"], []
        pages = [self._pages(controller) for controller in controllers]
        firsts = [next(of_plc, self.env["mrp.production"]) for of_plc in pages]
        together = self.env["mrp.production"].union(*firsts)._prefetch_ids  # what their recipes share is read once
        for controller, first, rest in zip(controllers, firsts, pages, strict=True):
            queued, recipes = self._freeze_next(controller, chain(first.with_prefetch(together), chain.from_iterable(rest)))
            batches |= queued
            frozen += recipes
        return batches | self._create_batches(frozen)

    @api.model
    def _freeze_next(self, controller, productions):
        """
        :return: the batches that had to be created before others, and the :class:`Frozen` recipes of those yet to be created
        """
        batches, frozen, check = self.env["mo.batch"], [], LevelCheck(controller)
        layout, limit = controller.layout_id._layout(), controller._batch_limit()
        for production in productions if limit else ():
            recipe = self._freeze(controller, layout, production, len(batches) + len(frozen) + 1, check)
            if recipe and recipe.share.count == 1 and recipe.name not in {other.name for other in frozen}:
                frozen.append(recipe)
            elif recipe:
                check.put_back(recipe.lines)
                batches |= self._create_batches(frozen)
                frozen = []
                slots = range(len(batches) + 1, limit + 1)
                batches |= self._queue_shares(controller, layout, production, slots, check)
            if len(batches) + len(frozen) == limit:
                break
        return batches, frozen

    @api.model
    def _recheck(self, controllers):
        """Clear reasons that no longer hold, also of orders that are not due yet.

        :return: the PLCs for which there were any
        """
        with_reason = [("plc_reason", "!=", False), ("picking_type_id", "in", controllers.picking_type_ids.ids)]
        if not self.env["mrp.production"].search_count([*with_reason, ("state", "in", OPEN_ORDER)], limit=1):
            return controllers.browse()
        return controllers.filtered(self._recheck_of)

    @api.model
    def _recheck_of(self, controller):
        """If there are many, each fill checks the next ones.

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
        return chain.from_iterable(self._pages(controller))

    @api.model
    def _pages(self, controller):
        seen = productions = self.env["mrp.production"]
        for domain in (productions._plc_begun_domain(controller), productions._plc_eligible_domain(controller)):
            page = [None] * PAGE
            while len(page) == PAGE:  # a page that is not full is the last one
                page = productions.search([*domain, ("id", "not in", seen.ids)], order=ORDER, limit=PAGE)
                seen |= page
                if page:
                    yield page

    @api.model
    def _queue_order(self, controller, layout, production, slot, check=None):
        """The new batch of an order. Empty if nothing is left to make, or if the order shows the reason."""
        check = check or LevelCheck(controller)
        recipe = self._freeze(controller, layout, production, slot, check)
        if not recipe:
            return self.env["mo.batch"]
        try:
            with self.env.cr.savepoint():
                return self._create_batches([recipe])
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
    def _create_batches(self, frozen):
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
            self._log("queued: %s %s in slot %s of %s", batch.name, batch.order_name, batch.slot, batch.controller_id.name)
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


def _apart(controllers):
    """The PLCs in lots, in their order, of which no two may be given the same order, or dose from the same silos. One with sister
    silos is by itself."""
    lot, taken = controllers.browse(), set()
    for controller in controllers:
        own = {*controller.picking_type_ids, *controller.equipment_ids.location_id}
        if lot and (taken & own or controller._has_sister_silos() or lot[0]._has_sister_silos()):
            yield lot
            lot, taken = controllers.browse(), set()
        lot, taken = lot | controller, taken | own
    if lot:
        yield lot
