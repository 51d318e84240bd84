from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.translate import format_number
from ..common.plc_tolerance import weight_field
from .silo_places import SiloPlaces


class PlcEquipment(models.Model):
    _name = "plc.equipment"
    _inherit = ["plc.changes", "plc.fenced", "plc.guarded", "plc.tolerance"]
    _description = "PLC Equipment"
    _order = "controller_id, sequence, code"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    code = fields.Integer(required=True, help="The code that the PLC uses for this equipment.")
    product_number = fields.Integer(
        help="The number that identifies the product in this PLC's weighings, if it differs from the product's own number."
    )
    kind = fields.Selection([("silo", "Silo"), ("tank", "Liquid tank")], required=True, default="silo")
    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="controller_id.company_id", store=True)
    product_ids = fields.Many2many(
        "product.product",
        string="Products",
        check_company=True,
        help="Products it contains. A recipe component is dosed from the equipment that contains it.",
    )
    lot_id = fields.Many2one(
        "stock.lot",
        string="Current Lot",
        check_company=True,
        domain="[('product_id', 'in', product_ids), ('company_id', 'in', (False, company_id))]",
        help="The lot it contains now: what is dosed of a product tracked by lot is booked from it. If the silo is a stock "
        "location, the lots that lie there count, and this one only until the first has come in.",
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Stock Location",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('usage', '=', 'internal'), ('company_id', '=', company_id)]",
        help="Where its content lies in stock. What is dosed leaves it, the oldest lot first. It is filled by transfers, and "
        "counted as any location.",
    )

    capacity_kg = weight_field("Capacity", "What it holds at most, in the PLC's weight unit. 0: not known.")
    low_kg = weight_field(
        "Low Below",
        "An alarm is raised when its level falls below this, in the PLC's weight unit. 0: no alarm. For stock locations.",
    )

    _code_uniq = models.UniqueIndex("(controller_id, code) WHERE active", "The equipment codes of a PLC must be unique.")
    _levels_positive = models.Constraint("CHECK(capacity_kg >= 0 AND low_kg >= 0)", "Levels cannot be negative.")
    _code_positive = models.Constraint("CHECK(code BETWEEN 1 AND 65535)", "The equipment code must be between 1 and 65535.")

    def _plcs_concerned(self):
        return self.controller_id

    def _journal_change(self, changes):
        self._journal_on_plcs(f"{self.name}: {changes}")

    @api.constrains("lot_id", "product_ids")
    def _check_lot(self):
        for equipment in self:
            if equipment.lot_id and equipment.lot_id.product_id not in equipment.product_ids:
                raise ValidationError(
                    self.env._(
                        "Lot %(lot)s belongs to %(product)s, which %(equipment)s does not hold. Select another lot, or leave "
                        "it empty.",
                        equipment=equipment.name,
                        product=equipment.lot_id.product_id.display_name,
                        lot=equipment.lot_id.name,
                    )
                )

    @api.constrains("location_id", "controller_id")
    def _check_location(self):
        for equipment in self:
            location = equipment.location_id
            if location and (location.usage != "internal" or location.company_id != equipment.company_id):
                raise ValidationError(
                    self.env._(
                        "%(location)s cannot be the stock location of %(equipment)s: choose an internal location of %(company)s.",
                        location=location.display_name,
                        equipment=equipment.name,
                        company=equipment.company_id.name,
                    )
                )

    # CRUD

    def write(self, vals):
        if not vals.get("active", True):
            self.filtered("active")._check_empty()
        held = {silo: silo.product_ids for silo in self} if "product_ids" in vals and not self.env.su else {}
        moved = not {"controller_id", "code"}.isdisjoint(vals)  # another sensor, or none
        codes = {silo: (silo.controller_id, silo.code) for silo in self if moved}
        result = super().write(vals)
        for silo, products in held.items():
            silo._check_none_is_to_dose(products - silo.product_ids)
        if moved:
            self.sudo().filtered(lambda silo: codes[silo] != (silo.controller_id, silo.code))._forget_sensor()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_if_empty(self):
        self._check_empty()

    def _check_empty(self):
        """
        :raise UserError: if stock lies in the silo: whoever puts it out of use says first where that goes
        """
        for equipment in self.filtered("location_id"):
            held = equipment._held_in_stock()
            if held:
                raise UserError(
                    self.env._(
                        "%(equipment)s holds %(stock)s by the books. Move it out of %(location)s or count it first, or take the "
                        "stock location off the silo.",
                        equipment=equipment.name,
                        stock=", ".join(held),
                        location=equipment.location_id.display_name,
                    )
                )

    def _held_in_stock(self):
        """What lies in its stock location, as texts."""
        held = {}
        for quant in self._quants():
            held[quant.product_id] = held.get(quant.product_id, 0.0) + quant.quantity
        return [
            f"{format_number(self.env, quantity, 'g')} {product.uom_id.name} {product.display_name}"
            for product, quantity in held.items()
            if not product.uom_id.is_zero(quantity)
        ]

    # Business methods

    def _quants(self):
        """What lies in it; of a location that is not its own, only its products."""
        places = SiloPlaces(self.location_id)
        quants = self.env["stock.quant"].sudo().search([("location_id", "child_of", self.location_id.ids), ("quantity", "!=", 0)])
        quants = quants.filtered(lambda quant: places.of(quant.location_id) == self.location_id)
        return quants if places.is_own(self) else quants.filtered(lambda quant: quant.product_id in self.product_ids)

    def _location_below(self, parent):
        """A location for the silo below ``parent``: a new one, unless one of this name is there that no silo has."""
        named = [("location_id", "=", parent.id), ("name", "=", self.name), ("usage", "=", "internal")]
        values = {"name": self.name, "location_id": parent.id, "usage": "internal", "company_id": self.company_id.id}
        locations = self.env["stock.location"]
        found = locations.search([*named, ("company_id", "=", self.company_id.id)])
        taken = self.search([("location_id", "in", found.ids)]).location_id
        return (found - taken)[:1] or locations.create(values)
