"""``make bench``, fourth part: what live polling costs; merged into ``bench.json``.

    dev/run python -m workshop.bench.live [PLCS]

PLCs with a running batch each are looked at each second, and each time they show other amounts. What counts is how long Odoo and
PostgreSQL worked for a look, at the speed that the machine had at the beginning: of 100 PLCs, 5 ms a look is half a core.
"""

import argparse
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from workshop.bench import cpu
from workshop.bench.limits import PLCS
from workshop.bench.load import Load, Plcs
from workshop.bench.mill import configure, database
from workshop.bench.writeback import publish

TARGETS = {"live_look_ms": 5.0}
INTERVAL = 1.0  # seconds between two looks, and between two steps of the PLCs
SECONDS = 15  # of one run
STEP = 0.5  # seconds of plant time: no batch ends meanwhile


def begin(load):
    """Each PLC has taken a batch, and is looked at again and again from now on."""
    load.new_orders(len(load.controllers))
    load.task("plc.task.fill")
    load.task("plc.task.exchange")
    for seconds in (0, 0, 1):
        load.plcs.tell(f"step {seconds}")
        load.task("plc.task.exchange")
    load.expect("running", len(load.controllers))
    with load.mill.env() as env:
        env["plc.controller"].browse(load.controllers).poll_interval = INTERVAL


@contextmanager
def stepping(plcs):
    """The PLCs dose meanwhile."""
    over = threading.Event()

    def step():
        while not over.wait(INTERVAL):
            plcs.tell(f"step {STEP}")

    thread = threading.Thread(target=step)
    thread.start()
    yield
    over.set()
    thread.join()


def follow(load):
    """ms of work for each look of one run, and the share of the looks that decided more than amounts."""
    from odoo.addons.plc_mo_batch.models.exchange import plc_task_exchange as exchange

    looks, whole = [], []
    live_again, digest = exchange.Conversation._live_again, exchange.Conversation._digest
    exchange.LIVE_SECONDS = SECONDS
    exchange.Conversation._live_again = lambda talk, *args: looks.append(1) or live_again(talk, *args)
    exchange.Conversation._digest = lambda talk, *args: whole.append(1) or digest(talk, *args)
    worked = cpu.worked(load.mill.registry.db_name)
    with stepping(load.plcs):
        load.task("plc.task.exchange")
    worked = (cpu.worked(load.mill.registry.db_name) - worked) / cpu.slowness()
    exchange.Conversation._live_again, exchange.Conversation._digest = live_again, digest
    count = len(looks) + len(whole)
    return 1000 * worked / count, len(whole) / count


def measure(plcs):
    """All figures by key."""
    configure()
    cpu.slowness()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as name, Plcs(plcs) as peers:
        load = Load(name, peers)
        begin(load)
        follow(load)  # warms up
        found, whole = follow(load)
        return {"live_look_ms": found, "live_whole_looks": whole}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("plcs", type=int, nargs="?", default=PLCS)
    publish(measure(parser.parse_args().plcs), TARGETS)
