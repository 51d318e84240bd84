import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


class PlcTask(models.AbstractModel):
    """What the tasks share: a switch, a cron, and one line a run in the server's log."""

    _name = "plc.task"
    _description = "PLC Task"

    _number = 0
    _cron = ""  # external id of the scheduled action

    @api.model
    def _title(self):
        return self.env._("Task %s", self._number)

    @api.model
    def _log(self, message, *args):
        _logger.info("[TASK %s] " + message, self._number, *args)

    # Settings

    @api.model
    def _setting(self, name, default=""):
        """A setting, read from the database: a switch takes effect at once, also in the middle of a long run."""
        parameter = self.env["ir.config_parameter"].sudo().search([("key", "=", f"plc_mo_batch.{name}")])
        parameter.invalidate_recordset(["value"])
        return parameter.value or default

    @api.model
    def _setting_int(self, name, default):
        value = self._setting(name)
        return int(value) if value.lstrip("-").isdigit() else default

    @api.model
    def _is_enabled(self):
        """The master switch and the task's own are on, and this is not a neutralized copy (rule 10)."""
        if self._is_neutralized():
            return False
        return bool(self._setting("enabled") and self._setting(f"task_{self._number}_enabled"))

    @api.model
    def _is_neutralized(self):
        return bool(self.env["ir.config_parameter"].sudo().get_param("database.is_neutralized"))

    # Running

    @api.model
    def _trigger(self, at=None):
        """Have the cron worker run the task as soon as it can, after this transaction is committed."""
        cron = self.env.ref(self._cron, raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger(at)

    @api.model
    def _run(self):
        """Entry point of the scheduled action. Never raises for what a single PLC, order or batch does."""
        if not self._is_enabled():
            self._log("switched off: nothing done")
            return
        self._work()

    @api.model
    def _work(self):
        raise NotImplementedError

    @api.model
    def _commit(self):
        """Commit, and forget what was read: the next transaction sees the database as it is then."""
        self.env["ir.cron"]._commit_progress()
        self.env.invalidate_all()

    @api.model
    def _rollback(self):
        self.env.cr.rollback()
        self.env.invalidate_all()
