import logging
from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_datetime

from ...tools.odoo_edge import commit, is_neutralized, rollback
from .tasks import BY_MODEL, TASKS

_logger = logging.getLogger(__name__)

LATE_MINUTES = 10  # of delay that are tolerated, besides twice the interval
MINUTES = {"minutes": 1, "hours": 60, "days": 1440, "weeks": 10080, "months": 43200}  # per unit of a scheduled action's interval


@dataclass(frozen=True)
class Place:
    """``number``, from 0, of ``count`` scheduled actions that run the same task."""

    number: int
    count: int

    @property
    def is_first(self):
        return not self.number


class PlcTask(models.AbstractModel):
    """What the tasks share: a switch, a scheduled action, and one line per run in the server's log. ``tasks.py`` lists them."""

    _name = "plc.task"
    _description = "PLC Task"

    @property
    def _task(self):
        return BY_MODEL[self._name]

    @property
    def _number(self):
        return self._task.number

    @api.model
    def _all(self):
        """The models of all tasks, in their order."""
        return [self.env[task.model] for task in TASKS]

    @api.model
    def _title(self):
        return self.env._("Task %s", self._number)

    @api.model
    def _log(self, message, *args):
        _logger.info("[TASK %s] " + message, self._number, *args)

    # Settings

    @api.model
    def _settings(self, *names):
        """Settings by name, read from the database in one query: a switch takes effect at once, also in the middle of a long run.
        Settings that are off or empty are left out."""
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.invalidate_model(["value"])
        keys = [f"plc_mo_batch.{name}" for name in names]
        found = parameters.search_fetch([("key", "in", keys)], ["key", "value"])
        return {parameter.key.partition(".")[2]: parameter.value for parameter in found if parameter.value}

    @api.model
    def _setting(self, name, default=""):
        return self._settings(name).get(name, default)

    @api.model
    def _setting_int(self, name, default):
        value = self._setting(name)
        return int(value) if value.lstrip("-").isdigit() else default

    @api.model
    def _is_enabled(self):
        """The master switch and the task's own are on, and this is not a neutralized copy (rule 10)."""
        return self._name in self._enabled(self._task)

    @api.model
    def _enabled(self, *tasks):
        """Models of those among these tasks that are enabled, as in :meth:`_is_enabled`; in one query."""
        if self._is_neutralized():
            return set()
        settings = self._settings("enabled", *(task.switch for task in tasks))
        return {task.model for task in tasks if task.switch in settings and "enabled" in settings}

    @api.model
    def _is_neutralized(self):
        return is_neutralized(self.env)

    # Running

    @api.model
    def _trigger(self, at=None):
        """Have the cron workers run the task as soon as they can, after this transaction is committed."""
        for cron in self._scheduled_actions():
            cron._trigger(at)

    @api.model
    def _run(self):
        """Entry point of the scheduled action. It never raises because of a single PLC, order or batch.

        :raise AccessError: for anybody but the scheduled action's user
        """
        self._check_runner()
        if not self._is_enabled():
            self._log("switched off: nothing done")
            return
        self._work()
        self.env["plc.alarm"]._on_task_ran(self._task.number)

    @api.model
    def _check_runner(self):
        """A scheduled action is a server action, too. Odoo lets anybody who can log in, of the portal too, run one whose model is
        abstract: there are no rights on such a model that could be missing."""
        if not self.env.su and self.env.user != self._scheduled_action().user_id:
            raise AccessError(self.env._("Only the server runs the tasks."))

    @api.model
    def _work(self):
        raise NotImplementedError

    @api.model
    def _commit(self):
        """Commit, and drop the cache: the next transaction reads the database as it is then."""
        commit(self.env)
        self.env.invalidate_all()

    @api.model
    def _rollback(self):
        rollback(self.env)
        self.env.invalidate_all()

    # Monitoring

    @api.model
    def _scheduled_action(self):
        """The task's ir.cron; an empty recordset if it was deleted."""
        cron = self.env.ref(self._task.cron, raise_if_not_found=False)
        return (cron or self.env["ir.cron"]).sudo()

    @api.model
    def _scheduled_actions(self):
        """That one, and those beside it that share its PLCs, see :class:`~.taken_plcs.TakenPlcs`."""
        same = [("model_id.model", "=", self._name), ("code", "=", "model._run()")]
        return self.env["ir.cron"].sudo().search(same, order="id")

    @api.model
    def _place(self):
        """The :class:`Place` of the scheduled action that runs now, among those that share the PLCs."""
        ids = self._scheduled_actions().ids
        here = self.env.context.get("cron_id")
        return Place(ids.index(here) if here in ids else 0, max(len(ids), 1))

    @api.model
    def _mine(self):
        """The PLCs that this run serves: all, or its part where several share them."""
        place = self._place()
        return self.env["plc.controller"]._to_serve()[place.number :: place.count]

    @api.model
    def _interval_minutes(self):
        cron = self._scheduled_action()
        return cron.interval_number * MINUTES.get(cron.interval_type, 0)

    @api.model
    def _last_run(self):
        """When the scheduled action last ran, scheduled or triggered."""
        cron = self._scheduled_action()
        return cron.lastcall or cron.create_date

    @api.model
    def _is_late(self):
        allowed = timedelta(minutes=2 * self._interval_minutes() + LATE_MINUTES)
        last = self._last_run()
        return not last or fields.Datetime.now() - last > allowed

    @api.model
    def _trouble(self):
        """Why the task does not work, in a sentence; False if it works, or is switched off on purpose."""
        if not self._is_enabled():
            return False
        cron = self._scheduled_action()
        if not cron.active:
            return self.env._("%s is not running: its scheduled action is switched off.", self._title())
        if self._is_late():
            zone = self.env.company.sudo().resource_calendar_id.tz or "UTC"  # whose times stand on the board, too
            return self.env._(
                "%(task)s has not run since %(time)s (%(zone)s). Check that the server's cron workers are running.",
                task=self._title(),
                time=format_datetime(self.env, self._last_run(), tz=zone, dt_format="short"),
                zone=zone,
            )
        if cron.failure_count:
            return self.env._("%s is failing. See the server log.", self._title())
        return False
