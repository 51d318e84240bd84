from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...plc.doses import Scale
from ..common.plc_tolerance import weight_field


class PlcEquipment(models.Model):
    """What a silo or tank can weigh, and whether it is used."""

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
