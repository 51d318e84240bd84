"""``make bench``, second part: what the write-back, the hand-over and the fill cost in Odoo; merged into ``bench.json``.

Write-back of 10 orders of 15 components, beside Odoo's own bulk close of such orders with the same quantities, and beside an
XML-RPC client of a real server that does it order by order, component by component. Fill of 10 orders with 10,000 waiting,
beside 100. Hand-over: ten orders from confirmed to recipes in a PLC, beside an outside client that reads them over XML-RPC, order
by order, and writes each slot over a bare socket, without a journal and without reading back. Everything interleaved; medians.
"""

import json
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from odoo import SUPERUSER_ID, api

from workshop import plant
from workshop.bench import bare
from workshop.bench.mill import PRODUCED, Mill, configure, copy_orders, copy_rows, database, measured
from workshop.paths import ROOT

TARGETS = {
    "writeback_ratio_time": 1.3,
    "writeback_ratio_queries": 1.3,
    "writeback_vs_xmlrpc": 0.2,
    "fill_growth_time": 1.5,
    "fill_growth_queries": 1.1,
    "handover_ratio": 1.0,
}
ORDERS = 10
WAITING = {"few": 100, "many": 10_000}
ROUNDS, XMLRPC_ROUNDS = 7, 5
RECIPE, STRIDE, CODES = 7000, 100, 27  # of the layout "Feed mill, job numbers": first register, a slot's, its first code
ANSWERED = {"skip_consumption": True, "skip_backorder": True, "skip_redirection": True}


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


# Hand-over


def hand_over(mill, plc, times):
    """Task 1 and Task 2, as their crons run them."""
    mill.new_orders(ORDERS)
    with mill.env() as env, measured(env, times, []):
        env["plc.task.fill"]._work()
        env["plc.task.exchange"]._work()
    with mill.env() as env:
        assert env["mo.batch"].search([]).mapped("state") == ["offered"] * ORDERS
    _forget(mill, plc)


def hand_over_from_outside(mill, plc, rpc, times):
    """What a middleware does: each order, each component, then the slot."""
    mill.new_orders(ORDERS)
    start = time.perf_counter()
    waiting = [("state", "=", "confirmed"), ("picking_type_id", "=", mill.picking_type)]
    orders = rpc.call("mrp.production", "search", waiting, order="date_start, id", limit=ORDERS)
    for slot, order in enumerate(orders):
        values = rpc.call("mrp.production", "read", [order], ["name", "product_id", "product_qty", "move_raw_ids"])[0]
        targets = []
        for move in values["move_raw_ids"]:
            targets.append(rpc.call("stock.move", "read", [move], ["product_id", "product_uom_qty"])[0]["product_uom_qty"])
        bare.write(plc.port, RECIPE + slot * STRIDE, _words(slot + 1, values, targets[: mill.silos]))
    times.append(time.perf_counter() - start)
    assert plc.mill.memory[RECIPE + CODES + 1 : RECIPE + CODES + 3] == [0, round(targets[0] * 100)]
    _forget(mill, plc)


def _words(slot, values, targets):
    words = [0] * (CODES + 3 * len(targets))
    name = values["name"].encode()[:16].ljust(16, b"\0")
    words[:9] = [slot, *(name[n] << 8 | name[n + 1] for n in range(0, 16, 2))]
    for line, kilograms in enumerate(targets):
        words[CODES + 3 * line : CODES + 3 * line + 3] = [101 + line, *divmod(round(kilograms * 100), 65536)]
    return words


def _forget(mill, plc):
    plc.lose_memory()
    with mill.env() as env:
        env.cr.execute("UPDATE mo_batch SET state = 'cancelled', active = false, armed = false WHERE active")
        env.cr.execute("UPDATE mrp_production SET state = 'cancel' WHERE state = 'confirmed'")


def hand_overs(mill, rpc):
    """Medians of the hand-over's figures."""
    from odoo.addons.plc_mo_batch.simulator import Simulator  # found once Odoo is configured

    ours, theirs = [], []
    with Simulator(scan_time=None) as plc:
        with mill.env() as env:
            env["plc.controller"].browse(mill.controller).port = plc.port
        for _round in range(XMLRPC_ROUNDS + 1):
            hand_over(mill, plc, ours)
            hand_over_from_outside(mill, plc, rpc, theirs)
    figures = {"handover_s": median(ours[1:]), "handover_xmlrpc_s": median(theirs[1:])}
    return figures | {"handover_ratio": figures["handover_s"] / figures["handover_xmlrpc_s"]}


# Fill


def multiply(mill, count):
    """Confirmed orders, ``count`` in all, with their moves: copies of one, half a minute apart; Odoo would take half an hour."""
    order = mill.new_orders(1)[0]
    with mill.env() as env:
        first = env["mrp.production"].search([], order="id desc", limit=1).id
        copies = {"name": "'BENCH/' || n", "date_start": "date_start + n * interval '30 s'", "id": f"{first} + n"}
        copy_orders(env, order, f"{first} + n", copies, count=count - 1)
        for column in ("raw_material_production_id", "production_id"):  # components, product
            copies = {column: f"{first} + n", "id": "nextval('stock_move_id_seq')"}
            copy_rows(env, "stock_move", column, order, copies, count - 1)
        env.cr.execute("SELECT setval('mrp_production_id_seq', max(id)) FROM mrp_production")
        env.cr.execute("ANALYZE")
        eligible = env["mrp.production"]._plc_eligible_domain(env["plc.controller"].browse(mill.controller))
        assert env["mrp.production"].search_count(eligible) == count


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


def measure():
    """All figures by key."""
    configure()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        small, large = (stack.enter_context(database(folder)) for _size in WAITING)
        mill = Mill(small)
        with plant.Server(small, folder / "odoo.log") as server:
            rpc = server.wait_up().rpc()
            figures = write_backs(mill, rpc) | hand_overs(mill, rpc)
        return figures | fills({"few": Mill(small), "many": Mill(large)})


def publish(measured_figures, targets):
    """Print and merge."""
    figures = {key: round(value, 3) for key, value in measured_figures.items()}
    for key, target in targets.items():
        print(f"{key:<24}{figures[key]:>10g}{'<= ' + str(target):>10}{'' if figures[key] <= target else '  MISSED'}")
    for key in (key for key in figures if key not in targets):
        print(f"{key:<24}{figures[key]:>10g}")
    file = ROOT / "bench.json"
    merged = (json.loads(file.read_text()) if file.exists() else {}) | figures
    file.write_text(json.dumps(merged, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    publish(measure(), TARGETS)
