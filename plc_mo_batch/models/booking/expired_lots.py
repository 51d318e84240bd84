from odoo.tools import format_datetime


class ExpiredLots:
    """Lots that had expired when they were booked: the material is gone, as with negative stock, but people should know.

    :param batches: those just booked
    """

    def __init__(self, batches):
        self.batches = batches
        self.env = batches.env

    def remark(self):
        """Put a remark on the batches that used them. Without *Expiration Dates* no lot expires."""
        if "product_expiry_alert" not in self.env["stock.lot"]._fields:
            return
        for batch in self.batches:
            self.remark_used(batch, batch.line_ids.move_id)

    def remark_used(self, batch, moves):
        """The same for ``moves``, which were posted apart from the batch's components."""
        used = moves.filtered(lambda move: move.state == "done").move_line_ids.filtered("quantity").lot_id
        if "product_expiry_alert" not in used._fields:
            return
        for lot in used.filtered("product_expiry_alert"):
            batch._remark(
                self.env._(
                    "%(product)s, lot %(lot)s is booked although it expired on %(date)s.",
                    product=lot.product_id.display_name,
                    lot=lot.name,
                    date=format_datetime(self.env, lot.expiration_date),
                )
            )
