from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import float_compare

from ..plc.reconcile import HANDED_OVER, OPEN, UNDECIDED, Job
from ..tools.words import digits, said

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
FIRST_PAUSE = 60  # seconds before a failed write-back is tried again; doubled each time
LONGEST_PAUSE = 3600


class MoBatch(models.Model):
    _name = "mo.batch"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "PLC Batch"
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(string="Batch", required=True, readonly=True, copy=False, default="/")
    production_id = fields.Many2one(
        "mrp.production", string="Manufacturing Order", required=True, readonly=True, index=True, ondelete="restrict"
    )
    product_id = fields.Many2one(related="production_id.product_id", store=True)
    controller_id = fields.Many2one(
        "plc.controller", string="PLC", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    slot = fields.Integer(readonly=True, aggregator=None)
    job_number = fields.Integer(
        readonly=True, aggregator=None, help="Given when the recipe is sent, rises for each PLC, is never used twice."
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="queued", index=True)
    active = fields.Boolean(compute="_compute_active", store=True, index=True, help="In the queue: the PLC still owes it.")
    consumed = fields.Boolean(
        compute="_compute_consumed", store=True, help="Material was or may have been dosed for the order."
    )
    order_name = fields.Char(readonly=True, help="As it was sent to the PLC.")
    formula_name = fields.Char(readonly=True, help="As it was sent to the PLC.")
    product_name = fields.Char(readonly=True, help="As it was sent to the PLC.")
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    planned_qty = fields.Float(string="Planned", digits="Product Unit", readonly=True)
    finished_weight = fields.Float(digits="Product Unit", readonly=True, help="As the PLC reported it; 0: not reported.")
    produced_qty = fields.Float(string="Produced", digits="Product Unit", readonly=True)
    progress = fields.Float(compute="_compute_progress", help="Percent of what the PLC doses that it has dosed.")
    held = fields.Boolean(readonly=True, help="The PLC holds the batch.")
    command = fields.Selection(
        [("hold", "Hold"), ("resume", "Resume"), ("abort", "Abort")], readonly=True, help="Asked of the PLC, not yet obeyed."
    )
    command_at = fields.Datetime(readonly=True, help="When the command was asked for.")
    withdrawn_at = fields.Datetime(readonly=True, help="When the recipe was first seen to be withdrawn.")
    release = fields.Boolean(readonly=True, help="What another system left in the slot may be acknowledged and overwritten.")
    resent = fields.Boolean(readonly=True, help="A person decided that the PLC had not taken it, or compared its order.")
    weight_needed = fields.Boolean(readonly=True, help="The PLC reported no finished weight: a person has to enter it.")
    acknowledged = fields.Boolean(readonly=True, help="The PLC was seen to know that its actuals are stored.")
    date_offered = fields.Datetime(string="Offered", readonly=True)
    date_started = fields.Datetime(string="Started", readonly=True)
    date_finished = fields.Datetime(string="Finished", readonly=True)
    date_closed = fields.Datetime(string="Closed", readonly=True)
    attempts = fields.Integer(readonly=True, aggregator=None, help="Write-backs that failed.")
    next_try = fields.Datetime(readonly=True)
    last_error = fields.Char(readonly=True)
    attention = fields.Char(readonly=True, help="What a person should look at.")
    attention_key = fields.Char(readonly=True, help="Which case the attention is about, so that it is told once.")
    line_ids = fields.One2many("mo.batch.line", "batch_id", string="Components", readonly=True)
    event_ids = fields.One2many(
        "mo.batch.event", "batch_id", string="Journal", readonly=True, groups="plc_mo_batch.group_operator"
    )
    order_changed = fields.Boolean(readonly=True, help="The order was changed after its recipe was handed over.")
    is_action_cancel_allowed = fields.Boolean(compute="_compute_is_action_allowed")
    is_action_retry_allowed = fields.Boolean(compute="_compute_is_action_allowed")
    is_action_decide_allowed = fields.Boolean(compute="_compute_is_action_allowed")
    is_action_take_out_allowed = fields.Boolean(compute="_compute_is_action_allowed")
    is_action_release_allowed = fields.Boolean(compute="_compute_is_action_allowed")
    is_action_go_on_allowed = fields.Boolean(compute="_compute_is_action_allowed")
    is_action_command_allowed = fields.Boolean(compute="_compute_is_action_allowed")
    is_action_settle_allowed = fields.Boolean(compute="_compute_is_action_allowed")

    # Rule 1: a part of an order with an open batch, or with one that consumed material, is never queued again.
    _production_part_uniq = models.UniqueIndex(
        "(production_id, part) WHERE active OR consumed",
        "This part of the order has a batch already; it cannot be produced twice.",
    )
    # Rule 2: a slot belongs to at most one open batch; a parked one has given it back, acknowledged.
    _slot_uniq = models.UniqueIndex(
        "(controller_id, slot) WHERE active AND parked IS NOT TRUE", "The slot is taken by another batch."
    )
    _job_uniq = models.UniqueIndex("(controller_id, job_number) WHERE job_number > 0", "The job number was used already.")

    @api.depends("state")
    def _compute_active(self):
        for batch in self:
            batch.active = batch.state in OPEN

    @api.depends("state", "line_ids.actual_qty", "failure_booked")
    def _compute_consumed(self):
        for batch in self:
            dosed = any(batch.line_ids.mapped("actual_qty")) and not batch.failure_booked
            batch.consumed = batch.state in CONSUMING or dosed

    @api.depends("line_ids.actual_qty", "line_ids.planned_qty", "state")
    def _compute_progress(self):
        for batch in self:
            dosed = batch.line_ids.filtered("code")
            planned = sum(dosed.mapped("planned_qty"))
            done = sum(min(line.actual_qty, line.planned_qty) for line in dosed)
            ended = batch.state in ("completed", "done")
            batch.progress = 100.0 if ended else min(100.0, 100 * done / planned) if planned else 0.0

    @api.depends("state", "attempts", "attention_key")
    @api.depends_context("uid")
    def _compute_is_action_allowed(self):
        operator = self.env.user.has_group("plc_mo_batch.group_operator")
        for batch in self:
            case = (batch.attention_key or "").partition(" ")[0]
            batch.is_action_settle_allowed = operator and batch.state == "failed"
            commands = batch.controller_id.sudo().map_id.has_commands
            batch.is_action_cancel_allowed = operator and batch.state in ("queued", "sending", "offered")
            batch.is_action_retry_allowed = operator and batch.state == "completed" and batch.attempts > 0
            batch.is_action_decide_allowed = operator and batch.state in HANDED_OVER and case in UNDECIDED
            disbelieved = batch.state == "running" and case == "rejected"  # for ever, if the PLC cannot be mended
            batch.is_action_take_out_allowed = batch.is_action_decide_allowed or operator and disbelieved
            batch.is_action_release_allowed = operator and batch.state == "queued" and case == "occupied"
            batch.is_action_go_on_allowed = operator and batch.state == "queued" and case == "database_behind"
            batch.is_action_command_allowed = operator and batch.state == "running" and commands

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = self.env["ir.sequence"].next_by_code("mo.batch")
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A batch cannot be deleted. Cancel it: it then goes to the history."))

    # Actions

    def action_send_again(self):
        """A person decided that the PLC did not take the recipe: it goes back in line, in the same slot.

        If the feedback shows after all that the PLC had taken it, it is not sent a second time.

        :raise UserError: where that could produce twice, as the batch was seen running
        """
        self._check_allowed("decide")
        for batch in self.sudo():
            if batch.state == "running":
                raise UserError(self.env._("Batch %s was seen running: it cannot be sent again.", batch.name))
            batch._set_state("queued", resent=True, withdrawn_at=False)
            batch._journal("user", self.env._("%s decided that the PLC did not take it: sent again.", self.env.user.name))
        self.env["plc.task.exchange"]._trigger()
        return True

    def action_take_out(self):
        """A person decided that the PLC will report nothing more of the batch, or nothing that can be believed.

        One that was seen running becomes failed, with the quantities that were last believed; others are cancelled, and their
        orders held whatever a cancellation asked for before: the PLC may have made them, which only a person can find out.
        """
        self._check_allowed("take_out")
        for batch in self.sudo():
            batch.cancel_order_action = "hold"
            state = "failed" if batch.state == "running" else "cancelled"
            forgotten = batch.is_action_decide_allowed  # the PLC knows no more of it: there is nothing to acknowledge
            batch._journal("user", self.env._("%s decided that the PLC will report nothing more of it.", self.env.user.name))
            batch._advance(state, 0.0, {"acknowledged": forgotten})
        return True

    def action_release_slot(self):
        """Let what another system left in the slot be acknowledged and overwritten; its words stay in the journal."""
        return self._decide("release", self.env._("%s released the slot.", self.env.user.name), release=True)

    def action_go_on(self):
        """A person compared what the PLC made with the orders in line: they are sent, with job numbers above what it shows."""
        message = self.env._("%s compared the orders in line with what the PLC made: sending goes on.", self.env.user.name)
        decided = self._decide("go_on", message, resent=True)
        for controller in self.sudo().controller_id:
            controller.last_job = max(controller.last_job, controller.shown_job)
        return decided

    def _decide(self, action, message, **values):
        """A person settles what asked for attention: it is noted, and the exchange goes on at once."""
        self._check_allowed(action)
        for batch in self.sudo():
            batch.write({**values, "attention": False, "attention_key": False})
            batch._journal("user", message)
        self.env["plc.task.exchange"]._trigger()
        return True

    def action_hold(self):
        """Ask the PLC to hold the running batch."""
        return self._ask("hold")

    def action_resume(self):
        """Ask the PLC to go on with the batch that it holds."""
        return self._ask("resume")

    def action_abort(self):
        """Ask the PLC to abort the running batch; what it consumed until then stays."""
        return self._ask("abort")

    def _ask(self, command):
        self._check_allowed("command")
        for batch in self.sudo():
            batch.write({"command": command, "command_at": fields.Datetime.now()})
            label = dict(self._fields["command"]._description_selection(self.env))[command]
            batch._journal("user", self.env._("%(command)s asked for by %(user)s.", command=label, user=self.env.user.name))
        self.env["plc.task.exchange"]._trigger()
        return True

    def action_set_weight(self, weight):
        """Enter the finished weight that the PLC did not report.

        :param weight: kg produced, more than 0
        :raise UserError: if none is asked for, or it is no weight
        """
        self._check_operator()
        batch = self.sudo()
        batch.ensure_one()
        if not batch.weight_needed:
            raise UserError(self.env._("Batch %s does not wait for a weight.", batch.name))
        if not 0 < weight < float("inf"):
            raise UserError(self.env._("The weight must be more than 0."))
        batch.write({"weight_needed": False, "produced_qty": weight, "attention": False})
        entered = digits(self.env, weight, "g")
        batch._journal("user", self.env._("%(user)s entered %(weight)s kg.", user=self.env.user.name, weight=entered))
        self.env["plc.task.write.back"]._trigger()
        return True

    def _check_allowed(self, action):
        """One truth for the button's visibility and the server's guard.

        :raise AccessError: if the user may not act on batches at all
        :raise UserError: naming the first batch for which the action is not to be had
        """
        self._check_operator()
        for batch in self:
            if not batch[f"is_action_{action}_allowed"]:
                raise UserError(batch._refusal(action))

    def _refusal(self, action):
        state = dict(self._fields["state"]._description_selection(self.env))[self.state].lower()
        reasons = {
            "cancel": self._why_not_cancelled(),
            "decide": self.env._("there is nothing to decide"),
            "take_out": self.env._("the PLC reports it, and is believed"),
            "release": self.env._("its slot is not occupied by another system"),
            "go_on": self.env._("its PLC is not ahead of this database"),
            "command": self.env._("only a running batch of a PLC with a command word can be asked"),
            "retry": self.env._("no write-back of it failed"),
            "settle": self.env._("only a failed batch is to be settled"),
        }
        return self.env._("Batch %(batch)s is %(state)s: %(reason)s.", batch=self.name, state=state, reason=reasons[action])

    def _why_not_cancelled(self):
        """And what can be done instead."""
        reasons = {
            "cancelling": self.env._("its recipe is being withdrawn from the PLC"),
            "running": self.env._(
                "the PLC has taken it. Have it ended at the PLC: what was dosed is then booked, and the order dealt with"
            ),
            "completed": self.env._("the PLC has made it, and what was dosed is booked"),
            "failed": self.env._("the PLC has taken it, and it failed: settle it"),
        }
        return reasons.get(self.state, self.env._("it is over already"))

    def action_retry(self):
        """Try the write-back again now instead of at the next try."""
        self._check_allowed("retry")
        batches = self.sudo()
        batches.next_try = False
        for batch in batches:
            batch._journal("user", self.env._("Write-back asked for by %s.", self.env.user.name))
        self.env["plc.task.write.back"]._trigger()
        return True

    def action_open_production(self):
        """Open the manufacturing order."""
        self.ensure_one()
        return self.production_id._get_records_action()

    def _check_operator(self):
        """Rule 11: only operators and managers act on batches, and only on those that they may see.

        :raise AccessError:
        """
        self.check_access("read")
        if not self.env.user.has_group("plc_mo_batch.group_operator"):
            raise AccessError(self.env._("Only PLC operators may do this."))

    # Business methods

    def _journal(self, kind, message, anomaly=None):
        return self.env["mo.batch.event"]._record(kind, message, batch=self, anomaly=anomaly)

    def _set_state(self, state, **values):
        """The one place where a state changes; stamps the times that belong to it."""
        stamp = {
            "offered": "date_offered",
            "running": "date_started",
            "completed": "date_finished",
            "failed": "date_finished",
            "done": "date_closed",
            "cancelled": "date_closed",
        }.get(state)
        if stamp:
            values[stamp] = fields.Datetime.now()
        self.write({"state": state, "attention": False, "attention_key": False, **values})

    def _fresh(self):
        """Those in line whose order was never handed over to their PLC, by this batch or another."""
        waiting = self.filtered(lambda batch: batch.state == "queued" and not batch.resent)
        if not waiting:
            return waiting
        named = [("controller_id", "in", waiting.controller_id.ids), ("order_name", "in", waiting.mapped("order_name"))]
        handed_over = self.with_context(active_test=False).search([*named, ("date_offered", "!=", False)])
        known = {(batch.controller_id, batch.order_name) for batch in handed_over}
        return waiting.filtered(lambda batch: (batch.controller_id, batch.order_name) not in known)

    def _job(self, layout, fresh=False):
        """The batch as the reconciler wants it."""
        self.ensure_one()
        return Job(
            id=self.id,
            # a failed batch that was settled: to the PLC it is one that ended, and may still have to be acknowledged
            state="failed" if self.state == "cancelled" and self.date_started else self.state,
            slot=self.slot,
            order=self.order_name,
            number=self.job_number,
            recipe=self._recipe(layout) if self.active else {},
            acknowledged=self.acknowledged,
            settled=self._is_settled(),
            awaits_weight=self._awaits_weight(),
            release=self.release,
            resent=self.resent,
            fresh=fresh,
            command=self.command or "",
        )

    def _is_settled(self):
        """The PLC has had its settle time to show what became of the offer or the withdrawal."""
        since = {"cancelling": self.withdrawn_at, "running": self.command_at}.get(self.state, self.date_offered)
        if not since:
            return self.state != "cancelling"
        # one second more, as the database keeps no fractions
        return fields.Datetime.now() > since + timedelta(seconds=self.controller_id.settle_time + 1)

    def _awaits_weight(self):
        """A finished batch is given the PLC's grace time for its finished weight."""
        grace = self.controller_id.weight_grace
        return bool(grace) and (
            not self.date_finished or fields.Datetime.now() < self.date_finished + timedelta(seconds=grace)
        )

    def _recipe(self, layout):
        """The recipe by role, in kg, as it was frozen when the order was queued."""
        lines = [(line.code, line.planned_qty) for line in self.line_ids]
        return layout.recipe(lines, **{role: self[name] for role, name in RECIPE_FIELDS.items()})

    # Business methods: what the PLC says

    def _apply(self, step):
        """Store what one step of the reconciler decided.

        :param step: a :class:`~..plc.reconcile.Step` about this batch
        """
        self.ensure_one()
        if step.anomaly:
            self._notice(step.anomaly)
            return
        values = dict(step.values)
        number = {"job_number": values["number"]} if "number" in values else {}
        if "actuals" in values:
            self._store_actuals(values["codes"], values["actuals"])
        self._note(values)
        if step.state:
            self._advance(step.state, values.get("weight", 0.0), number)
        elif self.attention_key:
            self.write({"attention": False, "attention_key": False})

    def _note(self, values):
        """What does not change the state: acknowledged, held, first seen withdrawn or finished."""
        if values.get("acknowledged"):
            self.acknowledged = True
        if "held" in values and values["held"] != self.held:
            self.held = values["held"]
            self._journal("state", self.env._("The PLC holds the batch.") if self.held else self.env._("The PLC goes on."))
        if values.get("obeyed"):
            self.command = False
        if "withdrawn" in values and bool(self.withdrawn_at) != values["withdrawn"]:
            self.withdrawn_at = values["withdrawn"] and fields.Datetime.now()
        if values.get("finished") and not self.date_finished:
            self.date_finished = fields.Datetime.now()
            self.env["plc.task.exchange"]._trigger(
                self.date_finished + timedelta(seconds=self.controller_id.weight_grace)
            )

    def _advance(self, state, weight, values):
        # A batch may be seen finished before it was ever seen running.
        if state in ("completed", "failed") and not self.date_started:
            values["date_started"] = fields.Datetime.now()
        if state in ("completed", "failed"):
            values.update(self._weight_values(weight), command=False, held=False)
        too_late = self.state == "cancelling" and state in CONSUMING
        self._set_state(state, release=False, **values)
        self._journal("state", self._state_message(state))
        self._log(state)
        self._follow(state, too_late)

    def _follow(self, state, too_late):
        """What else a new state brings about."""
        if state == "completed":
            self.env["plc.task.write.back"]._trigger()
        if state == "cancelled":
            self._follow_order()
        if state == "failed":
            self._follow_failure()
        elif self.weight_needed:
            self.attention = self.env._("The PLC reported no finished weight. Enter what was produced.")
        elif too_late:
            self.attention = self.env._("It was to be cancelled, but the PLC took the recipe at that very moment.")
            self._journal("state", self.attention)

    def _weight_values(self, weight):
        ask = not weight and self.controller_id.weight_policy == "ask"
        return {"finished_weight": weight, "produced_qty": 0.0 if ask else self._produced_qty(weight), "weight_needed": ask}

    def _state_message(self, state):
        number = self.job_number
        return {
            "sending": self.env._("Sending the recipe to slot %s.", self.slot),
            "offered": self.env._("The recipe stands in slot %s and is offered to the PLC.", self.slot),
            "running": self.env._("The PLC took the recipe.") if not number else self.env._("The PLC took job %s.", number),
            "completed": self.env._("The PLC finished; the actual quantities are stored."),
            "failed": self.env._("The PLC reported a failed batch; the actual quantities are stored."),
            "cancelled": self.env._("Cancelled: the PLC will not make it."),
        }[state]

    def _log(self, state):
        self.env["plc.task.exchange"]._log(
            "%s: %s %s in slot %s of %s", state, self.name, self.order_name, self.slot, self.controller_id.name
        )

    def _produced_qty(self, weight):
        """kg produced: the finished weight; where the PLC gave none, what the policy of the PLC says."""
        if weight:
            return weight
        if self.controller_id.weight_policy == "actuals":
            return sum(line._consumed_weight() for line in self.line_ids)
        return self.planned_qty

    def _store_actuals(self, codes, actuals):
        """Write the actuals (kg, by equipment code) into the lines, only where they changed.

        A component that the recipe does not name gets a line of its own: what was dosed is never dropped.
        """
        by_code = {line.code: line for line in self.line_ids if line.code}
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        for code, actual in zip(codes, actuals, strict=True):
            line = by_code.get(code)
            if line and (not line.reported or float_compare(line.actual_qty, actual, precision_digits=digits)):
                line.write({"actual_qty": actual, "reported": True})
            elif not line and actual:
                self._add_off_recipe_line(code, actual)

    def _add_off_recipe_line(self, code, actual):
        line = self.env["mo.batch.line"].create(
            {
                "batch_id": self.id,
                "sequence": 1000,
                "code": code,
                "uom_id": self.uom_id.id,
                "actual_qty": actual,
                "reported": True,
            }
        )
        line._find_product()

    def _notice(self, anomaly):
        """Journal an anomaly once a change, and say it on the batch."""
        key = f"{anomaly.code} {anomaly.detail}"
        if self.attention_key == key:
            return
        message = self._anomaly_message(anomaly)
        self.write({"attention": message, "attention_key": key})
        self._journal("anomaly", message, anomaly)
        self.env["plc.task.exchange"]._log("%s, slot %s: %s", self.controller_id.name, self.slot, message)

    def _anomaly_message(self, anomaly):
        sentences = {
            "rejected": self.env._("What slot %(slot)s reports is not believed: %(detail)s. Nothing was changed."),
            "occupied": self.env._("Slot %(slot)s cannot be used: %(detail)s."),
            "job_number": self.env._("Slot %(slot)s cannot be used, its job number is implausible: %(detail)s."),
            "database_behind": self.env._(
                "The PLC is ahead of this database: %(detail)s. If the database was restored from a backup, orders in line may "
                "have been made already: compare, cancel those, then go on. Nothing is sent until then."
            ),
            "lost": self.env._("The PLC seems to have lost its memory: %(detail)s. A person has to decide."),
            "untaken": self.env._("The PLC has not taken the recipe in slot %(slot)s: %(detail)s."),
            "doubt": self.env._("Slot %(slot)s: %(detail)s. Look at the PLC; nothing is sent again by itself."),
        }
        return sentences[anomaly.code] % {"slot": self.slot, "detail": said(self.env, anomaly.detail)}

    # Business methods: write-back errors

    def _note_error(self, message):
        """Keep the error beside the state, and try again after a pause that grows."""
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
