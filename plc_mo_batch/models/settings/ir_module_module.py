from odoo import models
from odoo.exceptions import UserError


class IrModuleModule(models.Model):
    """Not uninstalled under batches that PLCs have in hand: what they dose then would be booked by nobody."""

    _inherit = "ir.module.module"

    def button_uninstall(self):
        self._check_plcs_empty()
        return super().button_uninstall()

    def write(self, vals):
        """The button's way round: the next start of the server would uninstall it."""
        if vals.get("state") == "to remove":
            self._check_plcs_empty()
        return super().write(vals)

    def module_uninstall(self):
        if not self.env.su:  # Odoo itself carries out what was decided; a start must not fail
            self._check_plcs_empty()
        return super().module_uninstall()

    def _check_plcs_empty(self):
        gone = self | self.downstream_dependencies()
        if self.env.is_admin() and "plc_mo_batch" in gone.mapped("name"):  # Odoo refuses the others, and tells them nothing
            plcs = self.env["mo.batch"].sudo().search([("active", "=", True)]).controller_id
            held = [plc._told_in_hand() for plc in plcs]
            if held:
                raise UserError(
                    self.env._("%s PLC Batches cannot be uninstalled until they are finished or cancelled.", "\n".join(held))
                )
