"""docs/value.md: what goes into an order and comes out of it, beside what Odoo makes of an equal order that it closes by itself.

``WRITE_VALUE_TABLE=1 dev/test --world plant plc_mo_batch/tests/booking/test_value_table.py`` writes it.
"""

import os

from odoo.tests import tagged

from ..generated import Block
from ..lot import is_drawn
from .value_case import ValueCase

BLOCK = Block("value.md", "test_value_table.py")
METHODS = {"standard": "standard price", "average": "average cost", "fifo": "FIFO"}
HEAD = """| case | valued at | in | out | Odoo: in | Odoo: out |
|---|---|---|---|---|---|"""


@tagged("post_install", "-at_install")
class TestValueTable(ValueCase):
    def one_batch(self):
        """one batch"""
        order, batches = self.start()
        self.book(*batches)
        return order

    def three_batches(self, **values):
        """three batches of an order"""
        order, batches = self.start(1.5, 3, **values)
        for batch in batches:
            self.book(batch)
        return order

    def with_a_byproduct(self):
        """three batches, by-product with a cost share of 10 %"""
        self.with_byproduct()
        return self.three_batches()

    def with_extra_cost(self):
        """three batches, extra cost of 0.10 a kg"""
        return self.three_batches(extra_cost=0.1)

    def with_time(self):
        """three batches of 7 minutes, 60.00 an hour"""
        self.with_labour()
        return self.three_batches()

    def with_estimated_time(self):
        """three batches, labour estimated at 10 minutes a ton"""
        self.with_labour()
        self.bom.operation_ids.cost_mode = "estimated"
        return self.three_batches()

    def corrected_meanwhile(self):
        """three batches, 301 kg of the first corrected to 250 before the next"""
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        batches[0].line_ids.move_id.filtered(lambda move: move.product_id == self.wheat).quantity = 250.0
        self.book(batches[1], batches[2])
        return order

    def failed_as_scrap(self):
        """a failed batch, its material scrapped"""
        order, batches = self.start()
        self.book(*self.fail_batch(batches, "scrap"))
        return order

    def failed_as_consumption(self):
        """a failed batch, its material consumed by the order"""
        order, batches = self.start()
        self.book(*self.fail_batch(batches, "consume", "withhold"))
        return order

    def failed_of_three(self):
        """the same, the second of three batches"""
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        self.book(*self.fail_batch(batches[1], "consume", "withhold"))
        self.book_rest(order)
        return order

    def with_backorder(self):
        """three batches, short by 300 kg: a backorder"""
        self.controller.write({"backorder_policy": "short", "backorder_percent": 1.0})
        order, batches = self.start(1.5, 3)
        self.book(*batches, weight=400.0)
        return order

    def on_a_new_order(self):
        """booked on a new order, as its own was closed by hand"""
        order, batch = self.start()
        self.finish(batch)
        order.button_mark_done()
        batch.action_book_on_new_order()
        self.run_task(3)
        return batch.production_id

    def closed_by_hand(self):
        """one of three batches, then closed by hand"""
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        order.with_context(skip_consumption=True, skip_backorder=True).button_mark_done()
        return order

    def cancelled(self):
        """two of three batches, then cancelled"""
        order, batches = self.start(1.5, 3)
        self.book(batches[0], batches[1])
        batches[2].action_cancel("plan", "test", "cancel")
        self.run_task(2)
        self.run_task(3)
        return order

    def weighed_late_after_one(self):
        """4 kg of salt weighed late, one batch"""
        order = self.one_batch()
        self.weigh_late(order.plc_batch_ids)
        return order

    def weighed_late_after_three(self):
        """4 kg of salt weighed late, three batches"""
        order = self.three_batches()
        self.weigh_late(order.plc_batch_ids[:1])
        return order

    CASES = (
        one_batch, three_batches, with_a_byproduct, with_extra_cost, with_time, with_estimated_time, corrected_meanwhile,
        failed_as_scrap, failed_as_consumption, failed_of_three, with_backorder, on_a_new_order, closed_by_hand, cancelled,
        weighed_late_after_one, weighed_late_after_three,
    )  # fmt: skip

    def measured(self, case, method):
        """Its balance and Odoo's own; nothing of it stays."""
        with self.env.cr.savepoint() as savepoint:
            self.use(method)
            if method == "standard":
                self.feed.standard_price = 0.3
            order = case(self)
            self.assertEqual(order.state, "done", case.__doc__)
            late = {self.salt: 4.0} if "late" in case.__name__ else {}
            found = self.balance(order), self.odoos_own(order, late)
            savepoint.rollback()
        self.env.invalidate_all()
        return found

    def test_table(self):
        lines = {}
        for case in self.CASES:
            for method, title in METHODS.items():
                head = f"| {case.__doc__} | {title} |"
                lines[head] = ""
                with self.subTest(case.__doc__, method=method):
                    if is_drawn(head):
                        lines[head] = self.figures(case, method)
        if os.environ.get("WRITE_VALUE_TABLE"):
            BLOCK.put("\n".join([HEAD, *(f"{head}{figures}" for head, figures in lines.items())]))
        written = BLOCK.text().removeprefix(HEAD).strip().splitlines()
        for line, (head, figures) in zip(written, lines.items(), strict=True):
            self.assertTrue(line == f"{head}{figures}" if figures else line.startswith(head), (line, figures))

    def figures(self, case, method):
        ours, odoos = self.measured(case, method)
        self.assertTrue(method == "standard" or ours.is_even, ours)
        figures = (ours.came_in, ours.came_out, odoos.came_in, odoos.came_out)
        return f" {' | '.join(f'{figure:.2f}' for figure in figures)} |"
