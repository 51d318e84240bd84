"""``make bench``, second part: what the write-back and the fill cost in Odoo; merged into ``bench.json``.

Write-back of 10 orders of 15 components, beside Odoo's own bulk close of such orders with the same quantities, and beside an
XML-RPC client of a real server that does it order by order, component by component. Fill of 10 orders with 10,000 waiting,
beside 100. Everything interleaved in one run; medians.
"""

import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "dev"))

import plant  # noqa: E402

from odoo import SUPERUSER_ID, api  # noqa: E402
from odoo.modules.registry import Registry  # noqa: E402
from odoo.tools import config  # noqa: E402

TARGETS = {
    "writeback_ratio_time": 1.3,
    "writeback_ratio_queries": 1.3,
    "writeback_vs_xmlrpc": 0.2,
    "fill_growth_time": 1.5,
    "fill_growth_queries": 1.1,
}
ORDERS = 10
SILOS, COMPONENTS = 10, 15
PRODUCED = 998.5
OFF = 0.25  # kg that each silo doses too much
WAITING = {"few": 100, "many": 10_000}
ROUNDS, XMLRPC_ROUNDS = 7, 5
ANSWERED = {"skip_consumption": True, "skip_backorder": True, "skip_redirection": True}


# A mill


class Mill:
    """A PLC with ten silos, and orders for it, in a database of its own."""

    def __init__(self, database):
        self.registry = Registry(database)
        with self.env() as env:
            env["plc.controller"].search([]).enabled = False
            env["ir.cron"].search([]).active = False  # nothing but what is measured
            self.kg = env.ref("uom.product_uom_kgm").id
            self.picking_type = self._new_picking_type(env)
            components = env["product.product"].create([self._product(f"Component {n}") for n in range(COMPONENTS)])
            self.feed = env["product.product"].create(self._product("Feed")).id
            self.components = components.ids
            self.bom = self._new_bom(env)
            self.controller = self._new_controller(env)

    @contextmanager
    def env(self):
        """A transaction, committed at the end."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def _product(self, name):
        return {"name": name, "is_storable": True, "uom_id": self.kg}

    def _new_picking_type(self, env):
        values = {"name": "Bench", "code": "mrp_operation", "sequence_code": f"B{time.time_ns()}"}
        return env["stock.picking.type"].create({**values, "warehouse_id": env.ref("stock.warehouse0").id}).id

    def _new_bom(self, env):
        lines = [{"product_id": product, "product_qty": 60 + n, "product_uom_id": self.kg} for n, product in self.numbered()]
        template = env["product.product"].browse(self.feed).product_tmpl_id.id
        values = {"product_tmpl_id": template, "product_qty": 1000, "product_uom_id": self.kg}
        return env["mrp.bom"].create({**values, "bom_line_ids": [(0, 0, line) for line in lines]}).id

    def _new_controller(self, env):
        silos = [
            {"name": f"Silo {101 + n}", "code": 101 + n, "product_ids": [(6, 0, [product])]}
            for n, product in self.numbered()[:SILOS]
        ]
        values = {
            "name": "Bench",
            "host": "127.0.0.1",
            "port": 1,
            "map_id": env.ref("plc_mo_batch.plc_register_map_job_numbers").id,
            "picking_type_ids": [(6, 0, [self.picking_type])],
            "equipment_ids": [(0, 0, silo) for silo in silos],
        }
        return env["plc.controller"].create(values).id

    def numbered(self):
        return list(enumerate(self.components))

    def put_in_stock(self):
        with self.env() as env:
            location = env.ref("stock.warehouse0").lot_stock_id
            for product in env["product.product"].browse(self.components):
                env["stock.quant"]._update_available_quantity(product, location, 1e7)

    def new_orders(self, count):
        """Ids of confirmed orders."""
        values = {"product_id": self.feed, "product_qty": 1000, "bom_id": self.bom, "picking_type_id": self.picking_type}
        with self.env() as env:
            orders = env["mrp.production"].create([dict(values) for _number in range(count)])
            orders.action_confirm()
            return orders.ids

    def complete(self):
        """The confirmed orders become batches that the PLC completed."""
        with self.env() as env:
            controller = env["plc.controller"].browse(self.controller)
            for batch in env["plc.task.fill"]._fill(controller):
                dosed = batch.line_ids.filtered("code")
                batch._store_actuals(dosed.mapped("code"), [line.planned_qty + OFF for line in dosed])
                batch._advance("completed", PRODUCED, {})

    def wanted(self, env, order):
        """(component's move, quantity): what the write-back books."""
        moves = env["mrp.production"].browse(order).move_raw_ids
        return [(move, move.product_uom_qty + (OFF if n < SILOS else 0.0)) for n, move in enumerate(moves)]

    def check(self, orders):
        """Each order is closed with the wanted quantities."""
        with self.env() as env:
            closed = env["mrp.production"].browse(orders)
            assert set(closed.mapped("state")) == {"done"}, closed.mapped("state")
            assert set(closed.mapped("qty_produced")) == {PRODUCED}
            booked = [round(quantity, 2) for quantity in closed.move_raw_ids.mapped("quantity")]
            assert booked == [60.0 + n + (OFF if n < SILOS else 0.0) for _order in orders for n in range(COMPONENTS)], booked


@contextmanager
def measured(env, times, counts):
    """Append seconds and queries of the block."""
    queries, start = env.cr.sql_log_count, time.perf_counter()
    yield
    times.append(time.perf_counter() - start)
    counts.append(env.cr.sql_log_count - queries)


# Write-back


def ours(mill, times, counts):
    """Task 3, as its cron runs it."""
    orders = mill.new_orders(ORDERS)
    mill.complete()
    with mill.env() as env, measured(env, times, counts):
        env["plc.task.write.back"]._work()
    mill.check(orders)


def bulk(mill, times, counts):
    """Odoo alone: quantities set, then all orders closed at once."""
    orders = mill.new_orders(ORDERS)
    with mill.env() as env, measured(env, times, counts):
        for order in env["mrp.production"].browse(orders):
            order.qty_producing = PRODUCED
            for move, quantity in mill.wanted(env, order.id):
                move.write({"quantity": quantity, "picked": True})
        env["mrp.production"].browse(orders).with_context(**ANSWERED).button_mark_done()
        env.cr.commit()
    mill.check(orders)


def over_xmlrpc(mill, rpc, times):
    """Order by order, component by component, as from outside."""
    orders = mill.new_orders(ORDERS)
    with mill.env() as env:
        wanted = {order: [(move.product_id.id, quantity) for move, quantity in mill.wanted(env, order)] for order in orders}
    start = time.perf_counter()
    for order, components in wanted.items():
        rpc.call("mrp.production", "write", [order], {"qty_producing": PRODUCED})
        for product, quantity in components:
            domain = [("raw_material_production_id", "=", order), ("product_id", "=", product)]
            move = rpc.call("stock.move", "search", domain)
            rpc.call("stock.move", "write", move, {"quantity": quantity, "picked": True})
        rpc.call("mrp.production", "button_mark_done", [order], context=ANSWERED)
    times.append(time.perf_counter() - start)
    mill.check(orders)


def write_backs(mill, rpc):
    """Medians of the write-back's figures; ours and XML-RPC's are compared round by round, as the machine may be busy."""
    mill.put_in_stock()
    for kind in (ours, bulk):
        kind(mill, [], [])  # warms up
    over_xmlrpc(mill, rpc, [])
    our_times, our_counts, bulk_times, bulk_counts, xmlrpc_times = [], [], [], [], []
    for round_ in range(ROUNDS):
        ours(mill, our_times, our_counts)
        bulk(mill, bulk_times, bulk_counts)
        if round_ < XMLRPC_ROUNDS:
            over_xmlrpc(mill, rpc, xmlrpc_times)
    return {
        "writeback_s": median(our_times),
        "writeback_queries": median(our_counts),
        "writeback_bulk_s": median(bulk_times),
        "writeback_bulk_queries": median(bulk_counts),
        "writeback_xmlrpc_s": median(xmlrpc_times),
        "writeback_ratio_time": median(our_times) / median(bulk_times),
        "writeback_ratio_queries": median(our_counts) / median(bulk_counts),
        "writeback_vs_xmlrpc": median(mine / theirs for mine, theirs in zip(our_times, xmlrpc_times, strict=False)),
    }


# Fill


def multiply(mill, count):
    """Confirmed orders, ``count`` in all, with their moves: copies of one, half a minute apart; Odoo would take half an hour."""
    order = mill.new_orders(1)[0]
    with mill.env() as env:
        first = env["mrp.production"].search([], order="id desc", limit=1).id
        copies = {"name": "'BENCH/' || n", "date_start": "date_start + n * interval '30 s'", "id": f"{first} + n"}
        _copy_rows(env, "mrp_production", "id", order, copies, count)
        for column in ("raw_material_production_id", "production_id"):  # components, product
            copies = {column: f"{first} + n", "id": "nextval('stock_move_id_seq')"}
            _copy_rows(env, "stock_move", column, order, copies, count)
        env.cr.execute("SELECT setval('mrp_production_id_seq', max(id)) FROM mrp_production")
        env.cr.execute("ANALYZE")
        eligible = env["mrp.production"]._plc_eligible_domain(env["plc.controller"].browse(mill.controller))
        assert env["mrp.production"].search_count(eligible) == count


def _copy_rows(env, table, key, value, changed, count):
    env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    columns = [row[0] for row in env.cr.fetchall()]
    wanted = ", ".join(changed.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    env.cr.execute(
        f"INSERT INTO {table} ({names}) SELECT {wanted} FROM {table}, generate_series(1, %s) n WHERE {key} = %s",
        [count - 1, value],
    )


def fill(mill, times, counts):
    """A fill of ten, taken back."""
    with closing(mill.registry.cursor()) as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        controller = env["plc.controller"].browse(mill.controller)
        with measured(env, times, counts):
            batches = env["plc.task.fill"]._fill(controller)
            env.flush_all()
        assert len(batches) == ORDERS
        cr.rollback()


def fills(mills):
    """Medians of the fill's figures, by how many orders wait."""
    for size, mill in mills.items():
        multiply(mill, WAITING[size])
    times, counts = {size: [] for size in mills}, {size: [] for size in mills}
    for _round in range(ROUNDS + 1):
        for size, mill in mills.items():
            fill(mill, times[size], counts[size])
    seconds = {size: median(values[1:]) for size, values in times.items()}
    queries = {size: median(values[1:]) for size, values in counts.items()}
    return {
        "fill_few_s": seconds["few"],
        "fill_many_s": seconds["many"],
        "fill_queries": queries["many"],
        "fill_growth_time": seconds["many"] / seconds["few"],
        "fill_growth_queries": queries["many"] / queries["few"],
    }


# Report


@contextmanager
def database(folder):
    """Name of a database with the addon, dropped at the end."""
    name = plant.test_database()
    try:
        plant.new_database(name, folder / "newdb.log")
        yield name
    finally:
        Registry.delete(name)
        plant.drop_database(name)


def measure():
    """All figures by key."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        small, large = (stack.enter_context(database(folder)) for _size in WAITING)
        mill = Mill(small)
        with plant.Server(small, folder / "odoo.log") as server:
            figures = write_backs(mill, server.wait_up().rpc())
        return figures | fills({"few": Mill(small), "many": Mill(large)})


def main():
    """Measure, print, merge."""
    figures = {key: round(value, 3) for key, value in measure().items()}
    for key, target in TARGETS.items():
        print(f"{key:<24}{figures[key]:>10g}{'<= ' + str(target):>10}{'' if figures[key] <= target else '  MISSED'}")
    for key in (key for key in figures if key not in TARGETS):
        print(f"{key:<24}{figures[key]:>10g}")
    file = ROOT / "bench.json"
    merged = (json.loads(file.read_text()) if file.exists() else {}) | figures
    file.write_text(json.dumps(merged, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
