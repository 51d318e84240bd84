from odoo import fields, models


def percent_field(label, description, **options):
    """A limit in percent of the planned quantity."""
    return fields.Float(string=label, digits=(16, 2), help=description, **options)


def weight_field(label, description):
    """A limit in the unit that the PLC weighs in."""
    return fields.Float(string=label, digits="Product Unit", help=description)


class PlcTolerance(models.AbstractModel):
    """Limits for dosing above or below plan: of a PLC, and of equipment that differs from its PLC."""

    _name = "plc.tolerance"
    _description = "Dosing Tolerance"

    tolerance_percent = percent_field(
        "Tolerance (%)",
        "How far a component may deviate from its plan. The percentage or the tolerance in kg applies, whichever allows more. "
        "A larger deviation is booked, and the responsible user is notified. Both 0: no tolerance of its own.",
    )
    tolerance_kg = weight_field("Tolerance", "In the PLC's weight unit; see Tolerance (%).")
    review_percent = percent_field(
        "Review Beyond (%)",
        "A component that deviates from its plan by more than this percentage, and by more than the limit in kg, sends the "
        "batch to review: it is not booked until it is released. Both 0: no review.",
    )
    review_kg = weight_field("Review Beyond", "In the PLC's weight unit; see Review Beyond (%).")

    _tolerance_positive = models.Constraint(
        "CHECK(tolerance_percent >= 0 AND tolerance_kg >= 0 AND review_percent >= 0 AND review_kg >= 0)",
        "Tolerances cannot be negative.",
    )

    def _limit(self, kind, planned):
        """How much more or less than ``planned`` may be dosed, in the unit that the PLC weighs in.

        :param kind: ``tolerance`` or ``review``; of a PLC, also ``weight_tolerance`` and ``weight_review``
        :return: 0.0 if no limit is set
        """
        return max(planned * self[f"{kind}_percent"] / 100, self[f"{kind}_kg"]) if self else 0.0

    def _has_limit(self, kind):
        return bool(self[f"{kind}_percent"] or self[f"{kind}_kg"])
