"""The wires that speak FINS, as Omron's CS, CJ, CP, NJ and NX do: over UDP and over TCP. No library: none of those that there are
checks whose answer it takes.

An answer is ours if everything in it is: that it is a response, to our node from the one that was asked, with our service id,
to our command, with as many words as were asked for. Any other frame is passed over, as if nothing had come: late and doubled
datagrams, another client's answer, one to another command. A service id has eight bits, so it is used only once on a socket;
after any doubt, too, comes a new socket with a new one, begun at random. A write is sent once.
"""

import ipaddress
import random
import socket
import struct
import time
from collections.abc import Sequence
from typing import Protocol

from ..address import AddressRefused, SocketAddress, first_of, resolve
from ..layout import HANDSHAKES, HOLDING, JOB_NUMBERS, MAX_READ, MAX_WRITE
from ..sentences import Sentence, _lt
from ..wire import BUSY, BUSY_PAUSE, BUSY_TRIES, NO_ANSWER, Endpoint, Family, LinkError, WireKind, unreachable

UDP, TCP = "fins_udp", "fins_tcp"
FINS = Family(
    "fins",
    _lt("FINS"),
    {"D": _lt("D: data"), "W": _lt("W: work"), "H": _lt("H: holding"), "CIO": _lt("CIO: core I/O"), "E": _lt("E: extended data")},
    frozenset({"E"}),
)
# the codes of whole words
BANKS = (*range(0xA0, 0xB0), *range(0x60, 0x69))  # Omron calls them E0 to EF, and E10 to E18
MEMORIES = {"D": 0x82, "W": 0xB1, "H": 0xB2, "CIO": 0xB0, **{f"E{number}": code for number, code in enumerate(BANKS)}}

READ, WRITE = b"\x01\x01", b"\x01\x02"
COMMAND, RESPONSE = 0x80, 0x40  # the first byte: a command that wants a response; the bit of a response
GATEWAYS = 2  # that a frame may pass
SIDS = 256
FRAME = 2012  # bytes at most
# FINS/TCP: length, command and error code follow these letters; the length counts from the command on
MAGIC = b"FINS"
HEAD = struct.Struct(">4sIII")
ASK_NODE, TELL_NODE, CARRY = 0, 1, 2
NODES = struct.Struct(">II")  # ours, the PLC's
PLACES = range(1, 255)  # nodes
TCP_ERRORS = {
    0x20: _lt("all its connections are in use"),
    0x21: _lt("the node is connected already"),
    0x22: _lt("it does not accept the IP address of Odoo"),
    0x23: _lt("the node is out of its range"),
    0x24: _lt("Odoo and the PLC have the same node"),
    0x25: _lt("all its nodes are in use"),
}

RELAYED = 0x80  # in the first byte of an end code: somebody on the way reports it
FLAGS = 0x3F  # without what its second byte says of the CPU beside: it has an error, and answers nevertheless
NAMES = {
    0x0001: _lt("service interrupted"),
    0x0201: _lt("no such node"),
    0x0202: _lt("no such unit"),
    0x0204: _lt("busy"),
    0x0205: _lt("no answer from the node"),
    0x0401: _lt("undefined command"),
    0x0501: _lt("not in the routing tables"),
    0x0502: _lt("no routing tables"),
    0x0503: _lt("wrong routing tables"),
    0x0504: _lt("too many relays"),
    0x1001: _lt("command too long"),
    0x1101: _lt("no such memory"),
    0x1103: _lt("address out of range"),
    0x1104: _lt("end of the memory exceeded"),
    0x110B: _lt("response too long"),
    0x2101: _lt("read only"),
    0x2102: _lt("write protected"),
    0x2108: _lt("cannot be changed"),
    0x2605: _lt("service already executing"),
    0x3001: _lt("no access right"),
}
# the names of all codes whose first byte is the same
GROUPS = {
    0x01: _lt("node of Odoo"),
    0x02: _lt("node of the PLC"),
    0x03: _lt("controller error"),
    0x04: _lt("not supported"),
    0x05: _lt("routing"),
    0x10: _lt("format of the command"),
    0x11: _lt("parameter"),
    0x20: _lt("read not possible"),
    0x21: _lt("write not possible"),
    0x22: _lt("not in this mode"),
    0x25: _lt("unit error"),
    0x26: _lt("command error"),
    0x30: _lt("access"),
    0x40: _lt("aborted"),
}
# answered before anything was done: the write was certainly not applied
REFUSED = (0x04, 0x10, 0x11, 0x21, 0x22, 0x30)
# the cause of a code, or of all whose first byte is the same
CAUSES = {0x1103: "2", 0x1104: "2", 0x1001: "3", 0x110B: "3", 0x0204: "6", 0x2605: "6", 0x1101: "memory"}
GROUP_CAUSES = {0x01: "node", 0x02: "node", 0x04: "1", 0x05: "route", 0x21: "protected", 0x22: "mode", 0x30: "protected"}


class _Channel(Protocol):
    """Carries frames. Each method raises OSError if it cannot."""

    own_node: int
    node: int

    def send(self, frame: bytes) -> None:
        """Send one frame."""

    def receive(self, until: float) -> bytes:
        """The next frame, before this ``time.monotonic()``."""

    def close(self) -> None:
        """Harmless if already closed."""


class _NotFins(Exception):
    """What came is no frame, and what follows cannot be told apart from it."""


class _UdpChannel:
    def __init__(self, address: SocketAddress, endpoint: Endpoint):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect(address)  # others' datagrams do not come through
        self.node = endpoint.node
        own = ipaddress.ip_address(self.socket.getsockname()[0])
        self.own_node = endpoint.own_node or own.packed[-1]
        if self.own_node not in PLACES:
            self.close()
            raise LinkError("setup", _lt("the address of Odoo ends in %(number)s: enter its own node", number=self.own_node))

    def send(self, frame: bytes) -> None:
        self.socket.send(frame)

    def receive(self, until: float) -> bytes:
        self.socket.settimeout(_left(until))
        return self.socket.recv(FRAME + 1)

    def close(self) -> None:
        self.socket.close()


class _TcpChannel:
    """The PLC says at the beginning which nodes both are."""

    def __init__(self, address: SocketAddress, endpoint: Endpoint):
        until = time.monotonic() + endpoint.timeout
        self.socket = socket.create_connection(address[:2], endpoint.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        try:
            self.own_node, self.node = self._shake_hands(until)
        except OSError as error:
            self.close()
            raise LinkError("timeout" if isinstance(error, TimeoutError) else "reset") from error
        except BaseException:
            self.close()
            raise

    def _shake_hands(self, until: float) -> tuple[int, int]:
        self._send(ASK_NODE, bytes(4))  # it shall choose ours
        command, error, data = self._receive(until)
        if error:
            raise LinkError("connect", TCP_ERRORS.get(error) or _lt("error %(number)s", number=error), cause="nodes")
        if command != TELL_NODE or len(data) != NODES.size:
            raise _NotFins
        own, node = NODES.unpack(data)
        if own not in PLACES or node not in PLACES:
            raise _NotFins
        return own, node

    def send(self, frame: bytes) -> None:
        self._send(CARRY, frame)

    def _send(self, command: int, data: bytes) -> None:
        self.socket.sendall(HEAD.pack(MAGIC, len(data) + 8, command, 0) + data)

    def receive(self, until: float) -> bytes:
        command, error, data = self._receive(until)
        if command != CARRY or error:
            raise _NotFins
        return data

    def _receive(self, until: float) -> tuple[int, int, bytes]:
        magic, length, command, error = HEAD.unpack(self._exactly(HEAD.size, until))
        if magic != MAGIC or not 8 <= length <= FRAME + 8:
            raise _NotFins
        data = self._exactly(HEAD.size + length - 8, until)[HEAD.size :]
        self.rest = b""
        return command, error, data

    def _exactly(self, count: int, until: float) -> bytes:
        """The first bytes of what is being received; they are kept until the frame is whole."""
        while len(self.rest) < count:
            self.socket.settimeout(_left(until))
            data = self.socket.recv(count - len(self.rest))
            if not data:
                raise ConnectionResetError
            self.rest += data
        return self.rest

    def close(self) -> None:
        self.socket.close()


def _left(until: float) -> float:
    """Seconds; a socket takes 0 for a wish of another kind."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class FinsWire:
    """See ``Wire`` for what it promises. It needs no line, so it waits for none."""

    def __init__(self, endpoint: Endpoint, _wait: float):
        self.endpoint = endpoint
        self.requests = 0
        self._channel: _Channel | None = None
        self._sid = random.randrange(SIDS)  # nosec B311 # not a secret
        self._sent = 0  # on this socket
        self._answered = 0
        self._free_at = 0.0  # when the PLC may be asked again
        self._node = 0  # that answers
        self._stranger: tuple[str, Sentence, Sentence] | None = None  # cause, detail, ids of what was passed over

    def open(self) -> None:
        """Connect. With UDP nothing is sent yet.

        :raise LinkError: ``connect``, ``address`` or ``reply``
        """
        try:
            self._channel = self._connected()
        except (AddressRefused, OSError, ValueError, OverflowError) as error:  # an impossible host or port raises the latter two
            raise unreachable(error) from error
        except _NotFins:
            raise LinkError("reply", _lt("it is not FINS/TCP")) from None
        self._sent = self._answered = 0
        self._node = self._target(self._channel)[1]
        self._leave_alone(self.endpoint.manners.connect_pause)

    def _connected(self) -> _Channel:
        make = _TcpChannel if self.endpoint.transport == TCP else _UdpChannel
        addresses = resolve(self.endpoint.host, self.endpoint.port, self.endpoint.allowed)
        return first_of(addresses, lambda address: make(address, self.endpoint))

    def close(self) -> None:
        """Close; harmless if already closed."""
        if self._channel:
            self._channel.close()
            self._channel = None

    def read_words(self, address: int, count: int, registers: str = HOLDING) -> tuple[int, ...]:
        """``count`` words, at most 125, in one request. A PLC that is busy is asked again a few times.

        :raise LinkError: on anything but exactly these words; the connection is then closed, and stays so
        :raise ValueError: if there is no such request; nothing was sent
        """
        place = self._place(address, count, MAX_READ, registers)
        for attempt in range(BUSY_TRIES):
            code, data = self._call(READ, place, 2 * count)
            if code not in CAUSES or CAUSES[code] not in BUSY or attempt == BUSY_TRIES - 1:
                break
            self._leave_alone(BUSY_PAUSE * 2**attempt)
        if code:
            raise self._refusal(code, READ, address, count, data)
        return struct.unpack(f">{count}H", data)

    def write_words(self, address: int, words: Sequence[int], registers: str = HOLDING) -> None:
        """Write up to 123 words in one request, sent once.

        :raise LinkError: with ``writing`` set, unless the PLC has certainly not applied it; the connection is then closed
        :raise ValueError: if there is no such request; nothing was sent
        """
        place = self._place(address, len(words), MAX_WRITE, registers)
        if not 0 <= min(words) <= max(words) <= 0xFFFF:
            raise ValueError(_lt("a word at or after %(address)s is not between 0 and 65535", address=address))
        code, data = self._call(WRITE, place + struct.pack(f">{len(words)}H", *words), 0)
        if code:
            raise self._refusal(code, WRITE, address, len(words), data)

    def _place(self, address: int, count: int, most: int, registers: str) -> bytes:
        """Memory, address and count, as both commands say them."""
        FINS.check(registers)
        if registers not in MEMORIES:
            raise LinkError("setup", _lt("E has the banks 0 to %(last)s", last=len(BANKS) - 1))
        if not 1 <= count <= most or not 0 <= address <= 0x10000 - count:
            told = {"count": count, "address": address}
            raise ValueError(_lt("%(count)s words at %(address)s cannot be read or written in one request", **told))
        return struct.pack(">BHBH", MEMORIES[registers], address, 0, count)

    def _call(self, command: bytes, body: bytes, length: int) -> tuple[int, bytes]:
        """The end code and the data of the answer to one request.

        :param length: of the data, in bytes, if all is well
        """
        channel = self._ready()
        self.requests += 1
        self._sent += 1
        self._sid = (self._sid + 1) % SIDS
        self._stranger = None
        ours = (self.endpoint.own_network, channel.own_node, 0)
        head = (COMMAND, 0, GATEWAYS, *self._target(channel), *ours, self._sid)
        try:
            channel.send(bytes(head) + command + body)
            found = self._awaited(channel, command, length)
        except (OSError, _NotFins) as error:
            raise self._fault(error, channel, command) from error
        self._answered += 1
        self._leave_alone(self.endpoint.manners.request_pause)
        return found

    def _target(self, channel: _Channel) -> tuple[int, int, int]:
        """Network, node and unit. Behind a gateway it is not the node that was connected to."""
        endpoint = self.endpoint
        return endpoint.network, endpoint.node if endpoint.network else channel.node, endpoint.unit

    def _ready(self) -> _Channel:
        """What carries the next request: a new connection where one serves a single request, and before service ids repeat."""
        if self._channel is None:
            raise LinkError("reset", _lt("there is no connection"))
        if self._sent == SIDS or self._answered and self.endpoint.manners.connect_each:
            self.close()
            self.open()
        pause = self._free_at - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        return self._channel

    def _leave_alone(self, seconds: float) -> None:
        """Ask nothing for so long."""
        self._free_at = max(self._free_at, time.monotonic() + seconds)

    def _awaited(self, channel: _Channel, command: bytes, length: int) -> tuple[int, bytes]:
        until = time.monotonic() + self.endpoint.timeout
        while True:
            frame = channel.receive(until)
            code, data = int.from_bytes(frame[12:14], "big") & (0xFF << 8 | FLAGS), frame[14:]
            if self._is_ours(frame, channel, command) and (code or len(data) == length):
                self._node = frame[7]
                return code, data

    def _is_ours(self, frame: bytes, channel: _Channel, command: bytes) -> bool:
        """It answers what was asked last; else what it is instead is noted."""
        self._stranger = ("", NO_ANSWER, Sentence(""))
        if len(frame) < 14 or not frame[0] & RESPONSE or frame[10:12] != command:
            return False
        if frame[9] != self._sid:
            ids = _lt("asked with service id %(asked)s, answered with %(came)s", asked=self._sid, came=frame[9])
            self._stranger = ("transaction", _lt("it has the service id of another request"), ids)
            return False
        network, _node, unit = self._target(channel)
        asked = bytes((network, self._node or frame[7], unit))  # an address was asked: its node is whichever answers first
        if frame[6:9] != asked:
            told = _lt("node %(asked)s was asked, and node %(came)s answered", asked=_place(asked), came=_place(frame[6:9]))
            self._stranger = ("node", told, told)
            return False
        own = self.endpoint.own_network
        entered = frame[3] if network and not own else own  # by the gateway, if nobody says what ours is
        return frame[3:6] == bytes((entered, channel.own_node, 0))

    def _fault(self, error: Exception, channel: _Channel, command: bytes) -> LinkError:
        """What happened instead of an answer. The connection is closed then."""
        partly = isinstance(channel, _TcpChannel) and channel.rest
        self.close()
        writing = command == WRITE
        if self._stranger:
            cause, detail, ids = self._stranger
            return LinkError("reply", detail, writing, cause, ids=ids)
        later = "later" if self._answered else ""
        if isinstance(error, TimeoutError) and not partly:
            return LinkError("timeout", writing=writing, cause=later)
        if isinstance(error, (TimeoutError, _NotFins)):
            return LinkError("reply", NO_ANSWER, writing)
        if isinstance(error, ConnectionRefusedError):  # nobody has the UDP port
            return LinkError("connect", str(error), writing, "refused")
        return LinkError("reset", writing=writing, cause=later)

    def _refusal(self, code: int, command: bytes, address: int, count: int, data: bytes) -> LinkError:
        """What an end code says; who relays names the network and the node behind it. The connection is closed then."""
        self.close()
        group = code >> 8
        name = NAMES.get(code) or GROUPS.get(group & ~RELAYED, _lt("unknown"))
        cause = CAUSES.get(code) or GROUP_CAUSES.get(group, "route" if group & RELAYED else "")
        told = {"code": f"{code:04X}", "name": name, "address": address, "command": command.hex(), "count": count}
        detail = _lt("%(code)s (%(name)s) at address %(address)s (command %(command)s, %(count)s words)", **told)
        if group & RELAYED and len(data) == 2:
            told = {"refused": detail, "network": data[0], "node": data[1]}
            detail = _lt("%(refused)s, says node %(node)s of network %(network)s", **told)
        doubtful = command == WRITE and group not in REFUSED
        return LinkError("exception", detail, doubtful, cause, command == WRITE, address=address)


def _place(address: bytes) -> str:
    """Network, node and unit, as Omron writes them; where there is nothing but a node, that."""
    network, node, unit = address
    return f"{network}.{node}.{unit}" if network or unit else str(node)


# A network may double a datagram, and deliver the second when it likes: an old "new recipe" would be taken again. Job numbers are
# made for that, flags are not.
WIRES = (
    WireKind(
        UDP, _lt("FINS over UDP"), frozenset({"host", "port", "node", "route"}), (JOB_NUMBERS,), FinsWire, port=9600, family=FINS
    ),
    WireKind(TCP, _lt("FINS over TCP"), frozenset({"host", "port", "route"}), HANDSHAKES, FinsWire, port=9600, family=FINS),
)
