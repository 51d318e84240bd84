"""``dev/run python -m workshop.scl``: docs/plc/FB_MoBatchSlot.scl, the function block in TIA Portal's SCL.

It is made of the one in structured text. The statements are the same; names of the block's own variables begin with #, sections
have an order, and the constants of the layout are among the block's own.
"""

import re

from workshop.paths import ROOT

FOLDER = ROOT / "docs" / "plc"
SOURCE, CONSTANTS = FOLDER / "FB_MoBatchSlot.st", FOLDER / "MoBatchConstants.st"
TARGET = SOURCE.with_suffix(".scl")
HEAD = """(* FB_MoBatchSlot.st for TIA Portal (1200, 1500), an external source: what it does and takes for granted stands there.
   This file is made of that one. It runs in Odoo's tests, but nobody has compiled it in a TIA Portal.

   The layout's constants are those of "Feed mill, job numbers (S7)". Put yours in their place: "Constants for the PLC" on the
   layout's page, SCL.

   The block has standard access, as the data blocks of the slots have. An optimized one could work on copies of Recipe and
   Feedback, and copying them back would undo what Odoo wrote meanwhile. *)
FUNCTION_BLOCK "FB_MoBatchSlot"
{ S7_Optimized_Access := 'FALSE' }
VERSION : 0.1
"""
ORDER = ("VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT", "VAR", "VAR CONSTANT")
SECTION = re.compile(r"^(VAR\w*(?: CONSTANT)?)\n(.*?)^END_VAR\n", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"\(\*.*?\*\)|\w+", re.DOTALL)  # or a comment


def scl(source, constants):
    """The block, with a layout's constants that are SCL already."""
    sections = dict(SECTION.findall(source))
    sections["VAR CONSTANT"] += SECTION.findall(constants)[0][1]
    body = source[source.rindex("END_VAR\n") + len("END_VAR\n") :]
    own = set(re.findall(r"^ +(\w+) +: ", "".join(sections.values()), re.MULTILINE))
    body = WORD.sub(lambda word: f"#{word[0]}" if word[0] in own else word[0], body)
    declared = "".join(f"{name}\n{sections[name]}END_VAR\n" for name in ORDER)
    return f"{HEAD}{declared}BEGIN{body}"


def of_s7(constants):
    """The constants of the same layout in a data block, as Odoo writes them in SCL."""
    remark = re.compile(r"\(\* (.*) \*\)$", re.MULTILINE)
    text = remark.sub(r"// \1", constants).replace("// holding: ", "// DB1: ").replace("VAR_GLOBAL", "VAR")
    return re.sub(r" : (D?)INT := ", lambda found: f" : {found[1]}Int := ", text)


def made():
    """What the file should say."""
    return scl(SOURCE.read_text(), of_s7(CONSTANTS.read_text()))


if __name__ == "__main__":
    TARGET.write_text(made())
