"""The constants of a layout, as people and programs get them."""

import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ...plc.constants import DIALECTS
from ..common import MillCase
from ..core.test_constants import read

SHIPPED = ("job_numbers", "flags", "isa88")
PROTOCOLS = {"": "st", "_fins": "omron", "_s7": "scl", "_opcua": "st"}


@tagged("post_install", "-at_install")
class TestLayoutConstants(MillCase):
    def open(self, layout):
        action = layout.action_open_constants()
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_each_shipped_layout(self):
        """In the words of the tool that its protocol is usually programmed with, and of each other tool."""
        for shipped in SHIPPED:
            for protocol, usual in PROTOCOLS.items():
                layout = self.env.ref(f"plc_mo_batch.plc_register_layout_{shipped}{protocol}")
                form = Form(self.open(layout))
                self.assertEqual(form.dialect, usual)
                for dialect in DIALECTS:
                    form.dialect = dialect
                    got = read(form.constants, dialect)
                    for area in layout.area_ids:
                        begin = area.kind.capitalize()
                        told = [got[f"{begin}{name}"][0] for name in ("Address", "Stride", "Slots")]
                        self.assertEqual(told, [area.base, area.stride, layout._layout().count(area.kind)])
                wizard = form.save()
                self.assertEqual(base64.b64decode(wizard.file).decode(), wizard.constants)
                self.assertEqual(wizard.file_name, "MoBatchConstants.txt")

    def test_a_layout_with_problems_has_none(self):
        layout = self.controller.layout_id.copy()
        layout.area_ids.filtered(lambda area: area.kind == "feedback").field_ids.filtered(
            lambda item: item.role == "order"
        ).unlink()
        self.assertTrue(layout.problems)
        with self.assertRaisesRegex(UserError, "cannot be used"):
            layout._constants("st")

    def test_api(self):
        [found] = self.controller.api_constants("scl")
        layout = self.controller.layout_id
        self.assertEqual(
            (found["id"], found["name"], found["layout_id"]["id"]), (self.controller.id, self.controller.name, layout.id)
        )
        self.assertEqual(found["constants"], layout._constants("scl"))
        for wrong in ("", "ladder", None, 7):
            with self.assertRaises(UserError):
                self.controller.api_constants(wrong)
        with self.assertRaises(UserError):
            self.controller.browse().api_constants("st")

    def test_whose(self):
        """Not another company's, by no door."""
        other = self.env["res.company"].create({"name": "Other mill"})
        user = new_test_user(
            self.env,
            "constants_stranger",
            groups="plc_mo_batch.group_manager,mrp.group_mrp_user",
            company_id=other.id,
            company_ids=other.ids,
        )
        layout = self.controller.layout_id.copy({"company_id": self.env.company.id})
        with self.assertRaises(AccessError):
            self.env["plc.layout.constants"].with_user(user).create({"layout_id": layout.id})
        wizard = self.env["plc.layout.constants"].create({"layout_id": layout.id})
        with self.assertRaises(AccessError):
            wizard.with_user(user).read(["constants"])
