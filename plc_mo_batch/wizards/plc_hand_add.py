from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..plc.reconcile import COMPLETED, HANDED_OVER, OPEN
from .label_scan import LabelScan

SHOWN = 20  # bags of the batch


class PlcHandAdd(models.TransientModel):
    """The tablet at the mixer: what is added by hand to the batch that runs, one after the other. A bag is scanned, weighed, and
    stored at once; the page may be closed at any time, and others may work on the same batch."""

    _name = "plc.hand.add"
    _inherit = ["plc.fenced", "barcodes.barcode_events_mixin"]
    _description = "Hand-Adds at the Scale"

    batch_id = fields.Many2one(
        "mo.batch",
        default=lambda self: self._next_batch(),
        domain=lambda self: [("state", "in", OPEN), ("line_ids.code", "=", 0)],
    )
    controller_id = fields.Many2one(related="batch_id.controller_id", related_sudo=False)
    production_id = fields.Many2one(related="batch_id.production_id", related_sudo=False)
    slot = fields.Integer(related="batch_id.slot", related_sudo=False)
    state = fields.Selection(related="batch_id.state", related_sudo=False)
    company_id = fields.Many2one(related="batch_id.company_id", related_sudo=False)
    line_ids = fields.Many2many("mo.batch.line", compute="_compute_line_ids", compute_sudo=False)
    bag_ids = fields.Many2many("plc.weighing", string="Entered", compute="_compute_line_ids", compute_sudo=False)
    line_id = fields.Many2one(
        "mo.batch.line",
        string="Due",
        compute="_compute_line_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        domain="[('batch_id', '=', batch_id), ('code', '=', 0)]",
    )
    product_id = fields.Many2one(related="line_id.product_id", related_sudo=False)
    told = fields.Char(string="Added", compute="_compute_told", compute_sudo=False)
    scan = fields.Char(
        help="The lot's name, the product's barcode, a GS1 label, or the label of a bag that was weighed in advance."
    )
    scan_problem = fields.Char(readonly=True)
    needs_lot = fields.Boolean(compute="_compute_told", compute_sudo=False)
    lot_id = fields.Many2one(
        "stock.lot",
        compute="_compute_of_line",
        compute_sudo=False,
        store=True,
        readonly=False,
        domain="[('product_id', '=', product_id), ('company_id', 'in', (False, company_id))]",
    )
    bag_id = fields.Many2one(
        "plc.weighing",
        string="Weighed",
        compute="_compute_of_line",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="By the PLC's scale, or in advance.",
    )
    has_bags = fields.Boolean(
        compute="_compute_told", compute_sudo=False, help="Something of it is weighed, and waits to be added."
    )
    weight = fields.Float(digits="Product Unit", compute="_compute_weight", compute_sudo=False, store=True, readonly=False)
    uom_id = fields.Many2one("uom.uom", compute="_compute_told", compute_sudo=False)
    seen = fields.Integer(
        compute="_compute_seen", compute_sudo=False, store=True, readonly=False, help="How many bags of it the page showed."
    )
    question = fields.Text(readonly=True)
    asked_all = fields.Boolean(readonly=True, help="The question is whether that is all of it.")
    entered_id = fields.Many2one("plc.weighing", string="Entered As", readonly=True)

    @api.model
    def _next_batch(self):
        """The one that runs and lacks something; else one that has ended and waits for it."""
        batches = self.env["mo.batch"].search([("state", "in", (*HANDED_OVER, COMPLETED)), ("line_ids.code", "=", 0)])
        order = {"running": 0, "completed": 1}
        lacking = batches.filtered(lambda batch: batch._due_at_scale())
        return lacking.sorted(lambda batch: (order.get(batch.state, 2), batch.date_started or batch.create_date, batch.id))[:1]

    def _compute_display_name(self):
        self.display_name = self.env._("Hand-Adds at the Scale")

    @api.depends("batch_id")
    def _compute_line_ids(self):
        for page in self:
            page.line_ids = page.batch_id._hand_add_lines()
            bags = page.line_ids.weighing_ids.filtered(lambda bag: bag.state != "dismissed")
            page.bag_ids = bags.sorted("id", reverse=True)[:SHOWN]

    @api.depends("batch_id")
    def _compute_line_id(self):
        for page in self:
            if not page.line_id or page.line_id.batch_id != page.batch_id:
                page.line_id = page.batch_id._due_at_scale()[:1]

    @api.depends("line_id")
    def _compute_told(self):
        for page in self:
            line = page.line_id
            line._origin.check_access("read")
            page.told = line._told_at_scale() if line else False
            page.needs_lot = line.product_id.tracking == "lot"
            page.has_bags = bool(line._told_weighings() | line.weighing_ids.filtered(lambda bag: bag.state == "prepared"))
            page.uom_id = line._scale_uom() if line else False

    @api.depends("line_id")
    def _compute_of_line(self):
        """What the PLC's own scale told of it, and nobody has said the lot of, is at hand."""
        for page in self:
            line = page.line_id
            if page.lot_id.product_id != line.product_id:
                page.lot_id = False
            if page.bag_id.line_id != line:
                page.bag_id = line._told_weighings().sorted("id")[:1]
                page.lot_id = page.bag_id.lot_id or page.lot_id

    @api.depends("line_id")
    def _compute_seen(self):
        for page in self:
            page.seen = len(page.line_id._bags())

    @api.depends("bag_id")
    def _compute_weight(self):
        for page in self:
            page.weight = page.bag_id.counted_qty or page.bag_id.quantity or page.weight

    # What a scanner types

    def on_barcode_scanned(self, barcode):
        """A scanner types, wherever the page's cursor is.

        :return: an empty dict: Odoo takes it for an onchange's answer
        """
        self.scan = barcode
        self._onchange_scan()
        return {}

    @api.onchange("scan")
    def _onchange_scan(self):
        """What was scanned is taken apart into the inputs, and its field is free for the next."""
        code, self.scan, self.scan_problem, self.question = (self.scan or "").strip(), False, False, False
        if code:
            bag = self.env["plc.weighing"]._of_label(code)
            self.scan_problem = self._take_bag(bag) if bag else self._take_label(code)
            if self.scan_problem:  # nothing of this bag, nor of the one before it, is added by a careless tap
                self.lot_id = False
                self._put_bag_aside()

    # What was wrong with the bag that was scanned last stands in the way until another one is scanned, or chosen

    @api.onchange("line_id")
    def _onchange_line_id(self):
        if not self.needs_lot:
            self.scan_problem = False

    @api.onchange("lot_id")
    def _onchange_lot_id(self):
        if self.lot_id:
            self.scan_problem = False

    @api.onchange("bag_id")
    def _onchange_bag_id(self):
        if self.bag_id:
            self.scan_problem, self.lot_id = False, self.bag_id.lot_id or self.lot_id

    def _put_bag_aside(self):
        """Another bag is in hand now than that weighed in advance, whose label was scanned before."""
        if self.bag_id.state == "prepared":
            self.bag_id, self.weight = False, 0.0

    def _take_bag(self, bag):
        """
        :return: why it is not taken; empty if it is
        """
        bag.check_access("read")
        if refused := bag._refused_for(self.batch_id._origin):
            return refused
        self.line_id = bag.line_id
        self.bag_id, self.lot_id = bag, bag.lot_id
        self.weight = bag.counted_qty or bag.quantity
        return False

    def _take_label(self, code):
        wanted = (self.product_id, self.line_ids.product_id)
        label = LabelScan(self.env, wanted, self.uom_id).take_apart(code)
        product = label.product or label.lot.product_id
        if not product:
            return self.env._("%s is neither a lot nor a product.", code[:100])
        if product != self.product_id:
            return self._refused(product)
        if problem := replace(label, product=product).problem():
            return problem
        self._put_bag_aside()
        self.lot_id = label.lot or self.lot_id
        if not self.bag_id:
            self.weight = label.weight or self.weight
        return False

    def _refused(self, product):
        told = {"product": product.display_name, "due": self.product_id.display_name or "-"}
        if product in self.line_ids.product_id:
            return self.env._("This is %(product)s, but %(due)s is due. Choose it under Due if it goes in first.", **told)
        return self.env._("This is %(product)s, which is not added to this batch by hand. %(due)s is due.", **told)

    # Actions

    def action_confirm(self):
        """Enter that the bag was added. If something is doubtful, that is asked first.

        :return: a message, and the next page; True while there is a question
        """
        line = self._line_to_enter()
        agreed = not self.asked_all and self.question or False
        bag, question = line._add_at_scale(self.weight, self.lot_id, self.bag_id, self.seen, agreed)
        self.write({"question": question, "asked_all": False, "entered_id": bag.id})
        return self._told_done(self.env._("Added: %s.", bag._told())) if bag else True

    def action_all_added(self):
        """Enter that nothing more is added of the component. That is asked first."""
        line = self._line_to_enter()
        question = line._say_all_added(agreed=self.asked_all and self.question or False)
        self.write({"question": question, "asked_all": bool(question)})
        return True if question else self._told_done(self.env._("%s: that was all.", line.product_id.display_name))

    def action_prepare(self):
        """Enter a bag that is weighed now and added later, and print its label."""
        bag = self._line_to_enter()._weigh_in_advance(self.weight, self.lot_id)
        self.entered_id = bag
        return bag.action_print_label()

    def action_refresh(self):
        """Show what is due now."""
        return self._page()

    def _line_to_enter(self):
        self.ensure_one()
        if self.entered_id:
            raise UserError(self.env._("It is entered already: %s.", self.entered_id._told()))
        if not self.line_id or self.line_id.batch_id != self.batch_id:
            raise UserError(self.env._("Choose the batch, and what is due."))
        return self.line_id

    def _told_done(self, message):
        params = {"type": "success", "message": message, "next": self._page()}
        return {"type": "ir.actions.client", "tag": "display_notification", "params": params}

    def _page(self):
        """Free for the next bag of the batch."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand-Adds at the Scale"),
            "res_model": self._name,
            "views": [[False, "form"]],
            "target": "main",
            "context": {"default_batch_id": self.batch_id.id},
        }
