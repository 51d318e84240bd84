"""A proxy that spoils answers as it is told, in front of any server: of Modbus TCP, or of another protocol.

A fault is a function that is given one request, as a :class:`Talk`, and does with it as it likes: :func:`silence`,
:func:`half`, ``exception(2)`` … Those here are what was seen on real networks; a test can write its own.
"""

import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .patience import DEADLINE, wait_until

RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Talk:
    """One request and the connection it came on. Bytes are whole frames."""

    def __init__(self, client: socket.socket, server: socket.socket, request: bytes, receive: Callable[[socket.socket], bytes]):
        self.request = request
        self.client = client
        self._server = server
        self._receive = receive

    def forward(self, request: bytes | None = None) -> bytes:
        """The server's answer to the request, or to another one in its place."""
        self._server.sendall(request or self.request)
        return self._receive(self._server)

    def send(self, data: bytes) -> None:
        """To the client, whether it still listens or not."""
        with suppress(OSError):
            self.client.sendall(data)

    def is_given_up(self, seconds: float) -> bool:
        """The client closes the connection within so many seconds."""
        return bool(select.select([self.client], [], [], seconds)[0])

    def wait_until_given_up(self) -> None:
        """Return when the client has closed the connection."""
        with suppress(OSError):
            while self.client.recv(260):
                pass


class UdpTalk:
    """One request and its sender. Bytes are datagrams."""

    def __init__(self, proxy: "UdpFaultProxy", sender: tuple[str, int], request: bytes):
        self.request = request
        self.sender = sender
        self._proxy = proxy

    def forward(self, request: bytes | None = None) -> bytes:
        """The server's answer to the request, or to another one in its place."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.settimeout(DEADLINE)
            server.sendto(request or self.request, ("127.0.0.1", self._proxy.server_port))
            return server.recv(65536)

    def send(self, data: bytes) -> None:
        """To the client, whether it still listens or not."""
        self._proxy.socket.sendto(data, self.sender)


Fault = Callable[[Any], None]


class FaultProxy:
    """``with FaultProxy(server_port) as proxy:`` listens on 127.0.0.1:``proxy.port``.

    :param receive: one frame from a socket; those of Modbus TCP by default
    :param receive_answer: the same of the server's, where they look different
    :param is_opening: a frame is part of connecting: it is passed on, and counts as no request
    :ivar faults: what to do with the next requests, one each; after that, requests are passed on
    :ivar requests: the frames of all requests that came, in order
    :ivar connections: how many were ever opened
    """

    def __init__(
        self,
        server_port: int,
        receive: "Callable[[socket.socket], bytes] | None" = None,
        is_opening: Callable[[bytes], bool] = lambda _frame: False,
        receive_answer: "Callable[[socket.socket], bytes] | None" = None,
    ):
        self.server_port = server_port
        self.receive = receive or receive_frame
        self.receive_answer = receive_answer or self.receive
        self.is_opening = is_opening
        self.faults: list[Fault] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> "FaultProxy":
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.refuse()
        self.wait_until_closed()

    def refuse(self) -> None:
        """Refuse connections from now on."""
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._accepting.join(DEADLINE)
            self._listener.close()

    def wait_until_closed(self) -> bool:
        """Wait for the clients; False if one of them leaves its connection open."""
        wait_until(lambda: len(self._threads) == self.connections, "the thread of a connection")
        for thread in self._threads:
            thread.join(DEADLINE)
        return not any(thread.is_alive() for thread in self._threads)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _peer = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                thread.start()
                self._threads.append(thread)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.server_port)) as server, suppress(OSError):
            while request := self.receive(client):
                talk = Talk(client, server, request, self.receive_answer)
                if self.is_opening(request):
                    passed_on(talk)
                    continue
                self.requests.append(request)
                fault = self.faults.pop(0) if self.faults else passed_on
                fault(talk)


class UdpFaultProxy:
    """The same for datagrams. ``senders``: from where requests came, each once."""

    def __init__(self, server_port: int):
        self.server_port = server_port
        self.faults: list[Callable[[UdpTalk], None]] = []
        self.requests: list[bytes] = []
        self.senders: list[tuple[str, int]] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "UdpFaultProxy":
        self._thread.start()
        return self

    @property
    def connections(self) -> int:
        """Each sender counts as one."""
        return len(self.senders)

    def wait_until_closed(self) -> bool:
        """There is nothing to be left open."""
        return True

    def __exit__(self, *_exc: object) -> None:
        self.refuse()

    def refuse(self) -> None:
        """Nobody has the port from now on."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(DEADLINE)
        self.socket.close()

    def _serve(self) -> None:
        while request := (received := self.socket.recvfrom(65536))[0]:
            sender = received[1]
            self.requests.append(request)
            if sender not in self.senders:
                self.senders.append(sender)
            fault = self.faults.pop(0) if self.faults else passed_on
            fault(UdpTalk(self, sender, request))


def receive_frame(sock: socket.socket) -> bytes:
    """One frame, or nothing at the end of the connection."""
    header = sock.recv(6, socket.MSG_WAITALL)
    if len(header) < 6:
        return b""
    return header + sock.recv(int.from_bytes(header[4:], "big"), socket.MSG_WAITALL)


def frame(like: bytes, pdu: bytes) -> bytes:
    """A frame with the transaction and unit of another."""
    return like[:4] + struct.pack(">H", len(pdu) + 1) + like[6:7] + pdu


# Nothing, or too little


def passed_on(talk: Talk) -> None:
    """No fault. Where the server hangs up, so does the proxy."""
    answer = talk.forward()
    if answer:
        talk.send(answer)
    else:
        talk.client.shutdown(socket.SHUT_RDWR)


def lost(_talk: Talk) -> None:
    """The request never reaches the PLC."""


def silence(talk: Talk) -> None:
    """The PLC does it, its answer is lost."""
    talk.forward()


def half(talk: Talk) -> None:
    """Half an answer, then nothing."""
    answer = talk.forward()
    talk.send(answer[: len(answer) // 2])


def late(talk: Talk) -> None:
    """The answer comes when nobody waits for it any more."""
    answer = talk.forward()
    talk.wait_until_given_up()
    talk.send(answer)


def slow(pause: float) -> Fault:
    """Byte by byte, ``pause`` seconds after each; until the client gives up."""

    def fault(talk: Talk) -> None:
        for byte in talk.forward():
            talk.send(bytes([byte]))
            if talk.is_given_up(pause):
                return

    return fault


# The end of the connection


def reset(talk: Talk) -> None:
    """The PLC does it, then the connection is reset."""
    talk.forward()
    talk.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    talk.client.close()


def hung_up(talk: Talk) -> None:
    """The PLC does it, then the connection is closed in good order."""
    talk.forward()
    talk.client.shutdown(socket.SHUT_RDWR)


def hung_up_halfway(talk: Talk) -> None:
    """Closed in good order in the middle of the answer."""
    half(talk)
    talk.client.shutdown(socket.SHUT_RDWR)


# Answers that are none


def garbage(talk: Talk) -> None:
    """Bytes of something that does not speak Modbus."""
    talk.forward()
    talk.send(b"\xde\xad\xbe\xef" * 20)


def flipped(place: int, bit: int = 0x01) -> Fault:
    """One bit of the answer's byte ``place`` is wrong."""

    def fault(talk: Talk) -> None:
        answer = bytearray(talk.forward())
        answer[place] ^= bit
        talk.send(bytes(answer))

    return fault


def wrong_transaction(talk: Talk) -> None:
    """The answer to an earlier request, or to another client's."""
    flipped(1)(talk)


def wrong_unit(talk: Talk) -> None:
    """Another unit answers."""
    flipped(6)(talk)


def pdu(change: Callable[[bytes], bytes]) -> Fault:
    """The answer's function and data are changed, the header fits them."""

    def fault(talk: Talk) -> None:
        answer = talk.forward()
        talk.send(frame(answer, change(answer[7:])))

    return fault


short = pdu(lambda old: bytes([old[0], old[1] - 2]) + old[2:-2])  # a register less, in good order
long = pdu(lambda old: bytes([old[0], old[1] + 2]) + old[2:] + b"\0\7")  # a register more, in good order
odd = pdu(lambda old: bytes([old[0], old[1] + 1]) + old[2:] + b"\7")  # an odd number of bytes
left_over = pdu(lambda old: old + b"\0\7")  # more bytes than announced
wrong_function = pdu(lambda old: bytes([old[0] ^ 0x07]) + old[1:])  # 3 becomes 4, 16 becomes 23
wrong_address = pdu(lambda old: old[:2] + bytes([old[2] ^ 0x01]) + old[3:])  # in the echo of a write
wrong_count = pdu(lambda old: old[:4] + bytes([old[4] ^ 0x01]))  # in the echo of a write
nothing_in_it = pdu(lambda old: b"")


def exception(code: int, function: int | None = None) -> Fault:
    """The device refuses, or says that ``function`` was refused when another was asked for."""

    def fault(talk: Talk) -> None:
        talk.send(frame(talk.request, bytes([(function or talk.request[7]) | 0x80, code])))

    return fault


def other_clients(talk: Talk) -> None:
    """The header fits, but it is the answer to somebody else's request, for fewer registers."""
    talk.send(talk.forward(frame(talk.request, struct.pack(">BHH", 3, 0, 2))))


def duplicate(talk: Talk) -> None:
    """The answer comes twice."""
    answer = talk.forward()
    talk.send(answer)
    talk.send(answer)


def after(stale: bytes) -> Fault:
    """An answer of an earlier connection comes before the right one."""

    def fault(talk: Talk) -> None:
        talk.send(stale)
        passed_on(talk)

    return fault
