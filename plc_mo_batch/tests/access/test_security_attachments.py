"""Odoo keeps a PLC's certificates and key as attachments, which are records with doors of their own."""

import base64

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..security_case import SecurityCase

FILES = ("tls_ca", "tls_certificate", "tls_key")
OTHER = base64.b64encode(b"another").decode()


@tagged("post_install", "-at_install")
class TestSecurityAttachments(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.write(dict.fromkeys(FILES, base64.b64encode(b"secret")))
        cls.env.flush_all()
        ours = [("res_model", "=", "plc.controller"), ("res_id", "=", cls.controller.id), ("res_field", "in", FILES)]
        cls.files = cls.env["ir.attachment"].search(ours)

    def doors(self):
        own = {"name": "x", "res_model": "plc.controller", "res_id": self.controller.id, "datas": OTHER}
        for file in self.files:
            for values in ({"public": True}, {"datas": OTHER}, {"res_field": False}, {"res_id": False}, {"name": "x"}):
                yield "write", file.ids, values
            yield "unlink", file.ids
            yield "copy", file.ids, {"public": True}
            yield "create", {**own, "res_field": file.res_field}

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_they_are_changed_on_the_plc_alone(self):
        self.assertEqual(len(self.files), 3)
        for role in self.people:
            for method, *args in self.doors():
                with self.subTest(role=role, method=method, args=args), self.env.cr.savepoint() as savepoint:
                    with self.assertRaises(AccessError):
                        self.call(role, "ir.attachment", method, *args)
                    savepoint.rollback()
                self.env.invalidate_all()

    def test_nor_does_another_become_one(self):
        own = {"name": "x", "res_model": "plc.controller", "res_id": self.controller.id, "datas": OTHER}
        made = self.call("manager", "ir.attachment", "create", own)
        self.assertTrue(made)
        with self.assertRaises(AccessError):
            self.call("manager", "ir.attachment", "write", made if isinstance(made, list) else [made], {"res_field": "tls_ca"})

    def test_on_the_plc(self):
        self.call("manager", "plc.controller", "write", self.controller.ids, {"tls_ca": OTHER, "tls_key": False})
        self.assertEqual(self.controller.with_context(bin_size=False).tls_ca, OTHER.encode())
        self.assertFalse(self.controller.tls_key)
