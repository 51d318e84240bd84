"""The doors to an order while a person has to decide on its batch: the PLC has lost its memory, or its answer is in doubt.

Each ends as docs/doors.md has it for another state: sent again as *Offered*, given up as *Cancelled*, or *Failed* if it ran.
"""

from odoo.tests import tagged

from ...models.batch.mo_batch import STATES
from ...plc.steps import UNDECIDED
from ..lot import is_drawn
from .door_table import REFUSED, DoorTableCase, written
from .doors import DOORS

SENT_AGAIN, GIVEN_UP = "send_again", "give_up"
CASES = {  # (state, what a person decides): the state as which it ends
    ("offered", SENT_AGAIN): "offered",
    ("offered", GIVEN_UP): "cancelled",  # withheld, until a person has found out, and queues it again
    ("running", GIVEN_UP): "failed",  # what was seen running is never sent again
}
TITLES = dict(STATES)


@tagged("post_install", "-at_install")
class TestDoorsUndecided(DoorTableCase):
    def begin(self, state, operations):
        began = super().begin(state, operations)
        self.batch.write({"attention": "Lost.", "attention_key": "lost test"})
        return began

    def go_on(self, batch):
        if batch.state in ("offered", "running") and batch._case() in UNDECIDED:
            return self.decide(batch)
        return super().go_on(batch)

    def decide(self, batch):
        order = batch.production_id
        if self.decision == SENT_AGAIN and order.state not in ("done", "cancel"):
            batch.action_send_again()
            return
        batch.action_give_up()
        if order.plc_withheld and batch.state == "cancelled":
            order.action_plc_requeue()

    def check(self, name, door, state):
        pass  # the page's figures are compared, and the files of each state have checked them

    def of_page(self, state):
        return {label: cell for (label, title), cell in written().items() if title == TITLES[state]}

    def test_undecided(self):
        for (state, self.decision), column in CASES.items():
            cells = {}
            for operations in (False, True):
                self.undone(self.try_each, self.doors(f"{state} {self.decision}", operations), state, operations, cells)
            refused = {label: cell for label, cell in self.of_page(state).items() if cell == REFUSED}
            page = {**self.of_page(column), **refused}
            found = {DOORS[name].label: cell for (name, _state), cell in cells.items()}
            different = {label: (cell, page[label]) for label, cell in found.items() if cell != page[label]}
            self.assertEqual(different, {}, (state, self.decision))
            self.assertEqual(len(found), sum(is_drawn(f"{name} {state} {self.decision}") for name in DOORS))
