from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...plc.reconcile import ENDED
from ...tools.translate import format_number
from .silo_layers import Layer, SiloLayers, cut


class MoBatchLine(models.Model):
    """Where a component came from: lots, and layers of silos that are stock locations."""

    _inherit = "mo.batch.line"

    layers = fields.Json(
        readonly=True,
        help="If the silo is a stock location: the layers from which the dose was taken, as known when the batch finished.",
    )
    lots = fields.Char(compute="_compute_lots", compute_sudo=True, help="The lots that it came from, with their quantities.")

    @api.depends(
        "lot_id",
        "layers",
        "actual_qty",
        "weighing_ids.lot_id",
        "weighing_ids.state",
        "batch_id.state",
        "batch_id.disposition_booked",
        "move_id.state",
    )
    def _compute_lots(self):
        for line, lots in self._lot_amounts().items():
            line.lots = line._told_lots(lots)

    def _lot_amounts(self):
        """Line -> lot -> quantity in the line's unit, None where only the lot is known: as booked, or else as expected."""
        posted, found = self._posted_apart(), {}
        for line in self:
            items = line.move_id.move_line_ids if line.move_id.state == "done" else line.move_id.move_line_ids.browse()
            items |= posted.get(line, items.browse())
            found[line] = line._lots_of(items) or line._expected_lots()
        return found

    # Lots as people read them

    def _posted_apart(self):
        """What was posted of a component besides its own move: what failed batches used, and what was found later. Of several
        lines of a product that has it in whose silo it lay, or else the first."""
        lines = self.batch_id.line_ids
        domain = [("plc_batch_id", "in", self.batch_id.ids), ("state", "=", "done"), ("id", "not in", lines.move_id.ids)]
        same, posted = lines.sorted("id").grouped(lambda line: (line.batch_id, line.product_id)), {}
        for item in self.env["stock.move"].search(domain).move_line_ids:
            candidates = same.get((item.move_id.plc_batch_id, item.product_id), lines.browse())
            line = candidates.filtered(lambda line, item=item: line._is_from(item))[:1] or candidates[:1]
            posted[line] = posted.get(line, item.browse()) | item
        return posted

    def _is_from(self, item):
        """What a stock move took lay in the line's silo."""
        silo = self.equipment_id.location_id
        return bool(silo) and item.location_id._child_of(silo)

    def _lots_of(self, items):
        """Lot -> quantity in the line's unit."""
        grouped = items.filtered("lot_id").sorted("id").grouped("lot_id")
        try:
            return {lot: sum(map(self._detail_qty, of_lot)) for lot, of_lot in grouped.items()}
        except UserError:  # the product has lost the weight by which it is converted
            return dict.fromkeys(grouped)

    def _expected_lots(self):
        """Of what is not booked yet. Where the reservation goes first, only what was in the silo is known."""
        if scanned := self._scanned_lots():
            return scanned
        if not self.code or self.controller_id._books_reserved_first():
            return {self.lot_id: None} if self.lot_id else {}
        found, layers = {}, self._frozen_layers()
        for layer in layers:  # in proportion: a product may have lost the weight by which it is converted
            lot = self.env["stock.lot"].browse(layer.lot or self.lot_id.id)
            part = layer.quantity / sum(each.quantity for each in layers)
            found[lot] = found.get(lot, 0.0) + part * self.actual_qty
        return found or ({self.lot_id: self.actual_qty} if self.lot_id else {})

    def _told_lots(self, lots):
        told = ((lot.name, quantity) for lot, quantity in lots.items() if lot)
        return ", ".join(
            name if quantity is None else f"{name} {format_number(self.env, quantity, '.2f')}" for name, quantity in told
        )

    # The silo's layers

    def _freeze_lots(self):
        """Record what was in the silos when they were dosed from. By the time the batch is booked, they may hold other lots."""
        self._freeze_entered_lots()
        self._freeze_layers()

    def _freeze_entered_lots(self):
        for line in self:
            lot = line.equipment_id.lot_id
            if lot and lot.product_id == line.product_id:
                line.lot_id = lot

    def _freeze_layers(self):
        """Take the layers of what was dosed and has none yet; give back those of what was not dosed after all. Where the unit
        loses part of the quantity nothing is taken: that is told when it is booked."""
        dosed = self.filtered(lambda line: line.equipment_id.location_id and line.product_id)
        dosed._claim_silos()
        for line, layers in dosed._layers_to_book():
            line.layers = layers or False

    def _claim_silos(self):
        """Of two transactions that take layers of a silo, the second begins anew if it cannot see what the first one took: both
        would take the same. A lock would not do: who waits for it goes on with his old picture of the data."""
        locations = self.equipment_id.location_id
        if locations:
            self.env["plc.equipment"].flush_model(["location_id"])
            same = "UPDATE plc_equipment SET location_id = location_id WHERE location_id IN %s"
            self.env.cr.execute(SQL(same, tuple(locations.ids)))

    def _follow_amounts(self):
        """What is changed of a batch that has ended and is not booked yet is of the layers that lie there now: a batch that ends
        before it is booked must not take them, too. A lot that is entered on its silo is the one from when the batch ended, or
        of what is only known now, the one of now: the next may be entered before it is booked."""
        late = self.filtered(lambda line: line.batch_id.state in ENDED and line._is_unbooked())
        late.filtered(lambda line: not line.lot_id)._freeze_entered_lots()
        late._freeze_layers()

    def _in_hand_domain(self):
        """Of batches that a PLC owes, or that are not booked yet."""
        return [("batch_id.active", "=", True), ("batch_id.disposition_booked", "=", False)]

    def _is_dosed_and_unbooked(self):
        """It is gone from the silo, and the books do not know that yet."""
        return self.actual_qty > 0 and self._is_unbooked()

    def _is_unbooked(self):
        return self.move_id.state != "done" and not self.batch_id.disposition_booked

    def _layers_to_book(self):
        """Yield each line with the layers that it would be booked from now: those recorded when its batch ended, and what lies in
        the silo for what is dosed of it beyond them, or while it runs. Without those of which nobody knows yet what was dosed."""
        known = []
        for line in self.filtered("product_id"):
            uom = line.product_id.uom_id
            try:
                layers, rest = cut(line._frozen_layers(), line._in_unit(line.actual_qty, uom), uom)
            except UserError:  # told when it is booked
                layers, rest = line._frozen_layers(), 0.0
            known.append((line, layers, rest))
        open_lines = self.browse(line.id for line, _layers, rest in known if rest and line.equipment_id.location_id)
        there = SiloLayers(open_lines) if open_lines else None
        for line, layers, rest in known:
            yield line, layers + there.take(line, rest) if line in open_lines else layers

    def _frozen_layers(self):
        return [Layer(*layer) for layer in self.layers or ()]

    def _layer_locations(self):
        """Where doses of silos that are stock locations were, or would be, taken from."""
        frozen = {layer.location for line in self for layer in line._frozen_layers()}
        return self.equipment_id.location_id | self.env["stock.location"].browse(frozen)

    def _silo_layers(self, quantity):
        """The layers of the silo from which ``quantity`` was dosed, given in the product's unit; empty if the silo is no stock
        location. What was dosed beyond what is known since the batch finished comes from what lies there now."""
        is_booked = self.batch_id.state in ("done", "cancelled") or self.batch_id.disposition_booked
        frozen = self._frozen_layers()
        layers, rest = cut([] if is_booked else frozen, quantity, self.product_id.uom_id)
        if rest and self.equipment_id.location_id:
            self._claim_silos()
            layers += SiloLayers(self).take(self, rest)
        elif rest and frozen:  # the silo is no stock location any more
            layers.append(frozen[-1].of(rest))
        return layers

    def _is_of_a_location(self):
        """It came from a silo that is a stock location."""
        return self.product_id.tracking != "serial" and bool(self.layers or self.equipment_id.location_id)

    # Lots where no layers are known

    def _needs_lot(self, move):
        kind = move.picking_type_id
        return self.product_id.tracking != "none" and (kind.use_create_lots or kind.use_existing_lots)

    def _lots(self, quantity, uom, last=None):
        """[(lot, its part of ``quantity``)] in ``uom``: what was scanned; else everything from the equipment's lot; else from the
        ``last`` one; else from the order's lots.

        :raise UserError: if no lot is known
        """
        if scanned := self._scanned_parts(quantity, uom):
            return scanned
        lot = self._equipment_lot() or last
        lots = [(lot, quantity)] if lot else self._order_lots(quantity, uom)
        if not lots:
            raise UserError(self._missing_lot())
        return lots

    def _equipment_lot(self):
        """The lot that was in the equipment when the batch finished, or else the one that is entered there now."""
        lot = self.lot_id or self.equipment_id.lot_id
        return lot if lot.product_id == self.product_id else lot.browse()

    def _order_lots(self, quantity, uom):
        """The component's lots on the order, for what is posted besides: first the reserved ones in turn, and any excess from the
        last of them. Once the component is booked: the lot that was used last."""
        move = self.move_id
        items = move.move_line_ids.filtered("lot_id").sorted("id")
        if self.product_id.tracking != "lot" or not items:
            return []
        lots, rest = [], quantity
        for item in items[:-1] if move.state != "done" else ():
            taken = min(rest, item.product_uom_id._compute_quantity(item.quantity, uom, round=False))
            rest = uom.round(rest - taken)
            lots.append((item.lot_id, taken))
        return [(lot, part) for lot, part in [*lots, (items[-1:].lot_id, rest)] if part]

    def _missing_lot(self):
        if self.equipment_id and self.product_id.tracking == "lot":
            return self.env._(
                "%(product)s is tracked by lot, but no lot is known. Set the current lot of %(equipment)s, or reserve one on "
                "order %(order)s.",
                product=self.product_id.display_name,
                equipment=self.equipment_id.name,
                order=self.batch_id.production_id.name,
            )
        return self.env._(
            "%(product)s is tracked by lot or serial number, and it is not known which ones were used. Reserve them on order "
            "%(order)s.",
            product=self.product_id.display_name,
            order=self.batch_id.production_id.name,
        )
