"""The mill's registers as a Siemens PLC shows them: data block 1, read and written by S7 communication.

Word n is at byte 2n. It answers one item a request, as all that it is asked here has one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .clients import Clients

if TYPE_CHECKING:
    from .server import Simulator

BLOCK = 1
WORDS = 65536
PDU = 240  # bytes that it takes, as a small CPU does
CONNECT, CONFIRM, DATA = 0xE0, 0xD0, 0xF0
SETUP, READ, WRITE = 0xF0, 0x04, 0x05
DONE, DENIED, BEYOND, NO_TYPE, NO_OBJECT = 0xFF, 0x03, 0x05, 0x06, 0x0A


class S7Front(Clients):
    """The PLC's port.

    ``return_code``: if not 0, what every item is answered with. ``rack_slot``: only clients that ask for it are let in.
    """

    def __init__(self, simulator: Simulator):
        super().__init__()
        self.simulator = simulator
        self.pdu = PDU
        self.return_code = 0
        self.rack_slot = (0, 1)

    async def start(self) -> int:
        """Listen; the port. OSError if it cannot be used."""
        self._server = await asyncio.start_server(self._serve, self.simulator.host, self.simulator.port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close all."""
        self._server.close()
        await self._hang_up()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(4)
            payload = await reader.readexactly(max(0, int.from_bytes(head[2:4], "big") - 4))
            answer = self._answer(payload) if head[0] == 3 and len(payload) > 2 else b""
            if not answer:
                return
            writer.write(b"\3\0" + (len(answer) + 4).to_bytes(2, "big") + answer)
            await writer.drain()

    def _answer(self, payload: bytes) -> bytes:
        """To one telegram; nothing ends the connection."""
        if payload[1] == CONNECT:
            return self._confirmed(payload)
        if payload[1] != DATA or len(payload) < 13 or payload[3:5] != b"\x32\1":
            return b""
        job = payload[3:]
        size = int.from_bytes(job[6:8], "big")
        parameter, data = job[10 : 10 + size], job[10 + size :]
        if parameter[:1] == bytes([SETUP]):
            self_pdu = min(self.pdu, int.from_bytes(parameter[6:8], "big"))
            return self._told(job, b"\xf0\0\0\1\0\1" + self_pdu.to_bytes(2, "big"), b"")
        if parameter[:1] == bytes([READ]):
            return self._told(job, b"\4\1", self._read(parameter))
        if parameter[:1] == bytes([WRITE]):
            return self._told(job, b"\5\1", bytes([self._write(parameter, data)]))
        return self._told(job, b"", b"", 0x8104)

    def _confirmed(self, payload: bytes) -> bytes:
        """A client names rack and slot in the second byte of the called TSAP."""
        at, rack, slot = 7, *self.rack_slot
        while at + 2 <= len(payload):
            kind, size = payload[at], payload[at + 1]
            if kind == 0xC2 and payload[at + 2 + size - 1] != rack * 32 + slot:
                return b""
            at += 2 + size
        return bytes([len(payload) - 1, CONFIRM]) + payload[4:6] + b"\0\1" + payload[6:]

    def _told(self, job: bytes, parameter: bytes, data: bytes, error: int = 0) -> bytes:
        head = b"\x32\3\0\0" + job[4:6] + len(parameter).to_bytes(2, "big") + len(data).to_bytes(2, "big")
        return b"\2\xf0\x80" + head + error.to_bytes(2, "big") + parameter + data

    def _place(self, parameter: bytes) -> tuple[int, int, int]:
        """Return code, first word and number of words of what is asked."""
        item = parameter[2:14]
        size, count, block = item[3], int.from_bytes(item[4:6], "big"), int.from_bytes(item[6:8], "big")
        bits = int.from_bytes(item[9:12], "big")
        if self.return_code:
            return self.return_code, 0, 0
        if item[8] != 0x84 or block != BLOCK:
            return NO_OBJECT, 0, 0
        count = count * 2 if size == 4 else count
        if size not in (2, 4) or bits % 16 or count % 2:
            return NO_TYPE, 0, 0
        first, words = bits // 16, count // 2
        return (DONE if first + words <= WORDS else BEYOND), first, words

    def _read(self, parameter: bytes) -> bytes:
        code, first, words = self._place(parameter)
        if code != DONE:
            return bytes([code, 0, 0, 0])
        data = b"".join(word.to_bytes(2, "big") for word in self.simulator._read(first, words))
        return bytes([DONE, 4]) + (8 * len(data)).to_bytes(2, "big") + data

    def _write(self, parameter: bytes, data: bytes) -> int:
        code, first, words = self._place(parameter)
        if code == DONE and len(data) != 4 + 2 * words:
            return NO_TYPE
        if code == DONE:
            self.simulator._write(first, [data[at] * 256 + data[at + 1] for at in range(4, len(data), 2)])
        return code
