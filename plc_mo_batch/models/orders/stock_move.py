from odoo import fields, models

from ..common.marks import RENAMING_UNIT
from .not_queueable import NotQueueable


class StockMove(models.Model):
    """A component or a product of an order, as a PLC makes it."""

    _name = "stock.move"
    _inherit = ["stock.move", "plc.sealed"]

    plc_batch_id = fields.Many2one(
        "mo.batch",
        string="PLC Batch",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="For an order made in several batches: the batch that consumed or produced this move.",
    )

    # Business methods

    def _plc_convert_claims(self, unit):
        """The move's unit was changed from ``unit``: what batches take of it is given in it. Where Odoo only renames the unit, no
        batch is open."""
        if not RENAMING_UNIT.is_on(self.env):
            lines = self.env["mo.batch.line"].sudo().search([("move_id", "=", self.id)])
            for line in lines:
                line.move_qty = unit._compute_quantity(line.move_qty, self.product_uom, round=False)

    def _plc_open(self):
        """Those that are neither posted nor cancelled."""
        return self.filtered(lambda move: move.state not in ("done", "cancel"))

    def _plc_kind(self):
        """What identifies the move among the others of its order, also in a backorder and in a copy."""
        return self.product_id, self.bom_line_id, self.byproduct_id, bool(self.raw_material_production_id)

    # Business methods: the recipe

    def _plc_equipment(self, controller):
        """The equipment that doses the component, the first of :meth:`_plc_silos`. Empty: added by hand."""
        return self._plc_silos(controller)[:1]

    def _plc_silos(self, controller, kept=None):
        """The equipment that may dose the component, in the order of its use: what the BoM line says, or else what holds the
        product. Empty: added by hand.

        :param kept: equipment that goes on dosing it, in use or not
        :raise NotQueueable: if several pieces of equipment hold it and the PLC has no order of use; if none is in use; or none
            holds it and it must not be added by hand
        """
        self.ensure_one()
        named = self.bom_line_id.plc_equipment_id
        if self.bom_line_id.plc_added == "hand":
            return named.browse()
        if named.controller_id == controller:
            return self._plc_in_use(named, kept)
        equipment = controller.equipment_ids.with_context(active_test=False)  # it holds products that were archived, too
        holding = equipment.filtered(lambda item: self.product_id in item.product_ids).with_prefetch(equipment._prefetch_ids)
        if not holding:
            self._plc_check_in_no_silo(controller)
        holding = self._plc_in_use(holding, kept)
        if len(holding) > 1 and controller.ambiguous_policy == "hand":
            return holding.browse()
        if len(holding) > 1 and controller.ambiguous_policy == "refuse":
            raise NotQueueable(
                self.env._(
                    "%(product)s is in %(equipment)s: select on the BoM line which one to dose from",
                    product=self.product_id.display_name,
                    equipment=", ".join(holding.mapped("name")),
                )
            )
        return holding._in_order_of_use()

    def _plc_in_use(self, silos, kept):
        """
        :raise NotQueueable: if none of the silos is in use
        """
        used = silos.filtered(lambda silo: silo.in_use or kept and silo in kept)
        if silos and not used:
            raise NotQueueable(
                self.env._(
                    "%(product)s is only in %(equipment)s, which is not in use",
                    product=self.product_id.display_name,
                    equipment=", ".join(silos.mapped("name")),
                )
            )
        return used

    def _prepare_plc_line(self, controller, equipment, share):
        """Values of this component's batch line: in the PLC's unit if dosed, in its own if added by hand."""
        demand = self._plc_demand(share)
        quantity, uom = demand, self.product_uom
        order = self.raw_material_production_id
        if equipment:
            order._check_plc_serial(self.product_id)
            quantity = order._plc_weight(self.product_id, uom, quantity, controller)
            uom = controller.uom_id
        elif uom._has_common_reference(controller.uom_id):
            order._plc_weight(self.product_id, uom, quantity, controller)  # what people weigh in must be booked exactly
        return {
            "product_id": self.product_id.id,
            "move_id": self.id,
            "equipment_id": equipment.id,
            "code": equipment.code,
            "uom_id": uom.id,
            "planned_qty": quantity,
            "move_qty": demand,
            "unsaid": not equipment and self._plc_is_unsaid(controller),
        }

    def _plc_demand(self, share):
        """How much of the component ``share`` takes, in the move's unit. The last share takes the rest, so that no decimal is
        lost or taken twice.

        :param share: a :class:`Share`
        """
        self.ensure_one()
        if not share.others and share.is_rest:
            return self.product_uom_qty
        claimed = sum(share.others.line_ids.filtered(lambda line: line.move_id == self).mapped("move_qty"))
        rest = self.product_uom.round(self.product_uom_qty - claimed)
        if claimed:
            rest = max(rest, 0.0)
        return rest if share.is_rest else self.product_uom.round(rest * share.quantity / share.rest)
