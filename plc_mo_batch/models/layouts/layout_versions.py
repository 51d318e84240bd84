"""What is built from the rows of a layout, kept as long as none of them is written."""

from odoo.tools import SQL
from odoo.tools.lru import LRU

KEPT = 1024  # layouts, of all databases that this process serves
LAYOUT_ROWS = {
    "plc_register_layout": "id = %(id)s",
    "plc_register_area": "layout_id = %(id)s",
    "plc_register_field": "area_id IN (SELECT id FROM plc_register_area WHERE layout_id = %(id)s)",
    "decimal_precision": "true",  # a layout must not be finer than what this database stores
}
# Columns that only say what a sensor shows: no recipe and no decision asks them.
SHOWN = {"plc_equipment": ("sensor_level", "sensor_at", "sensor_problem")}
_KEPT = LRU(KEPT)


def version_of(table, alias):
    """SQL: the version of one row of a table. PostgreSQL gives a row a new one at each write, by whatever way. A table that
    is also written where nothing changes, has its content instead.

    Its transaction alone is not enough: one may write a row twice, and be asked in between.
    """
    if table not in SHOWN:
        return f"{alias}.xmin::text || {alias}.ctid::text"
    columns = ", ".join(f"'{name}'" for name in (*SHOWN[table], "write_date", "write_uid"))
    return f"(to_jsonb({alias}) - ARRAY[{columns}])::text"


def row_versions(tables, **parameters):
    """SQL: the versions of some rows, as arguments.

    :param tables: table -> condition
    """
    parts = [
        f"(SELECT {_versions_of(table)} FROM {table} WHERE {condition})"  # nosec B608 # ours
        for table, condition in tables.items()
    ]
    return SQL(", ".join(parts), **parameters)


def _versions_of(table):
    order = "id" if table in SHOWN else "ctid"
    return f"string_agg({version_of(table, table)}, ',' ORDER BY {table}.{order})"


def usable(register_layout):
    """The :class:`~...plc.layout.Layout` of a record, without problems.

    Its rows are asked for their versions each time, as another server may have changed them. They are read, built and checked
    only if one is new. A crash or a restored database cannot make that wrong, as the version comes from the database itself.

    :raise UserError: naming the problems
    """
    env = register_layout.env
    register_layout.ensure_one()
    env.flush_all()
    env.cr.execute(SQL("SELECT concat_ws('|', %s)", row_versions(LAYOUT_ROWS, id=register_layout.id)))
    key = env.cr.dbname, register_layout.id, env.cr.fetchone()[0]
    if key not in _KEPT:
        register_layout._check_usable()
        _KEPT[key] = register_layout._layout()
    return _KEPT[key]
