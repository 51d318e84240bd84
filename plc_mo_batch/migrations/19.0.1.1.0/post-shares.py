"""A batch may make one of several shares of its order: so far each made the whole of it."""


def migrate(cr, version):
    """What each batch makes of its order, and what it was planned to take of each component."""
    cr.execute(
        """
        UPDATE mo_batch SET part = 1, order_qty = production.product_qty
          FROM mrp_production production
         WHERE production.id = production_id
        """
    )
    cr.execute(
        """
        UPDATE mo_batch_line line SET move_qty = move.product_uom_qty
          FROM stock_move move JOIN mo_batch batch ON batch.active
         WHERE move.id = line.move_id AND batch.id = line.batch_id
        """
    )
