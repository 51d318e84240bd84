from datetime import timezone
from zoneinfo import ZoneInfo

from odoo import fields, models

from odoo.addons.base.models.res_partner import _tz_get


class PlcController(models.Model):
    """Equipment failures and manual weighings of a PLC: their settings, and the problems with reading them."""

    _inherit = "plc.controller"

    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        help="The time zone of the PLC's clock. If the clock does not change for daylight saving time, choose a zone that does "
        "not either.",
    )
    maintenance_requests = fields.Boolean(
        string="Request Maintenance", help="Creates a maintenance request for each equipment failure, unless one is already open."
    )
    has_maintenance = fields.Boolean(compute="_compute_has_maintenance")
    weighing_grace = fields.Float(
        string="Wait for Weighings",
        default=10.0,
        help="Minutes a finished batch waits for all hand-added components to be weighed. After that the weighings received so "
        "far count, and an operator is asked about the rest.",
    )
    event_problem = fields.Char(readonly=True, copy=False, help="Why failures or weighings cannot be read or stored.")
    failure_count = fields.Integer(compute="_compute_event_counts")
    weighing_count = fields.Integer(compute="_compute_event_counts")
    has_events = fields.Boolean(related="layout_id.has_events", related_sudo=True)

    _grace_positive = models.Constraint("CHECK(weighing_grace >= 0)", "Times cannot be negative.")
    _grace_range = models.Constraint("CHECK(weighing_grace <= 525600)", "Minutes must be between 0 and a year.")

    def _compute_has_maintenance(self):
        self.has_maintenance = "maintenance.request" in self.env

    def _compute_event_counts(self):
        """Open failures, and weighings that wait for a person."""
        failures = dict(
            self.env["plc.failure"]._read_group(
                [("controller_id", "in", self.ids), ("state", "=", "open")], ["controller_id"], ["__count"]
            )
        )
        weighings = dict(
            self.env["plc.weighing"]._read_group(
                [("controller_id", "in", self.ids), ("needs_person", "=", True)], ["controller_id"], ["__count"]
            )
        )
        for controller in self:
            controller.failure_count = failures.get(controller, 0)
            controller.weighing_count = weighings.get(controller, 0)

    # Actions

    def action_view_failures(self):
        """Open the equipment failures of the PLC."""
        return self._action_events("plc_mo_batch.plc_failure_action")

    def action_view_weighings(self):
        """Open the manual weighings for the PLC's batches."""
        return self._action_events("plc_mo_batch.plc_weighing_action")

    def _action_events(self, xmlid):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        keys = ("type", "name", "res_model", "view_mode", "path")
        return {**{key: action[key] for key in keys}, "domain": [("controller_id", "=", self.id)]}

    # Business methods

    def _to_utc(self, local):
        """Convert a time of the PLC's clock to UTC, as Odoo stores times."""
        return local.replace(tzinfo=ZoneInfo(self.tz)).astimezone(timezone.utc).replace(tzinfo=None)

    def _record_event_problem(self, problem):
        """Store the problem; journal it if it changed."""
        if (self.event_problem or "") == problem:
            return
        self.event_problem = problem
        if problem:
            self.env["mo.batch.journal"]._record("anomaly", problem, controller=self)
