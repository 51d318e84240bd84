"""A fill of a silo from the store: what stands in its way, what a person should know before, and the transfer."""

from datetime import timedelta
from math import isfinite

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import float_compare, format_datetime

from ...tools.translate import format_number
from ..batch.silo_layers import Layer, cut, layer_of
from ..batch.silo_levels import SiloLevels
from .posting import transfer

MOST = 10_000_000  # kg of a fill: more is a slip of the keyboard
AGAIN = timedelta(minutes=10)  # within which the same fill may be the same one, sent twice


class Store:
    """What lies in the store from which a silo is filled: below the warehouse's stock, and where orders take components from, but
    in no silo."""

    def __init__(self, silo):
        self.env = silo.env
        self.warehouse = silo.location_id.warehouse_id or silo.controller_id.picking_type_ids.warehouse_id[:1]
        self.location = self.warehouse.lot_stock_id or silo.controller_id._source_location()
        places = self.location | silo.controller_id.picking_type_ids.default_location_src_id
        self._inside = [("location_id", "child_of", places.ids)]
        silos = self.env["plc.equipment"].with_context(active_test=False).search([("location_id", "!=", False)])
        self._outside = ["!", ("location_id", "child_of", silos.location_id.ids)] if silos else []

    def quants(self, product, lot):
        """The oldest first."""
        wanted = [("product_id", "=", product.id), ("quantity", ">", 0), *([("lot_id", "=", lot.id)] if lot else [])]
        return self.env["stock.quant"].search([*wanted, *self._inside, *self._outside], order="in_date, id")

    def elsewhere(self, product, lot):
        """Where else in the company it lies."""
        wanted = [("product_id", "=", product.id), ("quantity", ">", 0), *([("lot_id", "=", lot.id)] if lot else [])]
        own = [("location_id.usage", "=", "internal"), ("company_id", "=", self.warehouse.company_id.id)]
        return self.env["stock.quant"].search([*wanted, *own, *self._outside]).location_id

    def told(self, product, lot):
        """Where it lies, as people read it."""
        found = {}
        for quant in self.quants(product, lot):
            key = (quant.lot_id, quant.location_id)
            found[key] = found.get(key, 0.0) + quant.quantity
        return [
            " ".join(
                filter(None, [of.name, format_number(self.env, quantity, ".2f"), product.uom_id.name, "·", place.display_name])
            )
            for (of, place), quantity in found.items()
        ]


class SiloFill:
    """
    :param silo, product, lot: with all rights; whose act it is, and what he may see, was checked before
    :param weight: what was filled in, in the unit that the silo's PLC weighs in
    """

    def __init__(self, silo, product, lot, weight):
        self.env = silo.env
        self.silo, self.lot, self.weight = silo, lot, weight
        self.product = (
            product or lot.product_id or (silo.product_ids if len(silo.product_ids) == 1 else silo.product_ids.browse())
        )

    # What stands in its way

    def check(self):
        """
        :raise UserError: if it cannot be
        """
        self._check_weight()
        self._check_silo()
        self._check_product()
        self._check_lot()
        self.quantity = self.product._plc_from_weight(self.weight, self._unit(), self.product.uom_id)
        if self.product.uom_id.is_zero(self.quantity):
            raise UserError(self.env._("%(weight)s are less than the smallest step of %(unit)s.", **self._said()))
        self.store, self.levels = Store(self.silo), SiloLevels(self.silo)
        self._check_where_it_lies()

    def _check_weight(self):
        if not isfinite(self.weight) or self.weight <= 0:
            raise UserError(self.env._("Enter how much was filled in: more than 0 %s.", self._unit().name))
        if self.weight > MOST:
            raise UserError(self.env._("%(weight)s are more than any silo takes.", **self._said()))

    def _check_silo(self):
        silo = self.silo
        if not silo.active:
            raise UserError(self.env._("%s is archived.", silo.name))
        if not silo.location_id:
            raise UserError(
                self.env._(
                    "%s is no stock location yet. A PLC manager makes it one: on the PLC, under Silos and Tanks.", silo.name
                )
            )

    def _check_product(self):
        silo, product = self.silo, self.product
        if not silo.product_ids:
            raise UserError(self.env._("%s holds no product. Say first what it holds: Change Product.", silo.name))
        if not product:
            names = ", ".join(silo.product_ids.mapped("display_name"))
            raise UserError(self.env._("%(silo)s may hold %(products)s: say which one it is.", silo=silo.name, products=names))
        if product not in silo.product_ids:
            raise UserError(
                self.env._(
                    "%(product)s does not go into %(silo)s, which holds %(held)s.",
                    product=product.display_name,
                    silo=silo.name,
                    held=", ".join(silo.product_ids.mapped("display_name")),
                )
            )
        if not product.is_storable or product.tracking == "serial":
            raise UserError(
                self.env._("%s is not kept in stock by weight: a silo cannot be filled with it.", product.display_name)
            )

    def _check_lot(self):
        self.lot = self.product._plc_own_lot(self.lot, self.silo.company_id)

    def _check_where_it_lies(self):
        """What lies in a place that is not the store was put there: it was blocked, perhaps, or is not unloaded yet."""
        if self.store.quants(self.product, self.lot):
            return
        if places := self.store.elsewhere(self.product, self.lot):
            raise UserError(
                self.env._(
                    "%(what)s lies in %(places)s, and not in %(store)s. Is it released? Move it to %(store)s first.",
                    what=self._what(),
                    places=", ".join(places.mapped("display_name")),
                    store=self.store.location.display_name,
                )
            )

    # What a person should know before

    def doubts(self):
        """Sentences about what may be a slip; none: it is as it should be."""
        return [
            sentence for sentence in (self._expired(), self._lacking(), self._mixed(), self._full(), self._again()) if sentence
        ]

    def _expired(self):
        if "expiration_date" not in self.lot._fields or not self.lot.expiration_date:
            return None
        if self.lot.expiration_date > fields.Datetime.now():
            return None
        return self.env._(
            "Lot %(lot)s expired on %(date)s.", lot=self.lot.name, date=format_datetime(self.env, self.lot.expiration_date)
        )

    def _lacking(self):
        held = sum(self.store.quants(self.product, self.lot).mapped("quantity"))
        if self.product.uom_id.compare(held, self.quantity) >= 0:
            return None
        return self.env._(
            "%(store)s holds %(held)s %(unit)s of %(what)s by the books. Was a receipt not entered?",
            store=self.store.location.display_name,
            held=format_number(self.env, held, ".2f"),
            unit=self.product.uom_id.name,
            what=self._what(),
        )

    def _mixed(self):
        others = self.levels.products(self.silo) - self.product
        if not others:
            return None
        names = ", ".join(others.mapped("display_name"))
        return self.env._("%(silo)s still holds %(products)s by the books.", silo=self.silo.name, products=names)

    def _full(self):
        level = self.levels.weight(self.silo) + self.weight
        if not self.silo.capacity_kg or float_compare(level, self.silo.capacity_kg, precision_digits=2) <= 0:
            return None
        return self.env._(
            "%(silo)s would hold %(level)s, more than its %(capacity)s.",
            silo=self.silo.name,
            level=self.silo._told_weight(level),
            capacity=self.silo._told_weight(self.silo.capacity_kg),
        )

    def _again(self):
        last = self.silo.last_fill_id
        if last.state != "done" or not last.date_done or last.date_done < fields.Datetime.now() - AGAIN:
            return None
        items = last.move_line_ids
        if items.product_id != self.product or items.lot_id != self.lot:
            return None
        if self.product.uom_id.compare(sum(items.mapped("quantity_product_uom")), self.quantity):
            return None
        return self.env._(
            "The same was filled in at %(time)s by %(user)s (%(transfer)s). Is it one more?",
            time=format_datetime(self.env, last.date_done, dt_format="HH:mm"),
            user=last.user_id.name,
            transfer=last.name,
        )

    # The transfer

    def post(self):
        """:return: the transfer, which is done"""
        kind = self.store.warehouse.int_type_id
        if not kind:
            raise UserError(self.env._("%s has no operation type for internal transfers.", self.store.warehouse.display_name))
        there = [layer_of(quant, quant.quantity) for quant in self.store.quants(self.product, self.lot)]
        layers, rest = cut(there, self.quantity, self.product.uom_id)
        if rest:
            layers.append((layers or [Layer(self.store.location.id, self.lot.id or 0, 0, 0, 0.0)])[-1].of(rest))
        origin = self.env._("Fill of %s", self.silo.name)
        picking = transfer(kind, self.store.location, self.silo.location_id, self.product, layers, origin)
        self.silo.last_fill_id = picking
        return picking

    # Small things

    def _unit(self):
        return self.silo.controller_id.uom_id

    def _what(self):
        if not self.lot:
            return self.product.display_name
        return self.env._("%(product)s, lot %(lot)s", product=self.product.display_name, lot=self.lot.name)

    def _said(self):
        """Also for a weight that is no number."""
        return {"weight": self.silo._told_weight(self.weight), "unit": self.product.uom_id.name}
