from datetime import timedelta
from functools import cached_property

from markupsafe import Markup

from odoo import fields

from ...tools.translate import format_number
from .timeline import Bar, gaps, svg

STOP_MINUTES = 5  # a PLC that stood still for less was only between two batches
LINES = 500  # of one table: a report that is longer is read by nobody


class Shift:
    """What one PLC did from ``since`` until ``until`` (UTC), as its reader may see it. A batch is of the shift in which it ended.

    :param controller: a record of ``plc.controller``, with the reader's language and time zone
    """

    def __init__(self, controller, since, until):
        self.env, self.controller, self.since, self.until = controller.env, controller, since, until
        self.reached = min(until, fields.Datetime.now())  # beyond it nothing has happened yet
        own = [("controller_id", "=", controller.id)]
        self.outputs = self.env["plc.output"].search([*own, ("date", ">=", since), ("date", "<", until)], order="date, id")
        self.batches = self.outputs.batch_id
        began = [("date_started", "!=", False), ("date_started", "<", until)]
        there = ["|", ("date_finished", "=", False), ("date_finished", ">", since)]
        every = self.env["mo.batch"].with_context(active_test=False)
        self.worked_on = every.search([*own, *began, *there], order="date_started, id")
        alarms = [("date_opened", "<", until), "|", ("date_closed", "=", False), ("date_closed", ">", since)]
        concerned = ["|", ("controller_id", "=", controller.id), ("controller_id", "=", False)]
        self.alarms = self.env["plc.alarm"].search([*alarms, *concerned], order="date_opened, id", limit=LINES)

    # Figures

    def total(self):
        """The line above the tables: (label, value as text), by label."""
        made = self.outputs.filtered(lambda output: output.outcome == "made")
        timed = made.filtered("duration_minutes")  # how long a batch took that was first seen when it had ended, nobody knows
        minutes = sum(timed.mapped("duration_minutes"))
        rate = 60 * sum(timed.mapped("made_t")) / minutes if minutes else 0.0
        right = sum(self.outputs.mapped("right_percent")) / len(self.outputs) if self.outputs else 0.0
        idle = self._number(sum(stop["minutes"] for stop in self.stops), ".0f")
        tons = self.env._("%(made)s t of %(planned)s t", **self._tons(self.outputs))
        return [
            (self.env._("Made"), tons),
            (self.env._("Batches"), str(len(made))),
            (self.env._("Failed"), str(len(self.outputs) - len(made))),
            (self.env._("Rate"), self.env._("%s t/h", self._number(rate))),
            (self.env._("Right First Time"), f"{self._number(right, '.0f')} %"),
            (self.env._("Idle"), self.env._("%s min", idle)),
        ]

    def products(self):
        """A row for each product that was to be made."""
        for product, outputs in self.outputs.grouped("product_id").items():
            made = outputs.filtered(lambda output: output.outcome == "made")
            minutes = made.filtered("duration_minutes").mapped("duration_minutes")
            yield {
                "product": product,
                "count": len(made),
                "failed": len(outputs) - len(made),
                **self._tons(outputs),
                "minutes": self._number(sum(minutes) / len(minutes), ".1f") if minutes else "",
            }

    def _tons(self, outputs):
        return {name: self._number(sum(outputs.mapped(f"{name}_t"))) for name in ("made", "planned")}

    def consumption(self):
        """A row for each component, silo and lot of what was consumed, failed batches included."""
        found = {}
        lines = self.batches.line_ids.filtered("product_id")
        for line, lots in lines._lot_amounts().items():
            for lot, quantity in self._parts(line, lots):
                key = (line.product_id, line.equipment_id, lot, line.uom_id)
                found[key] = found.get(key, 0.0) + quantity
        for (product, equipment, lot, uom), quantity in sorted(found.items(), key=_by_name):
            if quantity:
                told = self._number(quantity, ".2f")
                yield {"product": product, "equipment": equipment, "lot": lot, "quantity": told, "uom": uom}

    def _parts(self, line, lots):
        """(lot, quantity) that together are what was consumed: what no lot is known of is of none."""
        consumed = line.actual_qty if line.batch_id.state in ("failed", "cancelled") else line._consumed_qty()
        known = {lot: consumed if quantity is None else quantity for lot, quantity in lots.items()}
        rest = consumed - sum(known.values())
        return [*known.items(), *([(self.env["stock.lot"], rest)] if line.uom_id.compare(rest, 0.0) > 0 else [])]

    def deviations(self):
        """Components of what was made that were out of tolerance."""
        made = self.batches.filtered(lambda batch: batch.state in ("completed", "done"))
        return made.line_ids.filtered(lambda line: line.tolerance_state in ("warn", "review"))

    @cached_property
    def stops(self):
        """A row for each while in which the PLC worked on no batch, from the first minute of the shift to its last, or to now."""
        found = []
        for begin, end in gaps(self.since, self.reached, self._worked()):
            minutes = (end - begin) / timedelta(minutes=1)
            if minutes >= STOP_MINUTES:
                found.append({"begin": begin, "end": end, "minutes": minutes, "alarm": self._stood(begin, end)})
        return found

    def _worked(self):
        """(begin, end) of each batch. One that was first seen when it had ended may have begun when the one before ended."""
        before = self.since
        for batch in self.worked_on:
            end = self._end(batch)
            yield batch.date_started if batch._was_seen_running() else min(before, end), end
            before = max(before, end)

    def _stood(self, begin, end):
        """The alarm that stood longest in that time."""

        def overlap(alarm):
            return min(alarm.date_closed or end, end) - max(alarm.date_opened, begin)

        meanwhile = self.alarms.filtered(lambda alarm: overlap(alarm) > timedelta())
        return meanwhile.sorted(overlap, reverse=True)[:1]

    def _end(self, batch):
        return batch.date_finished or self.reached

    def decisions(self):
        """What people did, from the journal."""
        period = [("create_date", ">=", self.since), ("create_date", "<", self.until)]
        own = [("controller_id", "=", self.controller.id), ("kind", "=", "user")]
        return self.env["mo.batch.journal"].search([*own, *period], order="id", limit=LINES)

    # Picture

    def timeline(self):
        """What it did, as SVG."""
        return Markup(svg(self.since, self.until, self._bars(), self._ticks()))  # nosec B704 # svg() escapes

    def _bars(self):
        for batch in self.worked_on:
            title = f"{batch.name}, {batch.product_id.display_name}"
            yield Bar(batch.date_started, self._end(batch), self._kind(batch), title)
            for held, resumed in batch._held():
                yield Bar(held, resumed, "held", self.env._("On Hold"))
        for alarm in self.alarms.filtered("controller_id"):
            yield Bar(alarm.date_opened, alarm.date_closed or self.reached, "alarm", alarm.message)

    def _kind(self, batch):
        return {"completed": "made", "done": "made", "running": "running"}.get(batch.state, "failed")

    def _ticks(self):
        """Each full hour of the reader's time zone; of longer stretches fewer."""
        local = fields.Datetime.context_timestamp(self.controller, self.since)
        first = self.since - timedelta(minutes=local.minute, seconds=local.second) + timedelta(hours=1)
        every = max(1, round((self.until - self.since) / timedelta(hours=12)))
        moment = first
        while moment < self.until:
            yield moment, fields.Datetime.context_timestamp(self.controller, moment).strftime("%H:%M")
            moment += timedelta(hours=every)

    def _number(self, value, pattern=".3f"):
        return format_number(self.env, value, pattern)


def _by_name(item):
    (product, equipment, lot, _uom), _quantity = item
    return product.display_name, equipment.name or "", lot.name or ""
