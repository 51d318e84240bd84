from odoo import api, fields, models
from odoo.exceptions import LockError, UserError

from ...plc.sentences import Sentence
from ...tools.translate import label_of, translate
from ..common.roles import MANAGER, check_manager, check_operator
from .actions import ACTIONS, BUTTONS

ASKING = {state for action in ACTIONS.values() for state, cases in action.states.items() if cases}


def flag():
    return fields.Boolean(compute="_compute_is_action_allowed")


class MoBatch(models.Model):
    """What the user may do about a batch now, and how that is offered, from the table of actions (``actions.py``)."""

    _inherit = "mo.batch"

    is_action_add_by_hand_allowed = flag()
    is_action_add_fallen_allowed = flag()
    is_action_cancel_allowed = flag()
    is_action_command_allowed = flag()
    is_action_decide_allowed = flag()
    is_action_enter_hand_adds_allowed = flag()
    is_action_go_on_allowed = flag()
    is_action_rebook_allowed = flag()
    is_action_release_allowed = flag()
    is_action_release_review_allowed = flag()
    is_action_requeue_allowed = flag()
    is_action_reset_allowed = flag()
    is_action_retry_allowed = flag()
    is_action_send_again_allowed = flag()
    is_action_set_weight_allowed = flag()
    is_action_take_note_allowed = flag()
    is_action_disposition_allowed = flag()
    is_action_enter_amounts_allowed = flag()
    is_action_give_up_allowed = flag()

    @api.depends(
        "attempts",
        "attention_key",
        "controller_id.run_minutes",
        "controller_id.last_error",
        "controller_id.online",
        "given_up_by_id",
        "line_ids.actual_qty",
        "line_ids.code",
        "on_hold",
        "production_id.plc_withheld",
        "production_id.state",
        "review_needed",
        "state",
        "weight_needed",
        "weight_state",
    )
    @api.depends_context("uid")
    def _compute_is_action_allowed(self):
        roles = {role: self.env.user.has_group(role) for role in {action.role for action in ACTIONS.values()}}
        cases = {batch: batch._cases() for batch in self if batch.state in ASKING}
        for action in ACTIONS.values():
            allowed = (
                self.filtered(lambda batch, action=action: batch._permits(action, cases)) if roles[action.role] else self.browse()
            )
            allowed[action.flag] = True
            (self - allowed)[action.flag] = False

    # The server's guard

    def _check_allowed(self, action):
        """The guard of the server. It asks the same table as the button's visibility, so both always agree.

        :param action: a name in the table
        :raise AccessError: if the user lacks the role that the action requires
        :raise UserError: naming the first batch that does not allow the action
        """
        wanted = ACTIONS[action]
        self._check_manager() if wanted.role == MANAGER else self._check_operator()
        for batch in self:
            if not batch[wanted.flag]:
                raise UserError(batch._refusal(action))

    def _lock_for_person(self):
        """What a person enters is neither lost nor entered twice: the batch is his alone until that is stored.

        :raise LockError: in words that he understands, while a task or another person is at work on it
        """
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            names = ", ".join(self.mapped("name"))
            raise LockError(
                self.env._(
                    "Batch %s is being read, booked or changed at this very moment: nothing was entered. Try again.", names
                )
            ) from error

    def _refusal(self, action):
        """Why the action is not allowed now, for any user."""
        wanted = ACTIONS[action]
        closed = wanted.closed if self.state in wanted.states and self._is_order_closed() else None
        refusal = closed or wanted.refusals.get(self.state, wanted.refusal)
        state = label_of(self, "state").lower()
        values = {"batch": self.name, "state": state, "reason": refusal.reason}
        return translate(self.env, Sentence(refusal.sentence.source, values))

    def _check_operator(self):
        """Rule 11: only operators and managers act on batches, and only on those that they may see."""
        check_operator(self)

    def _check_manager(self):
        check_manager(self)

    # What the table asks of a batch

    def _permits(self, action, cases):
        """Whether the batch is in a condition that allows the action, for any user.

        :param cases: {batch: its :meth:`_cases`}, of those in a state where an action asks for them
        """
        wanted = action.states.get(self.state)
        if action.states and (wanted is None or wanted and not cases[self].intersection(wanted)):
            return False
        if action.closed and self._is_order_closed():
            return False
        return not action.condition or bool(self._meets(action.condition))

    def _cases(self):
        """The case that its attention is about; ``silent`` while its PLC does not answer, as nothing is known of it then;
        ``stalled`` if the PLC may never end it; ``review`` while a person is to judge what was reported; ``given_up`` if a
        person said that nothing more is to be reported."""
        controller = self.controller_id.sudo()
        others = {
            "silent": bool(controller.last_error) and not controller.online,
            "stalled": self._is_stalled(),
            "review": self.review_needed,
            "given_up": bool(self.given_up_by_id),
        }
        return {self._case(), *(case for case, stands in others.items() if stands)}

    def _meets(self, condition):
        return self[condition] if condition in self._fields else getattr(self, condition)()

    def _has_commands(self):
        return self.controller_id.sudo().layout_id.has_commands

    def _has_hand_adds(self):
        return not all(self.line_ids.mapped("code"))

    def _is_order_closed(self):
        return self.production_id.sudo().state in ("done", "cancel")

    def _is_order_held(self):
        return self.production_id.sudo().plc_withheld and not self._is_order_closed()

    # How it is offered

    def _offers(self):
        """What the user may do about the batch now, most urgent first.

        :return: for each button that is allowed, a dict of method, label, icon, question (asked first; may be empty) and first
            (highlighted)
        """
        self.ensure_one()
        return [
            {
                "method": button.method,
                "label": translate(self.env, button.label),
                "icon": button.icon,
                "question": translate(self.env, button.question),
                "first": button.first,
            }
            for button in BUTTONS
            if self._is_offered(button)
        ]

    def _is_offered(self, button):
        chosen = all(bool(self[name]) == wanted for name, wanted in button.where.items())
        return chosen and self[ACTIONS[button.action].flag]

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Give the view's buttons the same label, question and visibility as on the board.

        What an inheriting view sets on a button itself, wins.
        """
        arch, view = super()._get_view(view_id, view_type, **options)
        buttons = {(button.method, button.key): button for button in BUTTONS}
        for node in arch.iterfind("./header/button[@name]"):
            button = buttons.get((node.get("name"), node.get("id", "")))
            if button:
                values = {
                    "string": translate(self.env, button.label),
                    "invisible": button.invisible,
                    "confirm": translate(self.env, button.question),
                }
                for attribute, value in values.items():
                    if value and attribute not in node.attrib:
                        node.set(attribute, value)
        return arch, view
