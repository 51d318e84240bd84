from odoo import models
from odoo.exceptions import MissingError

from .calls import command, question
from .plc_api import values_of
from .refusals import BAD_ARGUMENT, NOT_ALLOWED, refused

LEVEL = ("name", "code", "controller_id", "level", "level_lots", "level_state", "capacity_kg", "low_kg")


class PlcEquipment(models.Model):
    """The external API of silos and tanks (docs/api.md)."""

    _name = "plc.equipment"
    _inherit = ["plc.equipment", "plc.api"]

    @question
    def api_levels(self):
        """What lies in silos that are stock locations, by the books.

        :return: for each silo (without ids: each that the user may see) id, name, code, controller_id, products, level,
            level_lots, level_state (ok, low, short), capacity_kg, low_kg; weights are in the unit that its PLC weighs in
        """
        silos = self._api_found() if self else self.search([("location_id", "!=", False)])
        return [silo._api_level() for silo in silos]

    @command
    def api_fill(self, quantity, lot="", product="", confirmed=False):
        """Enter that a silo was filled from the store: a transfer that is done.

        :param quantity: in the unit that the silo's PLC weighs in
        :param lot: name of the lot, if the product is tracked by lot
        :param product: its internal reference or barcode, if neither lot nor silo say which one it is
        :param confirmed: do it although something is doubtful
        :return: as :meth:`api_levels`, of this silo, and transfer: its name
        :raise UserError: saying what is wrong, or what is doubtful
        """
        silo = self._api_named()
        if len(silo) != 1:
            raise refused(BAD_ARGUMENT, self.env._("`ids` must be one silo."))
        weight, agreed = self._api_number("quantity", quantity), self._api_flag("confirmed", confirmed)
        product = silo._api_product(self._api_text("product", product))
        lot = silo._api_lot(self._api_text("lot", lot), product)
        picking, question = silo._fill(weight, lot, product, agreed=agreed)
        if question:
            raise refused(NOT_ALLOWED, self.env._("%s Send `confirmed` to do it all the same.", question))
        return {**silo._api_level(), "transfer": picking.name}

    # Helpers

    def _api_level(self):
        products = [{"id": product.id, "name": product.display_name} for product in self.sudo().product_ids]
        return {"id": self.id, **values_of(self, *LEVEL), "products": products}

    def _api_product(self, code):
        """
        :raise MissingError: if there is no such product
        """
        products = self.env["product.product"]
        if not code:
            return products
        found = products.search(["|", ("default_code", "=", code), ("barcode", "=", code)])
        if not found:
            raise MissingError(self.env._("There is no product %s.", code))
        return (found.filtered(lambda product: product in self.product_ids) or found)[:1]

    def _api_lot(self, name, product):
        """
        :raise MissingError: if there is no such lot
        """
        lots = self.env["stock.lot"]
        if not name:
            return lots
        found = lots.search([("name", "=", name), ("company_id", "in", (False, self.company_id.id))])
        if not found:
            raise MissingError(self.env._("There is no lot %s.", name))
        return (found.filtered(lambda lot: lot.product_id in (product or self.product_ids)) or found)[:1]
