"""The PLC program of docs/plc at the other end of a real wire: what the guide tells a PLC programmer to write does work."""

import random
import re
from pathlib import Path

from structured_text import FunctionBlock, Window

from odoo.tests import tagged

from odoo.addons.plc_mo_batch.tests.common import MillCase

FOLDER = Path(__file__).parent.parent / "docs" / "plc"
CONSTANTS = (FOLDER / "MoBatchConstants.st").read_text()
SOURCE = CONSTANTS + (FOLDER / "FB_MoBatchSlot.st").read_text()
SLOTS, STRIDE, RECIPE, FEEDBACK = 10, 100, 7000, 6000
NOTHING = {"Actual": [0] * 15, "Weight": 0, "Finished": False, "Failed": False}


def swapped(source):
    """The block of a programmer whose PLC has the low word of a number first."""
    pair = re.compile(r"WORD_TO_UDINT\((\w+\[[^]]*\])\) \* UDINT#65536 \+ WORD_TO_UDINT\((\w+\[[^]]*\])\)")
    source, count = pair.subn(r"WORD_TO_UDINT(\2) * UDINT#65536 + WORD_TO_UDINT(\1)", source)
    assert count == 7, count
    return source


class Plant:
    """Ten function blocks, and dosing that takes three scans. In place of the simulator's mill, which it shares nothing with."""

    def __init__(self, memory, off=0, source=SOURCE, **constants):
        """:param off: how many words further on its windows lie than they should
        :param source: of the block, with its constants
        :param constants: of the block, where a plant has others
        """
        self.memory = memory
        self.off, self.source, self.constants = off, source, constants
        self.ledger = []  # (order, kg x 100 by line) of each batch that was made
        self.dosed = {}  # slot -> (scans, kg x 100 by line at the end)
        self.fails = False
        self.random = random.Random(1)
        self.restart()

    def restart(self):
        """The CPU starts again: registers and scales remember, the variables of the blocks do not."""
        self.blocks = [FunctionBlock(self.source) for _slot in range(SLOTS)]
        self.inputs = {}

    def scan(self, _seconds):
        feedback = [Window(self.memory, FEEDBACK + self.off + slot * STRIDE, STRIDE) for slot in range(SLOTS)]
        busy = any(words[0] and not words[72] for words in feedback)
        for slot, block in enumerate(self.blocks):
            inputs = self.inputs.pop(slot, NOTHING)
            recipe = Window(self.memory, RECIPE + self.off + slot * STRIDE, STRIDE)
            inputs = {**inputs, "Slot": slot + 1, "MayStart": not busy, **self.constants}
            block.scan(Recipe=recipe, Feedback=feedback[slot], **inputs)
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

    def test_disarmed_under_a_running_batch_it_goes_on(self):
        """Odoo clears recipe job and armed job once it saw the taking: the batch ends, the next is taken, and no other."""
        first = self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.work(2)
        self.assertTrue(any(self.plant.memory[RECIPE + 77 : RECIPE + 81]))
        self.run_task(2)
        self.assertEqual(self.plant.memory[RECIPE + 77 : RECIPE + 81], [0] * 4)
        self.plant.restart()
        self.work(1)
        self.assertTrue(self.plant.blocks[0].Running)
        self.assertFalse(self.plant.blocks[0].Refused)
        self.work(1)  # its scales tell again what they remember: only now do the amounts not seem to have fallen
        self.cycle(first)
        second = self.new_order()
        self.cycle(second)
        self.work(20)
        self.assert_booked(first | second)

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


@tagged("post_install", "-at_install")
class TestWiring(MillCase):
    """The commonest mistakes of a first contact: the block takes nothing, and says so."""

    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()

    def wire(self, **mistakes):
        """The blocks of a program with a mistake; what it would do with an order that Odoo arms."""
        self.plc.mill.memory[6000:7000] = [0] * 1000
        self.plc.mill = Plant(self.plc.mill.memory, **mistakes)
        return self.plc.mill

    def armed(self, plant, quantity):
        """Arm a recipe of a size as the exchange does; whether a block took it in any of some scans."""
        layout = self.controller.layout_id._layout()
        share = {"order": "WH/MO/1", "formula": "", "product": "", "slot": 1, "quantity": quantity}
        recipe = layout.recipe([(101, quantity * 0.6), (102, quantity * 0.4)], **share)
        words = layout.block(recipe, 7)
        plant.memory[7000 : 7000 + len(words) + 2] = [*words, 0, 7]
        took = False
        for _scan in range(5):
            self.plc.step(1)
            took = took or any(block.Running for block in plant.blocks)
        return took

    def test_wired_right_it_takes(self):
        for quantity in (10.0, 655.36, 1000.0, 1310.82):
            with self.subTest(quantity):
                self.assertTrue(self.armed(self.wire(), quantity))
                self.assertFalse(self.plc.mill.blocks[0].Refused)

    def test_windows_off(self):
        for off in (-3, -2, -1, 1, 2, 3):
            for signed in (True, False):
                with self.subTest(off=off, signed=signed):
                    self.assertFalse(self.armed(self.wire(off=off, Signed=signed), 1000.0))

    def test_words_swapped(self):
        """With the signature none; without it no usual quantity."""
        for quantity in (10.0, 100.0, 655.36, 655.37, 1000.0, 1310.82, 3000.0, 5000.0):
            with self.subTest(quantity):
                self.assertFalse(self.armed(self.wire(source=swapped(SOURCE)), quantity))
                self.assertTrue(self.plc.mill.blocks[0].Refused)
        for quantity in (10.0, 100.0, 655.36, 1000.0, 3000.0, 5000.0):
            with self.subTest(quantity, signed=False):
                self.assertFalse(self.armed(self.wire(source=swapped(SOURCE), Signed=False), quantity))

    def test_more_than_the_plant_can_make(self):
        self.assertFalse(self.armed(self.wire(LargestBatch=99999), 1000.0))
        self.assertFalse(self.armed(self.wire(LeastBatch=100001), 1000.0))
        self.assertFalse(self.armed(self.wire(LargestDose=59999), 1000.0))
        self.assertTrue(self.armed(self.wire(LargestBatch=100000, LeastBatch=100000, LargestDose=60000), 1000.0))

    def test_another_slot_s_recipe(self):
        plant = self.wire()
        layout = self.controller.layout_id._layout()
        words = layout.block(layout.recipe([(101, 60.0)], slot=2, order="WH/MO/1", quantity=100.0), 7)
        plant.memory[7000 : 7000 + len(words) + 2] = [*words, 0, 7]
        self.plc.step(1)
        self.assertFalse(plant.blocks[0].Running)

    def test_the_connection_test_says_which_mistake(self):
        for mistake, sentence in (
            ({}, "Its signature proves"),
            ({"off": 1}, "1 words too far on"),
            ({"off": -3}, "3 words too early"),
        ):
            with self.subTest(mistake):
                self.wire(**mistake)
                self.plc.step(1)
                found = self.controller.test_connection()
                self.assertIn(sentence, found["message"])
                self.assertIs(found["layout_ok"], not mistake)

    def test_the_connection_test_finds_the_order_of_words_and_bytes(self):
        for layout, sentence in (
            ({"word_order": "low"}, "two words of the signature are swapped"),
            ({"swap_bytes": True}, "bytes of the signature are swapped"),
        ):
            with self.subTest(layout):
                self.wire()
                self.plc.step(1)
                self.controller.layout_id = self.controller.layout_id.copy(layout)
                found = self.controller.test_connection()
                self.assertIn(sentence, found["message"])
                self.assertFalse(found["layout_ok"])
                self.controller.layout_id = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers")

    def test_a_plc_that_shows_nothing_proves_nothing(self):
        self.plc.mill.memory[:] = [0] * 65536
        self.plc.mill = Nothing(self.plc.mill.memory)
        found = self.controller.test_connection()
        self.assertIn("tells nothing about addresses, word order and scale", found["message"])
        self.assertEqual((found["layout_ok"], found["proven"]), (True, False))


class Nothing:
    """A PLC without a program."""

    def __init__(self, memory):
        self.memory = memory

    def scan(self, _seconds):
        pass


@tagged("post_install", "-at_install")
class TestConstants(MillCase):
    """The numbers that the block counts with are the layout's."""

    def test_the_shipped_ones(self):
        """MoBatchConstants.st is what Odoo makes of the layout that the guide describes."""
        layout = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers").with_context(lang="en_US")
        self.assertEqual(layout._constants("st"), CONSTANTS, "write it anew: Constants for the PLC, on the layout's page")

    def test_another_layout(self):
        """Other addresses, fewer lines, its own signature: the block runs with the constants of that one."""
        self.controller.equipment_ids.filtered(lambda silo: silo.code > 113).unlink()
        action = self.controller.action_generate_layout()
        wizard = self.env[action["res_model"]].with_context(**action["context"]).create({"assign": True})
        layout = self.env["plc.register.layout"].browse(wizard.action_generate()["res_id"])
        layout.address_offset = 200
        for area in layout.area_ids:
            area.field_ids.filtered(lambda item: item.role == "signature").value = (
                0x12345678 if area.kind == "recipe" else 0x23456789
            )
        self.controller.layout_id = layout
        source = layout._constants("st") + (FOLDER / "FB_MoBatchSlot.st").read_text()
        plc = self.new_simulator()
        block, places = FunctionBlock(source), {area.kind: area.base + 200 for area in layout.area_ids}
        order = self.new_order()
        self.run_task(1)
        self.run_task(2)
        recipe, feedback = (Window(plc.mill.memory, places[kind], 100) for kind in ("recipe", "feedback"))
        inputs = {"Slot": 1, "MayStart": True, "Recipe": recipe, "Feedback": feedback}
        block.scan(**inputs, **NOTHING)
        self.assertTrue(block.Running)
        self.assertEqual(block.Target[:2], [self.planned(order, self.wheat), self.planned(order, self.soy)])
        block.scan(**inputs, Actual=block.Target, Weight=sum(block.Target), Finished=True, Failed=False)
        self.run_task(2)
        self.run_task(3)
        self.assertEqual(order.state, "done", self.controller.last_error)

    def planned(self, order, product):
        """kg x 100"""
        return round(sum(order.move_raw_ids.filtered(lambda move: move.product_id == product).mapped("product_uom_qty")) * 100)
