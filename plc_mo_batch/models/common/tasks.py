"""The tasks in one list. Settings, metrics, health monitor, board and the buttons that wake a task are derived from it.

A new task needs a row here, its model (``plc.task`` has what tasks share), its scheduled action and its switch in ``data/``, and
its place on the settings page; ``tests/house/test_tasks.py`` names what is missing.
"""

from dataclasses import dataclass

from ...plc.sentences import Sentence, _lt


@dataclass(frozen=True)
class Wake:
    """How a person wakes a task for a PLC: a button, its message, and its line in the journal."""

    label: Sentence
    icon: str
    message: Sentence


@dataclass(frozen=True)
class Task:
    """``minutes``: the interval in a new database. ``title`` and ``interval_title``: of its settings. ``is_shared``: several
    scheduled actions may share the PLCs."""

    number: int
    model: str
    minutes: int
    title: str
    interval_title: str
    wake: Wake | None = None
    is_shared: bool = True

    @property
    def name(self):
        """Its name in metrics, buttons and methods, e.g. write_back."""
        return self.model.removeprefix("plc.task.").replace(".", "_")

    @property
    def cron(self):
        """External id of the scheduled action."""
        return f"plc_mo_batch.ir_cron_task_{self.number}"

    @property
    def switch(self):
        """The setting that enables the task."""
        return f"task_{self.number}_enabled"

    @property
    def wake_method(self):
        """The method of a PLC that wakes the task for it."""
        return f"action_{self.name}_now"

    @property
    def flag(self):
        """The field of a PLC that says whether the user may wake the task for it."""
        return f"is_action_{self.name}_allowed"


TASKS = (
    Task(
        1,
        "plc.task.fill",
        60,
        "Fill the queue",
        "Fill every (minutes)",
        Wake(_lt("Fill Now"), "sign-in", _lt("The queue is being filled, unless it already has batches.")),
    ),
    Task(
        2,
        "plc.task.exchange",
        5,
        "Exchange with the PLC",
        "Exchange every (minutes)",
        Wake(_lt("Exchange Now"), "exchange", _lt("The exchange with the PLC has been started.")),
    ),
    Task(
        3,
        "plc.task.write.back",
        3,
        "Write back",
        "Write back every (minutes)",
        Wake(_lt("Write Back Now"), "check-square-o", _lt("Completed batches are being written back.")),
    ),
    Task(4, "plc.task.health", 10, "Monitor", "Monitor every (minutes)", is_shared=False),
)
BY_MODEL = {task.model: task for task in TASKS}
