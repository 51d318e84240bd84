from odoo import models


class MoBatchLine(models.Model):
    """A component on the board."""

    _inherit = "mo.batch.line"

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
