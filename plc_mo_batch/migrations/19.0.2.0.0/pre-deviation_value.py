"""What a deviation was worth when its batch was closed is not known of batches that are: components cost something else today.
With the columns there, Odoo computes nothing into them, which would also take long for a million lines."""

from odoo.tools.sql import column_exists, create_column

COLUMNS = {"unit_cost": "float8", "deviation_value": "numeric"}


def migrate(cr, version):
    for name, kind in COLUMNS.items():
        if not column_exists(cr, "mo_batch_line", name):
            create_column(cr, "mo_batch_line", name, kind)
