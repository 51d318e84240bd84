"""On a phone (390 px): what a desktop shows as a list of amounts is cards, and each amount can be entered."""

from odoo.tests import new_test_user, tagged

from ...plc.steps import Anomaly
from ..common import MillCase
from ..patient_http import PatientHttpCase

DOSED = {101: 598.4, 102: 353.1, 114: 33.0}


@tagged("post_install", "-at_install")
class TestPhoneTours(PatientHttpCase, MillCase):
    browser_size = "390x844"
    touch_enabled = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.night = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")

    def enter(self, batch, tour):
        self.start_tour(f"/odoo/plc-batches/{batch.id}", tour, login=self.night.login)

    def test_review(self):
        self.controller.hand_add_policy = "typed"
        batch = self.complete(self.new_order())
        self.run_task(3)
        self.assertTrue(batch.hand_adds_needed)
        self.enter(batch, "plc_phone_review")
        self.assertFalse(batch.hand_adds_needed)
        self.assertEqual(batch.line_ids.filtered(lambda line: not line.code).typed_qty, 14.2)

    def test_amounts(self):
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        for state in ("sending", "offered", "running"):
            batch._advance(state, 0.0, {})
        batch._store_actuals([101, 102, 114], [120.0, 0.0, 0.0])
        batch._record_anomaly(Anomaly("rejected", "word 17", (0,) * self.controller.layout_id._layout().codec("feedback").words))
        self.enter(batch, "plc_phone_amounts")
        self.assertEqual(batch.state, "completed")
        self.assertEqual({line.code: line.actual_qty for line in batch.line_ids if line.code}, DOSED)
