"""What may only rise is watched, and a recipe is cleared once it was taken."""


def migrate(cr, version):
    """The recipes of batches in a PLC may still be armed there. What a PLC shows of batches that were closed long ago is nobody's
    concern any more."""
    cr.execute(
        """
        UPDATE mo_batch SET armed = TRUE
         WHERE job_number > 0
           AND (state IN ('offered', 'running', 'cancelling', 'completed', 'failed')
                OR id IN (SELECT max(id) FROM mo_batch WHERE state = 'done' GROUP BY controller_id, slot))
        """
    )
    cr.execute("UPDATE mo_batch SET noted = TRUE WHERE state IN ('done', 'cancelled')")
    # whether a slot showed the order when it was sent is not known
    cr.execute("UPDATE mo_batch SET shown_before = TRUE WHERE state IN ('sending', 'offered', 'cancelling')")
