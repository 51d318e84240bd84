from odoo import fields, models

from ..common.plc_tolerance import percent_field, weight_field


class PlcController(models.Model):
    """Policies of the write-back: how a batch's consumption and production are booked, and who is notified if that fails."""

    _inherit = "plc.controller"

    hand_add_policy = fields.Selection(
        [
            ("planned", "As planned"),
            ("proportional", "In proportion to what was produced"),
            ("typed", "As entered by hand"),
            ("weighed", "As weighed"),
        ],
        string="Added by Hand",
        required=True,
        default="planned",
        help="What counts as consumed for components that the PLC does not dose. As entered by hand: a finished batch waits "
        "for the quantities. As weighed: it waits for the weighings that the PLC reports, then for an operator.",
    )
    hand_add_check_policy = fields.Selection(
        [("none", "One person"), ("second", "Two persons")],
        string="Hand-Adds at the Scale",
        required=True,
        default="none",
        help="Two persons: what one enters at the scale, another checks, as a user of his own. The batch is not booked before.",
    )
    weight_tolerance_percent = percent_field(
        "Weight Tolerance (%)",
        "How far the finished weight may deviate from the plan, and from what was consumed. The percentage or the tolerance in "
        "kg applies, whichever allows more. A larger deviation is booked, and the responsible user is notified. Both 0: no "
        "tolerance.",
        default=5.0,
    )
    weight_tolerance_kg = weight_field("Weight Tolerance", "In the PLC's weight unit; see Weight Tolerance (%).")
    weight_review_percent = percent_field(
        "Review Weight Beyond (%)",
        "A finished weight that deviates by more than this percentage, and by more than the limit in kg, from the plan or from "
        "what was consumed sends the batch to review: it is not booked until it is released, or the right weight is entered. "
        "Both 0: no review.",
        default=20.0,
    )
    weight_review_kg = weight_field("Review Weight Beyond", "In the PLC's weight unit; see Review Weight Beyond (%).")
    lot_policy = fields.Selection(
        [("silo", "What is in the silo, else what is reserved"), ("reserved", "What is reserved, else what is in the silo")],
        string="Lots of What Is Dosed",
        required=True,
        default="silo",
        help="Which lots are booked for what the PLC dosed, and from which place. What is in the silo: its current lot, or, if "
        "the silo is a stock location, the lots that lie there, the oldest first. What was reserved and not used is free again.",
    )
    backorder_policy = fields.Selection(
        [("never", "Never"), ("short", "If less than planned was produced")],
        string="Backorder",
        required=True,
        default="never",
        help="Whether the rest of an order goes to a backorder.",
    )
    backorder_percent = fields.Float(
        string="Backorder Beyond (%)",
        digits=(16, 2),
        default=5.0,
        help="A backorder is created when more than this percentage is missing.",
    )
    consumption_policy = fields.Selection(
        [("post", "Book it anyway"), ("respect", "Respect it")],
        string="BoM Consumption",
        required=True,
        default="post",
        help="What to do when the consumption differs from the plan although the BoM does not allow it. Respect it: a strict "
        "BoM requires a review, a BoM with a warning notifies the responsible user.",
    )
    responsible_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="User notified of batches that need an operator.",
    )
    park_failing = fields.Boolean(
        string="Fill Despite Failing Write-backs",
        help="A batch whose write-back has failed too often (see the settings) no longer blocks the next fill. It stays in the "
        "queue until it is written back.",
    )

    _weight_limits_positive = models.Constraint(
        "CHECK(weight_tolerance_percent >= 0 AND weight_tolerance_kg >= 0 "
        "AND weight_review_percent >= 0 AND weight_review_kg >= 0)",
        "Tolerances cannot be negative.",
    )
    _backorder_percent_range = models.Constraint(
        "CHECK(backorder_percent >= 0 AND backorder_percent < 100)", "The backorder percentage must be between 0 and 100."
    )

    # Business methods

    def _books_reserved_first(self):
        """What an order reserved is booked, and the silo only says where the excess comes from."""
        return self.lot_policy == "reserved"
