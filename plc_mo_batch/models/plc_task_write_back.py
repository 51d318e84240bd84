from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

CLOSING = {
    "skip_consumption": True,
    "skip_backorder": True,
    "skip_redirection": True,
    "tracking_disable": True,
}


class PlcTaskWriteBack(models.AbstractModel):
    """Task 3: the consumption of completed batches into their orders, the orders closed, the batches into the history."""

    _name = "plc.task.write.back"
    _inherit = "plc.task"
    _description = "Task 3 - Write back"

    _number = 3
    _cron = "plc_mo_batch.ir_cron_task_3"

    @api.model
    def _work(self):
        # locked as long as they are written back: the exchange leaves them alone meanwhile, and so does a second server
        self._commit()
        batches = self._due().try_lock_for_update(allow_referencing=True)
        if not batches:
            self._log("nothing to write back")
            return
        done = self._write_back_together(batches) or self._write_back_alone(batches)
        self._log("Write-back completed: %s of %s batches done", len(done), len(batches))
        self._refill(done.controller_id)
        self._commit()

    @api.model
    def _due(self):
        """Completed batches whose next try is due, of PLCs that are switched on."""
        return self.env["mo.batch"].search(
            [
                ("state", "=", "completed"),
                ("weight_needed", "=", False),
                ("controller_id.enabled", "=", True),
                "|",
                ("next_try", "=", False),
                ("next_try", "<=", fields.Datetime.now()),
            ],
            order="id",
        )

    @api.model
    def _write_back_together(self, batches):
        """All at once, which Odoo does in two thirds of the time; an empty recordset when one of them stands in the way."""
        try:
            with self.env.cr.savepoint():
                self._book(batches)
            self._finish(batches)
            return batches
        except Exception as error:
            self._rollback()
            if len(batches) > 1:
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
            except SerializationFailure:
                self._rollback()
                self._log("%s: somebody else is changing its order, next time", batch.name)
            except Exception as error:
                self._rollback()
                batch._note_error(str(error))
                self._log("%s %s not written back: %s", batch.name, batch.order_name, error)
                self._commit()
        return done

    @api.model
    def _is_still_due(self, batch):
        """Locked again, and as it was: the rollback of the common attempt let go of it."""
        return batch.try_lock_for_update(allow_referencing=True).state == "completed"

    @api.model
    def _finish(self, batches):
        for batch in batches:
            batch._set_state("done", last_error=False, next_try=False)
            batch._journal("state", self.env._("Order %s closed with what was consumed; checked.", batch.order_name))
        self._commit()
        for batch in batches:
            self._log("written back: %s %s, produced %.2f", batch.name, batch.order_name, batch.produced_qty)

    @api.model
    def _refill(self, controllers):
        """An emptied queue is filled again at once (a setting), instead of at Task 1's next run."""
        if not self._setting("refill"):
            return
        if any(not controller.queue_count for controller in controllers):
            self.env["plc.task.fill"]._trigger()

    # The booking: the one place where consumption becomes stock moves (facts.md has the ways that lose it silently)

    @api.model
    def _book(self, batches):
        """Set quantities, close the orders, and check that every kilogram arrived (rule 7).

        :raise UserError: saying what stands in the way; the caller rolls back
        """
        for batch in batches:
            self._check_open(batch)
            self._set_consumption(batch)
        productions = batches.production_id.with_context(**CLOSING)
        result = productions.button_mark_done()
        if result is not True:
            raise UserError(self.env._("Odoo asks a question before it closes the order; close it by hand."))
        self.env.flush_all()
        for batch in batches:
            self._verify(batch)

    @api.model
    def _check_open(self, batch):
        if batch.production_id.state in ("done", "cancel"):
            raise UserError(
                self.env._(
                    "Order %s was closed or cancelled by somebody else. What the PLC dosed is not booked yet.",
                    batch.order_name,
                )
            )

    @api.model
    def _set_consumption(self, batch):
        production = batch.production_id
        production.qty_producing = batch.uom_id._compute_quantity(batch.produced_qty, production.product_uom_id)
        for line in batch.line_ids:
            if line.code and not line.reported:
                raise UserError(self.env._("The PLC reported no quantity for %s.", line.product_id.display_name))
            if not line.move_id:
                line.move_id = self._add_component(batch, line)
            quantity = line.uom_id._compute_quantity(line._consumed_qty(), line.move_id.product_uom)
            line.move_id.write({"quantity": quantity, "picked": True})

    @api.model
    def _add_component(self, batch, line):
        """A move for what the PLC dosed though the recipe did not ask for it.

        :raise UserError: when nobody knows which product that was, or the order's component was removed meanwhile
        """
        if not line.product_id:
            raise UserError(
                self.env._(
                    "The PLC dosed %(quantity)g %(unit)s from equipment %(code)s, which the recipe does not use. "
                    "Say on the equipment which one product it holds.",
                    quantity=line.actual_qty,
                    unit=line.uom_id.name,
                    code=line.code,
                )
            )
        values = batch.production_id._get_move_raw_values(line.product_id, 0.0, line.uom_id)
        move = self.env["stock.move"].create(values)
        move._action_confirm(merge=False)
        return move

    @api.model
    def _verify(self, batch):
        """Rule 7: an order counts as closed only after its state and every consumed quantity were compared.

        :raise UserError: naming the first difference
        """
        if batch.production_id.state != "done":
            raise UserError(self.env._("Order %s is not done after closing it.", batch.order_name))
        for line in batch.line_ids:
            move = line.move_id
            booked = move.product_uom._compute_quantity(move.quantity, line.uom_id, round=False) if move.state == "done" else 0.0
            if float_compare(booked, line._consumed_qty(), precision_digits=2):
                raise UserError(
                    self.env._(
                        "%(product)s: %(booked).2f %(unit)s would be booked instead of %(consumed).2f.",
                        product=line.product_id.display_name,
                        booked=booked,
                        unit=line.uom_id.name,
                        consumed=line._consumed_qty(),
                    )
                )
