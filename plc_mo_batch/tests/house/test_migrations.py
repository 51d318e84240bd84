"""What single migrations do; tests/test_upgrade.py runs them all on a database of the first release."""

import re
from pathlib import Path

from odoo.modules.module import get_manifest, load_script
from odoo.tests import BaseCase, tagged
from odoo.tools.misc import file_path

from ..common import MillCase

VERSION = "19.0.1.0.0"
FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def number(version):
    return [int(part) for part in version.split(".")]


@tagged("post_install", "-at_install")
class TestScripts(BaseCase):
    def test_odoo_runs_each(self):
        """It passes over a script that goes by another name, and over a version that the manifest has not reached, silently."""
        version = number(get_manifest("plc_mo_batch")["version"])
        for path in FOLDER.rglob("*.py"):
            with self.subTest(path.relative_to(FOLDER)):
                self.assertRegex(path.relative_to(FOLDER).as_posix(), r"^19(\.\d+){4}/(pre|post|end)-\w+\.py$")
                self.assertLessEqual(number(path.parent.name), version, "raise the manifest's version")
                self.assertTrue(re.search(r"^def migrate\(cr, version\):", path.read_text("utf-8"), re.MULTILINE))


@tagged("post_install", "-at_install")
class TestMigrations(MillCase):
    def migrate(self, script):
        path = file_path(f"plc_mo_batch/migrations/{script}.py")
        load_script(path, "migration").migrate(self.env.cr, VERSION)

    def test_layout_that_is_not_whole_any_more_is_named(self):
        """As when a new release is stricter than the one that the layout was made with."""
        with self.assertNoLogs("migration", "WARNING"):
            self.migrate("19.0.1.1.0/post-check_layouts")
        feedback = self.controller.layout_id.area_ids.filtered(lambda area: area.kind == "feedback")
        self.env.cr.execute("UPDATE plc_register_area SET base = 6900 WHERE id = %s", feedback.ids)
        self.env.invalidate_all()
        with self.assertLogs("migration", "WARNING") as logs:
            self.migrate("19.0.1.1.0/post-check_layouts")
        self.assertIn("The layout Feed mill, job numbers must be repaired: The feedback area ends", logs.output[0])

    def test_addresses_in_use_stay_allowed(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("plc_mo_batch.allowed_networks", "")
        self.env["plc.controller"].search([]).write({"host": "192.0.2.1"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE plc_controller SET host = '127.0.0.1' WHERE id = %s", self.controller.ids)
        self.env.invalidate_all()
        self.migrate("19.0.1.1.0/post-allow_networks_in_use")
        self.assertEqual(parameters.get_param("plc_mo_batch.allowed_networks"), "127.0.0.1")
        self.controller.host = "127.0.0.1"

    def test_times_that_were_no_times(self):
        for name in ("times_range", "times_positive", "grace_range", "health_minutes_range"):
            self.env.cr.execute(f'ALTER TABLE plc_controller DROP CONSTRAINT "plc_controller_{name}"')
        self.env.cr.execute(
            "UPDATE plc_controller SET settle_time = 'NaN', quiet_time = 'Infinity', weight_grace = -5,"
            " take_minutes = 2147483647, weighing_grace = 7 WHERE id = %s",
            self.controller.ids,
        )
        self.env.invalidate_all()
        self.migrate("19.0.2.0.0/pre-time_limits")
        plc = self.controller
        values = (plc.settle_time, plc.quiet_time, plc.weight_grace, plc.take_minutes, plc.weighing_grace)
        self.assertEqual(values, (86400, 86400, 0, 525600, 7))

    def test_layouts_get_the_company_that_uses_them(self):
        """Nobody of a database with one company loses a layout that he could change; in others, shipped ones stay shared."""
        shipped, unused = (self.env.ref(f"plc_mo_batch.plc_register_layout_{name}") for name in ("job_numbers", "isa88"))
        own, spare = shipped.copy({"name": "Own"}), shipped.copy({"name": "Spare"})
        self.env["plc.controller"].with_context(active_test=False).search([]).layout_id = shipped
        self.controller.layout_id = own
        self.new_controller(name="Second", layout_id=shipped.id, picking_type_ids=False, equipment_ids=False)
        main = self.env.company
        self.env["res.company"].create({"name": "Other mill"})
        for alone in (True, False):
            self.env["plc.register.layout"].search([]).company_id = main  # as Odoo fills a new column
            self.env.flush_all()
            if alone:  # the script sees this table instead
                self.env.cr.execute("CREATE TEMP TABLE res_company AS SELECT * FROM res_company WHERE id = %s", main.ids)
            self.migrate("19.0.2.0.0/post-layout_companies")
            self.env.cr.execute("DROP TABLE IF EXISTS pg_temp.res_company")
            self.env.invalidate_all()
            self.assertEqual((own.company_id, unused.company_id.ids), (main, []))
            self.assertEqual((shipped.company_id, spare.company_id), (main, main) if alone else (self.env["res.company"],) * 2)

    def test_metrics_key_that_anybody_could_read(self):
        """Another takes its place; where the metrics were off they stay off."""
        parameters = self.env["ir.config_parameter"]
        for old in ("a key", False):
            parameters.set_param("plc_mo_batch.metrics_key", old)
            self.migrate("19.0.2.0.0/post-renew_metrics_key")
            new = parameters.get_param("plc_mo_batch.metrics_key")
            self.assertEqual(bool(new), bool(old))
            self.assertNotEqual(new, "a key")
