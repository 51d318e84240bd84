from odoo import models
from odoo.exceptions import UserError

from ...tools.translate import format_number
from ..common.plc_notifier import ACTIVITY
from ..common.signed import signed
from .arguments import as_text


class MoBatch(models.Model):
    """What managers can do about a batch that cannot be booked automatically: its order was closed by hand while the PLC made it,
    or its write-back failed too often."""

    _inherit = "mo.batch"

    # Actions

    def action_open_booked(self):
        """Ask where the batch was booked by hand."""
        self._check_allowed("rebook")
        return self._open_wizard("plc_mo_batch.mo_batch_booked_action")

    @signed("rebook")
    def action_book_on_new_order(self):
        """Book what the PLC made on a new order for the same product, as its own was closed or cancelled before the batch ended.

        :return: True
        :raise AccessError: if the user is not a manager
        :raise UserError: if the batch's order is still open
        """
        for batch in self.sudo():
            batch._move_to_new_order()
        self.env["plc.task.write.back"]._trigger()
        return True

    @signed("rebook")
    def action_is_booked_by_hand(self, comment):
        """The batch was booked by hand when its order was closed: move it to the history, with any differences as a remark.

        :param comment: who booked it, or where
        :return: True
        :raise AccessError: if the user is not a manager
        :raise UserError: if the batch's order is not done, or without a comment
        """
        comment = as_text(comment)
        if not comment:
            raise UserError(self.env._("Enter where the batch was booked."))
        for batch in self.sudo():
            batch._accept_as_booked(comment)
        return True

    def action_reset(self):
        """Clear the errors of a write-back and try it again from the start.

        :return: True
        :raise AccessError: if the user is not a manager
        :raise UserError: if none of its write-backs failed
        """
        self._check_allowed("reset")
        for batch in self.sudo():
            batch.write({"attempts": 0, "next_try": False, "last_error": False})
            batch.activity_unlink([ACTIVITY])
            batch._journal("user", self.env._("Reset by %s.", self.env.user.name))
        self.env["plc.task.write.back"]._trigger()
        return True

    # Business methods

    def _move_to_new_order(self):
        old = self.production_id
        new = self.env["mrp.production"].create(self._prepare_new_order())
        new.action_confirm()
        self._take_components_of(new)
        self.write(
            {
                "production_id": new.id,
                "part": 1,
                "order_changed": False,
                "attention": False,
                "attention_key": False,
                "attempts": 0,
                "next_try": False,
                "last_error": False,
            }
        )
        self.activity_unlink([ACTIVITY])
        message = self.env._(
            "%(user)s booked it on the new order %(new)s because %(old)s is closed.",
            user=self.env.user.name,
            new=new.name,
            old=old.name,
        )
        self._remark(message, kind="user")

    def _take_components_of(self, order):
        """Only what the PLC's recipe had is booked: the BoM may have been changed since."""
        self.line_ids.late = False  # what had come onto the old order belongs to it now
        taken = order.move_raw_ids.browse()
        for line in self.line_ids:
            line.move_id = line._same_component(order, taken)
            taken |= line.move_id
        unknown = order.move_raw_ids - taken
        if unknown:
            names = ", ".join(unknown.product_id.mapped("display_name"))
            unknown.with_context(skip_mo_check=True)._action_cancel()
            self._remark(self.env._("Not in its recipe, so not consumed on %(order)s: %(names)s.", order=order.name, names=names))

    def _prepare_new_order(self):
        order = self.production_id
        return {
            "product_id": order.product_id.id,
            "product_qty": self.order_qty,
            "product_uom_id": order.product_uom_id.id,
            "bom_id": order.bom_id.id,
            "picking_type_id": order.picking_type_id.id,
            "company_id": order.company_id.id,
            "origin": order.name,
        }

    def _accept_as_booked(self, comment):
        if self.production_id.state != "done":
            raise UserError(self.env._("Order %s is cancelled, so nothing can have been booked on it.", self.production_id.name))
        self._set_state("done", last_error=False, next_try=False, parked=False)
        self._remark(
            self.env._("Marked as booked by hand by %(user)s: %(comment)s", user=self.env.user.name, comment=comment), kind="user"
        )
        for sentence in self._differences_from_order():
            self._remark(sentence)
        self.activity_unlink([ACTIVITY])
        self.env["plc.task.write.back"]._refill(self.controller_id)

    def _differences_from_order(self):
        """Sentences on what was booked differently from what the PLC reported. If several batches make the order, bookings cannot
        be attributed to one of them."""
        if self.production_id.plc_part_count > 1:
            return []
        return [
            self.env._(
                "%(product)s: %(booked)s %(unit)s were booked, but the PLC reported %(consumed)s.",
                product=line.product_id.display_name,
                booked=format_number(self.env, line._booked_qty(), ".2f"),
                unit=line.uom_id.name,
                consumed=format_number(self.env, line._consumed_qty(), ".2f"),
            )
            for line in self.line_ids.filtered("product_id")
            if line._is_other(line._booked_qty(), line._consumed_qty())
        ]
