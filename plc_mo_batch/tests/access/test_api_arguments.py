"""Every argument of every api_* method, with values that no client should send: a sentence comes back, never a crash.

A new method or argument needs its place in models/api/schema.py, and a right value in RIGHT.
"""

import inspect
import random

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.api.schema import ARGUMENTS, METHODS
from ..plain_schema import conforms
from ..security_case import SecurityCase

IDS = "ids"
RIGHT = {
    "after": 0, "batch": 0, "confirmed": True, "cursor": "", "decision": "release", "dialect": "st", "key": "", "limit": 10,
    "lot": "none", "note": "a note", "on": True, "order": "none", "order_action": "withhold", "partial": False, "plc": 0,
    "product": "none", "quantity": 5.0, "reason": "plan", "since": "2026-01-31 12:00:00", "states": ["queued"], "until": "",
}  # fmt: skip

WRONG = [
    None, True, False, 0, 1, -1, 1.5, 2**31, 2**63, -(2**63), 10**40, float("nan"), float("inf"), "", " ", "1", "\0", "a\0b",
    "\ud800", "\u202e", "'; DROP TABLE mo_batch; --", "%s", "x" * 100_000, b"plan", [], [1], ["plan"], [[]], [None], {}, {"a": 1},
    {"plan": 1}, (), ("plan",),
]  # fmt: skip
WRONG_IDS = [
    [0], [-1], [True], [False], [None], ["1"], ["\0"], [1.5], [float("nan")], [2**31], [2**63], [-(2**63)], [10**40], [[1]],
    [{}], [()], "1", "abc", (), [], [1, "1"], list(range(1, 100_000)),
]  # fmt: skip


@tagged("post_install", "-at_install")
class TestApiArguments(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batch = cls.env["mo.batch"].search([("controller_id", "=", cls.controller.id)])
        cls.env.flush_all()

    def test_schema_is_that_of_the_methods(self):
        methods = {key for key in self.addon_methods() if key[1].startswith("api_") and not self.env[key[0]]._abstract}
        self.assertEqual(set(METHODS), methods)
        for (model, method), described in METHODS.items():
            function = getattr(type(self.env[model]), method)
            parameters = [found for name, found in inspect.signature(function).parameters.items() if name != "self"]
            self.assertEqual([name for name in described.arguments if name != IDS], [found.name for found in parameters])
            needed = [found.name for found in parameters if found.default is found.empty]
            self.assertEqual([name for name in described.needs.split() if name != IDS], needed)
            self.assertEqual(IDS in described.arguments, not getattr(function, "_api_model", False))

    def test_right_values_are_right(self):
        self.assertEqual({*RIGHT, IDS}, set(ARGUMENTS))
        for name, value in RIGHT.items():
            self.assertTrue(conforms(value, ARGUMENTS[name]), name)

    def right(self, model, method):
        ids = self.batch.ids if model == "mo.batch" else self.controller.ids
        return {name: ids if name == IDS else RIGHT[name] for name in METHODS[model, method].arguments}

    def sent(self, model, method, arguments):
        """What comes back: a sentence, or None if the call was accepted. Anything but a sentence of ours is raised."""
        arguments = dict(arguments)
        args = [arguments.pop("ids")] if "ids" in arguments else []
        with self.env.cr.savepoint() as savepoint, mute_logger("odoo.addons.base.models.ir_rule"):
            try:
                self.call("settings", model, method, *args, **arguments)
                self.env.flush_all()
                return None
            except UserError as error:
                return str(error)
            finally:
                self.env.invalidate_all()
                savepoint.rollback()

    def test_one_wrong_argument(self):
        tried = 0
        for (model, method), described in METHODS.items():
            for name in described.arguments:
                for value in WRONG_IDS if name == IDS else WRONG:
                    with self.subTest(method=method, argument=name, value=str(value)[:40]):
                        told = self.sent(model, method, {**self.right(model, method), name: value})
                        tried += 1
                        if told is None:
                            self.assertTrue(self.is_right(name, value, described), "accepted")
                        self.assertTrue(told is None or len(told) < 500, "a sentence")
        self.assertGreater(tried, 1300)

    def is_right(self, name, value, described):
        """XML-RPC has no null: what may be left out may also be false, but for a number."""
        if name == IDS and not value:
            return name not in described.needs
        left_out = value in (None, False) and ARGUMENTS[name]["type"] in ("string", "array")
        return left_out or conforms(list(value) if isinstance(value, tuple) else value, ARGUMENTS[name])

    def test_several_wrong_arguments(self):
        dice = random.Random(17)
        for (model, method), described in METHODS.items():
            for _try in range(60):
                arguments = {name: dice.choice(WRONG_IDS if name == IDS else WRONG) for name in described.arguments}
                with self.subTest(method=method, arguments=str(arguments)[:200]):
                    self.sent(model, method, arguments)

    def test_what_is_said(self):
        batch, plc = self.batch.ids, self.controller.ids
        for model, method, arguments, sentence in (
            ("mo.batch", "api_detail", {"ids": [0]}, "PLC Batch 0 does not exist."),
            ("mo.batch", "api_detail", {"ids": [2**63]}, "PLC Batch 9223372036854775808 does not exist."),
            ("mo.batch", "api_detail", {"ids": [True]}, "IDs must be whole numbers."),
            ("mo.batch", "api_detail", {"ids": list(range(1, 1002))}, "A call takes at most 1000 ids."),
            ("mo.batch", "api_history", {"order": "WH\0"}, "`order` has characters that cannot be stored."),
            ("mo.batch", "api_history", {"order": 7}, "`order` must be a text."),
            ("mo.batch", "api_reset", {"ids": batch, "decision": {}}, "`decision` must be a text."),
            ("mo.batch", "api_cancel", {"ids": batch, "reason": ["x"]}, "`reason` must be a text."),
            (
                "mo.batch",
                "api_cancel",
                {"ids": batch, "reason": "plan", "note": "x" * 1001},
                "`note` must not be longer than 1000 characters.",
            ),
            ("plc.controller", "api_switch", {"ids": plc, "on": "false"}, "`on` must be true or false."),
            ("plc.controller", "api_fill", {"ids": [], "key": "x" * 201}, "`key` must not be longer than 200 characters."),
            ("mo.batch", "api_retry", {"ids": batch, "partial": 1}, "`partial` must be true or false."),
            ("mo.batch", "api_find", {"limit": 1001}, "`limit` must be a whole number from 1 to 1000."),
            ("mo.batch", "api_find", {"plc": 2**31 - 1}, "PLC 2147483647 does not exist."),
            ("mo.batch", "api_find", {"since": "yesterday"}, "`since` must be a time: YYYY-MM-DD HH:MM:SS."),
            ("mo.batch", "api_find", {"states": "done"}, "`states` must be a list."),
            ("mo.batch", "api_changes", {"cursor": "x"}, "`cursor` is not one that this method gave."),
        ):
            self.assertEqual(self.sent(model, method, arguments), sentence)

    def test_the_same_id_twice_is_one(self):
        self.assertEqual(len(self.call("operator", "mo.batch", "api_detail", self.batch.ids * 3)), 1)
        self.call("operator", "mo.batch", "api_cancel", self.batch.ids * 2, "plan")

    # Flood

    def test_a_button_that_is_pressed_again_is_journalled_once(self):
        journal = self.env["mo.batch.journal"]
        before = journal.search_count([])
        for _call in range(30):
            for method in ("api_fill", "api_exchange", "api_write_back"):
                self.assertIs(self.call("operator", "plc.controller", method, self.controller.ids), True)
            self.call("manager", "plc.controller", "api_switch", self.controller.ids, False)
            self.call("manager", "plc.controller", "api_switch", self.controller.ids, False, "a note")
        lines = journal.search([], limit=journal.search_count([]) - before)
        self.assertEqual(len(lines), 5)
        self.assertEqual(lines.user_id, self.people["operator"] | self.people["manager"])

    def test_each_person_is_journalled(self):
        before = self.env["mo.batch.journal"].search_count([])
        for role in ("operator", "manager"):
            self.call(role, "plc.controller", "action_fill_now", self.controller.ids)
        self.assertEqual(self.env["mo.batch.journal"].search_count([]) - before, 2)
