"""What people know who stand beside the silos, written down without a look at how the addon knows it."""

from collections import defaultdict


class Ledger:
    """kg by silo and lot, in layers: of what is left of a lot, the newest fills are whole; the oldest is dosed next.

    :param located: codes of the silos that are stock locations
    :param entered: code of the one on which people enter the lot
    :param sharing: code -> code of the silo in which it lies, too
    """

    def __init__(self, located, entered, sharing):
        self.located, self.entered_at, self.sharing = located, entered, sharing
        self.filled = {code: [] for code in located}  # [(lot, kg)], the oldest first
        self.left = {code: defaultdict(float) for code in located}  # by lot; negative: dosed beyond what was filled in
        self.last = dict.fromkeys(located)
        self.entered = None
        self.out = defaultdict(float)  # lot -> kg dosed from the silo on which it is entered
        self.used = defaultdict(lambda: defaultdict(float))  # batch -> (silo, lot) -> kg
        self.taken = defaultdict(list)  # batch, code of the dose -> [[lot, kg]] in turn
        self.fills = defaultdict(list)  # silo, lot -> numbers of the fills
        self.known = defaultdict(set)  # batch -> fills that what it used may be of
        self.made = {}  # batch -> lot
        self.delivered = defaultdict(set)  # lot -> numbers of deliveries

    # Silos

    def layers(self, code):
        """[(lot, kg)]; the first is dosed next."""
        found, rest = [], dict(self.left[code])
        for lot, kilograms in reversed(self.filled[code]):
            part = min(kilograms, max(0.0, rest[lot]))
            rest[lot] = round(rest[lot] - part, 2)
            if part:
                found.append((lot, part))
        return found[::-1]

    def fill(self, code, lot, kilograms, number=None):
        self.fills[code, lot].append(number)
        self.filled[code].append((lot, kilograms))
        self._add(code, lot, kilograms)
        self.last[code] = lot

    def empty(self, code):
        """:return: kg by lot that come out"""
        found = defaultdict(float)
        for lot, kilograms in self.layers(code):
            found[lot] = round(found[lot] + kilograms, 2)
            self._add(code, lot, -kilograms)
        return found

    def lose(self, code, kilograms):
        """A count finds less of what is dosed next.

        :return: the lot, and how much of it is less
        """
        lot, held = self.layers(code)[0]
        less = min(held, kilograms)
        self._add(code, lot, -less)
        return lot, less

    def held(self, code, lot):
        """kg of the lot that a person finds there."""
        return self.left[code][lot]

    def stock(self):
        return {(code, lot): kg for code in self.located for lot, kg in self.left[code].items() if kg}

    def _add(self, code, lot, kilograms):
        self.left[code][lot] = round(self.left[code][lot] + kilograms, 2)

    # Doses

    def dose(self, batch, code, kilograms):
        """So much more of it, of what lies there now."""
        for lot, part in self._next(batch, code, kilograms):
            self._use(batch, code, lot, part)
            self.taken[batch, code].append([lot, part])

    def _next(self, batch, code, kilograms):
        place = self.sharing.get(code, code)
        if place == self.entered_at:  # what is found later was of the lot that was entered when the batch ran
            yield next((held for where, held in self.used[batch] if where == place), self.entered), kilograms
            return
        rest = kilograms
        for lot, held in self.layers(place):
            part = min(rest, held)
            rest = round(rest - part, 2)
            if part:
                yield lot, part
        if rest:
            yield self.last[place], rest

    def take_back(self, batch, code, kilograms):
        """So much less of it: what was taken last was not, and lies where it lay."""
        rest = kilograms
        while rest:
            lot, held = self.taken[batch, code][-1]
            part = min(rest, held)
            rest = round(rest - part, 2)
            self._use(batch, code, lot, -part)
            self.taken[batch, code][-1][1] = round(held - part, 2)
            if part == held:
                self.taken[batch, code].pop()

    def _use(self, batch, code, lot, kilograms):
        place = self.sharing.get(code, code)
        self.used[batch][place, lot] = round(self.used[batch][place, lot] + kilograms, 2)
        if place == self.entered_at:
            self.out[lot] += kilograms
            return
        self._add(place, lot, -kilograms)
        if kilograms > 0:
            self.last[place] = lot

    def add_bag(self, batch, place, lot, kilograms):
        self.used[batch][place, lot] = round(self.used[batch][place, lot] + kilograms, 2)

    # Recall

    def book(self, batch, places=None):
        """What was filled in until now may be what it used.

        :param places: what is booked now; None: all that it used
        """
        used = (place for place, kg in self.used[batch].items() if kg)
        self.known[batch].update(*(self.fills[place] for place in (used if places is None else places)))

    def forward(self, lot):
        """Who used a lot, what was made of it, and which deliveries took any of that: step by step."""
        lots, batches = {lot}, set()
        while True:
            more = {batch for batch, used in self.used.items() if any(held in lots and kg for (_code, held), kg in used.items())}
            further = lots | {self.made[batch] for batch in more if batch in self.made}
            if more == batches and further == lots:
                return batches, lots, {number for each in lots for number in self.delivered[each]}
            lots, batches = further, more

    def backward(self, lot):
        """Who made a lot, of what, and of which fills."""
        lots, batches = {lot}, set()
        while True:
            more = {batch for batch, made in self.made.items() if made in lots}
            used = {(batch, *place) for batch in more for place, kg in self.used[batch].items() if kg}
            further = lots | {held for _batch, _code, held in used}
            if more == batches and further == lots:
                return batches, used, {number for batch in batches for number in self.known[batch]}
            lots, batches = further, more
