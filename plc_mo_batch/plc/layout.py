"""A register layout: areas, slots, fields, and the position of each word.

A layout is data (records in Odoo); the records compile to this. Addresses are the protocol's 0-based ones;
``address_offset`` serves PLCs that count from 1 or from 40001.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from math import isclose
from typing import Any

from .codec import FLOATS, FORMATS, Field, SlotCodec, range_of
from .sentences import Label, Number, Sentence, _lt, either, listed, role

MAX_READ = 125  # registers in one request (Modbus specification 6.3)
MAX_WRITE = 123  # registers in one request (Modbus specification 6.12)
MOST_LINES = MAX_READ + 1  # of a repeated field: already too many for a slot, as the sentences about it say

HOLDING_FROM = 400001  # the first holding register in lists with six digits
HOLDING = "holding"  # readable and writable
INPUT = "input"  # read-only

JOB_NUMBERS = "job_numbers"
FLAGS = "flags"
HANDSHAKES = (JOB_NUMBERS, FLAGS)

FAILURE = "failure"
WEIGHING = "weighing"
EVENT_AREAS = (FAILURE, WEIGHING)  # what happens beside the batches; optional, with slots of their own
CLOCK = "clock"  # what the PLC's clock shows: one slot, read-only
LEVEL = "level"  # what the sensors of the silos show: one slot, read-only, a row a silo
SHOWN_AREAS = (CLOCK, LEVEL)  # that the PLC shows and nobody answers
AREAS = ("recipe", "feedback", *EVENT_AREAS, *SHOWN_AREAS)
OPTIONAL_AREAS = (*EVENT_AREAS, *SHOWN_AREAS)
# their names in sentences
AREA_NAMES = {
    "recipe": _lt("recipe"),
    "feedback": _lt("feedback"),
    FAILURE: _lt("failure"),
    WEIGHING: _lt("weighing"),
    CLOCK: _lt("clock"),
    LEVEL: _lt("level"),
}

DATE_ROLES = ("year", "month", "day", "hour", "minute", "second")  # in the PLC's local time
COMMON_ROLES = ("slot", "order", "line_code", "line_quantity")
REQUIRED = {
    (JOB_NUMBERS, "recipe"): (*COMMON_ROLES, "quantity", "recipe_job", "armed_job", "acknowledged_job"),
    (JOB_NUMBERS, "feedback"): (*COMMON_ROLES, "weight", "taken_job"),
    (FLAGS, "recipe"): (*COMMON_ROLES, "quantity", "recipe_flag"),
    (FLAGS, "feedback"): (*COMMON_ROLES, "weight", "feedback_flag"),
    **{(handshake, FAILURE): ("equipment", "failure", "event_flag") for handshake in HANDSHAKES},
    **{(handshake, WEIGHING): ("slot", "order", "weighed", "event_flag") for handshake in HANDSHAKES},
    **{(handshake, CLOCK): DATE_ROLES for handshake in HANDSHAKES},
    **{(handshake, LEVEL): ("line_code", "line_quantity") for handshake in HANDSHAKES},
}
# the roles of events and clock, and all roles that these areas may have
EVENT_ROLES = (
    "equipment",
    "failure",
    "product_number",
    "product_code",
    "lot",
    "weighed",
    "event_flag",
    "event_number",
    *DATE_ROLES,
)
SIGNATURE = "signature"  # a constant that a side shows in each of its slots: proves addresses, word order and byte order
SIGNATURES = range(0x80000000)  # the limit of the database's integer
ROLES_OF_AREA = {
    FAILURE: ("equipment", "failure", "event_flag", "event_number", *DATE_ROLES),
    WEIGHING: ("slot", "order", "product_number", "product_code", "lot", "weighed", "event_flag", "event_number", *DATE_ROLES),
    CLOCK: DATE_ROLES,
    LEVEL: ("line_code", "line_quantity"),
}
# how a weighing may name its product
NAMES = ("product_number", "product_code")
# how a layout may report the outcome of a batch
OUTCOMES = (("finished", "failed"), ("state",))
# written alone, after the block: not part of it
HANDSHAKE_ROLES = ("armed_job", "acknowledged_job", "command_job", "command")
QUANTITY_ROLES = ("line_quantity", "quantity", "weight", "weighed")
DRIFTING_ROLES = ("line_quantity", "weight")  # of the feedback and of levels: what scales show
# the types that a role may have, if not every number is allowed
NUMBERS = tuple(FORMATS)
INTEGERS = tuple(name for name in NUMBERS if name not in FLOATS)
TYPES_OF_ROLE = {
    **dict.fromkeys(("order", "formula", "product", "product_code", "lot"), ("ascii",)),
    **dict.fromkeys(("recipe_job", "armed_job", "acknowledged_job", "command_job", "taken_job"), ("uint32",)),
    "signature": ("uint32",),
    **dict.fromkeys(("finished", "failed"), ("bool",)),
    **dict.fromkeys(("slot", "line_code", "recipe_flag", "feedback_flag", "state", "command"), INTEGERS),
    **dict.fromkeys(("equipment", "failure"), ("ascii", *INTEGERS)),
    **dict.fromkeys(("product_number", "event_flag", "event_number", *DATE_ROLES), INTEGERS),
}


@dataclass(frozen=True)
class Area:
    """Slots of one kind: slot ``n`` begins at ``base + (n - 1) * stride``; ``registers`` is their memory, which the wire
    knows (``wire.Family``): with Modbus :data:`HOLDING` or :data:`INPUT`.

    ``slots``: how many events the area can show at the same time; recipe and feedback have as many slots as the layout.
    """

    kind: str
    base: int
    stride: int
    fields: tuple[Field, ...]
    registers: str = HOLDING
    slots: int = 1

    @property
    def name(self) -> Sentence:
        """Its name in sentences."""
        return AREA_NAMES[self.kind]

    @property
    def extent(self) -> int:
        """The number of words from the start of a slot to the end of its last field."""
        return max((item.end for item in self.fields), default=0)

    def by_role(self, role: str) -> list[Field]:
        """The fields of a role, by line."""
        return sorted((item for item in self.fields if item.role == role), key=lambda item: item.index)

    def field(self, role: str) -> Field:
        """The one field of a role.

        :raise KeyError: if the area has none
        """
        found = self.by_role(role)
        if not found:
            raise KeyError(role)
        return found[0]


def slot_count(kind: str, slots: int, event_slots: int) -> int:
    """How many slots an area has: of recipes as many as the layout, of events as many as it says, of what is only shown one."""
    if kind in SHOWN_AREAS:
        return 1
    return event_slots if kind in EVENT_AREAS else slots


def word_of(base: int, stride: int, slot: int, offset: int) -> int:
    """A word of slot ``slot`` (from 1), counted as the base is; ``stride`` words from one slot to the next."""
    return base + (slot - 1) * stride + offset


@dataclass(frozen=True)
class Layout:
    """The areas of a PLC, its handshake and its word order.

    ``copies_on_take``: with flags, the PLC shows an order in its feedback in the very scan in which it takes it.
    ``drift``: how far an empty scale may drift. An amount so far below zero is zero; one that falls by no more has not fallen.
    """

    handshake: str
    slots: int
    areas: tuple[Area, ...]
    word_order: str = "high"
    swap_bytes: bool = False
    address_offset: int = 0
    copies_on_take: bool = False
    drift: float = 0.0
    text_order: str = "same"
    _codecs: dict[str | tuple[str, str], SlotCodec] = field(default_factory=dict, init=False, compare=False, repr=False)

    def area(self, kind: str) -> Area:
        """The area of a kind, one of :data:`AREAS`.

        :raise KeyError: if the layout has none
        """
        for area in self.areas:
            if area.kind == kind:
                return area
        raise KeyError(kind)

    def has(self, kind: str) -> bool:
        """The layout has an area of this kind."""
        return any(area.kind == kind for area in self.areas)

    def count(self, kind: str) -> int:
        """How many slots an area has."""
        return slot_count(kind, self.slots, self.area(kind).slots)

    @cached_property
    def event_places(self) -> tuple[tuple[str, int], ...]:
        """(area, slot) of each event slot: each needs a request of its own."""
        return tuple((kind, slot) for kind in EVENT_AREAS if self.has(kind) for slot in range(1, self.count(kind) + 1))

    def codec(self, kind: str) -> SlotCodec:
        """The compiled fields of an area."""
        if kind not in self._codecs:
            self._codecs[kind] = self._new_codec(self.read_as(kind))
        return self._codecs[kind]

    def read_as(self, kind: str) -> tuple[Field, ...]:
        """The fields of an area, as scales need them to be read."""
        if kind not in ("feedback", LEVEL):
            return self.area(kind).fields
        return tuple(replace(item, drift=self.drift) if item.role in DRIFTING_ROLES else item for item in self.area(kind).fields)

    def _new_codec(self, fields: Iterable[Field]) -> SlotCodec:
        return SlotCodec(fields, self.word_order, self.swap_bytes, self.text_order)

    def value_of(self, item: Field, words: Sequence[int]) -> Any:
        """The value of one field.

        :param words: its own, and no others
        :raise CodecError: if they do not match its type or limits
        """
        return self._new_codec([replace(item, role="value", offset=0)]).decode(words)["value"]

    def address(self, kind: str, slot: int, offset: int = 0) -> int:
        """Protocol address of a word of slot ``slot`` (from 1)."""
        area = self.area(kind)
        return self.address_offset + word_of(area.base, area.stride, slot, offset)

    def request(self, kind: str, slot: int) -> tuple[int, int, str]:
        """(address, words, registers) of the one request that reads a whole slot: a slot that is read in two can be torn."""
        return self.address(kind, slot), self.codec(kind).words, self.area(kind).registers

    def below_zero(self, words: Sequence[int]) -> list[Sentence]:
        """The quantities of a believed feedback that were read as zero although they are below it."""
        items = [replace(item, minimum=None) for item in self.area("feedback").fields if item.role in DRIFTING_ROLES]
        found = []
        for item in sorted(items, key=lambda item: item.offset):
            value = self.value_of(item, words[item.offset : item.end])
            if value < 0:
                found.append(Sentence("%(field)s %(value)s", {"field": item.label, "value": Number(f"{value:.15g}")}))
        return found

    # Recipes

    @cached_property
    def codes(self) -> tuple[int | None, ...]:
        """The equipment code that belongs on each line of a recipe; None if any may be there."""
        return tuple(item.value for item in self.area("recipe").by_role("line_code"))

    @cached_property
    def block_words(self) -> int:
        """Length of the recipe block: everything up to what the handshake writes alone."""
        return max(item.end for item in self.area("recipe").fields if item.role not in HANDSHAKE_ROLES)

    def recipe(self, lines: Iterable[tuple[int, float]], **values: Any) -> dict[str, Any]:
        """The recipe by role.

        :param lines: equipment code and target of each component; code 0 (added by hand) is left out. Targets of one code are
            one dosing: their sum
        :param values: what occurs once: slot, order, formula, product, quantity
        """
        targets: dict[int | None, float] = {}
        for code, quantity in lines:
            if code:
                targets[code] = targets.get(code, 0.0) + quantity
        codes = self.codes
        if None in codes:  # any equipment may be on any line: only what is used, in the order of the recipe
            codes = (*targets, *[0] * (len(codes) - len(targets)))
        return {**values, "line_code": codes, "line_quantity": [targets.get(code, 0.0) for code in codes]}

    def block(self, values: Mapping[str, Any], job: int = 0) -> list[int]:
        """The words of a recipe block, with the gate closed.

        :param values: the recipe by role, in kg and text
        :param job: the job number (handshake "job numbers")
        :raise CodecError: naming the field whose value does not fit
        """
        handed = {**values, "recipe_job": job, "recipe_flag": 1, SIGNATURE: self.signature("recipe")}
        return self.codec("recipe").encode(handed)[: self.block_words]

    def signature(self, kind: str) -> int | None:
        """The constant that proves where the slots of an area are; None if the layout has none there."""
        return next((item.value for item in self.area(kind).by_role(SIGNATURE)), None)

    def value(self, kind: str, words: Sequence[int], role: str) -> Any:
        """The value of the one field of a role, whatever the rest of the slot contains.

        :param words: the slot's words, from its first
        :raise CodecError: if its words do not match its type or limits
        """
        return self._alone(kind, role).decode(words)[role]

    def most(self, role: str) -> float:
        """The largest value of a role that the feedback can show, whichever line shows it."""
        return max(float(range_of(item)[1]) for item in self.area("feedback").by_role(role))

    def words_of(self, kind: str, role: str, value: Any) -> tuple[int, list[int]]:
        """(offset, words) of one field set to ``value``.

        :raise CodecError: naming the field if the value does not fit
        """
        offset = self.area(kind).field(role).offset
        return offset, self._alone(kind, role).encode({role: value})[offset:]

    def _alone(self, kind: str, role: str) -> SlotCodec:
        """The slot with this field alone: the others may refuse the 0 that they would get, or contain nonsense."""
        if (kind, role) not in self._codecs:
            self._codecs[kind, role] = self._new_codec([self.area(kind).field(role)])
        return self._codecs[kind, role]

    # Checks

    def problems(self) -> list[Sentence]:
        """What is wrong with the layout, one sentence each, naming field and word; empty if it can be used."""
        return self._problems

    @cached_property
    def _problems(self) -> list[Sentence]:
        found: list[Sentence] = []
        for kind in AREAS:
            areas = [area for area in self.areas if area.kind == kind]
            if len(areas) > 1 or not areas and kind not in OPTIONAL_AREAS:
                sentence = _lt(
                    "There must be exactly one %(area)s area, but there are %(count)s.", area=AREA_NAMES[kind], count=len(areas)
                )
                found.append(sentence)
            elif areas:
                found += self._area_problems(areas[0])
        return found or self._overlapping_areas() + self._unequal_lines() + self._unequal_names()

    def _area_problems(self, area: Area) -> list[Sentence]:
        found = [
            _lt("The %(area)s area needs a field with the role %(role)s.", area=area.name, role=role(needed))
            for needed in REQUIRED[self.handshake, area.kind]
            if not area.by_role(needed)
        ]
        if area.kind == "feedback" and not any(all(map(area.by_role, roles)) for roles in OUTCOMES):
            told = {name: role(name) for roles in OUTCOMES for name in roles}
            found.append(
                _lt("The feedback area needs either the roles %(finished)s and %(failed)s, or the role %(state)s.", **told)
            )
        if area.kind == WEIGHING and not any(map(area.by_role, NAMES)):
            number, code = map(role, NAMES)
            found.append(_lt("The weighing area needs the role %(number)s or the role %(code)s.", number=number, code=code))
        codes, levels = (len(area.by_role(name)) for name in ROLES_OF_AREA[LEVEL])
        if area.kind == LEVEL and codes != levels:
            sentence = _lt(
                "The level area needs as many equipment codes (%(codes)s) as quantities (%(levels)s).", codes=codes, levels=levels
            )
            found.append(sentence)
        found += self._split_writes(area) + overlaps(area) + doubled(area) + wrong_types(area) + wrong_roles(area)
        found += incomplete_date(area) + weak_signature(area)
        return found + self._wrong_place(area)

    def _wrong_place(self, area: Area) -> list[Sentence]:
        found = []
        limit = MAX_WRITE if area.kind == "recipe" else MAX_READ
        told = {"area": area.name, "words": area.extent, "stride": area.stride, "limit": limit}
        if area.extent > area.stride:
            found.append(_lt("The %(area)s area's fields take %(words)s words, but its stride is %(stride)s.", **told))
        if area.extent > limit:
            found.append(_lt("A %(area)s slot takes %(words)s words, but one request can hold only %(limit)s.", **told))
        if area.registers == INPUT and not can_be_input(area.kind, self.handshake):
            sentence = _lt("Odoo writes to the %(area)s area, so it cannot use input registers, which are read-only.", **told)
            found.append(sentence)
        if area.kind in EVENT_AREAS and area.slots < 1:
            found.append(_lt("The %(area)s area needs at least one slot.", **told))
        if area.base + self.address_offset < 0 or self.address(area.kind, self.count(area.kind)) + area.extent > 0x10000:
            found.append(_lt("The %(area)s area must lie between addresses 0 and 65535.", **told))
            if area.base + self.address_offset >= HOLDING_FROM:
                found.append(
                    _lt(
                        "Does the PLC's list count from %(first)s? Then take that off: enter -%(first)s as the layout's address "
                        "offset.",
                        first=HOLDING_FROM,
                    )
                )
        return found

    def too_long(self, max_read: int, max_write: int) -> list[Sentence]:
        """A sentence for each area whose slot a device cannot take in one request: a slot that is read or written in two can be
        torn."""
        found = [
            _lt(
                "A %(area)s slot takes %(words)s words, but the PLC answers at most %(limit)s in one read.",
                area=area.name,
                words=area.extent,
                limit=max_read,
            )
            for area in self.areas
            if area.extent > max_read
        ]
        if self.block_words > max_write:
            told = {"words": self.block_words, "limit": max_write}
            found.append(_lt("A recipe takes %(words)s words, but the PLC accepts at most %(limit)s in one write.", **told))
        return found

    def _split_writes(self, area: Area) -> list[Sentence]:
        """What one request writes must be contiguous, in the order in which the handshake writes it. What is written alone must
        follow the block."""
        pairs = {"recipe": (("recipe_job", "armed_job"), ("command_job", "command"))}.get(area.kind, ())
        block = max((item.end for item in area.fields if item.role not in HANDSHAKE_ROLES), default=0)
        inside = [item for item in area.fields if item.role in HANDSHAKE_ROLES and item.offset < block]
        return [
            _lt(
                "%(place)s must come after word %(last)s because it is written separately.",
                place=place(area, item),
                last=block - 1,
            )
            for item in inside
        ] + [
            _lt(
                "In the recipe area, %(after)s must come directly after %(before)s because both are written in one request.",
                after=role(after),
                before=role(before),
            )
            for before, after in pairs
            if area.by_role(before) and area.by_role(after) and area.field(before).end != area.field(after).offset
        ]

    def _overlapping_areas(self) -> list[Sentence]:
        found = []
        for registers in dict.fromkeys(area.registers for area in self.areas):
            areas = sorted((area for area in self.areas if area.registers == registers), key=lambda area: area.base)
            for first, second in pairwise(areas):
                end = first.base + (self.count(first.kind) - 1) * first.stride + first.extent
                if end > second.base:
                    sentence = _lt(
                        "The %(first)s area ends at %(end)s, after the %(second)s area starts at %(base)s.",
                        first=first.name,
                        end=end - 1,
                        second=second.name,
                        base=second.base,
                    )
                    found.append(sentence)
        return found

    def _unequal_names(self) -> list[Sentence]:
        """A weighing belongs to the batch whose order name it repeats, letter by letter."""
        if not self.has(WEIGHING):
            return []
        sent, told = self.area("recipe").field("order"), self.area(WEIGHING).field("order")
        if told.words >= sent.words:
            return []
        return [
            _lt(
                "%(place)s takes %(words)s words, but the order name in the recipe takes %(sent)s.",
                place=place(self.area(WEIGHING), told),
                words=told.words,
                sent=sent.words,
            )
        ]

    def _unequal_codes(self) -> list[Sentence]:
        """The PLC echoes the codes: with other constants, every slot would be rejected."""
        pairs = zip(self.area("recipe").by_role("line_code"), self.area("feedback").by_role("line_code"), strict=True)
        return [
            _lt(
                "%(field)s is %(sent)s in the recipe area but %(echoed)s in the feedback area.",
                field=sent.label,
                sent=sent.value or _lt("any"),
                echoed=echoed.value or _lt("any"),
            )
            for sent, echoed in pairs
            if sent.value != echoed.value
        ][:1]

    def _unequal_lines(self) -> list[Sentence]:
        counts = {
            (kind, name): len(self.area(kind).by_role(name))
            for kind in ("recipe", "feedback")
            for name in ("line_code", "line_quantity")
        }
        if len(set(counts.values())) == 1:
            return self._unequal_codes()
        told = listed(
            Sentence("%(area)s %(role)s: %(count)s", {"area": AREA_NAMES[kind], "role": role(name), "count": count})
            for (kind, name), count in counts.items()
        )
        return [_lt("Both areas need the same number of equipment codes and quantities (%(counts)s).", counts=told)]


@lru_cache(maxsize=1024)
def kept(layout: Layout) -> Layout:
    """The first layout that was equal to this one, with everything that it has computed since: codecs and problems.

    Records are read again for each exchange, as another server may have changed them. Their content is compiled and checked only
    if it is new. The cache cannot be stale, as its key is the whole content.
    """
    return layout


def can_be_input(kind: str, handshake: str) -> bool:
    """Odoo writes nothing to an area of this kind, so it may be in input registers."""
    return kind in SHOWN_AREAS or kind == "feedback" and handshake != FLAGS


def place(area: Area, item: Field) -> Sentence:
    """The position of a field, as the start of a sentence."""
    told = {"area": area.name, "field": item.label, "word": item.offset}
    return _lt("In the %(area)s area, %(field)s (word %(word)s)", **told)


def overlaps(area: Area) -> list[Sentence]:
    """Sentences for fields that share a word."""
    found = []
    ordered = sorted(area.fields, key=lambda item: item.offset)
    for before, after in pairwise(ordered):
        if after.offset < before.end:
            sentence = _lt(
                "In the %(area)s area, %(after)s starts at word %(word)s, inside %(before)s.",
                area=area.name,
                after=after.label,
                word=after.offset,
                before=before.label,
            )
            found.append(sentence)
    return found


def doubled(area: Area) -> list[Sentence]:
    """Sentences for roles that occur twice."""
    seen, found = set(), []
    for item in area.fields:
        own = (item.role, item.index if item.role.startswith("line_") else None)
        if own in seen:
            told = {"area": area.name, "role": role(item.role), "word": item.offset}
            found.append(_lt("The %(area)s area has the role %(role)s twice; the second is at word %(word)s.", **told))
        seen.add(own)
    return found


def wrong_types(area: Area) -> list[Sentence]:
    """Sentences for fields whose role does not allow their type or scale, and for a scale that no value survives."""
    found = []
    for item in area.fields:
        types = TYPES_OF_ROLE.get(item.role, NUMBERS)
        told = {"place": place(area, item), "role": role(item.role)}
        if item.type not in types:
            told |= {"type": Label(item.type, "type"), "types": either(Label(name, "type") for name in types)}
            found.append(_lt("%(place)s has type %(type)s, but its role %(role)s requires %(types)s.", **told))
        elif item.role in TYPES_OF_ROLE and item.scale != 1:
            found.append(_lt("%(place)s has a scale, but a field with the role %(role)s cannot be scaled.", **told))
        elif not item.scale > 0:
            number = Number(f"{item.scale:.15g}")
            found.append(_lt("%(place)s has the scale %(scale)s: enter 1 for a number that is not scaled.", scale=number, **told))
    return found


@lru_cache(maxsize=1024)
def too_fine(layout: Layout, digits: int) -> list[Sentence]:
    """Sentences for quantities that the PLC counts in smaller steps than Odoo stores: the difference would be lost unnoticed.

    Floats have no step; they are rounded to what is stored.

    :param digits: decimals with which quantities are stored
    """
    return [
        _lt(
            "%(place)s counts in steps of %(step)s, but quantities are stored with %(digits)s decimals. Raise the decimal "
            "accuracy of Product Unit, or part of each quantity is lost.",
            place=place(area, item),
            step=Number(f"{1 / item.scale:g}"),
            digits=digits,
        )
        for area in layout.areas
        for item in area.fields
        if item.role in QUANTITY_ROLES and item.index == 0 and item.type not in FLOATS and not _is_whole(10**digits / item.scale)
    ]


def _is_whole(number: float) -> bool:
    return number >= 1 and isclose(number, round(number))


def wrong_roles(area: Area) -> list[Sentence]:
    """Sentences for fields whose role has no meaning in their area."""
    foreign = EVENT_ROLES if area.kind not in OPTIONAL_AREAS else ()
    own = ROLES_OF_AREA.get(area.kind)
    return [
        _lt("%(place)s has the role %(role)s, which is not valid in this area.", place=place(area, item), role=role(item.role))
        for item in area.fields
        if item.role in foreign or own and item.role not in own
    ]


def incomplete_date(area: Area) -> list[Sentence]:
    """A sentence for a date that lacks a part."""
    missing = [role(name) for name in DATE_ROLES if not area.by_role(name)]
    if len(missing) in (0, len(DATE_ROLES)) or area.kind == CLOCK:  # the clock needs each of them anyway
        return []
    return [_lt("The %(area)s area has a date without the roles %(roles)s.", area=area.name, roles=listed(missing))]


def weak_signature(area: Area) -> list[Sentence]:
    """A sentence for a signature that looks the same with its words or bytes swapped, and so proves nothing."""
    return [
        _lt("%(place)s needs a first value with four different bytes, such as 1297044037 (0x4D4F5245).", place=place(area, item))
        for item in area.by_role(SIGNATURE)
        if not _is_telling(item.value)
    ]


def _is_telling(value: int | None) -> bool:
    return value is not None and value in SIGNATURES and len(set(value.to_bytes(4, "big"))) == 4


@lru_cache(maxsize=4096)
def expanded(item: Field, count: int, step: int) -> tuple[Field, ...]:
    """The result of :func:`expand`, cached per process: records are read for each exchange, and rarely change."""
    return tuple(expand(item, min(count, MOST_LINES), step))  # a count of a billion would end the server


def expand(item: Field, count: int, step: int, value_step: int = 1) -> Iterable[Field]:
    """The ``count`` fields that a repeated field stands for: line k lies ``k * step`` words further on.

    The lines are numbered from ``item.index`` on.
    """
    for index in range(count):
        value = None if item.value is None else item.value + index * value_step
        numbered = {"field": item.label, "line": item.index + index + 1}
        name = Sentence("%(field)s %(line)s", numbered) if count > 1 or item.index else item.name
        yield replace(item, offset=item.offset + index * step, index=item.index + index, value=value, name=name)
