from psycopg2.extensions import TransactionRollbackError

from odoo import models
from odoo.tools import plaintext2html

from ...tools.words import explained

ACTIVITY = "mail.mail_activity_data_warning"


class PlcNotifier(models.AbstractModel):
    """Tells the responsible of a PLC by an activity. The model has ``controller_id`` and ``_journal``."""

    _name = "plc.notifier"
    _description = "Tells the PLC's Responsible"

    def _tell_responsible(self, summary, note):
        """Whatever is wrong with telling must not keep the record from going on.

        :param note: text; it may come from a PLC, so it is never taken for markup
        """
        user = self.controller_id.responsible_id
        if not user.active or not self.with_user(user).has_access("read"):
            return
        try:
            with self.env.cr.savepoint():
                self.activity_schedule(ACTIVITY, summary=summary, note=plaintext2html(note), user_id=user.id)
        except TransactionRollbackError:
            raise
        except Exception as error:
            why = explained(self.env, error)
            self._journal("error", self.env._("%(user)s could not be told: %(error)s", user=user.name, error=why))
