"""Two Odoo servers on one database: a queue is filled once, whoever asks for it (rules 1 to 3)."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from pg_gate import Gate
from support import postpone, press_until

from workshop.plant import Server, query, wait_for

ROUNDS = 30
GATE_ROUNDS = 5
BUTTON_ROUNDS = 8
FILLED = "Auto-sync completed: 10 MO batches synced"
OVERTAKEN = "Feed mill: another transaction was faster, nothing done"
# How a fill that came second may end: it saw the other's batches, its lock, or (by its older snapshot) its write alone.
SECOND = re.compile(rf"mo_batch has 10 records: skipping|Feed mill: another fill is at work, nothing done|{OVERTAKEN}")
RUN = re.compile(r"\[TASK 1\] (?!queued:)(.*)")


@pytest.fixture(scope="module")
def gate():
    with Gate(rb'plc_controller.*FOR (NO KEY )?UPDATE|UPDATE "plc_controller"') as gate:
        yield gate


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def servers(database, folder, gate):
    """The second one reaches PostgreSQL through the gate. Task 2 is off: batches stay queued. Task 1 runs when a test says so."""
    query(database, "DELETE FROM ir_config_parameter WHERE key = 'plc_mo_batch.task_2_enabled'")
    postpone(database)
    through_gate = ["--db_host", gate.folder]
    with (
        Server(database, folder / "first.log") as first,
        Server(database, folder / "second.log", options=through_gate) as second,
    ):
        yield [first.wait_up(), second.wait_up()]


@pytest.fixture(scope="module")
def rpcs(servers):
    return [server.rpc() for server in servers]


@pytest.fixture(scope="module")
def crons(rpcs):
    """Task 1's own cron and a second one: one cron alone never runs twice at once, which would prove nothing."""
    cron = rpcs[0].ref("plc_mo_batch.ir_cron_task_1")
    copy = rpcs[0].call("ir.cron", "copy", [cron])
    code = "env['plc.task.fill']._run()"  # not as Task 1's own, with which it would share the PLCs
    rpcs[0].call("ir.cron", "write", copy, {"active": True, "code": code})
    return [cron, copy[0]]


def queue(database):
    """(batches, slots, orders) in the queue, and batches ever."""
    return query(
        database,
        """
        SELECT count(*) FILTER (WHERE active), count(DISTINCT slot) FILTER (WHERE active),
               count(DISTINCT production_id) FILTER (WHERE active), count(*)
          FROM mo_batch
        """,
    )[0]


def empty(database):
    """As if all batches had been cancelled while they were queued: their orders may be queued again.

    A fill that was overtaken asks for another one a minute later. That one would fill in the middle of a later round.
    """
    query(database, "UPDATE mo_batch SET state = 'cancelled', active = false WHERE active")
    query(database, "DELETE FROM ir_cron_trigger")


def run(rpc, cron):
    """Run a cron now, in the server's HTTP thread."""
    rpc.call("ir.cron", "method_direct_trigger", [cron])


def runs(server):
    """How each run of Task 1 on this server ended, as its log says."""
    return [line.rstrip() for line in RUN.findall(server.output())]


def outcomes(servers, fills):
    """Run the fills (a callable for each server), and say what became of each."""
    before = [len(runs(server)) for server in servers]
    fills()
    return sorted(run for server, count in zip(servers, before, strict=True) for run in runs(server)[count:])


def test_fills_at_the_same_moment(database, servers, rpcs, crons, pool):
    empty(database)
    ever = queue(database)[3]
    for number in range(ROUNDS):
        found = outcomes(servers, lambda: list(pool.map(run, rpcs, crons)))
        assert queue(database) == (10, 10, 10, ever + 10 * (number + 1)), f"round {number}: {found}"
        assert found[0] == FILLED, found
        assert SECOND.match(found[1]), found
        empty(database)


def test_second_fill_saw_an_empty_queue(database, servers, rpcs, crons, pool, gate):
    """It began before the first one ended, and comes to its lock afterwards: its snapshot still shows an empty queue."""
    empty(database)
    ever = queue(database)[3]

    def overtake():
        gate.close()
        second = pool.submit(run, rpcs[1], crons[1])
        try:
            wait_for("The second fill's lock", gate.holding.is_set, 300, servers[1].check)
            run(rpcs[0], crons[0])
        finally:
            gate.open()
        second.result(120)

    for number in range(GATE_ROUNDS):
        found = outcomes(servers, overtake)
        assert queue(database) == (10, 10, 10, ever + 10 * (number + 1)), f"round {number}: {found}"
        assert found == [FILLED, OVERTAKEN]
        empty(database)


def test_buttons_at_the_same_moment(database, servers, rpcs, pool):
    empty(database)
    ever = queue(database)[3]
    plc = rpcs[0].ref("plc_mo_batch.plc_controller_mill")

    def press():
        list(pool.map(lambda rpc: rpc.call("plc.controller", "action_fill_now", [plc]), rpcs))

    def check():
        for server in servers:
            server.check()

    def is_quiet():
        return not query(
            database,
            """
            SELECT 1 FROM ir_cron_trigger JOIN ir_cron ON ir_cron.id = cron_id
             WHERE cron_name = 'PLC Task 1: Fill the queue' AND call_at <= now() AT TIME ZONE 'UTC'
            """,
        )

    for number in range(BUTTON_ROUNDS):
        press_until(press, lambda: queue(database)[0], 300, check)
        wait_for("The end of the fills", is_quiet, 300, check)
        assert queue(database) == (10, 10, 10, ever + 10 * (number + 1)), f"round {number}"
        empty(database)
