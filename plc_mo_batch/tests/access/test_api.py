"""The external API: what it answers, whom, and what it says where it cannot."""

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import new_test_user, tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestApi(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        roles = {
            "operator": "plc_mo_batch.group_operator",
            "manager": "plc_mo_batch.group_manager",
            "worker": "mrp.group_mrp_user",
            "stranger": "base.group_user",
        }
        cls.users = {role: new_test_user(cls.env, f"api-{role}", groups=groups) for role, groups in roles.items()}
        cls.orders = cls.new_order() | cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batches = cls.env["mo.batch"].search([("controller_id", "=", cls.controller.id)], order="slot")

    def plc(self, role):
        return self.controller.with_user(self.users[role])

    def batch(self, role):
        return self.batches[0].with_user(self.users[role])

    def assertPlain(self, value):
        """JSON, and None nowhere."""
        if isinstance(value, dict):
            self.assertTrue(all(isinstance(key, str) for key in value), value)
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                self.assertPlain(item)
        else:
            self.assertIsInstance(value, (str, int, float))

    # Questions

    def test_queue(self):
        [queue] = self.plc("worker").api_queue()
        self.assertPlain(queue)
        self.assertEqual(queue["counts"], {"queued": 2})
        self.assertEqual([batch["slot"] for batch in queue["batches"]], [1, 2])
        self.assertEqual(queue["batches"][0]["production_id"], {"id": self.orders[0].id, "name": self.orders[0].name})

    def test_all_that_the_user_may_see(self):
        controllers = self.env["plc.controller"].with_user(self.users["operator"])
        self.assertIn(self.controller.id, [queue["id"] for queue in controllers.api_queue()])
        company = self.env["res.company"].create({"name": "Other mill"})
        other = new_test_user(
            self.env, "api-other", groups="plc_mo_batch.group_manager", company_id=company.id, company_ids=[company.id]
        )
        self.assertEqual(self.env["plc.controller"].with_user(other).api_queue(), [])
        with self.assertRaises(AccessError):
            self.controller.with_user(other).api_queue()
        with self.assertRaises(AccessError):
            self.batches.with_user(other).api_detail()

    def test_health(self):
        self.env["plc.alarm"]._sync("silent", self.controller, [])
        [health] = self.plc("worker").api_health()
        self.assertPlain(health)
        self.assertEqual((health["health"], health["reasons"], health["alarms"]), (self.controller.health, self.reasons(), []))

    def reasons(self):
        return (self.controller.health_reason or "").splitlines()

    def test_detail(self):
        [detail] = self.batch("operator").api_detail()
        self.assertPlain(detail)
        self.assertEqual(detail["allowed"], ["cancel"])
        self.assertEqual([line["planned_qty"] for line in detail["lines"]], [600.0, 352.25, 33.3, 14.45])
        self.assertEqual(detail["lines"][3]["equipment_id"], False, "added by hand")
        self.assertEqual((detail["date_started"], detail["last_error"]), (False, ""))

    def test_what_a_worker_may_do(self):
        self.assertEqual(self.batch("worker").api_detail()[0]["allowed"], [])

    def test_history(self):
        self.batch("operator").api_cancel("plan", order_action="requeue")
        self.env["plc.task.fill"]._queue_order(self.controller, self.controller.layout_id._layout(), self.orders[0], 3)
        history = self.env["mo.batch"].with_user(self.users["worker"]).api_history(self.orders[0].name)
        self.assertPlain(history)
        self.assertEqual([made["state"] for made in history], ["queued", "cancelled"])
        self.assertEqual(self.env["mo.batch"].api_history(self.new_order().name), [])

    # Commands

    def test_wake_the_tasks(self):
        for number, method in ((1, "api_fill"), (2, "api_exchange"), (3, "api_write_back")):
            triggers = [("cron_id", "=", self.env.ref(f"plc_mo_batch.ir_cron_task_{number}").id)]
            self.env["ir.cron.trigger"].search(triggers).unlink()
            self.assertIs(getattr(self.plc("operator"), method)(), True)
            self.assertTrue(self.env["ir.cron.trigger"].search(triggers))
            with self.assertRaises(AccessError):
                getattr(self.plc("worker"), method)()

    def test_cancel(self):
        done = self.batch("operator").api_cancel(reason="material", note="no soy")
        self.assertEqual(done, [{"id": self.batches[0].id, "name": self.batches[0].name, "state": "cancelled"}])
        self.assertRecordValues(self.batches[0], [{"cancel_reason": "material", "cancel_note": "no soy"}])
        with self.assertRaisesRegex(UserError, "is cancelled: it has already ended"):
            self.batch("operator").api_cancel("material")
        with self.assertRaisesRegex(UserError, "boredom is not valid. Use one of"):
            self.batches[1].with_user(self.users["operator"]).api_cancel("boredom")

    def test_retry(self):
        with self.assertRaisesRegex(UserError, "none of its write-backs has failed"):
            self.batch("operator").api_retry()
        self.batches[0]._set_state("completed")
        self.batches[0]._record_error("no stock location")
        self.assertEqual(self.batch("operator").api_retry()[0]["state"], "completed")
        self.assertFalse(self.batches[0].next_try)

    def test_reset(self):
        with self.assertRaisesRegex(UserError, "there is nothing to decide"):
            self.batch("operator").api_reset("send_again")
        with self.assertRaisesRegex(
            UserError, "burn is not valid. Use one of: send_again, give_up, add_fallen, take_note, release, go_on, requeue"
        ):
            self.batch("operator").api_reset("burn")
        self.batches[0]._set_state("offered")
        self.batches[0].write({"attention": "Lost.", "attention_key": "lost recipe"})
        self.assertEqual(self.batch("operator").api_reset("give_up", note="I looked")[0]["state"], "cancelled")
        self.assertIn("I looked", self.batches[0].journal_ids.mapped("message"))

    def test_switch(self):
        with self.assertRaisesRegex(AccessError, "Only PLC managers"):
            self.plc("operator").api_switch(False)
        self.assertIs(self.plc("manager").api_switch(False, note="Mixer is cleaned"), True)
        self.assertFalse(self.controller.enabled)
        line = self.env["mo.batch.journal"].search([("controller_id", "=", self.controller.id)], limit=1)
        self.assertEqual(line.user_id, self.users["manager"])
        self.assertIn("Mixer is cleaned", line.message)
        with self.assertRaises(UserError):
            self.plc("manager").api_switch("false")
        self.assertFalse(self.controller.enabled)

    # Refusals

    def test_strangers(self):
        calls = {
            "plc.controller": {"api_queue": (), "api_health": (), "api_fill": (), "api_switch": (True,)},
            "mo.batch": {"api_detail": (), "api_cancel": ("plan",), "api_retry": (), "api_reset": ("release",)},
        }
        for model, methods in calls.items():
            record = self.controller if model == "plc.controller" else self.batches[0]
            for method, arguments in methods.items():
                for ids in (record.ids, [999999]):  # not even whether it exists
                    with self.assertRaises(AccessError, msg=method):
                        getattr(self.env[model].with_user(self.users["stranger"]).browse(ids), method)(*arguments)
        with self.assertRaises(AccessError):
            self.env["mo.batch"].with_user(self.users["stranger"]).api_history(self.orders[0].name)

    def test_what_is_not_there(self):
        operator = self.env(user=self.users["operator"])
        with self.assertRaisesRegex(MissingError, "PLC 999999 does not exist"):
            operator["plc.controller"].browse(999999).api_queue()
        with self.assertRaisesRegex(MissingError, "PLC Batch 999999 does not exist"):
            operator["mo.batch"].browse([self.batches[0].id, 999999]).api_cancel("plan")
        self.assertEqual(self.batches[0].state, "queued")
        with self.assertRaisesRegex(MissingError, "Manufacturing order nonsense does not exist"):
            operator["mo.batch"].api_history("nonsense")

    def test_what_is_no_id(self):
        for ids in ([], ["1"]):
            with self.assertRaises(UserError):
                self.env["mo.batch"].browse(ids).api_detail()
