def migrate(cr, version):
    """An index of two columns replaces this one; Odoo keeps the index of a field that no longer declares it."""
    cr.execute("DROP INDEX IF EXISTS mo_batch_event__controller_id_index")
