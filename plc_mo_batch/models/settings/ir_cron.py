from odoo import models

from ...tools.odoo_edge import set_parameter

WISH = "plc_mo_batch.minutes_wanted_of_cron_%s"


class IrCron(models.Model):
    """An interval can be changed even while its task runs, and with live polling it nearly always does.

    While Odoo's worker runs a scheduled action, it locks its row. So the new interval is kept in a parameter, and the worker
    applies it itself as soon as the run is over.
    """

    _inherit = "ir.cron"

    def _plc_set_minutes(self, minutes):
        """Run every ``minutes``: from now on, or from the end of the current run."""
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            set_parameter(self.env, WISH % self.id, minutes)
            return
        set_parameter(self.env, WISH % self.id, False)
        if (self.interval_number, self.interval_type) != (minutes, "minutes"):
            self.write({"interval_number": minutes, "interval_type": "minutes"})

    def _plc_minutes(self):
        """How often it runs, or soon will."""
        return self._plc_minutes_wanted() or self.interval_number

    def _plc_minutes_wanted(self):
        return int(self.env["ir.config_parameter"].sudo().search([("key", "=", WISH % self.id)]).value or 0)

    def _reschedule_later(self, job):
        """The worker's cursor, which locks the row, began before the run. Another cursor reads what was requested meanwhile."""
        with self.pool.cursor() as cr:
            minutes = self.browse(job["id"]).with_env(self.env(cr=cr))._plc_minutes_wanted()
        if minutes:
            job = {**job, "interval_number": minutes, "interval_type": "minutes"}
            self.env.cr.execute(
                "UPDATE ir_cron SET interval_number = %s, interval_type = 'minutes' WHERE id = %s", [minutes, job["id"]]
            )
            self.env.cr.postcommit.add(lambda: self._plc_forget_wish(job["id"], minutes))
        return super()._reschedule_later(job)

    def _plc_forget_wish(self, cron_id, minutes):
        """Delete the request that was applied, unless a newer one has replaced it."""
        with self.pool.cursor() as cr:
            cr.execute("DELETE FROM ir_config_parameter WHERE key = %s AND value = %s", [WISH % cron_id, str(minutes)])
