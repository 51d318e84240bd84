"""The description of the API: whole, and true of what the methods take and answer."""

import json
from datetime import timedelta

from odoo.tests import tagged

from ...models.api.openapi import describe
from ...models.api.schema import ARGUMENTS, METHODS
from ..patient_http import PatientHttpCase
from ..plain_schema import CHECKS, conforms, wrong
from ..security_case import SecurityCase

PATH = "/plc_mo_batch/openapi.json"
# of each method a call that is right for the state the batch is in
CALLS = {
    ("mo.batch", "api_cancel"): {"ids": [], "reason": "plan", "partial": True},
    ("mo.batch", "api_changes"): {},
    ("mo.batch", "api_detail"): {"ids": []},
    ("mo.batch", "api_find"): {"limit": 1000},
    ("mo.batch", "api_history"): {"order": ""},
    ("mo.batch", "api_recall"): {"lot": "OPENAPI"},
    ("mo.batch", "api_reset"): {"ids": [], "decision": "requeue"},
    ("mo.batch", "api_retry"): {"ids": [], "partial": True},
    ("mo.batch.journal", "api_changes"): {"limit": 1000},
    ("plc.alarm", "api_changes"): {"limit": 1000},
    ("plc.controller", "api_constants"): {"ids": [], "dialect": "scl"},
    ("plc.controller", "api_exchange"): {"ids": []},
    ("plc.controller", "api_fill"): {"ids": [], "key": "a"},
    ("plc.controller", "api_health"): {"ids": []},
    ("plc.controller", "api_queue"): {"ids": []},
    ("plc.controller", "api_switch"): {"ids": [], "on": True},
    ("plc.controller", "api_version"): {},
    ("plc.controller", "api_write_back"): {"ids": []},
    ("plc.equipment", "api_fill"): {"ids": [], "quantity": 5.0, "confirmed": True},
    ("plc.equipment", "api_levels"): {"ids": []},
}


@tagged("post_install", "-at_install")
class TestApiOpenApi(PatientHttpCase, SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.new_order() | cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batches = cls.env["mo.batch"].search([("controller_id", "=", cls.controller.id)])
        cls.batches[0]._set_state("running")
        cls.controller.action_make_silo_locations()
        cls.env["plc.alarm"].create({"kind": "silent", "message": "A test.", "controller_id": cls.controller.id})
        cls.env["stock.lot"].create({"name": "OPENAPI", "product_id": cls.wheat.id})
        cls.document = json.loads(json.dumps(describe(cls.env)))
        cls.schemas = cls.document["components"]["schemas"]

    def operation(self, model, method):
        return self.document["paths"][f"/json/2/{model}/{method}"]["post"]

    # It is whole

    def test_every_method_is_described(self):
        self.assertEqual(set(self.document["paths"]), {f"/json/2/{model}/{method}" for model, method in METHODS})
        operations = [self.operation(*method) for method in METHODS]
        self.assertEqual(len({operation["operationId"] for operation in operations}), len(METHODS))
        self.assertTrue(all(operation["summary"].endswith(".") for operation in operations))
        self.assertEqual({name for method in METHODS.values() for name in method.arguments}, set(ARGUMENTS))

    def test_every_word_of_a_schema_is_one_that_is_checked(self):
        inner = {"properties": dict.values, "oneOf": list, "anyOf": list, "items": lambda schema: [schema]}

        def words(schema):
            for word, value in schema.items():
                yield word
                for nested in inner[word](value) if word in inner else ():
                    yield from words(nested)

        found = {word for schema in self.schemas.values() for word in words(schema)}
        found |= {word for schema in ARGUMENTS.values() for word in words(schema)}
        self.assertEqual(found - set(CHECKS), set())

    def test_what_is_referred_to_is_there(self):
        text = json.dumps(self.document)
        referred = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
        self.assertEqual(referred - set(self.schemas), set())

    # It is true

    def test_answers(self):
        """Of each method that can be called at once; those that act, last."""
        self.assertEqual(set(CALLS), set(METHODS))
        for (model, method), arguments in sorted(CALLS.items(), key=lambda call: "key" in METHODS[call[0]].arguments):
            with self.subTest(model=model, method=method):
                self.check(model, method, self.filled(model, arguments))

    def filled(self, model, arguments):
        of_model = {"mo.batch": self.batches, "plc.equipment": self.controller.equipment_ids[0]}
        ids = of_model.get(model, self.controller).ids
        return {name: ids if name == "ids" else value or self.order[0].name for name, value in arguments.items()}

    def check(self, model, method, arguments):
        operation = self.operation(model, method)
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        self.assertEqual(wrong(arguments, body, self.schemas), [])
        named = dict(arguments)
        ids = [named.pop("ids")] if "ids" in named else []
        if method == "api_reset":
            named["partial"] = True
        answer = json.loads(json.dumps(self.call("manager", model, method, *ids, **named)))
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        self.assertEqual(wrong(answer, schema, self.schemas), [])
        self.assertTrue(answer)

    def test_nothing_is_answered_that_is_not_described(self):
        for name, answer in (
            ("batch", self.call("manager", "mo.batch", "api_detail", self.batches.ids)),
            ("queue", self.call("manager", "plc.controller", "api_queue", self.controller.ids)),
            ("health", self.call("manager", "plc.controller", "api_health", self.controller.ids)),
            ("level", self.call("manager", "plc.equipment", "api_levels", self.controller.equipment_ids.ids)),
        ):
            self.assertEqual(set(answer[0]), set(self.schemas[name]["properties"]), name)

    def test_the_check_finds_what_is_wrong(self):
        batch = self.call("manager", "mo.batch", "api_detail", self.batches[0].ids)[0]
        self.assertTrue(conforms(batch, self.schemas["batch"], self.schemas))
        for name, value in (
            ("state", "gone"),
            ("slot", "1"),
            ("lines", False),
            ("date_started", "now"),
            ("product_id", {"id": 1}),
        ):
            self.assertFalse(conforms({**batch, name: value}, self.schemas["batch"], self.schemas), name)

    # Who gets it

    def get(self, role):
        user = self.people[role]
        tomorrow = self.env.cr.now() + timedelta(days=1)
        key = self.env(user=user)["res.users.apikeys"]._generate("rpc", "test", tomorrow)
        self.env.flush_all()
        return self.url_open(PATH, headers={"Authorization": f"Bearer {key}"})

    def test_with_a_key(self):
        answer = self.get("planner")
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        self.assertEqual(answer.json()["info"]["version"], "1.0")
        self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")

    def test_refused(self):
        self.assertEqual(self.get("internal").status_code, 403)
        self.assertEqual(self.url_open(PATH).status_code, 401)
        self.assertEqual(self.url_open(PATH, headers={"Authorization": "Bearer nonsense"}).status_code, 401)
        self.assertIn(self.url_open(PATH, data={"a": "b"}).status_code, (400, 405))
