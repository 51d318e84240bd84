"""What is understood of a pasted table: of good ones everything, of bad ones a sentence."""

from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ...plc.codec import TYPES
from ...plc.layout import INPUT
from ...plc.pasted_table import MOST_ROWS, Known, read, to_number
from ...plc.register_table import MODICON, ZERO, Row, TableError
from .. import plc_layouts

AREAS = {"Recipe (written by Odoo)": "recipe", "Feedback (written by the PLC)": "feedback", "Resep": "recipe"}
ROLES = {
    "Slot number": "slot", "Order name": "order", "Formula name": "formula", "Planned quantity": "quantity",
    "Equipment code of a line": "line_code", "Quantity of a line": "line_quantity", "Recipe job (Odoo)": "recipe_job",
    "Armed job (Odoo)": "armed_job", "Finished": "finished",
}  # fmt: skip
LABELS = {"UINT16": "uint16", "ASCII text": "ascii", "BCD, 4 digits": "bcd", "Bool (0 or 1)": "bool"}
KG = {"type": "int32", "scale": 100, "minimum": 0, "maximum": 100000}
ROWS = (
    Row("recipe", "slot", "Slot number", 0),
    Row("recipe", "order", "Order", 1, "ascii", 8),
    Row("recipe", "quantity", "Planned quantity", 25, unit="kg", **KG),
    Row("recipe", "line_code", "Equipment code", 27, lines=13, step=3, value=101),
    Row("recipe", "line_code", "Equipment code", 66, lines=2, step=3, value=114),
    Row("recipe", "line_quantity", "Target", 28, lines=15, step=3, **KG),
)
HEAD = "Area,Name,Offset,Type"
# text -> what is said of the whole
NO_TABLE = (
    ("", "Paste a table first"),
    (" \r\n\t\n", "Paste a table first"),
    ("\ufeff", "Paste a table first"),
    ("a\0b", "characters that no table has"),
    ("x" * 1_000_001, "too long"),
    ("Name\nOrder", "must have the headings"),
    ("just words", "must have the headings"),
    ("Area,Offset,Type\nRecipe,1,UINT16", "must have the headings"),
    ("Name,Offset,Type\nOrder,1,UINT16", "must have the headings"),
    (f"{HEAD},name\nRecipe,a,1,INT,b", '"Name" and "name" mean the same'),
    ("Name,Address,Logical Address\na,1,1", "mean the same"),
    (HEAD, "headings, but no rows"),
    (f"{HEAD}\n,,,\n \n", "headings, but no rows"),
    (HEAD + "\nRecipe,a,1,UINT16" * 100_000, "too long"),
    (HEAD + "\nRecipe,a,1,INT" * (MOST_ROWS + 1), f"more than {MOST_ROWS} rows"),
    ("a AT %MW1 : INT;\n" * (MOST_ROWS + 1), f"more than {MOST_ROWS} rows"),
    (f'{HEAD}\nRecipe,"{"x" * 200_000}",1,INT', "a cell of it does not end"),
)
# a row under HEAD -> what is said of it
BAD_ROWS = (
    ("Recipe,a,seven,UINT16", 'Offset: "seven" is not a number'),
    ("Recipe,a,1.5,UINT16", 'Offset: "1.5" is not a whole number'),
    ("Recipe,a,1e40,UINT16", "is not a whole number"),
    ("Recipe,a,99999999999,UINT16", "is not a whole number"),
    ("Recipe,a,nan,UINT16", "is not a number"),
    ("Recipe,a,-1,UINT16", "Offset must be at least 0"),
    ("Recipe,a,,UINT16", "It has no address"),
    (",a,1,UINT16", "It has no area"),
    ("Elsewhere,a,1,UINT16", 'The layout has no area "Elsewhere"'),
    ("Level,a,1,UINT16", 'The layout has no area "Level"'),
    ("Recipe,a,1,", "It has no type"),
    ("Recipe,a,1,Struct", 'No field has the type "Struct"'),
    ('Recipe,a,1,"Array[0..1] of Struct"', "No field has the type"),
    ("Recipe,a,1,STRING", "No field has the type"),
    ('Recipe,a,"1,000",UINT16', '"1,000" can be 1000 or 1.0: write one of them'),
)
# address -> what is said of it; the layout's recipe is from 7000, its feedback from 6000
BAD_ADDRESSES = (
    ("seven", "is not an address"),
    ("7101", "7101 is in slot 2, but the table is that of slot 1"),
    ("100", "100 is not in any area of the layout"),
    ("307001", "307001 is not in any area"),
    ("%MX7.0", "is a bit"),
    ("70000", "lies outside the memory"),
)


def known(rows=ROWS, **options):
    values = {"layout": plc_layouts.job_numbers(), "protocol": "modbus", "notation": ZERO, "headings": {"name": ["Nama"]}}
    values |= {"areas": AREAS, "roles": ROLES, "types": LABELS}
    return Known(rows=rows, **{**values, **options})


@tagged("post_install", "-at_install")
class TestPastedTable(BaseCase):
    def pasted(self, text, **options):
        return read(text, known(**options))

    def rows(self, text, **options):
        found = self.pasted(text, **options)
        self.assertEqual([item.problems for item in found if item.problems], [])
        return [item.row for item in found]

    def test_no_table(self):
        for text, told in NO_TABLE:
            with self.assertRaisesRegex(TableError, told, msg=text[:60]):
                self.pasted(text)

    def test_bad_rows(self):
        for text, told in BAD_ROWS:
            [before, found] = self.pasted(f"{HEAD}\nRecipe,Order,1,STRING[16]\n{text}")
            self.assertEqual((before.line, before.problems, found.line), (2, (), 3))
            self.assertRegex(" ".join(found.problems), told)

    def test_bad_numbers_of_other_columns(self):
        for column, cell, told in (
            ("Scale", "0", "The scale must be above 0: enter 1"),
            ("Scale", "-1", "The scale must be above 0"),
            ("Scale", "many", 'Scale: "many" is not a number'),
            ("Words", "0", "Words must be at least 1"),
            ("Lines", "0", "Lines must be at least 1"),
            ("Step", "-3", "Step must be at least 0"),
            ("Maximum", "1.500", '"1.500" can be 1500 or 1.5'),
            ("First Value", "0x65", "First Value"),
        ):
            [found] = self.pasted(f"{HEAD},{column}\nRecipe,a,1,ASCII text,{cell}")
            self.assertRegex(" ".join(found.problems), told)

    def test_bad_addresses(self):
        for text, told in BAD_ADDRESSES:
            [found] = self.pasted(f"Name;Address;Type\na;{text};INT")
            self.assertRegex(" ".join(found.problems), told)
        [found] = self.pasted("Area\tName\tAddress\tType\nFeedback\ta\t7001\tINT")
        self.assertEqual(found.problems, ("7001 is not in feedback of the layout.",))
        [found] = self.pasted("Area\tName\tOffset\tAddress\tType\nRecipe\ta\t2\t7001\tINT")
        self.assertIn("7001 is word 1 of the slot, but the offset is 2", found.problems[0])

    def test_a_word_in_two_memories(self):
        layout = plc_layouts.job_numbers()
        areas = [replace(area, base=7000, registers=INPUT) if area.kind == "feedback" else area for area in layout.areas]
        layout = replace(layout, areas=tuple(areas))
        [found] = self.pasted("Name,Address,Type\na,7001,INT", layout=layout)
        self.assertIn("can be in two memories: add a column Area", found.problems[0])
        [row] = self.rows("Area,Name,Address,Type\nFeedback,a,7001,INT", layout=layout)
        self.assertEqual((row.area, row.offset), ("feedback", 1))
        [row] = self.rows("Name,Address,Type\na,407002,INT", layout=layout)
        self.assertEqual((row.area, row.offset), ("recipe", 1))

    def test_every_type(self):
        for name in TYPES:
            [row] = self.rows(f"{HEAD}\nRecipe,a,1,{name}")
            self.assertEqual(row.type, name)
        for text, name, words in (
            ("UInt", "uint16", 1), ("WORD", "uint16", 1), ("Int", "int16", 1), ("UDInt", "uint32", 1), ("DWord", "uint32", 1),
            ("DINT", "int32", 1), ("ULINT", "uint64", 1), ("LInt", "int64", 1), ("Real", "float32", 1), ("LREAL", "float64", 1),
            ("Bool", "bool", 1), ('"BCD, 4 digits"', "bcd", 1), ("UINT_BCD", "bcd", 1), ("STRING[15]", "ascii", 8),
            ("String(16)", "ascii", 8), ("ARRAY[0..7] OF WORD", "ascii", 8), ("Array [1..15] of Char", "ascii", 8),
        ):  # fmt: skip
            [row] = self.rows(f"{HEAD}\nRecipe,a,1,{text}")
            self.assertEqual((row.type, row.words), (name, words), text)
        [found] = self.pasted(f"{HEAD}\nRecipe,a,1,String[16]", protocol="s7")
        self.assertIn("An S7 String begins with its length", found.problems[0])

    def test_every_role(self):
        for text, role in (
            ("Order name", "order"), ("order", "order"), ("ORDER_NAME", "order"), ("RecipeArmedJob", "armed_job"),
            ("Recipe job", "recipe_job"), ("armed_job", "armed_job"),
            ("Equipment code 3", "line_code"), ("Target7", "line_quantity"),
            ("Area slot", "slot"), ("spare", ""),
        ):  # fmt: skip
            [row] = self.rows(f"{HEAD}\nRecipe,{text},1,INT")
            self.assertEqual((row.role, row.name), (role, text))
        [row] = self.rows("Area,Role,Offset\nResep,Order name,1")
        self.assertEqual((row.area, row.role, row.name, row.type), ("recipe", "order", "order", "ascii"))
        [found] = self.pasted("Area,Name,Role,Offset\nRecipe,a,boss,1")
        self.assertEqual(found.problems, ('There is no role "boss".',))

    def test_what_tools_export(self):
        tia = "\ufeffName\tPath\tData Type\tLogical Address\tComment\r\nOrder\tT\tArray[0..7] of Word\t%DB10.DBB14002\tx\r\n"
        layout = plc_layouts.job_numbers()
        areas = tuple(replace(area, registers="DB10") for area in layout.areas)
        [row] = self.rows(tia, protocol="s7", layout=replace(layout, areas=areas))
        self.assertEqual((row.area, row.role, row.offset, row.type, row.words), ("recipe", "order", 1, "ascii", 8))
        text = (
            "{attribute 'x'}\nVAR_GLOBAL\n\n// recipe\n  slot AT %MW7000 : UINT;\n"
            "  Order AT %MW7001 : STRING[16] := ''; (* a *)\n"
            "END_VAR"
        )
        slot, order = self.pasted(text)
        self.assertEqual((slot.line, order.line), (5, 6))
        self.assertEqual((slot.row.role, order.row.role, order.row.offset, order.row.words), ("slot", "order", 1, 8))
        [_slot, odd] = self.pasted("slot AT %MW7000 : UINT;\nloose : INT;")
        self.assertEqual((odd.line, odd.problems[0]), (2, "It has no address."))
        areas = tuple(replace(area, registers="D") for area in layout.areas)
        omron = "Name\tData Type\tAT\nSlot number\tUINT\t%D7000\nPlanned quantity\tDINT\tD07025\n"
        rows = self.rows(omron, protocol="fins", layout=replace(layout, areas=areas))
        self.assertEqual([(row.role, row.offset, row.type) for row in rows], [("slot", 0, "uint16"), ("quantity", 25, "int32")])
        [row] = self.rows("Nama;Register;Type\nSlot number;47001;WORD", notation=MODICON)
        self.assertEqual((row.area, row.offset), ("recipe", 0))

    def test_what_no_column_says_stays(self):
        """Scales, limits, lines and codes are in no list of tags."""
        rows = self.rows(
            "Name,Type,Address\nPlanned quantity,DINT,7030\nEquipment code,UINT,7040\nTarget,DINT,7060\n"
            "Order,ARRAY[0..9] OF WORD,7001"
        )
        before = {row.role: row for row in reversed(ROWS)}
        self.assertEqual(rows[0], replace(before["quantity"], offset=30))
        self.assertEqual(rows[1], replace(before["line_code"], offset=40, lines=1, step=0))  # there were two of them
        self.assertEqual(rows[2], replace(before["line_quantity"], offset=60))
        self.assertEqual(rows[3], replace(before["order"], words=10))
        rows = self.rows("Area,Name,Offset\n" + "\n".join(f"Recipe,Equipment code {line + 1},{200 - line}" for line in range(15)))
        self.assertEqual([row.value for row in rows], list(range(115, 100, -1)))  # by address, whatever their order
        [row] = self.rows(f"{HEAD},Scale,Maximum\nRecipe,Planned quantity,25,REAL,,5\n")
        self.assertEqual((row.scale, row.minimum, row.maximum, row.unit), (1.0, 0, 5, "kg"))
        [row] = self.rows("Area,Role,Offset\nRecipe,Finished,72")
        self.assertEqual(row, Row("recipe", "finished", "finished", 72))

    def test_a_cell_in_quotes(self):
        """With line breaks and quotes of its own; lines are counted as an editor does."""
        first, second = self.pasted(f'\n{HEAD}\r\nRecipe,"a ""b""\r\nc",1,INT\r\nRecipe,\'=x,2,INT')
        self.assertEqual((first.line, first.row.name, second.line, second.row.name), (3, 'a "b"\r\nc', 5, "=x"))

    def test_numbers(self):
        for text, right in (
            ("7", 7), ("-7", -7), ("+7", 7), ("0.5", 0.5), ("0,5", 0.5), ("1,25", 1.25), ("0.125", 0.125), ("0,125", 0.125),
            ("12.125", 12.125), ("1.234.567", 1234567), ("1,234,567", 1234567), ("1.234,5", 1234.5), ("1,234.5", 1234.5),
            ("100 000", 100000), ("100\u00a0000,5", 100000.5), ("100'000", 100000), ("1e3", 1000), ("1.5E-2", 0.015), ("7.0", 7),
            ("1234.500", 1234.5), ("7,5000", 7.5),
        ):  # fmt: skip
            self.assertEqual(to_number(text), right, text)
        for text in ("", "x", "1,23,456", "1..2", "1.234,567,8", ",5", "5,", "1-2", "inf", "0x7", "\u0667", "12345,678.9"):
            self.assertIsNone(to_number(text), text)
        for text in ("1,000", "100,000", "1.500", "100.000", "-12,345"):
            with self.assertRaisesRegex(TableError, "write one of them", msg=text):
                to_number(text)
