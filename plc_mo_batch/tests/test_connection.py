"""Each kind of connection over a real wire, and the button that tests one."""

import base64
import socket
import sys
import tempfile
import threading
import time
from dataclasses import replace
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.plc_mo_batch.simulator import Simulator

from ..plc import transport
from ..plc.transport import Endpoint, Link, LinkError, SerialLine, Tls
from .common import MillCase
from .plc_layouts import flags, job_numbers, recipe_values
from .wires import READ_INPUT, Authority, Wire, serial_cable, server_context

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


class ConnectionCase(MillCase):
    def serve(self, kind, device="", **options):
        """A mill behind ``self.controller``'s connection of this kind."""
        plc = Simulator(scan_time=None, seed=1)
        self.wire = self.enterContext(Wire(plc, kind, device=device, **options))
        if self.wire.port:
            self.controller.port = self.wire.port
        return plc

    def assert_cycle(self, plc):
        """An order goes all the way over this connection."""
        order = self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered", self.controller.last_error)
        self.run_plc(plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertEqual(order.state, "done")


@tagged("post_install", "-at_install")
class TestCycle(ConnectionCase):
    """From a confirmed order to a closed one."""

    def test_tls(self):
        authority = Authority()
        issued = authority.issue("PLC", address="127.0.0.1")
        with tempfile.TemporaryDirectory() as folder:
            plc = self.serve("tls", sslctx=server_context(folder, issued))
        self.controller.write(
            {"transport": "tls", "tls_ca": base64.b64encode(authority.own.certificate.encode())}
        )
        self.assert_cycle(plc)

    def test_rtu_over_tcp(self):
        plc = self.serve("rtu_tcp")
        self.controller.transport = "rtu_tcp"
        self.assert_cycle(plc)

    def test_serial(self):
        near, far = self.enterContext(serial_cable())
        plc = self.serve("serial", device=far, **SERIAL)
        self.controller.write({"transport": "serial", "serial_device": near, "baudrate": "115200", "parity": "N", "host": False})
        self.assert_cycle(plc)

    def test_feedback_in_input_registers(self):
        plc = self.serve("tcp")
        layout = self.controller.map_id.copy({"name": "Input registers"})
        layout.area_ids.filtered(lambda area: area.kind == "feedback").registers = "input"
        self.controller.map_id = layout
        self.assert_cycle(plc)
        self.assertIn(READ_INPUT, self.wire.functions)


@tagged("post_install", "-at_install")
class TestConnectionFields(MillCase):
    def assertRefused(self, sentence, **values):
        with self.assertRaisesRegex((ValidationError, IntegrityError), sentence), self.env.cr.savepoint():
            self.controller.write(values)
            self.controller.flush_recordset()

    def test_address(self):
        self.assertRefused("needs an address", host=" ")
        self.assertRefused("needs a serial port", transport="serial", serial_device="socket://x")

    @mute_logger("odoo.sql_db")
    def test_unit_id(self):
        self.controller.device_id = 0
        self.assertRefused("rtu_device_range", transport="rtu_tcp")

    def test_certificates(self):
        self.assertRefused("CA certificate is no certificate", transport="tls", tls_ca=base64.b64encode(b"nonsense"))
        self.assertRefused("not the certificate that it belongs to", transport="tls", tls_key=base64.b64encode(b"key"))

    def test_feedback_flags_are_written(self):
        layout = self.env.ref("plc_mo_batch.plc_register_map_flags").copy()
        for area in layout.area_ids:
            with self.assertRaisesRegex(ValidationError, "cannot lie in input registers"), self.env.cr.savepoint():
                area.registers = "input"

    def test_operators_do_not_see_the_key(self):
        operator = new_test_user(self.env, "night", groups="plc_mo_batch.group_operator")
        with self.assertRaises(AccessError):
            self.controller.with_user(operator).read(["tls_key"])


@tagged("post_install", "-at_install")
class TestTheTest(ConnectionCase):
    """The button "Test Connection"."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")

    def assertFound(self, sentence, **values):
        """What an operator's test finds, and its line in the journal."""
        found = self.controller.with_user(self.operator).test_connection()
        self.assertIn(sentence, found["message"])
        self.assertEqual({key: found[key] for key in values}, values)
        event = self.controller.event_ids[0]
        self.assertRecordValues(event, [{"kind": "user", "user_id": self.operator.id}])
        self.assertIn(found["message"], event.message)
        return found

    def test_all_is_well(self):
        plc = self.new_simulator()
        found = self.assertFound("fits the layout", reachable=True, answers=True, layout_ok=True)
        self.assertTrue(0 < found["round_trip_ms"] < 500)
        self.assertFalse(any(plc.mill.memory), "nothing is written")

    def test_while_a_batch_runs(self):
        plc = self.new_simulator()
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        plc.step(1)
        plc.step(60)
        self.assertFound("fits the layout", layout_ok=True)

    def test_off(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            self.controller.port = closed.getsockname()[1]
        self.assertFound("cannot be reached", reachable=False, answers=False, layout_ok=False, round_trip_ms=0)

    def test_silent(self):
        self.controller.timeout = 0.2
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.controller.port = silent.getsockname()[1]
            self.assertFound("did not answer within 0.2 s", reachable=True, answers=False, layout_ok=False)

    def test_nobody_waits_long(self):
        self.controller.timeout = 30
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.controller.port = silent.getsockname()[1]
            begin = time.monotonic()
            self.assertFound("did not answer within 2 s", answers=False)
        self.assertLess(time.monotonic() - begin, 10)

    def test_wrong_unit_id(self):
        self.new_simulator()
        self.controller.device_id = 9
        self.assertFound("exception", reachable=True, answers=True, layout_ok=False)

    def test_wrong_layout(self):
        plc = self.new_simulator()
        with plc.lock:
            plc.mill.memory[6100:6102] = 7, 0x4142
        found = self.assertFound("slot 2 of the feedback area", reachable=True, answers=True, layout_ok=False)
        self.assertIn("Slot number (word 0) holds 7 where 2 was expected", found["message"])
        event = self.controller.event_ids[0]
        self.assertRecordValues(event, [{"area": "feedback", "slot": 2, "wrong_word": 0}])
        self.assertIn("table-danger", event.words_html)

    def test_low_word_first(self):
        """Another mill's recipe, read with the wrong word order, is beyond its limits."""
        plc = self.new_simulator()
        with plc.lock:
            plc.mill.memory[7000:7079] = job_numbers().block(recipe_values())
        self.controller.map_id.word_order = "low"
        self.assertFound("word order", answers=True, layout_ok=False)

    def test_a_plc_that_is_switched_off_here_can_be_tested(self):
        self.new_simulator()
        self.controller.enabled = False
        self.assertFound("fits the layout", layout_ok=True)

    def test_button(self):
        self.new_simulator()
        shown = self.controller.with_user(self.operator).action_test_connection()["params"]
        self.assertEqual((shown["type"], shown["sticky"]), ("success", False))
        self.controller.device_id = 9
        shown = self.controller.action_test_connection()["params"]
        self.assertEqual((shown["type"], shown["sticky"]), ("warning", True))
        self.controller.port = 1
        shown = self.controller.action_test_connection()["params"]
        self.assertEqual((shown["type"], shown["sticky"]), ("danger", True))

    def test_neutralized_copy_says_nothing(self):
        self.new_simulator()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        with self.assertRaisesRegex(UserError, "never talks to a PLC"):
            self.controller.test_connection()

    def test_for_operators_of_the_company(self):
        day = new_test_user(self.env, "day", groups="mrp.group_mrp_user")
        company = self.env["res.company"].create({"name": "Other mill"})
        far = new_test_user(
            self.env, "far", groups="plc_mo_batch.group_operator", company_id=company.id, company_ids=company.ids
        )
        for user in (day, far):
            with self.assertRaises(AccessError):
                self.controller.with_user(user).test_connection()
