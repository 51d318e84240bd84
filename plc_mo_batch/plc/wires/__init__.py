"""The registry of wires: every module of this package lists its own in ``WIRES``. So another transport is one new file here.

``docs/architecture/write-your-own-wire.md`` explains it step by step.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager

from ..sentences import _lt
from ..wire import LINE_WAIT, MODBUS, Endpoint, Family, LinkError, Wire, WireKind

KINDS: dict[str, WireKind] = {}


def register(kind: WireKind) -> None:
    """Add another way to reach PLCs.

    :raise ValueError: if the name is already taken
    """
    if kind.name in KINDS:
        raise ValueError(kind.name)
    KINDS[kind.name] = kind


def families() -> list[Family]:
    """The protocols of all wires."""
    return list({kind.family.name: kind.family for kind in KINDS.values()}.values())


def kind_of(endpoint: Endpoint) -> WireKind:
    """How an endpoint is reached.

    :raise LinkError: ``setup`` if no wire can reach it
    """
    if endpoint.transport not in KINDS:
        raise LinkError("setup", _lt("Odoo knows no connection of the kind %(name)s", name=endpoint.transport))
    return KINDS[endpoint.transport]


def new_wire(endpoint: Endpoint, handshake: str, wait: float = LINE_WAIT) -> Wire:
    """A wire to an endpoint, not open yet.

    :param handshake: that of the layout
    :param wait: maximum seconds to wait for a line that others use
    :raise LinkError: ``setup`` if there is none, or none that can keep the handshake's rules
    """
    kind = kind_of(endpoint)
    if handshake not in kind.handshakes:
        raise LinkError("setup", _lt("this kind of connection cannot keep the rules of the layout's handshake"))
    return kind.make(endpoint, wait)


@contextmanager
def opened(endpoint: Endpoint, handshake: str) -> Iterator[Wire]:
    """The same, open, for someone who looks on: a line that others use is waited for no longer than an answer.

    :raise LinkError: if it cannot be opened
    """
    wire = new_wire(endpoint, handshake, endpoint.timeout)
    wire.open()
    try:
        yield wire
    finally:
        wire.close()


_modules = [importlib.import_module(f"{__name__}.{_module.name}") for _module in pkgutil.iter_modules(__path__)]
for _kind in sorted((_kind for _module in _modules for _kind in _module.WIRES), key=lambda kind: kind.family != MODBUS):
    register(_kind)  # in the order in which people choose: Modbus is the usual one
