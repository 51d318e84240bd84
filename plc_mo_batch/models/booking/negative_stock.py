from ...tools.translate import format_number


class NegativeStock:
    """Consumption beyond the stock is booked, as the material is gone; but people should count the stock.

    :param batches: those just booked
    """

    def __init__(self, batches):
        self.batches = batches
        self.env = batches.env

    def remark(self):
        """Put a remark on the batches that drove stock negative. Stock that was negative before is known."""
        for quant, taken in self._driven_negative(self.batches.line_ids.move_id.move_line_ids):
            for batch in self._that_took(taken):
                batch._remark(self._sentence(quant))

    def remark_used(self, batch, moves):
        """The same for ``moves``, which were posted apart from the batch's components."""
        for quant, _taken in self._driven_negative(moves.move_line_ids):
            batch._remark(self._sentence(quant))

    def _driven_negative(self, items):
        """Pairs of a quant and the details that drove it negative."""
        by_place = items.grouped(lambda item: (item.product_id, item.location_id, item.lot_id))
        places = [("product_id", "in", items.product_id.ids), ("location_id", "in", items.location_id.ids)]
        for quant in self.env["stock.quant"].search([*places, ("quantity", "<", 0)]):
            taken = by_place.get((quant.product_id, quant.location_id, quant.lot_id))
            if taken and self._became_negative(quant, taken):
                yield quant, taken

    def _became_negative(self, quant, taken):
        compare = quant.product_uom_id.compare
        before = quant.quantity + sum(taken.mapped("quantity_product_uom"))
        return compare(quant.quantity, 0) < 0 <= compare(before, 0)

    def _that_took(self, items):
        return self.batches.filtered(lambda batch: batch.line_ids.move_id & items.move_id)

    def _sentence(self, quant):
        product = quant.product_id.display_name
        if quant.lot_id:
            product = self.env._("%(product)s, lot %(lot)s", product=product, lot=quant.lot_id.name)
        return self.env._(
            "Stock of %(product)s in %(location)s is negative now: %(quantity)s %(unit)s.",
            product=product,
            location=quant.location_id.display_name,
            quantity=format_number(self.env, quant.quantity, ".2f"),
            unit=quant.product_uom_id.name,
        )
