"""The function block in Siemens' SCL: that of structured text, in front of a wire that speaks S7."""

import re
import unittest

import pytest
from structured_text import FunctionBlock
from test_structured_text import FOLDER, SOURCE, Plant

from odoo.tests import BaseCase, tagged

from odoo.addons.plc_mo_batch.tests.common import MillCase
from odoo.addons.plc_mo_batch.tests.core.test_s7 import HAS_LIBRARY

from workshop import scl

TEXT = (FOLDER / "FB_MoBatchSlot.scl").read_text()


def structured_text(text):
    """SCL as far as the block has it, read as structured text."""
    text = re.sub(r"#(?=[A-Za-z])", "", text).replace('"', "")
    return re.sub(r"^(\{.*\}|VERSION : .*|BEGIN)\n", "", text, flags=re.MULTILINE)


@tagged("post_install", "-at_install")
class TestText(BaseCase):
    def test_it_is_made_of_the_one_in_structured_text(self):
        self.assertEqual(TEXT, scl.made(), "write it anew: dev/run python -m workshop.scl")

    def test_its_own_names_and_no_others_have_the_sign(self):
        body = re.sub(r"\(\*.*?\*\)", "", TEXT.partition("\nBEGIN\n")[2], flags=re.DOTALL)
        declared = set(FunctionBlock(structured_text(TEXT)).memory)
        self.assertLessEqual(set(re.findall(r"#([A-Za-z]\w*)", body)), declared)
        self.assertFalse(set(re.findall(r"(?<![#\w])[A-Za-z]\w*", body)) & declared)

    def test_a_value_in_the_place_of_another_kind(self):
        """None of the tools would convert it: what takes the block for right sees that."""
        for right, wrong in (
            ("WORD_TO_UINT(Recipe[RecipeSlot]) = Slot", "Recipe[RecipeSlot] = Slot"),
            ("Feedback[Place] := WORD#16#0;", "Feedback[Place] := 0;"),
            ("FirstCode    : DINT", "FirstCode    : UDINT"),
            ("IF Finished THEN", "IF Weight THEN"),
            ("Check := Quantity;", "Check := Slot + FirstCode;"),
            ("FOR Line := 0 TO", "FOR Line := Check TO"),
        ):
            with self.subTest(wrong), pytest.raises(TypeError):
                self.assertIn(right, SOURCE)
                FunctionBlock(SOURCE.replace(right, wrong, 1))


@unittest.skipUnless(HAS_LIBRARY, "python-snap7 is not installed")
@tagged("post_install", "-at_install")
class TestScl(MillCase):
    def setUp(self):
        super().setUp()
        layout = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers_s7")
        self.controller.write({"transport": "s7", "layout_id": layout.id, "commissioned": True})

    def test_its_constants_are_the_layout_s(self):
        constants = self.controller.layout_id.with_context(lang="en_US")._constants("scl")
        lines = constants.removeprefix("VAR CONSTANT\n").removesuffix("END_VAR\n")
        self.assertIn(lines, TEXT)

    def test_orders_over_s7(self):
        """Two, one after the other in the same slot: made once each, and booked as they were dosed."""
        plc = self.new_simulator()
        plant = plc.mill = Plant(plc.mill.memory, source=structured_text(TEXT))
        for count in (1, 2):
            order = self.new_order()
            self.run_task(1)
            for _round in range(6):
                self.run_task(2)
                for _scan in range(2):
                    plc.step(1)
            self.run_task(2)
            self.run_task(3)
            self.assertEqual(order.state, "done", self.controller.last_error)
            self.assertEqual(len(plant.ledger), count)
            name, final = plant.ledger[-1]
            self.assertEqual(name, order.name)
            for line, product in ((0, self.wheat), (1, self.soy), (13, self.molasses)):
                self.assertAlmostEqual(self.consumed(order)[product], final[line] / 100, places=2)
