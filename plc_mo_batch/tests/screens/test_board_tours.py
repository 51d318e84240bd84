"""The board in a real browser: cancel with a reason, retry, switch off and on, no PLC yet. The live one is in ``tests/``."""

from odoo.tests import new_test_user, tagged

from ..patient_http import PatientHttpCase


@tagged("post_install", "-at_install")
class TestBoardTours(PatientHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mill = cls.env.ref("plc_mo_batch.plc_controller_mill", raise_if_not_found=False)
        if not cls.mill:
            cls.skipTest(cls, "needs the demo data")
        cls.batches = cls.env["plc.task.fill"]._fill(cls.mill).sorted("slot")
        new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")
        new_test_user(cls.env, "chief", groups="plc_mo_batch.group_manager")

    def test_operator_cancels_with_a_reason(self):
        self.start_tour("/odoo/plc-board", "plc_board_cancel", login="night")
        batch = self.batches[1]
        self.assertRecordValues(
            batch,
            [{"state": "cancelled", "cancel_reason": "material", "cancel_note": "no maize", "cancel_order_action": "withhold"}],
        )
        self.assertEqual(batch.cancel_user_id.login, "night")
        self.assertTrue(batch.production_id.plc_withheld)

    def test_operator_retries(self):
        batch = self.batches[0]
        batch._set_state("completed")
        batch._record_error("no lot is known")
        self.start_tour("/odoo/plc-board", "plc_board_retry", login="night")
        self.assertFalse(batch.next_try)
        self.assertIn("requested by night", batch.journal_ids[0].message)

    def test_manager_switches_off_and_on(self):
        self.start_tour("/odoo/plc-board", "plc_board_switch", login="chief")
        self.assertTrue(self.mill.enabled)
        messages = self.mill.journal_ids.mapped("message")
        self.assertIn("chief", next(message for message in messages if message.startswith("Switched off")))

    def test_no_plc_yet(self):
        self.batches.sudo().write({"state": "cancelled"})
        self.env["plc.controller"].search([]).active = False
        self.start_tour("/odoo/plc-board", "plc_board_empty", login="chief")

    def test_why_an_order_cannot_be_queued(self):
        """Only orders of the PLC whose lane it is."""
        self.batches.sudo().write({"state": "cancelled"})
        domain = [("state", "=", "confirmed"), ("picking_type_id", "not in", self.mill.picking_type_ids.ids)]
        other = self.env["mrp.production"].search(domain, limit=1)
        self.assertTrue(other)
        (self.batches[0].production_id | other).plc_reason = "no silo"
        self.start_tour("/odoo/plc-board", "plc_board_why", login="night")

    def test_many_plcs(self):
        """A tile each; who touches one sees it whole."""
        self.env["plc.controller"].search([("id", "!=", self.mill.id)]).active = False
        kind, layout = self.mill.picking_type_ids[:1], self.mill.layout_id.id
        values = [
            {"name": f"Mixer {n:02}", "host": f"192.0.2.{n}", "layout_id": layout, "picking_type_ids": [(6, 0, kind.copy().ids)]}
            for n in range(13)
        ]
        self.env["plc.controller"].create(values)
        self.batches[0]._set_state("running")
        self.batches[1]._record_error("no lot is known")
        self.start_tour("/odoo/plc-board", "plc_board_tiles", login="night")
