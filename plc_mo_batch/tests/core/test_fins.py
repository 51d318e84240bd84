"""The wires that speak FINS, in front of the simulator's, which has its own encoding; and every fault that an answer can have."""

import csv
import json
import socket
import struct
import unittest
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged

from ...plc.address import parse_networks
from ...plc.layout import Area
from ...plc.look import look
from ...plc.trial import Trial
from ...plc.wire import NO_ANSWER, Endpoint, LinkError, Manners
from ...plc.wires import fins, kind_of, opened
from ...plc.wires.fins import BANKS, FINS, FinsWire
from ...simulator import Simulator
from .. import fault_proxy as fault
from .. import plc_layouts
from ..patience import PATIENCES, SILENT, SURE
from ..peers import need_node, node
from ..rude_server import Rests
from ..wire_case import ADDRESS, AFTER, BEFORE, WireCase

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
HEAD = {"fins_udp": 0, "fins_tcp": 16}  # bytes before a frame
KINDS = tuple(HEAD)
NODE = 10  # the simulator's


def receive(sock):
    """One frame of FINS/TCP, or nothing at the end of the connection."""
    head = sock.recv(16, socket.MSG_WAITALL)
    if len(head) < 16:
        return b""
    rest = int.from_bytes(head[4:8], "big") - 8
    return head + sock.recv(rest, socket.MSG_WAITALL)


def is_opening(frame):
    """It asks for a node, and carries nothing."""
    return frame[8:12] == b"\0\0\0\0"


def inside(kind, change):
    """A fault: the answer's frame is changed, and what is around it fits."""

    def spoil(talk):
        answer = talk.forward()
        told(kind, talk, change(answer[HEAD[kind] :]))

    return spoil


def told(kind, talk, frame):
    """Send a frame to the client."""
    around = b"FINS" + struct.pack(">III", len(frame) + 8, 2, 0) if HEAD[kind] else b""
    talk.send(around + frame)


def flipped(place, bit=0x01):
    return lambda frame: frame[:place] + bytes([frame[place] ^ bit]) + frame[place + 1 :]


def ended(code, data=b""):
    """A fault: the PLC does nothing, and says why."""

    def of_kind(kind):
        def spoil(talk):
            asked = talk.request[HEAD[kind] :]
            head = b"\xc0\0\2" + asked[6:9] + bytes([0, 10, 0]) + asked[9:12]
            told(kind, talk, head + code.to_bytes(2, "big") + data)

        return spoil

    return of_kind


def command(number):
    return lambda frame: frame[:10] + number.to_bytes(2, "big") + frame[12:]


# what is wrong with a frame that is not the answer: it is passed over, and nothing else comes -> cause
NO_ANSWERS = {
    "a command": (flipped(0, 0x40), ""),
    "to another network": (flipped(3), ""),
    "to another node": (flipped(4), ""),
    "to another unit": (flipped(5), ""),
    "from another network": (flipped(6), "node"),
    "from another node": (flipped(7), "node"),
    "from another unit": (flipped(8), "node"),
    "another service": (flipped(9), "transaction"),
    "another command": (command(0x0104), ""),
    "another command's last byte": (flipped(11, 0x04), ""),
    "another command's first byte": (flipped(10), ""),
    "a word more": (lambda frame: frame + b"\0\7", ""),
    "a byte more": (lambda frame: frame + b"\7", ""),
    "no end code": (lambda frame: frame[:12], ""),
    "half an end code": (lambda frame: frame[:13], ""),
    "nothing": (lambda frame: frame[:1], ""),
}
READ_NO_ANSWERS = {
    "a word less": (lambda frame: frame[:-2], ""),
    "a byte less": (lambda frame: frame[:-1], ""),
    "no words": (lambda frame: frame[:14], ""),
}
# beside those of the table (wire_faults): fault -> kind; whether the request had reached the PLC
TCP_FAULTS = {
    "another magic": (fault.flipped(0), "reply", True),
    "an error of FINS/TCP": (fault.flipped(15), "reply", True),
    "another command of FINS/TCP": (fault.flipped(11), "reply", True),
    "no length": (fault.flipped(7, 0xFF), "reply", True),
    "a length beyond all": (fault.flipped(5), "reply", True),
}
# end code -> cause, whether a write's fate is unknown
END_CODES = {
    0x0001: ("", True), 0x0101: ("node", True), 0x0103: ("node", True), 0x0201: ("node", True), 0x0205: ("node", True),
    0x0302: ("", True), 0x0401: ("1", False), 0x0501: ("route", True), 0x1001: ("3", False), 0x1003: ("", False),
    0x1101: ("memory", False), 0x1103: ("2", False), 0x1104: ("2", False), 0x110B: ("3", False), 0x2002: ("", True),
    0x2101: ("protected", False), 0x2102: ("protected", False), 0x2203: ("mode", False), 0x2502: ("", True),
    0x2604: ("", True), 0x3001: ("protected", False), 0x4001: ("", True), 0x7F01: ("", True),
    0x8000: ("route", True), 0x8201: ("route", True), 0x9103: ("route", True),
}  # fmt: skip
BUSY = (0x0204, 0x2605)


class FinsCase(WireCase):
    protocol, transport, registers = "fins", "fins_udp", "D"

    def make_proxy(self):
        is_udp = self.transport == "fins_udp"
        return fault.UdpFaultProxy(self.plc.port) if is_udp else fault.FaultProxy(self.plc.port, receive, is_opening)

    def over(self, transport, *faults):
        """The same over that one, with a new proxy."""
        self.transport = transport
        self.new_proxy(*faults)

    def endpoint(self, timeout=SURE, node=NODE, **values):
        return super().endpoint(timeout, node=node, **values)


@tagged("post_install", "-at_install")
class TestFins(FinsCase):
    def test_read_and_write(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.put(BEFORE)
                self.over(kind)
                with self.opened() as wire:
                    self.assertEqual(wire.read_words(ADDRESS, 10, "D"), BEFORE)
                    wire.write_words(ADDRESS, AFTER, "D")
                    wire.write_words(ADDRESS + 9, [0xFFFF], "D")
                    self.assertEqual(wire.read_words(ADDRESS, 10, "D"), (*AFTER[:9], 0xFFFF))
                    self.assertEqual(len(wire.read_words(0, 125, "D")), 125)
                    self.assertEqual(wire.requests, 5)
                self.assertEqual(len(self.proxy.requests), 5)

    def test_the_bytes(self):
        """Those of the manual's example of 0101, and of 0102."""
        self.over("fins_udp")
        with patch.object(fins.random, "randrange", return_value=0x18), self.opened(own_node=33) as wire:
            wire.read_words(ADDRESS, 10, "D")
            wire.write_words(0x1234, [0xABCD, 1], "D")
        read, write = self.proxy.requests
        self.assertEqual(read.hex(" "), "80 00 02 00 0a 00 00 21 00 19 01 01 82 1b 58 00 00 0a")
        self.assertEqual(write.hex(" "), "80 00 02 00 0a 00 00 21 00 1a 01 02 82 12 34 00 00 02 ab cd 00 01")

    def test_the_bytes_of_fins_tcp(self):
        """The nodes are those that the PLC gave."""
        self.over("fins_tcp")
        with patch.object(fins.random, "randrange", return_value=0xFF), self.opened() as wire:
            wire.read_words(ADDRESS, 10, "D")
        node = self.plc.front._next_client - 1
        around = "46 49 4e 53 00 00 00 1a 00 00 00 02 00 00 00 00 "
        self.assertEqual(
            self.proxy.requests[0].hex(" "), f"{around}80 00 02 00 0a 00 00 {node:02x} 00 00 01 01 82 1b 58 00 00 0a"
        )

    def test_memories(self):
        """Each is its own; the numbers are Omron's."""
        self.over("fins_tcp")
        codes = {"W": 0xB1, "H": 0xB2, "CIO": 0xB0, "E0": 0xA0, "E15": 0xAF, "E16": 0x60, "E24": 0x68}
        with self.opened() as wire:
            for number, name in enumerate(codes):
                wire.write_words(5, [number + 1], name)
            for number, name in enumerate(codes):
                self.assertEqual(wire.read_words(5, 1, name), (number + 1,))
        self.assertEqual([request[28] for request in self.proxy.requests[:7]], list(codes.values()))
        self.assertEqual(len(set(BANKS)), 25)

    def test_memories_that_it_does_not_have(self):
        """Nothing is sent then, and nothing is written elsewhere."""
        for kind in KINDS:
            self.over(kind)
            for name in ("holding", "input", "X", "", "E", "E25", "D1", "DB1"):
                with self.subTest(name), self.opened() as wire:
                    for call in (lambda: wire.read_words(0, 1, name), lambda: wire.write_words(0, [1], name)):  # noqa: B023
                        with self.assertRaises(LinkError) as caught:
                            call()
                        self.assertEqual((caught.exception.kind, caught.exception.writing), ("setup", False))
            self.assertEqual(self.proxy.requests, [])
        with self.assertRaises(LinkError) as caught, self.opened() as wire:
            wire.read_words(0, 1, "E25")
        self.assertEqual(caught.exception.detail, "E has the banks 0 to 24")

    def test_impossible_requests_are_not_sent(self):
        self.over("fins_udp")
        with self.opened() as wire:
            for address, count in ((0, 0), (0, 126), (-1, 1), (65535, 2), (70000, 1)):
                with self.assertRaises(ValueError):
                    wire.read_words(address, count, "D")
            for address, words in ((0, []), (0, [0] * 124), (-1, [0]), (65535, [0, 0]), (0, [65536]), (0, [-1])):
                with self.assertRaises(ValueError):
                    wire.write_words(address, words, "D")
            with self.assertRaisesRegex(ValueError, "^126 words at 5 cannot be read or written in one request$"):
                wire.read_words(5, 126, "D")
            with self.assertRaisesRegex(ValueError, "^a word at or after 5 is not between 0 and 65535$"):
                wire.write_words(5, [65536], "D")
            self.assertEqual(wire.requests, 0)
            wire.write_words(65535, [7], "D")
            self.assertEqual(wire.read_words(65534, 2, "D"), (0, 7))
            self.assertEqual(len(wire.read_words(0, 125, "D")), 125)
            wire.write_words(1000, [0] * 123, "D")
        self.assertEqual(len(self.proxy.requests), 4)

    def test_it_never_connects_by_itself(self):
        for kind in KINDS:
            self.over(kind)
            wire = FinsWire(self.endpoint(), 1)
            self.assert_no_connection(wire)
            wire.open()
            wire.close()
            wire.close()
            self.assert_no_connection(wire)
            self.over(kind, ended(0x0302)(kind))
            with self.opened() as wire:
                with self.assertRaises(LinkError):
                    wire.read_words(ADDRESS, 10, "D")
                self.assert_no_connection(wire)
            self.assertEqual(len(self.proxy.requests), 1)
            self.over(kind, fault.lost)
            with self.opened(timeout=SILENT) as wire:
                with self.assertRaises(LinkError):
                    wire.read_words(ADDRESS, 10, "D")
                self.assert_no_connection(wire)

    def test_service_ids_begin_anywhere(self):
        self.over("fins_udp")
        for _client in range(12):
            self.poll()
        self.assertGreater(len({request[9] for request in self.proxy.requests}), 2)

    def test_a_service_id_is_used_once_on_a_socket(self):
        self.over("fins_udp")
        with self.opened() as wire:
            for _request in range(2 * 256 + 1):
                wire.read_words(ADDRESS, 1, "D")
        used = [request[9] for request in self.proxy.requests]
        self.assertEqual([len(set(used[at : at + 256])) for at in (0, 256)], [256, 256])
        self.assertEqual(len(self.proxy.senders), 3)
        self.over("fins_udp")
        with self.opened() as wire:
            for _request in range(256):
                wire.read_words(ADDRESS, 1, "D")
        self.assertEqual(len(self.proxy.senders), 1)

    def test_a_new_socket_after_doubt(self):
        """A datagram that comes late comes to nobody."""
        stale = []
        self.over("fins_udp", lambda talk: stale.append((talk, talk.forward())))
        self.assert_fails(self.poll, "timeout")
        self.put(AFTER)
        [(talk, answer)] = stale
        self.proxy.faults.append(lambda now: (talk.send(answer), now.send(answer), fault.passed_on(now)))
        self.assertEqual(self.poll(), AFTER)
        self.assertEqual(len(self.proxy.senders), 2)

    def test_the_cpu_has_an_error_and_answers(self):
        """What the second byte of the end code says of it beside: a battery is low, or it has stopped."""
        for kind in KINDS:
            for flag in (0x40, 0x80, 0xC0):
                self.over(kind, inside(kind, flipped(13, flag)), inside(kind, flipped(13, flag)))
                self.assertEqual(self.poll(), BEFORE)
                self.send()
                self.put(BEFORE)

    def test_the_node_that_answers_first_is_asked_on(self):
        """Where the address alone says which PLC it is."""
        self.over("fins_udp", fault.passed_on, inside("fins_udp", flipped(7)))
        with self.assertRaises(LinkError) as caught, self.opened(timeout=PATIENCES[0], node=0) as wire:
            self.assertEqual(wire.read_words(ADDRESS, 10, "D"), BEFORE)
            wire.read_words(ADDRESS, 10, "D")
        self.assertEqual((caught.exception.kind, caught.exception.cause), ("reply", "node"))
        self.assertEqual(caught.exception.detail, "node 10 was asked, and node 11 answered")
        self.over("fins_udp", inside("fins_udp", flipped(7)))
        self.assertEqual(self.poll(node=0), BEFORE)

    def test_busy_is_asked_again(self):
        for kind in KINDS:
            for code in BUSY:
                with self.subTest(kind, code=code), patch.object(fins, "time", Rests()) as rests:
                    self.over(kind, *[ended(code)(kind)] * 5)
                    self.assertEqual(self.poll(), BEFORE)
                    self.assertEqual(len(self.proxy.requests), 6)
                    self.assertAlmostEqual(rests.now, 0.05 * 31)
                    self.over(kind, *[ended(code)(kind)] * 6)
                    with self.assertRaises(LinkError) as caught:
                        self.poll()
                    self.assertEqual((caught.exception.is_busy, len(self.proxy.requests)), (True, 6))

    def test_a_write_is_sent_once_though_it_is_busy(self):
        for kind in KINDS:
            for code in BUSY:
                self.over(kind, ended(code)(kind))
                error = self.assert_fails(self.send, "exception", writing=True)
                self.assertTrue(error.is_busy)

    def test_manners(self):
        for kind in KINDS:
            with patch.object(fins, "time", Rests()) as rests:
                self.over(kind)
                with self.opened(manners=Manners(0.5, 0.2)) as wire:
                    for _request in range(3):
                        wire.read_words(ADDRESS, 1, "D")
                self.assertAlmostEqual(rests.now, 0.9)
            self.over(kind)
            with self.opened(manners=Manners(connect_each=True)) as wire:
                for _request in range(3):
                    self.assertEqual(wire.read_words(ADDRESS, 10, "D"), BEFORE)
            self.assertEqual(self.proxy.connections, 3)


@tagged("post_install", "-at_install")
class TestConnecting(FinsCase):
    def assert_unreachable(self, kind, told, host="127.0.0.1", **values):
        with self.assertRaises(LinkError) as caught:
            self.transport = kind
            FinsWire(replace(self.endpoint(), host=host, **values), 1).open()
        self.assertRegex(str(caught.exception), told)
        self.assertFalse(caught.exception.writing)
        return caught.exception

    def test_how_it_connects(self):
        """Over TCP: to host and port alone, with the PLC's timeout, whatever else is known of an address of IPv6."""
        for address in (("192.0.2.7", 9600), ("2001:db8::7", 9600, 0, 3)):
            with (
                patch.object(fins, "resolve", return_value=[address]),
                patch.object(fins.socket, "create_connection", side_effect=ConnectionRefusedError) as connect,
            ):
                self.assertEqual(self.assert_unreachable("fins_tcp", "connect", timeout=7.5).cause, "refused")
            connect.assert_called_once_with(address[:2], 7.5)

    def test_over_tcp_the_plc_says_its_node(self):
        """What was entered for UDP does not count."""
        self.over("fins_tcp")
        self.assertEqual(self.poll(node=99), BEFORE)

    def test_the_node_of_a_scoped_address(self):
        """Its last number, whichever interface it is on."""
        for own in ("192.0.2.77", "2001:db8::4d", "fe80::4d%eth0"):
            with patch.object(fins.socket, "socket") as made:
                made.return_value.getsockname.return_value = (own, 50000)
                self.assertEqual(fins._UdpChannel(("192.0.2.7", 9600), self.endpoint()).own_node, 77)

    def test_an_address_that_gives_no_node(self):
        for own, number in (("192.0.2.0", 0), ("192.0.2.255", 255), ("fe80::ff", 255)):
            with patch.object(fins.socket, "socket") as made, self.assertRaises(LinkError) as caught:
                made.return_value.getsockname.return_value = (own, 50000)
                fins._UdpChannel(("192.0.2.7", 9600), self.endpoint())
            self.assertEqual(
                (caught.exception.kind, caught.exception.detail),
                ("setup", f"the address of Odoo ends in {number}: enter its own node"),
            )
            made.return_value.close.assert_called_once_with()

    def test_addresses_of_odoo_s_own(self):
        """They are refused before anything is sent, as a name that leads to them is."""
        for kind in KINDS:
            self.over(kind)
            for host in ("127.0.0.1", "localhost", "2130706433"):
                error = self.assert_unreachable(kind, "an address of Odoo's own machine", host, allowed=())
                self.assertEqual(error.kind, "address")
            self.assertEqual(self.proxy.requests, [])
            with self.opened(allowed=parse_networks("127.0.0.0/8")) as wire:
                self.assertEqual(wire.read_words(ADDRESS, 10, "D"), BEFORE)

    def test_not_an_address(self):
        for kind in KINDS:
            self.over(kind)
            for host in ("mill..example", "x" * 64, "300.1.1.1.invalid"):
                self.assert_unreachable(kind, "connect: .", host)

    def test_a_name_without_an_address(self):
        self.over("fins_udp")
        with patch("socket.getaddrinfo", return_value=[]):
            self.assert_unreachable("fins_udp", "^connect: the host name has no address$")

    def test_the_second_address_of_a_name(self):
        self.over("fins_tcp")
        there = ("127.0.0.1", self.proxy.port)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            gone = closed.getsockname()
        with patch.object(fins, "resolve", return_value=[gone, there]), self.opened() as wire:
            self.assertEqual(wire.read_words(ADDRESS, 10, "D"), BEFORE)
        with patch.object(fins, "resolve", return_value=[gone, gone]):
            self.assertEqual(self.assert_unreachable("fins_tcp", "refused").cause, "refused")

    def test_nobody_has_the_port(self):
        """Over UDP it is known only once something was sent, and then nobody knows of what."""
        for kind in KINDS:
            self.over(kind)
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "fins_tcp" else socket.SOCK_DGRAM) as closed:
                closed.bind(("127.0.0.1", 0))
                port = closed.getsockname()[1]
            endpoint = replace(self.endpoint(), port=port)
            for write in (False, True):
                with self.assertRaises(LinkError) as caught, opened(endpoint, "job_numbers") as wire:
                    wire.write_words(0, [1], "D") if write else wire.read_words(0, 1, "D")
                error = caught.exception
                self.assertEqual((error.kind, error.cause), ("connect", "refused"))
                self.assertEqual(error.writing, write and kind == "fins_udp")

    def test_odoo_s_own_node(self):
        """The last number of its address, if that can be a node."""
        self.over("fins_udp")
        self.poll()
        self.poll(own_node=77)
        self.assertEqual([request[7] for request in self.proxy.requests], [1, 77])
        for address in ("10.0.0.0", "10.0.1.255"):
            with patch.object(fins.socket, "socket") as sockets, patch.object(fins, "resolve", return_value=[("10.0.9.9", 9600)]):
                sockets.return_value.getsockname.return_value = (address, 5)
                error = self.assert_unreachable("fins_udp", "enter its own node")
                self.assertEqual(error.kind, "setup")
                sockets.return_value.close.assert_called_once_with()
                FinsWire(self.endpoint(own_node=9), 1).open()

    def test_ipv6(self):
        try:
            listener = self.enterContext(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
            listener.bind(("::1", 0))
        except OSError:
            self.skipTest("this machine has no IPv6")
        self.over("fins_udp")
        endpoint = replace(self.endpoint(timeout=SILENT), host="::1", port=listener.getsockname()[1])
        with self.assertRaises(LinkError) as caught, opened(endpoint, "job_numbers") as wire:
            wire.read_words(0, 1, "D")
        self.assertEqual(caught.exception.kind, "timeout")
        self.assertEqual(listener.recv(100)[7], 1)


@tagged("post_install", "-at_install")
class TestHandshake(FinsCase):
    """What a PLC says when a connection of FINS/TCP begins."""

    def answered(self, answer, timeout=SURE):
        """What comes of connecting to a PLC that answers so, and hangs up if that is nothing."""
        self.transport = "fins_tcp"
        asked = []

        def spoil(talk):
            asked.append(talk.request)
            if answer is None:
                return
            talk.send(answer)
            talk.client.shutdown(socket.SHUT_WR)

        self.proxy = self.enterContext(fault.FaultProxy(self.plc.port, receive))
        self.proxy.faults.append(spoil)
        with self.assertRaises(LinkError) as caught:
            FinsWire(self.endpoint(timeout), 1).open()
        if timeout == SURE:
            self.assertEqual(asked, [b"FINS" + struct.pack(">IIII", 12, 0, 0, 0)], "it asks for a node of its own")
        self.assertTrue(self.proxy.wait_until_closed())
        return caught.exception

    def says(self, *numbers, magic=b"FINS"):
        return magic + struct.pack(f">{len(numbers)}I", *numbers)

    def test_refusals(self):
        for error, told in ((0x20, "in use"), (0x21, "connected already"), (0x22, "IP address"), (0x23, "range"),
                            (0x24, "the same node"), (0x25, "nodes are in use"), (0x99, "error 153")):  # fmt: skip
            found = self.answered(self.says(16, 1, error, 0, 0))
            self.assertEqual((found.kind, found.cause), ("connect", "nodes"))
            self.assertIn(told, found.detail)

    def test_what_is_none(self):
        for answer in (
            self.says(16, 1, 0, 239, 10, magic=b"HTTP"),
            self.says(16, 2, 0, 239, 10),  # another command
            self.says(12, 1, 0, 239),  # without the PLC's node
            self.says(20, 1, 0, 239, 10, 0),
            self.says(16, 1, 0, 0, 10),  # nobody's node
            self.says(16, 1, 0, 239, 0),
            self.says(16, 1, 0, 255, 10),
            self.says(16, 1, 0, 239, 255),
            self.says(7, 1, 0),
            self.says(2021, 1, 0, 239, 10),
        ):
            with self.subTest(answer.hex()):
                found = self.answered(answer)
                self.assertEqual(str(found), "reply: it is not FINS/TCP")

    def test_it_hangs_up(self):
        self.assertEqual(self.answered(b"").kind, "reset")
        self.assertEqual(self.answered(self.says(16, 1, 0, 239)).kind, "reset")

    def test_silence(self):
        self.assertEqual(self.answered(None, SILENT).kind, "timeout")


@tagged("post_install", "-at_install")
class TestFaults(FinsCase):
    """As those of Modbus: nothing wrong is believed, no write is sent twice."""

    def table(self, kind):
        found = dict(TCP_FAULTS) if kind == "fins_tcp" else {}
        found |= {name: (inside(kind, change), "reply", True) for name, (change, _cause) in NO_ANSWERS.items()}
        return found

    def test_reading(self):
        for kind in KINDS:
            faults = {name: row[:2] for name, row in self.table(kind).items()}
            faults |= {name: (inside(kind, change), "reply") for name, (change, _cause) in READ_NO_ANSWERS.items()}
            for name, (spoil, expected) in faults.items():
                with self.subTest(name, wire=kind):
                    self.over(kind, spoil)
                    self.assert_fails(self.poll, expected)
                    self.assertEqual(self.poll(), BEFORE)

    def test_writing(self):
        """The fate of a write that began is unknown: it is sent once, and the next read tells."""
        for kind in KINDS:
            for name, (spoil, expected, applied) in self.table(kind).items():
                with self.subTest(name, wire=kind):
                    self.put(BEFORE)
                    self.over(kind, spoil)
                    self.assert_fails(self.send, expected, writing=True)
                    self.assertEqual(self.poll(), AFTER if applied else BEFORE)

    def test_what_is_told_of_no_answers(self):
        for spoil in (fault.half, fault.garbage):
            self.over("fins_tcp", spoil)
            self.assertEqual(self.assert_fails(self.poll, "reply").detail, NO_ANSWER)
        self.over("fins_udp", inside("fins_udp", command(0x0104)))
        error = self.assert_fails(self.poll, "reply")
        self.assertEqual((error.detail, error.ids), (NO_ANSWER, ""))
        self.over("fins_udp")
        self.proxy.refuse()
        with self.assertRaises(LinkError) as caught:
            self.poll()
        self.assertRegex(caught.exception.detail, "refused")

    def test_the_longest_and_the_shortest_frame(self):
        """FINS/TCP says how long what it carries is: from nothing to the longest frame of FINS, which are passed over here."""
        for size, is_frame in ((0, True), (1, True), (fins.FRAME, True), (fins.FRAME + 1, False), (-1, False)):

            def spoil(talk, size=size):
                answer = talk.forward()
                talk.send(b"FINS" + struct.pack(">III", size + 8, 2, 0) + bytes(max(0, size)) + answer)

            with self.subTest(size):
                self.over("fins_tcp", spoil)
                if is_frame:
                    self.assertEqual(self.poll(), BEFORE)
                else:
                    self.assertEqual(self.assert_fails(self.poll, "reply").detail, NO_ANSWER)

    def test_what_is_passed_over_keeps_nothing_from_coming(self):
        """The answer is taken, whatever comes before it."""
        for kind in KINDS:
            for name, (change, _cause) in {**NO_ANSWERS, **READ_NO_ANSWERS}.items():
                with self.subTest(name, wire=kind):

                    def spoil(talk, change=change, kind=kind):
                        answer = talk.forward()
                        told(kind, talk, change(answer[HEAD[kind] :]))
                        talk.send(answer)

                    self.put(BEFORE)
                    self.over(kind, spoil, spoil)
                    with self.opened() as wire:
                        self.assertEqual(wire.read_words(ADDRESS, 10, "D"), BEFORE)
                        if name in NO_ANSWERS:
                            wire.write_words(ADDRESS, AFTER, "D")
                            self.assertEqual(wire.read_words(ADDRESS, 10, "D"), AFTER)

    def test_doubled(self):
        """The second is no answer to the next request."""
        for kind in KINDS:
            self.put(BEFORE)
            self.over(kind, fault.duplicate, fault.duplicate, fault.duplicate)
            with self.opened() as wire:
                self.assertEqual(wire.read_words(ADDRESS, 10, "D"), BEFORE)
                wire.write_words(ADDRESS, AFTER, "D")
                self.assertEqual(wire.read_words(ADDRESS, 10, "D"), AFTER)
                wire.write_words(ADDRESS, BEFORE, "D")

    def test_causes(self):
        for name, (change, cause) in {**NO_ANSWERS, **READ_NO_ANSWERS}.items():
            with self.subTest(name):
                self.over("fins_udp", inside("fins_udp", change))
                self.assertEqual(self.assert_fails(self.poll, "reply").cause, cause)

    def test_later(self):
        """After an answer on the same connection: something else is to be done about it."""
        for spoil, kind, told in ((fault.silence, "fins_udp", "timeout"), (fault.hung_up, "fins_tcp", "reset")):
            self.over(kind, fault.passed_on, spoil)
            with self.assertRaises(LinkError) as caught, self.opened(timeout=PATIENCES[0]) as wire:
                wire.read_words(ADDRESS, 10, "D")
                wire.read_words(ADDRESS, 10, "D")
            self.assertEqual((caught.exception.kind, caught.exception.cause), (told, "later"))

    def test_end_codes(self):
        for kind in KINDS:
            for code, (cause, doubtful) in END_CODES.items():
                with self.subTest(f"{code:04X}", wire=kind):
                    self.over(kind, ended(code)(kind))
                    error = self.assert_fails(self.poll, "exception")
                    self.assertEqual((error.cause, error.address, error.to_write), (cause, ADDRESS, False))
                    self.over(kind, ended(code)(kind))
                    error = self.assert_fails(self.send, "exception", writing=doubtful)
                    self.assertEqual((error.cause, error.to_write), (cause, True))

    def test_what_is_told(self):
        for code, sentence in (
            (0x1103, "1103 (address out of range) at address 7000 (command 0101, 10 words)"),
            (0x1106, "1106 (parameter) at address 7000 (command 0101, 10 words)"),
            (0x9103, "9103 (parameter) at address 7000 (command 0101, 10 words)"),
            (0x7F00, "7F00 (unknown) at address 7000 (command 0101, 10 words)"),
        ):
            self.over("fins_tcp", ended(code)("fins_tcp"))
            self.assertEqual(self.assert_fails(self.poll, "exception").detail, sentence)
        self.over("fins_tcp", ended(0x2102)("fins_tcp"))
        told = "2102 (write protected) at address 7000 (command 0102, 10 words)"
        self.assertEqual(self.assert_fails(self.send, "exception").detail, told)

    def test_the_reason_does_not_change_from_poll_to_poll(self):
        """It is journalled when it changes: service ids have no place in it."""
        for name in ("another service", "to another node", "a word more"):
            details = set()
            for _poll in range(2):
                self.over("fins_udp", inside("fins_udp", NO_ANSWERS[name][0]))
                details.add(self.assert_fails(self.poll, "reply").detail)
            self.assertEqual(len(details), 1, details)
        self.over("fins_udp", inside("fins_udp", flipped(9)))
        with patch.object(fins.random, "randrange", return_value=0x18):
            error = self.assert_fails(self.poll, "reply")
        self.assertEqual(error.detail, "it has the service id of another request")
        self.assertEqual(error.ids, "asked with service id 25, answered with 24")

    def test_slow_but_in_time(self):
        self.over("fins_tcp", fault.slow(0.001))
        self.assertEqual(self.poll(), BEFORE)


@tagged("post_install", "-at_install")
class TestRouted(FinsCase):
    """A PLC behind a gateway: the simulator in another network, behind a node of another number."""

    def setUp(self):
        super().setUp()
        for name, value in {"network": 3, "unit": 0x10, "gateway": 77}.items():
            self.enterContext(patch.object(self.plc.front, name, value))

    def test_read_and_write(self):
        for kind in KINDS:
            for own_network in (0, 2):
                with self.subTest(kind, own_network=own_network):
                    self.put(BEFORE)
                    self.over(kind)
                    route = {"network": 3, "unit": 0x10, "own_network": own_network}
                    self.assertEqual(self.poll(**route), BEFORE)
                    self.send(**route)
                    self.assertEqual(self.poll(**route), AFTER)
                    frame = self.proxy.requests[0][HEAD[kind] :]
                    self.assertEqual((frame[3:6], frame[6]), (bytes((3, NODE, 0x10)), own_network))

    def test_a_wrong_way(self):
        """Nothing is written anywhere, and the end code tells."""
        for kind in KINDS:
            for route, told in (
                ({"network": 2, "unit": 0x10}, "0501 (not in the routing tables) at address 7000 (command 0101, 10 words)"),
                ({"network": 3, "unit": 0}, "0202 (no such unit) at address 7000 (command 0101, 10 words)"),
            ):
                self.over(kind)
                with self.assertRaises(LinkError) as caught:
                    self.poll(**route)
                self.assertEqual((caught.exception.kind, caught.exception.detail), ("exception", told))
                with self.assertRaises(LinkError):
                    self.send(**route)
                self.assertEqual(self.plc.mill.memory[ADDRESS : ADDRESS + 10], list(BEFORE))

    def test_a_node_that_is_not_there(self):
        for kind in KINDS:
            self.over(kind)
            endpoint = replace(self.endpoint(network=3, unit=0x10, node=NODE + 1), port=self.plc.port)
            with self.assertRaises(LinkError) as caught, opened(endpoint, "job_numbers") as wire:
                self.hurry(wire, SILENT)
                wire.read_words(ADDRESS, 10, "D")
            self.assertEqual(caught.exception.kind, "timeout")

    def test_who_relays_says_where(self):
        for data, told in ((b"\2\x05", ", says node 5 of network 2"), (b"", ""), (b"\2", "")):
            self.over("fins_udp", ended(0x8501, data)("fins_udp"))
            error = self.assert_fails(self.poll, "exception")
            self.assertEqual(error.cause, "route")
            self.assertEqual(error.detail, f"8501 (routing) at address 7000 (command 0101, 10 words){told}")
        self.over("fins_udp", ended(0x0501, b"\2\x05")("fins_udp"))  # nobody relays
        told = "0501 (not in the routing tables) at address 7000 (command 0101, 10 words)"
        self.assertEqual(self.assert_fails(self.poll, "exception").detail, told)

    def test_answers_from_elsewhere(self):
        """They are passed over."""
        for kind in KINDS:
            for place, told in ((6, "2.10.16"), (7, "3.11.16"), (8, "3.10.17")):
                self.over(kind, inside(kind, flipped(place)))
                with self.assertRaises(LinkError) as caught:
                    self.poll(timeout=PATIENCES[0], network=3, unit=0x10)
                self.assertEqual(caught.exception.detail, f"node 3.10.16 was asked, and node {told} answered")

    def test_places(self):
        """As Omron writes them; a PLC that is not behind a gateway has a node, and nothing else."""
        for place, told in ((b"\0\x0a\0", "10"), (b"\3\x0a\0", "3.10.0"), (b"\0\x0a\x10", "0.10.16"), (b"\3\x0a\x10", "3.10.16")):
            self.assertEqual(fins._place(place), told)

    def test_the_network_of_odoo(self):
        """If nobody says what it is, the gateway may enter one; else it has to be that."""
        for own_network, is_taken in ((0, True), (2, False)):
            self.over("fins_udp", inside("fins_udp", flipped(3, 0x04)))
            route = {"network": 3, "unit": 0x10, "own_network": own_network, "timeout": PATIENCES[0]}
            if is_taken:
                self.assertEqual(self.poll(**route), BEFORE)
                continue
            with self.assertRaises(LinkError) as caught:
                self.poll(**route)
            self.assertEqual((caught.exception.kind, caught.exception.detail), ("reply", NO_ANSWER))


@unittest.skipUnless(DATA.is_dir(), "the captures are not part of the project: ../shared/data is missing")
@tagged("post_install", "-at_install")
class TestCaptures(FinsCase):
    """Slots of a real mill's PLC, which speaks FINS."""

    def captured(self, kind):
        with (DATA / "plc_captures.csv").open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == kind]
        return [tuple(int(word) for word in row["words_0_to_76"].split()) for row in rows]

    def answers(self, words, number=0x0101):
        """What comes of a frame with these words, as an answer to that command, before the genuine one; or instead of it."""
        for kind in KINDS:
            for alone in (False, True):

                def spoil(talk, kind=kind, alone=alone):
                    frame = talk.forward()[HEAD[kind] :]
                    data = struct.pack(f">{len(words)}H", *words)
                    told(kind, talk, frame[:10] + number.to_bytes(2, "big") + frame[12:14] + data)
                    if not alone:
                        told(kind, talk, frame)

                self.over(kind, spoil)
                with self.opened(timeout=PATIENCES[0]) as wire:
                    yield alone, wire

    def test_genuine_slots_are_read(self):
        for words in self.captured("genuine"):
            for _alone, wire in self.answers(words):
                self.assertEqual(wire.read_words(6000, 77, "D"), words)

    def test_the_foreign_frame_is_dropped(self):
        """It was the answer to another client's 0104, which names the memory before each word: 82 00 06, 82 …"""
        [words] = self.captured("foreign")
        self.assertEqual({word >> 8 for word in words[::3]}, {0x82})
        self.plc.mill.memory[6000:6077] = range(77)
        for alone, wire in self.answers(words, 0x0104):
            if not alone:
                self.assertEqual(wire.read_words(6000, 77, "D"), tuple(range(77)))
                continue
            with self.assertRaises(LinkError) as caught:
                wire.read_words(6000, 77, "D")
            self.assertIn(caught.exception.kind, ("reply", "timeout"))


# another's client, as its authors show it: it writes two words, and reads what is there then
CLIENT = """
const { FinsClient } = require("omron-fins");
const [protocol, port, timeout] = [process.argv[1], Number(process.argv[2]), 1000 * Number(process.argv[3])];
const nodes = protocol === "udp" ? { SA1: 33, DA1: 10 } : {};
const client = FinsClient(port, "127.0.0.1", { protocol, timeout, MODE: "CS", ...nodes });
const end = (...told) => { console.log(JSON.stringify(told)); process.exit(); };
const values = (message) => message && message.response && message.response.values;
client.on("error", (error) => end(String(error)));
client.on("timeout", () => end("timeout"));
client.on("open", () => setImmediate(() =>
    client.write("D7001", [0x2BCD, 7], () => client.read("D7000", 4, (_error, here) => client.read("E0_5", 1, (_other, there) =>
        client.read("E10_6", 1, (_last, beyond) => end(values(here), values(there), values(beyond))))))));
"""


@tagged("post_install", "-at_install")
class TestPeer(FinsCase):
    """The simulator's encoding, and so ours, is what others speak."""

    def test_a_client_of_others(self):
        need_node(self, "omron-fins")
        self.plc.front.others[0xA0][5], self.plc.front.others[0x60][6] = 99, 98
        for protocol in ("udp", "tcp"):
            self.put(BEFORE)
            told, complaint = node(CLIENT, protocol, self.plc.port, SURE)
            self.assertEqual(json.loads(told or "null"), [[1, 0x2BCD, 7, 4], [99], [98]], complaint)
            self.assertEqual(self.plc.mill.memory[ADDRESS : ADDRESS + 4], [1, 0x2BCD, 7, 4])


def in_memory(layout, registers="D"):
    """The layout with all areas there."""
    return replace(layout, areas=tuple(replace(area, registers=registers) for area in layout.areas))


@tagged("post_install", "-at_install")
class TestAbove(FinsCase):
    """What stands above the wire."""

    def test_which_handshakes_are_theirs(self):
        """A doubled datagram that comes late would be a second "new recipe": over UDP there are no flags, and nothing is sent."""
        self.over("fins_udp")
        flags, jobs = in_memory(plc_layouts.flags()), in_memory(plc_layouts.job_numbers())
        with self.assertRaises(LinkError) as caught, opened(self.endpoint(), "flags"):
            pass
        self.assertEqual((caught.exception.kind, self.proxy.requests), ("setup", []))
        udp, tcp = (kind_of(Endpoint(transport=kind)) for kind in KINDS)
        self.assertEqual([len(kind.misfits(layout)) for kind in (udp, tcp) for layout in (jobs, flags)], [0, 1, 0, 0])
        self.assertIn("FINS over UDP cannot keep the rules", udp.misfits(flags)[0])

    def test_which_layouts_are_its(self):
        layout = plc_layouts.job_numbers()
        self.assertEqual(len(FINS.strangers(layout)), len(layout.areas))
        self.assertIn("The recipe area is not in a memory of FINS", str(FINS.strangers(layout)[0]))
        for registers in ("D", "E0", "E24", "CIO"):
            self.assertEqual(FINS.strangers(in_memory(layout, registers)), [])
        self.assertTrue(FINS.strangers(replace(layout, areas=(Area("recipe", 0, 1, (), "E"),))))

    def test_a_look(self):
        self.put([0] * 10)
        self.over("fins_tcp")
        found = look(self.endpoint(), in_memory(plc_layouts.job_numbers()), SURE)
        self.assertEqual((found.error, found.is_complete, found.fits), (None, True, True))
        found = look(self.endpoint(), plc_layouts.job_numbers(), SURE)
        self.assertEqual(found.symptom, ("setup", ""))

    def test_a_trial(self):
        for kind in KINDS:
            with Simulator(protocol="fins", scan_time=0.01) as plc:
                endpoint = Endpoint("127.0.0.1", plc.port, timeout=SURE, transport=kind)
                trial = Trial(endpoint, in_memory(plc_layouts.job_numbers()), (), SURE)
                self.assertTrue(trial.is_simulator())
                tried = trial.show_numbers()
                self.assertEqual((tried.was_stored, tried.is_right), (True, True))
                self.assertTrue(trial.clean().is_right)
