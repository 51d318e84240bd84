"""The wire that speaks OPC UA, in front of the simulator's own, of asyncua's and of node-opcua's server; those clients at the
simulator; and every fault that an answer can have."""

import asyncio
import importlib.util
import json
import logging
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc import trust
from ...plc.address import parse_networks
from ...plc.look import look
from ...plc.trial import Trial
from ...plc.wire import NO_ANSWER, Endpoint, LinkError, Login, Manners, Tls
from ...plc.wires import KINDS, opcua, opened
from ...plc.wires.opcua import NO_RANGES, OPCUA, OpcUaWire
from ...simulator import Simulator
from ...simulator import opcua as simulated
from .. import fault_proxy as fault
from .. import plc_layouts
from ..patience import DEADLINE, PATIENCES, SILENT, SURE, wait_until
from ..peers import need_node, node
from ..rude_server import Rests
from ..wire_case import ADDRESS, AFTER, BEFORE, WireCase
from ..wires import Authority

HAS_LIBRARY = importlib.util.find_spec("asyncua") is not None
NODE = "NODE ns=2;s=MoBatch.Words"
READ, WRITE = b"\1\0\x77\2", b"\1\0\xa1\2"  # identifiers of requests: 631 and 673
TYPE, HANDLE, RESULT, COUNT = 24, 36, 40, 52  # places in an answer


def receive(sock):
    """One message, or nothing at the end of the connection."""
    head = sock.recv(8, socket.MSG_WAITALL)
    return head + sock.recv(int.from_bytes(head[4:], "little") - 8, socket.MSG_WAITALL) if len(head) == 8 else b""


def is_opening(frame):
    """It neither reads nor writes."""
    return frame[:3] != b"MSG" or frame[TYPE : TYPE + 4] not in (READ, WRITE)


def left_over(talk):
    """A fault: more bytes than the answer has parts, in good order."""
    answer = talk.forward()
    talk.send(answer[:4] + (len(answer) + 2).to_bytes(4, "little") + answer[8:] + b"\0\7")


def without_results(talk):
    """A fault: the PLC does it, and says nothing of it, in good order."""

    def served(self, name, items, serve):
        for item in items:
            serve(item)
        return getattr(self.ua, f"{name}Response")()

    with patch.object(simulated._Talk, "_each", served):
        talk.send(talk.forward())


# beside those of the table (wire_faults): fault -> kind of the error, of a read and of a write alike; whether the request had
# reached the PLC
FAULTS = {
    "another message": (fault.flipped(0), "reply", True),
    "an intermediate chunk": (fault.flipped(3, 0x05), "reply", True),
    "an aborted one": (fault.flipped(3, 0x07), "reply", True),
    "a chunk of no kind": (fault.flipped(3), "reply", True),
    "a longer one": (fault.flipped(5), "reply", True),
    "a far longer one": (fault.flipped(6), "reply", True),
    "a shorter one": (fault.flipped(4, 0x04), "reply", True),
    "another channel": (fault.flipped(8), "reply", True),
    "another token": (fault.flipped(12), "reply", True),
    "another place in the sequence": (fault.flipped(16), "reply", True),
    "another request": (fault.flipped(20), "reply", True),
    "another service": (fault.flipped(TYPE + 2, 0x04), "reply", True),
    "another handle": (fault.flipped(HANDLE), "reply", True),
    "more results": (fault.flipped(COUNT, 0x02), "reply", True),
    "left over": (left_over, "reply", True),
    "without results": (without_results, "reply", True),
    "results without end": (fault.flipped(COUNT + 3, 0x40), "reply", True),
}
# status of a request or of a value -> cause, and whether a write's fate is unknown
CODES = {
    "BadNodeIdUnknown": ("node", False), "BadNodeIdInvalid": ("node", False), "BadIndexRangeNoData": ("2", False),
    "BadIndexRangeInvalid": ("range", False), "BadWriteNotSupported": ("range", False), "BadNotReadable": ("access", False),
    "BadNotWritable": ("access", False), "BadUserAccessDenied": ("access", False), "BadTypeMismatch": ("type", False),
    "BadOutOfRange": ("type", False), "BadAttributeIdInvalid": ("", False), "BadTooManyOperations": ("", False),
    "BadNoCommunication": ("quality", True), "BadWaitingForInitialData": ("quality", True), "BadDeviceFailure": ("quality", True),
    "BadTimeout": ("", True), "BadInternalError": ("", True), "BadUnexpectedError": ("", True),
    "UncertainLastUsableValue": ("uncertain", True), "GoodCompletesAsynchronously": ("uncertain", True),
    "GoodLocalOverride": ("uncertain", True),
}  # fmt: skip
LOST = ("BadSessionIdInvalid", "BadSessionClosed", "BadSessionNotActivated", "BadSecureChannelIdInvalid")


@unittest.skipUnless(HAS_LIBRARY, "asyncua is not installed")
class OpcUaCase(WireCase):
    protocol = transport = "opcua"
    registers = NODE
    before_write = 1

    def make_proxy(self):
        return fault.FaultProxy(self.plc.port, receive, is_opening)

    def front(self, **values):
        """The PLC's port is so for a while."""
        for name, value in values.items():
            self.enterContext(patch.object(self.plc.front, name, value))

    def as_long(self, **values):
        """A fault: its port is so while it answers."""

        def spoil(talk):
            with patch.multiple(self.plc.front, **values):
                talk.send(talk.forward())

        return spoil

    def send(self, timeout=SURE, **values):
        """The type of the array is known then."""
        with self.opened(**values) as wire:
            wire.read_words(ADDRESS, 10, NODE)
            self.hurry(wire, timeout)
            wire.write_words(ADDRESS, AFTER, NODE)

    @contextmanager
    def node_opcua(self):
        """Port and namespace of its server, and the server's certificate."""
        with tempfile.TemporaryDirectory() as folder:
            command = ["node", "-e", SERVER, folder]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
                port, index = told(process.stdout)
                try:
                    yield port, index, next(Path(folder).rglob("certificate.pem")).read_text()
                finally:
                    process.kill()


@tagged("post_install", "-at_install")
class TestOpcUa(OpcUaCase):
    def test_read_and_write(self):
        for kind in ("UInt16", "Int16"):
            with self.subTest(kind):
                self.front(kind=kind)
                self.put(BEFORE)
                self.new_proxy()
                with self.opened() as wire:
                    self.assertEqual(wire.read_words(ADDRESS, 10, NODE), BEFORE)
                    wire.write_words(ADDRESS, AFTER, NODE)
                    wire.write_words(ADDRESS + 9, [0xFFFF], NODE)
                    wire.write_words(ADDRESS + 8, [0x8000], NODE)
                    self.assertEqual(wire.read_words(ADDRESS, 10, NODE), (*AFTER[:8], 0x8000, 0xFFFF))
                    self.assertEqual(wire.requests, 5)
                    wire.write_words(65535, [7], NODE)
                    self.assertEqual(wire.read_words(65534, 2, NODE), (0, 7))
                    self.assertEqual(len(wire.read_words(0, 125, NODE)), 125)
                    wire.write_words(0, [3] * 123, NODE)
                self.assertEqual((len(self.proxy.requests), self.proxy.connections), (9, 1))
                self.assertEqual(self.plc.mill.memory[:124], [3] * 123 + [0])
                self.assertEqual(self.plc.mill.memory[ADDRESS + 8 : ADDRESS + 10], [0x8000, 0xFFFF])
                self.plc.mill.memory[:124] = [0] * 124
                self.plc.mill.memory[65535] = 0

    def test_the_type_is_read_before_the_first_write(self):
        with self.opened() as wire:
            wire.write_words(ADDRESS, AFTER, NODE)
        self.assertEqual([frame[TYPE : TYPE + 4] for frame in self.proxy.requests], [READ, WRITE])
        self.assertEqual(self.poll(), AFTER)

    def test_namespace_by_its_name(self):
        with self.opened() as wire:
            self.assertEqual(wire.read_words(ADDRESS, 10, "NODE nsu=urn:mill;s=MoBatch.Words"), BEFORE)
            self.assertEqual(wire.read_words(ADDRESS, 10, "NODE nsu=urn:mill;s=MoBatch.Words"), BEFORE)
            self.assertEqual(wire.requests, 3)
        with self.assertRaises(LinkError) as caught, self.opened() as wire:
            wire.read_words(ADDRESS, 10, "NODE nsu=urn:other;s=MoBatch.Words")
        self.assertEqual(str(caught.exception), "setup: it has no namespace urn:other")

    def test_impossible_requests_are_not_sent(self):
        with self.opened() as wire:
            for address, count in ((0, 0), (0, 126), (-1, 1), (65535, 2), (70000, 1)):
                with self.assertRaises(ValueError):
                    wire.read_words(address, count, NODE)
            for address, words in ((0, []), (0, [0] * 124), (-1, [0]), (65535, [0, 0]), (0, [65536]), (0, [-1])):
                with self.assertRaises(ValueError):
                    wire.write_words(address, words, NODE)
            with self.assertRaisesRegex(ValueError, "^126 words at 5 cannot be read or written in one request$"):
                wire.read_words(5, 126, NODE)
            with self.assertRaisesRegex(ValueError, "^a word at or after 5 is not between 0 and 65535$"):
                wire.write_words(5, [65536], NODE)
            for name in ("holding", "NODE", "NODE ", "NODE x", "NODE ns=2", "NODE ns=x;s=a", "NODE i=a", "D", ""):
                for call in (lambda: wire.read_words(0, 1, name), lambda: wire.write_words(0, [1], name)):  # noqa: B023
                    with self.assertRaises(LinkError) as caught:
                        call()
                    self.assertEqual((caught.exception.kind, caught.exception.writing), ("setup", False))
            self.assertEqual(wire.requests, 0)
        self.assertEqual(self.proxy.requests, [])

    def test_identifiers(self):
        for text in ('ns=3;s="Mo"."Slots"', "ns=4;s=|var|PLC.Application.GVL.aRecipe", "i=2258", "nsu=urn:a:b;i=7", "s=a;b"):
            self.assertTrue(opcua.is_node(text), text)
        for text in ("", "Recipe", "ns=3", "ns=3;", "ns=3;s=", "ns=-1;i=1", "i=", "i=x", "ns=2 s=a"):
            self.assertFalse(opcua.is_node(text), text)

    def test_it_never_connects_by_itself(self):
        wire = opcua.OpcUaWire(self.endpoint(), 1)
        self.assert_no_connection(wire)
        wire.open()
        wire.close()
        wire.close()
        self.assert_no_connection(wire)
        self.front(status="BadInternalError")
        with self.opened() as wire:
            with self.assertRaises(LinkError):
                wire.read_words(ADDRESS, 10, NODE)
            self.assert_no_connection(wire)
        self.assertEqual(len(self.proxy.requests), 1)
        self.new_proxy(fault.lost)
        with self.opened(timeout=SILENT) as wire:
            with self.assertRaises(LinkError):
                wire.read_words(ADDRESS, 10, NODE)
            self.assert_no_connection(wire)

    def test_no_thread_is_left(self):
        """And none is needed: whoever asks does all of it."""
        before = threading.active_count()
        with opened(replace(self.endpoint(), port=self.plc.port), "flags") as wire:
            wire.read_words(ADDRESS, 10, NODE)
            self.assertLessEqual(threading.active_count(), before)

    def test_the_session_is_closed(self):
        """A server has few; one that is left is kept for a while."""
        frames = []
        proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive, lambda frame: frames.append(frame) or True))
        with opened(replace(self.endpoint(), port=proxy.port), "flags"):
            pass
        wait_until(lambda: len(frames) == 6, "the farewell")
        self.assertEqual([frame[:3] for frame in frames], [b"HEL", b"OPN", b"MSG", b"MSG", b"MSG", b"CLO"])
        self.assertEqual(frames[-2][TYPE : TYPE + 4], b"\1\0\xd9\1")

    def test_what_is_sent(self):
        """Hello with what Odoo takes at most; then requests, each with the next number, and how long it is waited for."""
        frames = []
        proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive, lambda frame: frames.append(frame) or True))
        with opened(replace(self.endpoint(timeout=2.5), port=proxy.port), "flags") as wire:
            wire.read_words(ADDRESS, 10, NODE)
            wire.read_words(ADDRESS, 10, NODE)
        wait_until(lambda: len(frames) == 8, "the farewell")
        hello = [int.from_bytes(frames[0][place : place + 4], "little") for place in range(8, 28, 4)]
        self.assertEqual(hello, [0, 65535, 65535, 1 << 20, 64])
        self.assertTrue(frames[0].endswith(f"opc.tcp://127.0.0.1:{proxy.port}".encode()))
        numbers = [int.from_bytes(frame[20:24], "little") for frame in frames[2:]]
        self.assertEqual(numbers, [2, 3, 4, 5, 6, 7])
        ua, binary = self.plc.front.ua, self.plc.front.binary
        for number, frame in zip((4, 5), frames[4:6], strict=True):
            header = binary.struct_from_binary(ua.ReadRequest, ua.utils.Buffer(frame[24:])).RequestHeader
            self.assertEqual((header.RequestHandle, header.TimeoutHint), (number, 2500))

    def test_answers_in_many_pieces(self):
        """A server may send them so, up to a limit, whatever the server itself says of limits."""
        genuine, endpoint = simulated._Talk._Read, replace(self.endpoint(), port=self.plc.port)

        def read(talk, request):
            talk._limits.max_send_buffer = 150
            return genuine(talk, request)

        with patch.object(simulated._Talk, "_Read", read):
            with opened(endpoint, "flags") as wire:
                self.assertEqual(wire.read_words(ADDRESS, 125, NODE)[:10], BEFORE)
                self.assertEqual(wire.read_words(ADDRESS, 10, NODE), BEFORE)
            with self.assertRaises(LinkError) as caught, opened(endpoint, "flags") as wire:
                self.enterContext(patch.object(opcua, "MOST_BYTES", 300))
                self.assertEqual(wire.read_words(ADDRESS, 10, NODE), BEFORE)
                wire.read_words(ADDRESS, 125, NODE)
            self.assertEqual((caught.exception.kind, caught.exception.detail), ("reply", NO_ANSWER))

    def test_bytes_that_come_in_parts(self):
        """As many as belong to a message, and none of the next."""
        there = bytearray(range(20))

        class Parts:
            def settimeout(self, _seconds):
                pass

            def recv(self, count):
                part = bytes(there[: min(count, 3)])
                del there[: len(part)]
                return part

        library = opcua._library()
        channel = opcua._Channel(library, Parts(), library.policies.SecurityPolicyNone(), SURE)
        channel._until = time.monotonic() + SURE
        self.assertEqual(channel._exactly(8), bytes(range(8)))
        self.assertEqual((channel.received, len(there)), (8, 12))
        with self.assertRaises(ConnectionResetError):
            channel._exactly(13)

    def test_manners(self):
        with patch.object(opcua, "time", Rests()) as rests, self.opened(manners=Manners(0.5, 0.2)) as wire:
            for _request in range(3):
                wire.read_words(ADDRESS, 1, NODE)
            self.assertAlmostEqual(rests.now, 0.9)
        self.new_proxy()
        with self.opened(manners=Manners(connect_each=True)) as wire:
            for _request in range(3):
                self.assertEqual(wire.read_words(ADDRESS, 10, NODE), BEFORE)
        self.assertEqual((self.proxy.connections, wire.requests), (3, 3))


@tagged("post_install", "-at_install")
class TestVariables(OpcUaCase):
    """What a node must be, so that a slot is read from one scan and written without harm to others."""

    def refused(self, call, kind="setup"):
        self.new_proxy()
        with self.assertRaises(LinkError) as caught:
            call()
        self.assertEqual((caught.exception.kind, caught.exception.writing), (kind, False))
        self.assertTrue(self.proxy.wait_until_closed())
        self.assertNotIn(WRITE, [frame[TYPE : TYPE + 4] for frame in self.proxy.requests])
        self.assertEqual(self.plc.mill.memory[ADDRESS : ADDRESS + 10], list(BEFORE))
        return str(caught.exception.detail)

    def test_types(self):
        for kind in ("UInt32", "Byte", "Float"):
            self.front(kind=kind)
            self.assertEqual(self.refused(self.poll), f"the variable is {kind}[]; words need an array of UInt16 or Int16")
        with self.assertRaises(LinkError) as caught, self.opened() as wire:
            wire.read_words(0, 2, "NODE i=2255")
        self.assertEqual(caught.exception.detail, "the variable is String[]; words need an array of UInt16 or Int16")

    def test_a_server_that_passes_over_ranges(self):
        """It would replace the whole array by a slot."""
        self.front(ranges=False, size=ADDRESS + 10)
        for call in (self.poll, self.write_a_slot):
            self.assertIn("it does not read a part of an array", self.refused(call))

    def write_a_slot(self):
        with self.opened() as wire:
            wire.write_words(ADDRESS, AFTER, NODE)

    def test_a_server_that_passes_over_ranges_of_an_array_of_that_length(self):
        self.front(ranges=False, size=10)
        for call in ("read_words", "write_words"):
            with self.assertRaises(LinkError) as caught, self.opened() as wire:
                getattr(wire, call)(0, 10 if call == "read_words" else AFTER, NODE)
            self.assertIn("it does not read a part of an array", caught.exception.detail)

    def test_access(self):
        for access, told in ((0, "cannot be read"), (2, "cannot be read"), (0x103, "NonatomicRead")):
            self.front(access=access)
            for call in (self.poll, self.write_a_slot):
                self.assertIn(told, self.refused(call))
        for access, told in ((1, "cannot be written"), (0x203, "NonatomicWrite"), (0x403, "WriteFullArrayOnly")):
            self.front(access=access)
            self.assertEqual(self.poll(), BEFORE)
            for call in (self.write_a_slot, self.send):
                self.assertIn(told, self.refused(call))
        self.front(access=None)
        self.send()
        self.assertEqual(self.poll(), AFTER)

    def test_where_the_array_ends(self):
        self.front(size=ADDRESS + 5)
        with self.assertRaises(LinkError) as caught:
            self.poll()
        error = caught.exception
        self.assertEqual((error.kind, error.cause, error.address), ("exception", "2", ADDRESS))
        self.assertEqual(error.detail, "the array ends at 7004; asked was for 10 words at 7000")
        self.front(size=ADDRESS)
        with self.assertRaises(LinkError) as caught:
            self.poll()
        error = caught.exception
        self.assertEqual((error.kind, error.cause, error.address), ("exception", "2", ADDRESS))

    def test_old_values(self):
        now = datetime.now(timezone.utc)
        self.front(stamped=now - timedelta(hours=1))
        self.assertEqual(self.poll(), BEFORE)
        self.assertEqual(self.poll(login=Login(max_age=4000)), BEFORE)
        with self.assertRaises(LinkError) as caught:
            self.poll(login=Login(max_age=60))
        error = caught.exception
        self.assertEqual((error.kind, error.cause), ("reply", "stale"))
        self.assertRegex(error.detail, r"its values are \d{4} s old")

    def test_its_clock_is_wrong(self):
        """By whatever: both times are the server's. Only what is old by its own clock is not believed."""
        genuine = simulated._Talk._each
        for ahead in (timedelta(hours=1), timedelta(hours=-1), timedelta(days=365), timedelta(days=-9000)):
            clock = datetime.now(timezone.utc) + ahead

            def each(talk, *arguments, clock=clock):
                response = genuine(talk, *arguments)
                response.ResponseHeader.Timestamp = clock
                return response

            with self.subTest(ahead), patch.object(simulated._Talk, "_each", each):
                self.front(stamped=clock)
                self.assertEqual(self.poll(login=Login(max_age=60)), BEFORE)
                self.send(login=Login(max_age=60))
                self.put(BEFORE)
                self.front(stamped=clock - timedelta(seconds=60))
                self.assertEqual(self.poll(login=Login(max_age=60)), BEFORE)
                self.front(stamped=clock - timedelta(seconds=90))
                with self.assertRaises(LinkError) as caught:
                    self.poll(login=Login(max_age=60))
                self.assertEqual(caught.exception.detail, "its values are 90 s old")

    def test_values_that_are_older_than_those_before(self):
        now = datetime.now(timezone.utc)
        for back, is_believed in ((0.5, True), (1, True), (5, False)):
            with self.opened() as wire:
                self.front(stamped=now)
                wire.read_words(ADDRESS, 10, NODE)
                self.front(stamped=now - timedelta(seconds=back))
                if is_believed:
                    self.assertEqual(wire.read_words(ADDRESS, 10, NODE), BEFORE)
                    continue
                with self.assertRaises(LinkError) as caught:
                    wire.read_words(ADDRESS, 10, NODE)
                self.assertEqual((caught.exception.kind, caught.exception.cause), ("reply", "stale"))
                self.assertEqual(caught.exception.detail, "its values are older than those before")


@tagged("post_install", "-at_install")
class TestConnecting(OpcUaCase):
    def fails(self, **values):
        with self.assertRaises(LinkError) as caught, opened(replace(self.endpoint(), **values), "flags"):
            pass
        self.assertFalse(caught.exception.writing)
        return caught.exception

    def test_silence(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.assertEqual(self.fails(port=silent.getsockname()[1], timeout=SILENT).kind, "timeout")

    def test_what_speaks_something_else(self):
        for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"ACKF" + bytes(60)):
            self.proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive))
            self.proxy.faults.append(lambda talk, answer=answer: talk.send(answer))
            error = self.fails(timeout=PATIENCES[0])
            self.assertEqual((error.kind, error.detail), ("reply", "it is not OPC UA"))

    def test_each_step(self):
        """Hello, channel, session, activation: what goes wrong there is told, and the connection is closed."""
        for step in range(4):
            for spoil, kind in (
                (fault.half, "reply"),
                (fault.hung_up, "reset"),
                (fault.garbage, "reply"),
                (fault.lost, "timeout"),
            ):
                with self.subTest(step=step, kind=kind):
                    self.proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive))
                    self.proxy.faults += [fault.passed_on] * step + [spoil]
                    timeout = SURE if kind == "reset" else PATIENCES[0]
                    self.assertEqual(self.fails(timeout=timeout).kind, kind)
                    self.assertTrue(self.proxy.wait_until_closed())

    def test_refusals(self):
        """By the service, and by a message that ends the connection."""
        codes = {
            "BadTooManySessions": ("connect", "sessions"),
            "BadTcpServerTooBusy": ("connect", "sessions"),
            "BadIdentityTokenRejected": ("tls", "user"),
            "BadUserAccessDenied": ("tls", "user"),
            "BadSecurityPolicyRejected": ("tls", "refused"),
            "BadCertificateUntrusted": ("tls", "refused"),
            "BadTcpEndpointUrlInvalid": ("connect", "status"),
            "BadOutOfMemory": ("connect", "status"),
        }
        ua, binary = self.plc.front.ua, self.plc.front.binary
        for name, told in codes.items():
            error = ua.ErrorMessage(ua.StatusCode(name), "")
            proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive))
            frame = binary.uatcp_to_binary(ua.MessageType.Error, error)
            proxy.faults.append(lambda talk, frame=frame: talk.send(frame))
            found = self.fails(port=proxy.port)
            self.assertEqual((found.kind, found.cause, found.detail), (*told, name))

    def test_its_url_is_not_followed(self):
        """What a server says of itself leads Odoo nowhere else."""
        offered = self.plc.front.endpoint()
        offered.EndpointUrl = "opc.tcp://169.254.169.254:4840"
        with patch.object(self.plc.front, "endpoint", lambda: offered), patch.object(socket, "create_connection") as connect:
            connect.side_effect = create_connection
            self.assertEqual(self.poll(), BEFORE)
            self.assertEqual({call.args[0][0] for call in connect.call_args_list}, {"127.0.0.1"})

    def test_who_odoo_says_it_is(self):
        """With a certificate the name that it has."""
        asked, genuine = [], simulated._Talk._CreateSession

        def create(talk, request):
            asked.append(request.Parameters.ClientDescription)
            return genuine(talk, request)

        certificate = Authority().application("urn:other").certificate
        with patch.object(simulated._Talk, "_CreateSession", create):
            for tls, uri in ((Tls(), "urn:odoo:plc_mo_batch"), (Tls(certificate=certificate), "urn:other")):
                with opened(replace(self.endpoint(), tls=tls), "flags"):
                    self.assertEqual((asked[-1].ApplicationUri, asked[-1].ApplicationName.Text), (uri, "Odoo"))

    def test_a_session_that_there_is_not_is_not_closed(self):
        frames = []
        proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive, lambda frame: frames.append(frame[:3]) or True))
        with patch.object(simulated._Talk, "_CreateSession", lambda talk, _request: talk._fault("BadTooManySessions")):
            self.assertEqual(self.fails(port=proxy.port).cause, "sessions")
        wait_until(lambda: frames[-1] == b"CLO", "the farewell")
        self.assertEqual(frames, [b"HEL", b"OPN", b"MSG", b"CLO"])

    def test_a_farewell_that_is_not_answered(self):
        """Nobody is told: what was read or written stands."""
        with fault.FaultProxy(self.plc.port, receive) as proxy:
            proxy.faults += [*[fault.passed_on] * 5, fault.hung_up]
            with opened(replace(self.endpoint(), port=proxy.port), "flags") as wire:
                self.assertEqual(wire.read_words(ADDRESS, 10, NODE), BEFORE)

    def test_the_library_s_log(self):
        """It is silent, unless somebody wants to hear it."""
        logger = logging.getLogger("asyncua")
        for level, expected in ((logging.NOTSET, logging.CRITICAL + 1), (logging.DEBUG, logging.DEBUG)):
            with patch.object(logger, "level", level):
                opcua._library()
                self.assertEqual(logger.level, expected)

    def test_how_it_connects(self):
        self.assert_connects(opcua)

    def test_addresses(self):
        for host in ("127.0.0.1", "localhost"):
            self.assertEqual(self.fails(host=host, allowed=()).kind, "address")
        for host in ("mill..example", "x" * 64, "300.1.1.1.invalid"):
            self.assertEqual(self.fails(host=host).kind, "connect")
        self.assertEqual(self.poll(allowed=parse_networks("127.0.0.0/8")), BEFORE)
        with patch.object(opcua, "resolve", return_value=[]):
            self.assertEqual(str(self.fails()), "connect: the host name has no address")
        with socket.create_server(("127.0.0.1", 0)) as closed:
            gone = closed.getsockname()
        self.assertEqual((self.fails(port=gone[1]).kind, self.fails(port=gone[1]).cause), ("connect", "refused"))
        with patch.object(opcua, "resolve", return_value=[gone, ("127.0.0.1", self.proxy.port)]):
            self.assertEqual(self.poll(), BEFORE)

    def test_a_password_is_not_sent_unencrypted(self):
        """The simulator would take it so."""
        error = self.fails(login=Login(user="odoo", password="secret"))
        self.assertEqual(error.kind, "setup")
        self.assertIn("wants the password unencrypted", error.detail)
        self.assertEqual(self.poll(login=Login(user="odoo")), BEFORE)


create_connection = socket.create_connection


@tagged("post_install", "-at_install")
class TestFaults(OpcUaCase):
    """As those of Modbus: nothing wrong is believed, no write is sent twice."""

    def test_reading(self):
        for name, (spoil, kind, _applied) in FAULTS.items():
            with self.subTest(name):
                self.new_proxy(spoil)
                self.assert_fails(self.poll, kind)
                self.assertEqual(self.poll(), BEFORE)

    def test_writing(self):
        """The fate of a write that began is unknown: it is sent once, and the next read tells."""
        for name, (spoil, kind, applied) in FAULTS.items():
            with self.subTest(name):
                self.put(BEFORE)
                self.new_proxy(fault.passed_on, spoil)
                self.assert_fails(self.send, kind, writing=True)
                self.assertEqual(self.poll(), AFTER if applied else BEFORE)

    def test_codes_of_values(self):
        for name, (cause, doubtful) in CODES.items():
            with self.subTest(name):
                self.new_proxy()
                with patch.object(self.plc.front, "status", name):
                    error = self.assert_fails(self.poll, "exception")
                self.assertEqual((error.cause, error.address, error.to_write), (cause, ADDRESS, False))
                self.assertEqual(error.detail, f"{name} at index 7000 (10 words)")
                self.new_proxy(fault.passed_on, self.as_long(taken=lambda _item, name=name: self.plc.front.ua.StatusCode(name)))
                error = self.assert_fails(self.send, "exception", writing=doubtful)
                self.assertEqual((error.cause, error.to_write), (cause, True))

    def test_codes_of_requests(self):
        for name, (cause, doubtful) in CODES.items():
            if name.startswith("Bad"):
                self.new_proxy()
                with patch.object(self.plc.front, "fault", name):
                    error = self.assert_fails(self.poll, "exception")
                self.assertEqual((error.cause, error.detail), (cause, name))
                self.new_proxy(fault.passed_on, self.as_long(fault=name))
                self.assert_fails(self.send, "exception", writing=doubtful)

    def test_session_loss(self):
        """The server says that it did nothing."""
        for name in LOST:
            self.new_proxy(self.as_long(fault=name))
            error = self.assert_fails(self.poll, "reset")
            self.assertEqual(error.detail, f"it has ended the session ({name})")
            self.new_proxy(fault.passed_on, self.as_long(fault=name))
            error = self.assert_fails(self.send, "reset")
            self.assertEqual((error.cause, error.to_write), ("later", True))
            self.assertEqual(self.poll(), BEFORE)

    def test_a_message_that_ends_the_connection(self):
        """In place of the answer to a write: it may have been applied."""
        ua, binary = self.plc.front.ua, self.plc.front.binary
        for name, kind in (
            ("BadSecureChannelIdInvalid", "reset"),
            ("BadNodeIdUnknown", "exception"),
            ("BadTimeout", "exception"),
        ):
            error = ua.ErrorMessage(ua.StatusCode(name), "")
            frame = binary.uatcp_to_binary(ua.MessageType.Error, error)
            self.new_proxy(fault.passed_on, lambda talk, frame=frame: talk.send(frame))
            self.assert_fails(self.send, kind, writing=True)

    def test_doubled(self):
        """The second is no answer to the next request: its place in the sequence is taken."""
        self.new_proxy(fault.duplicate)
        with self.assertRaises(LinkError) as caught, self.opened() as wire:
            self.assertEqual(wire.read_words(ADDRESS, 10, NODE), BEFORE)
            wire.read_words(ADDRESS, 10, NODE)
        self.assertEqual((caught.exception.kind, caught.exception.writing), ("reply", False))

    def test_later(self):
        for spoil, told in ((fault.silence, "timeout"), (fault.hung_up, "reset")):
            self.new_proxy(fault.passed_on, spoil)
            with self.assertRaises(LinkError) as caught, self.opened(timeout=PATIENCES[0]) as wire:
                wire.read_words(ADDRESS, 10, NODE)
                wire.read_words(ADDRESS, 10, NODE)
            self.assertEqual((caught.exception.kind, caught.exception.cause), (told, "later"))

    def test_slow_but_in_time(self):
        self.new_proxy(fault.slow(0.001))
        self.assertEqual(self.poll(), BEFORE)

    def test_any_byte(self):
        """Whatever byte of an answer is another one: words of the right number, or a fault, never an accident."""
        for place in range(8, len(self.asked_of_plc()), 3):
            self.new_proxy(fault.flipped(place, 0x80))
            try:
                words = self.poll(timeout=PATIENCES[1])
            except LinkError as error:
                self.assertFalse(error.writing)
            else:
                self.assertEqual(len(words), 10)

    def asked_of_plc(self):
        """An answer as it comes for the first read of a node."""
        answers = []

        def keep(talk):
            answers.append(talk.forward())
            talk.send(answers[-1])

        self.new_proxy(keep)
        self.poll()
        return answers[0]


class Peer:
    """asyncua's own server, which takes ranges of indices as the simulator does, with certificates and a user; in a thread."""

    def __init__(self, issued, port=0):
        self.certificate, self.key = issued.certificate, issued.key
        self.values = list(BEFORE)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.wanted, self.port = port, 0

    def __enter__(self):
        self._thread.start()
        if not self._started.wait(DEADLINE) or not self.port:
            raise AssertionError("the server did not start")
        return self

    def __exit__(self, *_exc):
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(DEADLINE)

    def _run(self):
        try:
            asyncio.run(self._serve())
        finally:
            self._started.set()

    async def _serve(self):
        from asyncua import Server, ua
        from asyncua.crypto.permission_rules import User, UserRole

        class Users:
            def get_user(self, _server, username=None, password=None, certificate=None):
                known = username is None or (username, password) == ("odoo", "secret")
                return User(role=UserRole.User) if known else None

        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = Server(user_manager=Users())
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.wanted}")
        kinds = ua.SecurityPolicyType
        server.set_security_policy([kinds.NoSecurity, kinds.Basic256Sha256_Sign, kinds.Basic256Sha256_SignAndEncrypt])
        await server.load_certificate(self.certificate.encode(), "pem")
        await server.load_private_key(self.key.encode(), None, "pem")
        await server.set_application_uri("urn:mill")
        index = await server.register_namespace("urn:words")
        self.node = await server.nodes.objects.add_variable(
            ua.NodeId("Words", index), "Words", self.values, ua.VariantType.UInt16
        )
        await self.node.set_writable()
        self.text = f"NODE ns={index};s=Words"
        self._take_ranges(server, ua)
        await server.start()
        self.port = server.bserver._server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopping.wait()
        await server.stop()

    def _take_ranges(self, server, ua):
        service = server.iserver.attribute_service
        read, write = service.read, service.write

        def part(item):
            low, _colon, high = item.IndexRange.partition(":")
            return slice(int(low), int(high or low) + 1)

        def read_ranges(params):
            results = read(params)
            for place, item in enumerate(params.NodesToRead):
                if item.IndexRange:
                    value = results[place].Value
                    shown = ua.Variant(value.Value[part(item)], value.VariantType, is_array=True)
                    results[place] = replace(results[place], Value=shown)
            return results

        async def write_ranges(params, **of_whom):
            for item in filter(lambda item: item.IndexRange, params.NodesToWrite):
                whole = list(server.iserver.aspace.read_attribute_value(item.NodeId, item.AttributeId).Value.Value)
                whole[part(item)] = item.Value.Value.Value
                item.Value = ua.DataValue(ua.Variant(whole, ua.VariantType.UInt16))
            return await write(params, **of_whom)

        service.read, service.write = read_ranges, write_ranges


@tagged("post_install", "-at_install")
class TestAsking(OpcUaCase):
    """What who looks for a node asks (test_browse has the visit): nothing of it is a write."""

    def assert_no_write(self, error):
        self.assertIs(error.writing, False)
        self.assertIs(error.to_write, False)

    def test_a_refusal(self):
        status = self.plc.front.ua.StatusCode
        for name, cause in (
            ("BadUserAccessDenied", "access"),
            ("BadInternalError", ""),
            ("UncertainLastUsableValue", "uncertain"),
        ):
            error = OpcUaWire(self.endpoint(), 0).refusal(status(name))
            self.assertEqual((error.kind, error.cause, error.detail, error.address), ("exception", cause, name, -1))
            self.assert_no_write(error)

    def test_remarks(self):
        """They stand in the lower bits, and change nothing."""
        wire, status = OpcUaWire(self.endpoint(), 0), self.plc.front.ua.StatusCode
        bad = status(status("BadUserAccessDenied").value | 0x0400)
        self.assertEqual((wire.name(bad), wire.is_bad(bad), wire.refusal(bad).cause), ("BadUserAccessDenied", True, "access"))
        self.assertFalse(wire.is_bad(status(0x0400)))

    def test_no_answer(self):
        request = self.plc.front.ua.ReadRequest()
        self.new_proxy(fault.passed_on, fault.hung_up)
        with self.opened() as wire:
            wire.read_words(ADDRESS, 10, NODE)
            with self.assertRaises(LinkError) as caught:
                wire.ask(request)
        self.assertEqual(caught.exception.kind, "reset")
        self.assert_no_write(caught.exception)

    def test_what_is_written(self):
        """Words and nothing else: many PLCs refuse a value with a status or a time."""
        for kind, letter in (("UInt16", 5), ("Int16", 4)):
            for words in (AFTER, AFTER[:1]):
                with self.subTest(kind, words=words), patch.object(self.plc.front, "kind", kind), self.opened() as wire:
                    wire.read_words(ADDRESS, 10, NODE)
                    wire.write_words(ADDRESS, words, NODE)
                    place = f"{ADDRESS}:{ADDRESS + 9}" if len(words) > 1 else f"{ADDRESS}"
                    sent = self.proxy.requests[-1].partition(place.encode())[2]
                    values = b"".join(word.to_bytes(2, "little") for word in words)
                    self.assertEqual(sent, b"\1" + bytes([0x80 | letter]) + len(words).to_bytes(4, "little") + values)

    def test_what_is_told_of_index_0(self):
        self.front(status="BadUserAccessDenied")
        with self.assertRaises(LinkError) as caught, self.opened() as wire:
            wire.read_words(0, 10, NODE)
        self.assertEqual(caught.exception.detail, "BadUserAccessDenied at index 0 (10 words)")

    def test_what_is_told_of_writes(self):
        self.new_proxy(fault.passed_on, without_results)
        self.assertEqual(self.assert_fails(self.send, "reply", writing=True).detail, NO_ANSWER)
        for name, doubtful in (("BadUserAccessDenied", False), ("BadInternalError", True)):
            self.new_proxy(fault.passed_on, self.as_long(status=name))
            told = f"{name} at index 7000 (10 words)"
            self.assertEqual(self.assert_fails(self.send, "exception", writing=doubtful).detail, told)

    def test_what_is_told_of_requests(self):
        """A service that refuses says nothing of an index."""
        self.front(fault="BadServiceUnsupported")
        for call in (self.poll, lambda: self.ask(self.plc.front.ua.ReadRequest())):
            with self.assertRaises(LinkError) as caught:
                call()
            self.assertEqual((caught.exception.detail, caught.exception.address), ("BadServiceUnsupported", -1))

    def ask(self, request):
        with self.opened() as wire:
            wire.ask(request)

    def test_what_is_told_of_garbage(self):
        self.new_proxy(fault.garbage)
        self.assertEqual(self.assert_fails(self.poll, "reply").detail, NO_ANSWER)

    def test_who_is_told_that_odoo_leaves(self):
        """A server that answered; not one that has ended the connection, or said nothing that can be read."""
        error = self.plc.front.ua.ErrorMessage(self.plc.front.ua.StatusCode("BadTcpInternalError"), "")
        ended = self.plc.front.binary.uatcp_to_binary(self.plc.front.ua.MessageType.Error, error)
        refuses = self.as_long(fault="BadServiceUnsupported")
        for spoil, is_told in ((refuses, True), (lambda talk: talk.send(ended), False), (fault.garbage, False)):
            with self.subTest(is_told), fault.FaultProxy(self.plc.port, receive) as proxy:
                proxy.faults += [*[fault.passed_on] * 4, spoil]  # hello, channel, session and who we are are passed on
                with self.assertRaises(LinkError), opened(replace(self.endpoint(), port=proxy.port), "flags") as wire:
                    self.hurry(wire, PATIENCES[0])
                    wire.read_words(ADDRESS, 10, NODE)
                self.assertTrue(proxy.wait_until_closed())
                self.assertEqual(len(proxy.requests) > 5, is_told)

    def test_what_a_server_says_of_its_array(self):
        """With the first words: whether ranges are taken, and AccessLevelEx. What it does not vouch for does not count."""
        front = self.plc.front
        ua, genuine = front.ua, front._attribute
        bad, kinds, torn = ua.StatusCode("BadInternalError"), ua.VariantType, 0x303
        one, two = (ua.Variant([1] * count, kinds.UInt16) for count in (1, 2))
        for access, first, told in (
            (ua.DataValue(ua.Variant(torn, kinds.UInt32)), None, "NonatomicRead"),
            (ua.DataValue(ua.Variant(torn, kinds.UInt32), StatusCode=bad), None, ""),
            (ua.DataValue(ua.Variant("3", kinds.String)), None, ""),
            (None, ua.DataValue(one, StatusCode=bad), "does not read a part"),
            (None, ua.DataValue(two), "does not read a part"),
            (None, ua.DataValue(ua.Variant(7, kinds.UInt16)), "does not read a part"),
        ):

            def attribute(item, access=access, first=first):
                if access and item.AttributeId == ua.AttributeIds.AccessLevelEx:
                    return access
                return first if first and item.IndexRange == "0" else genuine(item)

            with self.subTest(access=access, first=first), patch.object(front, "_attribute", attribute):
                if not told:
                    self.assertEqual(self.poll(), BEFORE)
                    continue
                with self.assertRaises(LinkError) as caught:
                    self.poll()
                self.assertEqual((caught.exception.kind, caught.exception.cause), ("setup", "array"))
                self.assertIn(told, caught.exception.detail)

    def test_what_a_variable_shows(self):
        """In place of its words: a list of them, in one dimension, as long as was asked for."""
        front = self.plc.front
        ua, genuine = front.ua, front._attribute
        kinds, ten = ua.VariantType, list(BEFORE)
        unfit = "the variable is %s; words need an array of UInt16 or Int16"
        for shown, told in (
            (ua.DataValue(ua.Variant(ten, kinds.UInt16)), ""),
            (ua.DataValue(ua.Variant(ten, kinds.UInt16), StatusCode=None), ""),
            (ua.DataValue(ua.Variant(ten, kinds.UInt16, Dimensions=[10])), ""),
            (ua.DataValue(ua.Variant([ten[:5], ten[5:]], kinds.UInt16, Dimensions=[2, 5])), NO_RANGES),
            (ua.DataValue(ua.Variant([*ten, 11], kinds.UInt16)), NO_RANGES),
            (ua.DataValue(ua.Variant(7, kinds.UInt16)), unfit % "UInt16"),
            (ua.DataValue(ua.Variant("7", kinds.String)), unfit % "String"),
            (ua.DataValue(ua.Variant([1.0] * 10, kinds.Float)), unfit % "Float[]"),
            (ua.DataValue(), unfit % "Null"),
        ):

            def attribute(item, shown=shown):
                return shown if item.IndexRange == f"{ADDRESS}:{ADDRESS + 9}" else genuine(item)

            with self.subTest(shown=shown.Value), patch.object(front, "_attribute", attribute):
                if not told:
                    self.assertEqual(self.poll(), BEFORE)
                    continue
                with self.assertRaises(LinkError) as caught:
                    self.poll()
                error = caught.exception
                self.assertEqual((error.kind, error.cause, error.detail), ("setup", "array", told))

    def test_a_namespace_that_is_not_told(self):
        for spoil, kind in ((fault.hung_up, "reset"), (fault.garbage, "reply")):
            self.new_proxy(spoil)
            with self.assertRaises(LinkError) as caught, self.opened(timeout=PATIENCES[0]) as wire:
                wire.write_words(ADDRESS, AFTER, "NODE nsu=urn:mill;s=MoBatch.Words")
            self.assertEqual(caught.exception.kind, kind)
            self.assert_no_write(caught.exception)

    def test_what_names_no_node(self):
        """Spaces are no end of a name."""
        told = '%s does not name a node; expected something like ns=3;s="Mo"."Slots"'
        for name in ("x", "ns=2", "x y"):
            with self.assertRaises(LinkError) as caught, self.opened() as wire:
                wire.read_words(ADDRESS, 10, f"NODE {name}")
            self.assertEqual((caught.exception.kind, caught.exception.detail), ("setup", told % name))
        with self.assertRaises(LinkError) as caught, self.opened() as wire:
            wire.read_words(ADDRESS, 10, "NODE ns=2;s=No Such Words")
        self.assertEqual((caught.exception.kind, caught.exception.cause), ("exception", "node"))

    def test_what_is_no_node(self):
        with self.opened() as wire, self.assertRaisesRegex(ValueError, "^Words$"):
            wire.node("Words")


@tagged("post_install", "-at_install")
class TestSecurity(OpcUaCase):
    """asyncua's own server at the other end, as the simulator knows no security."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority("plant")
        cls.ours = cls.authority.application("urn:odoo:plc_mo_batch")
        cls.peer = cls.enterClassContext(Peer(cls.authority.application("urn:mill", "127.0.0.1")))

    def secure(self, security="encrypt", user="", password="", **tls):
        ours = {"certificate": self.ours.certificate, "key": self.ours.key}
        values = {"ca": self.authority.own.certificate, **ours, **tls}
        login = Login(security, user, password)
        return Endpoint("127.0.0.1", self.peer.port, timeout=SURE, transport="opcua", tls=Tls(**values), login=login)

    def entered(self, endpoint):
        with opened(endpoint, "flags") as wire:
            return wire.read_words(0, 10, self.peer.text)

    def refused(self, kind, cause="", **values):
        with self.assertRaises(LinkError) as caught:
            self.entered(self.secure(**values))
        self.assertEqual((caught.exception.kind, caught.exception.cause), (kind, cause), caught.exception.detail)
        return str(caught.exception.detail)

    def test_each_security(self):
        for security in ("none", "sign", "encrypt"):
            for user, password in (("", ""), ("odoo", "secret")):
                with self.subTest(security, user=user), opened(self.secure(security, user, password), "flags") as wire:
                    self.assertEqual(wire.read_words(0, 10, self.peer.text), BEFORE)
                    wire.write_words(2, [0xFFFF], self.peer.text)
                    self.assertEqual(wire.read_words(1, 3, self.peer.text), (2, 0xFFFF, 4))
                    wire.write_words(2, [3], self.peer.text)

    def test_it_hangs_up(self):
        """Where there is security, a server that does not trust Odoo may say so in no other way."""
        passed = [fault.passed_on] * 4  # hello, channel, which securities, farewell
        for security, before, place in (("encrypt", passed, 1), ("sign", passed, 2), ("none", [], 1), ("none", [], 2)):
            with self.subTest(security, place=place), fault.FaultProxy(self.peer.port, receive) as proxy:
                proxy.faults += [*before, *[fault.passed_on] * place, fault.hung_up]
                with self.assertRaises(LinkError) as caught:
                    self.entered(replace(self.secure(security), port=proxy.port))
                found = (caught.exception.kind, caught.exception.cause, caught.exception.detail)
                told = ("reset", "", "") if security == "none" else ("tls", "refused", "it closes the connection")
                self.assertEqual(found, told)

    def test_it_answers_what_nobody_can_read(self):
        for security, count, told in (
            ("encrypt", 5, ("tls", "", "it does not prove that it has the key of its certificate")),
            ("none", 1, ("reply", "", "it is not OPC UA")),
        ):
            with self.subTest(security), fault.FaultProxy(self.peer.port, receive) as proxy:
                proxy.faults += [*[fault.passed_on] * count, fault.garbage]
                with self.assertRaises(LinkError) as caught:
                    self.entered(replace(self.secure(security), port=proxy.port))
                self.assertEqual((caught.exception.kind, caught.exception.cause, caught.exception.detail), told)

    def test_it_is_told_that_odoo_leaves(self):
        """After a refusal, too: a server has few channels."""
        with fault.FaultProxy(self.peer.port, receive) as proxy:
            with self.assertRaises(LinkError) as caught:
                self.entered(replace(self.secure("none", "odoo", "wrong"), port=proxy.port))
            self.assertEqual(caught.exception.cause, "user")
            wait_until(lambda: proxy.requests[-1][:3] == b"CLO", "the farewell")

    def test_users(self):
        self.refused("tls", "user", user="odoo", password="wrong")
        self.refused("tls", "user", user="nobody", password="secret")

    def test_whom_to_trust(self):
        self.entered(self.secure(ca=self.peer.certificate))  # itself
        other = Authority("other")
        told = self.refused("tls", ca=other.own.certificate)
        self.assertIn("it is not the one entered here, nor signed by it", told)
        self.assertIn("it is not the one entered here", self.refused("tls", ca=""))
        self.assertIn("it is not the one entered here", self.refused("tls", ca=self.ours.certificate))
        self.entered(self.secure(ca="", verify=False))
        self.assertIn("it has not the name mill", self.refused("tls", server_name="mill"))
        self.assertIn("cannot be read", self.refused("tls", ca="-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"))
        with patch.object(trust.datetime, "datetime", wraps=datetime) as clock:
            clock.now.return_value = datetime.now(timezone.utc) + timedelta(days=36500)
            self.assertIn("it is valid at another time", self.refused("tls"))

    def test_another_certificate_after_a_restart(self):
        """Of the same authority it is trusted; one that was entered itself has to be entered anew."""
        authority, other = self.authority.own.certificate, Authority("other")
        with Peer(self.authority.application("urn:mill", "127.0.0.1")) as peer:
            before = peer.certificate
            for ca in (authority, before):
                self.assertEqual(self.entered(replace(self.secure(ca=ca), port=peer.port)), BEFORE)
        for issuer, trusted in ((self.authority, {authority: True, before: False}), (other, {authority: False, before: False})):
            with Peer(issuer.application("urn:mill", "127.0.0.1"), peer.port) as again:
                for ca, is_trusted in {**trusted, again.certificate: True}.items():
                    endpoint = replace(self.secure(ca=ca), port=again.port)
                    if is_trusted:
                        self.assertEqual(self.entered(endpoint), BEFORE)
                        continue
                    with self.assertRaises(LinkError) as caught:
                        self.entered(endpoint)
                    self.assertEqual(caught.exception.kind, "tls")
                    self.assertIn("it is not the one entered here", caught.exception.detail)

    def test_our_own(self):
        self.assertIn("needs a certificate and its key", self.refused("setup", certificate=""))
        self.assertIn("needs a certificate and its key", self.refused("setup", key=""))
        self.assertIn("not in PEM format", self.refused("setup", certificate="x"))
        self.assertIn("not in PEM format", self.refused("setup", key="x"))
        trust.check_certificates(self.secure())
        trust.check_certificates(self.secure("none", certificate="", key="", ca=""))
        for values in ({"key": self.peer.key}, {"ca": ""}, {"certificate": ""}):
            with self.assertRaises(LinkError):
                trust.check_certificates(self.secure(**values))
        trust.check_certificates(self.secure(ca="", verify=False))

    def test_a_security_that_it_has_not(self):
        policies = "asyncua.crypto.security_policies.SecurityPolicyBasic256Sha256.URI"
        with patch(policies, "urn:none"):
            self.assertIn("does not offer this security", self.refused("tls", "policy"))

    def test_a_security_that_it_has_for_others(self):
        """What it offers counts with its mode; it is asked by the address that Odoo knows."""
        genuine, asked = opcua._Channel.ask, []

        def ask(channel, request, *kind):
            answer = genuine(channel, request, *kind)
            if type(request).__name__ == "GetEndpointsRequest":
                asked.append(request.Parameters.EndpointUrl)
                answer.Endpoints = [found for found in answer.Endpoints if found.SecurityMode.name == "Sign"]
            return answer

        with patch.object(opcua._Channel, "ask", ask):
            self.assertEqual(self.entered(self.secure("sign")), BEFORE)
            self.assertIn("does not offer this security", self.refused("tls", "policy"))
        self.assertEqual(set(asked), {f"opc.tcp://127.0.0.1:{self.peer.port}"})

    def test_the_name_of_the_application(self):
        self.assertEqual(trust.application_of(self.ours.certificate), "urn:odoo:plc_mo_batch")
        for text in ("", "x", self.authority.own.certificate):
            self.assertEqual(trust.application_of(text), "")


# another's client, as its authors show it: it reads three words, writes two, and reads one as its server's certificate lets it
CLIENT = """
const { OPCUAClient, AttributeIds, DataType, Variant, VariantArrayType } = require("node-opcua");
(async () => {
    const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 0 } });
    await client.connect(`opc.tcp://127.0.0.1:${process.argv[1]}`);
    const session = await client.createSession();
    const found = await session.browse("ObjectsFolder");
    const nodeId = found.references[0].nodeId.toString();
    const numbers = new Uint16Array([0x2BCD, 7]);
    const value = new Variant({ dataType: DataType.UInt16, arrayType: VariantArrayType.Array, value: numbers });
    const status = await session.write({ nodeId, attributeId: AttributeIds.Value, indexRange: "7001:7002", value: { value } });
    const read = await session.read({ nodeId, attributeId: AttributeIds.Value, indexRange: "7000:7003" });
    await session.close();
    await client.disconnect();
    console.log("\\n" + JSON.stringify([nodeId, status.name, Array.from(read.value.value)]));
    process.exit();
})();
"""
# another's server, with an array of each type, and a certificate that it makes for itself
SERVER = """
const { OPCUAServer, Variant, DataType, VariantArrayType, OPCUACertificateManager } = require("node-opcua");
(async () => {
    const manager = new OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: true, rootFolder: process.argv[1] });
    const managers = { serverCertificateManager: manager, userCertificateManager: manager };
    const server = new OPCUAServer({ port: 0, host: "127.0.0.1", resourcePath: "", ...managers });
    await server.initialize();
    const space = server.engine.addressSpace.getOwnNamespace();
    for (const [name, type, kind] of [["Words", DataType.UInt16, Uint16Array], ["Numbers", DataType.Int16, Int16Array]]) {
        const numbers = new kind(200).map((_, at) => at + 1);
        const value = new Variant({ dataType: type, arrayType: VariantArrayType.Array, value: numbers });
        const organizedBy = server.engine.addressSpace.rootFolder.objects;
        const shape = { valueRank: 1, arrayDimensions: [200] };
        space.addVariable({ nodeId: `s=${name}`, browseName: name, organizedBy, dataType: DataType[type], ...shape, value });
    }
    await server.start();
    console.log("\\n" + JSON.stringify([server.endpoints[0].port, space.index]));
    process.stdin.on("close", () => process.exit()).resume();
})();
"""


def told(lines):
    """What a program of these prints as JSON, whatever else it says."""
    return next((json.loads(line) for line in lines if line.startswith("[") and line.rstrip().endswith("]")), None)


@tagged("post_install", "-at_install")
class TestPeers(OpcUaCase):
    """The clients and servers of others at the other ends."""

    def test_asyncua_s_client_at_our_simulator(self):
        from asyncua import Client, ua

        async def visit():
            async with Client(f"opc.tcp://127.0.0.1:{self.plc.port}") as client:
                [node] = await client.nodes.objects.get_children()
                self.assertEqual(node.nodeid.to_string(), "ns=2;s=MoBatch.Words")
                whole = await node.read_value()
                self.assertEqual((len(whole), tuple(whole[ADDRESS : ADDRESS + 10])), (65536, BEFORE))
                value = ua.DataValue(ua.Variant([0xABCD, 7], ua.VariantType.UInt16, is_array=True))
                await node.write_attribute(ua.AttributeIds.Value, value, f"{ADDRESS + 1}:{ADDRESS + 2}")

        asyncio.run(visit())
        self.assertEqual(self.plc.mill.memory[ADDRESS : ADDRESS + 4], [1, 0xABCD, 7, 4])

    def test_node_opcua_s_client_at_our_simulator(self):
        need_node(self, "node-opcua")
        output, complaint = node(CLIENT, self.plc.port)
        expected = ["ns=2;s=MoBatch.Words", "Good", [1, 0x2BCD, 7, 4]]
        self.assertEqual(told(output.splitlines()), expected, output + complaint)
        self.assertEqual(self.plc.mill.memory[ADDRESS : ADDRESS + 4], expected[2])

    def test_our_wire_at_node_opcua_s_server(self):
        need_node(self, "node-opcua")
        ours = Authority().application("urn:odoo:plc_mo_batch")
        with self.node_opcua() as (port, index, certificate):
            tls = Tls(ca=certificate, certificate=ours.certificate, key=ours.key)
            for security in ("none", "sign", "encrypt"):
                endpoint = Endpoint("127.0.0.1", port, timeout=SURE, transport="opcua", tls=tls, login=Login(security))
                for name in ("Words", "Numbers"):
                    with self.subTest(security, name=name), opened(endpoint, "flags") as wire:
                        self.visit(wire, f"NODE ns={index};s={name}")
            for address, name in ((195, "Words"), (200, "Words")):
                with self.assertRaises(LinkError) as caught, opened(endpoint, "flags") as wire:
                    wire.read_words(address, 10, f"NODE ns={index};s={name}")
                self.assertEqual((caught.exception.kind, caught.exception.cause), ("exception", "2"))

    def visit(self, wire, node):
        self.assertEqual(wire.read_words(0, 4, node), (1, 2, 3, 4))
        wire.write_words(2, [0xFFFF, 7], node)
        wire.write_words(1, [9], node)
        self.assertEqual(wire.read_words(0, 5, node), (1, 9, 0xFFFF, 7, 5))
        self.assertEqual(wire.read_words(190, 10, node), tuple(range(191, 201)))
        wire.write_words(1, [2, 3, 4], node)


@tagged("post_install", "-at_install")
class TestAbove(OpcUaCase):
    def in_node(self, layout):
        return replace(layout, areas=tuple(replace(area, registers=NODE) for area in layout.areas))

    def test_memories(self):
        self.assertTrue(OPCUA.has(NODE))
        for name in ("NODE", "NODE ", "NODE1", "NODES x", "DB1", "holding"):
            self.assertFalse(OPCUA.has(name), name)

    def test_a_look(self):
        self.put([0] * 10)
        layout = self.in_node(plc_layouts.job_numbers())
        self.assertEqual(OPCUA.strangers(layout), [])
        found = look(self.endpoint(), layout, SURE)
        self.assertEqual((found.error, found.is_complete, found.fits), (None, True, True))

    def test_a_trial(self):
        with Simulator(protocol="opcua", scan_time=0.01) as plc:
            endpoint = replace(self.endpoint(), port=plc.port)
            trial = Trial(endpoint, self.in_node(plc_layouts.job_numbers()), (), SURE)
            self.assertTrue(trial.is_simulator())
            tried = trial.show_numbers()
            self.assertEqual((tried.was_stored, tried.is_right), (True, True))


@tagged("post_install", "-at_install")
class TestWithoutTheLibrary(BaseCase):
    def test_it_is_said_how_to_install_it(self):
        """When a PLC needs it, and not before."""
        self.assertIn("opcua", KINDS)
        with patch.dict(sys.modules, {"asyncua": None, "asyncua.ua": None}):
            found = look(Endpoint("127.0.0.1", 1, transport="opcua"), plc_layouts.job_numbers(), 1)
        self.assertEqual(found.error.kind, "setup")
        told = "the Python package asyncua is not installed: pip install 'asyncua>=2.1,<3'"
        self.assertEqual(found.error.detail, told)
