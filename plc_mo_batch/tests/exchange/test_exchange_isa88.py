"""The whole way from a confirmed order to a closed one with the layout "ISA-88, float32", and its commands."""

from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import MillCase

LINES = 24


class Isa88Case(MillCase):
    handshake = "isa88"

    def new_simulator(self, **options):
        return super().new_simulator(layout="isa88", **options)

    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()

    def look(self, seconds):
        """One scan of the mill, then one exchange."""
        self.plc.step(seconds)
        self.run_task(2)

    def state_word(self, slot=1):
        return self.plc.mill.memory[3000 + 110 * (slot - 1) + 93]

    def dosed(self, order, event="finished"):
        """kg by equipment code, out of the simulator's own ledger."""
        records = [r for r in self.plc.mill.ledger if r["order"] == order.name and r["event"] == event]
        self.assertEqual(len(records), 1)
        return {line["code"]: line["kg"] for line in records[0]["lines"]}

    def stored(self, batch):
        return {line.code: line.actual_qty for line in batch.line_ids if line.code}

    def new_equipment(self, count, kilograms):
        """Silos from code 20001 on, each with a product of its own; (product, kilograms) of each."""
        products = [self.new_product(f"Test additive {number}") for number in range(1, count + 1)]
        self.controller.equipment_ids = [
            Command.create({"name": f"Silo {code}", "code": code, "product_ids": [Command.set(product.ids)]})
            for code, product in enumerate(products, start=20001)
        ]
        return [(product, kilograms) for product in products]


@tagged("post_install", "-at_install")
class TestCycle(Isa88Case):
    def assertBooked(self, order):
        """What the mill's ledger says was dosed is what the order's stock moves consumed, to the gram."""
        self.assertEqual(order.state, "done")
        codes = {item.product_ids: item.code for item in self.controller.equipment_ids}
        moves = order.move_raw_ids.filtered(lambda move: move.state == "done" and move.product_id in codes)
        booked = {codes[move.product_id]: round(move.quantity, 6) for move in moves}
        self.assertEqual(booked, self.dosed(order))

    def test_from_confirmed_to_closed(self):
        orders = self.env["mrp.production"].concat(*(self.new_order(quantity) for quantity in (1000.0, 1234.5, 999.99)))
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["offered"] * 3)
        self.run_plc(self.plc, 3)
        self.run_task(2)
        self.assertRecordValues(self.queue(), [{"state": "completed", "acknowledged": True}] * 3)
        for batch in self.queue():
            record = next(r for r in self.plc.mill.ledger if r["order"] == batch.order_name and r["event"] == "finished")
            self.assertEqual((batch.finished_weight, batch.produced_qty), (record["weight"], record["weight"]))
        self.run_task(3)
        self.assertEqual(self.history().mapped("state"), ["done"] * 3)
        for order in orders:
            self.assertBooked(order)
            self.assertEqual([101, 102, 114], list(self.dosed(order)))

    def test_slots_are_used_again(self):
        for _fill in range(3):
            order = self.new_order()
            self.run_task(1)
            self.run_plc(self.plc, 1)
            self.run_task(2)
            self.run_task(3)
            self.assertBooked(order)
            self.plc.step(1)
            self.assertEqual(self.state_word(), 1, "acknowledged: idle")
        self.assertEqual(self.history().mapped("slot"), [1, 1, 1])

    def test_weight_comes_late(self):
        self.controller.weight_grace = 60
        self.plc.mill.weight = "late"
        self.new_order()
        self.run_task(1)
        self.run_plc(self.plc, 1)
        self.assertRecordValues(self.queue(), [{"state": "running", "finished_weight": 0.0}])
        self.assertEqual(self.state_word(), 3)
        self.look(20)
        self.assertRecordValues(self.queue(), [{"state": "completed", "finished_weight": self.plc.mill.ledger[-1]["weight"]}])

    def test_as_many_components_as_there_are_lines(self):
        bom = self.new_bom(self.new_equipment(LINES, 40.07))
        order = self.new_order(bom_id=bom.id)
        self.run_task(1)
        self.run_plc(self.plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertBooked(order)
        self.assertEqual(list(self.dosed(order)), list(range(20001, 20001 + LINES)))

    def test_more_components_than_lines_are_refused(self):
        bom = self.new_bom(self.new_equipment(LINES + 1, 40.0))
        order = self.new_order(bom_id=bom.id)
        self.run_task(1)
        self.run_task(2)
        self.assertFalse(self.queue())
        self.assertIn("more dosed components than the PLC's recipe has lines", order.plc_reason)
        recipes = self.controller.layout_id._layout().area("recipe")
        self.assertFalse(any(self.plc.mill.memory[recipes.base : recipes.base + 10 * recipes.stride]), "nothing was sent")

    def test_by_hand_takes_no_line(self):
        by_hand = [(self.new_product(f"Test premix {number}"), 1.0) for number in range(5)]
        bom = self.new_bom([*by_hand, *self.new_equipment(LINES, 40.0), (self.salt, 35.0)])
        self.new_order(bom_id=bom.id)
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered")
        recipe = self.plc.mill.memory[1021 : 1021 + 3 * LINES]
        self.assertEqual(recipe[::3], list(range(20001, 20001 + LINES)))


@tagged("post_install", "-at_install")
class TestCommands(Isa88Case):
    def setUp(self):
        super().setUp()
        self.order = self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.look(0)
        self.look(10)
        self.batch = self.queue()
        self.assertEqual((self.batch.state, self.state_word()), ("running", 2))
        self.assertGreater(self.batch.line_ids[0].actual_qty, 100)

    def finish(self):
        self.run_plc(self.plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertEqual((self.batch.state, self.order.state), ("done", "done"))
        self.assertEqual(self.stored(self.batch), self.dosed(self.order))

    def settle(self):
        """The PLC had its settle time since the command: what was obeyed is taken back from its memory, then from the batch."""
        self.batch.command_at -= timedelta(seconds=10)
        self.look(0)
        self.assertEqual(self.plc.mill.memory[1101], 0)

    def assertJournalled(self, *sentences):
        messages = self.batch.journal_ids.sorted("id").mapped("message")
        self.assertEqual([text for text in messages if text in sentences], list(sentences))

    def test_hold_and_resume(self):
        self.batch.action_hold()
        self.run_task(2)
        self.assertEqual(self.plc.mill.memory[1099:1102], [self.batch.job_number, 0, 4])
        self.assertRecordValues(self.batch, [{"state": "running", "on_hold": False, "command": "hold"}])
        self.look(100)
        self.settle()
        self.assertRecordValues(self.batch, [{"state": "running", "on_hold": True, "command": False}])
        stored = self.stored(self.batch)
        self.look(1000)
        self.assertEqual((self.stored(self.batch), self.state_word()), (stored, 9))
        self.batch.action_resume()
        self.run_task(2)
        self.assertEqual(self.plc.mill.memory[1099:1102], [self.batch.job_number, 0, 5])
        self.look(10)
        self.settle()
        self.assertRecordValues(self.batch, [{"state": "running", "on_hold": False, "command": False}])
        self.assertGreater(self.batch.line_ids[0].actual_qty, stored[101])
        self.assertJournalled("The PLC is holding the batch.", "The PLC resumed the batch.")
        self.finish()

    def test_hold_again_after_a_resume(self):
        for command, state in (("hold", 9), ("resume", 2), ("hold", 9), ("resume", 2)):
            getattr(self.batch, f"action_{command}")()
            self.run_task(2)
            self.look(1)
            self.settle()
            self.assertEqual((self.state_word(), self.batch.command), (state, False))
        self.finish()

    def test_the_opposite_before_the_first_was_seen(self):
        """Resume is asked for before the PLC's next scan, when it does not show yet that it holds."""
        self.batch.action_hold()
        self.run_task(2)
        self.batch.action_resume()
        self.run_task(2)
        self.assertEqual(self.plc.mill.memory[1101], 5)
        self.look(1)
        self.settle()
        self.assertRecordValues(self.batch, [{"state": "running", "on_hold": False, "command": False}])
        self.assertEqual(self.state_word(), 2)

    def test_abort_ends_as_failed_with_its_actuals(self):
        self.look(60)  # into the second component
        self.batch.action_abort()
        self.run_task(2)
        self.look(100)
        self.assertEqual(self.state_word(), 13)
        self.assertRecordValues(
            self.batch, [{"state": "failed", "command": False, "acknowledged": True, "active": True, "consumed": True}]
        )
        dosed = self.dosed(self.order, "aborted")
        self.assertEqual(self.stored(self.batch), dosed)
        self.assertTrue(dosed[101] > dosed[102] > dosed[114] == 0.0)
        self.assertIn("Set the disposition", self.batch.attention)
        self.assertEqual(self.order.state, "progress")
        self.look(1)
        self.assertEqual(self.state_word(), 1, "acknowledged: idle")
        self.run_task(1)
        self.assertEqual(self.queue(), self.batch, "the order is not queued a second time")

    def test_held_batch_is_aborted(self):
        self.batch.action_hold()
        self.run_task(2)
        self.look(1)
        self.batch.action_abort()
        self.run_task(2)
        self.look(1)
        self.assertRecordValues(self.batch, [{"state": "failed", "on_hold": False, "command": False}])
        self.assertEqual(self.stored(self.batch), self.dosed(self.order, "aborted"))

    def test_the_machine_stops_it(self):
        self.plc.mill.fail_next()
        self.look(1)
        self.assertEqual((self.state_word(), self.batch.state), (11, "failed"))
        self.assertEqual(self.stored(self.batch), self.dosed(self.order, "failed"))

    def test_the_machines_own_operator_is_seen(self):
        self.plc.mill.hold()
        self.look(1)
        self.assertTrue(self.batch.on_hold)
        self.plc.mill.resume()
        self.look(1)
        self.assertFalse(self.batch.on_hold)
        self.assertJournalled("The PLC is holding the batch.", "The PLC resumed the batch.")
        self.finish()

    def test_a_hold_that_stays_written_does_not_hold_the_next_batch(self):
        self.batch.action_hold()
        self.run_task(2)
        self.look(1)
        self.plc.mill.resume()
        self.finish()
        self.assertEqual(self.plc.mill.memory[1099:1102], [self.batch.job_number, 0, 4])
        second = self.new_order()
        self.run_task(1)
        self.run_plc(self.plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertEqual(second.state, "done")

    def test_only_a_running_batch_can_be_asked(self):
        self.finish()
        for action in (self.batch.action_hold, self.batch.action_resume, self.batch.action_abort):
            with self.assertRaisesRegex(UserError, "only a running batch"):
                action()

    def test_a_batch_that_is_only_offered_cannot_be_asked(self):
        self.finish()
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        offered = self.queue()
        self.assertEqual(offered.state, "offered")
        with self.assertRaisesRegex(UserError, "only a running batch"):
            offered.action_abort()
