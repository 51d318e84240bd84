"""A silo that holds a product tracked by lot; some of it lies in the flat store."""

from datetime import datetime, timedelta

from ...models.booking.separate_booking import SeparateBooking
from ..common import MillCase

FIRST = datetime(2026, 1, 1)


class SiloCase(MillCase):
    """``self.silo`` holds ``self.barley``, with lots by name in ``self.lots``. ``self.store`` is where orders take components
    from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.barley = cls.new_product("Test barley", tracking="lot", standard_price=0.19)
        cls.silo = cls.new_silo(103, cls.barley)
        cls.controller.level_policy = "ignore"  # what is booked is another matter than what is remarked at the fill
        cls.store = cls.picking_type.default_location_src_id
        cls.lots = {name: cls.new_lot(name) for name in ("OLD", "NEW", "A", "B")}
        cls.put_in_stock(50_000.0, cls.wheat)
        cls.wheat_bom = cls.new_bom([(cls.wheat, 600.0)])
        cls.lot_bom = cls.new_bom([(cls.wheat, 600.0), (cls.barley, 100.0)])

    @classmethod
    def new_lot(cls, name, product=None):
        return cls.env["stock.lot"].create({"name": name, "product_id": (product or cls.barley).id})

    def make_location(self):
        self.controller.action_make_silo_locations()
        return self.silo.location_id

    def bring(self, quantity, lot, location=None, days=0):
        """Into a location, the store for one, so many days after the first."""
        came_in = FIRST + timedelta(days=days)
        quants = self.env["stock.quant"]
        quants._update_available_quantity(self.barley, location or self.store, quantity, lot_id=lot, in_date=came_in)

    def stock(self):
        """kg of barley by location and lot, without what is 0."""
        quants = self.env["stock.quant"].search([("product_id", "=", self.barley.id), ("location_id.usage", "=", "internal")])
        found = {}
        for quant in quants:
            key = (self.place(quant.location_id), quant.lot_id.name)
            found[key] = round(found.get(key, 0.0) + quant.quantity, 6)
        return {key: quantity for key, quantity in found.items() if quantity}

    def reserved(self):
        quants = self.env["stock.quant"].search([("product_id", "=", self.barley.id)])
        return sum(quants.mapped("reserved_quantity"))

    def place(self, location):
        return "silo" if location == self.silo.location_id else "store" if location == self.store else location.name

    def details(self, moves):
        """Posted kg of barley by location and lot."""
        found = {}
        for item in moves.move_line_ids.filtered(lambda item: item.state == "done" and item.product_id == self.barley):
            key = (self.place(item.location_id), item.lot_id.name)
            found[key] = round(found.get(key, 0.0) + item.quantity_product_uom, 6)
        return {key: quantity for key, quantity in found.items() if quantity}

    def moves_of(self, batch):
        """What was posted of a batch, as a recall finds it: from the moves."""
        return batch.line_ids.move_id | self.env["stock.move"].search([("plc_batch_id", "=", batch.id)])

    def line(self, batch):
        return batch.line_ids.filtered(lambda line: line.product_id == self.barley)

    def end(self, batch, barley, state="completed"):
        """The PLC has dosed it."""
        share = batch.planned_qty / 1000.0
        batch._store_actuals((101, 103), (600.0 * share, barley))
        batch._advance(state, 0.0, {"acknowledged": True})

    def weigh_late(self, batch, quantity):
        SeparateBooking(batch).book_late(self.line(batch), quantity)
