"""The board as an operator has it at night: a real server with its tasks, a simulated PLC, and Chromium in front of both."""

import pytest

from workshop.browser import Browser
from workshop.plant import Server, Simulator, query, wait_for

TOUR = "odoo.startTour('plc_board_live', {stepDelay: 0})"
TOUR_SECONDS = 900
OPERATOR = ("night", "night-secret-1")


@pytest.fixture(scope="module")
def server(database, folder):
    """Its tasks wait for somebody who asks for them."""
    query(database, "UPDATE ir_cron SET nextcall = nextcall + interval '1 day'")
    with Server(database, folder / "odoo.log") as server:
        yield server.wait_up()


@pytest.fixture(scope="module")
def plc(server, database, folder):
    """A mill whose batch of four minutes takes twelve seconds."""
    (port,) = query(database, "SELECT port FROM plc_controller")[0]
    with Simulator(folder / "simulator.log", folder / "ledger.jsonl", port, speed=20) as plc:
        yield plc


@pytest.fixture(scope="module")
def operator(server):
    admin = server.rpc()
    groups = [admin.ref("base.group_user"), admin.ref("plc_mo_batch.group_operator")]
    login, password = OPERATOR
    admin.call("res.users", "create", {"name": "Night", "login": login, "password": password, "group_ids": [(6, 0, groups)]})
    return OPERATOR


def test_batch_runs_before_ones_eyes(server, plc, operator, database):
    """Fill, watch, cancel with a reason, until a batch is done: without a reload, and what rises is not fetched."""
    with Browser() as browser:
        browser.resize(1440, 900)
        browser.set_cookie(server.url, "session_id", server.session(*operator))
        browser.open(f"{server.url}/odoo/plc-board?debug=tests")
        browser.wait("The board", "typeof odoo !== 'undefined' && odoo.isTourReady?.('plc_board_live')", 300)
        browser.evaluate(f"{TOUR}; true")

        def is_over():
            return browser.evaluate("window.plcBoardSeen") or browser.errors

        wait_for("The end of the tour", is_over, TOUR_SECONDS, lambda: (server.check(), plc.check()))
        assert not browser.errors, "\n".join(browser.errors)
    assert query(database, "SELECT slot, cancel_reason FROM mo_batch WHERE state = 'cancelled'") == [(10, "plan")]
    assert query(database, "SELECT 1 FROM mo_batch WHERE state = 'done'")


def test_messages_are_few_and_small(database):
    """One a second and PLC at most, however many slots it has."""
    told = """
        SELECT count(*), max(length(message)), extract(epoch FROM max(create_date) - min(create_date))
          FROM bus_bus WHERE channel LIKE '%plc.controller%' AND message LIKE '%actual%'
    """
    ((count, longest, seconds),) = query(database, told)
    assert 0 < count <= seconds + 2
    assert longest < 1000
