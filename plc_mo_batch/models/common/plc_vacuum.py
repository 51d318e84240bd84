from odoo import api, fields, models

from .marks import VACUUM

TOGETHER = 1000  # records in one transaction of Odoo's vacuum


class PlcVacuum(models.AbstractModel):
    """How long the journal and closed alarms are kept: a setting in days, 0 for ever."""

    _name = "plc.vacuum"
    _description = "PLC Retention"

    @api.autovacuum
    def _gc_journal(self):
        """The journal of an open batch stays whole, however old it is."""
        return self._vacuum("mo.batch.journal", "create_date", ["|", ("batch_id", "=", False), ("batch_id.active", "=", False)])

    @api.autovacuum
    def _gc_alarms(self):
        return self._vacuum("plc.alarm", "date_closed", [("state", "=", "normal")])

    @api.model
    def _vacuum(self, model, date, domain):
        """Delete what is too old, oldest first.

        :return: how many were deleted, and whether there are more, as Odoo's vacuum expects it
        """
        days = self.env["plc.task"]._setting_int("journal_days", 0)
        if days <= 0:
            return 0, 0
        before = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        records = self.env[model].sudo().with_context(active_test=False)
        old = VACUUM.on(records).search([(date, "<", before), *domain], order="id", limit=TOGETHER)
        old.unlink()
        return len(old), len(old) == TOGETHER
