from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ...tools.translate import format_number
from ..common.marks import RENAMING_UNIT
from .mrp_production import OPEN_ORDER

PATHS_TO_PRODUCTS = ("line_ids.product_id", "production_id.move_raw_ids.product_id", "production_id.move_finished_ids.product_id")
EXACT = 0.01  # what must not be lost, in the unit that the PLC weighs in


class ProductProduct(models.Model):
    _inherit = "product.product"

    plc_number = fields.Integer(
        string="PLC Product Number",
        index=True,
        copy=False,
        help="The number that identifies the product in a PLC's manual weighings.",
    )

    _plc_number_range = models.Constraint(
        "CHECK(plc_number BETWEEN 0 AND 65535)", "The product number must be between 0 and 65535."
    )

    def _update_uom(self, to_uom_id):
        """Odoo renames the unit of all quantities, 1 kg = 1 g, those of orders and stock included.

        :raise UserError: while a PLC makes an order with the product
        """
        self.check_access("write")  # the refusal names an order
        self._plc_orders_under_way()._plc_check_unit()
        return super(ProductProduct, RENAMING_UNIT.on(self))._update_uom(to_uom_id)

    def _plc_orders_under_way(self):
        batches = self.env["mo.batch"].sudo().with_context(active_test=False)
        under_way = ["|", ("active", "=", True), ("production_id.state", "in", OPEN_ORDER)]
        has_it = [(path, "in", self.ids) for path in PATHS_TO_PRODUCTS]
        return batches.search([*under_way, *["|"] * (len(has_it) - 1), *has_it]).production_id

    def _plc_to_weight(self, quantity, uom, weight_uom):
        """The weight of ``quantity`` of the product.

        :raise UserError: if the weight of one ``uom`` is not known
        """
        return quantity * self._plc_unit_weight(uom, weight_uom)

    def _plc_from_weight(self, weight, weight_uom, uom):
        """``weight`` of the product in ``uom``, rounded to its decimals.

        :raise UserError: if the weight of one ``uom`` is not known, or rounding would lose part of it
        """
        self._plc_check_exact(uom, weight_uom)
        return uom.round(weight / self._plc_unit_weight(uom, weight_uom))

    def _plc_unit_weight(self, uom, weight_uom):
        self.ensure_one()
        if uom._has_common_reference(weight_uom):
            return uom._compute_quantity(1.0, weight_uom, round=False)
        if not self.weight or not uom._has_common_reference(self.uom_id):
            raise UserError(
                self.env._(
                    "%(product)s is counted in %(unit)s, but the PLC weighs in %(weight)s: enter the product's weight",
                    product=self.display_name,
                    unit=uom.name,
                    weight=weight_uom.name,
                )
            )
        weighs_in = self.env["product.template"]._get_weight_uom_id_from_ir_config_parameter()
        weight = weighs_in._compute_quantity(self.weight, weight_uom, round=False)
        return uom._compute_quantity(1.0, self.uom_id, round=False) * weight

    def _plc_check_exact(self, uom, weight_uom):
        """Check that the smallest step is small enough, both in ``uom`` and in the product's stock unit.

        :raise UserError: naming the unit and its decimals
        """
        for unit in uom | self.uom_id:
            step = unit.rounding * self._plc_unit_weight(unit, weight_uom)
            if float_compare(step, EXACT, precision_digits=6) > 0:
                raise UserError(
                    self.env._(
                        "%(product)s is counted in %(unit)s with %(digits)s decimals, which means steps of %(step)s "
                        "%(weight)s: use a smaller unit, or raise the decimal accuracy of Product Unit",
                        product=self.display_name,
                        unit=unit.name,
                        digits=self.env["decimal.precision"].precision_get("Product Unit"),
                        step=format_number(self.env, step, "g"),
                        weight=weight_uom.name,
                    )
                )

    def _plc_own_lot(self, lot, company):
        """The lot that a person says of the product; none if the product is not tracked.

        :raise UserError: if it lacks one, or if the lot is of another product or company
        """
        if self.tracking == "none":
            return lot.browse()
        if not lot:
            raise UserError(self.env._("%s is tracked by lot: scan or choose the lot.", self.display_name))
        if lot.product_id != self or lot.company_id not in (lot.company_id.browse(), company):
            raise UserError(
                self.env._(
                    "Lot %(lot)s is of %(other)s, and not of %(product)s.",
                    lot=lot.name,
                    other=lot.product_id.display_name,
                    product=self.display_name,
                )
            )
        return lot
