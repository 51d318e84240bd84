"""A mill in a database of its own, for benchmarks and races: PLCs, silos, a formula, orders.

Runs in the development environment.
"""

import os
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

from workshop import plant
from workshop.databases import drop_database, throwaway_name

PRODUCED = 998.5
OFF = 0.25  # kg that each silo doses too much


def configure():
    """Odoo in this process, as the development environment's configuration says."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])


@contextmanager
def database(folder):
    """Name of a database with the addon, dropped at the end."""
    name = throwaway_name()
    try:
        plant.new_database(name, folder / "newdb.log")
        yield name
    finally:
        Registry.delete(name)
        drop_database(name)


@contextmanager
def measured(env, times, counts):
    """Append seconds and queries of the block."""
    queries, start = env.cr.sql_log_count, time.perf_counter()
    yield
    times.append(time.perf_counter() - start)
    counts.append(env.cr.sql_log_count - queries)


class Mill:
    """``controller``, a PLC with its silos, and orders for it. Nothing but this mill is served, and no task runs by itself.

    :param components: of the formula; the first ``silos`` of them are dosed, the others added by hand
    """

    def __init__(self, name, components=15, silos=10):
        self.silos = silos
        self.registry = Registry(name)
        with self.env() as env:
            env["plc.controller"].search([]).enabled = False
            env["ir.cron"].search([]).active = False  # nothing but what is measured
            self.kg = env.ref("uom.product_uom_kgm").id
            by_hand = {n: {"plc_added": "hand"} for n in range(self.silos, components)}
            values = [{**self._product(f"Component {n}"), **by_hand.get(n, {})} for n in range(components)]
            products = env["product.product"].create(values)
            self.feed = env["product.product"].create(self._product("Feed")).id
            self.components = products.ids
            self.bom = self._new_bom(env)
        self.controller, self.picking_type = self.new_plc()

    @contextmanager
    def env(self):
        """A transaction, committed at the end."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def numbered(self):
        return list(enumerate(self.components))

    def _product(self, name):
        return {"name": name, "is_storable": True, "uom_id": self.kg}

    def _new_bom(self, env):
        lines = [{"product_id": product, "product_qty": 60 + n, "product_uom_id": self.kg} for n, product in self.numbered()]
        template = env["product.product"].browse(self.feed).product_tmpl_id.id
        values = {"product_tmpl_id": template, "product_qty": 1000, "product_uom_id": self.kg}
        return env["mrp.bom"].create({**values, "bom_line_ids": [(0, 0, line) for line in lines]}).id

    def new_plc(self, port=1, **values):
        """(id of a PLC, id of the operation type whose orders it makes)"""
        with self.env() as env:
            picking_type = self._new_picking_type(env)
            silos = [
                {"name": f"Silo {101 + n}", "code": 101 + n, "product_ids": [(6, 0, [product])]}
                for n, product in self.numbered()[: self.silos]
            ]
            plc = {
                "name": f"Bench {port}",
                "host": "127.0.0.1",
                "port": port,
                "layout_id": env.ref("plc_mo_batch.plc_register_layout_job_numbers").id,
                "picking_type_ids": [(6, 0, [picking_type])],
                "equipment_ids": [(0, 0, silo) for silo in silos],
                "commissioned": True,
                **values,
            }
            return env["plc.controller"].create(plc).id, picking_type

    def _new_picking_type(self, env):
        values = {"name": "Bench", "code": "mrp_operation", "sequence_code": f"B{time.time_ns()}"}
        return env["stock.picking.type"].create({**values, "warehouse_id": env.ref("stock.warehouse0").id}).id

    def put_in_stock(self):
        with self.env() as env:
            location = env.ref("stock.warehouse0").lot_stock_id
            for product in env["product.product"].browse(self.components):
                env["stock.quant"]._update_available_quantity(product, location, 1e7)

    def new_orders(self, count, picking_type=None):
        """Ids of confirmed orders."""
        values = {
            "product_id": self.feed,
            "product_qty": 1000,
            "bom_id": self.bom,
            "picking_type_id": picking_type or self.picking_type,
        }
        with self.env() as env:
            orders = env["mrp.production"].create([dict(values) for _number in range(count)])
            orders.action_confirm()
            return orders.ids

    def complete(self):
        """The confirmed orders become batches that the PLC completed; their ids."""
        with self.env() as env:
            controller = env["plc.controller"].browse(self.controller)
            batches = env["plc.task.fill"]._fill(controller)
            for batch in batches:
                dosed = batch.line_ids.filtered("code")
                batch._store_actuals(dosed.mapped("code"), [line.planned_qty + OFF for line in dosed])
                batch._advance("completed", PRODUCED, {})
            return batches.ids

    def quantities(self):
        """kg of each component that the write-back of a completed batch books."""
        return [60.0 + n + (OFF if n < self.silos else 0.0) for n in range(len(self.components))]

    def wanted(self, env, order):
        """(component's move, quantity): what the write-back books."""
        return list(zip(env["mrp.production"].browse(order).move_raw_ids, self.quantities(), strict=True))

    def check(self, orders):
        """Each order is closed with the wanted quantities."""
        with self.env() as env:
            closed = env["mrp.production"].browse(orders)
            assert set(closed.mapped("state")) == {"done"}, closed.mapped("state")
            assert set(closed.mapped("qty_produced")) == {PRODUCED}
            booked = [round(quantity, 2) for quantity in closed.move_raw_ids.mapped("quantity")]
            assert booked == self.quantities() * len(orders), booked


def copy_orders(env, order, group, changed, **number):
    """Copies of an order, each with a production group of its own, as Odoo makes them: those of one group are of one another.

    :param group: SQL for the id of that group, a function of ``n``
    :param changed, number: as :func:`copy_rows` takes them
    """
    kept = env["mrp.production"].browse(order).production_group_id.id
    copy_rows(env, "mrp_production_group", "id", kept, {"id": group}, **number)
    copy_rows(env, "mrp_production", "id", order, {**changed, "production_group_id": group}, **number)


def copy_rows(env, table, key, value, changed, count, first=1):
    """``count`` copies of the rows of a table whose column ``key`` is ``value``, at the speed of PostgreSQL.

    :param changed: column -> SQL for its value; ``n`` is the number of the copy, from ``first`` on
    """
    env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    columns = [row[0] for row in env.cr.fetchall()]
    wanted = ", ".join(changed.get(column, f'{table}."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    env.cr.execute(
        f"INSERT INTO {table} ({names}) SELECT {wanted} FROM {table}, generate_series(%s, %s) n WHERE {table}.{key} = %s",
        [first, first + count - 1, value],
    )
