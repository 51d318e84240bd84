from odoo import fields, models
from odoo.exceptions import UserError

from ...plc.reconcile import DOWNLOADING, ENDED
from ..batch.silo_layers import by_place, layer_of
from ..batch.silo_levels import SiloLevels
from ..common.roles import check_operator
from .posting import count_as, throw_away, transfer
from .silo_fill import SiloFill, Store

CONTENTS = [("store", "It went back to the store"), ("waste", "It was thrown away"), ("nothing", "There was none in it")]


class PlcEquipment(models.Model):
    """What people do at a silo: fill it, empty it, clean it, change its product. Operators may, and the PLC's journal has
    who did what."""

    _inherit = "plc.equipment"

    last_fill_id = fields.Many2one(
        "stock.picking", readonly=True, copy=False, index="btree_not_null", help="Entered by Fill a Silo."
    )
    emptied_at = fields.Datetime(string="Emptied On", readonly=True, copy=False)
    cleaned_at = fields.Datetime(string="Cleaned On", readonly=True, copy=False)

    # Actions

    def action_open_fill(self):
        """Open *Fill a Silo* with this one."""
        return self._open("plc.silo.fill", self.env._("Fill a Silo"), "current")

    def action_open_change(self):
        """Open *Empty, Clean or Change Product* with this one."""
        return self._open("plc.silo.change", self.env._("Empty, Clean or Change Product"), "new")

    def _open(self, wizard, title, target):
        self.ensure_one()
        check_operator(self)
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": wizard,
            "view_mode": "form",
            "target": target,
            "context": {"default_silo_id": self.id},
        }

    # Business methods: fill

    def _fill(self, weight, lot, product, agreed=False):
        """Enter that it was filled from the store.

        :param weight: in the unit that its PLC weighs in
        :param lot, product: records; the product may be left out where the lot or the silo says it
        :param agreed: True, or what a person was told before: what is doubtful is then done all the same
        :return: the transfer, and a question; one of them is empty
        :raise UserError: saying what is wrong
        """
        self._check_may_act()
        for record in (lot, product):
            record.check_access("read")
        silo = self._with_all_rights()
        fill = SiloFill(silo, product.with_env(silo.env), lot.with_env(silo.env), weight)
        fill.check()
        question = "\n".join(fill.doubts())
        if question and agreed is not True and agreed != question:
            return silo.last_fill_id.browse(), question
        picking = fill.post()
        self._journal_act(
            self.env._(
                "%(silo)s filled by %(user)s: %(weight)s of %(what)s (%(transfer)s).%(despite)s",
                silo=self.name,
                user=self.env.user.name,
                weight=silo._told_weight(weight),
                what=fill._what(),
                transfer=picking.name,
                despite=f" {question}" if question else "",
            )
        )
        return picking, ""

    # Business methods: empty, clean, change

    def _empty(self, content, note=""):
        """Enter that it is empty now. What was dosed and is not booked yet stays in the books until it is.

        :param content: where the rest of it went, one of :data:`CONTENTS`
        """
        self._check_may_act()
        silo = self._with_all_rights()
        held = silo._held_in_stock() if silo.location_id else []
        for quant, rest in silo._to_clear():
            silo._clear(quant, rest, content)
        silo.write({"emptied_at": fields.Datetime.now(), "lot_id": False})
        told = {"silo": self.name, "user": self.env.user.name, "held": ", ".join(held) or self.env._("nothing")}
        where = dict(self.env["plc.silo.change"]._fields["content"]._description_selection(self.env))[content]
        message = self.env._("%(silo)s emptied by %(user)s; by the books it held %(held)s. %(where)s.", where=where, **told)
        self._journal_act(message, note)

    def _clean(self, note=""):
        """Enter that it was cleaned.

        :raise UserError: if there is something in it
        """
        self._check_may_act()
        silo = self._with_all_rights()
        silo._check_nothing_in_it(SiloLevels(silo).products(silo))
        silo.cleaned_at = fields.Datetime.now()
        self._journal_act(self.env._("%(silo)s cleaned by %(user)s.", silo=self.name, user=self.env.user.name), note)

    def _change_product(self, products, note=""):
        """Enter that it holds other products from now on. Batches that are to dose another one from it are cancelled if the PLC
        knows nothing of them yet, and their orders queued again, with a recipe that knows of the change.

        :raise UserError: if there is something else in it, or the PLC has a batch that doses it from there
        """
        self._check_may_act()
        products.check_access("read")
        silo = self._with_all_rights()
        before = silo.product_ids
        silo._check_nothing_in_it(SiloLevels(silo).products(silo) - products)
        silo._keep_the_fill_away()
        batches = silo._batches_to_dose(("product_id", "not in", products.ids))
        silo._check_plc_knows_of_none(batches)
        message = self.env._(
            "%(silo)s holds %(new)s from now on, and no longer %(old)s: entered by %(user)s.",
            silo=self.name,
            new=", ".join(products.mapped("display_name")) or "-",
            old=", ".join(before.mapped("display_name")) or "-",
            user=self.env.user.name,
        )
        batches.with_env(self.env).action_cancel("material", message, "requeue")
        lot = silo.lot_id if silo.lot_id.product_id in products else False
        silo.write({"product_ids": [fields.Command.set(products.ids)], "lot_id": lot and lot.id})
        self._journal_act(message, note)

    def _change_effect(self, products):
        """What changing the product will do, announced in advance."""
        batches = self.sudo()._batches_to_dose(("product_id", "not in", products.ids))
        known = batches.filtered(lambda batch: batch.state not in DOWNLOADING)
        if known:
            return self.env._(
                "The PLC has %s already, which doses from this silo what it holds now. The product can be changed when that has "
                "ended, or is withdrawn.",
                _names(known),
            )
        if batches:
            return self.env._(
                "%s are cancelled, as the PLC knows nothing of them yet. Their orders are queued again at the next fill.",
                _names(batches),
            )
        return self.env._("No batch in the queue is dosed from it.")

    # Small things

    def _check_may_act(self):
        self.ensure_one()
        check_operator(self)
        if not self.active:
            raise UserError(self.env._("%s is archived.", self.name))

    def _with_all_rights(self):
        return self.sudo().with_company(self.company_id)

    def _journal_act(self, message, note=""):
        text = f"{message} {note}".strip()
        self.env["mo.batch.journal"]._record("user", text, controller=self.controller_id)
        self.env["plc.board"]._mark_lanes(self.controller_id.ids)

    def _to_clear(self):
        """(quant, what stays in the books: what was dosed and is not booked yet)."""
        if not self.location_id:
            return []
        stays = {}
        for product, layer in SiloLevels(self).unbooked(self):
            stays.setdefault(product, []).append(layer)
        places = {product: by_place(layers) for product, layers in stays.items()}
        return [(quant, places.get(quant.product_id, {}).get(layer_of(quant, 0.0).place, 0.0)) for quant in self._quants()]

    def _clear(self, quant, stays, content):
        product, uom = quant.product_id, quant.product_id.uom_id
        rest = uom.round(quant.quantity - stays)
        origin = self.env._("Emptying of %s", self.name)
        if uom.compare(rest, 0) <= 0 or content == "nothing":
            if uom.compare(rest, 0):
                count_as(quant, 0.0, origin)
            return
        layer = layer_of(quant, rest)
        if content == "waste":
            throw_away(self.company_id, product, layer, origin)
            return
        store = Store(self)
        transfer(store.warehouse.int_type_id, self.location_id, store.location, product, [layer], origin)

    def _check_nothing_in_it(self, products):
        if products:
            raise UserError(
                self.env._(
                    "%(silo)s still holds %(products)s by the books: %(content)s. Empty it first.",
                    silo=self.name,
                    products=", ".join(products.mapped("display_name")),
                    content=SiloLevels(self).told(self),
                )
            )

    def _batches_to_dose(self, what):
        """The batches in hand that have not ended, and are to dose something from it.

        :param what: a condition on the component
        """
        in_hand = [("equipment_id", "=", self.id), ("batch_id.active", "=", True), ("batch_id.state", "not in", ENDED)]
        return self.env["mo.batch.line"].sudo().search([*in_hand, what]).batch_id

    def _keep_the_fill_away(self):
        """A fill at the same moment would queue an order for what the silo held before. It writes to this row, too: of both, the
        second one begins anew."""
        for controller in self.controller_id.sudo():
            controller.fill_count += 1

    def _check_plc_knows_of_none(self, batches):
        known = batches.filtered(lambda batch: batch.state not in DOWNLOADING)
        if known:
            raise UserError(
                self.env._(
                    "%(batches)s: the PLC has it already, and doses from %(silo)s what that holds now. Let it end, or cancel it, "
                    "before you change the product.",
                    batches=_names(known),
                    silo=self.name,
                )
            )

    def _check_none_is_to_dose(self, products):
        """
        :raise UserError: if a batch in hand is to dose one of these products from it, which it was just said not to hold
        """
        if products:
            self._keep_the_fill_away()
        batches = self._batches_to_dose(("product_id", "in", products.ids))
        if batches:
            raise UserError(
                self.env._(
                    "%(silo)s cannot be said to hold no %(products)s now: %(batches)s is to dose it from there. Change Product "
                    "says what becomes of such batches.",
                    silo=self.name,
                    products=", ".join(products.mapped("display_name")),
                    batches=_names(batches),
                )
            )


def _names(batches):
    return ", ".join(batches.mapped("display_name"))
