"""``make bench``, a part of its own: what everything costs for a PLC, with ten of them, a hundred and a thousand.

    dev/run python -m workshop.bench.sizes [PLCS …]

Each size is a plant of its own, measured in a process of its own: an order for each PLC is filled in, offered, looked at, dosed
and written back; then Task 4 watches all, the board is opened and the metrics are scraped. What grows with the square shows as a
figure that is larger for each PLC of a larger plant. Prints a table and writes it to docs/sizes.md where no sizes were named.
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

from workshop.bench import cpu
from workshop.bench.load import Load, Plcs
from workshop.bench.machine import machine
from workshop.bench.mill import configure, database
from workshop.paths import ROOT

SIZES = (10, 100, 1000)
DOC = ROOT / "docs" / "sizes.md"
LOOKS = 3
SETTLED = 3.0  # seconds: what the PLC wrote a moment ago is decided at each look
FIGURES = {
    "fill": "Task 1: an order is queued",
    "download": "Task 2: its recipe is offered",
    "look": "Task 2: a look where nothing is new",
    "write_back": "Task 3: its order is closed",
    "watch": "Task 4: it is watched",
    "board": "the board is opened",
    "metrics": "the metrics are scraped",
}


class Plant:
    """``figures``: seconds that Odoo and PostgreSQL worked for all PLCs together, at the speed that the machine had at first."""

    def __init__(self, load):
        self.load = load
        self.plcs = len(load.controllers)
        self.figures = {}

    @contextmanager
    def measured(self, name):
        before, start = cpu.slowness(), cpu.worked(self.load.mill.registry.db_name)
        yield
        worked = cpu.worked(self.load.mill.registry.db_name) - start
        self.figures.setdefault(name, []).append(worked * 2 / (before + cpu.slowness()))

    def task(self, name, model):
        with self.measured(name):
            self.load.task(model)

    def cycle(self):
        """One order of each PLC, from the fill to the history."""
        self.load.new_orders(self.plcs)
        self.task("fill", "plc.task.fill")
        self.load.expect("queued", self.plcs)
        self.task("download", "plc.task.exchange")
        self.load.expect("offered", self.plcs)
        time.sleep(SETTLED)
        self.load.task("plc.task.exchange")
        for _look in range(LOOKS):
            self.task("look", "plc.task.exchange")
        for seconds in (0, 0, 400):  # taken; dosed; shown as finished
            self.load.plcs.tell(f"step {seconds}")
        self.load.task("plc.task.exchange")
        self.load.expect("completed", self.plcs)
        self.task("write_back", "plc.task.write.back")
        self.load.expect("completed", 0)

    def read(self):
        """What people and monitors ask for."""
        for _repetition in range(LOOKS):
            self.task("watch", "plc.task.health")
            with self.load.mill.env() as env, self.measured("board"):
                env(user=env.ref("base.user_admin"))["plc.controller"].get_board()
            with self.load.mill.env() as env, self.measured("metrics"):
                env["plc.metrics"]._collect()


def peak(since=False):
    """MB of memory that this process had at most.

    :param since: forget what was before
    """
    if since:
        Path("/proc/self/clear_refs").write_text("5")
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measure(plcs):
    """Figures by name: ms for each PLC, and MB."""
    configure()
    cpu.slowness()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as name, Plcs(plcs) as peers:
        plant = Plant(Load(name, peers))
        plant.cycle()  # warms up
        plant.figures.clear()
        peak(since=True)
        plant.cycle()
        plant.read()
        return {name: 1000 * median(found) / plcs for name, found in plant.figures.items()} | {"memory": peak()}


def table(found):
    """Lines of the document."""
    sizes = list(found)
    lines = [
        "| ms for each PLC | " + " | ".join(f"{size:,} PLCs" for size in sizes) + " | growth |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    for name, what in FIGURES.items():
        values = [found[size][name] for size in sizes]
        lines.append(f"| {what} | " + " | ".join(f"{value:.3g}" for value in values) + f" | {values[-1] / values[0]:.2f} |")
    memory = " | ".join(f"{found[size]['memory']:.0f}" for size in sizes)
    return [*lines, f"| memory of the process, MB at most | {memory} | |"]


def write(lines):
    head = [
        "# Sizes",
        "",
        "`dev/run python -m workshop.bench.sizes`: plants of ten, a hundred and a thousand PLCs on real sockets, an order each.",
        "Milliseconds that Odoo and PostgreSQL worked (CPU time), divided by the number of PLCs: what grew with the square",
        "would be larger in a larger plant. With few PLCs the fixed cost of a run shows.",
        "",
    ]
    DOC.write_text("\n".join([*head, *lines, "", f"Measured on: {machine()}.", ""]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plcs", nargs="*", type=int)
    parser.add_argument("--json", action="store_true", help="one size, in this process")
    options = parser.parse_args()
    if options.json:
        print(json.dumps(measure(*options.plcs)))
        return
    found = {}
    for plcs in options.plcs or SIZES:
        command = [sys.executable, "-m", "workshop.bench.sizes", "--json", str(plcs)]
        found[plcs] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
        print(plcs, {name: round(value, 2) for name, value in found[plcs].items()}, file=sys.stderr, flush=True)
    lines = table(found)
    print("\n".join(lines))
    if not options.plcs:
        write(lines)


if __name__ == "__main__":
    main()
