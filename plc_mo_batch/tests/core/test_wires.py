"""Each kind of wire, with a server of that kind at its far end."""

import os
import socket
import ssl
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization

from odoo.tests import BaseCase, tagged

from ...plc import transport
from ...plc.sentences import Sentence
from ...plc.transport import Endpoint, Link, LinkError, SerialLine, Tls
from ...simulator import Simulator
from ..patience import DEADLINE, SURE
from ..plc_layouts import flags, job_numbers
from ..wires import Authority, Wire, serial_cable, server_context

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
        return caught.exception.detail


def encrypted(key):
    """A key in PEM form, with a password."""
    known = serialization.load_pem_private_key(key.encode(), None)
    lock = serialization.BestAvailableEncryption(b"secret")
    return known.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()


@tagged("post_install", "-at_install")
class TestTls(WireCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.authority = Authority()
        cls.issued = cls.authority.issue("PLC 1", address="127.0.0.1")

    def endpoint(self, client_authority=None, issued=None, timeout=SURE, **tls):
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
        told = "its certificate is not trusted (IP address mismatch, certificate is not valid for '127.0.0.1')"
        self.assertEqual(self.assert_fails(self.endpoint(issued=issued, ca=ca), "tls"), told)
        self.assert_works(self.endpoint(issued=issued, ca=ca, server_name="mill.example"))

    def test_unchecked(self):
        self.assert_works(self.endpoint(verify=False))

    def test_it_asks_for_a_certificate_of_odoo_s(self):
        own = self.authority.issue("Odoo")
        ca = self.authority.own.certificate
        self.assert_works(self.endpoint(client_authority=self.authority, ca=ca, certificate=own.certificate, key=own.key))
        self.assert_fails(self.endpoint(client_authority=self.authority, ca=ca), "tls", "certificate")

    def test_it_says_that_it_wants_one(self):
        """Others hang up, as the one above does."""
        context = server_context(self.folder, self.issued, self.authority)
        with self.far_end(lambda client: context.wrap_socket(client, server_side=True)) as endpoint:
            trusting = replace(endpoint, tls=Tls(ca=self.issued.certificate))
            self.assertRegex(self.assert_fails(trusting, "tls"), "^[a-z0-9 ]+ certificate required$")
            own = self.authority.issue("Odoo")
            known = replace(trusting, tls=Tls(ca=self.issued.certificate, certificate=own.certificate, key=own.key))
            with Link(known):
                pass

    def test_what_is_no_tls_says_so(self):
        with self.far_end(lambda client: client.sendall(b"HTTP/1.0 400 Bad request")) as endpoint:
            self.assertRegex(self.assert_fails(endpoint, "tls"), "^[a-z]+( [a-z]+)+$")

    @contextmanager
    def far_end(self, greet):
        """Something that greets each of its clients, and then leaves the connection open until they close it."""

        def serve():
            while True:
                with suppress(OSError):
                    client, _peer = listener.accept()
                    client.settimeout(DEADLINE)
                    kept = client.dup()
                    with suppress(OSError):
                        greet(client)
                    kept.recv(1)
                if listener.fileno() < 0:
                    return

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            yield Endpoint("127.0.0.1", listener.getsockname()[1], timeout=SURE, transport="tls")
            listener.shutdown(socket.SHUT_RDWR)

    def test_not_in_pem_form(self):
        own, other = self.authority.issue("Odoo"), self.authority.issue("Somebody")
        locked = encrypted(own.key)
        ours = "Odoo's certificate and key are not in PEM format, do not match, or the key has a password"
        for tls, told in (
            ({"ca": "nonsense"}, "the CA certificate is not in PEM format"),
            ({"certificate": own.certificate, "key": other.key}, ours),
            ({"certificate": own.certificate, "key": locked}, ours),
            ({"certificate": own.certificate}, ours),
        ):
            with self.subTest(tls):
                found = self.assert_fails(Endpoint("127.0.0.1", 1, transport="tls", tls=Tls(**tls)), "setup")
                self.assertEqual(found, told)

    def test_what_openssl_does_by_itself_it_still_does(self):
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).verify_flags
        self.assertEqual(transport.tls_context(Tls()).verify_flags, own | ssl.VERIFY_X509_PARTIAL_CHAIN)

    def test_the_host_that_was_asked_for(self):
        far = self.endpoint(verify=False)
        self.assert_fails(replace(far, host="127.0.0.2"), "connect", "refused")

    def test_key_is_in_no_message(self):
        self.assertNotIn("secret", repr(Endpoint("127.0.0.1", tls=Tls(key="secret"))))

    def test_silent_after_the_handshake(self):
        endpoint = self.endpoint(ca=self.issued.certificate)
        self.far.delay = 0.5
        with self.assertRaises(LinkError) as caught, Link(endpoint) as link:
            link._client.comm_params.timeout_connect = 0.2  # of the answers; the handshake may take its time
            link.read_words(ADDRESS, 10)
        self.assertEqual(caught.exception.kind, "timeout")
        self.far.delay = 0.0
        self.assert_works(endpoint)

    def test_plain_modbus_is_no_tls(self):
        with Simulator(scan_time=None) as plain:
            self.assert_fails(Endpoint("127.0.0.1", plain.port, timeout=0.3, transport="tls"), "tls", "it does not support TLS")


@tagged("post_install", "-at_install")
class TestRtuOverTcp(WireCase):
    def setUp(self):
        super().setUp()
        self.far = self.wire("rtu_tcp")
        self.endpoint = Endpoint("127.0.0.1", self.far.port, timeout=SURE, transport="rtu_tcp")
        self.impatient = replace(self.endpoint, timeout=0.3)

    def test_it_works(self):
        self.assert_works(self.endpoint)

    def test_late_answer_is_not_taken_for_the_next(self):
        with Link(self.impatient) as link:
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
        self.assert_fails(self.impatient, "timeout")
        self.assertGreaterEqual(time.monotonic() - begin, 2 * self.impatient.timeout)

    def test_only_after_a_timeout_and_only_where_answers_have_no_number(self):
        slept = []
        with patch.object(transport, "time", SimpleNamespace(monotonic=time.monotonic, sleep=slept.append)):
            for kind in ("rtu_tcp", "tcp"):
                with socket.create_server(("127.0.0.1", 0)) as silent:
                    self.assert_fails(replace(self.impatient, transport=kind, port=silent.getsockname()[1]), "timeout")
                with Link(replace(self.endpoint, transport=kind)) as link, self.assertRaises(LinkError) as caught:
                    link._client.socket.shutdown(socket.SHUT_RDWR)
                    link.read_words(0, 1)
                self.assertEqual(caught.exception.kind, "reset")
        self.assertEqual(slept, [self.impatient.timeout], "after the first of the four")

    def test_lines_do_not_wait_for_each_other(self):
        other = self.wire("rtu_tcp")
        with Link(self.endpoint), Link(replace(self.endpoint, port=other.port), wait=0.1) as link:
            self.assertEqual(link.read_words(ADDRESS, 10), WORDS)

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
        self.endpoint = Endpoint(timeout=SURE, transport="serial", line=SerialLine(near, parity="N", **SERIAL))

    def test_it_works(self):
        self.assert_works(self.endpoint)

    def test_late_answer_is_not_taken_for_the_next(self):
        self.far.delay = 0.4
        self.assert_fails(replace(self.endpoint, timeout=0.3), "timeout")
        self.far.delay = 0.0
        self.assert_works(self.endpoint)

    def test_a_port_is_one_line_by_whatever_name(self):
        device = self.endpoint.line.device.replace("/dev/", "/dev/./", 1)
        other = replace(self.endpoint, line=replace(self.endpoint.line, device=device))
        with Link(self.endpoint):
            self.assert_fails(other, "busy", wait=0.1)
        self.assert_works(other)

    def test_port_of_another_program(self):
        with Link(self.endpoint), patch.object(transport, "_lines", {}):  # which knows nothing of our lock
            told = self.assert_fails(self.endpoint, "connect", "another program is using it, or it does not support", wait=0.1)
        self.assertIsInstance(told, Sentence, "or nobody could translate it")

    def test_port_that_another_program_leaves(self):
        first = Link(self.endpoint)
        first.open()
        threading.Timer(0.2, first.close).start()
        with patch.object(transport, "_lines", {}), patch.object(transport, "PORT_WAIT", SURE):
            self.assert_works(self.endpoint)

    def test_a_refused_connection_is_not_waited_for(self):
        """Only a serial port can be free a moment later."""
        with patch.object(transport._TcpClient, "connect", side_effect=BlockingIOError) as connect:
            told = self.assert_fails(Endpoint("127.0.0.1", 1), "connect")
        self.assertEqual((connect.call_count, told), (1, ""))

    def test_port_that_odoo_may_not_use(self):
        both = os.R_OK | os.W_OK
        with patch("os.path.exists", return_value=True), patch("os.access", lambda _path, mode: mode != both):
            self.assert_fails(
                Endpoint(transport="serial", line=SerialLine("/dev/ttyUSB0")),
                "connect",
                "the system user that runs Odoo has no permission to use it",
            )

    def test_the_line_is_set_as_it_is_entered(self):
        with patch.object(transport, "_SerialClient") as client:
            Link(Endpoint(transport="serial", line=SerialLine("/dev/ttyUSB0", 9600, "O", 2)))
        used = client.call_args.kwargs
        self.assertEqual((used["baudrate"], used["parity"], used["stopbits"]), (9600, "O", 2))

    def test_no_such_port(self):
        self.assert_fails(
            Endpoint(transport="serial", line=SerialLine("/dev/no_such_port")), "connect", "the device does not exist"
        )

    def test_only_serial_ports(self):
        """pyserial would open sockets, and write to files, by names such as these."""
        for name in ("spy:///dev/ttyS0?file=/tmp/x", "socket://127.0.0.1:1", "/etc/passwd", "/dev/../etc/no", "/dev/null", ""):
            with self.subTest(name):
                told = self.assert_fails(Endpoint(transport="serial", line=SerialLine(name)), "setup")
                self.assertEqual(told, f"{name} is not a serial port; expected something like /dev/ttyUSB0")

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
