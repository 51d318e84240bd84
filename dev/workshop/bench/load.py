"""``make load``: 100 PLCs with ten slots, and a history that grows; every task and every screen, within limits.py.

Prints a table, writes docs/load.md and docs/images/load.svg, merges its figures into bench.json. Exit code 1: a limit is missed.
``python load.py [--plcs COUNT] [BATCHES…]``: fewer PLCs where there is less time, which the document then says; with other sizes
of the history nothing is written.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from workshop.bench import client_reads, cpu
from workshop.bench.history import EVENTS, History
from workshop.bench.limits import GROWS, GROWTH, HISTORY, LIMITS, PLCS, SLOTS
from workshop.bench.machine import machine
from workshop.bench.mill import Mill, configure, copy_orders, copy_rows, database
from workshop.bench.plot import panels
from workshop.paths import ROOT

PLC_OPTIONS = {"settle_time": 0.5, "quiet_time": 0.0, "timeout": 5.0}
FOUND = """## What it found

- The exchange read all of a PLC's history to find the latest batch of each slot, at every look; where a slot was never used
  PostgreSQL went through the ids of all PLCs instead (837 ms at 100,000 batches, 0.2 ms now: an index by `- id`).
- The fill searched a PLC's whole history for the name of each order; the lists of the history and of what was dosed (1 s) sorted
  all of it. All of them have an index now (`models/batch/`).
- A PLC's form fetched its whole journal, of which it shows a page.
- The board counted what its PLCs finished in this shift by reading all of the history (77 ms at 100,000 batches); the pivot of
  deviations opened with all that was ever dosed, which took a second. It opens with the last 30 days now.
- A look where nothing had happened decided everything again, from two dozen queries a PLC: 100 PLCs with 1,000 batches took
  6.2 s of work. It asks in one query for all of them whether anything was written, and takes 0.4 s and 13 queries a run
  (30 November 2026).
- The copies of an order that these measurements make shared one production group, so each counted as a backorder of all
  others: a fill of 100 PLCs took 35 s instead of 17.6 s on the same machine, and every recipe was frozen again before it was
  sent.
- An exchange built the description of its PLC's registers anew for each batch in it, a quarter of its work.
- The exchange grouped all failures and weighings that a PLC ever told of to find the latest of each event slot, at every look,
  unseen while the history had none of them. An index leads to the latest ones now, and each batch has one of each, and an alarm.
"""
KINDS = {"list": {"list"}, "form": {"form"}, "board": {"board"}, "chart": {"pivot", "graph", "calendar"}}
DOC, PLOT = ROOT / "docs" / "load.md", ROOT / "docs" / "images" / "load.svg"


class Plcs:
    """The PLCs' process (``workshop.bench.plcs``)."""

    def __init__(self, count):
        command = [sys.executable, "-m", "workshop.bench.plcs", str(count)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self._process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self._process.kill()
        self._process.wait()

    def tell(self, command):
        """Their answer, a line."""
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextmanager
def timed(figures, name, database):
    """Seconds that Odoo and PostgreSQL worked in the block, into ``figures``; those on the clock, into ``figures["clock"]``."""
    start, worked = time.perf_counter(), cpu.worked(database)
    yield
    figures[name] = cpu.worked(database) - worked
    figures["clock"][name] = time.perf_counter() - start


class Load:
    """A plant of many PLCs; ``measure`` runs one whole cycle of it and opens every screen."""

    def __init__(self, name, plcs):
        self.mill = Mill(name, components=6, silos=5)
        self.mill.put_in_stock()
        self.plcs = plcs
        self.order = self.mill.new_orders(1)[0]
        batch = self.mill.complete()[0]
        self.task("plc.task.write.back")
        self.template = self.mill.new_orders(1)[0]
        with self.mill.env() as env:
            env["plc.controller"].browse(self.mill.controller).enabled = False
            assert env["mo.batch"].browse(batch).state == "done"
        found = [self.mill.new_plc(port, **PLC_OPTIONS) for port in plcs.ports]
        self.controllers, self.types = zip(*found, strict=True)
        self.history = History(self.mill, batch, self.controllers)
        with self.mill.env() as env:  # whose job numbers are below these
            env["plc.controller"].browse(self.controllers).last_job = max(HISTORY)
        self.orders = 0

    def task(self, model):
        with self.mill.env() as env:
            env[model]._work()

    def new_orders(self, count):
        """Confirmed orders, as many for each PLC: copies of one, which Odoo would take ten minutes for."""
        types = f"(ARRAY{list(self.types)})[1 + n %% {len(self.types)}]"
        number = {"count": count, "first": self.orders + 1}
        with self.mill.env() as env:
            base = self.history.bases["mrp_production"] + 1_000_000
            order = f"{base} + n"
            group = f"{self.history.bases['mrp_production_group'] + 1_000_000} + n"
            copy_orders(env, self.template, group, {"id": order, "name": "'LOAD/' || n", "picking_type_id": types}, **number)
            for column in ("raw_material_production_id", "production_id"):
                changed = {"id": "nextval('stock_move_id_seq')", column: order, "picking_type_id": types}
                copy_rows(env, "stock_move", column, self.template, changed, **number)
        self.orders += count

    def measure(self, batches):
        """Figures of one cycle with that much history: seconds of the tasks, ms of each screen."""
        figures = {"clock": {}}
        self.history.grow(batches)
        plcs = len(self.controllers)
        self.new_orders(plcs * SLOTS)
        with self.timed(figures, "fill"):
            self.task("plc.task.fill")
        self.expect("queued", plcs * SLOTS)
        with self.timed(figures, "download"):
            self.task("plc.task.exchange")
        self.expect("offered", plcs * SLOTS)
        looks = [self._look() for _repetition in range(3)]
        figures["exchange"] = median(look["exchange"] for look in looks)
        figures["clock"]["exchange"] = median(look["clock"]["exchange"] for look in looks)
        for seconds in (0, 0, 400):  # taken; dosed; shown as finished
            self.plcs.tell(f"step {seconds}")
        self.task("plc.task.exchange")
        self.expect("completed", plcs)
        with self.timed(figures, "write_back"):
            self.task("plc.task.write.back")
        self.expect("completed", 0)
        figures["screens"] = self._screens()
        for kind, views in KINDS.items():
            figures[kind] = max(value for (_action, view), value in figures["screens"].items() if view in views)
        self._clear()
        return figures

    def _look(self):
        figures = {"clock": {}}
        with self.timed(figures, "exchange"):
            self.task("plc.task.exchange")
        return figures

    def timed(self, figures, name):
        return timed(figures, name, self.mill.registry.db_name)

    def expect(self, state, count):
        with self.mill.env() as env:
            found = env["mo.batch"].search_count([("state", "=", state)])
            errors = env["mo.batch.journal"].search([("kind", "in", ("error", "anomaly"))], limit=3).mapped("message")
        assert found == count, f"{found} batches are {state}, not {count}: {errors}"

    def _screens(self):
        with self.mill.env() as env:
            return client_reads.measure(env(user=env.ref("base.user_admin")), self.mill.registry.db_name)

    def _clear(self):
        """What is still in the queue goes, with its orders."""
        self.plcs.tell("forget")
        with self.mill.env() as env:
            env.cr.execute("UPDATE mo_batch SET state = 'cancelled', active = false, consumed = false WHERE active")
            env.cr.execute("UPDATE mrp_production SET state = 'cancel' WHERE state = 'confirmed' AND id <> %s", [self.template])


# Report


def report(results):
    """(lines, whether all limits are kept)"""
    sizes = list(results)
    heads = [f"{size:,} batches" for size in sizes]
    lines = ["| | " + " | ".join(heads) + " | limit | growth |", "|---" * (len(sizes) + 3) + "|"]
    kept = True
    for name, (what, limit) in LIMITS.items():
        values = [results[size][name] for size in sizes]
        growth = values[-1] / values[0]
        good = max(values) <= limit and (growth <= GROWTH or name in GROWS)
        kept = kept and good
        clocks = [results[size]["clock"].get(name) for size in sizes]
        shown = " | ".join(
            f"{value:.3g}" + (f" ({clock:.3g})" if clock else "") for value, clock in zip(values, clocks, strict=True)
        )
        lines.append(f"| {name.replace('_', '-')}: {what} | {shown} | {limit} | {growth:.2f}{'' if good else ' **missed**'} |")
    return lines, kept


def screen_lines(results):
    """The slowest screens of the largest history, beside the smallest."""
    first, last = results[min(results)]["screens"], results[max(results)]["screens"]
    lines = [f"| screen | {min(results):,} batches, ms | {max(results):,} batches, ms |", "|---|---|---|"]
    for key in sorted(last, key=lambda key: -last[key]):
        lines.append(f"| {key[0]}, {key[1]} | {first.get(key, 0):.1f} | {last[key]:.1f} |")
    return lines


def write(results, lines, plcs):
    """docs/load.md, its plot, and the figures for ``make bench``."""
    fewer = [f"**This run had {plcs} PLCs instead of {PLCS}**: the growth holds, the seconds of tasks are those of {plcs}.", ""]
    DOC.write_text(
        "\n".join(
            [
                "# Load",
                "",
                f"`make load` (`workshop.bench.load`): {PLCS} PLCs with {SLOTS} slots each on real sockets, one Odoo, and a",
                f"history of finished batches with {EVENTS} journal lines each, their orders and moves,",
                "a failure, a weighing and an alarm. Limits and the growth",
                f"that is allowed (at most {GROWTH} times from the smallest to the largest history) were written down in",
                "`dev/workshop/bench/limits.py` before anything was measured. What counts is how long Odoo and PostgreSQL worked",
                "(their CPU time), so that a machine that is busy otherwise measures the same; in brackets: on the clock, in",
                "this run.",
                "A screen's is that of the machine at the speed that it had at the beginning, as this one's changes by half.",
                "Half of the history belongs to one PLC. A chart sums up what it shows, a month or all that ever was made:",
                "it may grow.",
                "",
                *(fewer if plcs != PLCS else []),
                *lines,
                "",
                "![Each figure against the size of the history](images/load.svg)",
                "",
                "What the web client asks for when it opens each screen (views' real fields, 80 rows, the count too):",
                "",
                *screen_lines(results),
                "",
                FOUND,
                f"Measured on: {machine()}.",
                "",
            ]
        )
    )
    titles = {name: (f"{name.replace('_', '-')} ({what.split()[0]})", limit) for name, (what, limit) in LIMITS.items()}
    PLOT.write_text(panels(titles, {name: {size: found[name] for size, found in results.items()} for name in LIMITS}))
    largest = {f"load_{name}": round(results[max(results)][name], 3) for name in LIMITS}
    growth = {f"load_{name}_growth": round(results[max(results)][name] / results[min(results)][name], 3) for name in LIMITS}
    file = ROOT / "bench.json"
    merged = (json.loads(file.read_text()) if file.exists() else {}) | largest | growth
    file.write_text(json.dumps(merged, indent=2, sort_keys=True) + "\n")


def main(plcs, sizes):
    """Measure, print, write. True: within all limits."""
    configure()
    results = {}
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as name, Plcs(plcs) as peers:
        load = Load(name, peers)
        for size in sizes or HISTORY:
            start = time.perf_counter()
            results[size] = load.measure(size)
            shown = {key: round(value, 2) for key, value in results[size].items() if key in LIMITS}
            clock = {key: round(value, 2) for key, value in results[size]["clock"].items()}
            seconds = time.perf_counter() - start
            print(f"{size:,} batches: {shown}; clock: {clock}; {seconds:.0f} s", file=sys.stderr, flush=True)
    lines, kept = report(results)
    print("\n".join([*lines, "", *screen_lines(results)]))
    if not sizes:
        write(results, lines, plcs)
    return kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plcs", type=int, default=PLCS)
    parser.add_argument("sizes", type=int, nargs="*", metavar="BATCHES")
    options = parser.parse_args()
    sys.exit(not main(options.plcs, options.sizes))
