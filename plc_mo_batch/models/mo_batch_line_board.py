from odoo import api, models

LINE_FIELDS = {"actual_qty", "reported"}
BY_HAND_FIELDS = {"typed", "typed_qty", "weighed", "weighed_qty"}


class MoBatchLine(models.Model):
    """A component on the board."""

    _inherit = "mo.batch.line"

    # CRUD: the board is told of what it shows, wherever that is written

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        self.env["plc.board"]._note(lines.batch_id.controller_id.ids)
        return lines

    def write(self, vals):
        result = super().write(vals)
        if LINE_FIELDS.intersection(vals):
            self.env["plc.board"]._note(self.batch_id.controller_id.ids, lane=False, line_ids=self.ids)
        elif BY_HAND_FIELDS.intersection(vals):
            self.env["plc.board"]._note(self.batch_id.controller_id.ids)
        return result

    # Business methods

    def _board_line(self):
        """The component as JSON values: ``actual`` is what is ``known`` to be in, from the PLC or typed in; ``limits`` say how
        far it may deviate, where there is a limit."""
        self.ensure_one()
        product = self.product_id.with_context(display_default_code=False)
        limits = {kind: self._allowed(kind) for kind in ("tolerance", "hold")} if self.code else {}
        return {
            "id": self.id,
            "product": product.display_name or self.env._("Equipment %s", self.code),
            "place": self.equipment_id.name or "",
            "by_hand": not self.code,
            "planned": self.planned_qty,
            "actual": self.actual_qty if self.code else self.typed_qty if self.typed else self.weighed_qty,
            "known": self.reported if self.code else self.typed or self.weighed,
            "unit": self.uom_id.name or "",
            "limits": {kind: limit for kind, limit in limits.items() if limit is not None},
        }
