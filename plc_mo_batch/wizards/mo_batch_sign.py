from odoo import api, fields, models
from odoo.exceptions import AccessDenied, UserError

from ..models.batch.actions import ACTIONS, SIGNABLE
from ..models.common.roles import OPERATOR
from ..models.common.signed import SIGNING, kept, kept_call
from ..tools.odoo_edge import WrongPassword, check_passwords

PASSWORDS = {"decided": "password", "second": "second_password"}  # meaning of a signature -> key of the context


class MoBatchSign(models.TransientModel):
    """A decision that waits for its signatures. It is carried out with them, or not at all."""

    _name = "mo.batch.sign"
    _inherit = ["plc.fenced", "plc.guarded"]
    _description = "Sign a Decision"

    batch_ids = fields.Many2many("mo.batch", required=True, readonly=True, context={"active_test": False})
    action = fields.Selection(SIGNABLE, string="Decision", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="You", readonly=True, default=lambda self: self.env.uid)
    request = fields.Char(readonly=True, groups=fields.NO_ACCESS)  # the call that is made once it is signed; empty: it was made
    then = fields.Char(readonly=True, groups=fields.NO_ACCESS)  # and the one that goes on after it
    problem = fields.Char(readonly=True, help="Why it was not signed.")
    password = fields.Char(string="Your Password", store=False)
    second_needed = fields.Boolean(readonly=True)
    second_id = fields.Many2one("res.users", string="Second Person", domain=lambda self: self._second_domain())
    second_password = fields.Char(string="Password of the Second Person", store=False)

    @api.model
    def _second_domain(self):
        group = self.env.ref(OPERATOR)
        return [("all_group_ids", "in", group.ids), ("share", "=", False), ("id", "!=", self.env.uid)]

    # Actions

    def action_sign(self):
        """Carry the decision out, signed. The passwords come in the context, as Odoo's own check of an identity has them.

        Where somebody cannot sign, the dialog comes again, with the reason and without the passwords: a form that stays shows
        them, but has forgotten them.

        :raise UserError: if it was signed already, or the decision is not allowed any more
        """
        self.ensure_one()
        self.check_access("read")  # nobody signs what somebody else is asked for
        if not self.sudo().request:
            raise UserError(self.env._("This is signed already."))
        try:
            signers = self._signers()
        except UserError as error:
            self.sudo().problem = str(error)
            return self._shown()
        batches, method, args, kwargs = kept(self.env, self.sudo().request)
        result = getattr(SIGNING.on(batches), method)(*args, **kwargs)
        batches._record_signatures(self.action, signers)
        self.sudo().request = False
        if self.sudo().then:
            record, method, args, kwargs = kept(self.env, self.sudo().then)
            result = getattr(record, method)(*args, **kwargs)
        return result if isinstance(result, dict) else {"type": "ir.actions.act_window_close"}

    # Business methods

    def _shown(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sign"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "medium"},
        }

    def _go_on_with(self, record, method):
        """Call a method of a dialog's record once the decision is signed: it asked for more than one."""
        self.sudo().then = kept_call(record, method)

    def _signers(self):
        """Pairs of a user and what his signature means.

        :raise UserError: if one of them cannot sign
        """
        signers = [(self.env.user, "decided")]
        if self.second_needed:
            self._check_second()
            signers.append((self.second_id, "second"))
        self._check_passwords([(user, PASSWORDS[meaning]) for user, meaning in signers])
        return signers

    def _check_passwords(self, wanted):
        given = [(user, self.env.context.get(key)) for user, key in wanted]
        try:
            check_passwords([(user, password if isinstance(password, str) else "") for user, password in given])
        except WrongPassword as error:
            raise UserError(self.env._("The password of %s is not right. Nothing was done.", error.user.name)) from error
        except AccessDenied as error:
            raise UserError(str(error)) from error

    def _check_second(self):
        """
        :raise UserError: if the second person is none, the same, or could not decide it himself
        """
        second = self.second_id
        if not second or second == self.env.user or second.sudo().partner_id == self.env.user.partner_id:
            raise UserError(self.env._("Choose the second person who confirms it: not yourself."))
        own = self.batch_ids.with_user(second).with_context(allowed_company_ids=second.sudo().company_ids.ids)
        if not second.active or not second.has_group(ACTIONS[self.action].role) or not own.has_access("read"):
            raise UserError(self.env._("%s may not decide this, so he cannot confirm it.", second.name))
