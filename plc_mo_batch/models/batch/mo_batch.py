from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...plc.reconcile import DOWNLOADING, ENDED, HANDED_OVER, OPEN, UNDECIDED
from ...tools.translate import label_of
from ..common.plc_notifier import ACTIVITY
from ..common.signed import signed

STATES = [
    ("queued", "Queued"),
    ("sending", "Sending"),
    ("offered", "Offered"),
    ("running", "Running"),
    ("cancelling", "Cancelling"),
    ("completed", "Completed"),
    ("failed", "Failed"),
    ("done", "Done"),
    ("cancelled", "Cancelled"),
]
# states in which a kilogram may have been dosed
CONSUMING = ("running", "completed", "failed", "done")
# role in the recipe -> field of the batch
RECIPE_FIELDS = {
    "slot": "slot",
    "order": "order_name",
    "formula": "formula_name",
    "product": "product_name",
    "quantity": "planned_qty",
}
# cases in which a person is asked
ASKING = (*UNDECIDED, "occupied", "database_behind", "job_number")
FIRST_PAUSE = 60  # seconds until a failed write-back is tried again; doubled each time
LONGEST_PAUSE = 3600

# what the board shows of a batch: writing one of these reloads its lane
BOARD_FIELDS = {
    "attempts", "attention", "command", "date_finished", "date_offered", "date_started", "hand_adds_needed", "last_error",
    "next_try", "on_hold", "parked", "planned_qty", "produced_qty", "review_needed", "slot", "state", "weight_needed",
}  # fmt: skip


class MoBatch(models.Model):
    _name = "mo.batch"
    _inherit = ["mail.thread", "mail.activity.mixin", "plc.notifier", "plc.board.source"]
    _description = "PLC Batch"
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(string="Batch", required=True, readonly=True, copy=False, default="/")
    production_id = fields.Many2one(
        "mrp.production", string="Manufacturing Order", required=True, readonly=True, index=True, ondelete="restrict"
    )
    product_id = fields.Many2one(related="production_id.product_id", store=True)
    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    slot = fields.Integer(readonly=True, aggregator=None)
    part = fields.Integer(readonly=True, default=1, aggregator=None, help="Number of this batch within the order.")
    part_count = fields.Integer(
        string="Parts",
        compute="_compute_part_count",
        help="Number of batches in which the order is made; 1: this batch makes all of it.",
    )
    order_qty = fields.Float(
        string="Share of the Order",
        digits="Product Unit",
        readonly=True,
        help="The batch's share of the order, in the order's unit.",
    )
    job_number = fields.Integer(
        readonly=True, aggregator=None, help="Assigned when the recipe is sent. It increases for each PLC and is never reused."
    )
    state = fields.Selection(
        STATES, required=True, readonly=True, default="queued", index=True, group_expand="_group_expand_state"
    )
    active = fields.Boolean(
        compute="_compute_active", store=True, index=True, help="In the queue: not finished and written back yet."
    )
    consumed = fields.Boolean(
        compute="_compute_consumed", store=True, help="Material has been, or may have been, dosed for the order."
    )
    order_name = fields.Char(readonly=True, help="As sent to the PLC.")
    formula_name = fields.Char(readonly=True, help="As sent to the PLC.")
    product_name = fields.Char(readonly=True, help="As sent to the PLC.")
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    planned_qty = fields.Float(string="Planned", digits="Product Unit", readonly=True)
    finished_weight = fields.Float(digits="Product Unit", readonly=True, help="As reported by the PLC; 0: not reported.")
    produced_qty = fields.Float(string="Produced", digits="Product Unit", readonly=True)
    dosed_qty = fields.Float(
        string="Dosed",
        compute="_compute_dosed_qty",
        store=True,
        digits="Product Unit",
        help="Quantity dosed by the PLC once the batch has ended, without hand-adds.",
    )
    progress = fields.Float(compute="_compute_progress", help="Percentage already dosed of the quantity that the PLC doses.")
    on_hold = fields.Boolean(readonly=True, help="The PLC is holding the batch.")
    command = fields.Selection(
        [("hold", "Hold"), ("resume", "Resume"), ("abort", "Abort")],
        readonly=True,
        help="Requested from the PLC but not yet carried out.",
    )
    command_at = fields.Datetime(readonly=True, help="When the command was requested.")
    withdrawn_at = fields.Datetime(readonly=True, help="When the recipe was first seen as withdrawn.")
    release = fields.Boolean(readonly=True, help="What another system left in the slot may be acknowledged and overwritten.")
    resent = fields.Boolean(
        readonly=True, help="A user decided that the PLC had not taken it, or compared its order with the PLC."
    )
    weight_needed = fields.Boolean(readonly=True, help="The PLC did not report a finished weight: an operator must enter it.")
    acknowledged = fields.Boolean(readonly=True, help="The PLC has shown that it knows its actual quantities are stored.")
    date_offered = fields.Datetime(string="Offered", readonly=True)
    date_started = fields.Datetime(string="Started", readonly=True)
    date_finished = fields.Datetime(string="Finished", readonly=True)
    date_closed = fields.Datetime(string="Closed", readonly=True)
    attempts = fields.Integer(readonly=True, aggregator=None, help="Number of failed write-backs.")
    next_try = fields.Datetime(string="Next Attempt", readonly=True)
    parked = fields.Boolean(
        readonly=True, help="The write-back failed too often: the batch released its slot and no longer blocks the next fill."
    )
    last_error = fields.Char(readonly=True)
    attention = fields.Char(readonly=True, help="What an operator should check.")
    remark = fields.Text(readonly=True, help="Problems that were booked anyway; kept in the history.")
    attention_key = fields.Char(readonly=True, help="Identifies the case that needs attention, so that it is reported only once.")
    line_ids = fields.One2many("mo.batch.line", "batch_id", string="Components", readonly=True)
    journal_ids = fields.One2many("mo.batch.journal", "batch_id", readonly=True, groups="plc_mo_batch.group_operator")
    order_changed = fields.Boolean(readonly=True, help="The order was changed after its recipe was handed over.")
    given_up_by_id = fields.Many2one("res.users", readonly=True, help="Its end was not reported by the PLC.")
    order_version = fields.Char(readonly=True, help="What the batch was last compared with: a digest of its order's rows.")
    deviation_qty = fields.Float(
        string="Deviation",
        compute="_compute_deviation",
        digits="Product Unit",
        store=True,
        help="How much more or less than planned the PLC dosed, all components together; 0 until it has finished.",
    )
    deviation_percent = fields.Float(
        string="Deviation (%)", compute="_compute_deviation", digits=(16, 2), store=True, aggregator="avg"
    )
    trouble = fields.Char(
        string="Needs Attention",
        compute="_compute_trouble",
        help="What an operator should check, or why the batch is not written back.",
    )
    journal_count = fields.Integer(compute="_compute_journal_count")
    failure_count = fields.Integer(
        compute="_compute_failure_count", help="Equipment failures that the PLC reported during the batch."
    )
    date_state = fields.Datetime(
        string="In This State Since", readonly=True, copy=False, default=fields.Datetime.now, help="When its state last changed."
    )
    waits_since = fields.Datetime(
        string="Waiting Since", compute="_compute_waits_since", store=True, help="When the batch began to wait for an operator."
    )
    alarm_ids = fields.One2many("plc.alarm", "batch_id", readonly=True)

    _board_fields = BOARD_FIELDS

    # Rule 1: if a part of an order has an open batch, or one that consumed material, it is never queued again.
    _production_part_uniq = models.UniqueIndex(
        "(production_id, part) WHERE active OR consumed",
        "This part of the order already has a batch and cannot be produced twice.",
    )
    # Rule 2: a slot belongs to at most one open batch. A parked batch was acknowledged and has released its slot.
    _slot_uniq = models.UniqueIndex(
        "(controller_id, slot) WHERE active AND parked IS NOT TRUE", "The slot is already used by another batch."
    )
    _job_uniq = models.UniqueIndex("(controller_id, job_number) WHERE job_number > 0", "The job number has already been used.")
    # Each look of the exchange searches the latest closed batch of each slot. By - id: otherwise PostgreSQL walks the ids
    # of all PLCs backwards, and for a slot that was never used as far as the very first batch.
    _latest_idx = models.Index("(controller_id, slot, (- id))")
    # the fill checks each order for another one of the same name at its PLC
    _order_name_idx = models.Index("(controller_id, order_name)")
    # the list of the history
    _closed_idx = models.Index("(date_closed, id)")

    @api.depends("state")
    def _compute_active(self):
        for batch in self:
            batch.active = batch.state in OPEN

    @api.depends("state", "line_ids.actual_qty", "disposition_booked")
    def _compute_consumed(self):
        for batch in self:
            dosed = any(batch.line_ids.mapped("actual_qty")) and not batch.disposition_booked
            batch.consumed = batch.state in CONSUMING or dosed

    @api.depends("line_ids.actual_qty", "line_ids.planned_qty", "state")
    def _compute_progress(self):
        for batch in self:
            dosed = batch.line_ids.filtered("code")
            planned = sum(dosed.mapped("planned_qty"))
            dosings = dosed._dosings()
            done = sum(min(sum(each.mapped("actual_qty")), sum(each.mapped("planned_qty"))) for each in dosings)
            ended = batch.state in ("completed", "done")
            batch.progress = 100.0 if ended else min(100.0, 100 * done / planned) if planned else 0.0

    @api.depends("production_id.plc_part_count")
    def _compute_part_count(self):
        for batch in self:
            batch.part_count = batch.production_id.plc_part_count or 1

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

    def _compute_journal_count(self):
        journal = self.env["mo.batch.journal"].sudo()
        counts = dict(journal._read_group([("batch_id", "in", self.ids)], ["batch_id"], ["__count"]))
        for batch in self:
            batch.journal_count = counts.get(batch.sudo(), 0)

    @api.depends("equipment_failure_ids")
    def _compute_failure_count(self):
        for batch in self:
            batch.failure_count = len(batch.equipment_failure_ids)

    @api.model
    def _group_expand_state(self, states, _domain):
        """Columns of the kanban view, in the order of a batch's life, without the empty ones."""
        return [state for state, _label in self._fields["state"].selection if state in states]

    @api.depends("attention", "on_hold")
    def _compute_waits_since(self):
        for batch in self:
            waits = batch.attention or batch.on_hold
            batch.waits_since = waits and (batch.waits_since or fields.Datetime.now())

    @api.depends("state", "line_ids.actual_qty")
    def _compute_dosed_qty(self):
        for batch in self:
            ended = batch.state not in (*DOWNLOADING, *HANDED_OVER)
            batch.dosed_qty = ended and sum(batch.line_ids.filtered("code").mapped("actual_qty"))

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        """Their journal says that they were queued: no message of the chatter repeats it."""
        unnamed = [vals for vals in vals_list if vals.get("name", "/") == "/"]
        for vals, name in zip(unnamed, self._next_names(len(unnamed)), strict=True):
            vals["name"] = name
        return super(MoBatch, self.with_context(mail_create_nolog=True)).create(vals_list).with_env(self.env)

    @api.model
    def _next_names(self, count):
        """As of so many calls of ``next_by_code``, which would look for the sequence each time."""
        own = [("code", "=", "mo.batch"), ("company_id", "in", [self.env.company.id, False])]
        sequence = self.env["ir.sequence"].search(own, order="company_id", limit=1)
        return [sequence.next_by_id() if sequence else False for _name in range(count)]

    def unlink(self):
        self.env["plc.board"]._mark_lanes(self.controller_id.ids)
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A batch cannot be deleted. Cancel it instead; it then moves to the history."))

    # Actions

    @signed("decide", "send_again")
    def action_send_again(self):
        """A person decided that the PLC did not take the recipe: queue the batch again, in the same slot.

        If the feedback shows later that the PLC had taken it after all, it is not sent a second time.

        :raise UserError: if the batch was seen running, as it could be produced twice
        """
        for batch in self.sudo():
            batch._set_state("queued", resent=True, withdrawn_at=False)
            batch._journal("user", self.env._("%s decided that the PLC had not taken it: it is sent again.", self.env.user.name))
        self.env["plc.task.exchange"]._trigger()
        return True

    @signed("give_up")
    def action_give_up(self):
        """A person decided that the PLC will report nothing more of the batch, or nothing that can be trusted.

        A batch that was seen running becomes failed, with the last quantities that were accepted. Others are cancelled and their
        orders withheld, whatever an earlier cancellation requested: the PLC may have made them, and only a person can find out.
        """
        for batch in self.sudo():
            batch.cancel_order_action = "withhold"
            state = "failed" if batch.state == "running" else "cancelled"
            if batch.state == "running":
                batch.date_finished = batch._last_progress()  # when it really ended, nobody knows
            forgotten = batch.is_action_decide_allowed  # the PLC has forgotten the batch: there is nothing to acknowledge
            batch._journal(
                "user", self.env._("%s gave up this batch: no further reports from the PLC are expected.", self.env.user.name)
            )
            batch._advance(state, 0.0, {"acknowledged": forgotten, "given_up_by_id": self.env.uid})
        return True

    @signed("release")
    def action_release_slot(self):
        """Allow what another system left in the slot to be acknowledged and overwritten; its words stay in the journal."""
        return self._decide(self.env._("%s released the slot.", self.env.user.name), release=True)

    @signed("go_on")
    def action_go_on(self):
        """A person compared what the PLC made with the queued orders: send them, with job numbers above those that it shows."""
        message = self.env._("%s compared the queued orders with what the PLC made and resumed sending.", self.env.user.name)
        decided = self._decide(message, resent=True)
        for controller in self.sudo().controller_id:
            controller.last_job = max(controller.last_job, controller.shown_job)
        return decided

    def _decide(self, message, **values):
        """Record how a person decided on what needed attention, and run the exchange at once."""
        for batch in self.sudo():
            batch.write({**values, "attention": False, "attention_key": False})
            batch._journal("user", message)
        self.env["plc.task.exchange"]._trigger()
        return True

    def action_hold(self):
        """Ask the PLC to hold the running batch."""
        return self._ask("hold")

    def action_resume(self):
        """Ask the PLC to resume the batch that it holds."""
        return self._ask("resume")

    def action_abort(self):
        """Ask the PLC to abort the running batch. What it consumed so far stays."""
        return self._ask("abort")

    def _ask(self, command):
        self._check_allowed("command")
        for batch in self.sudo():
            batch.write({"command": command, "command_at": fields.Datetime.now()})
            label = label_of(batch, "command")
            batch._journal("user", self.env._("%(command)s requested by %(user)s.", command=label, user=self.env.user.name))
        self.env["plc.task.exchange"]._trigger()
        return True

    def action_retry(self):
        """Try the write-back now, without waiting for its next try."""
        self._check_allowed("retry")
        batches = self.sudo()
        batches.next_try = False
        for batch in batches:
            batch._journal("user", self.env._("Write-back requested by %s.", self.env.user.name))
        self.env["plc.task.write.back"]._trigger()
        return True

    def action_open_production(self):
        """Open the manufacturing order."""
        self.ensure_one()
        return self.production_id._get_records_action()

    def action_view_journal(self):
        """Open the journal of the batch."""
        self.ensure_one()
        self._check_operator()
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.mo_batch_journal_action")
        return {**action, "domain": [("batch_id", "=", self.id)]}

    def action_view_failures(self):
        """Open the equipment failures that the PLC reported while it made the batch."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.plc_failure_action")
        return {**action, "domain": [("batch_id", "=", self.id)], "context": {}}

    # Business methods

    def _journal(self, kind, message, anomaly=None):
        return self.env["mo.batch.journal"]._record(kind, message, batch=self, anomaly=anomaly)

    def _set_state(self, state, **values):
        """The one place where a state changes; also sets the times that belong to the state."""
        now = fields.Datetime.now()
        stamp = {
            "offered": "date_offered",
            "running": "date_started",
            "completed": "date_finished",
            "failed": "date_finished",
            "done": "date_closed",
            "cancelled": "date_closed",
        }.get(state)
        stamped = {"date_state": now, **values, **({stamp: now} if stamp else {})}
        if stamp == "date_finished":
            stamped[stamp] = self.date_finished or now  # its weight came later, or nothing more of it
        self.write({"state": state, **stamped})
        if state == "done":
            self.line_ids._freeze_costs()
        asking = self.filtered(lambda batch: (batch.attention or batch.attention_key) and not batch._keeps_attention())
        asking.write({"attention": False, "attention_key": False})
        self._recompute_recordset(["waits_since"])  # nothing is asked now: the next question counts its time from then

    def _remark(self, message, kind="anomaly"):
        """Show a sentence on the batch and journal it."""
        self.remark = f"{self.remark}\n{message}" if self.remark else message
        self._journal(kind, message)
        self.message_post(body=message)

    # Business methods: write-back

    def _produced_in_order_unit(self):
        """Produced quantity, in the unit of the order."""
        order = self.production_id
        return order.product_id._plc_from_weight(self.produced_qty, self.uom_id, order.product_uom_id)

    def _finish(self):
        """Booked and verified: move it to the history. Whatever people were asked to look at is over."""
        self._set_state("done", last_error=False, next_try=False, parked=False)
        for batch in self:
            batch._journal("state", batch._finish_message())
        self.filtered("attempts").activity_unlink([ACTIVITY])

    def _finish_message(self):
        if self.production_id.state == "done":
            return self.env._("Order %s was closed with the consumed quantities and checked.", self.order_name)
        return self.env._("The consumption and production of %s were booked and checked. The order continues.", self.order_name)

    def _record_error(self, message):
        """Keep the error beside the state, and try again after a pause that doubles.

        After a number of tries (a setting), people are notified, once, and the batch may be parked.
        """
        self.ensure_one()
        pause = min(FIRST_PAUSE * 2**self.attempts, LONGEST_PAUSE)
        self.write(
            {
                "attempts": self.attempts + 1,
                "last_error": message,
                "next_try": fields.Datetime.add(fields.Datetime.now(), seconds=pause),
            }
        )
        self._journal("error", message)
        self.env["plc.counter"]._add(self.controller_id, "write_back_failures")
        if not self._is_failing():
            return
        self.env["plc.task.health"]._trigger()
        if self.attempts == self._tries():
            self._tell_responsible(self.env._("Write-back failed %s times", self.attempts), message)
        self._park()

    def _is_failing(self):
        """Its write-back has failed so often that people are notified (a setting)."""
        tries = self._tries()
        return bool(tries) and self.attempts >= tries

    def _tries(self):
        """After how many failed write-backs people are notified; 0: never (a setting)."""
        return self.env["plc.task.write.back"]._setting_int("write_back_tries", 5)

    def _park(self):
        """Release the slot, if the PLC knows that its actuals are stored (the index of rule 2 leaves parked batches out)."""
        if self.parked or not self.controller_id.park_failing or not self.acknowledged or self.state not in ENDED:
            return
        self.parked = True
        self._journal("state", self.env._("Parked: the batch no longer blocks the next fill."))

    def _case(self):
        """The case that its attention is about, e.g. rejected, lost, occupied."""
        return (self.attention_key or "").partition(" ")[0]

    def _awaits_task_3(self):
        """It waits for Task 3 and nothing else."""
        return self._is_bookable() or (self.state == "failed" and bool(self.disposition_order) and not self.watch_needed)

    def _awaits_person(self):
        """Only a person can get it moving again."""
        asked = self.weight_needed or self.hand_adds_needed or self.review_needed or self.on_hold
        undecided = self.state == "failed" and not self.disposition_order
        return bool(asked or undecided or self.watch_needed or self._case() in ASKING)

    def _last_progress(self):
        """When it last dosed anything."""
        reports = self.line_ids.filtered("reported").mapped("write_date")
        moments = [self.date_state or self.date_started or self.create_date, *reports]
        return max(moment for moment in moments if moment)

    def _is_stalled(self):
        """It runs, and has dosed nothing for so long that the PLC may never end it."""
        minutes = self.controller_id.sudo().run_minutes
        if self.state != "running" or self.on_hold or not minutes:
            return False
        return fields.Datetime.now() - self._last_progress() > timedelta(minutes=minutes)

    def _taking_a_share(self):
        """Batches that claim their share of the order: open, or having consumed material (rule 1). No other batch may make it."""
        return self.filtered(lambda batch: batch.active or batch.consumed)

    def _in_plc_language(self):
        """The batches of one PLC, with all texts in the PLC's language."""
        return self.with_context(lang=self.controller_id._language())
