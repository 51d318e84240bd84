from odoo import api, fields, models
from odoo.exceptions import UserError

from ..plc.reconcile import ENDED
from ..tools.words import digits
from .mo_batch_line import TOLERANCE_STATES
from .plc_notifier import ACTIVITY


class MoBatch(models.Model):
    """What a person does about a finished batch before it is booked: type in hand-adds, review deviations; and who is told."""

    _name = "mo.batch"
    _inherit = ["mo.batch", "plc.notifier"]

    tolerance_state = fields.Selection(
        TOLERANCE_STATES, string="Tolerance", compute="_compute_tolerance_state", store=True, help="The worst of its components."
    )
    hand_adds_needed = fields.Boolean(readonly=True, help="A person has to type in what was added by hand.")
    review_needed = fields.Boolean(readonly=True, help="A person has to review the batch before it is booked.")
    reviewed = fields.Boolean(readonly=True, help="A person released the batch after a review.")
    parked = fields.Boolean(
        readonly=True, help="Its write-back failed too often: it gave its slot free and no longer holds back the next fill."
    )
    is_action_enter_hand_adds_allowed = fields.Boolean(compute="_compute_is_action_review_allowed")
    is_action_release_review_allowed = fields.Boolean(compute="_compute_is_action_review_allowed")

    @api.depends("line_ids.tolerance_state")
    def _compute_tolerance_state(self):
        for batch in self:
            states = set(batch.line_ids.mapped("tolerance_state"))
            batch.tolerance_state = next((state for state in ("hold", "warn", "within") if state in states), False)

    @api.depends("state", "review_needed", "line_ids.code")
    @api.depends_context("uid")
    def _compute_is_action_review_allowed(self):
        operator = self.env.user.has_group("plc_mo_batch.group_operator")
        for batch in self:
            finished = operator and batch.state == "completed"
            by_hand = not all(batch.line_ids.mapped("code"))
            batch.is_action_enter_hand_adds_allowed = finished and by_hand
            batch.is_action_release_review_allowed = finished and batch.review_needed

    # Actions

    def action_open_review(self):
        """Show plan and actual of the batch, to type in what was added by hand and to release it."""
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

    def action_enter_hand_adds(self, quantities):
        """Type in, or correct, what was added by hand. What the PLC reported cannot be changed.

        :param quantities: pairs of a line's id and its quantity, in the line's unit
        :return: True
        :raise UserError: when the batch is not finished, is being booked or is booked already, or for a line that the PLC dosed
        """
        self.ensure_one()
        self._check_allowed("enter_hand_adds")
        batch = self.sudo()
        batch.lock_for_update(allow_referencing=True)  # or it is just being booked with other quantities
        for line_id, quantity in quantities:
            batch._enter_hand_add(line_id, quantity)
        batch._follow_hand_adds()
        return True

    def action_release_review(self, comment):
        """Release a batch that was held for review: it is booked as it is.

        :param comment: why it is released
        :return: True
        :raise UserError: when it is not held for review, or without a comment
        """
        self._check_allowed("release_review")
        if not (comment or "").strip():
            raise UserError(self.env._("Say why the batch is released."))
        for batch in self.sudo():
            batch.write({"review_needed": False, "reviewed": True})
            batch._remark(
                self.env._("Released after review by %(user)s: %(comment)s", user=self.env.user.name, comment=comment.strip()),
                kind="user",
            )
            batch.activity_feedback([ACTIVITY], feedback=comment.strip())
            batch._follow_answer()
        return True

    def action_set_weight(self, weight):
        """Enter the finished weight that the PLC did not report.

        :param weight: kg produced, more than 0
        :return: True
        :raise UserError: if none is asked for, or it is no weight
        """
        result = super().action_set_weight(weight)
        self.sudo()._follow_answer()
        return result

    def _refusal(self, action):
        reasons = {
            "enter_hand_adds": self.env._("only of a finished batch, and before it is booked, hand-adds can be typed in"),
            "release_review": self.env._("it is not held for review"),
        }
        if action not in reasons:
            return super()._refusal(action)
        return self.env._("Batch %(batch)s: %(reason)s.", batch=self.name, reason=reasons[action])

    # Business methods: a batch has just finished

    def _follow(self, state, too_late):
        result = super()._follow(state, too_late)
        if state in ENDED:
            self._freeze_lots()
        if state == "completed":
            self._look_over()
        return result

    def _freeze_lots(self):
        """The lots that are in the equipment now: it may hold others when the batch is booked."""
        for line in self.line_ids:
            lot = line.equipment_id.lot_id
            if lot and lot.product_id == line.product_id:
                line.lot_id = lot

    def _look_over(self):
        """Say what a person has to do before the batch is booked, and tell of deviations that are booked all the same."""
        self.hand_adds_needed = self._lacks_hand_adds()
        self._hold_for_review()
        self._say_what_is_awaited()
        warnings = not self.review_needed and self._warnings()
        if warnings:
            self._remark(" ".join(warnings))
            self._tell_responsible(self.env._("Out of tolerance"), " ".join(warnings))

    def _lacks_hand_adds(self):
        return self.controller_id.hand_add_policy == "typed" and not all(line.code or line.typed for line in self.line_ids)

    def _hold_for_review(self):
        reasons = self._review_reasons()
        if reasons and not self.review_needed and not self.reviewed:
            self.review_needed = True
            self._journal("anomaly", " ".join(reasons))
            self._tell_responsible(self.env._("Review before it is booked"), " ".join(reasons))

    def _review_reasons(self):
        """Sentences on why the batch must not be booked unseen."""
        reasons = []
        if held := self.line_ids.filtered(lambda line: line.tolerance_state == "hold"):
            reasons.append(self.env._("Far out of tolerance: %s.", held._deviation_texts()))
        if self._deviates_from("strict"):
            reasons.append(self.env._("The BoM is strict, but something else was consumed: %s.", self._other_than_planned()))
        return reasons

    def _warnings(self):
        warnings = []
        if warned := self.line_ids.filtered(lambda line: line.tolerance_state == "warn"):
            warnings.append(self.env._("Out of tolerance: %s.", warned._deviation_texts()))
        if self._deviates_from("warning"):
            warnings.append(self.env._("Something else was consumed than the BoM says: %s.", self._other_than_planned()))
        return warnings

    def _deviates_from(self, consumption):
        """The order's BoM has this consumption, it is to be respected, and was not kept to."""
        respected = self.controller_id.consumption_policy == "respect" and self.production_id.consumption == consumption
        return respected and bool(self._off_plan())

    def _off_plan(self):
        return self.line_ids.filtered(lambda line: not line._is_as_planned())

    def _other_than_planned(self):
        return self._off_plan()._deviation_texts()

    def _say_what_is_awaited(self):
        """All that a person has to do, in one place; what was said of the batch before stays."""
        sentences = [self.attention] if self.attention else []
        if self.hand_adds_needed:
            sentences.append(self.env._("Type in what was added by hand."))
        if self.review_needed:
            sentences += [*self._review_reasons(), self.env._("Review the batch, then release it.")]
        self.attention = " ".join(sentences) or False

    # Business methods: a person has answered

    def _enter_hand_add(self, line_id, quantity):
        line = self.line_ids.filtered(lambda line: line.id == line_id)
        if not line or line.code:
            raise UserError(self.env._("Only what was added by hand can be typed in, not what the PLC dosed."))
        if not 0 <= quantity < float("inf"):
            raise UserError(self.env._("The quantity of %s must be 0 or more.", line.product_id.display_name))
        before = line._consumed_qty()
        line.write({"typed_qty": quantity, "typed": True})
        self._journal(
            "user",
            self.env._(
                "%(user)s typed in %(quantity)s %(unit)s of %(product)s instead of %(before)s.",
                user=self.env.user.name,
                quantity=digits(self.env, quantity, ".2f"),
                unit=line.uom_id.name,
                product=line.product_id.display_name,
                before=digits(self.env, before, ".2f"),
            ),
        )

    def _follow_hand_adds(self):
        """What was produced may be the sum of what was added; and what was typed in may be off the plan."""
        if not self.finished_weight and self.controller_id.weight_policy == "actuals":
            self.produced_qty = self._produced_qty(0.0)
        self.hand_adds_needed = self._lacks_hand_adds()
        if not self.hand_adds_needed:
            self._hold_for_review()
        self._follow_answer()

    def _follow_answer(self):
        """Say what is still awaited; nothing more: have it written back."""
        self.attention = self.weight_needed and self.env._("The PLC reported no finished weight. Enter what was produced.")
        self._say_what_is_awaited()
        if self._is_bookable():
            self.env["plc.task.write.back"]._trigger()

    def _is_bookable(self):
        """Finished, and waiting for nobody."""
        return self.state == "completed" and not (self.weight_needed or self.hand_adds_needed or self.review_needed)

    def _hand_add_ratio(self):
        """What was produced by what was planned; where that is the sum of the components, by what the PLC dosed."""
        if not self.finished_weight and self.controller_id.weight_policy == "actuals":
            dosed = self.line_ids.filtered("code")
            made, planned = sum(dosed.mapped("actual_qty")), sum(dosed.mapped("planned_qty"))
        else:
            made, planned = self.produced_qty, self.planned_qty
        return made / planned if planned else 1.0

    # Business methods: people are told

    def _note_error(self, message):
        """After a number of tries (a setting) somebody is told, once, and the batch may be parked."""
        super()._note_error(message)
        tries = self.env["plc.task.write.back"]._setting_int("write_back_tries", 5)
        if not tries or self.attempts < tries:
            return
        if self.attempts == tries:
            self._tell_responsible(self.env._("Write-back failed %s times", tries), message)
        self._park()

    def _park(self):
        """Give the slot free, if the PLC knows that its actuals are stored (rule 2: the index leaves parked batches out)."""
        if self.parked or not self.controller_id.park_failing or not self.acknowledged or self.state not in ENDED:
            return
        self.parked = True
        self._journal("state", self.env._("Parked: it no longer holds back the next fill."))
