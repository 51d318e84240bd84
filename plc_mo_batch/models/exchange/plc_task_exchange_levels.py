from ...plc.layout import LEVEL
from ...plc.levels import read_levels
from ..common.rule8 import apart


class LevelTalk:
    """The part of a :class:`~.plc_task_exchange.Conversation` about the sensors of the silos: read once an exchange at most, and
    not before the PLC's interval has passed. Nothing waits for them."""

    def __init__(self, env, controller_id):
        self.env = env
        self.controller_id = controller_id
        self._is_done = False

    @property
    def controller(self):
        return self.env["plc.controller"].sudo().browse(self.controller_id)

    def is_wanted(self, layout):
        """Whether the next plan must read them."""
        if not layout.has(LEVEL) or self._is_done:
            return False
        self._is_done = not self.controller._are_levels_due()
        return not self._is_done

    def digest(self, plan, answer):
        """Store what an answer says about levels. May be called again with the same answer."""
        if not plan.levels or not answer.levels:
            return
        with apart(self.env) as attempt:
            self._digest_levels(plan, answer.levels)
        if attempt.error:
            self.env["plc.task.exchange"]._log("%s: levels not processed: %s", self.controller.name, attempt.error)
        self._is_done = True

    def _digest_levels(self, plan, shown):
        controller = self.controller
        if shown.error:
            message = self.env._("Cannot read the level sensors. %s", controller._link_message(shown.error))
            controller._record_levels_problem(message)
        else:
            controller._record_levels(read_levels(plan.layout, shown.words))
