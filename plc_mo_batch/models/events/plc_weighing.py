from odoo import api, fields, models
from odoo.exceptions import UserError

from ..batch.arguments import as_text, as_whole
from ..booking.separate_booking import SeparateBooking
from ..common.plc_notifier import ACTIVITY
from ..common.roles import check_operator
from .plc_event import Busy

CLOSED = ("done", "cancelled")


class PlcWeighing(models.Model):
    _name = "plc.weighing"
    _inherit = ["plc.event"]
    _description = "Manual Weighing"
    _order = "date desc, id desc"

    _area = "weighing"

    slot = fields.Integer(readonly=True, aggregator=None, help="Slot of the batch, as reported by the PLC.")
    order_name = fields.Char(string="Order as Reported", readonly=True, index="btree_not_null")
    product_number = fields.Integer(readonly=True, aggregator=None, help="As reported by the PLC.")
    product_code = fields.Char(readonly=True, help="As reported by the PLC: internal reference or barcode.")
    lot_name = fields.Char(string="Lot as Reported", readonly=True)
    quantity = fields.Float(string="Weighed", digits="Product Unit", readonly=True)
    uom_id = fields.Many2one(related="controller_id.uom_id")
    product_id = fields.Many2one("product.product", readonly=True, index="btree_not_null")
    batch_id = fields.Many2one("mo.batch", readonly=True, index="btree_not_null")
    line_id = fields.Many2one("mo.batch.line", string="Component", readonly=True, index="btree_not_null")
    production_id = fields.Many2one(related="batch_id.production_id", store=True, string="Manufacturing Order")
    state = fields.Selection(
        [
            ("prepared", "Weighed in Advance"),
            ("waiting", "Waiting for an Operator"),
            ("matched", "Matched"),
            ("dismissed", "Dismissed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    reason = fields.Char(readonly=True, help="Why it is waiting for an operator, or why it was dismissed.")
    user_id = fields.Many2one("res.users", string="Decided By", readonly=True)
    needs_person = fields.Boolean(string="Needs an Operator", compute="_compute_needs_person", store=True)

    @api.depends("state", "repeated")
    def _compute_needs_person(self):
        for weighing in self:
            weighing.needs_person = weighing.state == "waiting" or weighing.state == "matched" and weighing.repeated > 0

    @api.depends("quantity", "counted_qty", "product_id", "product_number", "product_code", "order_name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for weighing in self:
            told = weighing.product_code or weighing.product_number
            weighing.display_name = self.env._(
                "%(weight)s of %(product)s for %(order)s",
                weight=weighing._told_quantity(),
                product=weighing.product_id.display_name or self.env._("product %s", told),
                order=weighing.order_name or "?",
            )

    # Actions

    def action_open_assign(self):
        """Ask which batch and component it belongs to."""
        return self._action_wizard(self.env._("Assign Weighing"), "assign")

    def action_open_dismiss(self):
        """Ask why it does not count."""
        return self._action_wizard(self.env._("Dismiss Weighing"), "dismiss")

    def _action_wizard(self, name, what):
        check_operator(self)
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "plc.weighing.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_weighing_ids": self.ids, "default_what": what},
        }

    def action_assign(self, batch_id, line_id=False):
        """Count weighings for a component of a batch. If the batch is done, they are booked on its order at once, on top of what
        is already booked.

        :param batch_id: id of the batch
        :param line_id: id of its hand-added component; False: the one with the weighing's product
        :return: True
        :raise UserError: if they cannot count for it, or there is no such batch
        """
        check_operator(self)
        batch = self.env["mo.batch"].browse(as_whole(batch_id)).exists()
        if not batch:
            raise UserError(self.env._("Choose the batch that the material was weighed for."))
        batch.check_access("read")
        for weighing in self.sudo():
            if weighing.state == "matched":
                raise UserError(self.env._("%s is already assigned to a batch.", weighing.display_name))
            weighing._assign(batch.sudo(), self.env["mo.batch.line"].sudo().browse(as_whole(line_id) or []))
        return True

    def action_dismiss(self, reason):
        """Exclude weighings; they stay in the list.

        :param reason: why
        :return: True
        :raise UserError: without a reason, or for a weighing that counted for a batch that is done
        """
        check_operator(self)
        reason = as_text(reason)
        if not reason:
            raise UserError(self.env._("Enter why the weighing does not count."))
        for weighing in self.sudo():
            weighing._dismiss(reason)
        return True

    def action_count_again(self):
        """The same words appeared in the PLC again: a person knows that it was another weighing of the same quantity."""
        check_operator(self)
        for weighing in self.sudo():
            weighing._check_repeated()
            weighing.lock_for_update(allow_referencing=True)
            weighing.repeated -= 1
            key = f"{weighing.event_key}-again-{weighing.repeated}-{self.env.cr.now().timestamp()}"
            values = {"event_slot": 0, "event_key": key, "repeated": 0, "acknowledged": True}
            another = weighing.copy({**values, "user_id": self.env.uid})
            another._forget_match()
            another._journal_decision(self.env._("%(user)s counted it again as a separate weighing: %(what)s."))
            another._match()
            weighing._on_decided()
        return True

    def action_count_once(self):
        """The same words appeared in the PLC again: a person knows that it was the same weighing."""
        check_operator(self)
        for weighing in self.sudo():
            weighing._check_repeated()
            weighing.repeated = 0
            weighing._journal_decision(self.env._("%(user)s counted it once, as the same weighing reported again: %(what)s."))
            weighing._on_decided()
        return True

    def _journal_decision(self, sentence, **values):
        self._journal("user", sentence % {"user": self.env.user.name, "what": self.display_name, **values})

    def _check_repeated(self):
        if not self.repeated:
            raise UserError(self.env._("%s is not in doubt.", self.display_name))

    # Business methods: a weighing was reported

    @api.model
    def _prepare(self, controller, values):
        return {
            **super()._prepare(controller, values),
            "slot": values.get("slot", 0),
            "order_name": values.get("order"),
            "product_number": values.get("product_number", 0),
            "quantity": values.get("weighed", 0.0),
            "product_code": values.get("product_code") or False,
            "lot_name": values.get("lot") or False,
        }

    @api.model
    def _products(self, controller, number):
        """The products with this number: from the PLC's equipment, or else from the products themselves."""
        products = self.env["product.product"]
        if not number:
            return products
        held = controller.equipment_ids.filtered(lambda item: item.product_number == number).product_ids
        return held or products.search([("plc_number", "=", number), ("company_id", "in", (False, controller.company_id.id))])

    def _product_in(self, batch):
        """The one hand-added product of the batch with this number; or else the only product with this number; otherwise
        empty."""
        products = self._products_by_code() if self.product_code else self._products(self.controller_id, self.product_number)
        by_hand = products & batch.line_ids.filtered(lambda line: not line.code).product_id
        found = by_hand or products
        return found if len(found) == 1 else found.browse()

    def _possible_products(self):
        """All that the PLC may have meant; a product of its own once one was found."""
        named = self._products_by_code() if self.product_code else self._products(self.controller_id, self.product_number)
        return self.product_id or named

    def _on_stored(self):
        if self.flagged:
            self.product_id = self._product_in(self._named_batch())
            self._wait(self.env._("Its flag was set before it was stored. Has another system already counted it?"))
        elif self.problem:
            self._wait(self.env._("It cannot be read completely: %s.", self.problem))
        else:
            self._match()

    def _on_words_repeated(self):
        message = self.env._(
            "The PLC reported the same weighing again, without its flag having been seen in between. It may be a separate "
            "weighing of the same quantity. Decide whether it counts again: %s.",
            self.display_name,
        )
        self._journal("anomaly", message)
        self._tell_responsible(self.env._("Weighed once or twice?"), message)
        self._on_decided()

    def _on_decided(self):
        if self.state == "matched" and self.batch_id.state not in CLOSED:
            self.batch_id._on_weighings_changed()

    def _match(self):
        """Find batch and component, or wait for a person.

        :raise Busy: while the batch is being booked
        """
        batch = self._named_batch()
        self.product_id = self._product_in(batch)
        obstacle = self._obstacle(batch)
        line = self.env["mo.batch.line"] if obstacle else batch._line_to_weigh(self.product_id)
        if not obstacle and not line:
            obstacle = self.env._(
                "%(product)s is not added by hand in batch %(batch)s.",
                product=self.product_id.display_name,
                batch=batch.name,
            )
        if not obstacle:
            obstacle = self._entered_already(line)
        try:
            with self.env.cr.savepoint():
                if not obstacle:
                    self._count_for(line)
        except UserError as error:
            obstacle = str(error)
        if obstacle:
            self._wait(obstacle)

    def _named_batch(self):
        """The newest batch that the weighing names: by slot and order name, letter by letter."""
        named = [("controller_id", "=", self.controller_id.id), ("slot", "=", self.slot), ("order_name", "=", self.order_name)]
        return self.env["mo.batch"].with_context(active_test=False).search(named, order="id desc", limit=1)

    def _obstacle(self, batch):
        """Why it cannot count for the batch automatically; empty if it can."""
        if not batch:
            return self.env._("No batch of order %(order)s was in slot %(slot)s.", order=self.order_name or "?", slot=self.slot)
        if not batch.try_lock_for_update(allow_referencing=True):
            raise Busy
        if batch.state == "done":
            return self.env._("It arrived late: batch %s was already booked.", batch.name)
        if batch.state == "cancelled" or batch.disposition_booked:
            return self.env._("Batch %s was cancelled.", batch.name)
        if not self.product_id and self.product_code:
            return self.env._("The code %s must belong to exactly one product.", self.product_code)
        if not self.product_id:
            return self.env._("The number %s must belong to exactly one product.", self.product_number)
        return ""

    def _wait(self, reason):
        """Nothing is lost: a person assigns or dismisses it."""
        self.write({"state": "waiting", "reason": reason})
        self._journal("anomaly", f"{self.display_name}: {reason}")
        self._tell_responsible(self.env._("A weighing needs your decision"), f"{self.display_name}: {reason}")

    def _forget_match(self):
        self.write({"state": "waiting", "batch_id": False, "line_id": False, "reason": False})

    def _set_match(self, line):
        values = {"state": "matched", "line_id": line.id, "batch_id": line.batch_id.id, "product_id": line.product_id.id}
        self.write({**values, "reason": False})
        self._find_lot()

    def _count_for(self, line):
        """
        :raise UserError: if the weight of one unit of the component is not known
        """
        self._set_match(line)
        line._sum_weighings()
        line.batch_id._on_weighings_changed()

    # Business methods: a person decides

    def _assign(self, batch, line):
        batch._lock_for_person()  # otherwise Task 3 may be booking it without this weighing
        if batch.controller_id != self.controller_id:
            raise UserError(self.env._("Batch %s was made by another PLC.", batch.name))
        if batch.state == "cancelled" or batch.disposition_booked:
            raise UserError(self.env._("Batch %s was cancelled. Nothing can be booked on it.", batch.name))
        line = line or batch._line_to_weigh(self._product_in(batch))
        if not line or line.batch_id != batch or line.code:
            raise UserError(self.env._("Choose a component of batch %s that is added by hand.", batch.name))
        if line.typed and batch.state != "done":
            raise UserError(self.env._("The quantity was already entered by hand. Correct it there, and dismiss the weighing."))
        if batch.state == "done":
            self._book_late(line)
        else:
            self._count_for(line)
        self.user_id = self.env.uid
        self.activity_unlink([ACTIVITY])
        self._journal_decision(self.env._("%(user)s assigned %(what)s to batch %(batch)s."), batch=batch.name)

    def _book_late(self, line):
        """Book it on the order, although that is closed: the material is gone."""
        quantity = self._quantity_in(line.product_id.uom_id, line)
        self._set_match(line)
        SeparateBooking(line.batch_id).book_late(line, quantity, self.lot_id)
        line.batch_id._remark(self.env._("Weighed late and booked on the closed order: %s", self.display_name), kind="user")

    def _dismiss(self, reason):
        line = self.line_id if self.state == "matched" else self.line_id.browse()
        if line:
            self.batch_id._lock_for_person()
            if self.batch_id.state in CLOSED or self.batch_id.disposition_booked:
                raise UserError(self.env._("%s is already booked.", self.display_name))
        self.write({"state": "dismissed", "reason": reason, "user_id": self.env.uid, "line_id": False, "repeated": 0})
        self.activity_unlink([ACTIVITY])
        self._journal_decision(self.env._("%(user)s dismissed %(what)s: %(reason)s"), reason=reason)
        if line:
            line.all_added = False
            line._sum_weighings()
            line.batch_id._on_weighings_changed()
