from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.translate import format_number


class MoBatchLine(models.Model):
    """A hand-add whose bags are entered at the scale, one by one: by a person, or confirmed by one where the PLC weighed them."""

    _inherit = "mo.batch.line"

    all_added = fields.Boolean(
        readonly=True, help="A person said at the scale that no more is added, whatever the plan; nothing at all counts, too."
    )

    is_added_enough = fields.Boolean(compute="_compute_is_added_enough", help="Nothing more of it is due at the scale.")

    @api.depends("typed", "all_added", "weighed", "weighed_qty")
    def _compute_is_added_enough(self):
        for line in self:
            line.is_added_enough = not line.code and (line.typed or line._is_weighed_enough())

    def _told_at_scale(self):
        """How much of it is in, in the unit of the scale."""
        unit = self._scale_uom()
        told = {"unit": unit.name}
        told["added"] = format_number(self.env, self._in_scale_unit(self.weighed_qty), ".2f")
        told["planned"] = format_number(self.env, self._in_scale_unit(self.planned_qty), ".2f")
        rest = self._in_scale_unit(self.planned_qty - self.weighed_qty)
        told["rest"] = format_number(self.env, max(0.0, rest), ".2f")
        return self.env._("%(added)s of %(planned)s %(unit)s · %(rest)s %(unit)s to go", **told)

    def _matched_weighings(self):
        return self.weighing_ids.filtered(lambda weighing: weighing.state == "matched")

    def _bags(self):
        """What people entered, or confirmed, at the scale."""
        return self._matched_weighings().filtered("weighed_by_id")

    def _is_weight_believed(self):
        """What was weighed is what was consumed: by the PLC's policy, or because a person stood at the scale."""
        return self.weighed and (self.batch_id._by_weight() or self.all_added or bool(self._bags()))

    def _is_begun_at_scale(self):
        return not self.code and not self.typed and bool(self._bags()) and not self._is_weighed_enough()

    def _told_weighings(self):
        """What the PLC told, and nobody has confirmed at the scale."""
        return self._matched_weighings().filtered(lambda weighing: not weighing.weighed_by_id)

    def _unnamed_weighings(self):
        """What the PLC alone weighed of a product with lots, without saying which."""
        told = self._told_weighings().filtered(lambda weighing: not weighing.lot_id)
        return told if self.product_id.tracking == "lot" else told.browse()

    def _unchecked_bags(self):
        """Those that a second person has yet to check, where the PLC's policy wants one."""
        if self.controller_id.hand_add_check_policy != "second":
            return self.weighing_ids.browse()
        return self._bags().filtered(lambda bag: not bag.checked_by_id)

    def _scale_uom(self):
        """What the scale shows: the PLC's unit. Of what is counted, and whose weight nobody knows, the line's own."""
        try:
            self.product_id._plc_to_weight(1.0, self.uom_id, self.batch_id.uom_id)
        except UserError:
            return self.uom_id
        return self.batch_id.uom_id

    def _in_scale_unit(self, quantity):
        """``quantity``, given in the line's unit, in that of the scale."""
        if self._scale_uom() == self.uom_id:
            return quantity
        return self.product_id._plc_to_weight(quantity, self.uom_id, self.batch_id.uom_id)

    # Lots

    def _scanned_lots(self):
        """Lot -> quantity in the line's unit, of what was weighed with its lot."""
        if self.code:
            return {}
        found, weighings = {}, self._matched_weighings()
        weight, counted = sum(weighings.mapped("quantity")), sum(weighings.mapped("counted_qty"))
        # in proportion: the product may have lost the weight by which it is converted
        per_weight = (self.weighed_qty - counted) / weight if weight else 0.0
        for each in weighings.filtered("lot_id").sorted("id"):
            quantity = each.counted_qty or each.quantity * per_weight
            found[each.lot_id] = found.get(each.lot_id, 0.0) + quantity
        return found

    def _scanned_parts(self, quantity, uom):
        """[(lot, part of ``quantity``)]: the scanned lots in turn. What is beyond them is of the order's lots if something was
        weighed without a lot, else of the last bag; nothing if no lot was scanned."""
        parts, rest = [], quantity
        for lot, held in self._scanned_lots().items():
            part = min(rest, uom.round(self._unrounded_in(held, uom)))
            rest = uom.round(rest - part)
            parts.append((lot, part))
        if not parts or not rest:
            return [(lot, part) for lot, part in parts if part]
        unknown = self._matched_weighings().filtered(lambda weighing: not weighing.lot_id)
        others = self._order_lots(rest, uom) if unknown else []
        last, part = parts[-1]
        return [*parts, *others] if others else [*parts[:-1], (last, part + rest)]

    def _unrounded_in(self, quantity, uom):
        return self.uom_id._compute_quantity(quantity, uom, round=False)


class MoBatch(models.Model):
    _inherit = "mo.batch"

    # Actions

    def action_open_scale(self):
        """Open *Hand-Adds at the Scale* with this batch, which runs."""
        self.ensure_one()
        self._check_allowed("add_by_hand")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand-Adds at the Scale"),
            "res_model": "plc.hand.add",
            "view_mode": "form",
            "target": "current",
            "context": {"default_batch_id": self.id},
        }

    # Business methods: hand-adds at the scale

    def _hand_add_lines(self):
        return self.line_ids.filtered(lambda line: not line.code)

    def _due_at_scale(self):
        """Hand-adds of which more is to come, or the lot is to be said, in the order of the recipe."""
        lines = self._hand_add_lines().filtered(lambda line: not line.typed)
        return lines.filtered(lambda line: not line._is_weighed_enough() or line._unnamed_weighings())

    def _begun_at_scale(self):
        """Of them a person knows some, and nobody knows the rest: no policy may make that up."""
        return self.line_ids.filtered(lambda line: line._is_begun_at_scale())

    def _unchecked_at_scale(self):
        return self.line_ids.filtered(lambda line: line._unchecked_bags())

    def _asked_at_scale(self):
        """Sentences on what a person must do about hand-adds."""
        begun, unchecked = self._begun_at_scale(), self._unchecked_at_scale()
        sentences = []
        if begun:
            names = ", ".join(begun.product_id.mapped("display_name"))
            sentences.append(self.env._("Only a part of it was added at the scale: %s.", names))
        if unchecked:
            names = ", ".join(unchecked.product_id.mapped("display_name"))
            sentences.append(self.env._("A second person must check what was added at the scale: %s.", names))
        if begun or self._hand_adds_to_enter() - unchecked:
            sentences.append(self.env._("Enter the hand-added quantities."))
        return sentences
