"""What a board of many PLCs costs the browser in front of which somebody sits.

    dev/run python -m workshop.bench.board [PLCS …]

Each PLC has taken a batch and is looked at every second, so that the bus carries its amounts every second. Prints, for each
number of PLCs: milliseconds until the board shows all of them, the size of what it is told, its elements, and how much of a core
the page needs while it follows.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from workshop.bench.live import begin
from workshop.bench.load import Load, Plcs
from workshop.bench.mill import configure, database
from workshop.bench.servers import ANSWERED
from workshop.browser import Browser
from workshop.plant import ADMIN, Server, query, wait_for

SIZES = (10, 100)
SECONDS = 20
SHOWN = "document.querySelectorAll('.o_plc_tile, .o_plc_lane').length >= {}"
LIVE = "document.querySelector('.o_plc_live')?.textContent.trim() === 'Live'"


def busy(browser):
    """Seconds that the page's main thread has worked."""
    metrics = {item["name"]: item["value"] for item in browser.send("Performance.getMetrics")["metrics"]}
    return metrics["TaskDuration"]


def look(server, plcs, picture):
    """Figures by name."""
    with Browser() as browser:
        browser.resize(1440, 900)
        browser.set_cookie(server.url, "session_id", server.session(*ADMIN))
        browser.open(f"{server.url}/odoo/plc-board")  # what the browser keeps of the assets
        browser.wait("The board", SHOWN.format(plcs), 300)
        start = time.perf_counter()
        browser.open(f"{server.url}/odoo/plc-board")
        browser.wait("The board", SHOWN.format(plcs), 300)
        shown = time.perf_counter() - start
        browser.wait("Live", LIVE, 300)
        browser.send("Performance.enable")
        before = busy(browser)
        time.sleep(SECONDS)
        worked = busy(browser) - before
        if picture:
            picture.write_bytes(browser.screenshot())
        elements = browser.evaluate("document.querySelectorAll('.o_plc_board *').length")
        return {"shown_ms": 1000 * shown, "elements": elements, "core": worked / SECONDS}


def measure(plcs, picture):
    configure()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        name = stack.enter_context(database(folder))
        peers = stack.enter_context(Plcs(plcs))
        load = Load(name, peers)
        with load.mill.env() as env:
            env["plc.controller"].browse(load.mill.controller).active = False
        begin(load)
        with load.mill.env() as env:
            size = len(json.dumps(env(user=env.ref("base.user_admin"))["plc.controller"].get_board()))
        query(name, "UPDATE ir_cron SET active = true, nextcall = now() AT TIME ZONE 'UTC' WHERE cron_name LIKE 'PLC Task 2%%'")
        server = stack.enter_context(Server(name, folder / "odoo.log")).wait_up()
        (since,) = query(name, "SELECT now() AT TIME ZONE 'UTC'")[0]
        wait_for("An answer of each PLC", lambda: query(name, ANSWERED, since)[0][0] == plcs, 300, server.check)
        peers.tell("go 0.5 0.001")
        return {"kB": size / 1000, **look(server, plcs, picture)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plcs", nargs="*", type=int, default=SIZES)
    parser.add_argument("--picture", type=Path, help="of the board, as PNG")
    options = parser.parse_args()
    for plcs in options.plcs:
        found = measure(plcs, options.picture)
        print(plcs, {name: round(value, 2) for name, value in found.items()}, flush=True)


if __name__ == "__main__":
    sys.exit(main())
