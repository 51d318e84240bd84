"""First contact with PLCs that speak another protocol than Modbus: the check that people do, to its signature."""

import re

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import html2plaintext

from ...plc import trial
from ..lot import is_turn
from .protocol_case import OTHERS, ProtocolCase

MODBUS = re.compile("Modbus|[Hh]olding reg|[Uu]nit ID|40001")


@tagged("post_install", "-at_install")
class TestCommissioned(ProtocolCase):
    def setUp(self):
        super().setUp()
        self.manager = new_test_user(self.env, "first_manager", groups="plc_mo_batch.group_manager")
        self.patch(trial, "SIMULATOR", (65400, (1,)))  # nothing says that it is one: a person has to look

    def begin(self, transport, handshake="job_numbers"):
        self.speak(transport, handshake)
        self.controller.commissioned = False
        plc = self.new_simulator()
        self.patch(trial.time, "sleep", lambda _seconds: plc.step(1))
        check = self.controller.with_user(self.manager)._begin_commissioning()
        return plc, check, {step.kind: step for step in check.step_ids}

    def test_each(self):
        """Step by step; nothing is made, nothing is left, and what is told and printed is of this protocol."""
        for transport in OTHERS:
            with self.subTest(transport):
                plc, check, steps = self.begin(transport)
                for kind in ("power", "cut"):
                    check.action_try()
                    self.assertEqual(steps[kind].state, "asked", steps[kind].seen)
                    steps[kind].action_confirm()
                check.action_try()
                self.assertEqual({step.state for step in check.step_ids}, {"passed"}, check.step_ids.mapped("seen"))
                check.action_sign()
                self.assertTrue(self.controller.commissioned)
                self.assertFalse(any(plc.mill.memory[7000:7100]))
                self.assertFalse(plc.mill.ledger)
                html, _kind = self.env["ir.actions.report"]._render_qweb_html("plc_mo_batch.report_plc_commissioning", check.ids)
                told = [html2plaintext(html.decode()), *check.step_ids.mapped("seen")]
                self.assertEqual([text for text in told if MODBUS.search(text or "")], [])
                plc.stop()

    def test_no_order_without_it(self):
        for number, transport in enumerate(OTHERS):
            if not is_turn("protocol commissioned", number, len(OTHERS)):
                continue
            plc, _check, _steps = self.begin(transport)
            self.new_order()
            self.run_task(1)
            self.run_task(2)
            self.assertFalse(any(plc.mill.memory[7000:7100]))
            plc.stop()

    def test_a_plc_that_is_gone(self):
        """Each step says so, in the words of its protocol, and nobody can sign."""
        for transport in OTHERS:
            with self.subTest(transport):
                plc, check, steps = self.begin(transport)
                plc.stop()
                self.controller.port = self.free_port()
                check.action_try()
                self.assertEqual(steps["read"].state, "failed")
                self.assertIn("refuses the connection", steps["read"].seen)
                self.assertNotRegex(steps["read"].seen, MODBUS)
                with self.assertRaises(UserError):
                    check.action_sign()
