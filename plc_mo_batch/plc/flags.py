"""The handshake "flags", as the mill's first program had it.

The rule: two flags with two writers each. In the recipe 0 is "new", 1 "taken"; in the feedback 1 is "stored". Once offered,
nothing is written again: recipe equal, flag 1 and no feedback may mean made or not yet taken, and what is offered twice can be
made twice. Where the two cannot be distinguished, a person is asked.
"""

from collections.abc import Sequence

from .handshake import ACKNOWLEDGED, STILL_TAKEN, TAKEN, Case, Handshake, Rule, Sight
from .layout import FLAGS
from .sentences import _lt
from .steps import CANCELLED, CANCELLING, ENDED, OFFERED, QUEUED, RUNNING, SENDING, Job, Step, Write


class Flags(Handshake, name=FLAGS):
    """Sights and actions; :data:`Flags.table` below says which action follows when."""

    # Sights

    def _queued(self, case: Case) -> Sight | None:
        if case.job.resent and self._is_shown(case):
            return None
        return Sight.BEHIND if self._known else self._room_for_recipe(case)

    def _sending(self, case: Case) -> Sight:
        return self._room_for_block(case)

    def _free(self, case: Case) -> Sight:
        if self._is_shown(case):
            return Sight.OCCUPIED
        slot = case.job.slot
        return Sight.FREE if self._is_recipe_blank(slot) or self._recipe_role(slot, "recipe_flag") == 1 else Sight.BUSY

    def _handed_over(self, case: Case) -> Sight | None:
        job = case.job
        if self._is_mine(job, case.words) and (job.state == RUNNING or not self._is_stored(case.words)):
            return None
        if job.state == RUNNING:
            return Sight.GONE
        recipe = self.seen.recipe.get(job.slot)
        if recipe is None:
            return Sight.UNREAD
        if not self._is_standing(job, recipe, "recipe_flag"):
            return Sight.ERASED
        if self._recipe_role(job.slot, "recipe_flag") == 0:
            return Sight.STANDING
        return self._behind_closed_gate(job)

    def _behind_closed_gate(self, job: Job) -> Sight:
        """Taken, or never told? Only a PLC that shows the order in the very scan in which it takes it answers that."""
        if not job.settled:
            return Sight.SETTLING
        return Sight.UNTAKEN if self.layout.copies_on_take else Sight.DOUBTFUL

    def _ended(self, case: Case) -> Sight:
        if not self._is_mine(case.job, case.words):
            return Sight.PASSED
        if self._is_changed(case):
            return Sight.CHANGED
        return Sight.PASSED if self._is_stored(case.words) else Sight.SHOWN

    def _acknowledged(self, case: Case) -> Sight:
        if self._is_changed(case):
            return Sight.CHANGED
        return Sight.UNBELIEVED if self._blocks(case) else Sight.NOTHING

    def _is_changed(self, case: Case) -> bool:
        """Another batch of the same order in the slot is what is shown."""
        again = any(other.order == case.job.order and other.id != case.job.id for other in case.in_slot)
        return not again and bool(self._change(case))

    def _is_shown(self, case: Case) -> bool:
        """The feedback is about this order, and was not acknowledged."""
        return self._is_mine(case.job, case.words) and not self._is_stored(case.words)

    def _shows(self, job: Job, words: tuple[int, ...]) -> bool:
        return self._shows_order(job, words)

    def _stands(self, case: Case) -> bool:
        recipe = self.seen.recipe.get(case.job.slot)
        standing = recipe is not None and self._is_standing(case.job, recipe, "recipe_flag")
        return standing and self._recipe_role(case.job.slot, "recipe_flag") == 0

    def _is_mine(self, job: Job, words: tuple[int, ...]) -> bool:
        """The feedback is about this order. Slot and order name identify it."""
        self._believe_slot(job, words)
        return self._shows(job, words)

    def _is_stored(self, words: Sequence[int]) -> bool:
        return self._number("feedback", words, "feedback_flag") == 1

    def _is_recipe_blank(self, slot: int) -> bool:
        return not any(self.seen.recipe[slot])

    # Actions

    def arm(self, case: Case) -> Step | None:
        """Open the gate: from now on the PLC may take it, and the settle time begins again."""
        return Step(case.job.id, write=self._gate("arm", case.job.slot, 0))

    def withdraw(self, case: Case) -> Step | None:
        """Close the gate."""
        return Step(case.job.id, values={"withdrawn": False}, write=self._gate("withdraw", case.job.slot, 1))

    def _gate(self, kind: str, slot: int, flag: int) -> Write:
        return self._write_role(kind, "recipe", slot, "recipe_flag", flag)

    def acknowledge(self, case: Case) -> Step | None:
        """Tell the PLC that the actuals are stored."""
        return Step(case.job.id, write=self._write_role("ack", "feedback", case.job.slot, "feedback_flag", 1))

    def clear(self, slot: int) -> Step | None:
        """Close the gate of a slot in which someone else left a recipe ready to run."""
        if self._is_recipe_blank(slot) or self._recipe_role(slot, "recipe_flag") != 0:
            return None
        return Step(0, write=self._gate("clear", slot, 1), anomaly=self._cleared(slot))

    # A person is asked

    def ask_about_stranger(self, case: Case) -> Step | None:
        """The PLC had made its order before this database handed it over."""
        detail = _lt("order %(order)s is in the feedback, not stored, before it was handed over", order=case.job.order)
        return self._ask(case, "occupied", detail)

    def ask_about_gone(self, case: Case) -> Step | None:
        """It ran, and nothing shows how it ended."""
        return self._ask(case, "lost", _lt("the PLC no longer shows order %(order)s, which was running", order=case.job.order))

    def ask_about_doubt(self, case: Case) -> Step | None:
        """Taken or not: never resolved by writing again."""
        return self._ask(case, "doubt", _lt("it is not known whether the PLC took the recipe"))

    # The decisions: state, sight, action, new state

    table = {
        QUEUED: {
            **TAKEN,  # a person sent it again, but the PLC had taken it after all
            Sight.UNBELIEVED: Rule(Handshake.reject),
            Sight.BEHIND: Rule(Handshake.ask_about_database),
            Sight.OCCUPIED: Rule(ask_about_stranger),
            Sight.RELEASED: Rule(acknowledge),
            Sight.BUSY: Rule(Handshake.wait),
            Sight.FREE: Rule(Handshake.write_block, SENDING),
        },
        SENDING: {
            Sight.UNBELIEVED: Rule(Handshake.reject),
            Sight.OCCUPIED: Rule(ask_about_stranger),
            Sight.BUSY: Rule(Handshake.wait),
            Sight.UNWRITTEN: Rule(Handshake.write_block),
            Sight.WRITTEN: Rule(arm, OFFERED),  # committed before the gate opens: from here on the PLC may know
        },
        OFFERED: {
            **TAKEN,
            Sight.UNBELIEVED: Rule(Handshake.reject),
            Sight.UNREAD: Rule(Handshake.wait),
            Sight.ERASED: Rule(Handshake.ask_about_recipe),
            Sight.STANDING: Rule(Handshake.wait),
            Sight.SETTLING: Rule(Handshake.wait),
            Sight.DOUBTFUL: Rule(ask_about_doubt),
            Sight.UNTAKEN: Rule(arm, OFFERED),  # its own state again: the settle time begins again
        },
        CANCELLING: {
            **TAKEN,  # at the very moment of the withdrawal
            Sight.UNREAD: Rule(Handshake.wait),
            Sight.ERASED: Rule(Handshake.ask_about_recipe),
            Sight.STANDING: Rule(withdraw),
            Sight.SETTLING: Rule(Handshake.store_withdrawn),
            Sight.DOUBTFUL: Rule(ask_about_doubt),
            Sight.UNTAKEN: Rule(Handshake.note, CANCELLED),
        },
        RUNNING: {
            **STILL_TAKEN,
            Sight.GONE: Rule(ask_about_gone),
        },
        **dict.fromkeys(
            ENDED,
            {
                Sight.CHANGED: Rule(Handshake.ask_about_change),
                Sight.SHOWN: Rule(acknowledge),
                Sight.PASSED: Rule(Handshake.store_acknowledged),
            },
        ),
        ACKNOWLEDGED: {
            Sight.NOTHING: Rule(Handshake.wait),
            Sight.CHANGED: Rule(Handshake.ask_about_change),
            Sight.UNBELIEVED: Rule(Handshake.reject),
        },
    }
    sends = (Handshake.write_block, arm)
