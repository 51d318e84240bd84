"""The register table in a browser: as the administrator enters what the programmer says."""

from odoo.tests import tagged

from ..patient_http import PatientHttpCase


@tagged("post_install", "-at_install")
class TestLayoutTours(PatientHttpCase):
    def test_register_table(self):
        layout = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers").copy({"name": "Line 2"})
        self.start_tour(f"/odoo/plc-layouts/{layout.id}", "plc_register_table", login="admin")
        fields = layout.table_ids
        quantity = fields.filtered(lambda field: (field.area_id.kind, field.role) == ("recipe", "quantity"))
        flag = fields.filtered(lambda field: (field.area_id.kind, field.role) == ("weighing", "event_flag"))
        self.assertEqual((quantity.scale, flag.offset, flag.first_address), (10, 20, "9020"))
