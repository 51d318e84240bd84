"""``mo.batch`` as far as the reconciler cares, without Odoo: for tests that try millions of steps.

``test_reconcile_model`` compares it with the real one.
"""

from typing import NamedTuple

from ..plc.reconcile import (
    CANCELLED,
    CANCELLING,
    COMPLETED,
    ENDED,
    FAILED,
    OFFERED,
    OPEN,
    QUEUED,
    RUNNING,
    WATCHED,
    Job,
    Step,
)


class Record(NamedTuple):
    """``settled`` is what the clock makes of date_offered, withdrawn_at and command_at: it is for the test to set it.

    ``finished``: date_finished is set. ``asked``: the case that a person is asked about, of attention_key.
    """

    order: str
    slot: int = 1
    state: str = QUEUED
    number: int = 0
    acknowledged: bool = False
    withdrawn: bool = False
    settled: bool = False
    finished: bool = False
    awaits_weight: bool = False
    release: bool = False
    resent: bool = False
    command: str = ""
    asked: str = ""
    actuals: tuple = ()
    weight: float = 0.0
    armed: bool = False
    taken_before: int = 0
    shown_before: bool = False
    noted: bool = False

    def job(self, key: int, recipe: dict) -> Job:
        """``_job``"""
        return Job(
            id=key,
            state=self.state,
            slot=self.slot,
            order=self.order,
            number=self.number,
            recipe=recipe if self.state in OPEN else {},
            acknowledged=self.acknowledged,
            settled=self.settled,
            awaits_weight=self.awaits_weight,
            release=self.release,
            resent=self.resent,
            command=self.command,
            armed=self.armed,
            taken_before=self.taken_before,
            shown_before=self.shown_before,
            finished=self.finished and self.state == RUNNING,
            stored=dict(self.actuals) if self.state in (RUNNING, *ENDED) else {},
            noted=self.noted,
        )

    @property
    def waits(self) -> bool:
        """The clock runs that makes it settled."""
        since = {OFFERED: True, CANCELLING: self.withdrawn, RUNNING: bool(self.command)}
        return not self.settled and since.get(self.state, False)

    def to(self, state: str, **values) -> "Record":
        """``_set_state``"""
        return self._replace(**{"state": state, "asked": "", "settled": False, **values})

    def apply(self, step: Step) -> "Record":
        """``_apply``"""
        record = self._noted(step.values)
        if step.state:
            command = "" if step.state in (COMPLETED, FAILED) else record.command
            record = record.to(step.state, number=step.values.get("number", record.number), release=False, command=command)
        if step.anomaly:
            return record if record.asked in WATCHED else record._replace(asked=step.anomaly.code)
        return record if step.state or record.asked in WATCHED else record._replace(asked="")

    def _noted(self, values) -> "Record":
        record = self
        if "actuals" in values:
            record = record._replace(actuals=tuple(zip(values["codes"], values["actuals"], strict=True)), weight=values["weight"])
        if values.get("withdrawn", record.withdrawn) != record.withdrawn:
            record = record._replace(withdrawn=values["withdrawn"], settled=False)
        return record._replace(
            acknowledged=record.acknowledged or values.get("acknowledged", False),
            finished=values.get("finished", record.finished),
            armed=values.get("armed", record.armed),
            taken_before=values.get("taken_before", record.taken_before),
            shown_before=values.get("shown_before", record.shown_before),
            command="" if values.get("obeyed") else record.command,
        )

    # What people do

    def cancelled(self) -> "Record":
        """``action_cancel``"""
        return self.to(CANCELLING, withdrawn=False) if self.state == OFFERED else self.to(CANCELLED)

    def sent_again(self) -> "Record":
        """``action_send_again``"""
        return self.to(QUEUED, resent=True, withdrawn=False)

    def taken_out(self) -> "Record":
        """``action_give_up``"""
        return self.to(FAILED if self.state == RUNNING else CANCELLED, acknowledged=True)

    def heeded(self) -> "Record":
        """``action_heed``"""
        return self._replace(noted=self.noted or self.state not in OPEN or self.state in ENDED, asked="")

    def released(self) -> "Record":
        """``action_release_slot``"""
        return self._replace(release=True, asked="")

    def gone_on(self) -> "Record":
        """``action_go_on``"""
        return self._replace(resent=True, asked="")

    def asked_to(self, command: str) -> "Record":
        """``action_hold`` and its like"""
        return self._replace(command=command, settled=False)
