from odoo import api, fields, models


class MoBatch(models.Model):
    """What lists, forms and charts show of a batch beside its own fields."""

    _inherit = "mo.batch"

    state = fields.Selection(group_expand="_group_expand_state")
    deviation_qty = fields.Float(
        string="Deviation",
        compute="_compute_deviation",
        digits="Product Unit",
        store=True,
        help="How much more or less than planned the PLC dosed of all components together; 0 before it finished.",
    )
    deviation_percent = fields.Float(
        string="Deviation (%)", compute="_compute_deviation", digits=(16, 2), store=True, aggregator="avg"
    )
    trouble = fields.Char(
        string="Needs Attention", compute="_compute_trouble", help="What a person should look at, or why it is not written back."
    )
    event_count = fields.Integer(compute="_compute_event_count")
    failure_count = fields.Integer(compute="_compute_failure_count", help="What the PLC reported of its equipment meanwhile.")
    is_action_requeue_allowed = fields.Boolean(compute="_compute_is_action_requeue_allowed")

    @api.depends("state", "line_ids.deviation_qty", "line_ids.planned_qty", "line_ids.reported")
    def _compute_deviation(self):
        for batch in self:
            dosed = batch.line_ids.filtered("reported") if batch.state in ("completed", "done") else batch.line_ids.browse()
            planned = sum(dosed.mapped("planned_qty"))
            batch.deviation_qty = sum(dosed.mapped("deviation_qty"))
            batch.deviation_percent = 100 * batch.deviation_qty / planned if planned else 0.0

    @api.depends("attention", "last_error")
    def _compute_trouble(self):
        for batch in self:
            batch.trouble = " ".join(filter(None, (batch.attention, batch.last_error))) or False

    def _compute_event_count(self):
        events = self.env["mo.batch.event"].sudo()
        counts = dict(events._read_group([("batch_id", "in", self.ids)], ["batch_id"], ["__count"]))
        for batch in self:
            batch.event_count = counts.get(batch.sudo(), 0)

    @api.depends("failure_ids")
    def _compute_failure_count(self):
        for batch in self:
            batch.failure_count = len(batch.failure_ids)

    @api.depends("state", "production_id.plc_hold", "production_id.state")
    @api.depends_context("uid")
    def _compute_is_action_requeue_allowed(self):
        operator = self.env.user.has_group("plc_mo_batch.group_operator")
        for batch in self:
            order = batch.production_id.sudo()
            held = order.plc_hold and order.state not in ("done", "cancel")
            batch.is_action_requeue_allowed = operator and batch.state == "cancelled" and held

    @api.model
    def _group_expand_state(self, states, _domain):
        """The columns of the kanban view in the order of a batch's life, without those that are empty."""
        return [state for state, _label in self._fields["state"].selection if state in states]

    # Actions

    def action_view_journal(self):
        """Open what was journalled of the batch."""
        self.ensure_one()
        self._check_operator()
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.mo_batch_event_action")
        return {**action, "domain": [("batch_id", "=", self.id)]}

    def action_view_failures(self):
        """Open the equipment failures that the PLC reported while it made the batch."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.plc_failure_action")
        return {**action, "domain": [("batch_id", "=", self.id)], "context": {}}


class MoBatchLine(models.Model):
    _inherit = "mo.batch.line"

    dosed_from = fields.Char(string="From", compute="_compute_dosed_from", help="The silo or tank; or that it is added by hand.")

    made_product_id = fields.Many2one(
        related="batch_id.product_id", string="Product", store=True, help="What the batch made of the component."
    )

    @api.depends("equipment_id", "code")
    def _compute_dosed_from(self):
        for line in self:
            known = line.equipment_id.display_name or (line.code and self.env._("Equipment %s", line.code))
            line.dosed_from = known or self.env._("by hand")
