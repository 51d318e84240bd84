from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ...plc.address import parse_networks
from ...tools.odoo_edge import set_parameter
from ...tools.shifts import SHIFTS, shift_hours
from ...tools.translate import translate
from ..common.plc_task_runs import MOST_RUNS, RUNS
from ..common.tasks import TASKS

MINUTES = [f"plc_task_{task.number}_minutes" for task in TASKS]
SYSTEM = "base.group_system"  # who may open the settings; every field of ours is restricted to it


def policy(name):
    """The default of a policy for new PLCs; the choices are the PLC's own."""
    return fields.Selection(
        lambda self: self.env["plc.controller"]._fields[name]._description_selection(self.env),
        default=lambda self: self.env["plc.controller"].sudo().default_get([name]).get(name),
        default_model="plc.controller",
        groups=SYSTEM,
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    plc_enabled = fields.Boolean(string="PLC Batches", config_parameter="plc_mo_batch.enabled", groups=SYSTEM)
    for task in TASKS:  # plc_task_1_enabled, plc_task_1_minutes …
        vars()[f"plc_task_{task.number}_enabled"] = fields.Boolean(
            string=task.title, config_parameter=f"plc_mo_batch.{task.switch}", groups=SYSTEM
        )
        vars()[f"plc_task_{task.number}_minutes"] = fields.Integer(string=task.interval_title, groups=SYSTEM)
    del task
    plc_batch_limit = fields.Integer(
        string="Batches per fill", config_parameter="plc_mo_batch.batch_limit", default=10, groups=SYSTEM
    )
    plc_write_back_tries = fields.Integer(
        string="Write-back attempts", config_parameter="plc_mo_batch.write_back_tries", default=5, groups=SYSTEM
    )
    plc_parallel_runs = fields.Integer(string="Parallel runs", config_parameter=f"plc_mo_batch.{RUNS}", default=1, groups=SYSTEM)
    default_ambiguous_policy = policy("ambiguous_policy")
    default_backorder_policy = policy("backorder_policy")
    default_consumption_policy = policy("consumption_policy")
    default_disposition_policy = policy("disposition_policy")
    default_dose_policy = policy("dose_policy")
    default_hand_add_check_policy = policy("hand_add_check_policy")
    default_hand_add_policy = policy("hand_add_policy")
    default_level_policy = policy("level_policy")
    default_lot_policy = policy("lot_policy")
    default_missing_policy = policy("missing_policy")
    default_step_policy = policy("step_policy")
    default_weight_policy = policy("weight_policy")
    plc_metrics_key = fields.Char(string="Metrics Key", config_parameter="plc_mo_batch.metrics_key", readonly=True, groups=SYSTEM)
    plc_refill = fields.Boolean(string="Refill an empty queue at once", config_parameter="plc_mo_batch.refill", groups=SYSTEM)
    plc_fill_on_confirm = fields.Boolean(
        string="Fill when an order is confirmed", config_parameter="plc_mo_batch.fill_on_confirm", groups=SYSTEM
    )
    plc_allowed_networks = fields.Char(
        string="Allowed PLC networks", config_parameter="plc_mo_batch.allowed_networks", groups=SYSTEM
    )
    plc_shift_hours = fields.Char(
        string="Shift start times", config_parameter="plc_mo_batch.shift_hours", default=SHIFTS, groups=SYSTEM
    )
    plc_journal_days = fields.Integer(
        string="Days to keep the journal", config_parameter="plc_mo_batch.journal_days", groups=SYSTEM
    )

    @api.constrains(*MINUTES, "plc_batch_limit", "plc_write_back_tries")
    def _check_plc_numbers(self):
        for settings in self:
            if min(*(settings[name] for name in MINUTES), settings.plc_batch_limit, settings.plc_write_back_tries) < 1:
                raise ValidationError(self.env._("Intervals, batches per fill and write-back attempts must be at least 1."))

    @api.constrains("plc_parallel_runs")
    def _check_plc_parallel_runs(self):
        for settings in self:
            if not 1 <= settings.plc_parallel_runs <= MOST_RUNS:
                raise ValidationError(self.env._("Enter from 1 to %s parallel runs.", MOST_RUNS))

    @api.constrains("plc_journal_days")
    def _check_plc_journal_days(self):
        if min(self.mapped("plc_journal_days"), default=0) < 0:
            raise ValidationError(self.env._("Enter the days to keep the journal, or 0 to keep it forever."))

    @api.constrains("plc_shift_hours")
    def _check_plc_shift_hours(self):
        for settings in self.filtered("plc_shift_hours"):
            try:
                shift_hours(settings.plc_shift_hours)
            except ValueError as error:
                raise ValidationError(
                    self.env._("Enter shift start times as whole hours from 0 to 23, separated by commas, such as %s.", SHIFTS)
                ) from error

    @api.constrains("plc_allowed_networks")
    def _check_plc_allowed_networks(self):
        for settings in self:
            try:
                parse_networks(settings.plc_allowed_networks or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "Enter networks like 127.0.0.1 or 169.254.0.0/16, separated by commas: %s",
                        translate(self.env, error),
                    )
                ) from error

    @api.model
    def default_get(self, fields):
        """Leave out fields that the user's groups hide. Anyone may call this method, even portal users, and Odoo checks groups
        on reading only. Users who may open the settings get what Odoo returns, as saving starts from it."""
        if not self._is_plc_system():
            fields = [name for name in fields if self._has_field_access(self._fields[name], "read")]
        return super().default_get(fields)

    @api.model
    def get_values(self):
        values = super().get_values()
        if not self._is_plc_system():
            return values
        for name, task in zip(MINUTES, self.env["plc.task"]._all(), strict=True):
            cron = task._scheduled_action()
            values[name] = cron._plc_minutes() if cron else 1
        return values

    def set_values(self):
        if not self.env.is_admin():  # Odoo checks this only in execute(), and this method is public, too
            raise AccessError(self.env._("Only administrators can change the settings."))
        result = super().set_values()
        for name, task in zip(MINUTES, self.env["plc.task"]._all(), strict=True):
            task._share_among(self.plc_parallel_runs)
            for cron in task._scheduled_action() | task._scheduled_actions():
                cron._plc_set_minutes(self[name])
        return result

    def action_plc_new_metrics_key(self):
        """Switch the metrics on, or replace their key, so that the old one stops working."""
        self._check_plc_system()
        self.env["plc.metrics"]._new_key()
        return {"type": "ir.actions.client", "tag": "reload"}

    def action_plc_metrics_off(self):
        """Switch the metrics off: nobody can read them any more."""
        self._check_plc_system()
        set_parameter(self.env, "plc_mo_batch.metrics_key", False)
        return {"type": "ir.actions.client", "tag": "reload"}

    @api.model
    def _is_plc_system(self):
        return self.env.su or self.env.user.has_group(SYSTEM)

    def _check_plc_system(self):
        if not self.env.user.has_group(SYSTEM):
            raise AccessError(self.env._("Only administrators can do this."))
