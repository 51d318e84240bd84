"""What the rest of the package knows of a wire: how to call it, where a PLC is, and what is certain after a fault.

``transport.py`` has the one that speaks Modbus; the package ``wires`` lists them all.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .address import AddressRefused, Network
from .layout import HOLDING, INPUT, MAX_READ, MAX_WRITE, Layout
from .sentences import Sentence, _lt

LINE_WAIT = 60.0  # seconds to wait for other PLCs on the same line
BUSY = ("5", "6")  # exceptions that ask for patience: acknowledge, device busy
BEYOND = "2"  # the exception of an address that the device does not have
BUSY_TRIES = 6  # for one read; of a device that is busy three times in ten, one read in a thousand is given up
BUSY_PAUSE = 0.05  # seconds before the second try, twice as long before the third, and so on
SIGN, ENCRYPT = "sign", "encrypt"  # what OPC UA does for security
NO_ANSWER = _lt("it is incomplete, or it belongs to another request")


class LinkError(Exception):
    """The PLC could not be reached, or did not answer properly.

    ``kind`` is one of ``connect``, ``timeout`` (silence), ``reset``, ``exception``, ``reply`` (no complete answer came, or the
    answer to another request), ``tls`` (no trust was established), ``setup`` (Odoo's side lacks something), ``busy`` (other PLCs
    keep the line), ``address`` (a PLC may not have this one); ``detail`` is what else is known.
    ``writing`` is True if it happened after a write was begun: its fate is unknown. False: it was certainly not applied.
    ``cause`` tells faults of one kind apart, as far as people must do different things: the number of an exception, that of
    Modbus where another protocol has the same; ``name`` and ``refused`` (connect); ``later`` (timeout, reset: after an answer on
    the same connection); ``unit``, ``transaction`` and ``no_transaction`` (reply). ``to_write``: the request was a write, applied
    or not. ``ids`` says which ids were asked for and which came: unlike ``detail`` it differs from time to time. ``address``: of
    what the device refused, else -1.
    """

    def __init__(
        self,
        kind: str,
        detail: str = "",
        writing: bool = False,
        cause: str = "",
        to_write: bool = False,
        ids: str = "",
        address: int = -1,
    ):
        self.kind = kind
        self.detail = detail
        self.writing = writing
        self.cause = cause
        self.to_write = to_write or writing
        self.ids = ids
        self.address = address
        super().__init__(f"{kind}: {detail}" if detail else kind)

    @property
    def is_busy(self) -> bool:
        """The device works, and asks for patience."""
        return self.kind == "exception" and self.cause in BUSY


def unreachable(error: Exception) -> LinkError:
    """What an error says that came while connecting."""
    if isinstance(error, AddressRefused):
        return LinkError("address", error.args[0])
    told = next((reason for reason in error.args if isinstance(reason, Sentence)), str(error))
    if isinstance(error, socket.gaierror):
        return LinkError("connect", told, cause="name")
    return LinkError("connect", told, cause="refused" if isinstance(error, ConnectionRefusedError) else "")


@dataclass(frozen=True)
class Tls:
    """Whom to trust and who we are, as texts in PEM form.

    :param ca: the authority that signed the PLC's certificate, or that certificate itself; empty: the system's authorities
    :param certificate, key: ours, for a PLC that asks for one; the key has no password
    :param server_name: the name in the PLC's certificate, if it differs from its address
    :param verify: False: accept any certificate
    """

    ca: str = ""
    certificate: str = ""
    key: str = field(default="", repr=False)
    server_name: str = ""
    verify: bool = True


@dataclass(frozen=True)
class SerialLine:
    """A serial port, with 8 data bits and otherwise the defaults of the Modbus specification."""

    device: str
    baudrate: int = 19200
    parity: str = "E"
    stopbits: int = 1


@dataclass(frozen=True)
class Login:
    """How an OPC UA server is entered, and what of it is believed.

    :param security: "none", "sign" or "encrypt"; with the latter two :class:`Tls` says whom to trust and who we are
    :param user, password: no user: anonymous
    :param max_age: seconds by which a value may be older than the answer, by the server's clock; 0: any age
    """

    security: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    max_age: float = 0.0


@dataclass(frozen=True)
class Manners:
    """How a device wants to be asked. The defaults suit those that keep to the specification.

    :param connect_pause: seconds between connecting and the first request
    :param request_pause: seconds between an answer and the next request; with RTU the gap between telegrams
    :param connect_each: a new connection for each request
    :param any_unit: answers may name another unit than the one that was asked (Modbus, but not with RTU)
    :param no_transaction: answers may have transaction id 0 (Modbus, but not with RTU)
    :param max_read, max_write: words in one request, at most
    """

    connect_pause: float = 0.0
    request_pause: float = 0.0
    connect_each: bool = False
    any_unit: bool = False
    no_transaction: bool = False
    max_read: int = MAX_READ
    max_write: int = MAX_WRITE


@dataclass(frozen=True)
class Endpoint:
    """Where a PLC is: ``timeout`` in seconds for connecting and for each answer.

    :param transport: the name of its :class:`WireKind`, which says which of the other settings it needs
    :param allowed: networks that may be connected to although they are local (see ``address``); None: no address is refused
    :param node: the PLC's FINS node; 0: the PLC at this address, whatever its node is
    :param own_node: Odoo's; 0: the last number of its address
    :param network, unit: of a PLC behind a gateway of FINS, whose node is ``node`` then, over TCP, too; both 0: the PLC at this
        address, its CPU
    :param own_network: Odoo's, as the PLC behind the gateway knows it; 0: as the gateway enters it
    :param rack, rack_slot: where the CPU of an S7 is: 0 and 1 of a 1200 and 1500, 0 and 2 of a 300
    """

    host: str = ""
    port: int = 502
    device_id: int = 1
    timeout: float = 1.0
    transport: str = "tcp"
    tls: Tls = Tls()
    line: SerialLine | None = None
    allowed: tuple[Network, ...] | None = None
    manners: Manners = Manners()
    node: int = 0
    own_node: int = 0
    network: int = 0
    unit: int = 0
    own_network: int = 0
    rack: int = 0
    rack_slot: int = 1
    login: Login = Login()

    @property
    def place(self) -> str:
        """Its name in messages; the same for all PLCs on one line."""
        return self.line.device if self.line else f"{self.host}:{self.port}"


class Wire(Protocol):
    """One connection to one PLC, for one exchange. Never called from two threads at once.

    The whole promise rests on what is certain after a write. There are three outcomes, and a wire must not blur them:

    * :meth:`write_words` returns: **done**, the PLC has confirmed that it applied these words, all of them;
    * it raises with ``writing`` False: **nothing** was applied, and nothing of it can arrive later;
    * it raises with ``writing`` True: **unknown**, it may have been applied, or may yet arrive.

    If in doubt, it is unknown: that costs time, while the other two, if wrong, cost a batch. After any fault the wire is closed
    and stays so. It repeats no write on its own: the next round sees what arrived.
    """

    requests: int  # sent so far

    def open(self) -> None:
        """Connect.

        :raise LinkError: nothing is left open then
        """

    def close(self) -> None:
        """Close; harmless if already closed."""

    def read_words(self, address: int, count: int, registers: str = HOLDING) -> tuple[int, ...]:
        """``count`` words from ``address``, each 0..65535, all from the same moment.

        :param registers: the memory, as an area of the layout names it: one that the wire's :class:`Family` has
        :raise LinkError: on anything but exactly these words
        :raise ValueError: if there is no such request; nothing was sent
        """

    def write_words(self, address: int, words: Sequence[int], registers: str = HOLDING) -> None:
        """Write words from ``address`` on, in their order, all or none of them, once.

        :raise LinkError: see above
        :raise ValueError: if there is no such request; nothing was sent
        """


@dataclass(frozen=True)
class Family:
    """One protocol: what its wires share.

    :param name: stored with layouts; never change it
    :param label: its name
    :param memories: in which memory an area can be: name, as stored (never change it) -> label
    :param numbered: those of which a PLC has several
    :param named: those of which a PLC has several, each with a text for its name: the usual one
    """

    name: str
    label: Sentence
    memories: Mapping[str, Sentence]
    numbered: frozenset[str] = frozenset()
    named: Mapping[str, str] = field(default_factory=dict)

    def has(self, registers: str) -> bool:
        """An area can be in this memory; a number stands behind the name of a numbered one, a blank and a text behind that of a
        named one."""
        memory, _blank, text = registers.partition(" ")
        if memory in self.named:
            return bool(text)
        name = registers.rstrip("0123456789")
        return name in self.memories and (name in self.numbered) == (name != registers)

    def check(self, registers: str) -> None:
        """
        :raise LinkError: ``setup`` if it has no such memory
        """
        if not self.has(registers):
            told = {"family": self.label, "registers": registers}
            raise LinkError("setup", _lt("%(family)s has no memory %(registers)s, which the layout names", **told))

    def strangers(self, layout: Layout) -> list[Sentence]:
        """A sentence for each area that is in a memory of another protocol."""
        told = {"family": self.label}
        return [
            _lt("The %(area)s area is not in a memory of %(family)s. Choose a layout for %(family)s.", area=area.name, **told)
            for area in layout.areas
            if not self.has(area.registers)
        ]


MODBUS = Family("modbus", _lt("Modbus"), {HOLDING: _lt("Holding registers"), INPUT: _lt("Input registers (read only)")})


@dataclass(frozen=True)
class WireKind:
    """One way to talk to a PLC, for the registry in ``wires``.

    :param name: stored with a PLC; never change it
    :param label: what people choose
    :param needs: the settings of an :class:`Endpoint` that it uses: ``host``, ``port``, ``device_id``, ``tls``, ``line``,
        ``node`` and ``rack`` (both of them), ``route`` (networks and unit), ``login`` (and ``tls``, unless it is without
        security)
    :param handshakes: the handshakes of layouts (``layout.HANDSHAKES``) whose rules it can keep
    :param make: makes the wire to an endpoint, not open yet; the number is how many seconds to wait for a line that others use
    :param port: its usual port; 0: it has none
    :param family: its protocol
    :raise LinkError: by ``make``: ``setup`` if Odoo's side lacks something
    """

    name: str
    label: Sentence
    needs: frozenset[str]
    handshakes: tuple[str, ...]
    make: Callable[[Endpoint, float], Wire]
    port: int = 0
    family: Family = MODBUS

    def misfits(self, layout: Layout) -> list[Sentence]:
        """Why it cannot be used with a layout, a sentence each."""
        if layout.handshake not in self.handshakes:
            told = {"connection": self.label}
            return [_lt("%(connection)s cannot keep the rules of the layout's handshake. Choose another of the two.", **told)]
        return self.family.strangers(layout)
