"""The tablet, or a phone, at the mixer: hand-adds at the scale, by touch and with a scanner that types."""

from odoo.tests import tagged

from ..events.test_hand_adds_at_scale import HandAddCase
from ..patient_http import PatientHttpCase


@tagged("post_install", "-at_install")
class TestHandAddTour(PatientHttpCase, HandAddCase):
    browser_size = "1024x768"
    touch_enabled = True

    def test_hand_adds(self):
        self.enter(f"/odoo/plc-batches/{self.batch.id}")

    def enter(self, page):
        self.start_tour(page, "plc_hand_adds", login=self.night.login)
        self.assertEqual((self.line.lots, self.oil_line.all_added), ("B 14.45", True))
        self.assertEqual(self.line.weighing_ids.weighed_by_id, self.night)


@tagged("post_install", "-at_install")
class TestHandAddTourOnPhone(TestHandAddTour):
    browser_size = "390x844"

    def test_hand_adds(self):
        self.enter("/odoo/plc-hand-adds")
