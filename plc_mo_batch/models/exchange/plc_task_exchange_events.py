from odoo import fields

from ...plc.dissect import event_body
from ...plc.events import decide
from ...tools.moments import pull_back_future_moments
from ...tools.translate import describe_error, translate
from ..common.rule8 import apart
from ..events.plc_event import Busy

SCAN_SECONDS = 0.1  # between two readings that must agree
MAX_EVENTS = 30  # in one conversation; the next exchange continues
MODELS = {"failure": "plc.failure", "weighing": "plc.weighing"}


class EventTalk:
    """The part of a :class:`~.plc_task_exchange.Conversation` about failures and weighings.

    What is remembered here is lost with the process; that does no harm, as an observation is merely repeated.
    """

    def __init__(self, env, controller_id):
        self.env = env
        self.controller_id = controller_id
        self.stored = 0
        self._is_off = False  # they could not be read
        self._open = set()  # (area, slot) that need another look
        self._readings = {}  # (area, slot) -> answer, the event's words in it
        self._acks = {}  # write -> event
        self._problems = {}

    @property
    def controller(self):
        return self.env["plc.controller"].sudo().browse(self.controller_id)

    # Plans

    def to_read(self, layout, everything, unsure):
        """What the next plan reads: everything, or only slots with something going on.

        :return: (area, slot) -> id of the newest event if it is settled, else 0
        """
        if self._is_off:
            return {}
        places = [place for place in layout.event_places if everything or place in self._open]
        newest = self._newest(places)
        for event in newest.values():
            pull_back_future_moments(event, "ack_at")
        settled = {place: event.id for place, event in newest.items() if not unsure and event._is_settled()}
        return {place: settled.get(place, 0) for place in places}

    def _newest(self, places):
        """The newest event of each slot that has one."""
        newest = {}
        for kind in {kind for kind, _slot in places}:
            slots = [slot for of_kind, slot in places if of_kind == kind]
            found = self.env[MODELS[kind]]._newest(self.controller, slots)
            newest.update({(kind, slot): event for slot, event in found.items()})
        return newest

    # Answers

    def digest(self, asked, answer, may_write):
        """Store what an answer means.

        :param asked: the plan that was answered, as a :class:`~.plc_task_exchange.Asked`
        :param may_write: False while a write of unknown fate may still arrive, as that could be an acknowledgement
        :return: the writes to send after the commit; whether anything needs another look
        """
        self._open = set()
        if answer.event_error:
            self._is_off = True
            self._problems["link"] = self.env._(
                "Cannot read failures and weighings. %s", self.controller._link_message(answer.event_error)
            )
        newest = self._newest(answer.events)
        writes = []
        for place, words in answer.events.items():
            event = newest.get(place)
            if any(words) or event and not event.acknowledged:
                writes += self._digest_event(place, words, event, asked, answer, may_write)
            else:  # blank, as nearly always: nothing to do, and nothing for a later reading to confirm
                self._readings.pop(place, None)
                self._problems.pop(place, None)
        if asked.events:
            self.controller._record_event_problem(" ".join(self._problems.values()))
        return writes, bool(self._open)

    def _digest_event(self, place, words, event, asked, answer, may_write):
        layout = asked.plan.layout
        before = self._reading(layout, place, words, answer)
        last = event and event._last(may_write and asked.events[place] == event.id)
        step = decide(layout, *place, words, last, before)
        self._problems.pop(place, None)
        if not step:
            return []
        if step.anomaly:
            self._problems[place] = self._anomaly_message(place, step)
            return []
        if step.again:
            self._open.add(place)
            return []
        return self._store(place, step, event, may_write)

    def _reading(self, layout, place, words, answer):
        """Remember this reading, and return the previous one, if it was another one and at least a scan ago."""
        body = event_body(layout.area(place[0]), words)
        earlier, before = self._readings.get(place, (answer, None))
        if earlier is answer or before == body and answer.at - earlier.at < SCAN_SECONDS:
            self._readings.setdefault(place, (answer, body))
            return None
        self._readings[place] = (answer, body)
        return before

    def _anomaly_message(self, place, step):
        kind, slot = place
        return self.env._(
            "Slot %(slot)s of the %(area)s area was rejected: %(detail)s.",
            slot=slot,
            area=self.controller._area_name(kind),
            detail=translate(self.env, step.anomaly.detail),
        )

    def _store(self, place, step, event, may_write):
        """Store one step; an event that cannot be stored stays in the PLC, and never stops the others (rule 8)."""
        write = step.write if may_write else None
        with apart(self.env) as attempt:
            event = self._record(place, step, event)
            if write:
                event.ack_at = fields.Datetime.now()
        if isinstance(attempt.error, Busy):
            self._open.add(place)
            return []
        if attempt.error:
            why = describe_error(self.env, attempt.error)
            self._problems[place] = self.env._("An event from the PLC could not be stored: %s", why)
            return []
        self.stored += bool(step.body)
        if write or step.acknowledged:
            self._open.add(place)
        if write:
            self._acks[write] = event
        return [write] if write else []

    def _record(self, place, step, event):
        """The stored event that the step is about."""
        if step.last_id:
            event._record_step(step)
            event.flush_recordset()
        if not step.body:
            return event
        event = self.env[MODELS[place[0]]]._store(self.controller, step)
        self.env["plc.task.exchange"]._log("%s: %s (%s)", place[0], event.display_name, self.controller.name)
        return event

    def take_back(self, write):
        """The flag certainly was not written: the acknowledgement has yet to be sent for the first time."""
        event = self._acks.get(write)
        if event:
            event.sudo().ack_at = False
