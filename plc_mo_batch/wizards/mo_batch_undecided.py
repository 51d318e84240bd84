from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.signed import is_question

DECISIONS = [
    ("send_again", "The PLC has not made them: send again what may be, give up the others"),
    ("give_up", "Give up all of them"),
]


class MoBatchUndecided(models.TransientModel):
    """What a PLC took of several batches that were handed over, nobody knows, as where it has lost its memory: one event, so one
    decision."""

    _name = "mo.batch.undecided"
    _inherit = ["plc.fenced"]
    _description = "Decide about Batches That the PLC May Have Taken"

    batch_ids = fields.Many2many("mo.batch", required=True, context={"active_test": False})
    decision = fields.Selection(DECISIONS, help="What was seen running, or whose order is closed, is not sent again.")
    effect = fields.Char(compute="_compute_effect", compute_sudo=False)

    @api.depends("batch_ids", "decision")
    @api.depends_context("lang")
    def _compute_effect(self):
        for wizard in self:
            sent = wizard._sent()
            told = {"sent": len(sent), "given_up": len(wizard.batch_ids - sent)}
            wizard.effect = wizard.decision and self.env._("%(sent)s to be sent again, %(given_up)s to be given up.", **told)

    # Actions

    def action_confirm(self):
        """Carry the decision out, for each batch that is still to be decided about.

        :return: the dialog that asks for a signature, or True
        :raise UserError: without a decision, or if none is left to be decided about
        """
        self.ensure_one()
        self._check_decided()
        sent = self._sent()
        for batches, method in ((sent, "action_send_again"), (self.batch_ids - sent, "action_give_up")):
            answer = getattr(batches, method)() if batches else True
            if is_question(answer):  # what else was decided is carried out once this is signed
                self.batch_ids -= batches
                if self.batch_ids:
                    self.env["mo.batch.sign"].browse(answer["res_id"])._go_on_with(self, "action_confirm")
                return answer
            self.batch_ids -= batches
        return True

    # Business methods

    def _sent(self):
        """Those that are sent again."""
        return self.batch_ids.filtered("is_action_send_again_allowed") if self.decision == "send_again" else self.batch_ids[:0]

    def _check_decided(self):
        if not self.decision:
            raise UserError(self.env._("Choose what to do with these batches."))
        if not self.batch_ids:
            raise UserError(self.env._("There is nothing to decide any more."))
