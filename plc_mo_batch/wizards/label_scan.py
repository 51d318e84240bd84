"""What a scanner typed, taken apart: a lot's name, a product's barcode, or a GS1 label."""

from dataclasses import dataclass
from datetime import date

from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


@dataclass(frozen=True)
class Label:
    """Each may be empty.

    :param weight: in the unit that was asked for; 0.0: none on the label
    :param lot_name: as a GS1 label has it, known or not
    :param expires: the day, if the label has one
    """

    lot: models.BaseModel
    product: models.BaseModel
    weight: float = 0.0
    lot_name: str = ""
    expires: date | None = None

    def problem(self):
        """Why nothing is to be made of what carries this label; empty: it is good."""
        env = self.product.env
        if self.lot_name and not self.lot:
            return env._("%(product)s has no lot %(lot)s.", product=self.product.display_name, lot=self.lot_name[:100])
        if self.expires and self.expires < fields.Date.context_today(self.product):
            return env._("By its label it expired on %s: take another bag.", format_date(env, self.expires))
        return ""


class LabelScan:
    """Products may share names of lots, and codes: those that are wanted go first.

    :param products: in turn those among which lots and products are looked for first
    :param uom: in which a weight is wanted
    """

    def __init__(self, env, products, uom):
        self.env, self.products, self.uom = env, products, uom

    def take_apart(self, code):
        lot, product = self._lot_named(code), self._product_named(code)
        return Label(lot, product) if lot or product else self._read_gs1(code)

    def _lot_named(self, name, product=None):
        named = [("name", "=", name), *([("product_id", "=", product.id)] if product else [])]
        found = self.env["stock.lot"].search(named)
        for products in self.products:
            if of_them := found.filtered(lambda lot, products=products: lot.product_id in products):
                return of_them[:1]
        return found[:1]

    def _product_named(self, code):
        found = self.env["product.product"].search(["|", ("barcode", "=", code), ("default_code", "=", code)])
        return (found.filtered(lambda product: product in self.products[0]) or found)[:1]

    def _read_gs1(self, code):
        """By Odoo's own nomenclature: lot (10), product (01), net weight (310x), day on which it expires (17)."""
        nomenclature = self.env["barcode.nomenclature"].sudo().search([("is_gs1_nomenclature", "=", True)], limit=1)
        try:
            parts = {part["type"]: part for part in nomenclature.gs1_decompose_extended(code) or ()} if nomenclature else {}
        except (ValidationError, ValueError):
            parts = {}
        product = self._product_named(parts["product"]["value"]) if "product" in parts else self.env["product.product"]
        if "product" in parts and not product:
            product = self._product_named(parts["product"]["value"].lstrip("0"))
        name = parts["lot"]["value"] if "lot" in parts else ""
        lot = self._lot_named(name, product) if name else self.env["stock.lot"]
        expires = parts["expiration_date"]["value"] if "expiration_date" in parts else None
        return Label(lot, product, self._weight_of(parts.get("quantity")), name, expires and fields.Date.to_date(expires))

    def _weight_of(self, part):
        unit = part and part["rule"].associated_uom_id
        wanted = self.uom or self.env.ref("uom.product_uom_kgm")
        if not unit or not unit._has_common_reference(wanted):
            return 0.0
        return unit._compute_quantity(part["value"], wanted, round=False)
