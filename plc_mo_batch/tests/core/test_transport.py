import os
import socket
from dataclasses import replace
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc.address import parse_networks
from ...plc.layout import INPUT
from ...plc.transport import SERIAL, Endpoint, Link, LinkError, is_serial_port
from ...simulator import Simulator
from .. import fault_proxy as fault
from ..patience import PATIENCES, SILENT, SURE
from ..rude_server import RudeServer
from ..wire_case import ADDRESS, AFTER, BEFORE, WireCase

# fault -> kind of the error, of a read and of a write alike; and whether the request had reached the PLC
FAULTS = {
    "lost": (fault.lost, "timeout", False),
    "silence": (fault.silence, "timeout", True),
    "late": (fault.late, "timeout", True),
    "half": (fault.half, "reply", True),
    "slow": (fault.slow(2.0), "reply", True),
    "garbage": (fault.garbage, "reply", True),
    "wrong transaction": (fault.wrong_transaction, "reply", True),
    "wrong unit": (fault.wrong_unit, "reply", True),
    "wrong protocol": (fault.flipped(3), "reply", True),
    "wrong function": (fault.wrong_function, "reply", True),
    "left over": (fault.left_over, "reply", True),
    "empty": (fault.nothing_in_it, "reply", True),
    "reset": (fault.reset, "reset", True),
    "hung up": (fault.hung_up, "reset", True),
    "hung up halfway": (fault.hung_up_halfway, "reset", True),
    "exception of another function": (fault.exception(2, function=5), "reply", False),
}
READ_FAULTS = {
    "short": (fault.short, "reply"),
    "long": (fault.long, "reply"),
    "odd": (fault.odd, "reply"),
    "another client's answer": (fault.other_clients, "reply"),
    **{f"byte {place}": (fault.flipped(place), "reply") for place in range(9)},
    **{f"exception {code}": (fault.exception(code), "exception") for code in (1, 2, 3, 4, 10, 11, 99)},
}
# fault -> kind, whether the write's fate is unknown
WRITE_FAULTS = {
    "wrong address": (fault.wrong_address, "reply", True),
    "wrong count": (fault.wrong_count, "reply", True),
    "another client's answer": (fault.other_clients, "reply", True),
    **{f"exception {code}": (fault.exception(code), "exception", False) for code in (1, 2, 3)},
    **{f"exception {code}": (fault.exception(code), "exception", True) for code in (4, 5, 6, 10, 11, 99)},
}


class LinkCase(WireCase):
    def link(self, timeout=SURE, **values):
        return Link(self.endpoint(timeout, **values))

    def hurry(self, wire, timeout):
        wire.endpoint = replace(wire.endpoint, timeout=timeout)
        wire._client.comm_params.timeout_connect = timeout  # what pymodbus waits for an answer, too


@tagged("post_install", "-at_install")
class TestLink(LinkCase):
    def test_read_and_write(self):
        with self.link(timeout=SURE) as link:
            self.assertEqual(link.read_words(ADDRESS, 10), BEFORE)
            link.write_words(ADDRESS, AFTER)
            link.write_words(ADDRESS + 9, [0xFFFF])
            self.assertEqual(link.read_words(ADDRESS, 10), (*AFTER[:9], 0xFFFF))
            self.assertEqual(len(link.read_words(0, 125)), 125)
            self.assertEqual(link.requests, 5)
        self.assertEqual((len(self.proxy.requests), self.proxy.connections), (5, 1))
        self.assertTrue(self.proxy.wait_until_closed())

    def test_the_unit_that_was_asked_for(self):
        with Simulator(scan_time=None, device_id=7) as plc:
            with Link(Endpoint("127.0.0.1", plc.port, device_id=7, timeout=SURE)) as link:
                self.assertEqual(link.read_words(0, 2), (0, 0))
                link.write_words(0, [1])

    def test_the_last_register(self):
        with self.link(timeout=SURE) as link:
            link.write_words(65535, [7])
            self.assertEqual(link.read_words(65534, 2), (0, 7))

    def test_it_is_closed_when_something_else_fails(self):
        with self.assertRaises(ZeroDivisionError), self.link():
            _ = 1 / 0
        self.assertTrue(self.proxy.wait_until_closed())

    def test_impossible_requests_are_not_sent(self):
        with self.link() as link:
            for address, count in ((0, 0), (0, 126), (-1, 1), (65535, 2), (70000, 1)):
                with self.assertRaises(ValueError):
                    link.read_words(address, count)
            for address, words in ((0, []), (0, [0] * 124), (-1, [0]), (65535, [0, 0]), (0, [65536]), (0, [-1])):
                with self.assertRaises(ValueError):
                    link.write_words(address, words)
            self.assertEqual(link.requests, 0)
            with self.assertRaisesRegex(ValueError, "^126 registers at 5 cannot be read or written in one request$"):
                link.read_words(5, 126)
            with self.assertRaisesRegex(ValueError, "^a word at or after 5 is not between 0 and 65535$"):
                link.write_words(5, [-1])
            with self.assertRaisesRegex(ValueError, "^input registers cannot be written$"):
                link.write_words(5, [1], INPUT)
        self.assertEqual(self.proxy.requests, [])

    def test_input_registers(self):
        """By their own function, of the unit that was asked for."""
        with RudeServer([*range(100)], functions=(4,), unit=7) as server:
            with Link(Endpoint("127.0.0.1", server.port, device_id=7, timeout=SURE)) as link:
                self.assertEqual(link.read_words(3, 2, INPUT), (3, 4))
        self.assertEqual(server.requests, [(4, 3, 2)])

    def test_no_serial_line(self):
        with self.assertRaises(LinkError) as caught:
            Link(Endpoint("", transport=SERIAL))
        self.assertEqual((caught.exception.kind, caught.exception.detail.values["device"]), ("setup", ""))

    def test_it_never_connects_by_itself(self):
        """Before it was opened, after it was closed, after an error: pymodbus would, in the middle of an exchange."""
        link = self.link()
        self.assert_no_connection(link)
        link.open()
        link.close()
        self.assert_no_connection(link)
        self.new_proxy(fault.exception(4))
        with self.link() as link:
            with self.assertRaises(LinkError):
                link.read_words(ADDRESS, 10)
            self.assert_no_connection(link)
        self.assertEqual((len(self.proxy.requests), self.proxy.connections), (1, 1))

    def test_clients_do_not_count_alike(self):
        """Behind a gateway that mixes up its clients, their transaction ids must differ."""
        for _client in range(3):
            self.poll()
        first_ids = {request[:2] for request in self.proxy.requests}
        self.assertGreater(len(first_ids), 1)


@tagged("post_install", "-at_install")
class TestConnecting(LinkCase):
    def assert_unreachable(self, host, port, detail):
        with self.assertRaises(LinkError) as caught:
            Link(Endpoint(host, port, timeout=SURE)).open()
        error = caught.exception
        self.assertEqual((error.kind, error.writing), ("connect", False))
        self.assertRegex(str(error), detail)

    def test_refused(self):
        self.proxy.refuse()
        self.assert_unreachable("127.0.0.1", self.proxy.port, "refused")

    def test_not_an_address(self):
        """What a person can type must not end the exchange with the other PLCs."""
        for host in ("mill..example", "x" * 64, "300.1.1.1.invalid"):
            self.assert_unreachable(host, 502, "connect: .")

    def test_ipv6(self):
        """What such a name resolves to has four parts, of which two are its address and its port."""
        try:
            listener = self.enterContext(socket.create_server(("::1", 0), family=socket.AF_INET6))
        except OSError:
            self.skipTest("this machine has no IPv6")
        with Link(Endpoint("::1", listener.getsockname()[1], timeout=SURE, allowed=parse_networks("::1"))):
            listener.accept()[0].close()

    def test_a_name_without_an_address(self):
        with patch("socket.getaddrinfo", return_value=[]), self.assertRaises(LinkError) as caught:
            Link(Endpoint("plc.example", allowed=())).open()
        self.assertEqual(str(caught.exception), "connect: the host name has no address")

    def test_refused_then_back(self):
        port = self.proxy.port
        self.proxy.refuse()
        self.assert_unreachable("127.0.0.1", port, "refused")
        self.new_proxy()
        self.assertEqual(self.poll(timeout=SURE), BEFORE)


@tagged("post_install", "-at_install")
class TestFaults(LinkCase):
    def test_reading(self):
        faults = {**{name: (spoil, kind) for name, (spoil, kind, _applied) in FAULTS.items()}, **READ_FAULTS}
        for name, (spoil, kind) in faults.items():
            with self.subTest(name):
                self.new_proxy(spoil)
                self.assert_fails(self.poll, kind)
                self.assertEqual(self.poll(timeout=SURE), BEFORE)

    def test_writing(self):
        """The fate of a write that began is unknown: it is sent once, and the next read tells."""
        for name, (spoil, kind, applied) in FAULTS.items():
            with self.subTest(name):
                self.plc.mill.memory[ADDRESS : ADDRESS + 10] = BEFORE
                self.new_proxy(spoil)
                self.assert_fails(self.send, kind, writing=True)
                self.assertEqual(self.poll(timeout=SURE), AFTER if applied else BEFORE)

    def test_echoes_and_refusals(self):
        for name, (spoil, kind, doubtful) in WRITE_FAULTS.items():
            with self.subTest(name):
                self.new_proxy(spoil)
                self.assert_fails(self.send, kind, writing=doubtful)

    def test_what_is_told(self):
        for spoil, told in (
            (fault.exception(2), "exception: 2 (illegal data address) at address 7000 (function 3, 10 registers)"),
            (fault.exception(99), "exception: 99 (unknown) at address 7000 (function 3, 10 registers)"),
            (fault.exception(2, function=5), "reply: it answered function 5 instead of 3"),
            (fault.short, "reply: requested 10 registers at 7000, got 9"),
            (fault.half, "reply: it is incomplete, or it belongs to another request"),
            (fault.silence, "timeout"),
            (fault.reset, "reset"),
        ):
            self.new_proxy(spoil)
            self.assertEqual(str(self.assert_fails(self.poll, told.partition(":")[0])), told)
        self.new_proxy(fault.wrong_count)
        told = "reply: the echo of the write at 7000 does not match"
        self.assertEqual(str(self.assert_fails(self.send, "reply", writing=True)), told)
        self.assertEqual(LinkError("timeout").detail, "")

    def test_the_reason_does_not_change_from_poll_to_poll(self):
        """It is journalled when it changes: transaction numbers have no place in it."""
        for spoil in (fault.half, fault.garbage, fault.wrong_transaction, fault.short, fault.hung_up, fault.silence):
            details = set()
            for _poll in range(2):
                self.new_proxy(spoil)
                details.add(self.assert_fails(self.poll, FAULT_KINDS[spoil]).detail)
            self.assertEqual(len(details), 1, details)

    def test_slow_but_in_time(self):
        self.new_proxy(fault.slow(0.001))
        self.assertEqual(self.poll(timeout=SURE), BEFORE)

    def test_a_duplicate_is_no_answer_to_the_next_request(self):
        self.new_proxy(fault.duplicate, fault.duplicate, fault.duplicate)
        with self.link(timeout=SURE) as link:
            self.assertEqual(link.read_words(ADDRESS, 10), BEFORE)
            link.write_words(ADDRESS, AFTER)
            self.assertEqual(link.read_words(ADDRESS, 10), AFTER)

    def test_a_stale_answer_on_a_new_connection(self):
        """A gateway may deliver what an earlier connection no longer waited for."""
        stale = []
        self.new_proxy(lambda talk: stale.append(talk.forward()))
        self.assert_fails(self.poll, "timeout")
        self.plc.mill.memory[ADDRESS : ADDRESS + 10] = AFTER
        self.proxy.faults.append(fault.after(stale[0]))
        self.assertEqual(self.poll(timeout=SURE), AFTER)

    def test_many_requests_and_the_last_fails(self):
        self.new_proxy(*[fault.passed_on] * 4, fault.reset)
        with self.assertRaises(LinkError), self.link() as link:
            for _request in range(4):
                self.assertEqual(link.read_words(ADDRESS, 10), BEFORE)
            link.write_words(ADDRESS, AFTER)
        self.assertEqual((len(self.proxy.requests), self.proxy.connections), (5, 1))


PORTS = (
    "/dev/ttyUSB0 /dev/ttyS1 /dev/ttyAMA0 /dev/ttymxc2 /dev/ttyXRUSB0 /dev/serial0 /dev/serial/by-id/usb-FTDI_FT232R-if00-port0 "
    "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0 /dev/rfcomm0 /dev/pts/3 /dev/tnt0 /dev/cu.usbserial-1 COM3"
)
NO_PORTS = (
    "/dev/mem /dev/kmem /dev/random /dev/zero /dev/null /dev/full /dev/shm/x /dev/sda /dev/watchdog /dev/fd/3 /dev/stdout "
    "/dev/tty /dev/tty1 /dev/console /dev/ttyprintk /dev/ttyUSB0/../mem /dev/ttyS0/x /dev/serial/by-id/../../mem /dev/ttyUSB "
    "ttyUSB0 /etc/passwd socket://x:1 COM COM1x"
)


@tagged("post_install", "-at_install")
class TestSerialPort(BaseCase):
    def test_what_is_one(self):
        for name in PORTS.split():
            self.assertTrue(is_serial_port(name), name)
        for name in ("", "/dev/ttyUSB0\n", "/dev/ttyUSB 0", *NO_PORTS.split()):
            self.assertFalse(is_serial_port(name), name)

    def test_names_that_udev_gives(self):
        """A link counts as what it leads to, whatever it is called."""
        with patch("os.path.realpath", {"/dev/mill": "/dev/ttyUSB0", "/dev/ttyMill": "/dev/mem"}.get):
            self.assertTrue(is_serial_port("/dev/mill"))
            self.assertFalse(is_serial_port("/dev/ttyMill"))

    def test_files_elsewhere(self):
        with TemporaryDirectory() as folder:
            link = os.path.join(folder, "mill")
            os.symlink("/dev/ttyUSB0", link)
            self.assertFalse(is_serial_port(link))


@tagged("post_install", "-at_install")
class TestLog(BaseCase):
    """Without a simulator, which keeps pymodbus quiet, too."""

    def provoke(self, timeout=SILENT):
        """What makes pymodbus log errors: silence, another unit's answer, what cannot be decoded, a refused connection."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            for spoil in (
                fault.lost,
                lambda talk: talk.send(fault.frame(talk.request[:6] + b"\7", b"\3\2\0\0")),
                lambda talk: talk.send(fault.frame(talk.request, b"\3\4\0\0")),
            ):
                with fault.FaultProxy(server.getsockname()[1]) as proxy:
                    proxy.faults.append(spoil)
                    self.assert_fails(proxy.port, timeout)
        self.assert_fails(proxy.port, timeout)

    def assert_fails(self, port, timeout):
        with self.assertRaises(LinkError), Link(Endpoint("127.0.0.1", port, timeout=timeout)) as link:
            link.read_words(0, 1)

    def test_errors_are_ours_to_report(self):
        with self.assertNoLogs("pymodbus", "INFO"):
            self.provoke()

    def test_who_wants_to_debug_can(self):
        with self.assertLogs("pymodbus", "DEBUG") as caught:
            for timeout in PATIENCES:
                if not caught.records:
                    self.provoke(timeout)
        self.assertEqual({record.levelname for record in caught.records}, {"DEBUG"})


FAULT_KINDS = {spoil: kind for spoil, kind, *_rest in [*FAULTS.values(), *READ_FAULTS.values()]}
