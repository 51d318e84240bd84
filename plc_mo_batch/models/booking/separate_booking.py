from odoo.exceptions import UserError

from . import posting


class SeparateBooking:
    """What is posted besides the quantities with which an order is closed: what a failed batch wasted, and what was weighed late.

    :param batch: locked by the caller, who rolls back if a method raises
    """

    def __init__(self, batch):
        self.batch = batch
        self.env = batch.env

    def book_failed(self):
        """The material of a failed batch, as was decided. Marked in the same transaction, so a crash behind it cannot book it
        twice.

        :raise UserError: when nobody knows which product was dosed, its unit would lose part of it, or its lot is not known
        """
        for line in self.batch.line_ids.filtered(lambda line: line._wasted_qty()):
            line._find_product()
            if not line.product_id:
                raise UserError(
                    self.env._("Set exactly one product on the equipment with code %s: the PLC dosed from it.", line.code)
                )
            self._book_wasted(line)
        self.batch.disposition_booked = True
        self.batch._journal("state", self.env._("The consumption of the failed batch is booked."))

    def _book_wasted(self, line):
        quantity = line._in_unit(line._wasted_qty(), line.product_id.uom_id)
        if self.batch.disposition_material == "consume":
            posting.Component(line).consume(quantity)
        else:
            posting.Component(line).scrap(quantity)

    def book_late(self, line, quantity):
        """Post what was weighed late on the order, closed as it is: the material is gone.

        :param quantity: in the unit of the line's product
        :raise UserError: when it is not known from which lot it came
        """
        posting.Component(line).consume(quantity)
