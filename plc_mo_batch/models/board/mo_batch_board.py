from odoo import api, fields, models

from .plc_board import button


class MoBatch(models.Model):
    """What may be done about a batch on the board."""

    _inherit = "mo.batch"

    is_action_set_weight_allowed = fields.Boolean(compute="_compute_is_action_set_weight_allowed")

    @api.depends("weight_needed")
    @api.depends_context("uid")
    def _compute_is_action_set_weight_allowed(self):
        operator = self.env.user.has_group("plc_mo_batch.group_operator")
        for batch in self:
            batch.is_action_set_weight_allowed = operator and batch.weight_needed

    # Actions

    def action_open_weight(self):
        """Ask for the finished weight that the PLC did not report."""
        self._check_allowed("set_weight")
        return self._open_wizard("plc_mo_batch.mo_batch_weight_action")

    def action_open_booked(self):
        """Ask where the batch was booked by hand."""
        self._check_manager()
        self._check_allowed("rebook")
        return self._open_wizard("plc_mo_batch.mo_batch_booked_action")

    def _open_wizard(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {"type": action["type"], "name": action["name"], "res_model": action["res_model"], "view_mode": "form",
                "views": [(False, "form")], "target": "new", "context": {"active_id": self.id}}  # fmt: skip

    def _refusal(self, action):
        if action != "set_weight":
            return super()._refusal(action)
        return self.env._("Batch %s does not wait for a weight.", self.name)

    # Business methods

    def _board_buttons(self):
        """What the user may do about the batch now, most urgent first: exactly what its ``is_action_…_allowed`` say.

        :return: a :func:`~.plc_board.button` each
        """
        return [
            *self._buttons_of_booking(),
            *self._buttons_of_doubt(),
            *self._buttons_of_plc(),
            *self._buttons_of_managers(),
            *self._buttons_of_no_hurry(),
        ]

    def _buttons_of_booking(self):
        review = self.is_action_release_review_allowed
        typing = self.is_action_enter_hand_adds_allowed and self.hand_adds_needed and not review
        offers = [
            (self.is_action_set_weight_allowed, "action_open_weight", self.env._("Enter Weight"), "balance-scale"),
            (review, "action_open_review", self.env._("Review"), "search"),
            (typing, "action_open_review", self.env._("Enter Hand-Adds"), "hand-paper-o"),
            (self.is_action_settle_allowed, "action_open_settle", self.env._("Settle"), "gavel"),
            (self.is_action_retry_allowed, "action_retry", self.env._("Retry Write-back"), "repeat"),
        ]
        return [button(*offer, first=True) for allowed, *offer in offers if allowed]

    def _buttons_of_doubt(self):
        send_again = self.env._(
            "Did you look at the PLC? Send again only if it has certainly not made this batch. If it reports after all that it "
            "took it, it is not sent a second time."
        )
        take_out = self.env._(
            "Does the PLC certainly stand still with this batch? Nothing that it reports of it will be read any more. One that "
            "was seen running becomes failed, with what was last believed; otherwise it is cancelled and its order held."
        )
        release = self.env._(
            "What another system left in this slot is acknowledged and overwritten. Its registers stay in the journal. Go on?"
        )
        go_on = self.env._(
            "Did you compare the orders in line with what the PLC made? What it made already must not be sent again: cancel "
            "those batches and close their orders first."
        )
        decide = self.is_action_decide_allowed
        offers = [
            (decide and self.state != "running", "action_send_again", self.env._("Not Taken: Send Again"), "share", send_again),
            (self.is_action_take_out_allowed, "action_take_out", self.env._("Take Out"), "eject", take_out),
            (self.is_action_release_allowed, "action_release_slot", self.env._("Release the Slot"), "unlock", release),
            (self.is_action_go_on_allowed, "action_go_on", self.env._("Compared: Go On"), "check", go_on),
        ]
        return [button(*offer) for allowed, *offer in offers if allowed]

    def _buttons_of_plc(self):
        abort = self.env._(
            "Ask the PLC to abort this batch? What it consumed until then stays consumed; the batch becomes failed."
        )
        if not self.is_action_command_allowed:
            return []
        hold = button("action_hold", self.env._("Hold"), "pause")
        resume = button("action_resume", self.env._("Resume"), "play", first=True)
        return [resume if self.held else hold, button("action_abort", self.env._("Abort"), "stop", abort)]

    def _buttons_of_managers(self):
        reset = self.env._("Forget the errors of this batch's write-back, and try it again as if for the first time?")
        new_order = self.env._(
            "The order of this batch was closed or cancelled while the PLC made it. A new order is made for what it produced, "
            "and what was dosed is booked on that one."
        )
        rebook = self.is_action_rebook_allowed
        retry = self.is_action_retry_allowed and self.env.user.has_group("plc_mo_batch.group_manager")
        offers = [
            (rebook, "action_book_on_new_order", self.env._("Book on a New Order"), "file-o", new_order),
            (rebook, "action_open_booked", self.env._("Booked by Hand"), "pencil"),
            (retry, "action_reset", self.env._("Reset"), "eraser", reset),
        ]
        return [button(*offer) for allowed, *offer in offers if allowed]

    def _buttons_of_no_hurry(self):
        waited_for = self.is_action_release_review_allowed or self.hand_adds_needed
        correct = self.is_action_enter_hand_adds_allowed and not waited_for
        offers = [
            (correct, "action_open_review", self.env._("Correct Hand-Adds"), "hand-paper-o"),
            (self.is_action_cancel_allowed, "action_open_cancel", self.env._("Cancel"), "times"),
        ]
        return [button(*offer) for allowed, *offer in offers if allowed]
