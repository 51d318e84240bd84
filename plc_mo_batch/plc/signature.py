"""What the signature in the feedback proves about the wiring: a constant that the PLC shows in each of its slots.

Its four bytes differ, so each of the usual mistakes shows another picture: an address too far, the other word first, the other
byte first. Only the connection test looks for it beside its place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .layout import SIGNATURE, Layout
from .sentences import Sentence, _lt
from .wire import LinkError, Wire

NEAR = 16  # words before and after its place in which a signature is looked for

RIGHT, ABSENT, ELSEWHERE, WRONG = "right", "absent", "elsewhere", "wrong"


@dataclass(frozen=True)
class Finding:
    """What became of the signature: ``RIGHT``, ``ABSENT`` (zeros), ``ELSEWHERE`` (moved or swapped), ``WRONG`` (other words).

    :param off: how many words further on it lies than the layout says
    :param words_swapped, bytes_swapped: against the layout's orders
    """

    kind: str
    off: int = 0
    words_swapped: bool = False
    bytes_swapped: bool = False

    def sentences(self) -> Iterator[Sentence]:
        """What is wrong and what to do, one each; none if it is right or absent."""
        if self.kind == WRONG:
            yield _lt("The signature is not where the layout says, nor near it.")
        if self.off > 0:
            yield _lt("The signature lies %(count)s words too far on: raise the address offset by as many.", count=self.off)
        if self.off < 0:
            yield _lt("The signature lies %(count)s words too early: lower the address offset by as many.", count=-self.off)
        if self.words_swapped:
            yield _lt("The two words of the signature are swapped: change the word order of the layout.")
        if self.bytes_swapped:
            yield _lt("The bytes of the signature are swapped: change Swap Bytes of the layout.")


def find(right: tuple[int, ...], words: Sequence[int], place: int) -> Finding:
    """The signature among ``words``, where it should begin at ``place``: nearest first, and as it is before swapped."""
    for start in sorted(range(len(words)), key=lambda start: abs(start - place)):
        shown = tuple(words[start : start + len(right)])
        for swapped in (False, True):
            for turned in (False, True):
                if shown == _mistaken(right, swapped, turned):
                    same = start == place and not swapped and not turned
                    return Finding(RIGHT if same else ELSEWHERE, start - place, swapped, turned)
    return Finding(WRONG if any(words) else ABSENT)


def search(wire: Wire, layout: Layout, words: Sequence[int]) -> Finding | None:
    """What slot 1 of the feedback shows: at the signature's own place, or else in its neighbourhood, by one request more.

    :param words: the slot's, from its first
    :return: None if the layout has no signature there
    """
    expected = _expected(layout)
    if not expected:
        return None
    place, right = expected
    found = find(right, words[place : place + len(right)], 0)
    if found.kind == RIGHT:
        return found
    middle = layout.address("feedback", 1, place)
    first = max(0, middle - NEAR)
    count = min(0x10000, middle + len(right) + NEAR) - first
    try:
        near = wire.read_words(first, count, layout.area("feedback").registers)
    except LinkError:
        return found  # the device ends there: what was read is all there is
    beside = find(right, near, middle - first)
    return beside if beside.kind == ELSEWHERE else found


def _expected(layout: Layout) -> tuple[int, tuple[int, ...]] | None:
    """(offset in the slot, words) of the signature in the feedback, as the layout says."""
    value = layout.signature("feedback")
    if not value:
        return None
    place, words = layout.words_of("feedback", SIGNATURE, value)
    return place, tuple(words)


def _mistaken(words: tuple[int, ...], swapped: bool, turned: bool) -> tuple[int, ...]:
    """What the words look like with the other word first, or the other byte."""
    ordered = words[::-1] if swapped else words
    return tuple((word >> 8) | (word & 0xFF) << 8 for word in ordered) if turned else ordered
