"""The least that a poll or a write can cost: a bare socket, one request after the other, nothing checked or converted."""

import socket
import struct
from collections.abc import Callable
from time import perf_counter
from typing import Any


def elapsed(function: Callable[..., Any], *args: Any) -> float:
    """Seconds that a call takes."""
    start = perf_counter()
    function(*args)
    return perf_counter() - start


def poll(port: int, requests: list[tuple[int, int]]) -> list[bytes]:
    """Connect, read ``(address, count)`` of each request, close; the answers as they came."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=5) as conn:
        for number, (address, count) in enumerate(requests, 1):
            conn.sendall(struct.pack(">HHHBBHH", number, 0, 6, 1, 3, address, count))
            wanted = 9 + 2 * count
            answer = conn.recv(wanted)
            while len(answer) < wanted:
                answer += conn.recv(wanted - len(answer))
            answers.append(answer)
    return answers


def write(port: int, address: int, words: list[int]) -> bytes:
    """Connect, write registers in one request (function 16), close; the answer as it came."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as conn:
        body = struct.pack(f">BBHHB{len(words)}H", 1, 16, address, len(words), 2 * len(words), *words)
        conn.sendall(struct.pack(">HHH", 1, 0, len(body)) + body)
        return conn.recv(12)
