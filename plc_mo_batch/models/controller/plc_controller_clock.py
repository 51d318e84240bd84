from datetime import timedelta

from odoo import api, fields, models

from ...plc.clock import AGREEING, duration, has_moved
from ...plc.reconcile import Anomaly
from ...tools.translate import translate

REFRESHED = timedelta(hours=1)  # how often the last reading is written while the clock stays as it is


class PlcController(models.Model):
    """The clock of a PLC whose layout has one: its difference from Odoo's."""

    _inherit = "plc.controller"

    has_clock = fields.Boolean(related="layout_id.has_clock", related_sudo=True)
    clock_drift = fields.Float(
        readonly=True, copy=False, digits=(16, 0), help="Seconds by which the PLC's clock is fast; negative if it is slow."
    )
    clock_read_at = fields.Datetime(readonly=True, copy=False, help="When this was recorded: on every change, and once an hour.")
    clock_problem = fields.Char(readonly=True, copy=False, help="Why the PLC's clock cannot be read.")
    clock_status = fields.Char(string="Clock", compute="_compute_clock_status")
    clock_seconds = fields.Integer(
        string="Clock Alarm (s)",
        default=60,
        help="Seconds by which the PLC's clock may differ from Odoo's before an alarm is raised. 0: no alarm.",
    )

    _clock_seconds_positive = models.Constraint("CHECK(clock_seconds >= 0)", "Seconds cannot be negative.")

    @api.depends("clock_drift", "clock_read_at", "clock_problem", "tz")
    @api.depends_context("lang")
    def _compute_clock_status(self):
        for controller in self:
            controller.clock_status = controller.clock_problem or controller._clock_message()

    # Business methods

    def _clock_message(self):
        """How far the clock is off, as a sentence."""
        if not self.clock_read_at:
            return self.env._("The PLC's clock has not been read yet.")
        if abs(self.clock_drift) <= AGREEING:
            return self.env._("The PLC's clock is right.")
        values = {"time": translate(self.env, duration(self.clock_drift)), "zone": self.tz}
        if self.clock_drift > 0:
            return self.env._("The PLC's clock is %(time)s fast, assuming its time zone is %(zone)s.", **values)
        return self.env._("The PLC's clock is %(time)s slow, assuming its time zone is %(zone)s.", **values)

    def _is_clock_off(self):
        """It is off by more than the limit."""
        return bool(self.clock_seconds and self.clock_read_at and abs(self.clock_drift) > self.clock_seconds)

    def _is_clock_news(self, reading):
        """Whether a reading differs noticeably from the stored one: fills write to the same row, and a conflict must be rare.

        :param reading: a :class:`~...plc.clock.Reading`
        """
        if reading.problem or self.clock_problem:
            return bool(reading.problem) != bool(self.clock_problem)  # reported once, however the problem changes
        is_old = not self.clock_read_at or fields.Datetime.now() - self.clock_read_at > REFRESHED
        return is_old or has_moved(self.clock_drift, reading.drift, self.clock_seconds)

    def _record_clock(self, reading):
        """Store a reading. A problem is journalled, with the raw words. A clock that goes off, or is right again, wakes Task
        4."""
        was_off = self._is_clock_off()
        now = fields.Datetime.now()
        self.write(
            {
                "clock_drift": reading.drift,
                "clock_read_at": not reading.problem and now,
                "clock_problem": reading.problem or False,
            }
        )
        if reading.problem:
            anomaly = Anomaly("rejected", reading.problem, reading.words)
            self.env["mo.batch.journal"]._record("anomaly", reading.problem, controller=self, anomaly=anomaly, area="clock")
        if was_off != self._is_clock_off():
            self.env["plc.task.health"]._trigger()
