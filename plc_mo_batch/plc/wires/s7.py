"""The wire that speaks S7, as Siemens' 300, 400, 1200 and 1500 do. The only file that knows python-snap7, which it loads when a
PLC needs it.

Of the library only its lower layers are used: its client cuts a request that is too long in two, waits five seconds for whatever
it connects to, and takes the refusal of an earlier request for that of the last one. Here a slot that does not fit into one
request is refused, the answer must have the number of what was asked, and each answer has one deadline. A write is sent once.
"""

import importlib
import random
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..address import AddressRefused, first_of, resolve
from ..layout import HANDSHAKES, HOLDING, MAX_READ, MAX_WRITE
from ..sentences import Sentence, _lt
from ..wire import NO_ANSWER, Endpoint, Family, LinkError, WireKind, unreachable

S7 = Family("s7", _lt("S7"), {"DB": _lt("DB: data block")}, frozenset({"DB"}))
PACKAGE, REQUIREMENT = "python-snap7", "python-snap7>=3.3,<4"

LAST_BLOCK = 65535
PDU = 960  # bytes that Odoo proposes; the PLC may answer with less
READ_HEAD, WRITE_HEAD = 18, 28  # bytes of a PDU beside the words
OURS = 0x0100  # TSAPs: our own, and the PLC's, with rack and slot
RESPONSES = (2, 3)  # PDU types
DONE = 0xFF
NUMBERS = 0x10000  # of PDUs
# of an answer: function and number of items; its two lengths where the item has a head only
ONE_READ, NO_DATA = b"\4\1", b"\0\2\0\4"

# what is answered of the item, and in the head of a PDU; names and causes
NAMES = {
    0x01: _lt("hardware error"),
    0x03: _lt("access not allowed"),
    0x05: _lt("address out of range"),
    0x06: _lt("data type not supported"),
    0x07: _lt("data types do not match"),
    0x0A: _lt("object does not exist"),
    0x8104: _lt("not available in this context"),
    0x8500: _lt("wrong PDU size"),
}
CAUSES = {0x03: "access", 0x8104: "access", 0x05: "2", 0x0A: "block", 0x8500: "3"}
# answered before anything was done: the write was certainly not applied
REFUSED = (0x03, 0x05, 0x06, 0x07, 0x0A, 0x8104, 0x8500)


def _library() -> Any:
    """The modules of python-snap7.

    :raise LinkError: ``setup`` if it is not installed
    """
    try:
        return [importlib.import_module(f"snap7.{name}") for name in ("connection", "s7protocol", "datatypes", "error")]
    except ImportError as error:
        told = {"package": PACKAGE, "requirement": REQUIREMENT}
        detail = _lt("the Python package %(package)s is not installed: pip install '%(requirement)s'", **told)
        raise LinkError("setup", detail) from error


@dataclass
class _PatientSocket:
    """A socket with one deadline for all that is received until the next is set; the library begins anew with each byte."""

    plain: socket.socket
    until: float = 0.0
    is_begun: bool = False  # something was received since then
    is_gone: bool = False

    def recv(self, count: int) -> bytes:
        """At least a byte, or nothing at the end of the connection."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.plain.settimeout(left)
        try:
            data = self.plain.recv(count)
        except ConnectionError:
            data = b""
        self.is_begun = True
        self.is_gone = not data
        return data

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self.plain.sendall(data)

    def close(self) -> None:
        """Close it."""
        self.plain.close()


def _refused_read(pdu: bytes) -> int:
    """What the item of a read without data says, else 0. Some servers say that data follow, and the library then takes the answer
    for a truncated one."""
    is_whole = len(pdu) == 18 and pdu[6:10] == NO_DATA and pdu[12:14] == ONE_READ
    return pdu[14] if is_whole else 0


class S7Wire:
    """See ``Wire`` for what it promises. It needs no line, so it waits for none.

    :raise LinkError: ``setup`` if the library is missing
    """

    def __init__(self, endpoint: Endpoint, _wait: float):
        self.endpoint = endpoint
        self.requests = 0
        self._connections, self._protocols, self._types, self._errors = _library()
        self._connection: Any = None
        self._protocol: Any
        self._socket: _PatientSocket
        self._size: int  # of a PDU, in bytes
        self._has_answered: bool
        self._free_at = 0.0  # when the PLC may be asked again

    def open(self) -> None:
        """Connect, and agree on the size of a PDU.

        :raise LinkError: nothing is left open then
        """
        self._has_answered = False
        try:
            self._connect()
            self._size = self._negotiated()
        except (AddressRefused, OSError, ValueError, OverflowError) as error:  # an impossible host or port raises the latter two
            raise unreachable(error) from error
        except LinkError:
            self.close()
            raise
        self._leave_alone(self.endpoint.manners.connect_pause)

    def _connect(self) -> None:
        remote = OURS | self.endpoint.rack << 5 | self.endpoint.rack_slot
        connection = self._connections.ISOTCPConnection("", self.endpoint.port, OURS, remote)
        plain = self._connect_first()
        self._socket = connection.socket = _PatientSocket(plain)
        self._socket.until = time.monotonic() + self.endpoint.timeout
        try:
            connection._iso_connect()  # its connect() resolves names anew
        except (self._errors.S7Error, OSError, ValueError) as error:
            plain.close()
            if isinstance(error, self._errors.S7TimeoutError):
                raise LinkError("timeout") from error
            raise LinkError("connect", cause="rack") from error
        connection.connected = True
        self._connection = connection
        self._protocol = self._protocols.S7Protocol()
        self._protocol.sequence = random.randrange(NUMBERS)  # nosec B311 # not a secret

    def _connect_first(self) -> socket.socket:
        addresses = resolve(self.endpoint.host, self.endpoint.port, self.endpoint.allowed)
        plain = first_of(addresses, lambda address: socket.create_connection(address[:2], self.endpoint.timeout))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain

    def _negotiated(self) -> int:
        request = self._protocol.build_setup_communication_request(max_amq_caller=1, max_amq_callee=1, pdu_length=PDU)
        answer = self._asked(request, writing=False)
        size = (answer.get("parameters") or {}).get("pdu_length", 0)
        if not READ_HEAD < size <= PDU:
            raise LinkError("reply", NO_ANSWER)
        return int(size)

    def close(self) -> None:
        """Close; harmless if already closed."""
        if self._connection:
            self._connection.disconnect()
            self._connection = None

    def read_words(self, address: int, count: int, registers: str = HOLDING) -> tuple[int, ...]:
        """``count`` words, from byte 2 x ``address`` of a data block on, in one request.

        :raise LinkError: on anything but exactly these words; the connection is then closed, and stays so
        :raise ValueError: if there is no such request; nothing was sent
        """
        block = self._block(address, count, MAX_READ, registers)
        self._make_ready(count, READ_HEAD)
        request = self._protocol.build_read_request(*self._place(block, address), 2 * count)
        answer = self._call(request, writing=False)
        self._refuse(answer, block, address, count, writing=False)
        try:
            data = bytes(self._protocol.extract_read_data(answer, self._types.S7WordLen.BYTE, 2 * count))
        except self._errors.S7Error as error:
            self.close()
            raise LinkError("reply", NO_ANSWER) from error
        return struct.unpack(f">{count}H", data)

    def write_words(self, address: int, words: Sequence[int], registers: str = HOLDING) -> None:
        """Write words in one request, sent once.

        :raise LinkError: with ``writing`` set, unless the PLC has certainly not applied it; the connection is then closed
        :raise ValueError: if there is no such request; nothing was sent
        """
        block = self._block(address, len(words), MAX_WRITE, registers)
        if not 0 <= min(words) <= max(words) <= 0xFFFF:
            raise ValueError(_lt("a word at or after %(address)s is not between 0 and 65535", address=address))
        self._make_ready(len(words), WRITE_HEAD)
        data = b"".join(word.to_bytes(2, "big") for word in words)
        request = self._protocol.build_write_request(*self._place(block, address), data)
        answer = self._call(request, writing=True)
        self._refuse(answer, block, address, len(words), writing=True)
        try:
            self._protocol.check_write_response(answer)
        except self._errors.S7Error as error:
            self.close()
            raise LinkError("reply", NO_ANSWER, writing=True) from error

    def _place(self, block: int, address: int) -> tuple[Any, int, int, Any]:
        return self._types.S7Area.DB, block, 2 * address, self._types.S7WordLen.BYTE

    def _block(self, address: int, count: int, most: int, registers: str) -> int:
        """The number of the data block, if a request can be asked of it."""
        S7.check(registers)
        block = int(registers.removeprefix("DB"))
        if not 1 <= block <= LAST_BLOCK:
            raise LinkError("setup", _lt("data blocks have the numbers 1 to %(last)s", last=LAST_BLOCK))
        if not 1 <= count <= most or not 0 <= address <= 0x10000 - count:
            told = {"count": count, "address": address}
            raise ValueError(_lt("%(count)s words at %(address)s cannot be read or written in one request", **told))
        return block

    def _make_ready(self, count: int, head: int) -> None:
        """Connect anew for a PLC that serves one request on each connection; see that the words fit; leave it its pauses."""
        if self._connection is None:
            raise LinkError("reset", _lt("there is no connection"))
        if self._has_answered and self.endpoint.manners.connect_each:
            self.close()
            self.open()
        fitting = (self._size - head) // 2
        if count > fitting:
            self.close()
            told = {"count": count, "fitting": fitting, "size": self._size}
            detail = _lt("%(count)s words do not fit into one of its PDUs of %(size)s bytes, which takes %(fitting)s", **told)
            raise LinkError("setup", detail, cause="pdu")
        pause = self._free_at - time.monotonic()
        if pause > 0:
            time.sleep(pause)

    def _call(self, request: bytes, writing: bool) -> dict[str, Any]:
        """The answer to one request; it may be a refusal."""
        self.requests += 1
        answer = self._asked(request, writing)
        self._has_answered = True
        self._leave_alone(self.endpoint.manners.request_pause)
        return answer

    def _asked(self, request: bytes, writing: bool) -> dict[str, Any]:
        patient = self._socket
        try:
            patient.until, patient.is_begun = time.monotonic() + self.endpoint.timeout, False
            self._connection.send_data(request)
            answer = self._awaited(request[10:12])
        except (self._errors.S7Error, OSError, ValueError) as error:
            raise self._fault(error, patient, writing) from error
        return answer

    def _leave_alone(self, seconds: float) -> None:
        """Ask nothing for so long."""
        self._free_at = max(self._free_at, time.monotonic() + seconds)

    def _awaited(self, asked: bytes) -> dict[str, Any]:
        """The answer with the number of the last request; others are passed over.

        :param asked: function and number of items, which it must have, too
        """
        while True:
            pdu = self._connection.receive_data()
            if len(pdu) < 12 or pdu[0] != 0x32 or pdu[1] not in RESPONSES:
                raise ValueError
            if int.from_bytes(pdu[4:6], "big") != self._protocol.sequence:
                continue
            code = int.from_bytes(pdu[10:12], "big")
            if not code and pdu[12:14] != asked:
                raise ValueError
            code = code or _refused_read(pdu)
            if code:
                return {"refused": code}
            answer: dict[str, Any] = self._protocol.parse_response(pdu)
            return answer

    def _fault(self, error: Exception, patient: Any, writing: bool) -> LinkError:
        """What happened instead of an answer. The connection is closed then."""
        self.close()
        later = "later" if self._has_answered else ""
        ended = isinstance(error, (self._errors.S7TimeoutError, TimeoutError))
        if ended and not patient.is_begun:
            return LinkError("timeout", writing=writing, cause=later)
        if patient.is_gone or isinstance(error, ConnectionError):
            return LinkError("reset", writing=writing, cause=later)
        return LinkError("reply", NO_ANSWER, writing)

    def _refuse(self, answer: dict[str, Any], block: int, address: int, count: int, writing: bool) -> None:
        """
        :raise LinkError: if the answer is a refusal; the connection is then closed
        """
        code = answer.get("refused") or (answer.get("data") or {}).get("return_code", DONE)
        if code == DONE:
            return
        self.close()
        name: Sentence = NAMES.get(code, _lt("unknown"))
        told = {"code": f"{code:02X}", "name": name, "block": block, "byte": 2 * address, "count": count}
        detail = _lt("%(code)s (%(name)s) at byte %(byte)s of DB %(block)s (%(count)s words)", **told)
        doubtful = writing and code not in REFUSED
        raise LinkError("exception", detail, doubtful, CAUSES.get(code, ""), writing, address=address)


WIRES = (WireKind("s7", _lt("S7"), frozenset({"host", "port", "rack"}), HANDSHAKES, S7Wire, port=102, family=S7),)
