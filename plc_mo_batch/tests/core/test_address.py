"""Which addresses a PLC may have, as they are entered and as they are connected to."""

import ipaddress
import socket
from contextlib import nullcontext
from itertools import product
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import BaseCase, tagged

from ...plc.address import AddressRefused, check, check_literal, one_spelling, parse_networks, resolve
from ...plc.transport import Endpoint, Link, LinkError
from ...plc.wire import Manners
from ...simulator import Simulator
from ..common import MillCase
from ..patience import SURE
from ..security_case import SecurityCase

REFUSED = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "::1",
    "::",
    "169.254.169.254",
    "169.254.10.20",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd00:ec2::254%eth0",
    "100.100.100.200",
    "168.63.129.16",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "::169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "64:ff9b::a9fe:a9fe",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    # IPv4 addresses inside IPv6 ones: mapped, translated, local NAT64 by the length of its prefix, Teredo, ISATAP
    "::ffff:0:127.0.0.1",
    "::ffff:0:169.254.169.254",
    "64:ff9b:1::127.0.0.1",
    "64:ff9b:1:fffe::169.254.169.254",
    "64:ff9b:1:7f00:0:100::",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:7f:0:1::",
    "64:ff9b:1:1:7f:0:100:0",
    "2001:0:7f00:1::",
    "2001:0:c000:201::80ff:fffe",
    "2001:db8::5efe:127.0.0.1",
    "2001:db8::200:5efe:169.254.169.254",
    "fd20:ce::254",
    "fd00:42::42",
]
GOOD = [
    "192.168.1.20",
    "10.0.0.5",
    "172.16.3.4",
    "203.0.113.9",
    "fd12:3456::1",
    "fd12::7f00:1",
    "2001:db8::1",
    "64:ff9b::c0a8:114",
    "64:ff9b:1::192.168.1.20",
    "64:ff9b:1:c0a8:1:1400::",
    "::ffff:0:192.168.1.20",
    "2001:db8::5efe:192.168.1.20",
]
LOCAL_NAT64_BITS = f"{int(ipaddress.IPv6Address('64:ff9b:1::')):0128b}"[:48]
LOOPBACK = parse_networks("127.0.0.0/8")


@tagged("post_install", "-at_install")
class TestAddress(BaseCase):
    def test_local_addresses_are_refused(self):
        for text in REFUSED:
            with self.subTest(text), self.assertRaises(AddressRefused):
                check(text, ())

    def test_those_of_a_plant_are_good(self):
        for text in GOOD:
            check(text, ())

    def test_allowed_networks(self):
        check("127.0.0.1", LOOPBACK)
        check("::ffff:127.0.0.1", [*LOOPBACK, *parse_networks("::ffff:0:0/96")])
        for text in ("169.254.169.254", "::1"):
            with self.assertRaises(AddressRefused):
                check(text, LOOPBACK)
        self.assertEqual(len(parse_networks("127.0.0.1, 169.254.0.0/16 fe80::/10")), 3)
        for text in ("127.0.0", "localhost", "169.254.0.1/16"):
            with self.assertRaises(ValueError) as caught:
                parse_networks(text)
            self.assertEqual(str(caught.exception), f"{text} is not a network")

    def test_every_way_to_write_it(self):
        for host in ("localhost", "LOCALHOST.", "plc.localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "::1"):
            with self.subTest(host), self.assertRaises(AddressRefused):
                check_literal(host, ())
        for host in ("plc-1.example.com", "192.168.1.20", "", "no name at all", "x" * 300, "localhostX"):
            check_literal(host, ())
        for host in ("localhost", "127.1", "2130706433"):
            check_literal(host, LOOPBACK)

    def test_no_name_server_is_asked_while_somebody_types(self):
        with patch("socket.getaddrinfo", side_effect=OSError) as asked:
            check_literal("plc-1.example.com", ())
        self.assertTrue(asked.call_args.kwargs["flags"] & socket.AI_NUMERICHOST)

    def test_it_says_what_an_address_is(self):
        for text, kind in (
            ("127.0.0.1", "an address of Odoo's own machine"),
            ("::", "an address of Odoo's own machine"),
            ("100.100.100.200", "a cloud metadata service"),
            ("169.254.3.4", "a link-local address"),
            ("fe80::1%eth0", "a link-local address"),
            ("224.0.0.1", "not the address of a single machine"),
            ("255.255.255.255", "not the address of a single machine"),
        ):
            with self.subTest(text), self.assertRaises(AddressRefused) as caught:
                check(text, ())
            self.assertEqual(str(caught.exception), f"{text} is {kind}")

    def test_each_address_of_a_host_once(self):
        self.assertEqual(resolve("127.0.0.1", 502, LOOPBACK), [("127.0.0.1", 502)])

    def test_who_allows_no_network_in_particular_allows_all(self):
        self.assertEqual(resolve("127.0.0.1", 502, None), [("127.0.0.1", 502)])
        with self.assertRaises(AddressRefused):
            resolve("127.0.0.1", 502, ())

    def test_every_prefix_of_a_local_translator(self):
        """RFC 6052: the IPv4 address follows the prefix, whatever is in the eight bits that it passes over."""
        for length, passed, text in product((48, 56, 64), (0, 0xFF), ("100.100.100.200", "168.63.129.16", "10.1.2.3")):
            bits = f"{int(ipaddress.IPv4Address(text)):032b}"
            front = bits[: 64 - length]
            number = int(f"{LOCAL_NAT64_BITS}{'0' * (length - 48)}{front}{passed:08b}{bits[len(front) :]}".ljust(128, "0"), 2)
            found = str(ipaddress.IPv6Address(number))
            with self.subTest(found), nullcontext() if text == "10.1.2.3" else self.assertRaises(AddressRefused):
                check(found, ())


@tagged("post_install", "-at_install")
class TestAddressOfConnection(BaseCase):
    """The name is resolved once, and what was judged is what is connected to."""

    def setUp(self):
        super().setUp()
        self.listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        self.port = self.listener.getsockname()[1]

    def connect(self, host, allowed):
        with Link(Endpoint(host, self.port, timeout=SURE, allowed=allowed)) as link:
            return link

    def assert_refused(self, host, allowed=()):
        self.listener.settimeout(0.2)
        with self.assertRaises(LinkError) as caught:
            self.connect(host, allowed)
        self.assertEqual(str(caught.exception), "address: 127.0.0.1 is an address of Odoo's own machine")
        with self.assertRaises(TimeoutError):
            self.listener.accept()

    def test_address_is_refused_before_anything_is_sent(self):
        self.assert_refused("127.0.0.1")
        self.assert_refused("localhost")
        self.connect("127.0.0.1", LOOPBACK)

    def test_name_that_resolves_to_a_local_address(self):
        with patch("socket.getaddrinfo", self.resolver(["192.0.2.7", "127.0.0.1"])):
            self.assert_refused("plc.example.com")

    def test_name_that_changes_its_mind(self):
        """DNS rebinding: harmless when it is judged, local when it is connected to."""
        asked = []
        real = socket.getaddrinfo

        def rebind(host, *args, **kwargs):
            if host != "plc.example.com":
                return real(host, *args, **kwargs)
            asked.append(host)
            return self.resolver(["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"])(host, *args)

        with patch("socket.getaddrinfo", rebind):
            only_the_first = parse_networks("127.0.0.2")
            with self.assertRaises(LinkError) as caught:
                self.connect("plc.example.com", only_the_first)
        self.assertEqual((asked, caught.exception.kind), (["plc.example.com"], "connect"), "nobody listens at 127.0.0.2")

    def test_each_connection_is_judged_anew(self):
        """Of a device that gets a new one for each request."""
        real, answers = socket.getaddrinfo, ["127.0.0.1", "169.254.169.254"]

        def rebind(host, *args, **kwargs):
            if host != "plc.example.com":
                return real(host, *args, **kwargs)
            return self.resolver([answers.pop(0)])(host, *args)

        with Simulator(scan_time=None) as plc, patch("socket.getaddrinfo", rebind):
            manners = Manners(connect_each=True)
            endpoint = Endpoint("plc.example.com", plc.port, timeout=SURE, allowed=LOOPBACK, manners=manners)
            with Link(endpoint) as link:
                link.read_words(6000, 1)
                with self.assertRaises(LinkError) as caught:
                    link.read_words(6000, 1)
        self.assertEqual(str(caught.exception), "address: 169.254.169.254 is a link-local address")

    def resolver(self, addresses):
        def resolve(_host, port, *_args, **_kwargs):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        return resolve


@tagged("post_install", "-at_install")
class TestAddressOfController(MillCase):
    def forbid(self):
        self.env["ir.config_parameter"].set_param("plc_mo_batch.allowed_networks", "")

    def test_entered_address_is_refused(self):
        self.forbid()
        for host in ("127.0.0.1", "localhost", "169.254.169.254", "0"):
            with self.subTest(host), self.assertRaisesRegex(ValidationError, "Odoo will not connect to it"):
                self.controller.host = host
        self.controller.host = "192.0.2.1"

    def test_tasks_and_connection_test_do_not_connect(self):
        self.new_simulator()
        self.assertTrue(self.controller.test_connection()["reachable"])
        self.forbid()
        self.assertIn("Odoo will not connect to it", self.controller.test_connection()["message"])
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual((self.controller.online, self.queue().state), (False, "queued"))
        self.assertIn("127.0.0.1 is an address of Odoo's own machine", self.controller.last_error)

    def test_every_endpoint_is_judged(self):
        for transport in ("tcp", "rtu_tcp", "tls"):
            self.controller.transport = transport
            self.assertIsNotNone(self.controller._endpoint().allowed)

    def test_setting(self):
        settings = self.env["res.config.settings"].create({"plc_allowed_networks": "169.254.0.0/16"})
        settings.execute()
        self.controller.host = "169.254.3.4"
        with self.assertRaisesRegex(ValidationError, "Enter networks like"):
            self.env["res.config.settings"].create({"plc_allowed_networks": "my network"})
        self.env["ir.config_parameter"].set_param("plc_mo_batch.allowed_networks", "my network")
        self.assertEqual(self.controller._allowed_networks(), (), "what makes no sense allows nothing")


@tagged("post_install", "-at_install")
class TestAddressByRole(SecurityCase):
    def test_who_points_odoo_at_a_host(self):
        for field, value in (("host", "192.0.2.1"), ("port", 503), ("serial_device", "/dev/ttyUSB1"), ("transport", "rtu_tcp")):
            refused = self.refused_roles("plc.controller", "write", self.controller.ids, {field: value})
            self.assertEqual(refused, set(self.people) - {"manager", "settings"}, field)

    def test_manager_cannot_allow_what_is_refused(self):
        """That is for administrators of the system."""
        parameter = self.env["ir.config_parameter"].search([("key", "=", "plc_mo_batch.allowed_networks")])
        refused = self.refused_roles("ir.config_parameter", "write", parameter.ids, {"value": "0.0.0.0/0"})
        self.assertEqual(refused, set(self.people) - {"settings"})
        refused = self.refused_roles("ir.config_parameter", "set_param", "plc_mo_batch.allowed_networks", "0.0.0.0/0")
        self.assertEqual(refused, set(self.people) - {"settings"})


@tagged("post_install", "-at_install")
class TestOneSpelling(BaseCase):
    def test_spellings(self):
        for host, other in (
            (" LocalHost. ", "127.0.0.1"),
            ("plc.localhost", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("0x0a000005", "10.0.0.5"),
            ("167772165", "10.0.0.5"),
            ("012.0.0.5", "10.0.0.5"),
            ("::ffff:10.0.0.5", "10.0.0.5"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("FE80::1%lo", "fe80::1"),
            ("Mixer-1.Plant.", "mixer-1.plant"),
            ("", ""),
        ):
            self.assertEqual(one_spelling(host), other, host)

    def test_no_name_server_is_asked(self):
        with patch("socket.getaddrinfo", side_effect=OSError) as asked:
            self.assertEqual(one_spelling("plc-1.example.com"), "plc-1.example.com")
        self.assertTrue(asked.call_args.kwargs["flags"] & socket.AI_NUMERICHOST)
