"""What a poll over OPC UA costs, beside asyncua's own client that reads the same ten slots: the part of ``wire.py`` for it."""

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from time import perf_counter

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable
from workshop.bench.bare import elapsed

# isort: split
from plc_mo_batch.plc import exchange
from plc_mo_batch.plc.wire import Endpoint
from plc_mo_batch.plc.wires.opcua import NODE, OPCUA
from plc_mo_batch.tests import plc_layouts

SERVER = """
import sys
import workshop.addon
from plc_mo_batch.simulator import Simulator
with Simulator(scan_time=None, protocol="opcua") as plc:
    print(plc.port, flush=True)
    sys.stdin.read()
"""
MEMORY = f"{NODE} {OPCUA.named[NODE]}"
LAYOUT = plc_layouts.job_numbers()
LAYOUT = replace(LAYOUT, areas=tuple(replace(area, registers=MEMORY) for area in LAYOUT.areas))
SLOTS = tuple(range(1, LAYOUT.slots + 1))


@contextmanager
def server():
    """The port of a simulator in a process of its own."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def poll(connection: exchange.Connection, port: int) -> None:
    """A look at all slots, as the exchange takes it again and again on one connection."""
    answer = connection.serve(exchange.Plan(Endpoint("127.0.0.1", port, transport="opcua"), LAYOUT, SLOTS))
    assert answer.seen and len(answer.seen.feedback) == len(SLOTS), answer.error


async def library_s(port: int, repetitions: int) -> float:
    """Median seconds in which its client reads ten ranges of the array, one request each."""
    from asyncua import Client, ua

    ranges = [f"{address}:{address + count - 1}" for address, count, _memory in (LAYOUT.request("feedback", n) for n in SLOTS)]
    took = []
    async with Client(f"opc.tcp://127.0.0.1:{port}", watchdog_intervall=60) as client:
        node = client.get_node(OPCUA.named[NODE])
        for _repetition in range(repetitions):
            start = perf_counter()
            for indices in ranges:
                await node.read_attribute(ua.AttributeIds.Value, indices)
            took.append(perf_counter() - start)
    return median(took)


def ours(port: int, repetitions: int) -> float:
    """Median seconds of a poll."""
    connection = exchange.Connection()
    took = [elapsed(poll, connection, port) for _repetition in range(repetitions)]
    connection.close()
    return median(took)


def measure() -> dict[str, float]:
    """Milliseconds of both, and their ratio."""
    with server() as port:
        library, own = asyncio.run(library_s(port, 100)), ours(port, 100)
    return {"opcua_ratio": own / library, "opcua_asyncua_ms": library * 1000, "opcua_poll_ms": own * 1000}
