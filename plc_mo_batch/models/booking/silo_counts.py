"""Counts of what lies in silos. Who counts a silo finds what was dosed gone from it, and the books do not know that until the
batch is booked: it is no part of the difference, or it would be gone twice."""

import time
from datetime import datetime

from odoo import api, fields, models

from ...plc.reconcile import HANDED_OVER, OFFERED, SENDING
from ...tools.translate import format_number
from ..batch.silo_layers import layer_of
from ..batch.silo_levels import SiloLevels
from ..controller.silo_places import SiloPlaces


class StockQuant(models.Model):
    _inherit = "stock.quant"

    @api.depends("inventory_quantity", "inventory_quantity_set")
    def _compute_inventory_diff_quantity(self):
        result = super()._compute_inventory_diff_quantity()
        for quant, unbooked in self.filtered("inventory_quantity_set")._plc_unbooked().items():
            quant.inventory_diff_quantity += unbooked
        return result

    @api.depends("inventory_quantity", "quantity", "product_id")
    def _compute_is_outdated(self):
        result = super()._compute_is_outdated()
        for quant, unbooked in self.filtered("inventory_quantity_set")._plc_unbooked().items():
            counted_of = quant.inventory_quantity - quant.inventory_diff_quantity
            quant.is_outdated = bool(quant.product_uom_id.compare(counted_of, quant.quantity - unbooked))
        return result

    def action_set_inventory_quantity(self):
        """Counted as the books say."""
        question = super().action_set_inventory_quantity()
        if not question and not self.env.context.get("from_request_count"):
            for quant, unbooked in self._plc_unbooked().items():
                quant.inventory_quantity = quant.quantity - unbooked
        return question

    def _apply_inventory(self, *args, **kwargs):
        silos = self._plc_silos()
        places, counted = SiloPlaces(silos.location_id), {}
        for quant in self:
            counted.setdefault(places.of(quant.location_id), set()).add(quant.product_id)
        result = super()._apply_inventory(*args, **kwargs)
        silos = silos.filtered(lambda silo: silo.location_id in counted)
        silos.location_id.plc_counted_at = fields.Datetime.now()
        silos.filtered(lambda silo: not counted[silo.location_id].isdisjoint(silo.product_ids))._note_count()
        return result

    def _plc_silos(self):
        """The silos whose stock it is."""
        silos = self.env["plc.equipment"].sudo().with_context(active_test=False)
        return silos.search([("location_id", "parent_of", self.location_id.ids)]) if self else silos

    def _plc_unbooked(self):
        """What was dosed of them and is not booked yet, by quant; without those of which nothing was."""
        silos = self._plc_silos()
        levels, dosed = SiloLevels(silos), {}
        for silo in {silo.location_id: silo for silo in silos}.values():
            for product, layer in levels.unbooked(silo):
                key = product, layer.place
                dosed[key] = dosed.get(key, 0.0) + layer.quantity
        dosed = self._plc_with_quants(dosed, SiloPlaces(silos.location_id)) if dosed else {}
        # of several quants of one place, which Odoo merges later, it is taken from one
        found = {quant: dosed.pop((quant.product_id, layer_of(quant, 0.0).place), 0.0) for quant in self.sorted("id")}
        return {quant: quantity for quant, quantity in found.items() if quantity}

    def _plc_with_quants(self, dosed, places):
        """What was dosed of a lot of which nothing lies there by the books is booked from what is found there instead, so that it
        is a matter of the newest quant of the product."""
        held = [("product_id", "in", self.product_id.ids), ("location_id", "child_of", places.silos.location_id.ids)]
        newest, known = {}, set()
        for quant in self.sudo().search(held, order="id"):
            known.add((quant.product_id, layer_of(quant, 0.0).place))
            newest[quant.product_id, places.of(quant.location_id)] = layer_of(quant, 0.0).place
        found = {}
        for (product, place), quantity in dosed.items():
            if (product, place) not in known:
                place = newest.get((product, places.of(self.env["stock.location"].sudo().browse(place[0]))), place)
            found[product, place] = found.get((product, place), 0.0) + quantity
        return found


class StockInventoryConflict(models.TransientModel):
    """What a person answers where stock has moved since it was counted."""

    _inherit = "stock.inventory.conflict"

    def action_keep_counted_quantity(self):
        unbooked = self.quant_ids._plc_unbooked()
        if not unbooked:
            return super().action_keep_counted_quantity()
        for quant in self.quant_ids:
            quant.inventory_diff_quantity = quant.inventory_quantity + unbooked.get(quant, 0.0) - quant.quantity
        return self.quant_ids.action_apply_inventory()

    def action_keep_difference(self):
        unbooked = self.quant_ids._plc_unbooked()
        if not unbooked:
            return super().action_keep_difference()
        for quant in self.quant_ids:
            quant.inventory_quantity = quant.quantity - unbooked.get(quant, 0.0) + quant.inventory_diff_quantity
        return self.quant_ids.action_apply_inventory()


class StockLocation(models.Model):
    """When a silo was counted stands where Odoo writes its own date of a count: written to the silo, a count and the end of a
    batch would hold each other up."""

    _name = "stock.location"
    _inherit = ["stock.location", "plc.sealed"]

    plc_counted_at = fields.Datetime(string="Counted On", readonly=True, copy=False)


class PlcEquipment(models.Model):
    _inherit = "plc.equipment"

    counted_at = fields.Datetime(
        related="location_id.plc_counted_at", string="Last Count", related_sudo=True, help="When its stock was counted last."
    )

    # Business methods

    def _note_count(self):
        """What batches dosed from the silos since their PLC was read, Odoo does not know.

        Of a count and a reading at the same moment, the second begins anew, and sees the first: a reading locks its batch, to
        which a count writes, and writes to its components, which a count locks.
        """
        at = time.time()
        sent = [("controller_id", "in", self.controller_id.ids), ("state", "in", (SENDING, *HANDED_OVER))]
        batches = self.env["mo.batch"].sudo().search(sent, order="id")
        for batch in batches:
            silos = self.filtered(lambda silo, batch=batch: silo.controller_id == batch.controller_id)
            batch.unread_counts = {**(batch.unread_counts or {}), **dict.fromkeys(map(str, silos.ids), at)}
        self.env.flush_all()
        self.env.cr.execute("SELECT id FROM mo_batch_line WHERE batch_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [batches.ids])


class MoBatch(models.Model):
    _inherit = "mo.batch"

    unread_counts = fields.Json(
        readonly=True,
        copy=False,
        help="Silos that were counted since the PLC was read: what the batch dosed from them in between, Odoo did not know. "
        "{id: seconds since 1970}.",
    )

    # Business methods

    def _remark_counts(self, codes, actuals, read_at):
        """What is new of the actuals was dosed since it was read before. Where a person counted the silo in between, it may
        have been gone by then, and be taken from stock once more: the person is asked to count again.

        :param codes, actuals: what is known now, before it is stored
        :param read_at: when the PLC showed it, in seconds since 1970
        """
        if self.unread_counts:
            self._remark_counted(self._silos_counted(), dict(zip(codes, actuals, strict=True)))
            self._forget_counts(read_at)

    def _remark_entered(self, amounts):
        """The same of what a person enters: of a batch that had ended, whatever was counted since then."""
        silos = self._silos_counted()
        if self.state not in (SENDING, *HANDED_OVER) and self.date_finished:
            silos |= self.controller_id.equipment_ids.filtered(
                lambda silo: (silo.counted_at or datetime.min) >= self.date_finished
            )
        self._remark_counted(silos, dict(amounts))
        self.unread_counts = False

    def _silos_counted(self):
        """Those that were counted since the PLC was read."""
        return self.env["plc.equipment"].sudo().browse(map(int, self.unread_counts or ())).exists()

    def _remark_counted(self, silos, actuals):
        before = self._dosed_by_code() if silos else {}
        for silo in silos:
            new = actuals.get(silo.code, 0.0) - before.get(silo.code, 0.0)
            if self.uom_id.compare(new, 0) > 0:
                self._remark(self._counted_meanwhile(silo, new))

    def _forget_counts(self, read_at):
        """The PLC was read since. A count that is younger than the reading, by a moment, waits for the next one; one of the
        future is of a clock that was set back."""
        for batch in self:
            left = {silo: at for silo, at in batch.unread_counts.items() if read_at < at <= time.time()}
            batch.unread_counts = left or False

    def _forget_counts_before_taken(self, read_at):
        """Of batches that the PLC was seen not to have taken: nothing was dosed before that."""
        counted = self.filtered(lambda batch: batch.unread_counts and batch.state in (SENDING, OFFERED))
        if counted:
            counted.try_lock_for_update(allow_referencing=True)._forget_counts(read_at)

    def _counted_meanwhile(self, silo, new):
        return self.env._(
            "%(silo)s was counted while %(quantity)s %(unit)s were dosed from it that Odoo did not know yet. If they had left "
            "the silo by then, they are taken from stock twice: count it again.",
            silo=silo.name,
            quantity=format_number(self.env, new, ".2f"),
            unit=self.uom_id.name,
        )
