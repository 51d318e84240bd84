from odoo import models
from odoo.exceptions import AccessError

SEALED = ("plc.controller", "mo.batch.frozen")


class IrAttachment(models.Model):
    """Odoo keeps the certificates and the key of a PLC as attachments. Whoever may write to the PLC could write to these as well:
    publish the key to anybody without a login, or put in another certificate, untold by the journal and unchecked. They are
    written through the PLC alone, which does it with all rights. Frozen reports are attachments, too, and written once."""

    _inherit = "ir.attachment"

    def write(self, vals):
        result = super().write(vals)
        if not self.env.su and self._plc_files():  # Odoo does not ask what they have become
            raise self._plc_refusal()
        return result

    def _check_access(self, operation):
        refused = super()._check_access(operation)
        files = self._plc_files() if operation != "read" else self.browse()
        return (files | refused[0] if refused else files, self._plc_refusal) if files else refused

    def _plc_refusal(self):
        return AccessError(self.env._("Certificates and keys are changed on their PLC, frozen reports never."))

    def _plc_files(self):
        """Those that are the content of a field of a PLC, or of a frozen report."""
        return self.filtered(lambda file: file.sudo().res_model in SEALED and file.sudo().res_field)
