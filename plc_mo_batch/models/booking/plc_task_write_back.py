import time
from contextlib import suppress

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.tools import split_every

from ...tools.translate import describe_error
from .booking import Booking
from .separate_booking import SeparateBooking
from .share_booking import ShareBooking

TOGETHER = 20  # batches in one transaction
TRIES, PAUSE = 10, 0.05  # to lock the due batches; the pause in seconds


class PlcTaskWriteBack(models.AbstractModel):
    """Task 3: book the consumption of completed batches on their orders, close the orders, move the batches to the history."""

    _name = "plc.task.write.back"
    _inherit = "plc.task"
    _description = "Task 3 - Write back"

    @api.model
    def _work(self):
        self._stop_waiting()
        self._write_back_due()
        if self._place().is_first:
            self._carry_out_due()
            self._close_stopped()

    @api.model
    def _write_back_due(self):
        due, done = self._due_and_free(), self.env["mo.batch"]
        for (company, lang), batches in due.grouped(lambda batch: (batch.company_id, batch.controller_id._language())).items():
            for ids in split_every(TOGETHER, batches.ids):
                done |= self._write_back(due.with_company(company).with_context(lang=lang).browse(ids))
        if due:
            self._log("Write-back completed: %s of %s batches done", len(done), len(due))
        else:
            self._log("nothing to write back")
        self._refill(due.controller_id)
        self._commit()

    @api.model
    def _book_difference(self, batch, booked):
        """A person entered that a batch had dosed more than was booked; the caller has locked it."""
        SeparateBooking(batch).book_difference(booked)

    @api.model
    def _carry_out_due(self):
        disposed = self.env["mo.batch"]
        for batch in self.env["mo.batch"]._with_due_disposition():
            if self._carry_out(batch._in_plc_language()):
                disposed |= batch
        self._refill(disposed.controller_id)
        self._commit()  # otherwise the rollback for one order would also discard the trigger

    @api.model
    def _due_and_free(self):
        """The due batches, as soon as no other transaction locks any of them.

        The exchange locks them for milliseconds, exactly when it has woken us. Without this wait they would stay for our next
        run.
        """
        for _attempt in range(TRIES):
            self._commit()
            due = self._due()
            with suppress(TransactionRollbackError):  # the exchange has just changed one and released it
                if due.try_lock_for_update(allow_referencing=True) == due:
                    return due
            self._rollback()
            time.sleep(PAUSE)
        self._trigger()
        self._commit()  # otherwise the rollback for one batch would also discard the trigger
        return due

    @api.model
    def _due(self):
        """Completed batches of this run's PLCs that wait for nothing else and whose next try is due."""
        return self.env["mo.batch"].search(
            [
                ("state", "=", "completed"),
                ("weight_needed", "=", False),
                ("hand_adds_needed", "=", False),
                ("review_needed", "=", False),
                ("watch_needed", "=", False),
                ("weighings_until", "=", False),
                ("controller_id", "in", self._mine().ids),
                "|",
                ("next_try", "=", False),
                ("next_try", "<=", fields.Datetime.now()),
            ],
            order="id",
        )

    @api.model
    def _write_back(self, batches):
        """Write back, and return the batches that are done. They are locked meanwhile, so the exchange and a second server leave
        them alone."""
        try:
            batches = batches.try_lock_for_update(allow_referencing=True).filtered(lambda batch: batch._is_bookable_now())
        except TransactionRollbackError:
            self._rollback()
            self._log("another transaction has just changed batches, next try in a minute")
            self._try_again_soon()
            return self.env["mo.batch"]
        single = batches.filtered(lambda batch: len(batch.production_id.plc_batch_ids & batches) == 1)
        together = len(single) > 1 and self._write_back_together(single)
        done = together or self._write_back_alone(single)
        return done | self._write_back_alone(batches - single)  # of one order each takes its part of what the one before has left

    @api.model
    def _write_back_together(self, batches):
        """All in one go, which takes Odoo a third less time. An empty recordset if any batch cannot be booked."""
        try:
            with self.env.cr.savepoint():
                self._book(batches)
            self._finish(batches)
            return batches
        except Exception as error:
            self._rollback()
            self._log("%s batches could not be written back together, trying one by one: %s", len(batches), error)
            return self.env["mo.batch"]

    @api.model
    def _write_back_alone(self, batches):
        done = self.env["mo.batch"]
        for batch in batches:
            try:
                if not self._is_still_due(batch):
                    continue
                with self.env.cr.savepoint():
                    self._book(batch)
                self._finish(batch)
                done |= batch
            except TransactionRollbackError:
                self._rollback()
                self._log("%s: another transaction is changing its order, next try in a minute", batch.name)
                self._try_again_soon()
            except Exception as error:
                self._rollback()
                self._log("%s %s not written back: %s", batch.name, batch.order_name, error)
                self._record_failed_try(batch, describe_error(batch.env, error))
        return done

    @api.model
    def _try_again_soon(self):
        self._trigger(fields.Datetime.add(fields.Datetime.now(), minutes=1))
        self._commit()

    @api.model
    def _book(self, batches):
        """Book each batch according to its order: if the order goes on after it, post its share; the others close theirs
        together.

        :raise UserError: naming the obstacle; the caller rolls back
        """
        shares = batches._with_order_going_on()
        for batch in shares:
            ShareBooking(batch).book()
        if batches - shares:
            Booking(batches - shares).book()

    @api.model
    def _record_failed_try(self, batch, message):
        """Store the error on the batch. If another transaction is just changing it, skip that: the next try will fail as well."""
        try:
            batch._record_error(message)
            self._commit()
        except TransactionRollbackError:
            self._rollback()

    @api.model
    def _is_still_due(self, batch):
        """Lock it again and check that it has not changed: the rollback of the common attempt has released it."""
        due = batch.try_lock_for_update(allow_referencing=True)._is_bookable_now()
        if not due:
            self._commit()  # it may ask for something now
        return due

    @api.model
    def _finish(self, batches):
        batches._finish()
        self._commit()
        for batch in batches:
            self._log("written back: %s %s, produced %.2f", batch.name, batch.order_name, batch.produced_qty)

    @api.model
    def _refill(self, controllers):
        """Refill an emptied queue at once (a setting), without waiting for the next run of Task 1."""
        self.env["plc.task.fill"]._fill_at_once("refill", [("id", "in", controllers.ids)])

    @api.model
    def _stop_waiting(self):
        try:
            self.env["mo.batch"]._stop_waiting_for_weighings()
            self._commit()
        except TransactionRollbackError:
            self._rollback()
            self._log("another transaction has just changed batches that wait for weighings, trying again")
            self._trigger()

    @api.model
    def _carry_out(self, batch):
        """Book the material, commit, then deal with the order, commit: after a crash in between, the second step is still
        done."""
        try:
            if not batch.try_lock_for_update(allow_referencing=True):
                return False
            if not batch.disposition_booked:
                SeparateBooking(batch).book_failed()
                self._commit()
            batch._close_disposition()
            self._commit()
        except TransactionRollbackError:
            self._rollback()
            return False
        except Exception as error:
            self._rollback()
            self._record_failed_try(batch, describe_error(batch.env, error))
            return False
        self._log("disposition carried out: %s %s", batch.name, batch.order_name)
        return True

    @api.model
    def _close_stopped(self):
        """Close stopped orders whose last batch ended just when they were stopped."""
        for order in self.env["mrp.production"]._plc_to_close():
            try:
                with self.env.cr.savepoint():
                    order._plc_close_stopped()
                self._commit()
            except TransactionRollbackError:
                self._rollback()
            except Exception as error:
                self._rollback()
                self._log("%s not closed: %s", order.name, error)
