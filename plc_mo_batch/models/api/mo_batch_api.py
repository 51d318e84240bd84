from odoo import api, models
from odoo.exceptions import MissingError

from ...tools.old_values import new_value, with_old_keys
from ..batch.actions import ACTIONS, DECISIONS
from .calls import command, each, question
from .plc_api import values_of
from .refusals import BAD_ARGUMENT, refused

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
    "is_sister",
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
    _inherit = ["mo.batch", "plc.feed"]

    @question
    def api_detail(self):
        """Everything known about the batches.

        :return: for each id a dict; ``lines`` are its components, ``allowed`` what the user may do with it now
        """
        return [batch._api_detail() for batch in self._api_named()]

    @api.model
    @question
    def api_history(self, order):
        """All batches that were or will be made of an order: newest first.

        :param order: name of the manufacturing order
        :return: as :meth:`api_detail`; an empty list if it never had a batch
        :raise MissingError: if there is no such order
        """
        order = self._api_text("order", order)
        if not order:
            raise refused(BAD_ARGUMENT, self.env._("Enter the name of a manufacturing order."))
        batches = self.with_context(active_test=False).search(self._api_of_order(order), order="id desc")
        return [batch._api_detail() for batch in batches]

    @api.model
    @question
    def api_find(self, plc=0, order="", states=None, since="", until="", limit=100, after=0):
        """Batches of queue and history, in the order of their ids: as they were queued.

        :param plc: id of a PLC; 0: of all
        :param order: name of a manufacturing order
        :param states: a list; without one, all
        :param since: queued at that time or later, UTC
        :param until: queued before
        :param limit: most batches of the answer
        :param after: id of the last batch of the page before
        :return: records, as :meth:`api_detail`; after, for the next page; more: whether there is one
        """
        limit = self._api_whole("limit", limit)
        domain = [("id", ">", self._api_whole("after", after)), *self._api_filter(plc, order, states, since, until)]
        found = self.with_context(active_test=False).search(domain, order="id", limit=limit + 1)
        page = found[:limit]
        return {
            "records": [batch._api_detail() for batch in page],
            "after": page[-1:].id or after,
            "more": len(found) > limit,
        }

    @command
    @each
    def api_cancel(self, reason, note="", order_action="withhold"):
        """Cancel batches that the PLC has not taken; what it was offered is withdrawn first.

        :param reason: recipe, material, machine, plan or other
        :param note: a comment on the reason
        :param order_action: what happens to the order: withhold, requeue or cancel
        :return: id, name and state of each; "cancelling" until the withdrawal was read back from the PLC
        :raise UserError: naming the first batch that can no longer be cancelled
        """
        batches, note = self._api_named(), self._api_text("note", note)
        order_action = self._api_choice("order_action", new_value("order_action", order_action))
        batches.action_cancel(reason=self._api_choice("reason", reason), note=note, order_action=order_action)
        return batches._api_states()

    @command
    @each
    def api_retry(self):
        """Retry failed write-backs now, without waiting for their next try.

        :return: id, name and state of each
        :raise UserError: naming the first batch whose write-back did not fail
        """
        batches = self._api_named()
        batches.action_retry()
        return batches._api_states()

    @command
    @each
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
        decision = self._api_choice("decision", new_value("decision", decision))
        batches, note = self._api_named(), self._api_text("note", note)
        getattr(batches, DECISIONS[decision])()
        for batch in batches.sudo() if note else ():
            batch._journal("user", note)
        return batches._api_states()

    # Helpers

    @api.model
    def _api_filter(self, plc, order, states, since, until):
        """What :meth:`api_find` was asked for, as a domain."""
        order, states = self._api_text("order", order), self._api_choices("states", states)
        since, until = self._api_moment("since", since), self._api_moment("until", until)
        return [
            *self._api_of("plc", plc, "controller_id", "plc.controller"),
            *(self._api_of_order(order) if order else ()),
            *([("state", "in", states)] if states else ()),
            *([("create_date", ">=", since)] if since else ()),
            *([("create_date", "<", until)] if until else ()),
        ]

    @api.model
    def _api_of_order(self, name):
        """
        :raise MissingError: if there is no order of that name
        """
        orders = self.env["mrp.production"].search([("name", "=", name)])
        if not orders:
            raise MissingError(self.env._("Manufacturing order %s does not exist.", name))
        return [("production_id", "in", orders.ids)]

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
