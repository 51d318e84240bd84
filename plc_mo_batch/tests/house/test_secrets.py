"""No secret comes into a log, a message or an error."""

import base64
import logging

from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged

from ...plc.wire import Endpoint, Login, Tls
from ..common import MillCase

SECRET = "MIIEvQIBADANBgkq-a-secret"
KEY = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"


@tagged("post_install", "-at_install")
class TestSecrets(MillCase):
    def log_of(self, action):
        """All that was logged, whatever its level."""
        root = logging.getLogger()
        with self.assertLogs(root, logging.DEBUG) as logs:
            root.debug("begins")
            action()
        return "\n".join(logs.output)

    def enter_key(self):
        encoded = base64.b64encode(KEY.encode())
        manager = new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager")
        with self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
            self.controller.with_user(manager).write({"transport": "tls", "tls_certificate": encoded, "tls_key": encoded})
        self.assertNotIn(SECRET, str(caught.exception))

    def test_key_that_is_entered(self):
        self.assertNotIn(SECRET, self.log_of(self.enter_key))

    def test_key_that_is_used(self):
        """As everything is logged that one may log of a connection."""
        tls = Tls(ca="", certificate=KEY.replace(SECRET, "certificate"), key=KEY)
        login = Login(user="odoo", password=SECRET)
        endpoint = Endpoint("127.0.0.1", 1, transport="tls", tls=tls, login=login)
        for text in (repr(tls), repr(login), str(endpoint), f"{endpoint!r}"):
            self.assertNotIn(SECRET, text)

    def test_key_in_the_chatter(self):
        """What is tracked is told to every follower."""
        tracked = {name for name, field in self.controller._fields.items() if getattr(field, "tracking", False)}
        self.assertFalse(tracked & {"tls_key", "tls_certificate", "tls_ca", "login_password"})
        self.assertIn("host", tracked)

    def test_exchange_with_a_key_that_does_not_fit(self):
        encoded = base64.b64encode(KEY.encode())
        self.controller.flush_recordset()
        self.env.cr.execute("UPDATE plc_controller SET transport = 'tls' WHERE id = %s", self.controller.ids)
        attachments = self.env["ir.attachment"].sudo()
        for name in ("tls_certificate", "tls_key"):
            attachments.create(
                {"name": name, "res_model": "plc.controller", "res_field": name, "res_id": self.controller.id, "datas": encoded}
            )
        self.env.invalidate_all()
        log = self.log_of(lambda: self.run_task(2))
        self.assertIn("not in PEM form", self.controller.last_error)
        for text in (log, self.controller.last_error, *self.controller.journal_ids.mapped("message")):
            self.assertNotIn(SECRET, text)
