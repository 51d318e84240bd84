from datetime import datetime

from odoo import api, fields, models

HEALTH = [("ok", "OK"), ("warning", "Warning"), ("error", "Error")]


class PlcController(models.Model):
    """How the PLC fares: a summary of its open alarms, how long Task 4 waits before it raises one, and who is told."""

    _inherit = "plc.controller"

    alarm_ids = fields.One2many("plc.alarm", "controller_id", readonly=True)
    alarm_count = fields.Integer(compute="_compute_health", string="Open Alarms")
    health = fields.Selection(
        HEALTH, compute="_compute_health", search="_search_health", help="Error: an alarm of high priority is open."
    )
    health_reason = fields.Text(compute="_compute_health", string="Because", help="What is wrong, a sentence a line.")
    watched_since = fields.Datetime(
        readonly=True, copy=False, default=fields.Datetime.now, help="When it was switched on: silence is counted from then."
    )
    silent_minutes = fields.Integer(
        string="Silent For", default=5, help="Minutes without an answer after which an alarm is raised. 0: never."
    )
    send_minutes = fields.Integer(
        string="Sent Within",
        default=15,
        help="Minutes that a batch may be queued, sent or withdrawn while the PLC answers and makes no other. 0: any time.",
    )
    run_minutes = fields.Integer(
        string="Progress Within",
        default=30,
        help="Minutes that a running batch may go without a kilogram more, unless the PLC holds it. 0: any time.",
    )
    post_minutes = fields.Integer(
        string="Written Back Within",
        default=15,
        help="Minutes that a completed batch that waits for nobody may not be written back. 0: any time.",
    )
    person_minutes = fields.Integer(
        string="Answered Within", default=30, help="Minutes that a batch may wait for a person. 0: any time."
    )
    order_minutes = fields.Integer(
        string="Queued Within",
        default=90,
        help="Minutes that orders may wait while the queue is empty. More than Task 1's interval. 0: any time.",
    )
    alarm_mail = fields.Selection(
        [("never", "Never"), ("high", "Of high priority"), ("all", "All")],
        string="Mail Alarms",
        required=True,
        default="never",
    )
    alarm_partner_ids = fields.Many2many("res.partner", string="Mail To", domain="[('email', '!=', False)]")

    _health_minutes_positive = models.Constraint(
        "CHECK(silent_minutes >= 0 AND send_minutes >= 0 AND run_minutes >= 0 AND post_minutes >= 0"
        " AND person_minutes >= 0 AND order_minutes >= 0)",
        "Minutes cannot be negative.",
    )

    @api.depends("alarm_ids.date_closed", "alarm_ids.priority", "enabled")
    def _compute_health(self):
        alarms = self.env["plc.alarm"].sudo()
        found = alarms.search([*alarms._open_domain(), ("controller_id", "in", [*self.ids, False])], order="date_opened, id")
        by_controller = found.grouped("controller_id")
        of_all = by_controller.get(self.browse(), alarms.browse())
        unwatched = self.env["plc.task.health"]._unwatched()
        for controller in self:
            standing, unseen = alarms.browse(), False
            if controller.enabled:  # one that is switched off on purpose stalls nothing
                standing, unseen = by_controller.get(controller._origin, alarms.browse()) + of_all, unwatched
            controller.alarm_count = len(standing)
            controller.health_reason = "\n".join([*standing.mapped("message"), *([unseen] if unseen else [])])
            worst = "error" if "high" in standing.mapped("priority") else "warning"
            controller.health = worst if standing or unseen else "ok"

    def _search_health(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        controllers = self.search([("active", "in", (True, False))])
        found = controllers.filtered(lambda controller: controller.health in value)
        return [("id", operator, found.ids)]

    # Actions

    def action_view_alarms(self):
        """Open the PLC's alarms, and those that concern all PLCs."""
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
        """When the PLC answered last; not before it was switched on."""
        return max(self.last_contact or datetime.min, self._watched_since())

    def _watched_since(self):
        return self.watched_since or self.create_date
