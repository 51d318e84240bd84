"""The wire that speaks S7, in front of the simulator's own and of python-snap7's server; that library's client at the simulator;
and every fault that an answer can have."""

import importlib.util
import json
import socket
import sys
import unittest
from dataclasses import replace
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc.address import parse_networks
from ...plc.look import look
from ...plc.trial import Trial
from ...plc.wire import NO_ANSWER, Endpoint, LinkError, Manners
from ...plc.wires import KINDS, opened, s7
from ...plc.wires.s7 import S7
from ...simulator import Simulator
from .. import fault_proxy as fault
from .. import plc_layouts
from ..patience import PATIENCES, SILENT, SURE
from ..peers import need_node, need_snap7, node, running_snap7, snap7
from ..rude_server import Rests
from ..wire_case import ADDRESS, AFTER, BEFORE, WireCase

HAS_LIBRARY = importlib.util.find_spec("snap7") is not None
DB = "DB1"


def receive(sock):
    """One frame of ISO on TCP, or nothing at the end of the connection."""
    head = sock.recv(4, socket.MSG_WAITALL)
    return head + sock.recv(int.from_bytes(head[2:4], "big") - 4, socket.MSG_WAITALL) if len(head) == 4 else b""


def is_opening(frame):
    """It asks for a connection, or for the size of a PDU."""
    return frame[5] != 0xF0 or frame[17] == 0xF0


def coded(place, code, length=0):
    """A fault: the PLC does nothing, and says why: of the item (21), or in the head (17). Of an item that is not read it may
    tell a length."""

    def spoil(talk):
        asked = talk.request
        if place == 17:
            body = b"\x32\3\0\0" + asked[11:13] + b"\0\0\0\0" + code.to_bytes(2, "big")
        else:
            item = bytes([code, 0, 0, length]) if asked[17] == 4 else bytes([code])
            body = b"\x32\3\0\0" + asked[11:13] + b"\0\2" + len(item).to_bytes(2, "big") + b"\0\0" + asked[17:19] + item
        talk.send(b"\3\0" + (len(body) + 7).to_bytes(2, "big") + b"\2\xf0\x80" + body)

    return spoil


def foreign(talk):
    """A fault: what would be a refusal, of another protocol."""
    talk.send(b"\3\0\0\x13\2\xf0\x80\x33\3\0\0" + talk.request[11:13] + b"\0\0\0\0\x81\4")


def empty(talk):
    """A fault: a telegram with nothing in it."""
    talk.send(b"\3\0\0\7\2\xf0\x80")


# beside those of the table (wire_faults): fault -> kind of the error, of a read and of a write alike; whether the request had
# reached the PLC
FAULTS = {
    "another version": (fault.flipped(0), "reply", True),
    "another telegram": (fault.flipped(5, 0x20), "reply", True),
    "another protocol": (fault.flipped(7), "reply", True),
    "a request": (fault.flipped(8, 0x02), "reply", True),
    "another number": (fault.flipped(11), "reply", True),
    "another number's last byte": (fault.flipped(12), "reply", True),
    "another size": (fault.flipped(14), "reply", True),
    "another size of the data": (fault.flipped(16), "reply", True),
    "another function": (fault.flipped(19, 0x02), "reply", True),
    "another function's last bit": (fault.flipped(19), "reply", True),
    "two items": (fault.flipped(20, 0x03), "reply", True),
    "a refusal of another protocol": (foreign, "reply", False),
    "an empty telegram": (empty, "reply", False),
}
READ_FAULTS = {
    "length": (fault.flipped(23), "reply"),
    "length's last byte": (fault.flipped(24, 0x08), "reply"),
    "done, and no data": (coded(21, 0xFF), "reply"),
}
# code -> cause, whether a write's fate is unknown
ITEM_CODES = {
    0x01: ("", True), 0x03: ("access", False), 0x05: ("2", False), 0x06: ("", False), 0x07: ("", False),
    0x0A: ("block", False), 0x99: ("", True),
}  # fmt: skip
HEAD_CODES = {0x8104: ("access", False), 0x8500: ("3", False), 0x8401: ("", True), 0x0001: ("", True)}


@unittest.skipUnless(HAS_LIBRARY, "python-snap7 is not installed")
class S7Case(WireCase):
    protocol = transport = "s7"
    registers = DB

    def make_proxy(self):
        return fault.FaultProxy(self.plc.port, receive, is_opening)


@tagged("post_install", "-at_install")
class TestS7(S7Case):
    def test_read_and_write(self):
        with self.opened() as wire:
            self.assertEqual(wire.read_words(ADDRESS, 10, DB), BEFORE)
            wire.write_words(ADDRESS, AFTER, DB)
            wire.write_words(ADDRESS + 9, [0xFFFF], DB)
            self.assertEqual(wire.read_words(ADDRESS, 10, DB), (*AFTER[:9], 0xFFFF))
            self.assertEqual(wire.requests, 4)
            wire.write_words(65535, [7], DB)
            self.assertEqual(wire.read_words(65534, 2, DB), (0, 7))
        self.assertEqual((len(self.proxy.requests), self.proxy.connections), (6, 1))

    def test_what_fits_into_a_pdu(self):
        """A slot that does not is refused with the numbers: read in two it could be torn. Nothing is sent."""
        with self.opened() as wire:
            self.assertEqual(len(wire.read_words(0, 111, DB)), 111)
            wire.write_words(0, [0] * 106, DB)
        sent = len(self.proxy.requests)
        told = "112 words do not fit into one of its PDUs of 240 bytes, which takes 111"
        with self.assertRaises(LinkError) as caught, self.opened() as wire:
            wire.read_words(0, 112, DB)
        self.assertEqual((caught.exception.kind, caught.exception.detail), ("setup", told))
        with self.assertRaises(LinkError) as caught, self.opened() as wire:
            wire.write_words(0, [0] * 107, DB)
        self.assertEqual((caught.exception.kind, caught.exception.writing), ("setup", False))
        self.assertEqual(len(self.proxy.requests), sent)
        with patch.object(self.plc.front, "pdu", 960), self.opened() as wire:
            wire.write_words(0, [0] * 123, DB)
            self.assertEqual(len(wire.read_words(0, 125, DB)), 125)

    def test_impossible_requests_are_not_sent(self):
        with self.opened() as wire:
            for address, count in ((0, 0), (0, 126), (-1, 1), (65535, 2), (70000, 1)):
                with self.assertRaises(ValueError):
                    wire.read_words(address, count, DB)
            for address, words in ((0, []), (0, [0] * 124), (-1, [0]), (65535, [0, 0]), (0, [65536]), (0, [-1])):
                with self.assertRaises(ValueError):
                    wire.write_words(address, words, DB)
            with self.assertRaisesRegex(ValueError, "^126 words at 5 cannot be read or written in one request$"):
                wire.read_words(5, 126, DB)
            with self.assertRaisesRegex(ValueError, "^a word at or after 5 is not between 0 and 65535$"):
                wire.write_words(5, [-1], DB)
            with self.assertRaisesRegex(LinkError, "^setup: data blocks have the numbers 1 to 65535$"):
                wire.read_words(0, 1, "DB0")
            for name in ("holding", "DB", "DB0", "DB65536", "D", ""):
                for call in (lambda: wire.read_words(0, 1, name), lambda: wire.write_words(0, [1], name)):  # noqa: B023
                    with self.assertRaises(LinkError) as caught:
                        call()
                    self.assertEqual((caught.exception.kind, caught.exception.writing), ("setup", False))
            self.assertEqual(wire.requests, 0)
        self.assertEqual(self.proxy.requests, [])

    def test_it_never_connects_by_itself(self):
        wire = s7.S7Wire(self.endpoint(), 1)
        self.assert_no_connection(wire)
        wire.open()
        wire.close()
        wire.close()
        self.assert_no_connection(wire)
        self.new_proxy(coded(21, 0x01))
        with self.opened() as wire:
            with self.assertRaises(LinkError):
                wire.read_words(ADDRESS, 10, DB)
            self.assert_no_connection(wire)
        self.assertEqual(len(self.proxy.requests), 1)
        self.new_proxy(fault.lost)
        with self.opened(timeout=SILENT) as wire:
            with self.assertRaises(LinkError):
                wire.read_words(ADDRESS, 10, DB)
            self.assert_no_connection(wire)

    def test_numbers_begin_anywhere(self):
        for _client in range(6):
            self.poll()
        self.assertGreater(len({request[11:13] for request in self.proxy.requests}), 2)

    def test_numbers_begin_anew(self):
        with patch.object(s7.random, "randrange", return_value=0xFFFE), self.opened() as wire:
            for _request in range(3):
                self.assertEqual(wire.read_words(ADDRESS, 10, DB), BEFORE)

    def test_manners(self):
        with patch.object(s7, "time", Rests()) as rests, self.opened(manners=Manners(0.5, 0.2)) as wire:
            for _request in range(3):
                wire.read_words(ADDRESS, 1, DB)
            self.assertAlmostEqual(rests.now, 0.9)
        self.new_proxy()
        with self.opened(manners=Manners(connect_each=True)) as wire:
            for _request in range(3):
                self.assertEqual(wire.read_words(ADDRESS, 10, DB), BEFORE)
        self.assertEqual((self.proxy.connections, wire.requests), (3, 3))


@tagged("post_install", "-at_install")
class TestConnecting(S7Case):
    def fails(self, **values):
        with self.assertRaises(LinkError) as caught, opened(replace(self.endpoint(), **values), "flags"):
            pass
        self.assertFalse(caught.exception.writing)
        return caught.exception

    def test_rack_and_slot(self):
        for values in ({"rack_slot": 2}, {"rack": 1}):
            error = self.fails(port=self.plc.port, **values)
            self.assertEqual((error.kind, error.cause), ("connect", "rack"))
        with patch.object(self.plc.front, "rack_slot", (3, 2)):
            self.assertEqual(self.poll(rack=3, rack_slot=2), BEFORE)

    def test_silence(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.assertEqual(self.fails(port=silent.getsockname()[1], timeout=SILENT).kind, "timeout")

    def test_what_speaks_something_else(self):
        self.proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive))
        self.proxy.faults.append(lambda talk: talk.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        self.assertEqual(self.fails().kind, "connect")

    def test_what_is_asked_for(self):
        """One request at a time, in PDUs of 960 bytes."""
        frames = []
        proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive, lambda frame: frames.append(frame) or True))
        with opened(replace(self.endpoint(), port=proxy.port), "flags"):
            pass
        self.assertEqual(frames[1][17:].hex(" "), "f0 00 00 01 00 01 03 c0")

    def test_the_second_step(self):
        """What goes wrong while the size is agreed on is told, and nothing was written."""
        for spoil, kind in ((fault.half, "reply"), (fault.hung_up, "reset"), (fault.lost, "timeout")):
            for timeout in (SURE,) if kind == "reset" else PATIENCES:
                self.proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive))
                self.proxy.faults += [fault.passed_on, spoil]
                error = self.fails(timeout=timeout)
                if error.kind == kind:
                    break
            self.assertEqual((error.kind, error.to_write), (kind, False))

    def test_the_size_of_a_pdu(self):
        for pdu in (0, 18):
            with patch.object(self.plc.front, "pdu", pdu):
                self.assertEqual(str(self.fails()), f"reply: {NO_ANSWER}")

    def test_how_it_connects(self):
        self.assert_connects(s7)

    def test_addresses(self):
        for host in ("127.0.0.1", "localhost"):
            self.assertEqual(self.fails(host=host, allowed=()).kind, "address")
        for host in ("mill..example", "x" * 64, "300.1.1.1.invalid"):
            self.assertEqual(self.fails(host=host).kind, "connect")
        self.assertEqual(self.poll(allowed=parse_networks("127.0.0.0/8")), BEFORE)
        with patch.object(s7, "resolve", return_value=[]):
            self.assertEqual(str(self.fails()), "connect: the host name has no address")
        with socket.create_server(("127.0.0.1", 0)) as closed:
            gone = closed.getsockname()
        self.assertEqual((self.fails(port=gone[1]).kind, self.fails(port=gone[1]).cause), ("connect", "refused"))
        with patch.object(s7, "resolve", return_value=[gone, ("127.0.0.1", self.proxy.port)]):
            self.assertEqual(self.poll(), BEFORE)


@tagged("post_install", "-at_install")
class TestFaults(S7Case):
    """As those of Modbus: nothing wrong is believed, no write is sent twice."""

    def test_reading(self):
        for name, (spoil, kind) in {**{name: row[:2] for name, row in FAULTS.items()}, **READ_FAULTS}.items():
            with self.subTest(name):
                self.new_proxy(spoil)
                self.assert_fails(self.poll, kind)
                self.assertEqual(self.poll(), BEFORE)

    def test_writing(self):
        """The fate of a write that began is unknown: it is sent once, and the next read tells."""
        for name, (spoil, kind, applied) in FAULTS.items():
            with self.subTest(name):
                self.put(BEFORE)
                self.new_proxy(spoil)
                self.assert_fails(self.send, kind, writing=True)
                self.assertEqual(self.poll(), AFTER if applied else BEFORE)

    def test_codes(self):
        codes = {(21, code): row for code, row in ITEM_CODES.items()} | {(17, code): row for code, row in HEAD_CODES.items()}
        for (place, code), (cause, doubtful) in codes.items():
            with self.subTest(f"{code:02X}"):
                self.new_proxy(coded(place, code))
                error = self.assert_fails(self.poll, "exception")
                self.assertEqual((error.cause, error.address, error.to_write), (cause, ADDRESS, False))
                self.new_proxy(coded(place, code))
                error = self.assert_fails(self.send, "exception", writing=doubtful)
                self.assertEqual((error.cause, error.to_write), (cause, True))

    def test_a_refused_item_that_has_a_length(self):
        """Nothing follows; Snap7's own server says so."""
        for code, (cause, _doubtful) in ITEM_CODES.items():
            for length in (1, 4, 20, 255):
                with self.subTest(f"{code:02X}", length=length):
                    self.new_proxy(coded(21, code, length))
                    self.assertEqual(self.assert_fails(self.poll, "exception").cause, cause)
        for code in (0x00, 0xFF):  # no refusal
            self.new_proxy(coded(21, code, 4))
            self.assert_fails(self.poll, "reply")

    def test_refusals_of_something_else(self):
        """With another function, number of items or length: what became of a write is not known then."""
        head, read, write = b"\0\2\0\4", b"\4\1", b"\5\1"
        for call, body, kind in (
            (self.poll, head + b"\0\0" + read + b"\x0a\0\0\0", "exception"),
            (self.poll, head + b"\0\0" + read + b"\x0a\0\0\4", "exception"),
            (self.poll, b"\0\2\0\5\0\0" + read + b"\x0a\0\0\4", "reply"),
            (self.poll, b"\0\3\0\4\0\0" + read + b"\x0a\0\0\4", "reply"),
            (self.poll, head + b"\0\0" + read + b"\x0a\0\0\4\0", "reply"),
            (self.poll, head + b"\0\0" + write + b"\x0a\0\0\0", "reply"),
            (self.poll, head + b"\0\0\4\2\x0a\0\0\0", "reply"),
            (self.send, b"\0\2\0\1\0\0" + write + b"\x0a", "exception"),
            (self.send, b"\0\2\0\1\0\0" + read + b"\x0a", "reply"),
            (self.send, b"\0\2\0\1\0\0\5\2\x0a", "reply"),
            (self.send, head + b"\0\0" + read + b"\x0a\0\0\0", "reply"),
            (self.send, head + b"\0\0" + read + b"\x0a\0\0\4", "reply"),
        ):
            with self.subTest(call.__name__, body=body):

                def spoil(talk, rest=body):
                    body = b"\x32\3\0\0" + talk.request[11:13] + rest
                    talk.send(b"\3\0" + (len(body) + 7).to_bytes(2, "big") + b"\2\xf0\x80" + body)

                self.new_proxy(spoil)
                self.assert_fails(call, kind, writing=call == self.send and kind == "reply")

    def test_what_is_told(self):
        self.new_proxy(coded(21, 0x0A))
        told = "0A (object does not exist) at byte 14000 of DB 1 (10 words)"
        self.assertEqual(self.assert_fails(self.poll, "exception").detail, told)
        for block in ("DB7", "DB65535"):
            with self.assertRaises(LinkError) as caught, self.opened() as wire:
                wire.read_words(0, 1, block)
            self.assertEqual(caught.exception.cause, "block")
        for code, told in ((0x0A, "object does not exist"), (0x99, "unknown")):
            self.new_proxy(coded(21, code))
            found = self.assert_fails(self.send, "exception", writing=code == 0x99).detail
            self.assertEqual(found, f"{code:02X} ({told}) at byte 14000 of DB 1 (10 words)")

    def test_answers_without_content(self):
        """In good order, and with nothing in them."""

        def empty(talk):
            talk.forward()
            talk.send(b"\3\0\0\x15\2\xf0\x80\x32\3\0\0" + talk.request[11:13] + b"\0\2\0\0\0\0" + talk.request[17:19])

        for call, writing in ((self.poll, False), (self.send, True)):
            self.new_proxy(empty)
            self.assertEqual(self.assert_fails(call, "reply", writing).detail, NO_ANSWER)

    def test_no_fault_is_later_than_the_first_answer(self):
        for spoil, told in ((fault.silence, "timeout"), (fault.hung_up, "reset")):
            for call, writing in ((self.poll, False), (self.send, True)):
                self.new_proxy(spoil)
                self.assertEqual(self.assert_fails(call, told, writing).cause, "")
        self.new_proxy(fault.half)
        self.assertEqual(self.assert_fails(self.poll, "reply").detail, NO_ANSWER)

    def test_doubled(self):
        """The second is no answer to the next request."""
        self.new_proxy(fault.duplicate, fault.duplicate, fault.duplicate)
        with self.opened() as wire:
            self.assertEqual(wire.read_words(ADDRESS, 10, DB), BEFORE)
            wire.write_words(ADDRESS, AFTER, DB)
            self.assertEqual(wire.read_words(ADDRESS, 10, DB), AFTER)

    def test_a_refusal_of_an_earlier_request(self):
        """The library takes it for one of the last."""

        def spoil(talk):
            earlier = bytearray(talk.request)
            earlier[12] ^= 1
            coded(17, 0x8104)(fault.Talk(talk.client, None, bytes(earlier), None))
            fault.passed_on(talk)

        self.new_proxy(spoil, spoil)
        self.assertEqual(self.poll(), BEFORE)
        self.send()

    def test_later(self):
        for spoil, told in ((fault.silence, "timeout"), (fault.hung_up, "reset")):
            self.new_proxy(fault.passed_on, spoil)
            with self.assertRaises(LinkError) as caught, self.opened(timeout=PATIENCES[0]) as wire:
                wire.read_words(ADDRESS, 10, DB)
                wire.read_words(ADDRESS, 10, DB)
            self.assertEqual((caught.exception.kind, caught.exception.cause), (told, "later"))

    def test_slow_but_in_time(self):
        self.new_proxy(fault.slow(0.001))
        self.assertEqual(self.poll(), BEFORE)


# Snap7's server, with data block 5; it says what is in it in the end
SNAP7_SERVER = """
import ctypes
from snap7.server import Server
from snap7.type import SrvArea
server, block = Server(log=False), (ctypes.c_uint8 * 16000)()
block[14000:14020] = b"".join(number.to_bytes(2, "big") for number in range(1, 11))
server.register_area(SrvArea.DB, 5, block)
server.start_to("127.0.0.1", tcp_port=int(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
print(bytes(block[14000:14020]).hex())
"""
# and its client, which writes two words
SNAP7_CLIENT = """
from snap7.client import Client
client = Client()
client.connect("127.0.0.1", 0, 1, int(sys.argv[1]))
client.db_write(1, 14002, bytearray.fromhex("abcd0007"))
print(client.db_read(1, 14000, 8).hex(), client.get_pdu_length())
"""
# the client of npm's nodes7: it writes two words, and reads what is there then
NODES7_CLIENT = """
const Client = require("nodes7");
const client = new Client({ silent: true });
const end = (...told) => { console.log(JSON.stringify(told)); process.exit(); };
client.initiateConnection({ port: Number(process.argv[1]), host: "127.0.0.1", rack: 0, slot: 1, timeout: 30000 }, (error) => {
    if (error) end(String(error));
    client.setTranslationCB((name) => name);
    client.addItems(["DB1,WORD14000.4"]);
    client.writeItems("DB1,WORD14002.2", [0x2BCD, 7], () => client.readAllItems((bad, found) => end(bad, found)));
});
"""


@tagged("post_install", "-at_install")
class TestOthers(S7Case):
    """Snap7 in C and nodes7, which share no line with the library that we use."""

    def test_our_wire_at_snap7_s_server(self):
        need_snap7(self)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with running_snap7(SNAP7_SERVER, port) as server:
            endpoint = replace(self.endpoint(), port=port)
            with opened(endpoint, "flags") as wire:
                self.assertEqual(wire.read_words(ADDRESS, 10, "DB5"), BEFORE)
                wire.write_words(ADDRESS + 1, [0xABCD, 7], "DB5")
                self.assertEqual(wire.read_words(ADDRESS, 4, "DB5"), (1, 0xABCD, 7, 4))
                self.assertEqual(len(wire.read_words(0, 125, "DB5")), 125)
            for block, address, cause in (("DB6", 0, "block"), ("DB5", 7999, "2"), ("DB5", 7991, "2")):
                for writes in (False, True):
                    with self.assertRaises(LinkError) as caught, opened(endpoint, "flags") as wire:
                        wire.write_words(address, AFTER, block) if writes else wire.read_words(address, 10, block)
                    error = caught.exception
                    self.assertEqual((error.kind, error.cause, error.writing), ("exception", cause, False), (block, address))
            server.stdin.close()
            self.assertEqual(server.stdout.read().strip(), "0001abcd0007000400050006000700080009000a")

    def test_snap7_s_client_at_our_simulator(self):
        need_snap7(self)
        told, complaint = snap7(SNAP7_CLIENT, self.plc.port)
        self.assertEqual(told.split(), ["0001abcd00070004", "240"], complaint)
        self.assertEqual(self.plc.mill.memory[ADDRESS : ADDRESS + 4], [1, 0xABCD, 7, 4])

    def test_nodes7_s_client_at_our_simulator(self):
        need_node(self, "nodes7")
        told, complaint = node(NODES7_CLIENT, self.plc.port)
        self.assertEqual(json.loads(told or "null"), [False, {"DB1,WORD14000.4": [1, 0x2BCD, 7, 4]}], complaint)
        self.assertEqual(self.plc.mill.memory[ADDRESS : ADDRESS + 4], [1, 0x2BCD, 7, 4])


@tagged("post_install", "-at_install")
class TestPeers(S7Case):
    """The library's own server and client at the other ends."""

    def test_our_wire_at_its_server(self):
        from snap7.server import Server
        from snap7.type import SrvArea

        block = bytearray(2 * 8000)
        block[14000:14020] = b"".join(number.to_bytes(2, "big") for number in BEFORE)
        server = Server(log=False)
        server.register_area(SrvArea.DB, 5, block)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server.start_to("127.0.0.1", port)
        self.addCleanup(server.stop)
        with opened(replace(self.endpoint(), port=port), "flags") as wire:
            self.assertEqual(wire.read_words(ADDRESS, 10, "DB5"), BEFORE)
            wire.write_words(ADDRESS, AFTER, "DB5")
            self.assertEqual(wire.read_words(ADDRESS, 10, "DB5"), AFTER)
        for block_name, address, cause in (("DB6", 0, "block"), ("DB5", 7999, "2")):
            with self.assertRaises(LinkError) as caught, opened(replace(self.endpoint(), port=port), "flags") as wire:
                wire.read_words(address, 10, block_name)
            self.assertEqual((caught.exception.kind, caught.exception.cause), ("exception", cause))

    def test_its_client_at_our_simulator(self):
        from snap7.client import Client

        client = Client()
        client.connect("127.0.0.1", 0, 1, self.plc.port)
        self.addCleanup(client.disconnect)
        self.assertEqual(client.db_read(1, 14000, 6), bytearray(b"\0\1\0\2\0\3"))
        client.db_write(1, 14002, bytearray(b"\xab\xcd"))
        self.assertEqual(self.plc.mill.memory[ADDRESS : ADDRESS + 3], [1, 0xABCD, 3])


@tagged("post_install", "-at_install")
class TestAbove(S7Case):
    def in_block(self, layout):
        return replace(layout, areas=tuple(replace(area, registers=DB) for area in layout.areas))

    def test_a_look(self):
        self.put([0] * 10)
        layout = self.in_block(plc_layouts.job_numbers())
        self.assertEqual(S7.strangers(layout), [])
        found = look(self.endpoint(), layout, SURE)
        self.assertEqual((found.error, found.is_complete, found.fits), (None, True, True))

    def test_a_trial(self):
        with Simulator(protocol="s7", scan_time=0.01) as plc:
            endpoint = replace(self.endpoint(), port=plc.port)
            trial = Trial(endpoint, self.in_block(plc_layouts.job_numbers()), (), SURE)
            self.assertTrue(trial.is_simulator())
            tried = trial.show_numbers()
            self.assertEqual((tried.was_stored, tried.is_right), (True, True))


@tagged("post_install", "-at_install")
class TestWithoutTheLibrary(BaseCase):
    def test_it_is_said_how_to_install_it(self):
        """When a PLC needs it, and not before."""
        self.assertIn("s7", KINDS)
        with patch.dict(sys.modules, {"snap7": None, "snap7.connection": None}):
            found = look(Endpoint("127.0.0.1", 1, transport="s7"), plc_layouts.job_numbers(), 1)
        self.assertEqual(found.error.kind, "setup")
        told = "the Python package python-snap7 is not installed: pip install 'python-snap7>=3.3,<4'"
        self.assertEqual(found.error.detail, told)
