"""Everything that people may do to an order, at each state of its batch: refused before anything changed, or followed to its end,
where what was made is compared with what was asked for, and what was dosed with what is gone from the stock.

Three files try some states each, so that workers share them; docs/doors.md has what they find."""

import os

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ...models.batch.mo_batch import STATES
from ...models.orders.mrp_production import OPEN_ORDER
from ..generated import Block
from ..lot import is_drawn
from .door_world import DoorCase
from .doors import DOORS, WHOLE

BLOCK = Block("doors.md", "dev/doors")
CORNER = "at its batch's state"
WAITING = ("queued", "sending", "offered", "cancelled")
AT_WORK = ("running", "cancelling")
ENDED = ("completed", "failed", "done")
REFUSED, BY_ODOO = "refused", "Odoo refuses"
TAKEN = ("running", "completed", "done")  # the PLC makes the whole batch, whatever is asked for by then
CORRECTS = ("consume_dosed", "unbuild")  # what is booked already
HANDED_OVER = ("sending", "offered", "running", "completed")  # and not given back
# where another quantity is made than is asked for
EXPECTED = {
    **{("lower_quantity", state): WHOLE for state in ("sending", "offered")},  # the recipe is frozen, and the PLC takes it
    **{("write_quantity", state): WHOLE for state in (*HANDED_OVER, "done")},  # without components; the order says so
    ("unbuild", "done"): 0.0,
}


class DoorTableCase(DoorCase):
    maxDiff = None

    def check_states(self, states):
        """They have the page's figures; ``dev/doors`` writes them."""
        cells = {}
        for state in states:
            for operations in (False, True):
                self.undone(self.try_each, self.doors(state, operations), state, operations, cells)
        titles = dict(STATES)
        found = {(DOORS[name].label, titles[state]): cell for (name, state), cell in cells.items()}
        if os.environ.get("PLC_WRITE_DOORS"):
            write(found)
        else:
            mine = {(DOORS[name].label, titles[state]) for state in states for name in DOORS if is_drawn(f"{name} {state}")}
            self.assertEqual(found, {cell: text for cell, text in written().items() if cell in mine}, "run dev/doors")

    def doors(self, state, operations):
        """Those that this run tries; all of them take ten minutes."""
        return {name: door for name, door in DOORS.items() if door.operations == operations and is_drawn(f"{name} {state}")}

    def try_each(self, doors, state, operations, rows):
        self.begin(state, operations)
        self.before, self.usual = self.everything(), ""
        kept = dict(vars(self))
        for name, door in doors.items():
            with self.subTest(door=name, state=state):
                self.undone(self.cell, name, door, state, rows)
            vars(self).update({key: kept[key] for key in ("dosed", "scrapped", "other")})

    def cell(self, name, door, state, rows):
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                door.open(self)
                self.env.flush_all()
        except UserError as error:
            self.env.invalidate_all()
            self.assertEqual(self.everything(), self.before)
            rows[name, state] = self.refusal(str(error))
            return
        unchanged = self.everything() == self.before  # then it ends as if nobody had opened it
        if not unchanged or not self.usual:
            self.follow(door.back)
            rows[name, state] = self.figures(door)
            self.check(name, door, state)
        else:
            rows[name, state] = self.usual
        if unchanged:
            self.usual = rows[name, state]

    def refusal(self, sentence):
        """Ours names order, batch and what to do; otherwise Odoo refuses by itself."""
        if self.batch.name not in sentence and "PLC" not in sentence:
            return BY_ODOO
        self.assertIn(self.order.name, sentence)
        return REFUSED

    def everything(self):
        orders = self.env["mrp.production"].search([("product_id", "=", self.feed.id)])
        moves = orders.move_raw_ids | orders.move_finished_ids
        return [
            orders.read(["state", "product_qty", "qty_producing", "bom_id", "plc_withheld", "name", "picking_type_id"]),
            moves.read(["state", "product_id", "product_uom_qty", "quantity", "picked"]),
            orders.workorder_ids.read(["state", "qty_produced"]),
            orders.plc_batch_ids.read(["state", "order_qty", "remark"]),
            [self.bom.active, self.feed.active, self.made(), self.wheat_gone()],
        ]

    def figures(self, door):
        made, asked = self.made(), door.asks
        booked = [("active", "=", False), ("state", "=", "done"), ("product_id", "=", self.feed.id)]
        batches = self.env["mo.batch"].search_count(booked)
        told = ", told" if any(self.open_orders().mapped("plc_reason")) else ""
        return f"{made:g} of {asked:g}{told}" + (f" ({batches})" if batches != 1 else "")

    def open_orders(self):
        return self.env["mrp.production"].search([("product_id", "=", self.feed.id), ("state", "in", OPEN_ORDER)])

    def check(self, name, door, state):
        """What was made is what was asked for, or what the PLC had taken before; nothing else is gone than what was dosed."""
        self.assertAlmostEqual(self.made(), self.expected(name, door, state))
        if self.made() > door.asks:
            self.assertTrue(self.batch.remark or state == "done", "nobody is told that more was made than was asked for")
        self.assertFalse(self.open_orders().filtered(lambda order: not order.plc_reason), "nothing waits without a reason")
        if not door.by_hand and name not in CORRECTS:
            self.assertAlmostEqual(self.wheat_gone(), self.dosed + self.scrapped, places=2)

    def expected(self, name, door, state):
        if (name, state) in EXPECTED:
            return EXPECTED[name, state]
        if door.by_hand and state != "done":
            return door.asks  # a manager says that what was entered is what the batch made
        return max(door.asks, WHOLE) if state in TAKEN else door.asks


# The page


def written():
    """The page's cells by label of the door and title of the state."""
    head, _line, *rows = (line.strip("| ").split(" | ") for line in BLOCK.text().splitlines())
    return {(label, title): cell for label, *cells in rows for title, cell in zip(head[1:], cells, strict=True)}


def write(found):
    BLOCK.put(table({**written(), **found}))


def table(cells):
    titles = [title for _state, title in STATES]
    lines = [[CORNER, *titles], ["---"] * (len(titles) + 1)]
    lines += [[door.label, *(cells.get((door.label, title), "?") for title in titles)] for door in DOORS.values()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
