from datetime import timedelta

from odoo import fields, models


class PlcController(models.Model):
    """What a PLC that reads well does not accept: writes, and slots that it does not have."""

    _inherit = "plc.controller"

    write_problem = fields.Char(readonly=True, copy=False, help="Why the PLC does not accept what Odoo writes.")
    write_problem_at = fields.Datetime(readonly=True, copy=False, help="Since when the PLC has not accepted what Odoo writes.")
    slot_problem = fields.Char(readonly=True, copy=False, help="Which slots of the layout the PLC does not have.")

    def _record_write_problem(self, message):
        """Journalled when it changed. An empty message: writes are accepted.

        It is told as an alarm when it has lasted as long as the PLC may be silent.
        """
        if (self.write_problem or "") == message:
            return
        begins = message and not self.write_problem
        since = fields.Datetime.now() if begins else message and self.write_problem_at
        self.write({"write_problem": message, "write_problem_at": since})
        self._journal_problem(message or self.env._("The PLC accepts what is written."), is_over=not message)
        health = self.env["plc.task.health"]
        if begins and self.silent_minutes:
            health._trigger(since + timedelta(minutes=self.silent_minutes, seconds=1))
        elif not message:
            health._trigger()

    def _record_slot_problem(self, message):
        """Journalled when it changed. An empty message: the PLC has all slots."""
        if (self.slot_problem or "") == message:
            return
        self.slot_problem = message
        self._journal_problem(message or self.env._("The PLC has all slots of the layout."), is_over=not message)
        self.env["plc.task.health"]._trigger()

    def _journal_problem(self, message, is_over):
        self.env["mo.batch.journal"]._record("contact" if is_over else "anomaly", message, controller=self)
