"""Rounds of observe -> decide -> act with many PLCs at the same time.

What one PLC says and is told is a conversation: a generator that yields a :class:`Plan` and is sent the :class:`Answer`.
The wire is served in threads, one request of one PLC after the other; the generators run in the caller's thread alone,
because a database cursor must never leave its thread. A dead PLC costs its own timeout, not one of those behind it.
"""

import time
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from .layout import Layout
from .reconcile import Seen, Write
from .transport import Endpoint, Link, LinkError

MAX_THREADS = 64


@dataclass(frozen=True)
class Plan:
    """One round on the wire: first the writes, then the reads.

    :param delay: seconds to wait before it; the connection is kept through a short wait only (see ``fresh``)
    :param fresh: True to begin with a new connection
    """

    endpoint: Endpoint
    layout: Layout
    feedback: tuple[int, ...]
    recipe: tuple[int, ...] = ()
    writes: tuple[Write, ...] = ()
    delay: float = 0.0
    fresh: bool = False


@dataclass(frozen=True)
class Answer:
    """What came of a plan: ``seen``, or ``error``.

    ``unsure`` is True when a write was begun and nobody knows whether the PLC applied it; ``unsent`` are the writes that were
    certainly not applied.
    """

    seen: Seen | None = None
    error: LinkError | None = None
    unsure: bool = False
    unsent: tuple[Write, ...] = ()
    requests: int = 0


Conversation = Generator[Plan, Answer, None]


class _Wire:
    """The connection of one conversation. Each call runs in some thread, never two at once."""

    def __init__(self):
        self.link: Link | None = None

    def serve(self, plan: Plan) -> Answer:
        if plan.delay:
            if plan.fresh:
                self.close()
            time.sleep(plan.delay)
        done = 0
        try:
            link = self._connected(plan)
            before = link.requests
            for write in plan.writes:
                link.write_words(write.address, write.words)
                done += 1
            return Answer(observe(link, plan), requests=link.requests - before)
        except LinkError as error:
            self.close()
            return Answer(None, error, error.writing, plan.writes[done + bool(error.writing) :])

    def _connected(self, plan: Plan) -> Link:
        if plan.fresh:
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


def observe(link: Link, plan: Plan) -> Seen:
    """Read each slot in one request of its own: a slot split over two requests can be torn.

    :raise LinkError: if any of them fails; half an observation is none
    """
    layout = plan.layout
    recipe = {slot: link.read_words(*layout.request("recipe", slot)) for slot in plan.recipe}
    feedback = {slot: link.read_words(*layout.request("feedback", slot)) for slot in plan.feedback}
    return Seen(feedback, recipe)


def converse(conversations: Iterable[Conversation]) -> None:
    """Run all conversations to their end, side by side. An exception in one of them ends all: they must handle their own."""
    conversations = list(conversations)
    if not conversations:
        return
    with ThreadPoolExecutor(min(len(conversations), MAX_THREADS), "plc") as pool:
        running: dict[Future, tuple[Conversation, _Wire]] = {}
        try:
            for talk in conversations:
                _submit(pool, running, talk, _Wire(), None)
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    _submit(pool, running, *running.pop(future), future.result())
        finally:
            for future, (talk, wire) in running.items():
                future.cancel()
                talk.close()
                wait([future])
                wire.close()


def _submit(pool, running, talk: Conversation, wire: _Wire, answer: Answer | None) -> None:
    """Hand the answer to the conversation and its next plan to the wire."""
    try:
        plan = talk.send(answer)
    except StopIteration:
        wire.close()
        return
    except BaseException:
        wire.close()
        raise
    running[pool.submit(wire.serve, plan)] = (talk, wire)
