"""What a person may do about a batch, in one table.

``ACTIONS`` yields the ``is_action_…_allowed`` fields, the server's guard and its refusals, and what the API's ``allowed`` and
``api_reset`` offer (``mo_batch_actions.py``, ``mo_batch_api.py``). ``BUTTONS`` yields label, question and visibility of the
buttons on forms, lists and the board. So a button is visible exactly where the server would accept its click.

A new action needs a row here, its field in ``mo_batch_actions.py``, its method, and a ``<button>`` in each view that shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...plc.reconcile import (
    CANCELLED,
    CANCELLING,
    COMPLETED,
    DONE,
    ENDED,
    FAILED,
    HANDED_OVER,
    NOT_TAKEN,
    OFFERED,
    QUEUED,
    RUNNING,
    UNDECIDED,
    WATCHED,
)
from ...plc.sentences import Sentence, _lt
from ..common.roles import MANAGER, OPERATOR


@dataclass(frozen=True)
class Refusal:
    """Why an action is not allowed, as a sentence about the batch."""

    sentence: Sentence  # with %(batch)s; it may have %(state)s and %(reason)s
    reason: Sentence | str = ""


def in_state(reason):
    """A refusal that names the batch's state as the reason."""
    return Refusal(_lt("Batch %(batch)s is %(state)s: %(reason)s."), reason)


def of_batch(reason):
    return Refusal(_lt("Batch %(batch)s: %(reason)s."), reason)


def _in(*states, case=()):
    """Allowed in these states; with ``case``, only while the batch needs attention for one of these cases."""
    return dict.fromkeys(states, tuple(case))


@dataclass(frozen=True)
class Action:
    """Something that a person may do about a batch.

    ``states``: state -> the cases of ``attention_key`` that allow it there; an empty tuple means any case. Without states: any
    state.
    ``condition``: a field or a method of the batch that must be true as well.
    ``refusals``: state -> the refusal that replaces ``refusal`` there.
    ``closed``: the refusal if the batch's order is closed or cancelled; without one that makes no difference.
    ``decision``: its name in ``api_reset``, and the method of the batch that carries it out.
    """

    name: str
    refusal: Refusal
    role: str = OPERATOR
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    condition: str = ""
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    closed: Refusal | None = None
    decision: tuple[str, str] | None = None

    @property
    def flag(self):
        """The field that says whether the user may do it now."""
        return f"is_action_{self.name}_allowed"


@dataclass(frozen=True)
class Button:
    """How an action is offered.

    ``method``: of the batch; ``key``: distinguishes two buttons with the same method; a view uses it as ``id``.
    ``icon``: of Font Awesome, on the board; ``first``: highlighted there.
    ``where``: fields of the batch -> the values that they must have. It chooses between buttons; the server's guard ignores it.
    """

    action: str
    method: str
    label: Sentence
    icon: str
    question: Sentence | str = ""
    first: bool = False
    where: Mapping[str, bool] = field(default_factory=dict)
    key: str = ""

    @property
    def invisible(self):
        """When a view hides it: an expression over fields of the batch."""
        unless = [f"not is_action_{self.action}_allowed"]
        return " or ".join([*unless, *(f"not {name}" if wanted else name for name, wanted in self.where.items())])


NOT_FAILED = in_state(_lt("none of its write-backs has failed"))
NOTHING_TO_DECIDE = in_state(_lt("there is nothing to decide"))

# The API lists them in this order: most urgent first.
ACTIONS = {
    action.name: action
    for action in (
        Action("set_weight", Refusal(_lt("Batch %(batch)s is not waiting for a weight.")), condition="_is_weight_asked"),
        Action(
            "release_review",
            of_batch(_lt("it is not waiting for a review")),
            states=_in(COMPLETED),
            condition="review_needed",
        ),
        Action(
            "enter_hand_adds",
            of_batch(_lt("hand-added quantities can be entered only after the batch has finished and before it is booked")),
            states=_in(COMPLETED),
            condition="_has_hand_adds",
        ),
        Action(
            "add_by_hand",
            of_batch(_lt("the PLC does not make it, or nothing is added to it by hand")),
            states=_in(RUNNING),
            condition="_has_hand_adds",
        ),
        Action("disposition", in_state(_lt("only a failed batch needs a disposition")), states=_in(FAILED)),
        Action("retry", NOT_FAILED, states=_in(COMPLETED), condition="attempts"),
        # Did the PLC take it? Sending it again is one answer, but not for a batch that was seen running.
        Action("decide", NOTHING_TO_DECIDE, states=_in(*HANDED_OVER, case=UNDECIDED)),
        Action(
            "send_again",
            NOTHING_TO_DECIDE,
            states=_in(OFFERED, CANCELLING, case=UNDECIDED),
            refusals={RUNNING: Refusal(_lt("Batch %(batch)s was seen running. It cannot be sent again."))},
            closed=of_batch(_lt("its order is closed or cancelled, so it cannot be sent again; give it up")),
            decision=("send_again", "action_send_again"),
        ),
        # Also where reports are rejected or the PLC does not answer: if it cannot be repaired, that lasts for ever. And where a
        # recipe cannot be withdrawn: what is given up is still cleared as soon as it can be, and told if the PLC takes it.
        Action(
            "give_up",
            in_state(_lt("it has already ended")),
            states={
                **_in(OFFERED, case=(*UNDECIDED, "rejected")),
                **_in(RUNNING, case=(*UNDECIDED, "rejected", "unsteady", "silent", "stalled")),
                **_in(CANCELLING),
            },
            refusals={
                **dict.fromkeys(NOT_TAKEN, in_state(_lt("it has not been taken, so it can be cancelled"))),
                RUNNING: in_state(_lt("the PLC reports it, and its reports are accepted")),
            },
            decision=("give_up", "action_give_up"),
        ),
        # Where the PLC's figures cannot be believed, those of the people at the plant count, with their reason.
        Action(
            "enter_amounts",
            of_batch(_lt("what the PLC reports of it is accepted, so nobody can enter other amounts")),
            states={
                **_in(OFFERED, CANCELLING, case=(*UNDECIDED, "rejected", "silent")),
                **_in(RUNNING, case=(*UNDECIDED, "rejected", "unsteady", "silent", "stalled", "fell", "reopened")),
                **_in(COMPLETED, case=("fell", "changed", "review")),
                **_in(FAILED, case=("fell", "changed", "given_up")),  # given up: what was dosed after it was last read
                **_in(DONE, case=("changed",)),  # what is more than was booked is booked late
            },
        ),
        # Something that may only rise went back: what did the PLC dose?
        Action(
            "add_fallen",
            of_batch(_lt("its amounts have not fallen")),
            states=_in(RUNNING, COMPLETED, FAILED, case=("fell",)),
            decision=("add_fallen", "action_add_fallen"),
        ),
        Action(
            "take_note",
            of_batch(_lt("there is nothing to take note of")),
            states={**_in(RUNNING, case=WATCHED), **_in(CANCELLED, *ENDED, case=(*WATCHED, "rejected"))},
            decision=("take_note", "action_take_note"),
        ),
        Action(
            "release",
            in_state(_lt("its slot is not occupied by another system")),
            states=_in(QUEUED, case=("occupied",)),
            decision=("release", "action_release_slot"),
        ),
        Action(
            "go_on",
            in_state(_lt("its PLC is not ahead of this database")),
            states=_in(QUEUED, case=("database_behind",)),
            decision=("go_on", "action_go_on"),
        ),
        Action(
            "command",
            in_state(_lt("only a running batch on a PLC with a command word can be held, resumed or aborted")),
            states=_in(RUNNING),
            condition="_has_commands",
        ),
        Action(
            "rebook",
            Refusal(
                _lt(
                    "Batch %(batch)s: only a finished batch whose order was closed outside the PLC tasks "
                    "can be booked separately."
                )
            ),
            role=MANAGER,
            states=_in(COMPLETED),
            condition="_is_order_closed",
        ),
        Action("reset", NOT_FAILED, role=MANAGER, states=_in(COMPLETED), condition="attempts"),
        Action(
            "cancel",
            in_state(_lt("it has already ended")),
            states=_in(*NOT_TAKEN),
            refusals={
                CANCELLING: in_state(_lt("its recipe is being withdrawn from the PLC")),
                RUNNING: in_state(
                    _lt(
                        "the PLC has taken it. End it at the PLC; the dosed quantities are then booked, and the order gets "
                        "its disposition"
                    )
                ),
                COMPLETED: in_state(_lt("the PLC has made it, and the dosed quantities are being booked")),
                FAILED: in_state(_lt("the PLC has taken it, and it failed: set its disposition")),
            },
        ),
        Action(
            "requeue",
            Refusal(_lt("None of these batches has an order that is withheld.")),
            states=_in(CANCELLED),
            condition="_is_order_held",
            decision=("requeue", "action_requeue"),
        ),
    )
}

# In the order of the board.
BUTTONS = (
    Button("set_weight", "action_open_weight", _lt("Enter Weight"), "balance-scale", first=True),
    Button("release_review", "action_open_review", _lt("Review"), "search", first=True, key="review"),
    Button(
        "enter_hand_adds",
        "action_open_review",
        _lt("Enter Hand-Adds"),
        "hand-paper-o",
        first=True,
        where={"review_needed": False, "hand_adds_needed": True},
        key="enter_hand_adds",
    ),
    Button("add_by_hand", "action_open_scale", _lt("Hand-Adds at the Scale"), "balance-scale"),
    Button("disposition", "action_open_disposition", _lt("Set Disposition"), "gavel", first=True),
    Button("retry", "action_retry", _lt("Retry Write-back"), "repeat", first=True),
    Button(
        "send_again",
        "action_send_again",
        _lt("Send Again"),
        "share",
        _lt(
            "Have you checked the PLC? Send the batch again only if the PLC has certainly not made it. If the PLC later "
            "reports that it took the batch, it is not sent again."
        ),
    ),
    Button(
        "give_up",
        "action_give_up",
        _lt("Give Up This Batch"),
        "eject",
        _lt(
            "Has the PLC certainly stopped working on this batch? Its further reports are ignored. A batch that was seen "
            "running fails with the last accepted values; any other is cancelled and its order is withheld."
        ),
    ),
    Button("enter_amounts", "action_open_amounts", _lt("Enter Amounts"), "pencil"),
    Button(
        "add_fallen",
        "action_add_fallen",
        _lt("Add What Fell"),
        "plus",
        _lt("Has the PLC certainly dosed these quantities, and begun to count again? They are added to what it shows."),
    ),
    Button(
        "take_note",
        "action_take_note",
        _lt("Take Note"),
        "check",
        _lt(
            "Do you know what the PLC dosed? What is stored stays as it is. What has to be booked besides, you book by hand; the "
            "journal has the raw words."
        ),
    ),
    Button(
        "release",
        "action_release_slot",
        _lt("Release the Slot"),
        "unlock",
        _lt(
            "What another system left in this slot will be acknowledged and overwritten. Its registers stay in the journal. "
            "Continue?"
        ),
    ),
    Button(
        "go_on",
        "action_go_on",
        _lt("Resume Sending"),
        "check",
        _lt(
            "Have you compared the queued orders with what the PLC has made? Orders it has already made must not be sent "
            "again: cancel those batches and close their orders first."
        ),
    ),
    Button("command", "action_hold", _lt("Hold"), "pause", where={"on_hold": False}),
    Button("command", "action_resume", _lt("Resume"), "play", first=True, where={"on_hold": True}),
    Button(
        "command",
        "action_abort",
        _lt("Abort"),
        "stop",
        _lt("Ask the PLC to abort this batch? What it has consumed so far stays consumed, and the batch fails."),
    ),
    Button(
        "rebook",
        "action_book_on_new_order",
        _lt("Book on a New Order"),
        "file-o",
        _lt(
            "The order of this batch was closed or cancelled while the PLC was making it. A new order is created for the "
            "produced quantity, and the dosed quantities are booked on it."
        ),
    ),
    Button("rebook", "action_open_booked", _lt("Mark as Booked by Hand"), "pencil"),
    Button(
        "reset",
        "action_reset",
        _lt("Reset"),
        "eraser",
        _lt("Clear the write-back errors of this batch and start its retries over?"),
    ),
    Button(
        "enter_hand_adds",
        "action_open_review",
        _lt("Correct Hand-Adds"),
        "hand-paper-o",
        where={"review_needed": False, "hand_adds_needed": False},
        key="correct_hand_adds",
    ),
    Button("cancel", "action_open_cancel", _lt("Cancel"), "times"),
    Button("requeue", "action_requeue", _lt("Queue Order Again"), "undo"),
)

# name of the decision in api_reset -> the method that carries it out
DECISIONS = dict(action.decision for action in ACTIONS.values() if action.decision)

# What a plant may want to be signed: what people say of amounts and of what the PLC made. Not what stops or retries something,
# which has to be quick, and not what is cancelled before the PLC took it.
SIGNED = (
    "set_weight",
    "release_review",
    "enter_hand_adds",
    "disposition",
    "send_again",
    "give_up",
    "enter_amounts",
    "add_fallen",
    "take_note",
    "release",
    "go_on",
    "rebook",
)
SIGNABLE = [(name, str(next(button.label for button in BUTTONS if button.action == name))) for name in SIGNED]
