"""Which addresses a PLC may have.

A host that a person enters must not turn Odoo into a door to its own machine's services, or to the metadata service of a cloud.
Those addresses are refused unless they are explicitly allowed.

A name is judged by the addresses that it resolves to, and the connection goes to exactly the address that was judged: a name that
resolves to something else a moment later (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from .sentences import _lt

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SocketAddress = tuple[Any, ...]  # host and port; two more items with IPv6
Connected = TypeVar("Connected")

# where clouds answer questions about a machine, besides link-local 169.254.169.254
METADATA = tuple(
    map(
        ipaddress.ip_address,
        ("fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
)
# the last four bytes are an IPv4 address: NAT64, its old form, and the form of stateless translators (RFC 2765)
EMBEDDING = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")  # a site divides it as it likes (RFC 8215)
ISATAP = (0x00005EFE, 0x02005EFE)  # what stands before the IPv4 address, in any network


class AddressRefused(Exception):
    """The message says which address, and what it is."""


@lru_cache(maxsize=64)
def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks and addresses, separated by commas or blanks.

    :raise ValueError: naming the part that is neither
    """
    return tuple(map(_network, text.replace(",", " ").split()))


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(_lt("%(text)s is not a network", text=text)) from None


def resolve(host: str, port: int, allowed: Iterable[Network] | None) -> list[SocketAddress]:
    """Socket addresses of a host. All of them may be connected to.

    :param allowed: local networks that may be connected to nevertheless; None: no address is refused
    :raise AddressRefused: if one of them may not
    :raise OSError: if it has none
    """
    found = [sockaddr for *_rest, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for sockaddr in found if allowed is not None else ():
        check(str(sockaddr[0]), allowed or ())
    return found


def first_of(addresses: Iterable[SocketAddress], connect: Callable[[SocketAddress], Connected]) -> Connected:
    """What ``connect`` makes of the first address that lets one connect.

    :raise OSError: what the last one said; or that there is none
    """
    failed = OSError(_lt("the host name has no address"))
    for address in addresses:
        try:
            return connect(address)
        except OSError as error:
            failed = error
    raise failed


def one_spelling(host: str) -> str:
    """The host as told apart from others: an address in one of its many forms, or a name. No name server is asked."""
    name = _bare(host)
    if _is_localhost(name):
        return "127.0.0.1"
    try:
        text = str(socket.getaddrinfo(name, None, flags=socket.AI_NUMERICHOST)[0][4][0])
    except (OSError, UnicodeError):
        return name
    address = ipaddress.ip_address(text)
    return str(address.version == 6 and address.ipv4_mapped or text)


def _bare(host: str) -> str:
    return host.strip().rstrip(".").lower()


def _is_localhost(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")


def check_literal(host: str, allowed: Iterable[Network]) -> None:
    """Judge a host as far as possible without asking a name server.

    :raise AddressRefused: if it is an address that may not be connected to
    """
    name = _bare(host)
    if _is_localhost(name):
        check("127.0.0.1", allowed)
        return
    try:  # also accepts the other ways to write an IPv4 address: 127.1, 2130706433, 0x7f000001
        found = socket.getaddrinfo(name, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    for *_rest, sockaddr in found:
        check(str(sockaddr[0]), allowed)


def check(text: str, allowed: Iterable[Network]) -> None:
    """
    :param text: an address, as the resolver writes it
    :raise AddressRefused: when it may not be connected to
    """
    _check(text, tuple(allowed))


@lru_cache(maxsize=4096)
def _check(text: str, allowed: tuple[Network, ...]) -> None:
    outer = ipaddress.ip_address(text.partition("%")[0])  # without the interface of a link-local address
    for address in (outer, *_embedded(outer)):
        kind = _kind(address)
        if kind and not any(address in network for network in allowed):
            raise AddressRefused(_lt("%(address)s is %(kind)s", address=text, kind=kind))


def _embedded(address: Address) -> Iterator[Address]:
    """IPv4 addresses that an IPv6 address stands for."""
    if address.version == 4:
        return
    yield from filter(None, (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())))
    number = int(address)
    if any(address in network for network in EMBEDDING) or number >> 32 & 0xFFFFFFFF in ISATAP:
        yield ipaddress.IPv4Address(number & 0xFFFFFFFF)
    if address in LOCAL_NAT64:
        yield from filter(int, map(ipaddress.IPv4Address, _translated(number)))


def _translated(number: int) -> Iterator[int]:
    """The IPv4 addresses that an address may mean, by the length of its translator's prefix (RFC 6052): 48, 56, 64 or 96 bits.

    Bits 64 to 71 are passed over.
    """
    rest = number >> 64 << 56 | number & (1 << 56) - 1  # without them
    for length in (48, 56, 64):
        yield rest >> 120 - length - 32 & 0xFFFFFFFF
    yield number & 0xFFFFFFFF


def _kind(address: Address) -> str:
    """Why the address is refused; empty if it is not."""
    kinds = {
        _lt("an address of Odoo's own machine"): address.is_loopback or address.is_unspecified,
        _lt("a cloud metadata service"): address in METADATA,
        _lt("a link-local address"): address.is_link_local,
        _lt("not the address of a single machine"): address.is_multicast or str(address) == "255.255.255.255",
    }
    return next((kind for kind, is_one in kinds.items() if is_one), "")
