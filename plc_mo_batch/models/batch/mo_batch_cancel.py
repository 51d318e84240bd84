from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.translate import label_of
from .arguments import as_text

REASONS = [
    ("recipe", "Recipe or order wrong"),
    ("material", "Material missing"),
    ("machine", "Machine or PLC"),
    ("plan", "Plan changed"),
    ("order", "Order closed or cancelled in Odoo"),
    ("other", "Other"),
]
ORDER_ACTIONS = [
    ("withhold", "Withhold it until it is queued again by hand"),
    ("requeue", "Queue it again at the next fill"),
    ("cancel", "Cancel it as well"),
]


class MoBatch(models.Model):
    """Cancelling a batch: with a reason, and with a decision on its order."""

    _inherit = "mo.batch"

    cancel_reason = fields.Selection(REASONS, readonly=True)
    cancel_note = fields.Char(readonly=True)
    cancel_user_id = fields.Many2one("res.users", string="Cancelled By", readonly=True)
    cancel_order_action = fields.Selection(ORDER_ACTIONS, string="Order Action", readonly=True)

    # Actions

    def action_open_cancel(self):
        """Ask for the reason, and announce the effect."""
        self._check_allowed("cancel")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel Batches"),
            "res_model": "mo.batch.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_batch_ids": self.ids},
        }

    def action_cancel(self, reason="other", note="", order_action="withhold"):
        """Cancel batches that the PLC has not taken.

        Queued and sending batches are cancelled at once: the PLC certainly knows nothing of them. Offered ones are first
        withdrawn from its memory; if the PLC takes the recipe at that very moment, the batch runs.

        :param reason: one of recipe, material, machine, plan, other
        :param note: a comment on the reason
        :param order_action: what happens to the orders of cancelled batches: withhold, requeue or cancel
        :return: True
        :raise UserError: naming the first batch that can no longer be cancelled, or for an unknown reason
        """
        self._check_allowed("cancel")
        self._check_choice("cancel_reason", reason)
        self._check_choice("cancel_order_action", order_action)
        note = as_text(note)
        for batch in self.sudo():
            batch._cancel(reason, note, order_action)
        return True

    def action_requeue(self):
        """Queue the withheld orders of cancelled batches again."""
        withheld = self.filtered("is_action_requeue_allowed") or self
        withheld._check_allowed("requeue")
        batches = withheld.sudo()
        batches.production_id.action_plc_requeue()
        for batch in batches:
            batch._journal("user", self.env._("Order queued again by %s.", self.env.user.name))
        return True

    @api.model
    def _check_choice(self, field, value):
        choices = [key for key, _label in self._fields[field].selection]
        if value not in choices:
            raise UserError(
                self.env._("%(value)s is not valid. Use one of: %(choices)s.", value=value, choices=", ".join(choices))
            )

    # Business methods

    def _cancel(self, reason, note, order_action):
        """Cancel now, or have the exchange withdraw the recipe first."""
        self.ensure_one()
        self.write(
            {
                "cancel_reason": reason,
                "cancel_note": note,
                "cancel_user_id": self.env.uid,
                "cancel_order_action": self._effective_order_action(order_action),
            }
        )
        label = label_of(self, "cancel_reason")
        message = self.env._("Cancellation requested by %(user)s: %(reason)s", user=self.env.user.name, reason=label)
        self._journal("user", f"{message}. {note}" if note else f"{message}.")
        if self.state == "offered":
            self._set_state("cancelling", withdrawn_at=False)
            self.env["plc.task.exchange"]._trigger()
        else:
            self._advance("cancelled", 0.0, {})

    def _effective_order_action(self, order_action):
        """What really happens to the order: for a batch that was handed over and is sent again, ``requeue`` becomes ``withhold``.

        A person says that the PLC had not taken it. While it is a batch, a PLC that shows the contrary is believed. Once it is
        cancelled, nothing would stop a second production.
        """
        return "withhold" if order_action == "requeue" and self.resent and self.date_offered else order_action

    def _cancel_effect(self, order_action):
        """What cancelling will do to the batch and its order, announced in advance."""
        self.ensure_one()
        self._origin.check_access("read")
        if not self.is_action_cancel_allowed:
            return self._refusal("cancel")
        if self.state in ("queued", "sending"):
            effect = self.env._("%s is cancelled at once: it has not been offered to the PLC.", self.display_name)
        else:
            effect = self.env._(
                "%s has been offered to the PLC, so its recipe is withdrawn first. If the PLC takes it at that moment, the "
                "batch runs.",
                self.display_name,
            )
        return f"{effect} {self._cancel_effect_on_order(self._effective_order_action(order_action))}"

    def _cancel_effect_on_order(self, order_action):
        order = self.production_id
        shared = order.plc_part_count > 1
        effects = {
            ("withhold", False): self.env._("Order %s will then be withheld from the PLC until an operator queues it again."),
            ("withhold", True): self.env._(
                "The rest of order %s will then be withheld from the PLC; its other batches continue."
            ),
            ("requeue", False): self.env._("Order %s will be queued again at the next fill."),
            ("requeue", True): self.env._("This part of order %s will be queued again at the next fill."),
            ("cancel", False): self.env._("Order %s will then be cancelled."),
            ("cancel", True): self.env._(
                "No more of order %s will be made. Its batches that have not been offered to the PLC are also cancelled, and "
                "those that are running are booked; then the order is cancelled, or closed with what was made."
            ),
        }
        if order.state in ("done", "cancel"):
            return self.env._("Order %s is already closed.", order.name)
        return effects[order_action or "withhold", shared] % order.name

    def _carry_out_order_action(self):
        """Carry out the decision on the order of a cancelled batch. An order that cannot be cancelled is withheld."""
        order = self.production_id
        if order.state in ("done", "cancel") or self.cancel_order_action == "requeue":
            return
        order.plc_withheld = True
        if self.cancel_order_action != "cancel":
            return
        try:
            with self.env.cr.savepoint():
                order._plc_stop(self.cancel_reason, self.cancel_note)
                self.env.flush_all()
        except UserError as error:
            self._journal("error", self.env._("The order could not be cancelled and is withheld from the PLC: %s", error))
