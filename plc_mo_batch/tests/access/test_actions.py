"""The table of actions, cell by cell: flag, guard, refusal, buttons, views and API say the same of each action, in each state and
case of a batch, to each kind of user."""

import re
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ...models.batch.actions import ACTIONS, BUTTONS, DECISIONS
from ...models.batch.mo_batch import STATES
from ...models.common.marks import CLOSING
from ...models.common.roles import MANAGER
from ..common import MillCase
from ..lot import is_drawn

WATCHED = ("fell x", "reopened x", "changed x")
UNDECIDED = ("lost x", "doubt x", "went_back x")
CASES = ("", *UNDECIDED, *WATCHED, "occupied x", "database_behind", "rejected x", "unsteady x", "job_number x")
# Where an action is to be had, if all that it waits for is there: said here a second time, so that a slip in the table is seen.
# state -> cases, None: any
EXPECTED = {
    "set_weight": dict.fromkeys(dict(STATES)),
    "release_review": {"completed": None},
    "enter_hand_adds": {"completed": None},
    "add_by_hand": {"running": None},
    "disposition": {"failed": None},
    "retry": {"completed": None},
    "decide": {"offered": UNDECIDED, "running": UNDECIDED, "cancelling": UNDECIDED},
    "send_again": {"offered": UNDECIDED, "cancelling": UNDECIDED},
    "give_up": {
        "offered": (*UNDECIDED, "rejected x"),
        "running": (*UNDECIDED, "rejected x", "unsteady x"),
        "cancelling": None,
    },
    "enter_amounts": {
        **dict.fromkeys(("offered", "cancelling"), (*UNDECIDED, "rejected x")),
        "running": (*UNDECIDED, "rejected x", "unsteady x", "fell x", "reopened x"),
        **dict.fromkeys(("completed", "failed"), ("fell x", "changed x")),
        "done": ("changed x",),
    },
    "add_fallen": dict.fromkeys(("running", "completed", "failed"), ("fell x",)),
    "take_note": {
        "running": WATCHED,
        **dict.fromkeys(("completed", "failed", "done", "cancelled"), (*WATCHED, "rejected x")),
    },
    "release": {"queued": ("occupied x",)},
    "go_on": {"queued": ("database_behind",)},
    "command": {"running": None},
    "rebook": {"completed": None},
    "reset": {"completed": None},
    "cancel": dict.fromkeys(("queued", "sending", "offered")),
    "requeue": {"cancelled": None},
}
# name -> states in which it is to be had in any case while the batch is held for a review, or was given up
HELD = {"enter_amounts": ("completed", "failed")}
# what else the batch may be like -> the actions that have to wait for it there
WORLDS = {
    "all is asked for": {"rebook"},
    "nothing is asked for": {
        "set_weight",
        "release_review",
        "enter_hand_adds",
        "add_by_hand",
        "retry",
        "command",
        "rebook",
        "reset",
        "requeue",
    },
    "its order is closed": {"requeue", "send_again"},
}
SHOWN = ("mo_batch_view_form", "mo_batch_view_list", "mo_batch_view_list_history")
API = Path(__file__).resolve().parents[3] / "docs" / "api.md"


class Undo(Exception):
    """What a test did is rolled back."""


@tagged("post_install", "-at_install")
class TestActions(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            "worker": new_test_user(cls.env, "actions_worker", groups="mrp.group_mrp_user"),
            "operator": new_test_user(cls.env, "actions_operator", groups="plc_mo_batch.group_operator"),
            "manager": new_test_user(cls.env, "actions_manager", groups="plc_mo_batch.group_manager"),
        }
        cls.order = cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batch = cls.env["mo.batch"].search([("production_id", "=", cls.order.id)])

    def traits(self, world):
        """What makes a world: all that conditions read, one by one."""
        asked = world != "nothing is asked for"
        salt = self.batch.line_ids.filtered(lambda line: line.product_id == self.salt)
        yield salt, {"code": 0 if asked else 999}
        yield self.batch, {"weight_needed": asked}
        yield self.batch, {"review_needed": asked}
        yield self.batch, {"given_up_by_id": self.env.uid if asked else False}
        yield self.batch, {"hand_adds_needed": asked}
        yield self.batch, {"attempts": int(asked)}
        yield self.order, {"plc_withheld": asked}
        # as the addon itself closes orders: else the batch would be withdrawn, and an order led back is refused
        yield CLOSING.on(self.order), {"state": "cancel" if "closed" in world else "confirmed"}

    def make(self, world):
        for records, values in self.traits(world):
            records.write(values)
        asked = world != "nothing is asked for"
        has_commands = patch.object(type(self.controller.layout_id), "has_commands", asked)
        self.addCleanup(has_commands.stop)
        has_commands.start()
        return has_commands

    def cells(self):
        """The batch in each state and case of each world."""
        for world in WORLDS:
            patcher = self.make(world)
            for state, _label in STATES:
                for case in CASES:
                    if is_drawn(f"{world} {state} {case}"):
                        self.batch.write({"state": state, "attention_key": case or False, "on_hold": case == "lost x"})
                        yield world, state, case
            patcher.stop()

    def is_expected(self, name, world, state, case):
        cases = EXPECTED[name].get(state, ())
        held = world != "nothing is asked for" and state in HELD.get(name, ())
        return name not in WORLDS[world] and (cases is None or case in cases or held)

    def has_role(self, role, action):
        return role == "manager" or role == "operator" and action.role != MANAGER

    def test_every_cell(self):
        """The same in the server's guard, on buttons and in the API, for each action, state, case, world and role."""
        self.assertEqual(EXPECTED.keys(), ACTIONS.keys())
        for world, state, case in self.cells():
            for role, user in self.users.items():
                batch = self.batch.with_user(user)
                with self.subTest(world=world, state=state, case=case, role=role):
                    allowed = [
                        name
                        for name, action in ACTIONS.items()
                        if self.is_expected(name, world, state, case) and self.has_role(role, action)
                    ]
                    for action in ACTIONS.values():
                        self.check_guard(batch, role, action, action.name in allowed)
                    self.assertEqual(batch._api_detail()["allowed"], allowed)
                    self.check_buttons(batch, set(allowed))
            for decision in DECISIONS:
                with self.subTest(world=world, state=state, case=case, decision=decision):
                    self.check_decision(decision, self.is_expected(decision, world, state, case))

    def check_guard(self, batch, role, action, expected):
        self.assertEqual(batch[action.flag], expected, action.name)
        if not self.has_role(role, action):
            with self.assertRaises(AccessError):
                batch._check_allowed(action.name)
        elif expected:
            batch._check_allowed(action.name)
        else:
            with self.assertRaises(UserError) as refused:
                batch._check_allowed(action.name)
            self.assertNotIsInstance(refused.exception, AccessError)
            self.assertEqual(str(refused.exception), batch._refusal(action.name))
            self.assertNotIn("%(", str(refused.exception))

    def check_buttons(self, batch, allowed):
        """The board has those that views do not hide; each action that is allowed has one."""
        fields = {name for button in BUTTONS for name in button.where} | {action.flag for action in ACTIONS.values()}
        values = {name: batch[name] for name in fields}
        shown = [button for button in BUTTONS if not safe_eval(button.invisible, dict(values))]
        offered = [(offer["method"], offer["label"]) for offer in batch._offers()]
        self.assertEqual(offered, [(button.method, str(button.label)) for button in shown])
        self.assertEqual(len({method for method, _label in offered}), len(offered), "the board tells them by method")
        self.assertLessEqual({button.action for button in shown}, allowed)
        without = {"decide", *(["enter_hand_adds"] if batch.review_needed else [])}  # the next two, and the review, are for them
        self.assertLessEqual(allowed - without, {button.action for button in shown})

    def check_decision(self, decision, expected):
        """``api_reset`` does what is allowed, and nothing else; it is undone."""
        batch = self.batch.with_user(self.users["operator"])
        with self.assertRaises(Undo if expected else UserError), nullcontext() if not expected else self.env.cr.savepoint():
            batch.api_reset(decision)
            raise Undo

    def test_flags_follow_at_once(self):
        """What a condition reads is among what the flags depend on: else a form goes on showing what was so before."""
        batch = self.batch.with_user(self.users["manager"])
        self.make("all is asked for")
        for state, _label in STATES:
            self.batch.write({"state": state, "attention_key": False})
            for world in reversed(WORLDS):
                for records, values in self.traits(world):
                    self.flags(batch)
                    records.write(values)
                    with self.subTest(state=state, world=world, changed=values):
                        found = self.flags(batch)
                        self.env.invalidate_all()
                        self.assertEqual(found, self.flags(batch))

    def flags(self, batch):
        return {action.name: batch[action.flag] for action in ACTIONS.values()}

    def test_each_flag_is_an_action(self):
        flags = {name for name in self.batch._fields if re.fullmatch(r"is_action_\w+_allowed", name)}
        self.assertEqual(flags, {action.flag for action in ACTIONS.values()})

    def test_conditions_are_there(self):
        for action in ACTIONS.values():
            with self.subTest(action.name):
                self.assertIn(action.refusal.sentence.count("%(batch)s"), (0, 1))
                self.assertLessEqual(set(action.states) | set(action.refusals), set(dict(STATES)))
                self.assertIsNotNone(not action.condition or self.batch._meets(action.condition))

    def test_refusals(self):
        for state, action, sentence in (
            ("running", "cancel", "is running: the PLC has taken it. End it at the PLC"),
            ("done", "cancel", "is done: it has already ended."),
            ("running", "send_again", "was seen running. It cannot be sent again."),
            ("queued", "send_again", "is queued: there is nothing to decide."),
            ("queued", "rebook", "only a finished batch whose order was closed outside the PLC tasks can be booked separately."),
            ("queued", "give_up", "is queued: it has not been taken, so it can be cancelled."),
            ("offered", "give_up", "is offered: it has not been taken, so it can be cancelled."),
            ("running", "give_up", "is running: the PLC reports it, and its reports are accepted."),
            ("done", "give_up", "is done: it has already ended."),
            ("running", "add_fallen", "its amounts have not fallen."),
            ("done", "take_note", "there is nothing to take note of."),
            ("queued", "reset", "is queued: none of its write-backs has failed."),
            ("queued", "requeue", "None of these batches has an order that is withheld."),
        ):
            self.batch.state = state
            self.assertIn(sentence, self.batch._refusal(action))

    # What is offered

    def test_board_has_the_offers(self):
        self.make("all is asked for")
        self.batch.state = "completed"
        batch = self.batch.with_user(self.users["manager"])
        shown = [(button["method"], button["label"], button["question"]) for button in batch._board_buttons()]
        self.assertEqual(shown, [(offer["method"], offer["label"], offer["question"]) for offer in batch._offers()])
        expected = ["action_open_weight", "action_open_review", "action_retry", "action_open_amounts", "action_reset"]
        self.assertEqual([method for method, *_rest in shown], expected)

    def test_each_method_is_guarded(self):
        """By the action of its button: whoever may not is refused, whatever he sends."""
        self.make("nothing is asked for")
        self.batch.write({"state": "done", "attention_key": False})
        opens = {"action_open_review"}  # shows the batch; what can be done there is guarded by itself
        for button in BUTTONS:
            with self.subTest(button.method):
                with self.assertRaises(AccessError):
                    getattr(self.batch.with_user(self.users["worker"]), button.method)()
                if button.method not in opens:
                    with self.assertRaises(UserError):
                        getattr(self.batch.with_user(self.users["manager"]), button.method)()

    def test_one_place_asks_for_the_role(self):
        models = Path(__file__).resolve().parents[2] / "models"
        asks = re.compile("Only PLC (operators|managers)")
        found = [path.name for path in sorted(models.rglob("*.py")) if asks.search(path.read_text("utf-8"))]
        self.assertEqual(found, ["roles.py"])

    # Views

    def headers(self, **context):
        for name in SHOWN:
            view = self.env.ref(f"plc_mo_batch.{name}")
            batches = self.env["mo.batch"].with_user(self.users["manager"]).with_context(**context)
            arch = etree.fromstring(batches.get_view(view.id, view.type)["arch"])
            yield name, arch, arch.findall("./header/button")

    def test_views_say_what_the_table_says(self):
        known = {(button.method, button.key): button for button in BUTTONS}
        for name, arch, nodes in self.headers():
            for node in nodes:
                button = known[node.get("name"), node.get("id", "")]
                with self.subTest(view=name, button=button.label):
                    self.assertEqual(node.get("string"), str(button.label))
                    self.assertEqual(node.get("confirm", ""), str(button.question))
                    self.assertEqual(node.get("invisible"), button.invisible)
                    self.assertTrue(arch.findall(f".//field[@name='{ACTIONS[button.action].flag}']"))
            if name == "mo_batch_view_form":
                self.assertEqual({(node.get("name"), node.get("id", "")) for node in nodes}, set(known), "each has its place")

    def test_views_have_no_words_of_their_own(self):
        for name in SHOWN:
            for node in etree.fromstring(self.env.ref(f"plc_mo_batch.{name}").arch_db).findall(".//header[button]/button"):
                with self.subTest(view=name, button=node.get("name")):
                    self.assertFalse({"string", "confirm", "invisible", "groups"} & set(node.attrib), "the table has them")

    def test_view_that_inherits_from_ours_has_its_say(self):
        """A plant that hides Abort, or calls it something else, keeps that."""
        self.env["ir.ui.view"].create(
            {
                "name": "ours",
                "model": "mo.batch",
                "inherit_id": self.env.ref("plc_mo_batch.mo_batch_view_form").id,
                "arch": """<button name="action_abort" position="attributes">
                    <attribute name="invisible">1</attribute><attribute name="string">Stop It</attribute>
                </button>""",
            }
        )
        nodes = next(nodes for name, _arch, nodes in self.headers() if name == "mo_batch_view_form")
        abort = next(node for node in nodes if node.get("name") == "action_abort")
        self.assertEqual((abort.get("invisible"), abort.get("string")), ("1", "Stop It"))
        self.assertIn("abort this batch?", abort.get("confirm"))

    def test_no_other_view_offers_them(self):
        """Unless it is listed here it would be without label and guard."""
        methods = "|".join({button.method for button in BUTTONS})
        views = self.env["ir.ui.view"].search([("model", "=", "mo.batch")])
        found = views.filtered(lambda view: re.search(f'name="({methods})"', view.arch_db or ""))
        self.assertEqual(set(found.mapped("xml_id")), {f"plc_mo_batch.{name}" for name in SHOWN})

    def test_buttons_are_translated(self):
        self.env["res.lang"]._activate_lang("id_ID")
        self.batch.write({"state": "offered", "attention_key": "lost x"})
        batch = self.batch.with_user(self.users["operator"]).with_context(lang="id_ID")
        offers = {offer["method"]: offer for offer in batch._offers()}
        _name, _arch, nodes = next(self.headers(lang="id_ID"))
        give_up = next(node for node in nodes if node.get("name") == "action_give_up")
        self.assertEqual(give_up.get("string"), offers["action_give_up"]["label"])
        self.assertEqual(give_up.get("confirm"), offers["action_give_up"]["question"])
        [english] = [button for button in BUTTONS if button.action == "give_up"]
        self.assertNotEqual(give_up.get("string"), str(english.label))
        self.assertNotEqual(give_up.get("confirm"), str(english.question))
        self.assertNotEqual(batch._refusal("set_weight"), self.batch._refusal("set_weight"))

    # API

    def test_what_was_found(self):
        """Each was allowed, and not told to a client."""
        operator = self.batch.with_user(self.users["operator"])
        self.batch.write({"state": "cancelled"})
        self.order.plc_withheld = True
        self.assertEqual(operator.api_detail()[0]["allowed"], ["requeue"])
        self.batch.write({"state": "running", "attention_key": "rejected x"})
        self.assertEqual(operator.api_detail()[0]["allowed"], ["add_by_hand", "give_up", "enter_amounts"])
        self.batch.write({"state": "completed", "attention_key": False, "weight_needed": True})
        self.assertIn("set_weight", operator.api_detail()[0]["allowed"])

    def test_documentation_names_them_all(self):
        if not API.exists():
            self.skipTest("the addon stands alone")
        rows = re.findall(r"^\| `(\w+)` \| (operators|managers) \| (.+) \|$", API.read_text("utf-8"), re.MULTILINE)
        documented = {name: (who, how) for name, who, how in rows}
        self.assertEqual(documented.keys(), ACTIONS.keys())
        for name, (who, how) in documented.items():
            with self.subTest(name):
                self.assertEqual(who, "managers" if ACTIONS[name].role == MANAGER else "operators")
                if name in DECISIONS:
                    self.assertIn(f"`api_reset` with `decision` `{name}`", how)
                for method in re.findall(r"`((?:api|action)_\w+)`", how):
                    self.assertTrue(hasattr(self.batch, method), method)
