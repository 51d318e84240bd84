"""observation + batches -> decisions: the heart of the promise, as a pure function.

Each round of an exchange observes the PLC, calls :func:`reconcile`, commits the changes it asks for and only then puts its
writes on the wire. What a write achieved is learned by the next observation, never assumed. So a crash anywhere leaves a
state from which the next round goes on correctly. ARCHITECTURE.md tells why each step is safe.

What is decided in which state stands in two tables, one for each handshake: ``job_numbers.py`` and ``flags.py``.
"""

from collections.abc import Iterable

from .flags import Flags
from .handshake import Handshake
from .job_numbers import JobNumbers, highest_taken
from .layout import FLAGS, JOB_NUMBERS, Layout
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
    OFFERED,
    OPEN,
    QUEUED,
    RUNNING,
    SENDING,
    STOPPED,
    UNDECIDED,
    Anomaly,
    Job,
    Rejected,
    Seen,
    Step,
    Write,
)

__all__ = [
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
    "OFFERED",
    "OPEN",
    "QUEUED",
    "RUNNING",
    "SENDING",
    "STOPPED",
    "UNDECIDED",
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

HANDSHAKES: dict[str, type[Handshake]] = {JOB_NUMBERS: JobNumbers, FLAGS: Flags}


def recipe_slots(layout: Layout, jobs: Iterable[Job]) -> list[int]:
    """The slots whose recipe area must be read: only where something is to be written, all before a download."""
    jobs = list(jobs)
    if any(job.state in DOWNLOADING for job in jobs):
        return list(range(1, layout.slots + 1))
    waiting = {job.slot for job in jobs if job.state in (OFFERED, CANCELLING) or (job.state == RUNNING and job.command)}
    if layout.handshake != FLAGS:
        waiting |= {job.slot for job in jobs if job.state in ENDED and not job.acknowledged}
    return sorted(slot for slot in waiting if slot <= layout.slots)


def highest_job(layout: Layout, seen: Seen, last_job: int) -> int:
    """The highest job number that the PLC shows as taken, of those that are plausible; 0: none, or the layout has none."""
    return 0 if layout.handshake == FLAGS else highest_taken(layout, seen, last_job)


def reconcile(layout: Layout, jobs: Iterable[Job], seen: Seen, last_job: int = 0) -> list[Step]:
    """What to do now.

    :param jobs: the open batches, and of each slot the latest closed one as long as it matters (see :class:`Job`)
    :param last_job: the highest job number ever given for this PLC
    :return: steps, in the order of slots; a step's changes are to be committed before its write is sent
    """
    handshake = HANDSHAKES[layout.handshake](layout, seen, last_job)
    jobs = sorted(jobs, key=lambda job: (job.slot, job.id))
    handshake.look_for_strangers(jobs)
    steps = [handshake.step(job, [other for other in jobs if other.slot == job.slot]) for job in jobs]
    owned = {job.slot for job in jobs if job.state in OPEN and job.state != QUEUED}
    steps += [handshake.clear(slot) for slot in sorted(seen.recipe) if slot not in owned]
    return [step for step in steps if step]
