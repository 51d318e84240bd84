"""Fill the fields by which Task 4 judges batches, from existing data; in SQL, so that no batch counts as modified."""


def migrate(cr, version):
    cr.execute(
        """
        ALTER TABLE mo_batch ADD COLUMN IF NOT EXISTS date_state timestamp,
                             ADD COLUMN IF NOT EXISTS waits_since timestamp
        """
    )
    cr.execute(
        """
        UPDATE mo_batch
           SET waits_since = CASE WHEN attention IS NOT NULL OR held THEN write_date END,
               date_state = CASE
                   WHEN state = 'offered' THEN date_offered
                   WHEN state = 'running' THEN date_started
                   WHEN state IN ('completed', 'failed') THEN date_finished
                   WHEN state IN ('done', 'cancelled') THEN date_closed
                   ELSE write_date
               END
        """
    )
