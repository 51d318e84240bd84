"""Who can sign: people as Odoo knows them, by whatever way they log in, and nobody else; no password is kept."""

import json
import logging

from odoo.exceptions import AccessDenied, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_signatures import DAY, NIGHT, Refused, SigningCase


@tagged("post_install", "-at_install")
class TestSigners(SigningCase):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
        self.prepare("action_give_up")

    def ask(self, second=False):
        self.rule("give_up", second)
        asked = self.decide("action_give_up")
        self.dialog = self.env["mo.batch.sign"].browse(asked["res_id"])
        if second:
            self.dialog.second_id = self.day
        return asked

    def check_signed(self, *names):
        self.env.invalidate_all()
        self.assertEqual(self.batch.state, "failed")
        self.assertEqual(self.batch.signature_ids.mapped("signature"), list(names))

    def test_a_user_with_a_second_factor(self):
        """Odoo's own check of an identity asks for the password alone, too."""
        asked = self.ask()
        self.env.cr.execute("UPDATE res_users SET totp_secret = 'KRUGS4ZANFZSAYI=' WHERE id = %s", [self.night.id])
        self.env.invalidate_all()
        self.authenticate(NIGHT, NIGHT)
        self.sign(asked, password=NIGHT)
        self.check_signed("Night")

    def test_a_password_that_is_kept_elsewhere(self):
        """LDAP, for one: Odoo has none."""
        users = type(self.env["res.users"])
        check = users._check_credentials

        def elsewhere(user, credential, env):
            try:
                return check(user, credential, env)
            except AccessDenied:
                if credential["type"] == "password" and credential["password"] == f"{user.login} of the directory":
                    return {"uid": user.env.user.id, "auth_method": "ldap", "mfa": "default"}
                raise

        self.patch(users, "_check_credentials", elsewhere)
        asked = self.ask(second=True)
        self.refused("password of Night", asked, password=f"{DAY} of the directory", second_password=DAY)
        self.sign(asked, password=f"{NIGHT} of the directory", second_password=f"{DAY} of the directory")
        self.check_signed("Night", "Day")

    def test_no_key_is_a_password(self):
        asked = self.ask()
        key = self.env["res.users.apikeys"].with_user(self.night).sudo()._generate(None, "a program", None)
        self.refused("password of Night", asked, password=key)

    def test_who_has_no_password(self):
        """He logs in at another place (OAuth, passkeys); nothing, nor what Odoo stores of nothing, is a password."""
        asked = self.ask(second=True)
        self.env.cr.execute("UPDATE res_users SET password = NULL WHERE id = %s", [self.day.id])
        for password in ("", "None", "False", "NULL", None, False, DAY):
            self.refused("password of Day", asked, password=NIGHT, second_password=password)

    def test_who_is_no_second_person(self):
        """Archived, of the portal, or the same person by another login."""
        asked = self.ask(second=True)
        self.day.active = False
        self.refused("may not decide", asked, password=NIGHT, second_password=DAY)
        self.dialog.second_id = new_test_user(self.env, "sign_guest", groups="base.group_portal")
        self.refused("may not decide", asked, password=NIGHT, second_password="sign_guest")
        other = new_test_user(self.env, "night at home", groups="plc_mo_batch.group_manager", partner_id=self.night.partner_id.id)
        self.dialog.second_id = other
        self.refused("not yourself", asked, password=NIGHT, second_password="night at home")

    def test_guesses_of_another_ones_password(self):
        """That one's own is right does not begin the count anew."""
        self.addCleanup(self.registry._login_failures.clear)
        for known, guessed in (("password", "second_password"), ("second_password", "password")):
            with self.subTest(guessed), self.env.cr.savepoint() as savepoint:
                self.registry._login_failures.clear()
                right = {"password": NIGHT, "second_password": DAY}
                asked = self.ask(second=True)
                self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 2)
                for _guess in range(2):
                    self.refused("is not right", asked, **{known: right[known], guessed: "wrong"})
                with mute_logger("odoo.addons.base.models.res_users"):
                    self.refused("Too many login failures", asked, **right)
                self.undo(savepoint)

    def test_the_session_is_over(self):
        asked = self.ask()
        self.authenticate(None, None)
        with mute_logger("odoo.http"):
            self.raised("expired", asked, password=NIGHT)

    def test_of_the_second_person_is_no_session(self):
        """Odoo stores a password in a newer form when it is checked, and takes the session for that user's."""
        asked = self.ask(second=True)
        old = self.env["res.users"]._crypt_context().handler("pbkdf2_sha512").using(rounds=1000).hash(DAY)
        self.env.cr.execute("UPDATE res_users SET password = %s WHERE id = %s", [old, self.day.id])
        self.sign(asked, password=NIGHT, second_password=DAY)
        self.check_signed("Night", "Day")
        with self.assertRaisesRegex(Refused, "signed already"), mute_logger("odoo.http"):
            self.sign(asked, password=NIGHT)

    def test_a_program_that_knows_the_password(self):
        """It may read no request and make no dialog; what it calls is refused."""
        self.ask()
        signs = self.env["mo.batch.sign"].with_user(self.night)
        call = json.dumps([{}, "mo.batch", self.batch.ids, "action_give_up", [], {}])
        with self.assertRaises(UserError):
            dialog = signs.create({"action": "give_up", "batch_ids": [(6, 0, self.batch.ids)], "request": call})
            dialog.with_context(password=NIGHT).action_sign()
        with self.assertRaises(UserError):
            self.dialog.with_user(self.night).request = call
        with self.assertRaises(UserError):
            self.dialog.with_user(self.night).write({"second_needed": False})
        self.assertEqual(self.batch.state, "running")

    def test_no_password_is_kept(self):
        """Neither in a log nor in the database: not in the call that waits, and not with the dialog."""
        said = []

        class Listener(logging.Handler):
            def emit(self, record):
                said.append(self.format(record))

        listener, root = Listener(), logging.getLogger()
        root.addHandler(listener)
        self.addCleanup(root.removeHandler, listener)
        secret, other = "Grüße-an-Night-7731", "Grüße-an-Day-7731"
        self.night.password, self.day.password = secret, other
        self.authenticate(NIGHT, secret)
        self.rule("give_up", second=True)
        context = {"password": secret, "second_password": other}
        asked = self.click("mo.batch", "action_give_up", self.batch.ids, context=context)
        self.dialog = self.env["mo.batch.sign"].browse(asked["res_id"])
        self.dialog.second_id = self.day
        self.refused("is not right", asked, password=secret, second_password=other + "x")
        self.sign(asked, **context)
        self.check_signed("Night", "Day")
        self.env.cr.execute("SELECT row_to_json(s)::text FROM mo_batch_sign AS s")
        said += [row for (row,) in self.env.cr.fetchall()]
        said += self.batch.journal_ids.mapped("message") + self.batch.message_ids.mapped("body")
        self.assertTrue(said)
        for text in said:
            self.assertNotIn("7731", text)
