from odoo import api, fields, models
from odoo.fields import Command

from ...tools.translate import label_of
from ..common.signed import kept_call
from .actions import SIGNABLE


class PlcSignatureRule(models.Model):
    """Which decisions about a PLC's batches are signed, and which of them by two persons."""

    _name = "plc.signature.rule"
    _inherit = ["plc.changes", "plc.fenced", "plc.guarded"]
    _description = "Decision That Is Signed"
    _order = "controller_id, id"
    _rec_name = "action"

    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="controller_id.company_id", store=True)
    action = fields.Selection(
        SIGNABLE,
        string="Decision",
        required=True,
        help="Whoever takes it confirms it with his password. Programs cannot take it: who signs is a person.",
    )
    second_person = fields.Boolean(help="Another operator confirms it with his password, too.")

    _action_uniq = models.UniqueIndex("(controller_id, action)", "A PLC can have only one rule for each decision.")

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        if not self.env.su:
            for rule in rules:
                rule._journal_on_plcs(self.env._("Signature: %s", rule._told_whole()))
        return rules

    def unlink(self):
        if not self.env.su:
            for rule in self:
                rule._journal_on_plcs(self.env._("No signature any more: %s", rule._label()))
        return super().unlink()

    def _plcs_concerned(self):
        return self.controller_id

    def _journal_change(self, changes):
        self._journal_on_plcs(f"{self._label()}: {changes}")

    # Business methods

    def _label(self):
        return label_of(self, "action")

    def _told_whole(self):
        return self.env._("%s, with a second person", self._label()) if self.second_person else self._label()

    def _ask(self, batches, method, args, kwargs):
        """The dialog in which a decision is signed.

        :param method: of ``batches``, which carries the decision out
        """
        values = {
            "batch_ids": [Command.set(batches.ids)],
            "action": self[:1].action,
            "second_needed": any(self.mapped("second_person")),
            "request": kept_call(batches, method, args, kwargs),
        }
        return self.env["mo.batch.sign"].sudo().create(values)._shown()


class PlcController(models.Model):
    _inherit = "plc.controller"

    signature_rule_ids = fields.One2many(
        "plc.signature.rule",
        "controller_id",
        string="Electronic Signatures",
        copy=True,
        help="Decisions that whoever takes them confirms with his password.",
    )
