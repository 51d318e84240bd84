"""Who may what, and what nobody may."""

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import MillCase

READ_ONLY = ["mo.batch", "mo.batch.line", "mo.batch.journal"]
SET_UP = ["plc.controller", "plc.equipment", "plc.register.layout", "plc.register.area", "plc.register.field"]


@tagged("post_install", "-at_install")
class TestSecurity(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "boss", groups="plc_mo_batch.group_manager")
        cls.operator = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")
        cls.stranger = new_test_user(cls.env, "clerk", groups="base.group_user")

    def allowed(self, user, model):
        records = self.env[model].with_user(user)
        return [operation for operation in ("read", "write", "create", "unlink") if records.has_access(operation)]

    def test_what_the_plc_reported_is_nobodys_to_write(self):
        for model in READ_ONLY:
            with self.subTest(model):
                self.assertEqual(self.allowed(self.manager, model), ["read"])
                self.assertEqual(self.allowed(self.operator, model), ["read"])
                self.assertEqual(self.allowed(self.stranger, model), [])

    def test_only_managers_set_up(self):
        for model in SET_UP:
            with self.subTest(model):
                self.assertEqual(self.allowed(self.manager, model), ["read", "write", "create", "unlink"])
                self.assertEqual(self.allowed(self.operator, model), ["read"])
                self.assertEqual(self.allowed(self.stranger, model), [])

    def test_managers_cannot_forge_what_the_exchange_writes(self):
        with self.assertRaisesRegex(AccessError, "last_job"):
            self.controller.with_user(self.manager).last_job = 7
        self.controller.with_user(self.manager).host = "192.0.2.1"

    @mute_logger("odoo.addons.base.models.ir_actions")
    def test_nobody_runs_a_task(self):
        """As a server action, which a scheduled action is as well; its user and the server do."""
        portal = new_test_user(self.env, "driver", groups="base.group_portal")
        for task in self.env["plc.task"]._all():
            action = task._scheduled_action().ir_actions_server_id
            for user in (portal, self.stranger, self.operator, self.manager, self.env.ref("base.user_admin")):
                with self.subTest(task=task._name, user=user.login), self.assertRaises(AccessError):
                    action.with_user(user).run()
        task._scheduled_action().user_id = self.operator
        task.with_user(self.operator)._check_runner()
        task._check_runner()

    def test_journal_is_append_only(self):
        line = self.env["mo.batch.journal"]._record("user", "A test.", controller=self.controller)
        with self.assertRaises(UserError):
            line.message = "Something else."
        with self.assertRaises(UserError):
            line.unlink()

    def test_batches_are_never_deleted(self):
        self.new_order()
        self.run_task(1)
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            self.queue().unlink()

    def test_buttons_are_for_operators(self):
        self.assertEqual(self.controller.with_user(self.operator).action_fill_now()["tag"], "plc_mo_batch.fill_asked")
        day = new_test_user(self.env, "day", groups="mrp.group_mrp_user")
        for button in ("action_fill_now", "action_exchange_now", "action_write_back_now"):
            with self.assertRaises(AccessError):
                getattr(self.controller.with_user(day), button)()

    def test_other_companies_are_out_of_sight(self):
        company = self.env["res.company"].create({"name": "Other mill"})
        self.new_order()
        self.run_task(1)
        outsider = new_test_user(
            self.env, "far", groups="plc_mo_batch.group_operator", company_id=company.id, company_ids=company.ids
        )
        self.assertFalse(self.env["mo.batch"].with_user(outsider).search([]))
        with self.assertRaises(AccessError):
            self.queue().with_user(outsider).action_cancel()
        with self.assertRaises(AccessError):
            self.controller.with_user(outsider).action_fill_now()


@tagged("post_install", "-at_install")
class TestConstraints(MillCase):
    """Rules 1 and 2 hold in the database, not only in the code."""

    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.run_task(1)

    def assertImpossible(self, **values):
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.queue().copy({"slot": 9, **values}).flush_recordset()

    def test_order_with_an_open_batch(self):
        self.assertImpossible(production_id=self.order.id)

    def test_order_with_a_batch_that_consumed(self):
        batch = self.queue()
        batch._set_state("done")
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            batch.copy({"state": "queued", "slot": 9}).flush_recordset()

    def test_slot_with_an_open_batch(self):
        other = self.new_order()
        self.assertImpossible(production_id=other.id, slot=1)
