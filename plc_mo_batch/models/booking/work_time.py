from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.marks import CANCELLING_WORK


class WorkcenterProductivity(models.Model):
    _name = "mrp.workcenter.productivity"
    _inherit = ["mrp.workcenter.productivity", "plc.sealed"]

    plc_batch_id = fields.Many2one(
        "mo.batch",
        string="PLC Batch",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The batch that the PLC made in this time.",
    )


class MrpWorkorder(models.Model):
    _inherit = "mrp.workorder"

    # CRUD

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_worked_on(self):
        """The PLC's time is kept as long as the order is open, and so is a cost that products in stock carry."""
        for workorder in self._plc_worked_on():
            raise UserError(
                self.env._(
                    "Work order %(workorder)s of order %(order)s cannot be deleted: the PLC worked on it, or its cost is in what "
                    "was made. Cancel it instead.",
                    workorder=workorder.name,
                    order=workorder.production_id.name,
                )
            )

    def unlink(self):
        """*Update BoM* cancels what cannot be deleted."""
        kept = self._plc_worked_on() if CANCELLING_WORK.is_on(self.env) else self.browse()
        kept.filtered(lambda workorder: workorder.state not in ("done", "cancel")).action_cancel()
        return super(MrpWorkorder, self - kept).unlink()

    # Business methods

    def _plc_worked_on(self):
        return self.filtered(lambda workorder: workorder.time_ids.plc_batch_id or workorder.plc_carried_cost)


class MrpProduction(models.Model):
    _inherit = "mrp.production"

    def _link_bom(self, bom):
        return super(MrpProduction, CANCELLING_WORK.on(self))._link_bom(bom)


class WorkTime:
    """The time that a PLC worked on a batch, on the work orders of its order.

    What people logged on a work order stays beside it. A work order without any time gets the planned one from Odoo.

    :param batch: one batch that has ended
    """

    def __init__(self, batch):
        self.batch = batch
        self.order = batch.production_id
        self.env = batch.env

    def record(self):
        """Log the time on the PLC's work orders, once the quantity that the order has produced is set. Of a closed order, the
        cost is posted, and nothing is added to it."""
        workorders = self._workorders().filtered(lambda workorder: workorder.production_id.state != "done")
        logs = [self._logs(order, pieces) for order, pieces in self._divide(workorders)]
        self.env["mrp.workcenter.productivity"].create([values for log in logs for values in log])

    def begin_workorders(self):
        """The order goes on: its work orders are under way since the PLC began with the first batch."""
        for workorder in self._workorders():
            self._date_workorder(workorder, {"state": "progress"} if workorder.state in ("blocked", "ready") else {})

    def date_order(self):
        """The order is closed: it and its work orders began and ended when the PLC did, not when they were booked."""
        for workorder in self._workorders():
            self._date_workorder(workorder)
        made = self.order.plc_batch_ids.filtered(lambda batch: batch.state in ("completed", "done") and batch.date_finished)
        if not made:
            return
        began, ended = min(WorkTime(batch).began() for batch in made), max(made.mapped("date_finished"))
        # Odoo computes the products anew when the order's end changes, to date them
        self.order._recompute_recordset(["move_finished_ids"])
        with self.env.protecting([self.order._fields["move_finished_ids"]], self.order):
            _write_dates(self.order, {"date_start": began, "date_finished": ended})

    def began(self):
        """When the PLC began. If it was never seen at work, it is taken to have worked as planned, but after the offer."""
        batch = self.batch
        if batch._was_seen_running():
            return batch.date_started
        planned = sum(self._workorders().mapped("duration_expected")) * batch.order_qty / (self.order.product_qty or 1.0)
        began = batch.date_finished - timedelta(seconds=round(planned * 60))
        return min(max(began, batch.date_offered or began), batch.date_finished)

    def _workorders(self):
        """The PLC's work orders: those in which the BoM says that a dosed component is consumed; if it says nothing, all."""
        workorders = self.order.workorder_ids.filtered(lambda workorder: workorder.state != "cancel")
        if len(workorders) < 2:
            return workorders
        operations = self.batch.line_ids.filtered("code").move_id.operation_id
        return workorders.filtered(lambda workorder: workorder.operation_id in operations) or workorders

    def _divide(self, workorders):
        """[(work order, its stretches)]: one after the other, as long as they are planned. A PLC does not report operations."""
        stretches = self.batch._stretches(self.began()) if workorders and self.batch.date_finished else []
        shares = workorders.mapped("duration_expected")
        shares = shares if all(shares) else [1.0] * len(workorders)
        for index, workorder in enumerate(workorders):
            left = sum(_seconds(stretch) for stretch in stretches)
            mine, stretches = _cut(stretches, round(left * shares[index] / sum(shares[index:])))
            yield workorder, mine

    def _logs(self, workorder, stretches):
        """Values of the time records. As with Odoo's own timer, what exceeds the planned time counts as reduced speed."""
        logs, spent, expected = [], workorder.duration, workorder.duration_expected
        for stretch in stretches:
            in_plan, slow = _cut([stretch], _whole_seconds(expected - spent)) if expected else ([stretch], [])
            for begin, end in in_plan + slow:
                spent += _seconds((begin, end)) / 60
                values = workorder._prepare_timeline_vals(round(spent, 2), begin, end)
                logs.append({**values, "description": self.batch.display_name, "plc_batch_id": self.batch.id})
        return logs

    def _date_workorder(self, workorder, values=None):
        times = workorder.time_ids.filtered("plc_batch_id")
        if times:
            dates = {"date_start": min(times.mapped("date_start")), "date_finished": max(times.mapped("date_end"))}
            _write_dates(workorder, {**dates, **(values or {})})


def _write_dates(record, values):
    """With the ORM's own ``write``: that of ``mrp`` would date the stock moves, too. They are from when they were booked: the
    value of stock was computed in that order."""
    models.Model.write(record, values)


def _seconds(stretch):
    begin, end = stretch
    return (end - begin).total_seconds()


def _whole_seconds(minutes):
    return max(0, int(minutes * 60 + 0.001))


def _cut(stretches, seconds):
    """The first ``seconds`` of the stretches, and what is left of them."""
    first, left = [], []
    for begin, end in stretches:
        middle = min(end, begin + timedelta(seconds=seconds))
        seconds -= (middle - begin).total_seconds()
        first += [(begin, middle)] if begin < middle else []
        left += [(middle, end)] if middle < end else []
    return first, left
