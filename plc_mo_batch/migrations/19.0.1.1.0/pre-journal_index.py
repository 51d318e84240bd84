def migrate(cr, version):
    """An index of two columns does the work of this one; Odoo keeps what a field no longer asks for."""
    cr.execute("DROP INDEX IF EXISTS mo_batch_event__controller_id_index")
