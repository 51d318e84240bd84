"""Recipes that are frozen and stored together give the same batches as those that are queued one by one."""

import random
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.tests import tagged

from ..booking.silo_case import SiloCase

BATCH = ("slot", "part", "order_name", "order_qty", "planned_qty", "product_id", "production_id", "remark", "state")
LINE = ("sequence", "code", "product_id", "equipment_id", "planned_qty", "move_id")
ORDER = ("plc_reason", "plc_part_count", "plc_plan_count")
KINDS = (
    "plain",
    "plain",
    "beyond the mixer",
    "from the silo",
    "from the silo",
    "long name",
    "the same name",
    "not ASCII",
    "made",
)
TRIALS = 6


@tagged("post_install", "-at_install")
class TestFillTogether(SiloCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.silo.location_id = cls.silo._location_below(cls.store)
        cls.bring(cls, 150.0, cls.lots["A"], cls.silo.location_id)
        cls.controller.max_batch_qty = 1000.0
        cls.task = cls.env["plc.task.fill"]

    def make(self, kind):
        order = self.new_order(2500.0 if kind == "beyond the mixer" else 1000.0, bom_id=self.bom_of(kind).id)
        names = {"long name": "NORTH/MILL/00012-001", "the same name": "SOUTH/MILL/00012-001", "not ASCII": "WH/MÖ/1"}
        if kind in names:
            order.name = names[kind]
        if kind == "made":
            order.qty_producing = 400.0
        return order

    def bom_of(self, kind):
        return self.lot_bom if kind in ("from the silo", "beyond the mixer") else self.wheat_bom

    def undone(self, fill, orders):
        """What a way of filling makes of the orders; then everything is as before."""
        savepoint = self.env.cr.savepoint()
        batches = fill(self.controller)
        found = (
            [[batch[name] for name in BATCH] for batch in batches],
            [[line[name] for name in LINE] for line in batches.line_ids],
            [[order[name] for name in ORDER] for order in orders],
            batches.journal_ids.mapped("message"),
        )
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        return found

    def test_the_same(self):
        """Orders of all kinds in any order, with each policy of levels; the queue may be full before they are through."""
        chance = random.Random(19)
        for _trial in range(TRIALS):
            kinds = chance.sample(KINDS, len(KINDS))
            policy, limit = chance.choice(("ignore", "warn", "leave")), chance.choice((2, 5, 10))
            self.controller.write({"level_policy": policy, "batch_limit": limit})
            savepoint = self.env.cr.savepoint()
            orders = self.env["mrp.production"].union(*map(self.make, kinds))
            with self.subTest(kinds=kinds, policy=policy, limit=limit):
                singly = self.undone(self.task._queue_singly, orders)
                self.assertEqual(self.undone(self.task._queue_together, orders), singly)
                self.assertTrue(singly[0])
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_what_cannot_be_stored_together_is_stored_singly(self):
        """As when another PLC queues one of the orders at the same moment."""
        orders = self.env["mrp.production"].union(*map(self.make, KINDS))
        singly, create = self.undone(self.task._queue_singly, orders), type(self.task)._create_batches

        def store(task, frozen):
            found = create(task, frozen)
            if len(frozen) > 1:
                raise UniqueViolation("the other PLC's")
            return found

        with patch.object(type(self.task), "_create_batches", store):
            self.assertEqual(self.undone(self.task._queue_orders, orders), singly)

    def test_sister_silos(self):
        """Which of them doses depends on what is queued before: there, each order is queued by itself."""
        self.assertFalse(self.controller._has_sister_silos())
        self.controller.ambiguous_policy = "order"
        sister = self.new_silo(104, self.barley)
        self.assertTrue(self.controller._has_sister_silos())
        orders = self.env["mrp.production"].union(*map(self.make, KINDS))
        singly = self.undone(self.task._queue_singly, orders)
        with patch.object(type(self.task), "_queue_together", side_effect=AssertionError):
            self.assertEqual(self.undone(self.task._queue_orders, orders), singly)
        sister.in_use = False
        self.assertFalse(self.controller._has_sister_silos())
