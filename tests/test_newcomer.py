"""A newcomer's path on a real server: from the empty board to a finished batch, against the simulator, in at most ten clicks.

The tour counts every click in the page, those into an input too (static/tests/tours/plc_tours.js: plc_newcomer). Products, bills
of materials and confirmed orders are there, a PLC is not. Where the silos are suggested from the orders, none of them takes a
click; who fills them in himself needs two for each.
"""

import json

import pytest
import requests

from workshop.browser import Browser
from workshop.plant import ADMIN, Server, Simulator, fresh_database, query

SECONDS = 900
MOST = 10  # clicks, and two for each silo that is filled in by hand
READY = "Boolean(window.odoo?.startTour && document.querySelector('.o_plc_empty button'))"


@pytest.fixture
def database(folder):
    """One for each of them."""
    with fresh_database(folder) as name:
        yield name


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


@pytest.fixture
def silos(database):
    """[place in the list of silos, product] of what one of the orders is dosed from: enough for a first batch."""
    return query(
        database,
        """
        SELECT silo.code - 101, product.default_code
          FROM plc_equipment silo
          JOIN plc_equipment_product_product_rel held ON held.plc_equipment_id = silo.id
          JOIN product_product product ON product.id = held.product_product_id
         WHERE held.product_product_id IN (SELECT product_id FROM stock_move
                                            WHERE raw_material_production_id = (SELECT min(production.id)
                                                                                  FROM mrp_production production
                                                                                  JOIN ir_model_data named
                                                                                    ON named.res_id = production.id
                                                                                 WHERE named.model = 'mrp.production'
                                                                                   AND named.module = 'plc_mo_batch'))
      ORDER BY 1
        """,
    )


def clicks(server, folder, tour, silos=()):
    """How many a tour takes from the empty board to a batch that is done."""
    with Simulator(folder / "simulator.log", folder / "ledger.jsonl", speed=300, seed=1) as simulator, Browser() as browser:
        browser.resize(1440, 900)
        browser.set_cookie(server.url, "session_id", session(server))
        browser.open(f"{server.url}/odoo/plc-board?debug=tests")
        browser.wait("The empty board", READY, SECONDS)
        given = f"odoo.plcSimulatorPort = '{simulator.port}'; odoo.plcSilos = {json.dumps(silos)};"
        browser.evaluate(f"{given} odoo.startTour('{tour}', {{stepDelay: 0}}), 1")
        browser.wait_for_message("tour succeeded", SECONDS)
    done = query(server.database, "SELECT count(*) FROM mo_batch WHERE state = 'done'")
    assert done[0][0] >= 1
    counted = next(message for message in browser.messages if message.startswith("newcomer: "))
    return int(counted.split()[1])


def test_newcomer(server, folder):
    assert clicks(server, folder, "plc_newcomer") <= MOST


def test_newcomer_who_fills_in_each_silo(server, folder, silos):
    assert len(silos) > 3
    assert clicks(server, folder, "plc_newcomer_by_hand", silos) <= MOST + 2 * len(silos)
