from odoo import fields, models


def percent_field(label, description):
    """Percent of what is planned."""
    return fields.Float(string=label, digits=(16, 2), help=description)


def weight_field(label, description):
    """In the unit that the PLC weighs in."""
    return fields.Float(string=label, digits="Product Unit", help=description)


class PlcTolerance(models.AbstractModel):
    """Limits of what may be dosed above or below plan; of a PLC, and of equipment where they are not as its PLC's."""

    _name = "plc.tolerance"
    _description = "Dosing Tolerance"

    tolerance_percent = percent_field(
        "Tolerance (%)",
        "A component may deviate by this much of its plan, or by the tolerance in kg, whichever is more. "
        "What deviates further is booked, and somebody is told. Both 0: no tolerance of its own.",
    )
    tolerance_kg = weight_field("Tolerance", "In the unit that the PLC weighs in; see Tolerance (%).")
    review_percent = percent_field(
        "Hold Beyond (%)",
        "What deviates by more than this much of its plan, and by more than the limit in kg, holds the batch for review: "
        "it is not booked before somebody releases it. Both 0: nothing is held.",
    )
    review_kg = weight_field("Hold Beyond", "In the unit that the PLC weighs in; see Hold Beyond (%).")

    _tolerance_positive = models.Constraint(
        "CHECK(tolerance_percent >= 0 AND tolerance_kg >= 0 AND review_percent >= 0 AND review_kg >= 0)",
        "Tolerances cannot be negative.",
    )

    def _limit(self, kind, planned):
        """How much of ``planned`` may be dosed more or less, in the unit that the PLC weighs in.

        :param kind: ``tolerance`` or ``review``
        :return: 0.0 where no limit is set
        """
        return max(planned * self[f"{kind}_percent"] / 100, self[f"{kind}_kg"]) if self else 0.0

    def _has_limit(self, kind):
        return bool(self[f"{kind}_percent"] or self[f"{kind}_kg"])
