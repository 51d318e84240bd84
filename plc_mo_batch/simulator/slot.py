"""One slot of a register layout as the PLC program sees it: the feed mill's layout with its two handshakes, and the ISA-88
one."""

from . import encoding

ORDER = 1  # offset of the order name
LINE_WORDS = 3  # an equipment code and two words of kilograms
FINISHED, FAILED, FLAG = 72, 73, 76  # in the feed mill's layouts

# The ISA-88 layout's state word, and the commands that it accepts
IDLE, RUNNING, COMPLETE, HELD, STOPPED, ABORTED = 1, 2, 3, 9, 11, 13
COMMANDS = {4: "hold", 5: "resume", 8: "abort"}


class Slot:
    """A view of one slot in the register memory; the subclasses are layouts and handshakes.

    It trusts nothing and checks nothing beyond the handshake: no method raises, whatever the words are.
    Offsets are the same in the recipe area (Odoo writes) and in the feedback area (the PLC writes), unless they name one of them.
    """

    RECIPE_BASE, FEEDBACK_BASE, STRIDE, WORD_ORDER = 7000, 6000, 100, "high"  # unless others are given
    WORDS = 77  # of the longer of the two areas
    SIGNATURE = (0x4D4F, 0x4642)  # "MOFB", high word first: what the PLC shows in each slot
    SIGNED = 79  # where, in the feedback
    RETENTIVE: tuple[int, int] = (0, 0)  # offset and count of the feedback words that may survive a memory loss
    ORDER_WORDS = 8
    PLANNED = 25
    HEADER_WORDS = 27  # slot number, names, planned quantity; the lines follow
    LINES = 15  # 13 silos and 2 liquid tanks
    WEIGHT = 74  # feedback

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
        """Odoo has stored the feedback in this slot."""
        raise NotImplementedError

    def accept(self) -> int:
        """Show Odoo that the recipe is taken; return the job number, or 0 if the handshake has none."""
        raise NotImplementedError

    def is_waiting(self) -> bool:
        """A finished job's feedback is kept here until Odoo acknowledges it."""
        return self.has_ended() and not self.is_acknowledged()

    def has_ended(self) -> bool:
        """The feedback shows a job whose actuals are final."""
        return self.memory[self.feedback + FINISHED] == 1

    def is_ready(self) -> bool:
        """The PLC may take this slot's recipe now."""
        return self.is_offered() and not self.is_waiting()

    # What Odoo wrote

    def order(self) -> str:
        """The order name, two characters a word."""
        return encoding.words_to_text(self._read(self.recipe + ORDER, self.ORDER_WORDS))

    def planned(self) -> float:
        """The planned quantity in kg."""
        return self._kg(self.recipe + self.PLANNED)

    def lines(self) -> list[tuple[int, float]]:
        """Equipment code and target in kg, for every line of the recipe."""
        return [(self.memory[at], self._kg(at + 1)) for at in self._line_addresses(self.recipe)]

    def command(self, job: int) -> int:
        """The command written for the running job, 0 for none; the feed mill's layouts have none."""
        return 0

    # What the PLC writes

    def take(self) -> int:
        """Accept the recipe, echo it to the feedback and clear what the last job left there; return the job number."""
        job = self.accept()
        self._write(self.feedback, self._read(self.recipe, self.HEADER_WORDS))
        for source, target in zip(self._line_addresses(self.recipe), self._line_addresses(self.feedback), strict=True):
            self._write(target, [self.memory[source], 0, 0])
        self._write(self.feedback + self.WEIGHT, [0, 0])
        self.write_running(False)
        return job

    def write_actual(self, line: int, kg: float) -> None:
        """Show the kilograms that the given line (from 0) has dosed so far."""
        self._write_kg(self._line_addresses(self.feedback)[line] + 1, kg)

    def write_weight(self, kg: float) -> None:
        """Show the finished weight."""
        self._write_kg(self.feedback + self.WEIGHT, kg)

    def write_running(self, held: bool) -> None:
        """Show that the job runs; the feed mill's layouts cannot show that it is on hold."""
        self._write(self.feedback + FINISHED, [encoding.bool_to_word(False)] * 2)

    def write_end(self, outcome: str) -> None:
        """Declare the actuals final; ``outcome`` is one of ``batch.OUTCOMES``."""
        self._write(self.feedback + FINISHED, [encoding.bool_to_word(True), encoding.bool_to_word(outcome != "finished")])

    def write_idle(self) -> None:
        """Show that nothing is left to do here, if that is so and the layout can show it."""

    def write_signature(self) -> None:
        """Show where this slot's feedback is, and in which order its words are."""
        self._write(self.feedback + self.SIGNED, list(self.SIGNATURE if self.word_order == "high" else self.SIGNATURE[::-1]))

    def write_sum(self) -> None:
        """Show what this program reads in the recipe: planned quantity and targets, added up, beside the signature."""
        kg = self.planned() + sum(target for _code, target in self.lines())
        self._write_kg(self.feedback + self.SIGNED + 2, max(0.0, kg))

    # Words

    def _read(self, address: int, count: int) -> list[int]:
        return self.memory[address : address + count]

    def _write(self, address: int, values: list[int]) -> None:
        self.memory[address : address + len(values)] = values

    def _kg(self, address: int) -> float:
        return encoding.words_to_kg(self._read(address, 2), self.word_order)

    def _write_kg(self, address: int, kg: float) -> None:
        # A counter stops at its limit, as a PLC's saturating conversion does.
        self._write(address, encoding.kg_to_words(min(kg, encoding.MAX_KG), self.word_order))

    def _line_addresses(self, area: int) -> range:
        first = area + self.HEADER_WORDS
        return range(first, first + self.LINES * LINE_WORDS, LINE_WORDS)


class JobNumbersSlot(Slot):
    """Handshake "job numbers": rising numbers, every word has one writer."""

    WORDS = 83
    JOB, ARMED, ACKNOWLEDGED = 77, 79, 81  # recipe
    TAKEN = 77  # feedback
    RETENTIVE = (TAKEN, 2)

    def is_offered(self) -> bool:
        armed = self._number(self.recipe + self.ARMED)
        return armed > self._taken() and armed == self._number(self.recipe + self.JOB)

    def is_acknowledged(self) -> bool:
        return self._number(self.recipe + self.ACKNOWLEDGED) == self._taken()

    def accept(self) -> int:
        armed = self._read(self.recipe + self.ARMED, 2)
        self._write(self.feedback + self.TAKEN, armed)
        return encoding.words_to_uint32(armed, self.word_order)

    def _taken(self) -> int:
        return self._number(self.feedback + self.TAKEN)

    def _number(self, address: int) -> int:
        return encoding.words_to_uint32(self._read(address, 2), self.word_order)


class FlagsSlot(Slot):
    """Handshake "flags": word 76 of the recipe 0 = new, 1 = taken; word 76 of the feedback 0 = new, 1 = stored."""

    WORDS = 81
    SIGNED = 77

    def is_offered(self) -> bool:
        # At first start every flag is 0: a blank recipe does not count as one.
        return self.memory[self.recipe + FLAG] == 0 and any(self._read(self.recipe, FLAG))

    def is_acknowledged(self) -> bool:
        return self.memory[self.feedback + FLAG] == 1

    def accept(self) -> int:
        self.memory[self.recipe + FLAG] = 1
        self.memory[self.feedback + FLAG] = 0
        return 0


class Isa88Slot(JobNumbersSlot):
    """Layout "ISA-88": float32, low word first, any equipment on any of 24 lines, one state word, commands.

    The feedback of an ended job goes to idle, with all its actuals, once it is acknowledged.
    """

    RECIPE_BASE, FEEDBACK_BASE, STRIDE, WORD_ORDER = 1000, 3000, 110, "low"
    WORDS = 102
    ORDER_WORDS = 10
    PLANNED = 19
    HEADER_WORDS = 21
    LINES = 24
    JOB, ARMED, ACKNOWLEDGED, COMMAND_JOB, COMMAND = 93, 95, 97, 99, 101  # recipe
    STATE, WEIGHT, TAKEN, SIGNED = 93, 94, 96, 98  # feedback
    RETENTIVE = (TAKEN, 2)

    def has_ended(self) -> bool:
        return self.memory[self.feedback + self.STATE] in (COMPLETE, STOPPED, ABORTED)

    def command(self, job: int) -> int:
        return self.memory[self.recipe + self.COMMAND] if self._number(self.recipe + self.COMMAND_JOB) == job else 0

    def write_running(self, held: bool) -> None:
        self._write(self.feedback + self.STATE, [HELD if held else RUNNING])

    def write_end(self, outcome: str) -> None:
        state = {"finished": COMPLETE, "failed": STOPPED, "aborted": ABORTED}[outcome]
        self._write(self.feedback + self.STATE, [state])

    def write_idle(self) -> None:
        is_blank = self.memory[self.feedback + self.STATE] == 0
        if is_blank or (self.has_ended() and self.is_acknowledged()):
            self._write(self.feedback + self.STATE, [IDLE])

    def _kg(self, address: int) -> float:
        # Its scales resolve hundredths.
        return round(encoding.words_to_float(self._read(address, 2), self.word_order), 2)

    def _write_kg(self, address: int, kg: float) -> None:
        self._write(address, encoding.float_to_words(min(kg, encoding.MAX_KG), self.word_order))


LAYOUTS: dict[str, dict[str, type[Slot]]] = {
    "mill": {"job-numbers": JobNumbersSlot, "flags": FlagsSlot},
    "isa88": {"job-numbers": Isa88Slot},
}
