from odoo import models
from odoo.tools import float_compare

from ...plc.codec import CodecError
from ...plc.reconcile import HANDED_OVER, NOT_TAKEN
from ...tools.translate import describe_error
from ..common.rule8 import apart
from .late_components import LateComponents
from .not_queueable import NotQueueable

STARTED = ("running", "completed", "failed")  # the PLC has taken it, and it is not over yet


class MoBatch(models.Model):
    """What happens when people change, close or cancel the order of a batch."""

    _inherit = "mo.batch"

    def _sync_with_order(self, layout):
        """Compare the batches of a PLC with this layout with their orders as they are now; at the start of each exchange.

        :return: whether there is nothing to do about them again before something changes
        """
        known = [batch._compare_with_order(layout) for batch in self]
        return all(known)

    def _compare_with_order(self, layout):
        is_known = True
        if self.production_id.state in ("done", "cancel"):
            self._on_order_closed()
        elif self.state == "queued" and not self.resent:
            self._refresh(layout)
        elif self.state in (*HANDED_OVER, "completed"):
            is_known = self.order_changed or self._record_order_change(layout)
            self._take_up_late_components(finished=self.state == "completed")
        return self._start_order() and is_known

    def _is_to_compare(self, version):
        """Whether its order may have changed since its recipe was frozen, or last compared.

        :param version: its order's, of :class:`~.order_versions.OrderVersions`
        """
        return self.order_version != version

    def _is_under_way(self):
        """The PLC has been told of it, or may have, and it is not booked yet: what it makes counts for its order."""
        return self.active and (self.state != "queued" or bool(self.resent and self.date_offered))

    def _start_order(self):
        """Once the PLC has taken a batch, Odoo calls its order *In Progress*. While others work on the order that waits for the
        next look: nothing may keep the exchange from storing what the PLC says.

        :return: False if it has to wait
        """
        order = self.production_id.with_context(tracking_disable=True)
        if self.state not in STARTED or order.state != "confirmed":
            return True
        if not order.try_lock_for_update(allow_referencing=True):
            return False
        with apart(self.env) as attempt:
            order.action_start()
        if attempt.error:
            self._journal("error", describe_error(self.env, attempt.error))
            return False
        return True

    def _on_order_closed(self):
        """Cancel what the PLC does not know, withdraw what it was offered. What it is making is parked at its end."""
        if self.state in NOT_TAKEN:
            self._cancel("order", self.env._("The order was closed or cancelled in Odoo."), "requeue")
        elif self.active and not self.order_changed:
            self._tell_order_changed(self.env._("The order was closed or cancelled in Odoo, but the PLC is making it."))

    def _tell_order_changed(self, message):
        """Once. The attention goes when the batch goes on; the remark stays in the history."""
        self.order_changed = True
        self.attention = self.attention or message  # what is asked already, goes first
        self._remark(message)

    def _refresh(self, layout):
        """The order was changed before it was sent: freeze the recipe again, or cancel the batch if it can no longer be
        queued."""
        order = self.production_id
        try:
            share = self._share_now()
            if not share:
                self._cancel("order", self.env._("The other batches of the order make the full quantity."), "requeue")
                order._plc_record_no_share()
                return
            values = order._plc_freeze(self.controller_id, layout, self.slot, share)
        except (NotQueueable, CodecError) as error:
            order.plc_reason = order._plc_reason_of(error)
            self._cancel("order", order.plc_reason, "requeue")
            return
        if not self._differs(values, share):
            return
        self.line_ids.unlink()
        self.write(values)
        self.production_id._plc_record_share(share)
        self._journal("state", self.env._("The order was changed, so the recipe was frozen again."))

    def _share_now(self):
        """What the batch would make of its order if it were queued now. Batches that were queued after it can still be planned
        again."""
        queued = self.production_id.plc_batch_ids.filtered(lambda batch: batch.state == "queued" and not batch.resent)
        later = queued - self if self.state != "queued" else queued.filtered(lambda batch: batch.id > self.id)
        return self.production_id._plc_share(self.controller_id, batch=self, later=later)

    def _differs(self, values, share):
        """Whether the frozen recipe differs from ``values``, which would be frozen now.

        A rounding difference that the later batches can absorb, one step for each of them, does not count.
        """
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        slack = 0.0 if share.is_rest else share.count * 10**-digits
        lines = [line for _command, _id, line in values["line_ids"]]
        frozen = [(line.move_id.id, line.code, line.product_id.id) for line in self.line_ids]
        quantities = [values["planned_qty"], *(line["planned_qty"] for line in lines)]
        return (
            values["order_name"] != self.order_name
            or frozen != [(line["move_id"], line["code"] or 0, line["product_id"]) for line in lines]
            or any(
                float_compare(abs(old - new), slack, precision_digits=digits) > 0
                for old, new in zip([self.planned_qty, *self.line_ids.mapped("planned_qty")], quantities, strict=True)
            )
        )

    def _record_order_change(self, layout):
        """Once a batch is handed over, a change of its order has no effect: the PLC makes what was queued. Report that once.

        :return: whether it is known if the order was changed
        """
        try:
            changed = self._is_more_than_asked() if self.state == "completed" else self._is_out_of_date(layout)
        except NotQueueable:  # for what need not be the order's: another one may have its name
            return False
        if changed:
            self._tell_order_changed(
                self.env._("The order was changed after its recipe was handed over. The PLC makes what was queued.")
            )
        return True

    def _take_up_late_components(self, finished=False):
        """Have the lines follow what was added to the order meanwhile. A finished batch may have to wait for a person then."""
        if self.production_id.state in ("done", "cancel"):
            return
        if LateComponents(self).take_up(finished) and self.state == "completed":
            self._on_hand_adds_changed()
            if self.hand_adds_needed:
                self._tell_responsible(self.env._("Hand-adds to enter"), self.attention)

    def _take_up_at_the_end(self):
        """The same for a finished batch. Nothing on its order may keep the PLC's actuals from being stored or booked: what could
        not be taken up is remarked when it is booked."""
        with apart(self.env) as attempt:
            self._take_up_late_components(finished=True)
        if attempt.error:
            self._journal("error", describe_error(self.env, attempt.error))

    def _is_bookable_now(self):
        """Finished and waiting for nobody, also after another look at its order."""
        if self._is_bookable():
            self._take_up_at_the_end()
        return self._is_bookable()

    def _is_more_than_asked(self):
        """Whether its order was lowered to less than its batches make."""
        order = self.production_id
        planned = sum(order.plc_batch_ids._taking_a_share().mapped("order_qty"))
        return order.product_uom_id.compare(order.product_qty, planned) < 0

    def _is_out_of_date(self, layout):
        """Whether queueing the order now would freeze another recipe.

        :raise NotQueueable: if it could not be queued
        """
        share = self._share_now()
        if not share:
            return True
        values = self.production_id._prepare_plc_batch(self.controller_id, layout, self.slot, share)
        if share.count > 1:
            values["order_name"] = self.order_name  # the number of batches of the order may have changed since
        return self._differs(values, share)

    def _with_order_going_on(self):
        """Batches after which their order goes on: all but its last."""
        going_on = self.browse()
        for order, batches in self.grouped("production_id").items():
            last = batches.sorted("id")[-1:]
            going_on |= batches if order._plc_goes_on(batches) else batches - last
        return going_on.sorted("id")
