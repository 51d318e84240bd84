from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..batch.arguments import as_text
from ..common.plc_notifier import ACTIVITY
from ..common.roles import check_operator

CLOCKS_DIFFER = timedelta(hours=1)  # an older failure belongs to a batch of that time, or to none


class PlcFailure(models.Model):
    _name = "plc.failure"
    _inherit = ["plc.event"]
    _description = "Equipment Failure"
    _order = "date desc, id desc"
    _rec_names_search = ["text", "equipment_code", "equipment_id"]

    _area = "failure"

    equipment_code = fields.Char(string="Equipment as Reported", readonly=True)
    equipment_id = fields.Many2one("plc.equipment", readonly=True, index="btree_not_null", ondelete="set null")
    text = fields.Char(string="Failure", readonly=True, help="As reported by the PLC.")
    date_invalid = fields.Boolean(
        string="Date Is Invalid",
        readonly=True,
        help="The PLC did not give a valid date. The time shown is when the failure was read.",
    )
    batch_id = fields.Many2one("mo.batch", readonly=True, index="btree_not_null", help="The batch that was running at that time.")
    production_id = fields.Many2one(related="batch_id.production_id", store=True, string="Manufacturing Order")
    state = fields.Selection(
        [("open", "Open"), ("resolved", "Resolved")], required=True, readonly=True, default="open", index=True
    )
    resolution = fields.Text(string="Notes", readonly=True)
    resolved_at = fields.Datetime(readonly=True)
    resolved_by_id = fields.Many2one("res.users", readonly=True)
    minutes_open = fields.Float(
        compute="_compute_minutes_open", store=True, aggregator="avg", help="Minutes until it was resolved."
    )
    maintenance_request = fields.Integer(
        readonly=True, help="ID of the maintenance request, if the Maintenance app is installed."
    )

    @api.depends("text", "equipment_id", "equipment_code")
    def _compute_display_name(self):
        for failure in self:
            place = failure.equipment_id.name or failure.equipment_code
            failure.display_name = ": ".join(part for part in (place, failure.text) if part) or self.env._("Failure")

    @api.depends("date", "resolved_at")
    def _compute_minutes_open(self):
        for failure in self:
            is_over = failure.date and failure.resolved_at
            failure.minutes_open = is_over and max(0, (failure.resolved_at - failure.date).total_seconds() / 60)

    # Actions

    def action_open_resolve(self):
        """Ask what was done about it."""
        check_operator(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Resolve Failures"),
            "res_model": "plc.failure.resolve",
            "view_mode": "form",
            "target": "new",
            "context": {"default_failure_ids": self.ids},
        }

    def action_resolve(self, notes=""):
        """Mark failures as resolved.

        :param notes: what was wrong, and what was done
        :return: True
        :raise UserError: if one of them is already resolved
        """
        check_operator(self)
        for failure in self.sudo():
            if failure.state == "resolved":
                raise UserError(self.env._("%s is already resolved.", failure.display_name))
            failure.write(
                {
                    "state": "resolved",
                    "resolution": as_text(notes) or False,
                    "resolved_at": fields.Datetime.now(),
                    "resolved_by_id": self.env.uid,
                }
            )
            failure.message_post(body=self.env._("Resolved by %(user)s. %(notes)s", user=self.env.user.name, notes=notes or ""))
            failure.activity_feedback([ACTIVITY])
        return True

    def action_reopen(self):
        """Mark resolved failures as open again; the notes stay."""
        check_operator(self)
        for failure in self.sudo().filtered(lambda failure: failure.state == "resolved"):
            failure.write({"state": "open", "resolved_at": False, "resolved_by_id": False})
            failure.message_post(body=self.env._("Reopened by %s.", self.env.user.name))
        return True

    def action_open_maintenance_request(self):
        """Open the maintenance request that was created for it."""
        self.ensure_one()
        self.check_access("read")
        if not self._maintenance_request():
            raise UserError(self.env._("This failure has no maintenance request."))
        return self._maintenance_request()._get_records_action()

    # Business methods: a failure was reported

    @api.model
    def _prepare(self, controller, values):
        code = str(values.get("equipment", "")).strip()
        layout = controller.layout_id._layout()
        return {
            **super()._prepare(controller, values),
            "equipment_code": code,
            "equipment_id": self._equipment(controller, code).id,
            "text": str(values.get("failure", "")).strip(),
            "date_invalid": bool(layout.area("failure").by_role("year")) and "date" not in values,
        }

    @api.model
    def _equipment(self, controller, code):
        """The equipment with this code or name at the PLC."""
        known = {str(item.code): item for item in controller.equipment_ids}
        known.update({item.name.strip().lower(): item for item in controller.equipment_ids})
        return known.get(code.lower(), controller.equipment_ids.browse())

    def _on_stored(self):
        self.batch_id = self._batch_of_then()
        if self.batch_id:
            self.batch_id.message_post(body=self.env._("Equipment failure: %s", self.display_name))
        earlier = self._open_before()
        if earlier:
            return  # people were notified, and it is not resolved yet
        self._tell_responsible(self.env._("Equipment failure"), self.display_name)
        self._request_maintenance()

    def _batch_of_then(self):
        """The batch that ran when it happened. The times of PLC and Odoo may differ by minutes."""
        batches = (
            self.env["mo.batch"]
            .with_context(active_test=False)
            .search([("controller_id", "=", self.controller_id.id), ("date_started", "!=", False)])
        )
        then = batches.filtered(
            lambda batch: batch.date_started <= self.date and (not batch.date_finished or self.date <= batch.date_finished)
        )
        if not then and abs(fields.Datetime.now() - self.date) < CLOCKS_DIFFER:
            then = batches.filtered(lambda batch: batch.state == "running")
        with_it = then.filtered(lambda batch: self.equipment_id and self.equipment_id in batch.line_ids.equipment_id)
        found = with_it or then
        return found if len(found) == 1 else found.browse()

    def _open_before(self):
        same = [(name, "=", self[name]) for name in ("equipment_code", "text", "state")]
        return self.search([("controller_id", "=", self.controller_id.id), *same, ("id", "<", self.id)], limit=1)

    # Business methods: maintenance is another app, and may not be installed

    def _maintenance_request(self):
        """The request; empty if there is none, or it was deleted; False if the app is not installed."""
        if "maintenance.request" not in self.env or not self.maintenance_request:
            return False
        return self.env["maintenance.request"].browse(self.maintenance_request).exists()

    def _request_maintenance(self):
        if not self.controller_id.maintenance_requests or "maintenance.request" not in self.env:
            return
        request = (
            self.env["maintenance.request"]
            .sudo()
            .create(
                {
                    "name": self.display_name,
                    "company_id": self.company_id.id,
                    "maintenance_type": "corrective",
                    "description": self.env._("Reported by %s.", self.controller_id.name),
                }
            )
        )
        self.maintenance_request = request.id
