from odoo import models

from ...tools.outermost import unwrap, wrap


class MoOverview(models.AbstractModel):
    """Odoo's overview of an order, as it shows the cost of the product."""

    _inherit = "report.mrp.report_mo_overview"

    def _register_hook(self):
        super()._register_hook()
        wrap(self, "_get_unit_cost", _unit_cost_of_several)

    def _unregister_hook(self):
        unwrap(self, "_get_unit_cost")
        return super()._unregister_hook()


def _unit_cost_of_several(original, report, moves):
    """``_get_unit_cost``, which takes one move: the average of what the order's batches produced."""
    made = moves.filtered(lambda move: move.state == "done" and move.quantity) or moves[:1]
    if len(made) < 2:
        return original(report, made if len(moves) > 1 else moves)
    total = sum(original(report, move) * move.quantity for move in made)
    return total / sum(made.mapped("quantity"))
