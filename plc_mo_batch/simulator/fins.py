"""The mill's registers as an Omron PLC shows them: FINS commands 0101 and 0102, over UDP and TCP on the same port.

The registers are its data memory D; it has 65536 words of it, so that the simulator's name is where Modbus has it, too.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from .clients import Clients

if TYPE_CHECKING:
    from .server import Simulator

_logger = logging.getLogger("plc_simulator")

NODE = 10
D = 0x82
# W, H, CIO, and the banks of E: it has them, and its program uses none
OTHERS = (0xB1, 0xB2, 0xB0, *range(0xA0, 0xB0), *range(0x60, 0x69))
WORDS = 65536
MOST_WORDS = 999
FIRST_CLIENT = 239  # the first node that it gives away
PORT_TRIES = 20

NO_UNIT, NO_ROUTE = 0x0202, 0x0501
DONE, UNDEFINED, TOO_SHORT, MISMATCH, NO_AREA, BEYOND = 0x0000, 0x0401, 0x1002, 0x1003, 0x1101, 0x1104


class FinsFront(Clients):
    """The PLC's two ports.

    ``end_code``: if not 0, what every request is answered with. ``network``, ``unit``: where it is, as seen from the client.
    ``gateway``: the node that FINS/TCP tells; another one than its own if it is behind that.
    """

    def __init__(self, simulator: Simulator):
        super().__init__()
        self.simulator = simulator
        self.others = {code: [0] * WORDS for code in OTHERS}
        self.end_code = 0
        self.network = self.unit = 0
        self.gateway = NODE
        self._next_client = FIRST_CLIENT

    async def start(self) -> int:
        """Listen; the port. OSError if it cannot be used."""
        host, port = self.simulator.host, self.simulator.port
        for attempt in range(PORT_TRIES):
            self._server = await asyncio.start_server(self._serve, host, port)
            free = int(self._server.sockets[0].getsockname()[1])
            try:
                await self._listen_udp(host, free)
            except OSError:  # the port that TCP found is another's over UDP
                self._server.close()
                if port or attempt == PORT_TRIES - 1:
                    raise
            else:
                return free
        raise OSError("no free port")

    async def _listen_udp(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._udp, _protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(self), (host, port))

    async def stop(self) -> None:
        """Close all."""
        self._udp.close()
        self._server.close()
        await self._hang_up()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client first asks for its node, then sends frames."""
        node = 0
        while True:
            head = await reader.readexactly(16)
            size = int.from_bytes(head[4:8], "big")
            if head[:4] != b"FINS" or not 8 <= size <= 4096:
                return
            data = await reader.readexactly(size - 8)
            command = int.from_bytes(head[8:12], "big")
            if command == 0 and not node and len(data) == 4:
                node = int.from_bytes(data, "big") or self._new_client()
                writer.write(_wrapped(1, node.to_bytes(4, "big") + self.gateway.to_bytes(4, "big")))
            elif command == 2 and node:
                answer = self.answer(data)
                if answer:
                    writer.write(_wrapped(2, answer))
            else:
                return
            await writer.drain()

    def _new_client(self) -> int:
        node = self._next_client
        self._next_client = FIRST_CLIENT if node == 254 else node + 1
        return node

    def answer(self, frame: bytes) -> bytes:
        """What one frame is answered with; nothing if it is not for this node, or no command."""
        if len(frame) < 12 or frame[0] & 0x40 or frame[4] not in (0, NODE):
            return b""
        wrong = NO_ROUTE if frame[3] != self.network else NO_UNIT if frame[5] != self.unit else DONE
        end_code, data = (wrong, b"") if wrong else self._done(frame[10:12], frame[12:])
        own, sender, service, command = bytes((frame[3], NODE, frame[5])), frame[6:9], frame[9:10], frame[10:12]
        return b"\xc0\0\2" + sender + own + service + command + end_code.to_bytes(2, "big") + data

    def _done(self, command: bytes, body: bytes) -> tuple[int, bytes]:
        if self.end_code:
            return self.end_code, b""
        if command not in (b"\1\1", b"\1\2"):
            return UNDEFINED, b""
        if len(body) < 6:
            return TOO_SHORT, b""
        code, address, count = body[0], int.from_bytes(body[1:3], "big"), int.from_bytes(body[4:6], "big")
        if code != D and code not in self.others:
            return NO_AREA, b""
        if address + count > WORDS or count > MOST_WORDS:
            return BEYOND, b""
        if command == b"\1\1":
            return (MISMATCH, b"") if len(body) > 6 else (DONE, self._read(code, address, count))
        if len(body) - 6 != 2 * count:
            return MISMATCH, b""
        self._write(code, address, [body[at] * 256 + body[at + 1] for at in range(6, len(body), 2)])
        return DONE, b""

    def _read(self, code: int, address: int, count: int) -> bytes:
        words = self.simulator._read(address, count) if code == D else self.others[code][address : address + count]
        return b"".join(word.to_bytes(2, "big") for word in words)

    def _write(self, code: int, address: int, words: list[int]) -> None:
        if code == D:
            self.simulator._write(address, words)
        else:
            self.others[code][address : address + len(words)] = words


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, front: FinsFront):
        self.front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One frame each."""
        answer = self.front.answer(data)
        if answer:
            self.transport.sendto(answer, addr)


def _wrapped(command: int, data: bytes) -> bytes:
    """The frame of FINS/TCP around what it carries."""
    return b"FINS" + (len(data) + 8).to_bytes(4, "big") + command.to_bytes(4, "big") + b"\0\0\0\0" + data
