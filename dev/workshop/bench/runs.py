"""How much faster several runs of the exchange are than one, and who serves the PLCs of one that is killed.

    dev/run python -m workshop.bench.runs [PLCS]

Each run is a process of its own, as Odoo's cron workers are. Ratios within one run of this program; nothing is asserted.
"""

import argparse
import multiprocessing
import tempfile
import time
from pathlib import Path

from workshop.bench.limits import SLOTS
from workshop.bench.load import Load, Plcs
from workshop.bench.mill import configure, database

LOOKS = 3
PAUSE = 0.005  # seconds that a PLC takes to answer


def run(name, place, looks, begin, found):
    """A cron worker: looks at the PLCs, each time with the others; how long it took, and how many it served."""
    configure()
    import odoo
    from odoo import SUPERUSER_ID, api

    from odoo.addons.plc_mo_batch.models.exchange.plc_task_exchange import Conversation

    served = []
    run_of = Conversation.run

    def note(conversation):
        served.append(conversation.controller_id)
        return run_of(conversation)

    Conversation.run = note
    registry = odoo.modules.registry.Registry(name)
    for _look in range(looks):
        begin.wait()
        started = time.perf_counter()
        served.clear()
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            crons = env["plc.task.exchange"]._scheduled_actions().ids
            env["plc.task.exchange"].with_context(cron_id=crons[place])._work()
        found.put((place, len(served), time.perf_counter() - started))


def looks(name, runs):
    """[(seconds until the last of the runs has ended, PLCs that each served)], of each look."""
    begin, found = multiprocessing.Barrier(runs), multiprocessing.Queue()
    workers = [multiprocessing.Process(target=run, args=(name, place, LOOKS, begin, found)) for place in range(runs)]
    for worker in workers:
        worker.start()
    results = [[found.get() for _place in range(runs)] for _look in range(LOOKS)]
    for worker in workers:
        worker.join()
    return [(max(seconds for _place, _served, seconds in look), sorted(served for _p, served, _s in look)) for look in results]


def share_among(load, number):
    with load.mill.env() as env:
        env["res.config.settings"].create({"plc_parallel_runs": number}).execute()
        crons = env["ir.cron"].with_context(active_test=False).search([("model_id.model", "=", "plc.task.exchange")])
        crons.active = True  # no server runs here


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plcs", nargs="?", type=int, default=100)
    plcs = parser.parse_args().plcs
    multiprocessing.set_start_method("spawn")
    configure()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as name, Plcs(plcs) as peers:
        load = Load(name, peers)
        load.new_orders(plcs * SLOTS)
        load.task("plc.task.fill")
        load.task("plc.task.exchange")
        time.sleep(3)  # the settle time: what is not settled is decided at each look
        for number in (1, 2, 4):
            share_among(load, number)
            for seconds, served in looks(name, number):
                print(f"{number} runs: {seconds:.2f} s, PLCs served by each: {served}", flush=True)


if __name__ == "__main__":
    main()
