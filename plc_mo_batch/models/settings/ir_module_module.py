from odoo import models
from odoo.exceptions import UserError


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        """Not under batches that PLCs have in hand: what they dose then would be booked by nobody."""
        gone = self | self.downstream_dependencies()
        if self.env.is_admin() and "plc_mo_batch" in gone.mapped("name"):  # Odoo refuses the others, and tells them nothing
            plcs = self.env["mo.batch"].sudo().search([("active", "=", True)]).controller_id
            held = [plc._told_in_hand() for plc in plcs]
            if held:
                raise UserError(
                    self.env._("%s PLC Batches cannot be uninstalled until they are finished or cancelled.", "\n".join(held))
                )
        return super().button_uninstall()
