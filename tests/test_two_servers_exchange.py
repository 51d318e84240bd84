"""Two Odoo servers on one database, one PLC: nothing is exchanged twice, each order is made and booked once, to the kilogram."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from xmlrpc.client import Fault

import pytest

from workshop import plant
from workshop.plant import Server, Simulator, query, wait_for

SECONDS = 900
BUSY = "1 PLCs left to the runs beside this one"


@pytest.fixture(scope="module")
def simulator(folder):
    with Simulator(folder / "simulator.log", folder / "ledger.jsonl", speed=600) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def servers(database, folder, simulator):
    plant.connect_plc(database, simulator.port)
    with Server(database, folder / "first.log") as first, Server(database, folder / "second.log") as second:
        yield [first.wait_up(), second.wait_up()]


@pytest.fixture(scope="module")
def made(servers, database, simulator):
    """Task 2's own cron and a duplicate, which shares the PLCs with it, are run again and again, by both servers at once, until
    the ten orders are done."""
    rpcs = [server.rpc() for server in servers]
    cron = rpcs[0].ref("plc_mo_batch.ir_cron_task_2")
    duplicate = rpcs[0].call("ir.cron", "copy", [cron])[0]
    rpcs[0].call("plc.controller", "action_fill_now", [rpcs[0].ref("plc_mo_batch.plc_controller_mill")])
    wait_for("The fill", lambda: query(database, "SELECT 1 FROM mo_batch"), 300, servers[0].check)

    def run(rpc, number):
        try:
            rpc.call("ir.cron", "method_direct_trigger", [number])
        except Fault as fault:  # a server's own cron worker is at it
            assert "already executing" in fault.faultString, fault.faultString

    def is_done():
        list(pool.map(run, rpcs, [cron, duplicate]))
        return not query(database, "SELECT 1 FROM mo_batch WHERE active OR NOT acknowledged")

    with ThreadPoolExecutor(2) as pool:
        wait_for("The end of the cycle", is_done, SECONDS, lambda: [process.check() for process in (*servers, simulator)])


@pytest.fixture(scope="module")
def ledger(made, folder):
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def test_they_met(made, servers):
    """Otherwise nothing was shown."""
    assert sum(server.output().count(BUSY) for server in servers) > 0


def test_each_order_was_made_once(ledger, database):
    orders = {row[0]: 1 for row in query(database, "SELECT order_name FROM mo_batch WHERE state = 'done'")}
    assert len(orders) == 10
    for event in ("taken", "finished"):
        assert Counter(record["order"] for record in ledger if record["event"] == event) == orders


def test_what_was_dosed_was_stored_and_booked(ledger, database):
    dosed = sorted(
        (record["order"], line["code"], round(line["kg"], 2))
        for record in ledger
        if record["event"] == "finished"
        for line in record["lines"]
        if line["kg"]
    )
    stored = """
        SELECT batch.order_name, line.code, round(line.actual_qty::numeric, 2)::float, round(move.quantity::numeric, 2)::float
          FROM mo_batch_line line JOIN mo_batch batch ON batch.id = line.batch_id JOIN stock_move move ON move.id = line.move_id
         WHERE line.code > 0 AND line.actual_qty > 0 AND move.state = 'done' AND move.picked
         ORDER BY 1, 2
    """
    rows = query(database, stored)
    assert [row[:3] for row in rows] == dosed
    assert [row[2] for row in rows] == [row[3] for row in rows]


def test_each_step_was_taken_once(made, database):
    """The journal has each state of each batch once: no server decided what the other one had decided already."""
    repeated = "SELECT batch_id, message FROM mo_batch_journal WHERE kind = 'state' GROUP BY 1, 2 HAVING count(*) > 1"
    assert query(database, repeated) == []
    assert query(database, "SELECT message FROM mo_batch_journal WHERE kind IN ('anomaly', 'error')") == []
