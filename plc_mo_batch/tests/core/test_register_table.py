"""The addresses that a programmer's tool shows: each leads back to its word, and what is no word is refused."""

import csv
import io
from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ...plc.codec import FORMATS
from ...plc.layout import HOLDING, INPUT
from ...plc.register_table import (
    EXAMPLES,
    MODICON,
    NOTATIONS,
    ONE,
    ZERO,
    Place,
    Row,
    TableError,
    length,
    locate,
    name_of,
    protocol_of,
    read_address,
    safe,
    to_csv,
    unsafe,
    written,
)
from ...plc.wires import families
from .. import plc_layouts

NODE = 'NODE ns=3;s="Mo"."Slots"'
# memory, word, its length, and how it is written in each notation
WRITTEN = (
    (HOLDING, 7000, 1, "7000", "7001", "407001"),
    (HOLDING, 0, 2, "0", "1", "400001"),
    (HOLDING, 65535, 1, "65535", "65536", "465536"),
    (INPUT, 7000, 8, "7000", "7001", "307001"),
    ("D", 7000, 2, *["D7000"] * 3),
    ("W", 0, 1, *["W0"] * 3),
    ("H", 511, 1, *["H511"] * 3),
    ("CIO", 100, 1, *["CIO100"] * 3),
    ("E0", 7000, 1, *["E0_7000"] * 3),
    ("E1", 7000, 1, *["E1_7000"] * 3),
    ("E15", 7000, 1, *["EF_7000"] * 3),
    ("E16", 7000, 1, *["E10_7000"] * 3),
    ("E24", 32767, 1, *["E18_32767"] * 3),
    ("DB10", 7000, 1, *["DB10.DBW14000"] * 3),
    ("DB10", 7000, 2, *["DB10.DBD14000"] * 3),
    ("DB10", 7000, 4, *["DB10.DBB14000"] * 3),
    ("DB65535", 7001, 8, *["DB65535.DBB14002"] * 3),
    (NODE, 7000, 8, *['ns=3;s="Mo"."Slots"[7000]'] * 3),
)
# protocol, notation, text, what it means
READ = (
    ("modbus", ZERO, " 7000 ", Place("", 7000)),
    ("modbus", ZERO, "47001", Place("", 47001)),  # a register of its own, counted from 0
    ("modbus", ONE, "07001", Place("", 7000)),
    ("modbus", MODICON, "47001", Place(HOLDING, 7000)),
    ("modbus", MODICON, "37001", Place(INPUT, 7000)),
    ("modbus", ZERO, "407001", Place(HOLDING, 7000)),  # six digits are Modicon's in any notation
    ("modbus", ONE, "307001", Place(INPUT, 7000)),
    ("modbus", ZERO, "%MW7000", Place(HOLDING, 7000)),
    ("modbus", MODICON, "%md3500", Place(HOLDING, 7000)),
    ("modbus", ONE, "%MB14000", Place(HOLDING, 7000)),
    ("modbus", ONE, "%ML1750", Place(HOLDING, 7000)),
    ("fins", ZERO, "d07000", Place("D", 7000)),
    ("fins", ZERO, "%D7000", Place("D", 7000)),
    ("fins", ZERO, "DM7000", Place("D", 7000)),
    ("fins", ZERO, "e1f_00100", Place("E31", 100)),
    ("fins", ZERO, "7000", Place("", 7000)),
    ("s7", ZERO, "%DB10.DBW14000", Place("DB10", 7000)),
    ("s7", ZERO, "db10.dbb14002", Place("DB10", 7001)),
    ("s7", ZERO, "P#DB10.DBX14000.0 BYTE 16", Place("DB10", 7000)),
    ("opcua", ZERO, "7000", Place("", 7000)),
    ("opcua", ZERO, "nsu=urn:a[b];s=Mo[7]", Place("NODE nsu=urn:a[b];s=Mo", 7)),
)
# protocol, notation, text, what is said of it
REFUSED = (
    ("modbus", ZERO, "", "is not an address, such as 7000"),
    ("modbus", ZERO, "seven", "is not an address, such as 7000"),
    ("modbus", ZERO, "-1", "is not an address, such as 7000"),
    ("modbus", ZERO, "\u0667", "is not an address"),  # a digit of another script
    ("modbus", ZERO, "65536", "lies outside the memory"),
    ("modbus", ONE, "0", "lies outside the memory"),
    ("modbus", ONE, "65537", "lies outside the memory"),
    ("modbus", ZERO, "400000", "lies outside the memory"),
    ("modbus", ZERO, "465537", "lies outside the memory"),
    ("modbus", ZERO, "107001", "lies outside the memory"),
    ("modbus", MODICON, "7000", "is not an address, such as 407001"),
    ("modbus", MODICON, "17001", "is not an address, such as 407001"),
    ("modbus", ZERO, "%MB7001", "is in the middle of a word"),
    ("modbus", ZERO, "%MX7.1", "is a bit"),
    ("modbus", ZERO, "7000.3", "is a bit"),
    ("modbus", ZERO, "%IW7", "is not an address"),
    ("fins", ZERO, "D7000.05", "is a bit"),
    ("fins", ZERO, "E1-7", "is not an address, such as D7000"),
    ("fins", ZERO, "T7", "is not an address"),
    ("s7", ZERO, "%DB10.DBX0.0", "is a bit"),
    ("s7", ZERO, "DB10.DBW7", "is in the middle of a word"),
    ("s7", ZERO, "P#DB10.DBX7.0 BYTE 2", "is in the middle of a word"),
    ("s7", ZERO, "%MW7000", "is not an address, such as DB10.DBW14000"),
    ("s7", ZERO, "14000", "is not an address"),
    ("s7", ZERO, "DB1.DBW131072", "lies outside the memory"),
    ("opcua", ZERO, "ns=2;s=Mo", r"is not an address, such as ns=2;s=Mo\[7000\]"),
    ("opcua", ZERO, "[7]", "is not an address"),
)


@tagged("post_install", "-at_install")
class TestRegisterTable(BaseCase):
    def test_as_the_tool_writes_it(self):
        for memory, word, words, *texts in WRITTEN:
            self.assertEqual([written(memory, word, words, notation) for notation in NOTATIONS], texts)
            self.assertEqual(written(memory, word, words), texts[0])
            for notation, text in zip(NOTATIONS, texts, strict=True):
                found = read_address(text, protocol_of(memory), notation)
                self.assertEqual(found.word, word, text)
                self.assertIn(found.registers, ("", memory))
                if notation == MODICON or protocol_of(memory) != "modbus":
                    self.assertEqual(found.registers, memory, text)

    def test_outside(self):
        for memory, *_rest in WRITTEN:
            self.assertEqual([written(memory, word) for word in (-1, 65536)], ["", ""])

    def test_each_memory_has_its_protocol(self):
        for family in families():
            for memory in family.memories:
                told = f"{memory}1" if memory in family.numbered else f"{memory} ns=1;i=7" if memory in family.named else memory
                self.assertEqual(protocol_of(told), family.name)
                self.assertTrue(written(told, 7))
            for notation in NOTATIONS:
                self.assertTrue(name_of(notation, family.name))
                self.assertEqual(read_address(EXAMPLES[family.name][notation], family.name, notation).word, 7000)
        self.assertEqual(len({name_of(notation, "modbus") for notation in NOTATIONS}), 3)
        self.assertEqual(name_of(ZERO, ""), "")

    def test_what_tools_write_besides(self):
        for protocol, notation, text, right in READ:
            self.assertEqual(read_address(text, protocol, notation), right, text)

    def test_what_is_no_word(self):
        for protocol, notation, text, right in REFUSED:
            with self.assertRaisesRegex(TableError, right, msg=text):
                read_address(text, protocol, notation)

    def test_each_word_of_a_layout(self):
        """In each slot, with the layout's own offset of addresses."""
        jobs, flags = plc_layouts.job_numbers, plc_layouts.flags
        for layout in (jobs(), flags(address_offset=-1), jobs(address_offset=40)):
            for area in layout.areas:
                for slot in (1, layout.count(area.kind)):
                    for item in area.fields:
                        word = layout.address(area.kind, slot, item.offset)
                        text = written(area.registers, word, item.length, MODICON)
                        self.assertEqual(int(text), 400001 + word)
                        place = read_address(text, "modbus", MODICON)
                        self.assertEqual(locate(layout, place), [(area.kind, slot, item.offset)])
                end = layout.address(area.kind, layout.count(area.kind)) + area.stride
                self.assertNotIn(area.kind, [kind for kind, *_rest in locate(layout, Place(HOLDING, end))])
            self.assertEqual(locate(layout, Place(HOLDING, 100)), [])
            self.assertEqual(locate(layout, Place("D", 7000)), [])

    def test_a_word_that_two_memories_have(self):
        """An address counted from 0 names no memory: both areas can be meant."""
        layout = plc_layouts.flags()
        areas = [replace(area, base=7000, registers=INPUT) if area.kind == "feedback" else area for area in layout.areas]
        layout = replace(layout, areas=tuple(areas))
        self.assertEqual(sorted(locate(layout, Place("", 7105))), [("feedback", 2, 5), ("recipe", 2, 5)])
        self.assertEqual(locate(layout, Place(INPUT, 7105)), [("feedback", 2, 5)])

    def test_a_row(self):
        row = Row("recipe", "line_quantity", "Target", 28, "int32", lines=3, step=5)
        self.assertEqual((row.length, row.last_offset), (2, 38))
        for name, (_code, words) in FORMATS.items():
            self.assertEqual(length(name, 9), words)
        self.assertEqual(length("ascii", 9), 9)

    def test_no_formula(self):
        for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-x"):
            self.assertEqual(safe(text), "'" + text)
            self.assertEqual(unsafe(safe(text)), text)
        for text in ("", "'", "'x", "a=1", " =1", "7000"):
            self.assertEqual(safe(text), text)
            self.assertEqual(unsafe(text), text)

    def test_a_file(self):
        text = to_csv(["Name", "-"], [["a,b", 0.5], ['=x"\n', -1234567.0], ["", 100]])
        self.assertEqual(text, 'Name,\'-\r\n"a,b",0.5\r\n"\'=x""\n",-1234567\r\n,100\r\n')
        self.assertEqual(len(list(csv.reader(io.StringIO(text)))), 4)
