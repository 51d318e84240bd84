from odoo import models
from odoo.exceptions import UserError

BOOKED = {"qty_producing", "move_raw_ids", "move_finished_ids", "move_byproduct_ids"}


class MrpProduction(models.Model):
    """What a batch booked stays as it was booked and checked."""

    _inherit = "mrp.production"

    def write(self, vals):
        if BOOKED.intersection(vals):
            self._check_not_booked_by_plc()
        return super().write(vals)

    def _check_not_booked_by_plc(self):
        """A screen that was opened before the write-back closed the order would put its plan in the place of what was dosed:
        Odoo lets the quantities of a closed order be written. Who wants to correct them unlocks the order first.

        :raise UserError: naming the first such order
        """
        for order in self.filtered(lambda order: order.state == "done" and order.is_locked):
            if "done" in order.sudo().plc_batch_ids.mapped("state"):
                raise UserError(
                    self.env._(
                        "Order %s has been closed in the meantime, with what the PLC dosed. Reload it; unlock it to correct it.",
                        order.name,
                    )
                )
