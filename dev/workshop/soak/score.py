"""What happens in a soak, drawn from its seed before it begins: who does what, when, and the dice for what depends on the moment.

The same seed gives the same score. What the score meets (which batch is running when "cancel" is played) depends on how fast two
servers, several PLCs and PostgreSQL were, which is not in anybody's hand.
"""

import random
from dataclasses import asdict, dataclass

CLERKS = 2  # people who click at the same time, each at a server of his own
CLICK_SECONDS = 0.7  # on average between two clicks of one clerk
FAULT_SECONDS = 0.5
STORM, CALM = 8.0, 12.0  # seconds, by turns, in which the wire is bad, and is not: batches get somewhere only in between

CLICKS = {
    "fill": 8,
    "exchange": 16,
    "write_back": 6,
    "cancel": 1,  # more often, and next to nothing is made
    "requeue": 5,
    "retry": 4,
    "command": 4,
    "close_order": 0.5,
    "cancel_order": 0.5,
    "change_order": 3,
    "plan": 3,
    "decide": 12,
    "resolve": 2,
    "trespass": 3,
}
FAULTS = {
    "wire": 60,
    "memory": 1,  # a PLC that forgot makes nothing before a person has looked at all of its batches
    "fail": 3,
    "fall": 4,
    "pause": 3,
    "clock": 4,
    "end_session": 4,
    "kill_server": 0.4,  # a server takes a while to be there again, and in between nothing goes on
}


@dataclass(frozen=True)
class Note:
    """``dice`` are numbers from 0 to 1, for what is chosen at that moment."""

    at: float
    player: str
    what: str
    dice: tuple

    def as_dict(self):
        return asdict(self)


def compose(seed, seconds):
    """All notes of a soak, in the order of their times."""
    notes = []
    for player, choices, pause in [
        *((f"clerk {number}", CLICKS, CLICK_SECONDS) for number in range(CLERKS)),
        ("nature", FAULTS, FAULT_SECONDS),
    ]:
        dice = random.Random(f"{seed} {player}")
        at = 0.0
        while (at := at + dice.expovariate(1 / pause)) < seconds:
            what = dice.choices(list(choices), list(choices.values()))[0]
            note = Note(round(at, 3), player, what, tuple(round(dice.random(), 6) for _die in range(4)))
            if what != "wire" or at % (STORM + CALM) < STORM:
                notes.append(note)
    return sorted(notes, key=lambda note: note.at)


def pick(die, things):
    """One of the things, by a die; None of none."""
    things = list(things)
    return things[min(int(die * len(things)), len(things) - 1)] if things else None
