from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_round

from ...plc.doses import Scale
from ...plc.reconcile import ENDED
from ..common.plc_tolerance import weight_field


class PlcEquipment(models.Model):
    """What a silo or tank can weigh, whether it is used, and how much can be taken out of it."""

    _inherit = "plc.equipment"

    in_use = fields.Boolean(
        default=True,
        help="Off: nothing new is dosed from it. Of several silos with a product, the first in the list that is in use and has "
        "enough is taken, if the PLC is set so.",
    )
    least_dose = weight_field("Least Dose", "The least that it can weigh at once, in the PLC's weight unit. 0: no limit.")
    most_dose = weight_field("Most Dose", "The most that it can weigh at once, in the PLC's weight unit. 0: no limit.")
    dose_step = weight_field("Scale Step", "Doses are multiples of this, in the PLC's weight unit. 0: any dose.")

    _doses_positive = models.Constraint(
        "CHECK(least_dose >= 0 AND most_dose >= 0 AND dose_step >= 0)", "The limits of a dose cannot be negative."
    )

    @api.constrains("least_dose", "most_dose", "dose_step")
    def _check_doses(self):
        for equipment in self:
            if not equipment._scale().is_possible():
                raise ValidationError(
                    self.env._("%s cannot weigh anything: no step lies between its least and its most dose.", equipment.name)
                )

    # Business methods

    def _scale(self):
        """What it can weigh."""
        return Scale(self.least_dose, self.most_dose, self.dose_step) if self else Scale()

    def _widest_scale(self):
        """What one of them can weigh."""
        most = min(self.mapped("most_dose")) and max(self.mapped("most_dose"))
        return Scale(min(self.mapped("least_dose")), most)

    def _in_order_of_use(self):
        return self.sorted(lambda equipment: (equipment.sequence, equipment.code, equipment.id))

    def _levels(self, product):
        """How much of ``product`` can still be taken out of each silo, in the PLC's unit: what lies there by the books, less what
        open batches dose of it. None: the silo is no stock location, or the weight of the product's unit is not known."""
        held, promised = self._held(product), self._promised(product)
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        levels = {}
        for equipment in self:
            left = held[equipment] - promised.get(equipment, 0.0) if equipment in held else None
            levels[equipment] = left if left is None else float_round(left, precision_digits=digits, rounding_method="DOWN")
        return levels

    def _held(self, product):
        """Weight by silo, of those that are stock locations."""
        there = [("product_id", "=", product.id), ("location_id", "child_of", self.location_id.ids)]
        quants = self.env["stock.quant"].sudo()._read_group(there, ["location_id"], ["quantity:sum"]) if self.location_id else []
        held = {}
        for equipment in self.filtered("location_id"):
            inside = (quantity for location, quantity in quants if location._child_of(equipment.location_id))
            try:
                held[equipment] = product._plc_to_weight(sum(inside), product.uom_id, equipment.controller_id.uom_id)
            except UserError:
                continue
        return held

    def _promised(self, product):
        """Weight by silo that open batches dose, or have dosed without being booked yet."""
        open_lines = [("batch_id.active", "=", True), ("batch_id.disposition_booked", "=", False)]
        lines = (
            self.env["mo.batch.line"]
            .sudo()
            .search([*open_lines, ("equipment_id", "in", self.ids), ("product_id", "=", product.id)])
        )
        promised = {}
        for line in lines.filtered("code"):
            ended = line.batch_id.state in ENDED
            weight = line.actual_qty if ended else max(line.planned_qty, line.actual_qty)
            promised[line.equipment_id] = promised.get(line.equipment_id, 0.0) + weight
        return promised
