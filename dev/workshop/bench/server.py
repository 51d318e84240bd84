"""A PLC that costs a benchmark as little as Python can: answers to holding register reads, from a table.

``python -m workshop.bench.server [--delay SECONDS] [--silent]`` prints its port and serves until it is killed: the register at
address ``a`` holds ``a``. Each connection has a thread, started beforehand. With ``--delay`` it answers that long after each
request, with ``--silent`` it accepts and never answers.
"""

import argparse
import socket
import struct
import threading
import time
from contextlib import suppress
from functools import cache

CONNECTIONS = 128


@cache
def tail(request: bytes) -> bytes:
    """What follows the transaction id in the answer to a request, of which ``request`` is the rest."""
    _protocol, _length, unit, function, address, count = struct.unpack(">HHBBHH", request)
    if function != 3:
        return struct.pack(">HHBBB", 0, 3, unit, function | 0x80, 1)
    return struct.pack(f">HHBBB{count}H", 0, 3 + 2 * count, unit, 3, 2 * count, *range(address, address + count))


def serve(listener: socket.socket, delay: float, silent: bool) -> None:
    """Answer one connection after the other."""
    while True:
        conn, _peer = listener.accept()
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with conn, suppress(ConnectionError):
            while request := conn.recv(260):
                if delay:
                    time.sleep(delay)
                if not silent:
                    conn.sendall(request[:2] + tail(request[2:]))


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--silent", action="store_true")
    options = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        workers = [threading.Thread(target=serve, args=(listener, options.delay, options.silent)) for _ in range(CONNECTIONS)]
        for worker in workers:
            worker.start()
        print(listener.getsockname()[1], flush=True)
        for worker in workers:
            worker.join()


if __name__ == "__main__":
    main()
