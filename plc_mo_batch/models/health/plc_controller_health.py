from datetime import datetime

from odoo import api, fields, models

HEALTH = [("ok", "OK"), ("unknown", "Never contacted"), ("warning", "Warning"), ("error", "Error")]


class PlcController(models.Model):
    """The PLC's health: a summary of its open alarms, how long Task 4 waits before it raises one, and who is notified."""

    _inherit = "plc.controller"

    alarm_ids = fields.One2many("plc.alarm", "controller_id", readonly=True)
    alarm_count = fields.Integer(compute="_compute_health", string="Open Alarms")
    health = fields.Selection(
        HEALTH, compute="_compute_health", search="_search_health", help="Error: an alarm of high priority is open."
    )
    health_reason = fields.Text(compute="_compute_health", help="Health problems, one sentence per line.")
    watched_since = fields.Datetime(
        string="Monitored Since",
        readonly=True,
        copy=False,
        default=fields.Datetime.now,
        help="When the PLC was switched on; time without an answer counts from then.",
    )
    silent_minutes = fields.Integer(
        string="No-Answer Alarm (min)", default=5, help="Minutes without an answer before an alarm is raised. 0: no alarm."
    )
    send_minutes = fields.Integer(
        string="Handover Alarm (min)",
        default=15,
        help="Minutes a batch may be queued, sending or withdrawn while the PLC answers and runs no other batch. 0: no alarm.",
    )
    run_minutes = fields.Integer(
        string="Dosing Alarm (min)",
        default=30,
        help="Minutes a running batch may go without dosing anything, unless the PLC holds it. 0: no alarm.",
    )
    post_minutes = fields.Integer(
        string="Write-back Alarm (min)",
        default=15,
        help="Minutes within which a completed batch must be written back, unless it is waiting for an operator. 0: no alarm.",
    )
    person_minutes = fields.Integer(
        string="Operator Alarm (min)", default=30, help="Minutes a batch may wait for an operator. 0: no alarm."
    )
    order_minutes = fields.Integer(
        string="Waiting Orders Alarm (min)",
        default=90,
        help="Minutes orders may wait while the queue is empty. Use more than Task 1's interval. 0: no alarm.",
    )
    alarm_mail = fields.Selection(
        [("never", "Never"), ("high", "High priority only"), ("all", "All")],
        string="Alarm Mails",
        required=True,
        default="never",
    )
    alarm_partner_ids = fields.Many2many(
        "res.partner", string="Mail Recipients", domain="[('email', '!=', False)]", check_company=True
    )

    _health_minutes_positive = models.Constraint(
        "CHECK(silent_minutes >= 0 AND send_minutes >= 0 AND run_minutes >= 0 AND post_minutes >= 0"
        " AND person_minutes >= 0 AND order_minutes >= 0)",
        "Minutes cannot be negative.",
    )
    _health_minutes_range = models.Constraint(
        "CHECK(GREATEST(silent_minutes, send_minutes, run_minutes, post_minutes, person_minutes, order_minutes) <= 525600)",
        "Minutes must be between 0 and a year.",
    )

    @api.depends("alarm_ids.date_closed", "alarm_ids.priority", "enabled", "last_contact")
    def _compute_health(self):
        alarms = self.env["plc.alarm"].sudo()
        found = alarms.search([*alarms._open_domain(), ("controller_id", "in", [*self.ids, False])], order="date_opened, id")
        by_controller = found.grouped("controller_id")
        of_all = by_controller.get(self.browse(), alarms.browse())
        unwatched = self.env["plc.task.health"]._unwatched()
        for controller in self:
            standing, unseen = alarms.browse(), False
            if controller.enabled:  # a PLC that is switched off on purpose stalls nothing
                standing, unseen = by_controller.get(controller._origin, alarms.browse()) + of_all, unwatched
            controller.alarm_count = len(standing)
            controller.health_reason = "\n".join([*standing.mapped("message"), *([unseen] if unseen else [])])
            worst = "error" if "high" in standing.mapped("priority") else "warning"
            well = "ok" if controller.last_contact else "unknown"
            controller.health = worst if standing or unseen else well

    def _search_health(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        controllers = self.search([("active", "in", (True, False))])
        found = controllers.filtered(lambda controller: controller.health in value)
        return [("id", operator, found.ids)]

    # Actions

    def action_view_alarms(self):
        """Open the PLC's alarms, including those that affect all PLCs."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.plc_alarm_action")
        return {
            "type": "ir.actions.act_window",
            "name": action["name"],
            "res_model": "plc.alarm",
            "view_mode": "list,form",
            "domain": [("controller_id", "in", (self.id, False))],
            "context": {"search_default_standing": 1},
        }

    # Business methods

    def _last_heard(self):
        """When the PLC last answered, but not before it was switched on."""
        return max(self.last_contact or datetime.min, self._watched_since())

    def _watched_since(self):
        return self.watched_since or self.create_date
