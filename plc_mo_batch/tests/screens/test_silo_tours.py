"""The forklift's tablet, or a phone: fill a silo, by touch and with a scanner that types."""

from odoo.tests import new_test_user, tagged

from ..booking.silo_case import SiloCase
from ..patient_http import PatientHttpCase


@tagged("post_install", "-at_install")
class TestSiloTours(PatientHttpCase, SiloCase):
    browser_size = "1024x768"
    touch_enabled = True

    def test_fill(self):
        location = self.make_location()
        self.bring(1000.0, self.lots["A"])
        operator = new_test_user(self.env, "tour_forklift", groups="plc_mo_batch.group_operator")
        self.start_tour(f"/odoo/plc-equipment/{self.silo.id}", "plc_silo_fill", login=operator.login)
        picking = self.env["stock.picking"].search([("location_dest_id", "=", location.id)])
        self.assertRecordValues(picking, [{"state": "done", "user_id": operator.id}])
        self.assertEqual(self.stock(), {("silo", "A"): 1500.0, ("store", "A"): -500.0})

    def test_change_product(self):
        operator = new_test_user(self.env, "tour_operator", groups="plc_mo_batch.group_operator")
        self.start_tour(f"/odoo/plc-equipment/{self.silo.id}", "plc_silo_change", login=operator.login)
        self.assertTrue(self.silo.cleaned_at)


@tagged("post_install", "-at_install")
class TestSiloToursOnPhone(TestSiloTours):
    browser_size = "390x844"
    test_change_product = None
