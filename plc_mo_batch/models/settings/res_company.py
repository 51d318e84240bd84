from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        """Not archived under batches that its PLCs have in hand: nobody would see them any more."""
        if not vals.get("active", True):
            for plc in self._plcs_in_hand():
                plc._check_empty()
        return super().write(vals)

    def _plcs_in_hand(self):
        """Its PLCs that have batches in hand, and those of its branches, which are archived with it."""
        companies = self.sudo().search([("id", "child_of", self.ids)])
        return self.env["mo.batch"].sudo().search([("company_id", "in", companies.ids), ("active", "=", True)]).controller_id
