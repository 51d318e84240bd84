from odoo import api, models
from odoo.exceptions import MissingError

from ..recall.trace import Trace
from .calls import question
from .plc_api import values_of
from .refusals import BAD_ARGUMENT, refused

ROW = (
    "level",
    "kind",
    "date",
    "product_id",
    "lot_id",
    "quantity",
    "uom_id",
    "equipment_id",
    "batch_id",
    "production_id",
    "picking_id",
    "partner_id",
    "reference",
)


class MoBatch(models.Model):
    """Recalls over the external API (docs/api.md)."""

    _inherit = "mo.batch"

    @api.model
    @question
    def api_recall(self, lot, product=""):
        """Where a lot went and what it came from, by stock moves: batches, orders, lots made, deliveries, silo fills, receipts.

        :param lot: its name
        :param product: internal reference or barcode of its product, if lots of several have that name
        :return: id and name of the lot; forward and backward: rows, level by level
        :raise MissingError: if there is no such lot
        :raise UserError: if several products have one
        """
        found = self._api_lot(self._api_text("lot", lot), self._api_text("product", product))
        directions = {"forward": Trace(self.env).forward(found), "backward": Trace(self.env).backward(found)}
        rows = {name: [self._api_recall_row(row) for row in of_direction] for name, of_direction in directions.items()}
        return {"id": found.id, "name": found.name, **rows}

    # Helpers

    @api.model
    def _api_lot(self, name, product):
        named = ["|", ("default_code", "=", product), ("barcode", "=", product)]
        of_product = [("product_id", "any", named)] if product else []
        found = self.env["stock.lot"].search([("name", "=", name), *of_product], limit=2) if name else self.env["stock.lot"]
        if not found:
            raise MissingError(self.env._("Lot %s does not exist.", name))
        if len(found) > 1:
            raise refused(BAD_ARGUMENT, self.env._("Several products have a lot %s: say `product`.", name))
        return found

    @api.model
    def _api_recall_row(self, row):
        return values_of(self.env["plc.recall.line"].new(row), *ROW)
