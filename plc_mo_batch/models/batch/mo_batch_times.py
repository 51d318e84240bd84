from datetime import datetime

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
        if not self.date_started or not self.date_finished:
            return bool(self.date_started)
        return (self.date_finished - self.date_started).total_seconds() > 1

    def _held(self):
        """[(begin, end)] in which the PLC held it, as far as it worked on it. A hold that nobody ended lasted until the end, or
        lasts."""
        first, last = self.date_started or datetime.min, self.date_finished or fields.Datetime.now()
        moments = [[fields.Datetime.to_datetime(moment) or last for moment in hold] for hold in self.holds or []]
        inside = [(max(held, first), min(over, last)) for held, over in moments]
        return [(begin, end) for begin, end in inside if begin < end]

    def _stretches(self, began):
        """[(begin, end)] in which the PLC worked on it: from ``began`` to its end, without what it was held."""
        stretches = []
        for held, resumed in self._held():
            stretches.append((began, held))
            began = max(began, resumed)
        return [(first, last) for first, last in [*stretches, (began, self.date_finished)] if first < last]
