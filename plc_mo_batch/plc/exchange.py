"""Rounds of observe -> decide -> act with many PLCs at the same time.

The dialogue with one PLC is a conversation: a generator that yields a :class:`Plan` and is sent the :class:`Answer`.
Threads serve the wires, one request after the other for each PLC. All generators run in the caller's thread, because a database
cursor must never leave its thread. A dead PLC costs its own timeout and delays no other PLC.
"""

import logging
import time
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from .layout import CLOCK, Layout
from .sentences import Sentence, _lt
from .steps import Seen, Write
from .wire import Endpoint, LinkError, Wire
from .wires import new_wire

_logger = logging.getLogger(__name__)

MAX_THREADS = 128


@dataclass(frozen=True)
class Plan:
    """One round on the wire: first the writes, then the reads.

    What was certain when it was made does not concern the wire: the conversation keeps it.

    :param feedback, recipe: the slots whose areas are read
    :param delay: seconds to wait first; the connection is kept through a short wait only (see ``reconnect``)
    :param reconnect: True to begin with a new connection
    :param events: (area, slot) of each event slot to be read
    :param clock: read the PLC's clock as well, last of all
    """

    endpoint: Endpoint
    layout: Layout
    feedback: tuple[int, ...]
    recipe: tuple[int, ...] = ()
    writes: tuple[Write, ...] = ()
    delay: float = 0.0
    reconnect: bool = False
    events: Collection[tuple[str, int]] = ()
    clock: bool = False


@dataclass(frozen=True)
class ClockAnswer:
    """The words of the PLC's clock, read ``at`` this ``time.time()``; or why they could not be read."""

    words: tuple[int, ...] = ()
    at: float = 0.0
    error: LinkError | None = None


@dataclass(frozen=True)
class Answer:
    """The result of a plan: ``seen``, or ``error``.

    ``events``: the words of each event slot that was read; ``event_error``: why the rest could not be read, as batches do not
    wait for events. They were read ``at`` this ``time.monotonic()``. ``clock``: None if it was not requested, or the events
    before it could not be read.

    ``unsure`` is True if a write was begun and may or may not have been applied; ``unsent`` are the writes that were certainly
    not applied.
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


class _Connection:
    """The connection of one conversation. Its calls run in any thread, but never two at once."""

    def __init__(self) -> None:
        self.wire: Wire | None = None

    def serve(self, plan: Plan) -> Answer:
        """The plan's writes, then its reads. Never raises: any fault becomes the answer (rule 8)."""
        done = requests = 0
        try:
            wire = self._connected(plan)
            requests = -wire.requests
            for write in plan.writes:
                wire.write_words(write.address, write.words)
                done += 1
            seen = observe(wire, plan)
            at = time.monotonic()
            events, error = observe_events(wire, plan)
            clock = observe_clock(wire, plan) if plan.clock and not error else None
            requests += wire.requests
            if error or clock and clock.error:
                self.close()
            return Answer(seen, requests=requests, events=events, event_error=error, at=at, clock=clock)
        except LinkError as error:
            begun = done + bool(error.writing)
            return self._failed(error, plan.writes[begun:], requests)
        except ValueError as error:  # an impossible request: nothing of it was sent
            return self._failed(LinkError("setup", _unforeseen(error)), plan.writes[done:], requests)
        except Exception as error:  # it is not known how far it came
            writing = done < len(plan.writes)
            return self._failed(LinkError("reply", _unforeseen(error), writing), plan.writes[done + writing :], requests)

    def _failed(self, error: LinkError, unsent: tuple[Write, ...], requests: int) -> Answer:
        requests += self.wire.requests if self.wire else 0
        self.close()
        return Answer(None, error, error.writing, unsent, requests)

    def _connected(self, plan: Plan) -> Wire:
        if plan.reconnect:
            self.close()
        if self.wire is None:
            wire = new_wire(plan.endpoint, plan.layout.handshake)
            wire.open()
            self.wire = wire
        return self.wire

    def close(self) -> None:
        if self.wire:
            self.wire.close()
            self.wire = None


def _unforeseen(error: Exception) -> Sentence:
    """What people see of an error. If it was not raised to be read by people, the server's log has the details."""
    if error.args and isinstance(error.args[0], Sentence):
        return error.args[0]
    _logger.warning("unexpected error in an exchange", exc_info=error)
    return _lt("unexpected error (%(name)s), see the server log", name=type(error).__name__)


def observe(wire: Wire, plan: Plan) -> Seen:
    """Read each slot in one request of its own: a slot that is read in two requests can be torn.

    :raise LinkError: if any request fails; half an observation is worth nothing
    """
    layout = plan.layout
    registers = layout.area("feedback").registers
    # Recipe before feedback, so what the feedback says is never older.
    recipe = {slot: wire.read_words(*layout.request("recipe", slot)) for slot in plan.recipe}
    feedback = {slot: wire.read_words(*layout.request("feedback", slot), registers) for slot in plan.feedback}
    return Seen(feedback, recipe)


def observe_events(wire: Wire, plan: Plan) -> tuple[dict[tuple[str, int], tuple[int, ...]], LinkError | None]:
    """Read the event slots, each in its own request, up to the first that fails.

    A PLC without these areas refuses to answer, or does not answer at all, and may still have batches to serve.
    """
    events: dict[tuple[str, int], tuple[int, ...]] = {}
    for kind, slot in plan.events:
        try:
            events[kind, slot] = wire.read_words(*plan.layout.request(kind, slot), plan.layout.area(kind).registers)
        except LinkError as error:
            return events, error
    return events, None


def observe_clock(wire: Wire, plan: Plan) -> ClockAnswer:
    """What the PLC's clock shows, at the middle of its request. If it is refused or not answered, the rest of the answer is still
    valid."""
    begin = time.time()
    try:
        words = wire.read_words(*plan.layout.request(CLOCK, 1), plan.layout.area(CLOCK).registers)
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
    """Conversations on the wire, and those waiting until their next plan is due. Waiting takes no thread."""

    def __init__(self, pool: ThreadPoolExecutor):
        self.pool = pool
        self.busy: dict[Future[Answer], tuple[Conversation, _Connection]] = {}
        self.waiting: list[tuple[float, int, Plan, Conversation, _Connection]] = []  # a heap; the number breaks ties
        self.numbers = count()

    def run(self, conversations: list[Conversation]) -> None:
        try:
            for talk in conversations:
                self._go_on(talk, _Connection(), None)
            while self.busy or self.waiting:
                self._submit_due()
                self._collect()
        finally:
            self._clear()

    def _go_on(self, talk: Conversation, connection: _Connection, answer: Answer | None) -> None:
        """Pass the answer to the conversation, and schedule its next plan."""
        try:
            plan = talk.send(answer) if answer else next(talk)
        except StopIteration:
            connection.close()
            return
        except BaseException:
            connection.close()
            raise
        if plan.reconnect:
            connection.close()
        heappush(self.waiting, (time.monotonic() + plan.delay, next(self.numbers), plan, talk, connection))

    def _submit_due(self) -> None:
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _due, _number, plan, talk, connection = heappop(self.waiting)
            self.busy[self.pool.submit(connection.serve, plan)] = (talk, connection)

    def _collect(self) -> None:
        pause = max(0.0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
        if not self.busy:
            time.sleep(pause or 0.0)
            return
        for future in wait(self.busy, pause, FIRST_COMPLETED).done:
            self._go_on(*self.busy.pop(future), future.result())

    def _clear(self) -> None:
        """Close everything if something went wrong; after a normal end there is nothing left."""
        for future, (talk, connection) in self.busy.items():
            future.cancel()
            wait([future])
            talk.close()
            connection.close()
        for _due, _number, _plan, talk, connection in self.waiting:
            talk.close()
            connection.close()
