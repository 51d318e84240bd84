"""What a poll over FINS and S7 costs, beside a bare socket that sends the same bytes: the part of ``wire.py`` for them.

The PLC is what answers in the simulator, in a process of its own, 5 ms after each request.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import Any
from unittest.mock import patch

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable
from workshop.bench.bare import elapsed

# isort: split
from plc_mo_batch.plc import exchange
from plc_mo_batch.plc.wire import Endpoint
from plc_mo_batch.plc.wires import fins, s7
from plc_mo_batch.tests import plc_layouts

SERVER = """
import socket, sys, threading, time
import workshop.addon
from plc_mo_batch.simulator.fins import FinsFront
from plc_mo_batch.simulator.s7 import S7Front

class Memory:
    def _read(self, address, count):
        return [address + number for number in range(count)]

def telegrams(connection):
    while head := connection.recv(4, socket.MSG_WAITALL):
        yield connection.recv(int.from_bytes(head[2:4], "big") - 4, socket.MSG_WAITALL)

def talk(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for telegram in telegrams(connection):
        time.sleep(0.005)
        answer = front._answer(telegram)
        connection.sendall(bytes((3, 0)) + (len(answer) + 4).to_bytes(2, "big") + answer)

if sys.argv[1] == "s7":
    front, server = S7Front(Memory()), socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=talk, args=[server.accept()[0]], daemon=True).start()
front, server = FinsFront(Memory()), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    frame, client = server.recvfrom(4096)
    time.sleep(0.005)
    server.sendto(front.answer(frame), client)
"""


@contextmanager
def server(protocol: str) -> Iterator[int]:
    """The port of a PLC."""
    with subprocess.Popen([sys.executable, "-c", SERVER, protocol], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def plan(port: int, transport: str, memory: str) -> exchange.Plan:
    """A look at all slots."""
    layout = plc_layouts.job_numbers()
    layout = replace(layout, areas=tuple(replace(area, registers=memory) for area in layout.areas))
    return exchange.Plan(Endpoint("127.0.0.1", port, timeout=5, transport=transport), layout, tuple(range(1, layout.slots + 1)))


def poll(look: exchange.Plan) -> None:
    """As the exchange makes it, on a connection of its own."""
    connection = exchange.Connection()
    answer = connection.serve(look)
    connection.close()
    assert answer.seen and len(answer.seen.feedback) == look.layout.slots, answer.error


def recorded(look: exchange.Plan, sender: Any, name: str) -> list[bytes]:
    """What a poll sends."""
    sent, send = [], getattr(sender, name)

    def note(channel: Any, data: bytes) -> None:
        sent.append(data)
        send(channel, data)

    with patch.object(sender, name, note):
        poll(look)
    return sent


def bare_udp(port: int, requests: list[bytes]) -> None:
    """Send each, and take what comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bare:
        bare.connect(("127.0.0.1", port))
        for request in requests:
            bare.send(request)
            bare.recv(2048)


def bare_tcp(port: int, requests: list[bytes]) -> None:
    """Send each, and take a telegram of as many bytes as it says."""
    with socket.create_connection(("127.0.0.1", port)) as bare:
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            bare.sendall(request)
            head = bare.recv(4, socket.MSG_WAITALL)
            bare.recv(int.from_bytes(head[2:], "big") - 4, socket.MSG_WAITALL)


def measure() -> dict[str, float]:
    """Milliseconds of both for each protocol, and their ratio."""
    figures = {}
    for protocol, transport, memory, sender, name, bare in (
        ("fins", "fins_udp", "D", fins._UdpChannel, "send", bare_udp),
        ("s7", "s7", "DB1", s7._PatientSocket, "sendall", bare_tcp),
    ):
        with server(protocol) as port:
            look = plan(port, transport, memory)
            requests = [data for data in recorded(look, sender, name) if data[5:6] != b"\x80"]  # but not the farewell of ISO
            pairs = [(elapsed(bare, port, requests), elapsed(poll, look)) for _repetition in range(25)]
        peer, own = (median(pair[side] for pair in pairs) for side in (0, 1))
        figures |= {f"{protocol}_ratio": own / peer, f"{protocol}_bare_ms": peer * 1000, f"{protocol}_poll_ms": own * 1000}
    return figures
