from odoo import fields, models


class MoBatchLine(models.Model):
    """A component that two silos dose: as one silo had too little, or as the PLC changed over by itself."""

    _inherit = "mo.batch.line"

    is_sister = fields.Boolean(
        string="From Another Silo",
        readonly=True,
        help="Dosed from another silo of a component's product: both lines together are the dosing of the component.",
    )

    # Business methods

    def _dosing(self):
        """The lines that count as one dosing: of one silo, as an order may need a product several times, e.g. in a kit beside the
        formula; or of several silos of one product. A component added by hand is alone."""
        if not self.code:
            return self
        dosed = self.batch_id.line_ids.filtered("code")
        if self.product_id in self._shared_products():
            return dosed.filtered(lambda line: line.product_id == self.product_id)
        return dosed.filtered(lambda line: line.code == self.code)

    def _deviating(self):
        """The lines whose deviation this one has: its own; if the PLC changed over, the component's line has that of all."""
        sisters = self.batch_id.line_ids.filtered(lambda line: line.is_sister and line.product_id == self.product_id)
        if not self.code or not any(not line.planned_qty for line in sisters):
            return self
        dosing = self._dosing()
        return dosing if self == (dosing - sisters)[:1] else self.browse()

    def _dosings(self):
        """The lines, those of one dosing together."""
        shared = {batch: batch.line_ids[:1]._shared_products() for batch in self.batch_id}
        return list(self.grouped(lambda line: line._dosing_key(shared[line.batch_id])).values())

    def _dosing_key(self, shared):
        if self.code and self.product_id in shared:
            return self.batch_id, self.product_id
        return self.batch_id, self.code or -self.id

    def _shared_products(self):
        """Products that several silos dosed for their component."""
        return self.batch_id.line_ids.filtered("is_sister").product_id

    def _count_for_sister(self):
        """The PLC dosed from a silo that is not in the recipe. If that holds the product of a component that it should dose, it
        has changed over: that is no other material."""
        equipment = self.controller_id.equipment_ids.filtered(lambda item: item.code == self.code)
        planned = self.batch_id.line_ids.filtered("code") - self
        product = equipment.product_ids & planned.product_id
        if self.controller_id.ambiguous_policy == "order" and len(product) == 1:
            self.write({"equipment_id": equipment.id, "product_id": product.id, "is_sister": True})
