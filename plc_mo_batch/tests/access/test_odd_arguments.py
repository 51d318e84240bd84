"""Arguments that no form sends, but any program can: each public method answers with a sentence, or takes them for what they are."""

import inspect

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..security_case import ADDON, SecurityCase
from .test_security_methods import METHODS

NAN, INF = float("nan"), float("inf")
ODD = (
    None, False, True, 0, -1, 1.5, 10**30, 1e12, NAN, INF, "", "x", [], {}, ["x"], {"a": 1}, [None], [[]],
)  # fmt: skip
# in place of pairs of whose it is and how much
ODD_PAIRS = [
    [["x", 5.0]], [["101", 5.0]], [[101.5, 5.0]], [[None, 5.0]], [[True, 5.0]], [[-1, 5.0]], [[2**40, 5.0]], [[999, 5.0]],
    *([[whose, odd]] for whose in ("code", "line") for odd in (None, "x", [], -0.01, NAN, INF, -INF, 1e12, 10**400)),
    [["code"]], [["code", 5.0, 1]], [["code", 5.0], ["code", 6.0]], ["code", 5.0],
]  # fmt: skip
# method -> what the batch is like where it is allowed
PREPARED = {
    "action_cancel": {"state": "queued"},
    "action_enter_amounts": {"state": "running", "attention_key": "rejected x"},
    "action_enter_hand_adds": {"state": "completed"},
    "action_is_booked_by_hand": {"state": "completed"},
    "action_release_review": {"state": "completed", "review_needed": True},
    "action_set_disposition": {"state": "failed"},
    "action_set_weight": {"state": "completed", "weight_needed": True},
    "api_cancel": {"state": "queued"},
    "api_history": {},
    "api_reset": {"state": "running", "attention_key": "lost x"},
}
GOOD = {
    "amounts": [[101, 5.0]], "quantities": [], "reason": "Seen on the scale", "comment": "As it is", "weight": 1000.0,
    "order_action": "withhold", "booking": "scrap", "outcome": "completed", "note": "", "decision": "give_up", "on": False,
    "order": "x", "batch_id": 0,
}  # fmt: skip
CHOSEN = {("action_cancel", "reason"): "plan", ("api_cancel", "reason"): "plan"}


@tagged("post_install", "-at_install")
class TestOddArguments(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batch = cls.env["mo.batch"].search([("production_id", "=", cls.order.id)])
        cls.failure, cls.weighing = cls.new_events(cls)

    def parameters(self, model, method):
        """Names of what a caller passes, as far as the method is the addon's own."""
        function = inspect.unwrap(getattr(self.env.registry[model], method))
        own = function.__module__.startswith(ADDON) and not self.env[model]._transient
        found = list(inspect.signature(function).parameters.values())[1:] if own else []
        return [parameter.name for parameter in found if parameter.kind == parameter.POSITIONAL_OR_KEYWORD]

    def doors(self):
        """(model, method, names of its parameters)"""
        for model, method in METHODS:
            if names := self.parameters(model, method):
                yield model, method, names

    def values(self, name):
        line = self.batch.line_ids.filtered(lambda line: not line.code)[:1].id
        pairs = {"amounts": "code", "quantities": "line"}
        whose = {"code": 101, "line": line}
        for odd in ODD + tuple(ODD_PAIRS if name in pairs else ()):
            yield [[whose.get(part, part) if isinstance(part, str) else part for part in row] if isinstance(row, list) else row
                   for row in odd] if isinstance(odd, list) else odd  # fmt: skip

    def test_each_is_answered(self):
        for model, method, names in self.doors():
            for name in names:
                for odd in self.values(name):
                    with self.subTest(model=model, method=method, name=name, odd=odd):
                        self.check(model, method, {**{each: CHOSEN.get((method, each), GOOD.get(each, "")) for each in names}, name: odd})

    def check(self, model, method, arguments):
        """Refused with a sentence, or done with figures that can be."""
        with self.env.cr.savepoint() as savepoint:
            record = self.prepared(model, method)
            own = [] if method == "api_history" else [record.ids]
            try:
                self.call("manager", model, method, *own, **arguments)
            except UserError as refusal:
                self.assertTrue(str(refusal))
            self.env.flush_all()
            dosed = [*self.batch.line_ids.mapped("actual_qty"), *self.batch.line_ids.mapped("typed_qty"), self.batch.produced_qty]
            self.assertTrue(all(0 <= kg <= 100000 for kg in dosed), dosed)
            savepoint.rollback()
        self.env.invalidate_all()

    def prepared(self, model, method):
        if model == "mo.batch":
            self.batch.write(PREPARED[method])
            if method == "action_is_booked_by_hand":
                self.order.with_context(plc_closing=True).state = "done"
        records = {"mo.batch": self.batch, "plc.controller": self.controller, "plc.failure": self.failure, "plc.weighing": self.weighing}
        return records[model]
