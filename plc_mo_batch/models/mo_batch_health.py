from datetime import timedelta

from odoo import api, fields, models

from ..plc.reconcile import Anomaly

REJECTED = "rejected"
REJECT_SECONDS = 60  # what a slot reports may be half written: told only if it stands that long


class MoBatch(models.Model):
    """How long the batch is in its state, and how long it waits for a person: what Task 4 judges by."""

    _inherit = "mo.batch"

    date_state = fields.Datetime(
        string="In This State Since", readonly=True, copy=False, default=fields.Datetime.now, help="When its state changed last."
    )
    waits_since = fields.Datetime(
        compute="_compute_waits_since", store=True, help="Since when something about it waits for a person."
    )
    alarm_ids = fields.One2many("plc.alarm", "batch_id", readonly=True)

    @api.depends("attention", "held")
    def _compute_waits_since(self):
        for batch in self:
            waits = batch.attention or batch.held
            batch.waits_since = waits and (batch.waits_since or fields.Datetime.now())

    # Business methods

    def _set_state(self, state, **values):
        result = super()._set_state(state, date_state=fields.Datetime.now(), **values)
        self._recompute_recordset(["waits_since"])  # nothing is asked now: what is asked next counts from then
        return result

    def _notice(self, anomaly: Anomaly):
        noticed = self.attention_key
        result = super()._notice(anomaly)
        if anomaly.code == REJECTED and self.attention_key != noticed:
            self.env["plc.task.health"]._trigger(fields.Datetime.now() + timedelta(seconds=REJECT_SECONDS))
        return result

    def _note_error(self, message):
        result = super()._note_error(message)
        if self._is_failing():
            self.env["plc.task.health"]._trigger()
        return result

    def _case(self):
        """Which case its attention is about, e.g. rejected, lost, occupied."""
        return (self.attention_key or "").partition(" ")[0]

    def _is_failing(self):
        """Its write-back failed as often as the settings say that people are told."""
        tries = self.env["plc.task.write.back"]._setting_int("write_back_tries", 5)
        return bool(tries) and self.attempts >= tries

    def _awaits_task_3(self):
        """It waits for nobody but Task 3."""
        return self._is_bookable() or (self.state == "failed" and bool(self.failure_decision))

    def _awaits_person(self):
        """Only a person can have it go on."""
        asked = self.weight_needed or self.hand_adds_needed or self.review_needed or self.held
        undecided = self.state == "failed" and not self.failure_decision
        return bool(asked or undecided or self._case() in ("lost", "doubt", "occupied", "database_behind", "job_number"))

    def _last_progress(self):
        """When it last dosed something."""
        moments = [self.date_state or self.date_started, *self.line_ids.filtered("reported").mapped("write_date")]
        return max(moment for moment in moments if moment)
