"""Several PLCs are filled by one transaction, with the same result as one by one, and one of them never stops the others."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged

from ...models.orders import plc_task_fill
from ..common import MillCase

BATCH = ("controller_id", "slot", "name", "order_name", "order_qty", "planned_qty", "product_id", "state")
LINE = ("sequence", "code", "product_id", "equipment_id", "planned_qty", "move_id", "controller_id", "company_id")


@tagged("post_install", "-at_install")
class TestFillLots(MillCase):
    """Three PLCs that make the same orders: the first takes what the others do not get."""

    def setUp(self):
        super().setUp()
        self.plcs = self.controller.union(*(self.new_controller(name=f"Mill {number}") for number in (2, 3)))
        self.plcs.batch_limit = 3
        self.orders = [self.new_order() for _number in range(8)]
        self.orders[0].bom_id = False
        self.orders[0].move_raw_ids.product_uom_qty = 9e9  # it cannot be queued, and says so at each PLC

    def filled(self, together):
        """What a fill makes, of so many PLCs at once."""
        savepoint = self.env.cr.savepoint()
        sequence = self.env["ir.sequence"].search([("code", "=", "mo.batch")], limit=1)
        sequence.number_next_actual = 900  # no rollback takes it back
        with patch.object(plc_task_fill, "TOGETHER", together):
            self.run_task(1)
        batches = self.env["mo.batch"].search([("controller_id", "in", self.plcs.ids)], order="id")
        found = (
            [[batch[name] for name in BATCH] for batch in batches],
            [[line[name] for name in LINE] for line in batches.line_ids],
            [(order.plc_reason, order.plc_plan_count) for order in self.orders],
            [(line.controller_id, line.kind, line.message) for line in self.plcs.journal_ids.sorted("id")],
        )
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        return found

    def test_the_same_as_one_by_one(self):
        singly = self.filled(1)
        self.assertEqual(len(singly[0]), 7)
        self.assertEqual(self.filled(8), singly)
        self.assertEqual(self.filled(2), singly)

    def test_one_that_fails(self):
        """Whether for a fault of its own, or as another transaction was faster."""
        fill = type(self.env["plc.task.fill"])._fill
        for error in (ValueError("no such thing"), SerializationFailure("concurrent update")):

            def fails(task, controller, error=error):
                batches = fill(task, controller)
                if controller == self.plcs[1]:
                    raise error
                return batches

            with self.subTest(error), patch.object(type(self.env["plc.task.fill"]), "_fill", fails):
                batches, *_rest, told = self.filled(8)
                served = {plc for plc, *_what in batches}
                self.assertEqual(served, {self.plcs[0], self.plcs[2]})
                faults = [plc for plc, kind, message in told if kind == "error" and not message.startswith("Order")]
                self.assertEqual(faults, [self.plcs[1]] if isinstance(error, ValueError) else [])
