"""A newcomer's path on a real server: from the empty board to a finished batch, against the simulator, in at most ten clicks.

The tour counts every click in the page, those into an input too (static/tests/tours/plc_tours.js: plc_newcomer). Products, bills
of materials and confirmed orders are there, a PLC is not. The silos are suggested from the orders: none of them takes a click.
"""

import pytest
import requests

from workshop.browser import Browser
from workshop.plant import ADMIN, Server, Simulator, query

SECONDS = 900
READY = "Boolean(window.odoo?.startTour && document.querySelector('.o_plc_empty button'))"


@pytest.fixture
def server(database, folder):
    """As after the installation: orders, but no PLC."""
    query(database, "UPDATE plc_controller SET active = false")
    with Server(database, folder / "odoo.log") as server:
        yield server.wait_up()


def session(server):
    params = {"db": server.database, "login": ADMIN[0], "password": ADMIN[1]}
    answer = requests.post(f"{server.url}/web/session/authenticate", json={"params": params}, timeout=120)
    return answer.cookies["session_id"]


def test_newcomer(server, folder):
    with Simulator(folder / "simulator.log", folder / "ledger.jsonl", speed=300, seed=1) as simulator, Browser() as browser:
        browser.resize(1440, 900)
        browser.set_cookie(server.url, "session_id", session(server))
        browser.open(f"{server.url}/odoo/plc-board?debug=tests")
        browser.wait("The empty board", READY, SECONDS)
        browser.evaluate(f"odoo.plcSimulatorPort = '{simulator.port}'; odoo.startTour('plc_newcomer', {{stepDelay: 0}}), 1")
        browser.wait_for_message("tour succeeded", SECONDS)
    clicks = next(message for message in browser.messages if message.startswith("newcomer: "))
    assert int(clicks.split()[1]) <= 10, clicks
    done = query(server.database, "SELECT count(*) FROM mo_batch WHERE state = 'done'")
    assert done[0][0] >= 1
