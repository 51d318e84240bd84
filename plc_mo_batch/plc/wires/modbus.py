"""The wires that speak Modbus. They read a slot, and write a block, in one request, and so keep the rules of every handshake."""

from ..layout import HANDSHAKES
from ..sentences import _lt
from ..transport import RTU_TCP, SERIAL, TCP, TLS, Link
from ..wire import WireKind

NETWORK = frozenset({"host", "port", "device_id"})

WIRES = (
    WireKind(TCP, _lt("Modbus TCP"), NETWORK, HANDSHAKES, Link, port=502),
    WireKind(TLS, _lt("Modbus TCP with TLS"), NETWORK | {"tls"}, HANDSHAKES, Link, port=802),  # as registered for Modbus
    WireKind(RTU_TCP, _lt("RTU over TCP"), NETWORK, HANDSHAKES, Link),
    WireKind(SERIAL, _lt("Serial RTU"), frozenset({"line", "device_id"}), HANDSHAKES, Link),
)
