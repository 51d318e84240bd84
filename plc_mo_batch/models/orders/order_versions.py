from odoo.tools import SQL

from ..layouts.layout_versions import LAYOUT_ROWS, row_versions

# What the recipes of all orders of a PLC are frozen with, and what of it differs from order to order.
SHARED = {
    **LAYOUT_ROWS,
    "uom_uom": "true",
    "plc_equipment": "controller_id = plc.id",
    "plc_controller_stock_picking_type_rel": "plc_controller_id = plc.id",
    "plc_equipment_product_product_rel": "plc_equipment_id IN (SELECT id FROM plc_equipment WHERE controller_id = plc.id)",
}
_MOVES = """SELECT id, product_id, bom_line_id FROM stock_move WHERE raw_material_production_id = production.id
            UNION ALL SELECT id, product_id, bom_line_id FROM stock_move WHERE production_id = production.id"""
OWN = {
    "mrp_production": "id = production.id",
    "stock_move": "id IN (SELECT id FROM moves)",
    "mrp_workorder": "production_id = production.id",
    "mrp_bom": "id = production.bom_id",
    "mrp_bom_line": "id IN (SELECT bom_line_id FROM moves)",
    "product_product": "id IN (SELECT product_id FROM moves)",
    "product_template": "id IN (SELECT product_tmpl_id FROM product_product WHERE id IN (SELECT product_id FROM moves))",
    "mo_batch_line": "batch_id IN (SELECT id FROM mo_batch WHERE production_id = production.id)",
}
# What it was split off may be made while it waits: whether the PLC was told of a batch of that, decides if it may be sent.
_RELATIVES = """CASE WHEN batch.state = 'queued' THEN
    (SELECT string_agg(concat_ws(' ', relative.id, relative.state, relative.active, relative.resent, relative.date_offered), ','
                       ORDER BY relative.id)
       FROM mo_batch AS relative JOIN mrp_production AS source ON source.id = relative.production_id
      WHERE source.production_group_id = production.production_group_id AND source.id <> production.id)
    END"""
LOGGED = ("write_date", "write_uid")


class OrderVersions:
    """Whether the orders of PLCs' batches may have changed since each batch was last compared with its order.

    To compare means to freeze the recipe anew, which is most of the work of a look at a PLC where nothing happens. A version is a
    digest of the row versions of everything that a recipe is frozen from: PostgreSQL gives a row a new one at each write, by
    whatever way. It is stored with the batch in the transaction that compared. So a crash, a restored database or another server
    can lose both or neither; a dump that is read in changes all of them, and everything is compared again.

    :param controllers: PLCs
    """

    def __init__(self, controllers):
        self.env = controllers.env
        self.controllers = controllers

    def of_batches(self):
        """{id of an open batch of these PLCs: the version of its order}"""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT batch.id, md5(concat_ws('|', shared.version, own.version))
                  FROM plc_controller AS plc,
                       LATERAL (SELECT concat_ws('|', (to_jsonb(plc) - %(telemetry)s)::text, %(shared)s) AS version) AS shared,
                       mo_batch AS batch JOIN mrp_production AS production ON production.id = batch.production_id,
                       LATERAL (WITH moves AS (%(moves)s)
                                SELECT concat_ws('|', %(siblings)s, %(relatives)s, %(own)s) AS version) AS own
                 WHERE plc.id = ANY(%(plcs)s) AND batch.controller_id = plc.id AND batch.active
                """,
                plcs=self.controllers.ids,
                telemetry=self._unsteady("plc.controller"),
                shared=row_versions(SHARED, id=SQL("plc.layout_id")),
                moves=SQL(_MOVES),
                siblings=SQL(
                    """(SELECT string_agg((to_jsonb(sibling) - %s)::text, ',' ORDER BY id)
                          FROM mo_batch AS sibling WHERE production_id = production.id)""",
                    ["order_version", *LOGGED],
                ),
                relatives=SQL(_RELATIVES),
                own=row_versions(OWN),
            )
        )
        return dict(self.env.cr.fetchall())

    def _unsteady(self, model):
        """Columns that only our own tasks write, at each look."""
        fields = self.env[model]._fields.values()
        return [*LOGGED, *(field.name for field in fields if field.store and field.readonly and not field.copy)]
