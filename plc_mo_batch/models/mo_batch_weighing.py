from datetime import timedelta

from odoo import api, fields, models


class MoBatch(models.Model):
    """Hand-adds as they were weighed: a finished batch waits a while for its weighings, then for a person."""

    _inherit = "mo.batch"

    weighing_ids = fields.One2many("plc.weighing", "batch_id", string="Weighings", readonly=True)
    failure_ids = fields.One2many("plc.failure", "batch_id", string="Equipment Failures", readonly=True)
    weighings_until = fields.Datetime(
        string="Waits for Weighings", readonly=True, help="Until then the finished batch waits for what is weighed by hand."
    )

    # Business methods

    def _line_to_weigh(self, product):
        """The component that a weighing of ``product`` counts for: the first that lacks something, else the last; empty if it
        is not added by hand."""
        lines = self.line_ids.filtered(lambda line: not line.code and line.product_id == product)
        return lines.filtered(lambda line: not line._is_weighed_enough())[:1] or lines[-1:]

    def _by_weight(self):
        return self.controller_id.hand_add_policy == "weighed"

    def _unweighed(self):
        """Components whose weighing is outstanding or in doubt."""
        by_hand = self.line_ids.filtered(lambda line: not line.code and not line.typed)
        if self.weighings_until:
            return by_hand.filtered(lambda line: not line._is_weighed_enough() or line._is_weighing_in_doubt())
        return by_hand.filtered(lambda line: not line.weighed or line._is_weighing_in_doubt())

    def _look_over(self):
        if self._by_weight():
            self.weighings_until = fields.Datetime.now() + timedelta(minutes=self.controller_id.weighing_grace)
            if not self._unweighed():
                self.weighings_until = False
            else:
                self.env["plc.task.write.back"]._trigger(self.weighings_until)
        return super()._look_over()

    def _lacks_hand_adds(self):
        if self._by_weight():
            return not self.weighings_until and bool(self._unweighed())
        return super()._lacks_hand_adds()

    def _off_plan(self):
        """What may still be weighed does not deviate yet."""
        off_plan = super()._off_plan()
        return off_plan.filtered("code") if self.weighings_until else off_plan

    def _follow_weighings(self):
        """The weighings have changed. A batch that is not finished looks at them when it is."""
        if self.state != "completed":
            return
        if not self._unweighed():
            self.weighings_until = False
        self._follow_hand_adds()

    def _follow_hand_adds(self):
        if self.weighings_until and not self._unweighed():
            self.weighings_until = False
        return super()._follow_hand_adds()

    def _is_bookable(self):
        return super()._is_bookable() and not self.weighings_until

    def _say_what_is_awaited(self):
        result = super()._say_what_is_awaited()
        if self.hand_adds_needed and self._by_weight():
            sentence = self.env._("Not weighed, or in doubt: %s.", self._unweighed_names())
            self.attention = f"{sentence} {self.attention or ''}".rstrip()
        return result

    def _unweighed_names(self):
        return ", ".join(self._unweighed().product_id.mapped("display_name"))

    @api.model
    def _stop_waiting_for_weighings(self):
        """The grace time of these batches is over: what was weighed counts, and a person is asked about the rest."""
        late = self.search([("state", "=", "completed"), ("weighings_until", "<=", fields.Datetime.now())])
        for batch in map(type(self)._speaking, late.try_lock_for_update(allow_referencing=True)):
            batch.weighings_until = False
            if batch._unweighed():
                message = batch.env._("Not weighed in time: %s.", batch._unweighed_names())
                batch._journal("anomaly", message)
                batch._tell_responsible(batch.env._("Hand-adds were not weighed"), message)
            batch._follow_hand_adds()

    def _follow(self, state, too_late):
        result = super()._follow(state, too_late)
        if state == "cancelled":
            for weighing in self.weighing_ids.filtered(lambda weighing: weighing.state == "matched"):
                weighing._wait(self.env._("Batch %s was cancelled.", self.name))
        return result
