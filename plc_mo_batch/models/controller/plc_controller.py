import json
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.base.models.res_partner import _lang_get

from ...plc.layout import FLAGS
from ...plc.reconcile import Anomaly
from ...tools.translate import label_of

# The newest closed batch of each slot that the PLC took, or may yet take.
LATEST_CLOSED = """
    SELECT latest.id FROM generate_series(1, %(slots)s) AS number, LATERAL (
        SELECT id FROM mo_batch
         WHERE controller_id = %(plc)s AND slot = number AND NOT active
           AND (state = 'done' OR state = 'cancelled' AND (date_started IS NOT NULL OR armed))
         ORDER BY - id LIMIT 1
    ) AS latest
"""
RECENT_JOURNAL = 80  # journal lines on the form
TOLD_BATCHES = 10  # by name, in a refusal
CONTACT_SECONDS = 10  # while the PLC answers, its last contact is written at most this often

# what the board shows of a PLC: writing one of these reloads its lane
LANE_FIELDS = {
    "batch_limit", "commissioned", "enabled", "last_error", "layout_id", "name", "online", "picking_type_ids", "poll_interval",
    "require_available",
}  # fmt: skip
PLC_FIELDS = {"active", "company_id", "sequence"}  # which PLCs exist, and in which order


class PlcController(models.Model):
    _name = "plc.controller"
    _inherit = ["plc.changes", "plc.fenced", "plc.connection", "plc.guarded", "plc.tolerance"]
    _description = "PLC"
    _order = "sequence, name"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    lang = fields.Selection(
        _lang_get,
        string="Language",
        default=lambda self: self._default_lang(),
        help="The language in which the tasks write about the PLC: journal, attention messages, alarms and mails. A user's own "
        "actions are logged in that user's language.",
    )
    active = fields.Boolean(default=True)
    enabled = fields.Boolean(
        default=True, tracking=True, help="Off: no orders are queued for this PLC, and nothing is sent or read."
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    layout_id = fields.Many2one(
        "plc.register.layout",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
        domain="[('protocol', '=', protocol)]",
    )
    picking_type_ids = fields.Many2many(
        "stock.picking.type",
        string="Operation Types",
        domain="[('code', '=', 'mrp_operation'), ('company_id', '=', company_id)]",
        check_company=True,
        help="This PLC makes the orders of these operation types.",
    )
    max_batch_qty = fields.Float(
        string="Largest Batch",
        digits="Product Unit",
        help="Mixer capacity, in the PLC's weight unit. A larger order is made in several batches of equal size and closed "
        "with the last one. 0: no limit, one batch per order.",
    )
    require_available = fields.Boolean(
        string="Only with Available Components", help="Queue only orders whose components are all available."
    )
    missing_policy = fields.Selection(
        [("hand", "Added by hand"), ("refuse", "Not queued")],
        string="Component in No Silo",
        required=True,
        default="hand",
    )
    ambiguous_policy = fields.Selection(
        [("order", "In order of use"), ("refuse", "Not queued"), ("hand", "Added by hand")],
        string="Component in Several Silos",
        required=True,
        default="order",
        help="What to do when several silos hold a component and the BoM line selects none. In order of use: it is dosed from "
        "the first silo in the list that is in use and has enough, or from two. If the PLC changes over to another silo of the "
        "product by itself, what that doses counts for the component.",
    )
    disposition_policy = fields.Selection(
        [
            ("ask", "Ask an operator"),
            ("cancel", "Cancel the order"),
            ("withhold", "Withhold the order"),
            ("requeue", "Queue it again"),
        ],
        string="After a Failure",
        required=True,
        default="ask",
    )
    disposition_material = fields.Selection(
        [("scrap", "As scrap"), ("consume", "As consumption of the order")],
        string="Failed Batch Material",
        required=True,
        default="scrap",
    )
    batch_limit = fields.Integer(help="Batches per fill. 0: as in the settings. Never more than the layout has slots.")
    poll_interval = fields.Float(
        string="Live Polling",
        help="Seconds between two reads while the PLC has a batch, so that screens are live. 0: read only when Task 2 runs.",
    )
    settle_time = fields.Float(default=2.0, help="Seconds the PLC may take to show what was written before it is written again.")
    quiet_time = fields.Float(
        default=10.0,
        help="Seconds after a write with an unknown outcome during which it may still arrive. Until then nothing counts as "
        "settled, no event is acknowledged, and nothing is written to a PLC with flags.",
    )
    weight_policy = fields.Selection(
        [("planned", "Planned quantity"), ("actuals", "Sum of the components"), ("ask", "Ask an operator")],
        string="Without Finished Weight",
        required=True,
        default="planned",
        help="What counts as produced when the PLC does not report a finished weight.",
    )
    weight_grace = fields.Float(
        string="Wait for Finished Weight", help="Seconds a finished batch is given to report its weight. 0: none."
    )
    take_minutes = fields.Integer(
        string="Take Recipe Within",
        default=60,
        help="Minutes within which an idle PLC must take an offered recipe; after that the batch needs attention. 0: no limit.",
    )
    uom_id = fields.Many2one(
        "uom.uom",
        string="Weight Unit",
        required=True,
        default=lambda self: self.env.ref("uom.product_uom_kgm", raise_if_not_found=False),
    )
    equipment_ids = fields.One2many("plc.equipment", "controller_id")
    batch_ids = fields.One2many("mo.batch", "controller_id")
    queue_count = fields.Integer(compute="_compute_queue_count")
    journal_ids = fields.One2many("mo.batch.journal", "controller_id", readonly=True, groups="plc_mo_batch.group_operator")
    recent_journal_ids = fields.One2many(
        "mo.batch.journal",
        string="Latest Journal Entries",
        compute="_compute_recent_journal_ids",
        groups="plc_mo_batch.group_operator",
    )
    online = fields.Boolean(readonly=True, copy=False)
    last_contact = fields.Datetime(readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)
    last_job = fields.Integer(readonly=True, copy=False, help="Highest job number ever assigned for this PLC.")
    shown_job = fields.Integer(
        readonly=True, copy=False, help="Highest job number shown by the PLC, if it is above all numbers assigned here."
    )
    fill_count = fields.Integer(readonly=True, copy=False, help="Written by each fill so that two cannot run at once.")
    unconfirmed_write_at = fields.Datetime(
        readonly=True, copy=False, help="When something was written that is not yet known to have arrived."
    )

    _times_positive = models.Constraint(
        "CHECK(poll_interval >= 0 AND max_batch_qty >= 0 AND settle_time >= 0 AND quiet_time >= 0 AND batch_limit >= 0)",
        "Times and limits cannot be negative.",
    )
    _times_range = models.Constraint(  # PostgreSQL holds NaN for larger than any number
        "CHECK(poll_interval <= 86400 AND settle_time <= 86400 AND quiet_time <= 86400 AND weight_grace BETWEEN 0 AND 86400"
        " AND take_minutes BETWEEN 0 AND 525600)",
        "Seconds must be between 0 and a day, minutes between 0 and a year.",
    )

    def _default_lang(self):
        """The language of the person who sets up the PLC, as they speak the plant's; without a person, the company's."""
        return self._active_lang(self.env.lang or self.env.company.partner_id.lang)

    @api.depends("batch_ids.active", "batch_ids.parked")
    def _compute_queue_count(self):
        waiting = [("controller_id", "in", self.ids), ("parked", "=", False), ("active", "=", True)]
        counts = dict(self.env["mo.batch"]._read_group(waiting, ["controller_id"], ["__count"]))
        for controller in self:
            controller.queue_count = counts.get(controller, 0)

    def _compute_recent_journal_ids(self):
        """Only a page of them: there may be a million."""
        for controller in self:
            of_controller = [("controller_id", "=", controller.id)]
            controller.recent_journal_ids = self.env["mo.batch.journal"].search(of_controller, limit=RECENT_JOURNAL)

    @api.onchange("transport")
    def _onchange_transport_layout(self):
        self.layout_id = self.layout_id._of_protocol(self.protocol)

    @api.constrains("layout_id")
    def _check_layout_is_whole(self):
        for controller in self:
            if controller.layout_id.problems:
                raise ValidationError(
                    self.env._(
                        "The layout %(layout)s cannot be used yet:\n%(problems)s",
                        layout=controller.layout_id.name,
                        problems=controller.layout_id.problems,
                    )
                )

    @api.constrains("node")
    def _check_node_behind_gateway(self):
        """There the node says which PLC it is; one that has the address may be given another."""
        self.filtered(lambda controller: controller._needs("route") and controller.network)._check_no_batch_in_plc()

    @api.constrains("layout_id", "device_id", "network", "node_unit", "rack", "rack_slot")
    def _check_no_batch_in_plc(self):
        """None of what says which PLC is meant, of those at one address."""
        if self.env["mo.batch"].sudo().search_count([("controller_id", "in", self.ids), ("state", "!=", "queued")], limit=1):
            raise ValidationError(
                self.env._("The layout, and which PLC behind the address is meant, cannot be changed while the PLC has batches.")
            )

    # What it has in hand

    def _check_lets_go(self, vals):
        """
        :raise UserError: if a PLC that has batches would be archived or moved to another company, and they with it out of sight
        """
        if vals.get("active", True) and not vals.get("company_id"):
            return
        for controller in self:
            moves = vals.get("company_id") not in (None, False, controller.company_id.id)
            if moves or controller.active and not vals.get("active", True):
                controller._check_empty()

    def _check_empty(self):
        held = self._told_in_hand()
        if held:
            raise UserError(self.env._("%s First let it finish them, or cancel them. To stop it, switch it off.", held))

    def _told_in_hand(self):
        """What the PLC has in hand, as a sentence; empty if it has nothing."""
        batches = self.env["mo.batch"].sudo().search([("controller_id", "=", self.id), ("active", "=", True)], order="slot, id")
        if not batches:
            return ""
        named = [f"{batch.name} ({label_of(batch, 'state')})" for batch in batches[:TOLD_BATCHES]]
        if len(batches) > TOLD_BATCHES:
            named.append(self.env._("and %s more", len(batches) - TOLD_BATCHES))
        return self.env._("%(plc)s has batches in hand: %(batches)s.", plc=self.name, batches=", ".join(named))

    @api.ondelete(at_uninstall=False)
    def _unlink_if_empty(self):
        for controller in self:
            controller._check_empty()

    # CRUD: notify the board of every write to what it shows

    @api.model_create_multi
    def create(self, vals_list):
        controllers = super().create(vals_list)
        self.env["plc.board"]._mark_companies(controllers.company_id.ids)
        return controllers

    def write(self, vals):
        self._check_lets_go(vals)
        board = self.env["plc.board"]
        if PLC_FIELDS.intersection(vals):
            board._mark_companies([*self.company_id.ids, *filter(None, [vals.get("company_id")])])
        rewired = self._rewired_by(vals)
        switched_on = vals.get("enabled") and self.filtered(lambda controller: not controller.enabled)
        result = super().write(vals)
        rewired._void_commissioning(self.env._("Its connection or layout was changed."))
        if LANE_FIELDS.intersection(vals):
            board._mark_lanes(self.ids)
        elif "last_contact" in vals:
            board._mark_lanes(self.ids, lane=False)
        if switched_on:
            switched_on.sudo().watched_since = fields.Datetime.now()
        if "enabled" in vals:
            self.env["plc.task.health"]._trigger()
        return result

    def unlink(self):
        self.env["plc.board"]._mark_companies(self.company_id.ids)
        return super().unlink()

    def _plcs_concerned(self):
        return self

    # Actions

    def action_view_queue(self):
        """Open the batches that the PLC still owes."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.mo_batch_action")
        action["domain"] = [("controller_id", "=", self.id)]
        return json.loads(json.dumps(action, default=str))

    # Business methods

    @api.model
    def _to_serve(self):
        """The PLCs that the tasks serve."""
        return self.sudo().search([("enabled", "=", True)])

    def _batch_limit(self):
        """Batches per fill: the PLC's own limit, or else the setting; never more than the layout has slots."""
        limit = self.batch_limit or self.env["plc.task.fill"]._setting_int("batch_limit", 10)
        return max(0, min(limit, self.layout_id.slots))

    def _in_plc_language(self):
        """The PLC, with all texts in its language."""
        return self.with_context(lang=self._language())

    def _language(self):
        """The code of the PLC's language, or else of its company's; None if both are inactive: English."""
        return self._active_lang(self.lang) or self._active_lang(self.company_id.partner_id.lang)

    def _active_lang(self, code):
        return code if code and self.env["res.lang"]._get_data(code=code) else None

    def _jobs(self, layout):
        """Open batches and, for each slot, the latest closed one, as the reconciler takes them."""
        batches = self.env["mo.batch"].search([("controller_id", "=", self.id)])
        if not self.commissioned:  # it must not be sent what is only queued
            batches = batches.filtered(lambda batch: batch.state != "queued")
        fresh = batches and batches._fresh()
        return [batch._job(layout, batch in fresh) for batch in (batches | self._latest_closed(layout.slots))]

    def _latest_closed(self, slots):
        """The newest closed batch of each slot that the PLC took, or may yet take: what the PLC shows may still be about it.

        It may have to be acknowledged, or its recipe to be cleared; and what it shows of a result may only be what is stored.
        """
        self.env["mo.batch"].flush_model()
        self.env.cr.execute(SQL(LATEST_CLOSED, slots=slots, plc=self.id))
        return self.env["mo.batch"].browse(row[0] for row in self.env.cr.fetchall())

    def _is_unsure(self):
        """A write of unknown fate may still be applied."""
        since = self.unconfirmed_write_at
        until = since and since + timedelta(seconds=self.quiet_time)
        return bool(until and fields.Datetime.now() <= until)

    def _is_quiet(self, layout):
        """Quiet time: a PLC with flags gets no write at all."""
        return layout.handshake == FLAGS and self._is_unsure()

    def _record_failed_exchange(self, message):
        """An exchange ended for a reason on Odoo's side, such as a lost certificate: whether the PLC answers is not known.
        Written when the reason changed."""
        if self.last_error != message:
            self.last_error = message

    def _record_untaken(self):
        """An idle PLC that does not take what it is offered needs a look. Report it once, and clear it when the PLC runs."""
        batches = self.env["mo.batch"].search([("controller_id", "=", self.id), ("state", "in", ("offered", "running"))])
        waiting = self._untaken(batches)
        due = fields.Datetime.now() - timedelta(minutes=self.take_minutes)
        overdue = waiting.filtered(lambda batch: batch.date_offered < due)
        if overdue and self._idle_since() > due:
            return  # it has only just ended the previous one
        for batch in overdue:
            detail = self.env._("offered at %s UTC, but the PLC is idle", batch.date_offered)
            batch._record_anomaly(Anomaly("untaken", detail))

    def _untaken(self, batches):
        """Which of the PLC's batches it is offered while it is idle, and nobody was told; none if they may wait for ever."""
        if not self.take_minutes or "running" in batches.mapped("state"):
            return batches.browse()
        return batches.filtered(lambda batch: batch.state == "offered" and not batch.attention)

    def _still_until(self, batches):
        """How long nothing is to be done about these batches of the PLC if nothing new is shown or written; None if that is not
        known."""
        if any(batch.date_finished and batch._awaits_weight() for batch in batches):
            return None
        offered = self._untaken(batches).mapped("date_offered")
        return min(offered) + timedelta(minutes=self.take_minutes) if offered else datetime.max

    def _idle_since(self):
        """When the PLC ended its last batch (long ago, if it never made one); None while it makes one."""
        batches = self.env["mo.batch"].with_context(active_test=False)
        domain = [("controller_id", "=", self.id)]
        if batches.search_count([*domain, ("state", "=", "running")], limit=1):
            return None
        last = batches.search([*domain, ("date_finished", "!=", False)], order="date_finished desc", limit=1)
        return last.date_finished or datetime.min

    def _record_contact(self):
        """The PLC answered. Journalled if it had not before; written every few seconds only, as fills and people's edits write to
        the same row."""
        now, was_online = fields.Datetime.now(), self.online
        if was_online and not self.last_error and not self._is_contact_due(now):
            return
        values = {"last_contact": now, "last_error": False}
        if not was_online:
            values["online"] = True
            self.env["mo.batch.journal"]._record("contact", self.env._("The PLC answers."), controller=self)
        self.write(values)
        if not was_online:
            self.env["plc.task.health"]._trigger()  # closes the alarm about its silence

    def _record_contacts(self):
        """These PLCs answered, as they did before; written every few seconds only."""
        now = fields.Datetime.now()
        self.filtered(lambda plc: plc._is_contact_due(now)).write({"last_contact": now})

    def _is_contact_due(self, now):
        """The stored one is some seconds old, or of a clock that was set back since."""
        return not self.last_contact or abs(now - self.last_contact) >= timedelta(seconds=CONTACT_SECONDS)

    def _record_silence(self, error):
        """The PLC could not be reached. Journalled when the error changed.

        :param error: a :class:`~...plc.wire.LinkError`
        """
        message, was_online = self._link_message(error), self.online
        self.env["plc.task.exchange"]._log("%s: %s", self.name, message)
        if was_online or self.last_error != message:
            self.write({"online": False, "last_error": message})
            self.env["mo.batch.journal"]._record("contact", message, controller=self)
        self.env["plc.counter"]._add(self, "link_errors")
        if was_online and self.silent_minutes:  # check again once it may have been silent for too long
            due = self._last_heard() + timedelta(minutes=self.silent_minutes, seconds=1)
            self.env["plc.task.health"]._trigger(due)
