from odoo import Command, fields, models
from odoo.exceptions import UserError

from ..common.roles import check_manager, check_operator
from .plc_commissioning_step import KINDS


class PlcController(models.Model):
    """From the PLC to its commissioning check."""

    _inherit = "plc.controller"

    commissioning_ids = fields.One2many("plc.commissioning", "controller_id", readonly=True, groups="plc_mo_batch.group_operator")

    # Actions

    def action_open_commissioning(self):
        """Open the PLC's latest commissioning check; a manager begins one if there is none, or if the PLC was changed since."""
        self.ensure_one()
        check_operator(self)
        latest = self.sudo().commissioning_ids[:1]
        if not latest or latest.state == "signed" and not self.commissioned:
            latest = self._begin_commissioning()
        return latest._get_records_action()

    def action_commission_again(self):
        """Begin the check anew, as after work on the PLC's program. What was proven counts until a step is tried."""
        self.ensure_one()
        return self._begin_commissioning()._get_records_action()

    def action_vouch(self):
        """Answer for the PLC without a check, as when only its address changed.

        :return: True
        :raise UserError: if it is commissioned
        """
        check_manager(self)
        plcs = self.sudo().filtered(lambda plc: not plc.commissioned)
        if not plcs:
            raise UserError(self.env._("The PLC is already commissioned."))
        plcs.commissioned = True
        for plc in plcs:
            message = self.env._("%s vouches that Odoo and the PLC mean the same words. No check was made.", self.env.user.name)
            self.env["mo.batch.journal"]._record("user", message, controller=plc)
        self.env["plc.task.fill"]._trigger()
        return True

    # Business methods

    def _begin_commissioning(self):
        """A new check with all its steps to do, for the current user.

        :raise AccessError: if the user is not a manager
        """
        self.ensure_one()
        check_manager(self)
        steps = [Command.create({"kind": kind, "sequence": number}) for number, (kind, _label) in enumerate(KINDS, 1)]
        check = self.env["plc.commissioning"].sudo().create({"controller_id": self.id, "step_ids": steps})
        return check.sudo(self.env.su)
