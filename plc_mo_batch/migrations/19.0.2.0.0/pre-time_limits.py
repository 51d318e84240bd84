"""Times had no upper limit, and took NaN and infinity. With one such left, PostgreSQL would not set the limits at all."""

from odoo.tools import SQL
from odoo.tools.sql import column_exists

LIMITS = {
    86400: ("poll_interval", "settle_time", "quiet_time", "weight_grace"),
    525600: (
        "take_minutes", "weighing_grace", "silent_minutes", "send_minutes", "run_minutes", "post_minutes", "person_minutes",
        "order_minutes",
    ),
}  # fmt: skip


def migrate(cr, version):
    for most, columns in LIMITS.items():
        for column in columns:
            if column_exists(cr, "plc_controller", column):
                name = SQL.identifier(column)
                cr.execute(
                    SQL(
                        "UPDATE plc_controller SET %(name)s = GREATEST(0, LEAST(%(name)s, %(most)s))"
                        " WHERE NOT %(name)s BETWEEN 0 AND %(most)s",
                        name=name,
                        most=most,
                    )
                )
