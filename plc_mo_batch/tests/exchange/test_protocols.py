"""PLCs that speak another protocol than Modbus: all that is done with one is done with them (the wires themselves: test_fins)."""

import base64
import itertools
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from ...models.controller import link_sentences
from ...models.layouts.plc_register_layout import SHIPPED
from ...plc import trial
from ...plc.wire import LinkError, Login
from ...plc.wires import KINDS, families
from ...simulator import PROTOCOLS, Simulator
from ..core import test_fins, test_opcua, test_s7
from ..wires import Authority
from .protocol_case import OTHERS, ProtocolCase


@tagged("post_install", "-at_install")
class TestCycle(ProtocolCase):
    """From a confirmed order to a closed one."""

    def test_each(self):
        """With each handshake over one of them: a wire knows nothing of it."""
        for transport, handshake in zip(OTHERS, itertools.cycle(("job_numbers", "flags")), strict=False):
            with self.subTest(transport, handshake=handshake):
                self.speak(transport, handshake)
                plc = self.new_simulator(failures=1)
                self.assert_cycle(plc)
                self.assertTrue(self.controller.failure_count, "its event areas are read, too")
                plc.stop()

    def test_two_protocols_in_one_exchange(self):
        """Beside a PLC that speaks Modbus; none of them waits for the other."""
        modbus = self.new_simulator()
        first = self.controller
        for transport in OTHERS:
            with self.subTest(transport):
                picking_type = self.picking_type.copy({"sequence_code": transport})
                self.controller = self.new_controller(
                    name=transport, port=self.free_port(), layout_id=self.shipped(transport).id, transport=transport,
                    picking_type_ids=picking_type.ids,
                )  # fmt: skip
                other = self.new_simulator()
                orders = self.new_order(picking_type_id=first.picking_type_ids.id) | self.new_order(
                    picking_type_id=picking_type.id
                )
                self.run_task(1)
                self.run_task(2)
                for _step in range(8):
                    modbus.step(60)
                    other.step(60)
                    self.run_task(2)
                self.run_task(3)
                self.assertEqual(orders.mapped("state"), ["done", "done"])
                self.controller.enabled = False

    def shipped(self, transport):
        return self.env.ref(f"plc_mo_batch.plc_register_layout_job_numbers_{KINDS[transport].family.name}")


@tagged("post_install", "-at_install")
class TestVisits(ProtocolCase):
    """What people look at, and set up."""

    def test_connection(self):
        for transport in OTHERS:
            with self.subTest(transport):
                self.speak(transport)
                plc = self.new_simulator()
                found = self.controller.test_connection()
                self.assertIn("fit the layout", found["message"])
                self.assertTrue(found["reachable"] and found["answers"] and found["layout_ok"] and found["round_trip_ms"] > 0)
                self.assertFalse(any(plc.mill.memory[7000:8000]), "nothing is written")

    def test_a_port_that_nobody_has(self):
        for transport in OTHERS:
            with self.subTest(transport):
                self.speak(transport)
                self.controller.port = self.free_port()
                found = self.controller.test_connection()
                self.assertIn("refuses the connection", found["message"])
                self.assertNotIn("Modbus", found["message"])
                self.assertFalse(found["answers"])

    def test_snapshot(self):
        for transport in OTHERS:
            with self.subTest(transport):
                self.speak(transport)
                plc = self.new_simulator()
                order = self.new_order()
                self.run_task(1)
                self.run_task(2)
                plc.step(1)
                plc.step(60)
                lines = self.env["plc.snapshot"]._take(self.controller).line_ids
                feedback = lines.filtered(lambda line: (line.slot, line.area) == (1, "feedback"))
                self.assertRecordValues(feedback, [{"address": 6000, "order_name": order.name, "problem": False}])
                order.action_cancel()
                self.controller.enabled = False
                self.controller = self.new_controller(port=self.free_port())

    def test_neutralized_copy(self):
        for transport in OTHERS:
            self.speak(transport)
            plc = self.new_simulator()
            self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
            with patch.object(plc, "_read", side_effect=AssertionError("asked")):
                for visit in (self.controller.test_connection, self.controller.action_view_snapshot):
                    with self.assertRaisesRegex(UserError, "does not connect to any PLC"):
                        visit()
                self.run_task(2)
            self.env["ir.config_parameter"].set_param("database.is_neutralized", False)

    def test_set_up(self):
        """Protocol first; then the whole way up to a commissioned PLC."""
        self.controller.write({"picking_type_ids": False, "port": 1})
        manager = new_test_user(self.env, "setup_manager", groups="plc_mo_batch.group_manager")
        for transport in OTHERS:
            with self.subTest(transport):
                protocol = KINDS[transport].family.name
                plc = self.enterContext(Simulator(scan_time=None, protocol=protocol))
                self.wait_for_answers()
                self.patch(trial.time, "sleep", lambda _seconds, plc=plc: plc.step(1))
                form = Form(self.env["plc.setup"].with_user(manager))
                form.transport = transport
                self.assertEqual(form.port, KINDS[transport].port)
                self.assertEqual(form.layout_id, self.env.ref(f"plc_mo_batch.plc_register_layout_job_numbers_{protocol}"))
                form.host, form.port = "127.0.0.1", plc.port
                setup = form.save()
                setup.picking_type_ids = self.picking_type.copy({"sequence_code": transport})
                setup.action_test()
                self.assertRecordValues(setup, [{"step": "silos", "is_answering": True}])
                setup.line_ids[0].product_ids = self.wheat
                setup.is_checked = True
                setup.action_connect()
                self.assertRecordValues(setup.controller_id, [{"transport": transport, "commissioned": True}])
                setup.controller_id.enabled = False

    def test_the_simulator_of_the_set_up(self):
        for transport in OTHERS:
            form = Form(self.env["plc.setup"])
            form.transport = transport
            setup = form.save()
            setup.action_use_simulator()
            self.assertRecordValues(setup, [{"transport": transport, "host": "127.0.0.1", "port": 5020}])
        setup.transport = "rtu_tcp"
        setup.action_use_simulator()
        self.assertEqual(setup.transport, "tcp")


@tagged("post_install", "-at_install")
class TestFields(ProtocolCase):
    def assertRefused(self, sentence, **values):
        with self.assertRaisesRegex(ValidationError, sentence), self.env.cr.savepoint():
            self.controller.write(values)
            self.controller.flush_recordset()

    def test_a_layout_of_another_protocol(self):
        for transport in OTHERS:
            self.assertRefused("is not in a memory of", transport=transport)
            self.speak(transport)
            self.assertRefused("is not in a memory of Modbus", transport="tcp")
            self.assertRefused("is not in a memory of", layout_id=self.env.ref("plc_mo_batch.plc_register_layout_job_numbers").id)
            self.controller.write(
                {"transport": "tcp", "layout_id": self.env.ref("plc_mo_batch.plc_register_layout_job_numbers").id}
            )

    def test_a_handshake_that_it_cannot_keep(self):
        self.speak("fins_tcp", "flags")
        self.assertRefused("FINS over UDP cannot keep the rules of the layout's handshake", transport="fins_udp")

    def test_the_form_follows(self):
        """Port and layout; and back again."""
        for transport in OTHERS:
            form = Form(self.controller)
            form.port = 502
            layout = form.layout_id
            form.transport = transport
            protocol = KINDS[transport].family.name
            self.assertEqual((form.port, form.layout_id.protocol), (KINDS[transport].port, protocol))
            self.assertEqual(form.layout_id.handshake, layout.handshake)
            form.transport = "tcp"
            self.assertEqual((form.port, form.layout_id), (502, layout))

    def test_the_form_asks_what_is_needed(self):
        """And no more."""
        fields = {"device_id": "device_id", "node": "node", "own_node": "node", "serial_device": "line", "tls_ca": "tls"}
        fields |= {"security": "login", "login_user": "login", "rack": "rack", "network": "route", "node_unit": "route"}
        form = etree.fromstring(self.controller.get_view(view_type="form")["arch"])
        for transport, kind in KINDS.items():
            values = {"transport": transport, "protocol": kind.family.name, "tls_verify": True, "security": "none", "network": 0}
            for name, setting in fields.items():
                with self.subTest(transport, field=name):
                    condition = form.find(f".//field[@name='{name}']").get("invisible")
                    self.assertEqual(not safe_eval(condition, values), setting in kind.needs)

    def test_nodes(self):
        for name in ("node", "own_node"):
            self.refused_by_the_database("nodes_range", **{name: 255})
        self.speak("fins_udp")
        self.controller.write({"node": 7, "own_node": 9})
        endpoint = self.controller._endpoint()
        self.assertEqual((endpoint.node, endpoint.own_node, endpoint.transport), (7, 9, "fins_udp"))

    def test_networks(self):
        """Of a PLC behind a gateway: their ranges, and what the wire is told."""
        for values in ({"network": 128}, {"network": -1}, {"own_network": 128}, {"node_unit": 256}, {"node_unit": -1}):
            self.refused_by_the_database("networks_range", **values)
        for transport in ("fins_udp", "fins_tcp"):
            self.speak(transport)
            self.refused_by_the_database("network_has_node", network=3, node=0)
            self.controller.write({"network": 127, "node": 254, "node_unit": 255, "own_network": 2})
            endpoint = self.controller._endpoint()
            self.assertEqual((endpoint.network, endpoint.node, endpoint.unit, endpoint.own_network), (127, 254, 255, 2))
            self.controller.write({"network": 0, "node": 0, "node_unit": 0, "own_network": 0})

    def refused_by_the_database(self, constraint, **values):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex((ValidationError, IntegrityError), constraint),
            self.env.cr.savepoint(),
        ):
            self.controller.write(values)
            self.controller.flush_recordset()

    def test_behind_a_gateway(self):
        """An order goes all the way, and a wrong way is told with an advice."""
        for transport in ("fins_udp", "fins_tcp"):
            self.speak(transport)
            plc = self.new_simulator()
            plc.front.network, plc.front.gateway = 3, 77
            self.controller.write({"network": 2, "node": 10})
            message = self.controller.test_connection()["message"]
            self.assertIn("0501 (not in the routing tables)", message)
            self.assertIn("Check its network and node, and the routing tables", message)
            self.controller.network = 3
            self.assert_cycle(plc)
            plc.stop()
            self.controller.write({"network": 0, "node": 0})

    def test_twins_behind_a_gateway(self):
        """Others of its networks are other PLCs; the same one is not."""
        self.speak("fins_tcp")
        self.controller.write({"network": 3, "node": 10})
        values = {"port": self.controller.port, "picking_type_ids": False, "equipment_ids": False, "transport": "fins_tcp"}
        values |= {"layout_id": self.controller.layout_id.id, "node": 10}
        with self.assertRaisesRegex(ValidationError, "has the same address. Two PLCs"), self.env.cr.savepoint():
            self.new_controller(**values, name="Twin", network=3)
        for number, other in enumerate(({"network": 4}, {"network": 3, "node": 11}, {"network": 3, "node_unit": 16}, {})):
            self.assertFalse(self.new_controller(**{**values, **other}, name=f"Other {number}").twin_warning)

    def test_addresses_of_odoo_s_own(self):
        self.env["ir.config_parameter"].set_param("plc_mo_batch.allowed_networks", "")
        for transport in OTHERS:
            for host in ("localhost", "127.0.0.1", "169.254.169.254"):
                values = {"host": host, "transport": transport}
                layout = self.env.ref(f"plc_mo_batch.plc_register_layout_job_numbers_{KINDS[transport].family.name}")
                self.assertRefused("Odoo will not connect to it", **values, layout_id=layout.id)

    def test_twins(self):
        """One address is one PLC, whatever its unit ID and over UDP and TCP alike."""
        for transport in OTHERS:
            for other in OTHERS:
                if KINDS[other].family == KINDS[transport].family:
                    self.speak(transport)
                    layout = self.controller.layout_id.id
                    values = {"name": "Twin", "port": self.controller.port, "picking_type_ids": False, "equipment_ids": False}
                    values |= {"transport": other, "layout_id": layout, "device_id": 9}
                    with self.assertRaisesRegex(ValidationError, "has the same address. Two PLCs"), self.env.cr.savepoint():
                        self.new_controller(**values)

    def test_login(self):
        """Without security no certificate is asked for, or used; with it all that it needs."""
        self.speak("opcua")
        authority = Authority()
        ours = authority.application("urn:odoo:plc_mo_batch")
        files = {"tls_ca": authority.own.certificate, "tls_certificate": ours.certificate, "tls_key": ours.key}
        files = {name: base64.b64encode(text.encode()) for name, text in files.items()}
        self.assertRefused("needs a certificate and its key", security="sign")
        self.assertRefused("enter the PLC's certificate", **{**files, "tls_ca": False}, security="sign")
        key = base64.b64encode(authority.application("urn:other").key.encode())
        self.assertRefused("do not match", **{**files, "tls_key": key}, security="encrypt")
        self.controller.write({**files, "security": "encrypt", "login_user": "odoo", "login_password": "secret", "max_age": 5})
        endpoint = self.controller._endpoint()
        self.assertEqual(endpoint.login, Login("encrypt", "odoo", "secret", 5.0))
        self.assertEqual((endpoint.tls.certificate, endpoint.tls.key), (ours.certificate, ours.key))
        self.assertNotIn("secret", repr(endpoint))
        self.controller.security = "none"
        self.assertFalse(self.controller._endpoint().tls.certificate)
        self.controller.write({"transport": "tcp", "layout_id": self.env.ref("plc_mo_batch.plc_register_layout_job_numbers").id})
        self.assertEqual(self.controller._endpoint().login, Login())

    def test_who_reads_the_password(self):
        self.speak("opcua")
        self.controller.login_password = "secret"
        operator = new_test_user(self.env, "night", groups="plc_mo_batch.group_operator")
        with self.assertRaises(AccessError):
            self.controller.with_user(operator).read(["login_password"])

    def test_a_copy_has_no_password(self):
        self.speak("opcua")
        self.controller.login_password = "secret"
        self.env.flush_all()
        self.env.cr.execute(Path(__file__).parents[2].joinpath("data", "neutralize.sql").read_text())
        self.env.invalidate_all()
        self.assertFalse(self.controller.login_password)

    def test_nodes_of_areas(self):
        """Each area can be a variable of its own; it must be one that can be named."""
        layout = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers_opcua").copy()
        for node in (False, "Recipe", "ns=3"):
            with self.assertRaisesRegex(ValidationError, "Enter the node of the area"), self.env.cr.savepoint():
                layout.area_ids[0].node = node
        for number, area in enumerate(layout.area_ids):
            area.write({"node": f'ns=3;s="Mo"."Area{number}"', "base": 0})
        self.assertEqual((layout.protocol, layout.problems), ("opcua", ""))
        self.assertIn('NODE ns=3;s="Mo"."Area0"', {area.registers for area in layout._layout().areas})

    def test_another_node_is_another_plc(self):
        """What was proven is not of that one."""
        self.speak("fins_udp")
        self.env.flush_all()
        manager = new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager")
        self.controller.with_user(manager).own_node = 5
        self.assertTrue(self.controller.commissioned)
        self.controller.with_user(manager).node = 5
        self.assertFalse(self.controller.commissioned)
        for name in ("network", "node_unit"):
            self.controller.commissioned = True
            self.controller.with_user(manager)[name] = 5
            self.assertFalse(self.controller.commissioned, name)


@tagged("post_install", "-at_install")
class TestLayouts(ProtocolCase):
    def test_shipped(self):
        """Word for word those of Modbus, in another memory."""
        for family in families():
            if family.name == "modbus":
                continue
            for name in SHIPPED:
                origin = self.env.ref(f"plc_mo_batch.{name}")
                layout = self.env.ref(f"plc_mo_batch.{name}_{family.name}")
                self.assertEqual((origin.protocol, layout.protocol, layout.problems), ("modbus", family.name, ""))
                self.assertFalse(layout.company_id)
                areas = [replace(area, registers="holding") for area in layout._layout().areas]
                self.assertCountEqual(areas, origin._layout().areas)
                self.assertEqual(family.strangers(layout._layout()), [])

    def test_none_twice(self):
        before = self.env["plc.register.layout"].search([])
        self.env["plc.register.layout"]._ship()
        self.assertEqual(self.env["plc.register.layout"].search([]), before)

    def test_memories_of_two_protocols(self):
        layout = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers").copy()
        with self.assertRaisesRegex(ValidationError, "memories of different protocols"), self.env.cr.savepoint():
            layout.area_ids[0].registers = "D"
        layout.area_ids.write({"registers": "E", "bank": 18})
        self.assertEqual(layout.protocol, "fins")
        self.assertEqual({area.registers for area in layout._layout().areas}, {"E18"})

    def test_generated(self):
        for transport in OTHERS:
            self.speak(transport)
            wizard = self.env["plc.layout.generate"].create({"controller_id": self.controller.id, "assign": True})
            layout = self.env["plc.register.layout"].browse(wizard.action_generate()["res_id"])
            self.assertEqual(layout, self.controller.layout_id)
            self.assertEqual(layout.protocol, KINDS[transport].family.name)

    def test_event_areas(self):
        layout = self.env.ref("plc_mo_batch.plc_register_layout_flags_fins").copy()
        layout.area_ids.filtered(lambda area: area.kind in ("failure", "weighing")).unlink()
        layout.area_ids.write({"registers": "E", "bank": 3})
        layout.action_add_event_areas()
        self.assertEqual({area._registers() for area in layout.area_ids}, {"E3"})


@tagged("post_install", "-at_install")
class TestSentences(ProtocolCase):
    def test_every_cause_of_fins(self):
        self.speak("fins_tcp")
        self.check("fins", {cause for cause, _doubtful in test_fins.END_CODES.values()}, ("nodes", "node"))

    def test_every_cause_of_s7(self):
        if not test_s7.HAS_LIBRARY:
            self.skipTest("python-snap7 is not installed")
        self.speak("s7")
        rows = (*test_s7.ITEM_CODES.values(), *test_s7.HEAD_CODES.values())
        self.check("s7", {cause for cause, _doubtful in rows}, ("rack",))

    def test_every_cause_of_opcua(self):
        self.speak("opcua")
        own = ("sessions", "status", "stale", "user", "policy", "refused")
        self.check("opcua", {cause for cause, _doubtful in test_opcua.CODES.values()}, own)

    def check(self, protocol, causes, own):
        """Each cause has its sentence, and none speaks of another protocol."""
        said = link_sentences.sentences(self.env, protocol)
        for cause in causes:
            message = self.controller._link_message(LinkError("exception", "0A (told)", cause=cause))
            self.assertRegex(message, r"refused the request with ((end )?code|status) 0A \(told\)\. .")
            self.assertIn(f"exception {cause}".strip(), said)
        self.assertLessEqual(set(own), {cause.partition(" ")[2] for cause in said})
        for cause in ("connect refused", "timeout", "reset", *(key for key in said if key.partition(" ")[2] in own)):
            kind, _space, detail = cause.partition(" ")
            self.assertNotRegex(self.controller._link_message(LinkError(kind, "told", cause=detail)), "Modbus|unit ID|%")

    def test_every_simulator_has_its_layouts(self):
        self.assertEqual(set(PROTOCOLS), {family.name for family in families()})
