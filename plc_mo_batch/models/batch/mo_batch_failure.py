from odoo import api, fields, models
from odoo.exceptions import UserError

FAILURE_ORDER = [("cancel", "Cancel it"), ("hold", "Hold it"), ("requeue", "Back in line")]
FAILURE_BOOKING = [("scrap", "As scrap"), ("consume", "As consumption of the order")]


class MoBatch(models.Model):
    """A failed batch: what was consumed is booked, then the order is dealt with; each in a transaction of its own."""

    _inherit = "mo.batch"

    failure_decision = fields.Selection(FAILURE_ORDER, string="Failed: the Order", readonly=True)
    failure_booking = fields.Selection(FAILURE_BOOKING, string="Failed: the Material", readonly=True)
    failure_booked = fields.Boolean(readonly=True, help="What the failed batch consumed is booked.")

    # Actions

    def action_open_settle(self):
        """Ask what happens to material and order of a failed batch."""
        self._check_allowed("settle")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settle a Failed Batch"),
            "res_model": "mo.batch.settle",
            "view_mode": "form",
            "target": "new",
            "context": {"default_batch_ids": self.ids},
        }

    def action_settle(self, order_action, booking="scrap"):
        """Decide on failed batches; Task 3 carries it out.

        :param order_action: what happens to the order: cancel, hold or requeue
        :param booking: how what was consumed is booked: scrap (with the order as origin) or consume (on the order)
        :return: True
        :raise UserError: if a batch is not failed, or the choices do not go together
        """
        self._check_allowed("settle")
        self._check_choice("failure_decision", order_action)
        self._check_choice("failure_booking", booking)
        if order_action == "requeue" and booking == "consume":
            raise UserError(self.env._("An order that is queued again starts afresh: book the material as scrap."))
        for batch in self.sudo():
            batch._decide_failure(order_action, booking)
            batch._journal("user", self.env._("Settled by %s.", self.env.user.name))
        return True

    # Business methods

    def _decide_failure(self, order_action, booking):
        self.write(
            {"failure_decision": order_action, "failure_booking": booking, "next_try": False, "attention": False}
        )
        self.env["plc.task.write.back"]._trigger()

    def _follow_failure(self):
        """A batch has just failed: the PLC's policy decides, or a person."""
        policy = self.controller_id.failure_policy
        if policy == "ask":
            self.attention = self.env._("The PLC reported that the batch failed. Decide what happens to the order.")
        else:
            self._decide_failure(policy, self.controller_id.failure_booking)

    @api.model
    def _to_settle(self):
        """Failed batches that are decided on and due."""
        due = ["|", ("next_try", "=", False), ("next_try", "<=", fields.Datetime.now())]
        decided = [("state", "=", "failed"), ("failure_decision", "!=", False), ("controller_id.enabled", "=", True)]
        return self.search([*decided, *due], order="id")

    def _close_failure(self):
        """Second step, once the material is booked: the order; then the batch goes to the history."""
        self.ensure_one()
        order = self.production_id
        self._set_state("cancelled", last_error=False, next_try=False)
        self._journal("state", self.env._("The failed batch is settled."))
        if order.state not in ("done", "cancel"):
            order.plc_hold = self.failure_decision == "hold"
            if self.failure_decision == "cancel":
                order._plc_stop("machine", self.env._("Another batch of the order failed."))
