"""The external API as data, in one place: each method, what it takes and what it answers.

The methods check what they are given by it, ``openapi.py`` describes it to programs, and tests compare it with the methods.
"""

from typing import NamedTuple

from ...plc.constants import DIALECTS
from ..batch.actions import DECISIONS
from ..batch.mo_batch import STATES
from ..batch.mo_batch_cancel import ORDER_ACTIONS, REASONS

# MAJOR.MINOR. The minor number rises when something is added: a method, an argument that may be left out, a key of an answer,
# a word. The major number rises when something is renamed, taken away, or means something else.
VERSION = "1.0"

HIGHEST_ID = 2**31 - 1  # that the database can hold
MOST_IDS = 1000  # of a call
MOST_RECORDS = 1000  # of a page
MOST_CHARACTERS = 1000  # of a text
MOST_WEIGHT = 10_000_000  # of a fill


def text(description, longest=MOST_CHARACTERS):
    return {"type": "string", "maxLength": longest, "description": description}


def word(description, choices):
    return {"type": "string", "enum": [*choices], "description": description}


def whole(description, lowest, highest):
    return {"type": "integer", "minimum": lowest, "maximum": highest, "description": description}


def number(description, lowest, highest):
    return {"type": "number", "minimum": lowest, "maximum": highest, "description": description}


def flag(description):
    return {"type": "boolean", "description": description}


def keys(selection):
    return [key for key, _label in selection]


MOMENT = "UTC, YYYY-MM-DD HH:MM:SS"

# By name: an argument means the same in every method.
ARGUMENTS = {
    "after": whole("Give what follows this id: `after` of the page before. 0: from the beginning.", 0, HIGHEST_ID),
    "batch": whole("Id of a batch. 0: of all.", 0, HIGHEST_ID),
    "confirmed": flag("Do it although something is doubtful: the refusal before said what."),
    "cursor": text("Of the answer before. Empty: from the beginning."),
    "decision": word("What only a person can know about a batch that stands still.", DECISIONS),
    "dialect": word("Of the PLC's tool: CODESYS and TwinCAT, TIA Portal, or Sysmac Studio.", DIALECTS),
    "ids": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": HIGHEST_ID},
        "maxItems": MOST_IDS,
        "description": "Of the records that the call is about.",
    },
    "key": text("Names the call: sent again with the same key within 7 days, it answers the same and does nothing.", 200),
    "limit": whole("Most records of a page.", 1, MOST_RECORDS),
    "lot": text("Name of a lot."),
    "note": text("Why, for the journal."),
    "on": flag("Whether orders are queued for the PLC, and it is talked to."),
    "order": text("Name of a manufacturing order."),
    "order_action": word("What happens to the order.", keys(ORDER_ACTIONS)),
    "partial": flag("Try each record by itself, and say of each what came of it."),
    "plc": whole("Id of a PLC. 0: of all.", 0, HIGHEST_ID),
    "product": text("Internal reference or barcode of a product."),
    "quantity": number("In the unit that the PLC weighs in.", 0.01, MOST_WEIGHT),
    "reason": word("Why it is cancelled.", keys(REASONS)),
    "since": text(f"Queued at that time or later. {MOMENT}."),
    "states": {"type": "array", "items": word("A state of a batch.", keys(STATES)), "description": "None: all."},
    "until": text(f"Queued before that time. {MOMENT}."),
}


class Method(NamedTuple):
    """Arguments that it needs and arguments that may be left out, both as words of a text; the name of its answer in
    ``openapi.py``."""

    needs: str
    takes: str
    answer: str

    @property
    def arguments(self):
        return (*self.needs.split(), *self.takes.split())


METHODS = {
    ("mo.batch", "api_cancel"): Method("ids reason", "note order_action partial key", "done"),
    ("mo.batch", "api_changes"): Method("", "plc cursor limit", "batch_changes"),
    ("mo.batch", "api_detail"): Method("ids", "", "batches"),
    ("mo.batch", "api_find"): Method("", "plc order states since until limit after", "batch_page"),
    ("mo.batch", "api_history"): Method("order", "", "batches"),
    ("mo.batch", "api_recall"): Method("lot", "product", "recall"),
    ("mo.batch", "api_reset"): Method("ids decision", "note partial key", "done"),
    ("mo.batch", "api_retry"): Method("ids", "partial key", "done"),
    ("mo.batch.journal", "api_changes"): Method("", "plc batch cursor limit", "journal_changes"),
    ("plc.alarm", "api_changes"): Method("", "plc cursor limit", "alarm_changes"),
    ("plc.controller", "api_constants"): Method("ids dialect", "", "constants"),
    ("plc.controller", "api_exchange"): Method("", "ids key", "true"),
    ("plc.controller", "api_fill"): Method("", "ids key", "true"),
    ("plc.controller", "api_health"): Method("", "ids", "healths"),
    ("plc.controller", "api_queue"): Method("", "ids", "queues"),
    ("plc.controller", "api_switch"): Method("ids on", "note key", "true"),
    ("plc.controller", "api_version"): Method("", "", "version"),
    ("plc.controller", "api_write_back"): Method("", "ids key", "true"),
    ("plc.equipment", "api_fill"): Method("ids quantity", "lot product confirmed key", "filled"),
    ("plc.equipment", "api_levels"): Method("", "ids", "levels"),
}
