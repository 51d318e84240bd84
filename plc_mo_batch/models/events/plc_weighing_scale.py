from base64 import b64encode

from reportlab.graphics.barcode import createBarcodeDrawing
from reportlab.lib.units import mm

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.translate import format_number
from ..common.roles import check_operator

BAG = "PLCBAG"  # begins the barcode on the label of a bag that was weighed in advance; digits and capitals: any keyboard has them
LABEL_WIDTH, LABEL_HEIGHT = 80, 14  # mm, of the barcode


class PlcWeighing(models.Model):
    """What a person weighed at the scale beside what the PLC reports: of which lot, who, and who checked it."""

    _inherit = "plc.weighing"

    lot_id = fields.Many2one("stock.lot", readonly=True, index="btree_not_null", help="Scanned from the bag.")
    counted_qty = fields.Float(
        string="Counted",
        digits="Product Unit",
        readonly=True,
        help="In the component's unit, where nobody knows what one of it weighs.",
    )
    weighed_by_id = fields.Many2one(
        "res.users", readonly=True, help="Who entered it at the scale, or said of which lot it is. Empty: the PLC alone tells it."
    )
    checked_by_id = fields.Many2one("res.users", readonly=True, help="The second person, where the PLC's policy wants one.")
    check_needed = fields.Boolean(compute="_compute_check_needed", help="A second person must check it.")
    label_code = fields.Char(string="Code on the Label", compute="_compute_label_code")

    @api.depends("state", "weighed_by_id", "checked_by_id", "controller_id.hand_add_check_policy")
    def _compute_check_needed(self):
        for weighing in self:
            weighing.check_needed = bool(weighing.state == "matched" and weighing in weighing.line_id._unchecked_bags())

    def _compute_label_code(self):
        for weighing in self:
            weighing.label_code = f"{BAG}{weighing.id}"

    # Actions

    def action_check(self):
        """A second person says that he saw it: product, lot and weight.

        :return: True
        :raise UserError: if it needs no check, or the same person entered it
        """
        check_operator(self)
        for weighing in self.sudo():
            weighing.batch_id._lock_for_person()
            if not weighing.check_needed:
                raise UserError(self.env._("%s needs no check.", weighing.display_name))
            if weighing.weighed_by_id == self.env.user:
                raise UserError(self.env._("You entered it: somebody else checks it, as the user that he is."))
            weighing.checked_by_id = self.env.user
            told = {"user": self.env.user.name, "other": weighing.weighed_by_id.name, "what": weighing._told()}
            weighing.batch_id._journal("user", self.env._("%(user)s checked what %(other)s entered: %(what)s.", **told))
            weighing.batch_id._on_weighings_changed()
        return True

    def action_print_label(self):
        """The label of a bag."""
        check_operator(self)
        return self.env.ref("plc_mo_batch.plc_bag_label_action_report").report_action(self)

    # Business methods

    def _label_image(self):
        """The barcode, drawn as lines: Odoo's own is a picture, for which not every installation has what it needs."""
        size = {"width": LABEL_WIDTH * mm, "height": LABEL_HEIGHT * mm}  # a picture of its own size is not widened
        drawing = createBarcodeDrawing("Code128", value=self.label_code, humanReadable=False, quiet=True, **size)
        return f"data:image/svg+xml;base64,{b64encode(drawing.asString('svg').encode()).decode()}"

    def _told_quantity(self):
        uom = self.line_id.uom_id if self.counted_qty else self.sudo().uom_id
        return f"{format_number(self.env, self.counted_qty or self.quantity, '.2f')} {uom.name}"

    def _told(self):
        """Quantity, product and lot."""
        lot = self.lot_id.name or self.lot_name
        told = {"weight": self._told_quantity(), "product": self.product_id.display_name or "?", "lot": lot}
        if not lot:
            return self.env._("%(weight)s of %(product)s", **told)
        return self.env._("%(weight)s of %(product)s, lot %(lot)s", **told)

    def _quantity_in(self, uom, line):
        """
        :raise UserError: if the weight of one unit is not known
        """
        if self.counted_qty:
            return uom.round(line.uom_id._compute_quantity(self.counted_qty, uom, round=False))
        return line.product_id._plc_from_weight(self.quantity, self.uom_id, uom)

    @api.model
    def _prepare_bag(self, line, quantity, lot):
        """Values of what a person weighs for a hand-add.

        :param quantity: in the unit of the scale
        """
        batch = line.batch_id
        in_weight = line._scale_uom() == batch.uom_id
        now = self.env.cr.now()
        return {
            "controller_id": batch.controller_id.id,
            "company_id": batch.company_id.id,
            "event_slot": 0,
            "event_key": f"scale-{line.id}-{self.env.uid}-{now.timestamp()}-{len(line.weighing_ids)}",
            "acknowledged": True,
            "date": fields.Datetime.now(),
            "slot": batch.slot,
            "order_name": batch.order_name or batch.production_id.name,
            "product_id": line.product_id.id,
            "product_number": line.product_id.plc_number,
            "quantity": quantity if in_weight else 0.0,
            "counted_qty": 0.0 if in_weight else quantity,
            "lot_id": lot.id,
            "batch_id": batch.id,
            "line_id": line.id,
            "weighed_by_id": self.env.uid,
        }

    @api.model
    def _of_label(self, code):
        """The bag whose label has this code; empty if it is no such label, or a bag that the user may not know of."""
        number = code[len(BAG) :] if code.startswith(BAG) else ""
        if not number.isdecimal() or len(number) > 9:
            return self.browse()
        return self.search([("id", "=", int(number)), ("weighed_by_id", "!=", False)])

    def _refused_for(self, batch):
        """Why this bag cannot be added to ``batch``; empty: it can."""
        if self.batch_id != batch:
            return self.env._("This bag was weighed for batch %s.", self.batch_id.name)
        if self.state == "dismissed":
            return self.env._("This bag does not count any more: %s.", self.reason)
        if self.state != "prepared" and (self.weighed_by_id or self.state != "matched"):
            return self.env._("This bag was added already: %s.", self._told())
        return ""

    # What the PLC's own scale and scanner said

    def _products_by_code(self):
        """The products with this code: internal reference or barcode, letter by letter."""
        company = [("company_id", "in", (False, self.controller_id.company_id.id))]
        return self.env["product.product"].search(
            [*company, "|", ("default_code", "=", self.product_code), ("barcode", "=", self.product_code)]
        )

    def _find_lot(self):
        """The lot that the PLC named. The material is in the mixer, whatever it is: what is doubtful is remarked and counts."""
        if not self.lot_name or self.lot_id or self.product_id.tracking != "lot":
            return
        company = ("company_id", "in", (False, self.company_id.id))
        named = [("name", "=", self.lot_name), ("product_id", "=", self.product_id.id), company]
        self.lot_id = self.env["stock.lot"].search(named, limit=1)
        if not self.lot_id:
            self.batch_id._remark(
                self.env._(
                    "The PLC weighed %(weight)s of %(product)s of lot %(lot)s, which nobody knows: which lot was it?",
                    weight=self._told_quantity(),
                    product=self.product_id.display_name,
                    lot=self.lot_name,
                )
            )

    def _entered_already(self, line):
        """Why it is not counted for this component by itself: people entered that already; empty if they did not."""
        if line.typed:
            return self.env._("The quantity was already entered by hand.")
        typed = line._bags().filtered(lambda bag: not bag.words)
        if typed or line.all_added:
            return self.env._("It was entered at the scale already: %s.", ", ".join(bag._told() for bag in typed) or "0")
        return ""
