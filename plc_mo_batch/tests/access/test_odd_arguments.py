"""Arguments that no form sends, but any program can: each public method answers with a sentence, or does what can be done."""

import inspect

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.common.marks import CLOSING
from ..security_case import ADDON, SecurityCase
from .test_security_methods import METHODS

NAN, INF = float("nan"), float("inf")
ODD = (None, False, True, 0, -1, 1.5, 10**30, 1e12, NAN, INF, "", "x", [], {}, ["x"], {"a": 1}, [None], [[]])
ODD_CODES = ("x", "101", 101.5, None, True, -1, 999, 2**40)
ODD_AMOUNTS = (None, True, "x", "5", [], -0.01, NAN, INF, -INF, 1e12, 10**400)
# what a caller passes otherwise
GOOD = {
    "after": 0,
    "amounts": [[101, 5.0], [102, 5.0], [114, 5.0]],
    "batch": 0,
    "batch_id": 0,
    "booking": "scrap",
    "comment": "As it is",
    "decision": "give_up",
    "limit": 10,
    "on": False,
    "order": "x",
    "order_action": "withhold",
    "outcome": "completed",
    "plc": 0,
    "quantities": [],
    "reason": "plan",
    "states": [],
    "weight": 1000.0,
}
# method of a batch -> what the batch is like where it is allowed
PREPARED = {
    "action_cancel": {"state": "queued"},
    "action_enter_amounts": {"state": "running", "attention_key": "rejected x"},
    "action_enter_hand_adds": {"state": "completed"},
    "action_is_booked_by_hand": {"state": "completed"},
    "action_release_review": {"state": "completed", "review_needed": True},
    "action_set_disposition": {"state": "failed"},
    "action_set_weight": {"state": "completed", "weight_needed": True},
    "api_cancel": {"state": "queued"},
    "api_changes": {},
    "api_find": {},
    "api_history": {},
    "api_recall": {},
    "api_reset": {"state": "running", "attention_key": "lost x"},
}
OF_THE_MODEL = ("api_changes", "api_find", "api_history", "api_recall", "get_board")  # they take no ids
ODOOS = ("copy_data",)  # its argument is Odoo's own


@tagged("post_install", "-at_install")
class TestOddArguments(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.new_order()
        cls.env["plc.task.fill"]._fill(cls.controller)
        cls.batch = cls.env["mo.batch"].search([("production_id", "=", cls.order.id)])
        records = [cls.batch, cls.controller, cls.controller.equipment_ids[0], *cls.new_events(cls)]
        cls.records = {record._name: record for record in records}

    def doors(self):
        """(model, method, names of its parameters), for each method with parameters of a record."""
        for model, method in METHODS:
            function = inspect.unwrap(getattr(self.env.registry[model], method))
            if self.env[model]._transient or method in ODOOS or not function.__module__.startswith(ADDON):
                continue
            found = list(inspect.signature(function).parameters.values())[1:]
            names = [parameter.name for parameter in found if parameter.kind == parameter.POSITIONAL_OR_KEYWORD]
            if names:
                yield model, method, names

    def odd_values(self, name):
        yield from ODD
        line = self.batch.line_ids.filtered(lambda line: not line.code)[:1].id
        own = {"amounts": 101, "quantities": line}.get(name)
        if own:
            yield from ([[code, 5.0]] for code in ODD_CODES)
            yield from ([[own, amount]] for amount in ODD_AMOUNTS)
            yield from ([[own]], [own, 5.0], [[own, 5.0, 1]], [[own, 5.0], [own, 6.0]])

    def test_each_is_answered(self):
        doors = list(self.doors())
        self.assertLessEqual(set(PREPARED), {method for _model, method, _names in doors})
        for model, method, names in doors:
            good = {name: GOOD.get(name, "") for name in names}
            for name in names:
                for odd in self.odd_values(name):
                    with self.subTest(model=model, method=method, name=name, odd=odd):
                        self.check(model, method, {**good, name: odd})

    def check(self, model, method, arguments):
        """Refused with a sentence, or done with figures that can be."""
        with self.env.cr.savepoint() as savepoint:
            record = self.prepared(model, method)
            ids = [] if method in OF_THE_MODEL else [record.ids]
            try:
                self.call("manager", model, method, *ids, **arguments)
            except UserError as refusal:
                self.assertTrue(str(refusal))
            self.env.flush_all()
            lines = self.batch.line_ids
            figures = [*lines.mapped("actual_qty"), *lines.mapped("typed_qty"), self.batch.produced_qty]
            self.assertTrue(all(0 <= figure <= 100000 for figure in figures), figures)
            savepoint.rollback()
        self.env.invalidate_all()

    def prepared(self, model, method):
        if model == "mo.batch":
            self.batch.write(PREPARED[method])
        if method == "action_is_booked_by_hand":
            CLOSING.on(self.order).state = "done"
        return self.records.get(model)
