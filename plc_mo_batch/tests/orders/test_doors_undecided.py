"""The doors to an order while a person has to decide on its batch: the PLC has lost its memory, or its answer is in doubt.

Each ends as docs/doors.md has it for another state: sent again as *Offered*, given up as *Cancelled*, or *Failed* if it ran.
"""

from odoo.tests import tagged

from ...plc.steps import UNDECIDED
from . import test_doors
from .doors import DOORS

SENT_AGAIN, GIVEN_UP = "send_again", "give_up"
CASES = {  # (state, what a person decides): the state as which it ends
    ("offered", SENT_AGAIN): "offered",
    ("offered", GIVEN_UP): "cancelled",  # withheld, until a person has found out, and queues it again
    ("running", GIVEN_UP): "failed",  # what was seen running is never sent again
}
COLUMNS = [state for state, _label in test_doors.STATES]


@tagged("post_install", "-at_install")
class TestDoorsUndecided(test_doors.TestDoors):
    test_every_door_at_every_state = None
    test_every_method_of_odoo_is_a_door_or_only_looks = None
    test_wizards_of_an_order_are_known = None

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
        pass  # the page's figures are compared, and test_doors.py has checked them

    def of_page(self, column):
        rows = {}
        for line in self.parts()[1].strip().splitlines()[2:]:
            label, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            rows[label] = cells[COLUMNS.index(column)]
        return rows

    def test_undecided(self):
        for (state, self.decision), column in CASES.items():
            rows = {name: [] for name in DOORS}
            for operations in (False, True):
                self.try_doors(state, operations, rows)
            page = self.of_page(column)
            page.update({label: cell for label, cell in self.of_page(state).items() if cell == test_doors.REFUSED})
            found = {door.label: rows[name][0] for name, door in DOORS.items()}
            different = {label: (cell, page[label]) for label, cell in found.items() if cell != page[label]}
            self.assertEqual(different, {}, (state, self.decision))
