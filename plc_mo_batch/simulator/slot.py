"""One slot of the register layout as the PLC program sees it, and the two handshakes."""

from . import words

# Offsets in a slot, the same in the recipe area (Odoo writes) and in the feedback area (the PLC writes).
ORDER, TEXT_WORDS = 1, 8
HEADER_WORDS = 27
PLANNED = 25
LINES, LINE_WORDS = 15, 3  # 13 silos and 2 liquid tanks: an equipment code and two words of kilograms each
FINISHED, FAILED, WEIGHT, FLAG = 72, 73, 74, 76
JOB, ARMED, ACKNOWLEDGED = 77, 79, 81


class Slot:
    """A view of one slot in the register memory; the subclasses are the handshakes.

    It trusts nothing and checks nothing beyond the handshake: whatever the words are, no method raises.
    """

    WORDS = 77  # of the recipe, the longer of the two areas
    RETENTIVE: tuple[int, int] = (0, 0)  # offset and count of the feedback words that may survive a memory loss

    def __init__(self, memory: list[int], number: int, recipe: int, feedback: int, word_order: str):
        self.memory = memory
        self.number = number
        self.recipe = recipe
        self.feedback = feedback
        self.word_order = word_order

    # Handshake

    def is_offered(self) -> bool:
        """Odoo has handed over a recipe that the PLC has not taken."""
        raise NotImplementedError

    def is_acknowledged(self) -> bool:
        """Odoo has stored the feedback that stands in this slot."""
        raise NotImplementedError

    def accept(self) -> int:
        """Tell Odoo that the recipe is taken; the job number, or 0 where the handshake has none."""
        raise NotImplementedError

    def is_waiting(self) -> bool:
        """A finished job's feedback is kept here until Odoo acknowledges it."""
        return self.memory[self.feedback + FINISHED] == 1 and not self.is_acknowledged()

    def is_ready(self) -> bool:
        """The PLC may take this slot's recipe now."""
        return self.is_offered() and not self.is_waiting()

    # What Odoo wrote

    def order(self) -> str:
        """The order name, at most 16 characters."""
        return words.words_to_text(self._read(self.recipe + ORDER, TEXT_WORDS))

    def planned(self) -> float:
        """The planned quantity in kg."""
        return words.words_to_kg(self._read(self.recipe + PLANNED, 2), self.word_order)

    def lines(self) -> list[tuple[int, float]]:
        """Equipment code and target in kg, for every line of the recipe."""
        return [(self.memory[at], words.words_to_kg(self._read(at + 1, 2), self.word_order))
                for at in self._line_addresses(self.recipe)]

    # What the PLC writes

    def take(self) -> int:
        """Accept the recipe, echo it to the feedback and clear what the last job left there; the job number."""
        job = self.accept()
        self._write(self.feedback, self._read(self.recipe, HEADER_WORDS))
        for source, target in zip(self._line_addresses(self.recipe), self._line_addresses(self.feedback), strict=True):
            self._write(target, [self.memory[source], 0, 0])
        self._write(self.feedback + FINISHED, [0, 0, 0, 0])
        return job

    def write_actual(self, line: int, kg: float) -> None:
        """Show the kilograms that the given line (0..14) has dosed so far."""
        self._write(self._line_addresses(self.feedback)[line] + 1, self._kg(kg))

    def write_finished(self, failed: bool) -> None:
        """Declare the actuals final."""
        self._write(self.feedback + FINISHED, [words.bool_to_word(True), words.bool_to_word(failed)])

    def write_weight(self, kg: float) -> None:
        """Show the finished weight."""
        self._write(self.feedback + WEIGHT, self._kg(kg))

    # Words

    def _read(self, address: int, count: int) -> list[int]:
        return self.memory[address:address + count]

    def _write(self, address: int, values: list[int]) -> None:
        self.memory[address:address + len(values)] = values

    def _kg(self, kg: float) -> list[int]:
        # A counter stops at its end, as a PLC's saturating conversion does.
        return words.kg_to_words(min(kg, words.MAX_KG), self.word_order)

    @staticmethod
    def _line_addresses(area: int) -> range:
        first = area + HEADER_WORDS
        return range(first, first + LINES * LINE_WORDS, LINE_WORDS)


class JobNumbersSlot(Slot):
    """Handshake "job numbers": rising numbers, every word has one writer."""

    WORDS = 83
    RETENTIVE = (JOB, 2)

    def is_offered(self) -> bool:
        armed = self._number(self.recipe + ARMED)
        return armed > self._taken() and armed == self._number(self.recipe + JOB)

    def is_acknowledged(self) -> bool:
        return self._number(self.recipe + ACKNOWLEDGED) == self._taken()

    def accept(self) -> int:
        armed = self._read(self.recipe + ARMED, 2)
        self._write(self.feedback + JOB, armed)
        return words.words_to_uint32(armed, self.word_order)

    def _taken(self) -> int:
        return self._number(self.feedback + JOB)

    def _number(self, address: int) -> int:
        return words.words_to_uint32(self._read(address, 2), self.word_order)


class FlagsSlot(Slot):
    """Handshake "flags": word 76 of the recipe 0 = new, 1 = taken; word 76 of the feedback 0 = new, 1 = stored."""

    def is_offered(self) -> bool:
        # At first start every flag is 0: a blank recipe is no recipe.
        return self.memory[self.recipe + FLAG] == 0 and any(self._read(self.recipe, FLAG))

    def is_acknowledged(self) -> bool:
        return self.memory[self.feedback + FLAG] == 1

    def accept(self) -> int:
        self.memory[self.recipe + FLAG] = 1
        self.memory[self.feedback + FLAG] = 0
        return 0


HANDSHAKES: dict[str, type[Slot]] = {"job-numbers": JobNumbersSlot, "flags": FlagsSlot}
