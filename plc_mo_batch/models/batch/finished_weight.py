"""Whether a finished weight can be right: judged like a component, against the plan and against what was consumed."""

from odoo.tools import float_compare

from ...tools.translate import format_number
from .mo_batch_line import judge


class FinishedWeight:
    """The produced weight of one batch that has finished, as the PLC reported it or a person entered it.

    What is consumed says how much must have come out: as much more or less than planned as went in. A plan that loses water, or
    makes by-products, keeps its yield that way. Components whose weight is not known stay out on both sides.
    """

    def __init__(self, batch):
        self.batch = batch
        self.weight = batch.produced_qty
        self.planned = batch.planned_qty

    def is_judged(self):
        """Not if it was computed from the very figures that it would be held against."""
        return bool(self.weight and (self.batch.finished_weight or self.batch.weight_typed))

    def by_consumption(self):
        """kg that the consumption should have given; None if no component's weight is known."""
        lines = self.batch.line_ids
        planned = sum(line._weight(line.planned_qty) for line in lines)
        return self.planned * sum(line._consumed_weight() for line in lines) / planned if planned else None

    def state(self):
        """``review``, ``warn`` or ``within`` by the PLC's limits of now; False if it is not judged, or without limits."""
        if not self.is_judged():
            return False
        return judge(self._exceeds("weight_review"), self._exceeds("weight_tolerance"))

    def text(self):
        """The weight beside what it was held against, for a sentence."""
        return " ".join([self._figures(), *([self._hint()] if self.is_only_dosed() else [])])

    def is_only_dosed(self):
        """It is to the kilogram what the PLC dosed, although it should contain the hand-adds."""
        dosed = self.batch.line_ids.filtered("code")
        by_hand = self.batch.line_ids - dosed
        contains = self.batch.controller_id.layout_id.weight_contains
        if contains == "dosed" or self.batch.weight_typed or not any(line._consumed_weight() for line in by_hand):
            return False
        return not self._is_beyond(sum(line._consumed_weight() for line in dosed), 1.0)

    def _hint(self):
        return self.batch.env._("(as much as the PLC dosed, without hand-adds: should the layout's Finished Weight say so?)")

    def _figures(self):
        made = self.by_consumption()
        texts = {
            "weight": format_number(self.batch.env, self.weight, ".2f"),
            "planned": format_number(self.batch.env, self.planned, ".2f"),
            "unit": self.batch.uom_id.name,
        }
        if made is None:
            return self.batch.env._("%(weight)s %(unit)s, planned %(planned)s", **texts)
        texts["made"] = format_number(self.batch.env, made, ".2f")
        return self.batch.env._("%(weight)s %(unit)s, planned %(planned)s, by consumption %(made)s", **texts)

    def _exceeds(self, kind):
        """Whether it is further from the plan, or from the consumption, than the limit; None without a limit."""
        controller = self.batch.controller_id
        if not controller._has_limit(kind):
            return None
        expected = [self.planned, self.by_consumption()]
        return any(self._is_beyond(each, controller._limit(kind, each)) for each in expected if each is not None)

    def _is_beyond(self, expected, limit):
        return float_compare(abs(self.weight - expected), limit, precision_digits=6) > 0
