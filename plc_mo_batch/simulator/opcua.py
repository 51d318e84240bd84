"""The mill's registers as a PLC with an OPC UA server shows them: one variable, an array of 65536 UInt16.

asyncua encodes the messages; its own server takes seconds to start, and passes over ranges of indices. No security, any user. It
loads asyncua only where a simulator speaks OPC UA.
"""

from __future__ import annotations

import asyncio
import importlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .clients import Clients

if TYPE_CHECKING:
    from .server import Simulator

NAMESPACE = 2
NAME = "MoBatch.Words"
WORDS = 65536
CHUNK = 65535
OBJECTS = 85
READ_WRITE = 3
NO_NODE, NO_ATTRIBUTE = "BadNodeIdUnknown", "BadAttributeIdInvalid"


class _Refused(Exception):
    """The name of the status that says why."""


class OpcUaFront(Clients):
    """The PLC's port.

    ``status``: if not empty, the name of the status code of every value that is read or written. ``fault``: if not empty, the
    name of the one that every request after the opening is answered with. ``access``: the variable's AccessLevelEx; None: there
    is no such attribute. ``kind``: the type of its elements. ``stamped``: the source timestamp; None: the present.
    """

    def __init__(self, simulator: Simulator):
        super().__init__()
        self.simulator = simulator
        self.status = self.fault = ""
        self.access: int | None = READ_WRITE
        self.kind = "UInt16"
        self.stamped: datetime | None = None
        self.size = WORDS
        self.ranges = True
        self.ua: Any = importlib.import_module("asyncua.ua")
        self.binary: Any = importlib.import_module("asyncua.ua.ua_binary")

    async def start(self) -> int:
        """Listen; the port. OSError if it cannot be used."""
        self._server = await asyncio.start_server(self._serve, self.simulator.host, self.simulator.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def stop(self) -> None:
        """Close all."""
        self._server.close()
        await self._hang_up()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = _Talk(self)
        while True:
            head = await reader.readexactly(8)
            size = int.from_bytes(head[4:], "little")
            if not 8 < size <= CHUNK:
                return
            answer = talk.answer(head + await reader.readexactly(size - 8))
            if not answer:
                return
            writer.write(answer)
            await writer.drain()

    # Services

    def endpoint(self) -> Any:
        """What it offers: no security."""
        ua = self.ua
        found = ua.EndpointDescription()
        found.EndpointUrl = f"opc.tcp://{self.simulator.host}:{self.port}"
        found.SecurityMode = ua.MessageSecurityMode.None_
        found.SecurityPolicyUri = "http://opcfoundation.org/UA/SecurityPolicy#None"
        kinds = {"anonymous": ua.UserTokenType.Anonymous, "user": ua.UserTokenType.UserName}
        found.UserIdentityTokens = [ua.UserTokenPolicy(name, kind) for name, kind in kinds.items()]
        return found

    def browse(self, node: Any) -> Any:
        """The folder of all objects has the variable, and nothing else has anything."""
        ua = self.ua
        result = ua.BrowseResult()
        if node != ua.NodeId(OBJECTS):
            return result
        found = ua.ReferenceDescription()
        found.ReferenceTypeId, found.IsForward = ua.NodeId(ua.ObjectIds.Organizes), True
        found.NodeId = ua.ExpandedNodeId(NAME, NAMESPACE)
        found.BrowseName, found.DisplayName = ua.QualifiedName(NAME, NAMESPACE), ua.LocalizedText(NAME)
        found.NodeClass = ua.NodeClass.Variable
        result.References = [found]
        return result

    def shown(self, item: Any) -> Any:
        """One attribute."""
        ua = self.ua
        try:
            return self._attribute(item)
        except _Refused as refused:
            return ua.DataValue(StatusCode=ua.StatusCode(str(refused)))

    def _attribute(self, item: Any) -> Any:
        ua = self.ua
        if item.NodeId == ua.NodeId(ua.ObjectIds.Server_NamespaceArray):
            names = ["http://opcfoundation.org/UA/", "urn:plc_simulator", "urn:mill"]
            return ua.DataValue(ua.Variant(names, ua.VariantType.String))
        if item.NodeId != ua.NodeId(NAME, NAMESPACE):
            raise _Refused(NO_NODE)
        if item.AttributeId == ua.AttributeIds.Value:
            return self._value(item.IndexRange)
        found = {
            ua.AttributeIds.AccessLevelEx: (self.access, ua.VariantType.UInt32),
            ua.AttributeIds.DataType: (ua.NodeId(getattr(ua.ObjectIds, self.kind)), ua.VariantType.NodeId),
            ua.AttributeIds.ValueRank: (1, ua.VariantType.Int32),
            ua.AttributeIds.ArrayDimensions: ([self.size], ua.VariantType.UInt32),
        }.get(item.AttributeId)
        if found is None or found[0] is None:
            raise _Refused(NO_ATTRIBUTE)
        return ua.DataValue(ua.Variant(*found))

    def _value(self, text: str | None) -> Any:
        ua = self.ua
        first, last = self._indices(text)
        words = self.simulator._read(first, last - first + 1)
        if self.kind == "Int16":
            words = [word - (word >> 15 << 16) for word in words]
        status = ua.StatusCode(self.status or "Good")
        stamp = self.stamped or datetime.now(timezone.utc)
        return ua.DataValue(ua.Variant(words, ua.VariantType[self.kind], is_array=True), StatusCode=status, SourceTimestamp=stamp)

    def _indices(self, text: str | None) -> tuple[int, int]:
        """First and last index of a range, as far as the array reaches."""
        if not text or not self.ranges:
            return 0, self.size - 1
        low, colon, high = text.partition(":")
        if not low.isdigit() or colon and not (high.isdigit() and int(low) < int(high)):
            raise _Refused("BadIndexRangeInvalid")
        first, last = int(low), int(high or low)
        if first >= self.size:
            raise _Refused("BadIndexRangeNoData")
        return first, min(last, self.size - 1)

    def taken(self, item: Any) -> Any:
        """One value."""
        ua = self.ua
        try:
            self._take(item)
        except _Refused as refused:
            return ua.StatusCode(str(refused))
        return ua.StatusCode()

    def _take(self, item: Any) -> None:
        ua, value = self.ua, item.Value
        if item.NodeId != ua.NodeId(NAME, NAMESPACE):
            raise _Refused(NO_NODE)
        if self.status:
            raise _Refused(self.status)
        if value.StatusCode and value.StatusCode.value or value.SourceTimestamp or value.ServerTimestamp:
            raise _Refused("BadWriteNotSupported")
        words = value.Value.Value
        if value.Value.VariantType != ua.VariantType[self.kind] or not isinstance(words, list):
            raise _Refused("BadTypeMismatch")
        first, last = self._indices(item.IndexRange)
        if len(words) != last - first + 1:
            raise _Refused("BadIndexRangeNoData")
        self.simulator._write(first, [word & 0xFFFF for word in words])


class _Talk:
    """One client's channel and session."""

    def __init__(self, front: OpcUaFront):
        self.front = front
        self.ua, self.binary = front.ua, front.binary
        channel: Any = importlib.import_module("asyncua.common.connection")
        policies: Any = importlib.import_module("asyncua.crypto.security_policies")
        self._limits = channel.TransportLimits(CHUNK, CHUNK)
        self._secure = channel.SecureConnection(policies.SecurityPolicyNone(), self._limits)
        self._is_active = False

    def answer(self, data: bytes) -> bytes:
        """To one frame; nothing ends the connection."""
        ua, binary = self.ua, self.binary
        buffer = ua.utils.Buffer(data)
        header = binary.header_from_binary(buffer)
        try:
            message = self._secure.receive_from_header_and_body(header, buffer)
        except Exception:
            return b""
        if isinstance(message, ua.Hello):
            taken = self._limits.create_acknowledge_and_set_limits(message)
            told: bytes = binary.uatcp_to_binary(ua.MessageType.Acknowledge, taken)
            return told
        if header.MessageType == ua.MessageType.SecureClose or not isinstance(message, ua.Message):
            return b""
        return self._response(header.MessageType, message)

    def get_new_channel_id(self) -> int:
        """As the library asks while it opens a channel."""
        return 7

    def _response(self, kind: bytes, message: Any) -> bytes:
        binary = self.binary
        body = message.body()
        number = binary.nodeid_from_binary(body.copy()).Identifier
        name = self.ua.ObjectIdNames.get(number, "").removesuffix("_Encoding_DefaultBinary").removesuffix("Request")
        serve = getattr(self, f"_{name}", None)
        request = serve and binary.struct_from_binary(getattr(self.ua, f"{name}Request"), body)
        response = serve(request) if serve else self._fault("BadServiceUnsupported")
        if request:
            response.ResponseHeader.RequestHandle = request.RequestHeader.RequestHandle
        told: bytes = self._secure.message_to_binary(binary.struct_to_binary(response), kind, message.request_id())
        return told

    def _fault(self, name: str) -> Any:
        response = self.ua.ServiceFault()
        response.ResponseHeader.ServiceResult = self.ua.StatusCode(name)
        return response

    def _OpenSecureChannel(self, request: Any) -> Any:
        response = self.ua.OpenSecureChannelResponse()
        response.Parameters = self._secure.open(request.Parameters, self)
        return response

    def _GetEndpoints(self, _request: Any) -> Any:
        response = self.ua.GetEndpointsResponse()
        response.Endpoints = [self.front.endpoint()]
        return response

    def _CreateSession(self, _request: Any) -> Any:
        response = self.ua.CreateSessionResponse()
        found = response.Parameters
        found.SessionId, found.AuthenticationToken = self.ua.NodeId(1, 1), self.ua.NodeId(2, 1)
        found.RevisedSessionTimeout = 30000
        found.ServerEndpoints = [self.front.endpoint()]
        return response

    def _ActivateSession(self, _request: Any) -> Any:
        self._is_active = True
        return self.ua.ActivateSessionResponse()

    def _CloseSession(self, _request: Any) -> Any:
        self._is_active = False
        return self.ua.CloseSessionResponse()

    def _Read(self, request: Any) -> Any:
        return self._each("Read", request.Parameters.NodesToRead, self.front.shown)

    def _Write(self, request: Any) -> Any:
        return self._each("Write", request.Parameters.NodesToWrite, self.front.taken)

    def _Browse(self, request: Any) -> Any:
        nodes = [item.NodeId for item in request.Parameters.NodesToBrowse]
        return self._each("Browse", nodes, self.front.browse)

    def _each(self, name: str, items: list[Any], serve: Any) -> Any:
        if not self._is_active or self.front.fault:
            return self._fault(self.front.fault or "BadSessionNotActivated")
        response = getattr(self.ua, f"{name}Response")()
        response.Results = [serve(item) for item in items]
        return response
