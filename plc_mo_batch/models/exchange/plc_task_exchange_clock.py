from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from ...plc.clock import Reading, read_clock
from ...plc.layout import CLOCK
from ...tools.translate import translate
from ..common.rule8 import apart


class ClockTalk:
    """The part of a :class:`~.plc_task_exchange.Conversation` about the PLC's clock: read once, or twice if the reading is news.

    What is remembered here is lost with the process; that does no harm.
    """

    def __init__(self, env, controller_id):
        self.env = env
        self.controller_id = controller_id
        self._is_done = False
        self._first = None  # answer, its reading: news that a second reading must confirm

    @property
    def controller(self):
        return self.env["plc.controller"].sudo().browse(self.controller_id)

    def is_wanted(self, layout):
        """Whether the next plan must read it."""
        return layout.has(CLOCK) and not self._is_done

    def digest(self, plan, answer):
        """Store what an answer says about the clock, if it is news. May be called again with the same answer.

        :return: whether it must be read again
        """
        if not plan.clock:
            return False
        with apart(self.env) as attempt:
            again = self._digest_clock(plan, answer)
        if not attempt.error:
            return again
        self._is_done = True  # batches do not wait for a clock
        self.env["plc.task.exchange"]._log("%s: clock reading not processed: %s", self.controller.name, attempt.error)
        return False

    def _digest_clock(self, plan, answer):
        if not answer.clock:
            return True  # the events before it could not be read
        if answer.clock.error:
            problem = self.env._("Cannot read the PLC's clock. %s", self.controller._link_message(answer.clock.error))
            return self._decide(Reading(problem=problem))
        reading = self._reading(plan.layout, answer.clock)
        first, before = self._first or (answer, None)
        if first is answer and self.controller._is_clock_news(reading):
            self._first = (answer, reading)
            return True
        return self._decide(reading, before is None or before.agrees(reading))

    def _reading(self, layout, clock):
        now = datetime.fromtimestamp(clock.at, timezone.utc).replace(tzinfo=None)
        reading = read_clock(layout, clock.words, ZoneInfo(self.controller.tz), now)
        if not reading.problem:
            return reading
        why = translate(self.env, reading.problem)
        return Reading(0, self.env._("The PLC's clock does not show a valid date and time: %s.", why), reading.words)

    def _decide(self, reading, is_believed=True):
        """Nothing more to read. A reading that was rejected is checked again in the next exchange."""
        self._is_done = True
        if is_believed and self.controller._is_clock_news(reading):
            self.controller._record_clock(reading)
        return False
