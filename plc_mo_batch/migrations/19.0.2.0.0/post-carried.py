"""What a batch consumed is now marked once the batch's product carries its value. Before, no order of several batches could be
booked at average cost, so what is booked of the others is done with."""


def migrate(cr, version):
    """Mark the components of booked batches, so that no later batch of their order carries them again; with the value that they
    have, where stock has one."""
    cr.execute(
        """
        UPDATE stock_move move SET plc_carried = TRUE
          FROM mo_batch batch
         WHERE batch.id = move.plc_batch_id AND batch.state = 'done'
           AND move.state = 'done' AND move.raw_material_production_id IS NOT NULL
        """
    )
    cr.execute("SELECT 1 FROM information_schema.columns WHERE table_name = 'stock_move' AND column_name = 'value'")
    if cr.fetchone():
        cr.execute("UPDATE stock_move SET plc_carried_value = COALESCE(value, 0) WHERE plc_carried")
