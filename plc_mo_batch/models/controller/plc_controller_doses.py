from odoo import fields, models

from ...tools.translate import format_number
from ..common.plc_tolerance import percent_field, weight_field


class PlcController(models.Model):
    """What the PLC may be asked to dose, and what may be left to people."""

    _inherit = "plc.controller"

    unsaid_percent = percent_field(
        "Unsaid Hand-Adds (%)",
        "Components in no silo of which nobody said that they are added by hand. An order is not queued if they are more than "
        "this percentage of the batch, and more than the limit in kg. Both 0: no limit.",
        default=5.0,
    )
    unsaid_kg = weight_field("Unsaid Hand-Adds", "In the PLC's weight unit; see Unsaid Hand-Adds (%).")
    dose_policy = fields.Selection(
        [("refuse", "Not queued"), ("hand", "Added by hand")],
        string="Dose Too Small or Too Large",
        required=True,
        default="refuse",
        help="What to do with a component of which a batch needs less than the least, or more than the most, that its silo can "
        "weigh.",
    )
    step_policy = fields.Selection(
        [("refuse", "Not queued"), ("hand", "Added by hand"), ("round", "Rounded, the rest on the filler")],
        string="Dose Between Two Steps",
        required=True,
        default="refuse",
        help="What to do with a dose that is no multiple of the step of its silo's scale.",
    )
    filler_id = fields.Many2one(
        "product.product",
        check_company=True,
        ondelete="restrict",
        help="The component that takes what rounding leaves or lacks, so that the batch weighs what it should. Not rounded.",
    )

    _unsaid_positive = models.Constraint("CHECK(unsaid_percent >= 0 AND unsaid_kg >= 0)", "The limits cannot be negative.")

    # Business methods

    def _has_sister_silos(self):
        """Whether what is queued decides from which of several silos of a product a component is dosed."""
        held = [product for silo in self.equipment_ids.filtered("in_use") for product in silo.product_ids.ids]
        return self.ambiguous_policy == "order" and len(held) > len(set(held))

    def _allows_unsaid(self, weight, planned):
        """Whether so much may be added by hand to a batch of ``planned``, in the PLC's unit, although nobody said so."""
        return not self._has_limit("unsaid") or self.uom_id.compare(weight, self._limit("unsaid", planned)) <= 0

    def _told_unsaid(self, weight, planned):
        told = {"weight": format_number(self.env, weight, ".2f"), "unit": self.uom_id.name}
        if not planned:
            return f"{told['weight']} {told['unit']}"
        percent = format_number(self.env, 100 * weight / planned, ".1f")
        return self.env._("%(weight)s %(unit)s, %(percent)s %% of the batch", percent=percent, **told)
