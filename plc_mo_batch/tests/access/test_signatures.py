"""Decisions that are signed: nothing happens without the passwords that a PLC's rules want, by whatever door; with them, who
decided stands with the batch, in its journal and its report."""

import ast
from pathlib import Path

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.batch.actions import ACTIONS, SIGNED
from ...models.common.marks import CLOSING
from ..common import MillCase
from ..patient_http import PatientHttpCase

# method of a batch -> what the batch is like where it is allowed, its arguments, and what shows that it was done
CASES = {
    "action_add_fallen": ({"state": "running", "attention_key": "fell x"}, {}, {"attention_key": False}),
    "action_book_on_new_order": ({"state": "completed"}, {}, {}),
    "action_enter_amounts": (
        {"state": "running", "attention_key": "rejected x"},
        {"amounts": [[101, 600.0], [102, 300.0], [114, 30.0]], "reason": "as the scale says"},
        {"state": "completed"},
    ),
    "action_enter_hand_adds": ({"state": "completed"}, {"quantities": []}, {}),
    "action_give_up": ({"state": "running", "attention_key": "lost x"}, {}, {"state": "failed"}),
    "action_go_on": ({"state": "queued", "attention_key": "database_behind"}, {}, {"resent": True}),
    "action_is_booked_by_hand": ({"state": "completed"}, {"comment": "by the day shift"}, {"state": "done"}),
    "action_release_review": ({"state": "completed", "review_needed": True}, {"comment": "as it is"}, {"reviewed": True}),
    "action_release_slot": ({"state": "queued", "attention_key": "occupied x"}, {}, {"release": True}),
    "action_send_again": ({"state": "offered", "attention_key": "lost x"}, {}, {"state": "queued"}),
    "action_set_disposition": ({"state": "failed"}, {"order_action": "cancel"}, {"disposition_order": "cancel"}),
    "action_set_weight": ({"state": "completed", "weight_needed": True}, {"weight": 990.0}, {"produced_qty": 990.0}),
    "action_take_note": ({"state": "done", "attention_key": "changed x"}, {}, {"noted": True}),
}
NIGHT, DAY = "night shift", "day shift"  # logins and passwords
WRONG = {"password": ("", "wrong", None, ["list"]), "second_password": ("", "wrong", None, 7)}


class Refused(Exception):
    """What a person is told."""


class SignatureCase(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.night, cls.day = (
            new_test_user(cls.env, login, name=name, groups="plc_mo_batch.group_manager")
            for login, name in ((NIGHT, "Night"), (DAY, "Day"))
        )
        cls.order = cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batch = cls.env["mo.batch"].search([("production_id", "=", cls.order.id)])

    def rule(self, action, second=False):
        values = {"controller_id": self.controller.id, "action": action, "second_person": second}
        return self.env["plc.signature.rule"].with_user(self.night).create(values)

    def prepare(self, method):
        self.batch.write(CASES[method][0])
        if method in ("action_is_booked_by_hand", "action_book_on_new_order"):
            CLOSING.on(self.order).state = "done"
        if method == "action_enter_hand_adds":
            self.hand_add = self.batch.line_ids.filtered(lambda line: not line.code)

    def arguments(self, method):
        if method == "action_enter_hand_adds":
            return {"quantities": [[self.hand_add.id, 3.5]]}
        return CASES[method][1]

    def kinds(self):
        """Action -> the methods that carry it out."""
        methods = {name: getattr(getattr(type(self.batch), name), "signs", None) for name in dir(type(self.batch))}
        return {name: kind for name, kind in methods.items() if kind}

    def stored(self):
        """What a decision about the batch may change."""
        self.env.flush_all()
        self.env.invalidate_all()
        names = ("state", "produced_qty", "attention_key", "reviewed", "review_needed", "disposition_order", "release", "resent")
        journal, lines = self.batch.journal_ids.ids, self.batch.line_ids
        return [self.batch[name] for name in names], lines.mapped("actual_qty"), lines.mapped("typed_qty"), journal


@tagged("post_install", "-at_install")
class TestSignatures(SignatureCase):
    def test_each_that_may_be_signed_can_be(self):
        """The rules' choice, and the methods that ask for them."""
        self.assertEqual(set(self.kinds().values()), set(SIGNED))
        self.assertEqual(set(self.kinds()), set(CASES))
        self.assertLessEqual(set(SIGNED), set(ACTIONS))

    def test_nobody_passes_over_the_question(self):
        """Whoever calls such a method in the addon hands on what it is answered with."""
        addon = Path(__file__).resolve().parents[2]
        for file in [*addon.glob("models/**/*.py"), *addon.glob("wizards/*.py")]:
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                    self.assertNotIn(getattr(node.value.func, "attr", ""), CASES, f"{file.name}:{node.lineno}")

    def test_programs_are_refused(self):
        """Each decision, as long as a rule stands; and nothing has happened."""
        for method, action in self.kinds().items():
            with self.subTest(method), self.env.cr.savepoint() as savepoint:
                self.prepare(method)
                rule = self.rule(action)
                before = self.stored()
                with self.assertRaisesRegex(UserError, "must be signed"):
                    getattr(self.batch.with_user(self.night), method)(**self.arguments(method))
                self.assertEqual(self.stored(), before)
                rule.unlink()
                getattr(self.batch.with_user(self.night), method)(**self.arguments(method))
                savepoint.rollback()
            self.env.invalidate_all()

    def test_who_may_not_decide_is_told_that(self):
        """Not that something must be signed."""
        self.prepare("action_give_up")
        self.rule("give_up")
        worker = new_test_user(self.env, "sign_worker", groups="mrp.group_mrp_user")
        with self.assertRaises(AccessError):
            self.batch.with_user(worker).action_give_up()
        self.batch.attention_key = False
        with self.assertRaisesRegex(UserError, "its reports are accepted"):
            self.batch.with_user(self.night).action_give_up()

    def test_no_mark_can_be_forged(self):
        self.prepare("action_give_up")
        self.rule("give_up")
        for forged in (True, "plc_signing", {"key": "plc_signing"}):
            with self.assertRaisesRegex(UserError, "must be signed"):
                self.batch.with_user(self.night).with_context(plc_signing=forged).action_give_up()

    def test_rules_are_journalled(self):
        rule = self.rule("give_up")
        rule.second_person = True
        rule.unlink()
        told = self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id)], limit=3).mapped("message")
        self.assertIn("No signature any more: Give Up This Batch", told[0])
        self.assertIn("Second Person: no → yes", told[1])
        self.assertIn("Signature: Give Up This Batch", told[2])

    def test_signatures_stay(self):
        self.batch._record_signatures("give_up", [(self.night, "decided")])
        given = self.batch.signature_ids
        self.night.name = "Renamed"
        self.assertEqual(given.signature, "Night")
        with self.assertRaises(UserError):
            given.signature = "Somebody else"
        with self.assertRaises(UserError):
            given.unlink()
        self.assertTrue(given.exists())
        html = self.env["ir.actions.report"]._render_qweb_html("plc_mo_batch.report_mo_batch", self.batch.ids)[0].decode()
        self.assertRegex(html, r"Signed</h4>[\s\S]*Give Up This Batch[\s\S]*Decided[\s\S]*Night")

    def test_a_copied_plc_asks_as_well(self):
        self.rule("give_up", second=True)
        copied = self.controller.copy({"port": self.free_port()}).signature_rule_ids
        self.assertEqual((copied.action, copied.second_person), ("give_up", True))


class SigningCase(PatientHttpCase, SignatureCase):
    """As the web client does it."""

    def setUp(self):
        super().setUp()
        self.authenticate(NIGHT, NIGHT)

    def click(self, model, method, ids, context=None, **arguments):
        params = {"model": model, "method": method, "args": [ids], "kwargs": {**arguments, "context": context or {}}}
        response = self.url_open(f"/web/dataset/call_button/{model}/{method}", json={"params": params}).json()
        if "error" in response:
            raise Refused(response["error"]["data"]["message"])
        return response["result"]

    def decide(self, method):
        return self.click("mo.batch", method, self.batch.ids, **self.arguments(method))

    def sign(self, asked, **context):
        return self.click("mo.batch.sign", "action_sign", [asked["res_id"]], context=context)

    def refused(self, words, asked, **context):
        """The dialog comes again and says why."""
        before = self.stored()
        again = self.sign(asked, **context)
        self.assertEqual((again["res_model"], again["res_id"]), (asked["res_model"], asked["res_id"]))
        self.assertEqual(self.stored(), before)
        self.assertFalse(self.batch.signature_ids)
        self.assertRegex(self.env["mo.batch.sign"].browse(asked["res_id"]).problem, words)

    def raised(self, words, asked, **context):
        before = self.stored()
        with self.assertRaisesRegex(Refused, words), mute_logger("odoo.http"):
            self.sign(asked, **context)
        self.assertEqual(self.stored(), before)
        self.assertFalse(self.batch.signature_ids)

    def undo(self, savepoint):
        savepoint.rollback()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestSigning(SigningCase):
    def test_each_decision(self):
        """Asked, refused with each wrong password, and carried out with the right one."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
        for method, action in self.kinds().items():
            with self.subTest(method), self.env.cr.savepoint() as savepoint:
                self.prepare(method)
                self.rule(action)
                before = self.stored()
                asked = self.decide(method)
                self.assertEqual(asked["res_model"], "mo.batch.sign")
                self.assertEqual(self.stored(), before)
                for password in WRONG["password"]:
                    self.refused("password of Night is not right", asked, password=password)
                self.assertEqual(self.sign(asked, password=NIGHT)["type"], "ir.actions.act_window_close")
                self.check_done(method, action)
                with self.assertRaises(Refused), mute_logger("odoo.http"):  # a second click
                    self.sign(asked, password=NIGHT)
                self.undo(savepoint)

    def check_done(self, method, action):
        self.env.invalidate_all()
        wanted = CASES[method][2]
        self.assertEqual({name: self.batch[name] for name in wanted}, wanted)
        given = self.batch.signature_ids
        self.assertEqual((given.action, given.user_id, given.meaning), (action, self.night, "decided"))
        self.assertIn("signed: Night (decided).", self.batch.journal_ids.filtered(lambda line: line.kind == "user")[0].message)

    def test_second_person(self):
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
        self.prepare("action_give_up")
        self.rule("give_up", second=True)
        asked = self.decide("action_give_up")
        dialog = self.env["mo.batch.sign"].browse(asked["res_id"])
        worker = new_test_user(self.env, "sign_worker", groups="mrp.group_mrp_user")
        for second, words in ((False, "not yourself"), (self.night, "not yourself"), (worker, "may not decide this")):
            dialog.second_id = second
            self.refused(words, asked, password=NIGHT, second_password=NIGHT)
        elsewhere = self.env["res.company"].create({"name": "Another mill"})
        stranger = new_test_user(
            self.env, "sign_stranger", groups="plc_mo_batch.group_operator", company_id=elsewhere.id, company_ids=elsewhere.ids
        )
        dialog.second_id = stranger
        self.refused("may not decide this", asked, password=NIGHT, second_password="sign_stranger")
        dialog.second_id = self.day
        for password in WRONG["second_password"]:
            self.refused("password of Day is not right", asked, password=NIGHT, second_password=password)
        self.refused("password of Night is not right", asked, password=DAY, second_password=DAY)
        self.sign(asked, password=NIGHT, second_password=DAY)
        self.env.invalidate_all()
        self.assertEqual(self.batch.state, "failed")
        self.assertEqual(self.batch.given_up_by_id, self.night)
        self.assertEqual(
            [(each.signature, each.meaning) for each in self.batch.signature_ids], [("Night", "decided"), ("Day", "second")]
        )

    def test_the_api_does_not_ask(self):
        """Not even where it is called as a button is."""
        self.prepare("action_give_up")
        self.rule("give_up")
        with self.assertRaisesRegex(Refused, "must be signed"), mute_logger("odoo.http"):
            self.click("mo.batch", "api_reset", self.batch.ids, decision="give_up")
        self.assertEqual(self.batch.state, "running")

    def test_guesses_are_limited(self):
        """As at the login page."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 2)
        self.addCleanup(self.registry._login_failures.clear)
        self.prepare("action_give_up")
        self.rule("give_up")
        asked = self.decide("action_give_up")
        for _guess in range(2):
            self.refused("password of Night is not right", asked, password="wrong")
        with mute_logger("odoo.addons.base.models.res_users"):
            self.refused("Too many", asked, password=NIGHT)

    def test_somebody_elses_dialog(self):
        self.prepare("action_give_up")
        self.rule("give_up")
        asked = self.decide("action_give_up")
        self.authenticate(DAY, DAY)
        self.raised("not allowed to access|doesn't have", asked, password=NIGHT)

    def test_what_is_not_allowed_any_more(self):
        """Meanwhile the PLC has shown it again: who signs is told so, and nothing is signed."""
        self.prepare("action_give_up")
        self.rule("give_up")
        asked = self.decide("action_give_up")
        self.batch.attention_key = False
        self.raised("its reports are accepted", asked, password=NIGHT)

    def test_several_batches_with_one_decision(self):
        """What is sent again and what is given up are signed one after the other; nothing before."""
        self.new_order()
        self.controller.batch_limit = 2
        offered = self.batch.copy({"slot": 9, "production_id": self.new_order().id}) | self.batch
        self.rule("send_again")
        self.rule("give_up")
        other = offered - self.batch
        self.batch.write({"state": "running", "attention_key": "lost x"})
        other.write({"state": "offered", "attention_key": "lost x"})
        values = {"batch_ids": offered.ids, "decision": "send_again"}
        dialog = self.env["mo.batch.undecided"].with_user(self.night).create(values)
        asked = self.click("mo.batch.undecided", "action_confirm", dialog.ids)
        self.assertEqual(self.env["mo.batch.sign"].browse(asked["res_id"]).action, "send_again")
        self.env.invalidate_all()
        self.assertEqual((other.state, self.batch.state), ("offered", "running"))
        asked = self.sign(asked, password=NIGHT)
        self.env.invalidate_all()
        self.assertEqual((other.state, self.batch.state), ("queued", "running"))
        self.sign(asked, password=NIGHT)
        self.env.invalidate_all()
        self.assertEqual((other.state, self.batch.state), ("queued", "failed"))
        self.assertEqual((other.signature_ids.action, self.batch.signature_ids.action), ("send_again", "give_up"))

    def test_release_with_hand_adds(self):
        """One dialog after the other; both are carried out."""
        self.prepare("action_release_review")
        self.prepare("action_enter_hand_adds")
        self.batch._store_actuals([101, 102, 114], [0.0, 0.0, 0.0])  # which is what a review is for
        self.batch.review_needed = True
        self.rule("enter_hand_adds")
        self.rule("release_review")
        review = self.env["mo.batch.review"].with_user(self.night).create({"batch_id": self.batch.id, "comment": "seen"})
        review.line_ids.filtered(lambda line: not line.code).quantity = 3.5
        asked = self.click("mo.batch.review", "action_release", review.ids)
        self.assertFalse(self.hand_add.typed)
        asked = self.sign(asked, password=NIGHT)
        self.env.invalidate_all()
        self.assertEqual((self.hand_add.typed_qty, self.batch.reviewed), (3.5, False))
        self.sign(asked, password=NIGHT)
        self.env.invalidate_all()
        self.assertTrue(self.batch.reviewed)
        self.assertEqual(self.batch.signature_ids.mapped("action"), ["enter_hand_adds", "release_review"])
