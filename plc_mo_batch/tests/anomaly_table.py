"""States × anomalies × actions: what a person can do about a batch in each state and case that can be.

What can be is noted while the reconciler's unit tests run, which try each cell of the handshakes' tables; what can be done is in
the table of actions. ``test_anomalies`` holds docs/anomalies.md to it, and walks it on a batch.
"""

import unittest
from unittest.mock import patch

from ..models.batch.actions import ACTIONS, BUTTONS
from ..models.batch.mo_batch import STATES
from ..plc.handshake import Handshake
from ..plc.reconcile import CANCELLED, COMPLETED, DONE, FAILED, HANDED_OVER, OFFERED, RUNNING
from .core import test_reconcile, test_reconcile_sentences, test_reconcile_unbelieved, test_reconcile_watched
from .generated import Block

BLOCK = Block("anomalies.md", "test_anomalies")
# what no reconciler says of them: an offer is not taken for long, the PLC does not answer, and what waits for a person at the end
OTHERS = {
    "untaken": (OFFERED,),
    "silent": HANDED_OVER,
    "stalled": (RUNNING,),
    "review": (COMPLETED,),
    "fell": (COMPLETED, FAILED),
    "reopened": (COMPLETED, FAILED),
    "given_up": (FAILED,),
    "rejected": (CANCELLED,),  # a failed batch with a disposition is a failed one to the reconciler
}
# without a person: the PLC goes on, or one of the tasks
BY_ITSELF = {RUNNING: "the PLC ends it", DONE: "nothing is left to do", CANCELLED: "nothing is left to do"}
# what a person may do there is not about the case, or ends nothing
ASIDE = (
    "add_by_hand",
    "decide",
    "command",
    "enter_hand_adds",
    "set_weight",
    "release_review",
    "retry",
    "reset",
    "rebook",
    "requeue",
    "",
)


def can_be():
    """Case -> the states of a batch in which it can stand, the healthy one (``""``) among them."""
    found = {"": {state for state, _label in STATES}, **{code: set(states) for code, states in OTHERS.items()}}
    decide = Handshake._decide

    def noted(handshake, case):
        step = decide(handshake, case)
        if step and step.anomaly:
            found.setdefault(step.anomaly.code, set()).add(step.state or case.job.state)
        return step

    def rejected(handshake, job, in_slot):
        step = step_of(handshake, job, in_slot)
        if step and step.anomaly:
            found.setdefault(step.anomaly.code, set()).add(step.state or job.state)
        return step

    step_of = Handshake.step
    with patch.object(Handshake, "_decide", noted), patch.object(Handshake, "step", rejected):
        for module in (test_reconcile, test_reconcile_sentences, test_reconcile_watched, test_reconcile_unbelieved):
            unittest.defaultTestLoader.loadTestsFromModule(module).run(unittest.TestResult())
    return found


def exits(state, case):
    """Names of the actions that are about the case, or end the batch."""
    return [
        name
        for name, action in ACTIONS.items()
        if name not in ASIDE and state in action.states and (not action.states[state] or case in action.states[state])
    ]


def labels(name):
    return " / ".join(dict.fromkeys(str(button.label) for button in BUTTONS if button.action == name))


def cell(state, case, possible):
    if state not in possible[case]:
        return ""
    return ", ".join(map(labels, exits(state, case))) or BY_ITSELF.get(state, "Task 3 books it, once nothing is asked for")


def table():
    possible = can_be()
    lines = ["| | " + " | ".join(label for _state, label in STATES) + " |", "|---" * (len(STATES) + 1) + "|"]
    for case in ("", *sorted(set(possible) - {"", "cleared"})):
        cells = [cell(state, case, possible) for state, _label in STATES]
        lines.append(f"| {f'`{case}`' if case else 'nothing is odd'} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
