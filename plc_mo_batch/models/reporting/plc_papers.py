import logging

from psycopg2.extensions import TransactionRollbackError

from odoo import api, models
from odoo.exceptions import AccessError

from ..common.rule8 import apart

_logger = logging.getLogger(__name__)

CRON = "plc_mo_batch.ir_cron_papers"


class PlcPapers(models.AbstractModel):
    """Reports that are made without anybody asking. They have a scheduled action of their own, so that a slow or failing one is
    in the way of neither the PLCs nor the stock."""

    _name = "plc.papers"
    _description = "Reports Made by the Server"

    @api.model
    def _run(self):
        """Entry point of the scheduled action. What fails is logged, and tried again at the next run.

        :raise AccessError: for anybody but the scheduled action's user: see ``plc.task``
        """
        if not self.env.su and self.env.user != self.env.ref(CRON).sudo().user_id:
            raise AccessError(self.env._("Only the server runs the tasks."))
        for batch in self.env["mo.batch"]._to_freeze():
            self._try(batch._in_plc_language()._freeze_report, batch.name)
        mails = self.env["plc.shift.mail"].sudo()
        for controller, since, until in list(mails._due()):
            self._try(lambda plc=controller, begin=since, end=until: mails._mail(plc, begin, end), controller.name)

    @api.model
    def _try(self, work, about):
        """In a transaction of its own (rule 8)."""
        try:
            with apart(self.env) as attempt:
                work()
            if attempt.error:
                _logger.warning("Report of %s not made, next try in some minutes: %s", about, attempt.error)
            self.env["plc.task"]._commit()
        except TransactionRollbackError:
            self.env["plc.task"]._rollback()
