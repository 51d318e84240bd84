"""Rounds of observe -> decide -> act with many PLCs at the same time.

What one PLC says and is told is a conversation: a generator that yields a :class:`Plan` and is sent the :class:`Answer`.
The wire is served in threads, one request of one PLC after the other; the generators run in the caller's thread alone,
because a database cursor must never leave its thread. A dead PLC costs its own timeout, not one of those behind it.
"""

import logging
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from .layout import CLOCK, Layout
from .sentences import Sentence, _lt
from .steps import Seen, Write
from .transport import Endpoint, Link, LinkError

_logger = logging.getLogger(__name__)

MAX_THREADS = 128


@dataclass(frozen=True)
class Plan:
    """One round on the wire: first the writes, then the reads.

    :param delay: seconds to wait before it; the connection is kept through a short wait only (see ``reconnect``)
    :param reconnect: True to begin with a new connection
    :param settled: ids of the batches that were settled when it was made: what is observed before that proves less
    :param unsure: a write of unknown fate could then still arrive, apart from those of the plan
    :param events: (area, slot) of each event slot to be read -> id of its newest event, if that was settled, else 0
    :param clock: the PLC's clock is to be read, last of all
    """

    endpoint: Endpoint
    layout: Layout
    feedback: tuple[int, ...]
    recipe: tuple[int, ...] = ()
    writes: tuple[Write, ...] = ()
    delay: float = 0.0
    reconnect: bool = False
    settled: frozenset[int] = frozenset()
    unsure: bool = False
    events: Mapping[tuple[str, int], int] = field(default_factory=dict)
    clock: bool = False


@dataclass(frozen=True)
class ClockAnswer:
    """The words of the PLC's clock, read ``at`` this ``time.time()``; or why they could not be read."""

    words: tuple[int, ...] = ()
    at: float = 0.0
    error: LinkError | None = None


@dataclass(frozen=True)
class Answer:
    """What came of a plan: ``seen``, or ``error``. ``events``: the words of each event slot that was read, ``event_error`` why
    the rest of them could not be: batches do not wait for events. They were read ``at`` this ``time.monotonic()``.
    ``clock``: None where it was not asked for, or the events before it could not be read.

    ``unsure`` is True when a write was begun and nobody knows whether the PLC applied it; ``unsent`` are the writes that were
    certainly not applied.
    """

    seen: Seen | None = None
    error: LinkError | None = None
    unsure: bool = False
    unsent: tuple[Write, ...] = ()
    requests: int = 0
    events: Mapping[tuple[str, int], Sequence[int]] = field(default_factory=dict)
    event_error: LinkError | None = None
    at: float = 0.0
    clock: ClockAnswer | None = None


Conversation = Generator[Plan, Answer, None]


class _Wire:
    """The connection of one conversation. Each call runs in some thread, never two at once."""

    def __init__(self):
        self.link: Link | None = None

    def serve(self, plan: Plan) -> Answer:
        """The plan's writes, then its reads. Never raises: whatever goes wrong is the answer (rule 8)."""
        done = requests = 0
        try:
            link = self._connected(plan)
            requests = -link.requests
            for write in plan.writes:
                link.write_words(write.address, write.words)
                done += 1
            seen = observe(link, plan)
            at = time.monotonic()
            events, error = observe_events(link, plan)
            clock = observe_clock(link, plan) if plan.clock and not error else None
            requests += link.requests
            if error or clock and clock.error:
                self.close()
            return Answer(seen, requests=requests, events=events, event_error=error, at=at, clock=clock)
        except LinkError as error:
            begun = done + bool(error.writing)
            return self._failed(error, plan.writes[begun:], requests)
        except ValueError as error:  # a request that cannot be one: nothing of it was sent
            return self._failed(LinkError("setup", _unforeseen(error)), plan.writes[done:], requests)
        except Exception as error:  # nobody knows how far it came
            writing = done < len(plan.writes)
            return self._failed(LinkError("reply", _unforeseen(error), writing), plan.writes[done + writing :], requests)

    def _failed(self, error: LinkError, unsent: tuple[Write, ...], requests: int) -> Answer:
        requests += self.link.requests if self.link else 0
        self.close()
        return Answer(None, error, error.writing, unsent, requests)

    def _connected(self, plan: Plan) -> Link:
        if plan.reconnect:
            self.close()
        if self.link is None:
            link = Link(plan.endpoint)
            link.open()
            self.link = link
        return self.link

    def close(self) -> None:
        if self.link:
            self.link.close()
            self.link = None


def _unforeseen(error: Exception) -> Sentence:
    """What people are told of an error; of one that nobody foresaw the log has the rest."""
    if error.args and isinstance(error.args[0], Sentence):
        return error.args[0]
    _logger.warning("an exchange ended in an error that nobody foresaw", exc_info=error)
    return _lt("an error that nobody foresaw (%(name)s), of which the server's log tells more", name=type(error).__name__)


def observe(link: Link, plan: Plan) -> Seen:
    """Read each slot in one request of its own: a slot split over two requests can be torn.

    :raise LinkError: if any of them fails; half an observation is none
    """
    layout = plan.layout
    registers = layout.area("feedback").registers
    recipe = {slot: link.read_words(*layout.request("recipe", slot)) for slot in plan.recipe}
    feedback = {slot: link.read_words(*layout.request("feedback", slot), registers) for slot in plan.feedback}
    return Seen(feedback, recipe)


def observe_events(link: Link, plan: Plan) -> tuple[dict[tuple[str, int], tuple[int, ...]], LinkError | None]:
    """The event slots, each in a request of its own, up to the first that fails.

    A PLC without these areas refuses to answer, or does not answer at all, and yet has batches.
    """
    events: dict[tuple[str, int], tuple[int, ...]] = {}
    for kind, slot in plan.events:
        try:
            events[kind, slot] = link.read_words(*plan.layout.request(kind, slot), plan.layout.area(kind).registers)
        except LinkError as error:
            return events, error
    return events, None


def observe_clock(link: Link, plan: Plan) -> ClockAnswer:
    """What the PLC's clock shows, at the middle of its request. One that is refused or not answered is no reason to believe
    less of the rest."""
    begin = time.time()
    try:
        words = link.read_words(*plan.layout.request(CLOCK, 1), plan.layout.area(CLOCK).registers)
    except LinkError as error:
        return ClockAnswer(error=error)
    return ClockAnswer(words, (begin + time.time()) / 2)


def converse(conversations: Iterable[Conversation]) -> None:
    """Run all conversations to their end, side by side. An exception in one of them ends all: they must handle their own."""
    conversations = list(conversations)
    if conversations:
        with ThreadPoolExecutor(min(len(conversations), MAX_THREADS), "plc") as pool:
            _Table(pool).run(conversations)


class _Table:
    """Who is on the wire, and who waits for the time of his next plan; no thread is kept waiting meanwhile."""

    def __init__(self, pool: ThreadPoolExecutor):
        self.pool = pool
        self.busy: dict[Future, tuple[Conversation, _Wire]] = {}
        self.waiting: list[tuple[float, int, Plan, Conversation, _Wire]] = []  # a heap; the number breaks ties
        self.numbers = count()

    def run(self, conversations: list[Conversation]) -> None:
        try:
            for talk in conversations:
                self._go_on(talk, _Wire(), None)
            while self.busy or self.waiting:
                self._submit_due()
                self._collect()
        finally:
            self._clear()

    def _go_on(self, talk: Conversation, wire: _Wire, answer: Answer | None) -> None:
        """Hand the answer to the conversation, and put its next plan in line."""
        try:
            plan = talk.send(answer)
        except StopIteration:
            wire.close()
            return
        except BaseException:
            wire.close()
            raise
        if plan.reconnect:
            wire.close()
        heappush(self.waiting, (time.monotonic() + plan.delay, next(self.numbers), plan, talk, wire))

    def _submit_due(self) -> None:
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _due, _number, plan, talk, wire = heappop(self.waiting)
            self.busy[self.pool.submit(wire.serve, plan)] = (talk, wire)

    def _collect(self) -> None:
        pause = max(0.0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
        if not self.busy:
            time.sleep(pause or 0.0)
            return
        for future in wait(self.busy, pause, FIRST_COMPLETED).done:
            self._go_on(*self.busy.pop(future), future.result())

    def _clear(self) -> None:
        """Leave nothing open when something went wrong; after a good end there is nothing left."""
        for future, (talk, wire) in self.busy.items():
            future.cancel()
            wait([future])
            talk.close()
            wire.close()
        for _due, _number, _plan, talk, wire in self.waiting:
            talk.close()
            wire.close()
