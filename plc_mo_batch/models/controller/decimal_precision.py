from odoo import models
from odoo.exceptions import UserError

from ...plc.layout import too_fine
from ...tools.translate import translate


class DecimalPrecision(models.Model):
    _inherit = "decimal.precision"

    def write(self, vals):
        """Quantities are stored with the decimals of *Product Unit*, also those that a PLC reports.

        :raise UserError: if a PLC with open batches counts in smaller steps
        """
        if "digits" in vals and "Product Unit" in self.mapped("name"):
            self._plc_check_steps(vals["digits"])
        return super().write(vals)

    def _plc_check_steps(self, digits):
        layouts = self.env["plc.controller"].sudo().search([("batch_ids.active", "=", True)]).layout_id
        for problem in (problem for layout in layouts for problem in too_fine(layout._layout(), digits)):
            raise UserError(translate(self.env, problem))
