from odoo import fields, models


class MoBatch(models.Model):
    """When the PLC worked on a batch, by our own clock."""

    _inherit = "mo.batch"

    holds = fields.Json(readonly=True, copy=False, help="When the PLC held the batch: pairs of begin and end, in UTC.")

    # Business methods

    def _set_on_hold(self, held):
        now, holds = fields.Datetime.to_string(fields.Datetime.now()), list(self.holds or [])
        if held:
            holds.append([now, None])
        elif holds:
            holds[-1] = [holds[-1][0], now]
        self.write({"on_hold": held, "holds": holds})

    def _was_seen_running(self):
        """A batch that was first seen when it had ended has both times from that moment, up to the turn of a second."""
        return bool(self.date_started) and (self.date_finished - self.date_started).total_seconds() > 1

    def _stretches(self, began):
        """[(begin, end)] in which the PLC worked on it: from ``began`` to its end, without what it was held. A hold that nobody
        ended lasted until the end."""
        stretches, end = [], self.date_finished
        for held, resumed in self.holds or []:
            held, resumed = fields.Datetime.to_datetime(held), fields.Datetime.to_datetime(resumed) or end
            stretches.append((began, min(held, end)))
            began = max(began, resumed)
        return [(first, last) for first, last in [*stretches, (began, end)] if first < last]
