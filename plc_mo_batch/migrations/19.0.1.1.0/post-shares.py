"""A batch may now make one of several shares of its order: until now each made the whole order."""


def migrate(cr, version):
    """Store what each batch makes of its order, and the planned quantity of each component."""
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
