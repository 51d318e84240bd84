"""Orders over each kind of connection, and the button that tests one (the wires themselves: test_wires)."""

import base64
import socket
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ...models.controller import plc_controller_look
from ...simulator import Simulator
from ..common import MillCase
from ..core.test_wires import SERIAL
from ..plc_layouts import job_numbers, recipe_values
from ..wires import READ_INPUT, Authority, Wire, serial_cable, server_context


class ConnectionCase(MillCase):
    def serve(self, kind, device="", **options):
        """A mill behind ``self.controller``'s connection of this kind."""
        plc = Simulator(scan_time=None, seed=1)
        self.wire = self.enterContext(Wire(plc, kind, device=device, **options))
        if self.wire.port:
            self.controller.port = self.wire.port
        return plc


@tagged("post_install", "-at_install")
class TestCycle(ConnectionCase):
    """From a confirmed order to a closed one."""

    def test_tls(self):
        authority = Authority()
        issued = authority.issue("PLC", address="127.0.0.1")
        with tempfile.TemporaryDirectory() as folder:
            plc = self.serve("tls", sslctx=server_context(folder, issued))
        self.controller.write({"transport": "tls", "tls_ca": base64.b64encode(authority.own.certificate.encode())})
        self.assert_cycle(plc)

    def test_certificate_that_the_filestore_has_lost(self):
        """Whom the system trusts is not trusted in its place."""
        self.controller.write({"transport": "tls", "tls_ca": base64.b64encode(Authority().own.certificate.encode())})
        self.env.flush_all()
        self.env.invalidate_all()
        of_ca = [("res_model", "=", self.controller._name), ("res_field", "=", "tls_ca")]
        attachment = self.env["ir.attachment"].search(of_ca)
        Path(attachment._full_path(attachment.store_fname)).unlink()
        with self.assertRaisesRegex(UserError, "The file of CA Certificate is missing"):
            self.controller._endpoint()
        self.new_order()
        self.run_task(1)
        for _run in range(2):
            self.run_task(2)
            self.assertIn("The file of CA Certificate is missing", self.controller.last_error, "where it can be entered again")
            self.assertIn(self.controller.last_error, self.controller.journal_ids.mapped("message"))
            self.assertEqual(self.queue().state, "queued")
        self.controller.transport = "tcp"
        self.new_simulator()
        self.run_task(2)
        self.assertRecordValues(self.controller, [{"online": True, "last_error": False}])
        self.assertEqual(self.queue().state, "offered")

    def test_error_of_odoo_s_own_while_the_plc_answers(self):
        """It stands on the PLC until an exchange comes to its end, also where the last contact was a moment ago."""
        self.new_simulator()
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        with (
            mute_logger("odoo.addons.plc_mo_batch.tools.translate"),
            patch.object(type(self.controller), "_jobs", side_effect=ZeroDivisionError),
        ):
            self.run_task(2)
        self.assertTrue(self.controller.online)
        self.assertIn("ZeroDivisionError", self.controller.last_error)
        self.run_task(2)
        self.assertRecordValues(self.controller, [{"online": True, "last_error": False}])

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
        layout = self.controller.layout_id.copy({"name": "Input registers"})
        layout.area_ids.filtered(lambda area: area.kind == "feedback").registers = "input"
        self.controller.layout_id = layout
        self.assert_cycle(plc)
        self.assertIn(READ_INPUT, self.wire.functions)


@tagged("post_install", "-at_install")
class TestConnectionFields(MillCase):
    def assertRefused(self, sentence, **values):
        with self.assertRaisesRegex((ValidationError, IntegrityError), sentence), self.env.cr.savepoint():
            self.controller.write(values)
            self.controller.flush_recordset()

    def test_address(self):
        self.assertRefused("Enter the PLC's address", host=" ")
        self.assertRefused("Enter a serial port", transport="serial", serial_device="socket://x")

    def test_port_follows_the_transport(self):
        """Unless it is one of the plant's own."""
        form = Form(self.controller)
        form.port = 502
        form.transport = "tls"
        self.assertEqual(form.port, 802)
        form.transport = "tcp"
        self.assertEqual(form.port, 502)
        form.port = 1502
        form.transport = "tls"
        self.assertEqual(form.port, 1502)

    @mute_logger("odoo.sql_db")
    def test_unit_id(self):
        self.controller.device_id = 0
        self.assertRefused("rtu_device_range", transport="rtu_tcp")

    def test_certificates(self):
        self.assertRefused("CA certificate is not in PEM format", transport="tls", tls_ca=base64.b64encode(b"nonsense"))
        self.assertRefused("without its certificate", transport="tls", tls_key=base64.b64encode(b"key"))

    def test_feedback_flags_are_written(self):
        layout = self.env.ref("plc_mo_batch.plc_register_layout_flags").copy()
        for area in layout.area_ids:
            with self.assertRaisesRegex(ValidationError, "cannot use input registers"), self.env.cr.savepoint():
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
        line = self.controller.journal_ids[0]
        self.assertRecordValues(line, [{"kind": "user", "user_id": self.operator.id}])
        self.assertIn(found["message"], line.message)
        return found

    def test_serial_port_that_is_not_there(self):
        self.controller.write({"transport": "serial", "serial_device": "/dev/ttyS999", "host": False})
        self.assertFound("Cannot open the serial port /dev/ttyS999: ", reachable=False)

    def test_all_is_well(self):
        plc = self.new_simulator()
        begin = time.monotonic()
        found = self.assertFound("fit the layout", reachable=True, answers=True, layout_ok=True)
        self.assertTrue(0 < found["round_trip_ms"] <= 1000 * (time.monotonic() - begin))
        self.assertFalse(any(plc.mill.memory[7000:8000]), "nothing is written")

    def test_while_a_batch_runs(self):
        plc = self.new_simulator()
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        plc.step(1)
        plc.step(60)
        self.assertFound("fit the layout", layout_ok=True)

    def test_off(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            self.controller.port = closed.getsockname()[1]
        self.assertFound("Cannot reach the PLC", reachable=False, answers=False, layout_ok=False, round_trip_ms=0)

    def test_silent(self):
        self.controller.timeout = 0.2
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.controller.port = silent.getsockname()[1]
            self.assertFound("did not answer within 0.2 s", reachable=True, answers=False, layout_ok=False)

    def test_nobody_waits_long(self):
        self.controller.timeout = 30
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.controller.port = silent.getsockname()[1]
            with patch.object(plc_controller_look, "look", side_effect=plc_controller_look.look) as look:
                self.assertFound("did not answer within 2 s", answers=False)
        endpoint, _layout, seconds = look.call_args.args
        self.assertEqual((endpoint.timeout, seconds), (2, 3))

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
        line = self.controller.journal_ids[0]
        self.assertRecordValues(line, [{"area": "feedback", "slot": 2, "wrong_word": 0}])
        self.assertIn("table-danger", line.words_html)

    def test_low_word_first(self):
        """Another mill's recipe, read with the wrong word order, is beyond its limits."""
        plc = self.new_simulator()
        with plc.lock:
            plc.mill.memory[7000:7079] = job_numbers().block(recipe_values())
        self.controller.layout_id.word_order = "low"
        self.assertFound("word order", answers=True, layout_ok=False)

    def test_a_plc_that_is_switched_off_here_can_be_tested(self):
        self.new_simulator()
        self.controller.enabled = False
        self.assertFound("fit the layout", layout_ok=True)

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
        with self.assertRaisesRegex(UserError, "does not connect to any PLC"):
            self.controller.test_connection()

    def test_for_operators_of_the_company(self):
        day = new_test_user(self.env, "day", groups="mrp.group_mrp_user")
        company = self.env["res.company"].create({"name": "Other mill"})
        far = new_test_user(self.env, "far", groups="plc_mo_batch.group_operator", company_id=company.id, company_ids=company.ids)
        for user in (day, far):
            with self.assertRaises(AccessError):
                self.controller.with_user(user).test_connection()
