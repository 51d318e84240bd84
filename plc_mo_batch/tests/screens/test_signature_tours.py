"""Decisions that are signed, in a real browser."""

from odoo.tests import tagged

from ..access.test_signatures import SignatureCase
from ..patient_http import PatientHttpCase


@tagged("post_install", "-at_install")
class TestSignatureTours(PatientHttpCase, SignatureCase):
    def test_sign(self):
        self.prepare("action_give_up")
        self.rule("give_up", second=True)
        self.start_tour(f"/odoo/plc-batches/{self.batch.id}", "plc_sign", login=self.night.login)
        self.env.invalidate_all()
        self.assertEqual(self.batch.state, "failed")
        self.assertEqual(self.batch.signature_ids.user_id, self.night | self.day)

    def test_rules(self):
        self.start_tour(f"/odoo/plc-controllers/{self.controller.id}", "plc_signature_rules", login=self.night.login)
        rule = self.controller.signature_rule_ids
        self.assertEqual((rule.action, rule.second_person), ("disposition", True))


@tagged("post_install", "-at_install")
class TestSigningOnATablet(TestSignatureTours):
    browser_size = "1024x768"
    touch_enabled = True
