from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.booking.silo_fill import Store
from .label_scan import LabelScan


class PlcSiloFill(models.TransientModel):
    """Three inputs on the forklift's tablet: silo, lot, weight. A scanner that types serves for the lot, or for a whole label."""

    _name = "plc.silo.fill"
    _inherit = ["plc.fenced"]
    _description = "Fill a Silo"

    silo_id = fields.Many2one("plc.equipment", string="Silo or Tank", domain="[('location_id', '!=', False)]")
    scan = fields.Char(help="The lot's name or its product's barcode, or a GS1 label with lot, product and weight.")
    scan_problem = fields.Char(readonly=True)
    product_ids = fields.Many2many(related="silo_id.product_ids", related_sudo=False)
    company_id = fields.Many2one(related="silo_id.company_id", related_sudo=False)
    product_id = fields.Many2one(
        "product.product",
        compute="_compute_product_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        domain="[('id', 'in', product_ids)]",
    )
    needs_lot = fields.Boolean(compute="_compute_needs_lot", compute_sudo=False)
    lot_id = fields.Many2one(
        "stock.lot",
        compute="_compute_lot_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        domain="[('product_id', '=', product_id), ('company_id', 'in', (False, company_id))]",
    )
    weight = fields.Float(string="Filled In", digits="Product Unit")
    uom_id = fields.Many2one(related="silo_id.controller_id.uom_id", related_sudo=False)
    level_told = fields.Char(string="In the Silo", compute="_compute_told", compute_sudo=False)
    store_told = fields.Text(string="In the Store", compute="_compute_told", compute_sudo=False)
    question = fields.Text(readonly=True)
    picking_id = fields.Many2one("stock.picking", string="Transfer", readonly=True)

    def _compute_display_name(self):
        self.display_name = self.env._("Fill a Silo")

    @api.depends("silo_id")
    def _compute_product_id(self):
        """The silo says it, if it holds but one."""
        for fill in self:
            held = fill.silo_id.product_ids
            if fill.product_id not in held or not fill.product_id:
                fill.product_id = held if len(held) == 1 else False

    @api.depends("product_id")
    def _compute_needs_lot(self):
        for fill in self:
            fill.needs_lot = fill.product_id.tracking == "lot"

    @api.depends("product_id")
    def _compute_lot_id(self):
        for fill in self:
            if fill.lot_id.product_id != fill.product_id:
                fill.lot_id = False

    @api.depends("silo_id", "product_id", "lot_id")
    def _compute_told(self):
        for fill in self:
            silo = fill.silo_id
            silo._origin.check_access("read")
            fill.level_told = silo.level_lots or silo._told_weight(silo.level) if silo.location_id else False
            places = fill._store_places() if silo.location_id and fill.product_id else []
            fill.store_told = "\n".join(places)

    def _store_places(self):
        for record in (self.product_id, self.lot_id):
            record._origin.check_access("read")
        store = Store(self.silo_id._origin._with_all_rights())
        return store.told(self.product_id._origin, self.lot_id._origin) or [self.env._("none by the books")]

    @api.onchange("scan")
    def _onchange_scan(self):
        """What a scanner typed is taken apart into the inputs, and its field is free for the next."""
        code, self.scan, self.scan_problem = (self.scan or "").strip(), False, False
        if code:
            self._take_label(code)
            if self.scan_problem:  # the lot of the bag before is not this one's
                self.lot_id = False

    def _take_label(self, code):
        held = self.env["plc.equipment"].search([("location_id", "!=", False)]).product_ids
        label = LabelScan(self.env, (self.silo_id.product_ids, held), self.uom_id).take_apart(code)
        product = label.product or label.lot.product_id
        if not product:
            self.scan_problem = self.env._("%s is neither a lot nor a product of a silo.", code[:100])
            return
        if product not in self.silo_id.product_ids:
            self._take_silo_of(product)
        if product in self.silo_id.product_ids:
            self.product_id = product
            self.lot_id = label.lot or (self.lot_id if self.lot_id.product_id == product else False)
            self.scan_problem = replace(label, product=product).problem() or False
        self.weight = label.weight or self.weight

    def _take_silo_of(self, product):
        """The one that holds it, unless another was chosen."""
        holding = [("product_ids", "in", product.ids), ("location_id", "!=", False)]
        found = self.env["plc.equipment"].search(holding)
        if not self.silo_id and len(found) == 1:
            self.silo_id = found
        elif self.silo_id or not found:
            self.scan_problem = self.env._(
                "%(product)s does not go into %(silo)s, which holds %(held)s.",
                product=product.display_name,
                silo=self.silo_id.name or self.env._("a silo"),
                held=", ".join(self.silo_id.product_ids.mapped("display_name")) or "-",
            )
        else:
            self.scan_problem = self.env._(
                "%(product)s goes into %(silos)s: choose one, then scan again.",
                product=product.display_name,
                silos=", ".join(found.mapped("name")),
            )

    # Actions

    def action_confirm(self):
        """Enter the fill. If something is doubtful, that is asked first.

        :return: a message, and the next page; True while there is a question
        """
        self.ensure_one()
        if self.picking_id:
            raise UserError(self.env._("It is entered already: %s.", self.picking_id.name))
        if not self.silo_id:
            raise UserError(self.env._("Choose the silo."))
        picking, question = self.silo_id._fill(self.weight, self.lot_id, self.product_id, agreed=self.question or False)
        self.write({"question": question, "picking_id": picking.id})
        return self._told_done(picking) if picking else True

    def _told_done(self, picking):
        """The page is free for the next fill; where a silo was opened for this one, that is shown again."""
        message = self.env._(
            "%(silo)s: %(weight)s filled in (%(transfer)s). It holds %(level)s now.",
            silo=self.silo_id.name,
            weight=self.silo_id._told_weight(self.weight),
            transfer=picking.name,
            level=self.silo_id._told_weight(self.silo_id.level),
        )
        back = self.silo_id if self.env.context.get("default_silo_id") else self.browse()
        following = {
            "type": "ir.actions.act_window",
            "name": self.env._("Fill a Silo"),
            "res_model": back._name,
            "res_id": back.id,
        }
        following |= {"views": [[False, "form"]], "target": "main"}
        params = {"type": "success", "message": message, "next": following}
        return {"type": "ir.actions.client", "tag": "display_notification", "params": params}
