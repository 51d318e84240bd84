from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        """Not archived under batches that its PLCs have in hand: nobody would see them any more. Its branches come here as well:
        Odoo archives them with it."""
        self.check_access("write")  # the refusal names what the PLC has in hand
        if not vals.get("active", True):
            in_hand = [("company_id", "in", self.ids), ("active", "=", True)]
            for plc in self.env["mo.batch"].sudo().search(in_hand).controller_id:
                plc._check_empty()
        return super().write(vals)
