from odoo import fields, models

from odoo.addons.base.models.res_partner import _lang_get


class PlcController(models.Model):
    """The language of a plant: what the tasks write of a PLC is stored as text, and has to be in one."""

    _inherit = "plc.controller"

    lang = fields.Selection(
        _lang_get,
        string="Language",
        default=lambda self: self._default_lang(),
        help="In which the tasks write of the PLC: journal, what needs attention, alarms and mails about it. What somebody does "
        "himself is journalled in his own language.",
    )

    def _default_lang(self):
        """Whoever sets up the PLC speaks the plant's language; where nobody does, the company's."""
        return self._active_lang(self.env.lang or self.env.company.partner_id.lang)

    # Business methods

    def _speaking(self):
        """The PLC, with all that is said of it in its language."""
        return self.with_context(lang=self._language())

    def _language(self):
        """The code of the PLC's language, else of its company's; None: English, as where both are switched off."""
        return self._active_lang(self.lang) or self._active_lang(self.company_id.partner_id.lang)

    def _active_lang(self, code):
        return code if code and self.env["res.lang"]._get_data(code=code) else None


class MoBatch(models.Model):
    _inherit = "mo.batch"

    def _speaking(self):
        """The batches of one PLC, with all that is said of them in its language."""
        return self.with_context(lang=self.controller_id._language())
