"""Scraps of failed batches say how much was scrapped."""


def migrate(cr, version):
    """Odoo computed 1 for all but one of those that were made at once; the stock moves are right."""
    cr.execute(
        """
        UPDATE stock_scrap scrap SET scrap_qty = move.quantity
          FROM stock_move move
         WHERE move.scrap_id = scrap.id AND move.state = 'done' AND scrap.state = 'done' AND scrap.bom_id IS NULL
           AND move.product_uom = scrap.product_uom_id AND scrap.scrap_qty = 1 AND move.quantity <> 1
           AND scrap.production_id IN (SELECT production_id FROM mo_batch WHERE disposition_booked)
        """
    )
