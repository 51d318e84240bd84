"""What people are told of each fault of each wire, and the page that shows it (the faults themselves: test_wire_faults)."""

import os

from odoo.tests import tagged

from ...models.controller.link_sentences import sentences
from ...plc.wires import KINDS
from ..common import MillCase
from ..generated import Block
from ..wire_faults import CELLS, DONE, FAULTS, WIRES

BLOCK = Block("architecture/wire-faults.md", "test_fault_sentences.py")
TOLD = {"place": "192.0.2.7", "timeout": "1", "detail": "…"}
ITSELF = ("setup", "busy")  # of the first the detail says what to do; the other passes


@tagged("post_install", "-at_install")
class TestFaultSentences(MillCase):
    def test_each_has_an_advice(self):
        """What happened, and then what to do about it."""
        for protocol in {kind.family.name for kind in KINDS.values()}:
            for name, sentence in sentences(self.env, protocol).items():
                if name not in ITSELF:
                    with self.subTest(name, protocol=protocol):
                        happened, *advice = (sentence % TOLD).split(". ")
                        self.assertTrue(happened and advice, sentence)

    def test_each_cell_is_told(self):
        """And nowhere in the words of another protocol."""
        for wire, cells in CELLS.items():
            for name, cell in cells.items():
                for told in () if isinstance(cell, str) else (cell.told, cell.of_write()):
                    sentence = self.sentence(wire, told)
                    with self.subTest(name, wire=wire):
                        self.assertEqual(bool(sentence), bool(told))
                        if KINDS[wire].family.name != "modbus":
                            self.assertNotRegex(sentence, "Modbus|unit ID|register")

    def test_the_page_is_that_of_the_code(self):
        text = "\n\n".join([self.table(), *self.told()])
        if os.environ.get("PLC_WRITE_WIRE_FAULTS"):
            BLOCK.put(text)
        self.assertEqual(BLOCK.page.read_text("utf-8"), BLOCK.document(text), "run this test with PLC_WRITE_WIRE_FAULTS=1")

    def sentence(self, wire, told):
        known = sentences(self.env, KINDS[wire].family.name)
        return told and (known.get(told) or known[told.partition(" ")[0]]) % TOLD

    def table(self):
        whys = self.whys()
        lines = ["| | " + " | ".join(WIRES.values()) + " |", "|---" * (len(WIRES) + 1) + "|"]
        for name, label in FAULTS.items():
            shown = [self.cell(CELLS[wire][name], whys) for wire in WIRES]
            lines.append(f"| {label} | {' | '.join(shown)} |")
        reasons = [f"{number}. {why}" for why, number in whys.items()]
        return "\n".join([*lines, "", "Why a cell has no fault:", "", *reasons])

    def whys(self):
        """Why a cell cannot be had -> its number, in the order in which they are read."""
        found = (CELLS[wire][name] for name in FAULTS for wire in WIRES)
        return {why: number for number, why in enumerate(dict.fromkeys(why for why in found if isinstance(why, str)), 1)}

    def cell(self, cell, whys):
        if isinstance(cell, str):
            return f"({whys[cell]})"
        read, write = (f"`{told}`" if told else "right" for told in (cell.told, cell.of_write()))
        if cell.then:
            return f"{read}, then `{cell.then}`"
        if not cell.writes or cell.fate == DONE:
            return read
        return f"{read}, {cell.fate}" if read == write else f"{read}; {write}, {cell.fate}"

    def told(self):
        """The sentences, by protocol; those of Modbus first, and of the others what they say otherwise."""
        seen = set()
        for protocol in {KINDS[wire].family.name: KINDS[wire].family for wire in WIRES}.values():
            yield f"### {protocol.label}"
            yield "\n".join(["| | is told |", "|---|---|", *self.rows(protocol, seen)])

    def rows(self, protocol, seen):
        wires = [wire for wire in WIRES if KINDS[wire].family == protocol]
        cells = [CELLS[wire][name] for name in FAULTS for wire in wires if not isinstance(CELLS[wire][name], str)]
        for told in sorted({told for cell in cells for told in (cell.told, cell.of_write(), cell.then) if told}):
            sentence = self.sentence(wires[0], told)
            if (told, sentence) not in seen:
                seen.add((told, sentence))
                yield f"| `{told}` | {sentence} |"
