from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ...tools.translate import format_number

LIVE_FIELDS = {"actual_qty", "reported"}  # a live PLC changes them every second: the board receives only the figures
TOLERANCE_STATES = [("within", "Within"), ("warn", "Out of Tolerance"), ("review", "Far Out of Tolerance")]


def judge(review, tolerance):
    """The state of a deviation that exceeds these limits, or not; None where there is no limit.

    :return: ``review``, ``warn`` or ``within``; False without limits
    """
    if review:
        return "review"
    if tolerance:
        return "warn"
    return "within" if False in (review, tolerance) else False


class MoBatchLine(models.Model):
    _name = "mo.batch.line"
    _inherit = ["plc.board.source"]
    _description = "Batch Component"
    _order = "batch_id, sequence, id"
    _rec_name = "product_id"

    batch_id = fields.Many2one("mo.batch", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    controller_id = fields.Many2one(related="batch_id.controller_id", store=True, index=True)
    date = fields.Datetime(related="batch_id.date_finished", store=True, index="btree_not_null")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one("product.product", string="Component", readonly=True)
    move_id = fields.Many2one("stock.move", string="Component Move", readonly=True, index="btree_not_null", ondelete="set null")
    equipment_id = fields.Many2one("plc.equipment", string="Dosed From", readonly=True, help="Empty: added by hand.")
    code = fields.Integer(string="Equipment Code", readonly=True, help="As sent to the PLC; 0: added by hand.")
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    consumed_qty = fields.Float(
        string="Booked",
        digits="Product Unit",
        compute="_compute_consumed_qty",
        compute_sudo=False,
        help="What counts as consumed once the batch is done: of a hand-add, as entered, as weighed, or as planned.",
    )
    planned_qty = fields.Float(string="Planned", digits="Product Unit", readonly=True)
    move_qty = fields.Float(
        digits="Product Unit", readonly=True, help="Planned consumption of the order's component, in the component's unit."
    )
    actual_qty = fields.Float(string="Actual", digits="Product Unit", readonly=True)
    typed_qty = fields.Float(string="Entered Quantity", digits="Product Unit", readonly=True)
    typed = fields.Boolean(
        string="Entered by Hand", readonly=True, help="The hand-added quantity was entered by a user; zero counts as a quantity."
    )
    late = fields.Boolean(
        string="Added Later", readonly=True, help="The component came onto the order after its recipe was handed over."
    )
    entry_needed = fields.Boolean(
        readonly=True, help="Whatever the policy, a person enters it: the PLC could have dosed it, but was not told to."
    )
    lot_id = fields.Many2one(
        "stock.lot", readonly=True, help="The lot in the equipment when the batch finished, if the product is tracked by lot."
    )
    reported = fields.Boolean(readonly=True, help="The PLC reported the actual quantity; zero counts as a quantity.")
    weighing_ids = fields.One2many("plc.weighing", "line_id", string="Weighings", readonly=True)
    weighed_qty = fields.Float(string="Weighed", digits="Product Unit", readonly=True, help="Sum of its weighings.")
    weighed = fields.Boolean(
        string="Weighed by Hand", readonly=True, help="The component was weighed by hand; zero counts as a quantity."
    )
    deviation_qty = fields.Float(string="Deviation", compute="_compute_deviation", digits="Product Unit", store=True)
    deviation_percent = fields.Float(string="Deviation (%)", compute="_compute_deviation", store=True, aggregator="avg")
    tolerance_state = fields.Selection(
        TOLERANCE_STATES,
        string="Tolerance",
        compute="_compute_tolerance_state",
        store=True,
        help="Judged by the limits in force when the batch finished. Empty: there were no limits.",
    )
    wasted_qty = fields.Float(string="Consumed by a Failure", compute="_compute_wasted_qty", digits="Product Unit")
    dosed_from = fields.Char(string="Source", compute="_compute_dosed_from", help='The silo or tank, or "by hand".')
    made_product_id = fields.Many2one(
        related="batch_id.product_id", string="Product", store=True, help="The product that the batch made from the component."
    )

    _board_fields = {"typed", "typed_qty", "weighed", "weighed_qty"}
    _date_idx = models.Index("(date, id)")  # the list of dosed components, out of a million lines

    @api.depends("planned_qty", "reported", "batch_id.line_ids.actual_qty", "batch_id.line_ids.is_sister")
    def _compute_deviation(self):
        for line in self:
            deviating = line._deviating()
            planned = sum(deviating.mapped("planned_qty"))
            deviation = sum(deviating.mapped("actual_qty")) - planned if line.reported else 0.0
            line.deviation_qty = deviation
            line.deviation_percent = 100 * deviation / planned if planned else 0.0

    @api.depends("planned_qty", "reported", "date", "batch_id.line_ids.actual_qty", "batch_id.line_ids.is_sister")
    def _compute_tolerance_state(self):
        for line in self:
            line.tolerance_state = line.reported and line.date and line._tolerance_state()

    @api.depends("equipment_id", "code")
    def _compute_dosed_from(self):
        for line in self:
            known = line.equipment_id.display_name or (line.code and self.env._("Equipment %s", line.code))
            line.dosed_from = known or self.env._("by hand")

    # CRUD

    def _tell_board(self, vals):
        if not LIVE_FIELDS.intersection(vals):
            return super()._tell_board(vals)
        return self.env["plc.board"]._mark_lanes(self.controller_id.ids, lane=False, line_ids=self.ids)

    # Business methods

    def _tolerance_state(self):
        """How far the actual deviates, by the current limits; False without limits."""
        return judge(self._exceeds("review"), self._exceeds("tolerance"))

    def _exceeds(self, kind):
        """Whether the deviation exceeds the limit of the equipment, or else of its PLC; None without a limit."""
        limit = self._allowed(kind)
        if limit is None:
            return None
        dosing = self._dosing()
        deviation = abs(sum(dosing.mapped("actual_qty")) - sum(dosing.mapped("planned_qty")))
        return float_compare(deviation, limit, precision_digits=6) > 0

    def _allowed(self, kind):
        """The deviation that the current limits allow, for all that the equipment doses at once; None without a limit."""
        owner = self.equipment_id if self.equipment_id._has_limit(kind) else self.batch_id.controller_id
        planned = sum(self._dosing().mapped("planned_qty"))
        return owner._limit(kind, planned) if owner._has_limit(kind) else None

    def _sum_weighings(self):
        """
        :raise UserError: if the weight of one unit of the component is not known
        """
        found = self._matched_weighings()
        weighed = found.filtered(lambda weighing: not weighing.counted_qty)
        weight, counted = sum(weighed.mapped("quantity")), sum(found.mapped("counted_qty"))
        quantity = self.product_id._plc_from_weight(weight, self.batch_id.uom_id, self.uom_id) if weighed else 0.0
        self.write({"weighed_qty": quantity + counted, "weighed": bool(found) or self.all_added})

    def _is_weighed_enough(self):
        """At least the planned quantity has been weighed, within the PLC's tolerance; or a person said that this was all."""
        if self.all_added:
            return True
        allowed = self.planned_qty - self.batch_id.controller_id._limit("tolerance", self.planned_qty)
        return self.weighed and self.uom_id.compare(self.weighed_qty, allowed) >= 0

    def _is_weighing_in_doubt(self):
        return any(self.weighing_ids.mapped("repeated"))

    @api.depends("code", "actual_qty", "reported", "typed", "typed_qty", "weighed_qty")
    def _compute_wasted_qty(self):
        for line in self:
            line.wasted_qty = line._wasted_qty()

    def _wasted_qty(self):
        """What a failed batch consumed of it, in its unit, as far as it is known."""
        if self.code:
            return self.actual_qty if self.reported else 0.0
        return self.typed_qty if self.typed else self.weighed_qty

    @api.depends("batch_id.state", "actual_qty", "code", "planned_qty", "typed", "typed_qty", "weighed", "weighed_qty")
    def _compute_consumed_qty(self):
        for line in self:
            line.consumed_qty = line._consumed_qty() if line.batch_id.state == "done" else 0.0

    def _consumed_qty(self):
        """What the order consumed, in the line's unit: the PLC's actual. For a hand-add, the quantity entered by hand, or else
        what the PLC's policy says."""
        self.ensure_one()
        if self.code:
            return self.actual_qty
        if self.typed:
            return self.typed_qty
        if self._is_weight_believed():
            return self.weighed_qty
        if self.batch_id.controller_id.hand_add_policy == "proportional":
            return self.uom_id.round(self.planned_qty * self.batch_id._hand_add_ratio())
        return self.planned_qty

    def _consumed_weight(self):
        """The consumed quantity in the PLC's unit."""
        return self._weight(self._consumed_qty())

    def _weight(self, quantity):
        """``quantity``, given in the line's unit, in the PLC's; nothing if the weight of a unit is not known. What was dosed
        from equipment that nobody named is weighed already."""
        if not self.product_id:
            return quantity
        try:
            return self.product_id._plc_to_weight(quantity, self.uom_id, self.batch_id.uom_id)
        except UserError:
            return 0.0

    def _in_unit(self, quantity, uom):
        """``quantity``, given in the line's unit, in ``uom``.

        :raise UserError: if the conversion would lose part of it
        """
        if self.code:
            return self.product_id._plc_from_weight(quantity, self.uom_id, uom)
        return uom.round(self.uom_id._compute_quantity(quantity, uom, round=False))

    def _is_as_planned(self):
        dosing = self._dosing()
        return not self.uom_id.compare(sum(line._consumed_qty() for line in dosing), sum(dosing.mapped("planned_qty")))

    def _deviation_texts(self):
        """The deviation as texts for a sentence."""
        return ", ".join(dosing._deviation_text() for dosing in self._dosings())

    def _deviation_text(self):
        """Of one dosing."""
        line, planned = self[:1], sum(self.mapped("planned_qty"))
        deviation = sum(each._consumed_qty() for each in self) - planned
        return self.env._(
            "%(product)s %(deviation)s %(unit)s%(percent)s",
            product=line.product_id.display_name or self.env._("equipment %s", line.code),
            deviation=format_number(self.env, deviation, "+.2f"),
            unit=line.uom_id.name,
            percent=f" ({format_number(self.env, 100 * deviation / planned, '+.2f')} %)" if planned else "",
        )

    def _same_component(self, order, taken):
        """The move of ``order`` for the same component, but for those ``taken``; empty if there is none."""
        same = (order.move_raw_ids - taken).filtered(lambda move: move.product_id == self.product_id)
        return same.filtered(lambda move: move.bom_line_id == self.move_id.bom_line_id)[:1] or same[:1]

    # Business methods: what is booked of it

    def _find_product(self):
        """For material dosed outside the recipe: the one product that the equipment holds, or was recorded to hold since."""
        if not self.product_id:
            equipment = self.batch_id.controller_id.equipment_ids.filtered(lambda item: item.code == self.code)
            product = equipment.product_ids if len(equipment.product_ids) == 1 else False
            self.write({"equipment_id": equipment.id, "product_id": product and product.id})

    def _is_other(self, booked, consumed):
        return float_compare(abs(booked - consumed), 0.005, precision_digits=6) > 0

    def _booked_qty(self):
        """What is posted with the move, in the line's unit: what its details took from stock, whatever it says itself."""
        return sum(self._detail_qty(item) for item in self.move_id.move_line_ids) if self.move_id.state == "done" else 0.0

    def _detail_qty(self, item):
        if self.code:
            return self.product_id._plc_to_weight(item.quantity, item.product_uom_id, self.uom_id)
        return item.product_uom_id._compute_quantity(item.quantity, self.uom_id, round=False)
