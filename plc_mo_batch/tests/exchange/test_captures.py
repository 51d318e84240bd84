"""What a real mill's PLC showed (21 captured slots, layout "flags") for ten real orders, served from memory."""

import csv
import unittest
from collections import defaultdict
from pathlib import Path

from odoo.tests import tagged

from ..common import MillCase

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
CODES = [*range(101, 114), 114, 115]


def rows(name):
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


def captured(kind):
    """slot -> its 77 words"""
    return {
        int(row["slot"]): [int(word) for word in row["words_0_to_76"].split()]
        for row in rows("plc_captures.csv")
        if row["kind"] == kind
    }


def kilograms(words):
    """code -> kg, read by hand: int32 x 100, high word first."""
    return {words[at]: (words[at + 1] << 16 | words[at + 2]) / 100 for at in range(27, 72, 3)}


@unittest.skipUnless(DATA.is_dir(), "the captures are not part of the project: ../shared/data is missing")
@tagged("post_install", "-at_install")
class TestCaptures(MillCase):
    handshake = "flags"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.equipment_ids.unlink()
        cls.controller.unsaid_percent = 0.0  # of these orders nobody ever said what is added by hand
        cls.silos = {
            code: cls.env["plc.equipment"].create({"name": f"Silo {code}", "code": code, "controller_id": cls.controller.id})
            for code in CODES
        }
        cls.components = {}
        orders = defaultdict(list)
        for row in rows("real_orders.csv"):
            orders[row["order"]].append(row)
        cls.orders = cls.env["mrp.production"].concat(*(cls.new_real_order(name, lines) for name, lines in orders.items()))

    @classmethod
    def component(cls, name, uom):
        if name not in cls.components:
            unit = cls.kg if uom == "kg" else cls.env.ref("uom.product_uom_unit")
            cls.components[name] = cls.new_product(name, uom_id=unit.id)
        return cls.components[name]

    @classmethod
    def new_real_order(cls, name, lines):
        bom = cls.new_bom([(cls.component(line["component"], line["uom"]), float(line["planned"])) for line in lines])
        for bom_line, line in zip(bom.bom_line_ids, lines, strict=True):
            code = line["equipment"][-3:]
            if line["equipment"].startswith(("silo", "lq")):
                bom_line.plc_equipment_id = cls.silos[int(code)]
        order = cls.new_order(bom_id=bom.id)
        order.name = name
        return order

    def setUp(self):
        super().setUp()
        self.run_task(1)
        self.plc = self.new_simulator()
        self.plc.mill.pause()  # it is only memory here
        self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["offered"] * 10)

    def serve(self, slots):
        with self.plc.lock:
            for slot, words in slots.items():
                at = 6000 + 100 * (slot - 1)
                self.plc.mill.memory[at : at + 77] = words
        self.run_task(2)

    def consumption(self):
        """(order, code) -> kg in done stock moves"""
        consumed = {}
        for order in self.orders:
            for move in order.move_raw_ids.filtered(lambda move: move.state == "done"):
                if code := move.bom_line_id.plc_equipment_id.code:
                    consumed[order.name, code] = move.quantity
        return consumed

    def test_every_captured_kilogram_is_booked(self):
        genuine = captured("genuine")
        self.serve(genuine)
        self.assertEqual(self.queue().mapped("state"), ["completed"] * 10)
        self.run_task(3)
        self.assertEqual(self.orders.mapped("state"), ["done"] * 10)
        names = {batch.slot: batch.order_name for batch in self.history()}
        expected = {(names[slot], code): kg for slot, words in genuine.items() for code, kg in kilograms(words).items() if kg}
        self.assertEqual(self.consumption(), expected)
        self.assertEqual(self.plc.mill.memory[6076:7000:100], [1] * 10, "each slot is acknowledged")

    def test_hand_adds_are_booked_as_planned(self):
        self.serve(captured("genuine"))
        self.run_task(3)
        planned = {
            (row["order"], row["component"]): float(row["planned"])
            for row in rows("real_orders.csv")
            if not row["equipment"].startswith(("silo", "lq"))
        }
        names = {product: name for name, product in self.components.items()}
        booked = {
            (order.name, names[move.product_id]): move.quantity
            for order in self.orders
            for move in order.move_raw_ids.filtered(lambda move: not move.bom_line_id.plc_equipment_id)
        }
        self.assertEqual(booked, planned)

    def test_stock_went_down_by_just_that(self):
        """Each component, in its own unit: what the PLC reported and what was added by hand; and ten tons were made."""
        genuine = captured("genuine")
        self.serve(genuine)
        self.run_task(3)
        used = defaultdict(float)
        for row in rows("real_orders.csv"):
            if not row["equipment"].startswith(("silo", "lq")):
                used[row["component"]] += float(row["planned"])
        names = {product: name for name, product in self.components.items()}
        for batch in self.history():
            dosed = kilograms(genuine[batch.slot])
            for line in batch.line_ids.filtered("code"):
                used[names[line.product_id]] += dosed[line.code]
        quants = self.env["stock.quant"].search([("location_id", "=", self.orders.location_src_id.id)])
        gone = {names[quant.product_id]: round(-quant.quantity, 2) for quant in quants if quant.product_id in names}
        self.assertEqual(gone, {name: round(quantity, 2) for name, quantity in used.items()})
        self.assertEqual(sum(quants.filtered(lambda q: q.product_id == self.feed).mapped("quantity")), 10_000.0)

    def test_misaddressed_slots_store_nothing(self):
        self.serve(captured("misaddressed"))
        self.assertEqual(self.queue().mapped("state"), ["running"] * 10, "the order proves the taking, nothing else is believed")
        for batch in self.queue():
            self.assertIn("Equipment code 10 (word 54) holds 109 where 110 was expected", batch.attention)
            rejected = batch.journal_ids.filtered(lambda line: line.kind == "anomaly")
            self.assertEqual(rejected.wrong_word, 54)
            self.assertEqual(len(rejected.words.split()), 81)
        self.assertFalse(any(self.queue().line_ids.mapped("actual_qty")))
        self.assertEqual(self.plc.mill.memory[6076:7000:100], [0] * 10, "nothing is acknowledged")

    def test_foreign_slot_changes_nothing(self):
        foreign = captured("foreign")
        self.serve(foreign)
        batch = self.queue()[next(iter(foreign)) - 1]
        self.assertEqual(batch.state, "offered")
        self.assertIn("Slot number (word 0) holds 33280 where 6 was expected", batch.attention)
        self.assertFalse(any(batch.line_ids.mapped("actual_qty")))

    def test_rejected_slot_is_journalled_once(self):
        self.serve(captured("misaddressed"))
        self.run_task(2)
        self.run_task(2)
        self.assertEqual(len(self.queue()[0].journal_ids.filtered(lambda line: line.kind == "anomaly")), 1)
