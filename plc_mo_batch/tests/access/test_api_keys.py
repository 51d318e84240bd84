"""A command that is sent again with its key acts once; two at the same moment, too."""

import threading
from datetime import timedelta

from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import CommittedMillCase
from ..security_case import SecurityCase

# (model, method): arguments of a call that changes something each time
COMMANDS = {
    ("mo.batch", "api_cancel"): {"reason": "plan"},
    ("mo.batch", "api_reset"): {"decision": "give_up"},
    ("mo.batch", "api_retry"): {},
    ("plc.controller", "api_exchange"): {},
    ("plc.controller", "api_fill"): {},
    ("plc.controller", "api_switch"): {"on": False, "note": "again"},
    ("plc.controller", "api_write_back"): {},
    ("plc.equipment", "api_fill"): {"quantity": 5.0, "confirmed": True},
}


@tagged("post_install", "-at_install")
class TestApiKeys(SecurityCase):
    def setUp(self):
        super().setUp()
        self.new_order()
        self.env["plc.task.fill"]._fill(self.controller)
        self.batch = self.env["mo.batch"].search([("controller_id", "=", self.controller.id)])

    def send(self, model, method, *args, role="manager", **arguments):
        of_model = {"mo.batch": self.batch, "plc.equipment": self.controller.equipment_ids[0]}
        ids = of_model.get(model, self.controller).ids
        return self.call(role, model, method, ids, *args, **arguments)

    def prepare(self, model, method):
        """A batch that the command may be given, once."""
        if method == "api_reset":
            self.batch._set_state("offered")
            self.batch.write({"attention": "Lost.", "attention_key": "lost recipe"})
        elif method == "api_retry":
            self.batch._set_state("completed")
            self.batch._record_error("no stock location")
        elif model == "plc.equipment":
            self.controller.action_make_silo_locations()

    def test_each_command_acts_once(self):
        for (model, method), arguments in COMMANDS.items():
            with self.subTest(method), self.env.cr.savepoint() as savepoint:
                self.prepare(model, method)
                answer = self.send(model, method, key="a", **arguments)
                before = self.changes()
                self.assertEqual(self.send(model, method, key="a", **arguments), answer)
                self.assertEqual(self.changes(), before)
                savepoint.rollback()
            self.env.invalidate_all()

    def changes(self):
        self.env.flush_all()
        journal, triggers = self.env["mo.batch.journal"].search_count([]), self.env["ir.cron.trigger"].search_count([])
        return journal, triggers, self.batch.read(["state", "attention", "attempts", "next_try"])

    def test_the_same_call_is_the_same_however_it_is_spelled(self):
        answer = self.send("mo.batch", "api_cancel", reason="plan", key="a")
        again = self.send("mo.batch", "api_cancel", "plan", note="", order_action="withhold", partial=False, key="a")
        self.assertEqual(again, answer)

    def test_another_call_with_the_key_is_refused(self):
        self.send("plc.controller", "api_switch", on=False, key="a")
        for model, method, arguments in (
            ("plc.controller", "api_switch", {"on": True}),
            ("plc.controller", "api_switch", {"on": False, "note": "x"}),
            ("plc.controller", "api_fill", {}),
            ("mo.batch", "api_cancel", {"reason": "plan"}),
        ):
            with self.assertRaisesRegex(UserError, "The key a was already used for another call.") as caught:
                self.send(model, method, key="a", **arguments)
            self.assertEqual(caught.exception.context["code"], "key_reused")
        self.assertEqual((self.controller.enabled, self.batch.state), (False, "queued"))

    def test_without_a_key_nothing_is_kept(self):
        for key in ("", False, None):
            self.send("plc.controller", "api_switch", on=False, key=key)
        self.assertFalse(self.env["plc.api.answer"].search_count([]))

    def test_a_refused_call_leaves_its_key(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.send("mo.batch", "api_retry", key="a")
        self.prepare("mo.batch", "api_retry")
        self.assertEqual(self.send("mo.batch", "api_retry", key="a")[0]["state"], "completed")

    def test_keys_are_each_users_own(self):
        self.send("plc.controller", "api_fill", key="a", role="operator")
        self.assertIs(self.send("plc.controller", "api_switch", on=False, key="a"), True)

    def test_who_may_no_longer_act_gets_no_answer(self):
        self.send("plc.controller", "api_fill", key="a", role="operator")
        self.people["operator"].group_ids = self.env.ref("base.group_user")
        with self.assertRaises(AccessError):
            self.send("plc.controller", "api_fill", key="a", role="operator")

    def test_answers_are_forgotten(self):
        self.send("plc.controller", "api_fill", key="old")
        self.send("plc.controller", "api_fill", key="new")
        answers = self.env["plc.api.answer"]
        answers.search([("key", "=", "old")]).date = fields.Datetime.now() - timedelta(days=8)
        self.assertEqual(answers._gc_answers(), (1, False))
        self.assertEqual(answers.search([]).mapped("key"), ["new"])


@tagged("post_install", "-at_install")
class TestApiPartial(SecurityCase):
    """What a bulk command did, batch by batch."""

    def setUp(self):
        super().setUp()
        for _order in range(3):
            self.new_order()
        self.env["plc.task.fill"]._fill(self.controller)
        self.batches = self.env["mo.batch"].search([("controller_id", "=", self.controller.id)], order="slot")
        self.batches[1]._set_state("running")

    def cancel(self, ids, role="operator", reason="plan", **arguments):
        return self.call(role, "mo.batch", "api_cancel", ids, reason, partial=True, **arguments)

    def test_one_that_is_refused_does_not_stop_the_others(self):
        first, second, third = self.batches
        answers = self.cancel([first.id, second.id, 999999, -1, third.id, first.id])
        self.assertEqual([answer["id"] for answer in answers], [first.id, second.id, 999999, -1, third.id])
        self.assertEqual([answer["ok"] for answer in answers], [True, False, False, False, True])
        self.assertEqual(answers[0], {"id": first.id, "ok": True, "name": first.name, "state": "cancelled"})
        self.assertEqual([answers[n]["error"]["code"] for n in (1, 2, 3)], ["not_allowed", "not_found", "not_found"])
        self.assertIn("the PLC has taken it", answers[1]["error"]["message"])
        self.assertEqual(self.batches.mapped("state"), ["cancelled", "running", "cancelled"])

    def test_what_failed_halfway_is_undone(self):
        real = type(self.batches)._set_state

        def breaks(batch, state, **values):
            real(batch, state, **values)
            if batch == self.batches[2]:
                raise ZeroDivisionError

        self.patch(type(self.batches), "_set_state", breaks)
        with mute_logger("odoo.addons.plc_mo_batch.tools.translate"):
            first, third = self.cancel(self.batches[0].ids + self.batches[2].ids)
        self.assertEqual((first["ok"], third["ok"], third["error"]["code"]), (True, False, "failed"))
        self.assertRecordValues(self.batches[2], [{"state": "queued", "cancel_reason": False}])

    def test_what_can_never_be_right_refuses_the_call(self):
        for ids, reason, code in (
            ([], "plan", "bad_argument"),
            (self.batches.ids, "boredom", "bad_argument"),
            ([self.batches[0].id, "1"], "plan", "bad_argument"),
        ):
            with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
                self.cancel(ids, reason=reason)
            self.assertEqual(caught.exception.context["code"], code)
        self.env.invalidate_all()
        self.assertEqual(self.batches[0].state, "queued")

    def test_who_may(self):
        self.assertEqual({answer["error"]["code"] for answer in self.cancel(self.batches.ids, role="planner")}, {"forbidden"})
        with self.assertRaises(AccessError):
            self.cancel(self.batches.ids, role="internal")

    def test_with_a_key(self):
        answer = self.cancel(self.batches.ids, key="a")
        self.batches[1]._set_state("completed")
        self.assertEqual(self.cancel(self.batches.ids, key="a"), answer)

    def test_reset_and_retry(self):
        for method, *arguments in (("api_reset", "give_up"), ("api_retry",)):
            answers = self.call("operator", "mo.batch", method, self.batches.ids, *arguments, partial=True)
            self.assertEqual({answer["error"]["code"] for answer in answers}, {"not_allowed"})


@tagged("post_install", "-at_install")
class TestApiCodes(SecurityCase):
    """Each refusal has a code."""

    def test_codes(self):
        self.new_order()
        self.env["plc.task.fill"]._fill(self.controller)
        batch = self.env["mo.batch"].search([("controller_id", "=", self.controller.id)])
        for role, model, method, args, code in (
            ("operator", "mo.batch", "api_detail", [[999999]], "not_found"),
            ("operator", "mo.batch", "api_detail", [["x"]], "bad_argument"),
            ("operator", "mo.batch", "api_history", ["none"], "not_found"),
            ("operator", "mo.batch", "api_history", [""], "bad_argument"),
            ("operator", "mo.batch", "api_retry", [batch.ids], "not_allowed"),
            ("operator", "mo.batch", "api_cancel", [batch.ids, "boredom"], "bad_argument"),
            ("operator", "plc.controller", "api_switch", [self.controller.ids, False], "forbidden"),
            ("internal", "plc.controller", "api_queue", [[]], "forbidden"),
            ("internal", "plc.controller", "api_version", [], "forbidden"),
            ("planner", "mo.batch.journal", "api_changes", [], "forbidden"),
        ):
            with self.subTest(method=method, code=code), self.assertRaises(UserError) as caught:
                self.call(role, model, method, *args)
            self.assertEqual(caught.exception.context["code"], code)


@tagged("post_install", "-at_install")
class TestApiKeyRace(CommittedMillCase):
    """The same call twice at the same moment, each with its own transaction."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.delete_of_mill, "mo_batch_journal")
        self.addCleanup(self.reset)

    def reset(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM plc_api_answer")
            cr.execute("UPDATE plc_controller SET enabled = TRUE WHERE id = %s", [self.mill_id])

    def switch(self, cr):
        mill = api.Environment(cr, SUPERUSER_ID, {})["plc.controller"].browse(self.mill_id)
        return mill.api_switch(False, note="once", key="a")

    def test_the_second_waits_and_begins_anew(self):
        came = []

        def second():
            with self.registry.cursor() as cr, mute_logger("odoo.sql_db"):
                cr.execute("SELECT count(*) FROM plc_api_answer")  # its snapshot: no such key
                begun.set()
                try:
                    came.append(self.switch(cr))
                except TransactionRollbackError as error:  # Odoo's server repeats the call
                    came.append(type(error).__name__)

        begun = threading.Event()
        with self.registry.cursor() as cr:
            other = threading.Thread(target=second)
            self.assertIs(self.switch(cr), True)
            other.start()
            begun.wait()
        other.join()
        self.assertEqual(came, ["SerializationFailure"])
        with self.registry.cursor() as cr:
            self.assertIs(self.switch(cr), True)
            cr.execute("SELECT count(*) FROM mo_batch_journal WHERE controller_id = %s", [self.mill_id])
            self.assertEqual(cr.fetchone()[0], 1)
