"""An order is compared with its batch only if a row that its recipe is frozen from was written since."""

import re

from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.orders.order_versions import OWN, SHARED, OrderVersions
from ..common import MillCase

WATCHED = {*SHARED, *OWN, "plc_controller", "mo_batch"}
COLUMNS = {  # of tables without an id, and of the one whose content counts
    "plc_equipment": "name",
    "plc_controller_stock_picking_type_rel": "plc_controller_id",
    "plc_equipment_product_product_rel": "plc_equipment_id",
}
# What is read besides, and why it needs no version.
BESIDE = {
    "product_attribute": "names of variants, which are not compared",
    "product_attribute_value": "names of variants",
    "product_template_attribute_line": "names of variants",
    "product_template_attribute_value": "names of variants",
    "product_variant_combination": "names of variants",
    "stock_location": "which kinds of moves are components: no place changes its kind while moves lead there",
    "stock_picking_type": "its name, in a message",
    "picking_type_favorite_user_rel": "read with it",
    "resource_calendar_leaves": "when a work order is planned, which no recipe asks",
    "res_company": "whose records these are, which does not change",
    "res_lang": "the language of messages",
}


class TablesCase(MillCase):
    def tables_read_by(self, method, *args):
        """Tables that are read if nothing is known yet."""
        queries = []
        execute = Cursor.execute

        def note(cr, query, params=None, log_exceptions=True):
            queries.append(query.code if isinstance(query, SQL) else str(query))
            return execute(cr, query, params, log_exceptions)

        self.env.flush_all()
        self.env.invalidate_all()
        self.registry.clear_all_caches()
        self.patch(Cursor, "execute", note)
        method(*args)
        self.patch(Cursor, "execute", execute)
        return {table for query in queries for table in re.findall(r'\b(?:FROM|JOIN|from)\s+"?(\w+)"?', query)}


@tagged("post_install", "-at_install")
class TestOrderVersions(TablesCase):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.plc = self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        self.run_task(2)
        self.batch = self.queue()
        self.compared = []
        batches = type(self.batch)
        compare = batches._compare_with_order

        def note(batch, layout):
            self.compared.append(batch.id)
            return compare(batch, layout)

        self.patch(batches, "_compare_with_order", note)

    def new_batch(self, order, slot, **values):
        """One more in the queue."""
        layout = self.controller.layout_id._layout()
        frozen = order._plc_freeze(self.controller, layout, slot, order._plc_share(self.controller))
        return self.env["mo.batch"].create({**frozen, **values})

    def version(self):
        return OrderVersions(self.controller).of_batches()[self.batch.id]

    def test_everything_that_is_compared_is_watched(self):
        layout = self.controller.layout_id._layout()
        self.controller.max_batch_qty = 1500.0
        shared = self.new_order(3000.0)
        batches = [self.batch, *(self.new_batch(shared, slot, state="running") for slot in (2, 3))]
        batches.append(self.new_batch(self.new_order(), 4, state="completed"))
        for batch in batches:
            with self.subTest(batch.order_name):
                read = self.tables_read_by(batch._record_order_change, layout)
                read |= self.tables_read_by(batch._take_up_late_components, batch.state == "completed")
                self.assertLess({"stock_move", "mo_batch_line"}, read)
                self.assertFalse(read - WATCHED - BESIDE.keys())

    def test_everything_that_is_frozen_again_is_watched(self):
        layout = self.controller.layout_id._layout()
        self.controller.max_batch_qty = 1500.0
        shared = self.new_order(3000.0)
        batches = [self.new_batch(self.new_order(), 2), *(self.new_batch(shared, slot) for slot in (3, 4))]
        for batch in batches:
            with self.subTest(batch.order_name):
                read = self.tables_read_by(batch._refresh, layout)
                self.assertLess({"stock_move", "mo_batch_line"}, read)
                self.assertFalse(read - WATCHED - BESIDE.keys())

    def test_a_look_where_nothing_happened_compares_nothing(self):
        self.run_task(2)
        self.assertEqual(self.compared, [])
        self.order.move_raw_ids[0].product_uom_qty = 450.0
        self.run_task(2)
        self.assertEqual(self.compared, self.batch.ids)
        self.assertTrue(self.batch.order_changed)

    def test_every_written_row_is_seen(self):
        """Whatever writes it: here, PostgreSQL alone."""
        center = self.env["mrp.workcenter"].create({"name": "Mixer"})
        self.env["mrp.workorder"].create({"name": "Mix", "workcenter_id": center.id, "production_id": self.order.id})
        parts = {
            **{table: SQL(condition, id=SQL("plc.layout_id")) for table, condition in SHARED.items()},
            **{table: SQL(condition) for table, condition in OWN.items()},
        }
        for table, condition in parts.items():
            with self.subTest(table):
                before = self.version()
                column = COLUMNS.get(table, "id")
                value = SQL("plc_equipment.name || 'x'") if column == "name" else SQL.identifier(table, column)
                self.env.cr.execute(
                    SQL(
                        """
                        WITH production AS (SELECT * FROM mrp_production WHERE id = %(order)s),
                             plc AS (SELECT * FROM plc_controller WHERE id = %(plc)s),
                             moves AS (SELECT id, product_id, bom_line_id FROM stock_move
                                        WHERE raw_material_production_id = %(order)s)
                        UPDATE %(table)s SET %(column)s = %(value)s FROM production, plc WHERE %(table)s.ctid IN (
                            SELECT ctid FROM %(table)s WHERE %(condition)s)
                        """,
                        order=self.order.id,
                        plc=self.controller.id,
                        table=SQL.identifier(table),
                        column=SQL.identifier(column),
                        value=value,
                        condition=condition,
                    )
                )
                self.assertGreater(self.env.cr.rowcount, 0)
                self.assertNotEqual(self.version(), before)

    def test_settings_are_seen_and_news_of_the_plc_are_not(self):
        before = self.version()
        self.controller.write({"last_contact": "2026-01-01", "last_error": "x", "last_job": 77, "online": False})
        self.batch.order_version = "another"
        self.assertEqual(self.version(), before)
        self.controller.max_batch_qty = 500.0
        self.assertNotEqual(self.version(), before)

    def test_other_batches_of_the_order_are_seen(self):
        before = self.version()
        self.batch.order_qty = 900.0
        self.assertNotEqual(self.version(), before)

    def test_what_is_not_sent_is_compared_when_something_was_written(self):
        self.plc.stop()
        queued = self.new_batch(self.new_order(), 2)
        for write, compared in (
            (lambda: None, True),  # it has no version yet
            (lambda: None, False),
            (lambda: queued.production_id.move_raw_ids[0].write({"product_uom_qty": 450.0}), True),
            (lambda: None, True),  # its lines are new
            (lambda: None, False),
        ):
            write()
            self.compared.clear()
            self.run_task(2)
            self.assertEqual(self.compared, queued.ids if compared else [])
        self.assertEqual(queued.line_ids[0].planned_qty, 450.0)

    def test_what_was_just_filled_is_sent_without_another_look(self):
        self.run_plc(self.plc, 1)
        self.run_task(3)
        order = self.new_order()
        self.run_task(1)
        self.compared.clear()
        self.run_task(2)
        self.assertFalse(self.compared)
        self.assertEqual((self.queue().production_id, self.queue().state), (order, "offered"))

    def test_what_it_was_split_off_is_seen(self):
        """Until it is sent: a batch of that, which the PLC is told of now, may make it as well."""
        queued = self.new_batch(self.new_order(), 2)
        source = self.batch.production_id
        queued.production_id.production_group_id = source.production_group_id
        before = OrderVersions(self.controller).of_batches()[queued.id]
        self.batch.state = "running"
        self.assertNotEqual(OrderVersions(self.controller).of_batches()[queued.id], before)
        queued.state = "offered"
        before = OrderVersions(self.controller).of_batches()[queued.id]
        self.batch.state = "completed"
        self.assertEqual(OrderVersions(self.controller).of_batches()[queued.id], before)

    def test_what_could_not_be_compared_is_compared_again(self):
        """Another order has its name for a while: whether it was changed is found out when that is over."""
        twin_batch = self.new_batch(self.new_order(), 2, state="done", active=False)
        twin_batch.order_name = self.batch.order_name
        self.order.move_raw_ids[0].product_uom_qty = 450.0
        self.run_task(2)
        self.assertFalse(self.batch.order_changed or self.batch.order_version)
        twin_batch.order_name = "TWIN"
        self.run_task(2)
        self.assertTrue(self.batch.order_changed)

    def test_a_version_that_stood_still_would_be_noticed(self):
        """The tests of changed orders depend on it: with a version that never changes they would fail."""
        frozen = {self.batch.id: self.batch.order_version}
        self.patch(OrderVersions, "of_batches", lambda versions: frozen)
        self.order.move_raw_ids[0].product_uom_qty = 450.0
        self.run_task(2)
        self.assertFalse(self.batch.order_changed)
