"""Constants of a layout agree with the layout: whoever counts by them arrives at the words that Odoo means."""

import re
from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ...plc import constants
from ...plc.codec import Field
from ...plc.constants import DIALECTS, OMRON, SCL, ST, Constant
from ...plc.layout import Area, Layout
from .. import plc_layouts

# a line of each dialect: its name, type, number and comment
LINES = {
    ST: re.compile(r"    (?P<name>\w+) : (?P<type>\w+) := (?P<value>-?\d+);(?:  \(\* (?P<comment>.*) \*\))?"),
    SCL: re.compile(r"    (?P<name>\w+) : (?P<type>\w+) := (?P<value>-?\d+);(?:  // (?P<comment>.*))?"),
    OMRON: re.compile(r"(?P<name>\w+)\t(?P<type>\w+)\t(?P<value>-?\d+)\t\tFalse\tTrue\t(?P<comment>[^\t]*)"),
}
FRAMES = {ST: ("VAR_GLOBAL CONSTANT", "END_VAR"), SCL: ("VAR CONSTANT", "END_VAR"), OMRON: None}


def read(text, dialect):
    """{name: (number, type, comment)} as a PLC's tool would read it; every line is a declaration."""
    lines = text.splitlines()
    if FRAMES[dialect]:
        assert (lines[0], lines[-1]) == FRAMES[dialect], lines
        lines = lines[1:-1]
    found = [LINES[dialect].fullmatch(line) for line in lines]
    assert all(found), [line for line, declared in zip(lines, found, strict=True) if not declared]
    names = {declared["name"]: (int(declared["value"]), declared["type"], declared["comment"] or "") for declared in found}
    assert len({name.lower() for name in names}) == len(lines), "a name occurs twice"
    return names


def named(role):
    return "".join(part.capitalize() for part in role.split("_"))


def area(*fields, kind="recipe", **options):
    return Area(kind, 0, 100, fields, **options)


def of(*fields):
    return {item.name: item.value for item in constants.constants(Layout("job_numbers", 2, (area(*fields),)))}


@tagged("post_install", "-at_install")
class TestConstants(BaseCase):
    def test_they_lead_to_every_word(self):
        """Of each field with a role, in each slot, in each dialect."""
        for layout in (
            plc_layouts.job_numbers(),
            plc_layouts.flags(),
            plc_layouts.job_numbers(word_order="low", address_offset=-1),
            replace(plc_layouts.flags(address_offset=40000), slots=3),
        ):
            for dialect in DIALECTS:
                got = {name: number for name, (number, *_rest) in read(constants.text(layout, dialect), dialect).items()}
                for kind in (item.kind for item in layout.areas):
                    begin = kind.capitalize()
                    self.assertEqual(got[f"{begin}Slots"], layout.count(kind))
                    self.assertEqual(got[f"{begin}Words"], layout.area(kind).extent)
                    for item in layout.area(kind).fields:
                        if not item.role:
                            continue
                        name = begin + named(item.role)
                        offset = got[name] + item.index * got.get(f"{name}Step", 0)
                        for slot in range(1, layout.count(kind) + 1):
                            address = got[f"{begin}Address"] + (slot - 1) * got[f"{begin}Stride"] + offset
                            self.assertEqual(address, layout.address(kind, slot, item.offset), (dialect, name, slot))
                        if item.value is not None:
                            number = item.index + 1 if f"{name}Step" in got else ""
                            self.assertEqual(got[f"{name}Value{number}"], item.value)

    def test_names(self):
        """Roles, then the layout's own names; each once, whatever case and accents it has."""
        fields = [
            Field("", number, name=name)
            for number, name in enumerate(("Größe 1", "grösse-1", "", "数", "2nd", "x" * 50, "x" * 60))
        ]
        found = [name for name in of(*fields) if not name.startswith(("RecipeS", "RecipeW", "RecipeA"))]
        long = "Recipe" + "X" + "x" * 25
        self.assertEqual(
            found, ["RecipeGroe1", "RecipeGrosse1", "RecipeField", "RecipeField_2", "Recipe2nd", long, f"{long[:30]}_2"]
        )
        self.assertTrue(all(re.fullmatch("[A-Za-z][A-Za-z0-9]*(_[0-9]+)?", name) and len(name) <= 32 for name in found))

    def test_a_role_and_a_name_that_say_the_same(self):
        self.assertEqual(
            {name: number for name, number in of(Field("order", 4), Field("", 6, name="Order")).items() if "Order" in name},
            {"RecipeOrder": 4, "RecipeOrder_2": 6},
        )

    def test_lines_that_do_not_lie_evenly(self):
        """No step is told that is not there."""
        lines = [Field("line_code", place, index=index, value=index + 7) for index, place in enumerate((10, 12, 20))]
        found = {name: number for name, number in of(*lines).items() if "Line" in name}
        self.assertEqual(
            found,
            {
                **{"RecipeLineCode1": 10, "RecipeLineCode2": 12, "RecipeLineCode3": 20, "RecipeLineCodeLines": 3},
                **{"RecipeLineCodeValue1": 7, "RecipeLineCodeValue2": 8, "RecipeLineCodeValue3": 9},
            },
        )

    def test_lines_of_other_names(self):
        """The role says what belongs together, and each line's comment has its own name."""
        lines = [Field("line_code", 10 + number**2, index=number, name=name) for number, name in enumerate("ABC")]
        layout = Layout("job_numbers", 2, (area(*lines),))
        found = {item.name: item.comment for item in constants.constants(layout)}
        self.assertEqual([found[f"RecipeLineCode{number}"] for number in (1, 2, 3)], ["A: uint16", "B: uint16", "C: uint16"])

    def test_two_lines(self):
        """Each of them has a number."""
        found = of(Field("line_code", 10, index=0, value=7), Field("line_code", 12, index=1, value=8))
        self.assertEqual((found["RecipeLineCodeValue1"], found["RecipeLineCodeValue2"]), (7, 8))

    def test_lines_in_another_order(self):
        """The first line lies behind the second: its place counts, and the step goes back."""
        found = of(Field("line_code", 10, index=1), Field("line_code", 12, index=0))
        self.assertEqual((found["RecipeLineCode"], found["RecipeLineCodeStep"], found["RecipeLineCodeLines"]), (12, -2, 2))

    def test_types(self):
        """The narrowest with a sign."""
        for number, kind in (
            (0, "INT"),
            (0x7FFF, "INT"),
            (0x8000, "DINT"),
            (0x7FFFFFFF, "DINT"),
            (-0x8000, "INT"),
            (-0x8001, "DINT"),
        ):
            with self.subTest(number):
                layout = Layout("job_numbers", 1, (replace(area(), base=number),))
                self.assertEqual(read(constants.text(layout, ST), ST)["RecipeAddress"][:2], (number, kind))
                self.assertEqual(read(constants.text(layout, OMRON), OMRON)["RecipeAddress"][1], kind)
                scl = {"INT": "Int", "DINT": "DInt"}[kind]
                self.assertEqual(read(constants.text(layout, SCL), SCL)["RecipeAddress"][1], scl)

    def test_comments_end_where_they_end(self):
        """Whatever the layout's fields are called."""
        told = {
            "Silo *) END_VAR (*x": "Silo ] END_VAR [ x",
            "a\nb\tc\rd\u2028e": "a b c d e",
            "a\x00b\u200bc": "a b c",
            "Größe (kg)": "Größe [kg]",
            "// x": "// x",
        }
        for number, (name, comment) in enumerate(told.items()):
            layout = Layout("job_numbers", 1, (area(Field("order", number, name=name)),))
            for dialect in DIALECTS:
                with self.subTest(name, dialect=dialect):
                    self.assertEqual(
                        read(constants.text(layout, dialect), dialect)["RecipeOrder"],
                        (number, "Int" if dialect == SCL else "INT", f"{comment}: uint16"),
                    )

    def test_whole(self):
        """One of each dialect, as it is handed over."""
        fields = (
            Field("signature", 0, "uint32", 2, value=0x4D4F5245, name="Proof"),
            Field("line_code", 2),
            Field("line_code", 5, index=1),
        )
        layout = Layout("job_numbers", 3, (area(*fields, registers="DB10"),), address_offset=10)
        rows = [
            Constant("RecipeAddress", 10, "DB10: word 10"),
            Constant("RecipeStride", 100, "words from one slot to the next"),
            Constant("RecipeSlots", 3, "slots"),
            Constant("RecipeWords", 6, "words of a slot"),
            Constant("RecipeSignature", 0, "Proof: uint32, 2 words"),
            Constant("RecipeSignatureValue", 0x4D4F5245, "16#4D4F5245"),
            Constant("RecipeLineCode", 2, "line_code: uint16"),
            Constant("RecipeLineCodeLines", 2, "lines"),
            Constant("RecipeLineCodeStep", 3, "words from one line to the next"),
        ]
        self.assertEqual(constants.constants(layout), rows)
        kinds = ["DINT" if row.value > 0x7FFF else "INT" for row in rows]
        declared = list(zip(rows, kinds, strict=True))
        lines = [f"    {row.name} : {kind} := {row.value};  (* {row.comment} *)" for row, kind in declared]
        self.assertEqual(constants.text(layout, ST), "\n".join(["VAR_GLOBAL CONSTANT", *lines, "END_VAR", ""]))
        scl = {"INT": "Int", "DINT": "DInt"}
        lines = [f"    {row.name} : {scl[kind]} := {row.value};  // {row.comment}" for row, kind in declared]
        self.assertEqual(constants.text(layout, SCL), "\n".join(["VAR CONSTANT", *lines, "END_VAR", ""]))
        lines = [f"{row.name}\t{kind}\t{row.value}\t\tFalse\tTrue\t{row.comment}" for row, kind in declared]
        self.assertEqual(constants.text(layout, OMRON), "\n".join([*lines, ""]))
