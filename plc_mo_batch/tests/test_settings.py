"""Everything can be controlled at run time."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import MillCase


@tagged("post_install", "-at_install")
class TestSettings(MillCase):
    def save(self, **values):
        self.env["res.config.settings"].create(values).execute()

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
        self.assertRecordValues(
            self.env.ref("plc_mo_batch.ir_cron_task_2"), [{"interval_number": 7, "interval_type": "minutes"}]
        )

    def test_nonsense_is_refused(self):
        for values in ({"plc_task_1_minutes": 0}, {"plc_batch_limit": -3}):
            with self.assertRaises(ValidationError):
                self.save(**values)
