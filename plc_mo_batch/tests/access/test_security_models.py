"""Who may read and change which records, for every model of the addon: a new one needs a line in MODELS."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..security_case import SecurityCase
from .test_security_methods import MANAGERS, NOBODY, OPERATORS, PLANNERS, RIGHTS

# model: who may read it, who may write and create, who may delete
SET_UP = (PLANNERS, MANAGERS, MANAGERS)
LAYOUT = (OPERATORS, MANAGERS, MANAGERS)
WIZARD = (OPERATORS, OPERATORS, NOBODY)
MODELS = {
    "mo.batch": (PLANNERS, NOBODY, NOBODY),
    "mo.batch.booked": (MANAGERS, MANAGERS, NOBODY),
    "mo.batch.cancel": WIZARD,
    "mo.batch.frozen": (PLANNERS, NOBODY, NOBODY),
    "mo.batch.journal": (OPERATORS, NOBODY, NOBODY),
    "mo.batch.line": (PLANNERS, NOBODY, NOBODY),
    "mo.batch.review": WIZARD,
    "mo.batch.review.line": WIZARD,
    "mo.batch.sign": WIZARD,
    "mo.batch.signature": (PLANNERS, NOBODY, NOBODY),
    "mo.batch.disposition": WIZARD,
    "mo.batch.undecided": WIZARD,
    "mo.batch.amounts": WIZARD,
    "mo.batch.amounts.line": WIZARD,
    "mo.batch.weight": WIZARD,
    "plc.alarm": (PLANNERS, NOBODY, NOBODY),
    "plc.api.answer": (NOBODY, NOBODY, NOBODY),
    "plc.commissioning": (OPERATORS, NOBODY, NOBODY),
    "plc.commissioning.step": (OPERATORS, NOBODY, NOBODY),
    "plc.controller": SET_UP,
    "plc.counter": (OPERATORS, NOBODY, NOBODY),
    "plc.equipment": SET_UP,
    "plc.failure": (PLANNERS, NOBODY, NOBODY),
    "plc.failure.resolve": WIZARD,
    "plc.hand.add": WIZARD,
    "plc.layout.constants": WIZARD,
    "plc.layout.generate": (MANAGERS, MANAGERS, NOBODY),
    "plc.layout.paste": (MANAGERS, MANAGERS, NOBODY),
    "plc.layout.paste.line": (MANAGERS, MANAGERS, MANAGERS),
    "plc.node.browse": (MANAGERS, MANAGERS, NOBODY),
    "plc.node.variable": (MANAGERS, MANAGERS, MANAGERS),
    "plc.dosing": (PLANNERS, NOBODY, NOBODY),
    "plc.output": (PLANNERS, NOBODY, NOBODY),
    "plc.shift": WIZARD,
    "plc.shift.mail": (OPERATORS, NOBODY, NOBODY),
    "plc.dosing.silo": (PLANNERS, NOBODY, NOBODY),
    "plc.recall": (PLANNERS, PLANNERS, NOBODY),
    "plc.recall.line": (PLANNERS, NOBODY, NOBODY),
    "plc.register.area": LAYOUT,
    "plc.register.field": LAYOUT,
    "plc.register.layout": LAYOUT,
    "plc.setup": (MANAGERS, MANAGERS, NOBODY),
    "plc.setup.component": (MANAGERS, MANAGERS, MANAGERS),
    "plc.setup.line": (MANAGERS, MANAGERS, MANAGERS),
    "plc.signature.rule": SET_UP,
    "plc.silo.change": WIZARD,
    "plc.silo.fill": WIZARD,
    "plc.snapshot": (OPERATORS, NOBODY, NOBODY),
    "plc.snapshot.line": (OPERATORS, NOBODY, NOBODY),
    "plc.weighing": (PLANNERS, NOBODY, NOBODY),
    "plc.weighing.decide": WIZARD,
}


@tagged("post_install", "-at_install")
class TestSecurityModels(SecurityCase):
    def test_every_model_is_known(self):
        concrete = {model for model in self.addon_models() if not self.env[model]._abstract}
        self.assertEqual(set(MODELS), concrete)

    def test_who_may(self):
        for model, (read, write, unlink) in MODELS.items():
            expected = {"read": read, "write": write, "create": write, "unlink": unlink}
            found = {operation: self.allowed(model, operation) for operation in expected}
            self.assertEqual(found, expected, model)

    def allowed(self, model, operation):
        return {role for role, user in self.people.items() if self.env[model].with_user(user).has_access(operation)}

    def test_access_by_rpc(self):
        """The same as the external API sees it, for records that are there."""
        self.refusal = UserError
        self.new_events()
        self.new_order()
        self.run_task(1)
        for model, (read, write, unlink) in MODELS.items():
            record = not self.env[model]._transient and self.env[model].search([], limit=1)
            if not record:
                continue
            with self.subTest(model):
                self.assertEqual(self.refused_roles(model, "read", record.ids), set(self.people) - read)
                self.assertEqual(self.refused_roles(model, "search_count", []), set(self.people) - read)
                self.assertEqual(self.refused_roles(model, "write", record.ids, {}), set(self.people) - write)
                self.assertEqual(self.refused_roles(model, "unlink", record.ids), set(self.people) - unlink)

    def test_tasks_are_not_for_the_external_api(self):
        methods = [(model, name) for model, name in self.addon_methods() if name not in RIGHTS]
        self.assertFalse([method for method in methods if method[0].startswith("plc.task")])

    def test_key_of_a_connection_is_for_managers(self):
        for role in ("planner", "operator"):
            for field in ("tls_key", "tls_certificate"):
                self.assertTrue(self.is_refused(role, "plc.controller", "read", self.controller.ids, [field]))
                self.assertTrue(self.is_refused(role, "plc.controller", "search", [(field, "!=", False)]))
        self.assertFalse(self.is_refused("manager", "plc.controller", "read", self.controller.ids, ["tls_key"]))

    def test_every_company_sees_its_own(self):
        """A model with a company has a rule for it."""
        for model in self.addon_models():
            record = self.env[model]
            if record._abstract or record._transient or "company_id" not in record._fields:
                continue
            rules = self.env["ir.rule"].search([("model_id.model", "=", model), ("groups", "=", False)])
            self.assertIn("company_ids", "".join(rules.mapped("domain_force")), model)

    def test_wizards_show_nothing_of_other_companies(self):
        company = self.env["res.company"].create({"name": "Other mill"})
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        failure, weighing = self.new_events()
        far = self.people["operator"]
        far.write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        review = self.env(user=far)["mo.batch.review"].sudo().create({"batch_id": batch.id}).id
        for model, values in (
            ("mo.batch.weight", {"batch_id": batch.id, "weight": 1.0}),
            ("mo.batch.review", {"batch_id": batch.id}),
            ("mo.batch.review.line", {"batch_line_id": batch.line_ids[0].id, "review_id": review}),
            ("mo.batch.cancel", {"batch_ids": [(6, 0, batch.ids)], "reason": "plan"}),
            ("mo.batch.disposition", {"batch_ids": [(6, 0, batch.ids)]}),
            ("mo.batch.undecided", {"batch_ids": [(6, 0, batch.ids)]}),
            ("plc.failure.resolve", {"failure_ids": [(6, 0, failure.ids)]}),
            ("plc.hand.add", {"batch_id": batch.id}),
            ("plc.weighing.decide", {"weighing_ids": [(6, 0, weighing.ids)]}),
        ):
            with self.subTest(model):
                fields = {name: {} for name in self.env[model]._fields}
                if model not in (
                    "mo.batch.disposition",
                    "mo.batch.undecided",
                    "plc.failure.resolve",
                ):  # they show nothing of their records
                    self.assertTrue(self.is_refused("operator", model, "onchange", [], values, list(values), fields), "onchange")
                self.assertTrue(self.is_refused("operator", model, "web_save", [], values, fields), "web_save")
