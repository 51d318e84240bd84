"""What no form sends: numbers that are none, texts without end. Each field that people write refuses them with a sentence."""

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...plc.pasted_table import MOST_CHARACTERS
from ..security_case import SecurityCase

NUMBERS = [float("nan"), float("inf"), float("-inf"), 10**300, 2**31, -(2**31) - 1]
TIMES = [1e300, 1e12, 86401 * 60, -1]  # beyond a day and, in minutes, a year
TEXTS = ["x" * 10_001, "a\0b"]
PASTED = "plc.layout.paste", "text"  # a table
SECONDS = {"poll_interval", "settle_time", "quiet_time", "weight_grace"}


@tagged("post_install", "-at_install")
class TestBounds(SecurityCase):
    def fields(self, *kinds):
        """(model, field) of what the addon lets people write."""
        for model, cls in self.env.registry.items():
            if model in self.addon_models() and not cls._abstract and issubclass(cls, self.env.registry["plc.bounded"]):
                for name, field in cls._fields.items():
                    if field.type in kinds and field.store and not field.readonly and "plc_mo_batch" in field._modules:
                        yield model, name

    def test_all_that_people_write_has_bounds(self):
        """Whoever gives people another model finds it here."""
        written = {
            row.model_id.model
            for row in self.env["ir.model.access"].search([("perm_write", "=", True)])
            if row.model_id.model in self.addon_models()
        }
        self.assertGreater(len(written), 15)
        bounded = {model for model in written if issubclass(self.env.registry[model], self.env.registry["plc.bounded"])}
        self.assertEqual(written - bounded, set())

    def check(self, model, name, values):
        record = self.env[model].with_user(self.people["manager"]).new()
        for value in values:
            with self.subTest(model=model, field=name, value=str(value)[:20]), self.assertRaises(UserError):
                record._check_bounds({name: value})

    def test_numbers(self):
        found = list(self.fields("integer"))
        self.assertGreater(len(found), 30)
        for model, name in found:
            self.check(model, name, NUMBERS)
        for model, name in self.fields("float"):
            self.check(model, name, NUMBERS[:3])

    def test_texts(self):
        found = list(self.fields("char", "text"))
        self.assertGreater(len(found), 15)
        for model, name in found:
            longest = "x" * (MOST_CHARACTERS + 1)
            self.check(model, name, [longest, "a\0b"] if (model, name) == PASTED else TEXTS)

    def test_they_are_asked(self):
        """On creating and on writing; the tasks store what a PLC sends."""
        plc = self.controller
        with self.assertRaisesRegex(UserError, "Settle Time must be a number"):
            self.call("manager", "plc.controller", "write", plc.ids, {"settle_time": float("inf")})
        with self.assertRaisesRegex(UserError, "Name must not be longer than 1000 characters"):
            self.call("manager", "plc.equipment", "create", {"controller_id": plc.id, "code": 7, "name": "x" * 1001})
        plc.last_error = "x" * 2000

    @mute_logger("odoo.sql_db")
    def test_times(self):
        """A time that no date can be moved by would end each run of a task at this PLC."""
        minutes = [name for model, name in self.fields("integer") if model == "plc.controller" and name.endswith("_minutes")]
        self.assertGreaterEqual(len(minutes), 7)
        for name in (*SECONDS, "weighing_grace"):
            for value in (*NUMBERS[:2], *TIMES):
                with self.subTest(name, value=value), self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
                    self.controller.write({name: value})
                    self.env.flush_all()
        for name in minutes:
            for value in (525_601, -1):
                with self.subTest(name, value=value), self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
                    self.controller.write({name: value})
                    self.env.flush_all()

    def test_a_note_without_end(self):
        self.new_order()
        self.env["plc.task.fill"]._fill(self.controller)
        batch = self.env["mo.batch"].search([("controller_id", "=", self.controller.id)])
        self.call("operator", "mo.batch", "action_cancel", batch.ids, "plan", "x" * 100_000 + "\0")
        self.assertEqual(batch.cancel_note, "x" * 10_000)
