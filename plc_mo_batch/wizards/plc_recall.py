from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.recall.trace import Trace

DAYS = 30  # of a silo, unless somebody asks for more


class PlcRecall(models.TransientModel):
    """A recall as somebody asked for it. It changes nothing, and finds what its asker may read."""

    _name = "plc.recall"
    _inherit = ["plc.fenced", "plc.guarded"]
    _description = "Recall"

    subject = fields.Selection(
        [("lot", "Lot"), ("batch", "Batch"), ("silo", "Silo or Tank"), ("delivery", "Delivery")],
        string="Recall of",
        required=True,
        default="lot",
    )
    lot_id = fields.Many2one("stock.lot", help="Bought, made or delivered.")
    batch_id = fields.Many2one("mo.batch", context={"active_test": False})
    equipment_id = fields.Many2one("plc.equipment", string="Silo or Tank", context={"active_test": False})
    picking_id = fields.Many2one("stock.picking", string="Delivery", domain=[("state", "=", "done")])
    date_since = fields.Datetime(
        string="From",
        default=lambda self: fields.Datetime.now() - timedelta(days=DAYS),
        help="Of a silo: what it held since then.",
    )
    date_until = fields.Datetime(string="To", help="Empty: until now.")
    traced_at = fields.Datetime(string="Traced On", readonly=True)
    line_ids = fields.One2many("plc.recall.line", "recall_id", string="Found", readonly=True)
    forward_ids = fields.One2many(
        "plc.recall.line", "recall_id", string="Where It Went", readonly=True, domain=[("direction", "=", "forward")]
    )
    backward_ids = fields.One2many(
        "plc.recall.line", "recall_id", string="What It Came From", readonly=True, domain=[("direction", "=", "backward")]
    )
    summary = fields.Text(compute="_compute_summary", compute_sudo=False, help="What was found, counted.")

    @api.depends("subject", "lot_id", "batch_id", "equipment_id", "picking_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for recall in self:
            recall.display_name = self.env._("Recall of %s", recall._asked().display_name or "…")

    @api.depends("line_ids")
    @api.depends_context("lang")
    def _compute_summary(self):
        for recall in self:
            recall.summary = recall.traced_at and recall._summary()

    # CRUD

    def write(self, vals):
        if ASKED.intersection(vals):
            self._forget()
        return super().write(vals)

    # Actions

    def action_trace(self):
        """Trace again what is asked for now.

        :raise UserError: if nothing is named
        """
        self.ensure_one()
        self._trace()
        return True

    def action_open_lines(self):
        """Open what was found as a list: to search, to group, to export."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "plc.recall.line",
            "view_mode": "list,pivot",
            "domain": [("recall_id", "=", self.id)],
            "context": {"search_default_forward": 1, "search_default_group_kind": 1},
        }

    def action_print(self):
        """The report, as PDF."""
        self.ensure_one()
        self.check_access("read")
        if not self.traced_at:
            self._trace()
        return self.env.ref("plc_mo_batch.plc_recall_action_report").report_action(self)

    # Business methods

    @api.model
    def _action_of(self, record):
        """A recall of a lot, a batch, a silo or a delivery, traced and opened."""
        record.ensure_one()
        record.check_access("read")
        subject, name = NAMES[record._name]
        recall = self.create({"subject": subject, name: record.id})
        recall._trace()
        return recall._get_records_action(target="current")

    def _asked(self):
        return self[FIELDS[self.subject]] if self.subject else self.env["stock.lot"]

    def _trace(self):
        if not self._asked():
            raise UserError(self.env._("Enter what to recall: a lot, a batch, a silo or a delivery."))
        found = [(direction, row) for direction in ("forward", "backward") for row in self._rows(direction)]
        self._forget()
        self.env["plc.recall.line"].sudo().create(
            [{"recall_id": self.id, "direction": direction, **row} for direction, row in found]
        )
        self.sudo().traced_at = fields.Datetime.now()

    def _forget(self):
        """What was found is not of what is asked for now."""
        self.env["plc.recall.line"].sudo().search([("recall_id", "in", self.ids)]).unlink()
        self.sudo().write({"traced_at": False})

    def _rows(self, direction):
        """In one direction: what :class:`~..models.recall.trace.Trace` found."""
        trace = Trace(self.env)
        if self.subject == "lot":
            return getattr(trace, direction)(self.lot_id)
        if self.subject == "delivery":
            return getattr(trace, direction)(self.picking_id.move_ids.move_line_ids.lot_id)
        return getattr(self, f"_{direction}_of_{self.subject}")(trace)

    def _forward_of_batch(self, trace):
        made = trace.made_by(self.batch_id)
        return [*trace.tell(made), *trace.forward(made.lot_id)]

    def _backward_of_batch(self, trace):
        return trace.backward(self.env["stock.lot"], used=trace.used_by(self.batch_id))

    def _forward_of_silo(self, trace):
        return trace.forward(self.env["stock.lot"], used=trace.dosed_from(self.equipment_id, *self._period()))

    def _backward_of_silo(self, trace):
        fills = trace.filled_into(self.equipment_id, *self._period())
        return [*trace.tell(fills, "filled"), *trace.backward(fills.lot_id)]

    def _period(self):
        return self.date_since or fields.Datetime.now() - timedelta(days=DAYS), self.date_until or fields.Datetime.now()

    def _summary(self):
        """What people count: batches, orders, lots made, deliveries and who got them."""
        forward = self.line_ids.filtered(lambda line: line.direction == "forward")
        backward = self.line_ids - forward
        made, delivered = (forward.filtered(lambda line, kind=kind: line.kind == kind) for kind in ("made", "delivered"))
        used, filled = (backward.filtered(lambda line, kind=kind: line.kind == kind) for kind in ("used", "filled"))
        without_lot = made.filtered(lambda line: not line.lot_id)
        sentences = [
            self.env._(
                "Batches: %(batches)s, of %(orders)s orders. Lots made: %(lots)s. Deliveries: %(deliveries)s, to %(partners)s "
                "customers.",
                batches=len(forward.batch_id),
                orders=len(forward.production_id),
                lots=len(made.lot_id),
                deliveries=len(delivered.picking_id),
                partners=len(delivered.partner_id),
            )
        ]
        if backward:
            sentences.append(
                self.env._(
                    "It came from: %(batches)s batches, of %(orders)s orders; %(lots)s lots used; %(fills)s fills of silos.",
                    batches=len(backward.batch_id),
                    orders=len(backward.production_id),
                    lots=len(used.lot_id),
                    fills=len(filled),
                )
            )
        if without_lot:
            sentences.append(
                self.env._(
                    "%s is not tracked by lot: where it was delivered is not known.",
                    ", ".join(without_lot.product_id.mapped("display_name")),
                )
            )
        return "\n".join(sentences)


ASKED = {"subject", "lot_id", "batch_id", "equipment_id", "picking_id", "date_since", "date_until"}
FIELDS = {"lot": "lot_id", "batch": "batch_id", "silo": "equipment_id", "delivery": "picking_id"}
NAMES = {
    "stock.lot": ("lot", "lot_id"),
    "mo.batch": ("batch", "batch_id"),
    "plc.equipment": ("silo", "equipment_id"),
    "stock.picking": ("delivery", "picking_id"),
}
