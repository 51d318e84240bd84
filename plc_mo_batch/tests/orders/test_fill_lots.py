"""Several PLCs are filled by one transaction, with the same result as one by one, and one of them never stops the others."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged

from ...models.orders import plc_task_fill
from ..common import MillCase

BATCH = ("controller_id", "slot", "part", "order_name", "order_qty", "planned_qty", "product_id", "state")
LINE = ("sequence", "code", "product_id", "equipment_id", "planned_qty", "move_id", "controller_id", "company_id")


class LotsCase(MillCase):
    """``plcs``, ``orders``"""

    def refuse(self, order):
        """It cannot be queued, and says so at each PLC."""
        order.bom_id = False
        order.move_raw_ids.product_uom_qty = 9e9

    def filled(self, together):
        """What a fill makes, of so many PLCs at once."""
        savepoint = self.env.cr.savepoint()
        with patch.object(plc_task_fill, "TOGETHER", together):
            self.run_task(1)
        batches = self.env["mo.batch"].search([("controller_id", "in", self.plcs.ids)], order="controller_id, slot")
        found = (
            [[batch[name] for name in BATCH] for batch in batches],
            [[line[name] for name in LINE] for line in [line for batch in batches for line in batch.line_ids.sorted("id")]],
            [(order.plc_reason, order.plc_plan_count, order.plc_part_count) for order in self.orders],
            [[(line.kind, line.message, line.slot) for line in plc.journal_ids.sorted("id")] for plc in self.plcs],
            [bool(batch.order_version) for batch in batches],
        )
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        return found


@tagged("post_install", "-at_install")
class TestFillLots(LotsCase):
    """Three PLCs that make the same orders: the first takes what the others do not get."""

    def setUp(self):
        super().setUp()
        self.plcs = self.controller.union(*(self.new_controller(name=f"Mill {number}") for number in (2, 3)))
        self.plcs.batch_limit = 3
        self.orders = [self.new_order() for _number in range(8)]
        self.refuse(self.orders[0])

    def test_the_same_as_one_by_one(self):
        singly = self.filled(1)
        self.assertEqual(len(singly[0]), 7)
        self.assertEqual(self.filled(8), singly)
        self.assertEqual(self.filled(2), singly)

    def test_one_that_fails(self):
        """Whether for a fault of its own, or as another transaction was faster."""
        fill = type(self.env["plc.task.fill"])._fill
        for error in (ValueError("no such thing"), SerializationFailure("concurrent update")):

            def fails(task, controllers, error=error):
                batches = fill(task, controllers)
                if self.plcs[1] in controllers:
                    raise error
                return batches

            with self.subTest(error), patch.object(type(self.env["plc.task.fill"]), "_fill", fails):
                batches, _lines, _orders, told, _versions = self.filled(8)
                served = {plc for plc, *_what in batches}
                self.assertEqual(served, {self.plcs[0], self.plcs[2]})
                faults = [
                    plc
                    for plc, lines in zip(self.plcs, told, strict=True)
                    if any(kind == "error" and not message.startswith("Order") for kind, message, _slot in lines)
                ]
                self.assertEqual(faults, [self.plcs[1]] if isinstance(error, ValueError) else [])


@tagged("post_install", "-at_install")
class TestFillApart(LotsCase):
    """PLCs of which none makes another one's orders: their batches are created at once."""

    def setUp(self):
        super().setUp()
        kinds = [self.picking_type.copy({"sequence_code": f"M{number}"}) for number in range(5)]
        others = [self.new_controller(name=f"Mill {number}", picking_type_ids=kind.ids) for number, kind in enumerate(kinds)]
        self.plcs = self.controller.union(*others)
        self.plcs.batch_limit = 3
        self.orders = [self.new_order(picking_type_id=kind.id) for kind in (self.picking_type, *kinds) for _number in range(4)]
        self.refuse(self.orders[4])
        others[1].max_batch_qty = 600.0  # each order is two batches
        others[2].lang = self.another_language()
        others[3].enabled = False
        self.busy = others[4]
        self.env["plc.task.fill"]._fill(self.busy)
        self.orders[21].plc_reason = "which no longer holds"

    def another_language(self):
        self.env["res.lang"]._activate_lang("id_ID")
        return "id_ID"

    def test_the_same_as_one_by_one(self):
        singly = self.filled(1)
        self.assertEqual(len(singly[0]), 5 * 3)
        self.assertTrue(all(singly[4]))
        self.assertFalse(self.orders[-1].plc_reason)
        self.assertEqual(self.filled(8), singly)
        self.assertEqual(self.filled(2), singly)

    def test_created_at_once(self):
        """Three recipes of each of three PLCs, and one by one what is made in several batches."""
        create, sizes = type(self.env["plc.task.fill"])._create_batches, []

        def note(task, frozen):
            sizes.append(len(frozen))
            return create(task, frozen)

        with patch.object(type(self.env["plc.task.fill"]), "_create_batches", note):
            self.filled(8)
        self.assertIn(6, sizes)

    def test_parked_batch(self):
        """It was not compared with its order by the fill."""
        parked = self.env["mo.batch"].search([("controller_id", "=", self.busy.id)])
        parked.write({"parked": True, "slot": 9, "order_version": "as it was compared last"})
        batches = self.env["plc.task.fill"]._fill(self.busy)
        self.assertTrue(all(batches.mapped("order_version")))
        self.assertEqual(set(parked.mapped("order_version")), {"as it was compared last"})

    def test_what_another_one_could_have(self):
        """A silo that two of them share, or an operation type: each of these PLCs sees what is queued before it."""
        place = self.env["stock.location"].create(
            {"name": "Shared", "location_id": self.env.ref("stock.warehouse0").lot_stock_id.id}
        )
        apart = plc_task_fill._apart
        self.assertEqual(list(apart(self.plcs)), [self.plcs])
        for plc in self.plcs[:2]:
            plc.equipment_ids[:1].location_id = place
        self.assertEqual([len(lot) for lot in apart(self.plcs)], [1, 5])
        self.plcs[3].picking_type_ids |= self.plcs[1].picking_type_ids
        self.assertEqual([len(lot) for lot in apart(self.plcs)], [1, 2, 3])
        self.plcs[5].ambiguous_policy = "order"
        self.plcs[5].equipment_ids[1].product_ids = self.plcs[5].equipment_ids[0].product_ids
        self.assertEqual([len(lot) for lot in apart(self.plcs)], [1, 2, 2, 1])
        self.assertEqual(list(apart(self.plcs[:0])), [])
