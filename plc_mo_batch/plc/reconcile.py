"""observation + batches -> decisions: the heart of the promise, as a pure function.

Each round of an exchange observes the PLC, calls :func:`reconcile`, commits the changes that it returns, and only then sends its
writes. The effect of a write is learned from the next observation, never assumed. So after a crash anywhere, the next round
continues correctly. docs/architecture/exchange.md explains why each step is safe.

The decision for each state is in one of two tables, one per handshake: ``job_numbers.py`` and ``flags.py``.
"""

from collections.abc import Iterable

from . import flags  # noqa: F401 - one of HANDSHAKES
from .handshake import HANDSHAKES, reconcile
from .job_numbers import highest_taken
from .layout import FLAGS, Layout
from .steps import (
    ABORTED,
    CANCELLED,
    CANCELLING,
    COMMANDS,
    COMPLETE,
    COMPLETED,
    DONE,
    DOWNLOADING,
    ENDED,
    EXECUTING,
    FAILED,
    HANDED_OVER,
    HELD,
    IDLE,
    MAX_JOB,
    MAX_JOB_LEAD,
    NOT_TAKEN,
    OFFERED,
    OPEN,
    QUEUED,
    RUNNING,
    SENDING,
    STOPPED,
    UNDECIDED,
    WATCHED,
    Anomaly,
    Job,
    Rejected,
    Seen,
    Step,
    Write,
)

__all__ = [
    "HANDSHAKES",
    "ABORTED",
    "CANCELLED",
    "CANCELLING",
    "COMMANDS",
    "COMPLETE",
    "COMPLETED",
    "DONE",
    "DOWNLOADING",
    "ENDED",
    "EXECUTING",
    "FAILED",
    "HANDED_OVER",
    "HELD",
    "IDLE",
    "MAX_JOB",
    "MAX_JOB_LEAD",
    "NOT_TAKEN",
    "OFFERED",
    "OPEN",
    "QUEUED",
    "RUNNING",
    "SENDING",
    "STOPPED",
    "UNDECIDED",
    "WATCHED",
    "Anomaly",
    "Job",
    "Rejected",
    "Seen",
    "Step",
    "Write",
    "highest_job",
    "recipe_slots",
    "reconcile",
]


def recipe_slots(layout: Layout, jobs: Iterable[Job]) -> list[int]:
    """The slots whose recipe area must be read: before a download all of them, otherwise only those that are to be written."""
    jobs = list(jobs)
    if any(job.state in DOWNLOADING for job in jobs):
        return list(range(1, layout.slots + 1))
    waiting = {job.slot for job in jobs if job.state in (OFFERED, CANCELLING) or (job.state == RUNNING and job.command)}
    if layout.handshake != FLAGS:
        waiting |= {job.slot for job in jobs if job.state in ENDED and not job.acknowledged}
        waiting |= {job.slot for job in jobs if job.armed}
    return sorted(slot for slot in waiting if slot <= layout.slots)


def highest_job(layout: Layout, seen: Seen, last_job: int) -> int:
    """The highest plausible job number that the PLC shows as taken; 0: none, or the layout has none."""
    return 0 if layout.handshake == FLAGS else highest_taken(layout, seen, last_job)
