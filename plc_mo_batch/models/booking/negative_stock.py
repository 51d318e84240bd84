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
        for quants, taken in self._driven_negative(self.batches.line_ids.move_id.move_line_ids):
            for batch in self._that_took(taken):
                batch._remark(self._sentence(quants))

    def remark_used(self, batch, moves):
        """The same for ``moves``, which were posted apart from the batch's components."""
        for quants, _taken in self._driven_negative(moves.move_line_ids):
            batch._remark(self._sentence(quants))

    def _driven_negative(self, items):
        """Pairs of the quants of a place and the details that drove it negative.

        A place may have several: Odoo takes from a new one, below zero, where another transaction has locked the first, and
        merges them later.
        """
        by_place = items.grouped(lambda item: (item.product_id, item.location_id, item.lot_id))
        negative = self._quants(items, ("quantity", "<", 0))
        for place, quants in self._quants(negative).grouped(_place).items():
            taken = by_place.get(place[:3])
            if taken and self._became_negative(quants, taken):
                yield quants, taken

    def _quants(self, items, *more):
        places = [("product_id", "in", items.product_id.ids), ("location_id", "in", items.location_id.ids)]
        return self.env["stock.quant"].search([*places, *more]) if items else self.env["stock.quant"]

    def _became_negative(self, quants, taken):
        compare, now = quants.product_uom_id.compare, sum(quants.mapped("quantity"))
        return compare(now, 0) < 0 <= compare(now + sum(taken.mapped("quantity_product_uom")), 0)

    def _that_took(self, items):
        return self.batches.filtered(lambda batch: batch.line_ids.move_id & items.move_id)

    def _sentence(self, quants):
        quant = quants[0]
        product = quant.product_id.display_name
        if quant.lot_id:
            product = self.env._("%(product)s, lot %(lot)s", product=product, lot=quant.lot_id.name)
        return self.env._(
            "Stock of %(product)s in %(location)s is negative now: %(quantity)s %(unit)s.",
            product=product,
            location=quant.location_id.display_name,
            quantity=format_number(self.env, sum(quants.mapped("quantity")), ".2f"),
            unit=quant.product_uom_id.name,
        )


def _place(quant):
    return quant.product_id, quant.location_id, quant.lot_id, quant.package_id, quant.owner_id
