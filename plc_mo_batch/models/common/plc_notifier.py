from odoo import models
from odoo.tools import plaintext2html

from ...tools.translate import describe_error
from .rule8 import apart

ACTIVITY = "mail.mail_activity_data_warning"


class PlcNotifier(models.AbstractModel):
    """Notifies the people responsible for a PLC by an activity. The model has ``controller_id`` and ``_journal``."""

    _name = "plc.notifier"
    _description = "Notifies the PLC's Responsible User"

    def _tell_responsible(self, summary, note):
        """Schedule an activity. If that fails, the record still goes on.

        :param note: text; it may come from a PLC, so it is never treated as markup
        """
        user = self.controller_id.responsible_id
        if user.active and self.with_user(user).has_access("read"):
            self._tell(user, summary, note)

    def _tell(self, user, summary, note):
        with apart(self.env) as attempt:
            self.activity_schedule(ACTIVITY, summary=summary, note=plaintext2html(note), user_id=user.id)
        if attempt.error:
            why = describe_error(self.env, attempt.error)
            self._journal("error", self.env._("Could not notify %(user)s: %(error)s", user=user.name, error=why))
