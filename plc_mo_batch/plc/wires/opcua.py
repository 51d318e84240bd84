"""The wire that speaks OPC UA. The only file that knows asyncua, which it loads when a PLC needs it.

An area is one variable that is an array of words, and a slot is a range of its indices: only what one variable shows comes from
one scan. A variable for each field would be read in as many pieces, with a scan between any two of them.

Of the library only its lower layers are used: encoding, secure channel, cryptography. Its client lives in an event loop, asks of
itself whether the server is alive, renews channels, and connects again. Here a request is sent by the thread that needs it, on a
socket with one deadline for each answer; between requests nothing happens, and a wire that is dropped leaves no thread behind.
The address is judged once and connected to: URLs that a server answers with are never followed. A write is sent once.
"""

import datetime
import importlib
import logging
import re
import socket
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from ..address import AddressRefused, first_of, resolve
from ..layout import HANDSHAKES, HOLDING, MAX_READ, MAX_WRITE
from ..sentences import Sentence, _lt
from ..trust import application_of, own_certificate, trusted
from ..wire import BEYOND, ENCRYPT, NO_ANSWER, SIGN, Endpoint, Family, LinkError, WireKind, unreachable

NODE = "NODE"
OPCUA = Family("opcua", _lt("OPC UA"), {NODE: _lt("Node: array variable")}, named={NODE: "ns=2;s=MoBatch.Words"})
PACKAGE, REQUIREMENT = "asyncua", "asyncua>=2.1,<3"

# ns=3;s="Mo"."Slots", i=2258, g=…; the namespace by its number or its name
CONTROLS = "\x00-\x1f\x7f-\x9f\ud800-\udfff"  # what no person enters, and no database takes
NODE_ID = re.compile(rf"(?:ns=(?P<ns>\d{{1,5}});|nsu=(?P<uri>[^;{CONTROLS}]+);)?(?:i=(?P<i>\d{{1,10}})|s=(?P<s>[^{CONTROLS}]+))")
APPLICATION = "urn:odoo:plc_mo_batch"
SESSION_TIMEOUT = 30000  # milliseconds after which a server forgets a session that was left
CLOSING = 1.0  # seconds, at most, for the farewell
CHUNK = 65535  # bytes
MOST_CHUNKS, MOST_BYTES = 64, 1 << 20
NAMESPACES = 2255  # the node with their names
BACKWARDS = datetime.timedelta(seconds=1)  # by so much the timestamps of a node may go back

# bits of the attribute AccessLevelEx
CAN_READ, CAN_WRITE, TORN_READ, TORN_WRITE, WHOLE_ONLY = 1, 2, 1 << 8, 1 << 9, 1 << 10

SEVERITY = 0xFFFF0000  # of a status code, and its number; below are remarks
# the causes of status codes, and those whose numbers are between two
CAUSES = {
    "BadNodeIdInvalid": "node",
    "BadNodeIdUnknown": "node",
    "BadIndexRangeNoData": BEYOND,
    "BadIndexRangeInvalid": "range",
    "BadWriteNotSupported": "range",
    "BadNotReadable": "access",
    "BadNotWritable": "access",
    "BadUserAccessDenied": "access",
    "BadTypeMismatch": "type",
    "BadOutOfRange": "type",
    "BadNoCommunication": "quality",
    "BadWaitingForInitialData": "quality",
    "BadNotConnected": "quality",
    "BadDeviceFailure": "quality",
    "BadSensorFailure": "quality",
    "BadOutOfService": "quality",
}
# answered before anything was done: the write was certainly not applied
REFUSED = {
    *(name for name, cause in CAUSES.items() if cause != "quality"),
    "BadAttributeIdInvalid",
    "BadServiceUnsupported",
    "BadTooManyOperations",
}
LOST = ("BadSessionIdInvalid", "BadSessionClosed", "BadSessionNotActivated", "BadSecureChannelIdInvalid")
FULL = ("BadTooManySessions", "BadMaxConnectionsReached", "BadTcpServerTooBusy", "BadTcpNotEnoughResources")
USER = ("BadIdentityTokenInvalid", "BadIdentityTokenRejected", "BadUserAccessDenied", "BadUserSignatureInvalid")
INSECURE = re.compile("Bad(Security|Certificate|ApplicationSignature|NoValidCertificates|NonceInvalid)")


def is_node(text: str) -> bool:
    """It looks like the identifier of a node, such as ``ns=3;s="Mo"."Slots"``."""
    return bool(_parts(text))


def _parts(text: str) -> re.Match[str] | None:
    """Of the identifier of a node; None: there is no such one."""
    found = NODE_ID.fullmatch(text)
    fits = found and int(found["ns"] or 0) <= 0xFFFF and int(found["i"] or 0) <= 0xFFFFFFFF
    return found if fits else None


def _library() -> Any:
    """The parts of asyncua that are used.

    :raise LinkError: ``setup`` if it is not installed
    """
    parts = {
        "ua": "ua",
        "binary": "ua.ua_binary",
        "codes": "ua.status_codes",
        "channel": "common.connection",
        "nonces": "common.utils",
        "policies": "crypto.security_policies",
        "client": "client.client",
    }
    try:
        logger = logging.getLogger("asyncua")
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL + 1)  # it tells every fault; we report those ourselves, where they can be repaired
        return SimpleNamespace(**{name: importlib.import_module(f"asyncua.{part}") for name, part in parts.items()})
    except ImportError as error:
        told = {"package": PACKAGE, "requirement": REQUIREMENT}
        detail = _lt("the Python package %(package)s is not installed: pip install '%(requirement)s'", **told)
        raise LinkError("setup", detail) from error


class _Status(Exception):
    """The server answered with a status code that is not good.

    :ivar ends: it ended the connection with it
    """

    def __init__(self, code: int, name: str, ends: bool = False):
        super().__init__(name)
        self.code = code
        self.name = name
        self.ends = ends


class _NotUa(Exception):
    """What came is no answer to what was asked."""


def _done(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of one that never waits, as its services answer at once."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError


class _Channel:
    """A socket, the secure channel in it, and the services that need no session; each answer has ``timeout`` seconds."""

    def __init__(self, library: Any, plain: socket.socket, policy: Any, timeout: float):
        self.library = library
        self.plain = plain
        self.timeout = timeout
        self.token = library.ua.NodeId()  # of the session
        self.received = 0  # bytes since the last request
        self.is_secure = policy.URI != library.policies.SecurityPolicyNone.URI
        self._policy = policy
        self._secure = library.channel.SecureConnection(policy, library.channel.TransportLimits())
        self._number = 0
        self._until = 0.0

    def open(self, url: str) -> None:
        """Say hello, and agree on keys."""
        ua, binary = self.library.ua, self.library.binary
        hello = ua.Hello(0, CHUNK, CHUNK, MOST_BYTES, MOST_CHUNKS, url)
        self._send(binary.uatcp_to_binary(ua.MessageType.Hello, hello))
        if not isinstance(self._received(), ua.Acknowledge):
            raise _NotUa
        request = ua.OpenSecureChannelRequest()
        asked = request.Parameters
        asked.RequestType = ua.SecurityTokenRequestType.Issue
        asked.SecurityMode = self._policy.Mode
        asked.RequestedLifetime = 3600000
        asked.ClientNonce = self.library.nonces.create_nonce(self._policy.secure_channel_nonce_length)
        response = self.ask(request, ua.MessageType.SecureOpen)
        self._secure.set_channel(response.Parameters, asked.RequestType, asked.ClientNonce)

    def ask(self, request: Any, kind: bytes | None = None) -> Any:
        """The answer to one request.

        :raise _Status: if it is a refusal
        :raise OSError: if none comes
        :raise Exception: whatever the library says of what it cannot read
        """
        ua, binary = self.library.ua, self.library.binary
        self._number += 1
        header = request.RequestHeader
        header.AuthenticationToken, header.RequestHandle = self.token, self._number
        header.TimeoutHint = int(self.timeout * 1000)
        body = binary.struct_to_binary(request)
        self._send(self._secure.message_to_binary(body, kind or ua.MessageType.SecureMessage, self._number))
        message = self._received()
        if not isinstance(message, ua.Message) or message.request_id() != self._number:
            raise _NotUa
        return self._answer(message.body(), getattr(ua, type(request).__name__.replace("Request", "Response")))

    def leave(self, session: bool) -> None:
        """Close session and channel, as far as the server still listens."""
        ua, binary = self.library.ua, self.library.binary
        self.timeout = min(self.timeout, CLOSING)
        if session:
            self.ask(ua.CloseSessionRequest())
        closing = binary.struct_to_binary(ua.CloseSecureChannelRequest())
        self._send(self._secure.message_to_binary(closing, ua.MessageType.SecureClose, self._number + 1))

    def _answer(self, body: Any, expected: Any) -> Any:
        ua, binary = self.library.ua, self.library.binary
        came = binary.nodeid_from_binary(body.copy())
        is_fault = came == ua.ServiceFault().TypeId
        if not is_fault and came != expected().TypeId:
            raise _NotUa
        answer = binary.struct_from_binary(ua.ServiceFault if is_fault else expected, body)
        header = answer.ResponseHeader
        if header.RequestHandle != self._number or len(body):
            raise _NotUa
        self.check(header.ServiceResult)
        if is_fault:
            raise _NotUa
        return answer

    def check(self, status: Any, ends: bool = False) -> None:
        """
        :raise _Status: if it is anything else than good
        """
        code = status.value & SEVERITY
        if code:
            raise _Status(code, self.library.codes.get_name_and_doc(code)[0], ends)

    def _send(self, data: bytes) -> None:
        self._until = time.monotonic() + self.timeout
        self.received = 0
        self.plain.settimeout(self.timeout)
        self.plain.sendall(data)

    def _received(self) -> Any:
        """The next whole message."""
        ua, binary = self.library.ua, self.library.binary
        message = None
        while message is None:
            head = self._exactly(8)
            size = int.from_bytes(head[4:], "little")
            if not 8 < size <= CHUNK or self.received > MOST_BYTES:  # the library's limits become those of the server
                raise _NotUa
            data = ua.utils.Buffer(head + self._exactly(size - 8))
            message = self._secure.receive_from_header_and_body(binary.header_from_binary(data), data)
        if isinstance(message, ua.ErrorMessage):
            self.check(message.Error, ends=True)
            raise _NotUa
        return message

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.plain.settimeout(left)
            part = self.plain.recv(count - len(data))
            if not part:
                raise ConnectionResetError
            data += part
            self.received += len(part)
        return data


class _Services:
    """What the library's client asks while it makes a session."""

    def __init__(self, channel: _Channel):
        self.channel = channel

    async def create_session(self, parameters: Any) -> Any:
        """Its session is the channel's from now on."""
        request = self.channel.library.ua.CreateSessionRequest()
        parameters.RequestedSessionTimeout = SESSION_TIMEOUT
        request.Parameters = parameters
        answer = self.channel.ask(request)
        self.channel.token = answer.Parameters.AuthenticationToken
        return answer.Parameters

    async def activate_session(self, parameters: Any) -> Any:
        """Who we are, as the user's policy of the server wants it."""
        request = self.channel.library.ua.ActivateSessionRequest()
        request.Parameters = parameters
        return self.channel.ask(request).Parameters


@dataclass
class _Array:
    """What is known of a node.

    :ivar access: its AccessLevelEx; None: the server does not tell
    :ivar kind: UInt16 or Int16
    :ivar stamped: the last source timestamp
    """

    kind: Any
    access: int | None
    stamped: datetime.datetime | None = None


class OpcUaWire:
    """See ``Wire`` for what it promises. It needs no line, so it waits for none.

    :raise LinkError: ``setup`` if the library is missing
    """

    def __init__(self, endpoint: Endpoint, _wait: float):
        self.endpoint = endpoint
        self.requests = 0
        self._library = _library()
        self._channel: _Channel | None = None
        self._has_session = False
        self._arrays: dict[str, _Array] = {}
        self._namespaces: list[str] = []
        self._has_answered = False
        self._free_at = 0.0  # when the PLC may be asked again

    # Connecting

    def open(self) -> None:
        """Connect, and make a session.

        :raise LinkError: nothing is left open then
        """
        self._arrays, self._namespaces, self._has_answered = {}, [], False
        try:
            self._enter(self._policy())
        except LinkError:
            self.close()
            raise
        except Exception as error:  # the library raises whatever it likes about what it cannot read
            raise self._entry_fault(error) from error
        self._leave_alone(self.endpoint.manners.connect_pause)

    @property
    def _url(self) -> str:
        host = f"[{self.endpoint.host}]" if ":" in self.endpoint.host else self.endpoint.host
        return f"opc.tcp://{host}:{self.endpoint.port}"

    def _connect(self, policy: Any) -> _Channel:
        try:
            plain = self._connect_first()
        except (AddressRefused, OSError, ValueError, OverflowError) as error:  # an impossible host or port raises the latter two
            raise unreachable(error) from error
        self._has_session = False
        self._channel = _Channel(self._library, plain, policy, self.endpoint.timeout)
        self._channel.open(self._url)
        return self._channel

    def _connect_first(self) -> socket.socket:
        addresses = resolve(self.endpoint.host, self.endpoint.port, self.endpoint.allowed)
        plain = first_of(addresses, lambda address: socket.create_connection(address[:2], self.endpoint.timeout))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain

    def _enter(self, policy: Any) -> None:
        channel = self._connect(policy)
        client = self._library.client.Client(self._url)
        client.uaclient = _Services(channel)
        client.security_policy = policy
        client.application_uri = application_of(self.endpoint.tls.certificate) or APPLICATION
        client.name = client.description = "Odoo"
        _done(client.create_session())
        self._has_session = True
        login = self.endpoint.login
        if login.user:
            client.set_user(login.user)
            client.set_password(login.password)
            self._check_password(client)
        _done(client._activate_with_credentials())

    def _check_password(self, client: Any) -> None:
        """It leaves Odoo encrypted, or not at all."""
        policy = client.server_policy(self._library.ua.UserTokenType.UserName).SecurityPolicyUri
        is_plain = not policy or policy == self._library.policies.SecurityPolicyNone.URI
        if is_plain and self.endpoint.login.password and self.endpoint.login.security != ENCRYPT:
            raise LinkError("setup", _lt("it wants the password unencrypted, so the connection must be signed and encrypted"))

    def _policy(self) -> Any:
        """The library's security policy: the best that both sides have."""
        policies, mode = self._library.policies, self._mode()
        if not mode:
            return policies.SecurityPolicyNone()
        certificate, key = own_certificate(self.endpoint)
        channel = self._connect(policies.SecurityPolicyNone())
        request = self._library.ua.GetEndpointsRequest()
        request.Parameters.EndpointUrl = self._url
        offered = {
            found.SecurityPolicyUri: found.ServerCertificate
            for found in channel.ask(request).Endpoints
            if found.SecurityMode == mode and found.ServerCertificate
        }
        self.close()
        for name in ("Aes256Sha256RsaPss", "Basic256Sha256", "Aes128Sha256RsaOaep"):
            kind = getattr(policies, f"SecurityPolicy{name}")
            if kind.URI in offered:
                return kind(trusted(offered[kind.URI], self.endpoint), certificate, key, mode)
        raise LinkError("tls", _lt("it does not offer this security"), cause="policy")

    def _mode(self) -> Any:
        """None without security."""
        modes = self._library.ua.MessageSecurityMode
        return {SIGN: modes.Sign, ENCRYPT: modes.SignAndEncrypt}.get(self.endpoint.login.security)

    def _entry_fault(self, error: Exception) -> LinkError:
        """Why there is no session. The connection is closed then."""
        channel = self._channel
        self.close(is_well=isinstance(error, _Status) and not error.ends)
        if isinstance(error, _Status):
            return self._entry_refusal(error)
        if isinstance(error, TimeoutError) and channel and not channel.received:
            return LinkError("timeout")
        is_secure = bool(channel and channel.is_secure)
        if isinstance(error, ConnectionError):
            return LinkError("tls", _lt("it closes the connection"), cause="refused") if is_secure else LinkError("reset")
        if is_secure:
            return LinkError("tls", _lt("it does not prove that it has the key of its certificate"))
        return LinkError("reply", _lt("it is not OPC UA"))

    def _entry_refusal(self, error: _Status) -> LinkError:
        name = Sentence(error.name)
        if error.name in FULL:
            return LinkError("connect", name, cause="sessions")
        if error.name in USER:
            return LinkError("tls", name, cause="user")
        if INSECURE.match(error.name):
            return LinkError("tls", name, cause="refused")
        return LinkError("connect", name, cause="status")

    def close(self, is_well: bool = True) -> None:
        """Close; harmless if already closed.

        :param is_well: False: the server is not told
        """
        channel, self._channel = self._channel, None
        if channel is None:
            return
        with suppress(Exception), channel.plain:  # whatever it says to the farewell: the connection ends now
            if is_well:
                channel.leave(self._has_session)

    # Words

    def read_words(self, address: int, count: int, registers: str = HOLDING) -> tuple[int, ...]:
        """``count`` elements of an array, from index ``address`` on, in one request.

        :raise LinkError: on anything but exactly these words; the connection is then closed, and stays so
        :raise ValueError: if there is no such request; nothing was sent
        """
        named = self._named(address, count, MAX_READ, registers)
        self._make_ready()
        return self._read(self._node(named), named[0], address, count)

    def write_words(self, address: int, words: Sequence[int], registers: str = HOLDING) -> None:
        """Write elements in one request, sent once. The type of the array is read before, if it is not known yet.

        :raise LinkError: with ``writing`` set, unless the PLC has certainly not applied it; the connection is then closed
        :raise ValueError: if there is no such request; nothing was sent
        """
        named = self._named(address, len(words), MAX_WRITE, registers)
        if not 0 <= min(words) <= max(words) <= 0xFFFF:
            raise ValueError(_lt("a word at or after %(address)s is not between 0 and 65535", address=address))
        self._make_ready()
        node = self._node(named)
        if named[0] not in self._arrays:
            self._read(node, named[0], address, len(words))
            self._make_ready()
        array = self._arrays[named[0]]
        self._check_access(array, CAN_WRITE, TORN_WRITE | WHOLE_ONLY)
        self._write(node, array, address, words)

    # What else is asked by who looks for a node (``browse``)

    @property
    def ua(self) -> Any:
        """The library's types."""
        return self._library.ua

    def node(self, text: str) -> Any:
        """A node by its identifier; :func:`is_node`.

        :raise LinkError: if the server does not have its namespace
        """
        named = _parts(text)
        if not named:
            raise ValueError(text)
        return self._node(named)

    def ask(self, request: Any) -> Any:
        """The answer to a request that changes nothing.

        :raise LinkError: the connection is then closed
        """
        self._make_ready()
        return self._call(request, False)

    def is_bad(self, status: Any) -> bool:
        """A status of a single item is not good."""
        return bool(status.value & SEVERITY)

    def refusal(self, status: Any) -> LinkError:
        """What such a status says."""
        return self._refusal(_Status(status.value & SEVERITY, self.name(status)), -1, 0, False)

    def name(self, status: Any) -> str:
        """Of a status, without remarks."""
        return str(self._library.codes.get_name_and_doc(status.value & SEVERITY)[0])

    def _named(self, address: int, count: int, most: int, registers: str) -> re.Match[str]:
        """The identifier of the node, if a request can be asked of it."""
        OPCUA.check(registers)
        text = registers.partition(" ")[2]
        named = _parts(text)
        if not named:
            detail = _lt('%(node)s does not name a node; expected something like ns=3;s="Mo"."Slots"', node=text)
            raise LinkError("setup", detail)
        if not 1 <= count <= most or not 0 <= address <= 0x10000 - count:
            told = {"count": count, "address": address}
            raise ValueError(_lt("%(count)s words at %(address)s cannot be read or written in one request", **told))
        return named

    def _node(self, named: re.Match[str]) -> Any:
        index = self._namespace(named["uri"]) if named["uri"] else int(named["ns"] or 0)
        return self._library.ua.NodeId(int(named["i"]) if named["i"] else named["s"], index)

    def _namespace(self, uri: str) -> int:
        """The number of a namespace; it may be another one after the next download to the PLC."""
        ua = self._library.ua
        if not self._namespaces:
            item = ua.ReadValueId(ua.NodeId(NAMESPACES))
            answer = self._call(self._reading([item]), False)
            with self._understood():
                [result] = answer.Results
                self._namespaces = list(result.Value.Value)
        if uri not in self._namespaces:
            self.close()
            raise LinkError("setup", _lt("it has no namespace %(name)s", name=uri))
        return self._namespaces.index(uri)

    def _make_ready(self) -> None:
        """Connect anew for a PLC that serves one request on each connection, and leave it its pauses."""
        self._connected()
        if self._has_answered and self.endpoint.manners.connect_each:
            arrays = self._arrays
            self.close()
            self.open()
            self._arrays = arrays
        pause = self._free_at - time.monotonic()
        if pause > 0:
            time.sleep(pause)

    def _connected(self) -> _Channel:
        if self._channel is None:
            raise LinkError("reset", _lt("there is no connection"))
        return self._channel

    def _leave_alone(self, seconds: float) -> None:
        """Ask nothing for so long."""
        self._free_at = max(self._free_at, time.monotonic() + seconds)

    def _reading(self, items: list[Any]) -> Any:
        ua = self._library.ua
        request = ua.ReadRequest()
        request.Parameters.NodesToRead = items
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
        return request

    def _read(self, node: Any, text: str, address: int, count: int) -> tuple[int, ...]:
        """The words; with the first of a node it is read in the same request what is to be known of it."""
        ua = self._library.ua
        value = ua.AttributeIds.Value
        items = [ua.ReadValueId(node, value, _range(address, count))]
        if text not in self._arrays:
            items += [ua.ReadValueId(node, ua.AttributeIds.AccessLevelEx), ua.ReadValueId(node, value, _range(0, 1))]
        answer = self._call(self._reading(items), False)
        with self._understood():
            results = answer.Results
            if len(results) != len(items):
                raise _NotUa
            self._check_status(results[0], address, count)
            words = self._words(results[0], address, count)
            if text not in self._arrays:
                self._arrays[text] = self._known(*results)
            self._check_age(self._arrays[text], results[0], answer.ResponseHeader.Timestamp)
        return words

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What is made of an answer to a read: words, or a LinkError; the connection is closed then."""
        try:
            yield
        except LinkError:
            self.close()
            raise
        except Exception as error:  # it has parts that no answer has
            self.close()
            raise LinkError("reply", NO_ANSWER) from error

    def _check_status(self, result: Any, address: int, count: int) -> None:
        code = result.StatusCode.value & SEVERITY
        if code:
            name = self._library.codes.get_name_and_doc(code)[0]
            raise self._refusal(_Status(code, name), address, count, False)

    def _words(self, result: Any, address: int, count: int) -> tuple[int, ...]:
        value, types = result.Value, self._library.ua.VariantType
        is_array = isinstance(value.Value, list)
        if not is_array or value.VariantType not in (types.UInt16, types.Int16):
            kind = Sentence(value.VariantType.name + "[]" * is_array)
            raise _unfit(_lt("the variable is %(kind)s; words need an array of UInt16 or Int16", kind=kind))
        if len(value.Value) > count or value.Dimensions and len(value.Dimensions) > 1:
            raise _unfit(NO_RANGES)
        if len(value.Value) < count:
            told = {"last": address + len(value.Value) - 1, "address": address, "count": count}
            detail = _lt("the array ends at %(last)s; asked was for %(count)s words at %(address)s", **told)
            raise LinkError("exception", detail, cause=BEYOND, address=address)
        return tuple(word & 0xFFFF for word in value.Value)

    def _known(self, result: Any, access: Any, first: Any) -> _Array:
        """What the first answer says of the node: a server that passes over ranges would replace the whole array by a slot."""
        alone = first.Value.Value
        if first.StatusCode.value & SEVERITY or not isinstance(alone, list) or len(alone) != 1:
            raise _unfit(NO_RANGES)
        told = None if access.StatusCode.value & SEVERITY else access.Value.Value
        array = _Array(result.Value.VariantType, told if isinstance(told, int) else None)
        self._check_access(array, CAN_READ, TORN_READ)
        return array

    def _check_access(self, array: _Array, needed: int, forbidden: int) -> None:
        access = needed if array.access is None else array.access
        sentences = {
            TORN_READ: _lt("it does not read this array in one scan (NonatomicRead)"),
            TORN_WRITE: _lt("it does not write this array in one scan (NonatomicWrite)"),
            WHOLE_ONLY: _lt("it writes whole arrays only (WriteFullArrayOnly), which would overwrite other slots"),
        }
        found = next((sentence for bit, sentence in sentences.items() if access & forbidden & bit), None)
        if not access & needed:
            found = _lt("the variable cannot be written") if needed == CAN_WRITE else _lt("the variable cannot be read")
        if found:
            self.close()
            raise _unfit(found)

    def _check_age(self, array: _Array, result: Any, answered: datetime.datetime) -> None:
        """Both times are the server's, so it does not matter what Odoo's clock shows."""
        stamped, limit = result.SourceTimestamp, self.endpoint.login.max_age
        if stamped is None:
            return
        age = (answered - stamped).total_seconds()
        if limit and age > limit:
            raise LinkError("reply", _lt("its values are %(seconds)s s old", seconds=int(age)), cause="stale")
        if array.stamped and stamped < array.stamped - BACKWARDS:
            raise LinkError("reply", _lt("its values are older than those before"), cause="stale")
        array.stamped = stamped

    def _write(self, node: Any, array: _Array, address: int, words: Sequence[int]) -> None:
        ua = self._library.ua
        numbers = [word - (word >> 15 << 16) for word in words] if array.kind == ua.VariantType.Int16 else list(words)
        value = ua.DataValue(ua.Variant(numbers, array.kind), StatusCode=None)  # many PLCs take no more than that
        request = ua.WriteRequest()
        item = ua.WriteValue(node, ua.AttributeIds.Value, _range(address, len(words)), value)
        request.Parameters.NodesToWrite = [item]
        results = self._call(request, True).Results
        if len(results) != 1:
            self.close()
            raise LinkError("reply", NO_ANSWER, writing=True)
        code = results[0].value & SEVERITY
        if code:
            name = self._library.codes.get_name_and_doc(code)[0]
            self.close()
            raise self._refusal(_Status(code, name), address, len(words), True)

    def _call(self, request: Any, writing: bool) -> Any:
        """The answer to one request, which may refuse single items."""
        channel = self._connected()
        channel.timeout = self.endpoint.timeout
        self.requests += 1
        try:
            answer = channel.ask(request)
        except Exception as error:  # the library raises whatever it likes about what it cannot read
            raise self._fault(error, channel, writing) from error
        self._has_answered = True
        self._leave_alone(self.endpoint.manners.request_pause)
        return answer

    def _fault(self, error: Exception, channel: _Channel, writing: bool) -> LinkError:
        """What happened instead of an answer. The connection is closed then."""
        self.close(is_well=isinstance(error, _Status) and not error.ends)
        later = "later" if self._has_answered else ""
        if isinstance(error, _Status) and error.name in LOST:
            detail = _lt("it has ended the session (%(status)s)", status=error.name)
            return LinkError("reset", detail, writing and error.ends, later, writing)
        if isinstance(error, _Status):
            return self._refusal(error, -1, 0, writing)
        if isinstance(error, TimeoutError) and not channel.received:
            return LinkError("timeout", writing=writing, cause=later)
        if isinstance(error, ConnectionError):
            return LinkError("reset", writing=writing, cause=later)
        return LinkError("reply", NO_ANSWER, writing)

    def _refusal(self, error: _Status, address: int, count: int, writing: bool) -> LinkError:
        """What a status code says of the request, or of the words."""
        cause = CAUSES.get(error.name) or ("" if error.code >> 31 else "uncertain")
        told = {"name": error.name, "address": address, "count": count}
        detail = _lt("%(name)s at index %(address)s (%(count)s words)", **told) if address >= 0 else Sentence(error.name)
        doubtful = writing and (error.ends or error.name not in REFUSED)
        return LinkError("exception", detail, doubtful, cause, writing, address=address)


NO_RANGES = _lt("it does not read a part of an array (IndexRange); choose a server or a variable that does")


def _unfit(why: Sentence) -> LinkError:
    """The variable cannot hold words as Odoo reads and writes them."""
    return LinkError("setup", why, cause="array")


def _range(address: int, count: int) -> str:
    """An IndexRange; one of a single element has no colon."""
    return f"{address}:{address + count - 1}" if count > 1 else str(address)


WIRES = (WireKind("opcua", _lt("OPC UA"), frozenset({"host", "port", "login"}), HANDSHAKES, OpcUaWire, port=4840, family=OPCUA),)
