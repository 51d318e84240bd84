"""What the commissioning check tries on a PLC that has no batch: it writes, but never what a right program would make.

A step that a kill ends halfway leaves a recipe that is not armed, or armed with a job that must not be taken: ``clean`` ends
both.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from .codec import CodecError
from .layout import JOB_NUMBERS, Layout
from .wire import Endpoint, LinkError, Wire
from .wires import opened

SLOT = 1  # the one that each layout has
ORDER = "ODOO TEST"
# In hundredths the low words of their sum overflow: a program that swaps words forth and back again shows another sum.
TARGETS = (600.17, 599.83, 11.52)
NEAR_ENOUGH = 0.05  # kg of the sum: each of its numbers was rounded
PAUSE = 0.05  # seconds between looks
SIMULATOR = (65500, (0x506C, 0x6320, 0x5369, 0x6D75, 0x6C61, 0x746F, 0x7221))  # where it says "Plc Simulator!"


@dataclass(frozen=True)
class Tried:
    """What came of a trial.

    :param sent: the words that were written from the start of the recipe on
    :param recipe, feedback: what the slot showed at its end
    :param is_right: what was asked is so; None: the PLC cannot say it, a person must
    """

    sent: tuple[int, ...]
    recipe: tuple[int, ...]
    feedback: tuple[int, ...]
    is_right: bool | None = None

    @property
    def was_stored(self) -> bool:
        """What was written came back."""
        return self.recipe[: len(self.sent)] == self.sent


class Trial:
    """Trials in the first slot. Each connects and lets go.

    :param codes: what may stand on lines for which the layout has no code
    :param seconds: how long the PLC may take to show something
    :raise LinkError: by each method, if the PLC does not answer as it should
    :raise CodecError: likewise, if the layout cannot hold the numbers
    """

    def __init__(self, endpoint: Endpoint, layout: Layout, codes: Iterable[int], seconds: float):
        self.endpoint = endpoint
        self.layout = layout
        self.seconds = seconds
        self.codes = [code for code in layout.codes if code] or list(codes)

    def lines(self) -> list[tuple[int, float]]:
        """(code, kg) of the known recipe."""
        return list(zip(self.codes, TARGETS[: len(self.layout.codes)], strict=False))

    def quantity(self) -> float:
        """The known planned quantity: the sum of the lines."""
        return sum(kg for _code, kg in self.lines())

    def show_numbers(self) -> Tried:
        """Write the known recipe, and leave it there, not armed. Right if the PLC shows its sum; None without a field for it."""
        with self._wire() as wire:
            sent = self._write(wire, self.lines(), self._taken(self._feedback(wire)))
            is_right = self._wait(wire, self._shows_sum) if self._has_sum() else None
            return Tried(sent, self._recipe(wire), self._feedback(wire), is_right)

    def has_other_sum(self, words: Sequence[int]) -> bool:
        """The PLC's program adds up, and other numbers than were written."""
        items = self.layout.area("feedback").by_role("recipe_sum")
        return any(word for item in items for word in words[item.offset : item.end]) and not self._shows_sum(tuple(words))

    def arm_in_vain(self) -> Tried:
        """Offer what must not be taken, without a target, so that nothing would be dosed; right if the PLC did not take it.

        With job numbers it is the job that was taken last; if none was, one whose recipe is another's. With flags: the flag says
        that the recipe is taken.
        """
        with self._wire() as wire:
            taken = self._taken(self._feedback(wire))
            try:
                sent = self._write(wire, [(code, 0.0) for code, _kg in self.lines()], taken)
                if self.layout.handshake == JOB_NUMBERS:
                    self._write_role(wire, "armed_job", taken or 1)
                was_taken = self._wait(wire, lambda words: self._took(words, taken))
                return Tried(sent, self._recipe(wire), self._feedback(wire), not was_taken)
            finally:
                self._clean(wire)

    def clean(self) -> Tried:
        """Leave the recipe as in a new PLC; right if it was stored."""
        with self._wire() as wire:
            sent = self._clean(wire)
            recipe = self._recipe(wire)
            return Tried(sent, recipe, self._feedback(wire), recipe[: len(sent)] == sent)

    def memory(self) -> dict[int, tuple[int, ...]]:
        """What must survive a restart, of each slot: the words of its taken job; with flags, of its slot number and order."""
        roles = ("taken_job",) if self.layout.handshake == JOB_NUMBERS else ("slot", "order")
        places = [self.layout.area("feedback").field(role) for role in roles]
        with self._wire() as wire:
            slots = {slot: self._feedback(wire, slot) for slot in range(1, self.layout.slots + 1)}
        return {slot: tuple(word for item in places for word in words[item.offset : item.end]) for slot, words in slots.items()}

    def is_simulator(self) -> bool:
        """The far end says that it is the simulator: no person is needed, and none could switch it off."""
        address, words = SIMULATOR
        try:
            with self._wire() as wire:
                return wire.read_words(address, len(words), self.layout.area("feedback").registers) == words
        except LinkError:
            return False  # most PLCs have no registers there

    # Helpers

    def _wire(self) -> AbstractContextManager[Wire]:
        return opened(self.endpoint, self.layout.handshake)

    def _recipe(self, wire: Wire) -> tuple[int, ...]:
        return wire.read_words(*self.layout.request("recipe", SLOT))

    def _feedback(self, wire: Wire, slot: int = SLOT) -> tuple[int, ...]:
        return wire.read_words(*self.layout.request("feedback", slot))

    def _write(self, wire: Wire, lines: Sequence[tuple[int, float]], job: int) -> tuple[int, ...]:
        recipe = self.layout.recipe(lines, slot=SLOT, order=ORDER, quantity=self.quantity())
        return self._write_words(wire, self.layout.block(recipe, job))

    def _write_role(self, wire: Wire, role: str, value: int) -> None:
        offset, words = self.layout.words_of("recipe", role, value)
        self._write_words(wire, words, offset)

    def _write_words(self, wire: Wire, words: Sequence[int], offset: int = 0) -> tuple[int, ...]:
        wire.write_words(self.layout.address("recipe", SLOT, offset), words, self.layout.area("recipe").registers)
        return tuple(words)

    def _clean(self, wire: Wire) -> tuple[int, ...]:
        """Disarm first: nothing of what follows is offered then. With flags the gate stays closed."""
        words = [0] * self.layout.block_words
        if self.layout.handshake == JOB_NUMBERS:
            self._write_role(wire, "armed_job", 0)
        else:
            offset, flag = self.layout.words_of("recipe", "recipe_flag", 1)
            words[offset : offset + len(flag)] = flag
        return self._write_words(wire, words)

    def _wait(self, wire: Wire, is_so: Callable[[tuple[int, ...]], bool]) -> bool:
        """It was so at some look before the time was over."""
        until = time.monotonic() + self.seconds
        while not is_so(self._feedback(wire)):
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE)
        return True

    def _has_sum(self) -> bool:
        return bool(self.layout.area("feedback").by_role("recipe_sum"))

    def _shows_sum(self, words: tuple[int, ...]) -> bool:
        try:
            shown: float = self.layout.value("feedback", words, "recipe_sum")
        except CodecError:
            return False
        return abs(shown - 2 * self.quantity()) < NEAR_ENOUGH

    def _taken(self, words: tuple[int, ...]) -> int:
        """The job that the slot shows as taken; 0 with flags."""
        if self.layout.handshake != JOB_NUMBERS:
            return 0
        return int(self.layout.value("feedback", words, "taken_job"))

    def _took(self, words: tuple[int, ...], before: int) -> bool:
        with suppress(CodecError):
            if self.layout.value("feedback", words, "order") == ORDER:
                return True
        return self._taken(words) != before
