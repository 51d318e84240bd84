"""Rounds of observe -> decide -> act with many PLCs at the same time.

The dialogue with one PLC is a conversation: a generator that yields a :class:`Plan` and is sent the :class:`Answer`.
Threads serve the wires, one request after the other for each PLC. All generators run in the caller's thread, because a database
cursor must never leave its thread. A dead PLC costs its own timeout and delays no other PLC.
"""

import logging
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count

from .layout import CLOCK, LEVEL, Layout
from .sentences import Sentence, _lt
from .steps import Seen, Write
from .wire import BEYOND, Endpoint, LinkError, Wire
from .wires import new_wire

_logger = logging.getLogger(__name__)

MAX_THREADS = 128
ASK_SECONDS = 1.0  # before it is asked again for a conversation, where there was none
REST_SECONDS = 0.25  # so long, at most, answers come in without a rest


@dataclass(frozen=True)
class Plan:
    """One round on the wire: first the writes, then the reads.

    What was certain when it was made does not concern the wire: the conversation keeps it.

    :param feedback, recipe: the slots whose areas are read
    :param delay: seconds to wait first; the connection is kept through a short wait only (see ``reconnect``)
    :param reconnect: True to begin with a new connection
    :param events: (area, slot) of each event slot to be read
    :param clock, levels: read the PLC's clock, and what its sensors show, as well, last of all
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
    levels: bool = False


@dataclass(frozen=True)
class ShownAnswer:
    """The words of the PLC's clock, or of its levels, read ``at`` this ``time.time()``; or why they could not be read."""

    words: tuple[int, ...] = ()
    at: float = 0.0
    error: LinkError | None = None


@dataclass(frozen=True)
class Answer:
    """The result of a plan: ``seen``, or ``error``.

    ``events``: the words of each event slot that was read; ``event_error``: why the rest could not be read, as batches do not
    wait for events. They were read ``at`` this ``time.monotonic()``. ``clock``, ``levels``: None if they were not requested, or
    what is read before them could not be.

    ``unsure`` is True if a write was begun and may or may not have been applied; ``unsent`` are the writes that were certainly
    not applied.

    ``write_error``: the device refused a write, by an answer of its own; what was to be read was read nevertheless. ``beyond``:
    the first slot whose addresses the device does not have (0: none), and what it said; from there on nothing is in ``seen``.
    """

    seen: Seen | None = None
    error: LinkError | None = None
    unsure: bool = False
    unsent: tuple[Write, ...] = ()
    requests: int = 0
    events: Mapping[tuple[str, int], Sequence[int]] = field(default_factory=dict)
    event_error: LinkError | None = None
    at: float = 0.0
    clock: ShownAnswer | None = None
    levels: ShownAnswer | None = None
    write_error: LinkError | None = None
    beyond: int = 0
    beyond_error: LinkError | None = None


Conversation = Generator[Plan, Answer | None, None]


@dataclass(eq=False)
class Connection:
    """The connection of one conversation. Its calls run in any thread, but never two at once."""

    wire: Wire | None = None
    done: int = 0  # writes of the current plan that were sent
    refusal: LinkError | None = None  # of a write of the current plan
    requests: int = 0  # of the wires that were closed
    beyond: int = 0  # the first slot that the device does not have, as far as is known
    beyond_error: LinkError | None = None

    def serve(self, plan: Plan) -> Answer:
        """The plan's writes, then its reads. Never raises: any fault becomes the answer (rule 8)."""
        self.done, self.refusal, before = 0, None, self._count()
        try:
            if plan.reconnect:
                self.close()
            self._write(plan)
            seen = self._observe(plan)
            at = time.monotonic()
            wire = self._connected(plan)
            events, error = observe_events(wire, plan)
            clock = observe_shown(wire, plan, CLOCK) if plan.clock and not error else None
            is_answered = not error and not (clock and clock.error)
            levels = observe_shown(wire, plan, LEVEL) if plan.levels and is_answered else None
            if not is_answered or levels and levels.error:
                self.close()
            answer = Answer(seen, events=events, event_error=error, at=at, clock=clock, levels=levels)
        except LinkError as error:
            self.done += error.writing
            answer = self._failed(error)
        except ValueError as error:  # an impossible request: nothing of it was sent
            answer = self._failed(LinkError("setup", _unforeseen(error)))
        except Exception as error:  # it is not known how far it came
            writing = not self.refusal and self.done < len(plan.writes)
            self.done += writing
            answer = self._failed(LinkError("reply", _unforeseen(error), writing))
        return self._completed(answer, plan, before)

    def _completed(self, answer: Answer, plan: Plan, before: int) -> Answer:
        """With what is known however it ended."""
        return replace(
            answer,
            requests=self._count() - before,
            unsent=plan.writes[self.done :],
            unsure=answer.unsure or bool(self.refusal and self.refusal.writing),
            write_error=self.refusal,
            beyond=self.beyond,
            beyond_error=self.beyond_error,
        )

    def _failed(self, error: LinkError) -> Answer:
        self.close()
        return Answer(None, error, error.writing)

    def _count(self) -> int:
        return self.requests + (self.wire.requests if self.wire else 0)

    def _write(self, plan: Plan) -> None:
        """Up to the first that the device refuses: it answers, so what it shows can still be read."""
        for write in plan.writes:
            try:
                self._connected(plan).write_words(write.address, write.words, write.registers)
            except LinkError as error:
                if error.kind != "exception":
                    raise
                self.done += error.writing
                self.refusal = error
                self.close()
                return
            self.done += 1

    def _observe(self, plan: Plan) -> Seen:
        """Each slot in one request of its own: a slot that is read in two requests can be torn.

        Recipe before feedback, so what the feedback says is never older. A slot that the device does not have keeps none of the
        others from being served.

        :raise LinkError: if any other request fails; half an observation is worth nothing
        """
        recipe = self._read(plan, "recipe", plan.recipe)
        feedback = self._read(plan, "feedback", plan.feedback)
        return Seen(feedback, {slot: words for slot, words in recipe.items() if self._has(slot)})

    def _read(self, plan: Plan, kind: str, slots: Iterable[int]) -> dict[int, tuple[int, ...]]:
        found: dict[int, tuple[int, ...]] = {}
        for slot in filter(self._has, slots):
            try:
                found[slot] = self._connected(plan).read_words(*plan.layout.request(kind, slot))
            except LinkError as error:
                if (error.kind, error.cause) != ("exception", BEYOND) or slot == 1:
                    raise
                self.beyond, self.beyond_error = slot, error
                self.close()
        return found

    def _has(self, slot: int) -> bool:
        return not self.beyond or slot < self.beyond

    def _connected(self, plan: Plan) -> Wire:
        if self.wire is None:
            wire = new_wire(plan.endpoint, plan.layout.handshake)
            wire.open()
            self.wire = wire
        return self.wire

    def close(self) -> None:
        if self.wire:
            self.requests += self.wire.requests
            self.wire.close()
            self.wire = None


def _unforeseen(error: Exception) -> Sentence:
    """What people see of an error. If it was not raised to be read by people, the server's log has the details."""
    if error.args and isinstance(error.args[0], Sentence):
        return error.args[0]
    _logger.warning("unexpected error in an exchange", exc_info=error)
    return _lt("unexpected error (%(name)s), see the server log", name=type(error).__name__)


def observe_events(wire: Wire, plan: Plan) -> tuple[dict[tuple[str, int], tuple[int, ...]], LinkError | None]:
    """Read the event slots, each in its own request, up to the first that fails.

    A PLC without these areas refuses to answer, or does not answer at all, and may still have batches to serve.
    """
    events: dict[tuple[str, int], tuple[int, ...]] = {}
    for kind, slot in plan.events:
        try:
            events[kind, slot] = wire.read_words(*plan.layout.request(kind, slot))
        except LinkError as error:
            return events, error
    return events, None


def observe_shown(wire: Wire, plan: Plan, kind: str) -> ShownAnswer:
    """What the PLC's clock shows, or its sensors, at the middle of the request. If it is refused or not answered, the rest of the
    answer is still valid."""
    begin = time.time()
    try:
        words = wire.read_words(*plan.layout.request(kind, 1))
    except LinkError as error:
        return ShownAnswer(error=error)
    return ShownAnswer(words, (begin + time.time()) / 2)


def converse(
    conversations: Iterable[Conversation | None], most: int = MAX_THREADS, rest: Callable[[], None] = lambda: None
) -> None:
    """Run all conversations to their end, side by side. An exception in one of them ends all: they must handle their own.

    They are taken from ``conversations`` one by one, as those before get their first answers. None instead of one: there is none
    at the moment, and it is asked again a little later, as long as others go on.

    :param most: so many begin at a time
    :param rest: called when nothing is on the wire, and a few times a second while something is; at last when all have ended
    """
    with ThreadPoolExecutor(MAX_THREADS, "plc") as pool:
        _Table(pool, iter(conversations), most, rest).run()


class _Table:
    """Conversations on the wire, and those waiting until their next plan is due. Waiting takes no thread."""

    def __init__(
        self, pool: ThreadPoolExecutor, conversations: Iterator[Conversation | None], most: int, rest: Callable[[], None]
    ):
        self.pool = pool
        self.conversations = conversations
        self.most = most
        self.rest = rest
        self.rest_at = 0.0
        self.beginning: set[Connection] = set()  # of conversations that await their first answer
        self.ask_at = 0.0  # for the next conversation, where there was none; 0: now
        self.busy: dict[Future[Answer], tuple[Conversation, Connection]] = {}
        self.waiting: list[tuple[float, int, Plan, Conversation, Connection]] = []  # a heap; the number breaks ties
        self.numbers = count()

    def run(self) -> None:
        try:
            self._begin()
            while self.busy or self.waiting:
                self._submit_due()
                self._collect()
                self._begin()
                self._rest()
        finally:
            self._clear()

    def _rest(self) -> None:
        if not self.busy or time.monotonic() >= self.rest_at:
            self.rest()
            self.rest_at = time.monotonic() + REST_SECONDS

    def _begin(self) -> None:
        """The next conversations, as many as may begin now."""
        while len(self.beginning) < self.most and self._may_ask():
            try:
                talk = next(self.conversations)
            except StopIteration:
                self.most = 0
                return
            if talk:
                self._go_on(talk, Connection(), None)
            else:
                self.ask_at = time.monotonic() + ASK_SECONDS

    def _may_ask(self) -> bool:
        return not self.ask_at or time.monotonic() >= self.ask_at

    def _go_on(self, talk: Conversation, connection: Connection, answer: Answer | None) -> None:
        """Pass the answer to the conversation, and schedule its next plan."""
        try:
            plan = talk.send(answer)  # None begins it
        except StopIteration:
            connection.close()
            return
        except BaseException:
            connection.close()
            raise
        if plan.reconnect:
            connection.close()
        if answer is None and not plan.delay:
            self.beginning.add(connection)
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
            talk, connection = self.busy.pop(future)
            self.beginning.discard(connection)
            self._go_on(talk, connection, future.result())

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
