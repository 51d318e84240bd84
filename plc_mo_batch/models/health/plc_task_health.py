from datetime import timedelta

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.tools import config, format_datetime

from ...tools.translate import describe_error
from .plc_alarm import Condition

FEW = 3  # orders named in a message
IDLE_SECONDS = 70  # that Odoo's cron processes sleep at most


class PlcTaskHealth(models.AbstractModel):
    """Task 4: notify people of what stalls, once when it begins and once when it is over.

    Each check returns the :class:`Condition`s that exist now, or None if it cannot tell: then its alarms stay as they are.
    """

    _name = "plc.task.health"
    _inherit = "plc.task"
    _description = "Task 4 - Health monitor"

    @api.model
    def _checks(self):
        """Kind of alarm -> the check that looks for it at one PLC."""
        return {
            "silent": self._silent,
            "writes": self._writes_refused,
            "slots": self._slots_missing,
            "stuck": self._stuck,
            "rejected": self._rejected,
            "went_back": self._went_back,
            "write_back": self._write_back_failing,
            "unposted": self._unposted,
            "waiting": self._waiting,
            "orders": self._orders,
            "clock": self._clock_off,
            "silo_low": self._silos_low,
            "silo_short": self._silos_short,
            "silo_sensor": self._sensors_off,
        }

    @api.model
    def _work(self):
        served = self.env["plc.controller"]._to_serve()
        of_all = self.with_context(lang=served[:1]._language())
        of_all._run_check("task", None, of_all._tasks)
        for one in served:
            controller = one.with_prefetch()._in_plc_language()  # each commit forgets what was read: not that of all others
            task = self.with_env(controller.env)
            if not task._checked_together(controller):
                for kind, check in task._checks().items():
                    task._run_check(kind, controller, check)
        self._close_of_others(served)
        of_all._run_check("escalation", None, self.env["plc.alarm"]._escalate)
        self._remove_surplus()
        self._commit()
        standing = self.env["plc.alarm"].sudo().search_count(self.env["plc.alarm"]._open_domain())
        self._log("Health check completed: %s PLCs, %s alarms", len(served), standing)

    @api.model
    def _checked_together(self, controller):
        """Run all checks of a PLC in one transaction.

        :return: False if one fails: then nothing was told, and each has to be run by itself (rule 8)
        """
        try:
            found = {kind: check(controller) for kind, check in self._checks().items()}
            self.env["plc.alarm"]._sync_kinds(controller, {kind: new for kind, new in found.items() if new is not None})
            self._commit()
        except Exception as error:
            self._rollback()
            self._log("%s: check by check, as not all can be made: %s", controller.name, error)
            return False
        return True

    @api.model
    def _run_check(self, kind, controller, check):
        """Run one check in its own transaction; one that fails never stops the others (rule 8).

        :param controller: the PLC that it is about; None: all
        """
        try:
            conditions = check(controller) if controller else check()
            if conditions is not None:
                self.env["plc.alarm"]._sync(kind, controller, conditions)
            self._commit()
        except TransactionRollbackError:
            self._rollback()
            self._log("%s: another transaction is changing it, next check later", controller.name if controller else kind)
        except Exception as error:
            self._rollback()
            self._log("%s: %s could not be checked: %s", controller.name if controller else "all PLCs", kind, error)
            self.env["mo.batch.journal"]._record("error", describe_error(self.env, error), controller=controller)
            self._commit()

    @api.model
    def _close_of_others(self, served):
        """Close the alarms of PLCs that were switched off on purpose or archived: they stall nothing."""
        others = [("controller_id", "!=", False), ("controller_id", "not in", served.ids)]
        alarms = self.env["plc.alarm"].sudo().search([*self.env["plc.alarm"]._open_domain(), *others])
        for alarm in alarms.filtered(lambda alarm: alarm.kind in self._checks()):
            alarm.with_context(lang=alarm.controller_id._language())._close()

    # Small things

    @api.model
    def _is_older(self, moment, minutes, seconds=0.0):
        """Whether ``moment`` is that long ago; never if the PLC's limit is 0."""
        limit = timedelta(minutes=minutes, seconds=seconds)
        return bool(moment and minutes and fields.Datetime.now() - moment > limit)

    @api.model
    def _local_time(self, controller, moment):
        """The moment as the plant's people write it."""
        company = controller.company_id or self.env.company
        zone = controller.responsible_id.tz or company.sudo().resource_calendar_id.tz or "UTC"
        return f"{format_datetime(self.env, moment, tz=zone, dt_format='short')} ({zone})"

    @api.model
    def _batches(self, controller, *domain):
        return self.env["mo.batch"].search([("controller_id", "=", controller.id), *domain], order="slot, id")

    # Checks: the PLC

    @api.model
    def _silent(self, controller):
        """It does not answer, or no exchange with it completes."""
        exchange = self.env["plc.task.exchange"]
        if not exchange._is_enabled() or exchange._is_late():
            return None  # no task talks to it
        since = controller._last_heard()
        patience = 0 if not controller.online else 2 * 60 * exchange._interval_minutes()
        if not self._is_older(since, controller.silent_minutes, patience):
            return []
        detail = controller.last_error or self.env._("Every exchange with it is interrupted. See the journal.")
        message = self.env._("No contact since %(time)s. %(detail)s", time=self._local_time(controller, since), detail=detail)
        return [Condition("silent", message, controller)]

    @api.model
    def _writes_refused(self, controller):
        """It can be read, and does not accept what is written."""
        if not self._is_older(controller.write_problem_at, controller.silent_minutes):
            return []
        return [Condition("writes", controller.write_problem, controller)]

    @api.model
    def _slots_missing(self, controller):
        """The layout has more slots than the device."""
        return [Condition("slots", controller.slot_problem, controller)] if controller.slot_problem else []

    @api.model
    def _orders(self, controller):
        """The queue is empty although orders wait."""
        if not self.env["plc.task.fill"]._is_enabled() or controller.queue_count:
            return []
        due = fields.Datetime.now() - timedelta(minutes=controller.order_minutes)
        idle_since = controller._idle_since()
        if not controller.order_minutes or not idle_since or max(idle_since, controller._watched_since()) > due:
            return []
        productions = self.env["mrp.production"]
        begun_by_hand = [("state", "!=", "confirmed"), ("plc_reason", "!=", False)]  # its reason is enough
        domain = [*productions._plc_eligible_domain(controller), ("write_date", "<", due), "!", "&", *begun_by_hand]
        count = productions.search_count(domain)
        if not count:
            return []
        return [Condition("orders", self._orders_message(productions.search(domain, limit=FEW), count), controller)]

    @api.model
    def _orders_message(self, first, count):
        named = [f"{order.name}: {order.plc_reason}" if order.plc_reason else order.name for order in first]
        listed = "; ".join([*named, *(["…"] if count > len(named) else [])])
        return self.env._("%(count)s orders are waiting, but the queue is empty: %(orders)s", count=count, orders=listed)

    @api.model
    def _clock_off(self, controller):
        """The PLC's clock is off by more than the limit, or shows nothing that can be compared."""
        if not controller.has_clock or not controller.clock_seconds:
            return []
        if not controller.online:
            return None
        if controller.clock_problem:
            return [Condition("clock", controller.clock_problem, controller, key="problem")]
        if controller._is_clock_off():
            return [Condition("clock", controller._clock_message(), controller)]
        return []

    # Checks: its batches. A batch that waits for another one, or for a silent PLC, is not stuck.

    @api.model
    def _stuck(self, controller):
        if not controller.online or not self.env["plc.task.exchange"]._is_enabled():
            return None
        idle_since = controller._idle_since()
        return [
            Condition("stuck", message, controller, batch)
            for batch in self._batches(controller, ("parked", "=", False))
            if (message := self._stuck_message(controller, batch, idle_since))
        ]

    @api.model
    def _stuck_message(self, controller, batch, idle_since):
        """Why the batch is stuck, or None. ``idle_since``: None while the PLC makes a batch."""
        since = batch.date_state or batch.write_date
        if batch.state == "running":
            return self._stuck_running(controller, batch)
        if batch.state == "cancelling" and self._is_older(since, controller.send_minutes):
            return self.env._("%s is being cancelled, but its recipe could not be withdrawn yet.", batch.display_name)
        if idle_since is None:
            return None
        waited_since = max(since, idle_since)
        if batch.state in ("queued", "sending") and not batch.attention:
            if self._is_older(waited_since, controller.send_minutes):
                return self.env._("%s is still not handed over, although the PLC answers and is idle.", batch.display_name)
        if batch.state == "offered" and self._is_older(waited_since, controller.take_minutes):
            return self.env._("%s is offered, but the idle PLC does not take it.", batch.display_name)
        return None

    @api.model
    def _stuck_running(self, controller, batch):
        if not batch._is_stalled():
            return None
        moment = self._local_time(controller, batch._last_progress())
        return self.env._(
            "%(batch)s is running, but nothing has been dosed since %(time)s. If the PLC does not end it, enter its amounts, or "
            "give it up.",
            batch=batch.display_name,
            time=moment,
        )

    @api.model
    def _rejected(self, controller):
        if not controller.online:
            return None
        return [
            Condition("rejected", batch.attention, controller, batch)
            for batch in self._batches(controller, ("attention_key", "=like", "rejected %"))
        ]

    @api.model
    def _went_back(self, controller):
        """What may only rise: also of batches that are closed."""
        return [
            Condition("went_back", f"{batch.display_name}: {batch.attention}", controller, batch)
            for batch in self.with_context(active_test=False)._batches(controller, ("watch_needed", "=", True))
        ]

    @api.model
    def _write_back_failing(self, controller):
        return [
            Condition("write_back", self._failing_message(batch), controller, batch)
            for batch in self._batches(controller, ("attempts", ">", 0))
            if batch._is_failing()
        ]

    @api.model
    def _failing_message(self, batch):
        return self.env._("Cannot write back %(batch)s: %(error)s", batch=batch.display_name, error=batch.last_error or "")

    @api.model
    def _unposted(self, controller):
        """Batches wait for Task 3 alone, and it does not come. Those whose write-back fails have an alarm of their own."""
        if not self.env["plc.task.write.back"]._is_enabled():
            return []
        return [
            Condition("unposted", self._unposted_message(batch), controller, batch)
            for batch in self._batches(controller, ("state", "in", ("completed", "failed")))
            if batch._awaits_task_3() and not batch._is_failing() and self._is_older(batch.date_finished, controller.post_minutes)
        ]

    @api.model
    def _unposted_message(self, batch):
        if batch.last_error:
            return self._failing_message(batch)
        return self.env._("%s is finished but not written back.", batch.display_name)

    @api.model
    def _waiting(self, controller):
        return [
            Condition("waiting", self._waiting_message(batch), controller, batch)
            for batch in self._batches(controller, ("waits_since", "!=", False))
            if batch._awaits_person() and self._is_older(batch.waits_since, controller.person_minutes)
        ]

    @api.model
    def _waiting_message(self, batch):
        why = batch.attention or self.env._("The PLC is holding the batch.")
        return self.env._("%(batch)s is waiting for an operator: %(why)s", batch=batch.display_name, why=why)

    # Checks: the tasks themselves

    @api.model
    def _tasks(self):
        """After a standstill of the server all tasks are late, and people need not be notified: nothing is told that was not told
        before."""
        conditions = []
        for task in self._all():
            message = task._name != self._name and task._trouble()
            if message:
                conditions.append(Condition("task", message, key=str(task._number)))
        return self._told_before(conditions) if self._is_late() else conditions

    @api.model
    def _told_before(self, conditions):
        alarms = self.env["plc.alarm"].sudo()
        told = alarms.search([*alarms._open_domain(), ("kind", "=", "task")]).mapped("key")
        return [condition for condition in conditions if condition.key in told]

    @api.model
    def _unwatched(self):
        """Why nothing is monitored now, in a sentence; False if Task 4 does it."""
        if not self._setting("enabled") or self._is_neutralized():
            return self.env._("PLCs are not monitored: PLC batches are switched off in the settings.")
        if not self._is_enabled():
            return self.env._("PLCs are not monitored: Task 4 (Monitor) is switched off in the settings.")
        return self._trouble() or self._ended_too_soon()

    @api.model
    def _ended_too_soon(self):
        """The server's configuration stops all tasks, whatever they do; False if it does not.

        An idle process for scheduled actions sleeps for up to 70 seconds, which counts as if it worked.
        """
        limit = config["limit_time_real_cron"]
        if not config["workers"] or not 0 < limit <= IDLE_SECONDS:
            return False
        return self.env._(
            "limit_time_real_cron is %(limit)s s in the server's configuration: an idle cron process is ended before it looks "
            "for work, so no task may run. Set it to 600.",
            limit=limit,
        )
