"""Whether anything was written that a look at a PLC decides upon: one question for all PLCs of a run."""

from odoo.tools import SQL

from ..controller.plc_controller import LATEST_CLOSED
from ..layouts.layout_versions import LAYOUT_ROWS, row_versions, version_of

# What a look reads, each table with where its rows come from: ``r`` is the row, ``plc_id`` whose look it is.
_PLC = "plc JOIN {table} r ON r.{key} = plc.plc_id"
_SILO = "plc JOIN plc_equipment e ON e.controller_id = plc.plc_id JOIN {table} r ON r.{key} = e.{own}"
_BATCH = "siblings AS plc JOIN {table} r ON r.{key} = plc.batch_id"
_ORDER = "orders AS plc JOIN {table} r ON r.{key} = plc.order_id"
_EVENT = """plc JOIN plc_register_area a ON a.layout_id = plc.layout_id AND a.kind = '{kind}',
    generate_series(1, a.slots) AS number, LATERAL (
        SELECT xmin, ctid FROM {table} WHERE controller_id = plc.plc_id AND event_slot = number ORDER BY - id LIMIT 1) AS r"""
ROWS = {
    "plc_equipment": _PLC.format(table="plc_equipment", key="controller_id"),
    "plc_controller_stock_picking_type_rel": _PLC.format(table="plc_controller_stock_picking_type_rel", key="plc_controller_id"),
    "plc_equipment_product_product_rel": _SILO.format(
        table="plc_equipment_product_product_rel", key="plc_equipment_id", own="id"
    ),
    "stock_location": _SILO.format(table="stock_location", key="id", own="location_id"),  # when it was counted
    "ir_attachment": "plc JOIN ir_attachment r ON r.res_model = 'plc.controller' AND r.res_id = plc.plc_id",  # certificates
    "mo_batch": _BATCH.format(table="mo_batch", key="id"),
    "mo_batch_line": _BATCH.format(table="mo_batch_line", key="batch_id"),
    "mrp_production": _ORDER.format(table="mrp_production", key="id"),
    "mrp_workorder": _ORDER.format(table="mrp_workorder", key="production_id"),
    "mrp_bom": "orders AS plc JOIN mrp_bom r ON r.id = plc.bom_id",
    "stock_move": "moves AS plc JOIN stock_move r ON r.id = plc.move_id",
    "mrp_bom_line": "moves AS plc JOIN mrp_bom_line r ON r.id = plc.bom_line_id",
    "product_product": "moves AS plc JOIN product_product r ON r.id = plc.product_id",
    "product_template": """moves AS plc JOIN product_product p ON p.id = plc.product_id
        JOIN product_template r ON r.id = p.product_tmpl_id""",
    "plc_failure": _EVENT.format(table="plc_failure", kind="failure"),
    "plc_weighing": _EVENT.format(table="plc_weighing", kind="weighing"),
}
# What concerns all PLCs; with it, which database this is, and since when its server has run: row versions are its own.
SHARED = {"uom_uom": "true", "ir_config_parameter": "true"}
SEEN = ("last_contact", "write_date", "write_uid")  # columns of a PLC that a look writes where nothing happened

_QUERY = """
WITH plc AS MATERIALIZED (
    SELECT id AS plc_id, layout_id, (to_jsonb(c) - %(seen)s)::text AS settings
      FROM plc_controller AS c WHERE id = ANY(%(plcs)s)
), layout AS MATERIALIZED (
    SELECT id, concat_ws('|', %(layouts)s) AS version
      FROM plc_register_layout AS l WHERE id IN (SELECT layout_id FROM plc)
), batches AS MATERIALIZED (
    SELECT plc_id, b.id AS batch_id, b.production_id AS order_id
      FROM plc JOIN mo_batch AS b ON b.controller_id = plc_id WHERE b.active
), closed AS (
    SELECT plc_id, latest.id AS batch_id
      FROM plc JOIN plc_register_layout AS l ON l.id = plc.layout_id, LATERAL (%(closed)s) AS latest
), orders AS MATERIALIZED (
    SELECT DISTINCT plc_id, p.id AS order_id, p.bom_id FROM batches JOIN mrp_production AS p ON p.id = order_id
), siblings AS MATERIALIZED (
    SELECT plc_id, batch_id FROM closed UNION
    SELECT plc_id, b.id FROM orders JOIN mo_batch AS b ON b.production_id = order_id
), moves AS MATERIALIZED (
    SELECT plc_id, m.id AS move_id, m.product_id, m.bom_line_id
      FROM orders JOIN stock_move AS m ON m.raw_material_production_id = order_id UNION ALL
    SELECT plc_id, m.id, m.product_id, m.bom_line_id FROM orders JOIN stock_move AS m ON m.production_id = order_id
), versions AS (
    SELECT plc_id, sum(hash) AS version FROM (%(rows)s) AS every GROUP BY plc_id
)
SELECT plc_id, md5(concat_ws('|', shared.version, settings, layout.version, versions.version))
  FROM (SELECT concat_ws('|', pg_postmaster_start_time(), d.oid, %(shared)s) AS version
          FROM pg_database AS d WHERE datname = current_database()) AS shared,
       plc LEFT JOIN layout ON layout.id = layout_id LEFT JOIN versions USING (plc_id)
"""


def look_versions(env, controllers):
    """A digest for each PLC, which changes with any row that a look at it decides upon, whoever writes it, and in whatever way.

    :param controllers: ids of PLCs
    :return: {id: digest}
    """
    env.flush_all()
    env.cr.execute("SET LOCAL jit = off")  # compiling the query takes ten times as long as running it
    env.cr.execute(
        SQL(
            _QUERY,
            plcs=list(controllers),
            seen=list(SEEN),
            layouts=row_versions(LAYOUT_ROWS, id=SQL("l.id")),
            closed=SQL(LATEST_CLOSED, plc=SQL("plc_id"), slots=SQL("l.slots")),
            rows=SQL(" UNION ALL ").join(map(_hashes, ROWS, range(len(ROWS)))),
            shared=row_versions(SHARED),
        )
    )
    return dict(env.cr.fetchall())


def _hashes(table, number):
    """SQL: the versions of a table's rows as numbers, whose sum does not depend on their order."""
    version = version_of(table, "r")
    return SQL(f"SELECT plc_id, hashtextextended({version}, {number}) AS hash FROM {ROWS[table]}")  # nosec B608 # ours
