"""The PLC program of docs/plc at the other end of a real wire: what the guide tells a PLC programmer to write does work."""

import random
from pathlib import Path

from structured_text import FunctionBlock, Window

from odoo.tests import tagged

from odoo.addons.plc_mo_batch.tests.common import MillCase

SOURCE = (Path(__file__).parent.parent / "docs" / "plc" / "FB_MoBatchSlot.st").read_text()
SLOTS, STRIDE, RECIPE, FEEDBACK = 10, 100, 7000, 6000
NOTHING = {"Actual": [0] * 15, "Weight": 0, "Finished": False, "Failed": False}


class Plant:
    """Ten function blocks, and dosing that takes three scans. In place of the simulator's mill, which it shares nothing with."""

    def __init__(self, memory):
        self.memory = memory
        self.ledger = []  # (order, kg x 100 by line) of each batch that was made
        self.dosed = {}  # slot -> (scans, kg x 100 by line at the end)
        self.fails = False
        self.random = random.Random(1)
        self.restart()

    def restart(self):
        """The CPU starts again: registers and scales remember, the variables of the blocks do not."""
        self.blocks = [FunctionBlock(SOURCE) for _slot in range(SLOTS)]
        self.inputs = {}

    def scan(self, _seconds):
        feedback = [Window(self.memory, FEEDBACK + slot * STRIDE, STRIDE) for slot in range(SLOTS)]
        busy = any(words[0] and not words[72] for words in feedback)
        for slot, block in enumerate(self.blocks):
            inputs = self.inputs.pop(slot, NOTHING)
            recipe = Window(self.memory, RECIPE + slot * STRIDE, STRIDE)
            block.scan(Recipe=recipe, Feedback=feedback[slot], MayStart=not busy, **inputs)
            busy = busy or block.Running
            if inputs["Finished"]:
                self.ledger.append((self._order(slot), inputs["Actual"]))
                del self.dosed[slot]
            elif block.Running:
                self.inputs[slot] = self._dose(slot, block.Target)

    def _dose(self, slot, targets):
        """What the block is told in its next scan."""
        if slot not in self.dosed:
            self.dosed[slot] = 0, [max(0, target + self.random.randint(-50, 50)) if target else 0 for target in targets]
        scans, final = self.dosed[slot]
        self.dosed[slot] = scans + 1, final
        if scans < 2:
            return {**NOTHING, "Actual": [kg * (scans + 1) // 3 for kg in final]}
        return {"Actual": final, "Weight": sum(final), "Finished": True, "Failed": self.fails}

    def _order(self, slot):
        words = Window(self.memory, FEEDBACK + slot * STRIDE, STRIDE)
        return b"".join(words[place].to_bytes(2, "big") for place in range(1, 9)).rstrip(b"\0").decode()


@tagged("post_install", "-at_install")
class TestStructuredText(MillCase):
    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()
        self.plant = self.plc.mill = Plant(self.plc.mill.memory)

    def work(self, scans):
        for _scan in range(scans):
            self.plc.step(1)

    def cycle(self, orders):
        """Hand over, let it work with an exchange now and then, and write back."""
        self.run_task(1)
        self.run_task(2)
        for _round in range(40):
            self.work(3)
            self.run_task(2)
            if not self.queue().filtered(lambda batch: batch.state in ("offered", "running")):
                break
        self.run_task(3)

    def assert_booked(self, orders):
        self.assertEqual(sorted(name for name, _kg in self.plant.ledger), sorted(orders.mapped("name")))
        for name, final in self.plant.ledger:
            order = orders.filtered(lambda order, name=name: order.name == name)
            self.assertEqual(order.state, "done")
            consumed = self.consumed(order)
            for line, product in ((0, self.wheat), (1, self.soy), (13, self.molasses)):
                self.assertAlmostEqual(consumed[product], final[line] / 100, places=2)

    def test_ten_orders(self):
        orders = self.env["mrp.production"].concat(*(self.new_order() for _order in range(10)))
        self.cycle(orders)
        self.assert_booked(orders)

    def test_slots_are_used_again(self):
        orders = self.env["mrp.production"]
        for _fill in range(3):
            new = self.new_order()
            self.cycle(new)
            orders |= new
        self.assert_booked(orders)

    def test_restarted_it_goes_on_and_takes_nothing_twice(self):
        order = self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.work(2)
        self.plant.restart()
        self.cycle(order)
        self.assert_booked(order)
        self.work(20)
        self.assertEqual(len(self.plant.ledger), 1)

    def test_what_the_last_batch_reported_does_not_end_the_next(self):
        """A program that does not reset its inputs: nothing is taken, and no batch ends with the kilograms of another."""
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.plant.inputs[0] = {"Actual": [5000] * 15, "Weight": 75000, "Finished": True, "Failed": False}
        self.plant.dosed[0] = 0, []
        self.work(1)
        self.assertFalse(self.plant.blocks[0].Running)
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered")
        self.work(2)
        self.assertTrue(self.plant.blocks[0].Running)

    def test_a_failed_batch_says_so(self):
        self.new_order()
        self.plant.fails = True
        self.run_task(1)
        self.run_task(2)
        self.work(10)
        self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["failed"])

    def test_a_withdrawn_recipe_is_not_taken(self):
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        batch = self.queue()
        batch.action_cancel()
        batch.controller_id.settle_time = 0
        for _look in range(3):
            self.run_task(2)
        self.work(10)
        self.assertFalse(self.plant.ledger)
