from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.signed import signed

DISPOSITION_ORDER = [("cancel", "Cancel it"), ("withhold", "Withhold it"), ("requeue", "Queue it again")]
DISPOSITION_MATERIAL = [("scrap", "As scrap"), ("consume", "As consumption of the order")]


class MoBatch(models.Model):
    """A failed batch: first book what was consumed, then deal with the order, each in its own transaction."""

    _inherit = "mo.batch"

    disposition_order = fields.Selection(DISPOSITION_ORDER, string="Disposition of the Order", readonly=True)
    disposition_material = fields.Selection(DISPOSITION_MATERIAL, string="Disposition of the Material", readonly=True)
    disposition_booked = fields.Boolean(readonly=True, help="The consumption of the failed batch is booked.")

    # Actions

    def action_open_disposition(self):
        """Ask what happens to material and order of a failed batch."""
        self._check_allowed("disposition")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set the Disposition of a Failed Batch"),
            "res_model": "mo.batch.disposition",
            "view_mode": "form",
            "target": "new",
            "context": {"default_batch_ids": self.ids},
        }

    @signed("disposition")
    def action_set_disposition(self, order_action, booking="scrap"):
        """Set the disposition of failed batches. Task 3 carries it out.

        :param order_action: what happens to the order: cancel, withhold or requeue
        :param booking: how consumed material is booked: scrap (with the order as origin) or consume (on the order)
        :return: True
        :raise UserError: if a batch is not failed, or the choices contradict each other
        """
        self._check_choice("disposition_order", order_action)
        self._check_choice("disposition_material", booking)
        if order_action == "requeue" and booking == "consume":
            raise UserError(self.env._("An order that is queued again starts from the beginning: book the material as scrap."))
        for batch in self.sudo():
            batch._set_disposition(order_action, booking)
            batch._journal("user", self.env._("Disposition set by %s.", self.env.user.name))
        return True

    # Business methods

    def _set_disposition(self, order_action, booking):
        self.write({"disposition_order": order_action, "disposition_material": booking, "next_try": False, "attention": False})
        self.env["plc.task.write.back"]._trigger()

    def _on_batch_failed(self):
        """A batch has just failed: the PLC's policy decides; if it has none, a person."""
        policy = self.controller_id.disposition_policy
        if policy == "ask":
            self.attention = self._failed_message()
        else:
            self._set_disposition(policy, self.controller_id.disposition_material)

    def _failed_message(self):
        if self.given_up_by_id:
            return self.env._(
                "%s gave up this batch. If you know what was dosed after it was last read, enter the amounts. Then set the "
                "disposition of the order.",
                self.given_up_by_id.name,
            )
        return self.env._("The PLC reported that the batch failed. Set the disposition of the order.")

    @api.model
    def _with_due_disposition(self):
        """Failed batches whose disposition is set and due."""
        due = ["|", ("next_try", "=", False), ("next_try", "<=", fields.Datetime.now())]
        decided = [("state", "=", "failed"), ("disposition_order", "!=", False), ("controller_id.enabled", "=", True)]
        decided.append(("watch_needed", "=", False))
        return self.search([*decided, *due], order="id")

    def _close_disposition(self):
        """Second step, after the material is booked: deal with the order, then move the batch to the history."""
        self.ensure_one()
        order = self.production_id
        self._set_state("cancelled", last_error=False, next_try=False)
        self._journal("state", self.env._("The disposition of the failed batch is complete."))
        if order.state not in ("done", "cancel"):
            order.plc_withheld = self.disposition_order == "withhold"
            if self.disposition_order == "cancel":
                order._plc_stop("machine", self.env._("Another batch of the order failed."))
