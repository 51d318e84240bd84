from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.orders.hand_adds import ADDED


class PlcSetup(models.TransientModel):
    """A component in no silo may be a hand-add, or a silo that was forgotten: people say which."""

    _inherit = "plc.setup"

    component_ids = fields.One2many("plc.setup.component", "setup_id", string="Components in No Silo")

    # Business methods

    def _ask_for_components(self):
        """List what is in no silo and can be weighed, unless it was said already that it is added by hand.

        :return: whether there is something to ask
        """
        shares = self._shares_in_no_silo()
        self.component_ids = [
            Command.clear(),
            *(Command.create({"product_id": product.id, "percent": percent}) for product, percent in shares),
        ]
        self.step = "components" if shares else self.step
        return bool(shares)

    def _shares_in_no_silo(self):
        """[(product, its largest share of a product in percent)], the largest first."""
        found = {}
        for line in self._formulas().bom_line_ids:
            product = line.product_id
            if product in self.line_ids.product_ids or (line.plc_added or product.plc_added) == "hand":
                continue
            if percent := line._plc_share():
                found[product] = max(percent, found.get(product, 0.0))
        return sorted(found.items(), key=lambda item: -item[1])

    def _formulas(self):
        """The bills of materials of the operation types, and those of their orders, with the kits in them."""
        kinds, boms = self.picking_type_ids, self.env["mrp.bom"]
        of_orders = self.env["mrp.production"]._read_group([("picking_type_id", "in", kinds.ids)], ["bom_id"])
        formulas = boms.search([("picking_type_id", "in", kinds.ids)]).union(*(bom for (bom,) in of_orders))
        more = formulas
        while more := more.bom_line_ids.child_bom_id.filtered(lambda bom: bom.type == "phantom") - formulas:
            formulas |= more
        return formulas

    def _say_components(self):
        """Store what was said of each component, on its product."""
        for component in self.component_ids.filtered("added"):
            component.product_id.check_access("read")
            component.product_id.sudo().plc_added = component.added


class PlcSetupComponent(models.TransientModel):
    _name = "plc.setup.component"
    _inherit = ["plc.fenced"]
    _description = "Component of a PLC Being Set Up"
    _order = "percent desc, id"

    setup_id = fields.Many2one("plc.setup", required=True, ondelete="cascade")
    product_id = fields.Many2one("product.product", string="Component", required=True, ondelete="cascade")
    percent = fields.Float(string="Share (%)", digits=(16, 2), help="Its largest share of a product, in percent.")
    added = fields.Selection(
        ADDED,
        string="Added to a Batch",
        compute="_compute_added",
        store=True,
        readonly=False,
        precompute=True,
        help="By hand: people add it. By the PLC: no order with it is queued while no silo holds it. Empty: only as much as the "
        "PLC's limit allows is added by hand.",
    )

    @api.depends("product_id")
    def _compute_added(self):
        for component in self:
            component.added = component.product_id.plc_added


class MrpBomLine(models.Model):
    _inherit = "mrp.bom.line"

    def _plc_share(self):
        """Its part of what the BoM makes, in percent by weight; 0 for a kit, or where a weight is not known."""
        kilogram = self.env.ref("uom.product_uom_kgm")
        made = self.bom_id.product_id or self.bom_id.product_tmpl_id.product_variant_ids[:1]
        if self.child_bom_id.type == "phantom":
            return 0.0
        try:
            weight = self.product_id._plc_to_weight(self.product_qty, self.product_uom_id, kilogram)
            total = made._plc_to_weight(self.bom_id.product_qty, self.bom_id.product_uom_id, kilogram) if made else 0.0
        except UserError:
            return 0.0
        return 100 * weight / total if total else 0.0
