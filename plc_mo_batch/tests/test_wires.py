"""Each kind of wire, with a server of that kind at its far end."""

import sys
import tempfile
import threading
import time
from dataclasses import replace
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from odoo.addons.plc_mo_batch.simulator import Simulator

from ..plc import transport
from ..plc.transport import Endpoint, Link, LinkError, SerialLine, Tls
from .plc_layouts import flags, job_numbers
from .wires import Authority, Wire, serial_cable, server_context

ADDRESS = 7000
WORDS = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 5, 6, 7, 8, 9)
SERIAL = {"baudrate": 115200}


class WireCase(BaseCase):
    """Links to registers that hold WORDS at ADDRESS."""

    def setUp(self):
        super().setUp()
        self.plc = Simulator(scan_time=None)
        self.plc.mill.memory[ADDRESS : ADDRESS + 10] = WORDS

    def wire(self, kind, **options):
        return self.enterContext(Wire(self.plc, kind, **options))

    def assert_works(self, endpoint):
        with Link(endpoint) as link:
            self.assertEqual(link.read_words(ADDRESS, 10), WORDS)
            link.write_words(ADDRESS + 10, range(123))
            self.assertEqual(link.read_words(ADDRESS + 10, 123), tuple(range(123)))
            self.assertEqual(link.read_words(ADDRESS, 10, "input"), WORDS)
        self.assertEqual(link.requests, 4)

    def assert_fails(self, endpoint, kind, detail="", **options):
        with self.assertRaises(LinkError) as caught, Link(endpoint, **options) as link:
            link.read_words(ADDRESS, 10)
        self.assertEqual(caught.exception.kind, kind)
        self.assertIn(detail, caught.exception.detail)


@tagged("post_install", "-at_install")
class TestTls(WireCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.authority = Authority()
        cls.issued = cls.authority.issue("PLC 1", address="127.0.0.1")

    def endpoint(self, client_authority=None, issued=None, timeout=2.0, **tls):
        """Of a new PLC with the certificate ``issued``."""
        context = server_context(self.folder, issued or self.issued, client_authority)
        self.far = self.wire("tls", sslctx=context)
        return Endpoint("127.0.0.1", self.far.port, timeout=timeout, transport="tls", tls=Tls(**tls))

    def test_signed_by_the_authority(self):
        self.assert_works(self.endpoint(ca=self.authority.own.certificate))

    def test_the_plc_s_own_certificate_is_trusted(self):
        self.assert_works(self.endpoint(ca=self.issued.certificate))

    def test_signed_by_somebody_else(self):
        self.assert_fails(self.endpoint(ca=Authority("Other").own.certificate), "tls", "certificate is not trusted")

    def test_unknown_to_the_system(self):
        self.assert_fails(self.endpoint(), "tls", "certificate is not trusted")

    def test_of_another_host(self):
        issued = self.authority.issue("mill.example")
        ca = self.authority.own.certificate
        self.assert_fails(self.endpoint(issued=issued, ca=ca), "tls", "certificate is not valid for '127.0.0.1'")
        self.assert_works(self.endpoint(issued=issued, ca=ca, server_name="mill.example"))

    def test_unchecked(self):
        self.assert_works(self.endpoint(verify=False))

    def test_it_asks_for_a_certificate_of_odoo_s(self):
        own = self.authority.issue("Odoo")
        ca = self.authority.own.certificate
        self.assert_works(
            self.endpoint(client_authority=self.authority, ca=ca, certificate=own.certificate, key=own.key)
        )
        self.assert_fails(self.endpoint(client_authority=self.authority, ca=ca), "tls", "certificate")

    def test_not_in_pem_form(self):
        own, other = self.authority.issue("Odoo"), self.authority.issue("Somebody")
        for tls in ({"ca": "nonsense"}, {"certificate": own.certificate, "key": other.key}, {"certificate": own.certificate}):
            with self.subTest(tls):
                self.assert_fails(Endpoint("127.0.0.1", 1, transport="tls", tls=Tls(**tls)), "setup", "PEM")

    def test_key_is_in_no_message(self):
        self.assertNotIn("secret", repr(Endpoint("127.0.0.1", tls=Tls(key="secret"))))

    def test_silent_after_the_handshake(self):
        endpoint = self.endpoint(ca=self.issued.certificate, timeout=0.2)
        self.far.delay = 0.5
        self.assert_fails(endpoint, "timeout")
        self.far.delay = 0.0
        self.assert_works(endpoint)

    def test_plain_modbus_is_no_tls(self):
        with Simulator(scan_time=None) as plain:
            self.assert_fails(Endpoint("127.0.0.1", plain.port, timeout=0.3, transport="tls"), "tls", "does not speak TLS")


@tagged("post_install", "-at_install")
class TestRtuOverTcp(WireCase):
    def setUp(self):
        super().setUp()
        self.far = self.wire("rtu_tcp")
        self.endpoint = Endpoint("127.0.0.1", self.far.port, timeout=0.3, transport="rtu_tcp")

    def test_it_works(self):
        self.assert_works(self.endpoint)

    def test_late_answer_is_not_taken_for_the_next(self):
        with Link(self.endpoint) as link:
            self.far.delay = 0.4
            with self.assertRaises(LinkError) as caught:
                link.read_words(0, 10)
            self.assertEqual(caught.exception.kind, "timeout")
            self.far.delay = 0.0
            with self.assertRaises(LinkError) as caught:
                link.read_words(ADDRESS, 10)
            self.assertEqual(caught.exception.kind, "reset", "the connection is closed, and stays so")
        self.assert_works(self.endpoint)

    def test_the_line_is_left_alone_until_a_late_answer_is_due_no_more(self):
        self.far.delay = 0.4
        begin = time.monotonic()
        self.assert_fails(self.endpoint, "timeout")
        self.assertGreaterEqual(time.monotonic() - begin, 2 * self.endpoint.timeout)

    def test_plcs_on_one_line_take_turns(self):
        self.far.delay = 0.05
        errors = []

        def talk():
            try:
                self.assert_works(self.endpoint)
            except LinkError as error:
                errors.append(error)

        threads = [threading.Thread(target=talk) for _number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])

    def test_who_cannot_wait_is_told_that_it_is_busy(self):
        with Link(self.endpoint):
            self.assert_fails(self.endpoint, "busy", wait=0.1)
        self.assert_works(self.endpoint)


@tagged("post_install", "-at_install")
class TestSerial(WireCase):
    def setUp(self):
        super().setUp()
        near, far = self.enterContext(serial_cable())
        self.far = self.wire("serial", device=far, **SERIAL)
        self.endpoint = Endpoint(timeout=0.3, transport="serial", line=SerialLine(near, parity="N", **SERIAL))

    def test_it_works(self):
        self.assert_works(self.endpoint)

    def test_late_answer_is_not_taken_for_the_next(self):
        self.far.delay = 0.4
        self.assert_fails(self.endpoint, "timeout")
        self.far.delay = 0.0
        self.assert_works(self.endpoint)

    def test_port_of_another_program(self):
        with Link(self.endpoint), patch.object(transport, "_lines", {}):  # which knows nothing of our lock
            self.assert_fails(self.endpoint, "connect", "another program uses it", wait=0.1)

    def test_no_such_port(self):
        self.assert_fails(Endpoint(transport="serial", line=SerialLine("/dev/no_such_port")), "connect", "no such device")

    def test_only_serial_ports(self):
        """pyserial would open sockets, and write to files, by names such as these."""
        for name in ("spy:///dev/ttyS0?file=/tmp/x", "socket://127.0.0.1:1", "/etc/passwd", "/dev/../etc/passwd", ""):
            with self.subTest(name):
                self.assert_fails(Endpoint(transport="serial", line=SerialLine(name)), "setup", "is no serial port")

    def test_without_pyserial(self):
        with patch.dict(sys.modules):
            del sys.modules["serial"]
            self.assert_fails(self.endpoint, "setup", "pyserial is not installed")


@tagged("post_install", "-at_install")
class TestInputRegisters(BaseCase):
    """Registers that can only be read hold what Odoo never writes."""

    def problems(self, layout, kind):
        areas = [replace(area, registers="input") if area.kind == kind else area for area in layout.areas]
        return replace(layout, areas=tuple(areas)).problems()

    def test_feedback(self):
        self.assertEqual(self.problems(job_numbers(), "feedback"), [])

    def test_recipe_is_written(self):
        self.assertIn("Odoo writes to the recipe area", self.problems(job_numbers(), "recipe")[0])

    def test_feedback_flag_is_written(self):
        self.assertIn("Odoo writes to the feedback area", self.problems(flags(), "feedback")[0])

    def test_the_same_addresses_are_others(self):
        layout = job_numbers(events=False)
        areas = [replace(area, base=100) for area in layout.areas]
        self.assertIn("area ends at", replace(layout, areas=tuple(areas)).problems()[0])
        self.assertEqual(self.problems(replace(layout, areas=tuple(areas)), "feedback"), [])
