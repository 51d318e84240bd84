"""Screens on each device, in each language: the same tour on a phone, a tablet and a desktop, in English and Indonesian."""

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ...plc.steps import Anomaly
from ..common import MillCase
from ..lot import is_turn
from ..patient_http import PatientHttpCase

SIZES = {"phone": ("390x844", True), "tablet": ("820x1180", True), "desktop": ("1366x768", False)}
LANGUAGES = ("en_US", "id_ID")
CELLS = [(size, language) for size in SIZES for language in LANGUAGES]


@tagged("post_install", "-at_install")
class TestEveryDevice(PatientHttpCase, MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("id_ID")
        cls.operator, cls.manager = (
            new_test_user(cls.env, f"device_{role}", groups=f"plc_mo_batch.group_{role}") for role in ("operator", "manager")
        )

    def walk(self, tour, user, path, before=lambda: None, **options):
        """The tour in each cell; ``make test`` draws one of them."""
        for number, (size, language) in enumerate(CELLS):
            if is_turn(f"device {tour}", number, len(CELLS)):
                with self.subTest(tour=tour, size=size, language=language):
                    before()
                    user.lang = language
                    type(self).browser_size, type(self).touch_enabled = SIZES[size]
                    self.start_tour(f"/odoo/{path}", tour, login=user.login, **options)

    def make(self):
        batch = self.complete(self.new_order(), actuals={101: 600.0, 102: 352.25, 114: 33.3})
        batch.write({"date_started": fields.Datetime.subtract(fields.Datetime.now(), minutes=9), "acknowledged": True})
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.env.flush_all()
        return batch

    def test_batch(self):
        batch = self.make()
        batch.line_ids[0].curve = "0:0 30:550 60:600"
        batch._freeze_report()
        self.assertTrue(batch.frozen_ids)
        self.walk("plc_device_batch", self.operator, f"plc-history/{batch.id}")

    def test_shift_mails(self):
        period = {"since": "2026-03-02 06:00:00", "until": "2026-03-02 14:00:00"}
        mailed = self.env["plc.shift.mail"].create({"controller_id": self.controller.id, "recipients": "Chief", **period})
        mailed._attachment()
        self.authenticate(self.operator.login, self.operator.login)
        answer = self.url_open(mailed.with_user(self.operator).action_download()["url"])
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertIn("Test PLC", answer.text)
        self.walk("plc_device_shift_mails", self.operator, "plc-shift-mails")

    def test_silo(self):
        self.make()
        self.walk("plc_device_silo", self.operator, "plc-silo-dosing")

    def test_output(self):
        self.make()
        self.walk("plc_device_output", self.operator, "plc-output")

    def test_diagnostics(self):
        self.walk("plc_device_diagnostics", self.manager, f"plc-controllers/{self.controller.id}")

    def test_attention(self):
        """Nine of them: those that come first, then all, each sentence whole."""
        for number in range(9):
            self.new_order(quantity=1000 + number)
        self.run_task(1)
        for batch in self.queue():
            batch.write({"attention": f"{batch.name}: {'what the PLC shows of it cannot be believed, as it seems; ' * 6}"})
        self.walk("plc_device_attention", self.operator, "plc-board")

    def test_lost_memory(self):
        for _order in range(3):
            self.new_order()
        self.run_task(1)
        batches = self.queue()

        def before():
            for batch, name in zip(batches, ("ONE", "TWO", "THREE"), strict=True):
                batch.write({"order_name": name, "state": "offered", "attention_key": False, "active": True})
                batch._record_anomaly(Anomaly("lost", "its slot is empty"))

        self.walk("plc_device_undecided", self.operator, "plc-board", before)
        self.env.invalidate_all()
        self.assertEqual(set(batches.mapped("state")), {"cancelled"})

    def test_commands(self):
        self.controller.write({"layout_id": self.env.ref("plc_mo_batch.plc_register_layout_isa88").id, "commissioned": True})
        orders = self.new_order(), self.new_order()
        self.run_task(1)
        one, two = (order.plc_batch_ids for order in orders)
        self.assertTrue(one.ensure_one()._has_commands() and two.ensure_one())

        def before():
            for batch, name, held in ((one, "ONE", False), (two, "TWO", True)):
                batch.write({"name": name, "state": "running", "on_hold": held, "command": False})

        self.walk("plc_device_commands", self.operator, "plc-batches", before)
        self.env.invalidate_all()
        self.assertEqual((one.command, two.command), ("abort", "resume"))

    def test_companies(self):
        other = self.env["res.company"].create({"name": "Other company"})
        self.env["plc.controller"].create(
            {"name": "Other PLC", "company_id": other.id, "layout_id": self.controller.layout_id.id, "host": "192.0.2.7"}
        )
        self.operator.company_ids = [Command.link(other.id)]
        both = f"{self.env.company.id}-{other.id}"
        self.walk("plc_device_companies", self.operator, "plc-board", cookies={"cids": both})
        self.walk("plc_device_company", self.operator, "plc-board", cookies={"cids": str(other.id)})
