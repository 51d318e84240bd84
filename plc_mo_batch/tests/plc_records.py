"""``mo.batch`` as far as the reconciler cares, without Odoo: for tests that try millions of steps.

``test_reconcile_model`` compares it with the real one.
"""

from typing import NamedTuple

from ..plc.reconcile import CANCELLED, CANCELLING, COMPLETED, FAILED, OFFERED, OPEN, QUEUED, RUNNING, Job, Step


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
        if step.anomaly:
            return self._replace(asked=step.anomaly.code)
        record = self._noted(step.values)
        if not step.state:
            return record._replace(asked="")
        command = "" if step.state in (COMPLETED, FAILED) else record.command
        return record.to(step.state, number=step.values.get("number", record.number), release=False, command=command)

    def _noted(self, values) -> "Record":
        record = self
        if "actuals" in values:
            record = record._replace(actuals=tuple(zip(values["codes"], values["actuals"], strict=True)), weight=values["weight"])
        if values.get("withdrawn", record.withdrawn) != record.withdrawn:
            record = record._replace(withdrawn=values["withdrawn"], settled=False)
        return record._replace(
            acknowledged=record.acknowledged or values.get("acknowledged", False),
            finished=record.finished or values.get("finished", False),
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

    def released(self) -> "Record":
        """``action_release_slot``"""
        return self._replace(release=True, asked="")

    def gone_on(self) -> "Record":
        """``action_go_on``"""
        return self._replace(resent=True, asked="")

    def asked_to(self, command: str) -> "Record":
        """``action_hold`` and its like"""
        return self._replace(command=command, settled=False)
