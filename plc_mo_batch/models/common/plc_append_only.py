from odoo import api, models
from odoo.exceptions import UserError

from .marks import VACUUM


class PlcAppendOnly(models.AbstractModel):
    """Records that nobody changes or deletes, administrators included; the vacuum removes those that are old."""

    _name = "plc.append.only"
    _description = "What Nobody Changes"

    _own_notes = ()  # fields in which the addon notes something later

    def write(self, vals):
        if self and not set(vals).issubset(self._own_notes):
            raise UserError(self.env._("%s: what is recorded cannot be changed.", self._told_model()))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if not VACUUM.is_on(self.env):
            raise UserError(self.env._("%s: what is recorded cannot be deleted.", self._told_model()))

    def _told_model(self):
        return self.env["ir.model"]._get(self._name).name
