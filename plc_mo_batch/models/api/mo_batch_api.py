from odoo import api, models
from odoo.exceptions import MissingError, UserError

from ...tools.old_values import new_value, with_old_keys
from ..batch.actions import ACTIONS, DECISIONS
from .plc_api import values_of

SUMMARY = ("name", "order_name", "production_id", "product_id", "slot", "state", "progress", "planned_qty", "uom_id", "attention")
DETAIL = (
    "controller_id",
    "job_number",
    "produced_qty",
    "finished_weight",
    "on_hold",
    "date_offered",
    "date_started",
    "date_finished",
    "date_closed",
    "attempts",
    "next_try",
    "last_error",
    "tolerance_state",
    "remark",
    "cancel_reason",
    "cancel_note",
)
LINE = (
    "product_id",
    "code",
    "equipment_id",
    "uom_id",
    "planned_qty",
    "actual_qty",
    "reported",
    "deviation_qty",
    "tolerance_state",
)


class MoBatch(models.Model):
    """The external API of batches (docs/api.md). Nothing here talks to a PLC (rule 9)."""

    _name = "mo.batch"
    _inherit = ["mo.batch", "plc.api"]

    def api_detail(self):
        """Everything known about the batches.

        :return: for each id a dict; ``lines`` are its components, ``allowed`` what the user may do with it now
        """
        return [batch._api_detail() for batch in self._api_named()]

    @api.model
    def api_history(self, order):
        """All batches that were or will be made of an order: newest first.

        :param order: name of the manufacturing order
        :return: as :meth:`api_detail`; an empty list if it never had a batch
        :raise MissingError: if there is no such order
        """
        self.check_access("read")
        order = self._api_text("order", order)
        if not order:
            raise UserError(self.env._("Enter the name of a manufacturing order."))
        orders = self.env["mrp.production"].search([("name", "=", order)])
        if not orders:
            raise MissingError(self.env._("Manufacturing order %s does not exist.", order))
        batches = self.with_context(active_test=False).search([("production_id", "in", orders.ids)], order="id desc")
        return [batch._api_detail() for batch in batches]

    def api_cancel(self, reason, note="", order_action="withhold"):
        """Cancel batches that the PLC has not taken; what it was offered is withdrawn first.

        :param reason: recipe, material, machine, plan or other
        :param note: a comment on the reason
        :param order_action: what happens to the order: withhold, requeue or cancel
        :return: id, name and state of each; "cancelling" until the withdrawal was read back from the PLC
        :raise UserError: naming the first batch that can no longer be cancelled
        """
        batches, note = self._api_named(), self._api_text("note", note)
        order_action = new_value("order_action", self._api_text("order_action", order_action))
        batches.action_cancel(reason=self._api_text("reason", reason), note=note, order_action=order_action)
        return batches._api_states()

    def api_retry(self):
        """Retry failed write-backs now, without waiting for their next try.

        :return: id, name and state of each
        :raise UserError: naming the first batch whose write-back did not fail
        """
        batches = self._api_named()
        batches.action_retry()
        return batches._api_states()

    def api_reset(self, decision, note=""):
        """Get batches that stand still going again: a person decides what only a person can know.

        :param decision: send_again: the PLC certainly did not take it; give_up: the PLC will report nothing more of it;
            add_fallen: the PLC dosed what its amounts fell by; take_note: what is stored stays as it is; release: what another
            system left in its slot may be overwritten; go_on: the queued orders were compared with what the PLC made without
            this database's knowledge; requeue: queue its withheld order again
        :param note: why, for the journal
        :return: id, name and state of each
        :raise UserError: naming the first batch that does not allow the decision
        """
        decision = new_value("decision", self._api_text("decision", decision))
        self._api_choice("decision", decision, DECISIONS)
        batches, note = self._api_named(), self._api_text("note", note)
        getattr(batches, DECISIONS[decision])()
        for batch in batches.sudo() if note else ():
            batch._journal("user", note)
        return batches._api_states()

    # Helpers

    def _api_states(self):
        return [{"id": batch.id, **values_of(batch, "name", "state")} for batch in self]

    def _api_summary(self):
        return {"id": self.id, **values_of(self, *SUMMARY)}

    def _api_detail(self):
        return {
            **self._api_summary(),
            **with_old_keys(values_of(self, *DETAIL)),
            "allowed": [name for name, action in ACTIONS.items() if self[action.flag]],
            "lines": [{"id": line.id, **values_of(line, *LINE)} for line in self.line_ids],
        }
