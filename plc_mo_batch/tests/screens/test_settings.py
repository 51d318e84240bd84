"""Everything can be controlled at run time."""

from contextlib import closing

import psycopg2
from lxml import etree

from odoo.exceptions import UserError, ValidationError
from odoo.sql_db import connection_info_for
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestSettings(MillCase):
    def save(self, **values):
        self.env["res.config.settings"].create(values).execute()

    def test_button_of_a_task_that_is_switched_off(self):
        """It says so, and wakes nothing."""
        cron = self.cron(2)
        self.env["ir.config_parameter"].set_param("plc_mo_batch.task_2_enabled", False)
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        with self.assertRaisesRegex(UserError, "Task 2 is switched off in the settings."):
            self.controller.action_exchange_now()
        self.assertFalse(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]))
        self.assertTrue(self.controller.action_fill_now())

    def test_emptied_queue_that_is_not_to_be_filled_again(self):
        """With the setting off it waits for Task 1's next run."""
        trigger = [("cron_id", "=", self.cron(1).id)]
        for refill in (True, False):
            self.save(plc_refill=refill)
            self.complete(self.new_order())
            self.env["ir.cron.trigger"].search(trigger).unlink()
            self.run_task(3)
            self.assertFalse(self.queue())
            self.assertEqual(bool(self.env["ir.cron.trigger"].search_count(trigger)), refill)

    def test_order_that_is_confirmed(self):
        """It wakes Task 1 if that is wished, and its PLC has nothing to do; so does one that people release again."""
        trigger = [("cron_id", "=", self.cron(1).id)]
        elsewhere = self.picking_type.copy().id

        def woken(act):
            self.env["ir.cron.trigger"].search(trigger).unlink()
            act()
            return bool(self.env["ir.cron.trigger"].search_count(trigger))

        for wished in (False, True):
            self.save(plc_fill_on_confirm=wished)
            self.assertEqual(woken(self.new_order), wished)
            withheld = self.new_order()
            withheld.plc_withheld = True
            self.assertEqual(woken(withheld.action_plc_requeue), wished)
            self.assertFalse(woken(lambda: self.new_order(picking_type_id=elsewhere)), "no PLC makes it")
            self.run_task(1)
            self.assertFalse(woken(self.new_order), "the queue is not empty")
            self.queue().action_cancel(reason="plan", order_action="cancel")
            self.assertFalse(self.queue())
        self.controller.enabled = False
        self.assertFalse(woken(self.new_order))

    def test_every_policy_has_its_places(self):
        """In the form of a PLC, and as the policy of a new one on the settings page."""
        policies = {name for name in self.controller._fields if name.endswith("_policy")}
        self.assertIn("weight_policy", policies)
        form = etree.fromstring(self.env.ref("plc_mo_batch.plc_controller_view_form").get_combined_arch())
        self.assertLessEqual(policies, {node.get("name") for node in form.iter("field")})
        page = etree.fromstring(self.env.ref("plc_mo_batch.res_config_settings_view_form").arch_db)
        shown = {node.get("name") for node in page.findall(".//block[@name='plc_policies']//field")}
        self.assertEqual(shown, {f"default_{name}" for name in policies})
        defaults = {name for name in self.env["res.config.settings"]._fields if name.startswith("default_")}
        self.assertLessEqual(shown, defaults)

    def test_no_batch_at_a_time_is_none(self):
        self.new_order()
        self.env["ir.config_parameter"].set_param("plc_mo_batch.batch_limit", "0")
        self.run_task(1)
        self.assertFalse(self.queue())

    def test_defaults(self):
        settings = self.env["res.config.settings"].create({})
        self.assertRecordValues(
            settings,
            [
                {
                    "plc_enabled": True,
                    "plc_task_1_minutes": 60,
                    "plc_task_2_minutes": 5,
                    "plc_task_3_minutes": 3,
                    "plc_task_4_minutes": 10,
                    "plc_batch_limit": 10,
                    "plc_refill": True,
                }
            ],
        )

    def test_master_switch_takes_effect_at_once(self):
        self.new_order()
        self.save(plc_enabled=False)
        for task in (1, 2, 3):
            self.run_task(task)
        self.assertFalse(self.queue())
        self.save(plc_enabled=True)
        self.run_task(1)
        self.assertTrue(self.queue())

    def test_each_task_has_a_switch(self):
        for number, model in ((1, "fill"), (2, "exchange"), (3, "write.back")):
            self.assertTrue(self.env[f"plc.task.{model}"]._is_enabled())
            self.save(**{f"plc_task_{number}_enabled": False})
            self.assertFalse(self.env[f"plc.task.{model}"]._is_enabled())

    def test_intervals(self):
        self.save(plc_task_2_minutes=7)
        self.assertRecordValues(self.env.ref("plc_mo_batch.ir_cron_task_2"), [{"interval_number": 7, "interval_type": "minutes"}])

    def test_interval_of_a_running_task(self):
        """Its scheduled action is locked while it runs: the new interval takes effect at the end of the run."""
        cron = self.env.ref("plc_mo_batch.ir_cron_task_2")
        with closing(psycopg2.connect(**connection_info_for(self.env.cr.dbname)[1])) as worker:
            worker.cursor().execute("SELECT 1 FROM ir_cron WHERE id = %s FOR UPDATE", [cron.id])
            self.save(plc_task_2_minutes=9)
            self.assertEqual(self.env["res.config.settings"].create({}).plc_task_2_minutes, 9)
            cron.invalidate_recordset()
            self.assertEqual(cron.interval_number, 5)
            worker.rollback()  # a server notices that a connection was closed when it gets round to it
        self.run_task(2)
        cron.invalidate_recordset()
        self.assertRecordValues(cron, [{"interval_number": 9, "interval_type": "minutes"}])

    def test_shifts(self):
        self.assertEqual(self.env["res.config.settings"].create({}).plc_shift_hours, "6, 14, 22")
        self.save(plc_shift_hours="7,19")
        self.assertEqual(self.controller._shift_hours(), [7, 19])
        for nonsense in ("7, 24", "-1", "7 and 19", "7,"):
            with self.assertRaisesRegex(ValidationError, "whole hours from 0 to 23"):
                self.save(plc_shift_hours=nonsense)
        for nonsense in (False, "7 and 19"):
            self.env["ir.config_parameter"].set_param("plc_mo_batch.shift_hours", nonsense)
            self.assertEqual(self.controller._shift_hours(), [6, 14, 22])

    def test_policies_of_a_new_plc(self):
        self.save(default_disposition_policy="withhold", default_weight_policy="actuals")
        self.assertRecordValues(self.new_controller(), [{"disposition_policy": "withhold", "weight_policy": "actuals"}])
        self.assertEqual(self.controller.disposition_policy, "ask")

    def test_nonsense_is_refused(self):
        for values in ({"plc_task_1_minutes": 0}, {"plc_batch_limit": -3}):
            with self.assertRaises(ValidationError):
                self.save(**values)
