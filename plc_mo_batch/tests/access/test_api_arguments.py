"""Every argument of every api_* method, with values that no client should send: a sentence comes back, never a crash.

A new method or argument needs its type in SCHEMA.
"""

import inspect
import random

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..security_case import SecurityCase

IDS, TEXT, WORD, FLAG = "ids", "text", "word", "flag"
SCHEMA = {
    ("mo.batch", "api_cancel"): {"ids": IDS, "reason": WORD, "note": TEXT, "order_action": WORD},
    ("mo.batch", "api_detail"): {"ids": IDS},
    ("mo.batch", "api_history"): {"order": WORD},
    ("mo.batch", "api_reset"): {"ids": IDS, "decision": WORD, "note": TEXT},
    ("mo.batch", "api_retry"): {"ids": IDS},
    ("plc.controller", "api_exchange"): {"ids": IDS},
    ("plc.controller", "api_fill"): {"ids": IDS},
    ("plc.controller", "api_health"): {"ids": IDS},
    ("plc.controller", "api_queue"): {"ids": IDS},
    ("plc.controller", "api_switch"): {"ids": IDS, "on": FLAG, "note": TEXT},
    ("plc.controller", "api_write_back"): {"ids": IDS},
}
RIGHT = {"reason": "plan", "note": "a note", "order_action": "withhold", "decision": "release", "on": True, "order": "none"}

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
        self.assertEqual(set(SCHEMA), methods)
        for (model, method), arguments in SCHEMA.items():
            function = getattr(type(self.env[model]), method)
            names = [name for name in inspect.signature(function).parameters if name != "self"]
            self.assertEqual([name for name in arguments if name != "ids"], names)
            self.assertEqual("ids" in arguments, not getattr(function, "_api_model", False))

    def right(self, model, method):
        ids = self.batch.ids if model == "mo.batch" else self.controller.ids
        return {name: ids if kind == IDS else RIGHT[name] for name, kind in SCHEMA[model, method].items()}

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
        for (model, method), kinds in SCHEMA.items():
            for name, kind in kinds.items():
                for value in WRONG_IDS if kind == IDS else WRONG:
                    with self.subTest(method=method, argument=name, value=str(value)[:40]):
                        told = self.sent(model, method, {**self.right(model, method), name: value})
                        tried += 1
                        if kind in (IDS, WORD) and not self.may_be_left_out(model, kind, value):
                            self.assertTrue(told, "accepted")
                        self.assertTrue(told is None or len(told) < 500, "a sentence")
        self.assertGreater(tried, 450)

    def may_be_left_out(self, model, kind, value):
        """Without ids, a question about PLCs is about all of them."""
        return kind == IDS and model == "plc.controller" and not value

    def test_several_wrong_arguments(self):
        dice = random.Random(17)
        for (model, method), kinds in SCHEMA.items():
            for _try in range(60):
                arguments = {name: dice.choice(WRONG_IDS if kind == IDS else WRONG) for name, kind in kinds.items()}
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
