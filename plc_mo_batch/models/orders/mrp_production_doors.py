from odoo import api, models
from odoo.exceptions import UserError

from ...plc.reconcile import NOT_TAKEN
from ...plc.sentences import Sentence
from ...tools.translate import label_of, translate
from ..common.marks import CLOSING
from .doors import DOORS, STEPS_BACK
from .mrp_production import OPEN_ORDER


class MrpProduction(models.Model):
    """What people do to an order that a PLC is given: refused while it would be made twice (``doors.py``); and what was queued
    of it is withdrawn in the same transaction."""

    _inherit = "mrp.production"

    # CRUD

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_given_to_plc(self):
        for order in self:
            if batches := order._plc_batches_ever():
                order._plc_refuse("delete", batches[:1])

    # Actions

    def action_merge(self):
        withheld = any(self.mapped("plc_withheld"))
        action = super().action_merge()
        if withheld:  # a person is to find out first whether the PLC made it
            self.browse(action["res_id"]).plc_withheld = True
        return action

    def button_mark_done(self):
        if to_backorder := self.env.context.get("mo_ids_to_backorder"):
            self.browse(to_backorder).exists()._plc_check_door("backorder")
        result = super().button_mark_done()
        self._plc_close_value()
        self._plc_order_closed()
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        self._plc_close_value(cancelled=True)
        self._plc_order_closed()
        return result

    def _pre_action_split_merge_hook(self, merge=False, split=False):
        if merge or split:
            self._plc_check_door("merge" if merge else "split")
        return super()._pre_action_split_merge_hook(merge=merge, split=split)

    def _split_productions(self, amounts=False, cancel_remaining_qty=False, set_consumed_qty=False):
        """Here all ways to split an order end, and all ways to close it with a backorder."""
        to_backorder = self.env.context.get("mo_ids_to_backorder") or []
        for order in self:
            order._plc_check_door("backorder" if order.id in to_backorder else "split")
            order._plc_withdraw_queued()
        orders = super()._split_productions(amounts, cancel_remaining_qty, set_consumed_qty)
        for order in self.filtered("plc_withheld"):
            (orders & order.production_group_id.production_ids).plc_withheld = True
        return orders

    # Business methods

    def _plc_batches_ever(self):
        return self.sudo().with_context(active_test=False).plc_batch_ids

    def _plc_check_door(self, door):
        """
        :param door: a name in ``DOORS``
        :raise UserError: naming the first order of which a batch is under way
        """
        if self._plc_is_booking():
            return
        for order in self:
            if under_way := order._plc_batches_ever().filtered(lambda batch: batch._is_under_way()):
                order._plc_refuse(door, under_way[:1])

    def _plc_check_unit(self):
        """
        :raise UserError: naming the first order of which a PLC has a batch, or has made a part
        """
        for order in self:
            taking = order._plc_batches_ever()._taking_a_share()
            if batches := taking if order.state in OPEN_ORDER else taking.filtered("active"):
                order._plc_refuse("unit", (batches.filtered("active") or batches)[:1])

    def _plc_check_own_unit(self):
        """Odoo's screens allow it in a draft alone; over RPC the finished move keeps its unit, and 1,000,000 g are booked as kg.

        :raise UserError: naming the first order that a PLC makes, will make or has made
        """
        self._plc_check_unit()
        for order in self.filtered(lambda order: order.state in OPEN_ORDER and order.plc_controller_id):
            values = {"order": order.name, "plc": order.plc_controller_id.sudo().name}
            raise UserError(translate(self.env, Sentence(DOORS["unit_of_order"].source, values)))

    def _plc_refuse(self, door, batch):
        state = label_of(batch.with_env(self.env), "state").lower()
        values = {"order": self.name, "batch": batch.name, "state": state}
        raise UserError(translate(self.env, Sentence(DOORS[door].source, values)))

    def _plc_is_booking(self):
        """We ourselves close the order."""
        return self.env.su and CLOSING.is_on(self.env)

    def _plc_order_closed(self):
        """People closed or cancelled orders: what the PLC was not told is cancelled, what it was offered is withdrawn.

        Now, not at the next look of the exchange: this writes to the batch, so an exchange that hands it over at the same moment
        fails to serialize, and looks again.
        """
        if self._plc_is_booking():
            return
        closed = self.filtered(lambda order: order.state in ("done", "cancel"))
        batches = closed.sudo().plc_batch_ids.filtered("active")
        for batch in batches.filtered(lambda batch: batch.state in NOT_TAKEN):
            batch._in_plc_language()._on_order_closed()
        if batches:
            self.env["plc.task.exchange"]._trigger()

    def _plc_withdraw_queued(self):
        """The order is split: its parts wait for the next fill."""
        for batch in self.sudo().plc_batch_ids.filtered(lambda batch: batch.state == "queued"):
            batch = batch._in_plc_language()
            batch._cancel("plan", batch.env._("The order was split in Odoo."), "requeue")

    def _plc_check_step_back(self, state):
        """
        :raise UserError: if an order that a PLC makes, or made, would be called *Draft* or *Confirmed* again
        """
        if state in STEPS_BACK:
            self._check_not_booked_by_plc()
            self.filtered(lambda order: order.state not in ("draft", state))._plc_check_door("step_back")
