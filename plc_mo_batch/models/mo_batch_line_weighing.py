from odoo import fields, models


class MoBatchLine(models.Model):
    """A component that is added by hand, as it was weighed."""

    _inherit = "mo.batch.line"
    _rec_name = "product_id"

    weighing_ids = fields.One2many("plc.weighing", "line_id", string="Weighings", readonly=True)
    weighed_qty = fields.Float(string="Weighed", digits="Product Unit", readonly=True, help="All its weighings together.")
    weighed = fields.Boolean(string="Was Weighed", readonly=True, help="It was weighed by hand; zero is a quantity too.")

    def _sum_weighings(self):
        """:raise UserError: where nobody says what a unit of the component weighs"""
        found = self.weighing_ids.filtered(lambda weighing: weighing.state == "matched")
        weight = sum(found.mapped("quantity"))
        quantity = self.product_id._plc_from_weight(weight, self.batch_id.uom_id, self.uom_id) if found else 0.0
        self.write({"weighed_qty": quantity, "weighed": bool(found)})

    def _is_weighed_enough(self):
        """As much as planned, but for the tolerance of the PLC."""
        allowed = self.planned_qty - self.batch_id.controller_id._limit("tolerance", self.planned_qty)
        return self.weighed and self.uom_id.compare(self.weighed_qty, allowed) >= 0

    def _is_weighing_in_doubt(self):
        return any(self.weighing_ids.mapped("repeated"))

    def _consumed_qty(self):
        by_weight = not self.code and not self.typed and self.weighed and self.batch_id._by_weight()
        return self.weighed_qty if by_weight else super()._consumed_qty()

    def _wasted_qty(self):
        """What a failed batch consumed of it, in its unit, as far as anybody knows."""
        if self.code:
            return self.actual_qty if self.reported else 0.0
        return self.typed_qty if self.typed else self.weighed_qty

    def _consume_late(self, quantity):
        """Post what was consumed besides on the order, closed as it is; in the unit of the product."""
        move = self._add_move()
        move.picked = True
        if self._needs_lot(move):
            self._set_lots(move, quantity)
        else:
            move.quantity = quantity
        move.with_context(skip_mo_check=True)._action_done()
