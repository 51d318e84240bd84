"""Modbus servers with the manners that real devices have: a plain socket, and a parameter for each manner.

It shares no line with ``plc/`` and none with pymodbus. Behind it stands a simulated mill's memory, or any list of words.
"""

import socket
import struct
import threading
import time
from contextlib import suppress

from .patience import DEADLINE

READS, WRITE = (3, 4), 16


class RudeServer:
    """``with RudeServer(memory, hangs_up_after=1) as server:`` listens on 127.0.0.1:``server.port``.

    :param memory: its words, from address 0
    :param deaf_at_first: seconds after a connection in which requests are ignored
    :param deaf_between: seconds after an answer in which requests are ignored
    :param rests: the :class:`Rests` that the client takes, which counts instead of the clock
    :param hangs_up_after: so many answers on a connection; 0: it never hangs up
    :param falls_silent_after: so many answers on a connection; None: it never does
    :param transaction: what becomes of the request's transaction id
    :param unit: the unit id of its answers; None: the request's
    :param max_read, max_write: registers in one request; more are refused with exception 3
    :param functions: others are refused with exception 1
    :param end: the first address that it does not have
    :param busy, busy_writes: so many tries of each read, or write, are answered with ``busy_code`` before one is served
    :param refuses: the exception that answers each write; 0: none
    :param ignores_writes: they are confirmed and not applied
    :param largest: (address, most): a larger number is cut there
    :param shows_after: seconds until a write can be read
    :param connections: so many at once; more are closed at once
    :param rtu: serial telegrams
    """

    def __init__(
        self,
        memory,
        *,
        deaf_at_first=0.0,
        deaf_between=0.0,
        rests=None,
        hangs_up_after=0,
        falls_silent_after=None,
        transaction=lambda number: number,
        unit=None,
        max_read=125,
        max_write=123,
        functions=(3, 4, 16),
        end=65536,
        busy=0,
        busy_writes=0,
        busy_code=6,
        refuses=0,
        ignores_writes=False,
        largest=(-1, 0),
        shows_after=0.0,
        connections=1000,
        rtu=False,
    ):
        self.memory = memory
        self.__dict__.update({name: value for name, value in locals().items() if name not in ("self", "memory")})
        self.requests = []  # (function, address, count) of all that were heard
        self.opened = 0
        self.lock = threading.Lock()
        self._clients = []
        self._late = []  # (when, address, words)
        self._tries = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_exc):
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join(DEADLINE)
        self._listener.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _peer = self._listener.accept()
                self.opened += 1
                self._clients = [other for other in self._clients if not is_gone(other)]
                if len(self._clients) >= self.connections:
                    client.close()
                    continue
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        answers, since = 0, time.monotonic()
        with client, suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while request := self._receive(client):
                rest = self.rests.take() if self.rests else time.monotonic() - since
                if rest < (self.deaf_between if answers else self.deaf_at_first) or answers == self.falls_silent_after:
                    continue
                client.sendall(self._framed(request, self._answer(request[2])))
                answers, since = answers + 1, time.monotonic()
                if answers == self.hangs_up_after:
                    return

    # Telegrams

    def _receive(self, client):
        """(transaction id, unit id, what is asked), or None at the end."""
        if self.rtu:
            head = client.recv(7, socket.MSG_WAITALL)
            if len(head) < 7:
                return None
            rest = head[6] + 2 if head[1] == WRITE else 1
            data = head + client.recv(rest, socket.MSG_WAITALL)
            return 0, data[0], data[1:-2]
        head = client.recv(7, socket.MSG_WAITALL)
        if len(head) < 7:
            return None
        transaction, _protocol, length, unit = struct.unpack(">HHHB", head)
        return transaction, unit, client.recv(length - 1, socket.MSG_WAITALL)

    def _framed(self, request, pdu):
        transaction, unit, _pdu = request
        unit = unit if self.unit is None else self.unit
        if self.rtu:
            frame = bytes([unit]) + pdu
            return frame + struct.pack("<H", crc(frame))
        return struct.pack(">HHHB", self.transaction(transaction) & 0xFFFF, 0, len(pdu) + 1, unit) + pdu

    # What it does

    def _answer(self, asked):
        function, address, count = struct.unpack(">BHH", asked[:5])
        self.requests.append((function, address, count))
        refusal = self._refusal(function, address, count)
        if refusal:
            return bytes([function | 0x80, refusal])
        with self.lock:
            self._show_late()
            if function in READS:
                words = self.memory[address : address + count]
                return bytes([function, 2 * count]) + struct.pack(f">{count}H", *words)
            self._write(address, struct.unpack(f">{count}H", asked[6:]))
        return asked[:5]

    def _refusal(self, function, address, count):
        is_read = function in READS
        if function not in self.functions:
            return 1
        if count > (self.max_read if is_read else self.max_write):
            return 3
        if address + count > self.end:
            return 2
        tries = self._tries[function, address] = self._tries.get((function, address), 0) + 1
        limit = self.busy if is_read else self.busy_writes
        if limit and tries % (limit + 1):
            return self.busy_code
        return 0 if is_read else self.refuses

    def _write(self, address, words):
        place, most = self.largest
        if address <= place < address + len(words) - 1:
            words = list(words)
            at = place - address
            number = min(words[at] << 16 | words[at + 1], most)
            words[at : at + 2] = number >> 16, number & 0xFFFF
        if not self.ignores_writes:
            self._late.append((self._now() + self.shows_after, address, words))
        self._show_late()

    def _now(self):
        return self.rests.monotonic() if self.rests else time.monotonic()

    def _show_late(self):
        now = self._now()
        due = [write for write in self._late if write[0] <= now]
        for write in due:
            _when, address, words = write
            self.memory[address : address + len(words)] = words
            self._late.remove(write)


class Rests:
    """In place of the module ``time`` of a client: it sleeps in no time, and the server is told how long.

    What a busy machine adds to a pause, or to the way of a request, does not count.
    """

    def __init__(self):
        self.now = self._taken = 0.0

    def monotonic(self):
        return self.now

    time = monotonic

    def sleep(self, seconds):
        self.now += seconds

    def take(self):
        """Seconds since the last request."""
        rest, self._taken = self.now - self._taken, self.now
        return rest + 1e-9


def is_gone(client):
    """The other side has closed it, or we have."""
    try:
        return not client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def crc(data):
    """Modbus over Serial Line 2.5.1.2."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _bit in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value
