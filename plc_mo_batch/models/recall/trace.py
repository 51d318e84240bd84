"""Where lots went, and what they came from: by stock moves alone, as Odoo links them."""

from odoo import fields
from odoo.fields import Domain

from ...plc.reconcile import FAILED

DONE = Domain("state", "=", "done")
OUT = ("customer", "supplier")


def kind_of(item):
    """What a posted detail of a stock move did; False: it moved something inside the company."""
    move, source, target = item.move_id, item.location_id.usage, item.location_dest_id.usage
    if move.scrap_id:
        return "scrapped"
    if move.is_inventory:
        return "counted"
    if "production" in (source, target):
        return "used" if target == "production" else "made"
    if target in OUT and source not in OUT:
        return "delivered"
    if source in OUT and target not in OUT:
        return "received" if source == "supplier" else "returned"
    return False


class Trace:
    """A trace of lots, in rows of plain values: fields of ``plc.recall.line`` without the recall.

    What was used goes to what was made of it by Odoo's own links, and where there is none, as for what was weighed late before
    19.0.2.0.0, to what its batch made, or else its order. A failed batch made nothing. A lot is followed once: a loop ends.

    :param env: its user's rights say what is found: nothing of a company that he may not read, or has not ticked
    """

    def __init__(self, env):
        self.env = env
        self._items = env["stock.move.line"]
        self._silos = None
        self._lines, self._rights = {}, {}
        self._rows = []
        self._told = set()

    def forward(self, lots, used=None):
        """Who used the lots, what was made of them, where that was delivered, and what is left of all of it.

        :param used: posted details to begin with besides
        :return: the rows, level by level
        """
        seen, used, level = lots, used or self._items, 0
        while lots or used:
            there = self._posted(Domain("lot_id", "in", lots.ids))
            self._tell(there, level, ("used", "scrapped", "delivered", "returned", "counted"))
            self._tell(used, level, ("used", "scrapped"))
            made = self._made_of(there.filtered(lambda item: kind_of(item) == "used") | used)
            level += 1
            self._tell(made, level, ("made",))
            lots, used = made.lot_id - seen, self._items
            seen |= lots
        self._tell_what_is_left(seen, level)
        return self._taken_rows()

    def backward(self, lots, used=None):
        """What made the lots, of what lots that was, by which bags and fills of silos those came in, and who had sent them.

        :param used: posted details to begin with besides
        :return: the rows, level by level
        """
        level = 0
        lots |= self._tell_used(used or self._items, level)
        seen = lots
        while lots:
            there = self._posted(Domain("lot_id", "in", lots.ids))
            self._tell(there, level, ("made", "received", "counted"))
            level += 1
            lots = self._tell_used(self._used_for(there.filtered(lambda item: kind_of(item) == "made")), level) - seen
            seen |= lots
        return self._taken_rows()

    # What batches and silos begin with

    def used_by(self, batches):
        """What was consumed or scrapped of batches."""
        booked = batches.filtered(lambda batch: batch.state == "done").line_ids.move_id
        moves = Domain("move_id.plc_batch_id", "in", batches.ids) | Domain("move_id", "in", booked.ids)
        return self._posted(moves).filtered(lambda item: kind_of(item) in ("used", "scrapped"))

    def made_by(self, batches):
        """What batches made: of the last one of an order, and of the only one, Odoo's own moves say so."""
        return self._items.union(*(self._made_by(batch, batch.production_id) for batch in batches))

    def dosed_from(self, silo, since, until):
        """What was taken out of a silo for batches that finished, or were booked, in that time."""
        lines = self.env["mo.batch.line"].search(Domain("equipment_id", "=", silo.id) & _between(since, until))
        found = self.used_by(lines.batch_id).filtered(lambda item: self._line(item) in lines)
        if silo.location_id:
            found |= self._posted(Domain("location_id", "child_of", silo.location_id.ids) & _between(since, until))
        return found.filtered(lambda item: kind_of(item) in ("used", "scrapped"))

    def filled_into(self, silo, since, until):
        """What was filled into a silo in that time; nothing is known of it unless the silo is a stock location."""
        return self._posted(_into(silo) & _between(since, until)) if silo.location_id else self._items

    def tell(self, items, kind=None):
        """Rows of these alone."""
        self._tell(items, 0, {kind_of(item) for item in items}, kind)
        return self._taken_rows()

    # Odoo's links

    def _posted(self, domain):
        return self._items.search(DONE & Domain("quantity", "!=", 0) & domain, order="date, id")

    def _made_of(self, used):
        linked = used.produce_line_ids.filtered(lambda item: item.state == "done")
        lacking = used.filtered(lambda item: not item.produce_line_ids)
        return linked | self._items.union(*(self._expected_of(item) for item in lacking))

    def _used_for(self, made):
        linked = made.consume_line_ids.filtered(lambda item: item.state == "done")
        beside = made.move_id.production_id.move_raw_ids.move_line_ids.filtered(
            lambda item: item.state == "done" and item.quantity and not item.produce_line_ids
        )
        return linked | beside.filtered(lambda item: self._expected_of(item) & made)

    def _expected_of(self, item):
        """What was made of something that Odoo links to nothing."""
        batch, order = self._batch(item), item.move_id.raw_material_production_id
        return self._made_by(batch, order) if order and kind_of(item) == "used" else self._items

    def _made_by(self, batch, order):
        if batch.disposition_booked or batch.state == FAILED:
            return self._items
        moves = order.move_finished_ids
        own = moves.filtered(lambda move: move.plc_batch_id == batch) if batch else moves
        found = own or moves.filtered(lambda move: not move.plc_batch_id)
        return found.move_line_ids.filtered(lambda item: item.state == "done" and item.quantity)

    def _batch(self, item):
        return item.move_id.plc_batch_id or self._line(item).batch_id

    def _line(self, item):
        """The batch's component that a detail was posted for. A failed batch keeps the move that the next one took."""
        move = item.move_id
        if move.id not in self._lines:
            moves = move.browse(move._prefetch_ids)
            booked = [("move_id", "in", moves.ids), ("batch_id.state", "=", "done")]
            lines = self.env["mo.batch.line"].search(booked).grouped("move_id")
            self._lines.update({each.id: lines.get(each) for each in moves})
        of_batch = move.plc_batch_id.line_ids
        return self._lines[move.id] or of_batch.filtered(lambda line: line.product_id == item.product_id)[:1]

    # Rows

    def _tell(self, items, level, kinds, kind=None):
        """A row for each that is of one of these kinds, once."""
        for item in items:
            found = kind_of(item)
            if found in kinds and (item, kind or found) not in self._told:
                self._told.add((item, kind or found))
                self._rows.append(self._row(item, kind or found, level))

    def _tell_used(self, used, level):
        """:return: the lots of it"""
        self._tell(used, level, ("used", "scrapped"))
        self._tell_fills(used, level)
        return used.lot_id

    def _row(self, item, kind, level):
        move = item.move_id
        line = self._line(item) if kind in ("used", "scrapped") else self.env["mo.batch.line"]
        picking = self._readable(item.picking_id or move.picking_id)
        return {
            "kind": kind,
            "level": level,
            "date": item.date,
            "product_id": item.product_id.id,
            "lot_id": item.lot_id.id,
            "quantity": -item.quantity_product_uom if _is_taken_away(item, kind) else item.quantity_product_uom,
            "uom_id": item.product_id.uom_id.id,
            "batch_id": (move.plc_batch_id or line.batch_id or self._only_batch(move)).id,
            "production_id": (move.raw_material_production_id or move.production_id).id,
            "equipment_id": (self._silo(item.location_dest_id if kind == "filled" else item.location_id) or line.equipment_id).id,
            "picking_id": picking.id,
            "partner_id": self._readable(picking.partner_id if kind in ("delivered", "received", "returned") else None).id,
            "location_id": self._readable(item.location_id).id,
            "location_dest_id": self._readable(item.location_dest_id).id,
            "reference": item.reference or move.origin,
            "move_line_id": item.id,
        }

    def _only_batch(self, move):
        """Of what Odoo posts when it closes an order: the batch that closed it."""
        order = move.production_id
        done = order.plc_batch_ids.filtered(lambda batch: batch.state == "done")
        return (done - order.move_finished_ids.plc_batch_id).sorted("id")[-1:]

    def _readable(self, record):
        if record and record not in self._rights:
            self._rights[record] = record.has_access("read")
        return record if record and self._rights[record] else self._items

    def _tell_fills(self, used, level):
        """The fills of the silos that what was used lay in: of the same lot, until then."""
        for (silo, lot), items in used.grouped(lambda item: (self._silo(item.location_id), item.lot_id)).items():
            if silo and lot:
                until = Domain("date", "<=", max(items.mapped("date")))
                fills = self._posted(_into(silo) & Domain("lot_id", "=", lot.id) & until)
                self._tell(fills, level, (False, "made", "received"), "filled")

    def _silo(self, location):
        """The silo that a stock location is, or is a part of."""
        if self._silos is None:
            silos = self.env["plc.equipment"].with_context(active_test=False).search([("location_id", "!=", False)])
            self._silos = {silo.location_id.id: silo for silo in silos}
        within = reversed((location.parent_path or "").split("/")[:-1])
        return next((self._silos[int(each)] for each in within if int(each) in self._silos), self.env["plc.equipment"])

    def _tell_what_is_left(self, lots, level):
        held = [("lot_id", "in", lots.ids), ("location_id.usage", "in", ("internal", "transit")), ("quantity", "!=", 0)]
        for quant in self.env["stock.quant"].search(held, order="lot_id, id"):
            self._rows.append(
                {
                    "kind": "left",
                    "level": level,
                    "date": fields.Datetime.now(),
                    "product_id": quant.product_id.id,
                    "lot_id": quant.lot_id.id,
                    "quantity": quant.quantity,
                    "uom_id": quant.product_uom_id.id,
                    "equipment_id": self._silo(quant.location_id).id,
                    "location_id": self._readable(quant.location_id).id,
                }
            )

    def _taken_rows(self):
        rows, self._rows, self._told = self._rows, [], set()
        return rows


def _is_taken_away(item, kind):
    """A count that found less."""
    return kind == "counted" and item.location_dest_id.usage == "inventory"


def _into(silo):
    inside = Domain("location_dest_id", "child_of", silo.location_id.ids)
    return inside & ~Domain("location_id", "child_of", silo.location_id.ids) & Domain("move_id.is_inventory", "=", False)


def _between(since, until):
    return Domain("date", ">=", since) & Domain("date", "<=", until)
