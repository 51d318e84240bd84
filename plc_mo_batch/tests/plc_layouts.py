"""The two feed mill layouts, written down a second time: word by word from the mill's register list, not from the records.

Plain Python, so that tests and benchmarks of ``plc/`` need no database. ``test_layout`` compares them with the records.
"""

from ..plc.codec import Field
from ..plc.layout import FLAGS, JOB_NUMBERS, Area, Layout

SLOTS, STRIDE, RECIPE_BASE, FEEDBACK_BASE = 10, 100, 7000, 6000
CODES = tuple(range(101, 116))  # 13 silos and two liquid tanks
LIMITS = {"minimum": 0, "maximum": 100000}
KG = {"type": "int32", "scale": 100, **LIMITS}
NAME = {"type": "ascii", "words": 8}
JOB = {"type": "uint32"}

_CODE_WORDS = (27, 30, 33, 36, 39, 42, 45, 48, 51, 54, 57, 60, 63, 66, 69)
_KG_WORDS = (28, 31, 34, 37, 40, 43, 46, 49, 52, 55, 58, 61, 64, 67, 70)

CONTENT = (
    Field("slot", 0),
    Field("order", 1, **NAME),
    Field("formula", 9, **NAME),
    Field("product", 17, **NAME),
    Field("quantity", 25, **KG),
    *(Field("line_code", _CODE_WORDS[line], index=line, value=CODES[line]) for line in range(15)),
    *(Field("line_quantity", _KG_WORDS[line], index=line, **KG) for line in range(15)),
    Field("finished", 72, "bool"),
    Field("failed", 73, "bool"),
)
WEIGHT = Field("weight", 74, **KG)
SHOWN = {"recipe": 0x4D4F5245, "feedback": 0x4D4F4642}  # the signatures: in ASCII, MORE and MOFB

_DATE_WORDS = {"year": 16, "month": 17, "day": 18, "hour": 19, "minute": 20, "second": 21}
FAILURE = Area(
    "failure",
    8000,
    100,
    (
        Field("equipment", 0, **NAME),
        Field("failure", 8, **NAME),
        *(Field(role, word, "bcd") for role, word in _DATE_WORDS.items()),
        Field("event_flag", 22),
    ),
)
WEIGHING = Area(
    "weighing",
    9000,
    100,
    (
        Field("slot", 0),
        Field("order", 1, **NAME),
        Field("product_number", 9),
        Field("weighed", 10, **KG),
        Field("event_flag", 12),
    ),
)


def signature(kind: str, offset: int) -> Field:
    """What a side shows in each of its slots."""
    return Field("signature", offset, "uint32", value=SHOWN[kind])


def recipe_sum(offset: int) -> Field:
    """What the PLC's program reads in a recipe, added up."""
    return Field("recipe_sum", offset, "uint32", scale=100)


def _layout(handshake: str, recipe: tuple[Field, ...], feedback: tuple[Field, ...], events: bool = True, **options) -> Layout:
    areas = (
        Area("recipe", RECIPE_BASE, STRIDE, (*CONTENT, signature("recipe", 74), *recipe)),
        Area("feedback", FEEDBACK_BASE, STRIDE, (*CONTENT, WEIGHT, *feedback)),
    )
    return Layout(handshake, SLOTS, areas + ((FAILURE, WEIGHING) if events else ()), **options)


def job_numbers(**options) -> Layout:
    """ "Feed mill, job numbers"; ``options`` are those of Layout, e.g. ``word_order="low"``; ``events``: with the event areas."""
    recipe = (Field("recipe_job", 77, **JOB), Field("armed_job", 79, **JOB), Field("acknowledged_job", 81, **JOB))
    return _layout(JOB_NUMBERS, recipe, (Field("taken_job", 77, **JOB), signature("feedback", 79), recipe_sum(81)), **options)


def flags(**options) -> Layout:
    """ "Feed mill, flags"; ``options`` as above."""
    return _layout(
        FLAGS, (Field("recipe_flag", 76),), (Field("feedback_flag", 76), signature("feedback", 77), recipe_sum(79)), **options
    )


def recipe_values(slot: int = 1) -> dict:
    """A recipe by role, as a mill's: 1000 kg over five silos and a tank."""
    quantities = [0.0] * 15
    quantities[0], quantities[2], quantities[3], quantities[7], quantities[10] = 381.25, 352.0, 33.3, 150.0, 63.2
    quantities[13] = 20.25
    return {
        "slot": slot,
        "order": f"WH/MO/{slot:05}",
        "formula": "LAYER-16",
        "product": "Layer feed 16%",
        "quantity": 1000.0,
        "line_code": list(CODES),
        "line_quantity": quantities,
    }
