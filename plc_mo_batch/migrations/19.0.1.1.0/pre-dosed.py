"""Store what the PLC dosed of each ended batch; in SQL, so that no batch counts as modified."""


def migrate(cr, version):
    cr.execute("ALTER TABLE mo_batch ADD COLUMN IF NOT EXISTS dosed_qty numeric")
    cr.execute(
        """
        UPDATE mo_batch
           SET dosed_qty = CASE
                   WHEN state IN ('completed', 'failed', 'done', 'cancelled')
                   THEN COALESCE((SELECT sum(actual_qty) FROM mo_batch_line
                                   WHERE batch_id = mo_batch.id AND code IS NOT NULL AND code != 0), 0)
                   ELSE 0
               END
        """
    )
