from odoo import fields, models

from ...tools.translate import label_of
from .actions import SIGNABLE


class MoBatchSignature(models.Model):
    """Who signed which decision about a batch. The name is kept as it was then; nobody changes or deletes it."""

    _name = "mo.batch.signature"
    _inherit = "plc.append.only"
    _description = "Electronic Signature"
    _order = "id"
    _rec_name = "signature"

    batch_id = fields.Many2one("mo.batch", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    action = fields.Selection(SIGNABLE, string="Decision", required=True, readonly=True)
    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    signature = fields.Char(string="Signed As", required=True, readonly=True, help="The name of who signed, as it was then.")
    meaning = fields.Selection([("decided", "Decided"), ("second", "Confirmed as second person")], required=True, readonly=True)
    create_date = fields.Datetime(string="Signed On", readonly=True)

    # Business methods

    def _told(self):
        """Of one decision: what was signed, and by whom."""
        names = ", ".join(f"{each.signature} ({label_of(each, 'meaning').lower()})" for each in self)
        return self.env._("%(decision)s signed: %(names)s.", decision=label_of(self[:1], "action"), names=names)


class MoBatch(models.Model):
    _inherit = "mo.batch"

    signature_ids = fields.One2many("mo.batch.signature", "batch_id", string="Electronic Signatures", readonly=True)

    def _signature_rules(self, action):
        """The rules of their PLCs that want this decision to be signed."""
        return self.sudo().controller_id.signature_rule_ids.filtered(lambda rule: rule.action == action)

    def _record_signatures(self, action, signers):
        """
        :param signers: pairs of a user and what his signature means
        """
        values = [{"action": action, "user_id": user.id, "signature": user.name, "meaning": meaning} for user, meaning in signers]
        for batch in self.sudo():
            given = self.env["mo.batch.signature"].sudo().create([{**each, "batch_id": batch.id} for each in values])
            batch._journal("user", given._told())
