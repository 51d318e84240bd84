"""The figures for Prometheus, over HTTP, as its own parser reads them; and who does not get them."""

import logging
import re
from pathlib import Path
from unittest import skipUnless

from odoo.exceptions import AccessError
from odoo.fields import Datetime
from odoo.modules.module import get_manifest
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...controllers import metrics as endpoint
from ...models.health.plc_alarm import Condition
from ...models.health.plc_controller_health import HEALTH
from ...models.health.plc_metrics import RANKS
from ...plc.reconcile import Anomaly
from ...tools.attempts import FREE, LONGEST, REMEMBERED, Attempts
from ...tools.exposition import Metric, render
from ..common import MillCase
from ..patient_http import PatientHttpCase

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

PATH = "/plc_mo_batch/metrics"


@skipUnless(text_string_to_metric_families, "needs prometheus_client")
@tagged("post_install", "-at_install")
class TestMetrics(PatientHttpCase, MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.name = 'Mill "north"\\1'
        cls.env["plc.metrics"]._new_key()
        cls.key = cls.env["plc.metrics"]._key()

    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.patch(endpoint, "attempts", Attempts(lambda: self.now))

    def get(self, key=None, **options):
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self.env.flush_all()
        return self.url_open(PATH, headers=headers, **options)

    def scrape(self):
        """(name, other labels) -> value, of this test's PLC and of what belongs to none."""
        answer = self.get(self.key)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        found = {}
        for family in text_string_to_metric_families(answer.text):
            self.assertTrue(family.documentation, family.name)
            for sample in family.samples:
                labels = dict(sample.labels)
                plc_id, name = labels.pop("plc_id", ""), labels.pop("plc", "")
                if plc_id in ("", str(self.controller.id)):
                    self.assertIn(name, ("", self.controller.name))
                    labels.pop("company", None)
                    key = (sample.name.removeprefix("plc_mo_batch_"), bool(plc_id), *sorted(labels.values()))
                    self.assertNotIn(key, found, "a series twice")
                    found[key] = sample.value
        return found

    # What is told

    def test_a_figure_that_cannot_be_counted_is_lost_and_nothing_else(self):
        """The transaction goes on, with what else is in it."""
        counters = self.env["plc.counter"]
        counters._add(self.controller, "requests", 7)
        with mute_logger("odoo.sql_db"):
            counters._add(self.controller, None)
        counters._add(self.controller, "requests", 5)
        self.assertEqual(counters.search([("controller_id", "=", self.controller.id)]).value, 12)

    def test_never_contacted(self):
        """It is neither well nor a trouble, and does not move the numbers of what is."""
        self.cron(4).lastcall = Datetime.now()  # while nobody watches, that is the trouble
        self.assertEqual(self.scrape()["plc_health", True], -1)
        self.assertEqual(RANKS.keys(), dict(HEALTH).keys())

    def test_figures(self):
        orders = self.new_order() | self.new_order() | self.new_order()
        self.complete(orders[0], actuals={101: 600.5, 102: 0.0, 114: 33.25})
        self.queue()[1]._set_state("running")
        self.queue()[1]._store_actuals([101], [12.25])
        self.queue()[1]._record_anomaly(Anomaly("rejected", "word 54 holds 109"))
        self.queue()[1]._record_anomaly(Anomaly("rejected", "word 54 holds 109"))
        self.queue()[0]._record_error("no stock location")
        self.env["plc.alarm"]._raise(Condition("stuck", "It stands.", self.controller, self.queue()[1]))
        moment = Datetime.from_string("2026-01-02 03:04:05")
        self.controller.write({"online": True, "last_contact": moment, "clock_read_at": moment, "clock_drift": -75})
        self.env["plc.counter"]._add(self.controller, "requests", 7)
        self.env["plc.counter"]._add(self.controller, "requests", 5)
        found = self.scrape()
        expected = {
            ("batches", True, "completed"): 1,
            ("batches", True, "running"): 1,
            ("batches", True, "queued"): 1,
            ("batches", True, "failed"): 0,
            ("batches_closed_total", True, "done"): 0,
            ("batches_attention", True): 1,
            ("plc_online", True): 1,
            ("plc_enabled", True): 1,
            ("plc_health", True): 2,
            ("plc_last_contact_timestamp_seconds", True): 1767323045,
            ("plc_clock_drift_seconds", True): -75,
            ("dosed_kilograms_total", True): 600.5 + 33.25 + 12.25,
            ("requests_total", True): 12,
            ("link_errors_total", True): 0,
            ("rejected_snapshots_total", True): 1,
            ("write_back_failures_total", True): 1,
            ("alarms", True, "high"): 1,
            ("alarms", True, "medium"): 0,
            ("alarms", False, "low"): 0,
            ("task_enabled", False, "4", "health"): 1,
            ("info", False, get_manifest("plc_mo_batch")["version"]): 1,
        }
        self.assertEqual({key: found.get(key) for key in expected}, expected)
        oldest = found["queue_oldest_timestamp_seconds", True]
        self.assertAlmostEqual(oldest, self.queue()[0].create_date.timestamp(), delta=1)

    def test_dosed_never_falls_when_a_batch_ends(self):
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._set_state("running")
        batch._store_actuals([101, 102], [600, 352])
        while_running = self.scrape()["dosed_kilograms_total", True]
        batch._advance("completed", 0.0, {})
        self.assertEqual(self.scrape()["dosed_kilograms_total", True], while_running)
        batch._set_state("done")
        self.assertEqual(self.scrape()["dosed_kilograms_total", True], while_running)

    def test_requests_are_counted_by_the_exchange(self):
        self.run_task(2)  # nobody listens
        self.assertEqual(self.scrape()["link_errors_total", True], 1)
        self.new_simulator()
        self.run_task(2)
        found = self.scrape()
        self.assertGreaterEqual(found["requests_total", True], 10)
        self.assertEqual(found["link_errors_total", True], 1)

    def test_all_companies(self):
        """Prometheus is nobody's user: it gets the PLCs of all companies, each with its company's name."""
        company = self.env["res.company"].create({"name": "Other mill"})
        other = self.new_controller(name=self.controller.name, company_id=company.id, picking_type_ids=[], equipment_ids=[])
        text = self.get(self.key).text
        labels = f'plc_id="{other.id}",plc="Mill \\"north\\"\\\\1",company="Other mill"'
        self.assertIn(f"plc_mo_batch_plc_enabled{{{labels}}} 1.0", text)

    def test_as_many_queries_however_many_plcs_and_batches(self):
        self.new_order()
        self.run_task(1)
        task, layout = self.env["plc.task.fill"], self.controller.layout_id._layout()
        before = self.queries()
        for number in range(3):
            self.new_controller(name=f"PLC {number}", picking_type_ids=[], equipment_ids=[])
            task._queue_order(self.controller, layout, self.new_order(), number + 2)
        self.assertEqual(len(self.queue()), 4)
        self.assertEqual(self.queries(), before)
        self.assertLess(before, 60)

    def queries(self):
        metrics = self.env["plc.metrics"].sudo()
        for _time in range(2):  # the first one fills Odoo's caches
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            metrics._collect()
        return self.cr.sql_log_count - before

    def test_manual_names_all_of_them(self):
        manual = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
        if not manual.is_file():
            self.skipTest("needs docs/metrics.md")
        rows = [line.split("|")[1] for line in manual.read_text().splitlines() if line.startswith("| `")]
        named = {name for row in rows for name in re.findall("`(.*?)`", row)}
        self.controller.write({"last_contact": Datetime.now(), "clock_read_at": Datetime.now()})
        self.new_order()
        self.run_task(1)
        self.assertEqual(named, {key[0] for key in self.scrape()})

    # Who does not get it

    def assertNothing(self, answer, status):
        self.assertEqual(answer.status_code, status)
        self.assertNotIn("plc_mo_batch_", answer.text)
        self.assertNotIn(self.key, answer.text)

    def test_off_by_default(self):
        self.env["ir.config_parameter"].set_param("plc_mo_batch.metrics_key", False)
        for key in (None, "", "False", self.key):
            self.assertNothing(self.get(key), 404)

    def test_wrong_key(self):
        for key in (None, "", self.key[:-1], self.key + "x", self.key.swapcase(), "ü"):
            answer = self.get(key)
            self.assertNothing(answer, 401)
            self.assertEqual(answer.headers["WWW-Authenticate"].strip().lower(), "bearer")

    def test_wrong_keys_are_slowed_down(self):
        """The right one, too, as long as its address has to wait: else one could go on guessing."""
        for _try in range(FREE):
            self.assertNothing(self.get("x"), 401)
        for key in ("x", self.key):
            answer = self.get(key)
            self.assertNothing(answer, 429)
            self.assertEqual(answer.headers["Retry-After"], "1")
        self.now = 1.0
        self.scrape()
        self.assertNothing(self.get("x"), 401)
        self.assertNothing(self.get("x"), 401)

    def test_key_in_the_address_is_not_taken(self):
        self.assertNothing(self.url_open(f"{PATH}?key={self.key}"), 401)

    def test_logged_in_people_need_the_key_too(self):
        self.authenticate("admin", "admin")
        self.assertNothing(self.get(), 401)

    def test_neutralized_copy(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.assertNothing(self.get(self.key), 404)

    def test_no_log_has_the_key(self):
        with self.assertLogs(level=logging.DEBUG) as log:
            logging.getLogger(__name__).info("at least a line")
            self.get(self.key)
            self.get(f"{self.key}x")
        self.assertFalse([line for line in log.output if self.key in line])

    def test_only_get(self):
        self.assertNothing(self.get(self.key, method="POST", data=b"x"), 405)

    # Its key

    def test_key_of_the_settings(self):
        settings = self.env["res.config.settings"].create({})
        settings.action_plc_new_metrics_key()
        key = self.env["plc.metrics"]._key()
        self.assertNotEqual(key, self.key)
        self.assertGreaterEqual(len(key), 40)
        self.assertNothing(self.get(self.key), 401)
        self.env["res.config.settings"].create({}).execute()
        self.assertEqual(self.env["plc.metrics"]._key(), key, "saving the settings keeps it")
        self.env["res.config.settings"].create({}).action_plc_metrics_off()
        self.assertNothing(self.get(key), 404)

    def test_managers_do_not_see_the_key(self):
        manager = new_test_user(self.env, "metrics-manager", groups="plc_mo_batch.group_manager")
        with self.assertRaises(AccessError):
            self.env["ir.config_parameter"].with_user(manager).get_param("plc_mo_batch.metrics_key")

    def test_text(self):
        metric = Metric("m", "gauge", "Two\nlines")
        metric.add(1.5, label='a"b\\c\nd')
        self.assertEqual(
            render([metric, Metric("empty", "gauge", "No series")]),
            '# HELP m Two\\nlines\n# TYPE m gauge\nm{label="a\\"b\\\\c\\nd"} 1.5\n',
        )


@tagged("post_install", "-at_install")
class TestAttempts(BaseCase):
    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.attempts = Attempts(lambda: self.now)

    def test_each_wait_is_twice_as_long(self):
        waits = []
        for _try in range(FREE + 9):
            self.attempts.failed("a")
            waits.append(self.attempts.wait("a"))
        self.assertEqual(waits, [0] * (FREE - 1) + [1, 2, 4, 8, 16, 32, *[LONGEST] * 4])
        self.assertEqual(self.attempts.wait("b"), 0)
        self.now = LONGEST
        self.assertEqual(self.attempts.wait("a"), 0)

    def test_a_right_one_ends_it(self):
        for _try in range(FREE):
            self.attempts.failed("a")
        self.attempts.succeeded("a")
        self.attempts.failed("a")
        self.assertEqual(self.attempts.wait("a"), 0)

    def test_what_is_remembered_is_limited(self):
        for address in ["a"] * FREE + list(range(REMEMBERED)):
            self.attempts.failed(address)
        self.assertEqual(self.attempts.wait("a"), 0)
        self.assertEqual(len(self.attempts._failed), REMEMBERED)
