from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.odoo_edge import consumption_of
from ...tools.translate import format_number
from ..common.plc_notifier import ACTIVITY
from ..common.signed import signed
from .arguments import as_number, as_pairs, as_text
from .finished_weight import FinishedWeight
from .mo_batch_line import TOLERANCE_STATES


class MoBatch(models.Model):
    """What a person does about a finished batch before it is booked: enter hand-adds, review deviations. And who is notified."""

    _inherit = "mo.batch"

    tolerance_state = fields.Selection(
        TOLERANCE_STATES,
        string="Tolerance",
        compute="_compute_tolerance_state",
        store=True,
        help="The worst state of its components and of its finished weight.",
    )
    weight_state = fields.Selection(
        TOLERANCE_STATES,
        string="Weight Tolerance",
        readonly=True,
        help="The finished weight, judged by the plan, by what was consumed, and by the limits in force when the batch finished. "
        "Empty: there were no limits, or the weight was computed.",
    )
    weight_typed = fields.Boolean(
        string="Weight Entered by Hand", readonly=True, help="The produced weight was entered by a user, not reported by the PLC."
    )
    hand_adds_needed = fields.Boolean(readonly=True, help="The hand-added quantities must be entered.")
    review_needed = fields.Boolean(readonly=True, help="The batch must be reviewed before it is booked.")
    reviewed = fields.Boolean(readonly=True, help="The batch was released after a review.")
    weighing_ids = fields.One2many("plc.weighing", "batch_id", string="Weighings", readonly=True)
    equipment_failure_ids = fields.One2many("plc.failure", "batch_id", string="Equipment Failures", readonly=True)
    weighings_until = fields.Datetime(
        string="Waiting for Weighings Until", readonly=True, help="The finished batch waits until then for manual weighings."
    )

    @api.depends("line_ids.tolerance_state", "weight_state")
    def _compute_tolerance_state(self):
        for batch in self:
            states = {batch.weight_state, *batch.line_ids.mapped("tolerance_state")}
            batch.tolerance_state = next((state for state in ("review", "warn", "within") if state in states), False)

    # Actions

    def action_open_weight(self):
        """Ask for the finished weight that the PLC did not report, or reported wrong."""
        self._check_allowed("set_weight")
        return self._open_wizard("plc_mo_batch.mo_batch_weight_action")

    def _open_wizard(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {"type": action["type"], "name": action["name"], "res_model": action["res_model"], "view_mode": "form",
                "views": [(False, "form")], "target": "new", "context": {"active_id": self.id}}  # fmt: skip

    def action_open_review(self):
        """Show plan and actual of the batch, to enter hand-adds and to release it."""
        self.ensure_one()
        self._check_operator()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Review Batch"),
            "res_model": "mo.batch.review",
            "view_mode": "form",
            "target": "new",
            "context": {"default_batch_id": self.id},
        }

    @signed("enter_hand_adds")
    def action_enter_hand_adds(self, quantities):
        """Enter or correct hand-added quantities. What the PLC reported cannot be changed.

        :param quantities: pairs of a line's id and its quantity, in the line's unit
        :return: True
        :raise UserError: if the batch is not finished, is being booked or is already booked, or for a line that the PLC dosed
        """
        self.ensure_one()
        batch = self.sudo()
        batch._lock_for_person()  # otherwise Task 3 may be booking it with other quantities right now
        pairs = as_pairs(quantities)
        if pairs is None:
            raise UserError(self.env._("Enter pairs of a line's id and its quantity."))
        for line_id, quantity in pairs:
            batch._enter_hand_add(line_id, quantity)
        batch._on_hand_adds_changed()
        return True

    @signed("release_review")
    def action_release_review(self, comment):
        """Release a batch from review: it is booked as it is.

        :param comment: why it is released
        :return: True
        :raise UserError: if it is not waiting for a review, or without a comment
        """
        comment = as_text(comment)
        if not comment:
            raise UserError(self.env._("Enter why the batch is released."))
        for batch in self.sudo():
            batch.write({"review_needed": False, "reviewed": True})
            batch._remark(
                self.env._("Released after review by %(user)s: %(comment)s", user=self.env.user.name, comment=comment),
                kind="user",
            )
            batch.activity_feedback([ACTIVITY], feedback=comment)
            batch._on_answered()
        return True

    @signed("set_weight")
    def action_set_weight(self, weight):
        """Enter the finished weight that the PLC did not report, or one instead of what is held for review.

        :param weight: kg produced, hand-adds included, more than 0
        :return: True
        :raise UserError: if the batch does not wait for a weight, or the value is not a weight
        """
        self.ensure_one()
        batch, weight = self.sudo(), as_number(weight)
        if not weight > 0:
            raise UserError(self.env._("The weight must be more than 0."))
        batch._check_plausible(weight, "weight")
        batch._journal("user", batch._weight_entered(weight))
        batch.write({"weight_needed": False, "weight_typed": True, "produced_qty": weight})
        batch._hold_for_review()
        batch._on_answered()
        return True

    # Business methods: a batch has just finished

    def _gate_before_booking(self):
        """Ask for what a person must do before the batch is booked, and report deviations that are booked regardless."""
        if self._by_weight():
            self._wait_for_weighings()
        self.hand_adds_needed = self._lacks_hand_adds()
        self._tell_unsaid()
        self._hold_for_review()
        self._ask_for_what_is_awaited()
        warnings = not self.review_needed and self._warnings()
        if warnings:
            self._remark(" ".join(warnings))
            self._tell_responsible(self.env._("Out of tolerance"), " ".join(warnings))

    def _lacks_hand_adds(self):
        return not (self._by_weight() and self.weighings_until) and bool(self._hand_adds_to_enter())

    def _hand_adds_to_enter(self):
        """Hand-adds of which nobody knows yet how much it was."""
        unfinished = self._begun_at_scale() | self._unchecked_at_scale()
        if self._by_weight():
            return self._unweighed() | unfinished
        typed, unsaid = self.controller_id.hand_add_policy == "typed", self._unsaid_hand_adds()
        by_hand = self.line_ids.filtered(lambda line: not line.code and not line.typed and not line._is_weight_believed())
        return by_hand.filtered(lambda line: typed or line.entry_needed or line in unsaid) | unfinished

    def _asked_hand_adds(self):
        """Those of them that a person is asked for now."""
        return self._hand_adds_to_enter() if self.hand_adds_needed else self.line_ids.browse()

    def _hold_for_review(self):
        """Judge the batch by what is known of it now: what a person corrected need not be reviewed any more."""
        self.weight_state = FinishedWeight(self).state()
        reasons = self._review_reasons()
        if self.review_needed and not reasons:
            self.review_needed = False
            self.activity_feedback([ACTIVITY])
        elif reasons and not self.review_needed and not self.reviewed:
            self.review_needed = True
            self._journal("anomaly", " ".join(reasons))
            self._tell_responsible(self.env._("Review before it is booked"), " ".join(reasons))

    def _review_reasons(self):
        """Sentences on why a person must see the batch before it is booked."""
        reasons = []
        if far_off := self.line_ids.filtered(lambda line: line.tolerance_state == "review"):
            reasons.append(self.env._("Far out of tolerance: %s.", far_off._deviation_texts()))
        if self.weight_state == "review":
            reasons.append(self.env._("Finished weight far out of tolerance: %s.", FinishedWeight(self).text()))
        if self._dosed_nothing():
            reasons.append(self.env._("The PLC finished the batch, but dosed nothing."))
        if self._deviates_from("strict"):
            reasons.append(self.env._("The BoM is strict, but consumption differs from it: %s.", self._other_than_planned()))
        return reasons

    def _dosed_nothing(self):
        """Zeros of a batch that was to be dosed, whatever the limits: flags of the last batch may have been taken for its end."""
        dosed = self.line_ids.filtered("code")
        return bool(dosed) and all(line.reported and not line.typed and not line.actual_qty for line in dosed)

    def _warnings(self):
        warnings = []
        if warned := self.line_ids.filtered(lambda line: line.tolerance_state == "warn"):
            warnings.append(self.env._("Out of tolerance: %s.", warned._deviation_texts()))
        if self.weight_state == "warn":
            warnings.append(self.env._("Finished weight out of tolerance: %s.", FinishedWeight(self).text()))
        if self._deviates_from("warning"):
            warnings.append(self.env._("Consumption differs from the BoM: %s.", self._other_than_planned()))
        return warnings

    def _deviates_from(self, consumption):
        """The order's BoM has this consumption policy, the policy applies, and the batch deviates from it."""
        respected = self.controller_id.consumption_policy == "respect" and consumption_of(self.production_id) == consumption
        return respected and bool(self._off_plan())

    def _off_plan(self):
        """Components whose consumption differs from the plan. One that may still be weighed does not deviate yet."""
        off_plan = self.line_ids.filtered(lambda line: not line._is_as_planned())
        return off_plan.filtered("code") if self.weighings_until else off_plan

    def _other_than_planned(self):
        return self._off_plan()._deviation_texts()

    def _ask_for_what_is_awaited(self):
        """Ask for everything that a person must do, in one text. Earlier remarks on the batch stay."""
        sentences = [self.attention] if self.attention else []
        if self.hand_adds_needed:
            sentences += [*self._added_later(), *self._unsaid_asked(), *self._asked_at_scale()]
        if self.review_needed:
            sentences += [*self._review_reasons(), self.env._("Review the batch, then release it.")]
        if self.hand_adds_needed and self._by_weight():
            names = self._unweighed_names()
            sentences[:0] = [self.env._("Not weighed, or uncertain: %s.", names)] if names else []
        self.attention = " ".join(sentences) or False

    def _added_later(self):
        """A sentence on what is asked for although nobody expects it."""
        late = self.line_ids.filtered(lambda line: line.late and not line.typed and not line.weighed)
        names = ", ".join(late.product_id.mapped("display_name"))
        return [self.env._("Added to the order after its recipe was handed over: %s.", names)] if late else []

    # Business methods: a person has answered

    def _enter_hand_add(self, line_id, quantity):
        line = self.line_ids.filtered(lambda line: line.id == line_id)
        if not line or line.code:
            raise UserError(self.env._("Only hand-added quantities can be entered, not those dosed by the PLC."))
        if not 0 <= quantity < float("inf"):
            raise UserError(self.env._("The quantity of %s must be 0 or more.", line.product_id.display_name))
        self._check_plausible(line._weight(quantity), "weight")
        before = line._consumed_qty()
        line.write({"typed_qty": quantity, "typed": True})
        self._journal(
            "user",
            self.env._(
                "%(user)s entered %(quantity)s %(unit)s of %(product)s instead of %(before)s.",
                user=self.env.user.name,
                quantity=format_number(self.env, quantity, ".2f"),
                unit=line.uom_id.name,
                product=line.product_id.display_name,
                before=format_number(self.env, before, ".2f"),
            ),
        )

    def _on_hand_adds_changed(self):
        """The produced quantity may be the sum of what was added, and the entered quantities may be off the plan: check both."""
        if self.weighings_until and not self._unweighed():
            self.weighings_until = False
        if self._is_weight_computed() and not self.weight_needed:
            self.produced_qty = self._produced_qty(self.finished_weight)
        self.hand_adds_needed = self._lacks_hand_adds()
        if not self.hand_adds_needed:
            self._hold_for_review()
        self._on_answered()

    def _on_answered(self):
        """Ask for what is still missing. If nothing is, have the batch written back."""
        self.attention = self.weight_needed and self.env._(
            "The PLC did not report a finished weight. Enter the produced quantity."
        )
        self._ask_for_what_is_awaited()
        if self._is_bookable():
            self.env["plc.task.write.back"]._trigger()

    def _is_bookable(self):
        """Finished, and not waiting for a person."""
        waits = self.weight_needed or self.hand_adds_needed or self.review_needed or self.weighings_until or self.watch_needed
        return self.state == "completed" and not waits

    def _hand_add_ratio(self):
        """Produced by planned quantity. If the produced quantity counts the hand-adds: by what the PLC dosed."""
        if self._is_weight_computed():
            dosed = self.line_ids.filtered("code")
            made, planned = sum(dosed.mapped("actual_qty")), sum(dosed.mapped("planned_qty"))
        else:
            made, planned = self.produced_qty, self.planned_qty
        return made / planned if planned else 1.0

    def _weight_entered(self, weight):
        before, entered = (format_number(self.env, number, "g") for number in (self.produced_qty, weight))
        if not self.produced_qty:
            return self.env._("%(user)s entered %(weight)s kg.", user=self.env.user.name, weight=entered)
        return self.env._(
            "%(user)s entered %(weight)s kg produced instead of %(before)s.",
            user=self.env.user.name,
            weight=entered,
            before=before,
        )

    def _is_weight_computed(self):
        """The produced quantity depends on the hand-adds: they are added to what the PLC weighed, or to what it dosed."""
        summed = not self.finished_weight and self.controller_id.weight_policy == "actuals"
        return not self.weight_typed and (summed or self._weighs_only_dosed())

    def _weighs_only_dosed(self):
        return self.controller_id.layout_id.weight_contains == "dosed"

    def _hand_added_weight(self):
        return sum(line._consumed_weight() for line in self.line_ids if not line.code)

    def _is_weight_asked(self):
        """A person may enter the weight: the PLC reported none, or one that is held for review."""
        return self.weight_needed or (self.review_needed and self.weight_state == "review")

    # Business methods: weighings

    def _line_to_weigh(self, product):
        """The component that a weighing of ``product`` counts for: the first that still lacks some, or else the last; empty if
        the product is not added by hand."""
        lines = self.line_ids.filtered(lambda line: not line.code and line.product_id == product)
        return lines.filtered(lambda line: not line._is_weighed_enough())[:1] or lines[-1:]

    def _by_weight(self):
        return self.controller_id.hand_add_policy == "weighed"

    def _unweighed(self):
        """Components whose weighing is outstanding or in doubt."""
        by_hand = self.line_ids.filtered(lambda line: not line.code and not line.typed)
        if self.weighings_until:
            return by_hand.filtered(lambda line: not line._is_weighed_enough() or line._is_weighing_in_doubt())
        return by_hand.filtered(lambda line: not line.weighed or line._is_weighing_in_doubt())

    def _wait_for_weighings(self):
        """A batch has just finished: wait for outstanding weighings as long as the PLC's setting allows."""
        self.weighings_until = fields.Datetime.now() + timedelta(minutes=self.controller_id.weighing_grace)
        if self._unweighed():
            self.env["plc.task.write.back"]._trigger(self.weighings_until)
        else:
            self.weighings_until = False

    def _let_weighings_go(self):
        """The batch was cancelled: a person decides about what was weighed for it."""
        for weighing in self.weighing_ids.filtered(lambda weighing: weighing.state == "matched"):
            weighing._wait(self.env._("Batch %s was cancelled.", self.name))

    def _on_weighings_changed(self):
        """The weighings have changed. A batch that has not finished will look at them when it does."""
        if self.state != "completed":
            return
        if not self._unweighed():
            self.weighings_until = False
        self._on_hand_adds_changed()

    def _unweighed_names(self):
        return ", ".join(self._unweighed().product_id.mapped("display_name"))

    @api.model
    def _stop_waiting_for_weighings(self):
        """The grace time of these batches is over: what was weighed counts, and a person is asked for the rest."""
        late = self.search([("state", "=", "completed"), ("weighings_until", "<=", fields.Datetime.now())])
        for batch in map(type(self)._in_plc_language, late.try_lock_for_update(allow_referencing=True)):
            batch.weighings_until = False
            if batch._unweighed():
                message = batch.env._("Not weighed in time: %s.", batch._unweighed_names())
                batch._journal("anomaly", message)
                batch._tell_responsible(batch.env._("Hand-adds not weighed"), message)
            batch._on_hand_adds_changed()
