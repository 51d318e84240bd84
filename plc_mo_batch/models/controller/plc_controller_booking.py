from odoo import fields, models


class PlcController(models.Model):
    """Policies of the write-back: how what a batch consumed and produced is booked, and who is told when it cannot be."""

    _inherit = "plc.controller"

    hand_add_policy = fields.Selection(
        [
            ("planned", "As planned"),
            ("proportional", "In proportion to what was produced"),
            ("typed", "As typed in by a person"),
            ("weighed", "As weighed"),
        ],
        string="Added by Hand",
        required=True,
        default="planned",
        help="What counts as consumed of components that the PLC does not dose. Typed in: a finished batch waits for it. "
        "As weighed: it waits for the weighings that the PLC reports, and then for a person.",
    )
    backorder_policy = fields.Selection(
        [("never", "Never"), ("short", "When less than planned was produced")],
        string="Backorder",
        required=True,
        default="never",
        help="Whether the rest of an order is left to another one.",
    )
    backorder_percent = fields.Float(
        string="Short by (%)", digits=(16, 2), default=5.0, help="A backorder is made when more than this much is missing."
    )
    consumption_policy = fields.Selection(
        [("post", "Book it all the same"), ("respect", "Respect it")],
        string="BoM Consumption",
        required=True,
        default="post",
        help="When something else was consumed than planned, though the BoM does not allow for it. Respect it: a strict BoM "
        "holds the batch for review, one that warns has somebody told.",
    )
    responsible_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who is told about batches that need a person.",
    )
    park_failing = fields.Boolean(
        string="Fill Past Failing Batches",
        help="A batch whose write-back failed too often (a setting) no longer holds back the next fill. It stays in the queue "
        "until it is written back.",
    )

    _backorder_percent_range = models.Constraint(
        "CHECK(backorder_percent >= 0 AND backorder_percent < 100)", "A backorder's percentage lies between 0 and 100."
    )
